"""A flood of 64-byte frames through a switch, at the least cost to both cores: flood.c says how.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import json

from peers import GENERATOR_CORE, pinned
from lab import program


def _mask(core):
    """A set of one core, as the kernel reads it: words of 32 bits."""
    return f"{1 << core % 32:x}" + ",00000000" * (core // 32)


# Where the kernel receives and drops what comes out: within the call that sends it, as it does by
# itself, or by RPS on the generator's core, which costs the sender a hash of the frame, and an
# interrupt of the other core whenever that is idle. Which costs less depends on the switch.
PLACES = {"the sender's call": "0", "the generator's core": _mask(GENERATOR_CORE)}


def prepare(net, to_switch):
    """A veth's end in "net" can be flooded from its peer: it has NAPI. To who forwards, that is no
    difference."""
    net.run(["ethtool", "-K", to_switch, "gro", "on"])


def _flood(generator, source, sink, seconds, *words):
    return json.loads(generator.run(pinned(GENERATOR_CORE, [
        program("test/bench/flood"), source, sink, seconds, *words])))


def trickle(generator, source, sink, seconds, rate):
    """The report of so many frames a second, sent one by one."""
    return _flood(generator, source, sink, seconds, 0, rate)


def flood(generator, source, sink, seconds, place):
    """The report of as many frames as can be, received in one of PLACES."""
    rps = f"/sys/class/net/{sink}/queues/rx-0/rps_cpus"
    generator.run(["tee", rps], stdin=None, input=PLACES[place])
    try:
        return _flood(generator, source, sink, seconds, seconds / 5) | {"place": place}
    finally:
        generator.run(["tee", rps], stdin=None, input="0")
