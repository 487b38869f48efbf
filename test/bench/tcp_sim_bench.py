#!/usr/bin/env python3
"""Morgana's TCP in virtual time: what a path allows, and how much of it is used.

    tcp_sim_bench.py [--out=FILE.json] [--quick]

Every figure comes from tcp_path, the TCP of netstack/ at both ends of a simulated bottleneck, and
is the same in each run. Prints tables, writes FILE.json, and FILE.png if gnuplot is installed. It
fails if something cannot be measured, never because of a figure: targets stand beside the figures,
met or not.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import shutil
import subprocess

from tables import verdict

PROGRAM = pathlib.Path(os.environ.get("MORGANA_BUILD", ".")) / "test/bench/tcp_path"
KINDS = ("cubic", "reno")
RTT = 50  # ms
SHARE = 0.9  # of what a bottleneck or a response function allows
JAIN = 0.95
LOSSES = (10, 30, 100, 300, 1000, 3000, 10000)  # segments per million


def tcp_path(**options):
    words = [f"--{name}={value}" for name, value in options.items()]
    result = subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


# --- What is allowed -------------------------------------------------------------------------------

def cubic_allows(p, rtt):
    """RFC 9438 section 5, segments a round trip: its equation 6 with C 0.4 and beta 0.7, or where it
    is Reno-friendly what a loss-driven window of section 4.3 has."""
    return max(1.054 * rtt ** 0.75 / p ** 0.75, math.sqrt(1.5 / p))


def reno_allows(p, _):
    """RFC 5348 section 3.1, segments a round trip: b is 1, for bytes acknowledged are counted, not
    acknowledgments; t_RTO is 4 round trips."""
    return 1 / (math.sqrt(2 * p / 3) + 4 * 3 * math.sqrt(3 * p / 8) * p * (1 + 32 * p * p))


ALLOWS = {"cubic": cubic_allows, "reno": reno_allows}


def jain(shares):
    return sum(shares) ** 2 / (len(shares) * sum(s * s for s in shares))


# --- Runs ------------------------------------------------------------------------------------------

def plan(quick):
    """Options of each run of tcp_path, by a name."""
    runs = {}
    for kind in KINDS:
        runs["bulk", kind] = {"cc": kind, "rate": 1000, "rtt": RTT, "seconds": 20 if quick else 60}
        runs["pair", kind] = {"cc": kind, "rate": 100, "rtt": RTT, "flows": 2, "apart": 10,
                              "skip": 60, "seconds": 60 if quick else 300}
        for loss in LOSSES:
            long = 2500 if loss <= 30 else 1200
            runs["loss", kind, loss] = {"cc": kind, "rtt": RTT, "loss": loss, "skip": 20,
                                        "seconds": long // 8 if quick else long}
        runs["both ways", kind] = {"cc": kind, "rtt": RTT, "loss": 100000, "back": 100000,
                                   "seconds": 60 if quick else 600}
    return runs


def run_all(runs):
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        futures = {name: pool.submit(tcp_path, **options) for name, options in runs.items()}
        return {name: future.result() for name, future in futures.items()}


# --- Tables ----------------------------------------------------------------------------------------

def bulk_table(results):
    print(f"\nOne flow over 1 Gbit/s x {RTT} ms, its beginning included; the buffer is one product")
    for kind in KINDS:
        result = results["bulk", kind]
        share = result["goodput"][0] * 8 / 1e9
        print(f"  {kind:6} " + verdict(f"{share:.1%} of the bottleneck", f"{SHARE:.0%}", share >= SHARE)
              + f"; {result['dropped']} lost, {result['retransmits']} sent again, "
              f"{result['timeouts']} timeouts")
        result["share"] = share


def loss_table(results):
    print(f"\nRandom loss, {RTT} ms, no bottleneck: segments a round trip\n"
          f"  {'':6} {'loss':>8} {'goodput':>9} {'allowed':>9}")
    for kind in KINDS:
        for loss in LOSSES:
            result = results["loss", kind, loss]
            window = result["goodput"][0] / result["mss"] * RTT / 1000
            allowed = ALLOWS[kind](loss / 1e6, RTT / 1000)
            print(f"  {kind:6} {loss / 1e6:8.0e} {window:9.1f} {allowed:9.1f}  "
                  + verdict(f"{window / allowed:.0%}", f"{SHARE:.0%}", window >= SHARE * allowed))
            result.update(window=window, allowed=allowed)


def pair_table(results):
    print(f"\nTwo flows share 100 Mbit/s x {RTT} ms, the second 10 s later")
    for kind in KINDS:
        result = results["pair", kind]
        index, sum_share = jain(result["goodput"]), sum(result["goodput"]) * 8 / 1e8
        print(f"  {kind:6} " + verdict(f"Jain's index {index:.3f}", JAIN, index > JAIN)
              + f"; together {sum_share:.1%} of the bottleneck")
        result["jain"] = index


def both_ways_table(results):
    print(f"\n10 % lost each way, {RTT} ms")
    for kind in KINDS:
        result = results["both ways", kind]
        goodput = result["goodput"][0]
        print(f"  {kind:6} " + verdict(f"{goodput * 8 / 1000:.0f} kbit/s", "goes on", goodput > 0)
              + f"; {result['timeouts']} timeouts")


# --- The picture -----------------------------------------------------------------------------------

PLOT = """
set terminal pngcairo size 900,600
set output "{png}"
set logscale xy
set xlabel "loss probability"
set ylabel "segments a round trip ({rtt} ms)"
set format x "10^{{%L}}"
set key top right
cubic(p) = 1.054 * {seconds} ** 0.75 / p ** 0.75
friendly(p) = sqrt(1.5 / p)
reno(p) = 1 / (sqrt(2 * p / 3) + 12 * sqrt(3 * p / 8) * p * (1 + 32 * p ** 2))
set xrange [8e-6:1.2e-2]
plot (cubic(x) > friendly(x) ? cubic(x) : friendly(x)) title "RFC 9438 section 5" lc 1, \\
     "-" title "cubic" lc 1 pt 7, reno(x) title "RFC 5348 section 3.1" lc 2, "-" title "reno" lc 2 pt 5
"""


def draw(results, png):
    text = PLOT.format(png=png, rtt=RTT, seconds=RTT / 1000)
    for kind in KINDS:
        text += "".join(f"{loss / 1e6} {results['loss', kind, loss]['window']}\n" for loss in LOSSES) + "e\n"
    subprocess.run(["gnuplot"], input=text, text=True, check=True)
    print(f"\n{png} drawn")


def main():
    parser = argparse.ArgumentParser(description="Measure TCP in virtual time.")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("tcp-sim-bench.json"))
    parser.add_argument("--quick", action="store_true", help="shorter runs: is everything in order?")
    args = parser.parse_args()
    results = run_all(plan(args.quick))
    bulk_table(results)
    loss_table(results)
    pair_table(results)
    both_ways_table(results)
    args.out.write_text(json.dumps({" ".join(map(str, name)): r for name, r in results.items()}, indent=1))
    if shutil.which("gnuplot"):
        draw(results, args.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
