/*
 * table.c - the flow table: the three stages of a lookup, and every change. table.h has the idea.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table.h"
#include "runtime/entropy.h"
#include "switch/cache.h"
#include "switch/flow.h"
#include "switch/group.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define BATCH 64 /* lookups that go side by side */

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

struct table *table_new(uint32_t max_flows, table_removed_fn *removed, void *user)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->max = max_flows;
    table->removed = removed;
    table->user = user;
    table->seed = entropy_u64();
    cache_forget(&table->cache);
    flow_pool_init(&table->pool);
    if (group_init(&table->exact, table, &table->pool, 0, table->seed))
        return table;
    table_free(table);
    return NULL;
}

static void drop_group(struct table_group *g)
{
    group_free(g);
    free(g);
}

static void free_flows(struct table *table)
{
    for (uint32_t place = FLOW_POOL_BEGIN; place < table->pool.end; place++) {
        struct flow *flow = flow_pool_at(&table->pool, place);
        if (flow->group != NULL)
            flow_close(flow);
    }
    flow_pool_free(&table->pool);
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    free_flows(table);
    for (uint32_t i = 0; i < table->n_ranks; i++)
        drop_group(table->rank[i].group);
    free(table->rank);
    group_free(&table->exact);
    cache_close(&table->cache);
    free(table);
}

uint64_t table_version(const struct table *table)
{
    return table->version;
}

void table_get_stats(const struct table *table, struct table_stats *stats)
{
    *stats = (struct table_stats){
        .active = table->active,
        .max = table->max,
        .lookups = table->lookups,
        .matched = table->matched,
        .cache_hits = table->cache_hits,
        .groups = table->n_ranks,
    };
}

/* --- Lookup ----------------------------------------------------------------------------------- */

/* Some packets on their way through the stages. */
struct batch {
    const struct ofp_key *keys;
    struct flow **flows;        /* their entries */
    struct group_probe *probes; /* as many as packets, for whoever is searching */
    uint32_t hash[BATCH];       /* of the whole key */
    uint8_t open[BATCH];        /* those that have no answer yet, */
    size_t n_open;              /* so many */
};

/* Ask memory for what all will need. */
static void begin(const struct table *table, struct batch *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        b->hash[i] = group_hash_exact(&table->exact, &b->keys[i]);
        b->probes[i] = group_probe(&table->exact, b->hash[i]);
        __builtin_prefetch(b->probes[i].bucket);
        if (table->n_ranks > 0)
            __builtin_prefetch(cache_line_of(&table->cache, b->hash[i]));
    }
    for (size_t i = 0; i < n; i++) {
        const struct group_probe *probe = &b->probes[i];
        b->flows[i] = flow_bucket_ahead(&table->exact.hash, probe->bucket, probe->hash);
        __builtin_prefetch(b->flows[i]);
    }
}

/* The first stage. Its packets are open afterwards if they have no answer. */
static void ask_exact(const struct table *table, struct batch *b, size_t n)
{
    b->n_open = 0;
    for (size_t i = 0; i < n; i++) {
        if (b->flows[i] == NULL || !ofp_key_equal(&b->flows[i]->key, &b->keys[i]))
            b->flows[i] = group_lookup(&table->exact, b->probes[i], &b->keys[i]);
        if (b->flows[i] == NULL)
            b->open[b->n_open++] = (uint8_t)i;
    }
}

/* The second stage. */
static void ask_cache(struct table *table, struct batch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_open; i++) {
        uint8_t who = b->open[i];
        const struct cache_line *line = cache_line_of(&table->cache, b->hash[who]);
        if (cache_knows(&table->cache, line, &b->keys[who]))
            b->flows[who] = line->flow;
        else
            b->open[n++] = who;
    }
    table->cache_hits += b->n_open - n;
    b->n_open = n;
}

/* What a classifier's search knows. */
struct search {
    uint8_t who[BATCH];  /* the packets for which something better may come, */
    size_t n;            /* so many */
    int32_t best[BATCH]; /* the priority of what was found for each packet; -1: nothing */
    int32_t highest;     /* of all these */
};

static void ask_group(const struct table_group *g, struct batch *b, struct search *s)
{
    size_t n = group_begin(g, b->keys, s->who, s->n, b->probes);
    for (size_t i = 0; i < n; i++) {
        uint32_t who = b->probes[i].who;
        struct flow *flow = group_lookup(g, b->probes[i], &b->keys[who]);
        if (flow == NULL || flow->priority <= s->best[who])
            continue;
        b->flows[who] = flow;
        s->best[who] = flow->priority;
        if (s->best[who] > s->highest)
            s->highest = s->best[who];
    }
}

/* Keep those for which an entry of priority `top` would be better. */
static void keep_open(struct search *s, uint16_t top)
{
    size_t kept = 0;
    if (s->highest < top)
        return;
    for (size_t i = 0; i < s->n; i++)
        if (s->best[s->who[i]] < top)
            s->who[kept++] = s->who[i];
    s->n = kept;
}

