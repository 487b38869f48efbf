#!/usr/bin/env python3
"""Who may include whom: reads the #include lines of a tree and names each that breaks a rule.

    includes.py TREE

The rules are those of ARCHITECTURE.md. A folder's row says which of the house's headers and which of
the system's its files may name. Only a program's entry file (one that defines main()) may name a
platform, and that by the platform's public header.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import re
import sys
from typing import NamedTuple

FREESTANDING = {"limits.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}
# What needs no operating system, and the kept libraries that need none either.
PLAIN = FREESTANDING | {
    "assert.h", "ctype.h", "errno.h", "inttypes.h", "stdalign.h", "stdio.h", "stdlib.h", "string.h",
    "xxhash.h"}
ANY = None
PLATFORMS = {"runtime/unix/unix.h", "runtime/sim/sim.h"}


BESIDE = "./"  # the file's own folder


class Row(NamedTuple):
    house: tuple  # header names, or folders (with the slash; not what lies in folders below)
    system: set | None


ROWS = {
    "openflow": Row(("openflow/", "runtime/bytes.h", "runtime/buf.h", "runtime/headers.h"),
                    FREESTANDING),
    "netstack": Row(("netstack/", "runtime/"), PLAIN),
    "runtime": Row(("runtime/",), PLAIN),
    "runtime/unix": Row(("runtime/", "runtime/unix/"), ANY),
    "runtime/sim": Row(("runtime/", "runtime/sim/"), PLAIN),
    "xen": Row(("runtime/", "xen/"), ANY),
    "platform": Row(("platform/", "runtime/", "runtime/unix/", "netstack/", "xen/"), PLAIN),
    "appctl": Row(("appctl/", "runtime/"), PLAIN),
    "appctl/rpc": Row(("appctl/", "appctl/rpc/", "runtime/"), PLAIN | {"jansson.h"}),
    "controller": Row(("controller/", "controller/apps/", "openflow/", "runtime/",
                       "appctl/appctl.h"), PLAIN),
    "controller/apps": Row(("controller/", "openflow/", "runtime/", "controller/apps/",
                            "appctl/appctl.h"), PLAIN),
    "controller/slicer": Row(("controller/", "openflow/", "runtime/", "controller/apps/",
                              "controller/slicer/", "appctl/appctl.h"), PLAIN),
    "switch": Row(("switch/", "openflow/", "runtime/", "appctl/appctl.h"), PLAIN),
    "tools": Row(("tools/", "openflow/", "runtime/"), PLAIN),
    "tools/dump": Row(("tools/dump/", "openflow/", "runtime/"), PLAIN | {"pcap.h", "time.h"}),
    "tools/bench": Row(("tools/bench/", "openflow/", "runtime/"), PLAIN | {"jansson.h"}),
    # An exercise has a folder of its own, with headers perhaps for that alone.
    "examples": Row(("examples/", BESIDE, "controller/", "controller/apps/", "switch/", "openflow/",
                     "runtime/", "appctl/appctl.h"), PLAIN),
    "doc": Row(("controller/", "switch/", "openflow/", "runtime/", "doc/"), PLAIN),
}
FREE = "test"  # tests look at anything

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
ENTRY = re.compile(r"^int main\(", re.M)


def row_name(folder):
    return "examples" if folder.parts[0] == "examples" else str(folder)


def permitted(name, house, own):
    folder = name.rpartition("/")[0] + "/"
    return name in house or folder in house or (BESIDE in house and folder == own + "/")


def breach(tree, own, quote, name, is_entry):
    """Why this #include may not be; None if it may."""
    if quote == "<":
        if (tree / name).exists() and "/" in name:
            return "the house's headers go in quotes"
        system = ROWS[row_name(own)].system
        return None if system is ANY or name in system else "no such system header here"
    if not (tree / name).is_file():
        return "no such header, counted from the top of the tree"
    if permitted(name, ROWS[row_name(own)].house, str(own)) or (is_entry and name in PLATFORMS):
        return None
    return "not one of the folders that this one may include"


def breaches_of(tree, path):
    own = path.relative_to(tree).parent
    if row_name(own) not in ROWS:
        yield f"{path}: {own}/ has no row in {pathlib.Path(__file__).name}"
        return
    text = path.read_text()
    is_entry = ENTRY.search(text) is not None
    for found in INCLUDE.finditer(text):
        why = breach(tree, own, *found.groups(), is_entry)
        if why:
            line = text.count("\n", 0, found.start(1)) + 1
            yield f"{path}:{line}: {found.group(0).strip()}: {why}"


def breaches(tree):
    """Every breach in a tree, as lines for people."""
    tree = pathlib.Path(tree)
    for path in sorted(tree.rglob("*.[ch]")):
        if path.relative_to(tree).parts[0] != FREE:
            yield from breaches_of(tree, path)


def main():
    found = list(breaches(sys.argv[1]))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
