"""Exercise 4: the switch knows by itself, and that is faster: beside the hub and exercise 3.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re

from course import Capture, comparison, step

WRITE = "flows.c"
SOLUTION = "solution.c"
PINGS = 10


def check(trial):
    trial.raise_network(trial.build())
    h1, h2, h3 = trial.hosts
    trial.all_ping("as it lies in the tree the program did that: what is not known has to be flooded. An entry\n"
                   "whose actions are drop has been given none (flow.actions); and the packet itself goes through\n"
                   "the new entry only if ctl_flow_mod() is given it.", needed=True,
                   look=lambda: trial.switch.flows()[:3])
    trial.shows("the switch has flow entries", trial.switch.flows(),
                "ctl_flow_mod() installs one; it takes the packet along, so that you need not send\n"
                "it as well.", needed=True)
    floods = [flow for flow in trial.switch.flows() if re.search("actions=.*(FLOOD|ALL)", flow)]
    trial.shows("no entry floods", not floods, "install one only where the destination's port is known.",
                floods[:2], needed=True)
    before = trial.packet_ins()
    capture = Capture(h3)
    with step("ping", f"h1 pings h2, {PINGS} times") as results:
        answered = h1.ping(h2, PINGS)
        results.append(f"{answered} of {PINGS} answered")
    came = trial.packet_ins() - before
    trial.shows("h1's pings of h2 are answered", answered == PINGS,
                "an entry sends them where h2 is not; look at the entries (--keep leaves the lab up).",
                [line for line in trial.switch.flows("icmp,in_port=1,dl_dst=" + h2.mac)][:2],
                needed=True)
    trial.shows("tcpdump on h3 does not see them", not capture.lines(),
                "an entry sends them to more than h2.")
    trial.shows("repeated pings no longer reach your controller", came < PINGS,
                "each ping still came as a packet-in: an entry must match the next packet too.",
                [f"{came} packet-ins for {PINGS} pings and their answers (ARP may be among them)"])
    comparison.compare(trial)
