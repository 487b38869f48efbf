/*
 * group.c - the entries with one mask: adding, taking out, counting by priority. See group.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/group.h"
#include "switch/flow.h"

#include <errno.h>
#include <stdlib.h>

/* --- The filter ------------------------------------------------------------------------------- */

static void filter_init(struct table_group *g)
{
    for (uint64_t i = 0; i < KEY_WORDS; i++)
        g->factor[i] = XXH3_64bits_withSeed(&i, sizeof i, g->seed) | 1;
}

static inline unsigned filter_of(const struct table_group *g, const struct ofp_key *key)
{
#define TERM(i) (key->word[i] & g->mask.word[i]) * g->factor[i]
    return (unsigned)((TERM(0) + TERM(1) + TERM(2) + TERM(3) + TERM(4)) >>
                      (64 - GROUP_FILTER_BITS));
#undef TERM
}

/* One more key, or one less. A count that was full once stays so: it lets through what it need not.
 */
static void filter_count(struct table_group *g, const struct ofp_key *key, int more)
{
    uint8_t *count = &g->filter[filter_of(g, key)];
    if (*count < UINT8_MAX)
        *count = (uint8_t)(*count + more);
}

/* --- The beginning and the end ---------------------------------------------------------------- */

bool group_init(struct table_group *g, struct table *table, const struct flow_pool *pool,
                const struct ofp_key *mask, uint64_t seed)
{
    *g = (struct table_group){.table = table, .exact = mask == NULL, .seed = seed};
    if (g->exact)
        ofp_mask_of_wildcards(&g->mask, 0);
    else
        g->mask = *mask;
    for (uint8_t i = 0; i < KEY_WORDS; i++)
        if (g->mask.word[i] != 0) {
            g->word_mask[g->n_words] = g->mask.word[i];
            g->word[g->n_words++] = i;
        }
    filter_init(g);
    return flow_hash_init(&g->hash, pool);
}

void group_free(struct table_group *g)
{
    flow_hash_free(&g->hash);
    free(g->tally);
}

/* --- Searches --------------------------------------------------------------------------------- */

/* The hash is one for each number of words, so that the choice is made once for all packets. */
static inline __attribute__((always_inline)) void
begin_words(const struct table_group *g, const struct ofp_key *keys, const uint8_t *who, size_t n,
            struct group_probe *probes, int n_words)
{
    for (size_t i = 0; i < n; i++) {
        probes[i] = group_probe(g, group_hash_words(g, &keys[who[i]], n_words));
        probes[i].who = who[i];
        __builtin_prefetch(probes[i].bucket);
    }
}

/* Those of the packets that the filter lets through; without branches, as nobody could foretell
 * them. */
static size_t filter(const struct table_group *g, const struct ofp_key *keys, const uint8_t *who,
                     size_t n, uint8_t *passed)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        passed[kept] = who[i];
        kept += g->filter[filter_of(g, &keys[who[i]])] != 0;
    }
    return kept;
}

static void begin_all(const struct table_group *g, const struct ofp_key *keys, const uint8_t *who,
                      size_t n, struct group_probe *probes)
{
    switch (g->n_words) {
    case 0:
    case 1:
        begin_words(g, keys, who, n, probes, 1);
        break;
    case 2:
        begin_words(g, keys, who, n, probes, 2);
        break;
    case 3:
        begin_words(g, keys, who, n, probes, 3);
        break;
    case 4:
        begin_words(g, keys, who, n, probes, 4);
        break;
    default:
        begin_words(g, keys, who, n, probes, 5);
    }
}

size_t group_begin(const struct table_group *g, const struct ofp_key *keys, const uint8_t *who,
                   size_t n, struct group_probe *probes)
{
    uint8_t passed[UINT8_MAX + 1];
    if (g->hash.used <= GROUP_FILTER_KEYS) {
        n = filter(g, keys, who, n, passed);
        who = passed;
    }
    begin_all(g, keys, who, n, probes);
    return n;
}

/* --- Priorities ------------------------------------------------------------------------------- */

/* Section 3.4: exact entries come before all others; what priority they were given does not count.
 */
