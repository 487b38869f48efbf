#!/usr/bin/env python3
"""Each requirement of a table in test/spec/ names tests that exist and run.

A row is | section | strength | what is required | tests |, the tests below test/ and separated by
<br>: unit/FILE.c::NAME (a Check test), interop/FILE.py::CLASS.NAME (a unittest),
unit/faults.c::TEXT (a row of the table of faulty messages), or script/pkt/FILE.pkt (a packet
script). The strength may have the requirement's number. Prints each breach with its line.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import ast
import pathlib
import re
import sys

SECTION = re.compile(r"(RFC \d+ )?\d(\.\d+){0,4}")
STRENGTH = re.compile(r"(must|should|may|required|optional)( \d+)?")


def check_test(tree, path, name):
    """What is wrong with a test of Check's, or None."""
    text = path.read_text()
    if f"START_TEST({name})" not in text:
        return "no such test"
    if not re.search(rf"(?<!START_TEST\()\b{name}\b", text):
        return "is in no list of tests"
    program = f"test/unit/{path.stem}"
    if not any(re.search(rf"^TESTS \+= {program}$", mk.read_text(), re.M)
               for mk in (tree / "test/unit").glob("*.mk")):
        return f"{program} does not run"
    return None


def fault(tree, path, text):
    """What is wrong with a row of the table of faults, or None."""
    return None if f'{{"{text}"' in path.read_text() else "no such row"


def names_of(nodes):
    return [ast.unparse(node) for node in nodes]


def ancestors(classes, name):
    """The class, and what it inherits from, as far as the file says."""
    found = [name]
    for base in names_of(classes[name].bases) if name in classes else []:
        found += ancestors(classes, base)
    return found


def is_skipped(node):
    return any("skip" in word.lower() or "expectedFailure" in word
               for word in names_of(node.decorator_list)) or "self.skipTest(" in ast.unparse(node)


def unittest_test(tree, path, name):
    """What is wrong with a test of unittest's, or None."""
    classes = {node.name: node for node in ast.parse(path.read_text()).body
               if isinstance(node, ast.ClassDef)}
    owner, _, method = name.partition(".")
    if owner not in classes or not method.startswith("test"):
        return "no such test"
    found = [node for node in classes[owner].body
             if isinstance(node, ast.FunctionDef) and node.name == method]
    if not found:
        return "no such test"
    if is_skipped(found[0]) or "skip" in " ".join(names_of(classes[owner].decorator_list)):
        return "is skipped"
    lines = [ancestors(classes, each) for each in classes]
    if not any(owner in line and "unittest.TestCase" in line for line in lines):
        return "runs in no test case"
    return None


def problem(tree, reference):
    """What is wrong with a reference, or None."""
    file, colons, name = reference.partition("::")
    path = tree / "test" / file
    if file.startswith("script/pkt/"):  # the step "scripts" runs all that lie there
        return None if path.is_file() else "no such file"
    if not colons or not name:
        return "names no test"
    if not path.is_file():
        return "no such file"
    kind = fault if file == "unit/faults.c" else check_test if path.suffix == ".c" else unittest_test
    return kind(tree, path, name)


def row_problems(tree, cells):
    """All that is wrong with a row."""
    if len(cells) != 4:
        return [f"{len(cells)} cells instead of 4"]
    section, strength, text, tests = cells
    found = []
    if not SECTION.fullmatch(section):
        found.append(f"{section!r} is no section")
    if not STRENGTH.fullmatch(strength):
        found.append(f"{strength!r} is no strength")
    if not text:
        found.append("nothing is required")
    if not tests:
        found.append("no test shows it")
    for reference in tests.split("<br>") if tests else []:
        wrong = problem(tree, reference.strip())
        if wrong:
            found.append(f"{reference.strip()}: {wrong}")
    return found


def rows(table):
    """(line number, cells) of each row of the tables of a page but their heads."""
    for number, line in enumerate(table.read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] != "Section" and set(line) - set("|-: "):
            yield number, cells


def breaches(tree):
    """Each breach, in words."""
    tables = sorted((tree / "test/spec").glob("*.md"))
    if not tables:
        yield "test/spec: no tables"
    for table in tables:
        found = list(rows(table))
        if not found:
            yield f"{table.name}: no rows"
        for number, cells in found:
            for wrong in row_problems(tree, cells):
                yield f"{table.name}:{number}: {wrong}"


def main():
    tree = pathlib.Path(sys.argv[1])
    found = list(breaches(tree))
    print(*found, sep="\n")
    count = sum(len(list(rows(table))) for table in (tree / "test/spec").glob("*.md"))
    if not found:
        print(f"{count} requirements, each with its tests")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
