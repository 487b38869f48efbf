"""Exercise 5: three switches in a ring: how a broadcast melts it, and that a spanning tree does not let it.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import socket
import time

from course import broadcast, step

WRITE = "topology.c"
SOLUTION = "solution.c"
RING = [(1, 2), (2, 3), (3, 1)]
CUT = (1, 2)
HALF = [(1, 2), (3, 1)]  # each tree of the ring has one of these cables
STORM = 1  # seconds
LIMIT = 15
LLDP_TYPE = 0x88cc
DPID_ENDS_AT = 24  # in a frame of controller/apps/lldp.h: its last byte


def wait(condition, limit=LIMIT):
    """How many seconds it took until condition() held; None: it does not."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() > begin + limit:
            return None
        time.sleep(0.1)
    return time.monotonic() - begin


def melt(trial):
    """Let the ring melt, and cut it: what went round in it ends with that."""
    flood = trial.lab.folder / "flood.flows"
    flood.write_text("actions=flood\n")
    for switch in trial.switches:
        switch.add_flows(flood)
    h1, h2 = trial.hosts[:2]
    with step("melt", f"each switch floods; h1 sends one broadcast, {STORM} s later the ring is cut") as results:
        came, = broadcast.copies(h1, [h2], STORM, lambda: trial.set_cable(*CUT, "down"))
        results.append(f"it came to h2 {came:,} times")
    trial.shows("one broadcast on a ring comes again and again", came > 2,
                "it should go round for ever: has anything cut the ring?", needed=True)
    for switch in trial.switches:
        switch.delete_flows()
    trial.set_cable(*CUT, "up")


def cables(trial):
    """What the program knows of the network that concerns cables, a line each."""
    return [line for line in trial.ask("network").splitlines() if "cable" in line]


def hosts_are_heard(trial):
    return trial.ask("network").count(": hosts") == len(trial.hosts)


def forge(trial):
    """A host lies: it has s3 say that it is at the other end of h1's port."""
    h1, known = trial.hosts[0], cables(trial)
    with step("forge", "h1 writes s3's name into an LLDP frame that came to it, and sends it back"):
        with h1.namespace.entered():
            link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(LLDP_TYPE))
        with link:
            link.bind(("eth0", LLDP_TYPE))
            link.settimeout(LIMIT)
            frame = bytearray(link.recv(1514))
            frame[DPID_ENDS_AT] = 3
            link.send(frame)
        believed = wait(lambda: len(cables(trial)) > len(known), 1) is not None
    trial.shows("your controller does not believe what a host made up", not believed,
                "report a frame only if lldp_read() says that it is LLDP_OURS.",
                [line for line in cables(trial) if line not in known])


def all_answer(trial):
    """Every host pings every other until all answer: how many seconds that took; None: they do not."""
    pairs = list(itertools.permutations(trial.hosts, 2))
    return wait(lambda: all(a.ping(b, wait=1) for a, b in pairs))


def cut_one_way(trial, a, b):
    """Switch a's end of the cable to b loses what it sends (tc-blackhole); both ports stay up, and b is heard."""
    end = f"s{a}-s{b}"
    with step("lose", f"{end} carries nothing to s{b}; every host pings every other until all answer") as results:
        trial.lab.net.run(["tc", "qdisc", "replace", "dev", end, "root", "blackhole"])
        took = all_answer(trial)
        results.append("not all do" if took is None else f"after {took:.1f} s")
        trial.lab.net.run(["tc", "qdisc", "delete", "dev", end, "root"])
    return took is not None


def lose_one_way(trial):
    trial.shows("a cable that carries frames one way only is in no tree",
                all(cut_one_way(trial, *cable) for cable in HALF),
                "both ports are up, and at one of them LLDP comes in: take only what is graph_is_usable(arc).")
    wait(lambda: len(cables(trial)) == 2 * len(RING))


def leave_one_alone(trial):
    h1, h2, h3 = trial.hosts
    with step("cut", "the cable s3-s1 as well, s1 is alone; h3 sends broadcasts until one comes to h2") as results:
        trial.set_cable(3, 1, "down")
        took = wait(lambda: broadcast.copies(h3, [h2], 0.3) == [1])
        results.append("none does" if took is None else f"after {took:.1f} s")
    trial.shows("the two that are left have a tree as well", took is not None,
                "begin once more with a switch that no tree has reached, until all are reached.")


def broadcast_comes_once(trial, when):
    h1, *others = trial.hosts
    with step("broadcast", "h1 sends one") as results:
        came = broadcast.copies(h1, others, 1)
        results.append(", ".join(f"{host.name} got {n:,}" for host, n in zip(others, came)))
    if max(came) > 1:
        trial.set_cable(*CUT, "down")
    trial.shows(f"a broadcast comes to each host once{when}", set(came) == {1},
                "it goes round in a circle: of the cables of a ring one must not be taken. Take only\n"
                "those by which a switch is reached for the first time." if max(came) > 1 else
                "it does not come everywhere: your tree must reach every switch, and network_take() is to\n"
                "be called for each of its cables. sudo ./try 5 --keep, and the command \"network\" of the\n"
                "page, shows which were taken.", needed=True)


def check(trial):
    name = trial.build()
    trial.make_hosts()
    trial.raise_switches(RING)
    melt(trial)
    trial.start_controller(name)
    with step("switches", "are given to the controller") as results:
        for switch in trial.switches:
            switch.set_controller(trial.controller.target)
        trial.wait_joined(len(trial.switches))
        sent = wait(lambda: trial.counter("ctl", "tx_packet_out"), 5)
        took = wait(lambda: len(cables(trial)) == 2 * len(RING)) if sent is not None else None
        results.append(f"{len(cables(trial))} ends of cables are known")
    trial.shows("your controller knows both ends of each cable", took is not None,
                "it has sent nothing: send_lldp() is to make a frame by lldp_write(), and to have it sent\n"
                "out of the port by a packet-out." if sent is None else
                "LLDP frames go out; where they come in, lldp_read() and network_heard() tell whence. Each\n"
                "end of each cable is to be reported as it is: here s1-s2, s2-s3 and s3-s1.",
                cables(trial) if took is None else (), needed=True)
    with step("wait", "until no LLDP has come from the hosts' ports for two seconds"):
        wait(lambda: hosts_are_heard(trial))
        time.sleep(1)  # and their ports are open
    with step("network", "what your controller knows") as results:
        results.append("ok")
        results.extend(trial.ask("network").splitlines())
    forge(trial)
    broadcast_comes_once(trial, "")
    trial.all_ping("broadcasts arrive, so ARP does: does the tree change all the time? The log says so.")
    lose_one_way(trial)
    with step("cut", f"the cable s{CUT[0]}-s{CUT[1]}; every host pings every other until all answer") as results:
        trial.set_cable(*CUT, "down")
        took = all_answer(trial)
        results.append("not all do" if took is None else f"after {took:.1f} s")
    trial.shows("every host reaches every other after the cut", took is not None,
                "there is a way round: choose_tree() has been called again, with what is left of the ring.")
    broadcast_comes_once(trial, " after the cut")
    leave_one_alone(trial)
