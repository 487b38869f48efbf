"""The calls of a script, made through the shared object's table, and what must come of them.

What is written and read are bytes of which each is known from its place in the stream, and each is
checked.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import ctypes
import errno
import fcntl
import os
import re
import select
import socket
import struct
import termios

from language import BadScript

LOCAL, REMOTE = socket.inet_aton("192.168.0.2"), socket.inet_aton("192.0.2.1")
LOCAL_PORT, REMOTE_PORT = 8080, 54321
CONSTANTS = {name: value for module in (socket, select, os, fcntl, termios)
             for name, value in vars(module).items()
             if isinstance(value, int) and name.isupper()}
CONSTANTS |= {"TCP_USER_TIMEOUT": 18, "SIOCINQ": termios.FIONREAD, "SIOCOUTQ": termios.TIOCOUTQ,
              "SIOCOUTQNSD": 0x894b} | {name: number for number, name in errno.errorcode.items()}


class Failed(Exception):
    """What happened is not what the script says."""


def stream(at, length):
    """Bytes of a stream by their places."""
    return bytes((at + i) * 167 >> 3 & 0xff for i in range(length))


def value_of(text):
    """A call's number: 7, 0x10, SOL_TCP, O_RDWR|O_NONBLOCK."""
    total = 0
    for word in text.split("|"):
        word = word.strip()
        total |= CONSTANTS[word] if word in CONSTANTS else int(word, 0)
    return total


