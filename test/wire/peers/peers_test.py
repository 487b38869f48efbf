#!/usr/bin/env python3
"""What real peers send: all 22 types of message, recorded live and put through our library.

ovs-ofctl talks to a private Open vSwitch through a relay of ours that keeps every message, and Open
vSwitch connects to a controller of ours that says whatever makes it answer. Each message must survive
being decoded and encoded, and our text must be ovs-ofctl's, but for the differences that are listed.

With MORGANA_RECORD=1 the messages are also kept, in messages.txt, for the tests that need no Open
vSwitch.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import socket
import sys
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
import messages as of  # noqa: E402
import oracle  # noqa: E402
from lab import Lab, OpenVSwitch, wait_for  # noqa: E402
from lab.namespace import run  # noqa: E402

FRAME = of.ethernet(0x800, of.ipv4(6, of.TCP))
UDP6 = of.ethernet(0x86dd, of.ipv6(17, of.UDP))
FLOWS = (
    "priority=1,actions=drop",
    "in_port=1,actions=output:2,local,in_port,normal,flood,all,controller:128",
    "dl_vlan=5,dl_vlan_pcp=3,actions=strip_vlan,mod_vlan_vid:7,mod_vlan_pcp:2,output:2",
    "dl_vlan=0xffff,dl_src=02:00:00:00:00:01,actions=mod_dl_src:02:00:00:00:00:02,"
    "mod_dl_dst:02:00:00:00:00:03,output:2",
    "ip,nw_src=10.0.0.0/8,nw_dst=10.0.0.2,nw_tos=32,actions=mod_nw_src:1.2.3.4,mod_nw_dst:4.3.2.1,"
    "mod_nw_tos:64,output:2",
    "tcp,tp_src=1,tp_dst=80,cookie=0x123,idle_timeout=60,hard_timeout=600,"
    "actions=mod_tp_src:2,mod_tp_dst:8080,output:2",
    "udp,send_flow_rem,check_overlap,priority=7,actions=enqueue:1:2",
    "icmp,icmp_type=8,icmp_code=0,actions=dec_ttl,output:2",
    "arp,arp_op=1,arp_spa=10.0.0.1,actions=output:1",
)


class Record:
    """Messages as they came: (who sent it, message), each kind of text once."""

    def __init__(self):
        self.kept = []
        self._lock = threading.Lock()

    def add(self, who, some):
        with self._lock:
            self.kept += [(who, message) for message in some]

    def types(self):
        with self._lock:
            return {message[1] for _, message in self.kept}


class Pipe(threading.Thread):
    """One direction of a relayed connection."""

    def __init__(self, source, sink, who, record):
        super().__init__(daemon=True)
        self.source, self.sink, self.who, self.record = source, sink, who, record
        self.start()

    def run(self):
        pending = b""
        while data := self.receive():
            some, pending = of.split(pending + data)
            self.record.add(self.who, some)
            self.sink.sendall(data)
        self.shut(self.sink)

    def receive(self):
        try:
            return self.source.recv(65536)
        except OSError:
            return b""

    @staticmethod
    def shut(sock):
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Relay:
    """A socket at `path` that hands on to the switch's, and keeps what goes by."""

    def __init__(self, path, switch_path, record):
        self.switch_path, self.record = str(switch_path), record
        self.sockets = [listen(path)]
        self.pipes = []
        self.server = threading.Thread(target=self.serve, daemon=True)
        self.server.start()

    def serve(self):
        while True:
            try:
                peer = self.sockets[0].accept()[0]
            except OSError:
                return
            switch = socket.socket(socket.AF_UNIX)
            self.sockets += [peer, switch]
            switch.connect(self.switch_path)
            self.pipes += [Pipe(peer, switch, "ovs-ofctl", self.record),
                           Pipe(switch, peer, "ovs-vswitchd", self.record)]

    def close(self):
        """When who connected has ended: both directions have been read to their ends."""
        self.sockets[0].shutdown(socket.SHUT_RDWR)
        for thread in (self.server, *self.pipes):
            thread.join(30)
        for each in self.sockets:
            each.close()


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


