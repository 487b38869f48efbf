"""Exercise 13: tasks sleep at once, race, serve many with a time-out, and share work.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import socket
import subprocess
import time

from course import Failure, step
from course.trial import ending
from lab import program, wait_for

WRITE = "tasks.c"
SOLUTION = "solution.c"
OPEN_VSWITCH = False
FLIPS = 20
PORT = 7007
LIMIT = 60     # seconds, for what takes two
JOBS = 12      # squares
SILENCE = 2    # seconds, after which the echo server lets go
PATIENCE = 10  # seconds, until it has
TALKS = 5      # at most


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
    try:
        peer.sendall(word)
        heard = b""
        while len(heard) < len(word) and (more := peer.recv(len(word) - len(heard))):
            heard += more
    except OSError:  # it has hung up
        return False
    return heard == word


def let_go(peer, within):
    peer.settimeout(within)
    try:
        return peer.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def speaks_on(peer):
    """Whether who goes on speaking is heard for longer than the silent may stay; None if this machine has
    paused for so long that nobody can tell."""
    spoke = time.monotonic()
    end = spoke + 1.5 * SILENCE
    while spoke < end:
        time.sleep(SILENCE / 10)
        now = time.monotonic()
        heard = echoed(peer, b"still here")
        if time.monotonic() - spoke > SILENCE / 2:
            return None
        if not heard:
            return False
        spoke = now
    return True


def talk(trial):
    """Two speak; then one of them is silent, then both are. Whether each heard itself, whether the one was
    heard on, how many were let go."""
    with connect(trial) as one, connect(trial) as other:
        heard = [echoed(one, b"hello"), echoed(other, b"good day")]
        on = all(heard) and speaks_on(one)
        return heard, on, sum(all(heard) and let_go(peer, PATIENCE) for peer in (one, other))


def try_echo(trial, name):
    server = trial.lab.start([program(name), "--part=echo", f"--silence={SILENCE}s",
                              f"--listen=ptcp:{PORT}:127.0.0.1"], "echo.log")
    wait_for(lambda: "listening at" in server.output(), "the echo server to listen")
    with step("echo", "two connect and speak; one falls silent; then both are") as results:
        for _ in range(TALKS):
            silent = server.output().count("one was silent")
            heard, on, gone = talk(trial)
            if on is not None:
                break
        results.append(f"{sum(heard)} of 2 heard themselves, {gone} were let go")
    trial.shows("the echo server says back what each of two says", all(heard),
                "in echo(): task_read() says how many bytes came, 0 at the end; task_write() sends.",
                needed=True)
    trial.shows("who speaks on may stay", on is not False,
                "the time-out is for silence: it begins anew with each read. task_limit() says until when, so\n"
                "call it before each.")
    trial.shows("who is silent for too long is let go", gone == 2 and server.output().count("one was silent") == silent + 2,
                "task_limit(loop_now() + args.silence) before each read: the read then says -ETIMEDOUT.\n"
                "Log \"one was silent\", and task_close() the stream.")


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
                [f"{n} squared is {n * n}" for n in range(JOBS)] == [line for line in lines if "squared" in line],
                "a worker takes the next job's number and puts the result where it belongs.")
    jobs = [line for line in lines if "jobs for" in line]
    trial.shows("no square is reckoned twice", jobs == [f"{JOBS} jobs for {JOBS} squares"],
                "two workers have taken the same job: who takes m->next increments it at once, before a wait\n"
                "lets another one look; and no worker begins at 0 again.", jobs)
    trial.shows("three jobs run at once, never more",
                [line for line in lines if "at once" in line][-1:] == ["3 at once"],
                "start AT_ONCE workers, each of which takes one job after another; then join all.")
