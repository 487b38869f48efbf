/*
 * flow_table.h - lists by hash, more of them as there is more in them: where a slice's flows are
 * found.
 *
 * Members lie inside their owners. Called by flows.c and by who makes and frees a table.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_FLOW_TABLE_H
#define MORGANA_CONTROLLER_SLICER_FLOW_TABLE_H

#include "runtime/list.h"
#include <stddef.h>
#include <stdint.h>

struct flow_link {
    struct list link;
    uint64_t hash;
};

struct flow_table {
    struct list *bucket; /* n_buckets, a power of two */
    size_t n_buckets, n;
};

/* An empty one. 0 or -ENOMEM. Free it; its members must have been removed. */
int flow_table_init(struct flow_table *t);
void flow_table_free(struct flow_table *t);

void flow_table_put(struct flow_table *t, struct flow_link *member, uint64_t hash);
void flow_table_remove(struct flow_table *t, struct flow_link *member);

/* The list of those with this hash, and others. */
static inline struct list *flow_table_bucket(const struct flow_table *t, uint64_t hash)
{
    return &t->bucket[hash & (t->n_buckets - 1)];
}

#endif
