/*
 * cache.h - the exact-match cache in front of the classifier: what was answered last for a key.
 *
 * One array, one cache line a key, indexed by the key's hash; what comes later takes the place. An
 * answer counts only if it carries the present version, so that a change of the classifier empties
 * the cache by one addition. "No entry" is an answer like any other.
 *
 * Called by table*.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_CACHE_H
#define MORGANA_SWITCH_CACHE_H

#include "switch/table.h"

#include <stdlib.h>

#define CACHE_LINES 8192

struct cache_line {
    struct ofp_key key;
    uint64_t version; /* 0: never used */
    struct flow *flow;
    uint64_t unused;
};
_Static_assert(sizeof(struct cache_line) == 64, "a cache line is a cache line");

/* All zero: closed. */
struct cache {
    struct cache_line *line;
    uint64_t version;
};

/* Get the memory. False if there is none. */
static inline bool cache_open(struct cache *c)
{
    c->line = aligned_alloc(sizeof *c->line, CACHE_LINES * sizeof *c->line);
    if (c->line != NULL)
        bytes_zero(c->line, CACHE_LINES * sizeof *c->line);
    return c->line != NULL;
}

static inline void cache_close(struct cache *c)
{
    free(c->line);
    c->line = NULL;
}

/* What was answered is so no longer. */
static inline void cache_forget(struct cache *c)
{
    c->version++;
}

/* Where the answer for a key with this hash lies, if it does. */
static inline struct cache_line *cache_line_of(const struct cache *c, uint32_t hash)
{
    return &c->line[hash % CACHE_LINES];
}

static inline bool cache_knows(const struct cache *c, const struct cache_line *l,
                               const struct ofp_key *key)
{
    return l->version == c->version && ofp_key_equal(&l->key, key);
}

static inline void cache_remember(const struct cache *c, struct cache_line *l,
                                  const struct ofp_key *key, struct flow *flow)
{
    *l = (struct cache_line){.key = *key, .version = c->version, .flow = flow};
}

#endif
