#!/usr/bin/env python3
"""Hosts talk through a switch, a real Open vSwitch or ours, that morgana-controller drives, whatever
befalls the two.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import itertools
import pathlib
import random
import re
import socket
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, MorganaSwitch, OpenVSwitch, wait_for  # noqa: E402
from lab.fakeswitch import ethernet  # noqa: E402
from lab.traffic import carries  # noqa: E402


class OnOpenVSwitch:
    def start_switch(self):
        switch = OpenVSwitch(self.lab)
        for host in self.hosts:
            switch.plug(host)
        switch.set_controller(self.controller.target)
        return switch


class OnMorganaSwitch:
    def start_switch(self):
        return MorganaSwitch(self.lab, self.hosts, f"--controller={self.controller.target}",
                             "--backoff-max=1s")


class Network:
    """Three hosts on a switch that reaches a controller."""

    def raise_network(self, *options):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3)]
        self.controller = Controller(self.lab, *options)
        self.switch = self.start_switch()
        self.wait_until_joined()

    def wait_until_joined(self):
        wait_for(self.switch.is_connected, "the switch to reach its controller")

    def wait_until_all_ping(self):
        """Soon everyone reaches everyone. What was sent while a switch or a link came up may be
        lost, so a ping is tried again."""
        for a, b in itertools.permutations(self.hosts, 2):
            wait_for(lambda a=a, b=b: a.ping(b), f"{a.name} to reach {b.name}", limit=60)

    def load(self):
        """Frames that no flow matches, as fast as a host can send them, until the returned function
        is called."""
        host, stop = self.hosts[2], threading.Event()
        with host.namespace.entered():
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            sender.bind(("eth0", 0))

        def send():
            rng = random.Random(1)
            while not stop.is_set():
                sender.send(ethernet(rng.randrange(1000, 2000), rng.randrange(1000, 2000)))
        thread = threading.Thread(target=send)
        thread.start()

        def end():
            stop.set()
            thread.join()
            sender.close()
        self.addCleanup(end)
        return end


class Learning(Network):
    def learned_flow(self, a, b):
        return any(f"nw_src={a.address},nw_dst={b.address}" in flow and
                   f"actions=output:{b.name[1:]}" in flow and "idle_timeout=2" in flow
                   for flow in self.switch.flows())

    def test_all_pairs_ping_and_flows_appear_and_expire(self):
        self.raise_network("--app=learning", "--learning-idle=2s")
        self.wait_until_all_ping()
        for a, b in itertools.permutations(self.hosts, 2):
            wait_for(lambda a=a, b=b: a.ping(b) and self.learned_flow(a, b), f"{a.name}'s flow to {b.name}")
        wait_for(lambda: not self.switch.flows(), "the idle flows to expire")
        self.wait_until_all_ping()

    def test_tcp_runs_at_the_switch_s_speed_not_the_controller_s(self):
        self.raise_network("--app=learning")
        client, server = self.hosts[:2]
        self.assertTrue(carries(self.lab, client, server, 20))
        self.assertLess(self.controller.counter("ctl", "rx_packet_in"), 2000,
                        "the flows carry it: 20 MB are 14,000 segments and more")

    def test_a_switch_that_is_killed_and_comes_back_is_served_again(self):
        self.raise_network("--app=learning")
        self.wait_until_all_ping()
        self.switch.kill()
        self.assertEqual(self.hosts[0].ping(self.hosts[1], wait=1), 0, "there is no switch")
        self.switch.start()
        self.wait_until_joined()
        self.wait_until_all_ping()
        self.assertEqual(self.controller.counter("ctl", "sessions_joined"), 2)

    def test_a_controller_restarted_under_load_serves_again(self):
        self.raise_network("--app=learning", "--learning-max=64")
        end_load = self.load()
        wait_for(lambda: self.controller.counter("ctl", "rx_packet_in") > 1000, "the load")
        for _ in range(3):
            self.controller.kill()
            self.controller.start()
            wait_for(lambda: self.controller.counter("ctl", "rx_packet_in") > 1000, "the load")
        end_load()
        self.wait_until_joined()
        self.wait_until_all_ping()

    def test_a_port_that_goes_down_takes_its_hosts_and_flows_with_it(self):
        self.raise_network("--app=learning")
        self.wait_until_all_ping()
        gone = re.compile(r"in_port=3,|output:3\b")
        self.assertTrue(any(gone.search(flow) for flow in self.switch.flows()))
        self.switch.link_state(self.hosts[2], "down")
        wait_for(lambda: not any(gone.search(flow) for flow in self.switch.flows()),
                 "the flows of port 3 to go")
        self.assertTrue(self.switch.flows(), "other ports keep theirs")
        self.switch.link_state(self.hosts[2], "up")
        self.wait_until_all_ping()

    def test_a_port_that_is_removed_takes_its_flows_with_it(self):
        self.raise_network("--app=learning")
        self.wait_until_all_ping()
        self.switch.unplug(self.hosts[2])
        wait_for(lambda: not any("output:3" in flow for flow in self.switch.flows()),
                 "the flows to port 3 to go")
        self.assertEqual(self.hosts[0].ping(self.hosts[1], count=2), 2)


class Hub(Network):
    def test_all_pairs_ping_and_no_flow_is_installed(self):
        self.raise_network("--app=hub")
        self.wait_until_all_ping()
        self.assertEqual(self.switch.flows(), [])
        self.assertGreater(self.controller.counter("ctl", "tx_packet_out"), 0)


class Monitor(Network):
    FLOWS = 3000  # about 100 bytes each: a reply of several parts of at most 64 KB

    def test_a_flow_reply_in_many_parts_is_shown_whole(self):
        self.raise_network("--app=monitor", "--monitor-interval=500ms")
        flows = self.lab.folder / "flows"
        flows.write_text("".join(
            f"tcp,nw_dst=10.{n // 256}.{n % 256}.1,tp_dst=80,actions=output:{n % 3 + 1}\n"
            for n in range(self.FLOWS)))
        self.switch.add_flows(flows)
        wait_for(lambda: f"{self.FLOWS} flows in all" in self.controller.output(),
                 "the monitor to show all flows")
        self.assertGreaterEqual(self.controller.counter("ctl", "rx_stats_reply"), 3 + 4,
                                "a round's three replies, the third in at least five parts")
        self.assertEqual(self.controller.counter("monitor", "failed"), 0)


class LearningOnOpenVSwitch(OnOpenVSwitch, Learning, unittest.TestCase):
    pass


class LearningOnMorganaSwitch(OnMorganaSwitch, Learning, unittest.TestCase):
    def test_a_device_that_is_deleted_and_made_anew_is_the_same_port(self):
        self.raise_network("--app=learning")
        self.wait_until_all_ping()
        for times in (1, 2):
            self.switch.unplug(self.hosts[2])
            wait_for(lambda: "state:      LINK_DOWN" in self.switch.ofctl("show"), "the port to go down")
            self.switch.plug(self.hosts[2])
            self.wait_until_all_ping()
            shown = self.switch.ofctl("show")
            self.assertIn(f" 3({self.switch.ports['h3']})", shown)
            self.assertNotIn("LINK_DOWN", shown)


class HubOnOpenVSwitch(OnOpenVSwitch, Hub, unittest.TestCase):
    pass


class HubOnMorganaSwitch(OnMorganaSwitch, Hub, unittest.TestCase):
    pass


class MonitorOnOpenVSwitch(OnOpenVSwitch, Monitor, unittest.TestCase):
    pass


class MonitorOnMorganaSwitch(OnMorganaSwitch, Monitor, unittest.TestCase):
    pass


if __name__ == "__main__":
    unittest.main()
