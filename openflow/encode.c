/*
 * encode.c - messages put together, straight into an output buffer.
 *
 * The inverse of decode.c, type by type. begin() takes room for the whole message at once, so a
 * message is written whole or not at all; every pad is written as zero. FLOW_MOD, PACKET_OUT and
 * PACKET_IN are the paths that a controller and a switch live on: plain stores and one copy per
 * list. OpenFlow 1.0 sections 5.3 to 5.5.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/msg.h"

/* Room for a message of `fixed` bytes and a `tail` behind them, its header filled in. NULL, and
 * `out` as it was, if there is none or the length would not fit its field. */
static inline void *begin(struct buf *out, const struct ofp_msg *msg, size_t fixed, size_t tail)
{
    struct ofp_header *h;
    if (tail > OFP_MAX_MESSAGE - fixed)
        return NULL;
    h = buf_put(out, fixed + tail);
    if (h == NULL)
        return NULL;
    h->version = OFP_VERSION;
    h->type = msg->type;
    h->length = be16_of((uint16_t)(fixed + tail));
    h->xid = be32_of(msg->xid);
    return h;
}

static bool encode_bare(struct buf *out, const struct ofp_msg *msg)
{
    return begin(out, msg, sizeof(struct ofp_header), 0) != NULL;
}

static bool encode_data(struct buf *out, const struct ofp_msg *msg)
{
    struct ofp_header *w = begin(out, msg, sizeof *w, msg->data.len);
    if (w == NULL)
        return false;
    bytes_copy(w + 1, msg->data.data, msg->data.len);
    return true;
}

static bool encode_error(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_error *m = &msg->error;
    struct ofp_error_msg *w = begin(out, msg, sizeof *w, m->data.len);
    if (w == NULL)
        return false;
    w->type = be16_of(m->type);
    w->code = be16_of(m->code);
    bytes_copy(w + 1, m->data.data, m->data.len);
    return true;
}

static bool encode_vendor(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_vendor *m = &msg->vendor;
    struct ofp_vendor_header *w = begin(out, msg, sizeof *w, m->body.len);
    if (w == NULL)
        return false;
    w->vendor = be32_of(m->vendor);
    bytes_copy(w + 1, m->body.data, m->body.len);
    return true;
}

static bool encode_features(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_features *m = &msg->features;
    struct ofp_switch_features *w = begin(out, msg, sizeof *w, m->ports.len);
    if (w == NULL)
        return false;
    w->datapath_id = be64_of(m->datapath_id);
    w->n_buffers = be32_of(m->n_buffers);
    w->n_tables = m->n_tables;
    bytes_zero(w->pad, sizeof w->pad);
    w->capabilities = be32_of(m->capabilities);
    w->actions = be32_of(m->actions);
    bytes_copy(w + 1, m->ports.data, m->ports.len);
    return true;
}

static bool encode_config(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_config *m = &msg->config;
    struct ofp_switch_config *w = begin(out, msg, sizeof *w, 0);
    if (w == NULL)
        return false;
    w->flags = be16_of(m->flags);
    w->miss_send_len = be16_of(m->miss_send_len);
    return true;
}

static bool encode_packet_in(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_packet_in *m = &msg->packet_in;
    struct ofp_packet_in *w = begin(out, msg, sizeof *w, m->data.len);
    if (w == NULL)
        return false;
    w->buffer_id = be32_of(m->buffer_id);
    w->total_len = be16_of(m->total_len);
    w->in_port = be16_of(m->in_port);
    w->reason = m->reason;
    w->pad = 0;
    bytes_copy(w + 1, m->data.data, m->data.len);
    return true;
}

