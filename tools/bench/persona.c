/*
 * persona.c - see persona.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/persona.h"
#include <assert.h>
#include <stdio.h>

/* All that ports and tables of one switch take in a reply. */
#define LIST_MAX (TRAFFIC_PORTS_MAX * sizeof(struct ofp_port_stats))

void persona_init(struct persona *p, uint32_t index, const struct traffic *traffic)
{
    *p = (struct persona){
        .index = index, .traffic = traffic, .miss_send_len = OFP_DEFAULT_MISS_SEND_LEN};
}

static bool answer_echo(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    struct ofp_msg reply = {.type = OFPT_ECHO_REPLY, .xid = request->xid, .data = request->data};
    (void)p;
    return ofp_encode(out, &reply);
}

/* Ports have addresses that no host has: switch number 0xffff is not given out. */
static void put_port(struct buf *list, const struct persona *p, uint16_t port_no)
{
    struct ofp_phy_port *port = buf_put(list, sizeof *port);
    assert(port != NULL);
    *port = (struct ofp_phy_port){
        .port_no = be16_of(port_no),
        .curr = be32_of(OFPPF_10GB_FD | OFPPF_FIBER),
        .supported = be32_of(OFPPF_10GB_FD | OFPPF_FIBER),
    };
    traffic_mac(port->hw_addr, 0xffff, port_no);
    snprintf(port->name, sizeof port->name, "b%u-%u", (unsigned)p->index + 1, (unsigned)port_no);
}

static bool answer_features(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    uint8_t area[LIST_MAX];
    struct buf list = buf_of(area, sizeof area);
    for (uint32_t i = 1; i <= p->traffic->ports; i++)
        put_port(&list, p, (uint16_t)i);
    struct ofp_msg reply = {
        .type = OFPT_FEATURES_REPLY,
        .xid = request->xid,
        .features = {.datapath_id = p->index + 1,
                     .n_buffers = PERSONA_BUFFERS,
                     .n_tables = 1,
                     .capabilities = OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_PORT_STATS,
                     .actions = (1 << OFPAT_N_TYPES) - 1,
                     .ports = span_of(list.data, list.len)}};
    return ofp_encode(out, &reply);
}

static bool answer_get_config(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    struct ofp_msg reply = {.type = OFPT_GET_CONFIG_REPLY,
                            .xid = request->xid,
                            .config = {.flags = p->flags, .miss_send_len = p->miss_send_len}};
    return ofp_encode(out, &reply);
}

static bool take_config(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    (void)out;
    p->flags = request->config.flags;
    p->miss_send_len = request->config.miss_send_len;
    return true;
}

static bool answer_barrier(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY, .xid = request->xid};
    (void)p;
    return ofp_encode(out, &reply);
}

static bool answer_queues(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    struct ofp_msg reply = {.type = OFPT_QUEUE_GET_CONFIG_REPLY,
                            .xid = request->xid,
                            .queue_config = {.port = request->queue_config.port}};
    (void)p;
    return ofp_encode(out, &reply);
}

/* The one table, in which nothing is ever installed. */
static void put_table_stats(struct buf *list, const struct persona *p)
{
    struct ofp_table_stats *table = buf_put(list, sizeof *table);
    assert(table != NULL);
    *table = (struct ofp_table_stats){
        .name = "main",
        .wildcards = be32_of(OFPFW_ALL),
        .max_entries = be32_of(1u << 20),
        .lookup_count = be64_of(p->missed),
    };
}

/* Counters that are not kept are all ones (section 5.3.5). */
static void put_port_stats(struct buf *list, uint16_t port_no)
{
    struct ofp_port_stats *port = buf_put(list, sizeof *port);
    assert(port != NULL);
    __builtin_memset(port, 0xff, sizeof *port);
    port->port_no = be16_of(port_no);
    bytes_zero(port->pad, sizeof port->pad);
}

static void put_all_port_stats(struct buf *list, const struct persona *p, uint16_t which)
{
    for (uint32_t i = 1; i <= p->traffic->ports; i++) {
        if (which == OFPP_NONE || which == i)
            put_port_stats(list, (uint16_t)i);
    }
}

static bool answer_stats(struct persona *p, struct buf *out, const struct ofp_msg *request)
{
    static const struct ofp_desc_stats desc = {
        .mfr_desc = "Morgana",
        .hw_desc = "emulated",
        .sw_desc = "morgana-bench " MORGANA_VERSION,
        .serial_num = "None",
        .dp_desc = "None",
    };
    uint8_t area[LIST_MAX];
    struct buf list = buf_of(area, sizeof area);
    struct ofp_msg reply = {
        .type = OFPT_STATS_REPLY, .xid = request->xid, .stats = {.type = request->stats.type}};
    if (request->stats.type == OFPST_TABLE)
        put_table_stats(&list, p);
    else if (request->stats.type == OFPST_PORT)
        put_all_port_stats(&list, p, request->stats.port.port_no);
    if (request->stats.type == OFPST_DESC)
        reply.stats.desc = &desc;
    else if (request->stats.type != OFPST_AGGREGATE)
        reply.stats.entries = span_of(list.data, list.len);
    return ofp_encode(out, &reply);
}

/* Who answers what; the others want no answer. Vendor messages are dealt with before. */
static bool (*const answers[OFPT_N_TYPES])(struct persona *p, struct buf *out,
                                           const struct ofp_msg *request) = {
    [OFPT_ECHO_REQUEST] = answer_echo,
    [OFPT_FEATURES_REQUEST] = answer_features,
    [OFPT_GET_CONFIG_REQUEST] = answer_get_config,
    [OFPT_SET_CONFIG] = take_config,
    [OFPT_STATS_REQUEST] = answer_stats,
    [OFPT_BARRIER_REQUEST] = answer_barrier,
    [OFPT_QUEUE_GET_CONFIG_REQUEST] = answer_queues,
};

/* No vendor's extensions are known here (section 5.5.4). */
static bool is_unknown_vendor(const struct ofp_msg *request, uint16_t *code)
{
    if (request->type == OFPT_VENDOR)
        *code = OFPBRC_BAD_VENDOR;
    else if (request->type == OFPT_STATS_REQUEST && request->stats.type == OFPST_VENDOR)
        *code = OFPBRC_BAD_STAT;
    else
        return false;
    return true;
}

bool persona_answer(struct persona *p, struct buf *out, struct span request)
{
    struct ofp_msg msg;
    uint16_t code;
    ofp_decode(&msg, request);
    assert(msg.type < OFPT_N_TYPES);
    if (is_unknown_vendor(&msg, &code))
        return ofp_encode_error(out, OFPET_BAD_REQUEST, code, request);
    return answers[msg.type] == NULL || answers[msg.type](p, out, &msg);
}
