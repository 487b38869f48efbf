"""Captures made by hand: TCP segments in packets of any link type, in pcap or pcapng files.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import ipaddress
import struct

ETHERNET, NULL, RAW, COOKED, COOKED2 = 1, 0, 101, 113, 276
FIN, SYN, RST, ACK = 1, 2, 4, 16
START = 1700000000  # 2023-11-14 22:13:20 UTC

pack = struct.pack


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return 0xffff - total


def tcp(source, target, seq, payload=b"", flags=ACK, ack=1):
    """An IP packet with a TCP segment; the ends are (address, port)."""
    addresses = [ipaddress.ip_address(end[0]).packed for end in (source, target)]
    segment = pack("!HHIIBBHHH", source[1], target[1], seq & 0xffffffff, ack, 0x50, flags, 65535, 0, 0)
    segment += payload
    pseudo = b"".join(addresses) + pack("!II", len(segment), 6)
    segment = segment[:16] + pack("!H", checksum(pseudo + segment)) + segment[18:]
    if len(addresses[0]) == 16:
        return pack("!IHBB", 6 << 28, len(segment), 6, 64) + b"".join(addresses) + segment
    header = pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0) + b"".join(addresses)
    return header[:10] + pack("!H", checksum(header)) + header[12:] + segment


def on_link(link, packet, tags=b""):
    """An IP packet in a frame of a link type."""
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    ethertype = tags + pack("!H", kind)
    return {
        ETHERNET: bytes(range(12)) + ethertype + packet,
        NULL: pack("<I", 2 if kind == 0x0800 else 30) + packet,
        RAW: packet,
        COOKED: pack("!HHH8s", 0, 1, 6, b"\2\0\0\0\0\1") + ethertype + packet,
        COOKED2: pack("!HHIHBB8s", kind, 0, 1, 1, 0, 6, b"\2\0\0\0\0\1") + packet,
    }[link]


def pcap(frames, link=ETHERNET):
    """A pcap file, a microsecond between frames."""
    header = pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link)
    return header + b"".join(pack("<IIII", START, i, len(frame), len(frame)) + frame
                             for i, frame in enumerate(frames))


def block(kind, body):
    body += bytes(-len(body) % 4)
    return pack("<II", kind, len(body) + 12) + body + pack("<I", len(body) + 12)


def pcapng(frames, link=ETHERNET):
    """The same as a pcapng file."""
    blocks = [block(0x0a0d0d0a, pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)), block(1, pack("<HHI", link, 0, 0))]
    for i, frame in enumerate(frames):
        time = START * 1000000 + i
        blocks.append(block(6, pack("<IIIII", 0, time >> 32, time & 0xffffffff, len(frame), len(frame)) +
                            frame))
    return b"".join(blocks)


class Talk:
    """One side of a connection: cuts bytes into segments with the right numbers."""

    def __init__(self, source=("10.0.0.1", 6653), target=("10.0.0.2", 40000), seq=1000):
        self.source, self.target, self.seq = source, target, seq

    def segment(self, payload=b"", flags=ACK):
        packet = tcp(self.source, self.target, self.seq, payload, flags)
        self.seq += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        return packet
