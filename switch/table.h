/*
 * table.h - the flow table: which entry does a packet match?
 *
 * Three stages; each ends the search if it can (section 3.4 of OpenFlow 1.0: exact entries come
 * before those with wildcards, those by priority):
 *
 *   1. The exact entries: one hash (flow_hash.h). Their priority is of no account.
 *   2. The exact-match cache (cache.h): what the classifier last answered for a key, "none"
 * included. It lies behind the exact entries because one of those is found as fast as an answer in
 * the cache; and so a controller that installs exact entries all the time leaves the cache valid.
 *   3. The classifier: entries with the same mask lie in one hash (a group, group.h), under the key
 * with that mask applied. Groups are kept in the order of the highest priority that they hold; the
 * search ends as soon as the best entry found is no worse than all that the rest can hold. The
 * packets of a batch go through each group together.
 *
 * An entry is exact if its flow-mod has no wildcards. One that leaves nothing open that its packets
 * have (for ARP, without ports) but says so by wildcards has a priority as others do, and is
 * another entry than the exact one for the same packets. Entries with one masked key and several
 * priorities hang on one chain, highest first. Time-outs lie in the loop's timer wheel. The table
 * knows nothing of ports, messages or devices.
 *
 * Called by the datapath (lookup) and by flow_mod.c (change).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_TABLE_H
#define MORGANA_SWITCH_TABLE_H

#include "openflow/match.h"
#include "runtime/timer.h"

#include <stdalign.h>

struct table;
struct table_group;

#define FLOW_ACTIONS_HERE 32

/* An entry. The table owns it; packets, bytes and used are the datapath's to keep. Three cache
 * lines: what a lookup compares and counts, what a packet then needs, the rest. */
struct flow {
    alignas(64) struct ofp_key key; /* canonical */
    uint64_t packets, bytes;
    uint64_t used; /* loop time, ns: when a packet matched it last, or else `created` */

    union {
        uint8_t here[FLOW_ACTIONS_HERE]; /* if they are no longer than this; */
        uint8_t *elsewhere;              /* else a block of the heap */
    } actions;                           /* wire format; see flow_actions() */
    uint16_t actions_len;
    uint16_t priority;
    uint16_t idle_timeout, hard_timeout; /* seconds; OFP_FLOW_PERMANENT: never */
    uint32_t wildcards : 22;             /* as its flow-mod said them; 0: it is exact */
    uint32_t flags : 10;                 /* enum ofp_flow_mod_flags */
    uint32_t hash;
    uint32_t place;            /* its own, in the table's memory: flow_pool.h */
    uint32_t next;             /* that of the next lower priority of the same match, or 0 */
    struct table_group *group; /* those with its mask, see flow_mask(); NULL: not in the table */

    uint64_t created; /* loop time, ns */
    uint64_t cookie;
    struct timer timer; /* the earlier of its time-outs */
};
_Static_assert(sizeof(struct flow) == 192, "each byte of a flow is a megabyte in a large table");

static inline struct span flow_actions(const struct flow *flow)
{
    bool here = flow->actions_len <= FLOW_ACTIONS_HERE;
    return span_of(here ? flow->actions.here : flow->actions.elsewhere, flow->actions_len);
}

/* Why an entry leaves: enum ofp_flow_removed_reason, or this: an identical one takes its place,
 * which nobody is told of (section 4.6). */
#define TABLE_REPLACED 0xff

/* More different masks than this are refused: a packet that no cache knows asks for each. */
#define TABLE_MASKS_MAX 8192

/* An entry has left: called before it is freed, never in table_free(). Must not change the table.
 */
typedef void table_removed_fn(void *user, struct flow *flow, uint8_t reason);

struct table_stats {
    uint32_t active, max;
    uint64_t lookups, matched;
    uint64_t cache_hits;
    uint32_t groups; /* different masks, the exact entries' not counted */
};

/* An empty table of at most `max_flows` entries, which expire on the loop's wheel. NULL if there is
 * no memory. */
