"""TCP segments over IPv4, and ICMP's errors about them: between bytes and what a script writes.

RFC 791, RFC 9293 section 3.1, RFC 7323 (wscale, TS), RFC 2018 (sackOK, sack), RFC 792, RFC 1191.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import dataclasses
import struct

FLAGS = "FSRP.U"  # in the order of their bits
PROTOCOL_ICMP, PROTOCOL_TCP = 1, 6
ICMP_TYPES = {"unreachable": 3, "source_quench": 4, "time_exceeded": 11, "parameter_problem": 12}
UNREACHABLE = {"net_unreachable": 0, "host_unreachable": 1, "protocol_unreachable": 2,
               "port_unreachable": 3, "frag_needed": 4, "source_route_failed": 5,
               "packet_filtered": 13}


class BadPacket(Exception):
    """What was sent is no TCP segment as it ought to be."""


@dataclasses.dataclass
class Segment:
    """Sequence numbers are the wire's. An option is a tuple: its name, then its numbers."""
    flags: str
    seq: int
    ack: int
    win: int
    payload: bytes
    options: list
    sport: int = 0
    dport: int = 0


def checksum(data):
    """RFC 1071."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def option_bytes(option):
    name, *numbers = option
    match name:
        case "eol":
            return b"\0"
        case "nop":
            return b"\1"
        case "mss":
            return struct.pack("!BBH", 2, 4, *numbers)
        case "wscale":
            return struct.pack("!BBB", 3, 3, *numbers)
        case "sackOK":
            return b"\4\2"
        case "sack":
            return struct.pack(f"!BB{len(numbers)}I", 5, 2 + 4 * len(numbers), *numbers)
        case "TS":
            return struct.pack("!BBII", 8, 10, *numbers)
    raise ValueError(f"no such option: {name}")


def read_option(kind, body):
    match kind, len(body):
        case 2, 2:
            return "mss", *struct.unpack("!H", body)
        case 3, 1:
            return "wscale", body[0]
        case 4, 0:
            return ("sackOK",)
        case 5, n if n % 8 == 0:
            return "sack", *struct.unpack(f"!{n // 4}I", body)
        case 8, 8:
            return "TS", *struct.unpack("!II", body)
    raise BadPacket(f"option {kind} of {len(body) + 2} bytes")


def read_options(data):
    found, at = [], 0
    while at < len(data):
        if data[at] <= 1:
            found.append(("nop",) if data[at] else ("eol",))
            at += 1
            continue
        if at + 1 >= len(data) or not 2 <= data[at + 1] <= len(data) - at:
            raise BadPacket(f"the options' lengths disagree: {data.hex()}")
        found.append(read_option(data[at], data[at + 2:at + data[at + 1]]))
        at += data[at + 1]
    return found


def ip_packet(src, dst, protocol, body):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, src, dst)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body


def tcp_bytes(src, dst, segment):
    """The segment with its checksum, as it follows IP's header."""
    options = b"".join(map(option_bytes, segment.options))
    options += b"\0" * (-len(options) % 4)
    if len(options) > 40:
        raise ValueError("more options than a header has room for")
    flags = sum(1 << FLAGS.index(flag) for flag in segment.flags)
    header = struct.pack("!HHIIBBHHH", segment.sport, segment.dport, segment.seq, segment.ack,
                         (20 + len(options)) // 4 << 4, flags, segment.win, 0, 0)
    whole = header + options + segment.payload
    pseudo = src + dst + struct.pack("!HH", PROTOCOL_TCP, len(whole))
    return whole[:16] + struct.pack("!H", checksum(pseudo + whole)) + whole[18:]


def tcp_packet(src, dst, segment):
    return ip_packet(src, dst, PROTOCOL_TCP, tcp_bytes(src, dst, segment))


def icmp_packet(router, dst, kind, code, mtu, quoted):
    """An ICMP error of `router`'s that quotes the beginning of the packet `quoted`."""
    body = struct.pack("!BBHHH", ICMP_TYPES[kind], UNREACHABLE[code] if code else 0, 0, 0, mtu)
    body += quoted[:28]
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    return ip_packet(router, dst, PROTOCOL_ICMP, body)


def read_tcp_packet(packet, src, dst):
    """The segment in a packet from `src` to `dst`; both checksums and every length must be right."""
    if len(packet) < 40 or packet[0] != 0x45 or packet[9] != PROTOCOL_TCP:
        raise BadPacket(f"no TCP over IPv4: {packet[:40].hex()}")
    if checksum(packet[:20]) or struct.unpack_from("!H", packet, 2)[0] != len(packet):
        raise BadPacket(f"a bad IP header: {packet[:20].hex()}")
    if (packet[12:16], packet[16:20]) != (src, dst):
        raise BadPacket("addresses of no concern")
    tcp = packet[20:]
    if checksum(src + dst + struct.pack("!HH", PROTOCOL_TCP, len(tcp)) + tcp):
        raise BadPacket("a bad TCP checksum")
    sport, dport, seq, ack, offset, bits, win = struct.unpack_from("!HHIIBBH", tcp)
    length = (offset >> 4) * 4
    if not 20 <= length <= len(tcp):
        raise BadPacket("a bad TCP header length")
    flags = "".join(flag for i, flag in enumerate(FLAGS) if bits >> i & 1)
    return Segment(flags, seq, ack, win, tcp[length:], read_options(tcp[20:length]), sport, dport)
