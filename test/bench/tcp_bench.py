#!/usr/bin/env python3
"""Morgana's TCP on a tap beside lwIP's on the same tap and beside a second kernel's over a relay,
measured in one run.

    tcp_bench.py [--rounds=N] [--seconds=N] [--connections=N] [--out=FILE.json] [--quick]

The peer of all is a kernel that serves through a tap in a namespace of its own. Morgana and lwIP
(Debian's) have the tap's other end; the second kernel has a tap in another namespace, and a relay
carries frames between the two taps. The client has one core, the server another; the relay is
measured on the one and on the other, and the better of the two counts. Rounds alternate between
them all, so that what else the machine does meets all, and ratios are made within a round. Prints a
table and writes FILE.json. It fails if something cannot be measured, never because of a figure:
targets stand beside the figures, met or not.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import pathlib
import statistics
from typing import Callable, NamedTuple

from peers import GENERATOR_CORE
from tables import need, spread, verdict
from tcp_peers import CLIENT_CORE, JOBS, KERNELS, Bed, kernels, lwip, morgana
from lab import Lab, program
from lab.step import life


class Row(NamedTuple):
    unit: str
    form: str
    figure: Callable  # of a client's report
    targets: dict     # what a ratio of Morgana's is to reach


def gbits(report):
    return report["bytes"] * 8e-9 / report["seconds"]


BULK_TARGETS = {"lwip": 2, "kernel": 0.6}
ROWS = {
    "send": Row("Gbit/s sent", "{:.2f}", gbits, BULK_TARGETS),
    "receive": Row("Gbit/s received", "{:.2f}", gbits, BULK_TARGETS),
    "turns": Row("transactions/s, a byte each way", "{:,.0f}",
                 lambda report: report["turns"] / report["seconds"], {}),
    "hold": Row("bytes of heap for an idle connection", "{:,.0f}",
                lambda report: report["heap"] / (report["connections"] - 1), {}),
}


def measure(bed, peers, seconds, connections):
    """One round: {job: {peer: figure}}; "kernel" is the better of the kernels."""
    reports = {peer.name: bed.measure(peer, seconds, connections if peer.holds else 0)
               for peer in peers}
    figures = {job: {name: row.figure(report[job]) for name, report in reports.items()
                     if job in report} for job, row in ROWS.items()}
    for job in JOBS:
        figures[job]["kernel"] = max(figures[job][name] for name in KERNELS)
    return figures


def ratios(rounds, job, name):
    """Of Morgana's figure to a peer's in the same round."""
    return [r[job]["morgana"] / r[job][name] for r in rounds]


def print_row(rounds, job):
    row = ROWS[job]
    print(f"\n{row.unit}: median (least - most) of {len(rounds)} rounds")
    for name in rounds[0][job]:
        line = f"  {name:18} {spread([r[job][name] for r in rounds], row.form):32}"
        if name != "morgana" and job in JOBS:
            all_ratios = ratios(rounds, job, name)
            line += " morgana's is " + spread(all_ratios, "{:.2f}x")
            if name in row.targets:
                line = verdict(line, f"{row.targets[name]}x",
                               statistics.median(all_ratios) >= row.targets[name])
        print(line)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--connections", type=int, default=1000, help="held open for their cost")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("tcp-bench.json"))
    parser.add_argument("--quick", action="store_true", help="a rough idea in half a minute")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds, args.connections = 3, 0.5, 100
    return args


def main():
    args = arguments()
    need(["ip", "taskset", program("test/bench/tcp_lwip")])
    print(f"the client on core {CLIENT_CORE}, the server on core {GENERATOR_CORE}", flush=True)
    peers = [morgana(), lwip(), *kernels()]
    with life(), Lab() as lab:
        bed = Bed(lab)
        rounds = [measure(bed, peers, args.seconds, args.connections)
                  for _ in range(args.rounds)]
    for job in ROWS:
        print_row(rounds, job)
    args.out.write_text(json.dumps({
        "rounds": rounds,
        "ratios": {job: {name: ratios(rounds, job, name) for name in ("lwip", "kernel")}
                   for job in JOBS}}, indent=1) + "\n")
    print(f"\nall figures: {args.out}")


if __name__ == "__main__":
    main()
