/*
 * pipeline.c - the emulated switch's flow table, ports and hosts.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "openflow/match.h"
#include "test/sim/emulated.h"

#include <stdio.h>
#include <string.h>

/* A frame of the hosts: an EtherType for experiments (IEEE 802, 9.2.3), then a number of its own.
 */
struct frame {
    uint8_t dst[OFP_ETH_ALEN], src[OFP_ETH_ALEN];
    be16 type;
    be64 serial;
    uint8_t pad[FRAME_MAX - 22];
};
OFP_ASSERT_SIZE(struct frame, FRAME_MAX);
#define FRAME_TYPE 0x88b5
#define FRAME_MIN  60

static void host_mac(const struct emulated *e, size_t host, uint8_t mac[OFP_ETH_ALEN])
{
    const uint8_t all[OFP_ETH_ALEN] = {2, 0, 0, 0, (uint8_t)e->number, (uint8_t)(host + 1)};
    memcpy(mac, all, sizeof all);
}

void pipeline_init(struct emulated *e)
{
    e->n_hosts = 2 + sim_random(HOSTS_MAX - 1);
    for (size_t i = 0; i < e->n_hosts; i++)
        e->port_of[i] = (uint16_t)(i + 1);
}

/* --- The table ------------------------------------------------------------------------------- */

static bool flow_is_over(const struct flow *f)
{
    uint64_t now = loop_now();
    return (f->idle && now - f->hit >= f->idle * NS_PER_S) ||
           (f->hard && now - f->added >= f->hard * NS_PER_S);
}

static struct flow *find_flow(struct emulated *e, const struct ofp_key *key)
{
    struct flow *best = NULL;
    for (struct flow *f = e->flows; f < e->flows + FLOWS_MAX; f++) {
        if (f->used && flow_is_over(f))
            f->used = false;
        if (f->used && ofp_key_matches(key, &f->key, &f->mask) &&
            (best == NULL || f->priority > best->priority))
            best = f;
    }
    return best;
}

/* The place of a flow with this match and priority, or a free one; NULL if there is neither. */
static struct flow *flow_place(struct emulated *e, const struct flow *like)
{
    struct flow *unused = NULL;
    for (struct flow *f = e->flows; f < e->flows + FLOWS_MAX; f++) {
        if (!f->used || flow_is_over(f))
            unused = f;
        else if (f->priority == like->priority && ofp_key_equal(&f->key, &like->key) &&
                 ofp_key_equal(&f->mask, &like->mask))
            return f;
    }
    return unused;
}

static bool sends_to(const struct flow *f, uint16_t port)
{
    struct span rest = span_of(f->actions, f->actions_len);
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&rest)) != NULL)
        if (be16_get(a->type) == OFPAT_OUTPUT &&
            be16_get(((const struct ofp_action_output *)a)->port) == port)
            return true;
    return false;
}

static void delete_flows(struct emulated *e, const struct flow *like, uint16_t out_port)
{
    for (struct flow *f = e->flows; f < e->flows + FLOWS_MAX; f++)
        if (ofp_match_covers(&like->key, &like->mask, &f->key, &f->mask) &&
            (out_port == OFPP_NONE || sends_to(f, out_port)))
            f->used = false;
}

bool pipeline_flow_mod(struct emulated *e, const struct ofp_msg_flow_mod *mod)
{
    struct flow flow = {.used = true,
                        .priority = mod->priority,
                        .idle = mod->idle_timeout,
                        .hard = mod->hard_timeout,
                        .added = loop_now(),
                        .hit = loop_now(),
                        .actions_len = mod->actions.len};
    struct flow *place;
    ofp_match_canonical(mod->match, &flow.key, &flow.mask);
    if (mod->command == OFPFC_DELETE) {
        delete_flows(e, &flow, mod->out_port);
        return true;
    }
    if (!world_expect(mod->command == OFPFC_ADD && mod->actions.len <= ACTIONS_MAX,
                      "switch %u: a flow-mod that no app of ours sends", e->number))
        return true;
    memcpy(flow.actions, mod->actions.data, mod->actions.len);
    place = flow_place(e, &flow);
    if (place)
        *place = flow;
    return place != NULL;
}

/* --- Ports and hosts ------------------------------------------------------------------------- */

void pipeline_port(const struct emulated *e, uint16_t port_no, struct ofp_phy_port *port)
{
    *port = (struct ofp_phy_port){.port_no = be16_of(port_no)};
    port->hw_addr[0] = 2;
    port->hw_addr[5] = (uint8_t)port_no;
    snprintf(port->name, sizeof port->name, "p%u", port_no);
    port->state = be32_of(e->port_down[port_no] ? OFPPS_LINK_DOWN : 0);
}

void pipeline_swap(struct emulated *e, size_t a, size_t b)
{
    uint16_t port = e->port_of[a];
    e->port_of[a] = e->port_of[b];
    e->port_of[b] = port;
}

static void receive(struct emulated *e, uint16_t port, uint64_t serial)
{
    for (size_t i = 0; i < e->n_hosts; i++) {
        if (e->port_of[i] != port || e->port_down[port] || serial != e->watched)
            continue;
        e->twice |= e->received >> i & 1;
        e->received |= 1u << i;
    }
}

static void flood(struct emulated *e, uint16_t in_port, uint64_t serial)
{
    for (uint16_t port = 1; port <= e->n_hosts; port++)
        if (port != in_port)
            receive(e, port, serial);
}

static void output(struct emulated *e, uint16_t port, uint16_t in_port, uint64_t serial)
{
    if (world.breakage == BREAK_FLOOD && world.part == PEACE)
        flood(e, in_port, serial);
    else if (port == OFPP_FLOOD || port == OFPP_ALL)
        flood(e, in_port, serial);
    else if (port != in_port)
        receive(e, port, serial);
}

void pipeline_execute(struct emulated *e, struct span actions, struct span frame, uint16_t in_port)
{
    const struct ofp_action_header *a;
    uint64_t serial = be64_get(((const struct frame *)frame.data)->serial);
    while ((a = ofp_next_action(&actions)) != NULL)
        if (world_expect(be16_get(a->type) == OFPAT_OUTPUT, "switch %u: an unknown action",
                         e->number))
            output(e, be16_get(((const struct ofp_action_output *)a)->port), in_port, serial);
}

uint64_t pipeline_send(struct emulated *e, size_t from, size_t to)
{
    struct frame frame = {.type = be16_of(FRAME_TYPE), .serial = be64_of(++world.last_serial)};
    struct span bytes = span_of(&frame, FRAME_MIN + sim_random(FRAME_MAX - FRAME_MIN + 1));
    uint16_t in_port = e->port_of[from];
    struct ofp_key key;
    struct flow *flow;
    host_mac(e, from, frame.src);
    if (to == e->n_hosts)
        memset(frame.dst, 0xff, sizeof frame.dst);
    else
        host_mac(e, to, frame.dst);
    if (e->port_down[in_port])
        return world.last_serial;
    ofp_key_extract(&key, bytes, in_port);
    flow = find_flow(e, &key);
    if (flow == NULL) {
        emulated_packet_in(e, bytes, in_port, world.last_serial);
        return world.last_serial;
    }
    flow->hit = loop_now();
    pipeline_execute(e, span_of(flow->actions, flow->actions_len), bytes, in_port);
    return world.last_serial;
}
