/*
 * table_walk.c - the flow table's entries that a filter picks, and whether some packet could match
 * two of them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table_inside.h"

#include <assert.h>

struct walk {
    const struct table_filter *filter;
    bool (*fn)(void *user, struct flow *flow);
    void *user;
};

static bool walk_flow(const struct walk *w, struct flow *flow)
{
    const struct table_filter *f = w->filter;
    return flow->group == NULL ||
           !ofp_match_covers(&f->key, &f->mask, &flow->key, flow_mask(flow)) ||
           !flow_outputs_to(flow, f->out_port) || w->fn(w->user, flow);
}

/* Those in up to *budget places from *cursor on. */
static bool walk_places(const struct flow_pool *pool, const struct walk *w, uint32_t *cursor,
                        uint32_t *budget)
{
    uint32_t place = *cursor > FLOW_POOL_BEGIN ? *cursor : FLOW_POOL_BEGIN, n = *budget;
    while (n > 0 && place < pool->end && walk_flow(w, flow_pool_at(pool, place))) {
        place++;
        n--;
    }
    *cursor = place;
    *budget = n;
    return place >= pool->end;
}

/* Those of the filter's own group, `g`, with its key. */
static bool walk_chain(const struct table_group *g, const struct walk *w)
{
    const struct table_filter *f = w->filter;
    bool any_priority = !f->strict || g->wildcards == 0;
    struct flow *next = NULL;
    for (struct flow *flow = group_chain(g, &f->key); flow != NULL; flow = next) {
        next = group_next(g, flow);
        if ((any_priority || flow->priority == f->priority) && flow_outputs_to(flow, f->out_port) &&
            !w->fn(w->user, flow))
            return false;
    }
    return true;
}

/* Can the filter pick entries of another group than its own? Of those that have all the bits of its
 * mask. */
static bool picks_others(const struct table *table, const struct table_filter *filter,
                         const struct table_group *own)
{
    if (filter->strict || own == &table->exact)
        return false;
    if (!group_is_empty(&table->exact))
        return true;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (table->rank[i].group != own && is_subset(&filter->mask, &table->rank[i].group->mask))
            return true;
    return false;
}

static void begin_walk(struct table *table)
{
    assert(!table->walking);
    table->walking = true;
}

static void end_walk(struct table *table, uint64_t version)
{
    table->walking = false;
    if (table->version != version)
        table_order_groups(table, NULL);
}

void table_each(struct table *table, const struct table_filter *filter,
                bool (*fn)(void *user, struct flow *flow), void *user)
{
    const struct walk w = {.filter = filter, .fn = fn, .user = user};
    const struct table_group *own = table_group_of(table, &filter->key, &filter->mask);
    uint64_t version = table->version;
    uint32_t cursor = TABLE_WALK_BEGIN, budget = UINT32_MAX;
    begin_walk(table);
    if (picks_others(table, filter, own))
        walk_places(&table->pool, &w, &cursor, &budget);
    else if (own != NULL)
        walk_chain(own, &w);
    end_walk(table, version);
}

bool table_walk(struct table *table, const struct table_filter *filter, uint32_t *cursor,
                uint32_t *budget, bool (*fn)(void *user, struct flow *flow), void *user)
{
    const struct walk w = {.filter = filter, .fn = fn, .user = user};
    uint64_t version = table->version;
    bool done;
    begin_walk(table);
    if (table_is_exact(&filter->key, &filter->mask))
        done = walk_chain(&table->exact, &w);
    else
        done = walk_places(&table->pool, &w, cursor, budget);
    end_walk(table, version);
    return done;
}

/* --- Overlap ---------------------------------------------------------------------------------- */

struct overlap {
    const struct ofp_key *key, *mask;
    uint16_t priority;
};

static bool lies_apart(void *user, const struct flow *flow)
{
    const struct overlap *o = user;
    return flow->priority != o->priority ||
           !ofp_match_overlaps(o->key, o->mask, &flow->key, flow_mask(flow));
}

/* If (key, mask) says all that the group's mask asks for, only one of its keys can overlap. */
static bool group_overlaps(const struct table_group *g, struct overlap *o)
{
    struct ofp_key key;
    if (!group_has_priority(g, o->priority))
        return false;
    if (!is_subset(&g->mask, o->mask))
        return !flow_hash_each(&g->hash, lies_apart, o);
    for (int i = 0; i < KEY_WORDS; i++)
        key.word[i] = o->key->word[i] & g->mask.word[i];
    for (const struct flow *f = group_chain(g, &key); f != NULL; f = group_next(g, f))
        if (f->priority == o->priority)
            return true;
    return false;
}

/* Exact entries are above the others, so that no priority is the same (section 3.4). */
bool table_overlaps(const struct table *table, const struct ofp_key *key,
                    const struct ofp_key *mask, uint16_t priority)
{
    struct overlap o = {.key = key, .mask = mask, .priority = priority};
    if (table_is_exact(key, mask))
        return group_chain(&table->exact, key) != NULL;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (group_overlaps(table->rank[i].group, &o))
            return true;
    return false;
}
