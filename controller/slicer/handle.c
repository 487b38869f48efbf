/*
 * handle.c - what a slice's controller says: a row per type of message; see slicer.h.
 *
 * What a switch would answer by itself is answered here, from what the slice may see; what changes
 * the switch is done by flows.c and packet_out.c; what only the switch knows is asked by asks.c and
 * stats.c. What belongs to all slices alike (fragments, ports up and down) none of them may change.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <stdlib.h>

/* --- Sections 5.3.1, 5.3.2 ------------------------------------------------------------------- */

#define PORTS_MAX                                                                                  \
    ((OFP_MAX_MESSAGE - sizeof(struct ofp_switch_features)) / sizeof(struct ofp_phy_port))

static struct span list_ports(const struct view *view, struct ofp_phy_port *list)
{
    size_t n = 0;
    for (; n < view->n_ports && n < PORTS_MAX; n++) {
        const struct vport *port = &view->port[n];
        list[n] = port->desc;
        list[n].port_no = be16_of(port->number);
        list[n].config = be32_of(be32_get(port->desc.config) | port->config);
    }
    return span_of(list, n * sizeof *list);
}

/* What all switches of a view can do. */
static struct ofp_msg_features common_features(const struct view *view)
{
    struct ofp_msg_features all = {
        .n_buffers = SLICER_BUFFERS, .capabilities = UINT32_MAX, .actions = UINT32_MAX};
    for (const struct place *p = place_first(view); p != NULL; p = place_next(view, p)) {
        const struct ofp_msg_features *f = ctl_dp_features(p->dp);
        if (f->n_buffers < all.n_buffers)
            all.n_buffers = f->n_buffers;
        all.capabilities &= f->capabilities;
        all.actions &= f->actions;
    }
    return all;
}

/* One table, whatever the switch has: flows are told of as one. Vendor actions are nobody's, and a
 * big switch has no queues. */
static bool on_features(struct view *view, const struct ofp_msg *msg, struct span bytes,
                        struct ofp_fault *fault)
{
    static struct ofp_phy_port list[PORTS_MAX];
    const uint32_t known = OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_PORT_STATS | OFPC_IP_REASM |
                           OFPC_QUEUE_STATS | OFPC_ARP_MATCH_IP;
    struct ofp_msg reply = {.type = OFPT_FEATURES_REPLY, .xid = msg->xid};
    (void)bytes;
    (void)fault;
    reply.features = common_features(view);
    reply.features.datapath_id = view_dpid(view);
    reply.features.n_tables = 1;
    reply.features.capabilities &= known;
    reply.features.actions &= (1u << OFPAT_N_TYPES) - 1;
    if (view->place == NULL) {
        reply.features.capabilities &= ~(uint32_t)OFPC_QUEUE_STATS;
        reply.features.actions &= ~(1u << OFPAT_ENQUEUE);
    }
    reply.features.ports = list_ports(view, list);
    link_send(&view->link, &reply);
    return true;
}

static bool on_get_config(struct view *view, const struct ofp_msg *msg, struct span bytes,
                          struct ofp_fault *fault)
{
    const struct ofp_msg reply = {.type = OFPT_GET_CONFIG_REPLY,
                                  .xid = msg->xid,
                                  .config = {.miss_send_len = view->miss_send_len}};
    (void)bytes;
    (void)fault;
    link_send(&view->link, &reply);
    return true;
}

static bool on_set_config(struct view *view, const struct ofp_msg *msg, struct span bytes,
                          struct ofp_fault *fault)
{
    (void)bytes;
    view->miss_send_len = msg->config.miss_send_len;
    for (struct place *p = place_first(view); p != NULL; p = place_next(view, p))
        place_update_config(p);
    return msg->config.flags == OFPC_FRAG_NORMAL ||
           slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
}

/* --- Sections 5.3.3, 5.3.6 ------------------------------------------------------------------- */

static bool on_packet_out(struct view *view, const struct ofp_msg *msg, struct span bytes,
                          struct ofp_fault *fault)
{
    return packet_out(view, &msg->packet_out, bytes, fault);
}

static bool on_flow_mod(struct view *view, const struct ofp_msg *msg, struct span bytes,
                        struct ofp_fault *fault)
{
    return flows_mod(view, &msg->flow_mod, bytes, fault);
}

