/*
 * stats.c - statistics, as far as they are a slice's; see slicer.h.
 *
 * The switch counts parts; what a slice is told is of flows as it wrote them, each the sum of its
 * parts, found by their cookies. Ports' and queues' counters are the switch's own, of the slice's
 * ports only. OpenFlow 1.0 section 5.3.5.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <stdio.h>
#include <string.h>

/* A reply in as many messages as it takes. There is one at a time. */
static struct reply {
    struct ofp_msg msg;
    struct link *link;
    struct buf list;
    uint8_t area[OFP_MAX_MESSAGE - sizeof(struct ofp_stats_header)];
} reply;

static void reply_begin(struct link *link, uint32_t xid, uint16_t type)
{
    reply.msg = (struct ofp_msg){.type = OFPT_STATS_REPLY, .xid = xid, .stats = {.type = type}};
    reply.link = link;
    reply.list = buf_of(reply.area, sizeof reply.area);
}

static void reply_send(uint16_t flags)
{
    reply.msg.stats.flags = flags;
    reply.msg.stats.entries = span_of(reply.area, reply.list.len);
    link_send(reply.link, &reply.msg);
    reply.list.len = 0;
}

/* Room for an entry; NULL if it is longer than any message. */
static void *reply_put(size_t n)
{
    if (reply.list.cap - reply.list.len < n && reply.list.len > 0)
        reply_send(OFPSF_REPLY_MORE);
    return buf_put(&reply.list, n);
}

/* --- FLOW, AGGREGATE ------------------------------------------------------------------------- */

static void see_nothing(void *user, struct vflow *f)
{
    (void)user;
    f->seen = (struct ofp_msg_aggregate){0};
}

/* What the switch says of one part. */
static void see(struct view *view, const struct ofp_flow_stats *entry)
{
    struct vflow *f = flows_find(view->slice->slicer, be64_get(entry->cookie));
    if (f == NULL || f->view != view)
        return;
    f->seen.flow_count++;
    f->seen.packet_count += be64_get(entry->packet_count);
    f->seen.byte_count += be64_get(entry->byte_count);
}

/* The switch tells of all slices' flows, which the one that asks pays for. */
#define BYTES_A_MESSAGE 8192

static void see_all(struct view *view, struct span entries)
{
    const struct ofp_match any = ofp_match_any();
    const struct ofp_flow_stats *entry;
    struct span actions;
    flows_each(view, &any, OFPP_NONE, see_nothing, NULL);
    pace_spend(&view->slice->asks, loop_now(), entries.len / BYTES_A_MESSAGE);
    while ((entry = ofp_next_flow_stats(&entries, &actions)) != NULL)
        see(view, entry);
}

/* Has the switch told of it, or is it but kept? */
static bool is_there(const struct vflow *f)
{
    return f->seen.flow_count > 0 || !parts_lie(f);
}

static void describe(void *user, struct vflow *f)
{
    size_t len = sizeof(struct ofp_flow_stats) + f->actions_len;
    struct ofp_flow_stats *entry = is_there(f) ? reply_put(len) : NULL;
    (void)user;
    if (entry == NULL)
        return;
    *entry = (struct ofp_flow_stats){
        .length = be16_of((uint16_t)len),
        .match = f->match,
        .duration_sec = be32_of((uint32_t)(flow_age(f) / NS_PER_S)),
        .duration_nsec = be32_of((uint32_t)(flow_age(f) % NS_PER_S)),
        .priority = be16_of(f->priority),
        .idle_timeout = be16_of(f->idle),
        .hard_timeout = be16_of(f->hard),
        .cookie = be64_of(f->cookie),
        .packet_count = be64_of(f->packet_count + f->seen.packet_count),
        .byte_count = be64_of(f->byte_count + f->seen.byte_count),
    };
    bytes_copy(entry + 1, f->actions, f->actions_len);
}

static void add_up(void *user, struct vflow *f)
{
    struct ofp_msg_aggregate *sum = user;
    if (!is_there(f))
        return;
    sum->flow_count++;
    sum->packet_count += f->packet_count + f->seen.packet_count;
    sum->byte_count += f->byte_count + f->seen.byte_count;
}

