"""A controller of the lab: morgana-controller, or for comparison ovs-testcontroller.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import signal

from .wait import wait_for

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


def program(name):
    """A program of ours, where MORGANA_BUILD says or in build/."""
    path = pathlib.Path(os.environ.get("MORGANA_BUILD", TOP / "build")) / name
    if not path.exists():
        raise SystemExit(f"{path} is not built")
    return path


class Controller:
    """A controller in the lab's "net", listening there at `listen`."""

    def __init__(self, lab, *options, listen="ptcp:6653:127.0.0.1", name="controller"):
        self.lab = lab
        self.target = "tcp:127.0.0.1:6653"
        self.argv = [program("morgana-controller"), f"--listen={listen}", *options]
        self.log = f"{name}.log"
        self.start()

    def start(self):
        self.process = self.lab.start(self.argv, self.log)

    def output(self):
        return self.process.output()

    def counters(self):
        """Ask for the counters: those that are not zero, as the lines that the controller logs."""
        before = len(self.output())
        self.process.send(signal.SIGUSR1)
        wait_for(lambda: "counters" in self.output()[before:], "the counters")
        return self.output()[before:].splitlines()
