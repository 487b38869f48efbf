#!/usr/bin/env python3
"""Hosts talk through the switch domU, whose ports come and go, on real Xen.

One host is dom0 itself, on the bridge xenbr0 (10.0.0.1) with the switch's vif 0; the other is a
namespace of dom0 that has the dom0 end of vif 1 (10.0.0.2). dom0 offers a PVH guest two queues.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from xen.boot_test import BUILD  # noqa: E402
from xen.machine import Domain, Machine, MachineTest  # noqa: E402


def setUpModule():
    MachineTest.machine = Machine([BUILD / "morgana-switch.xen"])


def tearDownModule():
    MachineTest.machine.stop()


class OfEachKind:
    """The tests that a kind of guest, `kind`, must pass."""

    def setUp(self):
        self.switch = Domain(
            self.machine, "switch", "morgana-switch.xen", self.kind,
            "--net=none --port=vif:0 --port=vif:1 --fail-mode=standalone", memory=32,
            vifs=("bridge=xenbr0,mac=00:16:3e:00:00:01", "bridge=none,mac=00:16:3e:00:00:02"),
            on_reboot="restart")
        self.addCleanup(self.switch.destroy)
        self.switch.resize(self.memory)
        self.machine.run(f"echo {self.queues} > /sys/module/xen_netback/parameters/max_queues")
        self.switch.create()
        self.addCleanup(self.end_host)
        self.machine.run("rm -f /run/host\n"
                    "unshare -n sh -c 'echo $$ > /run/host; exec sleep 100000' &\n"
                    "until [ -s /run/host ]; do usleep 20000; done")
        self.plug_host()
        self.switch.wait_for("port 1 (vif:0): link up")
        self.switch.wait_for("port 2 (vif:1): link up")
        self.assertEqual(str(self.queues), self.machine.run(
            f"xenstore-read /local/domain/{self.domain}/device/vif/1/multi-queue-num-queues").strip())

    @property
    def domain(self):
        """The switch's number, which is another one when it was restored or has booted again."""
        return self.machine.run("xl domid switch").strip()

    def counters(self, module):
        """What the switch's console says when it is asked: names and numbers."""
        lines = [line for line in self.switch.ask("counters") if line.startswith(f"{module}: ")]
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", " ".join(lines))}

    def end_host(self):
        self.machine.run("kill $(cat /run/host)", check=False)

    def on_host(self, command):
        return f"nsenter -t $(cat /run/host) -n {command}"

    def plug_host(self):
        """Give the other host the dom0 end of vif 1. All of these ends have one address, which the
        bridge takes for its own."""
        vif = f"vif{self.domain}.1"
        self.machine.run("\n".join((
            "set -e", f"ip link set {vif} down", f"ip link set {vif} address 02:00:00:00:00:02",
            f"ip link set {vif} netns $(cat /run/host)",
            self.on_host(f"ip addr add 10.0.0.2/24 dev {vif}"),
            self.on_host(f"ip link set {vif} up"))))

    def ping(self, *words, count=3):
        """Until one is answered, then some."""
        self.assertTrue(self.machine.wait_until("ping -c 1 -W 1 10.0.0.2"), "no answer to ping")
        return self.machine.run(f"ping -c {count} -i 0.1 {' '.join(words)} 10.0.0.2")

    def sent_equals_received(self, sender, receiver, address, lines=600000):
        """TCP carries numbered lines unspoilt. A receiver whose input ends says so to the sender,
        which then ends: so its input is a pipe that nobody writes to."""
        found = self.machine.run(
            "mkfifo /run/silence; exec 4<> /run/silence\n"
            f"seq 1 {lines} > /run/sent\n"
            f"{receiver('nc -l -p 5000')} < /run/silence > /run/received &\n"
            f"until {receiver('netstat -ltn')} | grep -q :5000; do usleep 20000; done\n"
            f"{sender(f'nc {address} 5000')} < /run/sent; wait $!\n"
            "ls -l /run/sent /run/received; cmp /run/sent /run/received && echo equal\n"
            "rm /run/sent /run/received /run/silence", limit=300)
        self.assertIn("equal", found)

    def test_hosts_talk_through_the_switch(self):
        for size in ("0", "1472", "4000"):
            with self.subTest(size=size):
                self.assertIn(" 0% packet loss", self.ping("-s", size))
        # Large segments and blank checksums come from dom0's TCP, and go there.
        here = str
        grants, frames = self.counters("grant"), self.counters("vif")
        self.sent_equals_received(here, self.on_host, "10.0.0.2")
        self.sent_equals_received(self.on_host, here, "10.0.0.1")
        self.assertEqual(grants, self.counters("grant"))  # the steady path has no business with Xen
        moved = self.counters("vif")
        self.assertGreater(moved["tx_frames"], frames["tx_frames"] + 200)
        self.assertGreater(moved["rx_lent"], frames.get("rx_lent", 0))  # some stayed where they were
        self.assertEqual([], [name for name in moved
                              if name not in ("rx_frames", "rx_lent", "tx_frames", "tx_ring_full")])
        self.tagged_frames_pass()
        self.machine.run("xl shutdown switch")
        self.assertEqual("poweroff", self.switch.wait_for_end())

    def tagged_frames_pass(self):
        """Those of VLAN 7, which both hosts have a device for."""
        vif = f"vif{self.domain}.1"
        self.addCleanup(self.machine.run, "ip link del xenbr0.7", check=False)
        for here, device, number in ((str, "xenbr0", 1), (self.on_host, vif, 2)):
            self.machine.run("\n".join((
                "set -e", here(f"ip link add link {device} name {device}.7 type vlan id 7"),
                here(f"ip addr add 10.7.0.{number}/24 dev {device}.7"),
                here(f"ip link set {device}.7 up"))))
        for size in ("0", "1472", "4000"):
            with self.subTest(size=size, vlan=7):
                self.assertTrue(self.machine.wait_until(f"ping -c 1 -W 1 -s {size} 10.7.0.2"), "no answer to ping")
        self.sent_equals_received(self.on_host, str, "10.7.0.1", lines=100000)
        self.sent_equals_received(str, self.on_host, "10.7.0.2", lines=100000)

    def begin_to_talk(self):
        """Numbered lines over TCP, from here to the other host, until end_talk(). QEMU's network resets
        connections with hosts that have gone: so it is taken off the bridge."""
        self.addCleanup(self.machine.run, "touch /run/enough; kill $(cat /run/receiver)\n"
                        "brctl addif xenbr0 eth0", check=False)
        self.machine.run(
            "brctl delif xenbr0 eth0\n"
            "rm -f /run/enough /run/silence; mkfifo /run/silence; exec 4<> /run/silence\n"
            f"{self.on_host('sh -c ')}'echo $$ > /run/receiver; exec nc -l -p 5000' < /run/silence > /run/received &\n"
            f"until {self.on_host('netstat -ltn')} | grep -q :5000; do usleep 20000; done\n"
            "(n=0; until [ -e /run/enough ]; do echo $n; n=$((n + 1)); usleep 20000; done) |\n"
            "    tee /run/sent | nc 10.0.0.2 5000 > /dev/null &\n"
            "until [ -s /run/received ]; do usleep 20000; done")

    def end_talk(self):
        """When all has come that was sent until now, and nothing else."""
        self.machine.run("touch /run/enough")
        self.assertTrue(self.machine.wait_until("! kill -0 $(cat /run/receiver) 2> /dev/null"),
                        "the receiver does not hear that the sender has ended")
        self.machine.run("cmp /run/sent /run/received")

    def test_life_goes_on_after_save_and_restore_and_reboot(self):
        self.begin_to_talk()
        self.switch.save()
        self.switch.restore()
        self.plug_host()
        self.ping()
        self.end_talk()
        times = re.findall(r"^2\S+Z", self.switch.wait_for("suspend: resumed"), re.MULTILINE)
        self.assertEqual(sorted(times), times, "the clock went back")
        self.machine.run("xl reboot switch")
        self.assertTrue(self.machine.wait_until(
            "[ $(grep -c 'port 2 (vif:1): link up' /var/log/xen/guest-switch.log) = 2 ]"))
        self.plug_host()
        self.ping()

    def test_a_port_goes_and_comes_back(self):
        self.ping()
        self.machine.run("ping -i 0.02 -s 1400 10.0.0.2 > /dev/null & echo $! > /run/traffic")
        self.addCleanup(self.machine.run, "kill $(cat /run/traffic)", check=False)
        self.machine.run("xl network-detach switch 1")
        self.switch.wait_for("vif:1 has gone")
        self.assertIn("100% packet loss",
                      self.machine.run("ping -c 1 -W 1 10.0.0.2", check=False))
        self.machine.run("xl network-attach switch bridge=none mac=00:16:3e:00:00:02")
        self.assertTrue(self.machine.wait_until(
            "[ $(grep -c 'port 2 (vif:1): link up' /var/log/xen/guest-switch.log) = 2 ]"))
        self.plug_host()
        self.ping()


class PvTest(OfEachKind, MachineTest):
    """A PV guest."""
    kind, memory, queues = "pv", 32, 1


class PvhTest(OfEachKind, MachineTest):
    """A PVH guest."""
    kind, memory, queues = "pvh", 80, 2


if __name__ == "__main__":
    unittest.main()
