#!/usr/bin/env python3
"""A controller that calls a switch by name: resolved at a name server, addresses tried in turn.

The name server is ours, on loopback; the controller finds it in a resolv.conf of its own, in a mount
namespace of its own.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import socket
import struct
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, program, wait_for  # noqa: E402
from lab.process import Process  # noqa: E402

A, ANSWER, NO_SUCH_NAME = 1, 0x8180, 0x8183


def loopback(kind):
    s = socket.socket(socket.AF_INET, kind)
    s.bind(("127.0.0.1", 0))
    return s


class NameServer(threading.Thread):
    """Knows the A records of `names` and nothing else (RFC 1035 section 4)."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self.names = names
        self.socket = loopback(socket.SOCK_DGRAM)
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            self.socket.sendto(self.answer(query), peer)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        kind, = struct.unpack_from(">H", query, at + 1)
        known = self.names.get(".".join(labels))
        addresses = known if known and kind == A else []
        flags = NO_SUCH_NAME if known is None else ANSWER
        return (query[:2] + struct.pack(">5H", flags, 1, len(addresses), 0, 0) + query[12:at + 5] +
                b"".join(struct.pack(">HHHIH", 0xc00c, A, 1, 60, 4) + socket.inet_aton(address)
                         for address in addresses))


class NamesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        server = NameServer({"switch.test": ["127.0.0.2", "127.0.0.1"]})
        server.start()
        pathlib.Path(f"{self.folder}/resolv.conf").write_text(
            f"nameserver 127.0.0.1:{server.port}\n")  # a port here is libevent's own syntax
        self.switch = loopback(socket.SOCK_STREAM)
        self.addCleanup(self.switch.close)
        self.switch.listen()
        self.switch.settimeout(PATIENCE)

    def call(self, host):
        """A controller that connects to the switch at `host`."""
        port = self.switch.getsockname()[1]
        controller = Process(
            ["unshare", "--mount", "sh", "-ec",
             f'mount --bind {self.folder}/resolv.conf /etc/resolv.conf; exec "$@"', "sh",
             program("morgana-controller"), "--app=hub", f"--connect=tcp:{host}:{port}"],
            f"{self.folder}/log")
        self.addCleanup(controller.stop)
        return controller

    def test_the_next_address_is_tried_when_one_refuses(self):
        controller = self.call("switch.test")
        peer, _ = self.switch.accept()
        self.assertEqual(peer.recv(2), b"\x01\x00", "an OpenFlow 1.0 hello")
        peer.close()
        self.assertEqual(controller.stop(), 0, controller.output())

    def test_a_name_that_does_not_exist_is_said_and_the_controller_goes_on(self):
        controller = self.call("nobody.test")
        wait_for(lambda: "nobody.test" in controller.output() and
                 "cannot connect" in controller.output(), "the failure to be logged")
        self.assertTrue(controller.is_alive())
        self.assertEqual(controller.stop(), 0, controller.output())


if __name__ == "__main__":
    unittest.main()
