#!/usr/bin/env python3
"""A switch's errors: what ofp_validate() says of a faulty message, a real Open vSwitch says too.

Each fault of the unit tests' table goes to Open vSwitch, a barrier behind it; what comes before the
barrier's reply is its opinion. Where it differs, DIFFERENCES says what it answers and why ours is
what the specification asks for.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, Lab, OpenVSwitch  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MORGANA_BUILD", SOURCE / "build"))
HELLO, ERROR, FLOW_MOD, BARRIER_REQUEST, BARRIER_REPLY = 0, 1, 14, 18, 19
NO_BUFFER = b"\xff\xff\xff\xff"
BARRIER = struct.pack("!BBHI", 1, BARRIER_REQUEST, 8, 0xbbbbbbbb)
GOOD = (65535, 65535)

BAD_TYPE, BAD_VENDOR = (1, 1), (2, 2)
NOT_IN_1_0 = (0xb0c2, 0)  # Nicira's wrapping of an error that 1.0 has no code for

# What differs: what Open vSwitch answers, and why we judge otherwise.
DIFFERENCES = {
    "4.2: a newer hello (hello)": (
        BAD_TYPE, "it takes no second hello; whether one is due is the session's to know"),
    "5.5.1: a hello with a body (hello)": (BAD_TYPE, "the same"),
    "4.2: a hello of no version (hello)": (
        (1, 0), "a version that cannot be negotiated is HELLO_FAILED, INCOMPATIBLE"),
    "5.5.2: an echo of another version (echo_request)": (
        GOOD, "only hellos may differ in version before one is agreed on"),
    "4.2: an error at a switch (error_hello_failed)": (
        BAD_TYPE, "either end may fail a hello, and an error is not answered with an error"),
    "5.3.3: flags that 1.0 has no error for (flow_mod_add)": (
        NOT_IN_1_0, "a switch that must name the fault in 1.0's codes cannot"),
    "5.2.1: output to port 0 (flow_mod_add)": (GOOD, "ports are numbered from 1"),
    "5.2.4: enqueue to port 0 (flow_mod_add)": (GOOD, "ports are numbered from 1"),
    "5.2.1: output to TABLE in a flow (flow_mod_add)": (
        GOOD, "its resubmit extension; the specification has it in packet-out only"),
    "5.2.4: enqueue to LOCAL (flow_mod_add)": (
        GOOD, "its LOCAL is a device with queues; the specification: below OFPP_MAX, or IN_PORT"),
    "4.6: ignored actions must still have a length (flow_mod_delete_strict)": (
        BAD_VENDOR, "it judges the actions of a deletion, which the specification ignores"),
    "4.6: ignored actions must still have their type's length (flow_mod_delete_strict)": (
        BAD_VENDOR, "the same"),
    "5.3.3: the local port (port_mod)": ((4, 1), "it has the port, with another MAC address"),
    "5.3.4: the last physical port (queue_get_config_request)": ((5, 0), "it has no such port"),
    "5.5.4: a role reply is not for a switch (vendor_role_reply)": (
        BAD_TYPE, "the vendor's subtype is what a switch does not serve"),
}


class Peer:
    """A connection to the switch, past the hellos."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(struct.pack("!BBHI", 1, HELLO, 8, 1))
        assert self.receive()[0] == HELLO

    def receive(self):
        """(type, body) of the next message; None at the end of the stream."""
        header = self.stream.read(8)
        if len(header) < 8:
            return None
        _, kind, length, _ = struct.unpack("!BBHI", header)
        return kind, self.stream.read(length - 8)

    def opinion(self, message):
        """(type, code) of the error that it answers, GOOD if none; "closed" if it hangs up."""
        error = GOOD
        self.socket.sendall(message + BARRIER)
        while (answer := self.receive()) is not None:
            kind, body = answer
            if kind == BARRIER_REPLY:
                return error
            if kind == ERROR:
                error = struct.unpack("!HH", body[:4])
        return "closed"

    def close(self):
        self.stream.close()
        self.socket.close()


def cases():
    """[(why, message, what we say)], but for messages that break the stream's framing."""
    out = subprocess.run([BUILD / "test" / "interop" / "faults"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    for line in out.splitlines():
        kind, code, digits, why = line.split(" ", 3)
        message = bytearray.fromhex(digits)
        if message[1] == FLOW_MOD and len(message) >= 72:
            message[64:68] = NO_BUFFER  # which buffers there are is not the message's fault
        if struct.unpack("!H", message[2:4])[0] == len(message):
            yield why, message, (int(kind), int(code))


class ErrorsTest(unittest.TestCase):
    def test_open_vswitch_refuses_what_we_refuse_with_the_same_error(self):
        n, unused = 0, set(DIFFERENCES)
        with Lab() as lab:
            switch = OpenVSwitch(lab)
            for why, message, ours in cases():
                peer = Peer(switch.folder / (switch.bridge + ".mgmt"))
                theirs = peer.opinion(message)
                peer.close()
                expected, _ = DIFFERENCES.get(why, (ours, ""))
                unused.discard(why)
                n += 1
                with self.subTest(why):
                    self.assertEqual(theirs, expected, f"we say {ours}")
        self.assertGreater(n, 80)
        self.assertFalse(unused, "these are no differences any more")


if __name__ == "__main__":
    unittest.main()
