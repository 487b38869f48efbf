"""tally adds up what a step's output says, and never counts a failure as a pass.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import subprocess
import unittest

TALLY = pathlib.Path(__file__).with_name("tally")


class Tally(unittest.TestCase):
    def check(self, log, status, passed, failed):
        result = subprocess.run([TALLY, str(status)], input=log, text=True, capture_output=True,
                                check=True)
        self.assertEqual(result.stdout, f"{passed} {failed}\n", log)

    def test_programs_of_check_add_up(self):
        self.check("100%: Checks: 7, Failures: 0, Errors: 0\n"
                   "50%: Checks: 4, Failures: 1, Errors: 1\n", 1, 9, 2)

    def test_unittest_counts_failures_errors_and_skips_as_failed(self):
        self.check("Ran 5 tests in 0.1s\n\nOK\n", 0, 5, 0)
        self.check("Ran 1 test in 0.1s\n\nOK\n", 0, 1, 0)
        self.check("Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=3)\n", 1, 3, 6)
        self.check("Ran 4 tests in 0.1s\n\nOK (skipped=1)\n", 0, 3, 1)
        self.check("Ran 4 tests in 0.1s\n\nFAILED (unexpected successes=1)\n", 1, 3, 1)
        self.check("Ran 4 tests in 0.1s\n\nOK (expected failures=1)\n", 0, 4, 0)

    def test_a_class_that_could_not_be_set_up_is_a_failure(self):
        self.check("Ran 0 tests in 0.1s\n\nFAILED (errors=1)\n", 1, 0, 1)

    def test_a_program_that_ran_nothing_is_a_failure(self):
        self.check("Ran 5 tests in 1s\n\nOK\nRan 0 tests in 0.0s\n\nOK\n", 0, 5, 1)
        self.check("100%: Checks: 3, Failures: 0, Errors: 0\n"
                   "100%: Checks: 0, Failures: 0, Errors: 0\n", 0, 3, 1)

    def test_two_unittest_runs_add_up(self):
        self.check("Ran 5 tests in 1s\n\nOK\nRan 2 tests in 1s\n\nFAILED (failures=1)\n", 1, 6, 1)

    def test_scripts_own_figures_add_up(self):
        self.check("3 passed, 0 failed\n1 passed, 2 failed\n", 1, 4, 2)

    def test_a_step_without_figures_counts_as_one(self):
        self.check("all is well\n", 0, 1, 0)
        self.check("", 0, 1, 0)
        self.check("not well\n", 3, 0, 1)

    def test_a_bad_status_is_never_all_passed(self):
        self.check("100%: Checks: 7, Failures: 0, Errors: 0\n", 1, 7, 1)


if __name__ == "__main__":
    unittest.main()
