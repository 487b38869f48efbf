#!/usr/bin/env python3
"""Two controllers, ours and the peer's, share a switch, ours or Open vSwitch, through the slicer.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, TestController, namespace, wait_for  # noqa: E402
from lab.kinds import SWITCHES  # noqa: E402

OURS, OVS = SWITCHES

RED = "slice red controller=tcp:127.0.0.1:6661\n"
BLUE = "slice blue controller=tcp:127.0.0.1:6662\n"


class BigSwitch(unittest.TestCase):
    """Switch 1 is Open vSwitch, 2 and 3 are ours, in a ring; host n is at switch n, host 4 at switch 1. To
    the slice's controller they are one switch."""

    def start(self, controller, *slices):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3, 4)]
        self.file = self.lab.folder / "slices"
        self.file.write_text("\n".join(("slice big controller=tcp:127.0.0.1:6661 big=b16", "") + slices) + "\n")
        self.controller = controller(self.lab)
        self.control = self.lab.folder / "slicer.ctl"
        self.slicer = Controller(self.lab, "--app=discovery", "--app=slicer", f"--slicer-file={self.file}",
                                 f"--ctl=punix:{self.control}")
        for a, b in ((1, 2), (2, 3), (3, 1)):
            namespace.link(self.lab.net, f"s{a}-s{b}", self.lab.net, f"s{b}-s{a}")
        first = SWITCHES[OVS](self.lab, [self.hosts[0], self.hosts[3]], self.slicer, cables=["s1-s2", "s1-s3"])
        self.switches = [first]
        for number in (2, 3):
            self.switches.append(SWITCHES[OURS](
                self.lab, [self.hosts[number - 1]], self.slicer, beside=self.switches,
                cables=[f"s{number}-s{other}" for other in (1, 2, 3) if other != number]))
        wait_for(lambda: self.ports().count("up") == 4, "the big switch to have four ports")

    def ports(self):
        return self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.control, "slicer/ports", "big"])

    def check_all_ping(self):
        for a, b in itertools.permutations(self.hosts, 2):
            wait_for(lambda a=a, b=b: a.ping(b), f"{a.name} to reach {b.name}", limit=60)

    def check_ring(self, controller):
        self.start(controller, "dl_vlan=0xffff")
        self.check_all_ping()
        self.lab.net.ip("link", "set", "s1-s2", "down")
        self.check_all_ping()
        # Switch 3 is cut off: it, or what is left, is in use.
        self.lab.net.ip("link", "set", "s3-s1", "down")
        self.lab.net.ip("link", "set", "s3-s2", "down")
        wait_for(lambda: self.ports().count("up") == 2, "two ports of switch 1 to be in use")
        self.assertGreaterEqual(self.hosts[0].ping(self.hosts[3], count=5), 1)
        self.lab.net.ip("link", "set", "s1-s2", "up")
        self.lab.net.ip("link", "set", "s3-s1", "up")
        wait_for(lambda: self.ports().count("up") == 4, "all ports to be in use again")
        self.check_all_ping()

    def test_our_learning_switch_is_the_big_switch_s_controller(self):
        self.check_ring(lambda lab: Controller(lab, "--app=learning", port=6661))

    def test_ovs_testcontroller_is_the_big_switch_s_controller(self):
        self.check_ring(lambda lab: TestController(lab, port=6661))


