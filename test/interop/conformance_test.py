#!/usr/bin/env python3
"""The cases of ONF's conformance suite for 1.0.1, as far as 1.0.0 asks for them, and what OFTest has
besides: messages byte by byte to morgana-switch, and what then comes out where.

Grp50No80 is the suite's name of a case. What a switch does over time is failover_test.py's.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import socket
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import FakeSwitch, Lab, MorganaSwitch, wait_for  # noqa: E402
from lab import fakeswitch as of  # noqa: E402
from lab.traffic import TEST_KIND, Tap, numbered, tag, tagged  # noqa: E402

ERROR, VENDOR, GET_CONFIG_REQUEST, GET_CONFIG_REPLY = 1, 4, 7, 8
FLOW_REMOVED, PORT_MOD, STATS_REQUEST, STATS_REPLY = 11, 15, 16, 17
ADD, MODIFY, DELETE = 0, 1, 3
SEND_FLOW_REM, CHECK_OVERLAP, EMERG = 1, 2, 4
MAX, IN_PORT, TABLE, FLOOD, ALL, CONTROLLER, NONE = (
    0xff00, 0xfff8, 0xfff9, 0xfffb, 0xfffc, 0xfffd, 0xffff)

# Fields of ofp_match with the bits that leave them out, section 5.2.3, and its layout.
FIELDS = {"in_port": 1, "vlan": 1 << 1, "src": 1 << 2, "dst": 1 << 3, "type": 1 << 4,
          "proto": 1 << 5, "tp_src": 1 << 6, "tp_dst": 1 << 7, "nw_src": 63 << 8, "nw_dst": 63 << 14,
          "pcp": 1 << 20, "tos": 1 << 21}
ALL_WILD = (1 << 22) - 1


def mac(number):
    return struct.pack("!HI", 0x0200, number)


def match(wildcards=None, **fields):
    """An ofp_match: of the given fields, unless the wildcards are told otherwise."""
    if wildcards is None:
        wildcards = ALL_WILD - sum(FIELDS[name] for name in fields)
    get = fields.get
    return struct.pack(
        "!IH6s6sHBxHBB2x4s4sHH", wildcards, get("in_port", 0), get("src", bytes(6)),
        get("dst", bytes(6)), get("vlan", 0), get("pcp", 0), get("type", 0), get("tos", 0),
        get("proto", 0), socket.inet_aton(get("nw_src", "0.0.0.0")),
        socket.inet_aton(get("nw_dst", "0.0.0.0")), get("tp_src", 0), get("tp_dst", 0))


def output(*ports, max_len=0):
    return b"".join(struct.pack("!HHHH", 0, 8, port, max_len) for port in ports)


def flow_mod(which, actions=b"", command=ADD, priority=0x8000, timeouts=(0, 0), flags=0,
             buffer_id=of.NO_BUFFER):
    return of.message(of.FLOW_MOD, which + struct.pack(
        "!QHHHHIHH", 7, command, *timeouts, priority, buffer_id, NONE, flags) + actions, 14)


def packet_out(frame, actions, in_port=NONE, buffer_id=of.NO_BUFFER):
    return of.message(of.PACKET_OUT, struct.pack("!IHH", buffer_id, in_port, len(actions)) +
                      actions + frame, 13)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)


def ip(proto, head, src="192.168.0.1", dst="192.168.0.2", tos=0, mac_src=mac(1), mac_dst=mac(2)):
    """A frame of 100 bytes with an IP packet, whose transport begins with `head`."""
    packet = struct.pack("!BBHHHBB2x4s4s", 0x45, tos, 86, 1, 0, 64, proto, socket.inet_aton(src),
                         socket.inet_aton(dst))
    packet = packet[:10] + checksum(packet) + packet[12:]
    return mac_dst + mac_src + b"\x08\x00" + packet + head.ljust(66, b".")


def tcp(tp_src=1234, tp_dst=80, src="192.168.0.1", dst="192.168.0.2", **more):
    head = struct.pack("!HHIIBBH4x", tp_src, tp_dst, 0, 0, 0x50, 2, 8192).ljust(66, b".")
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!HH", 6, len(head))
    return ip(6, head[:16] + checksum(pseudo + head) + head[18:], src, dst, **more)


def icmp(kind, code):
    return ip(1, bytes([kind, code]))


def arp(operation, sender, target):
    return (b"\xff" * 6 + mac(1) + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, operation) +
            mac(1) + socket.inet_aton(sender) + bytes(6) + socket.inet_aton(target)).ljust(60, b"\0")


def plain(kind=0x88cc, src=mac(1), dst=mac(2)):
    return (dst + src + struct.pack("!H", kind)).ljust(60, b".")


FRAME = tcp()
OF_FRAME = {"in_port": 1, "src": mac(1), "dst": mac(2), "vlan": 0xffff, "type": 0x800, "proto": 6,
            "nw_src": "192.168.0.1", "nw_dst": "192.168.0.2", "tp_src": 1234, "tp_dst": 80}
SNAP = mac(2) + mac(1) + struct.pack("!HBBB", 46, 0xaa, 0xaa, 3)

# A match, frames that it takes, frames that it does not.
MATCHES = {
    "Grp50No10: any": (match(), [FRAME, plain(), tagged(FRAME, tag(7))], []),
    "Grp50No20: port": (match(in_port=1), [FRAME, plain()], []),
    "Grp50No30: source": (match(src=mac(5)), [plain(src=mac(5))], [plain()]),
    "Grp50No40: destination": (match(dst=mac(5)), [plain(dst=mac(5))], [plain()]),
    "Grp50No50: type": (match(type=0x88cc), [plain()], [plain(0x805), FRAME]),
    "Grp50No60: VLAN": (match(vlan=7), [tagged(FRAME, tag(7, 3))], [tagged(FRAME, tag(8)), FRAME]),
    "Grp50No70: VLAN and priority": (
        match(vlan=7, pcp=5), [tagged(FRAME, tag(7, 5))], [tagged(FRAME, tag(7, 4))]),
    "no VLAN": (match(vlan=0xffff), [FRAME], [tagged(FRAME, tag(0))]),
    "Grp50No80: addresses by prefix": (
        match(ALL_WILD - FIELDS["type"] - (62 << 8), type=0x800, nw_src="10.1.1.100"),
        [tcp(src="10.1.1.101")], [tcp(src="10.1.1.102")]),
    "Grp50No90: destination address": (
        match(type=0x800, nw_dst="10.1.1.1"), [tcp(dst="10.1.1.1")], [FRAME]),
    "Grp50No100: protocol": (match(type=0x800, proto=6), [FRAME], [icmp(8, 0)]),
    "Grp50No110: type of service": (
        match(type=0x800, tos=28), [tcp(tos=28), tcp(tos=31)], [tcp(tos=2), tcp(tos=4)]),
    "Grp50No120: TCP's source": (
        match(type=0x800, proto=6, tp_src=111), [tcp(111)], [tcp(540), ip(17, b"\0\x6f")]),
    "Grp50No120: ICMP's type": (match(type=0x800, proto=1, tp_src=3), [icmp(3, 1)], [icmp(11, 1)]),
    "Grp50No130: TCP's destination": (
        match(type=0x800, proto=6, tp_dst=111), [tcp(tp_dst=111)], [FRAME]),
    "Grp50No130: ICMP's code": (match(type=0x800, proto=1, tp_dst=3), [icmp(3, 3)], [icmp(3, 1)]),
    "ARP's operation": (
        match(type=0x806, proto=2), [arp(2, "10.9.9.1", "10.9.9.2")],
        [arp(1, "10.9.9.1", "10.9.9.2")]),
    "ARP's sender": (
        match(type=0x806, nw_src="10.9.9.1"), [arp(1, "10.9.9.1", "10.9.9.2")],
        [arp(1, "10.9.9.3", "10.9.9.2")]),
    "ARP's target": (
        match(type=0x806, nw_dst="10.9.9.2"), [arp(1, "10.9.9.1", "10.9.9.2")],
        [arp(1, "10.9.9.1", "10.9.9.3")]),
    "Grp50No140: Ethernet's fields": (
        match(type=0x88cc, src=mac(5), dst=mac(6)), [plain(0x88cc, mac(5), mac(6))],
        [plain(0x88cd, mac(5), mac(6)), plain(0x88cc, mac(5)), plain(0x88cc, dst=mac(6))]),
    "Grp50No150: both addresses": (
        match(type=0x800, nw_src="10.1.1.1", nw_dst="10.1.1.2"), [tcp(src="10.1.1.1", dst="10.1.1.2")],
        [tcp(src="10.1.1.1"), tcp(dst="10.1.1.2")]),
    "Grp50No160: both ports": (
        match(type=0x800, proto=6, tp_src=111, tp_dst=112), [tcp(111, 112)],
        [tcp(111, 541), tcp(100, 112)]),
    "Grp50No170: all fields": (match(0, **OF_FRAME), [FRAME], [tcp(540)]),
    "802.3 without SNAP": (match(type=0x5ff), [
        mac(2) + mac(1) + struct.pack("!H", 46) + b"\x42\x42\x03".ljust(46, b"."),
        (SNAP + b"\0\0\1\x08\0").ljust(60, b".")], [FRAME]),
    "802.3 with SNAP": (match(type=0x1234), [(SNAP + b"\0\0\0\x12\x34").ljust(60, b".")], [FRAME]),
    "a second tag is the payload's type": (
        match(type=0x8100), [tagged(FRAME, tag(7) + tag(8))], [tagged(FRAME, tag(7))]),
}


def set_vid(vid):
    return struct.pack("!HHHxx", 1, 8, vid)


def set_pcp(pcp):
    return struct.pack("!HHBxxx", 2, 8, pcp)


def set_mac(which, address):
    return struct.pack("!HH6s6x", which, 16, address)


def set_ip(which, address):
    return struct.pack("!HH4s", which, 8, socket.inet_aton(address))


# Actions upon a frame from port 1, the frame that leaves, and where.
ACTIONS = {
    "Grp70No10: none is drop": (b"", FRAME, FRAME, set()),
    "Grp70No30: ALL": (output(ALL), FRAME, FRAME, {2, 3, 4}),
    "Grp70No70: IN_PORT": (output(IN_PORT), FRAME, FRAME, {1}),
    "Grp70No90: FLOOD": (output(FLOOD), FRAME, FRAME, {2, 3, 4}),
    "Grp70No100: several": (output(2, 4), FRAME, FRAME, {2, 4}),
    "not to where it came from": (output(1), FRAME, FRAME, set()),
    "Grp70No120: a tag": (set_vid(2) + output(2), FRAME, tagged(FRAME, tag(2)), {2}),
    "Grp70No130: another tag": (
        set_vid(3) + output(2), tagged(FRAME, tag(2, 6)), tagged(FRAME, tag(3, 6)), {2}),
    "Grp70No140: a tag for its priority": (
        set_pcp(1) + output(2), FRAME, tagged(FRAME, tag(0, 1)), {2}),
    "Grp70No150: another priority": (
        set_pcp(3) + output(2), tagged(FRAME, tag(123, 2)), tagged(FRAME, tag(123, 3)), {2}),
    "Grp70No160: no tag": (struct.pack("!HHxxxx", 3, 8) + output(2), tagged(FRAME, tag(9)), FRAME, {2}),
    "Grp70No170: source": (set_mac(4, mac(9)) + output(2), FRAME, tcp(mac_src=mac(9)), {2}),
    "Grp70No180: destination": (set_mac(5, mac(9)) + output(2), FRAME, tcp(mac_dst=mac(9)), {2}),
    "Grp70No190: source address": (set_ip(6, "10.2.3.4") + output(2), FRAME, tcp(src="10.2.3.4"),
                                   {2}),
    "Grp70No200: destination address": (set_ip(7, "10.2.3.4") + output(2), FRAME,
                                        tcp(dst="10.2.3.4"), {2}),
    "Grp70No210: type of service": (struct.pack("!HHBxxx", 8, 8, 0xf0) + output(2, 3), FRAME,
                                    tcp(tos=0xf0), {2, 3}),
    "Grp70No220: TCP's source": (struct.pack("!HHHxx", 9, 8, 4321) + output(2), FRAME, tcp(4321),
                                 {2}),
    "Grp70No230: TCP's destination": (struct.pack("!HHHxx", 10, 8, 8765) + output(2), FRAME,
                                      tcp(tp_dst=8765), {2}),
    "in their order": (output(2) + set_vid(5) + output(3), FRAME, FRAME, {2}),
}


def stats(kind, body=b"", version=1):
    return of.message(STATS_REQUEST, struct.pack("!HH", kind, 0) + body, 16, version)


def port_mod(port, address):
    return of.message(PORT_MOD, struct.pack("!H6sIII4x", port, address, 0, 0, 0))


# A message, and the type and code of the error that it gets; the table has an entry for all frames.
ERRORS = {
    "Grp80No30: version of an echo request": (of.message(of.ECHO_REQUEST, version=0), (1, 0)),
    "Grp100No30: version of a request for statistics": (stats(3, version=0), (1, 0)),
    "Grp100No40: type": (of.message(217), (1, 1)),
    "Grp100No50: vendor": (of.message(VENDOR, struct.pack("!I", 400)), (1, 3)),
    "Grp100No90: length": (stats(0, bytes(8)), (1, 6)),
    "Grp100No100: buffer": (packet_out(b"", output(2), buffer_id=173), (1, 8)),
    "Grp100No110: action": (flow_mod(match(), struct.pack("!HHHH", 67, 8, 1, 0)), (2, 0)),
    "Grp100No120: action's length": (flow_mod(match(), struct.pack("!HHHH", 0, 7, 1, 0)), (2, 1)),
    "Grp100No150: action's port": (flow_mod(match(), output(MAX)), (2, 4)),
    "Grp100No160: action's argument": (flow_mod(match(), set_vid(5000) + output(2)), (2, 5)),
    "Grp100No190: action's queue": (
        flow_mod(match(), struct.pack("!HHH6xI", 11, 16, 2, 0xfffffffa)), (2, 8)),
    "Grp40No10: overlap": (flow_mod(match(in_port=1), output(2), flags=CHECK_OVERLAP), (3, 1)),
    "Grp40No80: time-outs of an emergency entry": (
        flow_mod(match(), output(2), timeouts=(9, 9), flags=EMERG), (3, 3)),
    "Grp100No240: command": (flow_mod(match(), command=8), (3, 4)),
    "Grp100No260: port": (port_mod(MAX, bytes(6)), (4, 0)),
    "Grp100No270: port's address": (port_mod(1, bytes(6)), (4, 1)),
    "Grp100No280: queues of a port": (stats(5, struct.pack("!HxxI", MAX, 0xffffffff)), (5, 0)),
    "Grp100No290: queue": (stats(5, struct.pack("!HxxI", 1, 0xfffffffa)), (5, 1)),
}


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.hosts = [cls.lab.host(number) for number in (1, 2, 3, 4)]
        cls.switch = MorganaSwitch(cls.lab, cls.hosts, offloads=False)
        cls.taps = {number: Tap(host, every=True) for number, host in enumerate(cls.hosts, 1)}
        for tap in cls.taps.values():
            cls.addClassCleanup(tap.close)
        cls.markers = 0

    def setUp(self):
        """As a guest of the switch, which has packet-ins once it has set their length (5.3.2)."""
        self.wire = FakeSwitch(self.lab, self.switch.path)
        self.addCleanup(self.wire.close)
        self.wire.send(of.message(of.HELLO))
        self.set_config(128)
        self.have()

    # --- The controller's side ---

    def set_config(self, miss_send_len, flags=0):
        self.wire.send(of.message(of.SET_CONFIG, struct.pack("!HH", flags, miss_send_len)))

    def before_barrier(self, data):
        """What comes from the switch until it has dealt with `data`: (type, body)."""
        self.wire.send(data + of.message(of.BARRIER_REQUEST, xid=0xbbbb))
        came = []
        while not came or came[-1][0] != of.BARRIER_REPLY:
            _, kind, _, body = self.wire.receive()
            came.append((kind, body))
        return came[:-1]

    def errors(self, data):
        return [struct.unpack("!HH", body[:4]) for kind, body in self.before_barrier(data)
                if kind == ERROR]

    def have(self, *flows):
        """Have these flows, and what floods the frames of settled()."""
        self.assertEqual(self.errors(
            flow_mod(match(), command=DELETE) + b"".join(flows) +
            flow_mod(match(type=TEST_KIND), output(ALL, IN_PORT), priority=0xffff)), [])

    def told(self, kind, request):
        return [body for came, body in self.before_barrier(request) if came == kind]

    def packet_in(self, frame):
        """The packet-in with (the beginning of) the frame: (buffered, total_len, in_port, reason,
        length)."""
        while True:
            _, _, _, body = self.wire.receive_type(of.PACKET_IN)
            buffer_id, total, in_port, reason = struct.unpack("!IHHBx", body[:10])
            if frame.startswith(body[10:]) and total == len(frame):
                return buffer_id != of.NO_BUFFER, total, in_port, reason, len(body) - 10

    # --- The hosts' side ---

    def ports_of(self, frame):
        """Where the frame has come out, when all is out that came in at port 1."""
        Conformance.markers += 1
        marker = numbered(1, 0, self.markers)
        self.taps[1].send(marker)
        for number, tap in self.taps.items():
            wait_for(lambda tap=tap: marker in tap.heard(), f"the marker at port {number}")
        out = {number for number, tap in self.taps.items() if frame in tap.frames}
        for tap in self.taps.values():
            tap.frames.clear()
        return out

    def ports_from_1(self, frame, expected=None):
        self.taps[1].send(frame)
        return self.ports_of(expected or frame)

    # --- The cases ---

    def test_matches(self):
        for case, (which, takes, leaves) in MATCHES.items():
            with self.subTest(case):
                self.have(flow_mod(which, output(2)))
                for frame in takes:
                    self.assertEqual(self.ports_from_1(frame), {2})
                for frame in leaves:
                    self.assertEqual(self.ports_from_1(frame), set())
                    self.packet_in(frame)

    def test_each_field_of_a_match_without_wildcards_counts(self):
        for name, other in {"src": mac(0xffff), "dst": mac(0xffff), "vlan": 0, "nw_src": "1.2.3.4",
                            "nw_dst": "1.2.3.4", "tos": 4, "proto": 17, "type": 0x801,
                            "tp_src": 1, "tp_dst": 1, "in_port": 2}.items():
            with self.subTest(name):
                self.have(flow_mod(match(0, **OF_FRAME), output(2), priority=1),
                          flow_mod(match(0, **{**OF_FRAME, name: other}), output(3), priority=2))
                self.assertEqual(self.ports_from_1(FRAME), {2})

    def test_precedence(self):
        """Grp50No180, Grp50No190; section 3.4."""
        exact, nearly = match(0, **OF_FRAME), match(FIELDS["pcp"], **OF_FRAME)
        for which, ports in (exact, {3}), (nearly, {2}), (match(in_port=1), {2}):
            self.have(flow_mod(which, output(3), priority=10), flow_mod(match(), output(2), priority=20))
            self.assertEqual(self.ports_from_1(FRAME), ports)

    def test_entries_are_told_as_they_were_sent(self):
        """OFTest's flow_expire; sections 5.3.5, 5.4.2."""
        for which in (match(0, **OF_FRAME), match(FIELDS["pcp"], **OF_FRAME), match(in_port=1)):
            self.have(flow_mod(which, output(2), priority=100, flags=SEND_FLOW_REM))
            entries, = self.told(STATS_REPLY, stats(1, which + struct.pack("!BxH", 0xff, 2)))
            self.assertEqual(entries[8:48], which)
            removed, = self.told(FLOW_REMOVED, flow_mod(which, command=DELETE))
            self.assertEqual(removed[:51], which + struct.pack("!QHB", 7, 100, 2))

    def test_actions(self):
        for case, (actions, frame, expected, ports) in ACTIONS.items():
            with self.subTest(case):
                self.have(flow_mod(match(), actions))
                self.assertEqual(self.ports_from_1(frame, expected), ports, "as a flow's")
                self.have()
                self.assertEqual(self.errors(packet_out(frame, actions, in_port=1)), [])
                self.assertEqual(self.ports_of(expected), ports, "as a packet-out's")

    def test_packet_out_through_the_table(self):
        """Grp70No60."""
        self.have(flow_mod(match(in_port=1), output(3)))
        self.assertEqual(self.errors(packet_out(FRAME, output(TABLE), in_port=1)), [])
        self.assertEqual(self.ports_of(FRAME), {3})

    def test_errors(self):
        for case, (wrong, error) in ERRORS.items():
            with self.subTest(case):
                self.have(flow_mod(match(), output(2)))
                self.assertEqual(self.errors(wrong), [error])

    def test_packet_ins(self):
        """Grp90No20, Grp90No70."""
        for length in 0, 32, 64, 100, 0xffff:
            most = min(length, len(FRAME))
            self.set_config(length or 1)  # 0 would mean no packet-ins, for a guest
            self.have()
            self.taps[1].send(FRAME)
            self.assertEqual(self.packet_in(FRAME), (True, 100, 1, 0, most or 1))
            self.have(flow_mod(match(), output(CONTROLLER, max_len=length)))
            self.taps[1].send(FRAME)
            self.assertEqual(self.packet_in(FRAME), (True, 100, 1, 1, most))

    def test_configuration(self):
        """Grp80No260 to Grp80No300."""
        for flags in 1, 2, 3, 0:
            self.set_config(100 + flags, flags)
            config, = self.told(GET_CONFIG_REPLY, of.message(GET_CONFIG_REQUEST))
            self.assertEqual(struct.unpack("!HH", config), (flags, 100 + flags))

    def test_counters(self):
        """Grp60No10, Grp60No20."""
        self.have(flow_mod(match(in_port=1, type=0x800), output(2)))
        for _ in range(10):
            self.assertEqual(self.ports_from_1(FRAME), {2})
        total, = self.told(STATS_REPLY, stats(2, match(type=0x800) + struct.pack("!BxH", 0xff, 2)))
        self.assertEqual(struct.unpack("!QQI", total[4:24]), (10, 1000, 1))


if __name__ == "__main__":
    unittest.main()
