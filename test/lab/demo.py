"""The demo: three hosts on morgana-switch, which learns from morgana-controller.

Run by ./demo, which has installed and built what is needed. One line per step; --ovs takes a real
Open vSwitch for the switch, --direct has our programs use Morgana's own TCP/IP, --xen runs them as
domains (demo_xen.py), --keep leaves the lab up, --end removes those left up.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import itertools
import re
import sys

from . import Controller, Lab, direct, traffic, wait_for
from .kinds import SWITCHES
from .step import Failure, close, close_kept, say_error, step

HOSTS = (1, 2, 3)
IPERF_SECONDS = 3

# What a person looks for in a line of dump-flows: how often, which packets, where to.
FLOW = re.compile(r".*n_packets=(\d+), n_bytes=\d+,"
                  r"(?: (?:idle_timeout|hard_timeout|idle_age|priority)=\d+,)* ?(.*)")


def ping_all(hosts):
    with step("ping", "every host pings every other") as results:
        pairs = list(itertools.permutations(hosts, 2))
        answered = sum(a.ping(b, wait=20) for a, b in pairs)
        results.append(f"{answered} of {len(pairs)} answered")
        if answered != len(pairs):
            raise Failure(results[0])


def iperf(lab, client, server):
    with step("iperf3", f"TCP from {client.name} to {server.name}, {IPERF_SECONDS} s") as results:
        report = traffic.iperf(lab, client, server, "-t", IPERF_SECONDS)
        rate = report["sum_received"]["bits_per_second"]
        results.append(f"{rate / 1e6:,.0f} Mbit/s")
        if rate <= 0:
            raise Failure("nothing arrived")


def show_flows(switch):
    with step("flows", "what the controller has installed in the switch") as results:
        flows = [FLOW.fullmatch(flow).groups() for flow in switch.flows()]
        flows.sort(key=lambda flow: (-int(flow[0]), flow[1]))
        results.extend([f"{len(flows)} flows, the busiest first",
                        *(f"{packets:>7} packets  {what}" for packets, what in flows)])
        if not flows:
            raise Failure("none")


def show_counters(controller):
    with step("counters", "what the controller has counted (SIGUSR1)") as results:
        results.append("ok")
        for module, values in controller.counters().items():
            results.append(f"{module:<9}" + " ".join(f"{n}={v}" for n, v in values.items()))


def start_controller(lab, on_tap):
    if not on_tap:
        with step("controller", "starts morgana-controller --app=learning"):
            return Controller(lab, "--app=learning")
    with step("controller", "starts morgana-controller on its own TCP/IP") as results:
        controller = direct.DirectController(lab, "--app=learning")
        results.append(" ".join(controller.direct))
    return controller


def raise_network(lab, kind, on_tap):
    with step("hosts", f"makes {len(HOSTS)} hosts, each a network namespace") as results:
        hosts = [lab.host(number) for number in HOSTS]
        results.append(", ".join(f"{host.name} {host.address}" for host in hosts))
    controller = start_controller(lab, on_tap)
    with step("switch", f"starts {kind}; plugs the hosts in; it joins"):
        switch = SWITCHES[kind](lab, hosts, controller)
        wait_for(switch.is_connected, "the switch to reach its controller")
    return switch, hosts, controller


def say_how_to_go_on(lab, switch, hosts):
    print(f"""
The lab is up.
  in a host:     sudo ip netns exec {hosts[0].namespace.name} ping {hosts[1].address}
  the flows:     sudo ovs-ofctl dump-flows {switch.target}
  the logs:      {lab.folder}/*.log
  to end it:     sudo ./demo --end""")


def show(lab, kind, on_tap, keep):
    switch, hosts, controller = raise_network(lab, kind, on_tap)
    ping_all(hosts)
    iperf(lab, hosts[0], hosts[1])
    show_flows(switch)
    show_counters(controller)
    if keep:
        lab.kept()
        say_how_to_go_on(lab, switch, hosts)


def show_xen(lab):
    from . import demo_xen  # it needs more than the other demos, and nobody else needs it
    demo_xen.show(lab)


def demo(show_in, keep=False):
    """Raise a lab, show_in() it, remove it; returns the exit status."""
    lab = Lab(keep)
    status = 0
    try:
        show_in(lab)
    except KeyboardInterrupt:
        status = 130
    except Exception as error:  # whatever it was, a person reads it and the lab goes
        say_error("demo", error)
        status = 1
    if status != 0 or not keep:
        close(lab)
    return status


def main():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    ours, theirs = SWITCHES
    parser.add_argument("--ovs", dest="kind", action="store_const", const=theirs, default=ours,
                        help="take a real Open vSwitch for the switch")
    parser.add_argument("--direct", action="store_true",
                        help="our programs use Morgana's own TCP/IP, straight on taps")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--end", action="store_true", help="remove the labs that were left up")
    parser.add_argument("--xen", action="store_true",
                        help="switch and controller are domains on real Xen, emulated")
    options = parser.parse_args()
    if options.end:
        return close_kept()
    if not options.xen:
        return demo(lambda lab: show(lab, options.kind, options.direct, options.keep), options.keep)
    if options.keep or options.direct or options.kind != ours:
        parser.error("--xen goes with no other option")
    return demo(show_xen)


if __name__ == "__main__":
    sys.exit(main())
