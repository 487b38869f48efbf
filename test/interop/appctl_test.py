#!/usr/bin/env python3
"""ovs-appctl manages morgana-switch and morgana-controller: every command, and what it says.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json
import pathlib
import re
import signal
import socket
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Controller, Lab, program, wait_for  # noqa: E402


class Appctl:
    """The control channel of a program, at a socket."""

    def __init__(self, lab, path):
        self.lab, self.path = lab, path

    def run(self, *words):
        """What the command says."""
        return self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.path, *words])

    def error(self, *words):
        """What it fails with."""
        with tempfile.TemporaryFile("w+") as said:
            self.lab.net.run(["ovs-appctl", "-T", "60", "-t", self.path, *words], check=False,
                             capture_output=False, stdout=said, stderr=said)
            said.seek(0)
            text = said.read()
        if "server returned an error" not in text:
            raise AssertionError(f"{words} does not fail: {text}")
        return text

    def commands(self):
        return {line.split()[0] for line in self.run("list-commands").splitlines()[1:]}


class Switch(unittest.TestCase):
    """morgana-switch between two hosts, with a queue at its first port."""

    COMMANDS = {"add-flow", "add-port", "add-queue", "connections", "counters", "del-flows",
                "del-port", "del-queue", "dump-flows", "exit", "help", "list-commands",
                "list-ports", "list-queues", "mod-flows", "set-rate", "show", "version",
                "vlog/list", "vlog/set"}

    def raise_switch(self, *options):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.hosts = self.lab.cabled_hosts(2)
        path = self.lab.folder / "switch.ctl"
        self.manage = self.lab.folder / "switch.sock"
        self.process = self.lab.start(
            [program("morgana-switch"), "--dpid=0xb0a7", f"--ctl=punix:{path}",
             f"--listen=punix:{self.manage}", "--port=eth:h1@7", "--port=eth:h2",
             "--port-rate=7:10M", "--queue=7:3:25", *options], "switch.log")
        wait_for(lambda: path.exists() and self.manage.exists(), "the switch to listen")
        self.ctl = Appctl(self.lab, path)

    def ofctl(self, command, *words):
        return self.lab.net.run(["ovs-ofctl", command, f"unix:{self.manage}", *words])

    def monitor(self, *words):
        """ovs-ofctl monitor, connected and heard."""
        process = self.lab.start(["ovs-ofctl", f"--unixctl={self.lab.folder}/monitor.ctl", "monitor",
                                  f"unix:{self.manage}", *words], "monitor")
        wait_for(lambda: re.search(r"guest +up .*miss_send_len [1-9]", self.ctl.run("connections")),
                 "ovs-ofctl to listen")
        return process

    def let_talk(self):
        self.ctl.run("add-flow", "in_port=7,actions=output:1")
        self.ctl.run("add-flow", "in_port=1,actions=output:7")
        wait_for(lambda: self.hosts[0].ping(self.hosts[1]), "the hosts to reach each other")


class Commands(Switch):
    def test_every_command_is_listed_and_none_else(self):
        self.raise_switch()
        self.assertEqual(self.ctl.commands(), self.COMMANDS)
        self.assertEqual(self.ctl.run("help"), self.ctl.run("list-commands"))
        self.assertRegex(self.ctl.run("version"), r"^morgana-switch \d+\.\d+\.\d+\n$")
        self.assertIn('"reboot" is not a command', self.ctl.error("reboot"))
        self.assertIn("add-port DEVICE [NUMBER]", self.ctl.error("add-port"))

    def test_the_switch_shows_itself_and_its_ports(self):
        self.raise_switch("--description=the boat", "--fail-mode=standalone")
        shown = self.ctl.run("show")
        self.assertIn("datapath: 000000000000b0a7 the boat\n", shown)
        self.assertIn("fail mode: standalone\nmode: standalone\n", shown)
        self.assertRegex(shown, r"\n +1  eth:h2 +up .*\n +7  eth:h1 +up .*\n$")
        self.assertEqual(shown.partition("ports:\n")[2], self.ctl.run("list-ports"))
        wait_for(lambda: self.hosts[0].ping(self.hosts[1]), "the hosts to reach each other")
        for line in self.ctl.run("list-ports").splitlines():
            self.assertRegex(line, r"rx [1-9]\d* packets [1-9]\d* bytes  tx [1-9]\d* packets")

    def test_ports_come_and_go(self):
        self.raise_switch()
        self.ctl.run("del-port", "7")
        self.assertNotIn("eth:h1", self.ctl.run("list-ports"))
        self.ctl.run("add-port", "eth:h1", "LOCAL")
        self.assertRegex(self.ctl.run("list-ports"), r"LOCAL  eth:h1")
        self.assertIn("LOCAL(h1)", self.ofctl("show"))
        self.assertIn("another port's already", self.ctl.error("add-port", "eth:h1"))
        self.assertIn("another port's already", self.ctl.error("add-port", "tap:x", "LOCAL"))
        self.assertIn("not a device", self.ctl.error("add-port", "sock:x"))
        self.assertIn("no port number", self.ctl.error("add-port", "tap:x", "65280"))
        self.ctl.run("del-port", "eth:h1")
        self.assertIn('no port "eth:h1"', self.ctl.error("del-port", "eth:h1"))
        self.ctl.run("add-port", "eth:h1")
        self.assertRegex(self.ctl.run("list-ports"), r" 2  eth:h1")

    def test_flows_are_added_modified_dumped_and_deleted(self):
        self.raise_switch()
        self.ctl.run("add-flow", "priority=5,cookie=7,in_port=1,actions=output:7")
        self.ctl.run("add-flow", "priority=6,tcp,tp_dst=80,actions=mod_nw_tos:16,flood")
        self.ctl.run("mod-flows", "in_port=1,actions=drop")
        self.ctl.run("mod-flows", "--strict", "priority=5,tcp,tp_dst=80,actions=drop")
        flows = self.ctl.run("dump-flows").splitlines()
        self.assertEqual(len(flows), 3, "what no flow has is added")
        no_age = re.compile(r"duration=[^,]*")
        theirs = [line for line in self.ofctl("dump-flows").splitlines() if "actions=" in line]
        self.assertEqual([no_age.sub("", flow) for flow in flows],
                         [no_age.sub("", flow) for flow in theirs])
        self.assertEqual(len(self.ctl.run("dump-flows", "tcp").splitlines()), 2)
        self.assertEqual(len(self.ctl.run("dump-flows", "out_port=flood").splitlines()), 1)
        self.ctl.run("del-flows", "--strict", "priority=4,in_port=1")
        self.assertEqual(len(self.ctl.run("dump-flows").splitlines()), 3)
        self.ctl.run("del-flows", "in_port=1")
        self.assertEqual(len(self.ctl.run("dump-flows").splitlines()), 2)
        self.ctl.run("del-flows")
        self.assertEqual(self.ctl.run("dump-flows"), "")

    def test_emergency_flows_have_a_table_of_their_own(self):
        self.raise_switch()
        self.ctl.run("add-flow", "emerg,in_port=1,actions=drop")
        self.assertEqual(self.ctl.run("dump-flows"), "")
        self.assertIn("in_port=1 actions=drop", self.ctl.run("dump-flows", "emerg"))
        self.assertIn("emergency flows: 1 of", self.ctl.run("show"))

    def test_what_is_wrong_with_a_flow_is_said(self):
        self.raise_switch("--max-flows=1")
        for flow, fault in (("emerg,hard_timeout=3,actions=drop", "OFPFMFC_BAD_EMERG_TIMEOUT"),
                            ("actions=enqueue:7:9", "OFPBAC_BAD_QUEUE"),
                            ("buffer_id=77,actions=drop", "OFPBRC_BUFFER"),
                            ("in_port=1,tp=80,actions=drop", '"tp=80"'),
                            ("in_port=1", "says no actions")):
            self.assertIn(fault, self.ctl.error("add-flow", flow))
            self.ctl.run("del-flows")
        self.ctl.run("add-flow", "in_port=1,actions=drop")
        self.assertIn("OFPFMFC_ALL_TABLES_FULL", self.ctl.error("add-flow", "actions=drop"))
        self.assertIn("OFPFMFC_OVERLAP",
                      self.ctl.error("add-flow", "check_overlap,dl_vlan=5,actions=drop"))

    def test_thousands_of_flows_are_dumped_or_refused_with_advice(self):
        self.raise_switch("--ctl-reply=1000000")
        path = self.lab.folder / "flows"
        path.write_text("".join(f"priority={n},dl_vlan={n % 5},actions=output:1,output:7\n"
                                for n in range(1, 20001)))
        self.ofctl("add-flows", path)
        self.assertEqual(len(self.ctl.run("dump-flows", "dl_vlan=4").splitlines()), 4000)
        self.assertIn("longer than 1000000 bytes", self.ctl.error("dump-flows"))
        self.assertIn("with a MATCH, or use ovs-ofctl", self.ctl.error("dump-flows"))

    def test_peers_that_never_read_cost_a_bounded_memory(self):
        self.raise_switch()
        path = self.lab.folder / "flows"
        path.write_text("".join(f"priority={n},actions=output:1,output:7\n"
                                for n in range(1, 20001)))
        self.ofctl("add-flows", path)
        self.ctl.run("dump-flows")
        request = json.dumps({"method": "dump-flows", "params": [], "id": 1}).encode()
        before = self.process.memory()
        peers = [socket.socket(socket.AF_UNIX) for _ in range(20)]
        for peer in peers:
            self.addCleanup(peer.close)
            peer.connect(str(self.ctl.path))
            peer.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    peer.send(request)
        self.assertIn("dump-flows", self.ctl.commands(), "the operator is still served")
        self.assertLess(self.process.memory() - before, 24 * 2**20,
                        "eight peers, an answer of not quite 2 MB each")

    def test_counters_are_what_sigusr1_logs(self):
        self.raise_switch()
        self.let_talk()
        before = len(self.process.output())
        said = self.ctl.run("counters")
        self.process.send(signal.SIGUSR1)
        wait_for(lambda: "all others are zero" in self.process.output()[before:], "the counters")
        logged = re.findall(r" counters: (.*)\n", self.process.output()[before:])
        said = said.splitlines()
        self.assertEqual([line.partition(":")[0] for line in said],
                         [line.partition(":")[0] for line in logged])
        for module in ("dp", "agent"):  # the others count what was asked and answered meanwhile
            self.assertEqual([line for line in said if line.startswith(module + ":")],
                             [line for line in logged if line.startswith(module + ":")])

    def test_log_levels_are_listed_and_set(self):
        self.raise_switch()
        self.ofctl("show")
        self.assertRegex(self.ctl.run("vlog/list"), r"(?m)^agent +info$")
        self.ctl.run("vlog/set", "agent:debug")
        self.assertRegex(self.ctl.run("vlog/list"), r"(?m)^agent +debug$")
        self.ofctl("show")
        wait_for(lambda: "DEBUG agent:" in self.process.output(), "a line of detail")
        self.assertIn("names no levels", self.ctl.error("vlog/set", "agent:loud"))

    def test_connections_are_shown_with_their_roles_and_times(self):
        self.raise_switch("--controller=tcp:127.0.0.1:6653", "--backoff-max=1s")
        wait_for(lambda: re.search(r"tcp:127\.0\.0\.1:6653 +next call in \d+ ms",
                                   self.ctl.run("connections")), "the controller to be called")
        Controller(self.lab, "--app=learning")
        wait_for(lambda: re.search(r"controller  up for \d+ s  role equal  miss_send_len \d+"
                                   r"  heard \d+ s ago  \d+ bytes waiting",
                                   self.ctl.run("connections")), "the controller to be there")
        self.assertIn("mode: controlled\ncontrollers connected: 1\n", self.ctl.run("show"))
        self.assertIn(f"listening at punix:{self.manage}\n", self.ctl.run("connections"))

    def test_exit_is_answered_and_ends_the_switch(self):
        self.raise_switch()
        self.assertEqual(self.ctl.run("exit"), "")
        self.assertEqual(self.process.wait(), 0)
        self.assertFalse(self.ctl.path.exists())


class Queues(Switch):
    def test_queues_come_and_go(self):
        self.raise_switch()
        self.assertRegex(self.ctl.run("list-queues"), r"^ +7  queue 3  min 25\.0%  tx 0 packets")
        self.ctl.run("add-queue", "1", "4", "12.5")
        self.ctl.run("add-queue", "eth:h2", "5")
        self.assertRegex(self.ctl.run("list-queues", "1"), r"queue 4  min 12\.5% .*\n.*queue 5  tx")
        self.ctl.run("set-rate", "1", "100k")
        self.ctl.run("del-queue", "1", "4")
        self.assertNotIn("queue 4", self.ctl.run("list-queues"))
        for words, fault in ((("add-queue", "7", "3"), "has it already"),
                             (("add-queue", "7", "x"), "no queue"),
                             (("add-queue", "9", "1"), 'no port "9"'),
                             (("add-queue", "7", "4", "101"), "no share"),
                             (("del-queue", "7", "4"), "no queue 4"),
                             (("set-rate", "7", "10 MB"), "no rate"),
                             (("list-queues", "x"), 'no port "x"')):
            self.assertIn(fault, self.ctl.error(*words))

    def test_ovs_ofctl_sees_the_queues_and_what_they_have_sent(self):
        self.raise_switch()
        config = self.ofctl("queue-get-config", "7")
        self.assertRegex(config, r"(?s)port=7.*queue 3:.*min_rate:25\.0%")
        self.assertIn("1 queues", self.ofctl("queue-stats"))
        self.ofctl("add-flow", "in_port=7,actions=output:1")
        self.ofctl("add-flow", "in_port=1,actions=enqueue:7:3")
        wait_for(lambda: self.hosts[0].ping(self.hosts[1]), "the hosts to reach each other")
        self.assertRegex(self.ofctl("queue-stats", "7", "3"),
                         r"port 7 queue 3: bytes=[1-9]\d*, pkts=[1-9]")
        self.assertRegex(self.ctl.run("list-queues"), r"queue 3 .* tx [1-9]\d* packets [1-9]")
        self.assertRegex(self.ctl.run("dump-flows", "in_port=1"),
                         r"n_packets=[1-9]\d*, n_bytes=[1-9].*actions=enqueue:7:3")


class Monitored(Switch):
    def test_ovs_ofctl_monitor_hears_of_packets_flows_and_ports(self):
        self.raise_switch()
        heard = self.monitor("128")
        self.hosts[0].ping(self.hosts[1], wait=1)
        wait_for(lambda: re.search(r"OFPT_PACKET_IN.*in_port=7 \(via no_match\)", heard.output()),
                 "a packet-in")
        self.ctl.run("add-flow", "send_flow_rem,priority=9,in_port=1,actions=drop")
        self.ctl.run("del-flows", "in_port=1")
        wait_for(lambda: re.search(r"OFPT_FLOW_REMOVED.*priority=9,in_port=1 reason=delete",
                                   heard.output()), "the flow's removal")
        self.ctl.run("add-port", "tap:t0", "9")
        wait_for(lambda: re.search(r"OFPT_PORT_STATUS.* ADD: *\n? *9\(t0\)", heard.output()),
                 "a new port")
        self.ctl.run("del-port", "9")
        wait_for(lambda: re.search(r"OFPT_PORT_STATUS.* DEL: *\n? *9\(t0\)", heard.output()),
                 "a port's removal")


class Options(unittest.TestCase):
    def test_what_is_wrong_with_a_port_or_a_queue_is_said(self):
        for options, fault in ((["--port=tap:x@y"], '"y" is no port number: say 1 to 65279'),
                               (["--port=x"], "not a device: say tap:NAME"),
                               (["--port=pcap:/a@5", "--port=pcap:/b@5"], "another port's already"),
                               (["--queue=1:0"], 'there is no port "1"'),
                               (["--port=pcap:/a", "--queue=1:0:100.1"], "no share"),
                               (["--port=pcap:/a", "--queue=1"], "say PORT:ID or"),
                               (["--port=pcap:/a", "--port-rate=1:fast"], "no rate"),
                               (["--port=pcap:/a", "--port-rate=1"], "say PORT:RATE"),
                               (["--ctl=tcp:127.0.0.1:1"], "not punix:PATH")):
            lab = Lab()
            self.addCleanup(lab.close)
            process = lab.start([program("morgana-switch"), *options], "switch.log")
            self.assertEqual(process.wait(), 1, options)
            self.assertIn(fault, process.output())
            lab.close()


class TheController(unittest.TestCase):
    COMMANDS = {"apps", "connections", "counters", "datapaths", "exit", "fdb/show", "help",
                "list-commands", "list-ports", "reload", "version", "vlog/list", "vlog/set"}

    def test_every_command_says_what_there_is(self):
        lab = Lab()
        self.addCleanup(lab.close)
        path = lab.folder / "controller.ctl"
        controller = Controller(lab, "--app=learning", f"--ctl=punix:{path}")
        hosts = lab.cabled_hosts(2)
        lab.start([program("morgana-switch"), "--dpid=0xb0a7", "--port=eth:h1@7", "--port=eth:h2",
                   f"--controller={controller.target}"], "switch.log")
        ctl = Appctl(lab, path)
        wait_for(lambda: hosts[0].ping(hosts[1]), "the hosts to reach each other")

        self.assertEqual(ctl.commands(), self.COMMANDS)
        self.assertEqual(ctl.run("help"), ctl.run("list-commands"))
        self.assertRegex(ctl.run("version"), r"^morgana-controller \d+\.\d+\.\d+\n$")
        self.assertRegex(ctl.run("connections"), r"(?m)^tcp:127\.0\.0\.1:\d+  joined for \d+ s  "
                         r"datapath 000000000000b0a7  heard \d+ s ago  \d+ bytes waiting\n"
                         r"listening at ptcp:6653:127\.0\.0\.1$")
        self.assertRegex(ctl.run("datapaths"), r"^000000000000b0a7  tcp:127.*  2 ports  1 tables")
        ports = ctl.run("list-ports")
        self.assertRegex(ports, r"^000000000000b0a7:\n  1\(h2\)  .*  up\n  7\(h1\)  .*  up\n$")
        self.assertEqual(ctl.run("list-ports", "b0a7"), ports)
        self.assertIn("has not joined", ctl.error("list-ports", "1"))
        self.assertIn("no datapath id", ctl.error("list-ports", "boat"))
        self.assertRegex(ctl.run("apps"), r"^learning +\w")
        self.assertRegex(ctl.run("fdb/show", "0xb0a7"),
                         r"(?s)000000000000b0a7     7     0  02:00:00:00:00:01 +\d+ s\n")
        self.assertEqual(ctl.run("fdb/show", "1").count("\n"), 1, "the heading")
        self.assertIn("no datapath id", ctl.error("fdb/show", "boat"))
        self.assertRegex(ctl.run("counters"), r"(?s)ctl: .*sessions_joined=1 .*all others are zero")
        self.assertRegex(ctl.run("vlog/list"), r"(?m)^ctl +info$")
        ctl.run("vlog/set", "warn,ctl:debug")
        self.assertRegex(ctl.run("vlog/list"), r"(?m)^ctl +debug$")
        self.assertEqual(ctl.run("exit"), "")
        self.assertEqual(controller.process.wait(), 0)


if __name__ == "__main__":
    unittest.main()
