"""spec.py lets a table through whose tests are there and run, and finds each thing that is wrong.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import tempfile
import unittest

import spec

CHECK = """START_TEST(shown)
START_TEST(forgotten)
    tcase_add_test(c, shown);
"""
FAULTS = """    {"5.1: no such type", "barrier_request"},
"""
PYTHON = """import unittest

class Each:
    def test_inherited(self):
        pass

class Orphan:
    def test_orphan(self):
        pass

class Real(Each, unittest.TestCase):
    def test_it(self):
        pass

    @unittest.skip("no reason")
    def test_skipped(self):
        pass

    def test_gives_up(self):
        self.skipTest("no reason")
"""


class Spec(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        for name, text in [("unit/test_a.c", CHECK), ("unit/test_b.c", CHECK),
                           ("unit/faults.c", FAULTS), ("interop/a_test.py", PYTHON),
                           ("script/pkt/a.pkt", "// RFC 1 section 1\n"),
                           ("unit/a.mk", "TESTS += test/unit/test_a\n")]:
            path = self.tree / "test" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.tree / "test/spec").mkdir()

    def breaches(self, *rows):
        head = ["# Words", "", "| Section | Strength | What | Shown by |", "|---|---|---|---|"]
        (self.tree / "test/spec/a.md").write_text("\n".join([*head, *rows]) + "\n")
        return list(spec.breaches(self.tree))

    def test_what_is_right_passes(self):
        self.assertEqual(self.breaches(
            "| 3.4 | must | Do it | unit/test_a.c::shown |",
            "| 5.2.1 | may | Do it | unit/faults.c::5.1: no such type<br>unit/test_a.c::shown |",
            "| 4.6 | should | Do it | interop/a_test.py::Real.test_it |",
            "| 4.6 | optional | Do it | interop/a_test.py::Each.test_inherited |",
            "| 3.10.7.4 | must 8 | Do it | unit/test_a.c::shown<br>script/pkt/a.pkt |",
            "| RFC 5961 7 | should | Do it | script/pkt/a.pkt |"), [])

    def test_each_breach_is_found_with_its_line(self):
        for row in ("| 3.4 | must | Do it | |",
                    "| 3.4 | must | Do it |",
                    "| 3.4 | must | | unit/test_a.c::shown |",
                    "| 3.4 | shall | Do it | unit/test_a.c::shown |",
                    "| 3.4 | must-8 | Do it | unit/test_a.c::shown |",
                    "| x.4 | must | Do it | unit/test_a.c::shown |",
                    "| 3.4 | must | Do it | script/pkt/b.pkt |",
                    "| 3.4 | must | Do it | by hand |",
                    "| 3.4 | must | Do it | unit/test_a.c |",
                    "| 3.4 | must | Do it | unit/test_c.c::shown |",
                    "| 3.4 | must | Do it | unit/test_a.c::show |",
                    "| 3.4 | must | Do it | unit/test_a.c::forgotten |",
                    "| 3.4 | must | Do it | unit/test_b.c::shown |",
                    "| 3.4 | must | Do it | unit/test_a.c::shown<br>unit/test_a.c::nothing |",
                    "| 3.4 | must | Do it | unit/faults.c::5.1: no such |",
                    "| 3.4 | must | Do it | interop/a_test.py::Real.test_no |",
                    "| 3.4 | must | Do it | interop/a_test.py::Real.test_skipped |",
                    "| 3.4 | must | Do it | interop/a_test.py::Real.test_gives_up |",
                    "| 3.4 | must | Do it | interop/a_test.py::Orphan.test_orphan |",
                    "| 3.4 | must | Do it | interop/a_test.py::None.test_it |"):
            with self.subTest(row=row):
                found = self.breaches(row)
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith("a.md:5: "), found)

    def test_a_table_without_rows_and_none_at_all_are_breaches(self):
        self.assertEqual(len(self.breaches()), 1)
        (self.tree / "test/spec/a.md").unlink()
        self.assertEqual(len(list(spec.breaches(self.tree))), 1)


if __name__ == "__main__":
    unittest.main()
