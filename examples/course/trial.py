"""One trial of an exercise: its lab, its steps, and what is right and what is missing.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools

from lab import Controller, wait_for
from lab.step import Failure, step

from .exercise import build, name_in_tree


class Stop(Exception):
    """What is missing is needed for all that would come after it."""


class Trial:
    """What check(trial) of an exercise works with."""

    def __init__(self, lab, exercise, solution, start_switch, about_switch):
        self.lab = lab
        self.exercise = exercise
        self.source = exercise.source(solution)
        self.start_switch, self.about_switch = start_switch, about_switch
        self.hosts, self.switch, self.controller = [], None, None
        self.right, self.missing = 0, 0

    # --- Building and raising ---------------------------------------------------------------------

    def build(self, source=None):
        """Build what was written, or another source; returns the program's name in the build."""
        source = source or self.source
        with step("compile", f"builds {name_in_tree(source)}"):
            return build(source)

    def make_hosts(self, n=3):
        with step("hosts", f"makes {n} hosts, each a network namespace") as results:
            self.hosts = [self.lab.host(number) for number in range(1, n + 1)]
            results.append(", ".join(f"{host.name} {host.address}" for host in self.hosts))

    def raise_network(self, name=None):
        """Hosts, the switch between them, and the controller of this name in the build, or none. No
        offloads: packets have the size that they would have on a wire."""
        self.make_hosts()
        if name:
            with step("controller", f"starts {name}"):
                self.controller = Controller(self.lab, name=name)
        with step("switch", f"starts {self.about_switch}; plugs the hosts in"):
            self.switch = self.start_switch(self.lab, self.hosts, self.controller, offloads=False)
            if name:
                self.wait_joined()

    def wait_joined(self):
        """Wait until the controller knows the switch, which is when it hears what comes from it."""
        wait_for(lambda: self.controller.counter("ctl", "sessions_joined"),
                 "the switch to join the controller")

    # --- Judging ----------------------------------------------------------------------------------

    def shows(self, what, holds, hint, details=(), needed=False):
        """Say whether what must hold does, with what was seen, and how to go on if it does not.
        Without what is `needed` nothing after it is tried."""
        print(f"{'right' if holds else 'MISSING':<11} {what}")
        for line in itertools.chain(details, [] if holds else hint.splitlines()):
            print(f"            {line}")
        self.right, self.missing = self.right + bool(holds), self.missing + (not holds)
        if needed and not holds:
            raise Stop
        return holds

    def runs_still(self):
        """Whether the controller has come through; if not, what it said last."""
        if self.controller and not self.controller.process.is_alive():
            last = self.controller.output().splitlines()[-5:]
            self.shows("your program runs until it is ended", False,
                       f"it ended with status {self.controller.process.wait()} "
                       "(-11: it touched memory that is not its own). It said last:", last)

    def all_ping(self, hint, needed=False):
        """Every host pings every other."""
        with step("ping", "every host pings every other") as results:
            pairs = list(itertools.permutations(self.hosts, 2))
            failed = [f"{a.name} -> {b.name}" for a, b in pairs if not a.ping(b)]
            results.append(f"{len(pairs) - len(failed)} of {len(pairs)} answered")
        self.shows("every host reaches every other", not failed,
                   f"not answered: {', '.join(failed)}\n{hint}", needed=needed)

    def packet_ins(self):
        """How many packets the switch has sent to the controller."""
        return self.controller.counter("ctl", "rx_packet_in")


__all__ = ["Failure", "Stop", "Trial"]
