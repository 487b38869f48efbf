"""What lib.sh promises to the steps.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

LIB = pathlib.Path(__file__).with_name("lib.sh")


class Limited(unittest.TestCase):
    def start(self, *argv):
        """A step, in a process group of its own, that runs a command with a time limit."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        (pathlib.Path(folder.name) / "src").mkdir()
        step = subprocess.Popen(
            ["bash", "-c", f'. {LIB}; limited "$@"', "step", *argv], start_new_session=True, text=True,
            env={**os.environ, "MORGANA_WORK": folder.name, "MORGANA_JOBS": "1"}, stdout=subprocess.PIPE)
        self.addCleanup(step.stdout.close)
        return step

    def test_the_status_is_the_commands(self):
        self.assertEqual(7, self.start("100", "sh", "-c", "exit 7").wait())
        self.assertEqual(0, self.start("100", "true").wait())

    def test_what_takes_too_long_ends(self):
        self.assertEqual(124, self.start("0.1", "sleep", "1000").wait())

    def test_the_command_ends_with_the_step(self):
        # It has its time to clean up, and its children end as well.
        step = self.start("1000", "bash", "-c", "trap 'echo cleaned up; exit' TERM\n"
                          "sleep 1000 & echo begun; wait")
        self.assertEqual("begun\n", step.stdout.readline())
        os.killpg(step.pid, signal.SIGTERM)
        self.assertEqual("cleaned up\n", step.stdout.read())  # until nobody can write any more
        self.assertNotEqual(0, step.wait())


if __name__ == "__main__":
    unittest.main()
