#!/usr/bin/env python3
"""Morgana's own TCP/IP on devices against Linux, iperf3 and dnsmasq.

It mostly waits: for addresses to be probed (RFC 5227), for windows, for leases.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import collections
import contextlib
import json
import pathlib
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, namespace, program, wait_for  # noqa: E402
from lab.dhcp import dnsmasq  # noqa: E402
from lab.direct import KERNEL, OURS, DirectHost, answers, ethernet, tap  # noqa: E402

# The pattern of test/interop/host.c; it comes again after 2^21 bytes and more.
PATTERN = bytes((i * 2654435761 & 0xffffffffffffffff) >> 13 & 0xff for i in range(300000))

NOW = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset


def receive(connection, n=None):
    """What comes until the peer ends, or `n` bytes."""
    data = bytearray()
    while (n is None or len(data) < n) and (piece := connection.recv(65536)):
        data += piece
    return bytes(data)


@contextlib.contextmanager
def sending(connection, data):
    """A thread sends while this one goes on."""
    sender = threading.Thread(target=connection.sendall, args=(data,))
    sender.start()
    yield
    sender.join()


class Peers(unittest.TestCase):
    """A host of ours whose peer is the kernel of the lab's "net". Each test has a lab."""

    @classmethod
    def raise_lab(cls, add_cleanup):
        cls.lab = Lab()
        add_cleanup(cls.lab.close)
        cls.net = cls.lab.net
        cls.device, cls.where = cls.link()

    @classmethod
    def link(cls):
        """The option for our end of the link, and where that is."""
        return tap(cls.net, "t0"), cls.net

    def setUp(self):
        self.raise_lab(self.addCleanup)

    @classmethod
    def start(cls, *options):
        return DirectHost(cls.lab, cls.where, cls.device, *options)

    @classmethod
    def start_at(cls, address, *options):
        host = cls.start(f"--ip={address}/24,{KERNEL}", *options)
        wait_for(lambda: host.has_address(cls.device.removeprefix("--net=direct:"), address),
                 "the address")
        return host

    @classmethod
    def dnsmasq(cls, *options):
        """dnsmasq on the tap's other end. Returns the process once it serves."""
        return dnsmasq(cls.lab, "t0", *options)

    def session(self):
        session = self.host.session()
        self.addCleanup(session.close)
        return session

    def listen(self, address=KERNEL, where=None):
        """A listening socket of the kernel's."""
        with (where or self.net).entered():
            listener = socket.create_server((address, 0))
        listener.settimeout(60)
        self.addCleanup(listener.close)
        return listener, f"tcp:{address}:{listener.getsockname()[1]}"

    def accept(self, listener):
        connection, _ = listener.accept()
        connection.settimeout(120)
        self.addCleanup(connection.close)
        return connection

    def connect(self, port, address=OURS):
        with self.net.entered():
            connection = socket.create_connection((address, port), 60)
        connection.settimeout(120)
        self.addCleanup(connection.close)
        return connection

    def we_call(self):
        """A connection that our host opens: its session and the kernel's socket."""
        session, (listener, name) = self.session(), self.listen()
        session.tell(f"connect {name}")
        connection = self.accept(listener)
        session.wait_to_say("opened")
        return session, connection

    def linux_calls(self):
        """The same, opened by the kernel."""
        session = self.session()
        name = session.ask("listen ptcp:0", "listening ptcp:")
        connection = self.connect(int(name.split(":")[1]))
        session.wait_to_say("accepted")
        return session, connection


class Shared(Peers):
    """One host of ours for the class; each test has sessions of its own with it."""

    OPTIONS = []

    @classmethod
    def setUpClass(cls):
        cls.raise_lab(cls.addClassCleanup)
        cls.host = cls.start_at(OURS, *cls.OPTIONS)

    def setUp(self):
        pass


