/*
 * flow.h - an entry by itself: its memory and its time-outs. For table.c and group.c; what others
 * may ask of an entry is in table.h.
 *
 * An entry and its actions are one block, so that they lie side by side and cost one call of
 * malloc. A change to longer actions than there is room for needs another block.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_FLOW_H
#define MORGANA_SWITCH_FLOW_H

#include "switch/table.h"

/* An entry of which nothing is set but its room for `actions_len` bytes of actions, and its timer,
 * not armed. NULL if there is no memory. */
struct flow *flow_new(size_t actions_len);

/* Free it, in no table any more. */
void flow_free(struct flow *flow);

/* There must be room for them. */
void flow_set_actions(struct flow *flow, struct span actions);

/* Begin its time now; from then on the table loses it when it times out. */
void flow_begin(struct flow *flow);

/* Make `to` what `from` is: all but its room and its place in the table. The time-outs are `to`'s
 * from now on. */
void flow_move(struct flow *to, struct flow *from);

#endif
