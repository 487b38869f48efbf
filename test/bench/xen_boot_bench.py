#!/usr/bin/env python3
"""How soon a domain works: from its first instruction to its first frame and to the OpenFlow handshake;
and what the controller's domain does then. Linux guests with the UNIX build beside, on real Xen in an
emulated machine.

    xen_boot_bench.py [--rounds=N] [--out=FILE.json]

The boot is measured on a machine whose clock counts instructions, a nanosecond each (machine.py), so
that neither QEMU, which is some fifty times slower than a processor, nor this machine's load is in it:
a millisecond is a million instructions, of the guest, of Xen for it, or of dom0, which shares the one
processor. Our guests say themselves (--log=boot:debug) how long after their first instruction
something was, and how much of that they ran by Xen's account; the rest they waited, for dom0: xenstored
answers, netback connects. Linux says it from when its kernel's clock begins, a little after its
first instruction. A guest begins when xl is done with making it, and dom0 has nothing else to do.

Packet-ins come from morgana-bench, outside a machine whose clock is the host's. All of these are
ratios under emulation: compare the guests, not with other machines. Prints a table and writes
FILE.json. It fails if something cannot be measured, never because of a figure.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import pathlib
import re
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, program  # noqa: E402
from lab.step import life  # noqa: E402
from xen import linux_guest, machine  # noqa: E402
from xen.appliance import CONTROLLER, SWITCH, Appliance  # noqa: E402
from xen.machine import CALM_LIMIT, LIMIT  # noqa: E402

KINDS = ("pv", "pvh")
GUESTS = [(who, kind) for who in ("morgana", "linux") for kind in KINDS]
LOG = "--log=boot:debug,vif:debug,platform:debug"
SWITCH_OPTIONS = f"--dpid=1 --ip={SWITCH}/24 --controller=tcp:{CONTROLLER} {LOG}"
UNIX_SWITCH = f"morgana-switch --dpid=1 --port=eth:eth1 --port=eth:eth2 --port=eth:eth3 --controller=tcp:{CONTROLLER}"
UNIX_CONTROLLER = "morgana-controller --listen=ptcp:6653 --app=learning"
FRAME, HANDSHAKE = "first frame sent", "OpenFlow handshake"
# What a console says, and what that is in the table.
OURS = {"main() opens its platform": "main()", "vif:0: its first frame is sent": FRAME,
        "mode: controlled": HANDSHAKE}
LINUX = {linux_guest.INTERFACE: "its interfaces are there", linux_guest.FIRST_FRAME: FRAME,
         "mode: controlled": HANDSHAKE}
PACKET_INS = "packet-ins answered a second"
CALM = 2  # seconds for a guest to boot without being looked at
TARGETS = {FRAME: 20, HANDSHAKE: 100}  # ms


def our_figures(console):
    """{figure: ms} of the timeline."""
    figures = {}
    for text, step in OURS.items():
        found = re.search(re.escape(text) + r".* \[(\d+) us, ran (\d+) us\]", console)
        elapsed, ran = (int(us) / 1000 for us in found.groups())
        figures |= {step: elapsed, f"{step}: it ran": ran, f"{step}: it waited": elapsed - ran}
    return figures


def linux_figures(console):
    return {step: float(re.search(re.escape(text) + r".* \[([\d.]+) s\]", console)[1]) * 1000
            for text, step in LINUX.items()}


class Bench:
    """A lab with a machine, whose clock counts or not, and the guests on it."""

    def __init__(self, files, counted):
        self._files, self._counted = files, counted

    def __enter__(self):
        self.lab = Lab()
        try:
            self.appliance = Appliance(self.lab, self._files, self._counted)
        except BaseException:
            self.lab.close()
            raise
        return self

    def __exit__(self, *error):
        self.appliance.stop()
        self.lab.close()

    def linux(self, kind, command, address, vifs):
        return linux_guest.Linux(self.appliance.machine, "linux", vifs, kind, command, f"{address}/24")

    def boot(self, who, kind):
        """A switch beside a controller: {figure: ms}."""
        if who == "morgana":
            guest = self.appliance.create("switch", kind, SWITCH_OPTIONS, calm=CALM)
        else:
            vifs = ["bridge=xenbr0", *(f"bridge=port{n}" for n in (1, 2, 3))]
            self.appliance.make_bridges(",".join(vifs))
            guest = self.linux(kind, UNIX_SWITCH, SWITCH, vifs).create(calm=CALM)
        try:
            console = guest.wait_for("mode: controlled", CALM_LIMIT)
        finally:
            guest.destroy()
        return our_figures(console) if who == "morgana" else linux_figures(console)

    def packet_ins(self, who, kind):
        """Of a controller: {figure: a second}."""
        if who == "morgana":
            guest = self.appliance.create("controller", kind)
        else:
            guest = self.linux(kind, UNIX_CONTROLLER, CONTROLLER, ["bridge=xenbr0"]).create()
        self.lab.net.ip("neigh", "flush", "all")  # another domain had the address
        try:
            guest.wait_for("up, " if who == "morgana" else "listening at", CALM_LIMIT)
            report = self.lab.net.run(
                [program("morgana-bench"), f"--controller=tcp:{CONTROLLER}:6653", "--mode=throughput",
                 "--switches=4", "--warmup=10s", "--duration=10s", f"--connect-time={LIMIT}s", "--json"], timeout=3 * LIMIT)
        finally:
            guest.destroy()
        return {PACKET_INS: json.loads(report)["answers_per_second"]["mean"]}


def measure(files, rounds):
    """{guest: [{figure: value}, ...]}; each round has all guests, so that what else this machine does
    meets all."""
    found = {guest: [{} for _ in range(rounds)] for guest in GUESTS}
    for counted in (True, False):
        with Bench(files, counted) as bench:
            controller = bench.appliance.create("controller", "pvh") if counted else None
            for number in range(rounds):
                for who, kind in GUESTS:
                    step = bench.boot if counted else bench.packet_ins
                    found[who, kind][number] |= step(who, kind)
                print(f"{'boot' if counted else 'packet-ins'}: round {number + 1} of {rounds} done", flush=True)
            if controller:
                controller.destroy()
    return found


def median(found, guest, name):
    return statistics.median(each[name] for each in found[guest])


def show(found, rounds):
    print(f"\nRatios under emulation. Boot: ms by a clock that counts instructions, a million each ms.\n"
          f"Medians of {rounds} rounds\n{'':34}{'Morgana PV':>12}{'PVH':>10}{'Linux PV':>12}{'PVH':>10}")
    names = dict.fromkeys(name for guest in GUESTS for name in found[guest][0])
    for name in names:
        cells = [f"{median(found, guest, name):,.1f}" if name in found[guest][0] else "" for guest in GUESTS]
        print(f"  {name:32}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, (12, 10, 12, 10))))
    for kind in KINDS:
        for name, target in TARGETS.items():
            ours, its = (median(found, (who, kind), name) for who in ("morgana", "linux"))
            print(f"{kind.upper()}: {name}: {ours:.1f} ms, the target is {target}; Linux takes {its / ours:.1f} times as long")
        ours, its = (median(found, (who, kind), PACKET_INS) for who in ("morgana", "linux"))
        print(f"{kind.upper()}: {PACKET_INS}: {ours / its:.2f} times those of the UNIX build in a Linux guest")


def main():
    parser = argparse.ArgumentParser(prog="xen_boot_bench.py", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("xen-boot-bench.json"))
    options = parser.parse_args()
    machine.build_bench()
    vmlinuz, bridge, _ = linux_guest.build(machine.BENCH)
    with life(), tempfile.TemporaryDirectory() as folder:
        programs = [program("morgana-switch"), program("morgana-controller")]
        ramdisk = linux_guest.with_programs(pathlib.Path(folder), bridge, programs)
        found = measure([vmlinuz, ramdisk], options.rounds)
    show(found, options.rounds)
    options.out.write_text(json.dumps({" ".join(guest): each for guest, each in found.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
