/*
 * flow_hash.c - linear hashing: growing, adding, walking. flow_hash.h has the idea and the search.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/flow_hash.h"
#include "runtime/memory.h"

#include <stdlib.h>

/* --- Buckets ---------------------------------------------------------------------------------- */

static size_t size_of_block(int k)
{
    return sizeof(struct flow_bucket) << k;
}

static void bucket_clear(struct flow_bucket *b)
{
    *b = (struct flow_bucket){.more = NULL};
}

/* A free slot of the bucket and those behind it; NULL, and *last the last of them, if all are used.
 * The slot's tag becomes that of `hash`. */
static uint32_t *free_slot(struct flow_bucket *b, uint32_t hash, struct flow_bucket **last)
{
    for (;; b = b->more) {
        for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
            if (b->flow[i] == 0) {
                b->tag[i] = (uint8_t)(hash >> FLOW_HASH_TAG_SHIFT);
                return &b->flow[i];
            }
        if (b->more == NULL)
            break;
    }
    *last = b;
    return NULL;
}

static void free_overflow(struct flow_bucket *b)
{
    while (b != NULL) {
        struct flow_bucket *more = b->more;
        free(b);
        b = more;
    }
}

/* --- Growing ---------------------------------------------------------------------------------- */

/* Link a bucket of `spare` behind `last`. */
static void extend(struct flow_bucket *last, struct flow_bucket **spare)
{
    struct flow_bucket *b = *spare;
    *spare = b->more;
    bucket_clear(b);
    last->more = b;
}

static void put(struct flow_bucket *b, const struct flow *flow, struct flow_bucket **spare)
{
    struct flow_bucket *last;
    uint32_t *slot = free_slot(b, flow->hash, &last);
    if (slot == NULL) {
        extend(last, spare);
        slot = free_slot(last, flow->hash, &last);
    }
    *slot = flow->place;
}

/* Put those of bucket `b` where they belong: to `from`, or to `to`, the one with index `n`. */
static void spread(const struct flow_hash *h, const struct flow_bucket *b, uint32_t n,
                   struct flow_bucket *from, struct flow_bucket *to, struct flow_bucket **spare)
{
    for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
        if (b->flow[i] != 0) {
            const struct flow *flow = flow_pool_at(h->pool, b->flow[i]);
            put((flow->hash & h->mask) == n ? to : from, flow, spare);
        }
}

/* Spread what lies in `from`, and behind it, over `from` and `to`, the bucket with index `n`. Each
 * bucket that has been read may be used again behind one of the two; since these are one more than
 * there were, those are always enough. */
static void split(const struct flow_hash *h, uint32_t n, struct flow_bucket *from,
                  struct flow_bucket *to)
{
    struct flow_bucket now = *from, *next, *spare = NULL;
    bucket_clear(from);
    bucket_clear(to);
    for (;;) {
        spread(h, &now, n, from, to, &spare);
        next = now.more;
        if (next == NULL)
            break;
        now = *next;
        next->more = spare;
        spare = next;
    }
    free_overflow(spare);
}

/* Is there room for bucket `n`, or can there be? */
static bool make_room(struct flow_hash *h, uint32_t n)
{
    int k = flow_block_of(n);
    if (h->block[k] == NULL)
        h->block[k] = memory_new(size_of_block(k));
    return h->block[k] != NULL;
}

/* One bucket more. Without memory for it all stays as it is; what cannot be split is longer to
 * search, no more. */
static void grow(struct flow_hash *h)
{
    uint32_t n = h->buckets;
    if (!make_room(h, n))
        return;
    h->buckets++;
    if (n > h->mask)
        h->mask = h->mask * 2 + 1;
    split(h, n, flow_hash_at(h, n & h->mask >> 1), flow_hash_at(h, n));
}

/* --- For callers ------------------------------------------------------------------------------ */

bool flow_hash_init(struct flow_hash *h, const struct flow_pool *pool)
{
    *h = (struct flow_hash){.pool = pool, .buckets = 1};
    if (!make_room(h, 0))
        return false;
    bucket_clear(flow_hash_at(h, 0));
    return true;
}

static bool is_crowded(const struct flow_hash *h)
{
    return h->used / FLOW_LOAD >= h->buckets;
}

bool flow_hash_add(struct flow_hash *h, struct flow *flow)
{
    struct flow_bucket *b, *last, *spare = NULL;
    if (is_crowded(h))
        grow(h);
    b = flow_hash_home(h, flow->hash);
    if (free_slot(b, flow->hash, &last) == NULL) {
        spare = aligned_alloc(sizeof *spare, sizeof *spare);
        if (spare == NULL)
            return false;
        spare->more = NULL;
    }
    put(b, flow, &spare);
    h->used++;
    return true;
}

static bool chain_each(const struct flow_hash *h, uint32_t place,
                       bool (*fn)(void *user, const struct flow *flow), void *user)
{
    while (place != 0) {
        const struct flow *flow = flow_pool_at(h->pool, place);
        if (!fn(user, flow))
            return false;
        place = flow->next;
    }
    return true;
}

bool flow_hash_each(const struct flow_hash *h, bool (*fn)(void *user, const struct flow *flow),
                    void *user)
{
    for (uint32_t n = 0; n < h->buckets; n++)
        for (struct flow_bucket *b = flow_hash_at(h, n); b != NULL; b = b->more)
            for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
                if (!chain_each(h, b->flow[i], fn, user))
                    return false;
    return true;
}

void flow_hash_free(struct flow_hash *h)
{
    for (uint32_t n = 0; n < h->buckets && h->block[0] != NULL; n++)
        free_overflow(flow_hash_at(h, n)->more);
    for (int k = 0; k < FLOW_HASH_BLOCKS; k++)
        memory_free(h->block[k], size_of_block(k));
}
