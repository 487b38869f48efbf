/*
 * handle.c - what is done with each message: one row per type.
 *
 * Called by connection.c with messages that validation has let through, so that only what the
 * datapath and the controller's role have to say against them is left. A row says which function
 * does it and whether that changes what all controllers share: a slave may not do that (Nicira's
 * role extension), but may ask anything.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print.h"
#include "switch/connection.h"

LOG_MODULE(agent);

static bool refuse(struct ofp_fault *fault, uint16_t type, uint16_t code)
{
    *fault = (struct ofp_fault){.type = type, .code = code};
    return false;
}

/* --- Sections 5.5 and 5.4.4: what both sides say --------------------------------------------- */

/* A hello once more, or the answer to our echo request: that it was heard is all there is to it. */
static bool on_nothing(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    (void)c;
    (void)msg;
    (void)fault;
    return true;
}

static bool on_error(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    const char *name = ofp_error_name(msg->error.type, msg->error.code);
    (void)fault;
    log_warn_limited(&c->noise, "%s: error %s (type %u, code %u)", c->peer,
                     name != NULL ? name : "of no known name", msg->error.type, msg->error.code);
    return true;
}

static bool on_echo_request(struct connection *c, const struct ofp_msg *msg,
                            struct ofp_fault *fault)
{
    const struct ofp_msg reply = {.type = OFPT_ECHO_REPLY, .xid = msg->xid, .data = msg->data};
    (void)fault;
    connection_send(c, &reply);
    return true;
}

/* Nicira's role request is the one vendor message that validation lets through. What it says is
 * done at once, and said back. */
static bool on_vendor(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    const struct nx_body {
        be32 subtype;
        be32 role;
    } *request = (const void *)msg->vendor.body.data;
    struct nx_body body = {.subtype = be32_of(NXT_ROLE_REPLY), .role = request->role};
    const struct ofp_msg reply = {
        .type = OFPT_VENDOR,
        .xid = msg->xid,
        .vendor = {.vendor = NX_VENDOR_ID, .body = span_of(&body, sizeof body)},
    };
    uint32_t role = be32_get(request->role);

    if (role > NX_ROLE_SLAVE)
        return refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BAD_SUBTYPE);
    agent_set_role(c, role);
    connection_send(c, &reply);
    return true;
}

/* --- Sections 5.3.1 and 5.3.2: features and configuration ------------------------------------ */

/* All ports, or as many as go into one message: 1.0 has no second one. */
static struct span list_ports(struct agent *agent)
{
    struct buf list = buf_of(agent->area, OFP_MAX_MESSAGE - sizeof(struct ofp_switch_features));
    struct ofp_phy_port *port;
    uint16_t port_no = 0;
    while (dp_port_next(agent->dp, &port_no) && (port = buf_put(&list, sizeof *port)) != NULL)
        dp_port_desc(agent->dp, port_no, port);
    return span_of(list.data, list.len);
}

static bool on_features_request(struct connection *c, const struct ofp_msg *msg,
                                struct ofp_fault *fault)
{
    struct ofp_msg reply = {.type = OFPT_FEATURES_REPLY, .xid = msg->xid};
    (void)fault;
    dp_features(c->agent->dp, &reply.features);
    reply.features.ports = list_ports(c->agent);
    connection_send(c, &reply);
    return true;
}

static bool on_get_config_request(struct connection *c, const struct ofp_msg *msg,
                                  struct ofp_fault *fault)
{
    struct ofp_msg reply = {.type = OFPT_GET_CONFIG_REPLY, .xid = msg->xid};
    (void)fault;
    dp_get_config(c->agent->dp, &reply.config);
    reply.config.miss_send_len = c->miss_send_len;
    reply.config.flags &= OFPC_FRAG_MASK;
    if (c->invalid_ttl_to_controller)
        reply.config.flags |= OFPC_INVALID_TTL_TO_CONTROLLER;
    connection_send(c, &reply);
    return true;
}

/* miss_send_len, and whether to be sent packets whose TTL ends, are the connection's own, so a
 * slave may set them; fragments are everybody's. */
static bool on_set_config(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    struct ofp_msg_config now;
    dp_get_config(c->agent->dp, &now);
    if (c->role == NX_ROLE_SLAVE && ((msg->config.flags ^ now.flags) & OFPC_FRAG_MASK) != 0)
        return refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    c->miss_send_len = msg->config.miss_send_len;
    c->invalid_ttl_to_controller = (msg->config.flags & OFPC_INVALID_TTL_TO_CONTROLLER) != 0;
    agent_update_config(c->agent, msg->config.flags);
    return true;
}

