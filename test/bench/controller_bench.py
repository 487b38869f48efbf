#!/usr/bin/env python3
"""morgana-controller's figures beside ovs-testcontroller's, measured in one run on this machine.

    controller_bench.py [--rounds=N] [--duration=TIME] [--out=FILE.json] [--quick]

On loopback, the controller on one core and the generator on another. Rounds alternate between the
two, so that what else the machine does meets both. Prints tables, writes FILE.json, and FILE.png if
gnuplot is installed. It fails if something cannot be measured, never because of a figure: targets
stand beside the figures, met or not.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile

from peers import (CONTROLLER_CORE, GENERATOR_CORE, MORGANA, TESTCONTROLLER, Running, cost, generate,
                   instructions)
from tables import need, spread, verdict
from lab.step import life

SHAPE = {"switches": 16, "hosts": 100}
MODES = ("throughput", "latency")
CURVE = (1, 4, 16, 64, 256, 1000)
RATIO_TARGETS = {"throughput": 20, "latency": 1.4}
MEMORY_TARGET = 64  # MiB with 1,000 switches x 100 hosts
# Packet-ins for a cost: so many that a run takes some seconds, and minutes at most under callgrind.
COUNTS = {("morgana-controller", "throughput"): 4_000_000, ("morgana-controller", "latency"): 500_000,
          ("ovs-testcontroller", "throughput"): 400_000, ("ovs-testcontroller", "latency"): 300_000}
CALLGRIND_COUNT, CALLGRIND_EACH = 50_000, 400  # for all switches, and at least for each


# --- Side by side ----------------------------------------------------------------------------------

def measure_round(folder, duration):
    """Both in both modes, one after the other: {mode: {name: figures}}."""
    results = {}
    for mode in MODES:
        results[mode] = {}
        for peer in (MORGANA, TESTCONTROLLER):
            with Running(peer, folder) as controller:
                figures = generate(controller.port, mode=mode, duration=duration, warmup="1s", **SHAPE)
                figures["peak_mib"] = controller.peak_mib()
            results[mode][peer.name] = figures
    return results


def print_rates(mode, rounds):
    print(f"\n{mode}, {SHAPE['switches']} switches x {SHAPE['hosts']} hosts, "
          f"{len(rounds)} alternating rounds\n"
          f"  {'':20} {'answers/s: median (min - max)':38} {'p50 us':>8} {'p99 us':>8} "
          f"{'wrong':>6} {'lost':>6} {'MiB':>6}")
    for peer in (MORGANA, TESTCONTROLLER):
        mine = [r[mode][peer.name] for r in rounds]
        rates = [f["answers_per_second"]["mean"] for f in mine]
        p50, p99 = (statistics.median(f["latency_us"][p] for f in mine) for p in ("p50", "p99"))
        wrong, lost = (sum(f["messages"][m] for f in mine) for m in ("wrong", "lost"))
        print(f"  {peer.name:20} {spread(rates):38} {p50:8.0f} {p99:8.0f} {wrong:6} {lost:6} "
              f"{max(f['peak_mib'] for f in mine):6.1f}")


def ratios_of(mode, rounds):
    return [r[mode][MORGANA.name]["answers_per_second"]["mean"] /
            r[mode][TESTCONTROLLER.name]["answers_per_second"]["mean"] for r in rounds]


def side_by_side(folder, count, duration):
    with life():
        rounds = [measure_round(folder, duration) for _ in range(count)]
    for mode in MODES:
        ratios, target = ratios_of(mode, rounds), RATIO_TARGETS[mode]
        print_rates(mode, rounds)
        print("  ratio " + verdict(spread(ratios, "{:.1f}x"), f"{target}x",
                                   statistics.median(ratios) >= target))
    return {"rounds": rounds, "ratios": {mode: ratios_of(mode, rounds) for mode in MODES}}


# --- What a packet-in costs ------------------------------------------------------------------------

def costs(folder, scale):
    print(f"\ncost of a packet-in, {SHAPE['switches']} switches x {SHAPE['hosts']} hosts\n"
          f"  {'':20} {'mode':12} {'CPU ns':>8} {'instructions (user space)':>26}")
    results = []
    for mode in MODES:
        for peer in (MORGANA, TESTCONTROLLER):
            cpu, _ = cost(peer, folder, COUNTS[peer.name, mode] // scale, mode=mode, **SHAPE)
            spent = instructions(peer, folder, CALLGRIND_COUNT // scale, mode=mode, **SHAPE)
            print(f"  {peer.name:20} {mode:12} {cpu:8.0f} {spent:26.0f}", flush=True)
            results.append({"controller": peer.name, "mode": mode, "cpu_ns": cpu,
                            "instructions": spent})
    return results


def curve(folder, scale):
    print(f"\ncost of a packet-in by number of switches, x {SHAPE['hosts']} hosts, throughput mode\n"
          f"  {'switches':>8} {'CPU ns':>8} {'instructions':>13} {'peak MiB':>9}")
    results = []
    for switches in CURVE:
        shape = {"switches": switches, "hosts": SHAPE["hosts"]}
        cpu, mib = cost(MORGANA, folder, COUNTS[MORGANA.name, "throughput"] // scale, **shape)
        count = max(CALLGRIND_COUNT, CALLGRIND_EACH * switches) // scale
        spent = instructions(MORGANA, folder, count, **shape)
        print(f"  {switches:8} {cpu:8.0f} {spent:13.0f} {mib:9.1f}", flush=True)
        results.append({"switches": switches, "cpu_ns": cpu, "instructions": spent, "peak_mib": mib})
    most = results[-1]["peak_mib"]
    print(f"  memory with {CURVE[-1]} switches x {SHAPE['hosts']} hosts " +
          verdict(f"{most:.1f} MiB", f"{MEMORY_TARGET} MiB", most < MEMORY_TARGET))
    return results


# --- Many at once ----------------------------------------------------------------------------------

def burst(folder):
    print("\na burst of 1,000 switches that connect at once")
    results = []
    for peer in (MORGANA, TESTCONTROLLER):
        with Running(peer, folder) as controller:
            figures = generate(controller.port, switches=1000, connect_burst=True)
        print(f"  {peer.name:20} {figures['served']:5} served, the last after "
              f"{figures['served_us']['max'] / 1000:.0f} ms", flush=True)
        results.append({"controller": peer.name, "served": figures["served"],
                        "served_us": figures["served_us"]})
    return results


# --- The picture -----------------------------------------------------------------------------------

PLOT = """
set terminal pngcairo size 900,500
set output '{png}'
set logscale x
set xlabel 'switches (x {hosts} hosts)'
set ylabel 'CPU ns per packet-in'
set y2label 'instructions per packet-in'
set y2tics
set yrange [0:*]
set y2range [0:*]
set key bottom
plot '-' using 1:2 with linespoints title 'CPU ns', \\
     '-' using 1:2 axes x1y2 with linespoints title 'instructions'
{cpu}
e
{instructions}
e
"""


def plot(png, points):
    rows = {what: "\n".join(f"{p['switches']} {p[what]}" for p in points)
            for what in ("cpu_ns", "instructions")}
    text = PLOT.format(png=png, hosts=SHAPE["hosts"], cpu=rows["cpu_ns"],
                       instructions=rows["instructions"])
    subprocess.run(["gnuplot"], input=text, text=True, check=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", default="4s", help="of each measurement")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("controller-bench.json"))
    parser.add_argument("--quick", action="store_true", help="a rough idea in two minutes")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.duration = 2, "2s"
    return args


def main():
    args = arguments()
    scale = 5 if args.quick else 1
    need(["ovs-testcontroller", "valgrind", "taskset"])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"the controller on core {CONTROLLER_CORE}, the generator on core {GENERATOR_CORE}")
    with tempfile.TemporaryDirectory(prefix="morgana-bench.") as name:
        folder = pathlib.Path(name)
        results = {"side_by_side": side_by_side(folder, args.rounds, args.duration),
                   "costs": costs(folder, scale), "curve": curve(folder, scale),
                   "burst": burst(folder)}
    args.out.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nall figures: {args.out}")
    if shutil.which("gnuplot"):
        plot(args.out.with_suffix(".png"), results["curve"])
        print(f"the curve: {args.out.with_suffix('.png')}")


if __name__ == "__main__":
    main()
