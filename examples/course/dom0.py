"""A person in dom0 of the emulated machine: what --keep is where the lab is one.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from xen.machine import BenchFault


def say_what_dom0_knows(trial):
    print("\nA shell in dom0, until Ctrl-D. A line is run as a whole, for two minutes at most.\n"
          "  the domains:   xl list\n"
          "  a console:     cat /var/log/xen/guest-controller.log")
    if trial.hosts and not trial.on_open_vswitch:
        print(f"  in a host:     {trial.hosts[0].command('ping -c 3 ' + trial.hosts[1].address)}")
    if trial.switch:
        print("From another terminal:\n"
              f"  the flows:     sudo ip netns exec {trial.lab.net.name} ovs-ofctl dump-flows {trial.switch.target}")


def shell(machine, read=input):
    """Run what read() gives in dom0 and show what it prints, until the input ends."""
    while True:
        try:
            print(machine.run(read("dom0# "), check=False).rstrip("\n"))
        except EOFError:
            print()
            return
        except BenchFault:
            raise
        except AssertionError as error:
            print(error)
