"""The kinds of switch that a person chooses from, each made by one call.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from . import direct
from .ovs import OpenVSwitch
from .switch import MorganaSwitch


def start_morgana_switch(lab, hosts, controller=None, offloads=True, number=1, cables=()):
    options = [f"--controller={controller.target}"] if controller else []
    if isinstance(controller, direct.DirectController):
        options += direct.switch_options(lab)
    options += [f"--port=eth:{cable}" for cable in cables]
    return MorganaSwitch(lab, hosts, *options, offloads=offloads, name=f"s{number}", dpid=number)


def start_open_vswitch(lab, hosts, controller=None, offloads=False, number=1, cables=()):
    assert not offloads, "in user space it forwards frames as they are"
    switch = OpenVSwitch(lab, f"s{number}", number)
    for host in hosts:
        switch.plug(host)
    for cable in cables:
        switch.vsctl("add-port", switch.bridge, cable)
    if controller:
        switch.set_controller(controller.target)
    return switch


# What a person calls it, and start(lab, hosts, controller or None[, offloads of the links]
# [, its number, from 1 on, if there are several][, devices that are there already: cables to other
# switches]).
SWITCHES = {
    "morgana-switch": start_morgana_switch,
    "a private Open vSwitch, all in user space": start_open_vswitch,
}
