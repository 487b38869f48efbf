"""Exercise 10: two controllers share a switch, each sees its slice: hosts by port, and the web by flow space.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib

from course import step
from course.exercise import EXAMPLES
from lab import Controller, traffic, wait_for

WRITE = "slices.txt"
SOLUTION = "solution.txt"
RED, BLUE = "04-flows/solution.c", "02-hub/solution.c"
WEB, OTHER = 80, 8080


def has_switch(controller):
    """Whether the switch, or a slice of it, comes to a controller soon."""
    with contextlib.suppress(AssertionError):
        return wait_for(lambda: controller.counter("ctl", "sessions_joined"), "the switch", limit=10)
    return False


def raise_slices(trial):
    """Four hosts at a switch, the slicer, red's and blue's controllers; returns those two."""
    red, blue = (trial.build(EXAMPLES / source) for source in (RED, BLUE))
    trial.make_hosts(4)
    with step("controllers", f"starts {red} for red, {blue} for blue"):
        red, blue = Controller(trial.lab, port=6661, name=red), Controller(trial.lab, port=6662, name=blue)
    trial.start_controller("morgana-controller", "--app=slicer", f"--slicer-file={trial.source}")
    with step("switch", f"starts {trial.about_switch}; plugs the hosts in"):
        trial.switch = trial.start_switch(trial.lab, trial.hosts, trial.controller, offloads=False)
        trial.wait_joined()
    return red, blue


def talk(trial, client, server, port):
    """Whether a TCP server at a port of a host is reached."""
    with step("talk", f"{client.name} asks a server at TCP port {port} of {server.name}") as results:
        process = traffic.greeter(trial.lab, server, port)
        name = traffic.greeting(client, server.address, port, limit=10)
        process.stop()
        results.append(f"it says: {name}" if name else "no answer")
    return name == server.name


def check(trial):
    red, blue = raise_slices(trial)
    h1, h2, h3, h4 = trial.hosts
    trial.shows("both controllers have the switch", has_switch(red) and has_switch(blue),
                "red listens at tcp:127.0.0.1:6661 and blue at tcp:127.0.0.1:6662: a line\n"
                "`slice blue controller=...` begins blue's, behind it its flow space.",
                trial.ask("slicer/show").splitlines(), needed=True)
    trial.shows("h1 and h2 reach each other, and so do h3 and h4",
                h1.ping(h2, 3) and h2.ping(h1) and h3.ping(h4, 3) and h4.ping(h3),
                "red's are ports 1 and 2, blue's 3 and 4: a line in_port=N for each.", needed=True)
    trial.shows("no host of red's reaches one of blue's",
                not any(a.ping(b, wait=1) for a, b in ((h1, h3), (h4, h2))),
                "a slice that has a line without in_port has all ports.")
    trial.shows("red controls what TCP h1 and h2 speak", talk(trial, h1, h2, OTHER) and
                trial.switch.flows(f"tcp,tp_dst={OTHER}"),
                "port 8080 is not the web: it stays red's, who lays a flow for it.")
    trial.shows("but not the web", talk(trial, h1, h2, WEB) and
                not trial.switch.flows(f"tcp,tp_dst={WEB}") and
                not trial.switch.flows(f"tcp,tp_src={WEB}"),
                "blue, which is a hub, lays no flows: those below are red's, or nobody's packets were\n"
                "answered. The web is TCP to port 80 at port 1 and from port 80 at port 2, and those\n"
                "lines must come before red's: give them a higher priority= than 32768.",
                trial.switch.flows(f"tcp,tp_dst={WEB}") + trial.switch.flows(f"tcp,tp_src={WEB}"))
