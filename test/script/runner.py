"""Runs a packet script against the shared object: plays its peer, makes its calls, checks the rest.

Sequence numbers of a script are relative to the first one of either side, as are our timestamps.
What is written and what comes are bytes of which each is known from its place in the stream, and
each is checked. A script has one flow, and its last line is its end: a packet that was sent by then
and that no line names is an error.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import dataclasses
import threading

from calls import LOCAL, REMOTE, REMOTE_PORT, LOCAL_PORT, Calls, Failed, stream
from host import Host
from language import BadScript, read_script
from packet import BadPacket, Segment, read_tcp_packet, tcp_packet, icmp_packet

REMOTE_ISN = 0xfffffc00  # so that it wraps after a kilobyte
TOLERANCE = 4000         # microseconds, as the tool has it
MOD = 1 << 32
OPTIONS = {"so_flags", "tolerance_usecs"}


class WaitingCall(threading.Thread):
    """A call that a script says will wait, in a thread of its own; then it looks at the clock."""

    def __init__(self, host, make):
        super().__init__(daemon=True)
        self.host, self.call = host, make
        self.over = threading.Event()
        self.wrong, self.ended = None, None
        self.start()
        while not self.over.wait(0.001) and not host.call_waits():
            pass

    def run(self):
        try:
            self.call()
        except (Failed, BadScript, ValueError, TypeError) as error:
            self.wrong = error
        self.ended = self.host.now()
        self.over.set()


class Run:
    def __init__(self, library, text):
        options, self.events = read_script(text)
        if unknown := set(options) - OPTIONS:
            raise BadScript(f"no such option: {unknown.pop()}")
        self.host = Host(library, options.get("so_flags", ""))
        self.tolerance = int(options.get("tolerance_usecs", TOLERANCE))
        self.time = 0              # of the last event, as the script has it
        self.calls = Calls(self.host)
        self.waiting = None        # a WaitingCall, and when it must end
        self.local, self.local_port = LOCAL, LOCAL_PORT
        self.local_isn = None
        self.ts_offset = None      # of our timestamps

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
        self.host.give(tcp_packet(REMOTE, self.local, Segment(
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

    def take_segment(self, p):
        """The next segment that is sent, and when."""
        taken = self.host.take()
        if taken is None:
            raise Failed("nothing was sent, and nothing will be")
        packet, happened = taken
        if p["flags"] == "S":
            self.local = packet[12:16]
        return read_tcp_packet(packet, self.local, REMOTE), happened

    def take_all(self, p):
        """As many as make up what a line expects; they differ in PSH and in the last one's length."""
        first, happened = self.take_segment(p)
        self.learn(first, p)
        last, payload = first, first.payload
        while last.payload and len(payload) < p["len"]:
            full = len(last.payload) == len(first.payload)
            last, _ = self.take_segment(p)
            if not full or (last.seq - first.seq) % MOD != len(payload) or last.ack != first.ack:
                raise Failed("also sent: " + describe(self.told(last)))
            payload += last.payload
        return dataclasses.replace(first, flags=last.flags, payload=payload), happened

    def expect_segment(self, when, p):
        segment, happened = self.take_all(p)
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
        quoted = tcp_packet(self.local, REMOTE, Segment(
            ".", (p["seq"] + (self.local_isn or 0)) % MOD, 0, 0, bytes(p["len"]), [],
            self.local_port, REMOTE_PORT))
        self.host.give(icmp_packet(REMOTE, self.local, p["type"], p["code"],
                                   int(p["mtu"] or 0), quoted))

    # --- Events

    def run_code(self, code):
        lines = [line.strip() for line in code.strip().splitlines()]
        fd = self.calls.last_fd
        names = self.host.tcp_info(fd) if fd is not None else {}
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
            case "call" if event.when.end is not None:
                self.join()
                waiting = WaitingCall(self.host, lambda: self.calls.make(event.parts))
                self.waiting = waiting, due + event.when.end - event.when.begin
            case "call":
                self.join()
                self.calls.make(event.parts)
            case "code":
                self.run_code(event.parts["code"])
        return self.host.now() if due is None else due

    def join(self):
        """The call that waits is over by now, and ended when it should."""
        if self.waiting is None:
            return
        call, due = self.waiting
        self.waiting = None
        if not call.over.wait(1):
            raise Failed("the call before it waits still")
        if call.wrong:
            raise call.wrong
        if abs(call.ended - due) > self.tolerance:
            raise Failed(f"the call before it ended at {call.ended / 1e6:.6f}, "
                         f"not {due / 1e6:.6f}")

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
            told = self.told(read_tcp_packet(taken[0], self.local, REMOTE))
            raise Failed(f"also sent at {taken[1] / 1e6:.6f}: " + describe(told))

    def run(self):
        event = None
        try:
            for event in self.events:
                self.step(event)
            self.check_rest()
            self.join()
        except (Failed, BadScript, BadPacket, ValueError, TypeError) as error:
            raise Failed(f"line {event.line if event else 0}: "
                         f"{event.text if event else ''}\n    {error}") from None
        finally:
            self.calls.close_rest()
            self.host.close()


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
