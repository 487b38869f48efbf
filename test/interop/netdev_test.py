#!/usr/bin/env python3
"""Frame devices on Linux: what goes into a forwarder between two of them comes out of it right.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import signal
import socket
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, namespace, program, wait_for  # noqa: E402
from lab.traffic import carries  # noqa: E402

SOL_PACKET = 263
PACKET_VNET_HDR = 15
ETH_P_ALL = 3
NEEDS_CSUM, GSO_TCP4 = 1, 1  # struct virtio_net_hdr
MACS = bytes.fromhex("020000000002" "020000000001")


def checksum(data):
    """RFC 1071: 0 for bytes that hold a right checksum."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def pseudo_header(ip, length):
    return ip[12:20] + struct.pack("!HH", ip[9], length)


def tcp_frame(payload, seq=1000, flags=0x18, tag=b""):
    """A TCP segment from 10.0.0.1 to 10.0.0.2 in a frame; its checksum is the pseudo-header's."""
    tcp = struct.pack("!HHIIBBHHH", 4711, 80, seq, 1, 0x50, flags, 500, 0, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 7, 0x4000, 64, 6, 0,
                     bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    partial = checksum(pseudo_header(ip, len(tcp) + len(payload))) ^ 0xffff
    tcp = tcp[:16] + struct.pack("!H", partial) + tcp[18:]
    return MACS + tag + b"\x08\x00" + ip + tcp + payload


def pcap_frames(path):
    """The frames of a capture as libpcap writes it on this machine."""
    data, frames, at = pathlib.Path(path).read_bytes(), [], 24
    while at < len(data):
        length = struct.unpack_from("=I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def write_pcap(path, frames):
    data = struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
    for frame in frames:
        data += struct.pack("=IIII", 1, 0, len(frame), len(frame)) + frame
    pathlib.Path(path).write_bytes(data)


class Forwarding(unittest.TestCase):
    """Two hosts and what their links lead to, in the namespace "net"."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = [self.lab.host(1), self.lab.host(2)]
        self.started = 0

    def tearDown(self):
        """The forwarder ends in order (in a build with sanitizers: it has found nothing)."""
        self.assertEqual(self.forwarder.stop(), 0)

    def plug(self, host, offloads=False, mtu=1500):
        """Join eth0 of a host to the port p1 or p2. Returns the port's name."""
        port = "p" + host.name[1:]
        namespace.link(self.lab.net, port, host.namespace, "eth0", offloads, mtu)
        host.configure()
        return port

    def forward(self, *devices):
        """Start the forwarder; all its devices are up when this returns."""
        self.start(*devices)
        for device in devices:
            self.wait_for_line(f"{device} up")

    def start(self, *devices):
        self.started += 1
        self.forwarder = self.lab.start([program("test/interop/forwarder"), *devices],
                                        f"forwarder{self.started}.log")

    def lines(self):
        return self.forwarder.output().splitlines()

    def wait_for_line(self, line, times=1):
        wait_for(lambda: self.lines().count(line) >= times, f"{line!r} of the forwarder")

    def counts(self):
        """{device: {counter: value}}."""
        before = self.lines().count("counted all")
        self.forwarder.send(signal.SIGUSR1)
        self.wait_for_line("counted all", before + 1)
        found = {}
        for line in self.lines():
            if " counts " in line:
                device, _, values = line.partition(" counts ")
                found[device] = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", values)}
        return found

    def ping(self, *options, a=None, address=None):
        """Whether three pings were all answered; what was lost while links came up is tried again."""
        a = a or self.hosts[0]
        address = address or self.hosts[1].address
        words = ["ping", "-n", "-c", "3", "-i", "0.2", "-W", "5", *options, address]
        wait_for(lambda: " 3 received" in a.run(*words, check=False), f"pings {options}", limit=60)

    def carry(self):
        """TCP from the first host to the second, and back."""
        for way in ([], ["-R"]):
            self.assertTrue(carries(self.lab, *self.hosts, 30, *way))

    def assert_clean(self, *devices):
        """No device found anything wrong with a frame."""
        counts = self.counts()
        for device in devices:
            self.assertEqual(counts[device]["rx_errors"], 0, device)
            self.assertEqual(counts[device]["tx_errors"], 0, device)
        return counts

    def captured(self, n):
        """Wait for `n` frames in the capture out.pcap."""
        path = self.lab.folder / "out.pcap"
        wait_for(lambda: path.exists() and len(pcap_frames(path)) >= n, f"{n} captured frames")
        return pcap_frames(path)

    def raw(self, host, vnet=False):
        """A socket for frames on eth0 of a host."""
        with host.namespace.entered():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            sock.bind(("eth0", ETH_P_ALL))
        self.addCleanup(sock.close)
        sock.settimeout(60)
        if vnet:
            sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        return sock


class PacketSockets(Forwarding):
    def plugged(self, **how):
        devices = [f"eth:{self.plug(host, **how)}" for host in self.hosts]
        self.forward(*devices)
        return devices

    def test_hosts_talk_with_real_checksums_and_segments(self):
        devices = self.plugged(offloads=False)
        self.ping()
        self.carry()
        counts = self.assert_clean(*devices)[devices[0]]
        self.assertLess(counts["rx_bytes"] / counts["rx"], 1515)

    def test_hosts_talk_in_super_frames_with_partial_checksums(self):
        devices = self.plugged(offloads=True)
        self.ping()
        self.carry()
        counts = self.assert_clean(*devices)[devices[0]]
        self.assertGreater(counts["rx_bytes"] / counts["rx"], 1515)

    def test_a_host_with_offloads_talks_to_one_without(self):
        self.plug(self.hosts[0], offloads=True)
        self.plug(self.hosts[1], offloads=False)
        self.forward("eth:p1", "eth:p2")
        self.ping()
        self.carry()
        self.assert_clean("eth:p1", "eth:p2")

    def test_frames_of_every_length_pass_whole(self):
        self.plugged(mtu=9000)
        self.ping("-M", "do", "-s", "1472")
        self.ping("-s", "20000")  # in fragments
        for size in (1600, 1850, 1860, 1870, 1880, 1890, 1900, 1950, 2048, 4000, 8972):
            self.ping("-M", "do", "-s", str(size))
        self.assert_clean("eth:p1", "eth:p2")

    def test_frames_arrive_byte_by_byte_as_they_were_sent(self):
        self.plugged()
        sender, receiver = self.raw(self.hosts[0]), self.raw(self.hosts[1])
        tags = [b"", b"\x81\x00\xa0\x64", b"\x88\xa8\x00\xc8\x81\x00\x00\x07", b"\x81\x00\x00\x00"]
        for length in (46, 47, 100, 1000, 1491):
            for tag in tags:
                frame = MACS + tag + b"\x88\xb5" + bytes(i * 7 % 256 for i in range(length))
                sender.send(frame)
                # A tag that the receiving kernel put beside the frame is not seen here: compare
                # what is behind it; pcap shows the rest.
                got = receiver.recv(65536)
                self.assertEqual(got[:12], frame[:12])
                self.assertTrue(frame.endswith(got[12:]), (tag, got[:20]))

    def test_a_super_frame_passes_with_its_metadata_and_its_tag(self):
        self.plugged(offloads=True)
        sender, receiver = (self.raw(host, vnet=True) for host in self.hosts)
        for tag in (b"", b"\x81\x00\x00\x0a"):
            frame = tcp_frame(bytes(i * 13 % 256 for i in range(60001)), tag=tag)
            header = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_TCP4, 54 + len(tag), 1460,
                                 34 + len(tag), 16)
            sender.send(header + frame)
            got = b""
            while len(got) < 60000:  # the host has something to say about the frame, too
                got = receiver.recv(1 << 17)
            flags, gso, _, size, start, offset = struct.unpack_from("=BBHHHH", got)
            self.assertEqual((flags, gso, size, start, offset), (NEEDS_CSUM, GSO_TCP4, 1460, 34, 16))
            self.assertEqual(got[10:], tcp_frame(frame[54 + len(tag):]))

    def test_a_device_that_is_deleted_comes_back(self):
        self.plugged()
        self.ping()
        for times in (1, 2):
            self.lab.net.ip("link", "del", "p1")
            self.wait_for_line("eth:p1 gone", times)
            self.wait_for_line("eth:p1 absent", times)
            self.plug(self.hosts[0])
            self.wait_for_line("eth:p1 up", times + 1)
            self.ping()
        self.assertNotIn("eth:p2 gone", self.lines())

    def test_a_device_that_is_renamed_is_gone(self):
        self.plugged()
        for old, new in (("p1", "q1"), ("q1", "p1")):
            self.lab.net.ip("link", "set", old, "down")
            self.lab.net.ip("link", "set", old, "name", new)
            self.lab.net.ip("link", "set", new, "up")
            self.wait_for_line("eth:p1 gone")
        self.wait_for_line("eth:p1 up", 2)
        self.ping()

    def test_a_link_that_goes_down_and_up_is_told(self):
        self.plugged()
        for times in (1, 2):
            self.hosts[0].namespace.ip("link", "set", "eth0", "down")
            self.wait_for_line("eth:p1 down", times)
            self.hosts[0].namespace.ip("link", "set", "eth0", "up")
            self.wait_for_line("eth:p1 up", times + 1)
            self.ping()

    def test_a_device_that_never_was_is_waited_for(self):
        self.plug(self.hosts[0])
        self.start("eth:p1", "eth:p2")
        self.wait_for_line("eth:p2 absent")
        self.wait_for_line("eth:p2 No such device")
        self.plug(self.hosts[1])
        self.wait_for_line("eth:p2 up")
        self.ping()


class Captures(Forwarding):
    """What leaves through a device without offloads, seen in a capture."""

    def test_a_partial_checksum_is_completed(self):
        self.plug(self.hosts[0], offloads=True)
        self.forward("eth:p1", f"pcap:,{self.lab.folder}/out.pcap")
        sender = self.raw(self.hosts[0], vnet=True)
        for length in (0, 1, 2, 99, 1400):
            frame = tcp_frame(bytes(length))
            sender.send(struct.pack("=BBHHHH", NEEDS_CSUM, 0, 0, 0, 34, 16) + frame)
        frames = self.captured(5)
        for length, frame in zip((0, 1, 2, 99, 1400), frames):
            self.assertEqual(len(frame), 54 + length)
            self.assertEqual(checksum(pseudo_header(frame[14:], 20 + length) + frame[34:]), 0)

    def test_a_super_frame_is_cut(self):
        self.plug(self.hosts[0], offloads=True)
        self.forward("eth:p1", f"pcap:,{self.lab.folder}/out.pcap")
        sender = self.raw(self.hosts[0], vnet=True)
        payload = bytes(i * 13 % 256 for i in range(60001))
        for tag in (b"", b"\x81\x00\x00\x0a"):
            header = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_TCP4, 54 + len(tag), 1460,
                                 34 + len(tag), 16)
            sender.send(header + tcp_frame(payload, flags=0x19, tag=tag))
        frames = self.captured(84)
        self.assertEqual(len(frames), 84)
        for i, frame in enumerate(frames):
            tag, number = (0, i) if i < 42 else (4, i - 42)
            part = payload[number * 1460:(number + 1) * 1460]
            ip, tcp = frame[14 + tag:], frame[34 + tag:]
            self.assertEqual(frame[54 + tag:], part)
            self.assertEqual(checksum(ip[:20]), 0)
            self.assertEqual(struct.unpack_from("!HH", ip, 2), (40 + len(part), 7 + number))
            self.assertEqual(checksum(pseudo_header(ip, len(tcp)) + tcp), 0)
            self.assertEqual(struct.unpack_from("!I", tcp, 4)[0], 1000 + 1460 * number)
            self.assertEqual(tcp[13], 0x19 if number == 41 else 0x10)  # FIN, PSH in the last

    def test_a_tag_beside_the_frame_is_put_back(self):
        self.plug(self.hosts[0])
        self.forward("eth:p1", f"pcap:,{self.lab.folder}/out.pcap")
        sender = self.raw(self.hosts[0])
        sent = [MACS + tag + b"\x88\xb5" + bytes(range(100)) for tag in
                (b"", b"\x81\x00\xa0\x64", b"\x88\xa8\x00\xc8\x81\x00\x00\x07", b"\x81\x00\x00\x00")]
        for frame in sent:
            sender.send(frame)
        self.assertEqual(self.captured(4), sent)

    def test_a_capture_is_read_to_its_end(self):
        folder = self.lab.folder
        sent = [bytes([i % 256] * 6 + [2] * 6) + b"\x88\xb5" + bytes(i % 1400) for i in range(1000)]
        write_pcap(folder / "in.pcap", sent)
        self.forward(f"pcap:{folder}/in.pcap,{folder}/out.pcap")
        self.assertEqual(self.captured(1000), [f[6:12] + f[:6] + f[12:] for f in sent])

    def test_a_capture_that_is_cut_or_none_is_refused(self):
        folder = self.lab.folder
        (folder / "none.pcap").write_bytes(b"no capture at all" * 10)
        write_pcap(folder / "cut.pcap", [bytes(100)] * 3)
        data = (folder / "cut.pcap").read_bytes()
        (folder / "cut.pcap").write_bytes(data[:-50])
        self.forward(f"pcap:{folder}/cut.pcap,{folder}/out.pcap")
        self.assertEqual(len(self.captured(2)), 2)
        self.start(f"pcap:{folder}/none.pcap", f"pcap:{folder}/no")
        self.wait_for_line(f"pcap:{folder}/none.pcap absent")
        self.wait_for_line(f"pcap:{folder}/no No such file or directory")


