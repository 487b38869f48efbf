"""A laboratory: hosts, switches and controllers on one machine, and nothing left of them afterwards.

    with Lab() as lab:
        hosts = [lab.host(n) for n in (1, 2, 3)]
        controller = Controller(lab, "--app=learning")
        switch = MorganaSwitch(lab, hosts, f"--controller={controller.target}")
        wait_for(switch.is_connected, "the switch to reach its controller")
        hosts[0].ping(hosts[1])

./demo, ./try and the tests of test/interop/ stand on it. It needs root.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from .controller import Controller, TestController, program
from .fakeswitch import FakeSwitch
from .network import Lab
from .ovs import OpenVSwitch
from .switch import MorganaSwitch
from .wait import PATIENCE, wait_for

__all__ = ["Controller", "FakeSwitch", "Lab", "MorganaSwitch", "OpenVSwitch", "PATIENCE",
           "TestController", "program", "wait_for"]
