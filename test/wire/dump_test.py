#!/usr/bin/env python3
"""morgana-dump: captures of every kind, segments in every order, gaps, raw streams, bad input.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import messages as of
import oracle
import pcap

PROGRAM = oracle.BUILD / "morgana-dump"
SEED = int(os.environ.get("MORGANA_SEED", "1"))
DAY = "2023-11-14 22:13:20."
CONTROLLER, SWITCH = ("10.0.0.1", 6653), ("10.0.0.2", 40000)
SAID = "10.0.0.1:6653 > 10.0.0.2:40000: "
ANSWERED = "10.0.0.2:40000 > 10.0.0.1:6653: "
ECHOES = [of.message(of.ECHO_REQUEST, bytes([65 + i]) * (i + 1), xid=i) for i in range(8)]
FLOWS = of.stats(of.STATS_REPLY, of.FLOW, of.flow_stats(of.match()) * 40)


def dump(data, *options):
    """What morgana-dump makes of a file with these bytes: (status, its output, its complaint)."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "input"
        path.write_bytes(data)
        run = subprocess.run([PROGRAM, *options, path], capture_output=True, text=True)
        return run.returncode, run.stdout, run.stderr.replace(str(path), "FILE")


def echo(i):
    return f"OFPT_ECHO_REQUEST (xid=0x{i:x}): {i + 1} bytes of payload"


def capture(packets, link=pcap.ETHERNET, form=pcap.pcap):
    return form([pcap.on_link(link, packet) for packet in packets], link)


