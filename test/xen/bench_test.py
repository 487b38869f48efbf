#!/usr/bin/env python3
"""The bench itself: dom0 keeps its registers, and a fault of the bench is told from one of Morgana's.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import io
import os
import pathlib
import re
import signal
import sys
import tempfile
import unittest

TEST = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEST))
from lab.process import Process  # noqa: E402
from lab.wait import wait_for  # noqa: E402
from xen.boot_test import BUILD, KERNELS  # noqa: E402
from xen.machine import AGAIN, BOOT_LIMIT, BenchFault, Domain, Machine, MachineTest  # noqa: E402

# It starts a machine and waits.
HOLDER = """
import time
import xen.machine
machine = xen.machine.Machine()
print(machine.pid, machine.folder, "has begun", flush=True)
time.sleep(10000)
"""


def setUpModule():
    MachineTest.machine = Machine([*KERNELS, BUILD / "test/xen/dom0/registers"])


def tearDownModule():
    MachineTest.machine.stop()


def is_running(pid):
    """Not even as a zombie that nobody waits for."""
    try:
        return "\nState:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


class Dom0Test(MachineTest):
    """dom0 beside guests."""

    def test_registers_are_kept_while_guests_run(self):
        for kind in ("pv", "pvh"):
            with self.subTest(kind):
                guest = Domain(self.machine, "idle", "idle.xen", kind, "0")
                self.addCleanup(guest.destroy)
                guest.create()
                found = self.machine.run("for i in 1 2; do /guests/registers 700 & done; wait")
                self.assertEqual(2, found.count("lost 0 times"), found)
                guest.destroy()

    def test_a_command_that_takes_too_long_is_no_fault_of_the_bench(self):
        with self.assertRaisesRegex(AssertionError, "longer than 2 s") as raised:
            self.machine.run("sleep 100", limit=2)
        self.assertNotIsInstance(raised.exception, BenchFault)
        self.assertEqual("here\n", self.machine.run("echo here"))


class EndTest(unittest.TestCase):
    """What is left when a test is ended."""

    def test_a_machine_ends_with_its_test(self):
        with tempfile.TemporaryDirectory() as folder:
            process = Process([sys.executable, "-c", HOLDER], pathlib.Path(folder) / "log",
                              env={**os.environ, "PYTHONPATH": str(TEST)})
            self.addCleanup(process.kill)
            words = wait_for(lambda: re.search(r"^(\d+) (\S+) has begun$", process.output(), re.MULTILINE),
                             "the machine", BOOT_LIMIT)
            process.stop(signal.SIGTERM, limit=100)
            wait_for(lambda: not is_running(int(words[1])), "the end of QEMU")
            self.assertFalse(pathlib.Path(words[2]).exists())


class FakeMachine:
    """A machine whose dom0 has said `faults`, the first for the first try of a test and so on."""

    def __init__(self, *faults):
        self.tries, self._faults = 0, [*faults]

    def new_faults(self):
        self.tries += 1
        return self._faults.pop(0) if self._faults else ""

    def restart(self):
        pass


class RepeatTest(unittest.TestCase):
    """What is tried again."""

    def outcome(self, machine, error):
        """Run a test that fails with `error` until a third try."""
        class Sample(MachineTest):
            def test(self):
                if error and self.machine.tries < 2:
                    raise error
        Sample.machine = machine
        log, result = io.StringIO(), unittest.TestResult()
        Sample.log = log
        Sample("test").run(result)
        self.assertEqual(1, result.testsRun)
        return result.wasSuccessful(), log.getvalue()

    def test_a_fault_of_the_bench_is_said_and_tried_again(self):
        machine = FakeMachine("sh[7]: segfault at 0", "sh[8]: segfault at 0")
        passed, log = self.outcome(machine, AssertionError("marker missing"))
        self.assertTrue(passed)
        self.assertEqual(3, machine.tries)
        self.assertIn("bench fault: sh[7]: segfault at 0; again\n", log)
        passed, log = self.outcome(FakeMachine(), BenchFault("QEMU has ended"))
        self.assertTrue(passed)
        self.assertEqual("bench fault: QEMU has ended; again\n" * 2, log)

    def test_a_fault_that_stays_fails(self):
        machine = FakeMachine(*["sh[7]: segfault at 0"] * 9)
        machine.tries = -9
        passed, _ = self.outcome(machine, AssertionError("marker missing"))
        self.assertFalse(passed)
        self.assertEqual(AGAIN + 1, machine.tries + 9)

    def test_a_failure_of_morgana_is_never_tried_again(self):
        machine = FakeMachine()
        passed, log = self.outcome(machine, AssertionError("data differ"))
        self.assertFalse(passed)
        self.assertEqual((1, ""), (machine.tries, log))


if __name__ == "__main__":
    unittest.main()