/* The third stage. Section 3.4: the entry of the highest priority that matches; which of several is
 * not said. */
static void classify(const struct table *table, struct batch *b)
{
    struct search s;
    s.n = b->n_open;
    s.highest = -1;
    for (size_t i = 0; i < s.n; i++) {
        s.who[i] = b->open[i];
        s.best[s.who[i]] = -1;
    }
    for (const struct rank *r = table->rank, *end = r + table->n_ranks; r < end && s.n > 0; r++) {
        keep_open(&s, r->top);
        ask_group(r->group, b, &s);
    }
    for (size_t i = 0; i < b->n_open; i++) {
        uint8_t open = b->open[i];
        cache_remember(&table->cache, cache_line_of(&table->cache, b->hash[open]), &b->keys[open],
                       b->flows[open]);
    }
}

static void lookup(struct table *table, const struct ofp_key *keys, size_t n, struct flow **flows)
{
    struct group_probe probes[BATCH];
    struct batch b; /* not all zeroed: one packet is a batch, too */
    b.keys = keys;
    b.flows = flows;
    b.probes = probes;
    begin(table, &b, n);
    ask_exact(table, &b, n);
    if (b.n_open > 0 && table->n_ranks > 0)
        ask_cache(table, &b);
    if (b.n_open > 0 && table->n_ranks > 0)
        classify(table, &b);
    table->lookups += n;
    for (size_t i = 0; i < n; i++)
        table->matched += flows[i] != NULL;
}

struct flow *table_lookup(struct table *table, const struct ofp_key *key)
{
    struct flow *flow;
    lookup(table, key, 1, &flow);
    return flow;
}

void table_lookup_batch(struct table *table, const struct ofp_key *keys, size_t n,
                        struct flow **flows)
{
    for (; n > BATCH; keys += BATCH, flows += BATCH, n -= BATCH)
        lookup(table, keys, BATCH, flows);
    lookup(table, keys, n, flows);
}

/* --- Groups ----------------------------------------------------------------------------------- */

/* Does a match leave nothing open that its packets have? */
static bool is_exact(const struct ofp_key *key, const struct ofp_key *mask)
{
    struct ofp_key all_key, all_mask;
    ofp_match_canonical(&key->match, &all_key, &all_mask); /* a key has no wildcards */
    return ofp_key_equal(&all_mask, mask);
}

/* The group of entries for (key, mask); NULL if there is none. */
static struct table_group *group_of(const struct table *table, const struct ofp_key *key,
                                    const struct ofp_key *mask)
{
    if (is_exact(key, mask))
        return (struct table_group *)&table->exact;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (ofp_key_equal(&table->rank[i].group->mask, mask))
            return table->rank[i].group;
    return NULL;
}

static bool ranks_grow(struct table *table)
{
    uint32_t room = table->rank_room > 0 ? table->rank_room * 2 : 8;
    struct rank *rank = realloc(table->rank, room * sizeof *rank);
    if (rank == NULL)
        return false;
    table->rank = rank;
    table->rank_room = room;
    return true;
}

/* A new group at the end of the order, still empty. 0, -ENOSPC or -ENOMEM. */
static int new_group(struct table *table, uint32_t wildcards, struct table_group **group)
{
    if (table->n_ranks == TABLE_MASKS_MAX)
        return -ENOSPC;
    if (table->n_ranks == table->rank_room && !ranks_grow(table))
        return -ENOMEM;
    if (table->cache.line == NULL && !cache_open(&table->cache))
        return -ENOMEM;
    *group = malloc(sizeof **group);
    if (*group == NULL)
        return -ENOMEM;
    if (!group_init(*group, table, &table->pool, wildcards, table->seed)) {
        drop_group(*group);
        return -ENOMEM;
    }
    table->rank[table->n_ranks++] = (struct rank){.group = *group};
    return 0;
}

static void drop_empty_groups(struct table *table)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (group_is_empty(table->rank[i].group))
            drop_group(table->rank[i].group);
        else
            table->rank[n++] = table->rank[i];
    table->n_ranks = n;
}

/* By insertion: all are in order but those that have just changed. */
static void sort_ranks(struct table *table)
{
    for (uint32_t i = 0; i < table->n_ranks; i++) {
        struct rank r = {.group = table->rank[i].group, .top = group_top(table->rank[i].group)};
        uint32_t to = i;
        for (; to > 0 && table->rank[to - 1].top < r.top; to--)
            table->rank[to] = table->rank[to - 1];
        table->rank[to] = r;
    }
}

/* Group `g` (NULL: any) has changed: bring them into order; if a walk is under way, it does that
 * when it ends. */
