#!/usr/bin/env python3
"""The app firewall before learning, on our switch and on Open vSwitch: what the rules deny does not get
through, what they allow does, also while they change.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, Controller, Lab, wait_for  # noqa: E402
from lab.kinds import SWITCHES  # noqa: E402
from lab.traffic import Conversation, greeter, greeting, greeting_by_udp  # noqa: E402

PORT = 7000
RULES = f"""
# h1 is inside
allow+replies  in_port=1,tcp
allow          icmp
allow          udp,nw_dst=10.0.0.2,tp_dst={PORT}
allow          udp,nw_src=10.0.0.2,tp_src={PORT}
default deny
"""
LIMIT = 0.5  # seconds that a test waits for what must not come


class Firewall(unittest.TestCase):
    def raise_lab(self, start_switch):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3)]
        self.rules = self.lab.folder / "net.rules"
        self.rules.write_text(RULES, encoding="utf-8")
        self.controller = Controller(self.lab, "--app=firewall", f"--firewall-file={self.rules}",
                                     "--app=learning")
        self.switch = start_switch(self.lab, self.hosts, self.controller)
        wait_for(lambda: len(self.switch.flows("ip")) >= 4, "the rules to be in the switch")
        for host in self.hosts[:2]:
            greeter(self.lab, host, PORT)

    def reload(self, rules):
        before = self.controller.counter("firewall", "reloads")
        self.rules.write_text(rules, encoding="utf-8")
        self.controller.process.send(signal.SIGHUP)
        wait_for(lambda: self.controller.counter("firewall", "reloads") > before, "the reload")

    def dropped(self):
        """Packets that the rules have dropped in the switch, in all."""
        return sum(int(flow.partition("n_packets=")[2].partition(",")[0])
                   for flow in self.switch.flows() if flow.endswith("actions=drop"))

    def check(self, start_switch):
        self.raise_lab(start_switch)
        h1, h2, h3 = self.hosts
        for host in (h1, h3):
            wait_for(lambda host=host: host.ping(h2), f"{host.name} to reach h2")
        inside = Conversation(h1, h2.address, PORT, limit=PATIENCE)
        self.addCleanup(inside.close)
        self.assertEqual(inside.name, "h2")
        self.assertEqual(greeting_by_udp(h3, h2.address, PORT, limit=PATIENCE), "h2")
        before, asked = self.dropped(), self.controller.counter("ctl", "rx_packet_in")
        self.assertIsNone(greeting(h2, h1.address, PORT, LIMIT))
        self.assertIsNone(greeting(h3, h2.address, PORT, LIMIT))
        wait_for(lambda: self.dropped() >= before + 2, "the flows to count what they dropped")
        self.assertLess(self.controller.counter("ctl", "rx_packet_in"), asked + 10)
        self.reload(RULES.replace("allow          icmp", f"allow tcp,tp_dst={PORT}\n"
                                  f"allow tcp,tp_src={PORT}"))
        self.assertEqual(inside.ask(), "h2")
        self.assertEqual(greeting(h3, h2.address, PORT, limit=PATIENCE), "h2")
        self.assertEqual(h1.ping(h2, wait=LIMIT), 0)
        self.reload("allow everything\n")
        self.assertIn("net.rules:1:", self.controller.output())
        self.assertEqual(inside.ask(), "h2")

    def test_rules_hold_on_either_switch(self):
        for what, start_switch in SWITCHES.items():
            with self.subTest(switch=what):
                self.check(start_switch)
                self.lab.close()


if __name__ == "__main__":
    unittest.main()
