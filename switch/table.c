/*
 * table.c - the flow table: the three stages of a lookup. table.h has the idea.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table_inside.h"
#include "runtime/entropy.h"

#include <stdlib.h>

#define BATCH 64 /* lookups that go side by side */

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
    if (group_init(&table->exact, table, &table->pool, NULL, table->seed))
        return table;
    table_free(table);
    return NULL;
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
    table_free_groups(table);
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
