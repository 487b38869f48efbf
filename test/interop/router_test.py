#!/usr/bin/env python3
"""The app router under morgana-switch and Open vSwitch: hosts of different networks reach each other through the
switch's flows, traceroute shows the routers, and who cannot be reached is said to be so.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import errno
import pathlib
import signal
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, Controller, Lab, namespace, traffic, wait_for  # noqa: E402
from lab.kinds import SWITCHES  # noqa: E402

ONE = """# three networks
dpid=1, ip=10.0.1.1/24, port=1
dpid=1, ip=10.0.2.1/24, port=2
dpid=1, ip=10.0.3.1/24, port=3, mtu=1000
dpid=1, route=172.16.0.0/16, via=10.0.3.2
"""
TWO = """# h1 - s1 - s2 - h2, and a default route that is wrong for h2's network
dpid=1, ip=10.0.1.1/24, port=1
dpid=1, ip=10.0.12.1/24, port=2
dpid=1, route=0.0.0.0/0, via=10.0.1.99
dpid=1, route=10.0.2.0/24, via=10.0.12.2
dpid=2, ip=10.0.2.1/24, port=1
dpid=2, ip=10.0.12.2/24, port=2
dpid=2, route=10.0.1.0/24, via=10.0.12.1
"""


class Routed(unittest.TestCase):
    def begin(self, lines, n_hosts):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.file = self.lab.folder / "routers"
        self.file.write_text(lines)
        self.hosts = [self.lab.host(n, f"10.0.{n}.2", f"10.0.{n}.1") for n in range(1, n_hosts + 1)]
        self.control = self.lab.folder / "control.sock"
        self.controller = Controller(self.lab, "--app=router", f"--router-file={self.file}",
                                     f"--ctl=punix:{self.control}")

    def wait_until_routed(self, n):
        wait_for(lambda: self.controller.output().count(" routes between ") >= n, f"{n} routers")

    def ask(self, *words):
        return self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.control, *words])

    def count(self, name):
        return self.controller.counter("router", name)

    def answers(self, host, address, *options):
        """What ping says of one request."""
        return host.run("ping", "-n", "-c", 1, "-W", PATIENCE, *options, address, check=False)

    def check_that_flows_forward(self, a, b):
        a.ping(b)
        before = self.controller.counter("ctl", "rx_packet_in")
        self.assertTrue(a.always_reaches(b, 10))
        self.assertLess(self.controller.counter("ctl", "rx_packet_in") - before, 5)

    def check_unreachable(self, host):
        self.assertIn("From 10.0.1.1 icmp_seq=1 Destination Net Unreachable",
                      self.answers(host, "192.168.7.7"))
        self.assertIn("From 10.0.1.1 icmp_seq=1 Destination Host Unreachable",
                      self.answers(host, "10.0.2.99"))
        with host.namespace.entered(), socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.settimeout(PATIENCE)
            udp.connect(("10.0.1.1", 7))
            udp.send(b"?")
            with self.assertRaises(OSError) as refused:
                udp.recv(1)
        self.assertEqual(refused.exception.errno, errno.ECONNREFUSED)


class OneRouter(Routed):
    def check(self, kind):
        self.begin(ONE, 3)
        h1, h2, h3 = self.hosts
        switch = SWITCHES[kind](self.lab, self.hosts, self.controller, offloads=False)
        self.wait_until_routed(1)
        for a, b in ((h1, h2), (h2, h3), (h3, h1)):
            self.assertTrue(a.always_reaches(b, 1))
        self.assertIn(" 0% packet loss", self.answers(h1, "10.0.1.1", "-s", 1400))
        self.assertIn(" 0% packet loss", self.answers(h1, "10.0.3.1"))
        self.assertIn(" 0% packet loss", self.answers(h1, h2.address, "-s", 4000))
        self.check_that_flows_forward(h1, h2)
        self.assertTrue([flow for flow in switch.flows() if "dec_ttl" in flow], switch.flows())
        self.assertEqual(traffic.hops(h1, h2.address, wait=PATIENCE), ["10.0.1.1", h2.address])
        self.assertIn("From 10.0.1.1 icmp_seq=1 Time to live exceeded", self.answers(h1, h2.address, "-t", 1))
        self.assertEqual(traffic.hops(h1, "10.0.2.1", wait=PATIENCE), ["10.0.1.1"])  # by which the error leaves
        self.check_unreachable(h1)
        self.check_mtu(h1, h3)
        self.assertGreater(traffic.iperf(self.lab, h1, h2, "-t", 1)["sum_received"]["bytes"], 0)
        self.check_reload(h1, h2)
        self.assertEqual(self.count("bad_header"), 0)

    def check_mtu(self, h1, h3):
        """h3's network takes 1000 bytes, as far as the router knows."""
        self.assertIn(" 0% packet loss", self.answers(h1, h3.address, "-M", "dont", "-s", 1200))
        self.assertGreater(self.count("cut"), 0)
        self.assertIn("From 10.0.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1000)",
                      self.answers(h1, h3.address, "-M", "do", "-s", 1200))
        self.assertIn(" 0% packet loss", self.answers(h1, h3.address, "-s", 1200))  # cut by h1 now

    def check_reload(self, h1, h2):
        """Without the interface of h2 its network is not there."""
        self.file.write_text(ONE.replace("dpid=1, ip=10.0.2.1/24, port=2\n", ""))
        self.controller.process.send(signal.SIGHUP)
        wait_for(lambda: "10.0.2.0/24" not in self.ask("router/routes"), "the route to go")
        self.assertIn("Destination Net Unreachable", self.answers(h1, h2.address))
        self.file.write_text("dpid=1, ip=10.0.2.1/24\n")
        self.controller.process.send(signal.SIGHUP)
        wait_for(lambda: ":1: an interface wants ip= and port=" in self.controller.output(), "the error")
        self.assertIn("10.0.3.0/24", self.ask("router/routes"))

    def test_morgana_switch_routes(self):
        self.check("morgana-switch")

    def test_open_vswitch_routes(self):
        self.check("a private Open vSwitch, all in user space")


class TwoRouters(Routed):
    def test_packets_pass_two_routers_by_static_routes(self):
        self.begin(TWO, 2)
        h1, h2 = self.hosts
        namespace.link(self.lab.net, "s1-s2", self.lab.net, "s2-s1")
        ours, theirs = SWITCHES.values()
        first = theirs(self.lab, [h1], self.controller, offloads=False, cables=["s1-s2"])
        ours(self.lab, [h2], self.controller, offloads=False, beside=[first], cables=["s2-s1"])
        self.wait_until_routed(2)
        self.assertTrue(h1.always_reaches(h2, 1))
        self.check_that_flows_forward(h1, h2)
        self.assertEqual(traffic.hops(h1, h2.address, wait=PATIENCE), ["10.0.1.1", "10.0.12.2", h2.address])
        self.assertEqual(traffic.hops(h2, h1.address, wait=PATIENCE), ["10.0.2.1", "10.0.12.1", h1.address])
        self.assertIn("From 10.0.12.2 icmp_seq=1 Destination Host Unreachable", self.answers(h1, "10.0.2.99"))
        self.assertGreater(traffic.iperf(self.lab, h2, h1, "-t", 1)["sum_received"]["bytes"], 0)


if __name__ == "__main__":
    unittest.main()
