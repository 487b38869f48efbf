"""Exercise 11: a switch of one's own loses packets, counts them, and lets no more through than it should.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re
import time

from course import step
from lab import MorganaSwitch, traffic

WRITE = "switch.c"
SOLUTION = "solution.c"
OPEN_VSWITCH = False
PINGS = 300
DROP = 50
RATE, BURST = 5, 5
SILENCE = 5  # seconds


def start(trial, name, *options):
    """The program with these options in the place of the one before."""
    about = " ".join([name, *options])
    with step("switch", f"starts {about}"):
        if trial.switch:
            trial.switch.process.stop()
            trial.switch.path.unlink(missing_ok=True)
            trial.switch.argv[-1:] = options
            trial.switch.start()
        else:
            trial.switch = MorganaSwitch(trial.lab, trial.hosts, *options, offloads=False, runs=name)
    trial.own = trial.switch.process


def ping(trial, count):
    """How many of so many pings from h1 to h2 were answered, and what the switch has counted."""
    h1, h2 = trial.hosts[:2]
    with step("ping", f"h1 pings h2, {count} times") as results:
        answered = len(traffic.round_trips(h1, h2, count))
        counted = trial.switch.process.counters()["own"]
        results.append(f"{answered} of {count} answered; the switch has counted " +
                       (" ".join(f"{name}={value}" for name, value in counted.items()) or "nothing"))
    return answered, {name: counted.get(name, 0) for name in ("seen", "lost", "limited")}


def came_in(trial):
    """How many packets have come in at the switch's ports, as ovs-ofctl dump-ports says."""
    return sum(map(int, re.findall(r"rx pkts=(\d+)", trial.switch.ofctl("dump-ports"))))


def counts_each(trial):
    before = came_in(trial)
    seen = trial.switch.process.counters()["own"].get("seen", 0)
    after = came_in(trial)
    trial.shows("the switch counts each packet, once", before <= seen <= after,
                "count it in counters.seen, as the first thing in before_lookup().",
                [f"ovs-ofctl dump-ports: {after} packets have come in; counters.seen={seen}"], needed=True)


def know_each_other(a, b):
    """So that it is pings that are lost, and not the questions that come before them."""
    for one, other in ((a, b), (b, a)):
        one.run("ip", "neigh", "replace", other.address, "lladdr", other.mac, "dev", "eth0",
                "nud", "permanent")


def passes(trial, what, hint, earlier=0):
    """Too many pings: no more than the bucket has tokens for go through. Returns how many have, from the beginning."""
    begin = time.monotonic()
    answered, counted = ping(trial, PINGS)
    most = BURST + RATE * (time.monotonic() - begin) + 1
    all_passed = counted["seen"] - counted["limited"]
    passed = all_passed - earlier
    trial.shows(what, counted["limited"] > 0 and passed <= most and answered <= most,
                f"{passed} packets went through, and {most:.0f} might have; {hint}")
    return all_passed


def limits(trial):
    passed = passes(trial, "with --rate=5 it lets no more than 5 a second through",
                    "counters.limited counts\nthe others, for which DP_CONSUMED is returned. Keep, from packet to "
                    "packet, when the next one\nmay pass: loop_now().")
    trial.shows("and more than the five that may come at once", passed > BURST,
                "after five packets a token falls five times a second: how many have fallen since the last one\n"
                "was taken?")
    with step("wait", f"{SILENCE} seconds, in which nobody says anything"):
        time.sleep(SILENCE)
    passes(trial, "after a silence too, of which five packets' time counts",
           "no more than\nfive tokens have room in the bucket.", passed)


def check(trial):
    name = trial.build()
    trial.make_hosts()
    start(trial, name, "--drop=0")
    trial.all_ping("without options the switch is to forward everything: return DP_GO_ON.",
                   needed=True)
    answered, counted = ping(trial, 10)
    counts_each(trial)
    trial.shows("without options it loses none", (answered, counted["lost"]) == (10, 0),
                "of a hundred packets 0 are to be lost.", needed=True)
    know_each_other(*trial.hosts[:2])
    start(trial, name, f"--drop={DROP}")
    answered, counted = ping(trial, PINGS)
    share = 100 * counted["lost"] / max(counted["seen"], 1)
    trial.shows("with --drop=50 it loses about half", 35 < share < 65 and 0 < answered < 0.4 * PINGS,
                f"it has counted {share:.0f} of a hundred as lost (counters.lost), and of the pings about a quarter\n"
                "should be answered. entropy_u64() is random (runtime/entropy.h), and DP_CONSUMED lets a packet\n"
                "end here.")
    start(trial, name, f"--rate={RATE}")
    limits(trial)
