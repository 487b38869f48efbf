"""A broadcast on a network of switches: how often it comes to each of the others.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import itertools
import time

from lab.traffic import Tap, numbered

MOST = 10_000  # frames that are looked at in one go: a circle of switches makes them without end
numbers = itertools.count()


def copies(source, others, seconds, then=lambda: None):
    """One broadcast of `source`: how often each of the others gets it within `seconds`, counted when
    then() has been called."""
    frame = numbered(int(source.name[1:]), 0, next(numbers))
    with contextlib.ExitStack() as stack:
        taps = [stack.enter_context(contextlib.closing(Tap(host))) for host in [source, *others]]
        taps[0].send(frame)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.05)
            for tap in taps[1:]:
                tap.heard(MOST)
        then()
        return [tap.heard(MOST).count(frame) for tap in taps[1:]]
