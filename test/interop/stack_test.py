#!/usr/bin/env python3
"""Morgana's own TCP/IP on taps against Linux, dnsmasq and Open vSwitch.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, MorganaSwitch, OpenVSwitch, namespace, program, wait_for  # noqa: E402
from lab.direct import KERNEL, OURS, DirectController, DirectHost, answers, tap  # noqa: E402

# The pattern of test/interop/host.c; it comes again after 2^21 bytes and more.
PATTERN = bytes((i * 2654435761 & 0xffffffffffffffff) >> 13 & 0xff for i in range(300000))


def receive(connection, n=None):
    """What comes until the peer ends, or `n` bytes."""
    data = bytearray()
    while (n is None or len(data) < n) and (piece := connection.recv(65536)):
        data += piece
    return bytes(data)


class Peers(unittest.TestCase):
    """A host of ours on a tap in the lab's "net", whose kernel is the peer."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.net = self.lab.net
        self.device = tap(self.net, "t0")

    def start(self, *options):
        host = DirectHost(self.lab, self.net, self.device, *options)
        self.addCleanup(host.close)
        return host

    def start_at(self, address=OURS, *options):
        host = self.start(f"--ip={address}/24,{KERNEL}", *options)
        wait_for(lambda: host.has_address("tap:t0", address), "the address")
        return host

    def listen(self, address=KERNEL, where=None):
        """A listening socket of the kernel's."""
        with (where or self.net).entered():
            listener = socket.create_server((address, 0))
        listener.settimeout(60)
        self.addCleanup(listener.close)
        return listener, f"tcp:{address}:{listener.getsockname()[1]}"

    def connect(self, port, address=OURS):
        with self.net.entered():
            connection = socket.create_connection((address, port), 60)
        self.addCleanup(connection.close)
        return connection

    def dnsmasq(self, *options):
        """dnsmasq on the tap's other end. Returns the process once it serves."""
        lease = self.lab.folder / "leases"
        process = self.lab.start(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
             "--interface=t0", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file",
             "--log-facility=-", "--log-dhcp", "--dhcp-authoritative", "--no-ping",
             f"--dhcp-leasefile={lease}", *options], "dnsmasq.log")
        before = len(process.output())
        wait_for(lambda: "started" in process.output()[before:], "dnsmasq")
        return process


class IpTest(Peers):
    def test_ping_whole_and_in_fragments(self):
        self.start_at()
        for size in (0, 56, 1472, 1473, 8000, 60000):
            self.assertTrue(answers(self.net, OURS, size), f"{size} bytes")

    def test_closed_ports_are_refused(self):
        self.start_at()
        with self.net.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(30)
            udp.connect((OURS, 9))
            udp.send(b"x")
            self.assertRaises(ConnectionRefusedError, udp.recv, 1)
        self.assertRaises(ConnectionRefusedError, self.connect, 9)

    def test_what_linux_refuses_is_heard(self):
        host = self.start_at()
        self.assertEqual(host.ask(f"connect tcp:{KERNEL}:9", "closed"), "closed Connection refused")
        # Behind the gateway is nobody.
        self.net.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        self.net.ip("route", "add", "unreachable", "10.99.0.0/16")
        self.net.ip("route", "add", "prohibit", "10.98.0.0/16")
        self.assertEqual(host.ask("connect tcp:10.98.0.1:9", "closed"), "closed No route to host")
        self.assertIn(host.ask("connect tcp:10.99.0.1:9", "closed"),
                      ("closed No route to host", "closed Connection timed out"))

    def test_an_address_that_the_kernel_has_is_not_taken(self):
        host = self.start(f"--ip={KERNEL}/24")
        wait_for(lambda: f"somebody else uses {KERNEL}" in host.process.output(), "the conflict")
        self.assertFalse(host.has_address("tap:t0", KERNEL))

    def test_bytes_go_both_ways_and_end(self):
        host = self.start_at()
        listener, name = self.listen()
        host.tell(f"connect {name}")
        connection, _ = listener.accept()
        host.wait_to_say("opened")
        host.tell(f"send {len(PATTERN)}")
        host.tell("finish")
        self.assertEqual(receive(connection), PATTERN)
        connection.sendall(PATTERN)
        host.wait_to_say(f"heard {len(PATTERN)}")
        self.assertIn("wrong=0", host.ask("info", "info"))
        connection.close()
        host.wait_to_say("closed in order")

    def test_linux_calls_and_hears_its_own_bytes(self):
        host = self.start_at()
        host.ask("listen ptcp:7", "listening")
        connection = self.connect(7)
        host.wait_to_say("accepted")
        host.tell("echo")
        self.assertEqual(host.ask("info", "info").split()[1], "ESTABLISHED")
        sender = threading.Thread(target=connection.sendall, args=(10 * PATTERN,))
        sender.start()
        self.assertEqual(receive(connection, 10 * len(PATTERN)), 10 * PATTERN)
        sender.join()
        connection.shutdown(socket.SHUT_WR)
        host.wait_to_say("ended")
        host.tell("finish")
        self.assertEqual(receive(connection), b"")

    def test_super_segments_go_both_ways(self):
        host = self.start_at()
        host.ask("listen ptcp:7", "listening")
        connection = self.connect(7)
        host.wait_to_say("accepted")
        host.tell("send 3000000")
        self.assertEqual(len(receive(connection, 3000000)), 3000000)
        connection.sendall(10 * PATTERN)
        host.wait_to_say(f"heard {10 * len(PATTERN)}")
        counters = host.counters()
        for way in ("frames_out", "frames_in"):
            self.assertLess(counters["ip", way], 3000000 / 1448)


