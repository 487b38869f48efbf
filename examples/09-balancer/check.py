"""Exercise 9: clients of one address are answered by several servers, and stay where they are.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from lab import wait_for
from lab.traffic import Conversation, greeter, greeting

from course import step

WRITE = "balancer.c"
SOLUTION = "solution.c"
ADDRESS, PORT = "10.0.0.100", 80
CONNECTIONS = 16
BACK = "cookie=0x62616c6100000002"  # of the entries for the way back
FIRST_PORT = 40000  # of the clients: chosen by hand, so that a connection can be made again


def state_of(trial, server):
    """What the app around says of a server: "there" or "gone"."""
    for line in trial.ask("balancer/servers").splitlines():
        if line.split()[1:2] == [server.address]:
            return line.split()[2]
    return None


def wait_until(trial, server, state):
    wait_for(lambda: state_of(trial, server) == state, f"{server.name} to be {state}")


def raise_all(trial):
    """h1 and h2 are clients, h3 and h4 servers. Returns these."""
    program = trial.build()
    servers = [f"--balancer-server=10.0.0.{number}" for number in (3, 4)]
    trial.raise_network(program, f"--balancer-address={ADDRESS}", f"--balancer-service=tcp:{PORT}",
                        "--balancer-check=1s", *servers, hosts=4)
    with step("servers", f"h3 and h4 serve the web behind {ADDRESS}, and say who they are"):
        for server in trial.hosts[2:]:
            greeter(trial.lab, server, PORT)
            wait_until(trial, server, "there")
    return trial.hosts[2:]


def entries(trial, action):
    return [flow for flow in trial.switch.flows() if action in flow]


def why_unanswered(trial):
    """What to do, from the entries that the switch has, and from what it lacks."""
    if any(f"nw_dst={ADDRESS}" in flow for flow in entries(trial, BACK)):
        return ("the entry for the way back matches what the client sends: balance_back() is to turn `match`\n"
                "around, and to write the server's addresses and port into it.")
    if not entries(trial, "mod_nw_dst"):
        return ("no entry writes a server's address into packets for the balanced one. balance_there() is\n"
                "to append two actions, ofp_put_set_dl_dst() and ofp_put_set_nw_dst(), and to return true;\n"
                "balance_back(), which is asked first, has to return true as well.")
    if not entries(trial, "mod_nw_src"):
        return ("there is an entry for the way there, and none that makes answers come from the balanced\n"
                "address: balance_back() is to append ofp_put_set_dl_src() and ofp_put_set_nw_src().")
    return ("there are entries for both ways. Do those for the way back (n_packets=0?) match what the\n"
            "server sends? sudo ./try 9 --keep, and tcpdump at h3 and h4, show it.")


def is_answered(trial):
    h1 = trial.hosts[0]
    with step("web", f"h1 asks {ADDRESS}") as results:
        name = greeting(h1, ADDRESS, PORT, limit=4)
        results.append(f"{name} answered" if name else "no answer")
    details = entries(trial, f"nw_dst={ADDRESS}")[:1] + entries(trial, f"mod_nw_src:{ADDRESS}")[:1]
    trial.shows(f"h1 is answered under {ADDRESS}", name, why_unanswered(trial), details, needed=True)
    answers = trial.switch.flows(f"tcp,nw_dst={h1.address},tp_src={PORT}")
    trial.shows("the entry for the way back matches what the server sends", answers,
                "each answer passes through your controller. What the server sends goes from port "
                f"{PORT} to\nthe client's: the two ports change places as the addresses do.",
                entries(trial, BACK)[:1] if not answers else ())


def talk_all(trial):
    """As many conversations as there are to be, by turns from h1 and h2: told {port: conversation}."""
    talks = {}
    for port in range(FIRST_PORT, FIRST_PORT + CONNECTIONS):
        talks[port] = Conversation(trial.hosts[port % 2], ADDRESS, PORT, from_port=port)
    return talks


def shares(talks):
    names = [talk.name for talk in talks.values()]
    return ", ".join(f"{name or 'nobody'}: {names.count(name)}" for name in sorted(set(names), key=str))


def is_shared(trial, servers):
    with step("web", f"h1 and h2 ask {CONNECTIONS} times, and stay connected") as results:
        talks = talk_all(trial)
        results.append(shares(talks))
    trial.shows("each server has a share of the connections",
                {talk.name for talk in talks.values()} == {server.name for server in servers},
                "balance_choose() has not chosen both, or somebody was not answered: choose by what tells\n"
                "one connection from another, `id`; server_weight() makes a number of it.", needed=True)
    return talks


def others_stay(trial, talks, gone):
    before = trial.packet_ins()
    with step("cut", f"{gone.name}'s link; all say something once more") as results:
        trial.switch.link_state(gone, "down")
        wait_until(trial, gone, "gone")
        silent = [port for port, talk in talks.items() if talk.name != gone.name and not talk.ask()]
        results.append(f"{trial.packet_ins() - before} packet-ins")
    trial.shows("connections of the other server go on", not silent,
                f"those from port {', '.join(map(str, silent))} have ended.")
    with step("web", f"h1 asks {ADDRESS}") as results:
        name = greeting(trial.hosts[0], ADDRESS, PORT)
        results.append(f"{name} answered" if name else "no answer")
    trial.shows("new ones go to a server that is there", name,
                f"{gone.name} is gone: server_can_take() says who can be chosen.")


def who_returns(trial, talks, gone):
    """The same connections again, from the same ports, and nobody who remembers them: who was at the
    server is there again."""
    with step("mend", f"{gone.name}'s link; starts the controller anew, and all connect again, from the same "
              "ports") as results:
        trial.switch.link_state(gone, "up")
        trial.controller.become(trial.controller.name)
        trial.wait_joined()
        trial.switch.delete_flows()
        for server in trial.hosts[2:]:
            wait_until(trial, server, "there")
        before = {port: talk.name for port, talk in talks.items()}
        for talk in talks.values():
            talk.close()
        again = talk_all(trial)
        results.append(shares(again))
    moved = [port for port, talk in again.items() if talk.name != before[port]]
    for talk in again.values():
        talk.close()
    trial.shows("the server that is back has its own share again", not moved,
                f"those from port {', '.join(map(str, moved))} have come to another one than before: let the\n"
                "connection alone decide, and not the order in which connections come.")


def check(trial):
    servers = raise_all(trial)
    is_answered(trial)
    talks = is_shared(trial, servers)
    others_stay(trial, talks, servers[0])
    who_returns(trial, talks, servers[0])
