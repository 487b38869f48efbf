"""Exercise 12: the programs of exercises 4 and 11 as domains on real Xen, in an emulated machine.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re
import time

from course import Failure, step
from course.exercise import make, place
from course.trial import Stop
from lab import dhcp
from lab.demo_xen import make_bench
from xen.appliance import Host
from xen.machine import LIMIT, BenchFault, Configured, Machine, configured

WRITE = "domains"
SOLUTION = "solution"
HOSTS = (1, 2, 3)
CONTROLLER = "10.0.0.2"
LEASES = "--dhcp-range=10.0.0.50,10.0.0.99,255.255.255.0,1h"
PATIENCE = 20  # seconds for an answer: the machine is emulated
MEMORY = 64    # MiB, of all domains: more is not needed
LAST = 20      # lines that a domain has said last: a crash fits


# --- The machine ----------------------------------------------------------------------------------

def boot(trial, kernels):
    """Xen and dom0, with these kernels, on the lab's network, where there is a DHCP server."""
    make_bench()
    with step("machine", "boots Xen and a Linux dom0, emulated"):
        trial.machine = Machine([place() / kernel for kernel in kernels], trial.lab.net, top=place())
        trial.at_end.callback(trial.machine.stop)
        dhcp.dnsmasq(trial.lab, "bench", LEASES)
        for number in HOSTS:
            trial.machine.run(f"brctl addbr port{number}; ip link set port{number} up")


def comes_to(domain, *texts):
    """Whether the domain's console shows all of these before the domain ends."""
    end = time.monotonic() + LIMIT
    for text in texts:
        while text not in domain.console():
            if not domain.state() or time.monotonic() > end:
                return False
            domain.machine.wait_until(f"grep -qF -- '{text}' /var/log/xen/guest-{domain.name}.log", 2)
    return True


def address(domain):
    found = re.search(r"vif:0: up, ([\d.]+)/", domain.console())
    return found[1] if found else None


def create(trial, text):
    """`xl create`; the domain."""
    domain, refused = Configured(trial.machine, text), []
    with step(domain.name, f"xl create {domain.name}.cfg: {domain.kernel}, {domain.kind.upper()}") as results:
        try:
            domain.create()
        except BenchFault:
            raise
        except AssertionError as error:
            results.append("xl refuses")
            refused = str(error).splitlines()[1:]
    if refused:
        trial.shows(f"xl takes {domain.name}.cfg", False, "read what it says of the first error.", refused,
                    needed=True)
    return domain


def boots(domain, vifs, *marks):
    """Whether its console comes to show the marks. With too few vifs that is not waited for."""
    with step("console", f"xl console {domain.name}") as results:
        listed = domain.machine.run(f"xl network-list {domain.name}", check=False).splitlines()
        has = len(listed) > vifs and comes_to(domain, *marks)
        results.extend(["ok", *(line.strip() for line in domain.console().splitlines() if line.strip())])
    return has


# --- What must hold -------------------------------------------------------------------------------

def read_configurations(trial, names):
    texts = [(trial.source / f"{name}.cfg").read_text(encoding="utf-8") for name in names]
    for name, text in zip(names, texts):
        if configured(text, "name") != name:
            raise Failure(f'{name}.cfg: leave it the line name = "{name}"')
    kernels = [configured(text, "kernel") for text in texts]
    trial.shows("each domain has a kernel and memory",
                all(kernels) and all(re.search(r"^memory *= *\d+", text, re.M) for text in texts),
                'controller.cfg: kernel = "examples/04-flows/flows.xen" is your exercise 4 as a kernel;\n'
                'switch.cfg: kernel = "examples/11-own-switch/switch.xen" is your exercise 11;\n'
                "memory = 16, in MiB, is enough for the one, memory = 32 for the other.", needed=True)
    for kernel in kernels:
        with step("compile", f"builds {kernel}") as results:
            make(kernel)
            results.append(f"{(place() / kernel).stat().st_size // 1000} KB")
    return texts, kernels


def start_controller(trial, text):
    domain = create(trial, text)
    trial.shows(f"the controller's domain is up, and is {CONTROLLER}",
                boots(domain, 1, "vif:0: up, ") and address(domain) == CONTROLLER,
                'vif = ["bridge=xenbr0"] connects it; extra = "--ip=10.0.0.2/24" gives it its address,\n'
                "by which the switch finds it.", needed=True)
    domain.target = f"tcp:{CONTROLLER}:6653"
    return domain


