"""One trial of an exercise: its lab, its steps, and what is right and what is missing.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import itertools
import re
import signal

from lab import Controller, namespace, wait_for
from lab.kinds import SWITCHES
from lab.step import Failure, life, step

from .exercise import build, name_in_tree


ANSWERS_IN = 10  # seconds, for a program that is asked for its counters
LOG_LINES = 8    # of it are shown
NOISE = re.compile(r" counters: | INFO  (appctl|main): ")  # of its log, nothing that helps
ERRORS = {
    "OFPBRC_BUFFER_": "the packet was sent on or dropped already. Does packet_in() answer each packet but\n"
                      "once, and return true when it has?",
    "OFPBAC_BAD_OUT_PORT": "an action names a port that is not there.",
}


def ending(status):
    """How a program ended, for who wrote it."""
    by = f"by signal {-status} ({signal.Signals(-status).name})" if status < 0 else f"with status {status}"
    about = {signal.SIGSEGV: "it touched memory that is not its own, through NULL "
                             "perhaps, or a function\ncalled itself without end",
             signal.SIGABRT: "it did what must not be: see the log"}
    return f"it ended {by}" + (f": {about[-status]}." if -status in about else ".")


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
        self.own = None  # the Process of what was written, if that is not the controller's
        self.switches = []  # all of them, if there are several; `switch` is the first
        self.machine = None  # the emulated one, if the lab has one
        self.at_end = contextlib.ExitStack()  # closed before the lab
        self.right, self.missing = 0, 0

    @property
    def on_open_vswitch(self):
        return self.about_switch != next(iter(SWITCHES))

    # --- Building and raising ---------------------------------------------------------------------

    def build(self, source=None):
        """Build what was written, or another source; returns the program's name in the build."""
        source = source or self.source
        with step("compile", f"builds {name_in_tree(source)}") as results:
            name, warnings = build(source)
            results.extend(["ok, but the compiler warns:", *warnings] if warnings else [])
        return name

    def make_hosts(self, n=3, routed=False):
        """Hosts in one network; or `routed`, each in one of its own: host n is 10.0.n.2, and its way
        to the others is by 10.0.n.1."""
        with step("hosts", f"makes {n} hosts, each a network namespace") as results:
            self.hosts = [self.lab.host(number, *([f"10.0.{number}.2", f"10.0.{number}.1"] if routed else []))
                          for number in range(1, n + 1)]
            results.append(", ".join(f"{host.name} {host.address}" for host in self.hosts))

    def start_controller(self, name, *options):
        """The program of this name in the build; ask() asks it."""
        with step("controller", f"starts {name}"):
            self.controller = Controller(self.lab, f"--ctl=punix:{self._control()}", *options, name=name)

    def _control(self):
        return self.lab.folder / "control.sock"

    def ask(self, *command):
        """What the controller answers to a command of its control channel, as a person asks it."""
        return self.lab.net.run(["ovs-appctl", "-T", "30", "-t", self._control(), *command])

    def raise_network(self, name=None, *options, hosts=3):
        """Hosts, the switch between them, and the controller of this name in the build, with these
        options, or none. No offloads: packets have the size that they would have on a wire."""
        self.make_hosts(hosts)
        if name:
            self.start_controller(name, *options)
        with step("switch", f"starts {self.about_switch}; plugs the hosts in"):
            self.switch = self.start_switch(self.lab, self.hosts, self.controller, offloads=False)
            if name:
                self.wait_joined()

    def raise_switches(self, cables, controller=None):
        """As many switches as there are hosts, host n at switch n, with cables between them, each a
        pair of switches' numbers. The switch's end of a cable is called like s1-s2."""
        with step("switches", f"starts {len(self.hosts)} times {self.about_switch}, a host at each; "
                  f"cables them: {' '.join(f's{a}-s{b}' for a, b in cables)}"):
            for a, b in cables:
                namespace.link(self.lab.net, f"s{a}-s{b}", self.lab.net, f"s{b}-s{a}")
            for number, host in enumerate(self.hosts, 1):
                ends = [f"s{x}-s{y}" for a, b in cables for x, y in ((a, b), (b, a)) if x == number]
                self.switches.append(self.start_switch(self.lab, [host], controller, offloads=False,
                                                       beside=self.switches, cables=ends))
            self.switch = self.switches[0]

    def set_cable(self, a, b, state):
        """Cut ("down") or mend ("up") the cable between two switches, at the first one's end."""
        self.lab.net.ip("link", "set", f"s{a}-s{b}", state)

    def wait_joined(self, n=1):
        """Wait until the controller knows n switches, which is when it hears what comes from them."""
        wait_for(lambda: self.controller.counter("ctl", "sessions_joined") >= n,
                 "the switches to join the controller" if n > 1 else "the switch to join the controller")

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

    def own_process(self):
        """The program that was written, as a process; None if there is none."""
        return self.own or (self.controller and self.controller.process)

    def program_is_well(self):
        """Whether the program that was written has come through: it runs, it answers, and the switch
        has taken all that it sent. What is not so is shown."""
        process = self.own_process()
        if not process:
            return True
        if not process.is_alive():
            return self.shows("your program runs until it is ended", False, ending(process.wait()))
        try:
            with life():
                refused = process.counters(ANSWERS_IN)["ctl"].get("rx_error", 0)
        except AssertionError:
            return self.shows("your program goes on", False, f"it has not answered for {ANSWERS_IN} "
                              "seconds: is there a loop in it that does not end?")
        return not refused or self.shows("the switch takes what your program sends", False,
                                         self._about_errors(refused))

    def _about_errors(self, n):
        log = self.own_process().output()
        about = [f"{error}...: {text}" for error, text in ERRORS.items() if error in log]
        return "\n".join([f"it has answered {n} messages with an error, which the log names.", *about])

    def say_log(self):
        """What the program that was written has said, its end."""
        process = self.own_process()
        lines = process.output().splitlines() if process else []
        last = [line for line in lines if not NOISE.search(line)][-LOG_LINES:]
        if last:
            print(f"{'log':<11} what the program said last:", *last, sep="\n            ")

    def all_ping(self, hint, needed=False, look=lambda: (), wait=2):
        """Every host pings every other, and waits so many seconds for each answer. If one is not
        answered, the lines of look() are shown."""
        with step("ping", "every host pings every other") as results:
            pairs = list(itertools.permutations(self.hosts, 2))
            failed = [f"{a.name} -> {b.name}" for a, b in pairs if not a.ping(b, wait=wait)]
            results.append(f"{len(pairs) - len(failed)} of {len(pairs)} answered")
        self.shows("every host reaches every other", not failed,
                   f"not answered: {', '.join(failed)}\n{hint}", look() if failed else (), needed)

    def packet_ins(self):
        """How many packets the switch has sent to the controller."""
        return self.counter("ctl", "rx_packet_in")

    def counter(self, module, name):
        """A counter of the controller's. AssertionError if it does not answer."""
        with life():
            return self.controller.process.counters(ANSWERS_IN)[module].get(name, 0)


__all__ = ["Failure", "Stop", "Trial"]
