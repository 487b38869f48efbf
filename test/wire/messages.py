"""OpenFlow 1.0 messages made by hand: what real peers do not send, and many random matches and frames.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import ipaddress
import random
import struct

NO_BUFFER = 0xffffffff
ALL_WILD = 0x3fffff
PORT_NONE = 0xffff
NICIRA = 0x2320

NAMES = ("HELLO", "ERROR", "ECHO_REQUEST", "ECHO_REPLY", "VENDOR", "FEATURES_REQUEST",
         "FEATURES_REPLY", "GET_CONFIG_REQUEST", "GET_CONFIG_REPLY", "SET_CONFIG", "PACKET_IN",
         "FLOW_REMOVED", "PORT_STATUS", "PACKET_OUT", "FLOW_MOD", "PORT_MOD", "STATS_REQUEST",
         "STATS_REPLY", "BARRIER_REQUEST", "BARRIER_REPLY", "QUEUE_GET_CONFIG_REQUEST",
         "QUEUE_GET_CONFIG_REPLY")
(HELLO, ERROR, ECHO_REQUEST, ECHO_REPLY, VENDOR, FEATURES_REQUEST, FEATURES_REPLY,
 GET_CONFIG_REQUEST, GET_CONFIG_REPLY, SET_CONFIG, PACKET_IN, FLOW_REMOVED, PORT_STATUS, PACKET_OUT,
 FLOW_MOD, PORT_MOD, STATS_REQUEST, STATS_REPLY, BARRIER_REQUEST, BARRIER_REPLY,
 QUEUE_GET_CONFIG_REQUEST, QUEUE_GET_CONFIG_REPLY) = range(22)
DESC, FLOW, AGGREGATE, TABLE, PORT, QUEUE, STATS_VENDOR = 0, 1, 2, 3, 4, 5, 0xffff

pack = struct.pack


def message(kind, body=b"", xid=5, version=1):
    return pack("!BBHI", version, kind, 8 + len(body), xid) + body


def stats(kind, which, body=b"", flags=0):
    return message(kind, pack("!HH", which, flags) + body)


def split(stream):
    """The whole messages at the front of a byte stream, and what is left."""
    messages = []
    while len(stream) >= 8 and len(stream) >= (n := struct.unpack_from("!H", stream, 2)[0]) >= 8:
        messages.append(stream[:n])
        stream = stream[n:]
    return messages, stream


# --- Parts ----------------------------------------------------------------------------------------

def match(wildcards=ALL_WILD, in_port=0, dl_src=bytes(6), dl_dst=bytes(6), dl_vlan=0, dl_vlan_pcp=0,
          dl_type=0, nw_tos=0, nw_proto=0, nw_src=0, nw_dst=0, tp_src=0, tp_dst=0):
    return pack("!IH6s6sHBxHBB2xIIHH", wildcards, in_port, dl_src, dl_dst, dl_vlan, dl_vlan_pcp,
                dl_type, nw_tos, nw_proto, nw_src, nw_dst, tp_src, tp_dst)


def flow_mod(its_match, cookie=0, command=0, idle=0, hard=0, priority=0x8000, buffer_id=NO_BUFFER,
             out_port=PORT_NONE, flags=0, actions=b""):
    return message(FLOW_MOD, its_match + pack("!QHHHHIHH", cookie, command, idle, hard, priority,
                                              buffer_id, out_port, flags) + actions)


def flow_stats(its_match, actions=b"", priority=0x8000, idle=0, hard=0, cookie=0, nsec=0,
               packets=1, table=0):
    return (pack("!HBx", 88 + len(actions), table) + its_match +
            pack("!IIHHH6xQQQ", 1, nsec, priority, idle, hard, cookie, packets, 60) + actions)


def flow_removed(its_match, reason, priority=1, cookie=0, nsec=0):
    return message(FLOW_REMOVED, its_match + pack("!QHBxIIHxxQQ", cookie, priority, reason, 1, nsec,
                                                  5, 6, 2 ** 64 - 1))


def packet_in(frame, total_len=None, buffer_id=NO_BUFFER, reason=0):
    total_len = len(frame) if total_len is None else total_len
    return message(PACKET_IN, pack("!IHHBx", buffer_id, total_len, 1, reason) + frame)


def packet_out(frame=b"", actions=b"", in_port=1, buffer_id=NO_BUFFER):
    return message(PACKET_OUT, pack("!IHH", buffer_id, in_port, len(actions)) + actions + frame)


def phy_port(number, name=b"eth0", config=0, state=0, curr=0, advertised=0, supported=0, peer=0):
    return pack("!H6s16s6I", number, b"\2\0\0\0\0\1", name, config, state, curr, advertised,
                supported, peer)


def table_stats(number, name, wildcards, max_entries, active=1, lookup=2, matched=3):
    return pack("!B3x32sIIIQQ", number, name, wildcards, max_entries, active, lookup, matched)


def queue(number, *rates):
    return (pack("!IHxx", number, 8 + 16 * len(rates)) +
            b"".join(pack("!HH4xH6x", 1, 16, rate) for rate in rates))


ACTIONS = b"".join((
    pack("!HHHH", 0, 8, 1, 0), pack("!HHHH", 0, 8, 0xfffd, 128), pack("!HHHH", 0, 8, 0xfffb, 0),
    pack("!HHHxx", 1, 8, 5), pack("!HHBxxx", 2, 8, 3), pack("!HHxxxx", 3, 8),
    pack("!HH6s6x", 4, 16, b"abcdef"), pack("!HH6s6x", 5, 16, b"ABCDEF"),
    pack("!HHI", 6, 8, 0x0a000001), pack("!HHI", 7, 8, 0x0a000002), pack("!HHBxxx", 8, 8, 0x20),
    pack("!HHHxx", 9, 8, 80), pack("!HHHxx", 10, 8, 81), pack("!HHH6xI", 11, 16, 1, 7),
    pack("!HHIH6x", 0xffff, 16, NICIRA, 18)))


# --- Messages, by hand ----------------------------------------------------------------------------

def various():
    """Messages with every member and flag that changes the text."""
    yield from (message(HELLO), message(HELLO, b"abc"), message(HELLO, version=4),
                message(HELLO, version=9), message(HELLO, pack("!HHI", 1, 8, 0x12), version=4),
                message(HELLO, pack("!HHI", 1, 8, 1)), message(HELLO, pack("!HHI", 2, 8, 0x12)))
    for kind in (ECHO_REQUEST, ECHO_REPLY):
        yield from (message(kind), message(kind, b"payload \0\xff" * 3))
    for role in (0, 1, 2):
        yield message(VENDOR, pack("!III", NICIRA, 10, role))
        yield message(VENDOR, pack("!III", NICIRA, 11, role))
    for kind in (FEATURES_REQUEST, GET_CONFIG_REQUEST, BARRIER_REQUEST, BARRIER_REPLY):
        yield message(kind)
    yield message(FEATURES_REPLY, pack("!QIB3xII", 0xabc, 256, 254, 0xffffffff, 0xffffffff) +
                  phy_port(65534, b"br0", 1, 1) + phy_port(2, b"a\1b", 0x7f, 0, *[0xfff] * 4) +
                  phy_port(1, b"0123456789abcdef", 0x10, 0x200, 0x2a0, 0, 0x40) + phy_port(2) +
                  phy_port(3, b"x", 0xffffffff, 0x100, 0xffffffff))
    yield message(FEATURES_REPLY, pack("!QIB3xII", 2 ** 64 - 1, 0, 0, 0, 0))
    for flags in range(8):
        yield message(GET_CONFIG_REPLY, pack("!HH", flags, 128))
        yield message(SET_CONFIG, pack("!HH", flags, 0xffff))
    for reason in range(3):
        yield message(PORT_STATUS, pack("!B7x", reason) + phy_port(reason, b"", 1, 1, 0x40, 0, 1))
    yield flow_removed(match(), 0, 0x8000)
    yield flow_removed(match(ALL_WILD & ~1, in_port=1), 1, cookie=1 << 63, nsec=500000000)
    yield flow_removed(match(), 2, nsec=5)
    yield packet_out()
    yield packet_out(actions=ACTIONS[:8], in_port=0xffff, buffer_id=7)
    yield packet_out(bytes(20), ACTIONS, in_port=0xfffd)
    for command in range(5):
        yield flow_mod(match(), command=command, actions=ACTIONS)
    yield flow_mod(match(0), priority=5)
    yield flow_mod(match(), 5, 0, 1, 2, 5, 7, 0, 3)
    yield flow_mod(match(), 2 ** 64 - 1, priority=5, out_port=0xfffd)
    yield message(PORT_MOD, pack("!H6sIII4x", 1, b"abcdef", 0x7f, 0x11, 0))
    yield message(PORT_MOD, pack("!H6sIII4x", 0xfffe, b"abcdef", 0xffffffff, 0xffffffff, 0xfff))
    yield message(QUEUE_GET_CONFIG_REQUEST, pack("!Hxx", 1))
    yield message(QUEUE_GET_CONFIG_REPLY, pack("!H6x", 1))
    yield message(QUEUE_GET_CONFIG_REPLY, pack("!H6x", 1) + queue(5, 500) + queue(1, 1001) + queue(3) +
                  queue(1, 0xffff) + queue(2, 999) + queue(0, 1000))
    yield message(QUEUE_GET_CONFIG_REPLY, pack("!H6xIHxxHH4x", 1, 1, 16, 0, 8))


def various_stats():
    for which in (DESC, TABLE):
        yield stats(STATS_REQUEST, which)
    yield stats(STATS_REQUEST, DESC, flags=1)
    yield stats(STATS_REPLY, DESC, pack("!256s256s256s32s256s", b"Nicira", b"OVS", b"3", b"None",
                                        b"x" * 256), flags=1)
    yield stats(STATS_REPLY, FLOW, flags=0x8001)
    for which in (FLOW, AGGREGATE):
        for its_match in (match(), match(0xffffffff), match(ALL_WILD & ~0x10, dl_type=0x800)):
            for table, out_port in ((0xff, PORT_NONE), (3, 1)):
                yield stats(STATS_REQUEST, which, its_match + pack("!BxH", table, out_port))
    yield stats(STATS_REPLY, FLOW, flow_stats(match()) + flow_stats(
        match(), priority=0, idle=1, hard=2, cookie=9, nsec=1000000, table=254) + flow_stats(
            match(ALL_WILD & ~1, in_port=1), ACTIONS, nsec=999999990, packets=2 ** 64 - 1))
    yield stats(STATS_REPLY, FLOW)
    yield stats(STATS_REPLY, AGGREGATE, pack("!QQI4x", 2 ** 64 - 1, 5, 6))
    yield from various_tables()
    for flags in (0, 1, 0x2f00, 0x2f01):
        for kind in (STATS_REQUEST, STATS_REPLY):
            yield stats(kind, 0xffff, pack("!IQ", 0xabcdef, 7), flags)
    for port in (0xffff, 3):
        yield stats(STATS_REQUEST, PORT, pack("!H6x", port))
    yield stats(STATS_REPLY, PORT)
    yield stats(STATS_REPLY, PORT, pack("!H6x12Q", 1, *range(12)) + pack("!H6x12Q", 10, *range(12)) +
                pack("!H6x12Q", 0xfffe, *[2 ** 64 - 1] * 12))
    for port, number in ((0xfffc, 0xffffffff), (1, 5)):
        yield stats(STATS_REQUEST, QUEUE, pack("!HxxI", port, number))
    yield stats(STATS_REPLY, QUEUE)
    yield stats(STATS_REPLY, QUEUE, pack("!HxxIQQQ", 1, 2, 3, 4, 5) +
                pack("!HxxIQQQ", 0xfffe, 0xffffffff, 2 ** 64 - 1, 4, 5))


def various_tables():
    yield stats(STATS_REPLY, TABLE)
    some = [(b"classifier", ALL_WILD, 100), (b"", ALL_WILD, 100), (b"", ALL_WILD, 100),
            (b"x", 0x30f5, 100, 2), (b"x", 0x30f5, 100, 2), (b"", 0x30f5, 101, 2),
            (b"", 0x30f5, 101, 3), (b"", 0, 0, 3), (b"", 0, 0, 4), (b"", 0, 0, 4)]
    for n in range(1, len(some) + 1):
        yield stats(STATS_REPLY, TABLE, b"".join(table_stats(i, *t) for i, t in enumerate(some[:n])))
    for wildcards in range(0, ALL_WILD, 0x12345):
        yield stats(STATS_REPLY, TABLE, table_stats(0, b"t", wildcards, 0))


def errors():
    """Errors of every type and code, and what may lie in one."""
    counts = (2, 9, 9, 6, 2, 3)
    failed = message(SET_CONFIG, pack("!HH", 0, 5))
    for kind, count in enumerate(counts):
        for code in range(count):
            yield message(ERROR, pack("!HH", kind, code) + failed)
    yield message(ERROR, pack("!HH", 0, 0))
    yield message(ERROR, pack("!HH", 0, 0) + b'come "back" later\n', version=4)
    for inner in (b"", b"abc", flow_mod(match())[:64], failed + b"x"):
        yield message(ERROR, pack("!HH", 1, 2) + inner)
    nested = failed
    for _ in range(3):
        nested = message(ERROR, pack("!HH", 1, 6) + nested)
        yield nested


# --- Random matches -------------------------------------------------------------------------------

class Maker:
    """Random matches and frames from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def wildcards(self):
        choice = self.random
        wild = choice.getrandbits(22)
        for bit in choice.sample(range(22), 8):
            wild &= ~(1 << bit)
        if choice.random() < 0.3:
            wild |= 32 << 8 | 32 << 14
        for bit in (0x10, 0x20):  # dl_type and nw_proto are what the text hangs on
            if choice.random() < 0.5:
                wild &= ~bit
        return wild

    def match(self, dl_types, protocols):
        choice = self.random
        return match(
            self.wildcards(), choice.choice([0, 1, 65279, 65280, 65527, 65533, 65534, 65535]),
            choice.randbytes(6), choice.randbytes(6), choice.choice([0, 1, 5, 4095, 0xffff, 0x1fff]),
            choice.choice([0, 1, 7, 8, 255]), choice.choice(dl_types), choice.getrandbits(8),
            choice.choice(protocols), choice.getrandbits(32), choice.getrandbits(32),
            choice.getrandbits(16), choice.getrandbits(16))

    def matches(self, n):
        """Flows and flow-mods with random matches, sensible and not."""
        for _ in range(n):
            any_match = self.match([0x800, 0x806, 0x86dd, 0x8035, 0x8847, 0x8848, 0x88cc, 0x5ff, 0],
                                   [0, 1, 2, 6, 17, 44, 58, 132])
            yield stats(STATS_REPLY, FLOW, flow_stats(any_match, priority=5))
            yield flow_removed(any_match, 0)
            yield flow_mod(self.match([0x800, 0x806, 0x88cc, 0x5ff, 0], [0, 1, 2, 6, 17, 44]))


