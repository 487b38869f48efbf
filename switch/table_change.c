/*
 * table_change.c - changes of the flow table: entries come, leave and get other actions.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

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
static int place(struct table *table, struct flow *flow, const struct ofp_key *mask)
{
    struct table_group *g = table_group_of(table, flow->wildcards == 0, mask);
    struct flow *old;
    int error = 0;
    if (g == NULL)
        error = table->active < table->max ? table_new_group(table, mask, &g) : -ENOSPC;
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
    table_order_groups(table, g);
    return error;
}

int table_insert(struct table *table, const struct ofp_match *match, const struct flow *init,
                 struct span actions)
{
    struct flow *flow = flow_new(&table->pool, actions);
    struct ofp_key mask;
    int error;

    assert(!table->walking);
    if (flow == NULL)
        return -ENOMEM;
    ofp_match_canonical(match, &flow->key, &mask);
    flow->wildcards = be32_get(match->wildcards) & OFPFW_ALL;
    flow->cookie = init->cookie;
    flow->priority = init->priority;
    flow->idle_timeout = init->idle_timeout;
    flow->hard_timeout = init->hard_timeout;
    flow->flags = init->flags;
    error = place(table, flow, &mask);
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
    table_order_groups(table, g);
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
