#!/usr/bin/env python3
"""Controllers that mean harm to morgana-switch: its hosts go on talking, and it does not grow.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import random
import select
import socket
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, MorganaSwitch, wait_for  # noqa: E402
from lab import fakeswitch as of  # noqa: E402

MIB = 1 << 20
OUT_LIMIT = 256 << 10
HELLO = of.message(of.HELLO)
# An error's header, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL, and 64 bytes of the flow-mod.
TABLE_FULL = struct.pack("!BBHIHHBB", 1, 1, 76, 0, 3, 0, 1, 14)
ALL_FLOWS = of.message(16, struct.pack("!HHI36xBxH", 1, 0, 0x3fffff, 0xff, 0xffff))


class Hostile(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2)]
        self.switch = MorganaSwitch(self.lab, self.hosts, f"--out-limit={OUT_LIMIT}",
                                    "--max-connections=32", "--max-flows=5000")
        self.switch.ofctl("add-flow", "priority=65535,in_port=1,actions=output:2")
        self.switch.ofctl("add-flow", "priority=65535,in_port=2,actions=output:1")
        wait_for(lambda: self.hosts[0].ping(self.hosts[1]), "the hosts to reach each other")
        self.before = self.switch.process.memory()

    def villain(self):
        """A connection; what it sends must not wait for the switch to read."""
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.connect(str(self.switch.path))
        peer.setblocking(False)
        return peer

    @staticmethod
    def say(peer, data):
        """How much of it was taken; None if the switch has ended the connection."""
        try:
            return peer.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return None

    def expect_peace(self, growth):
        self.assertTrue(self.hosts[0].always_reaches(self.hosts[1], 3))
        self.assertTrue(self.switch.process.is_alive())
        self.assertLess(self.switch.process.memory() - self.before, growth)

    def test_garbage(self):
        seed = random.Random(1)
        for _ in range(100):
            peer = self.villain()
            self.say(peer, HELLO)
            for _ in range(20):
                self.say(peer, seed.randbytes(500))
            peer.close()
        self.expect_peace(4 * MIB)

    def test_asking_without_reading(self):
        self.fill_table()
        self.before = self.switch.process.memory()
        peers = [self.villain() for _ in range(8)]
        echo = of.message(of.ECHO_REQUEST, os.urandom(60000))
        for peer in peers:
            self.say(peer, HELLO)
        for _ in range(200):
            for peer in peers:
                self.say(peer, ALL_FLOWS * 10)
                self.say(peer, echo)
        self.expect_peace(8 * (2 * OUT_LIMIT + 65536) + 2 * MIB)

    def fill_table(self):
        path = self.lab.folder / "many"
        path.write_text("".join(f"priority=9,dl_src=02:00:00:00:{n >> 8:02x}:{n & 255:02x},"
                                "actions=output:1\n" for n in range(4000)))
        self.switch.add_flows(path)

    def test_half_messages_and_silence(self):
        peers = [self.villain() for _ in range(30)]
        half = (HELLO + of.message(of.ECHO_REQUEST, bytes(65000)))[:-1]
        for number, peer in enumerate(peers):
            if number % 2:
                self.say(peer, half)
        self.expect_peace(30 * 256 * 1024)

    def converse(self, peer, data):
        """Send `data` and a barrier request, reading meanwhile. What comes up to its reply."""
        rest, came = memoryview(data + of.message(of.BARRIER_REQUEST)), bytearray()
        while not came.endswith(of.message(of.BARRIER_REPLY)):
            readable, writable, _ = select.select([peer], [peer] if rest else [], [], of.LIMIT)
            self.assertTrue(readable or writable, "the switch neither reads nor writes")
            if readable:
                received = peer.recv(1 << 16)
                self.assertTrue(received, "the switch has ended the connection")
                came += received
            if writable:
                rest = rest[peer.send(rest[:1 << 16]):]
        return came

    def test_a_flood_of_flow_mods(self):
        flood = b"".join(
            of.message(of.FLOW_MOD, struct.pack(
                "!IH6s28xQHHHHIHH", 0x3fffff & ~4, 0, struct.pack("!HI", 2, number), 0,
                0, 0, 0, 5, of.NO_BUFFER, 0xffff, 0))
            for number in range(15000))
        came = self.converse(self.villain(), HELLO + flood)
        self.assertEqual(came.count(TABLE_FULL), 15000 - 4998)
        self.expect_peace(8 * MIB)
        self.assertEqual(len(self.switch.flows()), 5000)

    def test_thousands_of_connections(self):
        for _ in range(30):
            peers = []
            for _ in range(100):
                peers.append(socket.socket(socket.AF_UNIX))
                peers[-1].settimeout(of.LIMIT)
                peers[-1].connect(str(self.switch.path))
            for peer in peers:
                peer.close()
        self.expect_peace(4 * MIB)
        wait_for(lambda: len(self.switch.flows()) == 2, "ovs-ofctl to be let in again")


if __name__ == "__main__":
    unittest.main()