class PathTest(Peers):
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
        host = self.start_at()
        listener, name = self.listen("10.8.2.2", far)
        host.tell(f"connect {name}")
        connection, _ = listener.accept()
        self.addCleanup(connection.close)
        for mtu in (1500, 1280, 900):
            for where, device in ((self.net, "r0"), (router, "n0")):
                where.ip("link", "set", device, "mtu", mtu)
            host.tell(f"send {len(PATTERN)}")
            self.assertEqual(len(receive(connection, len(PATTERN))), len(PATTERN))
            self.assertIn(f" mtu={mtu} ", host.ask("info", "info"))
        self.assertEqual(host.counters()["ip", "pmtu_lowered"], 2)
        # And the next connection knows.
        host.ask(f"connect {name}", "opened")
        self.assertIn(" mtu=900 ", host.ask("info", "info"))


class DhcpTest(Peers):
    RANGE = "--dhcp-range=10.9.0.50,10.9.0.50,255.255.255.0,2m"

    def test_a_lease_is_taken_renewed_and_given_back(self):
        server = self.dnsmasq(self.RANGE, "--dhcp-option=option:T1,4", "--dhcp-option=option:T2,60",
                              "--dhcp-option=option:router,10.9.0.1", "--address=/name.test/10.9.0.1")
        host = self.start("--hostname=guest")
        wait_for(lambda: host.has_address("tap:t0", "10.9.0.50"), "the lease")
        wait_for(lambda: server.output().count("DHCPACK(t0) 10.9.0.50") >= 3, "two renewals", 60)
        self.assertEqual(server.output().count("DHCPDISCOVER(t0)"), 1)
        self.assertIn("guest", server.output())
        self.assertTrue(answers(self.net, "10.9.0.50"))
        listener, name = self.listen()  # the server's address is the name server's, too
        host.ask(f"connect tcp:name.test:{name.rpartition(':')[2]}", "opened")
        host.process.stop()
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


