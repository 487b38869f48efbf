"""A private Open vSwitch: its own database and daemon in the lab's folder, no kernel module.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os

from . import namespace
from .wait import PATIENCE, wait_for

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class OpenVSwitch:
    """ovsdb-server and ovs-vswitchd with one bridge that speaks OpenFlow 1.0; or a bridge more of those
    `beside` which it is, as a namespace has room for one ovs-vswitchd.

    Its datapath in user space caches what the entries say of a packet, for all packets that differ in
    nothing that was looked at (megaflows). Two of those may overlap after entries have come and gone.
    When it then corrects one, it looks for it by the header of a packet and may find the other (seen
    with 3.1): the one stays as it was, whatever the entries say, as long as packets use it. Where it
    says to ask the controller, it may not even do that: pings that go on are never answered again. So
    we let it cache for each header apart, unless `megaflows`, for who measures how fast it is."""

    def __init__(self, lab, name="s1", dpid=1, beside=None, megaflows=False):
        self.lab = lab
        self.caching = f"upcall/{'enable' if megaflows else 'disable'}-megaflows"
        self.name = name
        self.bridge = name
        self.folder = beside.folder if beside else lab.folder / name
        self.target = f"unix:{self.folder}/{self.bridge}.mgmt"  # where ovs-ofctl finds it
        self.env = os.environ | {variable: str(self.folder) for variable in (
            "OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")}
        self.ports = {}
        if beside:
            self.database, self.daemon = beside.database, beside.daemon
        else:
            self.folder.mkdir()
            self._start_database()
            self.start()
        self.add_bridge(self.bridge, dpid)

    def _start_database(self):
        namespace.run(["ovsdb-tool", "create", self.folder / "conf.db", SCHEMA], env=self.env)
        self.database = self.lab.start(
            ["ovsdb-server", self.folder / "conf.db", f"--remote=punix:{self.folder}/db.sock",
             f"--unixctl={self.folder}/ovsdb.ctl", "-vconsole:warn"], f"{self.name}/ovsdb.log",
            env=self.env)
        wait_for((self.folder / "db.sock").exists, "ovsdb-server")
        self.vsctl("--no-wait", "init")

    def start(self):
        """Start the switch, with what its database says; it is there when this returns."""
        self.daemon = self.lab.start(
            ["ovs-vswitchd", f"unix:{self.folder}/db.sock", "--disable-system",
             f"--unixctl={self.folder}/vswitchd.ctl", "-vconsole:warn"],
            f"{self.name}/vswitchd.log", env=self.env)
        wait_for(lambda: self.appctl(self.caching, check=False), "ovs-vswitchd")

    def appctl(self, *words, **options):
        """Tell ovs-vswitchd, and return what it answers."""
        return namespace.run(["ovs-appctl", "-t", self.folder / "vswitchd.ctl", *words], env=self.env,
                             **options)

    def kill(self):
        """End the switch without warning, as a power cut would; start() brings it back."""
        self.daemon.kill()
        (self.folder / "vswitchd.ctl").unlink(missing_ok=True)

    def vsctl(self, *words):
        return namespace.run(["ovs-vsctl", f"--timeout={PATIENCE}", f"--db=unix:{self.folder}/db.sock",
                              *words], env=self.env)

    def ofctl(self, *words, **options):
        """ovs-ofctl, which finds a bridge by its name."""
        return namespace.run(["ovs-ofctl", "-O", "OpenFlow10", f"--timeout={PATIENCE}", *words],
                             env=self.env, **options)

    def add_bridge(self, bridge, dpid):
        self.vsctl("add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev",
                   "protocols=OpenFlow10", "fail_mode=secure",
                   f"other_config:datapath-id={dpid:016x}", "other_config:disable-in-band=true")

    def plug(self, host, bridge=None):
        """A link between a host and a bridge, whose port has the host's number if that is free."""
        port = f"{bridge or self.bridge}-{host.name}"
        namespace.link(self.lab.net, port, host.namespace, "eth0")
        host.configure()
        self.vsctl("add-port", bridge or self.bridge, port, "--", "set", "interface", port,
                   f"ofport_request={host.name[1:]}")
        self.ports[host.name] = port

    def unplug(self, host):
        """Take a host's port away."""
        self.vsctl("del-port", self.ports[host.name])

    def link_state(self, host, state):
        """Turn the switch's end of a host's link "up" or "down"."""
        self.lab.net.ip("link", "set", self.ports[host.name], state)

    def set_controller(self, *targets, bridge=None):
        bridge = bridge or self.bridge
        self.vsctl("set-controller", bridge, *targets, "--", "set", "controller", bridge,
                   "connection_mode=out-of-band", "max_backoff=1000")

    def is_connected(self, bridge=None):
        """Whether every controller of a bridge is connected."""
        ids = self.vsctl("get", "bridge", bridge or self.bridge, "controller").strip("[] \n")
        states = [self.vsctl("get", "controller", each, "is_connected").strip()
                  for each in ids.split(", ") if each]
        return bool(states) and all(state == "true" for state in states)

    def add_flows(self, path):
        """Add the flows of a file."""
        self.ofctl("add-flows", self.bridge, path)

    def show(self):
        """What ovs-ofctl says of it and its ports."""
        return self.ofctl("show", self.bridge)

    def delete_flows(self):
        self.ofctl("del-flows", self.bridge)

    def flows(self, match="", bridge=None):
        """The flow entries that it has, one line each."""
        lines = self.ofctl("dump-flows", bridge or self.bridge, *([match] if match else []))
        return [line.strip() for line in lines.splitlines() if "actions=" in line]
