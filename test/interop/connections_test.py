#!/usr/bin/env python3
"""Every way in which a controller and a real Open vSwitch can come together, and two that fail.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, OpenVSwitch, wait_for  # noqa: E402


class Connections(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.switch = OpenVSwitch(self.lab)
        self.hosts = [self.lab.host(number) for number in (1, 2)]
        for host in self.hosts:
            self.switch.plug(host)

    def wait_until_pinging(self, controller):
        # Not before: a frame that comes while nobody listens makes Open vSwitch drop its like for as
        # long as more of them come.
        wait_for(lambda: controller.counter("ctl", "sessions_joined"), "the switch to join")
        a, b = self.hosts
        wait_for(lambda: a.ping(b), "the hosts to reach each other")

    def test_the_switch_connects_to_a_unix_socket(self):
        # The one path of this kind that Open vSwitch agrees to.
        path = f"{self.switch.folder}/{self.switch.bridge}.controller"
        controller = Controller(self.lab, "--app=learning", f"--listen=punix:{path}")
        self.switch.set_controller(f"unix:{path}")
        self.wait_until_pinging(controller)

    def test_the_switch_connects_over_ipv6(self):
        controller = Controller(self.lab, "--app=learning", "--listen=ptcp:6654:[::1]")
        self.switch.set_controller("tcp:[::1]:6654")
        self.wait_until_pinging(controller)

    def test_the_controller_connects_to_the_switch_over_tcp(self):
        self.switch.set_controller("ptcp:6640:127.0.0.1")
        controller = Controller(self.lab, "--app=learning", "--connect=tcp:127.0.0.1:6640")
        self.wait_until_pinging(controller)

    def test_the_controller_connects_to_the_switch_s_unix_socket(self):
        controller = Controller(self.lab, "--app=learning",
                                f"--connect=unix:{self.switch.folder}/{self.switch.bridge}.mgmt")
        self.wait_until_pinging(controller)

    def test_the_controller_keeps_trying_until_there_is_a_switch(self):
        controller = Controller(self.lab, "--app=learning", "--connect=tcp:127.0.0.1:6640",
                                "--reconnect-min=100ms", "--reconnect-max=500ms")
        wait_for(lambda: controller.counter("ctl", "connects_failed") >= 3, "three tries")
        self.switch.set_controller("ptcp:6640:127.0.0.1")
        self.wait_until_pinging(controller)

    def test_a_switch_that_speaks_only_a_later_version_is_told_so(self):
        controller = Controller(self.lab, "--app=learning")
        self.switch.vsctl("set", "bridge", self.switch.bridge, "protocols=OpenFlow13")
        self.switch.set_controller(controller.target)
        wait_for(lambda: controller.counter("ctl", "handshakes_failed"), "the refusal")
        self.assertFalse(self.switch.is_connected())
        self.switch.vsctl("set", "bridge", self.switch.bridge, "protocols=OpenFlow10,OpenFlow13")
        self.wait_until_pinging(controller)

    def test_two_switches_with_one_datapath_id_take_turns_and_one_of_them_is_served(self):
        controller = Controller(self.lab, "--app=learning")
        self.switch.add_bridge("twin", dpid=1)
        self.switch.set_controller(controller.target)
        self.switch.set_controller(controller.target, bridge="twin")
        wait_for(lambda: controller.counter("ctl", "sessions_replaced") >= 3, "three turns")
        self.switch.vsctl("del-controller", "twin")
        self.wait_until_pinging(controller)


if __name__ == "__main__":
    unittest.main()
