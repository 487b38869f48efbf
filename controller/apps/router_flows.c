/*
 * router_flows.c - a router's flows in its switch.
 *
 * For each port and VLAN of an interface, the more urgent ones first:
 *
 *     MARTIAN   to our MAC address, from an address that no host has: dropped (RFC 1812, 5.3.7)
 *     ROUTED    to our MAC address, to an address: on to a neighbour; laid by its first packet
 *     OURS      IPv4 to our MAC address: to the controller
 *     ARP       to the interface's other ports, and to the controller
 *     SEGMENT   all else: to the interface's other ports; if there are none that drops it
 *
 * Called by router.c and router_ip.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/router.h"
#include "openflow/action.h"
#include "openflow/match.h"

enum { SEGMENT = OFP_DEFAULT_PRIORITY + 1, ARP, OURS, ROUTED, MARTIAN };

/* A list of actions: output to each port of an interface and to the controller, at most. */
#define ACTIONS_MAX ((ROUTER_PORTS + 4) * 16)

static struct ofp_match match_from(const struct router_interface *i, uint16_t port)
{
    struct ofp_match m = ofp_match_any();
    m.wildcards = be32_of(OFPFW_ALL & ~(OFPFW_IN_PORT | OFPFW_DL_VLAN));
    m.in_port = be16_of(port);
    m.dl_vlan = be16_of(i->vlan != 0 ? i->vlan : OFP_VLAN_NONE);
    return m;
}

static void match_type(struct ofp_match *m, uint16_t type)
{
    m->wildcards = be32_of(be32_get(m->wildcards) & ~(uint32_t)OFPFW_DL_TYPE);
    m->dl_type = be16_of(type);
}

/* IPv4 to the router, to be routed. */
static void match_ours(struct ofp_match *m, const struct router_interface *i)
{
    match_type(m, HDR_ETH_IPV4);
    m->wildcards = be32_of(be32_get(m->wildcards) & ~(uint32_t)OFPFW_DL_DST);
    bytes_copy(m->dl_dst, i->mac, sizeof m->dl_dst);
}

static void add(struct router *r, const struct ofp_match *match, uint16_t priority,
                struct span actions)
{
    struct ofp_msg_flow_mod flow = {.match = match,
                                    .command = OFPFC_ADD,
                                    .priority = priority,
                                    .out_port = OFPP_NONE,
                                    .actions = actions};
    ctl_flow_mod(r->dp, &flow, NULL);
}

static void delete (struct router *r, const struct ofp_match *match, uint16_t out_port)
{
    struct ofp_msg_flow_mod flow = {.match = match, .command = OFPFC_DELETE, .out_port = out_port};
    ctl_flow_mod(r->dp, &flow, NULL);
}

static void put_others(struct buf *actions, const struct router_interface *i, uint16_t port)
{
    for (size_t p = 0; p < i->n_ports; p++)
        if (i->port[p] != port)
            ofp_put_output(actions, i->port[p], 0);
}

static void add_martians(struct router *r, const struct router_interface *i, uint16_t port)
{
    static const struct {
        uint32_t network;
        unsigned prefix;
    } none[] = {{0, 8}, {0x7f000000, 8}, {0xe0000000, 3}};
    for (size_t n = 0; n < sizeof none / sizeof none[0]; n++) {
        struct ofp_match m = match_from(i, port);
        uint32_t wild = (32 - none[n].prefix) << OFPFW_NW_SRC_SHIFT;
        match_ours(&m, i);
        m.wildcards = be32_of((be32_get(m.wildcards) & ~(uint32_t)OFPFW_NW_SRC_MASK) | wild);
        m.nw_src = be32_of(none[n].network);
        add(r, &m, MARTIAN, span_of(NULL, 0));
    }
}

static void begin_port(struct router *r, const struct router_interface *i, uint16_t port)
{
    uint8_t area[ACTIONS_MAX];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match m = match_from(i, port);
    delete (r, &m, OFPP_NONE);
    put_others(&actions, i, port);
    add(r, &m, SEGMENT, span_of(area, actions.len));
    ofp_put_output(&actions, OFPP_CONTROLLER, UINT16_MAX);
    match_type(&m, HDR_ETH_ARP);
    add(r, &m, ARP, span_of(area, actions.len));
    actions.len = 0;
    ofp_put_output(&actions, OFPP_CONTROLLER, UINT16_MAX);
    m = match_from(i, port);
    match_ours(&m, i);
    add(r, &m, OURS, span_of(area, actions.len));
    add_martians(r, i, port);
}

void router_flows_begin(struct router *r, const struct router_interface *i)
{
    for (size_t p = 0; p < i->n_ports; p++)
        begin_port(r, i, i->port[p]);
}

void router_flows_end(struct router *r, const struct router_interface *i)
{
    for (size_t p = 0; p < i->n_ports; p++) {
        struct ofp_match m = match_from(i, i->port[p]);
        delete (r, &m, OFPP_NONE);
    }
}

/* A packet leaves by the port that it came by only if OFPP_IN_PORT says so (section 5.2.1). */
static void put_output(struct buf *actions, uint16_t port, uint16_t in_port)
{
    ofp_put_output(actions, port == in_port ? OFPP_IN_PORT : port, 0);
}

bool router_flows_add(struct router *r, struct router_arrival *a, const struct neighbour *n)
{
    const struct router_interface *from = router_interface(r, a->interface);
    const struct router_interface *to = router_interface(r, n->interface);
    uint16_t in_port = a->packet->in->in_port;
    uint8_t area[ACTIONS_MAX];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match m = match_from(from, in_port);
    struct ofp_msg_flow_mod flow = {.match = &m,
                                    .command = OFPFC_ADD,
                                    .idle_timeout = (uint16_t)(r->idle / NS_PER_S),
                                    .priority = ROUTED,
                                    .out_port = OFPP_NONE};
    match_ours(&m, from);
    m.wildcards =
        be32_of(be32_get(m.wildcards) & ~(uint32_t)(OFPFW_NW_DST_ALL | OFPFW_NW_DST_MASK));
    m.nw_dst = a->packet->key.match.nw_dst;
    if (!forward_rewrite(&actions, to->mac, n->mac))
        return false;
    if (to->vlan != 0)
        ofp_put_set_vlan_vid(&actions, to->vlan);
    else if (from->vlan != 0)
        ofp_put_strip_vlan(&actions);
    put_output(&actions, n->port, in_port);
    flow.actions = span_of(area, actions.len);
    router_counters.flows++;
    a->sent = true;
    ctl_flow_mod(r->dp, &flow, a->packet);
    return true;
}

/* What comes in and is not to be routed has no such match: the wider ones stay. */
static void forget_port(struct router *r, const struct router_interface *i, uint16_t out_port)
{
    struct ofp_match m = ofp_match_any();
    m.wildcards = be32_of(OFPFW_ALL);
    match_ours(&m, i);
    delete (r, &m, out_port);
}

void router_flows_forget(struct router *r, uint16_t port)
{
    for (unsigned i = 0; i < r->config->n_interfaces; i++) {
        forget_port(r, router_interface(r, i), port);
        forget_port(r, router_interface(r, i), OFPP_IN_PORT);
    }
}

void router_flows_forget_all(struct router *r)
{
    for (unsigned i = 0; i < r->config->n_interfaces; i++)
        for (size_t p = 0; p < router_interface(r, i)->n_ports; p++)
            router_flows_forget(r, router_interface(r, i)->port[p]);
}
