#!/usr/bin/env python3
"""The switch domU's figures beside those of a Linux PV guest with a bridge, on real Xen in an
emulated machine, measured in one run.

    xen_switch_bench.py [--rounds=N] [--frames=N] [--mbytes=N] [--clock=instructions|machine] [--out=FILE.json]

All guests run at once, each with two vifs that end in dom0; one that nothing goes through sleeps.
Frames: pktgen, a part of dom0's kernel, sends 60-byte frames into the one vif as fast as its queue
takes them, and dom0 counts what comes out of the other. TCP: a namespace of dom0's at each end, with
all offloads, as they come. Rounds alternate between the guests, so that what else the machine does
meets all, and ratios are made within a round.

QEMU emulates the one processor that Xen, dom0 and the guests share, and its clock counts that processor's
instructions, as a nanosecond each (-icount): so the figures say nothing of real machines, whose instructions
take different times; their ratios say which guest costs the processor fewer. What else the machine does has no
part in them. --clock=machine measures with the machine's own clock, which counts what it costs to
emulate as well. Prints a table and writes FILE.json. It fails if something cannot be measured, never because
of a figure.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP), str(TOP / "bench")]
from tables import spread, verdict  # noqa: E402
from xen import linux_guest, machine  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MORGANA_BUILD", TOP.parent / "build"))
LINUX, PEERS = "linux bridge (PV)", ("morgana (PV)", "morgana (PVH)")
ROWS = {
    "frames": ("frames/s of 64 bytes through the guest", "{:,.0f}"),
    "tcp": ("Mbit/s of TCP through the guest", "{:,.1f}"),
}
TARGET = 1
SOURCE, SINK = "02:00:00:00:01:00", "02:00:00:00:01:01"
WARM = 8        # MiB of TCP before those that are measured
LOST_MAX = 0.5  # of the frames: more is no measurement
NOW = "$(sed -n 's/^now at \\([0-9]*\\) nsecs$/\\1/p' /proc/timer_list)"  # in dom0, to the nanosecond


class Place:
    """A guest, and the dom0 ends of its vifs."""

    def __init__(self, guest, ready):
        self.guest, self.machine = guest, guest.machine
        guest.create()
        for text in ready:
            guest.wait_for(text)
        domain = self.machine.run(f"xl domid {guest.name}").strip()
        self.ends = [f"vif{domain}.{number}" for number in (0, 1)]
        self.hosts = [f"/run/{guest.name}.{number}" for number in (0, 1)]
        for end, address in zip(self.ends, (SOURCE, SINK)):
            self.machine.run(f"ip link set {end} down; ip link set {end} address {address}; "
                             f"ip link set {end} up")

    def pktgen(self, end, source, target, count):
        """Send frames, and how many seconds it took."""
        words = (f"count {count}", "pkt_size 60", "delay 0", "clone_skb 0", f"dst_mac {target}",
                 f"src_mac {source}", "dst 10.9.9.2", "src_min 10.9.9.1", "src_max 10.9.9.1")
        lines = [f"echo {word} > /proc/net/pktgen/kpktgend_0"
                 for word in ("rem_device_all", f"add_device {end}")]
        lines += [f"echo {word} > /proc/net/pktgen/{end}" for word in words]
        output = self.machine.run("\n".join((
            "set -e", *lines, f"begin={NOW}", "echo start > /proc/net/pktgen/pgctrl", f"end={NOW}",
            "echo times $begin $end")), limit=300)
        begin, end = output.split()[-2:]
        return (int(end) - int(begin)) / 1e9

    def received(self):
        return int(self.machine.run(f"cat /sys/class/net/{self.ends[1]}/statistics/rx_packets"))

    def frames(self, count):
        """How many come out a second, once the guest knows where SINK is."""
        self.pktgen(self.ends[1], SINK, SOURCE, 1)
        before = self.received()
        seconds = self.pktgen(self.ends[0], SOURCE, SINK, count)
        self.machine.run("sleep 1")
        came = self.received() - before
        if came < count * (1 - LOST_MAX):
            raise AssertionError(f"{self.guest}: of {count} frames {came} came\n{self.guest.console()}")
        return came / seconds

    def inside(self, host, command):
        return f"nsenter -t $(cat {host}) -n {command}"

    def make_hosts(self):
        for number, (host, end) in enumerate(zip(self.hosts, self.ends), 1):
            self.machine.run("\n".join((
                f"unshare -n sh -c 'echo $$ > {host}; exec sleep 100000' &",
                f"until [ -s {host} ]; do usleep 20000; done",
                f"ip link set {end} netns $(cat {host})",
                self.inside(host, f"ip addr add 10.9.9.{number}/24 dev {end}"),
                self.inside(host, f"ip link set {end} up"))))

    def end_hosts(self):
        """Their devices come back when the namespaces end."""
        for host, end in zip(self.hosts, self.ends):
            self.machine.run("\n".join((
                self.inside(host, f"ip addr flush dev {end}"),
                self.inside(host, f"ip link set {end} netns 1"),
                f"kill $(cat {host}); rm {host}", f"ip link set {end} up")))

    def came(self):
        """A command that prints how many bytes the receiver's device has taken in."""
        return self.inside(self.hosts[1], "cat /proc/net/dev") + " | sed -n 's/.*vif[0-9.]*: *\\([0-9]*\\).*/\\1/p'"

    def tcp(self, mbytes):
        """Mbit/s, from a server that sends a file by sendfile(), in pieces that are worth it, to one who
        does nothing with it: to count it there would take the processor longer than the guest does.
        The same once before shows everybody the way: the code is translated when it first runs."""
        get = self.inside(self.hosts[1], "wget -q -O /dev/null http://10.9.9.1:5000/")
        self.make_hosts()
        try:
            output = self.machine.run("\n".join((
                "set -e", "mkdir -p /run/www; rm -f /run/www/*",
                f"dd if=/dev/zero of=/run/www/file bs=1048576 count={mbytes} 2> /dev/null",
                f"dd if=/dev/zero of=/run/www/first bs=1048576 count={WARM} 2> /dev/null",
                self.inside(self.hosts[0], "httpd -p 5000 -h /run/www"),
                self.inside(self.hosts[0], "ping -c 3 -W 5 10.9.9.2 > /dev/null"),
                f"{get}first", f"before=$({self.came()})", f"begin={NOW}", f"{get}file", f"end={NOW}",
                f"echo $(($({self.came()}) - before)) $begin $end")), limit=600)
        finally:
            self.machine.run("killall httpd; rm -f /run/www/*", check=False)
            self.end_hosts()
        came, begin, end = output.split()[-3:]
        if int(came) < mbytes << 20:
            raise AssertionError(f"{self.guest}: {came} of {mbytes << 20} bytes came")
        return (mbytes << 20) * 8 / 1e6 / ((int(end) - int(begin)) / 1e9)


