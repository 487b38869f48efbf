#!/usr/bin/env python3
"""./demo --xen shows the switch's domain booting and forwarding, and leaves nothing.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from interop.demo_test import Demo as DemoTest  # noqa: E402
from interop.demo_test import traces  # noqa: E402
from xen.machine import build_bench  # noqa: E402


class XenDemoTest(DemoTest):
    """With everything built, as after the first time."""

    @classmethod
    def setUpClass(cls):
        build_bench()

    def test_it_works_and_leaves_nothing(self):
        demo = self.start("--xen")
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 0, output)
        self.assertIn("6 of 6 answered", output)
        self.assertIn("mode: controlled", output)
        self.assertRegex(output, r"\d+ packets  in_port=\d,.*actions=output:")
        self.assertRegex(output, r"morgana-switch +\d")
        self.assert_nothing_left(demo.pid)

    def test_ctrl_c_leaves_nothing(self):
        demo = self.start("--xen")
        self.read_until(demo, "machine")
        self.assertGreater(len(traces(demo.pid)), 3, "the lab is up")
        demo.send_signal(signal.SIGINT)
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 130, output)
        self.assert_nothing_left(demo.pid)


if __name__ == "__main__":
    unittest.main()
