#!/usr/bin/env python3
"""How soon morgana-controller finds the cables of real switches, misses one that is cut, and has traffic
going again; and whether rings and fat trees melt under broadcasts.

    topology_bench.py [--switches=N] [--out=FILE.json]

Each switch is a morgana-switch, all in namespaces of one lab, in a ring with a chord from each to the
seventh behind it. The cable from the first to the second passes through a program; when that is
killed both ports stay up, and nothing comes through any more: a silent cut. Targets stand beside the
figures, met or not. It fails if something cannot be measured, and if a broadcast comes to anybody
not once but more often or never.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, MorganaSwitch, namespace, program, wait_for  # noqa: E402
from lab.step import step  # noqa: E402
from lab.traffic import Tap, numbered  # noqa: E402
from tables import verdict  # noqa: E402

LIMIT = 120  # seconds for what takes one or two: the machine may have more to do
CHORD = 7
MELT = 20  # switches of the ring, and of the fat tree, that must not melt
BROADCASTS = 20
EVERY = 0.02  # seconds between pings
# What is measured, and what it is to reach: seconds.
TARGETS = {
    "found": ("all cables are found after", 5),
    "silent": ("a silent cut is noticed after", 3),
    "silent_back": ("and traffic is back after that by", 1),
    "down": ("a port that goes down is noticed after", 1),
    "down_back": ("and traffic is back after that by", 1),
}
REPLY = re.compile(r"^\[(\d+\.\d+)\] .* time=", re.M)


def end_of(a, b):
    """The device of switch a's end of its cable to switch b."""
    return f"s{a}-s{b}"


class Network:
    """Switches 1 to n, cables between them (pairs of numbers), a host at each of these switches."""

    def __init__(self, lab, n, cables, hosts_at, relayed=()):
        self.lab, self.cables, self.relayed = lab, cables, relayed
        self.socket = lab.folder / "control.sock"
        self.target = "tcp:127.0.0.1:6653"
        for a, b in cables:
            self.cable(a, b)
        hosts = {number: lab.host(number) for number in hosts_at}
        self.hosts = list(hosts.values())
        for number in range(1, n + 1):
            ends = [end_of(x, y) for a, b in cables for x, y in ((a, b), (b, a)) if x == number]
            MorganaSwitch(lab, [hosts[number]] if number in hosts else [],
                          f"--controller={self.target}", "--backoff-max=1s",
                          *(f"--port=eth:{end}" for end in ends), name=f"s{number}", dpid=number)

    def cable(self, a, b):
        if (a, b) not in self.relayed:
            namespace.link(self.lab.net, end_of(a, b), self.lab.net, end_of(b, a), offloads=True)
            return
        for x, y in ((a, b), (b, a)):
            namespace.link(self.lab.net, end_of(x, y), self.lab.namespace("relay"), f"r{x}-{y}", offloads=True)
        self.mend(a, b)

    def mend(self, a, b):
        """Have the frames of a relayed cable pass, until cut_silently()."""
        ends = [f"eth:r{x}-{y}" for x, y in ((a, b), (b, a))]
        self.relay = self.lab.start([program("test/interop/forwarder"), *ends], "relay.log",
                                    where=self.lab.namespace("relay"))

    def cut_silently(self):
        self.relay.kill()

    def start_controller(self, *apps):
        self.controller = Controller(self.lab, f"--ctl=punix:{self.socket}",
                                     *(f"--app={app}" for app in apps))

    def ask(self, command):
        return self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.socket, command])

    def wait_found(self):
        """Every cable is found, in both directions."""
        wait_for(lambda: self.ask("links").count("\n") == 1 + 2 * len(self.cables), "the cables", LIMIT)

    def wait_settled(self):
        self.wait_found()
        wait_for(lambda: self.ask("tree").count("  edge") == len(self.hosts), "the hosts' ports", LIMIT)

    def wait_reached(self):
        for a, b in zip(self.hosts, self.hosts[1:]):
            wait_for(lambda a=a, b=b: a.ping(b), f"{a.name} to reach {b.name}", LIMIT)


def found(network):
    """Seconds from the controller's start until all cables are known."""
    begin = time.monotonic()
    network.start_controller("discovery", "stp", "paths")
    network.wait_found()
    return time.monotonic() - begin


def cut(network, a, b, how):
    """Cut the cable between two switches by how(), while the host at the first pings that at the second:
    seconds until the controller says that the cable has gone, and from then until pings are answered."""
    h1, h2 = network.hosts[:2]
    gone = re.compile("|".join(f"link down: {x:016x} port \\d+ -> {y:016x} " for x, y in ((a, b), (b, a))))
    before = len(network.controller.output())
    pings = network.lab.start(["ping", "-n", "-D", "-i", EVERY, h2.address], f"ping-{before}.log", h1.namespace)
    wait_for(lambda: len(REPLY.findall(pings.output())) > 10, "answers", LIMIT)
    begin = time.time()
    how()
    wait_for(lambda: len(gone.findall(network.controller.output()[before:])) == 2, "the cut to be seen", LIMIT)
    seen = time.time()
    wait_for(lambda: any(float(at) > begin + 10 * EVERY for at in REPLY.findall(pings.output())),
             "answers after the cut", LIMIT)
    pings.stop()
    after = [float(at) for at in REPLY.findall(pings.output())]
    gap_end = max(zip(after, after[1:]), key=lambda pair: pair[1] - pair[0])[1]
    return seen - begin, max(0.0, gap_end - seen)