class Taps(Forwarding):
    def host_on_tap(self, host, tap, offloads=True):
        """Move a tap that the forwarder has made into a host."""
        self.lab.net.ip("link", "set", tap, "netns", host.namespace.name, "name", "eth0")
        if not offloads:
            namespace.no_offloads(host.namespace, "eth0")
        host.namespace.ip("link", "set", "eth0", "up")
        host.configure()

    def talk_through_taps(self, offloads):
        self.forward("tap:t1", "tap:t2")
        for host, tap in zip(self.hosts, ("t1", "t2")):
            self.host_on_tap(host, tap, offloads)
        self.ping()
        self.carry()
        counts = self.assert_clean("tap:t1", "tap:t2")["tap:t1"]
        self.assertEqual(counts["rx_bytes"] / counts["rx"] > 1515, offloads)

    def test_hosts_talk_through_taps(self):
        self.talk_through_taps(offloads=False)

    def test_hosts_talk_through_taps_in_super_frames(self):
        self.talk_through_taps(offloads=True)

    def talk_through_a_tap_and_an_interface(self, offloads):
        self.plug(self.hosts[1], offloads=offloads)
        self.forward("tap:t1", "eth:p2")
        self.host_on_tap(self.hosts[0], "t1")
        self.ping()
        self.carry()
        self.assert_clean("tap:t1", "eth:p2")

    def test_a_tap_and_an_interface_without_offloads_talk(self):
        self.talk_through_a_tap_and_an_interface(offloads=False)

    def test_a_tap_and_an_interface_talk_in_super_frames(self):
        self.talk_through_a_tap_and_an_interface(offloads=True)

    def test_a_tap_that_is_deleted_is_made_anew(self):
        self.forward("tap:t1")
        for times in (1, 2, 3):
            self.lab.net.ip("link", "del", "t1")
            self.wait_for_line("tap:t1 gone", times)
            self.wait_for_line("tap:t1 up", times + 1)
        self.forwarder.stop()
        self.assertNotIn("t1", self.lab.net.ip("-br", "link"))

    def test_a_tap_that_was_there_stays(self):
        self.lab.net.ip("tuntap", "add", "dev", "t1", "mode", "tap")
        self.forward("tap:t1")
        self.forwarder.stop()
        self.assertIn("t1", self.lab.net.ip("-br", "link"))

    def test_a_busy_tap_is_taken_when_it_is_free(self):
        self.forward("tap:t1")
        first = self.forwarder
        self.start("tap:t1")
        self.wait_for_line("tap:t1 absent")
        self.wait_for_line("tap:t1 Device or resource busy")
        first.stop()
        self.wait_for_line("tap:t1 up")


