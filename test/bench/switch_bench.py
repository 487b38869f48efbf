#!/usr/bin/env python3
"""morgana-switch's figures beside those of Open vSwitch in user space, measured in one run.

    switch_bench.py [--rounds=N] [--seconds=N] [--out=FILE.json] [--quick]

Between veth pairs in namespaces of its own, the same for all: Open vSwitch (datapath_type=netdev),
morgana-switch with packet sockets (eth:) and with AF_XDP (xdp:). The switch has one core, what
generates and receives has another. The flood is made in the kernel, and nobody listens where it
comes out (flood.c): little is to be spent on anything but the switch. There are two places where
the kernel can receive it (flood.py), and each switch's better figure counts. The search for a rate
without loss, TCP and ping have real senders and receivers. Rounds alternate between the switches,
so that what else the machine does meets all, and ratios are made within a round. Prints a table and
writes FILE.json. It fails if something cannot be measured, never because of a figure: targets stand
beside the figures, met or not.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import pathlib
import re
import statistics

import flood
from peers import GENERATOR_CORE, pinned
from switches import SWITCH_CORE, Morgana, Ovs, cpu_ns, peak_mib
from tables import need, spread, verdict
from lab import Lab, namespace, program, wait_for
from lab.step import life

FRAME = 60  # bytes, and 4 of FCS that veth does not have
# morgana-bench's devices: those that cost the least, to send from and to receive at.
SOURCE, SINK = "xdp:g1", "eth:g2"
LOSS = 100  # frames of a million, at the rate that is called lossless
FLOWS = 10_000
MEMORY_TARGET = 32  # MiB, with FLOWS flows
# What is measured: its unit, its form, and what a ratio to Open vSwitch's figure is to reach.
ROWS = {
    "frames": ("frames/s of 64 bytes that come through a flood of them", "{:,.0f}", {"morgana eth:": 2.2, "morgana xdp:": 4}),
    "lossless": (f"frames/s with at most {LOSS / 10000} % lost (RFC 2544 section 26.1)", "{:,.0f}",
                 {"morgana eth:": 2.2, "morgana xdp:": 4}),
    "cpu_ns": ("CPU ns a frame", "{:,.0f}", {}),
    "iperf3": ("Gbit/s of TCP, no offloads", "{:.2f}", {"morgana eth:": 2, "morgana xdp:": 2}),
    "iperf3_offloads": ("Gbit/s of TCP, offloads on", "{:.2f}", {"morgana eth:": 5}),
    "flow_mods": ("flow-mods/s by OpenFlow", "{:,.0f}", {}),
    "ping_us": ("us of ping, 100 a second", "{:,.0f}", {"morgana eth:": 1, "morgana xdp:": 1}),
}
LOWER_IS_BETTER = {"cpu_ns", "ping_us"}


class Bed:
    """Where it is measured: two links for the generator, and two hosts."""

    def __init__(self, lab):
        self.lab = lab
        self.generator = lab.namespace("gen")
        self.hosts = [lab.host(number) for number in (1, 2)]
        for number, host in enumerate(self.hosts, 1):
            namespace.link(lab.net, f"p{number}", self.generator, f"g{number}")
            namespace.link(lab.net, f"q{number}", host.namespace, "eth0")
            host.configure()
        flood.prepare(lab.net, "p1")

    def set_offloads(self, state):
        """Those that namespace.no_offloads() takes away, of the hosts and of the switch's ends."""
        ends = [(host.namespace, "eth0") for host in self.hosts]
        ends += [(self.lab.net, "q1"), (self.lab.net, "q2")]
        for where, name in ends:
            where.run(["ethtool", "-K", name, *(word for what in ("tx", "tso", "gso", "gro")
                                                for word in (what, state))])


# --- One switch ------------------------------------------------------------------------------------

def bench(bed, mode, seconds, *words):
    """morgana-bench's report of a run in the generator's namespace."""
    return json.loads(bed.generator.run(pinned(GENERATOR_CORE, [
        program("morgana-bench"), f"--mode={mode}", f"--duration={seconds * 1000:.0f}ms",
        f"--warmup={seconds * 200:.0f}ms", "--json", *words])))


def search(bed, seconds):
    """The highest rate at which no more than LOSS are lost, in trials of so many seconds."""
    return bench(bed, "search", seconds, f"--from={SOURCE}", f"--to={SINK}", f"--frame={FRAME}",
                 f"--loss={LOSS}", "--lost-after=200ms")


def flooded(bed, pid, place, seconds):
    """The report of a flood, with the switch's CPU time for each frame that came through."""
    before = cpu_ns(pid)
    report = flood.flood(bed.generator, "g1", "g2", seconds, place)
    return report | {"rate": report["received"] / report["seconds"],
                     "cpu_ns": (cpu_ns(pid) - before) / max(report["all"], 1)}


def is_listening(host):
    return "5201" in host.run("ss", "-Hltn", "sport", "=", ":5201")


def iperf3(bed, seconds):
    """Gbit/s of one TCP connection from the first host to the second."""
    client, server = bed.hosts
    log = f"iperf3-{len(bed.lab.processes)}.log"
    process = bed.lab.start(pinned(GENERATOR_CORE, ["iperf3", "-s", "-1", "--forceflush"]), log,
                            where=server.namespace)
    wait_for(lambda: is_listening(server) or not process.is_alive(), "iperf3's server")
    report = json.loads(client.run(*pinned(GENERATOR_CORE, [
        "iperf3", "-c", server.address, "-t", max(1, round(seconds)), "-J"])))
    process.wait()
    return report["end"]["sum_received"]["bits_per_second"] / 1e9


