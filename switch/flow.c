/*
 * flow.c - an entry by itself: its memory, its time-outs, what it says of itself.
 *
 * Time-outs: one timer an entry, on the loop's wheel, armed for the earlier of the two. A packet
 * only notes the time; when the timer fires and the entry was used since, it is armed again for
 * when that becomes too long ago. So an entry costs the wheel something once a time-out, however
 * many packets it sees. OpenFlow 1.0 sections 3.4, 4.4 and 5.3.3.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/flow.h"
#include "openflow/action.h"
#include "runtime/loop.h"
#include "switch/group.h"

#include <stdlib.h>

_Static_assert(sizeof(struct flow) == 160, "each byte of a flow is a megabyte in a large table");

/* --- Memory ----------------------------------------------------------------------------------- */

/* Blocks of the heap come in steps of 16 bytes of which 8 are its own: the rounding up is room. */
struct flow *flow_new(size_t actions_len)
{
    size_t room = actions_len | 8;
    struct flow *flow = malloc(sizeof *flow + room);
    if (flow != NULL)
        *flow = (struct flow){.actions_room = (uint16_t)room};
    return flow;
}

void flow_free(struct flow *flow)
{
    timer_cancel(&flow->timer);
    free(flow);
}

void flow_set_actions(struct flow *flow, struct span actions)
{
    flow->actions_len = (uint16_t)actions.len;
    bytes_copy(flow->actions, actions.data, actions.len);
}

/* --- Time-outs -------------------------------------------------------------------------------- */

static uint64_t timeout_at(uint64_t since, uint16_t seconds)
{
    return seconds == OFP_FLOW_PERMANENT ? TIMER_NEVER : since + seconds * NS_PER_S;
}

static void arm(struct flow *flow, uint64_t hard, uint64_t idle)
{
    uint64_t first = hard < idle ? hard : idle;
    if (first != TIMER_NEVER)
        loop_timer_arm(&flow->timer, first);
}

static void timed_out(void *user)
{
    struct flow *flow = user;
    uint64_t hard = timeout_at(flow->created, flow->hard_timeout);
    uint64_t idle = timeout_at(flow->used, flow->idle_timeout);
    if (hard > loop_now() && idle > loop_now())
        arm(flow, hard, idle);
    else
        table_remove(flow->group->table, flow,
                     hard <= idle ? OFPRR_HARD_TIMEOUT : OFPRR_IDLE_TIMEOUT);
}

void flow_begin(struct flow *flow)
{
    flow->created = flow->used = loop_now();
    timer_init(&flow->timer, timed_out, flow);
    arm(flow, timeout_at(flow->created, flow->hard_timeout),
        timeout_at(flow->used, flow->idle_timeout));
}

void flow_move(struct flow *to, struct flow *from)
{
    uint16_t room = to->actions_room;
    timer_cancel(&from->timer);
    *to = *from;
    to->actions_room = room;
    timer_init(&to->timer, timed_out, to);
    arm(to, timeout_at(to->created, to->hard_timeout), timeout_at(to->used, to->idle_timeout));
}

/* --- What it says of itself ------------------------------------------------------------------- */

const struct ofp_key *flow_mask(const struct flow *flow)
{
    return &flow->group->mask;
}

uint32_t flow_wildcards(const struct flow *flow)
{
    return flow->group->wildcards;
}

void flow_match(const struct flow *flow, struct ofp_match *match)
{
    *match = flow->key.match;
    match->wildcards = be32_of(flow_wildcards(flow));
}

static bool action_outputs_to(const struct ofp_action_header *action, uint16_t port)
{
    switch (be16_get(action->type)) {
    case OFPAT_OUTPUT:
        return be16_get(((const struct ofp_action_output *)(const void *)action)->port) == port;
    case OFPAT_ENQUEUE:
        return be16_get(((const struct ofp_action_enqueue *)(const void *)action)->port) == port;
    default:
        return false;
    }
}

bool flow_outputs_to(const struct flow *flow, uint16_t port)
{
    struct span actions = span_of(flow->actions, flow->actions_len);
    const struct ofp_action_header *action;
    while (port != OFPP_NONE && (action = ofp_next_action(&actions)) != NULL)
        if (action_outputs_to(action, port))
            return true;
    return port == OFPP_NONE;
}
