/*
 * flow_hash.c - linear hashing: growing, adding, walking. flow_hash.h has the idea and the search.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/flow_hash.h"

#include <stdlib.h>

/* --- Buckets ---------------------------------------------------------------------------------- */

static struct flow_bucket *buckets_new(size_t n)
{
    return aligned_alloc(sizeof(struct flow_bucket), n * sizeof(struct flow_bucket));
}

static void bucket_clear(struct flow_bucket *b)
{
    *b = (struct flow_bucket){.more = NULL};
}

/* A free slot of the bucket and those behind it; NULL, and *last the last of them, if all are used.
 * The slot's tag becomes that of `hash`. */
static struct flow **free_slot(struct flow_bucket *b, uint32_t hash, struct flow_bucket **last)
{
    for (;; b = b->more) {
        for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
            if (b->flow[i] == NULL) {
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

static void put(struct flow_bucket *b, struct flow *flow, struct flow_bucket **spare)
{
    struct flow_bucket *last;
    struct flow **slot = free_slot(b, flow->hash, &last);
    if (slot == NULL) {
        extend(last, spare);
        slot = free_slot(last, flow->hash, &last);
    }
    *slot = flow;
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
        for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
            if (now.flow[i] != NULL)
                put((now.flow[i]->hash & h->mask) == n ? to : from, now.flow[i], &spare);
        next = now.more;
        if (next == NULL)
            break;
        now = *next;
        next->more = spare;
        spare = next;
    }
    free_overflow(spare);
}

/* The first segment twice as long, in another place: what moves is less than 64 KB. */
static bool lengthen_first(struct flow_hash *h)
{
    struct flow_bucket *longer = buckets_new((size_t)h->room * 2);
    if (longer == NULL)
        return false;
    memcpy(longer, h->segment[0], h->room * sizeof *longer);
    free(h->segment[0]);
    h->segment[0] = longer;
    h->room *= 2;
    return true;
}

/* One segment more. Their array has room for a power of two of them. */
static bool new_segment(struct flow_hash *h, uint32_t buckets)
{
    uint32_t n = (h->room + FLOW_SEGMENT_BUCKETS - 1) / FLOW_SEGMENT_BUCKETS;
    if ((n & (n - 1)) == 0) {
        size_t room = n > 0 ? 2 * (size_t)n : 1;
        struct flow_bucket **segment = realloc(h->segment, room * sizeof(struct flow_bucket *));
        if (segment == NULL)
            return false;
        h->segment = segment;
    }
    h->segment[n] = buckets_new(buckets);
    if (h->segment[n] == NULL)
        return false;
    h->room += buckets;
    return true;
}

static bool make_room(struct flow_hash *h)
{
    return h->room < FLOW_SEGMENT_BUCKETS ? lengthen_first(h)
                                          : new_segment(h, FLOW_SEGMENT_BUCKETS);
}

/* One bucket more. Without memory for it all stays as it is; what cannot be split is longer to
 * search, no more. */
static void grow(struct flow_hash *h)
{
    uint32_t n = h->buckets;
    if (n == h->room && !make_room(h))
        return;
    h->buckets++;
    if (n > h->mask)
        h->mask = h->mask * 2 + 1;
    split(h, n, flow_hash_at(h, n & h->mask >> 1), flow_hash_at(h, n));
}

/* --- For callers ------------------------------------------------------------------------------ */

bool flow_hash_init(struct flow_hash *h)
{
    *h = (struct flow_hash){.buckets = 1};
    if (!new_segment(h, 1))
        return false;
    bucket_clear(flow_hash_at(h, 0));
    return true;
}

static bool is_crowded(const struct flow_hash *h)
{
    return h->used >= h->buckets * (h->buckets < FLOW_SMALL ? 1 : FLOW_LOAD);
}

bool flow_hash_add(struct flow_hash *h, struct flow *flow)
{
    struct flow_bucket *b, *last, *spare = NULL;
    if (is_crowded(h))
        grow(h);
    b = flow_hash_home(h, flow->hash);
    if (free_slot(b, flow->hash, &last) == NULL) {
        spare = buckets_new(1);
        if (spare == NULL)
            return false;
        spare->more = NULL;
    }
    put(b, flow, &spare);
    h->used++;
    return true;
}

static bool chain_each(struct flow *flow, bool (*fn)(void *user, struct flow *flow), void *user)
{
    while (flow != NULL) {
        struct flow *next = flow->next;
        if (!fn(user, flow))
            return false;
        flow = next;
    }
    return true;
}

bool flow_hash_each(const struct flow_hash *h, bool (*fn)(void *user, struct flow *flow),
                    void *user)
{
    for (uint32_t n = 0; n < h->buckets; n++)
        for (struct flow_bucket *b = flow_hash_at(h, n); b != NULL; b = b->more)
            for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
                if (!chain_each(b->flow[i], fn, user))
                    return false;
    return true;
}

void flow_hash_free(struct flow_hash *h)
{
    for (uint32_t n = 0; n < h->buckets && h->room > 0; n++)
        free_overflow(flow_hash_at(h, n)->more);
    for (uint32_t n = 0; n < h->room; n += FLOW_SEGMENT_BUCKETS)
        free(h->segment[n / FLOW_SEGMENT_BUCKETS]);
    free(h->segment);
}