def ping_us(bed, seconds):
    """The median of round trips, 100 of them a second."""
    client, server = bed.hosts
    output = client.run(*pinned(GENERATOR_CORE, [
        "ping", "-n", "-i", "0.01", "-c", round(seconds * 100), server.address]))
    return statistics.median(float(ms) * 1000 for ms in re.findall(r"time=([\d.]+) ms", output))


def reach(bed):
    """The hosts know each other's addresses, and all links are up."""
    wait_for(lambda: bed.hosts[0].ping(bed.hosts[1]), "the hosts to reach each other", limit=60)


def measure(bed, switch, seconds):
    figures = {}
    with switch.between("p1", "p2") as pid:
        floods = figures["floods"] = [flooded(bed, pid, place, seconds) for place in flood.PLACES]
        best = max(floods, key=lambda report: report["rate"])
        figures["frames"], figures["cpu_ns"] = best["rate"], best["cpu_ns"]
        found = figures["search"] = search(bed, seconds / 3)
        figures["lossless"] = found["frames_per_second"]["sent"] if found["good"] else 0
        figures["flow_mods"] = bench(bed, "flow-mods", seconds, f"--switch=unix:{switch.socket}",
                                     "--lost-after=60s")["flow_mods_per_second"]["all"]
    with switch.between("q1", "q2"):
        reach(bed)
        figures["iperf3"] = iperf3(bed, seconds)
        figures["ping_us"] = ping_us(bed, seconds)
    if switch.offloads:
        bed.set_offloads("on")
        with switch.between("q1", "q2"):
            reach(bed)
            figures["iperf3_offloads"] = iperf3(bed, seconds)
        bed.set_offloads("off")
    return figures


# --- All of them -----------------------------------------------------------------------------------

def ratios_of(rounds, row, name):
    """Of a figure to Open vSwitch's in the same round; with offloads: to the one that it has without,
    since it does not forward partial checksums right."""
    base = "iperf3" if row == "iperf3_offloads" else row
    return [r[name][row] / r["ovs"][base] for r in rounds if row in r[name] and r["ovs"][base]]


def print_row(rounds, row, name):
    _, form, targets = ROWS[row]
    values = [r[name][row] for r in rounds if row in r[name]]
    if not values:
        print(f"  {name:14} not possible")
        return
    line = f"  {name:14} {spread(values, form):32}"
    ratios = ratios_of(rounds, row, name)
    if name != "ovs" and ratios:
        line += " ratio " + spread(ratios, "{:.2f}x")
        if name in targets:
            middle, target = statistics.median(ratios), targets[name]
            met = middle <= target if row in LOWER_IS_BETTER else middle >= target
            line = verdict(line, f"{'at most ' if row in LOWER_IS_BETTER else ''}{target}x", met)
    print(line)


def print_rounds(rounds):
    for row, (unit, _, _) in ROWS.items():
        print(f"\n{unit}: median (least - most) of {len(rounds)} rounds")
        for name in rounds[0]:
            print_row(rounds, row, name)
    print("\nframes/s of the flood, by where the kernel receives what comes out")
    for name in rounds[0]:
        print(f"  {name:14} " + "   ".join(
            f"{place}: {spread([r[name]['floods'][at]['rate'] for r in rounds])}"
            for at, place in enumerate(flood.PLACES)))
    lost = {name: statistics.median(r[name]["search"]["frames"]["missed"] for r in rounds)
            for name in rounds[0]}
    print("\nframes without loss that morgana-bench itself had no room for: " +
          ", ".join(f"{name} {count:,.0f}" for name, count in lost.items()))


def memory(bed, switch):
    """Peak memory with two ports and FLOWS flows."""
    flows = [f"priority={number % 100 + 1},udp,nw_src=10.{number >> 16}.{number >> 8 & 255}."
             f"{number & 255},actions=output:2" for number in range(FLOWS)]
    with switch.between("p1", "p2") as pid:
        switch.add_flows(flows)
        return peak_mib(pid)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("switch-bench.json"))
    parser.add_argument("--quick", action="store_true", help="a rough idea in a minute")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 2, 1
    return args


def main():
    args = arguments()
    need(["ovs-vswitchd", "ovs-ofctl", "iperf3", "ping", "ethtool", "taskset"])
    print(f"the switch on core {SWITCH_CORE}, the flood, what searches ({SOURCE} to {SINK}) and "
          f"the hosts on core {GENERATOR_CORE}", flush=True)
    with life(), Lab() as lab:
        bed = Bed(lab)
        switches = [Ovs(lab), Morgana(lab, "eth"), Morgana(lab, "xdp")]
        rounds = [{switch.name: measure(bed, switch, args.seconds) for switch in switches}
                  for _ in range(args.rounds)]
        peaks = {switch.name: memory(bed, switch) for switch in switches[1:]}
    print_rounds(rounds)
    print(f"\npeak memory with {FLOWS:,} flows")
    for name, mib in peaks.items():
        print(verdict(f"  {name:14} {mib:.1f} MiB", f"{MEMORY_TARGET} MiB", mib <= MEMORY_TARGET))
    ratios = {row: {name: ratios_of(rounds, row, name) for name in peaks} for row in ROWS}
    args.out.write_text(json.dumps({"rounds": rounds, "ratios": ratios, "peak_mib": peaks},
                                   indent=1) + "\n")
    print(f"\nall figures: {args.out}")


if __name__ == "__main__":
    main()
