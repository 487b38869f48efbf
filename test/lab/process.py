"""A process of the lab: started in a namespace, its output in a file, ended by its pid.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import collections
import ctypes
import pathlib
import re
import signal
import subprocess
import threading

from .wait import PATIENCE, wait_for

COUNTERS = re.compile(r" counters: (\w+): (.*)\n")
VALUE = re.compile(r"(\w+)=(\d+)")
END = " counters: all others are zero\n"

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def catch_signals():
    """Be ended by any of these as by Ctrl-C: through every `finally`. By SIGINT too if whoever started
    us was deaf to it, as a shell's background jobs are."""
    def interrupt(*_):
        raise KeyboardInterrupt
    if threading.current_thread() is threading.main_thread():
        for signum in ENDING:
            signal.signal(signum, interrupt)


def die_with_parent():
    """In a child, before it becomes the program: the kernel ends it when we end, however we end."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A running program. Its output, both kinds, goes to `log`."""

    def __init__(self, argv, log, env=None, outlives_us=False):
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            # A session of its own: Ctrl-C is for us, and we end it in our order.
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env,
                start_new_session=True, preexec_fn=None if outlives_us else die_with_parent)
        self.pid = self._popen.pid

    def is_alive(self):
        return self._popen.poll() is None

    def output(self):
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def send(self, signum):
        if self.is_alive():
            self._popen.send_signal(signum)

    def stop(self, signum=signal.SIGTERM, limit=PATIENCE):
        """End it with a signal, by force if it does not listen; returns its status."""
        self.send(signum)
        try:
            return self._popen.wait(limit)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def wait(self, limit=PATIENCE):
        """Its status when it has ended by itself."""
        return self._popen.wait(limit)

    def counters(self, limit=30):
        """Ask a program of ours for its counters: {module: {name: value}}, without those that are
        zero. AssertionError if it has ended, or has not answered after `limit` seconds."""
        before = len(self.output())
        self.send(signal.SIGUSR1)

        def read():
            alive = self.is_alive()
            lines, end, _ = self.output()[before:].partition(END)
            if not end and not alive:
                raise AssertionError(f"what writes {self.log} has ended, and says no counters")
            return lines if end else None

        counters = collections.defaultdict(dict)
        for module, values in COUNTERS.findall(wait_for(read, "the counters", limit)):
            counters[module] |= {name: int(value) for name, value in VALUE.findall(values)}
        return counters

    def memory(self):
        """Its resident memory in bytes."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024
