/*
 * decode.c - messages taken apart, and the lists in them walked.
 *
 * Called once per message that ofp_validate() found good, so nothing is judged here: each function
 * reads one type's fixed fields and leaves what follows them as a view. encode.c is the inverse,
 * type by type. The list walkers check lengths all the same, because validate.c stands on them.
 * OpenFlow 1.0 sections 5.3 to 5.5.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/msg.h"

/* What lies behind the first `n` bytes. */
static struct span behind(struct span bytes, size_t n)
{
    return span_of(bytes.data + n, bytes.len - n);
}

static void decode_error(struct ofp_msg_error *m, struct span bytes)
{
    const struct ofp_error_msg *w = (const void *)bytes.data;
    m->type = be16_get(w->type);
    m->code = be16_get(w->code);
    m->data = behind(bytes, sizeof *w);
}

/* `bytes` begins at the vendor id, in a vendor message and in vendor stats alike. */
static void decode_vendor(struct ofp_msg_vendor *m, struct span bytes)
{
    m->vendor = be32_get(*(const be32 *)bytes.data);
    m->body = behind(bytes, sizeof(be32));
}

static void decode_features(struct ofp_msg_features *m, struct span bytes)
{
    const struct ofp_switch_features *w = (const void *)bytes.data;
    m->datapath_id = be64_get(w->datapath_id);
    m->n_buffers = be32_get(w->n_buffers);
    m->n_tables = w->n_tables;
    m->capabilities = be32_get(w->capabilities);
    m->actions = be32_get(w->actions);
    m->ports = behind(bytes, sizeof *w);
}

static void decode_config(struct ofp_msg_config *m, struct span bytes)
{
    const struct ofp_switch_config *w = (const void *)bytes.data;
    m->flags = be16_get(w->flags);
    m->miss_send_len = be16_get(w->miss_send_len);
}

static void decode_packet_in(struct ofp_msg_packet_in *m, struct span bytes)
{
    const struct ofp_packet_in *w = (const void *)bytes.data;
    m->buffer_id = be32_get(w->buffer_id);
    m->total_len = be16_get(w->total_len);
    m->in_port = be16_get(w->in_port);
    m->reason = w->reason;
    m->data = behind(bytes, sizeof *w);
}

static void decode_flow_removed(struct ofp_msg_flow_removed *m, struct span bytes)
{
    const struct ofp_flow_removed *w = (const void *)bytes.data;
    m->match = &w->match;
    m->cookie = be64_get(w->cookie);
    m->priority = be16_get(w->priority);
    m->reason = w->reason;
    m->duration_sec = be32_get(w->duration_sec);
    m->duration_nsec = be32_get(w->duration_nsec);
    m->idle_timeout = be16_get(w->idle_timeout);
    m->packet_count = be64_get(w->packet_count);
    m->byte_count = be64_get(w->byte_count);
}

static void decode_port_status(struct ofp_msg_port_status *m, struct span bytes)
{
    const struct ofp_port_status *w = (const void *)bytes.data;
    m->reason = w->reason;
    m->desc = &w->desc;
}

static void decode_packet_out(struct ofp_msg_packet_out *m, struct span bytes)
{
    const struct ofp_packet_out *w = (const void *)bytes.data;
    m->buffer_id = be32_get(w->buffer_id);
    m->in_port = be16_get(w->in_port);
    m->actions = span_of(w + 1, be16_get(w->actions_len));
    m->data = behind(bytes, sizeof *w + m->actions.len);
}

static void decode_flow_mod(struct ofp_msg_flow_mod *m, struct span bytes)
{
    const struct ofp_flow_mod *w = (const void *)bytes.data;
    m->match = &w->match;
    m->cookie = be64_get(w->cookie);
    m->command = be16_get(w->command);
    m->idle_timeout = be16_get(w->idle_timeout);
    m->hard_timeout = be16_get(w->hard_timeout);
    m->priority = be16_get(w->priority);
    m->buffer_id = be32_get(w->buffer_id);
    m->out_port = be16_get(w->out_port);
    m->flags = be16_get(w->flags);
    m->actions = behind(bytes, sizeof *w);
}