struct table *table_new(uint32_t max_flows, table_removed_fn *removed, void *user);

/* Free the table and its entries. NULL is allowed. */
void table_free(struct table *table);

/* The entry that a packet with `key` is to follow; NULL: a miss. Counts the lookup. */
struct flow *table_lookup(struct table *table, const struct ofp_key *key);

/* The same for `n` packets, flows[i] being keys[i]'s. This is several times faster: memory is asked
 * for what all of them need at once, and each group is searched for all that are still without an
 * answer. The answers hold as long as table_version() stays the same. */
void table_lookup_batch(struct table *table, const struct ofp_key *keys, size_t n,
                        struct flow **flows);

/* Grows with every change after which a lookup could give another answer. */
uint64_t table_version(const struct table *table);

void table_get_stats(const struct table *table, struct table_stats *stats);

/* The mask of an entry. */
const struct ofp_key *flow_mask(const struct flow *flow);

/* The entry's match as a message carries it: with the wildcards of its flow-mod (sections 5.3.5 and
 * 5.4.2); what they leave open is zero. */
void flow_match(const struct flow *flow, struct ofp_match *match);

/* Does one of its actions output (or enqueue) to `port`? OFPP_NONE: true. */
bool flow_outputs_to(const struct flow *flow, uint16_t port);

/* --- Change ---------------------------------------------------------------------------------- */

/* Insert an entry for `match` with a copy of `actions`; cookie, priority, time-outs and flags as in
 * `init`. An identical entry (section 4.6: same match and priority; exact entries: same match) is
 * replaced and its counters are gone. 0, -ENOSPC if the table is full, -ENOMEM; with nothing
 * changed unless 0. */
int table_insert(struct table *table, const struct ofp_match *match, const struct flow *init,
                 struct span actions);

void table_remove(struct table *table, struct flow *flow, uint8_t reason);

/* Which entries a walk or a change is about. All zero but out_port: all. */
struct table_filter {
    struct ofp_key key, mask; /* canonical, see ofp_match_canonical() */
    bool exact;               /* the match has no wildcards */
    bool strict; /* the one identical in match and `priority`; else all that it covers */
    uint16_t priority;
    uint16_t out_port; /* OFPP_NONE: whatever they output to */
};

/* All that `match` covers, whatever they output to. */
struct table_filter table_filter_of(const struct ofp_match *match);

/* Call fn for each entry that `filter` picks (strict: at most one, found by its hash); fn may
 * remove the entry that it is given, and change nothing else. Ends early when fn says false. */
void table_each(struct table *table, const struct table_filter *filter,
                bool (*fn)(void *user, struct flow *flow), void *user);

/* The same in parts, between which the table may change: go on at *cursor, TABLE_WALK_BEGIN at
 * first, and look for entries at up to *budget places, of which what is left is left there. True:
 * that was the last part. When fn says false the part ends, and the next one begins with the same
 * entry. Nothing is held between the parts; a walk that is not needed any more is forgotten.
 *
 * What is promised under change: an entry that is there and picked from the first part to the last
 * is shown exactly once. One that comes, leaves or is modified meanwhile is shown once, as it is at
 * that time, or not at all. (An entry that is replaced leaves, and another comes.) */
#define TABLE_WALK_BEGIN 0
bool table_walk(struct table *table, const struct table_filter *filter, uint32_t *cursor,
                uint32_t *budget, bool (*fn)(void *user, struct flow *flow), void *user);

/* Give all entries that `filter` picks other actions and another cookie; counters, flags and times
 * stay. Returns how many there are, or -ENOMEM with nothing changed. */
int table_modify(struct table *table, const struct table_filter *filter, uint64_t cookie,
                 struct span actions);

/* Is there an entry of the filter's priority that some packet could match as well as its match?
 * (OFPFF_CHECK_OVERLAP.) */
bool table_overlaps(const struct table *table, const struct table_filter *filter);

#endif
