"""The kinds of switch that a person chooses from, each made by one call.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from . import direct
from .ovs import OpenVSwitch
from .switch import MorganaSwitch


def start_morgana_switch(lab, hosts, controller=None, offloads=True):
    options = [f"--controller={controller.target}"] if controller else []
    if isinstance(controller, direct.DirectController):
        options += direct.switch_options(lab)
    return MorganaSwitch(lab, hosts, *options, offloads=offloads)


def start_open_vswitch(lab, hosts, controller=None, offloads=False):
    assert not offloads, "in user space it forwards frames as they are"
    switch = OpenVSwitch(lab)
    for host in hosts:
        switch.plug(host)
    if controller:
        switch.set_controller(controller.target)
    return switch


# What a person calls it, and start(lab, hosts, controller or None[, offloads of the links]).
SWITCHES = {
    "morgana-switch": start_morgana_switch,
    "a private Open vSwitch, all in user space": start_open_vswitch,
}
