"""Exercise 8: the rules of a file hold, in the switch too, and when they change.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import signal

from lab import wait_for
from lab.traffic import greeter, greeting

from course import step

WRITE = "firewall.c"
SOLUTION = "solution.c"
PINGS = 5
WEB = 80
ALLOWED, DENIED = 10, 0.5  # seconds to wait for an answer that should come, and for one that should not


def web(client, server, port=WEB, limit=ALLOWED):
    """Whether a client is answered by TCP."""
    with step("web", f"{client.name} asks {server.name} at port {port}") as results:
        name = greeting(client, server.address, port, limit)
        results.append("answered" if name else "no answer")
    return name == server.name


def ping(client, server, count=1, wait=2):
    with step("ping", f"{client.name} pings {server.name}") as results:
        answered = client.ping(server, count, wait)
        results.append(f"{answered} of {count} answered")
    return answered


def what_is_allowed(trial):
    h1, h2, h3 = trial.hosts
    trial.shows("what the rules allow gets through",
                ping(h1, h2) and ping(h2, h1) and web(h1, h2),
                "a rule before it matches, or you ask them in another order: rule_at(rules, 0) is the file's\n"
                "first, and rule_verdict() says what it is for.",
                needed=True)


def what_is_denied(trial):
    h1, h2, h3 = trial.hosts
    through = [what for what, came in (
        ("h3 reaches the web server: the first line denies that, and stands before the second",
         web(h3, h2, limit=DENIED)),
        ("h3's pings are answered, too", ping(h3, h1, wait=DENIED)),
        ("h1 reaches port 81 of h2, for which there is no rule but the last",
         web(h1, h2, WEB + 1, limit=DENIED))) if came]
    trial.shows("what the rules deny does not", not through,
                "judge() is to ask the rules one after the other, and to answer what the first says that\n"
                "matches.", through, needed=True)


def what_ends_in_the_switch(trial):
    h1, _, h3 = trial.hosts
    before = trial.packet_ins()
    ping(h3, h1, PINGS, DENIED)
    came = trial.packet_ins() - before
    drops = [flow for flow in trial.switch.flows() if flow.endswith("actions=drop")]
    trial.shows("what is denied ends in the switch", drops and came < PINGS,
                "each packet still came to your controller: an entry without actions drops those like it.\n"
                "drop_in_switch() is to install one, by ctl_flow_mod() as in exercise 4." if not drops else
                "there are entries that drop, but they do not match the next packet.",
                [f"{came} packet-ins for {PINGS} pings (ARP may be among them)"] + drops[:1], needed=True)
    trial.shows("and what the rules allow still does not", web(h1, trial.hosts[1]),
                "an entry drops more than packets like the one that was denied. Its match is to be that\n"
                "packet's headers, all of them.", drops[:1])


def change(trial, rules):
    """Swap what h1 and h3 may do, and say so to the program."""
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("10.0.0.3", "10.0.0.1"), encoding="utf-8")
    with step("change", "the rules: h1 is the one not to be trusted now; sends SIGHUP"):
        trial.controller.process.send(signal.SIGHUP)
        wait_for(lambda: "the rules have changed" in trial.controller.output(), "the rules to be read")


def what_changes(trial):
    h1, h2, h3 = trial.hosts
    allowed, denied = web(h3, h2), not ping(h1, h2, wait=DENIED)
    trial.shows("other rules hold at once", allowed and denied,
                "the switch still does what the old ones said: its entries match, and it asks nobody.\n"
                "forget_entries() is to delete them.",
                ["h3 may, and cannot"] * (not allowed) + ["h1 may not, and can"] * (not denied))


def check(trial):
    program = trial.build()
    rules = trial.lab.folder / "net.rules"
    rules.write_text((trial.exercise.folder / "net.rules").read_text(encoding="utf-8"), encoding="utf-8")
    trial.raise_network(program, f"--rules={rules}")
    with step("servers", "h2 answers at ports 80 and 81"):
        for port in (WEB, WEB + 1):
            greeter(trial.lab, trial.hosts[1], port)
    what_is_allowed(trial)
    what_is_denied(trial)
    what_ends_in_the_switch(trial)
    change(trial, rules)
    what_changes(trial)
