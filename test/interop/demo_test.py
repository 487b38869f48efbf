#!/usr/bin/env python3
"""./demo works, and leaves nothing: no namespace, no link, no process, no file.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "test"))
from lab import namespace, program, wait_for  # noqa: E402
from lab.network import ROOT, Lab, sweep  # noqa: E402


def processes(name):
    """The processes of a lab, wherever they run: a lab's name is in their environment."""
    mark = f"MORGANA_LAB={name}\0".encode()
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes())
        except OSError:  # it has ended
            pass
    return found


def traces(pid):
    """Everything that is left of the lab of a demo whose process is `pid`."""
    name = f"mg{pid}"
    links = [path.name for path in pathlib.Path("/sys/class/net").iterdir()]
    return (namespace.names(name + "-") + processes(name) +
            [path for path in (ROOT / name,) if path.exists()] +
            [link for link in links if link.startswith("s1")])


class Demo(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.temporary = pathlib.Path(temporary.name)
        self.environment = os.environ | {
            "MORGANA_BUILD": str(program("morgana-controller").parent), "TMPDIR": temporary.name}

    def start(self, *words, program=TOP / "demo", cwd=None):
        demo = subprocess.Popen([program, *words], env=self.environment, cwd=cwd, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        self.addCleanup(demo.stdout.close)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        return demo

    def assert_nothing_left(self, pid):
        self.assertEqual(traces(pid), [])
        self.assertEqual(list(self.temporary.iterdir()), [])

    def assert_works(self, demo):
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 0, output)
        self.assertIn("6 of 6 answered", output)
        self.assertIn("Mbit/s", output)
        self.assertRegex(output, r"\d+ packets  \S*in_port=\d,.*actions=output:")
        self.assertIn("rx_packet_in=", output)
        return output

    def read_until(self, demo, word):
        for line in demo.stdout:
            if line.startswith(word):
                return line
        raise AssertionError(f"the demo ended before {word}")


class EachSwitch:
    """What holds whichever switch the demo is about."""
    OPTIONS = ()

    def start_demo(self, *words):
        return self.start(*self.OPTIONS, *words)

    def interrupt(self, step, signum):
        """Send a signal once a step has said how it went, that is in the middle of the next."""
        demo = self.start_demo()
        self.read_until(demo, step)
        self.assertGreater(len(traces(demo.pid)), 3, "the lab is up")
        demo.send_signal(signum)
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 130, output)
        self.assert_nothing_left(demo.pid)

    def test_it_works_and_leaves_nothing(self):
        demo = self.start_demo()
        self.assertIn(self.SAYS, self.assert_works(demo))
        self.assert_nothing_left(demo.pid)

    def test_ctrl_c_while_the_network_is_raised_leaves_nothing(self):
        self.interrupt("controller", signal.SIGINT)

    def test_ctrl_c_during_the_pings_leaves_nothing(self):
        self.interrupt("switch", signal.SIGINT)

    def test_ctrl_c_during_iperf3_leaves_nothing(self):
        self.interrupt("ping", signal.SIGINT)

    def test_keep_leaves_it_up_and_end_removes_it(self):
        demo = self.start_demo("--keep")
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 0, output)
        self.addCleanup(subprocess.run, [TOP / "demo", "--end"], stdout=subprocess.DEVNULL)
        name = f"mg{demo.pid}-h1"
        said = f"ip netns exec {name} ping 10.0.0.2"
        self.assertIn(said, output)
        namespace.run([*said.split(), "-c", "1", "-W", "5"])
        dump = re.search(r"sudo (ovs-ofctl dump-flows \S+)", output)
        self.assertIn("actions=output:", namespace.run(dump[1].split()))
        self.assertIn("./demo --end", output)
        sweep()
        self.assertTrue(namespace.names(name), "the next lab leaves a kept one alone")
        ended = self.start("--end")
        self.assertIn(f"mg{demo.pid}", ended.stdout.read())
        self.assertEqual(ended.wait(), 0)
        self.assert_nothing_left(demo.pid)

    def test_what_a_killed_demo_leaves_is_removed_by_the_next_lab(self):
        demo = self.start_demo()
        self.read_until(demo, "switch")
        demo.kill()
        demo.wait()
        with Lab():
            wait_for(lambda: not processes(f"mg{demo.pid}"), "its processes to end")
        self.assert_nothing_left(demo.pid)


class WithMorganaSwitch(EachSwitch, Demo):
    SAYS = "starts morgana-switch; "

    def test_sigterm_leaves_nothing(self):
        self.interrupt("ping", signal.SIGTERM)

    def test_ctrl_c_again_during_the_removal_is_no_harm(self):
        demo = self.start_demo()
        self.read_until(demo, "ping")
        everything = namespace.names(f"mg{demo.pid}-")
        demo.send_signal(signal.SIGINT)
        wait_for(lambda: namespace.names(f"mg{demo.pid}-") != everything, "the removal to begin")
        demo.send_signal(signal.SIGINT)
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 130, output)
        self.assertIn("removes namespaces and files ... ok", output)
        self.assertNotIn("Traceback", output)
        self.assert_nothing_left(demo.pid)


class WithOpenVSwitch(EachSwitch, Demo):
    OPTIONS = ("--ovs",)
    SAYS = "starts a private Open vSwitch, "


class OnOurOwnTcp(Demo):
    def test_it_works_with_either_switch_and_leaves_nothing(self):
        for words in (("--direct",), ("--direct", "--ovs")):
            demo = self.start(*words)
            self.assertIn("on its own TCP/IP", self.assert_works(demo))
            self.assert_nothing_left(demo.pid)


class Together(Demo):
    def test_two_at_once_do_not_meet(self):
        demos = [self.start(), self.start()]
        for demo in demos:
            self.assert_works(demo)
        for demo in demos:
            self.assert_nothing_left(demo.pid)


class Building(Demo):
    def built_by_demo(self, place, *others):
        """Start ./demo in a tree that has these files, where to build is to say so and to link to
        the programs that there are: whether it is built in `place` and then found there."""
        tree = self.temporary / "tree"
        tree.mkdir()
        for name in ("demo", "test"):
            (tree / name).symlink_to(TOP / name)
        there = program("morgana-controller").parent
        rule = f"all:\n\tln -sf {there}/morgana-controller {there}/morgana-switch .\n"
        (tree / "Makefile.in").write_text(rule)
        (tree / "configure").write_text("#!/bin/sh\ncp ../Makefile.in Makefile\n")
        (tree / "configure").chmod(0o755)
        for other in others:
            (tree / other).write_text(rule)
        (tree / "json.py").write_text("raise SystemExit('a module from where root happened to be')\n")
        del self.environment["MORGANA_BUILD"]
        demo = self.start(program=tree / "demo", cwd=tree)
        output = demo.stdout.read()
        self.assertEqual(demo.wait(), 0, output)
        self.assertIn(f"builds Morgana in {tree / place} ... ok", output)
        self.assertTrue((tree / place / "morgana-controller").exists())
        shutil.rmtree(tree)
        self.assert_nothing_left(demo.pid)

    def test_it_configures_and_builds_in_build(self):
        self.built_by_demo("build")

    def test_it_builds_in_the_tree_if_that_is_where_its_owner_builds(self):
        self.built_by_demo("", "config.status", "Makefile")


if __name__ == "__main__":
    unittest.main()
