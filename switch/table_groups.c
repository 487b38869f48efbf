/*
 * table_groups.c - the flow table's groups: which one an entry belongs to, and the order in which
 * the classifier asks them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table_inside.h"

#include <errno.h>
#include <stdlib.h>

struct table_group *table_group_of(const struct table *table, bool exact,
                                   const struct ofp_key *mask)
{
    if (exact)
        return (struct table_group *)&table->exact;
    for (uint32_t i = 0; i < table->n_ranks; i++)
        if (ofp_key_equal(&table->rank[i].group->mask, mask))
            return table->rank[i].group;
    return NULL;
}

static void drop_group(struct table_group *g)
{
    group_free(g);
    free(g);
}

void table_free_groups(struct table *table)
{
    for (uint32_t i = 0; i < table->n_ranks; i++)
        drop_group(table->rank[i].group);
    free(table->rank);
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

int table_new_group(struct table *table, const struct ofp_key *mask, struct table_group **group)
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
    if (!group_init(*group, table, &table->pool, mask, table->seed)) {
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

void table_order_groups(struct table *table, const struct table_group *g)
{
    if (g == &table->exact || table->walking)
        return;
    drop_empty_groups(table);
    sort_ranks(table);
}
