"""An exercise of the course is tried: what you wrote is built, run in a lab and checked.

Run by ./try, which has installed and built what is needed.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import argparse
import sys

from lab import Lab
from lab.kinds import SWITCHES
from lab.step import close, close_kept, say_error

from .dom0 import say_what_dom0_knows, shell
from .exercise import exercises, name_in_tree
from .trial import Stop, Trial


def show_list():
    for number, exercise in exercises().items():
        print(f"{number:>3}  {exercise.title.partition('. ')[2]:<36} {name_in_tree(exercise.page)}")
    return 0


def say_result(trial):
    """What a person does next; returns the exit status."""
    number, total = trial.exercise.number, trial.right + trial.missing
    print()
    if trial.missing:
        print(f"Exercise {number}: {trial.right} right, {trial.missing} missing. "
              f"Change {name_in_tree(trial.source)} and try again;\n"
              f"{name_in_tree(trial.exercise.page)} says what to write.")
        return 1
    later = [each for each in exercises().values() if each.number > number]
    print(f"Exercise {number}: all {total} are right. " +
          (f"Go on with {name_in_tree(later[0].page)}." if later else "That was the last one."))
    return 0


def say_how_to_go_on(trial):
    print("\nThe lab is up.")
    if trial.hosts:
        h1, h2 = trial.hosts[:2]
        print(f"  in a host:     sudo ip netns exec {h1.namespace.name} ping {h2.address}\n"
              f"  what it sees:  sudo ip netns exec {h2.namespace.name} tcpdump -n -i eth0")
    if trial.switch and hasattr(trial.switch, "target"):
        print(f"  the flows:     sudo ovs-ofctl dump-flows {trial.switch.target}\n"
              f"  the ports:     sudo ovs-ofctl show {trial.switch.target}")
    print(f"  the logs:      {trial.lab.folder}/*.log\n"
          f"  to end it:     sudo ./try --end")


def keep(trial):
    """After what --keep asks for: whether the lab is left up when we end. An emulated machine goes with
    us, so its shell is there until it is ended."""
    if trial.machine:
        say_what_dom0_knows(trial)
        shell(trial.machine)
        return False
    trial.lab.kept()
    say_how_to_go_on(trial)
    return True


def judge(trial):
    """Everything that must hold; returns the exit status."""
    try:
        trial.exercise.module.check(trial)
    except Stop:
        trial.program_is_well()
    except Exception:  # a program that is not well may be why
        if trial.program_is_well():
            raise
    else:
        trial.program_is_well()
    if trial.missing:
        trial.say_log()
    return say_result(trial)


def attempt(exercise, options):
    """Raise, check, remove; returns the exit status."""
    print(f"Exercise {exercise.title}\n")
    lab = Lab(options.keep)
    trial = Trial(lab, exercise, options.solution, SWITCHES[options.kind], options.kind)
    kept = False
    try:
        status = judge(trial)
        kept = options.keep and keep(trial)
    except KeyboardInterrupt:
        status = 130
    except Exception as error:  # whatever it was, a person reads it and the lab goes
        say_error("try", error)
        status = 2
    if not kept:
        trial.at_end.close()
        close(lab)
    return status


def arguments():
    parser = argparse.ArgumentParser(prog="try", description=__doc__.splitlines()[0])
    ours, theirs = SWITCHES
    parser.add_argument("number", type=int, nargs="?", metavar="N", help="the exercise")
    parser.add_argument("--solution", action="store_true", help="try the solution, not your program")
    parser.add_argument("--ovs", dest="kind", action="store_const", const=theirs, default=ours,
                        help="take a real Open vSwitch for the switch")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--end", action="store_true", help="remove the labs that were left up")
    parser.add_argument("--list", action="store_true", help="show the exercises")
    options = parser.parse_args()
    if options.number is None and not options.end and not options.list:
        parser.print_help()
        raise SystemExit(2)
    return options


def main():
    options = arguments()
    if options.list:
        return show_list()
    if options.end:
        return close_kept()
    there = exercises()
    if options.number not in there:
        print(f"try: there is no exercise {options.number} yet; there are "
              f"{', '.join(map(str, there))}", file=sys.stderr)
        return 2
    exercise = there[options.number]
    if options.kind != next(iter(SWITCHES)) and not exercise.takes_open_vswitch:
        print(f"try: exercise {exercise.number} has no place for Open vSwitch: leave --ovs away", file=sys.stderr)
        return 2
    return attempt(exercise, options)


if __name__ == "__main__":
    sys.exit(main())
