/*
 * edge.c - which ports of a switch lead to hosts: see slicer.h.
 *
 * A port is at the edge of the network when it has been up for discovery_settle_time() without a
 * cable being found there. Anything that may mean another network behind it (it comes up, its last
 * cable goes) begins that time anew. Time is the loop's. Called by place.c and topology.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <stdlib.h>

static struct edge *edge_find(const struct place *place, uint16_t port)
{
    for (size_t i = 0; i < place->n_ports; i++)
        if (place->port[i] == port)
            return &place->edge[i];
    return NULL;
}

/* Since when it is up, as far as is known from before. */
static uint64_t since(const struct place *place, const struct ofp_phy_port *desc)
{
    const struct edge *old = edge_find(place, be16_get(desc->port_no));
    if (!ctl_port_is_up(desc))
        return TIMER_NEVER;
    return old != NULL && old->since != TIMER_NEVER ? old->since : loop_now();
}

void edge_list_ports(struct place *place)
{
    struct span rest = ctl_dp_features(place->dp)->ports;
    size_t n = rest.len / sizeof(struct ofp_phy_port), i = 0;
    uint16_t *port = malloc((n + 1) * sizeof *port);
    struct edge *edge = malloc((n + 1) * sizeof *edge);
    const struct ofp_phy_port *desc;
    if (port == NULL || edge == NULL) { /* it stays as it was: new ones are left out */
        free(port);
        free(edge);
        return;
    }
    while ((desc = ofp_next_port(&rest)) != NULL) {
        port[i] = be16_get(desc->port_no);
        edge[i++].since = since(place, desc);
    }
    free(place->port);
    free(place->edge);
    place->port = port;
    place->edge = edge;
    place->n_ports = n;
}

void edge_begin(struct place *place, uint16_t port)
{
    struct edge *e = edge_find(place, port);
    if (e != NULL && e->since != TIMER_NEVER)
        e->since = loop_now();
}

/* When it will be at the edge, if nothing comes between. */
static uint64_t settles(const struct place *place, const struct edge *e)
{
    return e->since == TIMER_NEVER ? TIMER_NEVER
                                   : e->since + discovery_settle_time(place->slicer->discovery);
}

bool edge_is_settled(const struct place *place, uint16_t port)
{
    const struct edge *e = edge_find(place, port);
    return e != NULL && settles(place, e) <= loop_now();
}

uint64_t edge_next(const struct place *place)
{
    uint64_t next = TIMER_NEVER;
    for (size_t i = 0; i < place->n_ports; i++) {
        uint64_t at = settles(place, &place->edge[i]);
        if (at > loop_now() && at < next)
            next = at;
    }
    return next;
}
