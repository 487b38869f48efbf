/*
 * flow_hash.h - finding entries by their key: linear hashing over buckets of one cache line.
 *
 * The idea: a bucket holds eleven entries' places (flow_pool.h) and, beside them, one byte of each
 * one's hash. A search reads the bucket's line, compares all eleven bytes at once, and looks at an
 * entry only where they agree; so what is not there costs one line as a rule, and what is there
 * two. What finds a full bucket goes into another one linked behind it. Entries of one key, which
 * differ in priority, hang on one chain from one slot, the highest first.
 *
 * It grows by linear hashing (W. Litwin, "Linear hashing: a new tool for file and table
 * addressing", 1980): whenever the buckets hold six entries each on average, one more is put at
 * the end, and one older bucket is split between itself and that one. So no flow-mod pays for more
 * than one bucket, however many entries there are, and memory grows with the entries instead of
 * moving. Buckets lie in blocks, each twice as long as the one before (runtime/memory.h), which
 * stay where they are.
 *
 * Called by group.c and table*.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_FLOW_HASH_H
#define MORGANA_SWITCH_FLOW_HASH_H

#include "switch/flow_pool.h"

#include <string.h>

#define FLOW_BUCKET_SLOTS   11
#define FLOW_LOAD           5 /* entries a bucket on average */
#define FLOW_HASH_BLOCKS    32
#define FLOW_HASH_TAG_SHIFT 24

struct flow_bucket {
    uint8_t tag[12];                  /* of the hash of the entry in the slot; one is unused */
    uint32_t flow[FLOW_BUCKET_SLOTS]; /* its place; 0: the slot is free, its tag means nothing */
    struct flow_bucket *more;         /* for those that found no room here; or NULL */
};
_Static_assert(sizeof(struct flow_bucket) == 64, "a bucket is a cache line");

struct flow_hash {
    const struct flow_pool *pool;
    uint32_t used;    /* slots that are not free, overflow included */
    uint32_t buckets; /* at least 1; without overflow */
    uint32_t mask;    /* the least 2^n - 1 that is no less than buckets - 1 */
    struct flow_bucket *block[FLOW_HASH_BLOCKS]; /* number k has buckets 2^k - 1 and up */
};

static inline int flow_block_of(uint32_t i)
{
    return 31 - __builtin_clz(i + 1);
}

static inline struct flow_bucket *flow_hash_at(const struct flow_hash *h, uint32_t i)
{
    int k = flow_block_of(i);
    return &h->block[k][i + 1 - (1u << k)];
}

/* The bucket where what has `hash` belongs: those that the present round has not yet split are
 * found by one bit less. */
static inline struct flow_bucket *flow_hash_home(const struct flow_hash *h, uint32_t hash)
{
    uint32_t i = hash & h->mask;
    uint32_t mask = h->mask >> (i >= h->buckets); /* no branch: nobody could foretell it */
    return flow_hash_at(h, i & mask);
}

/* The slots of `b` whose tag is that of `hash`: bit n for slot n. */
static inline unsigned flow_bucket_hits(const struct flow_bucket *b, uint32_t hash)
{
    uint8_t tag = (uint8_t)(hash >> FLOW_HASH_TAG_SHIFT);
#ifdef __SSE2__ /* all at once; what is read behind the tags is masked out */
    typedef char tags __attribute__((vector_size(16)));
    tags t;
    memcpy(&t, b, sizeof t);
    return (unsigned)__builtin_ia32_pmovmskb128((tags)(t == (char)tag)) &
           ((1u << FLOW_BUCKET_SLOTS) - 1);
#else
    unsigned hits = 0;
    for (unsigned i = 0; i < FLOW_BUCKET_SLOTS; i++)
        hits |= (unsigned)(b->tag[i] == tag) << i;
    return hits;
#endif
}

/* The slot of the chain whose key is `key` under `mask` in bucket `b`, its home; NULL if there is
 * none. */
static inline uint32_t *flow_bucket_find(const struct flow_hash *h, struct flow_bucket *b,
                                         uint32_t hash, const struct ofp_key *key,
                                         const struct ofp_key *mask)
{
    for (; b != NULL; b = b->more)
        for (unsigned hits = flow_bucket_hits(b, hash); hits != 0; hits &= hits - 1) {
            uint32_t *slot = &b->flow[__builtin_ctz(hits)];
            if (*slot != 0 && ofp_key_matches(key, &flow_pool_at(h->pool, *slot)->key, mask))
                return slot;
        }
    return NULL;
}

/* The entry that a search is likely to look at, if any: to be asked of memory, once the bucket is
 * there. (That the caller says __builtin_prefetch has a reason: gcc 12 takes a function that does
 * nothing else for one without effect, and drops its call.) */
static inline struct flow *flow_bucket_ahead(const struct flow_hash *h, const struct flow_bucket *b,
                                             uint32_t hash)
{
    unsigned hits = flow_bucket_hits(b, hash);
    uint32_t place = hits != 0 ? b->flow[__builtin_ctz(hits)] : 0;
    return place != 0 ? flow_pool_at(h->pool, place) : NULL;
}

/* Make it empty, for entries of `pool`. False if there is no memory; flow_hash_free() is then
 * allowed. */
bool flow_hash_init(struct flow_hash *h, const struct flow_pool *pool);

/* Put in `flow`, whose key (under its group's mask) is not there. False, with nothing changed, if
 * there is no memory. */
bool flow_hash_add(struct flow_hash *h, struct flow *flow);

/* Call fn for every entry, chain by chain. Ends early, and returns false, when fn does. */
bool flow_hash_each(const struct flow_hash *h, bool (*fn)(void *user, const struct flow *flow),
                    void *user);

/* Give back all memory. */
void flow_hash_free(struct flow_hash *h);

#endif
