"""Exercise 1: a switch without a controller forwards what its entries say, and counts.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import re
import subprocess

from course import Capture, step

WRITE = "flows.sh"
SOLUTION = "solution.sh"
PINGS = 3


def ping_without_entries(trial):
    h1, h2 = trial.hosts[:2]
    with step("ping", "h1 pings h2, and the switch has no entry") as results:
        results.append(f"{h1.ping(h2)} of 1 answered")
        h1.run("ip", "neigh", "flush", "all")  # that nobody answered for h2's address
    trial.shows("without entries nothing is forwarded", results[0].startswith("0"),
                "the switch forwards by itself: is another lab in the way? (./try --end)")


def show_ports(trial):
    with step("look", "ovs-ofctl show") as results:
        shown = trial.switch.show()
        results.append("ok")
        results.extend(line for line in shown.splitlines() if re.match(r" \d+\(|.*dpid", line))


def run_script(trial):
    name = trial.source.name
    with step("flows", f"sh {name}") as results:
        environment = os.environ | {"switch": trial.switch.target}
        ran = subprocess.run(["sh", "-eu", trial.source], env=environment, check=False, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        flows = trial.switch.flows()
        results.extend([f"{len(flows)} entries", *ran.stdout.splitlines()])
    trial.shows("the switch has entries", flows and ran.returncode == 0,
                f"{name} ended with status {ran.returncode} at the line that failed; why is said above."
                if ran.returncode else
                f"{name} has added none: ovs-ofctl add-flow \"$switch\" MATCH,actions=ACTIONS",
                needed=True)
    learning = [flow for flow in flows if "NORMAL" in flow]
    if learning:
        trial.shows("each entry names its ports", False, "actions=normal leaves it to the switch to "
                    "learn who is where. Here, you say it.", learning)


def show_counters(trial):
    flows = trial.switch.flows()
    unused = [flow for flow in flows if re.search(r"n_packets=0\b", flow)]
    trial.shows("each entry has counted packets", not unused, "these have met none:\n" +
                "\n".join(unused), flows)


def check(trial):
    trial.raise_network()
    h1, h2, h3 = trial.hosts
    ping_without_entries(trial)
    show_ports(trial)
    run_script(trial)
    trial.all_ping("a ping needs four kinds of packet: ARP's question, which is meant for all, its\n"
                   "answer, the ping and its answer. Which of them has no entry?", needed=True)
    capture = Capture(h3)
    with step("ping", f"h1 pings h2, {PINGS} times") as results:
        results.append(f"{h1.ping(h2, PINGS)} of {PINGS} answered")
    seen = capture.lines()
    trial.shows("tcpdump on h3 does not see what h1 and h2 say", not seen,
                "an entry sends it everywhere: say by dl_dst whom a packet is meant for.", seen[:2])
    show_counters(trial)