static void keep_entries(struct ask *ask, const struct place *place, const struct ofp_msg *msg)
{
    (void)place;
    ask_keep(ask, msg->stats.entries.data, msg->stats.entries.len);
}

static void answer_flows(struct ask *ask)
{
    see_all(ask->view, span_of(ask->kept, ask->n_kept));
    reply_begin(&ask->view->link, ask->xid, OFPST_FLOW);
    flows_each(ask->view, &ask->match, ask->out_port, describe, NULL);
    reply_send(0);
}

static void answer_aggregate(struct ask *ask)
{
    struct ofp_msg answer = {
        .type = OFPT_STATS_REPLY, .xid = ask->xid, .stats = {.type = OFPST_AGGREGATE}};
    see_all(ask->view, span_of(ask->kept, ask->n_kept));
    flows_each(ask->view, &ask->match, ask->out_port, add_up, &answer.stats.aggregate);
    link_send(&ask->view->link, &answer);
}

/* What switches are to tell of: parts are met by what meets their flow, so not of others. Ports of
 * a big switch they know by other numbers. */
static struct ofp_match asked_match(const struct view *view, const struct ofp_match *match)
{
    struct ofp_match asked = *match;
    if (view->place == NULL)
        asked.wildcards = be32_of(be32_get(asked.wildcards) | OFPFW_IN_PORT);
    return asked;
}

static bool ask_flows(struct view *view, const struct ofp_msg *msg, struct span bytes,
                      struct ofp_fault *fault)
{
    bool flows = msg->stats.type == OFPST_FLOW;
    struct ask like = {.match = *msg->stats.flow.match,
                       .out_port = msg->stats.flow.out_port,
                       .take = keep_entries,
                       .finish = flows ? answer_flows : answer_aggregate};
    struct ofp_msg request = {.type = OFPT_STATS_REQUEST, .stats = {.type = OFPST_FLOW}};
    struct ofp_match asked = asked_match(view, &like.match);
    uint8_t table = msg->stats.flow.table_id;
    if (table != OFP_TABLE_ALL && table != 0) /* the slice has one table only: nothing there */
        like.match.wildcards = be32_of(OFPFW_ALL & ~(uint32_t)OFPFW_IN_PORT);
    request.stats.flow = (struct ofp_msg_flow_request){
        .match = &asked, .table_id = OFP_TABLE_ALL, .out_port = OFPP_NONE};
    return ask(view, NULL, &request, &like, bytes, fault);
}

/* --- PORT, QUEUE ----------------------------------------------------------------------------- */

static void keep_ports(struct ask *ask, const struct place *place, const struct ofp_msg *msg)
{
    struct span rest = msg->stats.entries;
    const struct ofp_port_stats *in;
    struct ofp_port_stats *out;
    while ((in = ofp_next_port_stats(&rest)) != NULL) {
        const struct vport *port = view_real_port(ask->view, place, be16_get(in->port_no));
        if (port != NULL && (out = ask_keep(ask, in, sizeof *in)) != NULL)
            out->port_no = be16_of(port->number);
    }
}

static void keep_queues(struct ask *ask, const struct place *place, const struct ofp_msg *msg)
{
    struct span rest = msg->stats.entries;
    const struct ofp_queue_stats *in;
    struct ofp_queue_stats *out;
    while ((in = ofp_next_queue_stats(&rest)) != NULL) {
        const struct vport *port = view_real_port(ask->view, place, be16_get(in->port_no));
        if (port != NULL && (out = ask_keep(ask, in, sizeof *in)) != NULL)
            out->port_no = be16_of(port->number);
    }
}

/* Entries of one size, as they were kept. */
static void reply_kept(struct ask *ask, uint16_t type, size_t size)
{
    reply_begin(&ask->view->link, ask->xid, type);
    for (size_t at = 0; at < ask->n_kept; at += size)
        bytes_copy(reply_put(size), ask->kept + at, size);
    reply_send(0);
}

static void answer_ports(struct ask *ask)
{
    reply_kept(ask, OFPST_PORT, sizeof(struct ofp_port_stats));
}