class Controller:
    """A controller that Open vSwitch connects to: says what it is told to, keeps what it hears."""

    def __init__(self, path, record):
        self.target = f"unix:{path}"
        self.record = record
        self.heard = []
        self.listener = listen(path)
        self.switch = None

    def accept(self):
        self.listener.settimeout(30)
        self.switch = self.listener.accept()[0]
        self.switch.settimeout(None)
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()
        self.say(of.message(of.HELLO))
        self.expect(of.HELLO)

    def listen(self):
        pending = b""
        while True:
            try:
                data = self.switch.recv(65536)
            except OSError:
                return
            if not data:
                return
            some, pending = of.split(pending + data)
            self.record.add("ovs-vswitchd", some)
            self.heard += some

    def say(self, message):
        self.switch.sendall(message)

    def expect(self, kind, which=None):
        """Wait until a message of this type, and statistics type, has come since the last time."""
        def find():
            for i, message in enumerate(self.heard):
                if message[1] == kind and (which is None or message[8:10] == of.pack("!H", which)):
                    del self.heard[:i + 1]
                    return message
            return None
        return wait_for(find, f"{of.NAMES[kind]} {'' if which is None else which}")

    def ask(self, message, kind, which=None):
        self.say(message)
        return self.expect(kind, which)

    def close(self):
        self.listener.close()
        if self.switch:
            self.switch.shutdown(socket.SHUT_RDWR)
            self.reader.join(30)
            self.switch.close()


class PeersTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.switch = OpenVSwitch(cls.lab)
        for number in (1, 2):
            cls.switch.plug(cls.lab.host(number))
        cls.record = Record()

    def ofctl(self, *words):
        """ovs-ofctl, to the switch through a relay that is made for this command."""
        path = self.lab.folder / f"relay{len(self.record.kept)}"
        relay = Relay(path, f"{self.switch.folder}/{self.switch.bridge}.mgmt", self.record)
        try:
            command, *rest = [word for word in words if not word.startswith("-")]
            options = [word for word in words if word.startswith("-")]
            run(["ovs-ofctl", "-O", "OpenFlow10", "-F", "openflow10", "--timeout=30", *options,
                 command, f"unix:{path}", *rest], env=self.switch.env)
        finally:
            relay.close()

    def commands(self):
        """What people do with ovs-ofctl."""
        yield from (("show",), ("dump-desc",), ("dump-tables",), ("dump-ports",), ("dump-ports", "1"))
        for flow in FLOWS:
            yield ("add-flow", flow)
        yield from (("mod-flows", "tcp,actions=output:1"), ("--strict", "mod-flows", "priority=1,actions=2"),
                    ("dump-flows",), ("dump-flows", "tcp"), ("dump-aggregate",),
                    ("dump-aggregate", "ip,out_port=2"), ("queue-stats",), ("queue-stats", "1"),
                    ("queue-get-config", "1"), ("get-frags",), ("set-frags", "drop"),
                    ("set-frags", "normal"), ("mod-port", "1", "no-flood"), ("mod-port", "1", "flood"),
                    ("mod-port", "2", "down"), ("mod-port", "2", "up"),
                    ("packet-out", f"in_port=1,packet={FRAME.hex()},actions=output:2"),
                    ("packet-out", f"in_port=1,packet={FRAME.hex()},actions=mod_vlan_vid:5,output:2"),
                    ("probe",), ("ping", "16"), ("--strict", "del-flows", "priority=1"),
                    ("del-flows", "tcp"), ("del-flows", "out_port=2"), ("del-flows",))

    def record_ofctl(self):
        for words in self.commands():
            self.ofctl(*words)
        self.record_monitor()

    def record_monitor(self):
        """ovs-ofctl as a controller: it is sent packet-ins and answers echo requests."""
        path = self.lab.folder / "monitor"
        relay = Relay(path, f"{self.switch.folder}/{self.switch.bridge}.mgmt", self.record)
        before = len(self.record.kept)
        monitor = self.lab.start(["ovs-ofctl", "-O", "OpenFlow10", "monitor", f"unix:{path}", "128"],
                                 "monitor.log", env=self.switch.env)

        try:
            wait_for(lambda: any(message[1] == of.SET_CONFIG for _, message in self.record.kept[before:]),
                     "ovs-ofctl monitor to set the configuration")
            self.ofctl("packet-out", f"in_port=2,packet={UDP6.hex()},actions=controller")
            wait_for(lambda: "udp6" in monitor.output(), "ovs-ofctl monitor to print a packet-in")
        finally:
            monitor.stop()
            relay.close()

    def record_controller(self):
        """Open vSwitch as a switch, asked and told everything."""
        # Of all unix sockets, this is the one that Open vSwitch connects to.
        controller = Controller(self.switch.folder / f"{self.switch.bridge}.controller", self.record)
        self.addCleanup(controller.close)
        self.switch.set_controller(controller.target)
        controller.accept()
        self.switch.vsctl("set", "controller", self.switch.bridge, "inactivity_probe=1000")
        self.ask_everything(controller)
        self.tell_everything(controller)

    def ask_everything(self, controller):
        everything = of.match()
        controller.ask(of.message(of.FEATURES_REQUEST), of.FEATURES_REPLY)
        controller.ask(of.message(of.GET_CONFIG_REQUEST), of.GET_CONFIG_REPLY)
        controller.ask(of.message(of.ECHO_REQUEST, b"alive?"), of.ECHO_REPLY)
        controller.say(of.message(of.ECHO_REPLY, b"", 0)
                       if controller.expect(of.ECHO_REQUEST) else b"")
        controller.ask(of.message(of.BARRIER_REQUEST), of.BARRIER_REPLY)
        controller.ask(of.message(of.VENDOR, of.pack("!III", of.NICIRA, 10, 1)), of.VENDOR)
        controller.ask(of.message(of.QUEUE_GET_CONFIG_REQUEST, of.pack("!Hxx", 1)),
                       of.QUEUE_GET_CONFIG_REPLY)
        for which, body in ((of.DESC, b""), (of.TABLE, b""), (of.PORT, of.pack("!H6x", 0xffff)),
                            (of.FLOW, everything + of.pack("!BxH", 0xff, 0xffff)),
                            (of.AGGREGATE, everything + of.pack("!BxH", 0xff, 0xffff)),
                            (of.QUEUE, of.pack("!HxxI", 0xfffc, 0xffffffff))):
            controller.ask(of.stats(of.STATS_REQUEST, which, body), of.STATS_REPLY, which)

    def tell_everything(self, controller):
        send_removed = of.flow_mod(of.match(of.ALL_WILD & ~1, in_port=9), flags=1)
        controller.say(of.message(of.SET_CONFIG, of.pack("!HH", 0, 64)))
        controller.say(send_removed)
        controller.ask(of.flow_mod(of.match(), command=3), of.FLOW_REMOVED)
        controller.ask(of.packet_out(FRAME, of.pack("!HHHH", 0, 8, 0xfffd, 32)), of.PACKET_IN)
        controller.ask(of.packet_out(UDP6, of.pack("!HHHH", 0, 8, 0xfff9, 0)), of.PACKET_IN)
        self.switch.vsctl("add-port", self.switch.bridge, "p9", "--", "set", "interface", "p9",
                          "type=internal", "ofport_request=9")
        controller.expect(of.PORT_STATUS)
        self.switch.vsctl("del-port", self.switch.bridge, "p9")
        controller.expect(of.PORT_STATUS)
        for bad in (of.message(30), of.stats(of.STATS_REQUEST, 9), of.message(of.BARRIER_REQUEST, b"x"),
                    of.flow_mod(of.match(), command=9), of.flow_mod(of.match(), actions=bytes(8)),
                    of.message(of.VENDOR, bytes(8)),
                    of.message(of.PORT_MOD, of.pack("!H6sIII4x", 77, b"", 0, 0, 0)),
                    of.message(of.QUEUE_GET_CONFIG_REQUEST, of.pack("!Hxx", 77)),
                    of.packet_out(buffer_id=12345)):
            controller.ask(bad, of.ERROR)

    def check(self, kept):
        requests = [(message, verbosity) for _, message in kept for verbosity in (0, 1, 2)]
        for (message, verbosity), mine, text in zip(requests, oracle.ours(requests),
                                                     oracle.theirs(requests)):
            with self.subTest(message=message.hex(), verbosity=verbosity):
                self.assertEqual(mine[0].hex(), message.hex())
                self.assertEqual(mine[1], oracle.explained(message, text, mine[1])[0])

    def test_all_types_of_message_are_met_and_understood(self):
        self.record_ofctl()
        self.record_controller()
        kept = self.record.kept
        self.assertEqual(self.record.types(), set(range(22)))
        self.assertEqual({m[8:10] for _, m in kept if m[1] == of.STATS_REPLY},
                         {of.pack("!H", which) for which in range(6)})
        different = list({(who, m[:4] + m[8:]): (who, m) for who, m in kept}.values())
        self.check(different)
        if os.environ.get("MORGANA_RECORD"):
            keep(different)


def is_like(message, seen):
    """Whether one like this has been seen: of some types each is kept, of echoes one of a length, of
    the others one for each beginning of the body."""
    shape = (message[1], len(message), b"" if message[1] in (2, 3) else message[8:16])
    known = shape in seen and message[1] not in (of.FLOW_MOD, of.ERROR, of.PORT_MOD, of.PACKET_IN)
    seen.add(shape)
    return known


def keep(different):
    """Write messages.txt: each message once, whatever numbers differ, with ovs-ofctl's text."""
    lines, seen = ["# Messages of real peers, with ovs-ofctl's text at verbosity 1. Made by",
                   "# peers/peers_test.py with MORGANA_RECORD=1.", ""], set()
    for (who, message), text in zip(different, oracle.theirs([(m, 1) for _, m in different])):
        if is_like(message, seen):
            continue
        lines += [f"# {who} sent {text.split(' (xid')[0]}", message.hex(),
                  *("| " + line for line in text.splitlines()), ""]
    oracle.RECORDED.write_text("\n".join(lines))


if __name__ == "__main__":
    unittest.main()
