"""A switch made of a socket: says on the wire exactly what a test tells it to, right or wrong.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import socket
import struct

HELLO, ERROR, ECHO_REQUEST, ECHO_REPLY = 0, 1, 2, 3
FEATURES_REQUEST, FEATURES_REPLY = 5, 6
SET_CONFIG, PACKET_IN, PORT_STATUS, PACKET_OUT, FLOW_MOD = 9, 10, 12, 13, 14
BARRIER_REQUEST, BARRIER_REPLY = 18, 19

NO_BUFFER = 0xffffffff
LIMIT = 300  # seconds that a test waits for a message


def message(kind, body=b"", xid=0, version=1):
    """One OpenFlow message."""
    return struct.pack("!BBHI", version, kind, 8 + len(body), xid) + body


def features_reply(dpid, ports, xid):
    body = struct.pack("!QIB3xII", dpid, 256, 1, 0x87, 0xfff)
    for number in ports:
        body += struct.pack("!H6s16s6I", number, bytes([2, 0, 0, 0, 1, number & 0xff]),
                            b"port%d" % number, 0, 0, 0, 0, 0, 0)
    return message(FEATURES_REPLY, body, xid)


def packet_in(in_port, frame, total_len=None, buffer_id=NO_BUFFER):
    """A packet-in whose total_len is a lie if a test says so."""
    total_len = len(frame) if total_len is None else total_len
    return message(PACKET_IN, struct.pack("!IHHBx", buffer_id, total_len, in_port, 0) + frame)


def ethernet(src, dst, payload=b"\0" * 46, kind=0x88b5):
    """A frame between the hosts of two numbers; 0 is the broadcast address."""
    def mac(number):
        return b"\xff" * 6 if number == 0 else struct.pack("!HI", 0x0200, number)
    return mac(dst) + mac(src) + struct.pack("!H", kind) + payload


class FakeSwitch:
    """One connection to a controller in a lab's namespace. `target` is (address, port) for TCP or
    the path of a unix socket."""

    def __init__(self, lab, target, dpid=1, ports=(1, 2)):
        self.dpid = dpid
        self.ports = ports
        if isinstance(target, tuple):
            family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        else:
            family, target = socket.AF_UNIX, str(target)
        with lab.net.entered():
            self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(LIMIT)
        self.socket.connect(target)
        self._input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next message as (version, type, xid, body); None when the controller has closed."""
        with contextlib.suppress(ConnectionResetError):
            header = self._take(8)
            if header:
                version, kind, length, xid = struct.unpack("!BBHI", header)
                return version, kind, xid, self._take(length - 8)
        return None

    def _take(self, n):
        while len(self._input) < n:
            more = self.socket.recv(65536)
            if not more:
                return None
            self._input += more
        taken, self._input = self._input[:n], self._input[n:]
        return taken

    def receive_type(self, wanted):
        """The next message of a type; whatever a live switch must answer meanwhile is answered."""
        while True:
            got = self.receive()
            if got is None:
                raise AssertionError(f"the controller closed before a message of type {wanted}")
            _, kind, xid, body = got
            if kind == wanted:
                return got
            self._answer(kind, xid, body)

    def _answer(self, kind, xid, body):
        if kind == ECHO_REQUEST:
            self.send(message(ECHO_REPLY, body, xid))
        elif kind == BARRIER_REQUEST:
            self.send(message(BARRIER_REPLY, b"", xid))

    def join(self):
        """Say hello and tell the features: from then on the controller's apps know the switch."""
        self.send(message(HELLO))
        _, _, xid, _ = self.receive_type(FEATURES_REQUEST)
        self.send(features_reply(self.dpid, self.ports, xid))
        return self

    def is_served(self):
        """Whether the controller answers an echo request of ours."""
        self.send(message(ECHO_REQUEST, b"alive?", 77))
        _, _, xid, body = self.receive_type(ECHO_REPLY)
        return (xid, body) == (77, b"alive?")

    def is_closed(self):
        """Whether the controller closes, after whatever it may still say."""
        while self.receive() is not None:
            pass
        return True
