"""Exercise 6: four switches in a ring: packets take the shortest way, and another when a cable is cut.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re
import subprocess
import time

from course import step

from lab import wait_for

WRITE = "paths.c"
SOLUTION = "solution.c"
RING = [(1, 2), (2, 3), (3, 4), (4, 1)]
CUT = (3, 4)
PINGS = 5
LONG_PINGS, EVERY = 40, 0.1  # how many pings meet the cut, and seconds between them
LIMIT = 20  # seconds for what takes one


def way(trial):
    """The switches that have an entry for packets from h3 to h4."""
    h3, h4 = trial.hosts[2:4]
    return [switch.name for switch in trial.switches
            if switch.flows(f"dl_src={h3.mac},dl_dst={h4.mac}")]


def goes_by(trial, *names):
    """Whether packets from h3 to h4 take this way, soon."""
    h3, h4 = trial.hosts[2:4]
    end = time.monotonic() + LIMIT
    while h3.ping(h4, wait=1) == 0 or way(trial) != list(names):
        if time.monotonic() > end:
            return False
    return True


def shows_way(trial, what, names, hint, needed=False):
    with step("ping", "h3 pings h4; which switches have entries for that?") as results:
        right = goes_by(trial, *names)
        results.append(", ".join(way(trial)) or "none")
    trial.shows(what, right, hint, needed=needed)


def raise_ring(trial):
    trial.start_controller(trial.build())
    trial.make_hosts(4)
    trial.raise_switches(RING, trial.controller)
    with step("discovery", "finds the cables; stp chooses a tree") as results:
        wait_for(lambda: trial.ask("links").count("\n") == 1 + 2 * len(RING), "the links to be found")
        wait_for(lambda: trial.ask("tree").count("  edge") == len(trial.hosts), "the hosts' ports to be open")
        results.append(f"{trial.ask('tree').count('  blocked') // 2} of {len(RING)} cables is not in it")


def cut_while_pinging(trial):
    h3, h4 = trial.hosts[2:4]
    with step("cut", f"h3 pings h4, {LONG_PINGS} times; meanwhile s{CUT[0]}-s{CUT[1]} is cut") as results:
        with subprocess.Popen(
                h3.namespace.command(["ping", "-n", "-c", str(LONG_PINGS), "-i", str(EVERY), "-W", "2",
                                      h4.address]), stdout=subprocess.PIPE, text=True) as ping:
            time.sleep(LONG_PINGS * EVERY / 4)
            trial.set_cable(*CUT, "down")
            output = ping.communicate()[0]
        answered = int(re.search(r"(\d+) received", output).group(1))
        results.append(f"{answered} of {LONG_PINGS} answered: "
                       f"about {(LONG_PINGS - answered) * EVERY:.1f} s without")
    trial.shows("pings go on after the cut", f"icmp_seq={LONG_PINGS} " in output,
                "the entries still send packets into the cut: delete_entries() is called for each host at\n"
                "each switch when a cable comes or goes.")


def lay_anew(trial):
    """Two paths over three switches each, which were not told of any."""
    h1, h3 = trial.hosts[0], trial.hosts[2]
    for switch in trial.switches:
        switch.delete_flows()
    calls, entries = trial.counter("ways", "laid"), trial.counter("ctl", "tx_flow_mod")
    with step("ping", "all entries are deleted; h1 pings h3, two cables away") as results:
        results.append(f"{h1.ping(h3)} of 1 answered")
    calls, entries = trial.counter("ways", "laid") - calls, trial.counter("ctl", "tx_flow_mod") - entries
    trial.shows("a path is laid at all its switches at once", entries > calls,
                "each switch on the way has to ask: lay_path() is to install an entry at all of them.",
                [f"lay_path() was called {calls} times and sent {entries} flow-mods"])


def check(trial):
    raise_ring(trial)
    h3, h4 = trial.hosts[2:4]
    trial.all_ping("what cannot be reached by a path is flooded; so a path is laid that leads elsewhere:\n"
                   "has the packet itself been sent on, does `distance` grow by one from switch to switch, and\n"
                   "is `port` used at the last switch alone?",
                   needed=True)
    shows_way(trial, "packets from h3 to h4 go by s3 and s4 alone", ["s3", "s4"],
              "there are two cables fewer by s3-s4, which the tree does not take. No entries: measure() says\n"
              "that nothing can be reached, or lay_path() installs none. More switches: is the way the\n"
              "shortest?", needed=True)
    before = trial.counter("ways", "packets")
    with step("ping", f"h3 pings h4, {PINGS} times") as results:
        answered = h3.ping(h4, PINGS)
        results.append(f"{answered} of {PINGS} answered")
    came = trial.counter("ways", "packets") - before
    trial.shows("repeated pings no longer reach your controller", came < PINGS,
                "each ping still came as a packet-in: an entry must match the next packet too.",
                [f"{came} packet-ins for {PINGS} pings and their answers (ARP may be among them)"])
    lay_anew(trial)
    cut_while_pinging(trial)
    shows_way(trial, "they go round by s2 and s1 then", ["s1", "s2", "s3", "s4"],
              "all that is left of the ring is the other way round: is measure() called, and lay_path()?")
    trial.set_cable(*CUT, "up")
    shows_way(trial, "and by s3 and s4 alone when the cable is mended", ["s3", "s4"],
              "the longer way still works; but a shorter one has come: delete the old entries.")
