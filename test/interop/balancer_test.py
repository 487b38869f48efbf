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
            f"--balancer-service=tcp:{PORT}", "--balancer-pick=round-robin", *servers, "--app=learning")
        self.switch = start_switch(self.lab, self.hosts, self.controller)
        self.greeters = {host.name: greeter(self.lab, host, PORT) for host in self.hosts[1:]}

    def servers(self):
        """What the balancer says of its servers: {address: (state, connections)}."""
        lines = self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.control, "balancer/servers"])
        return {words[1]: (words[2], int(words[4]))
                for words in map(str.split, lines.splitlines()[1:])}

    def wait_for_state(self, host, state):
        wait_for(lambda: self.servers().get(host.address, ("", 0))[0] == state,
                 f"{host.name} to be {state}")

    def answers_arp(self, host, does):
        """Whether a host answers who asks for its address, which is how it is told to be there."""
        ignored = 0 if does else 8
        host.run("sh", "-c", f"echo {ignored} > /proc/sys/net/ipv4/conf/eth0/arp_ignore")
        self.wait_for_state(host, "there" if does else "gone")

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
        self.answers_arp(h3, False)
        self.assertEqual([greeting(h1, ADDRESS, PORT, limit=PATIENCE) for _ in range(3)], ["h2"] * 3)
        self.answers_arp(h3, True)
        self.converse("h3")
        self.assertEqual(talk.ask(), "h2")
        self.switch.link_state(h3, "down")
        self.wait_for_state(h3, "gone")
        self.assertEqual([greeting(h1, ADDRESS, PORT, limit=PATIENCE) for _ in range(2)], ["h2"] * 2)
        self.assertEqual(talk.ask(), "h2")
        self.assertIsNone(greeting(h1, ADDRESS, PORT + 1, limit=1))

    def check_lost(self, start_switch):
        """A server is silent for a while, and ends a connection meanwhile. That must not leave a flow
        by which the same client would hear it under its own address later."""
        self.raise_lab(start_switch)
        h1, h2, h3 = self.hosts
        self.wait_for_state(h2, "there")
        self.answers_arp(h3, False)
        talk = Conversation(h1, ADDRESS, PORT, limit=PATIENCE)
        port = talk.socket.getsockname()[1]
        self.assertEqual(talk.name, "h2")
        self.answers_arp(h2, False)
        self.greeters["h2"].kill()
        talk.close()
        greeter(self.lab, h2, PORT)
        self.answers_arp(h2, True)
        talk = Conversation(h1, ADDRESS, PORT, limit=PATIENCE, from_port=port)
        self.addCleanup(talk.close)
        self.assertEqual(talk.name, "h2")

    def test_a_client_that_a_server_was_lost_to_reaches_it_again(self):
        for what, start_switch in SWITCHES.items():
            with self.subTest(switch=what):
                self.check_lost(start_switch)
                self.lab.close()

    def test_clients_reach_all_servers_and_stay_on_either_switch(self):
        for what, start_switch in SWITCHES.items():
            with self.subTest(switch=what):
                self.check(start_switch)
                self.lab.close()


if __name__ == "__main__":
    unittest.main()