static void order_groups(struct table *table, const struct table_group *g)
{
    if (g == &table->exact || table->walking)
        return;
    drop_empty_groups(table);
    sort_ranks(table);
}

/* --- Insert and remove ------------------------------------------------------------------------ */

/* An answer of the classifier may have changed, or its entry moved. */
static void changed(struct table *table, const struct table_group *g)
{
    table->version++;
    if (g != &table->exact)
        cache_forget(&table->cache);
}

static void leave(struct table *table, struct flow *flow, uint8_t reason)
{
    changed(table, flow->group);
    if (table->removed != NULL)
        table->removed(table->user, flow, reason);
    flow_free(&table->pool, flow);
}

/* Put `flow`, of which all is set but its place, into the table. */
static int place(struct table *table, struct flow *flow, const struct ofp_key *mask,
                 uint32_t wildcards)
{
    struct table_group *g = group_of(table, &flow->key, mask);
    struct flow *old;
    int error = 0;
    if (g == NULL)
        error = table->active < table->max ? new_group(table, wildcards, &g) : -ENOSPC;
    if (error != 0)
        return error;
    flow->hash = group_hash(g, &flow->key);
    old = group_find(g, flow);
    if (old != NULL) {
        group_replace(g, old, flow);
        flow->group = g;
        leave(table, old, TABLE_REPLACED);
        return 0;
    }
    error = table->active < table->max ? group_add(g, flow) : -ENOSPC;
    if (error == 0) {
        flow->group = g;
        table->active++;
        changed(table, g);
    }
    order_groups(table, g);
    return error;
}

int table_insert(struct table *table, const struct ofp_match *match, const struct flow *init,
                 struct span actions)
{
    struct flow *flow = flow_new(&table->pool, actions);
    struct ofp_key mask;
    uint32_t wildcards;
    int error;

    assert(!table->walking);
    if (flow == NULL)
        return -ENOMEM;
    wildcards = ofp_match_canonical(match, &flow->key, &mask);
    flow->cookie = init->cookie;
    flow->priority = init->priority;
    flow->idle_timeout = init->idle_timeout;
    flow->hard_timeout = init->hard_timeout;
    flow->flags = init->flags;
    error = place(table, flow, &mask, wildcards);
    if (error != 0)
        flow_free(&table->pool, flow);
    else
        flow_begin(flow);
    return error;
}

void table_remove(struct table *table, struct flow *flow, uint8_t reason)
{
    struct table_group *g = flow->group;
    group_remove(g, flow);
    table->active--;
    leave(table, flow, reason);
    order_groups(table, g);
}

/* --- Walks ------------------------------------------------------------------------------------ */

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

static bool is_subset(const struct ofp_key *mask, const struct ofp_key *of)
{
    uint64_t more = 0;
    for (int i = 0; i < KEY_WORDS; i++)
        more |= mask->word[i] & ~of->word[i];
    return more == 0;
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
        order_groups(table, NULL);
}

void table_each(struct table *table, const struct table_filter *filter,
                bool (*fn)(void *user, struct flow *flow), void *user)
{
    const struct walk w = {.filter = filter, .fn = fn, .user = user};
    const struct table_group *own = group_of(table, &filter->key, &filter->mask);
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
    if (is_exact(&filter->key, &filter->mask))
        done = walk_chain(&table->exact, &w);
    else
        done = walk_places(&table->pool, &w, cursor, budget);
    end_walk(table, version);
    return done;
}

/* --- Modify: first all the memory, then the change, which cannot fail ------------------------- */

struct change {
    struct span actions;
    uint64_t cookie;
    struct block { /* for the actions, if they need one, of each entry */
        struct block *next;
    } * blocks;
    int n; /* entries; or -ENOMEM */
};

static bool provide(void *user, struct flow *flow)
{
    struct change *c = user;
    struct block *block;
    (void)flow;
    c->n++;
    if (!flow_needs_block(c->actions.len))
        return true;
    block = malloc(c->actions.len);
    if (block == NULL) {
        c->n = -ENOMEM;
        return false;
    }
    block->next = c->blocks;
    c->blocks = block;
    return true;
}

static bool apply(void *user, struct flow *flow)
{
    struct change *c = user;
    struct block *block = c->blocks;
    if (block != NULL)
        c->blocks = block->next;
    flow_set_actions(flow, c->actions, block);
    flow->cookie = c->cookie;
    return true;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

int table_modify(struct table *table, const struct table_filter *filter, uint64_t cookie,
                 struct span actions)
{
    struct change c = {.actions = actions, .cookie = cookie};
    table_each(table, filter, provide, &c);
    if (c.n > 0)
        table_each(table, filter, apply, &c);
    free_blocks(c.blocks);
    return c.n;
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
    if (is_exact(key, mask))
        return group_chain(&table->exact, key) != NULL;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (group_overlaps(table->rank[i].group, &o))
            return true;
    return false;
}
