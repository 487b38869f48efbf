/*
 * stats_reply.c - statistics, section 5.3.5: desc, flow, aggregate, table, port and queue.
 *
 * Called by handle.c. A reply is put together entry by entry; whenever a message is full it leaves
 * with the MORE flag and the next one begins. All parts bear the request's xid. What is told of
 * flows may be long and is told step by step, by flow_stats.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/connection.h"
#include "switch/table.h"

#include <stdio.h>

/* --- Parts ----------------------------------------------------------------------------------- */

/* A reply that is being put together. */
struct parts {
    struct connection *c;
    struct dp *dp;
    struct ofp_msg msg;
    struct buf entries; /* of the part that has not left */
};

static void parts_begin(struct parts *p, struct connection *c, const struct ofp_msg *request)
{
    *p = (struct parts){.c = c, .dp = c->agent->dp};
    p->msg.type = OFPT_STATS_REPLY;
    p->msg.xid = request->xid;
    p->msg.stats.type = request->stats.type;
    p->entries = buf_of(c->agent->area, OFP_MAX_MESSAGE - sizeof(struct ofp_stats_header));
}

static void parts_send(struct parts *p, uint16_t flags)
{
    p->msg.stats.flags = flags;
    p->msg.stats.entries = span_of(p->entries.data, p->entries.len);
    connection_send(p->c, &p->msg);
    p->entries.len = 0;
}

/* Room for an entry of `n` bytes, zeroed; no entry is longer than a part. */
static void *parts_put(struct parts *p, size_t n)
{
    void *entry = buf_put(&p->entries, n);
    if (entry == NULL) {
        parts_send(p, OFPSF_REPLY_MORE);
        entry = buf_put(&p->entries, n);
    }
    bytes_zero(entry, n);
    return entry;
}

static bool parts_end(struct parts *p)
{
    parts_send(p, 0);
    return true;
}

/* --- Description ----------------------------------------------------------------------------- */

static bool on_desc(struct parts *p, const struct ofp_msg *request, struct ofp_fault *fault)
{
    struct ofp_desc_stats *d = parts_put(p, sizeof *d);
    (void)request;
    (void)fault;
    snprintf(d->mfr_desc, sizeof d->mfr_desc, "the Morgana authors");
    snprintf(d->hw_desc, sizeof d->hw_desc, "software switch");
    snprintf(d->sw_desc, sizeof d->sw_desc, "Morgana " MORGANA_VERSION);
    snprintf(d->serial_num, sizeof d->serial_num, "none");
    snprintf(d->dp_desc, sizeof d->dp_desc, "%s", dp_description(p->dp));
    p->msg.stats.desc = d;
    connection_send(p->c, &p->msg);
    return true;
}

/* --- Flows: flow_stats.c --------------------------------------------------------------------- */

static bool on_flow(struct parts *p, const struct ofp_msg *request, struct ofp_fault *fault)
{
    (void)fault;
    flow_stats_begin(p->c, request);
    return true;
}

/* --- The table ------------------------------------------------------------------------------- */

static bool on_table(struct parts *p, const struct ofp_msg *request, struct ofp_fault *fault)
{
    struct ofp_table_stats *e = parts_put(p, sizeof *e);
    struct table_stats stats;
    (void)request;
    (void)fault;
    table_get_stats(dp_table(p->dp), &stats);
    snprintf(e->name, sizeof e->name, "flows");
    e->wildcards = be32_of(OFPFW_ALL);
    e->max_entries = be32_of(stats.max);
    e->active_count = be32_of(stats.active);
    e->lookup_count = be64_of(stats.lookups);
    e->matched_count = be64_of(stats.matched);
    return parts_end(p);
}

/* --- Ports ----------------------------------------------------------------------------------- */

static void put_port(struct parts *p, uint16_t port_no)
{
    struct ofp_port_stats stats;
    if (dp_port_stats(p->dp, port_no, &stats))
        *(struct ofp_port_stats *)parts_put(p, sizeof stats) = stats;
}

/* 1.0 has no error for a port that is not there. */
static bool on_port(struct parts *p, const struct ofp_msg *request, struct ofp_fault *fault)
{
    uint16_t port_no = request->stats.port.port_no;
    (void)fault;
    if (port_no != OFPP_NONE)
        put_port(p, port_no);
    else
        for (port_no = 0; dp_port_next(p->dp, &port_no);)
            put_port(p, port_no);
    return parts_end(p);
}

/* --- Queues ---------------------------------------------------------------------------------- */

static void put_queue(struct parts *p, uint16_t port_no, const struct dp_queue *queue)
{
    struct ofp_queue_stats *e = parts_put(p, sizeof *e);
    e->port_no = be16_of(port_no);
    e->queue_id = be32_of(queue->id);
    e->tx_bytes = be64_of(queue->tx_bytes);
    e->tx_packets = be64_of(queue->tx_packets);
    e->tx_errors = be64_of(queue->tx_errors);
}

/* Those queues of a port that the request picks. Returns how many. */
static size_t put_queues(struct parts *p, uint16_t port_no, uint32_t queue_id)
{
    struct dp_queue queue;
    size_t n = 0;
    for (size_t i = 0; dp_queue(p->dp, port_no, i, &queue); i++)
        if (queue_id == OFPQ_ALL || queue_id == queue.id) {
            put_queue(p, port_no, &queue);
            n++;
        }
    return n;
}

/* A port or a queue that is named must be there. */
static bool on_queue(struct parts *p, const struct ofp_msg *request, struct ofp_fault *fault)
{
    uint16_t port_no = request->stats.port.port_no;
    uint32_t queue_id = request->stats.port.queue_id;
    struct ofp_phy_port desc;
    size_t n = 0;

    *fault = (struct ofp_fault){OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT};
    if (port_no != OFPP_ALL && !dp_port_desc(p->dp, port_no, &desc))
        return false;
    if (port_no != OFPP_ALL)
        n = put_queues(p, port_no, queue_id);
    else
        for (port_no = 0; dp_port_next(p->dp, &port_no);)
            n += put_queues(p, port_no, queue_id);
    fault->code = OFPQOFC_BAD_QUEUE;
    return (n > 0 || queue_id == OFPQ_ALL) && parts_end(p);
}

/* --- By type --------------------------------------------------------------------------------- */

/* Validation lets no other type through to a switch. */
static bool (*const by_type[OFPST_N_TYPES])(struct parts *p, const struct ofp_msg *request,
                                            struct ofp_fault *fault) = {
    [OFPST_DESC] = on_desc,   [OFPST_FLOW] = on_flow, [OFPST_AGGREGATE] = on_flow,
    [OFPST_TABLE] = on_table, [OFPST_PORT] = on_port, [OFPST_QUEUE] = on_queue,
};

bool stats_reply(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault)
{
    struct parts parts;
    parts_begin(&parts, c, msg);
    return by_type[msg->stats.type](&parts, msg, fault);
}