static bool encode_flow_removed(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_flow_removed *m = &msg->flow_removed;
    struct ofp_flow_removed *w = begin(out, msg, sizeof *w, 0);
    if (w == NULL)
        return false;
    w->match = *m->match;
    w->cookie = be64_of(m->cookie);
    w->priority = be16_of(m->priority);
    w->reason = m->reason;
    bytes_zero(w->pad, sizeof w->pad);
    w->duration_sec = be32_of(m->duration_sec);
    w->duration_nsec = be32_of(m->duration_nsec);
    w->idle_timeout = be16_of(m->idle_timeout);
    bytes_zero(w->pad2, sizeof w->pad2);
    w->packet_count = be64_of(m->packet_count);
    w->byte_count = be64_of(m->byte_count);
    return true;
}

static bool encode_port_status(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_port_status *m = &msg->port_status;
    struct ofp_port_status *w = begin(out, msg, sizeof *w, 0);
    if (w == NULL)
        return false;
    w->reason = m->reason;
    bytes_zero(w->pad, sizeof w->pad);
    w->desc = *m->desc;
    return true;
}

static bool encode_packet_out(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_packet_out *m = &msg->packet_out;
    struct ofp_packet_out *w = begin(out, msg, sizeof *w, m->actions.len + m->data.len);
    if (w == NULL)
        return false;
    w->buffer_id = be32_of(m->buffer_id);
    w->in_port = be16_of(m->in_port);
    w->actions_len = be16_of((uint16_t)m->actions.len);
    bytes_copy(w + 1, m->actions.data, m->actions.len);
    bytes_copy((uint8_t *)(w + 1) + m->actions.len, m->data.data, m->data.len);
    return true;
}

static bool encode_flow_mod(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_flow_mod *m = &msg->flow_mod;
    struct ofp_flow_mod *w = begin(out, msg, sizeof *w, m->actions.len);
    if (w == NULL)
        return false;
    w->match = *m->match;
    w->cookie = be64_of(m->cookie);
    w->command = be16_of(m->command);
    w->idle_timeout = be16_of(m->idle_timeout);
    w->hard_timeout = be16_of(m->hard_timeout);
    w->priority = be16_of(m->priority);
    w->buffer_id = be32_of(m->buffer_id);
    w->out_port = be16_of(m->out_port);
    w->flags = be16_of(m->flags);
    bytes_copy(w + 1, m->actions.data, m->actions.len);
    return true;
}

static bool encode_port_mod(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_port_mod *m = &msg->port_mod;
    struct ofp_port_mod *w = begin(out, msg, sizeof *w, 0);
    if (w == NULL)
        return false;
    w->port_no = be16_of(m->port_no);
    bytes_copy(w->hw_addr, m->hw_addr, OFP_ETH_ALEN);
    w->config = be32_of(m->config);
    w->mask = be32_of(m->mask);
    w->advertise = be32_of(m->advertise);
    bytes_zero(w->pad, sizeof w->pad);
    return true;
}

static bool encode_queue_config_request(struct buf *out, const struct ofp_msg *msg)
{
    struct ofp_queue_get_config_request *w = begin(out, msg, sizeof *w, 0);
    if (w == NULL)
        return false;
    w->port = be16_of(msg->queue_config.port);
    bytes_zero(w->pad, sizeof w->pad);
    return true;
}

static bool encode_queue_config_reply(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_queue_config *m = &msg->queue_config;
    struct ofp_queue_get_config_reply *w = begin(out, msg, sizeof *w, m->queues.len);
    if (w == NULL)
        return false;
    w->port = be16_of(m->port);
    bytes_zero(w->pad, sizeof w->pad);
    bytes_copy(w + 1, m->queues.data, m->queues.len);
    return true;
}

/* Begin a stats message, request or reply, with `n` bytes of body; returns the body's place. */
static void *begin_stats(struct buf *out, const struct ofp_msg *msg, size_t n)
{
    struct ofp_stats_header *w = begin(out, msg, sizeof *w, n);
    if (w == NULL)
        return NULL;
    w->type = be16_of(msg->stats.type);
    w->flags = be16_of(msg->stats.flags);
    return w + 1;
}

