#!/usr/bin/env python3
"""ovs-ofctl manages morgana-switch like any other switch, while hosts talk through it.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, program, wait_for  # noqa: E402


class Switch(unittest.TestCase):
    """Two hosts on morgana-switch, which listens for ovs-ofctl and calls the lab's controller."""

    def raise_switch(self, *options):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = self.lab.cabled_hosts(2)
        self.socket = self.lab.folder / "switch.sock"
        self.process = self.lab.start(
            [program("morgana-switch"), "--dpid=0xb0a7", f"--listen=punix:{self.socket}",
             *(f"--port=eth:{host.name}" for host in self.hosts), *options], "switch.log")
        wait_for(self.socket.exists, "the switch to listen")

    def ofctl(self, command, *words):
        return self.lab.net.run(["ovs-ofctl", command, f"unix:{self.socket}", *words])

    def flows(self):
        return [line for line in self.ofctl("dump-flows").splitlines() if "actions=" in line]

    def wait_for_pings(self):
        wait_for(lambda: self.hosts[0].ping(self.hosts[1]), "the hosts to reach each other")


class Management(Switch):
    def test_it_shows_itself(self):
        self.raise_switch("--description=the boat")
        shown = self.ofctl("show")
        self.assertIn("dpid:000000000000b0a7", shown)
        for number, host in enumerate(self.hosts, 1):
            self.assertIn(f" {number}({host.name})", shown)
        self.assertIn("DP Description: the boat", self.ofctl("dump-desc"))
        self.assertIn("2 ports", self.ofctl("dump-ports"))
        self.assertRegex(self.ofctl("dump-ports", "2"), r"port +2: rx pkts=")
        self.assertIn("active=0", self.ofctl("dump-tables"))
        self.assertIn("0 queues", self.ofctl("queue-stats"))
        self.ofctl("queue-get-config", "1")

    def test_flows_are_added_modified_shown_and_deleted_strictly_and_not(self):
        self.raise_switch()
        self.ofctl("add-flow", "priority=5,cookie=0x7,in_port=1,actions=output:2")
        self.ofctl("add-flow", "priority=6,tcp,tp_dst=80,actions=mod_nw_tos:16,flood")
        self.assertEqual(len(self.flows()), 2)
        self.assertTrue(any("cookie=0x7," in flow and "priority=5,in_port=1" in flow
                            for flow in self.flows()), self.flows())
        self.ofctl("mod-flows", "in_port=1,actions=drop")
        self.assertTrue(any("in_port=1 actions=drop" in flow for flow in self.flows()))
        self.ofctl("del-flows", "--strict", "priority=4,in_port=1")
        self.assertEqual(len(self.flows()), 2, "the priority differs")
        self.assertIn("flow_count=1", self.ofctl("dump-aggregate", "in_port=1"))
        self.ofctl("del-flows", "in_port=1")
        self.assertEqual(len(self.flows()), 1)
        self.ofctl("del-flows")
        self.assertEqual(self.flows(), [])

    def test_thousands_of_flows_are_told_in_parts(self):
        self.raise_switch()
        path = self.lab.folder / "flows"
        path.write_text("".join(f"priority={n},dl_src=00:00:00:00:{n >> 8:02x}:{n & 255:02x},"
                                "actions=output:1,output:2\n" for n in range(1, 5001)))
        self.ofctl("add-flows", path)
        priorities = {int(re.search(r"priority=(\d+)", flow)[1]) for flow in self.flows()}
        self.assertEqual(priorities, set(range(1, 5001)))

    def test_ports_are_configured_and_fragments_too(self):
        self.raise_switch()
        self.ofctl("mod-port", "1", "noflood")
        self.assertIn("NO_FLOOD", self.ofctl("show"))
        self.ofctl("mod-port", "1", "flood")
        self.assertNotIn("NO_FLOOD", self.ofctl("show"))
        for mode in ("drop", "reassemble", "normal"):
            self.ofctl("set-frags", mode)
            self.assertIn(mode, self.ofctl("get-frags"))


class Talking(Switch):
    def test_flows_that_ovs_ofctl_adds_carry_traffic_and_count_it(self):
        self.raise_switch()
        self.assertEqual(self.hosts[0].ping(self.hosts[1], wait=1), 0, "there are no flows")
        self.ofctl("add-flow", "in_port=1,actions=output:2")
        self.ofctl("add-flow", "in_port=2,actions=output:1")
        self.wait_for_pings()
        for flow in self.flows():
            self.assertRegex(flow, r"n_packets=[1-9]")

    def large_pings(self):
        """How many of three large ones are answered."""
        said = self.hosts[0].run("ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "-s", "8000",
                                 self.hosts[1].address, check=False)
        return int(re.search(r"(\d+) received", said)[1])

    def test_fragments_are_told_apart_dropped_or_put_together_as_set_frags_says(self):
        self.raise_switch()
        for flow in ("arp,actions=normal", "in_port=1,icmp,icmp_type=8,actions=output:2",
                     "in_port=2,icmp,icmp_type=0,actions=output:1"):
            self.ofctl("add-flow", flow)
        self.wait_for_pings()
        self.assertEqual(self.large_pings(), 0, "the type is in the first fragment only")
        self.ofctl("set-frags", "reassemble")
        self.assertEqual(self.large_pings(), 3)
        self.ofctl("set-frags", "drop")
        self.assertEqual(self.large_pings(), 0)
        self.wait_for_pings()


if __name__ == "__main__":
    unittest.main()
