#!/usr/bin/env python3
"""The appliance as doc/xen.md has it, from nothing to traffic, on real Xen.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lab import Lab, OpenVSwitch, program, wait_for  # noqa: E402
from xen.appliance import CONTROLLER, SWITCH, Appliance  # noqa: E402
from xen.machine import LIMIT, MachineTest  # noqa: E402

FLOWS = 10000
LISTED = 500  # in an answer on a console


def setUpModule():
    OfEachKind.lab = Lab()
    unittest.addModuleCleanup(OfEachKind.lab.close)
    OfEachKind.bench = Appliance(OfEachKind.lab)
    unittest.addModuleCleanup(OfEachKind.bench.stop)
    OfEachKind.peer = OpenVSwitch(OfEachKind.lab)
    OfEachKind.hosts = [OfEachKind.lab.host(number) for number in (1, 2, 3)]
    for host in OfEachKind.hosts:
        OfEachKind.peer.plug(host)
    MachineTest.machine = OfEachKind.bench.machine


class OfEachKind:
    """The tests that a kind of guest, `kind`, must pass."""
    lab = bench = peer = hosts = None

    def setUp(self):
        self.guests = []

    def create(self, name, extra=None, ramdisk=None):
        guest = self.bench.create(name, self.kind, extra, ramdisk=ramdisk)
        self.addCleanup(guest.destroy)
        self.guests.append(guest)
        return guest

    def host(self, number):
        host = self.bench.host(number)
        self.addCleanup(host.end)
        return host

    def test_from_nothing_to_traffic(self):
        controller = self.create("controller")
        switch = self.create("switch")
        self.assertIn(f"vif:0: up, {SWITCH}/24", switch.wait_for("mode: controlled"))
        controller.wait_for("has joined")
        hosts = [self.host(number) for number in (1, 2, 3)]
        for one in hosts[1:]:
            self.assert_reaches(hosts[0], one)
        self.flows_and_ports_are_seen()
        self.ten_thousand_flows_fit(hosts)
        self.an_operators_flow_counts(hosts)
        self.commands_are_answered(controller, switch)
        # Another domain than before, with the connections that it had.
        controller.save()
        controller.restore()
        controller.wait_for("suspend: resumed")
        self.assert_reaches(hosts[0], hosts[1])
        self.assertIn("0000000000000001", controller.ask("datapaths")[0])
        self.a_vif_that_is_plugged_is_a_port(switch, hosts)
        self.machine.run("xl shutdown morgana-switch")
        self.assertTrue(self.machine.wait_until(f"! xl list {switch.name}"))
        self.assertEqual("", switch.state())
        # The switch said good-bye: its silence was not waited for.
        self.assertNotIn("silent for too long", controller.wait_for("has left"))
        controller.type("poweroff")
        self.assertTrue(self.machine.wait_until(f"! xl list {controller.name}"))

    def assert_reaches(self, one, other):
        if not one.reaches(other):
            with contextlib.suppress(AssertionError):  # one that has ended cannot tell
                for guest in self.guests:
                    guest.type("counters")
                    guest.wait_for("all others are zero")
            self.fail("\n".join((
                f"h{one.number} does not reach h{other.number}",
                self.bench.ofctl("dump-flows"), self.bench.ofctl("dump-ports"),
                self.machine.run("cat /var/log/xen/guest-*.log; brctl show; ip -s link; xl vcpu-list"))))

    def flows_and_ports_are_seen(self):
        shown = self.bench.ofctl("show")
        self.assertIn("dpid:0000000000000001", shown)
        for number in (1, 2, 3):
            self.assertRegex(shown, rf" {number}\(.*\): addr:00:16:3e:4d:00:1{number}\n")
        self.assertIn("actions=output:", self.bench.ofctl("dump-flows"))
        self.assertRegex(self.bench.ofctl("dump-ports", "2"), r"port +2: rx pkts=[1-9]")

    def ten_thousand_flows_fit(self, hosts):
        """In the 32 MiB of the example, with its three ports."""
        report = self.lab.net.run(
            [program("morgana-bench"), "--mode=flow-mods", f"--switch=tcp:{SWITCH}:6654",
             f"--flows={FLOWS}", "--duration=1ms", "--warmup=0s", f"--connect-time={LIMIT}s",
             f"--lost-after={LIMIT}s"])
        self.assertRegex(report, r"error messages +0\n")
        self.assert_reaches(hosts[0], hosts[1])

    def an_operators_flow_counts(self, hosts):
        self.bench.ofctl("add-flow", "priority=65000,in_port=3,actions=drop")
        self.assertIn("in_port=3 actions=drop", self.bench.ofctl("dump-flows"))
        self.bench.ofctl("del-flows", "ip")  # exact entries come before all others
        self.assertEqual(0, hosts[0].ping(hosts[2]))
        self.bench.ofctl("del-flows", "in_port=3")
        self.assert_reaches(hosts[0], hosts[2])

    def commands_are_answered(self, controller, switch):
        """On the consoles: as ovs-appctl has them on UNIX, with answers of any length."""
        self.assertRegex("\n".join(switch.ask("list-ports")), r"1  vif:1 .*\n.* 2  vif:2 .*\n.* 3  vif:3 ")
        self.assertEqual([], switch.ask('add-flow "priority=65000, in_port=3, actions=drop"'))
        self.assertRegex("\n".join(switch.ask("dump-flows in_port=3")), "in_port=3 .*actions=drop")
        self.assertEqual([], switch.ask("del-flows in_port=3"))
        with tempfile.NamedTemporaryFile("w") as flows:
            flows.writelines(f"in_port=9,tcp,tp_dst={number},actions=drop\n" for number in range(1, LISTED + 1))
            flows.flush()
            self.bench.ofctl("add-flows", flows.name)
        shown = "\n".join(switch.ask("dump-flows in_port=9"))
        self.assertEqual(list(range(1, LISTED + 1)), sorted(map(int, re.findall(r"tp_dst=(\d+) actions=drop$", shown, re.M))))
        switch.ask("del-flows in_port=9")
        self.assertRegex("\n".join(controller.ask("fdb/show")), r"00:16|([0-9a-f]{2}:){5}")
        self.assertIn("list-commands", controller.ask("dump-flows")[0])

    def a_vif_that_is_plugged_is_a_port(self, switch, hosts):
        new = self.host(4)
        self.machine.run("xl network-attach morgana-switch bridge=port4 mac=00:16:3e:4d:00:14")
        switch.wait_for("port 4 (vif:4): link up")
        self.assert_reaches(hosts[0], new)

    def test_open_vswitch_obeys_the_controller(self):
        """Whose address is from DHCP, as when nothing is said of it; a hundred other switches do."""
        controller = self.create("controller", "")
        controller.wait_for(f"vif:0: up, {CONTROLLER}/24")
        self.obeys_the_controller()
        first, *others = self.hosts
        for host in others:
            wait_for(lambda: first.ping(host), f"{host.name} to answer", LIMIT)
        self.assertTrue(self.peer.flows())
        self.a_hundred_switches_fit()

    def obeys_the_controller(self):
        """Open vSwitch, until the end of the test."""
        self.addCleanup(self.peer.vsctl, "del-controller", self.peer.bridge)
        self.peer.delete_flows()
        self.peer.set_controller(f"tcp:{CONTROLLER}:6653")
        wait_for(self.peer.is_connected, "Open vSwitch to reach its controller", LIMIT)

    def test_a_firewall_has_its_rules_from_a_file(self):
        """From its ramdisk, which is still there when it is another domain."""
        first, second, third = self.hosts
        self.machine.run(f"cd /run && echo 'deny ip,nw_src={first.address},nw_dst={third.address}\n"
                         "allow ip' > net.rules && tar cf files.tar net.rules && rm net.rules")
        controller = self.create("controller", f"--ip={CONTROLLER}/24 --app=firewall "
                                 "--firewall-file=net.rules --app=learning", "/run/files.tar")
        self.obeys_the_controller()
        wait_for(lambda: first.ping(second), f"{second.name} to answer", LIMIT)
        wait_for(lambda: second.ping(third), f"{third.name} to answer", LIMIT)
        self.assertEqual(0, first.ping(third))
        controller.save()
        controller.restore()
        controller.wait_for("suspend: resumed")
        controller.type("reload")
        controller.wait_for("4 flows for the rules, 4 before")

    def a_hundred_switches_fit(self):
        """In the 16 MiB of the example: each is served, also while all send packets."""
        report = self.lab.net.run(
            [program("morgana-bench"), f"--controller=tcp:{CONTROLLER}:6653", "--switches=100",
             "--hosts=10", "--count=1000", f"--connect-time={LIMIT}s", f"--lost-after={LIMIT}s"])
        self.assertIn("100 of 100 switches served, 0 dropped", report)


class PvTest(OfEachKind, MachineTest):
    """PV guests."""
    kind = "pv"


class PvhTest(OfEachKind, MachineTest):
    """PVH guests."""
    kind = "pvh"


if __name__ == "__main__":
    unittest.main()
