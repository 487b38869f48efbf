#!/usr/bin/env python3
"""The controller domU and the switch domU find each other through Morgana's own TCP/IP, on real Xen.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from xen.boot_test import BUILD  # noqa: E402
from xen.machine import Domain, Machine, MachineTest  # noqa: E402


def setUpModule():
    MachineTest.machine = Machine([BUILD / "morgana-controller.xen", BUILD / "morgana-switch.xen"])


def tearDownModule():
    MachineTest.machine.stop()


class OfEachKind:
    """The tests that a kind of guest, `kind`, must pass."""

    def start(self, name, address, extra, memory, vifs):
        guest = Domain(self.machine, name, f"morgana-{name}.xen", self.kind,
                       f"--net=direct:vif:0 --ip={address}/24 {extra}", memory=memory, vifs=vifs)
        self.addCleanup(guest.destroy)
        return guest.create()

    def test_the_switch_joins_the_controller(self):
        controller = self.start("controller", "10.0.0.2", "", 16, ["bridge=xenbr0"])
        switch = self.start(
            "switch", "10.0.0.3", "--port=vif:1 --controller=tcp:10.0.0.2 --listen=ptcp:6654", 32,
            ["bridge=xenbr0", "bridge=none"])
        switch.wait_for("mode: controlled")
        controller.wait_for("has joined")
        for address in ("10.0.0.2", "10.0.0.3"):
            self.assertIn(" 0% packet loss", self.machine.run(f"ping -c 3 -i 0.2 {address}"))
        # OpenFlow's hello: version 1, type 0, 8 bytes.
        hello = self.machine.run("sleep 1 | nc 10.0.0.3 6654 | head -c 4 | hexdump -C")
        self.assertIn("01 00 00 08", hello)
        # Another domain than before, with the connections that it had.
        controller.save()
        controller.restore()
        controller.wait_for("suspend: resumed")
        self.assertTrue(self.machine.wait_until("ping -c 1 -W 1 10.0.0.2"), "no answer to ping")
        self.machine.run("xl shutdown switch")
        self.assertEqual("poweroff", switch.wait_for_end())
        # The switch said good-bye: its silence was not waited for.
        self.assertNotIn("silent for too long", controller.wait_for("has left"))
        self.machine.run("xl shutdown controller")
        self.assertEqual("poweroff", controller.wait_for_end())


class PvTest(OfEachKind, MachineTest):
    """PV guests."""
    kind = "pv"


class PvhTest(OfEachKind, MachineTest):
    """PVH guests."""
    kind = "pvh"


if __name__ == "__main__":
    unittest.main()
