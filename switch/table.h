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
 * search ends as soon as the best entry found is no worse than all that the rest can hold.
 *
 * An entry is exact if it leaves nothing open that its packets have: one for ARP needs no ports.
 * Entries with one masked key and several priorities hang on one chain, highest first. Time-outs
 * lie in the loop's timer wheel. The table knows nothing of ports, messages or devices.
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

/* An entry. The table owns it; packets, bytes and used are the datapath's to keep. What a packet
 * needs comes first. Less than 200 bytes with its place in the table, beyond its actions. */
struct flow {
    struct ofp_key key; /* canonical */
    uint64_t packets, bytes;
    uint64_t used;             /* loop time, ns: when a packet matched it last, or else `created` */
    struct table_group *group; /* those with its mask; see flow_mask() */
    struct flow *next;         /* the next lower priority of the same match */
    uint64_t created;          /* loop time, ns */
    uint64_t cookie;
    struct timer timer; /* the earlier of its time-outs */
    uint32_t hash;
    uint16_t priority;
    uint16_t idle_timeout, hard_timeout; /* seconds; OFP_FLOW_PERMANENT: never */
    uint16_t flags;                      /* enum ofp_flow_mod_flags */
    uint16_t actions_len, actions_room;
    uint8_t actions[]; /* wire format, actions_len bytes */
};

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

/* The same for `n` packets, flows[i] being keys[i]'s. In a table that is larger than the
 * processor's caches this is several times faster, as the memory is asked for all at once. The
 * answers hold as long as table_version() stays the same. */
void table_lookup_batch(struct table *table, const struct ofp_key *keys, size_t n,
                        struct flow **flows);

/* Grows with every change after which a lookup could give another answer. */
uint64_t table_version(const struct table *table);

void table_get_stats(const struct table *table, struct table_stats *stats);

/* The mask of an entry, and the wildcards that a message says for it (0 if it is exact). */
const struct ofp_key *flow_mask(const struct flow *flow);
uint32_t flow_wildcards(const struct flow *flow);

/* The entry's match as a message carries it. */
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

/* Which entries a walk or a change is about. */
struct table_filter {
    struct ofp_key key, mask; /* canonical, see ofp_match_canonical() */
    bool strict; /* the one identical in match and `priority`; else all that it covers */
    uint16_t priority;
    uint16_t out_port; /* OFPP_NONE: whatever they output to */
};

/* Call fn for each entry that `filter` picks (strict: at most one, found by its hash); fn may
 * remove the entry that it is given, and change nothing else. Ends early when fn says false. */
void table_each(struct table *table, const struct table_filter *filter,
                bool (*fn)(void *user, struct flow *flow), void *user);

/* Give all entries that `filter` picks other actions and another cookie; counters, flags and times
 * stay. Returns how many there are, or -ENOMEM with nothing changed. */
int table_modify(struct table *table, const struct table_filter *filter, uint64_t cookie,
                 struct span actions);

/* Is there an entry of this priority that some packet could match as well as (key, mask)?
 * (OFPFF_CHECK_OVERLAP; canonical.) */
bool table_overlaps(const struct table *table, const struct ofp_key *key,
                    const struct ofp_key *mask, uint16_t priority);

#endif
