"""The course's runner, which ./try starts: builds what an exercise asks for, raises its lab, checks it.

Each exercise is a folder of examples/ with a check.py, which has

    WRITE = "hub.c"           what the learner writes, beside README.md
    SOLUTION = "solution.c"   the same, solved
    OPEN_VSWITCH = False      if --ovs means nothing there
    def check(trial): ...     what must hold, in the order in which a person would look

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from lab.step import Failure, step

from . import broadcast, comparison
from .capture import Capture

__all__ = ["Capture", "Failure", "broadcast", "comparison", "step"]
