#!/usr/bin/env python3
"""tshark's opinion of our messages: each is OpenFlow 1.0 of its type, and nothing in it is malformed.

The messages are the unit tests' corpus and those of messages.py, encoded by our library, each in a TCP
segment of its own. Messages that are malformed on purpose show that the check can fail.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import struct
import subprocess
import tempfile
import unittest

import messages as of
import oracle
import pcap

ERROR_SEVERITY = 0x00800000
FIELDS = ("openflow.version", "openflow_1_0.type", "_ws.malformed", "_ws.expert.severity")


def with_length(message, n):
    """The first n bytes, with a header that says so."""
    return message[:2] + struct.pack("!H", n) + message[4:n]


def dissect(some):
    """For each message what tshark says: (versions, types, whether it is malformed)."""
    talk = pcap.Talk()
    frames = [pcap.on_link(pcap.ETHERNET, talk.segment(message)) for message in some]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "ours.pcap"
        path.write_bytes(pcap.pcap(frames))
        lines = subprocess.run(
            ["tshark", "-n", "-r", path, "-d", "tcp.port==6653,openflow", "-T", "fields",
             "-E", "separator=/t", *[word for field in FIELDS for word in ("-e", field)]],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={"HOME": folder, "PATH": "/usr/bin:/bin"}).stdout.splitlines()
    assert len(lines) == len(some)
    for line in lines:
        versions, types, malformed, severities = line.split("\t")
        errors = [s for s in severities.split(",") if s and int(s) >= ERROR_SEVERITY]
        yield versions, types, bool(malformed or errors)


def stumbles(message):
    """Whether tshark 4.0 calls malformed what is not: it reads an action where there is none, a frame
    where there is none, and the frame behind several actions from behind the first. What Open vSwitch
    and ovs-ofctl send fares no better: see the test."""
    if message[1] == of.FLOW_MOD:
        return len(message) == 72
    if message[1] == of.PACKET_OUT:
        actions_len, = struct.unpack_from("!H", message, 14)
        return actions_len != 8
    return message[1] == of.PACKET_IN and len(message) == 18


class TsharkTest(unittest.TestCase):
    def check_good(self, some):
        for message, (versions, types, malformed) in zip(some, dissect(some)):
            with self.subTest(message=message.hex()):
                self.assertEqual(versions, "0x01")
                self.assertEqual(types.split(",")[0], str(message[1]))
                self.assertTrue(not malformed or stumbles(message))

    def test_the_corpus_is_openflow_of_its_types(self):
        corpus = list(oracle.corpus().values())
        self.assertEqual({message[1] for message in corpus}, set(range(22)))
        self.check_good([encoded for encoded, _ in oracle.ours([(m, 0) for m in corpus])])

    def test_messages_of_every_kind_are_openflow_of_their_types(self):
        made = [*of.various(), *of.various_stats(), *of.errors()]
        self.check_good([encoded for encoded, _ in oracle.ours([(m, 0) for m in made])])

    def test_what_real_peers_sent_is_no_better(self):
        kept = [message for _, message, _ in oracle.recorded()]
        marked = [m for m, (_, _, malformed) in zip(kept, dissect(kept)) if malformed]
        self.assertEqual({m[1] for m in marked if stumbles(m)}, {of.FLOW_MOD, of.PACKET_OUT})
        for message in marked:
            with self.subTest(message=message.hex()):
                self.assertTrue(stumbles(message))

    def test_bad_messages_are_found_bad(self):
        """tshark does not look at every length; these are some that it does look at."""
        bad = [with_length(message, n) for message, n in (
            (of.message(of.SET_CONFIG, bytes(4)), 10),
            (of.message(of.FEATURES_REPLY, bytes(24)), 20),
            (of.flow_mod(of.match(), actions=of.ACTIONS), 60),
            (of.packet_in(bytes(60)), 12),
            (of.stats(of.STATS_REQUEST, of.FLOW, bytes(44)), 20),
            (of.stats(of.STATS_REPLY, of.PORT, bytes(104)), 9))]
        for message, (_, _, malformed) in zip(bad, dissect(bad)):
            with self.subTest(message=message.hex()):
                self.assertTrue(malformed)


if __name__ == "__main__":
    unittest.main()
