/*
 * flow_pool.c - see flow_pool.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/flow_pool.h"
#include "runtime/memory.h"

static size_t size_of_block(int n)
{
    return sizeof(struct flow) << n;
}

void flow_pool_init(struct flow_pool *pool)
{
    *pool = (struct flow_pool){.end = FLOW_POOL_BEGIN};
}

/* Give back the blocks from the one with `place` on. */
static void free_blocks(struct flow_pool *pool, uint32_t place)
{
    for (int n = 31 - __builtin_clz(place); n < 32; n++) {
        memory_free(pool->block[n], size_of_block(n));
        pool->block[n] = NULL;
    }
}

void flow_pool_free(struct flow_pool *pool)
{
    free_blocks(pool, FLOW_POOL_BEGIN);
}

/* A place that has never been used; 0 if there is no memory, or no number. */
static uint32_t new_place(struct flow_pool *pool)
{
    int n = 31 - __builtin_clz(pool->end);
    if (pool->end == UINT32_MAX)
        return 0;
    if (pool->block[n] == NULL)
        pool->block[n] = memory_new(size_of_block(n));
    return pool->block[n] != NULL ? pool->end++ : 0;
}

static uint32_t free_place(struct flow_pool *pool)
{
    uint32_t place = pool->free;
    if (place != 0)
        pool->free = flow_pool_at(pool, place)->next;
    return place;
}

struct flow *flow_pool_take(struct flow_pool *pool)
{
    uint32_t place = pool->free != 0 ? free_place(pool) : new_place(pool);
    struct flow *flow;
    if (place == 0)
        return NULL;
    pool->used++;
    flow = flow_pool_at(pool, place);
    *flow = (struct flow){.place = place};
    return flow;
}

void flow_pool_give(struct flow_pool *pool, struct flow *flow)
{
    flow->group = NULL;
    flow->next = pool->free;
    pool->free = flow->place;
    if (--pool->used > 0)
        return;
    free_blocks(pool, 2 * FLOW_POOL_BEGIN);
    pool->end = FLOW_POOL_BEGIN;
    pool->free = 0;
}
