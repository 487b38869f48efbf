#!/usr/bin/env python3
"""What an operator says to a program as soon as that is there is heard, not the program's end.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import program, wait_for  # noqa: E402
from lab.process import END  # noqa: E402


def full_pipe():
    """(where to read, where to write) of a pipe that holds no more."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    while True:
        try:
            os.write(writes, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(writes, True)
            return reads, writes


class Signals(unittest.TestCase):
    """A program that listens, and cannot say so: its first line waits for somebody to read."""

    def start(self, *argv):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "socket"
        reads, writes = full_pipe()
        process = subprocess.Popen([*argv, f"--listen=punix:{path}"], stdout=writes, stderr=writes)
        os.close(writes)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        said = open(reads, encoding="ascii", errors="replace")
        self.addCleanup(said.close)
        wait_for(lambda: path.exists() or process.poll() is not None, "it to listen")
        self.assertIsNone(process.poll(), "it has ended")
        return process, said

    def check(self, signums, *argv):
        process, said = self.start(*argv)
        for signum in signums:
            process.send_signal(signum)
        for line in said:
            if line.endswith(END):
                break
        process.send_signal(signal.SIGTERM)
        said.read()
        self.assertEqual(process.wait(), 0)

    def test_the_controller_hears_of_them_as_soon_as_it_listens(self):
        self.check((signal.SIGHUP, signal.SIGUSR1), program("morgana-controller"), "--app=hub")

    def test_the_switch_hears_of_them_as_soon_as_it_listens(self):
        self.check((signal.SIGUSR1,), program("morgana-switch"), "--dpid=1")


if __name__ == "__main__":
    unittest.main()
