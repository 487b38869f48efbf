"""A flood of 64-byte frames through a switch, at the least cost to both cores: flood.c says how.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json

from peers import GENERATOR_CORE, pinned
from lab import program


def _mask(core):
    """A set of one core, as the kernel reads it: words of 32 bits."""
    return f"{1 << core % 32:x}" + ",00000000" * (core // 32)


def prepare(net, to_switch, generator, sink):
    """Links between "net" and the generator's namespace: the first can be flooded (its switch's end
    has NAPI), and what the switch sends by the second is received by the generator's core, not by
    the core that sends it. Who forwards makes no difference."""
    net.run(["ethtool", "-K", to_switch, "gro", "on"])
    generator.run(["tee", f"/sys/class/net/{sink}/queues/rx-0/rps_cpus"], stdin=None,
                  input=_mask(GENERATOR_CORE))


def flood(generator, source, sink, seconds, rate=None):
    """Its report; with a rate: of so many frames a second, one by one."""
    words = [source, sink, seconds] + ([0, rate] if rate else [seconds / 5])
    return json.loads(generator.run(pinned(GENERATOR_CORE, [program("test/bench/flood"), *words])))
