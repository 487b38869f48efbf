"""The controllers that are measured: started on a core of their own, asked what they cost, ended.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
from typing import Callable, NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab.controller import program  # noqa: E402
from lab.process import Process, die_with_parent  # noqa: E402
from lab.wait import wait_for  # noqa: E402

CORES = sorted(os.sched_getaffinity(0))
CONTROLLER_CORE, GENERATOR_CORE = CORES[0], CORES[-1]


class Peer(NamedTuple):
    name: str
    argv: Callable  # of a port and a folder for its own files


MORGANA = Peer("morgana-controller", lambda port, folder: [
    program("morgana-controller"), f"--listen=ptcp:{port}:127.0.0.1", "--app=learning"])
TESTCONTROLLER = Peer("ovs-testcontroller", lambda port, folder: [
    "ovs-testcontroller", f"--unixctl={folder}/{port}.ctl", f"ptcp:{port}:127.0.0.1"])


def pinned(core, argv):
    return ["taskset", "-c", str(core), *map(str, argv)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_listening(port):
    """Without connecting: a connection would be a switch to it."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
               for line in lines)


class Running:
    """A controller that runs, for a with statement."""

    def __init__(self, peer, folder, wrapper=()):
        self.port = free_port()
        argv = [*wrapper, *peer.argv(self.port, folder)]
        self.process = Process(pinned(CONTROLLER_CORE, argv), folder / f"{self.port}.log")

    def __enter__(self):
        try:
            wait_for(lambda: is_listening(self.port) or not self.process.is_alive(), "it to listen")
            if not self.process.is_alive():
                raise SystemExit(f"{self.process.argv}: {self.process.output()}")
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_):
        self.process.stop()

    def cpu_ns(self):
        """CPU time of all its threads so far."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)

    def peak_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def generate(port, **options):
    """Run morgana-bench against `port`; its figures."""
    words = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
             for name, value in options.items()]
    argv = pinned(GENERATOR_CORE, [program("morgana-bench"), "--json",
                                   f"--controller=tcp:127.0.0.1:{port}", *words])
    run = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         preexec_fn=die_with_parent, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}: {run.stderr}")
    return json.loads(run.stdout)


def cost(peer, folder, count, **options):
    """CPU ns per packet-in, and peak memory in MiB. The difference of a run and one of a tenth of it,
    so that connecting and learning do not count."""
    def spend(packets):
        before = controller.cpu_ns()
        figures = generate(controller.port, count=packets, **options)
        return controller.cpu_ns() - before, figures["messages"]["answers"]

    with Running(peer, folder) as controller:
        short, few = spend(count // 10)
        long, many = spend(count)
        return (long - short) / (many - few), controller.peak_mib()


def instructions_in_all(peer, folder, count, **options):
    """Instructions of a whole life with `count` packet-ins, counted by callgrind: user space only."""
    wrapper = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    with Running(peer, folder, wrapper) as controller:
        figures = generate(controller.port, count=count, connect_time="120s", lost_after="60s",
                           **options)
    found = re.search(r"Collected : (\d+)", controller.process.output())
    if found is None:
        raise SystemExit(f"callgrind says nothing: {controller.process.output()}")
    return int(found.group(1)), figures["messages"]["answers"]


def instructions(peer, folder, count, **options):
    """Instructions per packet-in: the difference of a long life and a short one."""
    long, many = instructions_in_all(peer, folder, count, **options)
    short, few = instructions_in_all(peer, folder, count // 5, **options)
    return (long - short) / (many - few)
