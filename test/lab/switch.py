"""morgana-switch between the hosts of a lab.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re

from . import namespace
from .controller import program
from .wait import PATIENCE, wait_for

MODE = re.compile(r"; mode: (\w+)\n")


class MorganaSwitch:
    """morgana-switch in the lab's "net": port n is its end of the link to the n-th of `hosts`, by a
    device of this kind ("eth" or "xdp"). There ovs-ofctl finds it at `target`. `runs` is another
    program that has its options."""

    def __init__(self, lab, hosts, *options, name="s1", dpid=1, kind="eth", offloads=True,
                 runs="morgana-switch"):
        self.lab = lab
        self.name = name
        self.offloads = offloads
        self.ports = {host.name: f"{name}-{host.name}" for host in hosts}
        self.path = lab.folder / f"{name}.mgmt"
        self.target = f"unix:{self.path}"
        for host in hosts:
            self.plug(host)
        self.argv = [program(runs), f"--dpid={dpid}", f"--listen=punix:{self.path}",
                     *(f"--port={kind}:{port}" for port in self.ports.values()), *options]
        self.start()

    def plug(self, host):
        """The link between a host and its port; once more if it has been unplugged."""
        namespace.link(self.lab.net, self.ports[host.name], host.namespace, "eth0", self.offloads)
        host.configure()

    def unplug(self, host):
        """Delete the link: the device of the port is gone."""
        self.lab.net.ip("link", "del", self.ports[host.name])

    def link_state(self, host, state):
        """Turn the switch's end of a host's link "up" or "down"."""
        self.lab.net.ip("link", "set", self.ports[host.name], state)

    def start(self):
        """Start it, once more if it has ended; ovs-ofctl reaches it when this returns."""
        self._before = len(self.process.output()) if hasattr(self, "process") else 0
        self.process = self.lab.start(self.argv, f"{self.name}.log")
        wait_for(lambda: "listening at" in self.output(), "the switch to listen")

    def set_controller(self, *targets):
        """Have these controllers besides those it has: it is started again."""
        self.process.stop()
        self.path.unlink(missing_ok=True)
        self.argv += [f"--controller={target}" for target in targets]
        self.start()

    def output(self):
        """What it has said since it was started last."""
        return self.process.output()[self._before:]

    def mode(self):
        """What the switch has said last of its mode: controlled, emergency, standalone; or None."""
        modes = MODE.findall(self.output())
        return modes[-1] if modes else None

    def is_connected(self):
        """Whether a controller is."""
        return self.mode() == "controlled"

    def kill(self):
        """End the switch without warning, as a power cut would; start() brings it back."""
        self.process.kill()
        self.path.unlink(missing_ok=True)

    def ofctl(self, command, *words, **options):
        return namespace.run(["ovs-ofctl", "-O", "OpenFlow10", f"--timeout={PATIENCE}", command, self.target,
                              *words], **options)

    def add_flows(self, path):
        """Add the flows of a file."""
        self.ofctl("add-flows", path)

    def show(self):
        """What ovs-ofctl says of it and its ports."""
        return self.ofctl("show")

    def delete_flows(self):
        self.ofctl("del-flows")

    def flows(self, match=""):
        """The flow entries that it has, one line each."""
        lines = self.ofctl("dump-flows", *([match] if match else []))
        return [line.strip() for line in lines.splitlines() if "actions=" in line]