class Slicing(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.file = self.lab.folder / "slices"
        self.hosts = [self.lab.host(number) for number in (1, 2, 3, 4)]

    def start(self, kind, slices):
        """Red's controller is ours, blue's the peer's."""
        self.file.write_text(slices)
        self.red = Controller(self.lab, "--app=learning", port=6661)
        self.blue = TestController(self.lab, port=6662)
        self.slicer = Controller(self.lab, "--app=slicer", f"--slicer-file={self.file}")
        self.switch = SWITCHES[kind](self.lab, self.hosts, self.slicer)
        wait_for(lambda: self.slicer.counter("slicer", "links_up") >= 2, "both to have the switch")

    def reload(self, slices):
        self.file.write_text(slices)
        before = self.slicer.counter("slicer", "reloads")
        self.slicer.process.send(signal.SIGHUP)
        wait_for(lambda: self.slicer.counter("slicer", "reloads") > before, "the file to be read")

    def wait_ping(self, a, b):
        wait_for(lambda: a.ping(b, wait=1), f"{a.name} to reach {b.name}")

    def check_ports(self, kind):
        h1, h2, h3, h4 = self.hosts
        self.start(kind, RED + "in_port=1\nin_port=2\n" + BLUE + "in_port=3\nin_port=4\n")
        self.wait_ping(h1, h2)
        self.wait_ping(h3, h4)
        self.assertEqual(h1.ping(h3, wait=1), 0)
        self.assertEqual(h4.ping(h2, wait=1), 0)
        self.assertTrue(self.switch.flows())
        # Blue goes, and with it its flows; red does not notice.
        joined = self.red.counter("ctl", "sessions_joined")
        self.reload(RED + "in_port=1\nin_port=2\n")
        wait_for(lambda: not [line for line in self.switch.flows() if "in_port=3" in line or
                              "in_port=4" in line], "blue's flows to go")
        self.wait_ping(h1, h2)
        self.assertEqual(h3.ping(h4, wait=1), 0)
        # It comes back, with a host more.
        self.reload(RED + "in_port=1\n" + BLUE + "in_port=3\nin_port=4\nin_port=2\n")
        self.wait_ping(h3, h2)
        self.assertEqual(h1.ping(h2, wait=1), 0)
        self.assertEqual(self.red.counter("ctl", "sessions_joined"), joined + 1)

    def test_hosts_reach_those_of_their_slice_through_our_switch(self):
        self.check_ports(OURS)

    def test_hosts_reach_those_of_their_slice_through_open_vswitch(self):
        self.check_ports(OVS)

    def test_the_same_ports_are_shared_by_protocol(self):
        h1, h2 = self.hosts[:2]
        self.start(OURS, RED + "priority=40000,icmp\narp\n" + BLUE + "ip\n")
        self.wait_ping(h1, h2)
        blue = self.slicer.counter("slicer", "packet_ins")
        server = self.lab.start(["iperf3", "-s", "-1", "-B", h2.address], "iperf3.log", where=h2.namespace)
        wait_for(lambda: h2.run("ss", "-Hltn", "sport", "=", ":5201"), "iperf3 to listen")
        h1.run("iperf3", "-c", h2.address, "-n", "100K", "--connect-timeout", "30000")
        server.stop()
        self.assertGreater(self.slicer.counter("slicer", "packet_ins"), blue)
        flows = self.switch.flows()
        self.assertTrue([line for line in flows if "tcp" in line], flows)

    def test_two_slices_find_the_same_link_each_by_its_own_lldp(self):
        self.file.write_text(RED + "tcp\n" + BLUE + "udp\n")
        namespace.link(self.lab.net, "s1-s2", self.lab.net, "s2-s1")
        controllers = [Controller(self.lab, "--app=discovery", f"--ctl=punix:{self.lab.folder}/{port}.ctl",
                                  port=port) for port in (6661, 6662)]
        slicer = Controller(self.lab, "--app=slicer", f"--slicer-file={self.file}")
        first = SWITCHES[OVS](self.lab, self.hosts[:1], slicer, cables=["s1-s2"])
        SWITCHES[OURS](self.lab, self.hosts[1:2], slicer, beside=[first], cables=["s2-s1"])
        for port in (6661, 6662):
            ask = ["ovs-appctl", "-T", "60", "-t", self.lab.folder / f"{port}.ctl", "links"]
            wait_for(lambda ask=ask: self.lab.net.run(ask).count("\n") == 3, "the link, both ways")
        for controller in controllers:
            counters = controller.counters()["discovery"]
            self.assertFalse({"forged", "foreign", "unknown"} & set(counters), counters)


if __name__ == "__main__":
    unittest.main()
