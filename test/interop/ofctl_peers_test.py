#!/usr/bin/env python3
"""ovs-ofctl says the same of morgana-switch as of Open vSwitch, command by command.

Both switches get the same commands in the same order; what ovs-ofctl prints, its status and its
complaints are compared. What may differ is either of a kind that NORMALISE takes out of both, or a
difference of one command that DIFFERENCES lists; each says why.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, MorganaSwitch, OpenVSwitch, wait_for  # noqa: E402
from lab.traffic import Tap, numbered  # noqa: E402

EXACT = ("in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_vlan=0xffff,tcp,"
         "nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=0,tp_src=1,tp_dst=2")
FRAME = "02000000000202000000000188b5" + "00" * 46

# A command a line; FOLDER/a and FOLDER/b are files of flows, # is for the reader.
COMMANDS = f"""
show
get-frags
dump-tables
dump-ports
dump-ports 2
dump-ports 9
# One flow of each kind of match and action, and time-outs, flags and cookie.
add-flow in_port=1,actions=output:2
add-flow {EXACT},actions=output:3
add-flow priority=10,ip,nw_src=10.0.0.0/8,actions=mod_nw_src:1.2.3.4,mod_nw_dst:2.3.4.5,mod_nw_tos:16,output:1
add-flow priority=11,dl_vlan=5,dl_vlan_pcp=3,actions=strip_vlan,mod_vlan_vid:7,mod_vlan_pcp:4,in_port
add-flow priority=12,arp,arp_op=1,nw_dst=10.0.0.0/24,actions=flood,all,normal,local,controller:77
add-flow idle_timeout=100,hard_timeout=200,send_flow_rem,cookie=0x1234,priority=13,udp,actions=drop
add-flow priority=16,dl_src=02:00:00:00:00:07,actions=mod_dl_src:02:00:00:00:00:08,mod_dl_dst:02:00:00:00:00:09,dec_ttl,output:1
add-flow priority=17,tcp,tp_src=80,nw_tos=32,actions=mod_tp_src:5,mod_tp_dst:6,output:65528
add-flow priority=18,icmp,icmp_type=8,icmp_code=0,actions=output:1,output:2,output:3
add-flow priority=19,dl_type=0x88cc,dl_vlan=0xffff,actions=controller
add-flow priority=20,sctp,actions=drop
add-flow priority=21,ip,nw_proto=47,nw_dst=10.1.2.3,actions=output:3
add-flow priority=0,actions=normal
dump-flows
# Overlaps, and ports and queues that are none.
add-flow check_overlap,priority=13,udp,tp_dst=53,actions=drop
add-flow check_overlap,priority=14,udp,tp_dst=53,actions=drop
add-flow priority=30,actions=output:9
add-flow priority=31,actions=output:0
add-flow priority=31,actions=enqueue:1:7
del-flows --strict priority=31
# What the filters pick.
dump-flows udp
dump-flows in_port=1
dump-flows tcp
dump-flows out_port=2
dump-flows in_port=1,out_port=3
dump-flows out_port=65533
dump-flows table=0
dump-flows table=7
dump-flows nw_src=10.2.0.0/16,ip
dump-flows nw_dst=10.0.0.0/8,ip
dump-aggregate
dump-aggregate udp
dump-aggregate out_port=2
dump-aggregate in_port=1,out_port=2
dump-aggregate table=0
dump-tables
# An identical flow is replaced; modifications, loose and strict, of what is there and what is not.
add-flow in_port=1,cookie=9,actions=output:3
mod-flows udp,actions=output:3
dump-flows udp
mod-flows --strict priority=13,udp,actions=output:1
dump-flows udp
mod-flows --strict priority=99,udp,actions=output:2
mod-flows cookie=5,pim,actions=output:1
mod-flows cookie=6,arp,actions=output:2
dump-flows
# Deletions, loose and strict, by output port, by cookie.
del-flows --strict priority=12,udp
del-flows --strict priority=13,udp
dump-flows udp
del-flows --strict out_port=3,priority=18,icmp,icmp_type=8,icmp_code=0
del-flows out_port=1,dl_src=02:00:00:00:00:07
del-flows out_port=2
dump-flows
del-flows tcp
del-flows cookie=5/-1
del-flows in_port=1
dump-flows
del-flows
dump-flows
dump-aggregate
# Files of flows.
add-flows FOLDER/a
diff-flows FOLDER/b
diff-flows FOLDER/a
replace-flows FOLDER/b
diff-flows FOLDER/b
dump-flows
replace-flows FOLDER/a
dump-flows
# Ports, flag by flag.
mod-port 1 down
show
mod-port 1 up
mod-port 1 no-receive
mod-port 2 no-receive-stp
mod-port 3 no-forward
show
mod-port 1 receive
mod-port 2 receive-stp
mod-port 3 forward
mod-port 1 no-flood
mod-port 2 no-packet-in
show
mod-port 1 flood
mod-port 2 packet-in
show
mod-port 9 down
# Packets, echoes, and what 1.0 does not have.
packet-out 1 output:2 {FRAME}
packet-out none flood {FRAME}
packet-out 9 all {FRAME}
packet-out 1 table {FRAME}
packet-out 1 output:9 {FRAME}
packet-out local normal {FRAME}
ping
ping 0
ping 1000
probe
bundle FOLDER/a
--bundle add-flows FOLDER/a
meter-features
mod-table 0 drop
dump-ports-desc
add-group group_id=1,type=all,bucket=output:1
dump-groups
dump-flows
"""

# (what is taken out of both, by what, why)
NORMALISE = [
    (r"duration=[\d.]+s", "duration", "time passes"),
    (r"time=[\d.]+ ms", "time", "time passes"),
    (r"addr:[0-9a-f:]{17}", "addr", "each device has its own"),
    (r"\b(o1-h1|m1-h4)\b", "port1", "the names of the devices"),
    (r"\b(o1-h2|m1-h5)\b", "port2", "the same"),
    (r"\b(o1-h3|m1-h6)\b", "port3", "the same"),
    (r"unix:\S+/([om])1(/o1)?\.mgmt", "switch", "where the switch listens"),
    (r"(?m)^[\dTZ:.-]+\|\d+\|", "", "time and number of ovs-ofctl's own log"),
    (r", (?:idle|hard)_age=\d+", "", "Nicira's statistics of flows tell it, the standard's do not"),
    (r"(NXST|OFPST)_(FLOW|AGGREGATE) reply", r"\2 reply", "the same: other statistics, one answer"),
    (r" priority=65535,(?=\S*tp_dst=2 )", " ", "4.1: an exact entry is above all others whatever its "
     "number says; Open vSwitch changes the number, we tell the one that was given"),
    (r"n_tables:\d+, n_buffers:\d+", "", "Open vSwitch has more tables and no buffers"),
    (r" IP_REASM", "", "5.3.1: we put fragments together if asked; Open vSwitch does not"),
    (r"(version negotiation failed .*\n)(.*\n)*", r"\1", "both refuse version 1.4; the error that "
     "ovs-ofctl sees after that is chance"),
    (r" LOCAL\(.*\n(     .*\n)*", "", "5.2.1: a local port is optional; Open vSwitch has one"),
    (r"  port LOCAL: .*\n.*\n", "", "the same"),
    (r"(OFPST_PORT reply .*): \d+ ports", r"\1", "the same"),
    (r"(frame|over|crc|coll)=(\?|0)", r"\1", "5.3.5: what is not counted is all ones; Open vSwitch "
     "says 0"),
    (r"(OFPT_ERROR .*)\n(.*\n)*", r"\1\n", "5.4.4: at least 64 bytes of the request; Open vSwitch "
     "sends it whole"),
    (r"(config: +PORT_DOWN\n +state: +)(LINK_DOWN|0)", r"\1", "Open vSwitch turns the device itself "
     "down and so its link; ours leaves the device to its owner"),
    (r' \("flows"\)', "", "a table may have a name"),
    (r"max_entries=10\d{5}", "max_entries", "how many flows a table takes"),
    (r"\n  table 1:\n    active=0, .*\n    \(same features\)\n", "", "Open vSwitch has more tables"),
    (r"\n  tables \d\.\.\.253: ditto\n", "", "the same"),
]

NO_EXTENSION = "Nicira's extension, which 1.0 does not ask for"

# What differs otherwise: {command: (our answer, theirs, why)}, each a pattern of how it begins.
DIFFERENCES = {
    "add-flow priority=31,actions=output:0": (
        r"1\nOFPT_ERROR .*: OFPBAC_BAD_OUT_PORT", "0\n$", "5.2.1: ports are numbered from 1"),
    "add-flow priority=31,actions=enqueue:1:7": (
        r"1\nOFPT_ERROR .*: OFPBAC_BAD_QUEUE", "0\n$",
        "5.4.4 has an error for a queue that is not there"),
    "del-flows cookie=5/-1": (
        "1\n.*switch does not support any of the usable flow formats", "0\n$", NO_EXTENSION),
    "dump-ports-desc": (
        r"0\nOFPT_ERROR .*: OFPBRC_BAD_STAT", r"0\nOFPST_PORT_DESC", "a request of version 1.3"),
    "add-group group_id=1,type=all,bucket=output:1": (
        r"1\nOFPT_ERROR .*: OFPBRC_BAD_SUBTYPE", "0\n$", NO_EXTENSION),
    "dump-groups": (
        r"0\nOFPT_ERROR .*: OFPBRC_BAD_SUBTYPE", "0\nNXST_GROUP_DESC", NO_EXTENSION),
}


def normalise(text):
    for pattern, by, _ in NORMALISE:
        text = re.sub(pattern, by, text)
    lines = text.splitlines()
    flows = sorted(line for line in lines if "actions=" in line)  # nobody promises an order
    return "\n".join([line for line in lines if "actions=" not in line] + flows) + "\n"


class OfctlPeersTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)

    def write_flows(self, name, *flows):
        (self.lab.folder / name).write_text("".join(flow + "\n" for flow in flows))

    def answer(self, switch, command):
        """The status and all that ovs-ofctl says, normalised."""
        words = command.replace("FOLDER", str(self.lab.folder)).split()
        at = next(i for i, word in enumerate(words) if not word.startswith("--")) + 1
        run = subprocess.run(["ovs-ofctl", "-O", "OpenFlow10", "--timeout=300", *words[:at],
                              switch.target, *words[at:]],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return normalise(f"{run.returncode}\n{run.stdout}")

    def judge(self, command, ours, theirs, unused):
        if ours == theirs:
            return
        self.assertIn(command, DIFFERENCES, f"ours: {ours}\ntheirs: {theirs}")
        unused.discard(command)
        our_pattern, their_pattern, _ = DIFFERENCES[command]
        self.assertRegex(ours, r"\A" + our_pattern)
        self.assertRegex(theirs, r"\A" + their_pattern)

    def test_each_command_has_the_same_answer_from_both_switches(self):
        hosts = [self.lab.host(number) for number in range(1, 7)]
        theirs = OpenVSwitch(self.lab, name="o1")
        for host in hosts[:3]:
            theirs.plug(host)
        ours = MorganaSwitch(self.lab, hosts[3:], name="m1", offloads=False)
        self.write_flows("a", "priority=1,in_port=1,actions=output:2",
                         "priority=2,tcp,tp_dst=80,actions=drop")
        self.write_flows("b", "priority=1,in_port=1,actions=output:3",
                         "priority=3,udp,actions=flood")
        unused = set(DIFFERENCES)
        for command in COMMANDS.splitlines():
            if command and not command.startswith("#"):
                with self.subTest(command):
                    self.judge(command, self.answer(ours, command), self.answer(theirs, command),
                               unused)
        self.assertFalse(unused, "these are no differences any more")


class PacketOut(unittest.TestCase):
    """What ovs-ofctl packet-out sends comes to the hosts that it is for, once, and to no other."""

    def setUp(self):
        lab = Lab()
        self.addCleanup(lab.close)
        hosts = [lab.host(number) for number in (1, 2, 3)]
        self.switch = MorganaSwitch(lab, hosts)
        self.taps = [Tap(host) for host in hosts]
        for tap in self.taps:
            self.addCleanup(tap.close)
        self.sent = 0

    def expect(self, in_port, actions, ports):
        self.sent += 1
        frame = numbered(1, 2, self.sent)
        fence = numbered(1, 2, 0x80000000 | self.sent)
        self.switch.ofctl("packet-out", in_port, actions, frame.hex())
        self.switch.ofctl("packet-out", "none", "all", fence.hex())
        for tap in self.taps:
            wait_for(lambda tap=tap: fence in tap.heard(), "the frame that is for all")
        heard = [tap.heard().count(frame) for tap in self.taps]
        self.assertEqual(heard, [int(port in ports) for port in (1, 2, 3)], (in_port, actions))

    def test_it_goes_where_its_actions_say(self):
        self.expect("1", "output:2", {2})
        self.expect("none", "output:3,output:1", {1, 3})
        self.expect("2", "flood", {1, 3})
        self.expect("2", "all", {1, 3})
        self.expect("2", "in_port", {2})
        self.expect("2", "output:2", set())
        self.expect("1", "drop", set())
        self.switch.ofctl("mod-port", "3", "no-flood")
        self.expect("1", "flood", {2})
        self.expect("1", "all", {2, 3})

    def test_through_the_table_it_goes_where_its_flow_says(self):
        self.expect("1", "table", set())
        self.switch.ofctl("add-flow", "in_port=1,actions=output:3")
        self.expect("1", "table", {3})
        self.assertIn("n_packets=1,", self.switch.flows()[0])

    def test_by_normal_it_is_learned_from(self):
        self.switch.ofctl("add-flow", "actions=normal")
        self.expect("3", "normal", {1, 2})
        self.taps[0].send(numbered(9, 1, 77))
        wait_for(lambda: numbered(9, 1, 77) in self.taps[2].heard(), "it to be found at port 3")
        self.assertNotIn(numbered(9, 1, 77), self.taps[1].heard())


if __name__ == "__main__":
    unittest.main()