class EachDevice:
    """What holds on every kind of device."""

    def test_ping_whole_and_in_fragments(self):
        for size in (0, 56, 1472, 1473, 8000, 60000):
            self.assertTrue(answers(self.net, OURS, size), f"{size} bytes")

    def test_bytes_go_both_ways_and_end(self):
        session, connection = self.we_call()
        session.tell(f"send {len(PATTERN)}")
        session.tell("finish")
        self.assertEqual(receive(connection), PATTERN)
        # Half-closed by us: the other way goes on.
        connection.sendall(PATTERN)
        session.wait_to_say(f"heard {len(PATTERN)}")
        self.assertIn("wrong=0", session.ask("info", "info"))
        connection.close()
        session.wait_to_say("closed in order")

    def test_linux_calls_and_half_closes(self):
        session, connection = self.linux_calls()
        self.assertEqual(session.ask("info", "info").split()[1], "ESTABLISHED")
        connection.sendall(PATTERN)
        connection.shutdown(socket.SHUT_WR)
        session.wait_to_say("ended")
        self.assertEqual(session.ask("info", "info").split()[1], "CLOSE-WAIT")
        session.tell(f"send {len(PATTERN)}")
        session.tell("finish")
        self.assertEqual(receive(connection), PATTERN)
        session.wait_to_say("closed in order")

    def test_linux_hears_its_own_bytes(self):
        session, connection = self.linux_calls()
        session.tell("echo")
        with sending(connection, 10 * PATTERN):
            self.assertEqual(receive(connection, 10 * len(PATTERN)), 10 * PATTERN)

    def test_requests_are_answered_each_in_turn(self):
        session, connection = self.linux_calls()
        session.tell("echo")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        numbers = random.Random(1)
        for _ in range(500):
            request = numbers.randbytes(numbers.choice((1, 40, 200, 1448, 1449, 5000)))
            connection.sendall(request)
            self.assertEqual(receive(connection, len(request)), request)

    def test_many_streams_go_both_ways_at_once(self):
        pairs = [self.linux_calls() if i % 2 else self.we_call() for i in range(12)]
        with contextlib.ExitStack() as stack:
            for session, connection in pairs:
                session.tell(f"send {len(PATTERN)}")
                session.tell("finish")
                stack.enter_context(sending(connection, PATTERN))
            for session, connection in pairs:
                self.assertEqual(receive(connection), PATTERN)
        for session, connection in pairs:
            session.wait_to_say(f"heard {len(PATTERN)}")
            self.assertIn("wrong=0", session.ask("info", "info"))
            connection.close()
            session.wait_to_say("closed in order")

    def test_a_reset_is_heard_at_the_other_end(self):
        session, connection = self.we_call()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
        connection.close()
        session.wait_to_say("closed Connection reset by peer")
        session, connection = self.linux_calls()
        session.tell("abort")
        self.assertRaises(ConnectionResetError, connection.recv, 1)

    def test_linux_resets_when_it_closes_with_unread_bytes(self):
        session, connection = self.we_call()
        session.ask("send 1000", "sent")
        wait_for(lambda: len(connection.recv(1000, socket.MSG_PEEK)) == 1000, "the bytes")
        connection.close()
        session.wait_to_say("closed Connection reset by peer")


class TapTest(EachDevice, Shared):
    def test_closed_ports_are_refused(self):
        with self.net.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(30)
            udp.connect((OURS, 9))
            udp.send(b"x")
            self.assertRaises(ConnectionRefusedError, udp.recv, 1)
        self.assertRaises(ConnectionRefusedError, self.connect, 9)

    def test_what_linux_refuses_is_heard(self):
        session = self.session()
        self.assertEqual(session.ask(f"connect tcp:{KERNEL}:9", "closed"),
                         "closed Connection refused")
        # Behind the gateway is nobody.
        self.net.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        self.net.ip("route", "add", "unreachable", "10.99.0.0/16")
        self.net.ip("route", "add", "prohibit", "10.98.0.0/16")
        self.assertEqual(session.ask("connect tcp:10.98.0.1:9", "closed"),
                         "closed No route to host")
        self.assertIn(session.ask("connect tcp:10.99.0.1:9", "closed"),
                      ("closed No route to host", "closed Connection timed out"))

    def test_a_window_closed_for_a_minute_reopens(self):
        size = 10 * len(PATTERN)
        # Linux does not read: Linux's window closes. We do not read: ours does.
        ours, linux = self.we_call()
        ours.tell(f"send {size}")
        paused, sender = self.linux_calls()
        paused.tell("pause")
        paused.ask("info", "info")  # it has paused
        with sending(sender, 10 * PATTERN):
            time.sleep(60)
            self.assertEqual(ours.ask("info", "info").split()[1], "ESTABLISHED")
            self.assertGreater(ours.counters()["tcp", "zero_window_probes"], 2)
            paused.tell("resume")
            self.assertEqual(len(receive(linux, size)), size)
            paused.wait_to_say(f"heard {size}")


class EthernetTest(EachDevice, Shared):
    KIND = "eth"

    @classmethod
    def link(cls):
        ours = cls.lab.namespace("ours")
        return ethernet(cls.KIND, ours, "e0", cls.net, "far"), ours


class XdpTest(EthernetTest):
    KIND = "xdp"


class SuperSegmentsTest(Shared):
    def test_they_go_both_ways(self):
        session, connection = self.linux_calls()
        session.tell("send 3000000")
        self.assertEqual(len(receive(connection, 3000000)), 3000000)
        connection.sendall(10 * PATTERN)
        session.wait_to_say(f"heard {10 * len(PATTERN)}")
        counters = session.counters()
        for way in ("frames_out", "frames_in"):
            self.assertLess(counters["ip", way], 3000000 / 1448)


