"""What a host sees on its link: tcpdump, as a person would start it.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import socket

from lab import wait_for

MARK_PORT = 9  # UDP's discard: nobody listens there


class Capture:
    """tcpdump of what a filter lets through at a host's eth0, from now on."""
    numbers = itertools.count()

    def __init__(self, host, what="icmp"):
        self.host = host
        number = next(self.numbers)
        self.process = host.lab.start(
            ["tcpdump", "-i", "eth0", "-l", "-n", "-t", "--immediate-mode",
             f"({what}) or (udp dst port {MARK_PORT})"], f"tcpdump-{number}.log", host.namespace)
        wait_for(lambda: "listening on" in self.process.output(), f"tcpdump on {host.name}")

    def _lines(self):
        return [line for line in self.process.output().splitlines() if line.startswith("IP ")]

    def lines(self):
        """What it has seen so far; all of it, as it sees a mark that the host itself now sends."""
        mark = f"> 10.0.0.255.{MARK_PORT}:"
        with self.host.namespace.entered(), socket.socket(type=socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.bind((self.host.address, 0))
            sender.sendto(b"mark", ("10.0.0.255", MARK_PORT))
        mine = f"IP {self.host.address}."
        wait_for(lambda: any(line.startswith(mine) and mark in line for line in self._lines()),
                 f"tcpdump on {self.host.name} to see its own mark")
        return [line for line in self._lines() if mark not in line]

    def requests(self, source, target):
        """The echo requests from one host to another that it has seen."""
        begin = f"IP {source.address} > {target.address}: ICMP echo request"
        return [line for line in self.lines() if line.startswith(begin)]
