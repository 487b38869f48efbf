#!/usr/bin/env python3
"""Hosts talk through morgana-switch, whoever controls it: our controller, Open vSwitch's, or nobody.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import collections
import hashlib
import itertools
import pathlib
import random
import socket
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, MorganaSwitch, TestController, namespace, wait_for  # noqa: E402
from lab.traffic import Tap, carries, numbered, tag, tagged  # noqa: E402


def raise_hosts(test, count=3):
    """A lab, removed when the test or the class of tests ends, and hosts."""
    lab = Lab()
    (test.addClassCleanup if isinstance(test, type) else test.addCleanup)(lab.close)
    return lab, [lab.host(number) for number in range(1, count + 1)]


def wait_for_ping(a, b):
    """What was sent while a switch or a link came up may be lost, so a ping is tried again."""
    wait_for(lambda: a.ping(b), f"{a.name} to reach {b.name}", limit=60)


def wait_until_all_ping(hosts):
    for a, b in itertools.permutations(hosts, 2):
        wait_for_ping(a, b)


class EachControl:
    """What holds under whatever controls the switch. The hosts share one lab. Two of them leave
    checksums and segments to their devices, as hosts do; the third does not."""

    @classmethod
    def setUpClass(cls):
        cls.lab, cls.hosts = raise_hosts(cls)
        cls.switch = MorganaSwitch(cls.lab, cls.hosts, *cls.control(), kind=cls.KIND,
                                   offloads=cls.KIND == "eth")
        namespace.no_offloads(cls.hosts[2].namespace, "eth0")
        namespace.no_offloads(cls.lab.net, cls.switch.ports["h3"])
        wait_for(lambda: cls.switch.mode() == cls.MODE, f"the switch to be {cls.MODE}")
        wait_until_all_ping(cls.hosts)

    @classmethod
    def control(cls):
        """Start what controls the switch; the switch's options for it."""
        raise NotImplementedError

    KIND = "eth"
    MODE = "controlled"

    def taps(self):
        taps = [Tap(host) for host in self.hosts]
        for each in taps:
            self.addCleanup(each.close)
        return taps

    def expect(self, taps, frames):
        """Each of `taps` hears each of `frames` exactly once, and no other."""
        wanted = collections.Counter(frames)
        for each in taps:
            wait_for(lambda each=each: set(wanted) <= set(each.heard()), "the frames to come")
        # What would come twice, or where it should not, comes before what is sent after it.
        wait_until_all_ping(self.hosts)
        for each in taps:
            self.assertEqual(collections.Counter(each.heard()), wanted)

    def test_every_host_reaches_every_other(self):
        for a, b in itertools.permutations(self.hosts, 2):
            self.assertEqual(a.ping(b, count=3), 3, f"{a.name} to {b.name}")

    def test_large_pings_cross_in_fragments(self):
        for a, b in itertools.permutations(self.hosts, 2):
            for size in (1473, 8000, 40000):
                wait_for(lambda a=a, b=b, size=size: " 1 received" in a.run(
                    "ping", "-n", "-c", "1", "-W", "5", "-s", size, b.address, check=False),
                    f"a ping of {size} bytes from {a.name} to {b.name}")

    def test_iperf3_carries_all_that_it_is_told_to(self):
        for a, b in ((0, 1), (1, 2), (2, 0)):
            self.assertTrue(carries(self.lab, self.hosts[a], self.hosts[b], 20))

    def transfer(self, client, server, data):
        """Send `data` over a TCP connection; what arrives, as a digest and its length."""
        with server.namespace.entered():
            listener = socket.create_server((server.address, 0))
        with client.namespace.entered():
            sender = socket.socket()
        sender.settimeout(60)
        listener.settimeout(60)
        self.addCleanup(sender.close)
        self.addCleanup(listener.close)
        sender.connect(listener.getsockname())
        receiver, _ = listener.accept()
        receiver.settimeout(60)
        self.addCleanup(receiver.close)
        thread = threading.Thread(target=lambda: (sender.sendall(data), sender.close()))
        thread.start()
        digest, length = hashlib.sha256(), 0
        while piece := receiver.recv(1 << 16):
            digest.update(piece)
            length += len(piece)
        thread.join()
        return digest.hexdigest(), length

    def test_bytes_arrive_as_they_were_sent_whoever_cuts_and_sums_them(self):
        data = random.Random(1).randbytes(3_000_001)
        for a, b in itertools.permutations(self.hosts, 2):
            with self.subTest(f"{a.name} to {b.name}"):
                self.assertEqual(self.transfer(a, b, data),
                                 (hashlib.sha256(data).hexdigest(), len(data)))

    def test_udp_arrives_with_right_checksums(self):
        for a, b in itertools.permutations(self.hosts, 2):
            with b.namespace.entered():
                receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with a.namespace.entered():
                sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(receiver.close)
            self.addCleanup(sender.close)
            receiver.bind((b.address, 0))
            receiver.settimeout(30)
            for size in (0, 1, 1400, 5000):
                data = random.Random(size).randbytes(size)
                sender.sendto(data, receiver.getsockname())
                self.assertEqual(receiver.recv(1 << 16), data)

    def test_a_broadcast_reaches_every_other_host_exactly_once(self):
        for sender in range(3):
            taps = self.taps()
            frames = [numbered(100 + sender, 0, number) for number in range(50)]
            for frame in frames:
                taps[sender].send(frame)
            self.expect(taps[:sender] + taps[sender + 1:], frames)
            self.assertEqual(taps[sender].heard(), [], "its own come back to nobody")

    def test_frames_keep_their_vlan_tags(self):
        taps = self.taps()
        tags = [b"", tag(5), tag(4094, pcp=7), tag(0, pcp=3), tag(1, pcp=0)]
        frames = [tagged(numbered(200, 0, number, length), tags[number % len(tags)])
                  for number, length in enumerate((46, 100, 1000, 1480, 1490))]
        for frame in frames:
            taps[0].send(frame)
        self.expect(taps[1:], frames)

    def test_frames_of_every_length_arrive_whole(self):
        taps = self.taps()
        frames = [numbered(300, 0, length, length) for length in range(46, 1501, 97)] + \
            [numbered(300, 0, 1500, 1500)]
        for frame in frames:
            taps[1].send(frame)
        self.expect([taps[0], taps[2]], frames)