class DnsTest(Peers):
    def test_names_are_found_through_aliases_and_those_that_are_not_are_said(self):
        self.dnsmasq("--port=53", "--address=/there.test/10.9.0.1", "--cname=alias.test,real.test",
                     "--host-record=real.test,10.9.0.1", "--local=/test/")
        host = self.start_at(OURS, f"--dns={KERNEL}")
        _, name = self.listen()
        port = name.rpartition(":")[2]
        for found in ("there.test", "alias.test", "REAL.test"):
            host.ask(f"connect tcp:{found}:{port}", "opened")
        self.assertEqual(host.ask(f"connect tcp:none.test:{port}", "closed"),
                         "closed No such device or address")

    def test_servers_that_do_not_answer_are_passed_over(self):
        self.dnsmasq("--port=53", "--address=/there.test/10.9.0.1")
        host = self.start_at(OURS, "--dns=10.9.0.77", "--dns=10.9.0.78", f"--dns={KERNEL}")
        _, name = self.listen()
        host.ask(f"connect tcp:there.test:{name.rpartition(':')[2]}", "opened")


class ProgramsTest(unittest.TestCase):
    """Both programs with no kernel between them and the wire."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(number) for number in (1, 2)]

    def all_ping(self):
        for a, b in (self.hosts, self.hosts[::-1]):
            wait_for(lambda a=a, b=b: a.ping(b), f"{a.name} to reach {b.name}", limit=60)

    def test_the_controller_drives_open_vswitch(self):
        controller = DirectController(self.lab)
        switch = OpenVSwitch(self.lab)
        for host in self.hosts:
            switch.plug(host)
        switch.set_controller(controller.target)
        wait_for(switch.is_connected, "the switch to reach its controller")
        self.all_ping()
        self.assertTrue(switch.flows())
        counters = controller.counters()
        self.assertGreater(counters["tcp"]["segments_in"], 0)
        self.assertEqual(counters["tcp"]["opened_passive"], 1)
        # The connection is cut again and again: no lost state.
        for _ in range(3):
            self.lab.net.run(["ss", "-K", "dst", OURS], check=False)
            self.lab.net.ip("link", "set", "c0", "down")
            self.lab.net.ip("link", "set", "c0", "up")
            wait_for(switch.is_connected, "the switch to come back")
            self.all_ping()
        self.assertEqual(controller.stop(), 0)

    def test_the_switch_obeys_a_controller(self):
        device = tap(self.lab.net, "s0")
        self.lab.start(["ovs-testcontroller", f"--unixctl={self.lab.folder}/testcontroller.ctl",
                        f"ptcp:6653:{KERNEL}"], "testcontroller.log")
        switch = MorganaSwitch(self.lab, self.hosts, device, f"--ip={OURS}/24",
                               f"--controller=tcp:{KERNEL}:6653", "--backoff-max=1s")
        wait_for(switch.is_connected, "the switch to reach its controller")
        self.all_ping()
        self.assertTrue(switch.flows())

    def test_both_are_ours_and_find_each_other_by_dhcp_and_name(self):
        # Two taps on a bridge of the kernel's, where dnsmasq lives.
        net = self.lab.net
        net.ip("link", "add", "name", "br0", "type", "bridge")
        net.ip("address", "add", "10.9.0.1/24", "dev", "br0")
        net.ip("link", "set", "br0", "up")
        for name in ("c0", "s0"):
            net.ip("tuntap", "add", name, "mode", "tap")
            net.ip("link", "set", name, "master", "br0", "up")
        self.lab.start(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
             "--interface=br0", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file",
             "--log-facility=-", "--no-ping", f"--dhcp-leasefile={self.lab.folder}/leases",
             "--dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,2m", "--domain=test",
             "--dhcp-host=controller,10.9.0.50"], "dnsmasq.log")
        controller = self.lab.start(
            [program("morgana-controller"), "--net=direct:tap:c0", "--hostname=controller",
             "--listen=ptcp:6653"], "controller.log")
        wait_for(lambda: re.search(r"tap:c0: up, 10\.9\.0\.50/24", controller.output()), "a lease")
        switch = MorganaSwitch(self.lab, self.hosts, "--net=direct:tap:s0",
                               "--controller=tcp:controller:6653", "--backoff-max=1s")
        wait_for(switch.is_connected, "the switch to reach its controller")
        self.all_ping()


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
