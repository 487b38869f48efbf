"""Runs a packet script against the shared object: plays its peer, makes its calls, checks the rest.

Sequence numbers of a script are relative to the first one of either side, as are our timestamps.
What is written and what comes are bytes of which each is known from its place in the stream, and
each is checked. A script has one flow, and its last line is its end: a packet that was sent by then
and that no line names is an error.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import ctypes
import fcntl
import os
import re
import select
import socket
import struct

from host import Host
from language import BadScript, read_script
from packet import BadPacket, Segment, read_tcp_packet, tcp_packet, unreachable_packet

LOCAL, REMOTE = socket.inet_aton("192.168.0.1"), socket.inet_aton("192.0.2.1")
LOCAL_PORT, REMOTE_PORT = 8080, 54321
REMOTE_ISN = 0xfffffc00  # so that it wraps after a kilobyte
TOLERANCE = 4000         # microseconds, as the tool has it
MOD = 1 << 32
OPTIONS = {"so_flags", "tolerance_usecs"}
CONSTANTS = {name: value for module in (socket, select, os, fcntl)
             for name, value in vars(module).items()
             if isinstance(value, int) and name.isupper()}
CONSTANTS |= {"TCP_USER_TIMEOUT": 18}


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


class Run:
    def __init__(self, library, text):
        options, self.events = read_script(text)
        if unknown := set(options) - OPTIONS:
            raise BadScript(f"no such option: {unknown.pop()}")
        self.host = Host(library, options.get("so_flags", ""))
        self.tolerance = int(options.get("tolerance_usecs", TOLERANCE))
        self.time = 0              # of the last event, as the script has it
        self.fds = {}              # the script's descriptors: ours
        self.last_fd = None        # of the last connection, for TCP_INFO
        self.local_port = LOCAL_PORT
        self.local_isn = None
        self.ts_offset = None      # of our timestamps
        self.written, self.read = {}, {}

    # --- Time

    def due(self, when):
        """The earliest time of an event; None: any."""
        if when.begin is None:
            return None
        return when.begin + (self.time if when.relative else 0)

    def check_time(self, when, happened):
        due = self.due(when)
        if due is not None and not \
                due - self.tolerance <= happened <= due + when.span + self.tolerance:
            raise Failed(f"at {happened / 1e6:.6f}, not {due / 1e6:.6f}"
                         + (f"~{(due + when.span) / 1e6:.6f}" if when.span else ""))

    # --- Segments

    def wire_options(self, options):
        """Numbers of a script's options as they go over the wire towards us."""
        wire = []
        for name, *numbers in options:
            if name == "sack":
                numbers = [(n + (self.local_isn or 0)) % MOD for n in numbers]
            if name == "TS":
                numbers[1] = (numbers[1] + self.ts_offset) % MOD if self.ts_offset else 0
            wire.append((name, *numbers))
        return wire

    def send_segment(self, p):
        if p["options"] is None:
            raise BadScript("the options of a segment that comes must be said")
        payload = stream(p["seq"] - 1, p["len"])
        ack = (p["ack"] + (self.local_isn or 0)) % MOD if p["ack"] is not None else 0
        self.host.give(tcp_packet(REMOTE, LOCAL, Segment(
            p["flags"], (p["seq"] + REMOTE_ISN) % MOD, ack, p["win"] or 0, payload,
            self.wire_options(p["options"]), REMOTE_PORT, self.local_port)))

    def script_options(self, options):
        """Numbers of the wire's options as a script has them; the first timestamp is as expected."""
        read = []
        for name, *numbers in options:
            if name == "sack":
                numbers = [(n - REMOTE_ISN) % MOD for n in numbers]
            if name == "TS":
                numbers[0] = (numbers[0] - (self.ts_offset or 0)) % MOD
            read.append((name, *numbers))
        return read

    def learn(self, segment, p):
        """From the first segment of ours: our port, ISN, and the offset of our timestamps."""
        if "S" in segment.flags and segment.dport == REMOTE_PORT:
            self.local_isn = segment.seq
            self.local_port = segment.sport
        stamps = [o for o in segment.options if o[0] == "TS"]
        expected = [o for o in p["options"] or [] if o[0] == "TS"]
        if self.ts_offset is None and stamps and expected:
            self.ts_offset = (stamps[0][1] - expected[0][1]) % MOD

    def told(self, s):
        """A segment of ours in the script's numbers."""
        seq = s.seq - self.local_isn if self.local_isn is not None else s.seq
        return {"flags": "".join(sorted(s.flags)), "seq": seq % MOD, "len": len(s.payload),
                "ack": (s.ack - REMOTE_ISN) % MOD if "." in s.flags else None,
                "win": s.win, "options": self.script_options(s.options)}

    def expect_segment(self, when, p):
        taken = self.host.take()
        if taken is None:
            raise Failed("nothing was sent, and nothing will be")
        packet, happened = taken
        segment = read_tcp_packet(packet, LOCAL, REMOTE)
        self.learn(segment, p)
        told = self.told(segment)
        expected = {name: p[name] for name in told}
        for name in ("win", "options"):
            if expected[name] is None:
                expected[name] = told[name]
        self.compare_stamps(told, expected)
        if told != expected:
            raise Failed(f"sent at {happened / 1e6:.6f}: " + describe(told))
        if segment.payload != stream(told["seq"] - 1, told["len"]):
            raise Failed("the bytes are not those that were written")
        self.check_time(when, happened)
        return happened

    def compare_stamps(self, told, expected):
        """Our clock ticks in milliseconds, so the tolerance holds for timestamps too."""
        for i, (a, b) in enumerate(zip(told["options"], expected["options"])):
            if a[0] == b[0] == "TS" and abs(a[1] - b[1]) * 1000 <= self.tolerance and a[2] == b[2]:
                expected["options"] = expected["options"][:i] + [a] + expected["options"][i + 1:]

    def send_icmp(self, p):
        quoted = tcp_packet(LOCAL, REMOTE, Segment(
            ".", (p["seq"] + (self.local_isn or 0)) % MOD, 0, 0, bytes(p["len"]), [],
            self.local_port, REMOTE_PORT))
        self.host.give(unreachable_packet(REMOTE, LOCAL, p["code"], int(p["mtu"] or 0), quoted))

    # --- Calls

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
        if result[0] > 0:
            at = self.read.get(fd, 0)
            if room.raw[:result[0]] != stream(at, result[0]):
                raise Failed("the bytes that were read are not those that came")
            self.read[fd] = at if flags & socket.MSG_PEEK else at + result[0]
        return result

    def call_write(self, fd, _buffer, length, *flags):
        fd, length = self.fd(fd), value_of(length)
        at = self.written.get(fd, 0)
        result = self.host.call("send", fd, stream(at, length), length,
                                value_of(flags[0]) if flags else 0)
        self.written[fd] = at + max(result[0], 0)
        return result

    call_recv, call_send = call_read, call_write

    def call_fcntl(self, fd, command, flags="0"):
        return self.host.call("fcntl", self.fd(fd), value_of(command), value_of(flags))

    def call_setsockopt(self, fd, level, name, value, *_):
        if found := re.fullmatch(r"\{onoff=(\d+), linger=(\d+)\}", value):
            raw = struct.pack("ii", *map(int, found.groups()))
        elif value.startswith('"'):
            raw = value.strip('"').encode()
        else:
            raw = struct.pack("i", value_of(value.strip("[]")))
        return self.host.call("setsockopt", self.fd(fd), value_of(level), value_of(name), raw,
                              len(raw))

    def call_getsockopt(self, fd, level, name, value, *_):
        got, length = ctypes.c_int(), ctypes.c_uint32(4)
        result = self.host.call("getsockopt", self.fd(fd), value_of(level), value_of(name),
                                ctypes.byref(got), ctypes.byref(length))
        if result[0] == 0 and got.value != value_of(value.strip("[]")):
            raise Failed(f"the option is {got.value}")
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

    def call(self, p):
        make = getattr(self, "call_" + p["name"], None)
        if make is None:
            raise BadScript(f"no such call: {p['name']}")
        result, error = make(*p["arguments"])
        expected = int(p["result"])
        if p["name"] in ("socket", "accept") and result >= 0 <= expected:
            self.fds[expected] = result
        elif (result, error) != (expected, p["error"] or ""):
            raise Failed(f"{p['name']}() = {result} {error}")

    # --- Events

    def run_code(self, code):
        lines = [line.strip() for line in code.strip().splitlines()]
        names = self.host.tcp_info(self.last_fd) if self.last_fd is not None else {}
        try:
            exec("\n".join(lines), {"TCP_ESTABLISHED": 1}, names)
        except AssertionError as error:
            raise Failed(f"the assertion does not hold: {error}") from None

    def play(self, event):
        """An event of our making, at its time. Returns that."""
        due = self.due(event.when)
        if due is not None:
            self.host.sleep_until(due)
        match event.kind:
            case "segment":
                self.send_segment(event.parts)
            case "icmp":
                self.send_icmp(event.parts)
            case "call":
                self.call(event.parts)
            case "code":
                self.run_code(event.parts["code"])
        return self.host.now() if due is None else due

    def step(self, event):
        if event.kind == "segment" and event.parts["way"] == ">":
            happened = self.expect_segment(event.when, event.parts)
            exact = event.when.begin is not None and not event.when.span
            self.time = self.due(event.when) if exact else happened
        else:
            self.time = self.play(event)

    def check_rest(self):
        """Nothing may have been sent by now that no line names."""
        self.host.sleep_until(self.time)
        end = max(self.time, self.host.now())
        taken = self.host.take()
        if taken and taken[1] <= end:
            told = self.told(read_tcp_packet(taken[0], LOCAL, REMOTE))
            raise Failed(f"also sent at {taken[1] / 1e6:.6f}: " + describe(told))

    def run(self):
        event = None
        try:
            for event in self.events:
                self.step(event)
            self.check_rest()
        except (Failed, BadScript, BadPacket, ValueError, TypeError) as error:
            raise Failed(f"line {event.line if event else 0}: "
                         f"{event.text if event else ''}\n    {error}") from None
        finally:
            self.host.close()


def address(ip, port):
    """A struct sockaddr_in."""
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + ip + bytes(8)


def describe(told):
    """A segment as a script would have it."""
    options = ",".join(" ".join(map(str, o)) for o in told["options"])
    ack = f" ack {told['ack']}" if told["ack"] is not None else ""
    return (f"{told['flags']} {told['seq']}:{told['seq'] + told['len']}({told['len']}){ack} "
            f"win {told['win']} <{options}>")


def run_script(library, text):
    """None, or why it failed."""
    try:
        Run(library, text).run()
    except (Failed, BadScript, ValueError) as error:
        return str(error)
    return None
