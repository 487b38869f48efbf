"""The kinds of switch that a person chooses from, each made by one call.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from . import direct
from .ovs import OpenVSwitch
from .switch import MorganaSwitch


def start_morgana_switch(lab, hosts, controller=None, offloads=True, beside=(), cables=()):
    options = [f"--controller={controller.target}"] if controller else []
    if isinstance(controller, direct.DirectController):
        options += direct.switch_options(lab)
    options += [f"--port=eth:{cable}" for cable in cables]
    number = len(beside) + 1
    return MorganaSwitch(lab, hosts, *options, offloads=offloads, name=f"s{number}", dpid=number)


def start_open_vswitch(lab, hosts, controller=None, offloads=False, beside=(), cables=()):
    assert not offloads, "in user space it forwards frames as they are"
    number = len(beside) + 1
    switch = OpenVSwitch(lab, f"s{number}", number, beside[0] if beside else None)
    for host in hosts:
        switch.plug(host)
    for cable in cables:
        switch.vsctl("add-port", switch.bridge, cable)
    if controller:
        switch.set_controller(controller.target)
    return switch


# What a person calls it, and start(lab, hosts, controller or None[, offloads of the links]
# [, the switches that the lab has already][, cables: devices of "net" that lead to other switches]).
SWITCHES = {
    "morgana-switch": start_morgana_switch,
    "a private Open vSwitch, all in user space": start_open_vswitch,
}
