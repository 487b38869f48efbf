/*
 * hash_table.c - a hash table that grows; see hash_table.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/hash_table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BUCKETS 64

static struct list *new_buckets(size_t n)
{
    struct list *bucket = malloc(n * sizeof *bucket);
    for (size_t i = 0; bucket != NULL && i < n; i++)
        list_init(&bucket[i]);
    return bucket;
}

int hash_table_init(struct hash_table *t)
{
    *t = (struct hash_table){.bucket = new_buckets(FIRST_BUCKETS), .n_buckets = FIRST_BUCKETS};
    return t->bucket != NULL ? 0 : -ENOMEM;
}

void hash_table_free(struct hash_table *t)
{
    free(t->bucket);
    t->bucket = NULL;
}

static void grow(struct hash_table *t)
{
    struct hash_table bigger = {.n_buckets = 2 * t->n_buckets, .n = t->n};
    bigger.bucket = new_buckets(bigger.n_buckets);
    if (bigger.bucket == NULL)
        return;
    for (size_t i = 0; i < t->n_buckets; i++) {
        struct list *it;
        while ((it = list_pop(&t->bucket[i])) != NULL)
            list_append(hash_table_bucket(&bigger, container_of(it, struct hash_link, link)->hash),
                        it);
    }
    free(t->bucket);
    *t = bigger;
}

void hash_table_put(struct hash_table *t, struct hash_link *member, uint64_t hash)
{
    if (t->n >= t->n_buckets)
        grow(t);
    member->hash = hash;
    list_append(hash_table_bucket(t, hash), &member->link);
    t->n++;
}

void hash_table_remove(struct hash_table *t, struct hash_link *member)
{
    list_remove(&member->link);
    t->n--;
}