def places(bench):
    """All guests, started."""
    vifs = ["bridge=none"] * 2
    bench.run("insmod /guests/pktgen.ko")
    made = {LINUX: Place(linux_guest.Linux(bench, "linux", vifs), [linux_guest.READY])}
    for name, kind in zip(PEERS, ("pv", "pvh")):
        guest = machine.Domain(bench, f"morgana-{kind}", "morgana-switch.xen", kind,
                               "--net=none --port=vif:0 --port=vif:1 --fail-mode=standalone", memory=32, vifs=vifs)
        made[name] = Place(guest, ["port 1 (vif:0): link up", "port 2 (vif:1): link up"])
    return made


def measure(made, options):
    """What each guest reached in each round, by row."""
    figures = {row: {name: [] for name in made} for row in ROWS}
    for number in range(options.rounds):
        for name, place in made.items():
            figures["frames"][name].append(place.frames(options.frames))
            figures["tcp"][name].append(place.tcp(options.mbytes))
        print(f"round {number + 1} of {options.rounds} done", flush=True)
    return figures


def show(figures, counted):
    print("\nQEMU emulates the processor that all share: compare the guests, not with other machines.")
    print("A second is a thousand million instructions." if counted
          else "By the machine's own clock: what the emulation costs, and what else the machine does.")
    for row, (text, form) in ROWS.items():
        print(f"\n{text}: median (least - most)")
        linux = figures[row][LINUX]
        print(f"  {LINUX:18} {spread(linux, form)}")
        for name in PEERS:
            ratio = statistics.median(mine / its for mine, its in zip(figures[row][name], linux))
            print(f"  {name:18} {spread(figures[row][name], form)}; "
                  + verdict(f"{ratio:.2f} times Linux", TARGET, ratio >= TARGET))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=20000, help="that are sent in a round")
    parser.add_argument("--mbytes", type=int, default=64, help="of TCP in a round")
    parser.add_argument("--clock", choices=("instructions", "machine"), default="instructions")
    parser.add_argument("--out", type=pathlib.Path, default="xen-switch-bench.json")
    options = parser.parse_args()
    counted = options.clock == "instructions"
    bench = machine.Machine([BUILD / "morgana-switch.xen", *linux_guest.build(machine.BENCH)], counted=counted)
    try:
        figures = measure(places(bench), options)
    finally:
        bench.stop()
    show(figures, counted)
    options.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
