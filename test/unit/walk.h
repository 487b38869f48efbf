/*
 * walk.h - touch every byte that a decoded message shows, for a sanitizer to watch.
 *
 * Used by the tests of openflow/ and by its fuzz target.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_WALK_H
#define MORGANA_TEST_UNIT_WALK_H

#include "openflow/action.h"
#include "openflow/msg.h"

/* A sum over the bytes, so that they are read. */
static inline unsigned walk_bytes(const void *data, size_t n)
{
    const uint8_t *p = data;
    unsigned sum = 0;
    while (n-- > 0)
        sum += *p++;
    return sum;
}

static inline unsigned walk_span(struct span s)
{
    return walk_bytes(s.data, s.len);
}

/* How long an action of a known type is; 8 for others. */
static inline size_t walk_action_size(const struct ofp_action_header *a)
{
    switch (be16_get(a->type)) {
    case OFPAT_SET_DL_SRC:
    case OFPAT_SET_DL_DST:
        return sizeof(struct ofp_action_dl_addr);
    case OFPAT_ENQUEUE:
        return sizeof(struct ofp_action_enqueue);
    case OFPAT_VENDOR:
        return be32_get(((const struct ofp_action_vendor_header *)(const void *)a)->vendor) ==
                       NX_VENDOR_ID
                   ? sizeof(struct nx_action_header)
                   : sizeof *a;
    }
    return sizeof *a;
}

/* Each action as the struct of its type. False if the walk does not end at the list's end. */
static inline bool walk_actions(struct span list, unsigned *sum)
{
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&list)) != NULL)
        *sum += walk_bytes(a, walk_action_size(a));
    return list.len == 0;
}

static inline bool walk_queues(struct span list, unsigned *sum)
{
    struct span props;
    const struct ofp_packet_queue *q;
    const struct ofp_queue_prop_header *p;
    while ((q = ofp_next_queue(&list, &props)) != NULL) {
        *sum += walk_bytes(q, sizeof *q);
        while ((p = ofp_next_queue_prop(&props)) != NULL)
            *sum += walk_bytes(p, be16_get(p->property) == OFPQT_MIN_RATE
                                      ? sizeof(struct ofp_queue_prop_min_rate)
                                      : sizeof *p);
        if (props.len > 0)
            return false;
    }
    return list.len == 0;
}

static inline bool walk_stats_entries(uint16_t type, struct span list, unsigned *sum)
{
    struct span actions = {NULL, 0};
    const void *e;
    for (;;) {
        size_t n = 0;
        switch (type) {
        case OFPST_FLOW:
            e = ofp_next_flow_stats(&list, &actions);
            n = sizeof(struct ofp_flow_stats);
            break;
        case OFPST_TABLE:
            e = ofp_next_table_stats(&list);
            n = sizeof(struct ofp_table_stats);
            break;
        case OFPST_PORT:
            e = ofp_next_port_stats(&list);
            n = sizeof(struct ofp_port_stats);
            break;
        default:
            e = ofp_next_queue_stats(&list);
            n = sizeof(struct ofp_queue_stats);
            break;
        }
        if (e == NULL)
            return list.len == 0;
        *sum += walk_bytes(e, n);
        if (!walk_actions(actions, sum))
            return false;
    }
}

static inline bool walk_stats(const struct ofp_msg *msg, unsigned *sum)
{
    const struct ofp_msg_stats *s = &msg->stats;
    bool request = msg->type == OFPT_STATS_REQUEST;
    switch (s->type) {
    case OFPST_DESC:
        *sum += request ? 0 : walk_bytes(s->desc, sizeof *s->desc);
        return true;
    case OFPST_AGGREGATE:
        *sum += request ? walk_bytes(s->flow.match, sizeof *s->flow.match) : 0;
        return true;
    case OFPST_VENDOR:
        *sum += walk_span(s->vendor.body);
        return true;
    case OFPST_FLOW:
        *sum += request ? walk_bytes(s->flow.match, sizeof *s->flow.match) : 0;
        break;
    }
    return request || walk_stats_entries(s->type, s->entries, sum);
}

/* Read all of `msg`. False if a list does not end where it should. */
static inline bool walk_msg(const struct ofp_msg *msg, unsigned *sum)
{
    struct span list;
    switch (msg->type) {
    case OFPT_HELLO:
    case OFPT_ECHO_REQUEST:
    case OFPT_ECHO_REPLY:
        *sum += walk_span(msg->data);
        break;
    case OFPT_ERROR:
        *sum += walk_span(msg->error.data);
        break;
    case OFPT_VENDOR:
        *sum += walk_span(msg->vendor.body);
        break;
    case OFPT_FEATURES_REPLY:
        for (list = msg->features.ports; list.len > 0;) {
            const struct ofp_phy_port *p = ofp_next_port(&list);
            if (p == NULL)
                return false;
            *sum += walk_bytes(p, sizeof *p);
        }
        break;
    case OFPT_PACKET_IN:
        *sum += walk_span(msg->packet_in.data);
        break;
    case OFPT_FLOW_REMOVED:
        *sum += walk_bytes(msg->flow_removed.match, sizeof(struct ofp_match));
        break;
    case OFPT_PORT_STATUS:
        *sum += walk_bytes(msg->port_status.desc, sizeof(struct ofp_phy_port));
        break;
    case OFPT_PACKET_OUT:
        *sum += walk_span(msg->packet_out.data);
        return walk_actions(msg->packet_out.actions, sum);
    case OFPT_FLOW_MOD:
        *sum += walk_bytes(msg->flow_mod.match, sizeof(struct ofp_match));
        return walk_actions(msg->flow_mod.actions, sum);
    case OFPT_STATS_REQUEST:
    case OFPT_STATS_REPLY:
        return walk_stats(msg, sum);
    case OFPT_QUEUE_GET_CONFIG_REPLY:
        return walk_queues(msg->queue_config.queues, sum);
    }
    return true;
}

#endif
