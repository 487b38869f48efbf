#!/usr/bin/env python3
"""morgana-bench and `make bench-switch` measure switches: what they report makes sense. What the
figures are is no matter here.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json
import pathlib
import socket
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP), str(TOP / "bench")]
from lab import Lab, OpenVSwitch, namespace, program  # noqa: E402
from flood import PLACES, prepare, trickle  # noqa: E402
from switches import Morgana  # noqa: E402

SWITCHES = ("ovs", "morgana eth:", "morgana xdp:")
ETH_P_IP = 0x0800


def frames_of(receiver):
    """What waits in a socket."""
    try:
        while True:
            yield receiver.recv(2048)
    except BlockingIOError:
        pass


class MorganaBench(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.generator = self.lab.namespace("gen")
        for number in (1, 2):
            namespace.link(self.lab.net, f"p{number}", self.generator, f"g{number}")

    def bench(self, *words):
        return json.loads(self.generator.run([program("morgana-bench"), "--json",
                                              "--connect-time=60s", "--lost-after=60s", *words]))

    def few_frames(self, source, sink):
        """So few that nothing may lose any."""
        report = self.bench("--mode=frames", f"--from={source}", f"--to={sink}", "--rate=200",
                            "--duration=500ms", "--warmup=0s", "--flows=10", "--macs=5")
        frames = report["frames"]
        self.assertGreater(frames["sent"], 0)
        self.assertEqual(frames["received"], frames["sent"])
        for bad in ("lost", "not_sent", "missed", "reordered", "foreign"):
            self.assertEqual(frames[bad], 0, bad)
        self.assertTrue(report["good"])
        self.assertGreater(report["latency_us"]["p50"], 0)
        self.assertGreaterEqual(report["latency_us"]["max"], report["latency_us"]["p99"])

    def test_frames_go_through_a_switch_one_by_one_by_every_kind_of_device(self):
        switch = Morgana(self.lab, "eth")
        with switch.between("p1", "p2"):
            for source, sink in (("eth:g1", "eth:g2"), ("eth:g2", "eth:g1"), ("xdp:g1", "eth:g2"),
                                 ("eth:g1", "xdp:g2"), ("xdp:g1", "xdp:g2")):
                with self.subTest(source=source, sink=sink):
                    self.few_frames(source, sink)

    def listen(self, interface):
        """A socket that receives the IPv4 frames that come to an interface of the generator's."""
        with self.generator.entered():
            receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
        self.addCleanup(receiver.close)
        receiver.bind((interface, ETH_P_IP))
        return receiver

    def test_the_frames_of_a_flood_are_counted_as_a_receiver_counts_them(self):
        prepare(self.lab.net, "p1")
        receiver = self.listen("g2")
        with Morgana(self.lab, "eth").between("p1", "p2"):
            report = trickle(self.generator, "g1", "g2", 0.5, rate=400)
        received = list(frames_of(receiver))
        self.assertGreater(report["sent"], 0)
        self.assertEqual(report["all"], report["sent"])
        self.assertEqual(len(received), report["sent"])
        self.assertEqual({len(frame) for frame in received}, {60})

    def check_flow_mods(self, name):
        report = self.bench("--mode=flow-mods", f"--switch=unix:{name}", "--flows=200",
                            "--duration=50ms", "--warmup=0s")
        self.assertGreater(report["rounds"], 0)
        self.assertEqual(report["errors"], 0)
        self.assertFalse(report["ended_early"])
        for kind in ("add", "modify", "delete", "all"):
            self.assertGreater(report["flow_mods_per_second"][kind], 0, kind)

    def test_flow_mods_into_our_switch_leave_its_flows_as_they_were(self):
        switch = Morgana(self.lab, "eth")
        with switch.between("p1", "p2"):
            self.check_flow_mods(switch.socket)
            flows = namespace.run(["ovs-ofctl", "dump-flows", f"unix:{switch.socket}"])
            self.assertEqual(flows.count("actions="), 2)

    def test_flow_mods_into_open_vswitch_leave_nothing(self):
        ovs = OpenVSwitch(self.lab)
        self.check_flow_mods(ovs.folder / f"{ovs.bridge}.mgmt")
        self.assertEqual(ovs.flows(), [])


class SideBySide(unittest.TestCase):
    def test_the_report_has_every_figure_of_every_switch(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "report.json"
            table = namespace.run([sys.executable, TOP / "bench" / "switch_bench.py", "--rounds=1",
                                   "--seconds=0.3", f"--out={out}"])
            report = json.loads(out.read_text())
        for name in SWITCHES:
            self.assertIn(name, table)
            self.check(report["rounds"][0][name], name)
        self.assertEqual(set(report["peak_mib"]), set(SWITCHES[1:]))
        self.assertTrue(all(mib > 0 for mib in report["peak_mib"].values()))
        self.assertEqual(len(report["ratios"]["iperf3_offloads"]["morgana eth:"]), 1)

    def check(self, figures, name):
        frames = figures["search"]["frames"]
        self.assertGreater(frames["received"], 0, name)
        self.assertLessEqual(frames["received"], frames["sent"], name)
        self.assertEqual(frames["reordered"], 0, name)
        self.assertEqual([report["place"] for report in figures["floods"]], list(PLACES))
        self.assertEqual(figures["frames"], max(report["rate"] for report in figures["floods"]))
        self.assertIn("lossless", figures)  # 0 where even the fewest frames are lost
        for what in ("frames", "cpu_ns", "flow_mods", "iperf3", "ping_us"):
            self.assertGreater(figures[what], 0, f"{what} of {name}")


if __name__ == "__main__":
    unittest.main()
