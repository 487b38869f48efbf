#!/usr/bin/env python3
"""Switches that misbehave harm nobody but themselves.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import random
import selectors
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, FakeSwitch, Lab, program, wait_for  # noqa: E402
from lab import fakeswitch as of  # noqa: E402

BURST = 400
MEGABYTE = 1 << 20

HELLO_FAILED, BAD_REQUEST = 0, 1  # error types
INCOMPATIBLE, BAD_LEN = 0, 6      # their codes


class Peers(unittest.TestCase):
    def raise_controller(self, *options):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.controller = Controller(self.lab, *options)

    def switch(self, target=None, **options):
        switch = FakeSwitch(self.lab, target or self.controller.path, **options)
        self.addCleanup(switch.close)
        return switch

    def assert_serves(self, dpid):
        """A well-behaved switch joins, and a packet-in of its is answered."""
        switch = self.switch(dpid=dpid).join()
        self.assertTrue(switch.is_served())
        switch.send(of.packet_in(1, of.ethernet(1, 0)))
        switch.receive_type(of.PACKET_OUT)
        switch.close()

    def error_of(self, switch):
        _, _, _, body = switch.receive_type(of.ERROR)
        return struct.unpack("!HH", body[:4])


class Crowds(Peers):
    def test_every_switch_of_a_burst_is_asked_for_its_features(self):
        self.raise_controller("--app=learning")
        switches = [self.switch(self.controller.address, dpid=n + 1) for n in range(BURST)]
        for switch in switches:
            switch.send(of.message(of.HELLO))
        with selectors.DefaultSelector() as selector:
            for switch in switches:
                selector.register(switch.socket, selectors.EVENT_READ, switch)
            while selector.get_map():
                ready = selector.select(of.LIMIT)
                self.assertTrue(ready, f"{len(selector.get_map())} switches were not asked")
                for key, _ in ready:
                    _, _, xid, _ = key.data.receive_type(of.FEATURES_REQUEST)
                    key.data.send(of.features_reply(key.data.dpid, (1, 2), xid))
                    selector.unregister(key.fileobj)
        wait_for(lambda: self.controller.counter("ctl", "sessions_joined") == BURST,
                 "all to have joined")
        for switch in switches:
            self.assertTrue(switch.is_served())

    def test_switches_past_the_limit_are_refused_and_those_within_it_served(self):
        self.raise_controller("--app=learning", "--max-sessions=3")
        within = [self.switch(dpid=n).join() for n in (1, 2, 3)]
        self.assertTrue(self.switch(dpid=4).is_closed())
        for switch in within:
            self.assertTrue(switch.is_served())
        within.pop().close()
        wait_for(lambda: self.controller.counter("ctl", "sessions_ended"), "one to have left")
        self.assert_serves(dpid=5)

    def test_the_second_session_of_a_datapath_replaces_the_first(self):
        self.raise_controller("--app=learning")
        first = self.switch(dpid=7).join()
        self.assertTrue(first.is_served())
        second = self.switch(dpid=7).join()
        self.assertTrue(first.is_closed())
        self.assertTrue(second.is_served())
        self.assertEqual(self.controller.counter("ctl", "sessions_replaced"), 1)


class Deaf(Peers):
    """A switch that sends and does not read."""

    def send_without_reading(self, switch, most):
        """Send packet-ins, `most` bytes of them, or until the controller has had enough."""
        chunk = of.packet_in(1, of.ethernet(1, 0, b"\0" * 1400)) * 64
        sent = 0
        try:
            while sent < most:
                sent += switch.socket.send(chunk)
        except ConnectionError:
            pass

    def test_costs_bounded_memory_and_others_are_served_meanwhile(self):
        self.raise_controller("--app=hub")
        before = self.controller.process.memory()
        switch = self.switch(dpid=1).join()
        self.send_without_reading(switch, 64 * MEGABYTE)
        wait_for(lambda: self.controller.counter("ctl", "packet_ins_dropped"),
                 "what cannot be answered to be dropped and counted")
        self.assertLess(self.controller.process.memory() - before, 16 * MEGABYTE)
        self.assert_serves(dpid=2)

    def test_is_dropped_after_the_echo_limit(self):
        self.raise_controller("--app=hub", "--echo-interval=1s", "--echo-limit=3s")
        switch = self.switch(dpid=1).join()
        self.send_without_reading(switch, 512 * MEGABYTE)
        wait_for(lambda: self.controller.counter("ctl", "sessions_ended"), "it to be dropped")
        self.assert_serves(dpid=2)

    def test_a_silent_switch_is_asked_for_an_echo_and_dropped(self):
        self.raise_controller("--app=hub", "--echo-interval=1s", "--echo-limit=3s")
        switch = self.switch(dpid=1).join()
        switch.receive_type(of.ECHO_REQUEST)
        self.assertTrue(switch.is_closed())
        self.assertEqual(self.controller.counter("ctl", "silent"), 1)

    def test_limits_that_would_drop_every_idle_switch_unasked_are_refused(self):
        run = subprocess.run([program("morgana-controller"), "--listen=ptcp:0:127.0.0.1",
                              "--echo-interval=1m"],
                             capture_output=True, text=True, timeout=of.LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn("--echo-limit must be longer than --echo-interval", run.stderr)


class Nonsense(Peers):
    def setUp(self):
        self.raise_controller("--app=hub")

    def test_garbage_ends_its_session_and_no_other(self):
        rng = random.Random(6653)
        for n in range(50):
            switch = self.switch(dpid=n + 1)
            switch.send(rng.randbytes(rng.randrange(1, 5000)))
            switch.close()
        self.assert_serves(dpid=100)

    def test_a_session_that_ends_in_the_middle_of_a_message_ends_cleanly(self):
        whole = of.packet_in(1, of.ethernet(1, 0))
        for cut in range(1, len(whole)):
            switch = self.switch(dpid=1).join()
            switch.send(whole[:cut])
            switch.close()
        wait_for(lambda: self.controller.counter("ctl", "sessions_ended") == len(whole) - 1,
                 "all of them to have left")
        self.assert_serves(dpid=2)

    def test_a_length_below_the_header_s_gets_an_error_and_the_end(self):
        switch = self.switch(dpid=1).join()
        switch.send(struct.pack("!BBHI", 1, of.PACKET_IN, 7, 9))
        self.assertEqual(self.error_of(switch), (BAD_REQUEST, BAD_LEN))
        self.assertTrue(switch.is_closed())
        self.assert_serves(dpid=2)

    def test_a_message_that_cannot_be_read_is_answered_and_skipped(self):
        switch = self.switch(dpid=1).join()
        switch.send(of.message(of.PACKET_IN, b"\0" * 3, xid=5) + of.packet_in(1, of.ethernet(1, 0)))
        self.assertEqual(self.error_of(switch), (BAD_REQUEST, BAD_LEN))
        switch.receive_type(of.PACKET_OUT)
        self.assertTrue(switch.is_served())

    def test_a_packet_in_whose_total_len_lies_is_still_used(self):
        for total_len in (0, 1, 20, 65535):
            with self.subTest(total_len=total_len):
                switch = self.switch(dpid=1).join()
                switch.send(of.packet_in(1, of.ethernet(1, 0), total_len=total_len))
                switch.receive_type(of.PACKET_OUT)
                self.assertTrue(switch.is_served())

    def test_a_switch_that_excludes_1_0_gets_hello_failed(self):
        only_1_3 = of.message(of.HELLO, struct.pack("!HHI", 1, 8, 1 << 4), version=4)
        for hello in (only_1_3, of.message(of.HELLO, version=0),
                      of.message(of.FEATURES_REPLY, b"\0" * 24, version=4)):
            with self.subTest(hello=hello):
                switch = self.switch(dpid=1)
                switch.send(hello)
                self.assertEqual(self.error_of(switch), (HELLO_FAILED, INCOMPATIBLE))
                self.assertTrue(switch.is_closed())

    def test_a_switch_that_also_speaks_later_versions_joins(self):
        switch = self.switch(dpid=1)
        switch.send(of.message(of.HELLO, version=4))
        _, _, xid, _ = switch.receive_type(of.FEATURES_REQUEST)
        switch.send(of.features_reply(1, (1, 2), xid))
        self.assertTrue(switch.is_served())

    def test_a_switch_that_says_nothing_is_dropped(self):
        self.lab.close()
        self.raise_controller("--app=hub", "--handshake-time=1s")
        self.assertTrue(self.switch(dpid=1).is_closed())


if __name__ == "__main__":
    unittest.main()
