"""Exercise 7: a router between networks, then two of them, as their hosts see them.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import re

from course import Capture, step
from lab import namespace, traffic

WRITE = "router.c"
SOLUTION = "solution.c"
PINGS = 5
LONG = 1400   # bytes of a ping that no ICMP error quotes whole
ERROR = 556   # bytes of one at most, without its IP header: RFC 1812 section 4.3.2.3

ONE = """dpid=1, ip=10.0.1.1/24, port={s1_h1}
dpid=1, ip=10.0.2.1/24, port={s1_h2}
"""
# The first route leads astray: h2 is no router. The most exact one is not usable: there is no port 9.
TWO = ONE + """dpid=1, ip=10.0.12.1/24, port={s1_s2}
dpid=1, route=10.0.0.0/16, via=10.0.2.2
dpid=1, route=10.0.3.0/24, via=10.0.12.2
dpid=1, ip=10.0.9.1/24, port=9
dpid=1, route=10.0.3.0/25, via=10.0.9.2
dpid=2, ip=10.0.12.2/24, port={s2_s1}
dpid=2, ip=10.0.3.1/24, port={s2_h3}
dpid=2, route=0.0.0.0/0, via=10.0.12.1
"""


def raise_network(trial):
    """h1 and h2 at s1, h3 at s2, a cable between the two; no routers yet."""
    name = trial.build()
    trial.make_hosts(routed=True)
    h1, h2, h3 = trial.hosts
    trial.start_controller(name, f"--router-file={routers(trial)}")
    with step("switches", f"starts twice {trial.about_switch}: s1 with h1 and h2, s2 with h3; cables them"):
        namespace.link(trial.lab.net, "s1-s2", trial.lab.net, "s2-s1")
        for hosts, cable in (([h1, h2], "s1-s2"), ([h3], "s2-s1")):
            trial.switches.append(trial.start_switch(trial.lab, hosts, trial.controller, offloads=False,
                                                     beside=trial.switches, cables=[cable]))
        trial.switch = trial.switches[0]
        trial.wait_joined(2)


def routers(trial):
    path = trial.lab.folder / "routers"
    path.touch()
    return path


def write_routers(trial, lines):
    """Write the file with the switches' numbers of ports, and have it read."""
    ports = {name.replace("-", "_"): number for switch in trial.switches
             for number, name in re.findall(r"^ *(\d+)\((s\d-\w+)\)", switch.show(), re.M)}
    text = lines.format(**ports)
    count = len(set(re.findall(r"dpid=(\d)", text)))
    with step("routers", f"writes {routers(trial)}; ovs-appctl ... router/reload") as results:
        routers(trial).write_text(text)
        trial.ask("router/reload")
        results.append(f"{count} of them")
    for line in text.splitlines():
        print(f"            {line}")


def ping(host, address, count=1, size=56):
    """What ping says; nothing of it is a failure of ours."""
    return host.run("ping", "-n", "-c", count, "-i", "0.2", "-W", 2, "-s", size, address, check=False)


def check_own_addresses(trial, h1):
    said = ping(h1, "10.0.1.1")
    neighbours = h1.run("ip", "neigh", "show", "10.0.1.1")
    trial.shows("the router answers h1's ARP", "lladdr 02:4d:0a:00:01:01" in neighbours,
                "h1 asks who has 10.0.1.1 and hears nothing, or something wrong: write\n"
                "forward_answer_arp(). tcpdump -e arp on h1 shows both.", neighbours.splitlines(), needed=True)
    trial.shows("the router answers h1's ping of 10.0.1.1", " 0% packet loss" in said,
                "write forward_answer_echo(); then forward_find_route(), as the reply needs a way, too.\n"
                "A wrong checksum? tcpdump -v on h1 says so.", needed=True)


def check_forwarding(trial, h1, h2):
    said = ping(h1, h2.address, PINGS)
    trial.shows("h1's pings of h2 are answered, from network to network",
                f" {PINGS} received" in said,
                "the first packet to h2 waits until your router knows h2's MAC address, and then needs\n"
                "forward_age(). A wrong checksum? tcpdump -v on h2 says so. If forward_rewrite() says true, those\n"
                "behind it go as it says: to which MAC address? tcpdump -e says so.", said.splitlines()[1:3], needed=True)
    trial.shows("their TTL is one less", " ttl=63 " in said,
                "a router decrements it (RFC 1812 section 5.3.1), or packets in a circle would live for ever.")


def check_flows(trial, h1, h2):
    before = trial.packet_ins()
    ping(h1, h2.address, PINGS)
    came = trial.packet_ins() - before
    flows = [flow for flow in trial.switch.flows() if "dec_ttl" in flow and "mod_dl_dst" in flow]
    trial.shows("the switch forwards by itself and rewrites the MAC addresses", flows and came < PINGS,
                "each packet passes through your controller: write forward_rewrite(). The switch forwards\n"
                "alone once that says true.", [f"{came} packet-ins for {PINGS} pings and their answers",
                                               *(flow[flow.index("priority="):] for flow in flows[:2])])
    said = trial.ask("steps").splitlines()
    trial.shows("forward_rewrite() says when there is no room for its actions", not said,
                "each ofp_put_...() says false if its action does not fit into the list. Then say false, too:\n"
                "a flow with some of them would send packets on with the wrong addresses, and drop none.", said)


def check_long_error(trial, h1):
    capture = Capture(h1)
    said = ping(h1, "192.168.7.7", size=LONG)
    lengths = [int(line.rsplit(" ", 1)[1]) for line in capture.lines() if "unreachable" in line]
    trial.shows(f"so it is about a ping of {LONG:,} bytes, of which it is quoted what fits",
                "Destination Net Unreachable" in said and lengths and max(lengths) <= ERROR,
                "the ICMP error is at most FORWARD_ERROR_MAX bytes long: cut what you quote, and return how\n"
                f"long all of it is. Here it was {max(lengths)}, of {ERROR}." if lengths else
                "h1 hears nothing: is the checksum made over just what you quote?", said.splitlines()[1:2])


def check_errors(trial, h1, h2):
    hops = traffic.hops(h1, h2.address)
    trial.shows("traceroute from h1 to h2 shows the router", hops == ["10.0.1.1", h2.address],
                "h1 is to be told when a packet's TTL ends: write forward_write_error().", [" ".join(hops)])
    said = ping(h1, "192.168.7.7")
    trial.shows("h1 is told that there is no way to 192.168.7.7",
                "From 10.0.1.1 icmp_seq=1 Destination Net Unreachable" in said,
                "the same function. To h1's kernel it is an answer only if it quotes h1's packet: its IP\n"
                "header and what follows it.", said.splitlines()[1:2])


def check_two(trial, h1, h3):
    trial.shows("h1 reaches h3 through two routers", " 1 received" in ping(h1, h3.address),
                "10.0.3.2 is in 10.0.0.0/16, in 10.0.3.0/24 and in 10.0.3.0/25: which of these routes is the most\n"
                "exact, of those that are usable? There is no port 9.")
    hops = traffic.hops(h1, h3.address)
    trial.shows("traceroute shows both", hops == ["10.0.1.1", "10.0.12.2", h3.address],
                "each of them decrements the TTL and tells of its end.", [" ".join(hops)])


def check(trial):
    raise_network(trial)
    h1, h2, h3 = trial.hosts
    write_routers(trial, ONE)
    check_own_addresses(trial, h1)
    check_forwarding(trial, h1, h2)
    check_flows(trial, h1, h2)
    check_errors(trial, h1, h2)
    check_long_error(trial, h1)
    write_routers(trial, TWO)
    check_two(trial, h1, h3)