class Xdp(Forwarding):
    def plugged(self):
        devices = [f"xdp:{self.plug(host)}" for host in self.hosts]
        self.forward(*devices)
        return devices

    def test_hosts_talk_through_xdp(self):
        devices = self.plugged()
        self.ping()
        self.carry()
        counts = self.assert_clean(*devices)
        self.assertGreater(counts["xdp:p1"]["rx"], 20000)

    def test_xdp_and_a_packet_socket_talk(self):
        self.plug(self.hosts[0])
        self.plug(self.hosts[1])
        self.forward("xdp:p1", "eth:p2")
        self.ping()
        self.carry()
        self.assert_clean("xdp:p1", "eth:p2")

    def test_super_frames_are_cut_for_xdp(self):
        self.plug(self.hosts[0], offloads=True)
        self.plug(self.hosts[1])
        self.forward("eth:p1", "xdp:p2")
        self.ping()
        self.carry()
        counts = self.assert_clean("eth:p1", "xdp:p2")
        self.assertGreater(counts["xdp:p2"]["tx"], counts["eth:p1"]["rx"])

    def test_frames_pass_byte_by_byte(self):
        self.plug(self.hosts[0])
        self.forward("xdp:p1", f"pcap:,{self.lab.folder}/out.pcap")
        sender = self.raw(self.hosts[0])
        sent = [MACS + tag + b"\x88\xb5" + bytes(i * 7 % 256 for i in range(length))
                for length in (46, 47, 1000, 1500)
                for tag in (b"", b"\x81\x00\xa0\x64")]
        for frame in sent:
            sender.send(frame)
        self.assertEqual(self.captured(len(sent)), sent)

    def test_an_interface_of_several_queues_talks(self):
        ip = self.lab.net.ip
        for host in self.hosts:
            port = "p" + host.name[1:]
            ip("link", "add", port, "numrxqueues", "2", "numtxqueues", "2", "type", "veth", "peer",
               "name", "eth0", "netns", host.namespace.name, "numtxqueues", "2", "numrxqueues", "2")
            namespace.no_offloads(host.namespace, "eth0")
            ip("link", "set", port, "up")
            host.namespace.ip("link", "set", "eth0", "up")
            host.configure()
        self.forward("xdp:p1", "xdp:p2")
        self.ping()
        self.carry()
        self.assert_clean("xdp:p1", "xdp:p2")

    def test_a_device_that_is_deleted_comes_back(self):
        self.plugged()
        self.ping()
        for times in (1, 2):
            self.lab.net.ip("link", "del", "p1")
            self.wait_for_line("xdp:p1 gone", times)
            self.plug(self.hosts[0])
            self.wait_for_line("xdp:p1 up", times + 1)
            self.ping()

    def test_an_interface_is_the_hosts_again_afterwards(self):
        self.plug(self.hosts[0])
        self.lab.net.ip("address", "add", "10.0.0.9/24", "dev", "p1")
        for _ in range(2):
            self.forward("xdp:p1")
            self.assertEqual(self.forwarder.stop(), 0)
            self.ping(address="10.0.0.9")

    def test_an_interface_in_use_is_taken_when_it_is_free(self):
        self.plug(self.hosts[0])
        self.forward("xdp:p1")
        first = self.forwarder
        self.start("xdp:p1")
        self.wait_for_line("xdp:p1 Device or resource busy")
        self.assertEqual(first.stop(), 0)
        self.wait_for_line("xdp:p1 up")

    def test_an_mtu_beyond_a_buffer_is_refused(self):
        self.plug(self.hosts[0], mtu=9000)
        self.start("xdp:p1")
        self.wait_for_line("xdp:p1 Message too long")


class Names(Forwarding):
    def tearDown(self):
        pass

    def test_a_name_too_long_for_the_kernel_is_refused(self):
        for kind in ("eth", "tap"):
            device = f"{kind}:a_name_of_an_interface_that_is_too_long"
            self.start(device)
            self.wait_for_line(f"{device} absent")
            self.wait_for_line(f"{device} File name too long")

    def test_a_kind_that_is_none_is_refused(self):
        for name in ("link:l", "eth", "eth:", ":p1", ""):
            self.start(name)
            self.assertEqual(self.forwarder.wait(), 2)


if __name__ == "__main__":
    unittest.main()
