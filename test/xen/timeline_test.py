#!/usr/bin/env python3
"""What a domain does until its first frame, on a machine whose clock counts instructions: neither this
machine's load nor its speed is in what is asserted.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from xen.boot_test import BUILD  # noqa: E402
from xen.machine import Domain, Machine, MachineTest  # noqa: E402

MARKS = ("main() opens its platform", "vif:0 is there", "vif:0: up, 10.0.0.2/24", "vif:0: its first frame is sent")
# Of the domain, and of Xen for it: three to six million when this was written.
INSTRUCTIONS_MAX = 12e6


def setUpModule():
    MachineTest.machine = Machine([BUILD / "morgana-switch.xen"], counted=True)


def tearDownModule():
    MachineTest.machine.stop()


class TimelineTest(MachineTest):
    """The lines that --log=boot:debug gives their times."""

    def boot(self, kind):
        """Nanoseconds since the first instruction, and those that it ran, of each mark."""
        guest = Domain(self.machine, "switch", "morgana-switch.xen", kind,
                       "--dpid=1 --ip=10.0.0.2/24 --controller=tcp:10.0.0.1 "
                       "--log=boot:debug,vif:debug,platform:debug",
                       memory=32, vifs=["bridge=xenbr0", "bridge=none"])
        self.addCleanup(guest.destroy)
        console = guest.create(calm=2).wait_for(MARKS[-1])
        guest.destroy()
        lines = [re.search(re.escape(mark) + r".* \[(\d+) us, ran (\d+) us\]", console) for mark in MARKS]
        return [tuple(int(us) * 1000 for us in line.groups()) for line in lines]

    def test_first_frame_after_few_instructions(self):
        for kind in ("pv", "pvh"):
            with self.subTest(kind):
                times = self.boot(kind)
                print(f"{kind}: {dict(zip(MARKS, times))}")
                for earlier, later in zip(times, times[1:]):
                    self.assertLess(earlier, later)
                self.assertLess(times[-1][1], INSTRUCTIONS_MAX)


if __name__ == "__main__":
    unittest.main()
