/*
 * execute.c - a list of actions, in order, on one packet: OpenFlow 1.0 section 3.3 and 5.2.4.
 *
 * An output takes a reference and not a copy. So an action that changes the packet asks whether
 * somebody else holds it by then, and only if so goes on with a copy: a list that outputs once at
 * its end copies nothing.
 *
 * Called by forward.c and dp.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "runtime/loop.h"
#include "switch/datapath.h"
#include "switch/packet.h"

struct execution {
    struct dp *dp;
    struct pkt *p;   /* the packet as it is by now */
    struct pkt *own; /* the same, once it is a copy; else NULL */
    uint16_t in_port;
    bool ended; /* the packet goes no further */
};

static void end(struct execution *x, uint64_t *counter)
{
    (*counter)++;
    x->ended = true;
}

/* Go on with `p`, a reference to which is taken over. */
static void replace(struct execution *x, struct pkt *p)
{
    pkt_unref(x->own);
    x->own = x->p = p;
}

/* See to it that nobody else holds x->p. Without memory the packet must not go on: changed in part
 * it would go where it should not. */
static bool writable(struct execution *x)
{
    struct pkt *copy;
    if (x->p->refs == 1)
        return true;
    copy = pkt_writable(pkt_ref(x->p));
    if (copy == NULL) {
        pkt_unref(x->p);
        end(x, &dp_counters.dropped_no_memory);
        return false;
    }
    replace(x, copy);
    return true;
}

/* --- Output ---------------------------------------------------------------------------------- */

static void to_port(struct execution *x, uint16_t no)
{
    struct dp_port *port = ports_find(&x->dp->ports, no);
    if (port)
        port_output(port, x->p);
    else
        dp_counters.dropped_no_port++;
}

/* To every port but the one that it came by and those with a configuration bit of `but`. */
static void to_all(struct execution *x, uint32_t but)
{
    struct list *l, *after;
    list_each(l, after, &x->dp->ports.all)
    {
        struct dp_port *port = container_of(l, struct dp_port, link);
        if (port->no != x->in_port && !(port->config & but))
            port_output(port, x->p);
    }
}

static void to_normal(struct execution *x)
{
    struct ofp_key key;
    uint16_t port;
    ofp_key_extract(&key, pkt_span(x->p), x->in_port);
    port = normal_forward(&x->dp->normal, &key, loop_now());
    dp_counters.normal++;
    if (port == OFPP_FLOOD)
        to_all(x, OFPPC_NO_FLOOD);
    else if (port != OFPP_NONE)
        to_port(x, port);
}

/* What the table's flow does to the packet is not what the rest of this list is about. */
static void to_table(struct execution *x)
{
    struct pkt *p = pkt_ref(x->p);
    forward(x->dp, p, x->in_port);
    pkt_unref(p);
}

/* Section 5.2.1: a packet leaves by the port that it came by only if OFPP_IN_PORT says so. */
static void output(struct execution *x, const void *action)
{
    const struct ofp_action_output *a = action;
    uint16_t port = be16_get(a->port);
    switch (port) {
    case OFPP_IN_PORT:
        to_port(x, x->in_port);
        break;
    case OFPP_TABLE:
        to_table(x);
        break;
    case OFPP_NORMAL:
        to_normal(x);
        break;
    case OFPP_FLOOD:
        to_all(x, OFPPC_NO_FLOOD);
        break;
    case OFPP_ALL:
        to_all(x, 0);
        break;
    case OFPP_CONTROLLER:
        packet_in(x->dp, x->p, x->in_port, OFPR_ACTION, be16_get(a->max_len));
        break;
    default:
        if (port != x->in_port)
            to_port(x, port);
        break;
    }
}

static void enqueue(struct execution *x, const void *action)
{
    const struct ofp_action_enqueue *a = action;
    uint16_t no = be16_get(a->port);
    struct dp_port *port = ports_find(&x->dp->ports, no == OFPP_IN_PORT ? x->in_port : no);
    if (port == NULL)
        dp_counters.dropped_no_port++;
    else if (no != x->in_port)
        port_enqueue(port, be32_get(a->queue_id), x->p);
}

/* --- Change ---------------------------------------------------------------------------------- */

static void set_vlan_vid(struct execution *x, const void *action)
{
    const struct ofp_action_vlan_vid *a = action;
    if (writable(x) && !packet_set_vlan_vid(x->p, be16_get(a->vlan_vid)))
        end(x, &dp_counters.dropped_no_memory);
}

static void set_vlan_pcp(struct execution *x, const void *action)
{
    const struct ofp_action_vlan_pcp *a = action;
    if (writable(x) && !packet_set_vlan_pcp(x->p, a->vlan_pcp))
        end(x, &dp_counters.dropped_no_memory);
}

