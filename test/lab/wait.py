"""Waiting for a real peer: poll for the condition itself, within a generous limit.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import time

PATIENCE = 300  # seconds: what takes longer, on however slow a machine, does not come any more


def wait_for(condition, what, limit=PATIENCE):
    """Poll condition() until it is true and return its value. After `limit` seconds AssertionError
    names `what` was waited for."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s in vain for {what}")
        time.sleep(0.02)
