#!/usr/bin/env python3
"""Kernels boot on real Xen, as PV and as PVH guests, and end as they are told.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from xen.machine import Domain, Machine, MachineTest  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MORGANA_BUILD", TOP / "build"))
KERNELS = [BUILD / "test/xen/kernels" / f"{name}.xen" for name in ("hello", "crash", "idle", "tasks")]
IMAGE_MAX = 500 * 1000
LARGE = 4864  # MiB of a guest, above 4 GiB without a doubt


def setUpModule():
    MachineTest.machine = Machine(KERNELS)


def tearDownModule():
    MachineTest.machine.stop()


class ProgramsTest(unittest.TestCase):
    """The controller and the switch are small enough."""

    def test_image_is_at_most_500_kb(self):
        for name in ("morgana-controller", "morgana-switch"):
            size = (BUILD / f"{name}.xen").stat().st_size
            print(f"{name}.xen: {size} bytes")
            self.assertLessEqual(size, IMAGE_MAX)

    def test_what_needs_an_operating_system_does_not_link(self):
        made = subprocess.run(["make", "-C", BUILD, "test/xen/kernels/unix.elf"], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertNotEqual(made.returncode, 0, made.stdout)
        self.assertIn("the program makes system calls; a domain has nobody who answers them", made.stdout)
        self.assertIn("(__stdio_write.lo): reference to __syscall_ret", made.stdout)


class OfEachKind:
    """The tests that a kind of guest, `kind`, must pass."""

    def start(self, kernel, extra="", **options):
        guest = Domain(self.machine, kernel, f"{kernel}.xen", self.kind, extra, **options)
        self.addCleanup(guest.destroy)
        return guest.create()

    def crash(self, mistake, **options):
        """Make a mistake; what the console says of it."""
        guest = self.start("crash", mistake, **options)
        self.assertEqual("crash", guest.wait_for_end())
        console = guest.console()
        guest.destroy()
        self.assertIn(f"now: {mistake}", console)
        self.assertNotIn("survived", console)
        return console

    def test_boots_with_its_words_and_all_of_its_memory(self):
        guest = self.start("hello", 'one "two three"', memory=32)
        console = guest.wait_for("ended well")
        self.assertIn(f"{self.kind.upper()} guest", console)
        self.assertIn("3 words, half of them 1.5", console)
        self.assertIn("word 2: two three", console)
        self.assertIn("file hello.txt: No such file or directory", console)
        # All but what boot structures, page tables and the image take.
        self.assertGreater(int(re.search(r"(\d+) pages", console)[1]), 32 * 256 - 200)
        self.assertEqual(2, len(set(re.search(r"random (\w+), again (\w+)", console).groups())))
        self.assertEqual("poweroff", guest.wait_for_end())

    def test_memory_that_it_may_have_later_is_not_touched(self):
        guest = self.start("hello", memory=32, maxmem=96)
        console = guest.wait_for("ended well")
        self.assertIn(int(re.search(r"(\d+) pages", console)[1]), range(32 * 256 - 300, 32 * 256))
        self.assertEqual("poweroff", guest.wait_for_end())

    def ramdisk(self, command):
        """What the shell makes of the archive files.tar, in dom0."""
        self.machine.run(f"""mkdir -p /run/files && cd /run/files && rm -rf * && mkdir more
