"""Traffic between the hosts of a lab: TCP by iperf3, short talks with servers that say their names, and
frames as a test makes them.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import json
import pathlib
import re
import socket
import struct
import sys

from .fakeswitch import ethernet
from .wait import wait_for

GREETER = pathlib.Path(__file__).with_name("greeter.py")
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID = 1 << 4
TEST_KIND = 0x88b5  # IEEE 802: for experiments, so that nobody else sends it


def iperf(lab, client, server, *options):
    """TCP from one host to another: what iperf3 reports of it."""
    process = lab.start(["iperf3", "-s", "-1", "--forceflush"], "iperf3.log",
                        where=server.namespace)
    wait_for(lambda: server.run("ss", "-Hltn", "sport", "=", ":5201"), "iperf3's server")
    report = json.loads(client.run("iperf3", "-c", server.address, "-J", *options))
    process.wait()
    return report["end"]


def carries(lab, client, server, mebibytes, *options):
    """Whether TCP brings all that iperf3 is told to send. It ends when it has sent all, without waiting
    for what is on its way: that is no more than the two ends' small buffers hold."""
    end = iperf(lab, client, server, "-w", "128K", "-n", f"{mebibytes}M", *options)
    return end["sum_received"]["bytes"] >= (mebibytes - 1) << 20


def round_trips(client, server, count):
    """Ping `count` times: the times in ms of those that were answered."""
    output = client.run("ping", "-n", "-c", count, "-i", "0.01", "-W", 2, server.address, check=False)
    return [float(ms) for ms in re.findall(r" time=([\d.]+) ms", output)]


def hops(host, address, most=5, wait=5):
    """The addresses that a traceroute shows; "*" where nobody has answered."""
    output = host.run("busybox", "traceroute", "-n", "-q", 1, "-w", wait, "-m", most, address)
    return re.findall(r"^ *\d+  ([\d.*]+)", output, re.M)


class Tap:
    """Sends frames by a host's eth0 and hears those that come there, as they were on the wire: those of
    TEST_KIND, tagged or not, or `every` one."""

    def __init__(self, host, every=False):
        with host.namespace.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind(("eth0", ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.setblocking(False)
        self.every = every
        self.frames = []

    def close(self):
        self.socket.close()

    def send(self, frame):
        self.socket.send(frame)

    def heard(self, most=None):
        """All frames that have come so far; `most` bounds how many are looked at now, of a flood that
        does not end."""
        for _ in itertools.count() if most is None else range(most):
            try:
                data, control, _, source = self.socket.recvmsg(1 << 16, 1 << 10)
            except BlockingIOError:
                break
            if source[2] != socket.PACKET_OUTGOING:
                self._keep(data, control)
        return self.frames

    def _keep(self, data, control):
        """The kernel puts a frame's tag beside it: put it back."""
        for level, kind, value in control:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", value[:20])
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & TP_STATUS_VLAN_VALID:
                data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        if self.every or kind_of(data) == TEST_KIND:
            self.frames.append(data)


def tag(vid, pcp=0):
    """An 802.1Q tag for tagged()."""
    return struct.pack("!HH", 0x8100, pcp << 13 | vid)


def tagged(frame, tags):
    return frame[:12] + tags + frame[12:]


def kind_of(frame):
    """The Ethernet type behind the tags."""
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return int.from_bytes(frame[at:at + 2], "big")


def numbered(src, dst, number, length=46):
    """A frame between the hosts of two numbers (0: to all) that differs from those of other numbers."""
    return ethernet(src, dst, struct.pack("!I", number).ljust(length, b"."), TEST_KIND)


def greeter(lab, host, port):
    """Start a server at a host that says the host's name, by TCP and UDP."""
    process = lab.start([sys.executable, GREETER, host.name, str(port)], f"greeter-{host.name}-{port}.log",
                        where=host.namespace)
    wait_for(lambda: "listening" in process.output(), f"the server of {host.name}")
    return process


class Conversation:
    """A TCP connection from a host to a greeter; `name` is what it was told, None if nothing was within
    `limit` seconds. It ends by a reset, so that the next one may have the same port at once."""

    def __init__(self, host, address, port, limit=3, from_port=0):
        with host.namespace.entered():
            self.socket = socket.socket()
        self.socket.settimeout(limit)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.name = None
        try:
            self.socket.bind(("", from_port))
            self.socket.connect((address, port))
            self.name = self._read()
        except OSError:
            pass

    def _read(self):
        return self.socket.recv(100).decode().strip() or None

    def ask(self):
        """The name, once more."""
        try:
            self.socket.send(b"\n")
            return self._read()
        except OSError:
            return None

    def close(self):
        self.socket.close()


def greeting(host, address, port, limit=3):
    """The name of the greeter that a host reaches by TCP, or None."""
    conversation = Conversation(host, address, port, limit)
    conversation.close()
    return conversation.name


def greeting_by_udp(host, address, port, limit=3):
    """The same by UDP."""
    with host.namespace.entered(), socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.settimeout(limit)
        try:
            sender.sendto(b"\n", (address, port))
            return sender.recv(100).decode().strip()
        except OSError:
            return None