static void decode_port_mod(struct ofp_msg_port_mod *m, struct span bytes)
{
    const struct ofp_port_mod *w = (const void *)bytes.data;
    m->port_no = be16_get(w->port_no);
    bytes_copy(m->hw_addr, w->hw_addr, OFP_ETH_ALEN);
    m->config = be32_get(w->config);
    m->mask = be32_get(w->mask);
    m->advertise = be32_get(w->advertise);
}

static void decode_queue_config_request(struct ofp_msg_queue_config *m, struct span bytes)
{
    const struct ofp_queue_get_config_request *w = (const void *)bytes.data;
    m->port = be16_get(w->port);
    m->queues = behind(bytes, bytes.len);
}

static void decode_queue_config_reply(struct ofp_msg_queue_config *m, struct span bytes)
{
    const struct ofp_queue_get_config_reply *w = (const void *)bytes.data;
    m->port = be16_get(w->port);
    m->queues = behind(bytes, sizeof *w);
}

static void decode_flow_request(struct ofp_msg_flow_request *m, struct span body)
{
    const struct ofp_flow_stats_request *w = (const void *)body.data;
    m->match = &w->match;
    m->table_id = w->table_id;
    m->out_port = be16_get(w->out_port);
}

static void decode_port_request(struct ofp_msg_port_request *m, struct span body)
{
    const struct ofp_port_stats_request *w = (const void *)body.data;
    m->port_no = be16_get(w->port_no);
    m->queue_id = 0;
}

static void decode_queue_request(struct ofp_msg_port_request *m, struct span body)
{
    const struct ofp_queue_stats_request *w = (const void *)body.data;
    m->port_no = be16_get(w->port_no);
    m->queue_id = be32_get(w->queue_id);
}

static void decode_aggregate(struct ofp_msg_aggregate *m, struct span body)
{
    const struct ofp_aggregate_stats_reply *w = (const void *)body.data;
    m->packet_count = be64_get(w->packet_count);
    m->byte_count = be64_get(w->byte_count);
    m->flow_count = be32_get(w->flow_count);
}

/* What requests and replies begin with alike. Returns the body. */
static struct span decode_stats_header(struct ofp_msg_stats *m, struct span bytes)
{
    const struct ofp_stats_header *w = (const void *)bytes.data;
    m->type = be16_get(w->type);
    m->flags = be16_get(w->flags);
    return behind(bytes, sizeof *w);
}

static void decode_stats_request(struct ofp_msg_stats *m, struct span bytes)
{
    struct span body = decode_stats_header(m, bytes);
    switch (m->type) {
    case OFPST_FLOW:
    case OFPST_AGGREGATE:
        decode_flow_request(&m->flow, body);
        break;
    case OFPST_PORT:
        decode_port_request(&m->port, body);
        break;
    case OFPST_QUEUE:
        decode_queue_request(&m->port, body);
        break;
    case OFPST_VENDOR:
        decode_vendor(&m->vendor, body);
        break;
    }
}

static void decode_stats_reply(struct ofp_msg_stats *m, struct span bytes)
{
    struct span body = decode_stats_header(m, bytes);
    switch (m->type) {
    case OFPST_DESC:
        m->desc = (const void *)body.data;
        break;
    case OFPST_AGGREGATE:
        decode_aggregate(&m->aggregate, body);
        break;
    case OFPST_VENDOR:
        decode_vendor(&m->vendor, body);
        break;
    default:
        m->entries = body;
        break;
    }
}