class EachLearner(EachControl):
    """... that learns where hosts are."""

    def test_a_known_host_s_frames_go_to_it_alone(self):
        taps = self.taps()
        teacher, question = numbered(402, 0, 1), numbered(401, 402, 2)
        taps[1].send(teacher)
        self.expect([taps[0], taps[2]], [teacher])
        taps[0].send(question)
        wait_for(lambda: question in taps[1].heard(), "the frame to come")
        wait_until_all_ping(self.hosts)
        self.assertEqual(taps[1].heard(), [question])
        self.assertEqual(taps[2].heard(), [teacher])


class UnderOurLearning(EachLearner, unittest.TestCase):
    @classmethod
    def control(cls):
        return [f"--controller={Controller(cls.lab, '--app=learning').target}"]


class UnderOurHub(EachControl, unittest.TestCase):
    @classmethod
    def control(cls):
        return [f"--controller={Controller(cls.lab, '--app=hub').target}"]


class UnderTestController(EachLearner, unittest.TestCase):
    @classmethod
    def control(cls):
        return [f"--controller={TestController(cls.lab).target}"]


class UnderTestControllerWithoutFlows(EachLearner, unittest.TestCase):
    @classmethod
    def control(cls):
        return [f"--controller={TestController(cls.lab, '--noflow').target}"]


class UnderTestControllerAsHub(EachControl, unittest.TestCase):
    @classmethod
    def control(cls):
        return [f"--controller={TestController(cls.lab, '--hub').target}"]


class UnderTestControllerNormal(EachControl, unittest.TestCase):
    """It floods the first frame and leaves later ones to NORMAL: two learn, each from its own half."""

    @classmethod
    def control(cls):
        return [f"--controller={TestController(cls.lab, '--normal').target}"]


class Alone(EachLearner, unittest.TestCase):
    MODE = "standalone"

    @classmethod
    def control(cls):
        return ["--fail-mode=standalone"]


class AloneOverXdp(Alone):
    """AF_XDP hands over no offloads: nobody has them."""
    KIND = "xdp"


class LocalPort(unittest.TestCase):
    def test_the_switch_itself_is_a_host_at_its_local_port(self):
        lab, hosts = raise_hosts(self, 2)
        switch = MorganaSwitch(lab, hosts, "--port=tap:s1-local@LOCAL")
        address = "10.0.0.100"
        wait_for(lambda: "s1-local" in lab.net.ip("-br", "link"), "the tap")
        lab.net.ip("address", "add", f"{address}/24", "dev", "s1-local")
        lab.net.ip("link", "set", "s1-local", "up")
        self.assertIn("LOCAL(s1-local)", switch.ofctl("show"))
        switch.ofctl("add-flow", "in_port=1,actions=local")
        switch.ofctl("add-flow", "in_port=local,actions=output:1")
        wait_for(lambda: " 1 received" in hosts[0].run(
            "ping", "-n", "-c", "1", "-W", "2", address, check=False), "the switch to answer")
        self.assertEqual(hosts[0].ping(hosts[1], wait=1), 0, "the flows name no other port")


if __name__ == "__main__":
    unittest.main()
