"""./demo --xen: morgana-switch and morgana-controller as domains on real Xen, in an emulated machine.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import re

from xen.appliance import CONTROLLER, SWITCH, Appliance
from xen.machine import BENCH, build_bench

from .step import Failure, step

HOSTS = (1, 2, 3)
PATIENCE = 20  # seconds for an answer: the machine is emulated


def make_bench():
    if (BENCH / "state.qcow2").exists():
        return
    with step("bench", "makes, once, a machine with Xen and a Linux dom0 of Debian's packages"):
        build_bench()


def boot(appliance, name, kind, until):
    """Create a domain; show what its console says until it says `until`."""
    with step(name, f"xl create morgana-{name}.cfg, as a {kind.upper()} guest") as results:
        guest = appliance.create(name, kind)
        console = guest.wait_for(until)
        results.append(f"its console until \"{until}\":")
        results.extend(line.strip() for line in console.splitlines() if line.strip())
    return guest


def plug_hosts(appliance):
    with step("hosts", "plugs a host into each of the switch's ports") as results:
        hosts = [appliance.host(number) for number in HOSTS]
        results.append(", ".join(f"h{host.number} {host.address}" for host in hosts))
    return hosts


def ping_all(hosts):
    with step("ping", "every host pings every other through the switch's domain") as results:
        pairs = list(itertools.permutations(hosts, 2))
        answered = sum(a.ping(b, wait=PATIENCE) for a, b in pairs)
        results.append(f"{answered} of {len(pairs)} answered")
        if answered != len(pairs):
            raise Failure(results[0])


def show_flows(appliance):
    with step("flows", f"ovs-ofctl dump-flows tcp:{SWITCH}:6654") as results:
        flows = re.findall(r"n_packets=(\d+).*?(in_port=.*)", appliance.ofctl("dump-flows"))
        results.append(f"{len(flows)} flows")
        results.extend(f"{packets:>7} packets  {what}" for packets, what in flows)
        if not flows:
            raise Failure("none")


def show_domains(appliance):
    with step("domains", "xl list") as results:
        listed = appliance.machine.run("xl list").rstrip()
        results.extend(["ok", *listed.splitlines()])


def show(lab):
    """All of it, in the lab."""
    make_bench()
    with step("machine", "boots Xen and dom0, from a snapshot, on the lab's network"):
        appliance = Appliance(lab)
    try:
        boot(appliance, "controller", "pvh", f"up, {CONTROLLER}")
        boot(appliance, "switch", "pv", "mode: controlled")
        ping_all(plug_hosts(appliance))
        show_flows(appliance)
        show_domains(appliance)
    finally:
        appliance.stop()
