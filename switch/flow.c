/*
 * flow.c - an entry by itself: its memory, its time-outs, what it says of itself.
 *
 * Time-outs: one timer an entry, on the loop's wheel, armed for the earlier of the two. A packet
 * only notes the time; when the timer fires and the entry was used since, it is armed again for
 * when that becomes too long ago. So an entry costs the wheel something once a time-out, however
 * many packets it sees. OpenFlow 1.0 sections 3.4, 4.7 and 5.3.3.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/flow.h"
#include "openflow/action.h"
#include "runtime/loop.h"
#include "switch/group.h"

#include <stdlib.h>

/* --- Memory ----------------------------------------------------------------------------------- */

struct flow *flow_new(struct flow_pool *pool, struct span actions)
{
    bool needs_block = flow_needs_block(actions.len);
    void *block = needs_block ? malloc(actions.len) : NULL;
    struct flow *flow = !needs_block || block != NULL ? flow_pool_take(pool) : NULL;
    if (flow == NULL)
        free(block);
    else
        flow_set_actions(flow, actions, block);
    return flow;
}

void flow_close(struct flow *flow)
{
    timer_cancel(&flow->timer);
    if (flow_needs_block(flow->actions_len))
        free(flow->actions.elsewhere);
}

void flow_free(struct flow_pool *pool, struct flow *flow)
{
    flow_close(flow);
    flow_pool_give(pool, flow);
}

void flow_set_actions(struct flow *flow, struct span actions, void *block)
{
    if (flow_needs_block(flow->actions_len))
        free(flow->actions.elsewhere);
    if (block != NULL)
        flow->actions.elsewhere = block;
    flow->actions_len = (uint16_t)actions.len;
    bytes_copy(block != NULL ? block : flow->actions.here, actions.data, actions.len);
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

/* --- What it says of itself ------------------------------------------------------------------- */

const struct ofp_key *flow_mask(const struct flow *flow)
{
    return &flow->group->mask;
}

void flow_match(const struct flow *flow, struct ofp_match *match)
{
    *match = flow->key.match;
    match->wildcards = be32_of(flow->wildcards);
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
    struct span actions = flow_actions(flow);
    const struct ofp_action_header *action;
    while (port != OFPP_NONE && (action = ofp_next_action(&actions)) != NULL)
        if (action_outputs_to(action, port))
            return true;
    return port == OFPP_NONE;
}
