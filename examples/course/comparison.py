"""Three controllers beside each other on one switch: a table, and a plot as a PNG by gnuplot.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import statistics
import subprocess

from lab import traffic, wait_for
from lab.step import Failure, step

from .exercise import EXAMPLES, place

OTHERS = {"hub": "02-hub/solution.c", "learning": "03-learning/solution.c"}
OURS = "flows"
PINGS = 30
SECONDS = 1
ROUNDS = 3

PLOT = """
set terminal pngcairo size 900,420
set output '{png}'
set style fill solid 0.8
set boxwidth 0.7
set yrange [0:*]
set offsets 0.4, 0.4, 0, 0
set grid ytics
unset key
set multiplot layout 1,2
set title 'ping, median'
set ylabel 'ms'
plot '-' using 0:2:xtic(1) with boxes
{pings}
e
set title 'TCP by iperf3'
set ylabel 'Mbit/s'
plot '-' using 0:2:xtic(1) with boxes
{rates}
e
"""


def change_controller(trial, name):
    """Another program takes the place of the controller; the switch forgets its entries. What was on
    its way to the one before is over when a ping comes through, however busy the machine is."""
    h1, h2 = trial.hosts[:2]
    trial.controller.become(name)
    trial.wait_joined()
    trial.switch.delete_flows()
    wait_for(lambda: h1.ping(h2), f"a ping to be answered by {name}")


def measure(trial, what):
    """(median round trip in ms, TCP's rate in Mbit/s) from h1 to h2."""
    h1, h2 = trial.hosts[:2]
    with step("measure", f"{what}: {PINGS} pings, TCP for {SECONDS} s") as results:
        times = traffic.round_trips(h1, h2, PINGS)
        if not times:
            raise Failure(f"by {what} no ping was answered")
        ping = statistics.median(times)
        report = traffic.iperf(trial.lab, h1, h2, "-t", SECONDS)
        rate = report["sum_received"]["bits_per_second"] / 1e6
        results.append(f"{ping:.3f} ms, {rate:,.0f} Mbit/s")
    return ping, rate


def best(measured):
    """Of several measurements, which other work on the machine only makes worse."""
    pings, rates = zip(*measured)
    return min(pings), max(rates)


def print_table(figures):
    print(f"\n            {'':<14}{'ping, median':>14}{'TCP':>16}")
    for what, (ping, rate) in figures.items():
        print(f"            {what:<14}{ping:>11.3f} ms{rate:>9,.0f} Mbit/s")
    print()


def plot(figures, png):
    """Draw it; the picture belongs to whoever owns the folder."""
    rows = ["\n".join(f'"{what}" {values[i]}' for what, values in figures.items()) for i in (0, 1)]
    with step("plot", f"draws {png}"):
        subprocess.run(["gnuplot"], input=PLOT.format(png=png, pings=rows[0], rates=rows[1]),
                       text=True, check=True, capture_output=True)
        owner = png.parent.stat()
        os.chown(png, owner.st_uid, owner.st_gid)


def compare(trial):
    """The learner's program beside the solutions of the two exercises before it. What is faster, and
    how much, is for the reader: a busy machine must not fail anybody."""
    names = {what: trial.build(EXAMPLES / source) for what, source in OTHERS.items()}
    names[OURS] = trial.controller.name
    measured = {what: [] for what in names}
    for _ in range(ROUNDS):
        for what, name in names.items():
            change_controller(trial, name)
            measured[what].append(measure(trial, what))
    figures = {what: best(each) for what, each in measured.items()}
    print_table(figures)
    png = place() / "comparison.png"
    plot(figures, png)
    trial.shows("the comparison is drawn", png.stat().st_size > 0, "gnuplot has drawn nothing.")