def measure(n):
    """The figures of TARGETS, with n switches."""
    cables = sorted({tuple(sorted((i, (i + step - 1) % n + 1))) for i in range(1, n + 1) for step in (1, CHORD)})
    figures = {}
    with Lab() as lab:
        with step("switches", f"starts {n}, with {len(cables)} cables"):
            network = Network(lab, n, cables, (1, 2), relayed=[(1, 2)])
        with step("discovery", "finds the cables"):
            figures["found"] = found(network)
        with step("tree", "waits until hosts reach each other"):
            network.wait_settled()
            network.wait_reached()
        with step("cut", "a cable, silently"):
            figures["silent"], figures["silent_back"] = cut(network, 1, 2, network.cut_silently)
        with step("mend", "waits until that is found"):
            network.mend(1, 2)
            network.wait_found()
            network.wait_reached()
        with step("cut", "the same by a port that goes down"):
            figures["down"], figures["down_back"] = cut(
                network, 1, 2, lambda: lab.net.ip("link", "set", end_of(1, 2), "down"))
    return figures, len(cables)


def ring(n):
    return [(i, i % n + 1) for i in range(1, n + 1)], range(1, n + 1, max(1, n // 4))


def fat_tree():
    """That of k = 4: pods 0 to 3 of two edge switches (1 to 8, with hosts) and two switches above them (9 to
    16), and four above these (17 to 20)."""
    cables = []
    for pod in range(4):
        edges, above = (1 + 2 * pod, 2 + 2 * pod), (9 + 2 * pod, 10 + 2 * pod)
        cables += [(edge, each) for edge in edges for each in above]
        cables += [(each, 17 + 2 * i + core) for i, each in enumerate(above) for core in (0, 1)]
    return cables, range(1, 9)


def melt(name, n, cables, hosts_at):
    """Every host sends BROADCASTS; each must come once to each of the others."""
    with step(name, f"of {n} switches: broadcasts of each host"), Lab() as lab, contextlib.ExitStack() as taps:
        network = Network(lab, n, cables, hosts_at)
        network.start_controller("discovery", "stp", "learning")
        network.wait_settled()
        network.wait_reached()
        tap_of = {host: taps.enter_context(contextlib.closing(Tap(host))) for host in network.hosts}
        for number in range(BROADCASTS):
            for host, tap in tap_of.items():
                tap.send(numbered(int(host.name[1:]), 0, number))
            time.sleep(EVERY)
        due = BROADCASTS * (len(tap_of) - 1)
        for host, tap in tap_of.items():
            wait_for(lambda tap=tap: len(tap.heard(10 * due)) >= due, f"the broadcasts at {host.name}", LIMIT)
        time.sleep(1)  # for what should not come
        came = [len(tap.heard(10 * due)) for tap in tap_of.values()]
    if set(came) != {due} or any(len(set(tap.frames)) != due for tap in tap_of.values()):
        raise SystemExit(f"{name}: of {due} broadcasts due at each host there came {came}")
    return {"switches": n, "cables": len(cables), "hosts": len(came), "each_heard": due}


def show(n_switches, n_cables, figures, melts):
    print(f"\n{n_switches} switches, {n_cables} cables")
    for name, (what, target) in TARGETS.items():
        print(f"  {what:<42} " + verdict(f"{figures[name]:.2f} s", f"{target} s", figures[name] <= target))
    for name, each in melts.items():
        print(f"{name} of {each['switches']} switches, {each['cables']} cables: {BROADCASTS} broadcasts of each of "
              f"{each['hosts']} hosts came to each other host once")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--switches", type=int, default=50, metavar="N", help="that are cabled up [50]")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="write the figures there as JSON, too")
    parser.add_argument("--quick", action="store_true", help="the ring and the fat tree are one small ring")
    options = parser.parse_args()
    shapes = {"ring": (8, *ring(8))} if options.quick else {
        "ring": (MELT, *ring(MELT)), "fat tree": (MELT, *fat_tree())}
    figures, n_cables = measure(options.switches)
    melts = {name: melt(name, *shape) for name, shape in shapes.items()}
    show(options.switches, n_cables, figures, melts)
    if options.out:
        options.out.write_text(json.dumps({"switches": options.switches, "figures": figures, "melts": melts}))


if __name__ == "__main__":
    main()