static uint16_t priority_of(const struct table_group *g, const struct flow *flow)
{
    return g->exact ? UINT16_MAX : flow->priority;
}

/* Where `priority` stands in the tally, or would. */
static uint32_t tally_place(const struct table_group *g, uint16_t priority)
{
    uint32_t low = 0, high = g->n_tally;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g->tally[middle].priority > priority)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool group_has_priority(const struct table_group *g, uint16_t priority)
{
    uint32_t i = tally_place(g, priority);
    return i < g->n_tally && g->tally[i].priority == priority;
}

static bool tally_grow(struct table_group *g)
{
    uint32_t room = g->tally_room > 0 ? g->tally_room * 2 : 1;
    struct group_tally *tally = realloc(g->tally, room * sizeof *tally);
    if (tally == NULL)
        return false;
    g->tally = tally;
    g->tally_room = room;
    return true;
}

static bool tally_add(struct table_group *g, uint16_t priority)
{
    uint32_t i = tally_place(g, priority);
    if (i == g->n_tally || g->tally[i].priority != priority) {
        if (g->n_tally == g->tally_room && !tally_grow(g))
            return false;
        memmove(&g->tally[i + 1], &g->tally[i], (g->n_tally - i) * sizeof *g->tally);
        g->tally[i] = (struct group_tally){.priority = priority};
        g->n_tally++;
    }
    g->tally[i].flows++;
    return true;
}

static void tally_remove(struct table_group *g, uint16_t priority)
{
    uint32_t i = tally_place(g, priority);
    if (--g->tally[i].flows > 0)
        return;
    g->n_tally--;
    memmove(&g->tally[i], &g->tally[i + 1], (g->n_tally - i) * sizeof *g->tally);
}

/* --- Entries ---------------------------------------------------------------------------------- */

static uint32_t *slot_of(const struct table_group *g, const struct flow *flow)
{
    return flow_bucket_find(&g->hash, flow_hash_home(&g->hash, flow->hash), flow->hash, &flow->key,
                            &g->mask);
}

struct flow *group_chain(const struct table_group *g, const struct ofp_key *key)
{
    return group_lookup(g, group_probe(g, group_hash(g, key)), key);
}

/* Where on the chain in `slot` an entry of the priority of `flow` is named, or would be. */
static uint32_t *link_of(const struct table_group *g, uint32_t *slot, const struct flow *flow)
{
    while (*slot != 0) {
        struct flow *at = flow_pool_at(g->hash.pool, *slot);
        if (priority_of(g, at) <= priority_of(g, flow))
            break;
        slot = &at->next;
    }
    return slot;
}

struct flow *group_find(const struct table_group *g, const struct flow *like)
{
    uint32_t *slot = slot_of(g, like), place = slot != NULL ? *link_of(g, slot, like) : 0;
    struct flow *flow = place != 0 ? flow_pool_at(g->hash.pool, place) : NULL;
    return flow != NULL && priority_of(g, flow) == priority_of(g, like) ? flow : NULL;
}

int group_add(struct table_group *g, struct flow *flow)
{
    uint32_t *slot = slot_of(g, flow);
    if (!tally_add(g, priority_of(g, flow)))
        return -ENOMEM;
    if (slot != NULL) {
        slot = link_of(g, slot, flow);
        flow->next = *slot;
        *slot = flow->place;
        return 0;
    }
    flow->next = 0;
    if (flow_hash_add(&g->hash, flow)) {
        filter_count(g, &flow->key, 1);
        return 0;
    }
    tally_remove(g, priority_of(g, flow));
    return -ENOMEM;
}

void group_remove(struct table_group *g, struct flow *flow)
{
    uint32_t *slot = slot_of(g, flow);
    *link_of(g, slot, flow) = flow->next;
    if (*slot == 0) {
        g->hash.used--;
        filter_count(g, &flow->key, -1);
    }
    tally_remove(g, priority_of(g, flow));
}

void group_replace(struct table_group *g, struct flow *flow, struct flow *by)
{
    by->next = flow->next;
    *link_of(g, slot_of(g, flow), flow) = by->place;
}
