/*
 * balancing.c - who gets a connection, and what the switch writes into its packets; see
 * balancing.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/balancing.h"

#include "openflow/action.h"

static int highest(const struct servers *s, const void *what, size_t n)
{
    uint64_t most = 0;
    int found = -1;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t weight = server_weight(&s->server[i], what, n);
        if (!server_can_take(&s->server[i]) || (found >= 0 && weight <= most))
            continue;
        most = weight;
        found = (int)i;
    }
    return found;
}

static int next_in_turn(struct servers *s)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t turn = s->turn++ % s->n;
        if (server_can_take(&s->server[turn]))
            return (int)turn;
    }
    return -1;
}

int balance_choose(struct servers *s, enum server_pick pick, const struct connection_id *id)
{
    switch (pick) {
    case PICK_ROUND_ROBIN:
        return next_in_turn(s);
    case PICK_SOURCE:
        return highest(s, &id->client, sizeof id->client);
    default:
        return highest(s, id, sizeof *id);
    }
}

bool balance_there(struct buf *actions, const struct backend *server)
{
    return ofp_put_set_dl_dst(actions, server->mac) && ofp_put_set_nw_dst(actions, server->address);
}

bool balance_back(struct ofp_match *match, struct buf *actions, const struct backend *server,
                  const struct balanced *balanced)
{
    const struct ofp_match there = *match;
    match->in_port = be16_of(server->port);
    bytes_copy(match->dl_src, server->mac, sizeof match->dl_src);
    bytes_copy(match->dl_dst, there.dl_src, sizeof match->dl_dst);
    match->nw_src = be32_of(server->address);
    match->nw_dst = there.nw_src;
    match->tp_src = there.tp_dst;
    match->tp_dst = there.tp_src;
    return ofp_put_set_dl_src(actions, balanced->mac) &&
           ofp_put_set_nw_src(actions, balanced->address);
}