/* A stats message whose body is there already, in wire format. */
static bool encode_stats_body(struct buf *out, const struct ofp_msg *msg, const void *body,
                              size_t n)
{
    void *w = begin_stats(out, msg, n);
    if (w == NULL)
        return false;
    bytes_copy(w, body, n);
    return true;
}

static bool encode_flow_request(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_flow_request *m = &msg->stats.flow;
    struct ofp_flow_stats_request *w = begin_stats(out, msg, sizeof *w);
    if (w == NULL)
        return false;
    w->match = *m->match;
    w->table_id = m->table_id;
    w->pad = 0;
    w->out_port = be16_of(m->out_port);
    return true;
}

static bool encode_port_request(struct buf *out, const struct ofp_msg *msg)
{
    struct ofp_port_stats_request *w = begin_stats(out, msg, sizeof *w);
    if (w == NULL)
        return false;
    w->port_no = be16_of(msg->stats.port.port_no);
    bytes_zero(w->pad, sizeof w->pad);
    return true;
}

static bool encode_queue_request(struct buf *out, const struct ofp_msg *msg)
{
    struct ofp_queue_stats_request *w = begin_stats(out, msg, sizeof *w);
    if (w == NULL)
        return false;
    w->port_no = be16_of(msg->stats.port.port_no);
    bytes_zero(w->pad, sizeof w->pad);
    w->queue_id = be32_of(msg->stats.port.queue_id);
    return true;
}

static bool encode_aggregate(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_aggregate *m = &msg->stats.aggregate;
    struct ofp_aggregate_stats_reply *w = begin_stats(out, msg, sizeof *w);
    if (w == NULL)
        return false;
    w->packet_count = be64_of(m->packet_count);
    w->byte_count = be64_of(m->byte_count);
    w->flow_count = be32_of(m->flow_count);
    bytes_zero(w->pad, sizeof w->pad);
    return true;
}

static bool encode_vendor_stats(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_vendor *m = &msg->stats.vendor;
    be32 *w = begin_stats(out, msg, sizeof *w + m->body.len);
    if (w == NULL)
        return false;
    *w = be32_of(m->vendor);
    bytes_copy(w + 1, m->body.data, m->body.len);
    return true;
}

static bool encode_stats_request(struct buf *out, const struct ofp_msg *msg)
{
    switch (msg->stats.type) {
    case OFPST_DESC:
    case OFPST_TABLE:
        return encode_stats_body(out, msg, NULL, 0);
    case OFPST_FLOW:
    case OFPST_AGGREGATE:
        return encode_flow_request(out, msg);
    case OFPST_PORT:
        return encode_port_request(out, msg);
    case OFPST_QUEUE:
        return encode_queue_request(out, msg);
    case OFPST_VENDOR:
        return encode_vendor_stats(out, msg);
    }
    return false;
}

static bool encode_stats_reply(struct buf *out, const struct ofp_msg *msg)
{
    const struct ofp_msg_stats *m = &msg->stats;
    switch (m->type) {
    case OFPST_DESC:
        return encode_stats_body(out, msg, m->desc, sizeof *m->desc);
    case OFPST_FLOW:
    case OFPST_TABLE:
    case OFPST_PORT:
    case OFPST_QUEUE:
        return encode_stats_body(out, msg, m->entries.data, m->entries.len);
    case OFPST_AGGREGATE:
        return encode_aggregate(out, msg);
    case OFPST_VENDOR:
        return encode_vendor_stats(out, msg);
    }
    return false;
}

