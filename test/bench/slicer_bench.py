#!/usr/bin/env python3
"""What slicing costs a packet-in, and what a slice that floods the slicer leaves the other.

    slicer_bench.py [--rounds=N] [--duration=TIME] [--out=FILE.json] [--quick]

On loopback: morgana-bench as the switch, the slicer, and a learning controller behind it as the slice
`blue`, once with the slicer between them and once without, in turns. Then a second slice, `red`, has
a controller that sends as much as the slicer takes (here: slicer_bench.py --flood=PORT). Prints tables, writes
FILE.json. It fails if something cannot be measured, never because of a figure: targets stand beside
the figures, met or not.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import pathlib
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile

from peers import (MORGANA, Peer, Running, die_with_parent, free_port, generate, is_listening,
                   program, wait_for)
from tables import need, spread, verdict

ADDED_TARGET = 100  # us at the median
LEFT_TARGET = 0.8
UNLIMITED = 100_000_000  # what blue may: all that it can
SHAPE = {"switches": 1, "hosts": 100}


# --- The flood -------------------------------------------------------------------------------------

def message(kind, body=b"", xid=1):
    return struct.pack("!BBHI", 1, kind, 8 + len(body), xid) + body


def flow_mod(vlan):
    """Half of them are red's own, half are to be refused."""
    match = struct.pack("!IH6s6sHBBHBBHIIHH", 0x3fffff & ~2, 0, b"", b"", vlan, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return message(14, match + struct.pack("!QHHHHIHH", 7, 3, 0, 0, 100, 0xffffffff, 0xffff, 0))


def flood(port):
    """A controller that sends all that a slicer takes, and reads all that it answers: echo requests,
    features requests, flow-mods, in turns."""
    block = (message(2, b"x" * 32) + message(5) + flow_mod(5) + flow_mod(6)) * 64
    with socket.create_server(("127.0.0.1", port)) as server:
        peer = server.accept()[0]
        peer.sendall(message(0))
        peer.setblocking(False)
        rest = b""
        while True:
            readable, writable, _ = select.select([peer], [peer], [])
            if readable and not peer.recv(1 << 20):
                return
            if writable:
                rest = rest or block
                rest = rest[peer.send(rest):]


class Flooding:
    """A process that floods, for a with statement."""

    def __init__(self, port):
        self.process = subprocess.Popen([sys.executable, __file__, f"--flood={port}"],
                                        preexec_fn=die_with_parent)
        wait_for(lambda: is_listening(port), "the flood to listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


# --- Runs ------------------------------------------------------------------------------------------

def slicer(blue, red=None):
    """The slicer before blue's controller, and red's: red has a VLAN that no host is in."""
    lines = [f"slice blue controller=tcp:127.0.0.1:{blue} rate={UNLIMITED} flows={UNLIMITED}", "dl_vlan=0xffff"]
    if red:
        lines += [f"slice red controller=tcp:127.0.0.1:{red}", "dl_vlan=5"]
    options = [f"--slicer-line={line}" for line in lines]
    return Peer("slicer", lambda port, folder: [
        program("morgana-controller"), f"--listen=ptcp:{port}:127.0.0.1", "--app=slicer", *options])


def latency(folder, duration):
    """p50 in us of a packet-in's answer: (without the slicer, through it)."""
    with Running(MORGANA, folder) as blue:
        direct = generate(blue.port, mode="latency", duration=duration, warmup="500ms", **SHAPE)
        with Running(slicer(blue.port), folder) as between:
            sliced = generate(between.port, mode="latency", duration=duration, warmup="500ms", **SHAPE)
    return tuple(figures["latency_us"]["p50"] for figures in (direct, sliced))


def rate(folder, duration, red):
    with Running(MORGANA, folder) as blue, Running(slicer(blue.port, red), folder) as between:
        figures = generate(between.port, mode="throughput", duration=duration, warmup="1s", **SHAPE)
    return figures["answers_per_second"]["mean"]


def left(folder, duration):
    """Answers a second to blue's packets: (red's controller is not there, it floods)."""
    port = free_port()
    alone = rate(folder, duration, port)
    with Flooding(port):
        return alone, rate(folder, duration, port)


def side_by_side(folder, rounds, duration):
    print("answers to packet-ins, one switch, p50 in us: median (min - max)")
    pairs = [latency(folder, duration) for _ in range(rounds)]
    added = statistics.median(b - a for a, b in pairs)
    print(f"  without the slicer   {spread([a for a, _ in pairs], '{:,.1f}')}\n"
          f"  through the slicer   {spread([b for _, b in pairs], '{:,.1f}')}\n"
          "  added " + verdict(f"{added:.1f} us", f"{ADDED_TARGET} us", added < ADDED_TARGET), flush=True)
    print("\nanswers a second to one slice's packet-ins: median (min - max)")
    rates = [left(folder, duration) for _ in range(rounds)]
    ratio = statistics.median(b / a for a, b in rates)
    print(f"  the other is silent  {spread([a for a, _ in rates])}\n"
          f"  the other floods     {spread([b for _, b in rates])}\n"
          "  left " + verdict(f"{ratio:.0%}", f"{LEFT_TARGET:.0%}", ratio >= LEFT_TARGET))
    return {"p50_us": pairs, "added_us": added, "answers_per_second": rates, "left": ratio}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", default="3s")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("slicer-bench.json"))
    parser.add_argument("--quick", action="store_true", help="one short round: does it run at all?")
    parser.add_argument("--flood", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.flood:
        return flood(options.flood)
    need(["taskset"])
    if options.quick:
        options.rounds, options.duration = 1, "300ms"
    with tempfile.TemporaryDirectory() as folder:
        results = side_by_side(pathlib.Path(folder), options.rounds, options.duration)
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\n{options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
