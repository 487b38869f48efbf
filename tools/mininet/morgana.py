"""Mininet's networks with Morgana's switches and under its controller.

    sudo mn --custom morgana.py --switch morgana --controller morgana --test pingall
    sudo mn --custom morgana.py --switch morgana --controller morgana,app=hub --topo tree,2
    sudo mn --custom morgana.py --switch morgana,failMode=standalone --controller none --test pingall
    sudo mn --custom morgana.py --switch ovsk --controller morgana

Inside Mininet `dpctl` speaks to the switches (`dpctl dump-flows`), and their logs are printed when one
cannot start. The programs are looked for in $MORGANA_BUILD, then on the PATH. From Python, MorganaSwitch
and MorganaController are classes like any of Mininet's:

    net = Mininet(topo, switch=MorganaSwitch, controller=MorganaController)

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import shlex
import shutil
import subprocess
import tempfile
import time

from mininet.node import Controller, Node, Switch

STARTS_WITHIN = 20  # seconds, on a busy machine


def program(name):
    """Where a program of Morgana's lies."""
    path = os.pathsep.join(filter(None, [os.environ.get("MORGANA_BUILD"), os.environ["PATH"]]))
    found = shutil.which(name, path=path)
    if not found:
        raise FileNotFoundError(f"{name} is not on the PATH; if it is built, say where: "
                                f"sudo MORGANA_BUILD=/path/to/build mn ...")
    return found


class Daemon:
    """A program in a node's namespace that can be asked through its control channel whether it runs."""

    def __init__(self, node, name):
        self.node, self.name = node, name
        self.folder = tempfile.mkdtemp(prefix=f"morgana-{node.name}-")
        self.log = os.path.join(self.folder, "log")
        self.control = os.path.join(self.folder, "ctl")
        self.process = None

    def start(self, *arguments):
        """Start it, and wait until it answers."""
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = self.node.popen(
                [program(self.name), f"--ctl=punix:{self.control}", *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + STARTS_WITHIN
        while not os.path.exists(self.control):
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.log, encoding="utf-8") as log:
                    raise RuntimeError(f"{self.node.name}: {self.name} did not start:\n{log.read()}")
            time.sleep(0.01)

    def ask(self, *command):
        """What it answers to a command of ovs-appctl's."""
        asked = subprocess.run(["ovs-appctl", "-t", self.control, *command], check=False,
                               capture_output=True, text=True)
        return asked.stdout + asked.stderr

    def stop(self):
        """End it, and leave nothing behind."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class MorganaSwitch(Switch):
    """morgana-switch on packet sockets.

    failMode  'secure', or 'standalone': a learning switch by itself while no controller answers
    device    'eth' (packet sockets) or 'xdp' (AF_XDP)
    opts      more options of morgana-switch's
    """
    dpidLen = 16

    def __init__(self, name, failMode="secure", device="eth", **params):
        Switch.__init__(self, name, **params)
        self.fail_mode, self.device = failMode, device
        self.daemon = None

    def start(self, controllers):
        self.daemon = Daemon(self, "morgana-switch")
        self.listen = os.path.join(self.daemon.folder, "listen")
        ports = [f"--port={self.device}:{intf}@{number}"
                 for number, intf in sorted(self.intfs.items()) if number > 0]
        calls = [f"--controller=tcp:{c.IP()}:{c.port}" for c in controllers]
        self.daemon.start(f"--dpid=0x{self.dpid}", f"--fail-mode={self.fail_mode}",
                          f"--listen=punix:{self.listen}", *ports, *calls, *shlex.split(self.opts))

    def stop(self, deleteIntfs=True):
        if self.daemon:
            self.daemon.stop()
            self.daemon = None
        super().stop(deleteIntfs)

    def attach(self, intf):
        """A link was added while it runs."""
        self.daemon.ask("add-port", f"{self.device}:{intf}", str(self.ports[self.nameToIntf[str(intf)]]))

    def detach(self, intf):
        """A link is to be removed."""
        self.daemon.ask("del-port", str(self.ports[self.nameToIntf[str(intf)]]))

    def dpctl(self, *args):
        return self.cmd("ovs-ofctl", args[0], f"unix:{self.listen}", *args[1:])

    def connected(self):
        """Has it got a controller, or can it do without?"""
        return self.fail_mode == "standalone" or " up for " in self.daemon.ask("connections")


class MorganaController(Controller):
    """morgana-controller.

    app   names of apps with '+' between: 'learning', 'discovery+stp+learning'
    opts  more options of morgana-controller's
    """

    def __init__(self, name, app="learning", opts="", **params):
        self.apps, self.opts, self.daemon = app.split("+"), opts, None
        Controller.__init__(self, name, command="morgana-controller", **params)

    def start(self):
        self.daemon = Daemon(self, "morgana-controller")
        self.daemon.start(f"--listen=ptcp:{self.port}", *[f"--app={app}" for app in self.apps],
                          *shlex.split(self.opts))

    def stop(self, *args, **kwargs):
        if self.daemon:
            self.daemon.stop()
            self.daemon = None
        Node.stop(self, *args, **kwargs)


switches = {"morgana": MorganaSwitch}
controllers = {"morgana": MorganaController}
