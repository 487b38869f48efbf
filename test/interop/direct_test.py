#!/usr/bin/env python3
"""Both programs with no kernel between them and the wire, against Open vSwitch and its controller.

It mostly waits: for addresses to be probed (RFC 5227), and between the cuts of connections.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, MorganaSwitch, OpenVSwitch, program, wait_for  # noqa: E402
from lab.dhcp import dnsmasq  # noqa: E402
from lab.direct import KERNEL, OURS, DirectController, ethernet, tap  # noqa: E402


class Programs(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2)]

    def all_ping(self):
        for a, b in (self.hosts, self.hosts[::-1]):
            wait_for(lambda a=a, b=b: a.ping(b), f"{a.name} to reach {b.name}")


class ControllerTest(Programs):
    """Open vSwitch under morgana-controller."""

    ROUNDS = 3  # of all four ways to cut: two minutes

    def raise_both(self, kind):
        self.controller = DirectController(self.lab, kind=kind)
        self.switch = OpenVSwitch(self.lab)
        for host in self.hosts:
            self.switch.plug(host)
        self.set_controller()
        self.wait_until_served()

    def set_controller(self):
        self.switch.set_controller(self.controller.target)
        self.switch.vsctl("set", "controller", self.switch.bridge, "inactivity_probe=2000")

    def wait_until_served(self):
        wait_for(self.switch.is_connected, "the switch to reach its controller", 60)
        self.switch.delete_flows()  # what was learned before says nothing of the connection now
        self.all_ping()
        self.assertTrue(self.switch.flows())

    def end(self):
        self.assertEqual(self.controller.stop(), 0)

    def test_on_an_ethernet_device(self):
        self.raise_both("eth")
        self.end()

    def test_on_an_xdp_device(self):
        self.raise_both("xdp")
        self.end()

    def cut_at_the_switch(self):
        """The kernel's end is reset."""
        self.switch.vsctl("del-controller", self.switch.bridge)
        self.set_controller()

    def cut_the_link(self):
        """For longer than either end is silent."""
        self.lab.net.ip("link", "set", "c0", "down")
        wait_for(lambda: not self.switch.is_connected(), "the switch to notice")
        self.lab.net.ip("link", "set", "c0", "up")

    def blink(self):
        self.lab.net.ip("link", "set", "c0", "down")
        self.lab.net.ip("link", "set", "c0", "up")

    def stop_the_controller(self):
        """It is silent for a while, and its device goes on to receive."""
        self.controller.process.send(signal.SIGSTOP)
        wait_for(lambda: not self.switch.is_connected(), "the switch to notice")
        self.controller.process.send(signal.SIGCONT)

    def one_is_left(self):
        counters = self.controller.counters()["ctl"]
        return counters["sessions_opened"] - counters["sessions_ended"] == 1

    def test_cut_again_and_again_for_minutes_it_loses_no_state(self):
        self.raise_both("tap")
        self.assertEqual(self.controller.counters()["tcp"]["opened_passive"], 1)
        before = self.controller.process.memory()
        for _ in range(self.ROUNDS):
            for cut in (self.cut_at_the_switch, self.cut_the_link, self.blink,
                        self.stop_the_controller):
                cut()
                self.wait_until_served()
                # Served without a break.
                a, b = self.hosts
                self.assertTrue(a.always_reaches(b, 20))
        self.assertGreaterEqual(self.controller.counter("ctl", "sessions_joined"), 3 * self.ROUNDS)
        wait_for(self.one_is_left, "the sessions that were cut to end")
        self.assertLess(self.controller.process.memory(), before + (4 << 20))
        self.end()


class SwitchTest(Programs):
    """morgana-switch under ovs-testcontroller, whose namespace is "far"."""

    def raise_both(self, kind):
        far = self.lab.net if kind == "tap" else self.lab.namespace("far")
        device = tap(self.lab.net, "s0") if kind == "tap" else \
            ethernet(kind, self.lab.net, "s0", far, "far0")
        self.start_controller(far)
        self.switch = MorganaSwitch(self.lab, self.hosts, device, f"--ip={OURS}/24",
                                    f"--controller=tcp:{KERNEL}:6653", "--backoff-max=1s")
        self.wait_until_served()

    def start_controller(self, where):
        self.controller = self.lab.start(
            ["ovs-testcontroller", f"--unixctl={self.lab.folder}/testcontroller.ctl",
             f"ptcp:6653:{KERNEL}"], "testcontroller.log", where=where)

    def wait_until_served(self):
        wait_for(self.switch.is_connected, "the switch to reach its controller", 60)
        self.all_ping()
        self.assertTrue(self.switch.flows())

    def test_on_a_tap_it_comes_back_when_the_controller_does(self):
        self.raise_both("tap")
        for signum in (signal.SIGTERM, signal.SIGKILL):
            self.controller.stop(signum)
            wait_for(lambda: not self.switch.is_connected(), "the switch to notice")
            self.switch.delete_flows()
            self.start_controller(self.lab.net)
            self.wait_until_served()

    def test_on_an_ethernet_device(self):
        self.raise_both("eth")

    def test_on_an_xdp_device(self):
        self.raise_both("xdp")


class BothTest(Programs):
    def test_both_are_ours_and_find_each_other_by_dhcp_and_name(self):
        # Two taps on a bridge of the kernel's, where dnsmasq lives.
        net = self.lab.net
        net.ip("link", "add", "name", "br0", "type", "bridge")
        net.ip("address", "add", "10.9.0.1/24", "dev", "br0")
        net.ip("link", "set", "br0", "up")
        for name in ("c0", "s0"):
            net.ip("tuntap", "add", name, "mode", "tap")
            net.ip("link", "set", name, "master", "br0", "up")
        dnsmasq(self.lab, "br0", "--dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,2m",
                "--domain=test", "--dhcp-host=controller,10.9.0.50")
        controller = self.lab.start(
            [program("morgana-controller"), "--net=direct:tap:c0", "--hostname=controller",
             "--listen=ptcp:6653"], "controller.log")
        wait_for(lambda: re.search(r"tap:c0: up, 10\.9\.0\.50/24", controller.output()), "a lease")
        switch = MorganaSwitch(self.lab, self.hosts, "--net=direct:tap:s0",
                               "--controller=tcp:controller:6653", "--backoff-max=1s")
        wait_for(switch.is_connected, "the switch to reach its controller")
        self.all_ping()


if __name__ == "__main__":
    unittest.main()