void ofp_decode(struct ofp_msg *msg, struct span bytes)
{
    const struct ofp_header *h = (const void *)bytes.data;
    msg->type = h->type;
    msg->xid = be32_get(h->xid);
    switch (msg->type) {
    case OFPT_HELLO:
    case OFPT_ECHO_REQUEST:
    case OFPT_ECHO_REPLY:
        msg->data = behind(bytes, sizeof *h);
        break;
    case OFPT_ERROR:
        decode_error(&msg->error, bytes);
        break;
    case OFPT_VENDOR:
        decode_vendor(&msg->vendor, behind(bytes, sizeof *h));
        break;
    case OFPT_FEATURES_REPLY:
        decode_features(&msg->features, bytes);
        break;
    case OFPT_GET_CONFIG_REPLY:
    case OFPT_SET_CONFIG:
        decode_config(&msg->config, bytes);
        break;
    case OFPT_PACKET_IN:
        decode_packet_in(&msg->packet_in, bytes);
        break;
    case OFPT_FLOW_REMOVED:
        decode_flow_removed(&msg->flow_removed, bytes);
        break;
    case OFPT_PORT_STATUS:
        decode_port_status(&msg->port_status, bytes);
        break;
    case OFPT_PACKET_OUT:
        decode_packet_out(&msg->packet_out, bytes);
        break;
    case OFPT_FLOW_MOD:
        decode_flow_mod(&msg->flow_mod, bytes);
        break;
    case OFPT_PORT_MOD:
        decode_port_mod(&msg->port_mod, bytes);
        break;
    case OFPT_STATS_REQUEST:
        decode_stats_request(&msg->stats, bytes);
        break;
    case OFPT_STATS_REPLY:
        decode_stats_reply(&msg->stats, bytes);
        break;
    case OFPT_QUEUE_GET_CONFIG_REQUEST:
        decode_queue_config_request(&msg->queue_config, bytes);
        break;
    case OFPT_QUEUE_GET_CONFIG_REPLY:
        decode_queue_config_reply(&msg->queue_config, bytes);
        break;
    }
}

/* --- Lists ----------------------------------------------------------------------------------- */

const struct ofp_phy_port *ofp_next_port(struct span *rest)
{
    return span_take(rest, sizeof(struct ofp_phy_port));
}

const struct ofp_table_stats *ofp_next_table_stats(struct span *rest)
{
    return span_take(rest, sizeof(struct ofp_table_stats));
}

const struct ofp_port_stats *ofp_next_port_stats(struct span *rest)
{
    return span_take(rest, sizeof(struct ofp_port_stats));
}

const struct ofp_queue_stats *ofp_next_queue_stats(struct span *rest)
{
    return span_take(rest, sizeof(struct ofp_queue_stats));
}

/* Take an entry that claims `len` bytes, of which `fixed` come before its own list, `*inner`. */
static const void *take_entry(struct span *rest, size_t len, size_t fixed, struct span *inner)
{
    const uint8_t *p = len < fixed ? NULL : span_take(rest, len);
    if (p != NULL)
        *inner = span_of(p + fixed, len - fixed);
    return p;
}

const struct ofp_flow_stats *ofp_next_flow_stats(struct span *rest, struct span *actions)
{
    const struct ofp_flow_stats *e = (const void *)rest->data;
    if (rest->len < sizeof *e)
        return NULL;
    return take_entry(rest, be16_get(e->length), sizeof *e, actions);
}

const struct ofp_packet_queue *ofp_next_queue(struct span *rest, struct span *properties)
{
    const struct ofp_packet_queue *e = (const void *)rest->data;
    if (rest->len < sizeof *e)
        return NULL;
    return take_entry(rest, be16_get(e->len), sizeof *e, properties);
}

const struct ofp_queue_prop_header *ofp_next_queue_prop(struct span *rest)
{
    const struct ofp_queue_prop_header *e = (const void *)rest->data;
    struct span value;
    if (rest->len < sizeof *e)
        return NULL;
    return take_entry(rest, be16_get(e->len), sizeof *e, &value);
}