static void answer_queues(struct ask *ask)
{
    reply_kept(ask, OFPST_QUEUE, sizeof(struct ofp_queue_stats));
}

/* Section 5.3.5 has no error for a port that is not there: there are no counters. */
static bool say_nothing(struct view *view, const struct ofp_msg *msg)
{
    reply_begin(&view->link, msg->xid, msg->stats.type);
    reply_send(0);
    return true;
}

static bool ask_ports(struct view *view, const struct ofp_msg *msg, struct span bytes,
                      struct ofp_fault *fault)
{
    const struct ask like = {.take = keep_ports, .finish = answer_ports};
    const struct vport *port = view_port(view, msg->stats.port.port_no);
    struct ofp_msg request = *msg;
    if (msg->stats.port.port_no == OFPP_NONE)
        return ask(view, NULL, &request, &like, bytes, fault);
    if (port == NULL)
        return say_nothing(view, msg);
    request.stats.port.port_no = port->real;
    return ask(view, port->place, &request, &like, bytes, fault);
}

static bool ask_queues(struct view *view, const struct ofp_msg *msg, struct span bytes,
                       struct ofp_fault *fault)
{
    const struct ask like = {.take = keep_queues, .finish = answer_queues};
    const struct vport *port = view_port(view, msg->stats.port.port_no);
    struct ofp_msg request = *msg;
    if (port == NULL && msg->stats.port.port_no != OFPP_ALL)
        return slicer_refuse(fault, OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT);
    if (view->place == NULL) /* a big switch has no queues */
        return say_nothing(view, msg);
    if (port != NULL)
        request.stats.port.port_no = port->real;
    return ask(view, NULL, &request, &like, bytes, fault);
}

/* --- TABLE, DESC ----------------------------------------------------------------------------- */

/* Flows of all slices lie in the same tables, whose counters would tell of the others. */
static bool say_table(struct view *view, uint32_t xid)
{
    struct ofp_table_stats *table;
    reply_begin(&view->link, xid, OFPST_TABLE);
    table = reply_put(sizeof *table);
    *table = (struct ofp_table_stats){
        .name = "slice",
        .wildcards = be32_of(OFPFW_ALL),
        .max_entries = be32_of((uint32_t)slice_def(view->slice)->flows),
        .active_count = be32_of(view->n_flows),
        .lookup_count = be64_of(UINT64_MAX), /* not available */
        .matched_count = be64_of(UINT64_MAX),
    };
    reply_send(0);
    return true;
}

static void take_desc(struct ask *ask, const struct place *place, const struct ofp_msg *msg)
{
    struct ofp_msg answer = *msg;
    (void)place;
    answer.xid = ask->xid;
    link_send(&ask->view->link, &answer);
}

static bool say_desc(struct view *view, uint32_t xid)
{
    struct ofp_desc_stats desc = {.mfr_desc = "Morgana", .hw_desc = "one big switch"};
    const struct ofp_msg answer = {
        .type = OFPT_STATS_REPLY, .xid = xid, .stats = {.type = OFPST_DESC, .desc = &desc}};
    snprintf(desc.dp_desc, sizeof desc.dp_desc, "slice %s", slice_def(view->slice)->name);
    link_send(&view->link, &answer);
    return true;
}

bool stats_request(struct view *view, const struct ofp_msg *msg, struct span bytes,
                   struct ofp_fault *fault)
{
    const struct ask desc = {.take = take_desc};
    switch (msg->stats.type) {
    case OFPST_FLOW:
    case OFPST_AGGREGATE:
        return ask_flows(view, msg, bytes, fault);
    case OFPST_PORT:
        return ask_ports(view, msg, bytes, fault);
    case OFPST_QUEUE:
        return ask_queues(view, msg, bytes, fault);
    case OFPST_TABLE:
        return say_table(view, msg->xid);
    case OFPST_DESC:
        return view->place != NULL ? ask(view, NULL, msg, &desc, bytes, fault)
                                   : say_desc(view, msg->xid);
    default:
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BAD_STAT);
    }
}
