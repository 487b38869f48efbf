"""The TCPs that are measured: Morgana's, lwIP's and the kernel's, each a client on the same tap of a
kernel that serves.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import json

from peers import CONTROLLER_CORE as CLIENT_CORE, GENERATOR_CORE as SERVER_CORE, pinned
from lab import namespace, program, wait_for
from lab.direct import KERNEL, OURS, tap

PORT = 5201
# The relay shares the client's core, or the server's.
KERNELS = {"kernel, near relay": CLIENT_CORE, "kernel, far relay": SERVER_CORE}
JOBS = ("send", "receive", "turns")


class Bed:
    """A namespace whose kernel serves over the tap t0, and one whose kernel has the tap t1."""

    def __init__(self, lab):
        self.lab = lab
        self.other = lab.namespace("other")
        tap(lab.net, "t0")
        tap(self.other, "t1", f"{OURS}/24")
        self.count = 0

    def start(self, core, argv, says, where=None):
        """A program that runs on a core, once it has said that it is ready."""
        self.count += 1
        process = self.lab.start(pinned(core, argv), f"{self.count}.log", where=where)
        wait_for(lambda: says in process.output() or not process.is_alive(), says)
        return process

    @contextlib.contextmanager
    def running(self, *args, **options):
        process = self.start(*args, **options)
        try:
            yield process
        finally:
            process.kill()

    def measure(self, peer, seconds, connections=0):
        """What the peer's client reports: {job: report}; with connections also of holding them."""
        self.lab.net.ip("neigh", "flush", "dev", "t0")  # each client has its own MAC address
        jobs = [*JOBS, *(["hold"] if connections else [])]
        argv = [*peer.argv, KERNEL, PORT, seconds, connections, *jobs]
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.running(SERVER_CORE, [program("test/bench/tcp_kernel"), KERNEL,
                                                           PORT], "listening"))
            if peer.relay_core is not None:
                stack.enter_context(self.running(peer.relay_core, [
                    program("test/bench/tcp_relay"), "t0", namespace.FOLDER / self.other.name,
                    "t1"], "relaying"))
            lines = peer.where(self).run(pinned(CLIENT_CORE, argv)).splitlines()
        reports = {report["job"]: report for report in map(json.loads, lines)}
        if list(reports) != jobs or any(report["given"] not in (0, report["bytes"])
                                        for report in reports.values()):
            raise SystemExit(f"{peer.name}: {lines}")
        return reports


class Peer:
    """A client; with `relay_core` it is the kernel's beyond a relay that runs on that core."""

    def __init__(self, name, argv, relay_core=None):
        self.name = name
        self.argv = argv
        self.relay_core = relay_core
        self.holds = relay_core is None  # what a connection costs the kernel is not seen from here

    def where(self, bed):
        return bed.lab.net if self.relay_core is None else bed.other


def morgana():
    return Peer("morgana", [program("test/bench/tcp_morgana"), "--net=direct:tap:t0",
                            f"--ip={OURS}/24"])


def lwip():
    return Peer("lwip", [program("test/bench/tcp_lwip"), "t0", OURS])


def kernels():
    return [Peer(name, [program("test/bench/tcp_kernel")], core) for name, core in KERNELS.items()]
