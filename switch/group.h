/*
 * group.h - a part of the flow table: the entries with one mask, in one hash, by masked key.
 *
 * The hash is XXH3 with a seed of the table's own, so that nobody outside can aim keys at one
 * bucket. Only the words of a key in which the mask has bits are hashed, so that a mask of a MAC
 * address or two costs a hash of one word or two. A group counts its entries by priority, so that
 * its highest one is known at any time, and which priorities it lacks. (They are few as a rule;
 * each that comes or goes moves those below it.)
 *
 * A packet that no cache knows asks each group in turn, and most have nothing for it. So a group of
 * few keys has a filter in front of its hash: it counts its keys by a few bits of their product
 * with random factors, which costs a fraction of XXH3, and what it counts none of is not there.
 * Whoever aims at it gains no more than that XXH3 is asked.
 *
 * Called by table*.c. The exact entries are a group as well, with a mask of all ones: a key has
 * zeros in the fields that its packets do not have.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_GROUP_H
#define MORGANA_SWITCH_GROUP_H

#include "switch/flow_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define KEY_WORDS         5
#define GROUP_FILTER_BITS 10
#define GROUP_FILTER      (1u << GROUP_FILTER_BITS)
#define GROUP_FILTER_KEYS (GROUP_FILTER / 4) /* with more it keeps too little out */

/* How many entries have a priority. */
struct group_tally {
    uint16_t priority;
    uint32_t flows;
};

struct table_group {
    uint64_t seed;
    uint64_t word_mask[KEY_WORDS]; /* the mask's words that are not zero, */
    uint8_t word[KEY_WORDS];       /* and which words of the key they are for */
    uint8_t n_words;
    struct flow_hash hash;
    struct ofp_key mask;
    bool exact; /* those without wildcards, whatever their priority */
    struct table *table;
    uint64_t factor[KEY_WORDS];   /* odd ones, for the filter */
    uint8_t filter[GROUP_FILTER]; /* how many keys, by the first bits of their sum of products */
    struct group_tally *tally;    /* highest priority first; none has no flows */
    uint32_t n_tally, tally_room;
};

/* Make `g` an empty group of `table`, whose entries lie in `pool`, for those with `mask`, or (NULL)
 * for the exact ones. False if there is no memory; group_free() is then allowed. */
bool group_init(struct table_group *g, struct table *table, const struct flow_pool *pool,
                const struct ofp_key *mask, uint64_t seed);

/* Free what it holds; the entries are the pool's. */
void group_free(struct table_group *g);

static inline bool group_is_empty(const struct table_group *g)
{
    return g->n_tally == 0;
}

/* Its highest priority; there must be entries. */
static inline uint16_t group_top(const struct table_group *g)
{
    return g->tally[0].priority;
}

/* The hash of (up to five) words of a key. */
#define GROUP_HASH(g, ...)                                                                         \
    ((uint32_t)XXH3_64bits_withSeed((const uint64_t[]){__VA_ARGS__},                               \
                                    sizeof((const uint64_t[]){__VA_ARGS__}), (g)->seed))

static inline uint64_t group_word(const struct table_group *g, const struct ofp_key *key, int i)
{
    return key->word[g->word[i]] & g->word_mask[i];
}

/* Of constant lengths, XXH3 is a few instructions in place: where gcc, left to itself, would not
 * put it. */
static inline __attribute__((always_inline)) uint32_t
group_hash_words(const struct table_group *g, const struct ofp_key *key, int n_words)
{
#define WORD(i) group_word(g, key, i)
    switch (n_words) {
    case 0:
    case 1:
        return GROUP_HASH(g, WORD(0));
    case 2:
        return GROUP_HASH(g, WORD(0), WORD(1));
    case 3:
        return GROUP_HASH(g, WORD(0), WORD(1), WORD(2));
    case 4:
        return GROUP_HASH(g, WORD(0), WORD(1), WORD(2), WORD(3));
    default:
        return GROUP_HASH(g, WORD(0), WORD(1), WORD(2), WORD(3), WORD(4));
    }
#undef WORD
}

static inline uint32_t group_hash(const struct table_group *g, const struct ofp_key *key)
{
    return group_hash_words(g, key, g->n_words);
}

/* The same for the group of the exact entries, of any packet. */
static inline uint32_t group_hash_exact(const struct table_group *g, const struct ofp_key *key)
{
    return (uint32_t)XXH3_64bits_withSeed(key, sizeof *key, g->seed);
}

/* A search that has begun: where to look for what. */
struct group_probe {
    struct flow_bucket *bucket;
    uint32_t hash;
    uint32_t who; /* of a batch's packets */
};

static inline struct group_probe group_probe(const struct table_group *g, uint32_t hash)
{
    return (struct group_probe){.bucket = flow_hash_home(&g->hash, hash), .hash = hash};
}

/* The entry of the highest priority that a packet with `key` matches; NULL if there is none. */
static inline struct flow *group_lookup(const struct table_group *g, struct group_probe probe,
                                        const struct ofp_key *key)
{
    uint32_t *slot = flow_bucket_find(&g->hash, probe.bucket, probe.hash, key, &g->mask);
    return slot != NULL ? flow_pool_at(g->hash.pool, *slot) : NULL;
}

/* The next lower priority of the same match; NULL if there is none. */
static inline struct flow *group_next(const struct table_group *g, const struct flow *flow)
{
    return flow->next != 0 ? flow_pool_at(g->hash.pool, flow->next) : NULL;
}

/* Begin the search of keys[who[i]] for each of `n` packets; returns for how many it goes on, with a
 * probe each. The others are not there. */
size_t group_begin(const struct table_group *g, const struct ofp_key *keys, const uint8_t *who,
                   size_t n, struct group_probe *probes);

/* The entries with the canonical `key`, highest priority first; NULL if there is none. */
struct flow *group_chain(const struct table_group *g, const struct ofp_key *key);

/* The entry identical to `like`, of which the key, the hash and the priority are set; NULL if there
 * is none. */
struct flow *group_find(const struct table_group *g, const struct flow *like);

/* Has it entries of this priority? */
bool group_has_priority(const struct table_group *g, uint16_t priority);

/* Put in `flow`, whose hash is set, and of whose key and priority there is none. 0 or -ENOMEM with
 * nothing changed. */
int group_add(struct table_group *g, struct flow *flow);

/* Take it out; it is not freed. */
void group_remove(struct table_group *g, struct flow *flow);

/* `by`, with the same key and priority, takes the place of `flow`, which is not freed. */
void group_replace(struct table_group *g, struct flow *flow, struct flow *by);

#endif
