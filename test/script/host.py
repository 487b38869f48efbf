"""The shared object with TCP in it, through the table that packetdrill.h describes.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import ctypes
import errno
import socket
import struct

PACKET_MAX = 65535
MAX_SPIN = 20  # microseconds, as the tool has it
INT, SIZE, PTR = ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p
SSIZE, LEN = ctypes.c_ssize_t, ctypes.c_uint32

# The table's rows: name, result, arguments behind userdata.
TABLE = [
    ("free", None, []),
    ("socket", INT, [INT, INT, INT]),
    ("bind", INT, [INT, PTR, LEN]),
    ("listen", INT, [INT, INT]),
    ("accept", INT, [INT, PTR, PTR]),
    ("connect", INT, [INT, PTR, LEN]),
    ("read", SSIZE, [INT, PTR, SIZE]),
    ("readv", SSIZE, [INT, PTR, INT]),
    ("recv", SSIZE, [INT, PTR, SIZE, INT]),
    ("recvfrom", SSIZE, [INT, PTR, SIZE, INT, PTR, PTR]),
    ("recvmsg", SSIZE, [INT, PTR, INT]),
    ("write", SSIZE, [INT, PTR, SIZE]),
    ("writev", SSIZE, [INT, PTR, INT]),
    ("send", SSIZE, [INT, PTR, SIZE, INT]),
    ("sendto", SSIZE, [INT, PTR, SIZE, INT, PTR, LEN]),
    ("sendmsg", SSIZE, [INT, PTR, INT]),
    ("fcntl", INT, [INT, INT, INT]),
    ("ioctl", INT, [INT, ctypes.c_ulong, PTR]),
    ("close", INT, [INT]),
    ("shutdown", INT, [INT, INT]),
    ("getsockopt", INT, [INT, INT, INT, PTR, PTR]),
    ("setsockopt", INT, [INT, INT, INT, PTR, LEN]),
    ("poll", INT, [PTR, ctypes.c_ulong, INT]),
    ("netdev_send", INT, [PTR, SIZE]),
    ("netdev_receive", INT, [PTR, PTR, PTR]),
    ("usleep", INT, [ctypes.c_uint]),
    ("gettimeofday", INT, [PTR, PTR]),
    ("epoll_create", INT, [INT]),
    ("epoll_ctl", INT, [INT, INT, INT, PTR]),
    ("epoll_wait", INT, [INT, PTR, INT, INT]),
    ("pipe", INT, [PTR]),
    ("splice", INT, [INT, PTR, INT, PTR, SIZE, ctypes.c_uint]),
]

# <linux/tcp.h>: struct tcp_info, in order; the bit fields of its two bytes by hand.
INFO_BYTES = "state ca_state retransmits probes backoff options wscales limits".split()
INFO_WORDS = """rto ato snd_mss rcv_mss unacked sacked lost retrans fackets last_data_sent last_ack_sent
    last_data_recv last_ack_recv pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss reordering
    rcv_rtt rcv_space total_retrans""".split()
INFO_REST = [("Q", "pacing_rate max_pacing_rate bytes_acked bytes_received"),
             ("I", "segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out"),
             ("Q", "delivery_rate busy_time rwnd_limited sndbuf_limited"),
             ("I", "delivered delivered_ce"), ("Q", "bytes_sent bytes_retrans"),
             ("I", "dsack_dups reord_seen rcv_ooopack snd_wnd")]


class Interface(ctypes.Structure):
    _fields_ = [("userdata", PTR)] + [
        (name, ctypes.CFUNCTYPE(result, PTR, *arguments, use_errno=True))
        for name, result, arguments in TABLE]


class Host:
    """A host in virtual time. Times are in microseconds since it began."""

    def __init__(self, path, flags):
        self.interface = Interface()
        self.library = ctypes.CDLL(path)
        self.library.packetdrill_interface_init(flags.encode(), ctypes.byref(self.interface))
        if not self.interface.userdata:
            raise ValueError(f"the library does not take --so_flags={flags}")
        self.began = 0
        self.began = self.now()

    def call(self, name, *arguments):
        """A call of the table: its result, and the name of the error if that is -1."""
        ctypes.set_errno(0)
        result = getattr(self.interface, name)(self.interface.userdata, *arguments)
        return result, errno.errorcode.get(ctypes.get_errno(), "") if result == -1 else ""

    def now(self):
        time = (ctypes.c_long * 2)()
        self.call("gettimeofday", time, None)
        return time[0] * 1000000 + time[1] - self.began

    def sleep_until(self, usecs):
        """As the tool does: to shortly before, and the rest by looking at the clock."""
        while (left := usecs - self.now()) > 0:
            if left > MAX_SPIN:
                self.call("usleep", min(left - MAX_SPIN, 1 << 30))

    def give(self, packet):
        result, error = self.call("netdev_send", packet, len(packet))
        if result:
            raise ValueError(f"the library refuses a packet: {error}")

    def take(self):
        """The next packet that is sent and when; None if none ever will be."""
        packet, time = ctypes.create_string_buffer(PACKET_MAX), ctypes.c_longlong()
        length = SIZE(PACKET_MAX)
        self.call("netdev_receive", packet, ctypes.byref(length), ctypes.byref(time))
        return (packet.raw[:length.value], time.value - self.began) if length.value else None

    def tcp_info(self, fd):
        """TCP_INFO as a script's assertions name it: tcpi_state, ... By the system's call, which the
        library takes the place of."""
        text, names = "=8B24I", INFO_BYTES + INFO_WORDS
        for kind, group in INFO_REST:
            text += f"{len(group.split())}{kind}"
            names = names + group.split()
        raw = ctypes.create_string_buffer(struct.calcsize(text))
        length = LEN(len(raw))
        if self.library.getsockopt(fd, socket.IPPROTO_TCP, socket.TCP_INFO, raw,
                                   ctypes.byref(length)) != 0 or length.value != len(raw):
            raise ValueError("no TCP_INFO")
        info = {"tcpi_" + name: n for name, n in zip(names, struct.unpack(text, raw.raw))}
        info["tcpi_snd_wscale"] = info["tcpi_wscales"] & 0xf
        info["tcpi_rcv_wscale"] = info["tcpi_wscales"] >> 4
        return info

    def call_waits(self):
        """Does a call that another thread made wait?"""
        return bool(self.library.script_call_waits())

    def close(self):
        """A call that waits still would find the host gone."""
        if not self.call_waits():
            self.call("free")
