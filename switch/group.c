/*
 * group.c - the entries with one mask: adding, taking out, counting by priority. See group.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/group.h"
#include "switch/flow.h"

#include <errno.h>
#include <stdlib.h>

bool group_init(struct table_group *g, struct table *table, uint32_t wildcards, uint64_t seed)
{
    *g = (struct table_group){.table = table, .wildcards = wildcards, .seed = seed};
    ofp_mask_of_wildcards(&g->mask, wildcards);
    for (uint8_t i = 0; i < KEY_WORDS; i++)
        if (g->mask.word[i] != 0) {
            g->word_mask[g->n_words] = g->mask.word[i];
            g->word[g->n_words++] = i;
        }
    return flow_hash_init(&g->hash);
}

static bool free_entry(void *user, struct flow *flow)
{
    (void)user;
    flow_free(flow);
    return true;
}

void group_free(struct table_group *g)
{
    if (!group_is_empty(g))
        flow_hash_each(&g->hash, free_entry, NULL);
    flow_hash_free(&g->hash);
    free(g->tally);
}

/* --- Priorities ------------------------------------------------------------------------------- */

/* Section 3.4: exact entries come before all others; what priority they were given does not count.
 */
static uint16_t priority_of(const struct table_group *g, const struct flow *flow)
{
    return g->wildcards == 0 ? UINT16_MAX : flow->priority;
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

static struct flow **slot_of(const struct table_group *g, const struct flow *flow)
{
    return flow_hash_find(&g->hash, flow->hash, &flow->key, &g->mask);
}

struct flow *group_chain(const struct table_group *g, const struct ofp_key *key)
{
    return group_lookup(g, group_hash(g, key), key);
}

/* Where on the chain in `slot` an entry of the priority of `flow` is pointed to, or would be. */
static struct flow **link_of(const struct table_group *g, struct flow **slot,
                             const struct flow *flow)
{
    while (*slot != NULL && priority_of(g, *slot) > priority_of(g, flow))
        slot = &(*slot)->next;
    return slot;
}

struct flow *group_find(const struct table_group *g, const struct flow *like)
{
    struct flow **slot = slot_of(g, like), *flow = slot != NULL ? *link_of(g, slot, like) : NULL;
    return flow != NULL && priority_of(g, flow) == priority_of(g, like) ? flow : NULL;
}

int group_add(struct table_group *g, struct flow *flow)
{
    struct flow **slot = slot_of(g, flow);
    if (!tally_add(g, priority_of(g, flow)))
        return -ENOMEM;
    if (slot != NULL) {
        slot = link_of(g, slot, flow);
        flow->next = *slot;
        *slot = flow;
        return 0;
    }
    flow->next = NULL;
    if (flow_hash_add(&g->hash, flow))
        return 0;
    tally_remove(g, priority_of(g, flow));
    return -ENOMEM;
}

void group_remove(struct table_group *g, struct flow *flow)
{
    struct flow **slot = slot_of(g, flow);
    *link_of(g, slot, flow) = flow->next;
    if (*slot == NULL)
        g->hash.used--;
    tally_remove(g, priority_of(g, flow));
}

void group_replace(struct table_group *g, struct flow *flow, struct flow *by)
{
    by->next = flow->next;
    *link_of(g, slot_of(g, flow), flow) = by;
}
