/*
 * fabric_look.c - what can be seen in a fabric without sending a frame; see fabric.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "runtime/loop.h"
#include "test/sim/fabric.h"

/* --- What hangs together ---------------------------------------------------------------------- */

static struct fabric_switch *set_of(struct fabric_switch *sw)
{
    while (sw->set != sw)
        sw = sw->set = sw->set->set;
    return sw;
}

bool fabric_sends(const struct fabric_cable *c, const struct fabric_switch *sw, uint16_t port)
{
    return c->state == CABLE_WELL || (c->state == CABLE_ONE_WAY && sw == c->a && port == c->a_port);
}

static bool carries_one_way(const struct fabric_cable *c)
{
    return c->state <= CABLE_ONE_WAY && fabric_port_up(c->a, c->a_port) &&
           fabric_port_up(c->b, c->b_port);
}

static bool carries(const struct fabric_cable *c)
{
    return c->state == CABLE_WELL && carries_one_way(c);
}

static bool is_open(const struct fabric_cable *c)
{
    return c->a->taken && c->b->taken && !c->a->port[c->a_port].closed &&
           !c->b->port[c->b_port].closed;
}

/* Join the sets of what cables (only those that floods pass, if so, one way even) join. Returns
 * whether some cable joined what was joined already. */
static bool join_sets(bool only_open)
{
    bool circle = false;
    for (size_t i = 0; i < fabric.n_sw; i++)
        fabric.sw[i]->set = fabric.sw[i];
    for (size_t i = 0; i < fabric.n_cables; i++) {
        const struct fabric_cable *c = fabric.cable[i];
        if (only_open ? !carries_one_way(c) || !is_open(c) : !carries(c))
            continue;
        circle |= set_of(c->a) == set_of(c->b);
        set_of(c->a)->set = set_of(c->b);
    }
    return circle;
}

bool fabric_joined(struct fabric_switch *a, struct fabric_switch *b)
{
    join_sets(false);
    return !a->off && !b->off && set_of(a) == set_of(b);
}

bool fabric_has_loop(void)
{
    return join_sets(true);
}

const char *fabric_unrest(void)
{
    if (join_sets(true))
        return "floods go round in a circle";
    for (size_t i = 0; i < fabric.n_cables; i++) {
        const struct fabric_cable *c = fabric.cable[i];
        if (c->state == CABLE_ONE_WAY && carries_one_way(c) &&
            !(c->a->port[c->a_port].closed && c->b->port[c->b_port].closed))
            return "floods pass a cable that brings nothing back";
        if (!carries(c))
            continue;
        if (set_of(c->a) != set_of(c->b))
            return "floods do not pass a cable that would join two parts";
        if (c->a->port[c->a_port].closed != c->b->port[c->b_port].closed)
            return "a cable is open at one end";
    }
    for (size_t i = 0; i < fabric.n_hosts; i++) {
        const struct fabric_host *h = fabric.host[i];
        if (fabric_port_up(h->at, h->port) && h->at->port[h->port].closed)
            return "floods do not reach a host";
    }
    return NULL;
}

/* --- Walking --------------------------------------------------------------------------------- */

/* Where an entry sends a packet: its last output. OFPP_NONE: nowhere. */
static uint16_t way_out(const struct ref_entry *e)
{
    struct span rest = span_of(e->actions, e->actions_len);
    const struct ofp_action_header *a;
    uint16_t port = OFPP_NONE;
    while ((a = ofp_next_action(&rest)) != NULL)
        port = be16_get(((const struct ofp_action_output *)a)->port);
    return port;
}

enum walk fabric_walk(const struct fabric_host *from, const struct fabric_host *to)
{
    struct fabric_frame frame = fabric_frame_of(from, to);
    struct fabric_switch *sw = from->at;
    uint16_t port = from->port;
    for (size_t steps = 0; steps <= fabric.n_sw; steps++) {
        const struct fabric_cable *c;
        struct ofp_key key;
        const struct ref_entry *e;
        uint16_t out;
        if (!fabric_port_up(sw, port))
            return WALK_LOST;
        ofp_key_extract(&key, span_of(&frame, sizeof frame), port);
        ref_expire(&sw->table, loop_now());
        e = fabric_lookup(sw, &key);
        if (e == NULL)
            return sw->ready ? WALK_ASKS : WALK_LOST;
        out = way_out(e);
        if (out == OFPP_CONTROLLER)
            return WALK_ASKS;
        if (out > sw->n_ports || out == 0 || out == port || !fabric_port_up(sw, out))
            return WALK_LOST;
        if (sw->port[out].host != NULL)
            return sw->port[out].host == to && to->at == sw && to->port == out ? WALK_ARRIVES
                                                                               : WALK_LOST;
        c = sw->port[out].cable;
        if (!fabric_sends(c, sw, out))
            return WALK_LOST;
        port = c->a == sw && c->a_port == out ? c->b_port : c->a_port;
        sw = c->a == sw && c->a_port == out ? c->b : c->a;
    }
    return WALK_LOOPS;
}
