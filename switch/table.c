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

#define BATCH       32                           /* lookups whose memory is asked for at once */
#define PACKET_PART offsetof(struct flow, group) /* of an entry: what a packet needs */

/* A group in its order. */
struct rank {
    struct table_group *group;
    uint16_t top; /* its highest priority, or (during a walk) no less */
};

struct table {
    struct table_group exact;
    struct rank *rank; /* the other groups, highest priority first */
    uint32_t n_ranks, rank_room;
    struct cache cache;
    uint64_t seed;
    uint64_t version;
    bool walking; /* in table_each(): groups stay where they are, though they be empty */
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
    if (group_init(&table->exact, table, 0, table->seed))
        return table;
    table_free(table);
    return NULL;
}

static void drop_group(struct table_group *g)
{
    group_free(g);
    free(g);
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
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

/* Section 3.4: the entry of the highest priority that matches; which of several is not said. */
static struct flow *classify(const struct table *table, const struct ofp_key *key)
{
    struct flow *best = NULL;
    for (const struct rank *r = table->rank, *end = r + table->n_ranks; r < end; r++) {
        if (best != NULL && best->priority >= r->top)
            break;
        struct flow *flow = group_lookup(r->group, group_hash(r->group, key), key);
        if (flow != NULL && (best == NULL || flow->priority > best->priority))
            best = flow;
    }
    return best;
}

static struct flow *classify_cached(struct table *table, const struct ofp_key *key, uint32_t hash)
{
    struct cache_line *line = cache_line_of(&table->cache, hash);
    if (cache_knows(&table->cache, line, key))
        table->cache_hits++;
    else
        cache_remember(&table->cache, line, key, classify(table, key));
    return line->flow;
}

/* `hash` is that of the whole key. */
static inline struct flow *lookup(struct table *table, const struct ofp_key *key, uint32_t hash)
{
    struct flow *flow = group_lookup(&table->exact, hash, key);
    if (flow == NULL && table->n_ranks > 0)
        flow = classify_cached(table, key, hash);
    return flow;
}

static inline struct flow *counted(struct table *table, struct flow *flow)
{
    table->lookups++;
    table->matched += flow != NULL;
    return flow;
}

struct flow *table_lookup(struct table *table, const struct ofp_key *key)
{
    uint32_t hash = group_hash_exact(&table->exact, key);
    return counted(table, lookup(table, key, hash));
}

static void lookup_some(struct table *table, const struct ofp_key *keys, size_t n,
                        struct flow **flows)
{
    uint32_t hash[BATCH];
    for (size_t i = 0; i < n; i++) {
        hash[i] = group_hash_exact(&table->exact, &keys[i]);
        __builtin_prefetch(flow_hash_home(&table->exact.hash, hash[i]));
        if (table->n_ranks > 0)
            __builtin_prefetch(cache_line_of(&table->cache, hash[i]));
    }
    for (size_t i = 0; i < n; i++) {
        flows[i] = flow_hash_flow_ahead(&table->exact.hash, hash[i]);
        if (flows[i] != NULL) {
            __builtin_prefetch(flows[i]);
            __builtin_prefetch((const char *)flows[i] + PACKET_PART - 1);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (flows[i] == NULL || !ofp_key_equal(&flows[i]->key, &keys[i]))
            flows[i] = lookup(table, &keys[i], hash[i]);
        counted(table, flows[i]);
    }
}

void table_lookup_batch(struct table *table, const struct ofp_key *keys, size_t n,
                        struct flow **flows)
{
    for (; n > BATCH; keys += BATCH, flows += BATCH, n -= BATCH)
        lookup_some(table, keys, BATCH, flows);
    lookup_some(table, keys, n, flows);
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
    if (!group_init(*group, table, wildcards, table->seed)) {
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
    flow_free(flow);
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
    flow->group = g;
    flow->hash = group_hash(g, &flow->key);
    old = group_find(g, flow);
    if (old != NULL) {
        group_replace(g, old, flow);
        leave(table, old, TABLE_REPLACED);
        return 0;
    }
    error = table->active < table->max ? group_add(g, flow) : -ENOSPC;
    if (error == 0) {
        table->active++;
        changed(table, g);
    }
    order_groups(table, g);
    return error;
}

int table_insert(struct table *table, const struct ofp_match *match, const struct flow *init,
                 struct span actions)
{
    struct flow *flow = flow_new(actions.len);
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
    flow_set_actions(flow, actions);
    error = place(table, flow, &mask, wildcards);
    if (error != 0)
        flow_free(flow);
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

static bool walk_flow(void *user, struct flow *flow)
{
    const struct walk *w = user;
    const struct table_filter *f = w->filter;
    if (!ofp_match_covers(&f->key, &f->mask, &flow->key, flow_mask(flow)) ||
        !flow_outputs_to(flow, f->out_port))
        return true;
    return w->fn(w->user, flow);
}

/* Those of one group with the filter's key: all that the filter picks if it is the group's own. */
static bool walk_chain(struct walk *w, const struct table_group *g)
{
    const struct table_filter *f = w->filter;
    bool any_priority = !f->strict || g->wildcards == 0;
    struct flow *next = NULL;
    for (struct flow *flow = group_chain(g, &f->key); flow != NULL; flow = next) {
        next = flow->next;
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

/* What has fewer bits in its mask than the filter is not covered by it. */
static bool walk_group(struct walk *w, const struct table_group *g, const struct table_group *own)
{
    if (g == own)
        return walk_chain(w, g);
    if (w->filter->strict || !is_subset(&w->filter->mask, &g->mask))
        return true;
    return flow_hash_each(&g->hash, walk_flow, w);
}

/* An exact filter covers exactly its own entry. */
static void walk_groups(struct table *table, struct walk *w)
{
    const struct table_group *own = group_of(table, &w->filter->key, &w->filter->mask);
    if (!walk_group(w, &table->exact, own) || own == &table->exact)
        return;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (!walk_group(w, table->rank[i].group, own))
            return;
}

void table_each(struct table *table, const struct table_filter *filter,
                bool (*fn)(void *user, struct flow *flow), void *user)
{
    struct walk w = {.filter = filter, .fn = fn, .user = user};
    uint64_t version = table->version;
    assert(!table->walking);
    table->walking = true;
    walk_groups(table, &w);
    table->walking = false;
    if (table->version != version)
        order_groups(table, NULL);
}

/* --- Modify: first all the memory, then the change, which cannot fail ------------------------- */

struct change {
    struct table *table;
    struct span actions;
    uint64_t cookie;
    struct flow *blocks; /* for entries whose room is too small */
    int n;               /* entries; or -ENOMEM */
};

static bool provide(void *user, struct flow *flow)
{
    struct change *c = user;
    c->n++;
    if (flow->actions_room >= c->actions.len)
        return true;
    struct flow *block = flow_new(c->actions.len);
    if (block == NULL) {
        c->n = -ENOMEM;
        return false;
    }
    block->next = c->blocks;
    c->blocks = block;
    return true;
}

/* Move `flow` into one of the larger blocks. */
static struct flow *enlarge(struct change *c, struct flow *flow)
{
    struct flow *block = c->blocks;
    c->blocks = block->next;
    flow_move(block, flow);
    group_replace(flow->group, flow, block);
    changed(c->table, flow->group);
    flow_free(flow);
    return block;
}

static bool apply(void *user, struct flow *flow)
{
    struct change *c = user;
    if (flow->actions_room < c->actions.len)
        flow = enlarge(c, flow);
    flow_set_actions(flow, c->actions);
    flow->cookie = c->cookie;
    return true;
}

int table_modify(struct table *table, const struct table_filter *filter, uint64_t cookie,
                 struct span actions)
{
    struct change c = {.table = table, .actions = actions, .cookie = cookie};
    table_each(table, filter, provide, &c);
    if (c.n > 0)
        table_each(table, filter, apply, &c);
    while (c.blocks != NULL) {
        struct flow *next = c.blocks->next;
        flow_free(c.blocks);
        c.blocks = next;
    }
    return c.n;
}

/* --- Overlap ---------------------------------------------------------------------------------- */

struct overlap {
    const struct ofp_key *key, *mask;
    uint16_t priority;
};

static bool lies_apart(void *user, struct flow *flow)
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
    for (struct flow *flow = group_chain(g, &key); flow != NULL; flow = flow->next)
        if (flow->priority == o->priority)
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
