#!/usr/bin/env python3
"""How soon a domain works: from its first instruction to its first frame and to the OpenFlow handshake,
and what the controller's domain does then, on real Xen in an emulated machine.

    xen_boot_bench.py [--rounds=N] [--out=FILE.json]

The guests say it themselves (--log=boot:debug): by their own clock, and how much of it they ran by
Xen's account; the rest they waited, for dom0 above all, which shares the one processor and takes its
time to connect a vif. Packet-ins come from morgana-bench, outside the machine. QEMU emulates that
processor, some fifty times slower than a real one, and whatever else this machine does slows it
further: compare kinds and versions, not machines. Prints a table and writes FILE.json. It fails if
something cannot be measured, never because of a figure.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import json
import pathlib
import re
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, program  # noqa: E402
from lab.step import life  # noqa: E402
from xen.appliance import CONTROLLER, SWITCH, Appliance  # noqa: E402
from xen.machine import LIMIT  # noqa: E402

LOG = "--log=boot:debug,vif:debug,platform:debug"
SWITCH_OPTIONS = f"--dpid=1 --ip={SWITCH}/24 --controller=tcp:{CONTROLLER} {LOG}"
# What the switch's console says, and what that is in the table.
STEPS = {
    "main() opens its platform": "main()",
    "vif:0: its first frame is sent": "first frame sent",
    "mode: controlled": "OpenFlow handshake",
}


def times(console, text):
    """The first line with this text: milliseconds since the first instruction, and those that it ran."""
    found = re.search(re.escape(text) + r".* \[(\d+) us, ran (\d+) us\]", console)
    return [int(us) / 1000 for us in found.groups()]


def packet_ins(appliance):
    report = appliance.lab.net.run(
        [program("morgana-bench"), f"--controller=tcp:{CONTROLLER}:6653", "--mode=throughput",
         "--switches=4", "--duration=5s", f"--connect-time={LIMIT}s", "--json"])
    return json.loads(report)["answers_per_second"]["mean"]


def measure(appliance, kind):
    """One round: {figure: value}."""
    controller = appliance.create("controller", kind)
    switch = None
    try:
        controller.wait_for("up, ")
        switch = appliance.create("switch", kind, SWITCH_OPTIONS)
        console = switch.wait_for("mode: controlled")
        figures = {}
        for text, step in STEPS.items():
            figures[f"{step}, ms"], figures[f"{step}, ms of running"] = times(console, text)
        switch.destroy()
        return figures | {"controller: packet-ins answered a second": packet_ins(appliance)}
    finally:
        for guest in (switch, controller):
            if guest:
                guest.destroy()


def main():
    parser = argparse.ArgumentParser(prog="xen_boot_bench.py", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("xen-boot-bench.json"))
    options = parser.parse_args()
    rounds = {"pv": [], "pvh": []}
    with Lab() as lab, life():
        appliance = Appliance(lab)
        try:
            for _ in range(options.rounds):
                for kind, found in rounds.items():
                    found.append(measure(appliance, kind))
        finally:
            appliance.stop()
    print(f"\nmedian of {options.rounds} rounds under emulation{'PV':>24}{'PVH':>12}")
    for name in rounds["pv"][0]:
        values = [statistics.median(each[name] for each in found) for found in rounds.values()]
        print(f"  {name:<46}" + "".join(f"{value:12,.1f}" for value in values))
    options.out.write_text(json.dumps(rounds, indent=2) + "\n")


if __name__ == "__main__":
    main()
