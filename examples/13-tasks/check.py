"""Exercise 13: tasks sleep at once, race, serve many with a time-out, and share work.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import socket
import subprocess

from course import Failure, step
from course.trial import ending
from lab import program, wait_for

WRITE = "tasks.c"
SOLUTION = "solution.c"
FLIPS = 20
PORT = 7007
LIMIT = 60  # seconds, for what takes two


def run(trial, name, part):
    """The lines of one run. Failure if it comes to no good end."""
    try:
        return trial.lab.net.run([program(name), f"--part={part}"], timeout=LIMIT).splitlines()
    except subprocess.TimeoutExpired:
        raise Failure(f"it has not ended after {LIMIT} s: is there a wait for what never comes, or a loop?") from None
    except subprocess.CalledProcessError as error:
        raise Failure("\n".join([ending(error.returncode), *error.__notes__])) from None


def said(trial, name, part, times=1):
    """The lines that one part of the program says in each of so many runs."""
    with step("run", f"{name} --part={part}" + (f", {times} times" if times > 1 else "")) as results:
        runs = [run(trial, name, part) for _ in range(times)]
        lines = [line for run in runs for line in run]
        results.append(", ".join(lines[:4]) + (", ..." if len(lines) > 4 else "") or "it says nothing")
    return runs


def connect(trial):
    with trial.lab.net.entered():
        peer = socket.create_connection(("127.0.0.1", PORT), timeout=30)
    return peer


def echoed(peer, word):
    peer.sendall(word)
    heard = b""
    while len(heard) < len(word):
        more = peer.recv(len(word) - len(heard))
        if not more:
            break
        heard += more
    return heard == word


def try_echo(trial, name):
    server = trial.lab.start([program(name), "--part=echo", "--silence=2s",
                              f"--listen=ptcp:{PORT}:127.0.0.1"], "echo.log")
    wait_for(lambda: "listening at" in server.output(), "the echo server to listen")
    with step("echo", "two connect; both speak; then both are silent") as results:
        with connect(trial) as one, connect(trial) as other:
            heard = [echoed(one, b"hello"), echoed(other, b"good day")]
            gone = [peer.recv(1) == b"" for peer in (one, other)] if all(heard) else []
        results.append(f"{sum(heard)} of 2 heard themselves, {sum(gone)} were let go")
    trial.shows("the echo server says back what each of two says", all(heard),
                "in echo(): task_read() says how many bytes came, 0 at the end; task_write() sends.",
                needed=True)
    silent = server.output().count("one was silent")
    trial.shows("who is silent for too long is let go", all(gone) and silent == 2,
                "task_limit(loop_now() + args.silence) before each read: the read then says -ETIMEDOUT.")


def check(trial):
    name = trial.build()
    lines = said(trial, name, "sleep")[0]
    trial.shows("both sleep at once: first the short one ends, then the long one, then both have",
                [*sorted(lines[:2]), *lines[2:]] == ["long begins", "short begins", "short", "long", "both"],
                "task_start() starts a task and gives a handle, task_join() waits for its end. Start both\n"
                "before you wait for one.",
                needed=True)
    flips = said(trial, name, "coin", FLIPS)
    trial.shows("a coin shows one side", all(len(flip) == 1 for flip in flips),
                "task_first() waits for the first of an array of tasks, and cancels the others.",
                needed=True)
    trial.shows(f"of {FLIPS} coins some show heads and some tails",
                {flip[0] for flip in flips} == {"heads", "tails"},
                "task_first() says by its index which of the array was the first.")
    try_echo(trial, name)
    lines = said(trial, name, "map")[0]
    trial.shows("the map has each result in its place",
                [f"{n} squared is {n * n}" for n in range(12)] == lines[-12:],
                "a worker takes the next job's number and puts the result where it belongs.")
    trial.shows("three jobs run at once, never more",
                [line for line in lines if "at once" in line][-1:] == ["3 at once"],
                "start AT_ONCE workers, each of which takes one job after another; then join all.")
