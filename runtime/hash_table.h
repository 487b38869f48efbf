/*
 * hash_table.h - lists by hash, more of them as there is more in them.
 *
 * Members lie inside their owners, as in list.h, and are told apart by them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_HASH_TABLE_H
#define MORGANA_RUNTIME_HASH_TABLE_H

#include "runtime/list.h"
#include <stddef.h>
#include <stdint.h>

/* A member. */
struct hash_link {
    struct list link;
    uint64_t hash;
};

struct hash_table {
    struct list *bucket; /* n_buckets, a power of two */
    size_t n_buckets, n;
};

/* An empty one. 0 or -ENOMEM. Free it; its members must have been removed. */
int hash_table_init(struct hash_table *t);
void hash_table_free(struct hash_table *t);

/* Put in `member`, which is in no table; take it out. Without memory to grow the lists become
 * longer, no more. */
void hash_table_put(struct hash_table *t, struct hash_link *member, uint64_t hash);
void hash_table_remove(struct hash_table *t, struct hash_link *member);

/* The list of those with this hash, and others: each is a hash_link by its `link`. */
static inline struct list *hash_table_bucket(const struct hash_table *t, uint64_t hash)
{
    return &t->bucket[hash & (t->n_buckets - 1)];
}

#endif
