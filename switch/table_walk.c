/*
 * table_walk.c - the flow table's entries that a filter picks, and whether some packet could match
 * two of them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table_inside.h"

#include <assert.h>

struct table_filter table_filter_of(const struct ofp_match *match)
{
    struct table_filter filter = {.out_port = OFPP_NONE};
    uint32_t wildcards = be32_get(match->wildcards);
    ofp_match_canonical(match, &filter.key, &filter.mask);
    filter.exact = (wildcards & OFPFW_ALL) == 0;
    return filter;
}

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

/* Those of `g` (NULL: none) with the filter's key. */
static bool walk_chain(const struct table_group *g, const struct walk *w)
{
    const struct table_filter *f = w->filter;
    struct flow *next = NULL;
    for (struct flow *flow = g != NULL ? group_chain(g, &f->key) : NULL; flow != NULL;
         flow = next) {
        next = group_next(g, flow);
        if ((!f->strict || g->exact || flow->priority == f->priority) &&
            flow_outputs_to(flow, f->out_port) && !w->fn(w->user, flow))
            return false;
    }
    return true;
}

/* Those with the filter's own match: the exact one too, unless that is another entry. */
static bool walk_own(const struct table *table, const struct walk *w)
{
    const struct table_filter *f = w->filter;
    if ((f->exact || !f->strict) && !walk_chain(&table->exact, w))
        return false;
    return (f->exact && f->strict) || walk_chain(table_group_of(table, false, &f->mask), w);
}

/* Does the filter leave nothing open that its packets have, so that it covers no match but its
 * own? */
static bool is_complete(const struct table_filter *filter)
{
    struct ofp_key key, mask;
    ofp_match_canonical(&filter->key.match, &key, &mask); /* a key has no wildcards */
    return ofp_key_equal(&mask, &filter->mask);
}

/* Can the filter pick entries with another match than its own? With one that has all the bits of
 * its mask, and more. */
static bool picks_others(const struct table *table, const struct table_filter *filter)
{
    if (filter->strict || is_complete(filter))
        return false;
    if (!group_is_empty(&table->exact))
        return true;
    for (uint32_t i = 0; i < table->n_ranks; i++) {
        const struct ofp_key *mask = &table->rank[i].group->mask;
        if (is_subset(&filter->mask, mask) && !ofp_key_equal(&filter->mask, mask))
            return true;
    }
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
    uint64_t version = table->version;
    uint32_t cursor = TABLE_WALK_BEGIN, budget = UINT32_MAX;
    begin_walk(table);
    if (picks_others(table, filter))
        walk_places(&table->pool, &w, &cursor, &budget);
    else
        walk_own(table, &w);
    end_walk(table, version);
}

bool table_walk(struct table *table, const struct table_filter *filter, uint32_t *cursor,
                uint32_t *budget, bool (*fn)(void *user, struct flow *flow), void *user)
{
    const struct walk w = {.filter = filter, .fn = fn, .user = user};
    uint64_t version = table->version;
    bool done;
    begin_walk(table);
    if (is_complete(filter))
        done = walk_own(table, &w);
    else
        done = walk_places(&table->pool, &w, cursor, budget);
    end_walk(table, version);
    return done;
}

/* --- Overlap ---------------------------------------------------------------------------------- */

static bool lies_apart(void *user, const struct flow *flow)
{
    const struct table_filter *f = user;
    return flow->priority != f->priority ||
           !ofp_match_overlaps(&f->key, &f->mask, &flow->key, flow_mask(flow));
}

/* If the filter says all that the group's mask asks for, only one of its keys can overlap. */
static bool group_overlaps(const struct table_group *g, const struct table_filter *f)
{
    struct ofp_key key;
    if (!group_has_priority(g, f->priority))
        return false;
    if (!is_subset(&g->mask, &f->mask))
        return !flow_hash_each(&g->hash, lies_apart, (void *)f);
    for (int i = 0; i < KEY_WORDS; i++)
        key.word[i] = f->key.word[i] & g->mask.word[i];
    for (const struct flow *flow = group_chain(g, &key); flow != NULL; flow = group_next(g, flow))
        if (flow->priority == f->priority)
            return true;
    return false;
}

/* Exact entries are above the others, so that no priority is the same (section 3.4). */
bool table_overlaps(const struct table *table, const struct table_filter *filter)
{
    if (filter->exact)
        return group_chain(&table->exact, &filter->key) != NULL;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (group_overlaps(table->rank[i].group, filter))
            return true;
    return false;
}
