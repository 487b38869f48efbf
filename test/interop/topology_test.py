#!/usr/bin/env python3
"""Open vSwitch and morgana-switch in a ring, under the apps that need a topology: a broadcast arrives
once, everyone reaches everyone, also after a link of the ring has been cut, and flows of a file are
where they belong; and the bench of the same apps.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import json
import pathlib
import re
import signal
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))
from lab import Controller, Lab, MorganaSwitch, OpenVSwitch, namespace, wait_for  # noqa: E402
from lab.traffic import Tap, numbered  # noqa: E402

RING = ((1, 2), (2, 3), (3, 1))


class Ring(unittest.TestCase):
    """Switch 1 is Open vSwitch, 2 and 3 are ours; host n is at port 1 of switch n."""

    def raise_ring(self, *options):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3)]
        self.control = self.lab.folder / "control.sock"
        self.controller = Controller(self.lab, f"--ctl=punix:{self.control}", *options)
        for a, b in RING:
            namespace.link(self.lab.net, f"s{a}-s{b}", self.lab.net, f"s{b}-s{a}")
        first = OpenVSwitch(self.lab)
        first.plug(self.hosts[0])
        for other in (2, 3):
            first.vsctl("add-port", "s1", f"s1-s{other}")
        first.set_controller(self.controller.target)
        self.switches = [first] + [self.start_ours(number) for number in (2, 3)]

    def start_ours(self, number):
        others = [other for other in (1, 2, 3) if other != number]
        return MorganaSwitch(self.lab, [self.hosts[number - 1]],
                             f"--controller={self.controller.target}", "--backoff-max=1s",
                             *(f"--port=eth:s{number}-s{other}" for other in others),
                             name=f"s{number}", dpid=number)

    def ask(self, *words):
        return self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.control, *words])

    def wait_until_found(self, links):
        """All links are found (each in two directions), and hosts' ports are open."""
        wait_for(lambda: self.ask("links").count("\n") == 1 + 2 * links, f"{links} links")
        wait_for(lambda: self.ask("tree").count("  edge") == 3, "the hosts' ports to be open")

    def wait_until_all_ping(self):
        for a, b in itertools.permutations(self.hosts, 2):
            wait_for(lambda a=a, b=b: a.ping(b), f"{a.name} to reach {b.name}")

    def check_broadcasts(self):
        """Each arrives once at the others, and not at who sent it."""
        taps = [Tap(host) for host in self.hosts]
        for tap in taps:
            self.addCleanup(tap.close)
        frames = [[numbered(host, 0, number) for number in range(5)] for host in (1, 2, 3)]
        for tap, mine in zip(taps, frames):
            for frame in mine:
                tap.send(frame)
        for i, tap in enumerate(taps):
            due = sorted(frame for j in range(3) if j != i for frame in frames[j])
            wait_for(lambda tap=tap, due=due: len(tap.heard()) >= len(due),
                     f"{self.hosts[i].name} to hear all broadcasts")
        self.wait_until_all_ping()  # time for what should not come
        for i, tap in enumerate(taps):
            self.assertEqual(sorted(tap.heard()),
                             sorted(frame for j in range(3) if j != i for frame in frames[j]))

    def cut(self):
        """Cut the link from switch 1 to switch 2."""
        self.lab.net.ip("link", "set", "s1-s2", "down")
        self.wait_until_found(2)

    def check_ring(self, app):
        self.raise_ring("--app=discovery", "--app=stp", f"--app={app}")
        self.wait_until_found(3)
        self.assertEqual(self.ask("tree").count("  blocked"), 2)
        self.check_broadcasts()
        self.wait_until_all_ping()
        self.cut()
        self.assertEqual(self.ask("tree").count("  blocked"), 0)
        self.wait_until_all_ping()
        self.check_broadcasts()

    def test_learning_works_on_a_ring_and_after_a_cut(self):
        self.check_ring("learning")

    def test_paths_work_on_a_ring_and_after_a_cut(self):
        self.check_ring("paths")
        hosts = self.ask("hosts")
        for number, host in enumerate(self.hosts, 1):
            self.assertRegex(hosts, rf"{host.mac} +0  {number:016x} +1 ")

    def test_a_path_takes_the_link_that_floods_do_not(self):
        self.raise_ring("--app=discovery", "--app=stp", "--app=paths")
        self.wait_until_found(3)
        self.wait_until_all_ping()
        before = self.controller.counter("paths", "floods")
        self.assertGreaterEqual(self.hosts[1].ping(self.hosts[2], count=5, wait=20), 4)
        flows = self.switches[1].flows()
        blocked = re.search(r"0{15}2 .*?\n +(\d+)  blocked", self.ask("tree", "2"), re.S).group(1)
        self.assertTrue(any(f"actions=output:{blocked}" in flow for flow in flows), flows)
        self.assertLessEqual(self.controller.counter("paths", "floods"), before + 6)

    def test_static_flows_are_installed_and_follow_their_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".flows") as file:
            file.write("priority=7,in_port=1,actions=drop\ndpid=2,in_port=2,actions=output:3\n")
            file.flush()
            self.raise_ring("--app=static", f"--static-file={file.name}")
            wait_for(lambda: len(self.switches[1].flows()) == 2, "two flows on switch 2")
            wait_for(lambda: len(self.switches[0].flows()) == 1, "a flow on switch 1")
            file.seek(0)
            file.truncate()
            file.write("priority=7,in_port=1,actions=output:2\n")
            file.flush()
            self.controller.process.send(signal.SIGHUP)
            for switch in self.switches:
                wait_for(lambda switch=switch: [
                    flow for flow in switch.flows() if "actions=output:2" in flow],
                    "the changed flow")
            wait_for(lambda: len(self.switches[1].flows()) == 1, "the flow to go")
            self.switches[0].ofctl("del-flows", "s1")
            wait_for(self.switches[0].flows, "a flow that was deleted to come back")


class Bench(unittest.TestCase):
    def test_it_measures_discovery_and_cuts_and_finds_no_ring_that_melts(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "report.json"
            namespace.run([sys.executable, TOP / "bench" / "topology_bench.py", "--switches=6", "--quick",
                           f"--out={out}"])
            report = json.loads(out.read_text())
        self.assertEqual(set(report["figures"]), {"found", "silent", "silent_back", "down", "down_back"})
        self.assertEqual(report["melts"]["ring"]["hosts"], 4)


if __name__ == "__main__":
    unittest.main()
