/*
 * flow_stats.c - flow and aggregate statistics, section 5.3.5: the answers that may be long.
 *
 * Called by stats_reply.c, and by connection.c to go on. A walk through the flow table (table.h)
 * is done in steps: so many places a turn, so that who asks all the time does not keep packets
 * waiting; and only while there is room for output, so that who does not read costs no more than
 * out_limit and one part. Meanwhile the connection's input waits, so that answers keep their order.
 * What is told of a table that changes between the steps: see table_walk().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/connection.h"

/* The table that a request names; NULL if there is none with that number. */
static struct table *named_table(struct dp *dp, uint8_t table_id)
{
    if (table_id == OFP_TABLE_EMERG)
        return dp_emergency_table(dp);
    return table_id == 0 || table_id == OFP_TABLE_ALL ? dp_table(dp) : NULL;
}

/* --- What is told of an entry ----------------------------------------------------------------- */

void flow_describe(const struct flow *flow, struct ofp_flow_stats *e)
{
    uint64_t age = loop_now() - flow->created;
    bytes_zero(e, sizeof *e);
    e->length = be16_of((uint16_t)(sizeof *e + flow->actions_len));
    e->table_id = flow->flags & OFPFF_EMERG ? OFP_TABLE_EMERG : 0;
    flow_match(flow, &e->match);
    e->duration_sec = be32_of((uint32_t)(age / NS_PER_S));
    e->duration_nsec = be32_of((uint32_t)(age % NS_PER_S));
    e->priority = be16_of(flow->priority);
    e->idle_timeout = be16_of(flow->idle_timeout);
    e->hard_timeout = be16_of(flow->hard_timeout);
    e->cookie = be64_of(flow->cookie);
    e->packet_count = be64_of(flow->packets);
    e->byte_count = be64_of(flow->bytes);
}

/* False if the part has no room for it. */
static bool put_flow(void *user, struct flow *flow)
{
    struct ofp_flow_stats *e = buf_put(user, sizeof *e + flow->actions_len);
    if (e == NULL)
        return false;
    flow_describe(flow, e);
    bytes_copy(e + 1, flow_actions(flow).data, flow->actions_len);
    return true;
}

static bool add_flow(void *user, struct flow *flow)
{
    struct ofp_msg_aggregate *sum = user;
    sum->packet_count += flow->packets;
    sum->byte_count += flow->bytes;
    sum->flow_count++;
    return true;
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void go_through(struct connection *c, bool (*fn)(void *user, struct flow *flow), void *user)
{
    struct flow_walk *w = &c->walk;
    struct table *table = named_table(c->agent->dp, w->table_id);
    w->on = table != NULL && !table_walk(table, &w->filter, &w->cursor, &c->budget, fn, user);
}

/* One part; none with the MORE flag is empty. */
static void step_flows(struct connection *c, struct ofp_msg *reply)
{
    struct buf entries = buf_of(c->agent->area, OFP_MAX_MESSAGE - sizeof(struct ofp_stats_header));
    go_through(c, put_flow, &entries);
    reply->stats.flags = c->walk.on ? OFPSF_REPLY_MORE : 0;
    reply->stats.entries = span_of(entries.data, entries.len);
    if (!c->walk.on || entries.len > 0)
        connection_send(c, reply);
}

static void step_aggregate(struct connection *c, struct ofp_msg *reply)
{
    go_through(c, add_flow, &c->walk.sum);
    reply->stats.aggregate = c->walk.sum;
    if (!c->walk.on)
        connection_send(c, reply);
}

void flow_stats_go_on(struct connection *c)
{
    struct ofp_msg reply = {.type = OFPT_STATS_REPLY, .xid = c->walk.xid};
    reply.stats.type = c->walk.type;
    while (c->walk.on && c->budget > 0 && c->state != CONNECTION_ENDING && connection_has_room(c))
        if (c->walk.type == OFPST_FLOW)
            step_flows(c, &reply);
        else
            step_aggregate(c, &reply);
}

void flow_stats_begin(struct connection *c, const struct ofp_msg *request)
{
    const struct ofp_msg_flow_request *r = &request->stats.flow;
    c->walk = (struct flow_walk){
        .on = true,
        .type = request->stats.type,
        .xid = request->xid,
        .table_id = r->table_id,
        .filter = table_filter_of(r->match),
        .cursor = TABLE_WALK_BEGIN,
    };
    c->walk.filter.out_port = r->out_port;
    flow_stats_go_on(c);
}
