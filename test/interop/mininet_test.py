#!/usr/bin/env python3
"""Mininet's networks of Morgana's switches and under its controller, as doc/mininet.md says.

Mininet runs within a namespace of the test's own, so that its devices do not meet the machine's.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, program  # noqa: E402
from lab.namespace import Namespace, ip, remove  # noqa: E402

CLASSES = pathlib.Path(__file__).resolve().parents[2] / "tools/mininet/morgana.py"
MORGANA = ("--switch", "morgana", "--controller", "morgana")


class MininetTest(unittest.TestCase):
    def setUp(self):
        self.name = f"mmn{os.getpid()}"
        self.namespace = Namespace(self.name)
        self.addCleanup(remove, self.name)

    def mininet(self, *options, commands=""):
        """What `mn` says; it must end well by itself."""
        done = subprocess.run(
            self.namespace.command(["mn", "--custom", str(CLASSES), *options]), input=commands,
            capture_output=True, text=True, check=False, timeout=PATIENCE,
            env=os.environ | {"MORGANA_BUILD": str(program("morgana-switch").parent)})
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        self.assertIn("*** Done", said)
        self.assertEqual(ip("netns", "pids", self.name), "", "left behind")
        return said

    def test_every_host_of_a_tree_reaches_every_other(self):
        said = self.mininet(*MORGANA, "--topo", "tree,2", "--test", "pingall")
        self.assertIn("0% dropped (12/12 received)", said)

    def test_a_switch_works_alone_and_over_af_xdp(self):
        said = self.mininet("--switch", "morgana,failMode=standalone,device=xdp", "--controller",
                            "none", "--test", "pingall")
        self.assertIn("0% dropped (2/2 received)", said)

    def test_open_vswitch_is_not_needed_for_the_hub(self):
        said = self.mininet("--switch", "morgana", "--controller", "morgana,app=hub", "--test",
                            "pingall")
        self.assertIn("0% dropped (2/2 received)", said)

    def test_dpctl_shows_the_flows_that_pings_leave(self):
        said = self.mininet(*MORGANA, commands="h1 ping -c 1 h2\ndpctl dump-flows\n")
        self.assertRegex(said, r"icmp.*actions=output:")

    def test_a_link_added_while_it_runs_is_a_port(self):
        said = self.mininet(*MORGANA, commands="py net.addHost('h3')\npy net.addLink(s1, net.get('h3'))\n"
                            "py s1.attach('s1-eth3')\npy net.get('h3').setIP('10.0.0.3/8')\n"
                            "h1 ping -c 1 10.0.0.3\n")
        self.assertIn("1 received", said)


if __name__ == "__main__":
    unittest.main()
