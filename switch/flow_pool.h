/*
 * flow_pool.h - where the entries of a flow table lie: numbered places in memory that never moves.
 *
 * The idea: three cache lines an entry, aligned to them, in a few large blocks (runtime/memory.h),
 * each twice as long as the one before. So an entry costs no more than itself, its first line has
 * all that is needed to compare and count, four bytes are enough to name it, and to go through all
 * entries is to go through memory from one end to the other. An entry stays in its place as long as
 * it lives; the place is the cursor of walks that pause while the table changes.
 *
 * Called by the files of the flow table (table*.c), group.c and flow_hash.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_FLOW_POOL_H
#define MORGANA_SWITCH_FLOW_POOL_H

#include "switch/table.h"

#define FLOW_POOL_BEGIN 256u /* the first place; 0 names none */

struct flow_pool {
    struct flow *block[32]; /* number n has places 2^n and up */
    uint32_t end;           /* all places from here on are free, and have never been used */
    uint32_t used;          /* places */
    uint32_t free;          /* the first of those before `end`, chained by `next`; or 0 */
};

void flow_pool_init(struct flow_pool *pool);

/* Give back all memory; the entries are gone. */
void flow_pool_free(struct flow_pool *pool);

/* What lies at `place`, which is in FLOW_POOL_BEGIN..end - 1. In a free one, `group` is NULL. */
static inline struct flow *flow_pool_at(const struct flow_pool *pool, uint32_t place)
{
    int n = 31 - __builtin_clz(place);
    return &pool->block[n][place - (1u << n)];
}

/* An entry of which all but its place is zero. NULL if there is no memory. */
struct flow *flow_pool_take(struct flow_pool *pool);

/* Back with it. With the last one all memory is given back but the first block. */
void flow_pool_give(struct flow_pool *pool, struct flow *flow);

#endif
