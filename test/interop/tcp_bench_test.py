#!/usr/bin/env python3
"""`make bench-tcp` measures what it says: its report makes sense. What the figures are is no matter
here.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent


NAMES = {"morgana", "lwip", "kernel"}


class TcpBench(unittest.TestCase):
    def test_a_moment_of_it_reports_every_figure_of_every_peer(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "tcp.json"
            text = subprocess.run(
                [sys.executable, TOP / "bench" / "tcp_bench.py", "--rounds=1", "--seconds=0.1",
                 "--connections=20", f"--out={out}"], check=True, text=True,
                stdout=subprocess.PIPE).stdout
            report = json.loads(out.read_text())
        (figures,) = report["rounds"]
        for job in ("send", "receive", "turns"):
            self.assertLessEqual(NAMES, set(figures[job]))
            for name, figure in figures[job].items():
                self.assertGreater(figure, 0, f"{job}, {name}")
            for name, (ratio,) in report["ratios"][job].items():
                self.assertEqual(ratio, figures[job]["morgana"] / figures[job][name])
        for name in ("morgana", "lwip"):
            self.assertGreater(figures["hold"][name], 100)
            self.assertIn(f"{figures['hold'][name]:,.0f}", text)
        self.assertEqual(text.count("target 2x"), 2)
        self.assertEqual(text.count("target 0.6x"), 2)


if __name__ == "__main__":
    unittest.main()