bool ofp_encode(struct buf *out, const struct ofp_msg *msg)
{
    switch (msg->type) {
    case OFPT_FLOW_MOD:
        return encode_flow_mod(out, msg);
    case OFPT_PACKET_OUT:
        return encode_packet_out(out, msg);
    case OFPT_PACKET_IN:
        return encode_packet_in(out, msg);
    case OFPT_HELLO:
    case OFPT_ECHO_REQUEST:
    case OFPT_ECHO_REPLY:
        return encode_data(out, msg);
    case OFPT_ERROR:
        return encode_error(out, msg);
    case OFPT_VENDOR:
        return encode_vendor(out, msg);
    case OFPT_FEATURES_REQUEST:
    case OFPT_GET_CONFIG_REQUEST:
    case OFPT_BARRIER_REQUEST:
    case OFPT_BARRIER_REPLY:
        return encode_bare(out, msg);
    case OFPT_FEATURES_REPLY:
        return encode_features(out, msg);
    case OFPT_GET_CONFIG_REPLY:
    case OFPT_SET_CONFIG:
        return encode_config(out, msg);
    case OFPT_FLOW_REMOVED:
        return encode_flow_removed(out, msg);
    case OFPT_PORT_STATUS:
        return encode_port_status(out, msg);
    case OFPT_PORT_MOD:
        return encode_port_mod(out, msg);
    case OFPT_STATS_REQUEST:
        return encode_stats_request(out, msg);
    case OFPT_STATS_REPLY:
        return encode_stats_reply(out, msg);
    case OFPT_QUEUE_GET_CONFIG_REQUEST:
        return encode_queue_config_request(out, msg);
    case OFPT_QUEUE_GET_CONFIG_REPLY:
        return encode_queue_config_reply(out, msg);
    }
    return false;
}

static size_t stats_bound(const struct ofp_msg_stats *m, bool reply)
{
    if (m->type == OFPST_VENDOR)
        return sizeof(be32) + m->vendor.body.len;
    if (!reply)
        return sizeof(struct ofp_flow_stats_request); /* the longest request */
    if (m->type == OFPST_DESC)
        return sizeof(struct ofp_desc_stats);
    return m->type == OFPST_AGGREGATE ? sizeof(struct ofp_aggregate_stats_reply) : m->entries.len;
}

size_t ofp_encoded_bound(const struct ofp_msg *msg)
{
    switch (msg->type) {
    case OFPT_HELLO:
    case OFPT_ECHO_REQUEST:
    case OFPT_ECHO_REPLY:
        return sizeof(struct ofp_header) + msg->data.len;
    case OFPT_ERROR:
        return sizeof(struct ofp_error_msg) + msg->error.data.len;
    case OFPT_VENDOR:
        return sizeof(struct ofp_vendor_header) + msg->vendor.body.len;
    case OFPT_FEATURES_REPLY:
        return sizeof(struct ofp_switch_features) + msg->features.ports.len;
    case OFPT_PACKET_IN:
        return sizeof(struct ofp_packet_in) + msg->packet_in.data.len;
    case OFPT_PACKET_OUT:
        return sizeof(struct ofp_packet_out) + msg->packet_out.actions.len +
               msg->packet_out.data.len;
    case OFPT_FLOW_MOD:
        return sizeof(struct ofp_flow_mod) + msg->flow_mod.actions.len;
    case OFPT_STATS_REQUEST:
    case OFPT_STATS_REPLY:
        return sizeof(struct ofp_stats_header) +
               stats_bound(&msg->stats, msg->type == OFPT_STATS_REPLY);
    case OFPT_QUEUE_GET_CONFIG_REPLY:
        return sizeof(struct ofp_queue_get_config_reply) + msg->queue_config.queues.len;
    default:
        return sizeof(struct ofp_flow_removed); /* the longest of the others */
    }
}

bool ofp_encode_error(struct buf *out, uint16_t type, uint16_t code, struct span request)
{
    const struct ofp_header *h = (const void *)request.data;
    size_t n = request.len < OFP_ERROR_DATA_MIN ? request.len : OFP_ERROR_DATA_MIN;
    struct ofp_msg msg = {
        .type = OFPT_ERROR,
        .xid = request.len < sizeof *h ? 0 : be32_get(h->xid),
        .error = {.type = type, .code = code, .data = span_of(request.data, n)},
    };
    return encode_error(out, &msg);
}