static void strip_vlan(struct execution *x, const void *action)
{
    (void)action;
    if (writable(x))
        packet_strip_vlan(x->p);
}

static void set_dl_src(struct execution *x, const void *action)
{
    const struct ofp_action_dl_addr *a = action;
    if (writable(x))
        packet_set_dl_src(x->p, a->dl_addr);
}

static void set_dl_dst(struct execution *x, const void *action)
{
    const struct ofp_action_dl_addr *a = action;
    if (writable(x))
        packet_set_dl_dst(x->p, a->dl_addr);
}

static void set_nw_src(struct execution *x, const void *action)
{
    const struct ofp_action_nw_addr *a = action;
    if (writable(x))
        packet_set_nw_src(x->p, be32_get(a->nw_addr));
}

static void set_nw_dst(struct execution *x, const void *action)
{
    const struct ofp_action_nw_addr *a = action;
    if (writable(x))
        packet_set_nw_dst(x->p, be32_get(a->nw_addr));
}

static void set_nw_tos(struct execution *x, const void *action)
{
    const struct ofp_action_nw_tos *a = action;
    if (writable(x))
        packet_set_nw_tos(x->p, a->nw_tos);
}

static void set_tp_src(struct execution *x, const void *action)
{
    const struct ofp_action_tp_port *a = action;
    if (writable(x))
        packet_set_tp_src(x->p, be16_get(a->tp_port));
}

static void set_tp_dst(struct execution *x, const void *action)
{
    const struct ofp_action_tp_port *a = action;
    if (writable(x))
        packet_set_tp_dst(x->p, be16_get(a->tp_port));
}

/* --- Vendors' actions ------------------------------------------------------------------------ */

/* The hook is given a reference of its own, so that whatever it changes is a copy. */
static void call_hook(struct execution *x, const struct ofp_action_vendor_header *a)
{
    struct pkt *p = pkt_ref(x->p);
    x->dp->hooks.action(x->dp->hooks_user, &p, span_of(a, be16_get(a->len)));
    if (p == x->p)
        pkt_unref(p);
    else
        replace(x, p);
}

static void dec_ttl(struct execution *x)
{
    if (!writable(x) || packet_dec_ttl(x->p))
        return;
    if (x->dp->invalid_ttl_to_controller)
        packet_in(x->dp, x->p, x->in_port, OFPR_INVALID_TTL, x->dp->miss_send_len);
    end(x, &dp_counters.dropped_ttl);
}

/* Of Nicira's only dec_ttl is known, as ofp_validate() has made sure. */
static void vendor(struct execution *x, const void *action)
{
    const struct ofp_action_vendor_header *a = action;
    if (be32_get(a->vendor) == NX_VENDOR_ID)
        dec_ttl(x);
    else if (x->dp->hooks.action && be32_get(a->vendor) == x->dp->hooks.action_vendor)
        call_hook(x, a);
}

/* --- The list -------------------------------------------------------------------------------- */

static void (*const rows[OFPAT_N_TYPES])(struct execution *x, const void *action) = {
    [OFPAT_OUTPUT] = output,
    [OFPAT_SET_VLAN_VID] = set_vlan_vid,
    [OFPAT_SET_VLAN_PCP] = set_vlan_pcp,
    [OFPAT_STRIP_VLAN] = strip_vlan,
    [OFPAT_SET_DL_SRC] = set_dl_src,
    [OFPAT_SET_DL_DST] = set_dl_dst,
    [OFPAT_SET_NW_SRC] = set_nw_src,
    [OFPAT_SET_NW_DST] = set_nw_dst,
    [OFPAT_SET_NW_TOS] = set_nw_tos,
    [OFPAT_SET_TP_SRC] = set_tp_src,
    [OFPAT_SET_TP_DST] = set_tp_dst,
    [OFPAT_ENQUEUE] = enqueue,
};

void execute(struct dp *dp, struct pkt *p, uint16_t in_port, struct span actions)
{
    struct execution x = {.dp = dp, .p = p, .in_port = in_port};
    const struct ofp_action_header *a;
    while (!x.ended && (a = ofp_next_action(&actions)) != NULL) {
        uint16_t type = be16_get(a->type);
        if (type < OFPAT_N_TYPES)
            rows[type](&x, a);
        else if (type == OFPAT_VENDOR)
            vendor(&x, a);
    }
    pkt_unref(x.own);
}

void execute_normal(struct dp *dp, struct pkt *p, uint16_t in_port)
{
    struct execution x = {.dp = dp, .p = p, .in_port = in_port};
    to_normal(&x);
}