# --- Frames ---------------------------------------------------------------------------------------

def ethernet(dl_type, payload, tags=b""):
    return b"\1\2\3\4\5\6\x0a\x0b\x0c\x0d\x0e\x0f" + tags + pack("!H", dl_type) + payload


def ipv4(protocol, payload, frag=0, total=None, ihl=5):
    total = ihl * 4 + len(payload) if total is None else total
    return pack("!BBHHHBBH4s4s", 0x40 | ihl, 0xb9, total, 1, frag, 64, protocol, 0xbeef,
                b"\x0a\0\0\1", b"\x0a\0\0\2") + bytes(max(ihl - 5, 0) * 4) + payload


ADDRESSES = [ipaddress.ip_address(text).packed for text in (
    "::", "::1", "fe80::1", "ff02::1:ff00:1", "2001:db8:0:0:1:0:0:1", "::ffff:1.2.3.4", "::1.2.3.4",
    "1:0:2:0:0:3:0:0", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:0", "0:0:3:4:5:6:7:8", "1::")]


def ipv6(protocol, payload, length=None, source=3, target=4):
    return pack("!IHBB16s16s", 0x6ab12345, len(payload) if length is None else length, protocol, 63,
                ADDRESSES[source % len(ADDRESSES)], ADDRESSES[target % len(ADDRESSES)]) + payload


TCP = pack("!HHIIHHHH", 1234, 80, 1, 2, 0x5012, 100, 0xabcd, 0)
UDP = pack("!HHHH", 53, 5353, 8, 0x1234)
ICMP = pack("!BBHI", 8, 0, 0x55, 1)
SCTP = pack("!HHII", 1, 2, 3, 0xdeadbeef)
IGMP = pack("!BBHI", 0x16, 1, 2, 0xe0000001)
ARP = pack("!HHBBH6sI6sI", 1, 0x800, 6, 4, 1, b"abcdef", 0x0a000001, b"ABCDEF", 0x0a000002)
SOURCE, TARGET = b"\1\1abcdef", b"\2\1ABCDEF"  # options of neighbour discovery


def discovery(kind, *options):
    return pack("!BBHI16s", kind, 0, 0x77, 0x60000000, ADDRESSES[3]) + b"".join(options)


TRANSPORTS = ((6, TCP), (17, UDP), (1, ICMP), (132, SCTP), (2, IGMP), (58, discovery(135, SOURCE)),
              (58, discovery(136, TARGET, SOURCE)), (58, discovery(135, SOURCE, SOURCE)),
              (58, discovery(135, b"\3\2" + bytes(14), TARGET)), (58, ICMP),
              (58, discovery(135, b"\3\0" + bytes(6), TARGET)), (58, b"\x87\1" + bytes(30)),
              (47, b"x"), (59, b""))


def link_frames():
    ip = ipv4(6, TCP)
    snap = b"\xaa\xaa\3\0\0\0"
    yield from (b"", b"abc", ethernet(0x800, b""), ethernet(0x1234, b"xyz"),
                ethernet(0x100, snap + b"\x08\0" + ip), ethernet(0x100, snap + b"\1\0" + ip),
                ethernet(0x100, b"\xaa\xaa\3\0\0\1\x08\0" + ip), ethernet(3, b"\x42\x42\3"))
    for tags in (b"\x81\0\x20\5", b"\x81\0\x20\5\x81\0\x30\6", b"\x88\xa8\x20\5\x81\0\x30\6",
                 b"\x81\0\x20\5\x81\0\x30\6\x81\0\1\1"):
        yield ethernet(0x800, ip, tags)
    yield from (ethernet(0x8100, b"\1"), ethernet(0x8100, b"\1\2\3"), ethernet(0x8100, b"\0\0\1\2"))
    for n in range(5):
        labels = [i << 12 | 3 << 9 | 64 for i in range(n)]
        yield ethernet(0x8847, pack("!%dI" % n, *labels))
        if n:
            yield ethernet(0x8848, pack("!%dI" % n, *labels[:-1], labels[-1] | 0x100) + ip)
    yield from (ethernet(0x806, ARP), ethernet(0x8035, ARP), ethernet(0x806, ARP[:20]),
                ethernet(0x806, ARP[:6] + b"\1\1" + ARP[8:]), ethernet(0x806, b"\0\2" + ARP[2:]))


def ip_frames():
    for protocol, payload in TRANSPORTS:
        for frag in (0, 0x2000, 0x10, 0x4000, 0x2010):
            yield ethernet(0x800, ipv4(protocol, payload, frag))
        for n in range(0, len(payload), 3):
            yield ethernet(0x800, ipv4(protocol, payload[:n]))
            yield ethernet(0x86dd, ipv6(protocol, payload[:n], source=n, target=n + 1))
        yield from (ethernet(0x800, ipv4(protocol, payload) + b"pad"),
                    ethernet(0x800, ipv4(protocol, payload)[:-1]),
                    ethernet(0x800, ipv4(protocol, payload, ihl=7)),
                    ethernet(0x800, ipv4(protocol, payload, ihl=4)),
                    ethernet(0x800, ipv4(protocol, payload, total=10)),
                    ethernet(0x86dd, ipv6(protocol, payload) + b"pad"),
                    ethernet(0x86dd, ipv6(protocol, payload, len(payload) + 1)))
        for kind, header in extensions(protocol):
            yield ethernet(0x86dd, ipv6(kind, header + payload))
    yield from (ethernet(0x86dd, ipv6(0, b"\6\0")), ethernet(0x86dd, ipv6(6, TCP)[:30]))
    for flags in (0x4000, 0x6000, *range(0x5000, 0x6000, 0x111)):
        yield ethernet(0x800, ipv4(6, TCP[:12] + pack("!H", flags) + TCP[14:]))


def extensions(protocol):
    """IPv6 extension headers: good, fragments, and one whose length is a lie."""
    options = pack("!BB6x", protocol, 0)
    for kind in (0, 43):
        yield kind, options
    yield 60, pack("!BB14x", protocol, 1)
    yield 51, pack("!BB10x", protocol, 1)
    for offset in (0, 1, 8, 9):
        yield 44, pack("!BBHI", protocol, 0, offset, 1)
    yield 0, pack("!BB6x", protocol, 99)
    yield 44, pack("!BBHI", 0, 0, 1, 1) + pack("!BB6x", protocol, 99)


def frames():
    """Packets with every header that is printed, whole and cut short."""
    for reason, frame in enumerate((*link_frames(), *ip_frames())):
        yield packet_in(frame, reason=reason % 3)
    frame = ethernet(0x800, ipv4(6, TCP))
    yield from (packet_in(frame, 1), packet_in(frame, 1, 7), packet_in(frame, 1000, 7),
                packet_out(frame))
