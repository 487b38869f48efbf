#!/usr/bin/env python3
"""The app balancer before learning, on our switch and on Open vSwitch: clients of one address reach
several servers, and stay where they are when a server goes or comes.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, Controller, Lab, wait_for  # noqa: E402
from lab.kinds import SWITCHES  # noqa: E402
from lab.traffic import Conversation, greeter, greeting  # noqa: E402

PORT = 7000
ADDRESS = "10.0.0.100"


class Balancer(unittest.TestCase):
    def raise_lab(self, start_switch):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3)]
        self.control = self.lab.folder / "control.sock"
        servers = [f"--balancer-server={host.address}" for host in self.hosts[1:]]
        self.controller = Controller(
            self.lab, f"--ctl=punix:{self.control}", "--app=balancer", f"--balancer-address={ADDRESS}",
            f"--balancer-service=tcp:{PORT}", "--balancer-pick=round-robin", "--balancer-check=500ms",
            *servers, "--app=learning")
        self.switch = start_switch(self.lab, self.hosts, self.controller)
        for host in self.hosts[1:]:
            greeter(self.lab, host, PORT)

    def servers(self):
        """What the balancer says of its servers: {address: (state, connections)}."""
        lines = self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.control, "balancer/servers"])
        return {words[1]: (words[2], int(words[4]))
                for words in map(str.split, lines.splitlines()[1:])}

    def wait_for_state(self, host, state):
        wait_for(lambda: self.servers().get(host.address, ("", 0))[0] == state,
                 f"{host.name} to be {state}")

    def converse(self, name):
        """A conversation with a server of this name; the servers take turns."""
        for _ in self.hosts:
            talk = Conversation(self.hosts[0], ADDRESS, PORT, limit=PATIENCE)
            self.addCleanup(talk.close)
            if talk.name == name:
                return talk
        self.fail(f"{name} was never chosen")

    def check(self, start_switch):
        self.raise_lab(start_switch)
        h1, h2, h3 = self.hosts
        for host in (h2, h3):
            self.wait_for_state(host, "there")
        names = [greeting(h1, ADDRESS, PORT, limit=PATIENCE) for _ in range(4)]
        self.assertEqual(sorted(names), ["h2", "h2", "h3", "h3"])
        self.assertEqual(greeting(h1, h2.address, PORT, limit=PATIENCE), "h2")  # itself, past the balancer
        talk = self.converse("h2")
        h3.run("sh", "-c", "echo 8 > /proc/sys/net/ipv4/conf/eth0/arp_ignore")
        self.wait_for_state(h3, "gone")
        self.assertEqual([greeting(h1, ADDRESS, PORT, limit=PATIENCE) for _ in range(3)], ["h2"] * 3)
        h3.run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore")
        self.wait_for_state(h3, "there")
        self.converse("h3")
        self.assertEqual(talk.ask(), "h2")
        self.switch.link_state(h3, "down")
        self.wait_for_state(h3, "gone")
        self.assertEqual([greeting(h1, ADDRESS, PORT, limit=PATIENCE) for _ in range(2)], ["h2"] * 2)
        self.assertEqual(talk.ask(), "h2")
        self.assertIsNone(greeting(h1, ADDRESS, PORT + 1, limit=1))

    def test_clients_reach_all_servers_and_stay_on_either_switch(self):
        for what, start_switch in SWITCHES.items():
            with self.subTest(switch=what):
                self.check(start_switch)
                self.lab.close()


if __name__ == "__main__":
    unittest.main()
