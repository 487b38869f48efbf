/*
 * flow.h - an entry by itself: its memory and its time-outs. For the table's files; what others
 * may ask of an entry is in table.h.
 *
 * An entry lies in the table's pool (flow_pool.h) and never moves; so do its actions, in it, if
 * they are short, as nearly all are. Longer ones lie in a block of the heap.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_FLOW_H
#define MORGANA_SWITCH_FLOW_H

#include "switch/flow_pool.h"

/* An entry of `pool` with a copy of `actions` and a timer, not armed; the rest is zero. NULL if
 * there is no memory. */
struct flow *flow_new(struct flow_pool *pool, struct span actions);

/* Free it, in no group any more. */
void flow_free(struct flow_pool *pool, struct flow *flow);

/* Give back what it holds beside its place in the pool. */
void flow_close(struct flow *flow);

/* Does a list of actions of this length need a block of the heap, of this length? */
static inline bool flow_needs_block(size_t actions_len)
{
    return actions_len > FLOW_ACTIONS_HERE;
}

/* Give it a copy of `actions` in place of its own. `block`: for them, if they need one; it is the
 * entry's from now on. */
void flow_set_actions(struct flow *flow, struct span actions, void *block);

/* Begin its time now; from then on the table loses it when it times out. */
void flow_begin(struct flow *flow);

#endif
