#!/usr/bin/env python3
"""Flows as text: our parser and ovs-ofctl must make the same bytes of them.

ovs-ofctl is asked by connecting it to a small OpenFlow switch in this process, which keeps the
flow-mod that it sends. Ours is asked through test/wire/ofp_text. Intended differences are those of
doc/ofp-text-differences.md, each of which is checked to be one.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import random
import re
import socket
import struct
import subprocess
import threading
import unittest

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("MORGANA_BUILD", os.path.join(SOURCE, "build"))
DIFFERENCES = os.path.join(SOURCE, "doc", "ofp-text-differences.md")
SEED = int(os.environ.get("MORGANA_SEED", "1"))
N_RANDOM = 800

VENDOR, FEATURES_REQUEST, FLOW_MOD, STATS_REQUEST, BARRIER_REQUEST = 4, 5, 14, 16, 18


class Switch:
    """As much of a switch as ovs-ofctl needs to tell it a flow."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.name = "tcp:127.0.0.1:%d" % self.listener.getsockname()[1]
        self.got = []
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.listener.close()

    def serve(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            with peer, peer.makefile("rb") as stream:
                peer.sendall(struct.pack("!BBHI", 1, 0, 8, 0))
                while self.answer(peer, stream):
                    pass

    def answer(self, peer, stream):
        header = stream.read(8)
        if len(header) < 8:
            return False
        _, kind, length, xid = struct.unpack("!BBHI", header)
        body = stream.read(length - 8)
        if kind in (FLOW_MOD, VENDOR):
            self.got.append(header[:4] + bytes(4) + body)
        elif kind == STATS_REQUEST:
            peer.sendall(struct.pack("!BBHI", 1, 17, 12, xid) + body[:2] + bytes(2))
        elif kind == FEATURES_REQUEST:
            peer.sendall(struct.pack("!BBHIQ16x", 1, 6, 32, xid, 1))
        elif kind == BARRIER_REQUEST:
            peer.sendall(struct.pack("!BBHI", 1, 19, 8, xid))
        return True

    def told(self, command, text):
        """The message that ovs-ofctl sends for this flow, in hexadecimal, or None if it refuses."""
        self.got = []
        verb, *options = command.split()
        subprocess.run(
            ["ovs-ofctl", "-O", "OpenFlow10", "-F", "openflow10", *options, verb, self.name, text],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        return self.got[0].hex() if self.got else None


def ours(flows):
    """What our parser makes of (command, text) pairs: bytes in hexadecimal, or None."""
    lines = "".join("%s\t%s\n" % flow for flow in flows)
    run = subprocess.run([os.path.join(BUILD, "test", "wire", "ofp_text")], input=lines,
                         capture_output=True, text=True, timeout=60, check=True)
    answers = run.stdout.splitlines()
    assert len(answers) == len(flows)
    return [None if answer.startswith("error: ") else answer for answer in answers]


def add(*texts):
    return [("add-flow", text) for text in texts]


def match(*texts):
    return add(*(text + ",actions=2" for text in texts))


def act(*texts):
    return add(*("actions=" + text for text in texts))


FIXED = (
    # the whole
    add("actions=drop", "actions=", "in_port=1", "", "tcp actions", "tcp action=2", "tcp actions:2",
        "actions=2,actions=3", "tcp,actions=2,nw_src=1.2.3.4", ",,tcp,,actions=2",
        "tcp , nw_src=1.2.3.4 , actions=2", "tcp nw_src=1.2.3.4 tp_dst=80 actions=2 3",
        "tcp;nw_src=1.2.3.4;actions=2", "nw_src =1.2.3.4,actions=2", "nw_src= 1.2.3.4,actions=2",
        "foo=1,actions=2", "=5,actions=2", "*,actions=2", "tcp\tactions=output:2\toutput:3",
        "priority=5 priority=6 actions=2", "priority:5,actions=2", "priority(5),actions=2",
        " cookie=0x0, duration=5.016s, n_packets=7, n_bytes=460, idle_timeout=9, idle_age=5, "
        "hard_age=6, priority=10,tcp,in_port=1,vlan_tci=0x0000 actions=output:2")
    # attributes
    + match("priority=0", "priority=65535", "priority=65536", "priority=-1", "priority=0x10",
            "priority=*", "priority=", "priority", "cookie=5", "cookie=0xffffffffffffffff",
            "cookie=0x1ffffffffffffffff", "cookie=5/1", "idle_timeout=5", "idle_timeout=65536",
            "hard_timeout=5", "send_flow_rem", "check_overlap", "send_flow_rem check_overlap",
            "out_port=5", "table=255", "reset_counts", "no_packet_counts")
    # ports
    + match("in_port=1", "in_port=LOCAL", "in_port=local", "in_port=65534", "in_port=4294967294",
            "in_port=ANY", "in_port=none", "in_port=*", "in_port=65279", "in_port=65280",
            "in_port=70000", "in_port=4294967039", "in_port=4294967040", "in_port=foo", "in_port=-1",
            "in_port=0", "in_port=controller", "in_port=1/0xffff", "in_port=")
    # Ethernet
    + match("dl_src=00:11:22:33:44:55", "dl_src=00:11:22:33:44:55/ff:ff:ff:ff:ff:ff",
            "dl_src=00:11:22:33:44:55/00:00:00:00:00:00", "dl_dst=*", "dl_dst=1:2:3:4:5:6",
            "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00", "dl_dst=01-02-03-04-05-06",
            "eth_src=00:11:22:33:44:55,eth_dst=AA:bb:Cc:dd:ee:ff", "dl_src=00:11:22:33:44",
            "dl_src=00:11:22:33:44:55:66", "dl_src=0011.2233.4455", "dl_src=", "dl_src=::::::",
            "dl_type=0x0800", "dl_type=2048", "eth_type=0x806", "dl_type=0x05ff", "dl_type=*",
            "dl_type=65536", "dl_type=8x", "dl_type=0x800/0xffff", "dl_type=0/0")
    # VLAN
    + match("dl_vlan=0xffff", "dl_vlan=65535", "dl_vlan=5", "dl_vlan=0", "dl_vlan=4095",
            "dl_vlan=*", "dl_vlan=65536", "dl_vlan=5/0xfff", "dl_vlan_pcp=3", "dl_vlan_pcp=*",
            "dl_vlan=5,dl_vlan_pcp=7", "vlan_tci=0x0000", "vlan_tci=0", "vlan_tci=0x1005",
            "vlan_tci=0x7005/0xffff", "vlan_tci=0x1000/0x1000", "vlan_tci=*", "vlan_tci=0/0x1fff",
            "vlan_vid=0x1005", "vlan_vid=0", "vlan_vid=0x1005/0x1fff", "vlan_vid=*", "vlan_pcp=3",
            "vlan_vid=0x1005,vlan_pcp=3")
    # protocols
    + match("ip", "icmp", "tcp", "udp", "sctp", "arp", "rarp", "ipv6", "mpls", "mplsm", "tcp6",
            "icmp6", "ip,arp", "arp,ip", "tcp,udp", "tcp,nw_proto=17", "ip,dl_type=0x0806",
            "nw_proto=6,ip", "ip,nw_proto=6", "ip,ip_proto=132", "nw_proto=6", "arp,nw_proto=256",
            "ip,nw_proto=*", "arp,arp_op=1", "arp,arp_op=255", "arp,arp_op=0")
    # network addresses
    + match("nw_src=10.0.0.1", "ip,nw_src=10.0.0.1", "ip,nw_src=10.1.2.3/8", "ip,nw_dst=10.1.2.3/0",
            "ip,nw_src=10.1.2.3/32", "ip,nw_src=10.1.2.3/33", "ip,nw_src=10.1.2.3/255.255.0.0",
            "ip,nw_src=10.1.2.3/255.0.255.0", "ip,nw_src=10.1.2.3/255.255.255.255", "ip,nw_src=*",
            "ip,nw_src=10.1.2.3/0.0.0.0", "ip,nw_src=10.1.2", "ip,nw_src=10.1.2.3.4", "ip,nw_src",
            "ip,nw_src=10.1.2.3/", "ip,nw_src=10.1.2.3/24/8", "ip,nw_src=10.1.2.3/0.0.0.255",
            "ip,ip_src=1.2.3.4,ip_dst=4.3.2.1", "arp,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24",
            "rarp,nw_src=1.2.3.4", "arp,nw_src=1.2.3.4", "nw_src(1.2.3.4)", "nw_src:1.2.3.4/24",
            "ip,nw_tos=252", "ip,nw_tos=255", "ip,nw_tos=3", "ip,nw_tos=256", "ip,ip_dscp=63",
            "ip,nw_tos=*", "ip,nw_ecn=1", "ip,nw_ttl=1", "ip,ip_frag=no", "arp,nw_tos=4")
    # transport
    + match("tcp,tp_dst=80", "tcp,tp_dst=0x50", "tcp,tp_dst=*", "tcp,tp_dst=65535",
            "tcp,tp_dst=65536", "tcp,tp_dst=-1", "tcp,tp_dst=80/0xffff", "tcp,tp_dst=80/0xfff0",
            "tcp,tcp_src=1,tcp_dst=2", "udp,udp_src=1,udp_dst=2", "tcp,udp_dst=80",
            "icmp,icmp_type=8,icmp_code=0", "icmp,icmp_type=256", "icmp,tp_src=256", "tp_src=5",
            "tcp,tcp_flags=+syn", "tun_id=5", "reg0=1", "metadata=1")
    # output
    + act("output:2", "output=2", "output(2)", "output", "output:", "output:2,3", "2 3", " 2 , 3",
          "2,,3", ",2", "2,", "2;3", "OUTPUT:2", "Output:LOCAL", "output:in_port", "output:normal",
          "output:controller", "output:none", "output:foo", "output:70000", "output:65279",
          "output:65280", "output:2)", "output:(2", "output(port=2)", "in_port", "table", "normal",
          "flood", "all", "local", "IN_PORT,Normal,FLOOD", "none", "any", "-1", "4294967294",
          "controller", "CONTROLLER:65535", "controller:65536", "controller:0", "controller=100",
          "controller()", "controller:", "controller(max_len=100)", "controller:max_len=7",
          "controller:abc", "output:controller:100", "drop", "DROP", "drop,2", "2,drop", "2 drop")
    # setters
    + act("mod_vlan_vid:5", "mod_vlan_vid:0x5", "mod_vlan_vid:4095", "mod_vlan_vid:4096",
          "mod_vlan_vid=5", "mod_vlan_vid(5)", "mod_vlan_vid:", "mod_vlan_vid", "mod_vlan_vid:5:6",
          "mod_vlan_pcp:7", "mod_vlan_pcp:8", "set_vlan_vid:5", "set_vlan_pcp:5", "strip_vlan",
          "pop_vlan", "strip_vlan()", "push_vlan:0x8100", "mod_dl_src:00:11:22:33:44:55",
          "mod_dl_dst:0:1:2:3:4:5", "mod_dl_dst:00:11:22:33:44", "mod_dl_dst:foo",
          "mod_nw_src:1.2.3.4", "mod_nw_dst:1.2.3.4", "mod_nw_dst:1.2.3", "mod_nw_dst:1.2.3.400",
          "mod_nw_dst:1.2.3.4/24", "mod_nw_dst:01.2.3.4", "mod_nw_tos:252", "mod_nw_tos:3",
          "mod_nw_tos:256", "mod_tp_src:80", "mod_tp_dst:0x50", "mod_tp_dst:65536", "mod_tp_dst:-1",
          "set_field:00:11:22:33:44:55->eth_src", "set_field:00:11:22:33:44:55->dl_dst",
          "set_field:5->reg0", "set_field:5->foo", "set_field:5", "set_field:5->", "set_field")
    + add("ip,actions=set_field:1.2.3.4->nw_src", "ip,actions=set_field:1.2.3.4->ip_dst",
          "ip,actions=set_field:16->ip_dscp", "ip,actions=set_field:64->ip_dscp",
          "ip,actions=set_field:64->nw_tos", "ip,actions=set_field:3->nw_tos",
          "tcp,actions=set_field:80->tcp_src,set_field:81->tcp_dst",
          "udp,actions=set_field:80->udp_src,set_field:81->udp_dst",
          "tcp,actions=set_field:80->tp_dst", "tcp,actions=set_field:65536->tcp_dst",
          "dl_vlan=5,actions=set_field:6->vlan_vid", "dl_vlan=5,actions=set_field:0x1006->vlan_vid",
          "dl_vlan=5,actions=set_field:3->vlan_pcp", "dl_vlan=5,actions=set_field:8->vlan_pcp")
    # others
    + act("enqueue:1:2", "enqueue(1,2)", "enqueue=1:2", "enqueue(1:2)", "enqueue:1,2", "enqueue:1",
          "enqueue:in_port:2", "enqueue:controller:2", "enqueue:flood:2", "enqueue:1:0xffffffff",
          "enqueue:1:2:3", "enqueue(port=1,queue=2)", "foo", "foo:5", "2 foo", "learn(a)",
          "multipath(a)", "meter:1")
    + add("ip,actions=dec_ttl", "ip,actions=dec_ttl()", "ip,actions=dec_ttl,output:2")
    # other commands
    + [("del-flows", text) for text in (
        "", "tcp", "out_port=5", "out_port=local,tcp", "out_port=foo", "tcp,actions=2",
        "tcp,actions=", "tcp,actions=drop", "cookie=5", "priority=5,tcp", "idle_timeout=5",
        "send_flow_rem", "buffer_id=5")]
    + [("del-flows --strict", text) for text in ("", "tcp", "priority=5,tcp", "out_port=5,tcp")]
    + [(command, text) for command in ("mod-flows", "mod-flows --strict") for text in (
        "tcp,actions=2", "tcp", "cookie=5,tcp,actions=2", "idle_timeout=5,tcp,actions=2",
        "priority=5,tcp,actions=2", "out_port=5,tcp,actions=2", "check_overlap,tcp,actions=2")]
)


class Maker:
    """Makes random flows, a few of them bad, that are no intended difference."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, top):
        n = self.random.choice([0, 1, top, self.random.randint(0, top)])
        return self.random.choice(["%d", "0x%x", "0x%X"]) % n

    def mac(self):
        style = self.random.choice(["%02x", "%x", "%02X"])
        return ":".join(style % self.random.choice([0, 255, self.random.randrange(256)])
                        for _ in range(6))

    def ipv4(self):
        return ".".join(str(self.random.choice([0, 255, self.random.randrange(256)]))
                        for _ in range(4))

    def prefix(self):
        bits = self.random.randrange(33)
        mask = socket.inet_ntoa(struct.pack("!I", 0xffffffff << (32 - bits) & 0xffffffff))
        return self.ipv4() + self.random.choice(["", "/%d" % bits, "/" + mask])

    def port(self):
        return self.random.choice(["LOCAL", "in_port", "Normal", "flood", "ALL", "controller",
                                   str(self.random.randint(1, 65279)), "4294967294"])

    def vlan(self):
        tci = self.random.randrange(0x10000) | 0x1000
        pcp = self.random.randrange(8)
        return self.random.choice([
            "dl_vlan=%s" % self.number(4095), "dl_vlan=0xffff", "vlan_tci=0x0000",
            "vlan_tci=0x%04x" % tci, "vlan_vid=0x%x" % (tci & 0x1fff), "vlan_pcp=%d" % pcp,
            "dl_vlan=%s,dl_vlan_pcp=%d" % (self.number(4095), pcp)])

    def l3(self):
        kind = self.random.choice(["ip", "tcp", "udp", "icmp", "arp", "rarp", "dl_type=0x800",
                                   "ip,nw_proto=" + self.number(255), "dl_type=" + self.number(0xffff)])
        names = {"arp": ["nw_src", "arp_spa", "nw_dst", "arp_tpa"]}.get(
            kind, ["nw_src", "ip_src", "nw_dst", "ip_dst"])
        parts = [kind] + ["%s=%s" % (self.random.choice(names), self.prefix())
                          for _ in range(self.random.randrange(3))]
        if kind == "arp":
            parts += ["arp_op=" + self.number(255)]
        elif kind == "icmp":
            parts += ["icmp_type=" + self.number(255), "icmp_code=" + self.number(255)]
        elif kind in ("tcp", "udp"):
            parts += ["%s_%s=%s" % (self.random.choice(["tp", kind]), self.random.choice(["src", "dst"]),
                                    self.random.choice(["*", self.number(0xffff)]))
                      for _ in range(self.random.randrange(3))]
        if kind in ("ip", "tcp", "udp", "icmp"):
            parts += self.random.choice([[], ["nw_tos=" + self.number(255)],
                                         ["ip_dscp=" + self.number(63)]])
        return parts

    def match(self):
        some = [[], ["in_port=" + self.port()], [self.vlan()], self.l3(), self.l3(),
                [self.random.choice(["dl_src", "eth_src"]) + "=" + self.mac()],
                [self.random.choice(["dl_dst", "eth_dst"]) + "=" + self.mac()],
                ["priority=" + self.number(65535)], ["cookie=" + self.number(2 ** 64 - 1)],
                ["idle_timeout=" + self.number(65535), "send_flow_rem"],
                ["hard_timeout=" + self.number(65535), "check_overlap"]]
        return sum(self.random.sample(some, self.random.randint(1, 5)), [])

    def action(self):
        return self.random.choice([
            lambda: "output:" + self.port(), self.port, lambda: "controller:%d" % self.random.randrange(65536),
            lambda: "controller(max_len=%s)" % self.number(65535), lambda: "strip_vlan",
            lambda: "mod_vlan_vid:" + self.number(4095), lambda: "mod_vlan_pcp:" + self.number(7),
            lambda: "mod_dl_src:" + self.mac(), lambda: "mod_dl_dst:" + self.mac(),
            lambda: "mod_nw_src:" + self.ipv4(), lambda: "mod_nw_dst:" + self.ipv4(),
            lambda: "mod_nw_tos:%d" % (4 * self.random.randrange(64)),
            lambda: "mod_tp_src:" + self.number(65535), lambda: "mod_tp_dst:" + self.number(65535),
            lambda: "set_field:%s->eth_src" % self.mac(),
            lambda: "enqueue:%d:%s" % (self.random.randint(1, 65279), self.number(2 ** 32 - 1))])()

    def spoil(self, text):
        """Something that nobody can read, at a random place (but ovs-ofctl reads "actions@=", and
        cuts off what follows an action's MAC address)."""
        at = self.random.choice([i for i in range(len(text))
                                 if "actions=" not in text[max(i - 7, 0):i + 15] and
                                 not re.search(r"mod_dl_(?:src|dst):[0-9A-Fa-f:]+$", text[:i])])
        return text[:at] + self.random.choice("?;#@!") + text[at:]

    def flow(self):
        separate = self.random.choice([",", " ", ", ", "\t"]).join
        actions = [self.action() for _ in range(self.random.randint(1, 6))]
        text = separate(self.match() + ["actions=" + separate(actions)])
        return self.spoil(text) if self.random.randrange(10) == 0 else text


def listed_differences():
    """The texts of the page, by its sections' headings."""
    sections, heading = {}, None
    with open(DIFFERENCES, encoding="utf-8") as page:
        for line in page:
            row = re.match(r"\| `([^`]*)` \|", line)
            if line.startswith("## "):
                heading = line[3:].strip()
            elif row:
                command = re.match(r"((?:mod|del)-flows) (.*)", row[1])
                flow = command.groups() if command else ("add-flow", row[1])
                sections.setdefault(heading, []).append(flow)
    return sections


class ParseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.switch = Switch()
        cls.addClassCleanup(cls.switch.close)

    def check_same(self, flows):
        for flow, got in zip(flows, ours(flows)):
            with self.subTest(command=flow[0], text=flow[1]):
                self.assertEqual(got, self.switch.told(*flow))

    def differences(self, section):
        flows = listed_differences()[section]
        for flow, got in zip(flows, ours(flows)):
            with self.subTest(command=flow[0], text=flow[1]):
                yield got, self.switch.told(*flow)

    def test_fixed_texts_give_the_same_bytes(self):
        self.check_same(FIXED)

    def test_random_texts_give_the_same_bytes(self):
        maker = Maker(SEED)
        flows = [("add-flow", maker.flow()) for _ in range(N_RANDOM)]
        self.assertGreater(sum(got is not None for got in ours(flows)), N_RANDOM / 2)
        self.check_same(flows)

    def test_what_the_page_calls_refused_is_refused_by_us_alone(self):
        for got, told in self.differences("Refused here, taken by ovs-ofctl"):
            self.assertIsNone(got)
            self.assertIsNotNone(told)

    def test_what_the_page_calls_taken_is_taken_by_us_alone(self):
        for got, told in self.differences("Taken here, refused by ovs-ofctl"):
            self.assertIsNotNone(got)
            self.assertFalse(told is not None and int(told[2:4], 16) == FLOW_MOD)

    def test_what_the_page_calls_other_bytes_are(self):
        for got, told in self.differences("Other bytes"):
            self.assertIsNotNone(got)
            self.assertIsNotNone(told)
            self.assertNotEqual(got, told)


if __name__ == "__main__":
    unittest.main()
