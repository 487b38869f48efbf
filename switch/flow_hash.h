/*
 * flow_hash.h - finding entries by their key: linear hashing over buckets of one cache line.
 *
 * The idea: a bucket holds six pointers to entries and, beside them, one byte of each one's hash. A
 * search reads the bucket's line, compares all six bytes at once, and follows a pointer only where
 * they agree; so what is not there costs one line as a rule, and what is there two. What finds a
 * full bucket goes into another one linked behind it. Entries of one key, which differ in priority,
 * hang on one chain from one slot, the highest first.
 *
 * It grows by linear hashing (W. Litwin, "Linear hashing: a new tool for file and table
 * addressing", 1980): whenever the buckets hold three entries each on average, one more is put at
 * the end, and one older bucket is split between itself and that one. So no flow-mod pays for more
 * than one bucket, however many entries there are, and memory grows with the entries instead of
 * doubling. Buckets lie in segments of 64 KB, which do not move; only the first one is smaller at
 * first.
 *
 * Called by group.c and table.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_FLOW_HASH_H
#define MORGANA_SWITCH_FLOW_HASH_H

#include "switch/table.h"

#include <string.h>

#define FLOW_BUCKET_SLOTS    6
#define FLOW_LOAD            3   /* entries a bucket on average, for memory; */
#define FLOW_SMALL           128 /* 1 in a hash of fewer buckets than this, for speed */
#define FLOW_SEGMENT_SHIFT   10  /* 2^10 buckets a segment */
#define FLOW_SEGMENT_BUCKETS (1u << FLOW_SEGMENT_SHIFT)
#define FLOW_HASH_TAG_SHIFT  24
#define FLOW_BUCKET_TAG_BITS 0x808080808080ull

struct flow_bucket {
    uint8_t tag[8];                       /* of the hash of the entry in the slot; two are unused */
    struct flow *flow[FLOW_BUCKET_SLOTS]; /* NULL: the slot is free, its tag means nothing */
    struct flow_bucket *more;             /* for those that found no room here; or NULL */
};
_Static_assert(sizeof(struct flow_bucket) == 64, "a bucket is a cache line");

struct flow_hash {
    uint32_t used;    /* slots that are not free, overflow included */
    uint32_t buckets; /* at least 1; without overflow */
    uint32_t mask;    /* the least 2^n - 1 that is no less than buckets - 1 */
    uint32_t room;    /* for buckets, in the segments that there are */
    struct flow_bucket **segment;
};

static inline struct flow_bucket *flow_hash_at(const struct flow_hash *h, uint32_t i)
{
    return &h->segment[i >> FLOW_SEGMENT_SHIFT][i % FLOW_SEGMENT_BUCKETS];
}

/* The bucket where what has `hash` belongs: those that the present round has not yet split are
 * found by one bit less. */
static inline struct flow_bucket *flow_hash_home(const struct flow_hash *h, uint32_t hash)
{
    uint32_t i = hash & h->mask;
    uint32_t mask = h->mask >> (i >= h->buckets); /* no branch: nobody could foretell it */
    return flow_hash_at(h, i & mask);
}

/* The slots of `b` whose tag is that of `hash`: bit 8 * n + 7 for slot n. May name one too many (if
 * the one before it has the tag). */
static inline uint64_t flow_bucket_hits(const struct flow_bucket *b, uint32_t hash)
{
    uint64_t tags;
    memcpy(&tags, b->tag, sizeof tags);
    tags ^= (hash >> FLOW_HASH_TAG_SHIFT) * 0x0101010101010101ull;
    return (tags - 0x0101010101010101ull) & ~tags & FLOW_BUCKET_TAG_BITS;
}

/* The slot of the chain whose key is `key` under `mask`; NULL if there is none. */
static inline struct flow **flow_hash_find(const struct flow_hash *h, uint32_t hash,
                                           const struct ofp_key *key, const struct ofp_key *mask)
{
    for (struct flow_bucket *b = flow_hash_home(h, hash); b != NULL; b = b->more)
        for (uint64_t hits = flow_bucket_hits(b, hash); hits != 0; hits &= hits - 1) {
            struct flow **slot = &b->flow[__builtin_ctzll(hits) / 8];
            if (*slot != NULL && ofp_key_matches(key, &(*slot)->key, mask))
                return slot;
        }
    return NULL;
}

/* The entry that flow_hash_find() is likely to look at, if any: to be asked of memory, once the
 * bucket is there. (That the caller says __builtin_prefetch has a reason: gcc 12 takes a function
 * that does nothing else for one without effect, and drops its call.) */
static inline struct flow *flow_hash_flow_ahead(const struct flow_hash *h, uint32_t hash)
{
    const struct flow_bucket *b = flow_hash_home(h, hash);
    uint64_t hits = flow_bucket_hits(b, hash);
    return hits != 0 ? b->flow[__builtin_ctzll(hits) / 8] : NULL;
}

/* Make it empty. False if there is no memory; flow_hash_free() is then allowed. */
bool flow_hash_init(struct flow_hash *h);

/* Put in `flow`, whose key (under its group's mask) is not there. False, with nothing changed, if
 * there is no memory. */
bool flow_hash_add(struct flow_hash *h, struct flow *flow);

/* Call fn for every entry, chain by chain; it may take out the one that it is given. Ends early,
 * and returns false, when fn does. */
bool flow_hash_each(const struct flow_hash *h, bool (*fn)(void *user, struct flow *flow),
                    void *user);

/* Give back all memory but the entries'. */
void flow_hash_free(struct flow_hash *h);

#endif