echo 'from the archive' > hello.txt && : > empty && seq 50000 > more/numbers && tar cf files.tar . && {command}""")
        return "/run/files/files.tar"

    def test_has_the_files_of_its_ramdisk(self):
        guest = self.start("hello", memory=32, ramdisk=self.ramdisk("true"))
        console = guest.wait_for("ended well")
        self.assertIn("files: 3 from ramdisk=", console)
        self.assertIn("file hello.txt: from the archive", console)
        self.assertIn("to write it: Read-only file system", console)
        self.assertRegex(console, "file /empty: .*\n.* 0 bytes")
        self.assertGreater(int(re.search(r"(\d+) pages", console)[1]), 32 * 256 - 300)
        self.assertEqual("poweroff", guest.wait_for_end())

    def test_a_ramdisk_that_is_wrong_gives_no_files(self):
        for command, complaint in (
                ("bzip2 < files.tar > x && mv x files.tar",
                 "at byte 0: this is no header of an uncompressed tar archive"),
                ("truncate -s 40960 files.tar", "the file is longer than the archive")):
            with self.subTest(command):
                guest = self.start("hello", ramdisk=self.ramdisk(command))
                self.assertEqual("poweroff", guest.wait_for_end())
                self.assertIn(complaint, guest.console())
                self.assertIn("file hello.txt: No such file or directory", guest.console())
                guest.destroy()

    def test_tasks_sleep_race_and_end(self):
        guest = self.start("tasks")
        self.assertEqual("poweroff", guest.wait_for_end())
        console = guest.console()
        self.assertIn("task 1 was first, with 0; tasks left: 0", console)
        self.assertIn("limit reached: yes", console)
        self.assertIn("100 slept", console)

    def fill_a_tasks_stack(self):
        """What the console says."""
        guest = self.start("tasks", "overflow")
        self.assertEqual("crash", guest.wait_for_end())
        self.assertIn("100 slept", guest.console())
        self.assertNotIn("survived", guest.console())
        return guest.console()

    def test_a_command_line_that_cannot_be_split_is_said(self):
        guest = self.start("hello", 'one "two')
        self.assertEqual("crash", guest.wait_for_end())
        self.assertIn("quote left open", guest.console())

    def test_what_is_not_memory_faults(self):
        for mistake, address in (("null", "8"), ("write-text", "100000")):
            with self.subTest(mistake):
                self.assertIn(f"page fault (vector 14, error {'2' if mistake == 'null' else '3'}, "
                              f"address {address})", self.crash(mistake))

    def test_constants_are_not_written(self):
        self.assertIn("page fault (vector 14, error 3", self.crash("write-constant"))
        self.assertIn("page fault (vector 14, error 3",
                      self.crash("write-ramdisk", ramdisk=self.ramdisk("true")))

    def test_data_are_not_executed(self):
        for mistake in ("run-data", "run-heap"):
            with self.subTest(mistake):
                self.assertIn("page fault (vector 14, error 11", self.crash(mistake))

    def test_a_mistake_shows_registers_and_calls(self):
        console = self.crash("opcode")
        self.assertIn("invalid opcode (vector 6", console)
        self.assertRegex(console, r"rip 0000000000[1-9a-f]\w+  rsp 0000000000[1-9a-f]")
        self.assertGreaterEqual(console.count("called from"), 3)

    def test_an_assertion_says_where(self):
        self.assertRegex(self.crash("assert"), r'crash\.c:\d+: break_assertion: assertion "one == 2"')

    def test_timers_ring_and_an_idle_guest_does_not_wake(self):
        guest = self.start("idle", "5")
        console = guest.wait_for("rang")
        rang, ms, waits = map(int, re.search(
            r"rang (\d+) times in (\d+) ms, waited (\d+) times", console).groups())
        self.assertEqual(5, rang)
        self.assertGreaterEqual(ms, 5000)
        # By timers that are due, and by nothing else but dom0, which may read the console late.
        self.assertLessEqual(rang, waits)
        self.assertLessEqual(waits, rang + 2)

    def test_a_guest_that_was_copied_goes_on_as_before(self):
        guest = self.start("idle", "0")
        guest.wait_for("idle: idle")
        guest.save(goes_on=True)
        guest.wait_for("suspend: as before")
        self.machine.run("xl shutdown idle")
        self.assertEqual("poweroff", guest.wait_for_end())

    def test_xl_shutdown_is_obeyed(self):
        guest = self.start("idle", "0")
        guest.wait_for("idle: idle")
        self.machine.run("xl shutdown idle")
        self.assertEqual("poweroff", guest.wait_for_end())
        self.assertIn("idle: ended", guest.console())

    def test_xl_reboot_is_obeyed(self):
        guest = self.start("idle", "0", on_reboot="restart")
        guest.wait_for("idle: idle")
        self.machine.run("xl reboot idle")
        guest.wait_for("idle: ended")
        self.assertTrue(self.machine.wait_until(
            "[ $(grep -c 'idle: idle' /var/log/xen/guest-idle.log) = 2 ]"))


class PvTest(OfEachKind, MachineTest):
    """A PV guest."""
    kind = "pv"

    def test_a_stack_that_is_full_ends_the_domain(self):
        self.crash("stack")  # Xen itself: there is no room for our handler's frame
        self.fill_a_tasks_stack()


class PvhTest(OfEachKind, MachineTest):
    """A PVH guest."""
    kind = "pvh"

    def test_lives_on_where_it_was_migrated_to(self):
        # A PV guest cannot be migrated alive by Debian's Xen, which is built without shadow paging.
        guest = self.start("idle", "0")
        guest.wait_for("idle: idle")
        guest.migrate()
        self.machine.run("xl shutdown idle")
        self.assertEqual("poweroff", guest.wait_for_end())

    def test_a_stack_that_is_full_is_said(self):
        self.assertIn("page fault", self.crash("stack"))
        self.assertIn("page fault", self.fill_a_tasks_stack())


class LargeTest(MachineTest):
    """A PVH guest with memory above 4 GiB: the first page of each free block there is written to when
    it is added. Nobody writes to the rest, so that it costs nothing here."""

    @classmethod
    def setUpClass(cls):
        cls.machine = Machine(KERNELS, memory=5632)
        cls.addClassCleanup(cls.machine.stop)

    def test_uses_what_is_above_4_gib(self):
        guest = Domain(self.machine, "hello", "hello.xen", "pvh", memory=LARGE)
        self.addCleanup(guest.destroy)
        console = guest.create().wait_for("ended well")
        self.assertGreater(int(re.search(r"(\d+) pages", console)[1]), LARGE * 256 - 2000)
        self.assertEqual("poweroff", guest.wait_for_end())


if __name__ == "__main__":
    unittest.main()
