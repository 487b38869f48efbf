"""The exercises: where they lie, what they are called, how what was written is built.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import importlib.util
import os
import pathlib
import subprocess

from lab.step import Failure

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent
TOP = EXAMPLES.parent


class Exercise:
    """One exercise. `folder` is examples/NN-name."""

    def __init__(self, folder):
        self.folder = folder
        self.number = int(folder.name[:2])
        self.page = folder / "README.md"
        self.title = self.page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        spec = importlib.util.spec_from_file_location(f"check_{self.number}", folder / "check.py")
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    @property
    def takes_open_vswitch(self):
        return getattr(self.module, "OPEN_VSWITCH", True)

    def source(self, solution):
        """The file that is tried: what the learner writes, or the solution."""
        return self.folder / (self.module.SOLUTION if solution else self.module.WRITE)


def exercises():
    """All exercises that there are, by number."""
    found = [Exercise(path.parent) for path in sorted(EXAMPLES.glob("[0-9][0-9]-*/check.py"))]
    return {exercise.number: exercise for exercise in found}


def place():
    """Where Morgana is built."""
    return pathlib.Path(os.environ["MORGANA_BUILD"])


def name_in_tree(path):
    return str(path.relative_to(TOP))


def make(name):
    """Make this where Morgana is built, as the owner of that; returns the lines of what the compiler
    warns of. Failure with what it said if it cannot be built."""
    owner = place().stat()
    made = subprocess.run(["make", "-s", "V=1", f"-j{os.cpu_count()}", "-C", place(), name],
                          user=owner.st_uid, group=owner.st_gid, extra_groups=[],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode != 0:
        raise Failure(f"{name} cannot be built:\n{made.stdout}")
    return made.stdout.splitlines() if "warning:" in made.stdout else []


def build(source):
    """Build the program of this source; returns its name where Morgana is built, and the lines of
    what the compiler warns of. A script needs no build."""
    if source.suffix != ".c":
        return name_in_tree(source), []
    name = name_in_tree(source.with_suffix(""))
    return name, make(name)
