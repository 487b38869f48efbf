"""Exercise 11: a switch of one's own loses packets, counts them, and lets no more through than it should.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import time

from course import step
from lab import MorganaSwitch, traffic

WRITE = "switch.c"
SOLUTION = "solution.c"
PINGS = 300
DROP = 50
RATE, BURST = 5, 5


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


def know_each_other(a, b):
    """So that it is pings that are lost, and not the questions that come before them."""
    for one, other in ((a, b), (b, a)):
        one.run("ip", "neigh", "replace", other.address, "lladdr", other.mac, "dev", "eth0",
                "nud", "permanent")


def check(trial):
    name = trial.build()
    trial.make_hosts()
    start(trial, name, "--drop=0")
    trial.all_ping("without options the switch is to forward everything: return DP_GO_ON.",
                   needed=True)
    answered, counted = ping(trial, 10)
    trial.shows("the switch counts each packet", counted["seen"] >= 20,
                "10 pings and their answers are 20 packets: count them in counters.seen, as the first\n"
                "thing in before_lookup().", needed=True)
    trial.shows("without options it loses none", (answered, counted["lost"]) == (10, 0),
                "of a hundred packets 0 are to be lost.", needed=True)
    know_each_other(*trial.hosts[:2])
    start(trial, name, f"--drop={DROP}")
    answered, counted = ping(trial, PINGS)
    share = 100 * counted["lost"] / max(counted["seen"], 1)
    trial.shows("with --drop=50 it loses about half", 35 < share < 65 and 0 < answered < PINGS,
                f"it has counted {share:.0f} of a hundred as lost (counters.lost). entropy_u64() is\n"
                "random (runtime/entropy.h), and DP_CONSUMED lets a packet end here.")
    before = time.monotonic()
    start(trial, name, f"--rate={RATE}")
    answered, counted = ping(trial, PINGS)
    most = BURST + RATE * (time.monotonic() - before) + 1
    passed = counted["seen"] - counted["limited"]
    trial.shows("with --rate=5 it lets no more than 5 a second through",
                counted["limited"] > 0 and 0 < passed <= most,
                f"{passed} packets went through, and {most:.0f} might have; counters.limited counts\n"
                "the others. Keep, from packet to packet, when the next one may pass: loop_now().")
