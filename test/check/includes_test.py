"""includes.py lets the house's includes pass and finds each kind of breach.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import tempfile
import unittest

import includes

HEADERS = ["openflow/msg.h", "runtime/bytes.h", "runtime/loop.h", "runtime/unix/unix.h",
           "runtime/sim/sim.h", "controller/ctl.h", "switch/flow.h", "netstack/tcp.h", "xen/ring.h",
           "examples/02-hub/own.h"]


class Includes(unittest.TestCase):
    def breaches(self, name, text):
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder)
            for header in HEADERS:
                (tree / header).parent.mkdir(parents=True, exist_ok=True)
                (tree / header).touch()
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return list(includes.breaches(tree))

    def test_what_is_allowed_passes(self):
        for name, text in [
                ("openflow/a.c", '#include "openflow/msg.h"\n#include "runtime/bytes.h"\n'),
                ("controller/a.c", '#include "openflow/msg.h"\n#include <string.h>\n'),
                ("controller/main.c", '#include "runtime/unix/unix.h"\nint main(void)\n'),
                ("runtime/unix/a.c", "#include <sys/socket.h>\n#include <event2/event.h>\n"),
                ("examples/02-hub/a.c", '#include "switch/flow.h"\n#include "runtime/loop.h"\n'),
                ("examples/02-hub/a.c", '#include "examples/02-hub/own.h"\n'),
                ("test/unit/a.c", '#include "switch/flow.h"\n#include <check.h>\n')]:
            with self.subTest(name=name):
                self.assertEqual(self.breaches(name, text), [])

    def test_each_breach_is_found_with_its_line(self):
        for name, line in [
                ("openflow/a.c", '#include "runtime/loop.h"'),
                ("openflow/a.c", "#include <string.h>"),
                ("openflow/a.c", '#include "controller/ctl.h"'),
                ("netstack/a.c", '#include "openflow/msg.h"'),
                ("runtime/a.c", '#include "runtime/unix/unix.h"'),
                ("runtime/a.c", "#include <time.h>"),
                ("runtime/unix/a.c", '#include "controller/ctl.h"'),
                ("runtime/sim/a.c", "#include <sys/socket.h>"),
                ("controller/a.c", "#include <unistd.h>"),
                ("controller/a.c", '#include "runtime/unix/unix.h"'),
                ("controller/a.c", '#include "switch/flow.h"'),
                ("controller/a.c", '#include "netstack/tcp.h"'),
                ("switch/a.c", '#include "controller/ctl.h"'),
                ("xen/a.c", '#include "openflow/msg.h"'),
                ("examples/02-hub/a.c", '#include "netstack/tcp.h"'),
                ("examples/03-learning/a.c", '#include "examples/02-hub/own.h"'),
                ("controller/a.c", "#include <openflow/msg.h>"),
                ("controller/a.c", '#include "ctl.h"'),
                ("controller/a.c", '#  include   "switch/flow.h"'),
                ("elsewhere/a.c", '#include "runtime/loop.h"')]:
            with self.subTest(name=name, line=line):
                found = self.breaches(name, "\n" + line + "\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn(name, found[0])


if __name__ == "__main__":
    unittest.main()