/* --- Sections 5.3.3 and 5.3.6: changes ------------------------------------------------------- */

/* More actions than an entry of a statistics reply has room for could never be told again. */
#define ACTIONS_MAX                                                                                \
    (OFP_MAX_MESSAGE - sizeof(struct ofp_stats_header) - sizeof(struct ofp_flow_stats))

bool handle_flow_mod(struct agent *agent, const struct ofp_msg_flow_mod *mod,
                     struct ofp_fault *fault)
{
    if (mod->actions.len > ACTIONS_MAX)
        return refuse(fault, OFPET_BAD_ACTION, OFPBAC_TOO_MANY);
    return dp_flow_mod(agent->dp, mod, fault);
}

static bool on_flow_mod(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    return handle_flow_mod(c->agent, &msg->flow_mod, fault);
}

static bool on_packet_out(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    return dp_packet_out(c->agent->dp, &msg->packet_out, fault);
}

static bool on_port_mod(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    return dp_port_mod(c->agent->dp, &msg->port_mod, fault);
}

/* --- Sections 5.3.4 and 5.3.7: queues, barrier ----------------------------------------------- */

/* One queue with its property, if it has one. False if there is no room. */
static bool put_queue(struct buf *list, const struct dp_queue *queue)
{
    bool rated = queue->min_rate != OFPQ_MIN_RATE_UNCFG;
    struct ofp_queue_prop_min_rate *rate;
    struct ofp_packet_queue *q;
    size_t len = sizeof *q + (rated ? sizeof *rate : 0);

    q = buf_put(list, len);
    if (q == NULL)
        return false;
    bytes_zero(q, len);
    q->queue_id = be32_of(queue->id);
    q->len = be16_of((uint16_t)len);
    if (!rated)
        return true;
    rate = (void *)(q + 1);
    rate->prop_header.property = be16_of(OFPQT_MIN_RATE);
    rate->prop_header.len = be16_of(sizeof *rate);
    rate->rate = be16_of(queue->min_rate);
    return true;
}

static bool on_queue_request(struct connection *c, const struct ofp_msg *msg,
                             struct ofp_fault *fault)
{
    struct ofp_msg reply = {.type = OFPT_QUEUE_GET_CONFIG_REPLY, .xid = msg->xid};
    struct buf list =
        buf_of(c->agent->area, OFP_MAX_MESSAGE - sizeof(struct ofp_queue_get_config_reply));
    uint16_t port = msg->queue_config.port;
    struct ofp_phy_port desc;
    struct dp_queue queue;

    if (!dp_port_desc(c->agent->dp, port, &desc))
        return refuse(fault, OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT);
    for (size_t i = 0; dp_queue(c->agent->dp, port, i, &queue) && put_queue(&list, &queue);)
        i++;
    reply.queue_config.port = port;
    reply.queue_config.queues = span_of(list.data, list.len);
    connection_send(c, &reply);
    return true;
}

/* All that came before it has been done and answered: see connection.h. */
static bool on_barrier_request(struct connection *c, const struct ofp_msg *msg,
                               struct ofp_fault *fault)
{
    const struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY, .xid = msg->xid};
    (void)fault;
    connection_send(c, &reply);
    return true;
}

/* --- The rows -------------------------------------------------------------------------------- */

struct row {
    bool (*handle)(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault);
    bool changes; /* what all controllers share */
};

/* Validation lets no other type through to a switch. */
static const struct row rows[OFPT_N_TYPES] = {
    [OFPT_HELLO] = {on_nothing, false},
    [OFPT_ERROR] = {on_error, false},
    [OFPT_ECHO_REQUEST] = {on_echo_request, false},
    [OFPT_ECHO_REPLY] = {on_nothing, false},
    [OFPT_VENDOR] = {on_vendor, false},
    [OFPT_FEATURES_REQUEST] = {on_features_request, false},
    [OFPT_GET_CONFIG_REQUEST] = {on_get_config_request, false},
    [OFPT_SET_CONFIG] = {on_set_config, false},
    [OFPT_PACKET_OUT] = {on_packet_out, true},
    [OFPT_FLOW_MOD] = {on_flow_mod, true},
    [OFPT_PORT_MOD] = {on_port_mod, true},
    [OFPT_STATS_REQUEST] = {stats_reply, false},
    [OFPT_BARRIER_REQUEST] = {on_barrier_request, false},
    [OFPT_QUEUE_GET_CONFIG_REQUEST] = {on_queue_request, false},
};

bool handle_message(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    const struct row *row = &rows[msg->type];
    if (row->changes && c->role == NX_ROLE_SLAVE)
        return refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    return row->handle(c, msg, fault);
}
