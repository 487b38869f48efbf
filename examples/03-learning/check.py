"""Exercise 3: who is not meant does not see what others say, once the controller knows where they are.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib

from course import Capture, step
from lab.traffic import Tap

WRITE = "learning.c"
SOLUTION = "solution.c"
PINGS = 5

# A frame that no host may send: from all hosts to h1, of a type for experiments (IEEE 802).
FROM_ALL = bytes.fromhex("020000000001" "ffffffffffff" "88b5") + bytes(46)


def forget(hosts):
    """What the hosts know of each other's Ethernet addresses."""
    for host in hosts:
        host.run("ip", "neigh", "flush", "all")


def move(trial):
    """Two hosts exchange their Ethernet addresses: to the switch it is as if they exchanged their ports."""
    h1, h2, h3 = trial.hosts
    with step("move", f"h2's and h3's Ethernet addresses change places, {h2.mac} is now at port 3") as results:
        for host, mac in ((h2, h3.mac), (h3, h2.mac)):
            host.namespace.ip("link", "set", "eth0", "address", mac)
        forget(trial.hosts)
        answered = h3.ping(h1) + h1.ping(h3) + h2.ping(h1)
        results.append(f"{answered} of 3 pings answered")
    trial.shows("who has moved is found at the other port", answered == 3,
                "an address that is known may be heard at another port: learn from each packet, and\n"
                "take ports from nowhere else.")


def send_from_all(trial):
    h1, h2, h3 = trial.hosts
    with step("lie", "h3 sends a frame from ff:ff:ff:ff:ff:ff; h1 asks all who h2 is, and pings it") as results:
        with contextlib.closing(Tap(h3)) as tap:
            tap.send(FROM_ALL)
        forget(trial.hosts)
        answered = h1.ping(h2)
        results.append(f"{answered} of 1 answered")
    trial.shows("no group's address is learnt", answered,
                "now your controller believes that ff:ff:ff:ff:ff:ff, which is all hosts, is at port 3:\n"
                "mac_addr_is_group() tells such an address.")


def check(trial):
    trial.raise_network(trial.build())
    h1, h2, h3 = trial.hosts
    trial.all_ping("as a hub the program did that: what is not known has still to be flooded. And which of a\n"
                   "packet's addresses says who is at in->in_port?",
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
    move(trial)
    send_from_all(trial)
