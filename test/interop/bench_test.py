#!/usr/bin/env python3
"""morgana-bench against morgana-controller on loopback: every packet-in gets its one right answer.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import program, wait_for  # noqa: E402
from lab.process import Process  # noqa: E402

COUNT = 2000


class BenchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.socket = f"{folder.name}/controller"
        controller = Process([program("morgana-controller"), "--app=learning",
                              f"--listen=punix:{self.socket}"], f"{folder.name}/log")
        self.addCleanup(controller.stop)
        wait_for(lambda: pathlib.Path(self.socket).exists() or not controller.is_alive(),
                 "the controller to listen")
        self.assertTrue(controller.is_alive(), controller.output())

    def run_bench(self, *words):
        """Its standard output. A lost answer is one that takes a minute: this is no timed test."""
        return subprocess.run(
            [program("morgana-bench"), f"--controller=unix:{self.socket}", "--connect-time=60s",
             "--lost-after=60s", *words], check=True, stdout=subprocess.PIPE, text=True).stdout

    def check_answers(self, *words):
        figures = json.loads(self.run_bench("--json", f"--count={COUNT}", *words))
        messages = figures["messages"]
        self.assertEqual(messages["sent"], COUNT)
        self.assertEqual(messages["answers"], COUNT)
        self.assertEqual(messages["flow_mods"], COUNT, "all hosts are known")
        for bad in ("wrong", "lost", "unheard", "repeated", "errors", "malformed", "unanswered"):
            self.assertEqual(messages[bad], 0, bad)
        self.assertEqual(figures["served"], figures["run"]["switches"])
        self.assertEqual(figures["dropped"], 0)

    def test_latency_mode_gets_one_right_answer_for_each_packet_in(self):
        self.check_answers("--mode=latency")

    def test_throughput_mode_gets_one_right_answer_for_each_packet_in(self):
        self.check_answers("--mode=throughput")

    def test_large_frames_of_many_hosts_at_few_ports(self):
        self.check_answers("--frame=1514", "--hosts=500", "--ports=2", "--switches=3")

    def test_a_second_run_finds_the_controller_as_before(self):
        self.check_answers("--switches=4")
        self.check_answers("--switches=4", "--hosts=7", "--ports=5", "--seed=2")

    def test_a_burst_of_connects_is_served(self):
        figures = json.loads(self.run_bench("--json", "--connect-burst", "--switches=300"))
        self.assertEqual(figures["served"], 300)
        self.assertEqual(figures["dropped"], 0)

    def test_the_table_has_the_figures(self):
        table = self.run_bench(f"--count={COUNT}")
        self.assertRegex(table, re.compile(rf"^ *answered +{COUNT}$", re.M))
        self.assertRegex(table, r"p50 [\d.]+ +p99 [\d.]+ +p99\.9 [\d.]+ +max [\d.]+ us")

    def test_options_that_make_no_sense_are_refused(self):
        for words in (["--mode=both"], ["--switches=0"], ["--frame=59"], ["spare"]):
            run = subprocess.run([program("morgana-bench"), *words], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(run.returncode, 2, words)
            self.assertIn("morgana-bench: ", run.stderr)


if __name__ == "__main__":
    unittest.main()
