#!/usr/bin/env python3
"""Messages as text: ours must equal ovs-ofctl's, but for the differences that are listed.

The messages are those that real peers have sent (messages.txt), those of the unit tests' corpus, and
those that messages.py makes, among them hundreds of random matches and frames cut short. All good ones
also survive being decoded and encoded again.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import random
import re
import struct
import unittest

import messages
import oracle

SEED = int(os.environ.get("MORGANA_SEED", "1"))
N_RANDOM = 200
VERBOSITIES = (0, 1, 2)


def with_length(message):
    """The message with a header that tells its true length."""
    return message[:2] + struct.pack("!H", len(message)) + message[4:]


def cut_short(message):
    """The message at lengths that are too short, and one too long, all of them told in the header."""
    lengths = {8, 9, 12, 16, len(message) // 2, len(message) - 8, len(message) - 1, len(message) + 1}
    for n in sorted(n for n in lengths if 8 <= n < 2048 and n != len(message)):
        yield with_length((message + b"\0")[:n])


def listed_differences():
    """The rows of the page: [(rule, example)]."""
    return re.findall(r"^\| (\w+) \|.*\| `([0-9a-f]+)` \|$", oracle.PAGE.read_text(), re.M)


class PrintTest(unittest.TestCase):
    maxDiff = None

    def check_text(self, requests):
        """Each (message, verbosity) is printed as ovs-ofctl does, or as a rule of the page says."""
        listed = {rule for rule, _ in listed_differences()}
        for (message, verbosity), mine, text in zip(requests, oracle.ours(requests),
                                                     oracle.theirs(requests)):
            with self.subTest(message=message.hex(), verbosity=verbosity):
                expected, rules = oracle.explained(message, text, mine[1])
                self.assertEqual(mine[1], expected)
                self.assertLessEqual(set(rules), listed)

    def check_encoded(self, some):
        """Each message has the same bytes after it has been decoded and encoded. (What is encoded
        is OpenFlow 1.0: a later version's hello loses its version.)"""
        for message, mine in zip(some, oracle.ours([(message, 0) for message in some])):
            with self.subTest(message=message.hex()):
                self.assertEqual(mine[0].hex(), (b"\1" + message[1:]).hex())

    def test_what_real_peers_sent_has_the_text_that_was_kept(self):
        kept = oracle.recorded()
        self.assertEqual({message[1] for _, message, _ in kept}, set(range(22)))
        answers = oracle.ours([(message, 1) for _, message, _ in kept])
        for (about, message, text), mine in zip(kept, answers):
            with self.subTest(about=about, message=message.hex()):
                self.assertEqual(mine[1], oracle.explained(message, text, mine[1])[0])

    def test_what_real_peers_sent(self):
        kept = [message for _, message, _ in oracle.recorded()]
        self.check_text([(message, v) for message in kept for v in VERBOSITIES])
        self.check_encoded(kept)

    def test_the_corpus_of_our_own(self):
        corpus = list(oracle.corpus().values())
        self.check_text([(message, v) for message in corpus for v in VERBOSITIES])
        self.check_encoded(corpus)

    def test_messages_of_every_kind(self):
        made = [*messages.various(), *messages.various_stats(), *messages.errors()]
        self.check_text([(message, v) for message in made for v in VERBOSITIES])
        self.check_encoded(made)

    def test_frames_whole_and_cut_short(self):
        made = list(messages.frames())
        self.check_text([(message, 1) for message in made])
        self.check_encoded(made)

    def test_random_matches(self):
        made = list(messages.Maker(SEED).matches(N_RANDOM))
        self.check_text([(message, 1) for message in made])
        self.check_encoded(made)

    def test_bytes_that_are_no_message(self):
        whole = messages.message(messages.SET_CONFIG, b"\0\0\0\5")
        made = [b"", b"abc", whole[:7], whole[:9], whole + b"x", whole[:3] + b"\7" + whole[4:],
                messages.message(30), messages.message(14, version=7), messages.message(0, version=0),
                messages.stats(16, 9), messages.stats(17, 9), messages.stats(17, 0xffff)]
        self.check_text([(message, 1) for message in made])

    def test_messages_of_a_wrong_length(self):
        made = [bad for message in oracle.corpus().values() for bad in cut_short(message)]
        self.check_text([(message, 1) for message in made])

    def test_messages_with_a_byte_changed(self):
        choice = random.Random(SEED)
        made = []
        for message in oracle.corpus().values():
            at = choice.randrange(8, len(message)) if len(message) > 8 else 7
            made.append(message[:at] + bytes([choice.randrange(256)]) + message[at + 1:])
        self.check_text([(message, 1) for message in made])

    def test_the_page_lists_every_rule_with_an_example_that_needs_it(self):
        listed = listed_differences()
        self.assertEqual({rule for rule, _ in listed}, {r.__name__ for r in oracle.DIFFERENCES})
        requests = [(bytes.fromhex(example), 1) for _, example in listed]
        for (rule, _), (message, _), mine, text in zip(listed, requests, oracle.ours(requests),
                                                        oracle.theirs(requests)):
            with self.subTest(rule=rule):
                expected, rules = oracle.explained(message, text, mine[1])
                self.assertNotEqual(mine[1], text)
                self.assertEqual(mine[1], expected)
                self.assertEqual(rules, [rule])


if __name__ == "__main__":
    unittest.main()
