"""The appliance as an operator has it: the example configurations for xl on the bench, and hosts on the
switch's ports.

    with Lab() as lab:
        bench = Appliance(lab)
        controller, switch = bench.create("controller", "pvh"), bench.create("switch", "pv")
        hosts = [bench.host(n) for n in (1, 2, 3)]
        hosts[0].ping(hosts[1])

The lab's "net" is on dom0's bridge xenbr0 (as machine.OUTSIDE): there ovs-ofctl reaches the switch's
vif 0, a DHCP server serves it, and Open vSwitch finds the controller. Each host is a namespace of
dom0, on the bridge port1, port2, ... that is the wire of the switch's port.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re

from lab import dhcp, namespace, program
from xen.machine import OUTSIDE, Example, Machine

CONTROLLER, SWITCH = "10.0.0.2", "10.0.0.50"
LEASES = (f"--dhcp-range={SWITCH},{SWITCH},255.255.255.0,1h",
          f"--dhcp-host=00:16:3e:4d:00:02,{CONTROLLER}")


class Host:
    """A host on the switch's port `number`. Until the machine is as it was in the beginning."""

    def __init__(self, machine, number):
        self.machine, self.number = machine, number
        self.name, self.address = f"h{number}", f"10.1.0.{number}"
        machine.run(f"""set -e
rm -f /run/h{number}
ip link show port{number} > /dev/null 2>&1 || brctl addbr port{number}
ip link set port{number} up
unshare -n sh -c 'echo $$ > /run/h{number}; exec sleep 100000' &
until [ -s /run/h{number} ]; do usleep 20000; done
ip link add h{number} type veth
ip link set veth0 netns $(cat /run/h{number})
brctl addif port{number} h{number}
ip link set h{number} up
{self.command(f"ip addr add {self.address}/24 dev veth0")}
{self.command("ip link set veth0 up")}""")

    def end(self):
        self.machine.run(f"kill $(cat /run/h{self.number}); ip link del h{self.number}", check=False)

    def command(self, command):
        return f"nsenter -t $(cat /run/h{self.number}) -n {command}"

    def ping(self, other, count=1, wait=2):
        """How many of `count` answers came."""
        output = self.machine.run(
            self.command(f"ping -c {count} -i 0.2 -W {wait} {other.address}"), check=False)
        found = re.search(r"(\d+) packets received", output)
        return int(found[1]) if found else 0

    def reaches(self, other):
        """Whether a ping is answered within the time that the bench may take."""
        return self.machine.wait_until(self.command(f"ping -c 1 -W 1 {other.address}"))


class Appliance:
    """The bench on the network of a lab, with both kernels and `files`. `counted`: see Machine."""

    def __init__(self, lab, files=(), counted=False):
        self.lab = lab
        kernels = [program(f"morgana-{name}.xen") for name in ("controller", "switch")]
        self.machine = Machine([*kernels, *files], where=lab.net, counted=counted)
        self.dhcp = dhcp.dnsmasq(lab, "bench", *LEASES)

    def stop(self):
        self.dhcp.stop()
        self.machine.stop()

    def host(self, number):
        return Host(self.machine, number)

    def create(self, name, kind, extra=None, calm=0, ramdisk=None):
        """Have xl create the domain of an example configuration, with `extra` in place of its own
        options, and with a ramdisk, by its path in dom0. What its vifs need is there. `calm`: see
        Domain.create()."""
        text = program(f"doc/xen/morgana-{name}.cfg").read_text()
        if extra is not None:
            text = re.sub(r'^extra = ".*"', f'extra = "{extra}"', text, flags=re.M)
        if ramdisk:
            text = re.sub(r'^#ramdisk = ".*"', f'ramdisk = "{ramdisk}"', text, flags=re.M)
        self.make_bridges(text)
        return Example(self.machine, text, kind).create(calm)

    def make_bridges(self, text):
        """Those of a configuration's ports."""
        for bridge in re.findall(r"bridge=(port\d+)", text):
            self.machine.run(f"ip link show {bridge} > /dev/null 2>&1 || "
                             f"brctl addbr {bridge} && ip link set {bridge} up")

    def ofctl(self, command, *words):
        """ovs-ofctl at the switch domain's listener."""
        return self.lab.net.run(["ovs-ofctl", "-O", "OpenFlow10", "--timeout=60", command,
                                 f"tcp:{SWITCH}:6654", *words])
