/*
 * solution.c - exercise 9, solved: who gets a connection, and what the switch writes into its
 * packets.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/balancing.h"
#include "examples/run_app.h"
#include "openflow/action.h"

/* Of the servers that are there, the one that weighs most with this connection: who goes takes its
 * own share along, and no other's. */
int balance_choose(struct servers *s, enum server_pick pick, const struct connection_id *id)
{
    uint64_t most = 0;
    int chosen = -1;

    (void)pick;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t weight = server_weight(&s->server[i], id, sizeof *id);
        if (!server_can_take(&s->server[i]) || (chosen >= 0 && weight <= most))
            continue;
        most = weight;
        chosen = (int)i;
    }
    return chosen;
}

bool balance_there(struct buf *actions, const struct backend *server)
{
    return ofp_put_set_dl_dst(actions, server->mac) && ofp_put_set_nw_dst(actions, server->address);
}

/* What was the source is the destination, and the server is where the balanced address was. */
bool balance_back(struct ofp_match *match, struct buf *actions, const struct backend *server,
                  const struct balanced *balanced)
{
    const struct ofp_match there = *match;

    match->in_port = be16_of(server->port);
    bytes_copy(match->dl_src, server->mac, OFP_ETH_ALEN);
    bytes_copy(match->dl_dst, there.dl_src, OFP_ETH_ALEN);
    match->nw_src = be32_of(server->address);
    match->nw_dst = there.nw_src;
    match->tp_src = there.tp_dst;
    match->tp_dst = there.tp_src;
    return ofp_put_set_dl_src(actions, balanced->mac) &&
           ofp_put_set_nw_src(actions, balanced->address);
}

int main(int argc, char **argv)
{
    struct ctl_app_type balancer = balancer_app; /* the app around, with its options */
    const struct ctl_app_type *const apps[] = {&balancer, &learning_app, NULL};

    balancer.help = "Exercise 9: several servers behind one address.";
    return run_apps(apps, argc, argv);
}