class LossTest(Shared):
    """Two of a hundred frames each way are lost."""

    @classmethod
    def link(cls):
        wire, ours = cls.lab.namespace("wire"), cls.lab.namespace("ours")
        namespace.link(ours, "e0", wire, "p2")
        namespace.link(cls.net, "far", wire, "p1")
        cls.net.ip("address", "add", f"{KERNEL}/24", "dev", "far")
        cls.lab.start([program("test/interop/forwarder"), "eth:p1", "eth:p2", "20"], "wire.log",
                      where=wire)
        return "--net=direct:xdp:e0", ours

    def test_everything_arrives_both_ways(self):
        session, connection = self.we_call()
        session.tell(f"send {len(PATTERN)}")
        session.tell("finish")
        with sending(connection, PATTERN):
            self.assertEqual(receive(connection), PATTERN)
        session.wait_to_say(f"heard {len(PATTERN)}")
        self.assertIn("wrong=0", session.ask("info", "info"))
        self.assertGreater(session.counters()["tcp", "retransmits"], 0)


class IperfTest(Peers):
    """iperf3 knows the kernel's sockets only: test/interop/relay stands between its two ends, so
    that both talk to our TCP."""

    def setUp(self):
        super().setUp()
        self.relay = self.lab.start(
            [program("test/interop/relay"), "ptcp:5201", f"tcp:{KERNEL}:5201", self.device,
             f"--ip={OURS}/24"], "relay.log")
        wait_for(lambda: f"up, {OURS}/24" in self.relay.output(), "the address")
        server = self.lab.start(["iperf3", "-s", "-B", KERNEL, "--forceflush"], "iperf3.log")
        wait_for(lambda: "listening" in server.output(), "iperf3's server")

    def iperf(self, *options):
        return json.loads(self.net.run(
            ["iperf3", "-c", OURS, "-J", "-n", "60M", "-w", "128K", *options], timeout=120))["end"]

    def test_iperf3_carries_all_that_it_is_told_to(self):
        for options in ([], ["-R"], ["-P", "8"], ["-P", "8", "-R"]):
            with self.subTest(options):
                # It does not wait for what is on its way when it has sent all.
                self.assertGreater(self.iperf(*options)["sum_received"]["bytes"], 30 << 20)

    def test_iperf3_carries_both_ways_at_once(self):
        # It ends as soon as one way has carried all; how far the other is by then, nobody promises.
        carried = collections.Counter()

        def enough():
            end = self.iperf("--bidir")
            ways = {way: end[way]["bytes"] for way in ("sum_received", "sum_received_bidir_reverse")}
            self.assertGreater(max(ways.values()), 30 << 20)
            carried.update(ways)
            return min(carried.values()) > 30 << 20

        wait_for(enough, "each way to carry 30 MiB")


class ConflictTest(Peers):
    def test_an_address_that_the_kernel_has_is_not_taken(self):
        host = self.start(f"--ip={KERNEL}/24")
        wait_for(lambda: f"somebody else uses {KERNEL}" in host.process.output(), "the conflict")
        self.assertFalse(host.has_address("tap:t0", KERNEL))


class PathTest(Shared):
    def test_a_path_that_becomes_narrow_in_between_is_noticed(self):
        # host - t0, net - router - far: every link takes 1500 bytes but the one in the middle.
        router, far = self.lab.namespace("r"), self.lab.namespace("far")
        namespace.link(self.net, "r0", router, "n0", offloads=True)
        namespace.link(router, "f0", far, "r0", offloads=True)
        for where, device, address in ((self.net, "r0", "10.8.1.1"), (router, "n0", "10.8.1.2"),
                                       (router, "f0", "10.8.2.1"), (far, "r0", "10.8.2.2")):
            where.ip("address", "add", f"{address}/24", "dev", device)
        self.net.ip("route", "add", "10.8.2.0/24", "via", "10.8.1.2")
        router.ip("route", "add", "10.9.0.0/24", "via", "10.8.1.1")
        far.ip("route", "add", "default", "via", "10.8.2.1")
        for where in (self.net, router):
            where.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        session = self.session()
        listener, name = self.listen("10.8.2.2", far)
        session.tell(f"connect {name}")
        connection = self.accept(listener)
        for mtu in (1500, 1280, 900):
            for where, device in ((self.net, "r0"), (router, "n0")):
                where.ip("link", "set", device, "mtu", mtu)
            session.tell(f"send {len(PATTERN)}")
            self.assertEqual(len(receive(connection, len(PATTERN))), len(PATTERN))
            self.assertIn(f" mtu={mtu} ", session.ask("info", "info"))
        self.assertEqual(session.counters()["ip", "pmtu_lowered"], 2)
        # And the next connection knows.
        session.ask(f"connect {name}", "opened")
        self.assertIn(" mtu=900 ", session.ask("info", "info"))