def start_switch(trial, text):
    domain = create(trial, text)
    ports = (f"(vif:{number}): link up" for number in HOSTS)
    trial.shows("the switch's domain is up, with three ports",
                boots(domain, 1 + len(HOSTS), "vif:0: up, ", *ports),
                'vif = ["bridge=xenbr0", "bridge=port1", ...]: the first is its own, and each other\n'
                "one a port.", needed=True)
    domain.target = f"tcp:{address(domain)}:6654"
    trial.switch = domain
    return domain


def joined(trial, controller, told=True):
    """A switch that was not told where the controller is need not be waited for."""
    with step("join", "waits for the switch") as results:
        has = told and comes_to(controller, "has joined")
        results.extend([line.strip() for line in controller.console().splitlines() if "has joined" in line]
                       or ["it does not come"])
    trial.shows("the switch has joined your controller", has,
                f'switch.cfg: extra = "--controller=tcp:{CONTROLLER} ..." tells it where that is.',
                needed=True)


def show_flows(trial, flows):
    trial.shows("the switch has your controller's flow entries", flows,
                "exercise 4 installs them: is it finished, and is it the controller's kernel?", flows[:2])


def show_memory(trial):
    listed = trial.machine.run("xl list").splitlines()
    trial.shows(f"they live in {MEMORY} MiB",
                sum(int(line.split()[2]) for line in listed[2:]) <= MEMORY,
                "memory = 16 is enough for the controller, memory = 32 for the switch.", listed)


def flows_of(trial, switch):
    """As ovs-ofctl shows them."""
    with step("flows", f"ovs-ofctl dump-flows {switch.target}") as results:
        said = trial.lab.net.run(["ovs-ofctl", "-O", "OpenFlow10", "--timeout=60", "dump-flows",
                                  switch.target], check=False).splitlines()
        flows = [line.strip() for line in said if "actions=" in line]
        results.append(f"{len(flows)} entries" if said else "nobody answers")
    trial.shows("ovs-ofctl reaches the switch's domain", said,
                'switch.cfg: extra = "... --listen=ptcp:6654" lets it in.', needed=True)
    return flows


def show_counters(trial, domain):
    with step("console", f"types \"counters\" on the {domain.name}'s console"):
        domain.type("counters")
        comes_to(domain, "all others are zero")
    own = [line for line in domain.console().splitlines() if "own: " in line]
    trial.shows("your switch counts packets in its domain", own,
                "the switch of exercise 11 counts them in counters.seen: is that one finished?", own)


def run_still(trial, *domains):
    """Whether they have come through; if not, what they said last."""
    for domain in domains:
        if not domain.state():
            trial.shows(f"the {domain.name}'s domain runs until it is ended", False,
                        "it ended by itself, and said this last. Which line an address is of says\n"
                        f"addr2line -e {(place() / domain.kernel).with_suffix('.elf')} ADDRESS",
                        domain.console().splitlines()[-LAST:])


def look_around(trial, controller, switch, told):
    joined(trial, controller, told)
    with step("hosts", "plugs a host into each of the switch's ports") as results:
        trial.hosts = [Host(trial.machine, number) for number in HOSTS]
        results.append(", ".join(f"{host.name} {host.address}" for host in trial.hosts))
    trial.all_ping("the domains' consoles say what they do; the ports are on the bridges port1 to port3.",
                   needed=True, wait=PATIENCE)
    show_flows(trial, flows_of(trial, switch))
    show_counters(trial, switch)
    show_memory(trial)


def try_domains(trial, controller_text, switch_text):
    controller = start_controller(trial, controller_text)
    switch = start_switch(trial, switch_text)
    try:
        look_around(trial, controller, switch, f"--controller=tcp:{CONTROLLER}" in switch_text)
    except Stop:
        run_still(trial, controller, switch)
        raise


def try_open_vswitch(trial, text):
    """On this machine, with its hosts; its controller is the domain."""
    controller = start_controller(trial, text)
    trial.make_hosts()
    with step("switch", f"starts {trial.about_switch}; plugs the hosts in"):
        trial.switch = trial.start_switch(trial.lab, trial.hosts, controller, offloads=False)
    joined(trial, controller)
    trial.all_ping("its controller's console says what it does.", needed=True, wait=PATIENCE)
    show_flows(trial, trial.switch.flows())
    show_memory(trial)


def check(trial):
    names = ["controller"] if trial.on_open_vswitch else ["controller", "switch"]
    texts, kernels = read_configurations(trial, names)
    boot(trial, kernels)
    if trial.on_open_vswitch:
        try_open_vswitch(trial, texts[0])
    else:
        try_domains(trial, *texts)