class DumpTest(unittest.TestCase):
    maxDiff = None

    def check(self, data, lines, *options):
        """A capture gives these lines, "MICROSECONDS WHO TEXT" or whole."""
        status, output, complaint = dump(data, *options)
        self.assertEqual((status, complaint), (0, ""))
        self.assertEqual(output.replace(DAY, ""), "".join(line + "\n" for line in lines))

    def talk(self, *payloads, source=CONTROLLER, target=SWITCH, seq=1000):
        """The segments of one side: a SYN, one for each payload, a FIN."""
        side = pcap.Talk(source, target, seq)
        return [side.segment(b"", pcap.SYN), *map(side.segment, payloads), side.segment(b"", pcap.FIN)]

    def test_each_message_has_its_time_and_direction(self):
        said = self.talk(ECHOES[0], ECHOES[1])
        answered = self.talk(of.message(of.ECHO_REPLY), source=SWITCH, target=CONTROLLER)
        packets = [said[0], answered[0], said[1], answered[1], said[2], said[3], answered[2]]
        lines = [f"000002 {SAID}{echo(0)}",
                 f"000003 {ANSWERED}OFPT_ECHO_REPLY (xid=0x5): 0 bytes of payload",
                 f"000004 {SAID}{echo(1)}"]
        self.check(capture(packets), lines)
        self.check(capture(packets, form=pcap.pcapng), lines)

    def test_every_link_type_and_both_ip_versions(self):
        lines = [f"000001 {SAID}{echo(0)}"]
        lines6 = [f"000001 [2001:db8::1]:6633 > [::ffff:1.2.3.4]:5: {echo(0)}"]
        ends6 = {"source": ("2001:db8::1", 6633), "target": ("::ffff:1.2.3.4", 5)}
        for link in (pcap.ETHERNET, pcap.NULL, pcap.RAW, pcap.COOKED, pcap.COOKED2):
            with self.subTest(link=link):
                self.check(capture(self.talk(ECHOES[0]), link), lines)
                self.check(capture(self.talk(ECHOES[0], **ends6), link), lines6)
        for tags in (b"\x81\0\0\5", b"\x88\xa8\0\5\x81\0\0\6"):
            frames = [pcap.on_link(pcap.ETHERNET, packet, tags) for packet in self.talk(ECHOES[0])]
            self.check(pcap.pcap(frames), lines)

    def test_only_the_ports_asked_for(self):
        packets = [*self.talk(ECHOES[0]),
                   *self.talk(ECHOES[1], source=("10.0.0.3", 7000), target=("10.0.0.4", 7001))]
        third = f"000004 10.0.0.3:7000 > 10.0.0.4:7001: {echo(1)}"
        self.check(capture(packets), [f"000001 {SAID}{echo(0)}"])
        self.check(capture(packets), [third], "--port=7001")
        self.check(capture(packets), [f"000001 {SAID}{echo(0)}", third], "--port=7000", "--port=6653")

    def test_messages_lie_across_segments_and_several_in_one(self):
        stream = b"".join(ECHOES)
        for size in (1, 7, 8, 9, 30, len(stream)):
            pieces = [stream[i:i + size] for i in range(0, len(stream), size)]
            ends = [len(b"".join(ECHOES[:i + 1])) for i in range(len(ECHOES))]
            with self.subTest(size=size):
                self.check(capture(self.talk(*pieces)),
                           [f"{(end - 1) // size + 1:06} {SAID}{echo(i)}" for i, end in enumerate(ends)])

    def test_segments_in_any_order_and_more_than_once_give_the_same_messages(self):
        choice = random.Random(SEED)
        stream = b"".join(ECHOES)
        for seq in (1000, 2 ** 32 - 30):  # sequence numbers wrap within the stream
            first, *segments = self.talk(*[stream[i:i + 11] for i in range(0, len(stream), 11)], seq=seq)
            for _ in range(20):
                packets = segments + choice.choices(segments, k=5)
                choice.shuffle(packets)
                status, output, _ = dump(capture([first, *packets]))
                self.assertEqual(status, 0)
                self.assertEqual([line.split(SAID)[1] for line in output.splitlines()],
                                 [echo(i) for i in range(len(ECHOES))])

    def test_segments_that_overlap_what_came(self):
        side = pcap.Talk(CONTROLLER, SWITCH)
        packets = [side.segment(b"", pcap.SYN), side.segment(ECHOES[0])]
        side.seq -= len(ECHOES[0])
        packets += [side.segment(ECHOES[0] + ECHOES[1])]
        self.check(capture(packets), [f"000001 {SAID}{echo(0)}", f"000002 {SAID}{echo(1)}"])

    def test_what_the_capture_lacks_is_said_and_left_behind(self):
        segments = self.talk(*ECHOES[:3], ECHOES[3][:5], ECHOES[3][5:], *ECHOES[4:])
        del segments[2]  # a whole message
        missing = f"(***{len(ECHOES[1])} bytes missing from the capture***)"
        self.check(capture(segments[:3]), [f"000001 {SAID}{echo(0)}", f"000002 {SAID}{missing}",
                                           f"000002 {SAID}{echo(2)}"])
        self.check(capture(segments[:4]), [
            f"000001 {SAID}{echo(0)}", f"000002 {SAID}{missing}", f"000002 {SAID}{echo(2)}",
            f"000003 {SAID}OpenFlow packet too short (only 5 bytes):",
            "00000000  01 02 00 0c 00                                  |.....           |"])

    def test_behind_a_gap_the_next_message_is_found(self):
        segments = self.talk(FLOWS[:1000], FLOWS[1000:2000], FLOWS[2000:] + ECHOES[0], ECHOES[1])
        del segments[2]
        status, output, _ = dump(capture(segments), "--reorder=0")
        lines = output.replace(DAY, "").splitlines()
        rest = len(FLOWS) - 2000
        self.assertEqual(status, 0)
        self.assertEqual(lines[:2], [f"000002 {SAID}OFPST_FLOW reply (xid=0x5):",
                                     f"(***truncated to 1000 bytes from {len(FLOWS)}***)"])
        self.assertEqual(lines[-4:], [
            f"000002 {SAID}(***1000 bytes missing from the capture***)",
            f"000002 {SAID}(***{rest} bytes skipped: no message begins there***)",
            f"000002 {SAID}{echo(0)}", f"000003 {SAID}{echo(1)}"])

    def test_what_only_looks_like_a_message_is_skipped(self):
        """Behind a gap: a good message, but what follows it cannot begin another."""
        decoy = of.message(of.HELLO) + b"no header"
        segments = self.talk(ECHOES[0], ECHOES[1], decoy + ECHOES[2])
        del segments[2]
        status, output, _ = dump(capture(segments))
        self.assertEqual(status, 0)
        self.assertNotIn("HELLO", output)
        self.assertEqual([line.split(SAID)[1] for line in output.splitlines()[-2:]],
                         [f"(***{len(decoy)} bytes skipped: no message begins there***)", echo(2)])

    def test_as_many_segments_wait_as_are_asked_for(self):
        first, *segments = self.talk(*ECHOES)
        late = [first, *segments[1:6], segments[0], *segments[6:]]
        _, output, _ = dump(capture(late), "--reorder=5")
        self.assertNotIn("missing", output)
        _, output, _ = dump(capture(late), "--reorder=4")
        self.assertIn("missing", output)

    def test_a_capture_that_begins_inside_a_message(self):
        segments = self.talk(FLOWS[:1000], FLOWS[1000:] + ECHOES[0], ECHOES[1])
        skipped = f"(***{len(FLOWS) - 1000} bytes skipped: no message begins there***)"
        self.check(capture(segments[2:]), [f"000000 {SAID}{skipped}", f"000000 {SAID}{echo(0)}",
                                           f"000001 {SAID}{echo(1)}"])

    def test_ends_that_meet_again(self):
        """A second connection between the same ends begins anew; what comes again does not."""
        first, second = self.talk(ECHOES[0]), self.talk(ECHOES[1], seq=5000)
        self.check(capture([*first, first[1], *second, second[1]]),
                   [f"000001 {SAID}{echo(0)}", f"000005 {SAID}{echo(1)}"])
        first, *segments = self.talk(ECHOES[0], ECHOES[1])
        self.check(capture([first, segments[0], first, segments[1]]),
                   [f"000001 {SAID}{echo(0)}", f"000003 {SAID}{echo(1)}"])
        side = pcap.Talk(CONTROLLER, SWITCH)
        reset = [side.segment(b"", pcap.SYN), side.segment(ECHOES[0][:5]), side.segment(b"", pcap.RST)]
        _, output, _ = dump(capture([*reset, *second]))
        self.assertIn("too short (only 5 bytes)", output)
        self.assertIn(echo(1), output)

    def test_padding_is_no_part_of_the_stream(self):
        for ends in ({}, {"source": ("2001:db8::1", 6653), "target": ("2001:db8::2", 5)}):
            frames = [pcap.on_link(pcap.ETHERNET, packet) + bytes(6)
                      for packet in self.talk(ECHOES[0], ECHOES[1], **ends)]
            status, output, _ = dump(pcap.pcap(frames))
            self.assertEqual(status, 0)
            self.assertEqual([line.split(": ", 1)[1] for line in output.splitlines()], [echo(0), echo(1)])

    def test_other_packets_are_passed_over(self):
        echo_request = pcap.Talk().segment()
        udp = of.ipv4(17, of.UDP)
        fragment = of.ipv4(6, of.TCP, frag=0x2000)
        others = [of.ethernet(0x806, of.ARP), of.ethernet(0x800, udp), of.ethernet(0x800, fragment),
                  of.ethernet(0x86dd, of.ipv6(58, of.ICMP)), b"", b"short", of.ethernet(0x800, b"\x45"),
                  of.ethernet(0x800, echo_request[:30])]
        frames = [*others, *[pcap.on_link(pcap.ETHERNET, p) for p in self.talk(ECHOES[0])]]
        self.check(pcap.pcap(frames), [f"{len(others) + 1:06} {SAID}{echo(0)}"])

    def test_a_raw_stream_is_printed_as_ofp_print_does(self):
        some = [message for _, message, _ in oracle.recorded()]
        for verbosity in (0, 1, 2):
            texts = oracle.ours([(message, verbosity) for message in some])
            self.assertEqual(dump(b"".join(some), "--raw", f"--verbosity={verbosity}"),
                             (0, "".join(text for _, text in texts), ""))

    def test_a_raw_stream_with_other_bytes_in_it(self):
        status, output, complaint = dump(ECHOES[0] + b"garbage" + ECHOES[1], "--raw")
        self.assertEqual(output.splitlines(), [echo(0), "(***7 bytes skipped: no message begins there***)",
                                               echo(1)])
        self.assertEqual((status, complaint),
                         (1, "morgana-dump: FILE: 7 bytes are no whole OpenFlow messages\n"))

    def test_bad_input_is_said_in_words(self):
        good = capture(self.talk(*ECHOES))
        for data, words in ((b"", "truncated"), (b"no capture at all", "unknown file format"),
                            (good[:-3], "truncated"), (pcap.pcap([b"x"], 195), "not known here")):
            with self.subTest(words=words):
                status, _, complaint = dump(data)
                self.assertEqual(status, 1)
                self.assertRegex(complaint, f"^morgana-dump: FILE: .*{words}.*\n$")

    def test_bad_options_and_files_are_said_in_words(self):
        for words, complaint in ((["/nonexistent"], "No such file"), (["--port=x"], "1 to 65535"),
                                 (["--port=65536"], "1 to 65535"), (["--verbosity=3"], "verbosity"),
                                 (["--nothing"], "nothing"), (["a", "b"], "only one FILE"),
                                 (["--raw", "/nonexistent"], "No such file")):
            with self.subTest(words=words):
                run = subprocess.run([PROGRAM, *words], capture_output=True, text=True,
                                     stdin=subprocess.DEVNULL)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(complaint, run.stderr)
                self.assertTrue(run.stderr.startswith("morgana-dump: "))

    def test_standard_input_is_read_without_a_file(self):
        for words in ([], ["-"]):
            run = subprocess.run([PROGRAM, *words], input=capture(self.talk(ECHOES[0])),
                                 stdout=subprocess.PIPE, check=True)
            self.assertIn(echo(0), run.stdout.decode())

    def test_random_bytes_harm_nobody(self):
        choice = random.Random(SEED)
        whole = capture([*self.talk(*ECHOES, FLOWS), *self.talk(*ECHOES, source=SWITCH,
                                                                 target=CONTROLLER)])
        for _ in range(100):
            data = bytearray(whole)
            for _ in range(choice.randrange(1, 20)):
                data[choice.randrange(24, len(data))] = choice.randrange(256)
            for options in ((), ("--raw",)):
                self.assertIn(dump(bytes(data), *options)[0], (0, 1))


if __name__ == "__main__":
    unittest.main()