/* Whether a port floods is each slice's own, as floods become ports here (actions.c). */
static bool on_port_mod(struct view *view, const struct ofp_msg *msg, struct span bytes,
                        struct ofp_fault *fault)
{
    const struct ofp_msg_port_mod *mod = &msg->port_mod;
    struct vport *port = view_port(view, mod->port_no);
    (void)bytes;
    if (port == NULL)
        return slicer_refuse(fault, OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT);
    if (!bytes_equal(port->desc.hw_addr, mod->hw_addr, sizeof mod->hw_addr))
        return slicer_refuse(fault, OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_HW_ADDR);
    if ((mod->mask & ~(uint32_t)OFPPC_NO_FLOOD) != 0 || mod->advertise != 0)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    if ((port->config ^ mod->config) & mod->mask) {
        port->config ^= OFPPC_NO_FLOOD;
        view_reflood(view);
    }
    return true;
}

/* --- Sections 5.3.4, 5.3.5, 5.3.7: the switch knows ------------------------------------------ */

static void answer_barrier(struct ask *ask)
{
    const struct ofp_msg msg = {.type = OFPT_BARRIER_REPLY, .xid = ask->xid};
    link_send(&ask->view->link, &msg);
}

static bool on_barrier(struct view *view, const struct ofp_msg *msg, struct span bytes,
                       struct ofp_fault *fault)
{
    const struct ask like = {.finish = answer_barrier};
    return ask(view, NULL, msg, &like, bytes, fault);
}

static void take_queues(struct ask *ask, const struct place *place, const struct ofp_msg *reply)
{
    struct ofp_msg msg = *reply;
    const struct vport *port = view_real_port(ask->view, place, reply->queue_config.port);
    msg.xid = ask->xid;
    if (port != NULL)
        msg.queue_config.port = port->number;
    link_send(&ask->view->link, &msg);
}

static bool say_no_queues(struct view *view, const struct ofp_msg *request)
{
    const struct ofp_msg reply = {.type = OFPT_QUEUE_GET_CONFIG_REPLY,
                                  .xid = request->xid,
                                  .queue_config = {.port = request->queue_config.port}};
    link_send(&view->link, &reply);
    return true;
}

static bool on_queues(struct view *view, const struct ofp_msg *msg, struct span bytes,
                      struct ofp_fault *fault)
{
    const struct vport *port = view_port(view, msg->queue_config.port);
    const struct ask like = {.take = take_queues};
    struct ofp_msg request = *msg;
    if (port == NULL)
        return slicer_refuse(fault, OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT);
    if (view->place == NULL)
        return say_no_queues(view, msg);
    request.queue_config.port = port->real;
    return ask(view, port->place, &request, &like, bytes, fault);
}

/* A view has one controller, which may call itself what it wants. */
static bool on_vendor(struct view *view, const struct ofp_msg *msg, struct span bytes,
                      struct ofp_fault *fault)
{
    struct nx_body {
        be32 subtype;
        be32 role;
    } body;
    const struct ofp_msg reply = {.type = OFPT_VENDOR,
                                  .xid = msg->xid,
                                  .vendor = {NX_VENDOR_ID, span_of(&body, sizeof body)}};
    (void)bytes;
    if (msg->vendor.body.len != sizeof body)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BAD_VENDOR);
    bytes_copy(&body, msg->vendor.body.data, sizeof body);
    body.subtype = be32_of(NXT_ROLE_REPLY);
    if (be32_get(body.role) > NX_ROLE_SLAVE)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BAD_SUBTYPE);
    link_send(&view->link, &reply);
    return true;
}

/* --- The rows -------------------------------------------------------------------------------- */

typedef bool handle_fn(struct view *view, const struct ofp_msg *msg, struct span bytes,
                       struct ofp_fault *fault);

static handle_fn *const rows[OFPT_N_TYPES] = {
    [OFPT_VENDOR] = on_vendor,
    [OFPT_FEATURES_REQUEST] = on_features,
    [OFPT_GET_CONFIG_REQUEST] = on_get_config,
    [OFPT_SET_CONFIG] = on_set_config,
    [OFPT_PACKET_OUT] = on_packet_out,
    [OFPT_FLOW_MOD] = on_flow_mod,
    [OFPT_PORT_MOD] = on_port_mod,
    [OFPT_STATS_REQUEST] = stats_request,
    [OFPT_BARRIER_REQUEST] = on_barrier,
    [OFPT_QUEUE_GET_CONFIG_REQUEST] = on_queues,
};

/* Validation lets no other type through to a switch, and the link answers the rest. */
bool handle_request(struct view *view, const struct ofp_msg *msg, struct span bytes,
                    struct ofp_fault *fault)
{
    return rows[msg->type](view, msg, bytes, fault);
}
