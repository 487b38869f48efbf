"""Exercise 2: every host sees what one sends, and every packet passes through the controller.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from course import Capture, step

WRITE = "hub.c"
SOLUTION = "solution.c"
PINGS = 3


def check(trial):
    trial.raise_network(trial.build())
    h1, h2, h3 = trial.hosts
    captures = {host: Capture(host) for host in (h2, h3)}
    with step("ping", f"h1 pings h2, {PINGS} times") as results:
        answered = h1.ping(h2, PINGS)
        results.append(f"{answered} of {PINGS} answered")
    came = trial.packet_ins()
    trial.shows("the switch sends what no entry matches to your controller", came > 0,
                "no packet-in came: does your program listen for the switch?",
                [f"{came} packet-ins so far"], needed=True)
    trial.shows("h1's pings of h2 are answered", answered == PINGS,
                "packet-ins come, but what you do with them brings no answer: the list of actions\n"
                "needs an output (ofp_put_output), and the packet must go back to the switch with it\n"
                "(ctl_packet_out).", needed=True)
    for host, capture in captures.items():
        seen = capture.requests(h1, h2)
        trial.shows(f"tcpdump on {host.name} sees them", len(seen) == PINGS,
                    "a hub sends each packet out of every port but the one that it came from:\n"
                    "there is a port number that means just that (enum ofp_port in openflow/wire.h).",
                    seen[:1])
    flows = trial.switch.flows()
    trial.shows("the switch has no flow entries: each packet passes through your controller",
                not flows, "this exercise is to be done by packet-outs alone; you have installed:",
                flows[:3])
    trial.all_ping("h1 and h2 do talk: what is different for the others?")
