/*
 * table_inside.h - what the files of the flow table share: its struct and its groups. table.h is
 * for everybody else.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_TABLE_INSIDE_H
#define MORGANA_SWITCH_TABLE_INSIDE_H

#include "switch/cache.h"
#include "switch/flow.h"
#include "switch/group.h"
#include "switch/table.h"

/* A group in its order. */
struct rank {
    struct table_group *group;
    uint16_t top; /* its highest priority, or (during a walk) no less */
};

struct table {
    struct flow_pool pool; /* all entries */
    struct table_group exact;
    struct rank *rank; /* the other groups, highest priority first */
    uint32_t n_ranks, rank_room;
    struct cache cache;
    uint64_t seed;
    uint64_t version;
    bool walking; /* in a walk: groups stay where they are, though they be empty */
    uint32_t active, max;
    uint64_t lookups, matched, cache_hits;
    table_removed_fn *removed;
    void *user;
};

/* --- Groups: table_groups.c ------------------------------------------------------------------- */

/* The group of the exact entries, or of those with `mask`; NULL if there is none. */
struct table_group *table_group_of(const struct table *table, bool exact,
                                   const struct ofp_key *mask);

/* A new group at the end of the order, still empty. 0, -ENOSPC or -ENOMEM. */
int table_new_group(struct table *table, const struct ofp_key *mask, struct table_group **group);

/* Group `g` (NULL: any) has changed: bring them into order; if a walk is under way, it does that
 * when it ends. */
void table_order_groups(struct table *table, const struct table_group *g);

/* Free all but the exact entries' one. */
void table_free_groups(struct table *table);

/* Does `of` compare all the bits that `mask` does? */
static inline bool is_subset(const struct ofp_key *mask, const struct ofp_key *of)
{
    uint64_t more = 0;
    for (int i = 0; i < KEY_WORDS; i++)
        more |= mask->word[i] & ~of->word[i];
    return more == 0;
}

#endif
