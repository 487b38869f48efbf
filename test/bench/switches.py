"""The switches that are measured: on a core of their own, told to forward between two ports, ended.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import pathlib

from peers import CONTROLLER_CORE as SWITCH_CORE, pinned
from lab import OpenVSwitch, namespace, program, wait_for


def forwarding_flows():
    """What comes by one port goes out of the other."""
    return [f"in_port={a},actions=output:{b}" for a, b in ((1, 2), (2, 1))]


def cpu_ns(pid):
    """CPU time of all its threads so far, with what the kernel did for it."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def peak_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class Ovs:
    """Open vSwitch's datapath in user space; it runs all the time, and has ports when measured."""

    name = "ovs"
    offloads = False  # frames with partial checksums leave it as they came

    def __init__(self, lab):
        self.switch = OpenVSwitch(lab, megaflows=True)
        self.socket = self.switch.folder / f"{self.switch.bridge}.mgmt"
        namespace.run(["taskset", "-a", "-c", "-p", SWITCH_CORE, self.switch.daemon.pid])

    @contextlib.contextmanager
    def between(self, *interfaces):
        """It forwards between two interfaces of "net" meanwhile. Gives its pid."""
        for number, name in enumerate(interfaces, 1):
            self.switch.vsctl("add-port", self.switch.bridge, name, "--", "set", "interface", name,
                              f"ofport_request={number}")
        for flow in forwarding_flows():
            self.switch.ofctl("add-flow", self.switch.bridge, flow)
        try:
            yield self.switch.daemon.pid
        finally:
            for name in interfaces:
                self.switch.vsctl("del-port", self.switch.bridge, name)


class Morgana:
    """morgana-switch with devices of one kind."""

    def __init__(self, lab, kind):
        self.lab = lab
        self.kind = kind
        self.name = f"morgana {kind}:"
        self.offloads = kind == "eth"  # AF_XDP has no metadata
        self.socket = lab.folder / f"{kind}.sock"
        self.starts = 0

    @contextlib.contextmanager
    def between(self, *interfaces):
        self.starts += 1
        process = self.lab.start(pinned(SWITCH_CORE, [
            program("morgana-switch"), *(f"--port={self.kind}:{name}" for name in interfaces),
            f"--listen=punix:{self.socket}"]), f"{self.kind}{self.starts}.log")
        try:
            wait_for(lambda: process.output().count("link up") == len(interfaces) or
                     not process.is_alive(), "the ports to come up")
            self.add_flows(forwarding_flows())
            yield process.pid
        finally:
            process.stop()
            self.socket.unlink(missing_ok=True)

    def add_flows(self, flows):
        namespace.run(["ovs-ofctl", "-O", "OpenFlow10", "add-flows", f"unix:{self.socket}", "-"],
                      stdin=None, input="\n".join(flows))