def address(ip, port):
    """A struct sockaddr_in."""
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + ip + bytes(8)


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32),
                ("iov", ctypes.POINTER(IoVec)), ("iov_len", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Pieces:
    """A struct iovec[] with its rooms; from `at` on they hold what is to be written."""

    def __init__(self, text, at=0):
        self.rooms = []
        for length in map(int, re.findall(r"\{\.\.\., (\d+)\}", text)):
            self.rooms.append(ctypes.create_string_buffer(stream(at, length), length))
            at += length
        self.vector = (IoVec * len(self.rooms))(*(
            IoVec(ctypes.addressof(room), len(room)) for room in self.rooms))

    def data(self, length):
        return b"".join(room.raw for room in self.rooms)[:max(length, 0)]

    def message(self):
        return ctypes.byref(Message(iov=self.vector, iov_len=len(self.rooms)))


class Calls:
    """Makes them for one script."""

    def __init__(self, host):
        self.host = host
        self.fds = {}        # the script's descriptors: ours
        self.last_fd = None  # of the last connection, for TCP_INFO
        self.written, self.read = {}, {}

    def fd(self, text):
        return self.fds.get(int(text), int(text))

    def call_socket(self, _domain, kind, protocol):
        return self.host.call("socket", socket.AF_INET, value_of(kind), value_of(protocol))

    def call_bind(self, fd, *_):
        return self.host.call("bind", self.fd(fd), address(LOCAL, LOCAL_PORT), 16)

    def call_listen(self, fd, backlog):
        return self.host.call("listen", self.fd(fd), value_of(backlog))

    def call_connect(self, fd, *_):
        self.last_fd = self.fd(fd)
        return self.host.call("connect", self.fd(fd), address(REMOTE, REMOTE_PORT), 16)

    def call_accept(self, fd, *_):
        room, length = ctypes.create_string_buffer(16), ctypes.c_uint32(16)
        result = self.host.call("accept", self.fd(fd), room, ctypes.byref(length))
        if result[0] >= 0:
            self.last_fd = result[0]
            if room.raw[:8] != address(REMOTE, REMOTE_PORT)[:8]:
                raise Failed("accept() tells another peer's address")
        return result

    def call_read(self, fd, _buffer, length, *flags):
        fd, length = self.fd(fd), value_of(length)
        room = ctypes.create_string_buffer(max(length, 1))
        flags = value_of(flags[0]) if flags else 0
        result = self.host.call("recv", fd, room, length, flags)
        self.check_read(fd, room.raw[:max(result[0], 0)], flags)
        return result

    def check_read(self, fd, data, flags=0):
        at = self.read.get(fd, 0)
        if data != stream(at, len(data)):
            raise Failed("the bytes that were read are not those that came")
        self.read[fd] = at if flags & socket.MSG_PEEK else at + len(data)

    def call_recvfrom(self, fd, _buffer, length, flags, *_):
        return self.call_read(fd, _buffer, length, flags)

    def call_write(self, fd, _buffer, length, *flags):
        fd, length = self.fd(fd), value_of(length)
        at = self.written.get(fd, 0)
        return self.wrote(fd, self.host.call("send", fd, stream(at, length), length,
                                             value_of(flags[0]) if flags else 0))

    def wrote(self, fd, result):
        self.written[fd] = self.written.get(fd, 0) + max(result[0], 0)
        return result

    call_recv, call_send = call_read, call_write

    def call_sendto(self, fd, _buffer, length, flags, *_):
        """The tool gives the peer's address whatever the socket."""
        fd, length = self.fd(fd), value_of(length)
        at = self.written.get(fd, 0)
        return self.wrote(fd, self.host.call("sendto", fd, stream(at, length), length,
                                             value_of(flags), address(REMOTE, REMOTE_PORT), 16))

    # --- In pieces: [{..., 1000}, {..., 24}]

    def call_readv(self, fd, pieces, _count):
        fd, pieces = self.fd(fd), Pieces(pieces)
        result = self.host.call("readv", fd, pieces.vector, len(pieces.rooms))
        self.check_read(fd, pieces.data(result[0]))
        return result

    def call_recvmsg(self, fd, message, flags):
        fd, pieces, flags = self.fd(fd), Pieces(message), value_of(flags)
        result = self.host.call("recvmsg", fd, pieces.message(), flags)
        self.check_read(fd, pieces.data(result[0]), flags)
        return result

    def call_writev(self, fd, pieces, _count):
        fd = self.fd(fd)
        pieces = Pieces(pieces, self.written.get(fd, 0))
        return self.wrote(fd, self.host.call("writev", fd, pieces.vector, len(pieces.rooms)))

    def call_sendmsg(self, fd, message, flags):
        fd = self.fd(fd)
        pieces = Pieces(message, self.written.get(fd, 0))
        return self.wrote(fd, self.host.call("sendmsg", fd, pieces.message(), value_of(flags)))

    # --- About a socket

    def call_fcntl(self, fd, command, flags="0"):
        return self.host.call("fcntl", self.fd(fd), value_of(command), value_of(flags))

    def call_setsockopt(self, fd, level, name, value, length):
        if found := re.fullmatch(r"\{onoff=(\d+), linger=(\d+)\}", value):
            raw = struct.pack("ii", *map(int, found.groups()))
        elif value.startswith('"'):
            raw = value.strip('"').encode()
        else:
            raw = struct.pack("i", value_of(value.strip("[]")))
        return self.host.call("setsockopt", self.fd(fd), value_of(level), value_of(name), raw,
                              value_of(length))

    def call_getsockopt(self, fd, level, name, value, room):
        expected = value.strip('"').encode() if value.startswith('"') else \
            struct.pack("i", value_of(value.strip("[]")))
        room = value_of(room.strip("[]"))
        got, length = ctypes.create_string_buffer(room), ctypes.c_uint32(room)
        result = self.host.call("getsockopt", self.fd(fd), value_of(level), value_of(name), got,
                                ctypes.byref(length))
        if result[0] == 0 and (length.value, got.raw) != (room, expected.ljust(room, b"\0")):
            raise Failed(f"the option is {got.raw[:length.value].hex()}")
        return result

    def call_ioctl(self, fd, request, value):
        got = ctypes.c_int()
        result = self.host.call("ioctl", self.fd(fd), value_of(request), ctypes.byref(got))
        if result[0] == 0 and got.value != value_of(value.strip("[]")):
            raise Failed(f"there are {got.value}")
        return result

    def call_shutdown(self, fd, how):
        return self.host.call("shutdown", self.fd(fd), value_of(how))

    def call_close(self, fd):
        return self.host.call("close", self.fd(fd))

    def call_poll(self, fds, count, timeout):
        rows = re.findall(r"\{fd=(\d+), events=([\w|]+)(?:, revents=([\w|]+))?\}", fds)
        raw = ctypes.create_string_buffer(b"".join(
            struct.pack("=ihh", self.fd(fd), value_of(events), 0) for fd, events, _ in rows))
        result = self.host.call("poll", raw, value_of(count), value_of(timeout))
        for i, (fd, _, expected) in enumerate(rows):
            revents = struct.unpack_from("=ihh", raw.raw, 8 * i)[2]
            if revents != value_of(expected or "0"):
                raise Failed(f"revents of {fd} is {revents:#x}")
        return result

    def make(self, p):
        """The call of an event, and whether its result is the one that the script says."""
        make = getattr(self, "call_" + p["name"], None)
        if make is None:
            raise BadScript(f"no such call: {p['name']}")
        result, error = make(*p["arguments"])
        expected = int(p["result"])
        expected_error = errno.errorcode[getattr(errno, p["error"])] if p["error"] else ""
        if p["name"] in ("socket", "accept") and result >= 0 <= expected:
            self.fds[expected] = result
        elif (result, error) != (expected, expected_error):
            raise Failed(f"{p['name']}() = {result} {error}")
        if p["name"] == "close" and result == 0:
            self.forget(int(p["arguments"][0]))

    def forget(self, fd):
        live = self.fds.pop(fd)
        self.written.pop(live, None)
        self.read.pop(live, None)

    def close_rest(self):
        """As the tool does, with what a script leaves open."""
        for fd in self.fds.values():
            os.close(fd)

