/*
 * table.h - the flow table: which entry does a packet match?
 *
 * Three stages; each ends the search if it can (section 3.4 of OpenFlow 1.0: exact entries come
 * before those with wildcards, those by priority):
 *
 *   1. The exact-match cache: a fixed array, indexed by the packet key's hash, of what the later
 * stages answered last, a miss included. An answer counts only if it carries the table's version,
 * so that a change of the table empties the cache by one addition.
 *   2. The exact entries: one hash. Their priority is of no account.
 *   3. The classifier: entries with the same mask lie in one hash (a group), under the key with
 * that mask applied. Groups are kept in the order of the highest priority that they hold; the
 * search ends as soon as the best entry found beats all that the rest can hold.
 *
 * Entries with one masked key and several priorities hang on one chain, highest first. Time-outs
 * lie in a timer wheel. The table knows nothing of ports, messages or devices; time is passed in.
 *
 * Called by the datapath (lookup) and by flow_mod.c (change).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_TABLE_H
#define MORGANA_SWITCH_TABLE_H

#include "openflow/match.h"
#include "runtime/timer.h"

struct table;
struct table_group;

/* An entry. The table owns it; packets, bytes and used are the datapath's to keep. Less than 200
 * bytes with its place in the table, beyond its actions. */
struct flow {
    struct ofp_key key;        /* canonical */
    struct table_group *group; /* those with its mask; see flow_mask() */
    struct flow *next;         /* in its hash bucket */
    struct timer timer;        /* the earlier of its time-outs */
    uint64_t cookie;
    uint64_t packets, bytes;
    uint64_t created, used; /* loop time, ns */
    uint32_t hash;
    uint16_t priority;
    uint16_t idle_timeout, hard_timeout; /* seconds; OFP_FLOW_PERMANENT: never */
    uint16_t flags;                      /* enum ofp_flow_mod_flags */
    uint16_t actions_len;
    uint8_t *actions; /* wire format; owned */
};

/* Why an entry leaves: enum ofp_flow_removed_reason, or this: an identical one takes its place,
 * which nobody is told of (section 4.6). */
#define TABLE_REPLACED 0xff

/* An entry is about to leave: called before it is freed, never in table_free(). */
typedef void table_removed_fn(void *user, struct flow *flow, uint8_t reason);

struct table_stats {
    uint32_t active, max;
    uint64_t lookups, matched;
    uint64_t cache_hits;
    uint32_t groups;
};

/* An empty table of at most `max_flows` entries, which expire on the loop's wheel. NULL if there is
 * no memory. */
struct table *table_new(uint32_t max_flows, table_removed_fn *removed, void *user);

/* Free the table and its entries. NULL is allowed. */
void table_free(struct table *table);

/* The entry that a packet with `key` is to follow; NULL: a miss. Counts the lookup. */
struct flow *table_lookup(struct table *table, const struct ofp_key *key);

void table_get_stats(const struct table *table, struct table_stats *stats);

/* The mask of an entry, and the wildcards that a message says for it. */
const struct ofp_key *flow_mask(const struct flow *flow);
uint32_t flow_wildcards(const struct flow *flow);

/* The entry's match as a message carries it. */
void flow_match(const struct flow *flow, struct ofp_match *match);

/* Does one of its actions output (or enqueue) to `port`? OFPP_NONE: true. */
bool flow_outputs_to(const struct flow *flow, uint16_t port);

/* --- Change ---------------------------------------------------------------------------------- */

/* Insert an entry for `match` with a copy of `actions`; the other members as they are in `init`. An
 * identical entry (section 4.6: same match and priority; exact entries: same match) is replaced and
 * its counters are gone. `now` is loop time. 0, -ENOSPC if the table is full, -ENOMEM. */
int table_insert(struct table *table, const struct ofp_match *match, const struct flow *init,
                 struct span actions, uint64_t now);

/* Give an entry other actions; counters and times stay. 0 or -ENOMEM with nothing changed. */
int table_set_actions(struct table *table, struct flow *flow, struct span actions);

void table_remove(struct table *table, struct flow *flow, uint8_t reason);

/* Which entries a walk or a change is about. */
struct table_filter {
    struct ofp_key key, mask; /* canonical, see ofp_match_canonical() */
    bool strict; /* the one identical in match and `priority`; else all that it covers */
    uint16_t priority;
    uint16_t out_port; /* OFPP_NONE: whatever they output to */
};

/* Call fn for each entry that `filter` picks (strict: at most one, found by its hash); fn may
 * remove the entry that it is given, and no other. Ends early when fn says false. */
void table_each(struct table *table, const struct table_filter *filter,
                bool (*fn)(void *user, struct flow *flow), void *user);

/* Is there an entry of this priority that some packet could match as well as (key, mask)?
 * (OFPFF_CHECK_OVERLAP; canonical.) */
bool table_overlaps(const struct table *table, const struct ofp_key *key,
                    const struct ofp_key *mask, uint16_t priority);

#endif
