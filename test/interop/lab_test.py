#!/usr/bin/env python3
"""The lab's Open vSwitch does what its entries say, so that no test fails by a fault that is not ours.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab  # noqa: E402
from lab.kinds import start_open_vswitch  # noqa: E402
from lab.traffic import greeting_by_udp  # noqa: E402

PORT = 7000
NOBODY = "02:00:00:00:00:09"


class Caching(unittest.TestCase):
    """What its datapath has cached is corrected when entries go, though others are cached beside it."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3)]
        self.switch = start_open_vswitch(self.lab, self.hosts)

    def add(self, *flows):
        for flow in flows:
            self.switch.ofctl("add-flow", self.switch.bridge, flow)

    def corrections(self, command):
        """ "pause" or "resume" the thread that corrects what is cached, as a busy machine may; or "wait"
        until it has looked at all."""
        self.switch.appctl(f"revalidator/{command}")

    def test_what_an_entry_was_cached_for_ends_with_the_entry(self):
        h1, h2, h3 = self.hosts
        self.add("arp,actions=flood", "icmp,in_port=2,actions=output:1",
                 f"icmp,in_port=1,dl_dst={NOBODY},actions=output:3",
                 f"icmp,in_port=1,dl_dst={h2.mac},actions=output:2")
        greeting_by_udp(h1, h3.address, PORT, limit=1)  # dropped: cached for all that h1 sends to h3
        self.assertTrue(h1.ping(h2))  # cached for ICMP from h1 to h2
        self.corrections("wait")
        self.corrections("pause")
        self.switch.ofctl("del-flows", self.switch.bridge, f"icmp,dl_dst={h2.mac}")
        greeting_by_udp(h1, h2.address, PORT, limit=1)  # cached for all from h1 to h2, before that for ICMP
        self.corrections("resume")
        self.corrections("wait")
        self.add(f"udp,in_port=1,dl_dst={h2.mac},actions=drop")  # "all from h1 to h2" is wrong now
        self.corrections("wait")
        self.assertFalse(h1.ping(h2))


if __name__ == "__main__":
    unittest.main()