class DhcpTest(Peers):
    RANGE = "--dhcp-range=10.9.0.50,10.9.0.50,255.255.255.0,2m"

    def test_a_lease_is_taken_renewed_and_given_back(self):
        server = self.dnsmasq(self.RANGE, "--dhcp-option=option:T1,4", "--dhcp-option=option:T2,60",
                              "--dhcp-option=option:router,10.9.0.1", "--address=/name.test/10.9.0.1")
        self.host = self.start("--hostname=guest")
        wait_for(lambda: self.host.has_address("tap:t0", "10.9.0.50"), "the lease")
        wait_for(lambda: server.output().count("DHCPACK(t0) 10.9.0.50") >= 3, "two renewals", 60)
        self.assertEqual(server.output().count("DHCPDISCOVER(t0)"), 1)
        self.assertIn("guest", server.output())
        self.assertTrue(answers(self.net, "10.9.0.50"))
        _, name = self.listen()  # the server's address is the name server's, too
        self.session().ask(f"connect tcp:name.test:{name.rpartition(':')[2]}", "opened")
        self.host.process.stop()
        wait_for(lambda: "DHCPRELEASE(t0) 10.9.0.50" in server.output(), "the release")

    def test_a_server_that_refuses_is_asked_for_another_address(self):
        options = ("--dhcp-option=option:T1,4", "--dhcp-option=option:T2,60")
        server = self.dnsmasq(self.RANGE, *options)
        host = self.start()
        wait_for(lambda: host.has_address("tap:t0", "10.9.0.50"), "the lease")
        server.stop()
        (self.lab.folder / "leases").unlink()
        server = self.dnsmasq(self.RANGE.replace("0.50", "0.60"), *options)
        wait_for(lambda: "DHCPNAK(t0) 10.9.0.50" in server.output(), "the refusal", 60)
        wait_for(lambda: host.has_address("tap:t0", "10.9.0.60"), "the other address", 60)

    def test_an_address_that_somebody_has_is_declined(self):
        self.net.ip("address", "add", "10.9.0.50/32", "dev", "lo")
        server = self.dnsmasq(self.RANGE)
        host = self.start()
        wait_for(lambda: "DHCPDECLINE(t0) 10.9.0.50" in server.output(), "the decline", 60)
        self.assertFalse(host.has_address("tap:t0", "10.9.0.50"))


class DnsTest(Shared):
    OPTIONS = ["--dns=10.9.0.77", f"--dns={KERNEL}"]  # nobody answers at the first

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dnsmasq("--port=53", "--address=/there.test/10.9.0.1", "--cname=alias.test,real.test",
                    "--host-record=real.test,10.9.0.1", "--local=/test/")

    def test_names_are_found_through_aliases_and_those_that_are_not_are_said(self):
        session = self.session()
        _, name = self.listen()
        port = name.rpartition(":")[2]
        for found in ("there.test", "alias.test", "REAL.test"):
            session.ask(f"connect tcp:{found}:{port}", "opened")
        self.assertEqual(session.ask(f"connect tcp:none.test:{port}", "closed"),
                         "closed No such device or address")


class OptionsTest(unittest.TestCase):
    def test_options_that_do_not_agree_are_refused_in_words(self):
        for words, complaint in (
                (["--net=tap:t0"], "--net=tap:t0: must be socket or direct:DEVICE"),
                (["--net=direct:t0"], "--net=direct:t0: there is no such kind of device"),
                (["--net=socket", "--net=direct:tap:t0"], "not both"),
                (["--ip=dhcp"], "only with --net=direct:DEVICE"),
                (["--net=direct:tap:t0", "--ip=dhcp", "--ip=dhcp"], "there are fewer devices"),
                (["--net=direct:tap:t0", "--ip=10.0.0.2"], "must be dhcp or A.B.C.D/N[,GATEWAY]"),
                (["--net=direct:tap:t0", "--ip=10.0.0.2/24,10.1.0.1"], "must be dhcp or"),
                (["--net=direct:tap:t0", "--dns=name"], "must be an IPv4 address"),
                (["--net=direct:tap:t0"] + 4 * ["--dns=10.0.0.1"], "there are too many"),
                (["--net=direct:tap:t0", "--tcp-cc=vegas"], "must be cubic or reno")):
            for name in ("morgana-controller", "morgana-switch"):
                run = subprocess.run([program(name), *words], capture_output=True, text=True,
                                     timeout=60)
                self.assertEqual(run.returncode, 1)
                self.assertIn(complaint, run.stderr)


if __name__ == "__main__":
    unittest.main()
