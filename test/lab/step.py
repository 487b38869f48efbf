"""What a person reads while a lab does something: a line for each step.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import sys
import threading

from .network import end_kept

DOT_EVERY = 2  # seconds, for who watches


class Failure(Exception):
    """Something did not work, in words for a person."""


@contextlib.contextmanager
def life():
    """A dot now and then while the body runs, if a person watches."""
    if not sys.stdout.isatty():
        yield
        return
    over = threading.Event()

    def show():
        while not over.wait(DOT_EVERY):
            print(".", end="", flush=True)

    shown = threading.Thread(target=show, daemon=True)
    shown.start()
    try:
        yield
    finally:
        over.set()
        shown.join()


@contextlib.contextmanager
def step(name, about):
    """One line: what is done, then what the body appended to the yielded list, or how it failed."""
    print(f"{name:<11} {about} ... ", end="", flush=True)
    results = []
    try:
        with life():
            yield results
    except BaseException as error:
        print("interrupted" if isinstance(error, KeyboardInterrupt) else "FAILED", flush=True)
        raise
    print(results[0] if results else "ok")
    for line in results[1:]:
        print(f"            {line}")


def close(lab):
    """Remove a lab, as a step. Ctrl-C meanwhile does not stop it."""
    with step("remove", "ends the processes, removes namespaces and files"):
        with contextlib.suppress(KeyboardInterrupt):  # once more: there is nothing else to end
            lab.close()
        lab.close()


def close_kept():
    """Remove the labs that were left up, as a step; returns the exit status."""
    with step("end", "removes the labs that were left up") as results:
        results.append(", ".join(end_kept()) or "there were none")
    return 0


def say_error(program, error):
    """Why it ended, whatever it was, for a person."""
    print(f"{program}: {error}", *getattr(error, "__notes__", []), sep="\n  ", file=sys.stderr)
