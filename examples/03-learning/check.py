"""Exercise 3: who is not meant does not see what others say, once the controller knows where they are.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from course import Capture, step

WRITE = "learning.c"
SOLUTION = "solution.c"
PINGS = 5


def check(trial):
    trial.raise_network(trial.build())
    h1, h2, h3 = trial.hosts
    trial.all_ping("as a hub the program did that: what is not known has still to be flooded.",
                   needed=True)
    before = trial.packet_ins()
    capture = Capture(h3)
    with step("ping", f"h1 pings h2, {PINGS} times; all hosts have been heard by now") as results:
        answered = h1.ping(h2, PINGS)
        results.append(f"{answered} of {PINGS} answered")
    trial.shows("h1's pings of h2 are answered", answered == PINGS,
                "they are sent to a port where h2 is not: which of a packet's addresses says who is\n"
                "at in->in_port?", needed=True)
    seen = capture.lines()
    trial.shows("tcpdump on h3 does not see them", not seen,
                "your controller has heard h1 and h2, so it knows their ports, and still floods.\n"
                "Learn the source's port from each packet, look the destination's up.", seen[:2])
    came = trial.packet_ins() - before
    trial.shows("each packet still passes through your controller", came >= 2 * PINGS,
                "this exercise is to be done by packet-outs alone: flow entries come in the next one.",
                [f"{came} packet-ins for {PINGS} pings and their answers"])
