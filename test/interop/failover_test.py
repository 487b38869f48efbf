#!/usr/bin/env python3
"""morgana-switch loses its controllers and finds them again, and what that is to its hosts.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import socket
import struct
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import PATIENCE, Controller, Lab, MorganaSwitch, wait_for  # noqa: E402
from lab import fakeswitch as of  # noqa: E402

EMERG = 4  # a flag of a flow-mod
FLOOD = 0xfffb
SOON = "--backoff-min=100ms", "--backoff-max=500ms"


class Failover(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2, 3)]

    def start_switch(self, *options):
        self.switch = MorganaSwitch(self.lab, self.hosts, *SOON, *options)
        for host in self.hosts:  # a flow is all that a ping needs
            for other in self.hosts:
                if other is not host:
                    host.namespace.ip("neigh", "replace", other.address, "lladdr", other.mac, "dev",
                                      "eth0", "nud", "permanent")

    def wait_for_mode(self, mode):
        wait_for(lambda: self.switch.mode() == mode, f"the switch to be {mode}")

    def wait_for_ping(self, a, b):
        a, b = self.hosts[a - 1], self.hosts[b - 1]
        wait_for(lambda: a.ping(b), f"{a.name} to reach {b.name}")

    def reaches(self, a, b):
        """Whether three pings of three are answered."""
        return self.hosts[a - 1].always_reaches(self.hosts[b - 1], 3)

    def heard(self, a, b):
        """How many of three pings are answered that should not be."""
        return self.hosts[a - 1].ping(self.hosts[b - 1], count=3, wait=1)


class Secure(Failover):
    def test_established_flows_go_on_and_new_ones_wait_for_a_controller(self):
        controller = Controller(self.lab, "--app=learning")
        self.start_switch(f"--controller={controller.target}", "--fail-mode=secure")
        self.wait_for_mode("controlled")
        self.wait_for_ping(1, 2)
        self.assertTrue(self.reaches(1, 2))
        flows = len(self.switch.flows())
        controller.kill()
        self.wait_for_mode("emergency")
        self.assertTrue(self.reaches(1, 2), "this flow is there")
        self.assertEqual(self.heard(1, 3), 0, "this one is not")
        self.assertEqual(len(self.switch.flows()), flows)
        controller.start()
        self.wait_for_mode("controlled")
        self.wait_for_ping(1, 3)
        self.assertTrue(self.reaches(1, 2))

    def test_emergency_flows_take_the_place_of_all_others_until_a_controller_answers(self):
        controller = Controller(self.lab, "--app=learning")
        self.start_switch(f"--controller={controller.target}")
        self.wait_for_mode("controlled")
        self.add_emergency_flood()
        self.wait_for_ping(1, 2)
        self.assertEqual(len(self.switch.flows("table=254")), 1)
        controller.kill()
        self.wait_for_mode("emergency")
        self.assertEqual(self.switch.flows("table=0"), [], "deleted, section 4.3")
        self.assertTrue(self.reaches(1, 3))
        controller.start()
        self.wait_for_mode("controlled")
        self.wait_for_ping(1, 3)
        self.assertNotEqual(self.switch.flows("table=0"), [])

    def add_emergency_flood(self):
        """Flood everything. ovs-ofctl has no word for the flag that makes it an emergency flow."""
        guest = of.FakeSwitch(self.lab, self.switch.path)
        self.addCleanup(guest.close)
        match = struct.pack("!I36x", 0x3fffff)
        body = struct.pack("!QHHHHIHH", 0, 0, 0, 0, 1, of.NO_BUFFER, 0xffff, EMERG)
        action = struct.pack("!HHHH", 0, 8, FLOOD, 0)
        guest.send(of.message(of.HELLO) + of.message(of.FLOW_MOD, match + body + action) +
                   of.message(of.BARRIER_REQUEST, xid=5))
        self.assertEqual(guest.receive()[1], of.HELLO)
        self.assertEqual(guest.receive()[1:3], (of.BARRIER_REPLY, 5), "no error came before it")

    def test_a_switch_whose_controller_was_never_there_finds_it_when_it_comes(self):
        self.start_switch("--controller=tcp:127.0.0.1:6653")
        wait_for(lambda: self.switch.output().count("cannot connect") >= 4, "four calls")
        self.assertEqual(self.heard(1, 2), 0)
        Controller(self.lab, "--app=learning")
        self.wait_for_mode("controlled")
        self.wait_for_ping(1, 2)


class Standalone(Failover):
    def test_it_learns_by_itself_until_a_controller_answers_and_again_when_it_is_gone(self):
        self.start_switch("--controller=tcp:127.0.0.1:6653", "--fail-mode=standalone")
        self.wait_for_mode("standalone")
        self.wait_for_ping(1, 2)
        self.assertEqual(self.switch.flows(), [])
        controller = Controller(self.lab, "--app=learning")
        for _ in range(2):
            self.wait_for_mode("controlled")
            self.wait_for_ping(1, 3)
            self.assertNotEqual(self.switch.flows(), [])
            controller.kill()
            self.wait_for_mode("standalone")
            self.assertTrue(self.reaches(2, 3), "a new flow needs nobody")
            controller.start()


class TwoControllers(Failover):
    def test_one_serves_when_the_other_has_gone_and_nobody_notices(self):
        controllers = [Controller(self.lab, "--app=learning", port=port) for port in (6653, 6654)]
        self.start_switch(*(f"--controller={each.target}" for each in controllers))
        self.wait_for_mode("controlled")
        for each in controllers:
            wait_for(lambda each=each: each.counter("ctl", "sessions_joined"), "both to be joined")
        self.wait_for_ping(1, 2)
        for gone, there in (controllers, controllers[::-1]):
            gone.kill()
            wait_for(lambda gone=gone: f"{gone.target}: cannot connect" in self.switch.output(),
                     "the switch to notice")
            self.switch.ofctl("del-flows")
            before = there.counter("ctl", "rx_packet_in")
            self.assertTrue(self.reaches(1, 2))
            self.assertTrue(self.reaches(3, 1))
            self.assertGreater(there.counter("ctl", "rx_packet_in"), before)
            self.assertNotIn("mode: emergency", self.switch.output().partition("controlled")[2])
            gone.start()
            wait_for(lambda gone=gone: gone.counter("ctl", "sessions_joined"), "it to be joined")


class Meanwhile(Failover):
    def connect(self, client, server):
        with server.namespace.entered():
            listener = socket.create_server((server.address, 0))
        with client.namespace.entered():
            sender = socket.create_connection(listener.getsockname(), timeout=PATIENCE)
        receiver, _ = listener.accept()
        receiver.settimeout(PATIENCE)
        for each in (listener, sender, receiver):
            self.addCleanup(each.close)
        return sender, receiver

    def check_transfer(self, mode):
        """One connection's bytes flow in order while the controller goes and comes."""
        controller = Controller(self.lab, "--app=learning")
        self.start_switch(f"--controller={controller.target}", f"--fail-mode={mode}")
        self.wait_for_mode("controlled")
        sender, receiver = self.connect(*self.hosts[:2])
        stop, sent, got = threading.Event(), bytearray(), bytearray()

        def send():
            number = 0
            while not stop.wait(0.001):
                line = b"%d\n" % number
                sender.sendall(line)
                sent.extend(line)
                number += 1
            sender.shutdown(socket.SHUT_WR)

        def receive():
            while piece := receiver.recv(1 << 16):
                got.extend(piece)
        threads = [threading.Thread(target=each) for each in (send, receive)]
        for each in threads:
            each.start()
        try:
            for lost in ("emergency" if mode == "secure" else mode,) * 3:
                self.wait_for_more(got)
                controller.kill()
                self.wait_for_mode(lost)
                self.wait_for_more(got)
                controller.start()
                self.wait_for_mode("controlled")
            self.wait_for_more(got)
        finally:
            stop.set()
            for each in threads:
                each.join()
        self.assertEqual(got, sent)

    def wait_for_more(self, got):
        before = len(got)
        wait_for(lambda: len(got) > before + 200, "more bytes to arrive")

    def test_a_connection_lives_through_three_losses_in_secure_mode(self):
        self.check_transfer("secure")

    def test_a_connection_lives_through_three_losses_in_standalone_mode(self):
        self.check_transfer("standalone")


if __name__ == "__main__":
    unittest.main()
