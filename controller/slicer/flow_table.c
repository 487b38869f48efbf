/*
 * flow_table.c - a hash table that grows; see flow_table.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/flow_table.h"

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

int flow_table_init(struct flow_table *t)
{
    *t = (struct flow_table){.bucket = new_buckets(FIRST_BUCKETS), .n_buckets = FIRST_BUCKETS};
    return t->bucket != NULL ? 0 : -ENOMEM;
}

void flow_table_free(struct flow_table *t)
{
    free(t->bucket);
    t->bucket = NULL;
}

/* Without memory the lists become longer, no more. */
static void grow(struct flow_table *t)
{
    struct flow_table bigger = {.n_buckets = 2 * t->n_buckets, .n = t->n};
    bigger.bucket = new_buckets(bigger.n_buckets);
    if (bigger.bucket == NULL)
        return;
    for (size_t i = 0; i < t->n_buckets; i++) {
        struct list *it;
        while ((it = list_pop(&t->bucket[i])) != NULL)
            list_append(flow_table_bucket(&bigger, container_of(it, struct flow_link, link)->hash),
                        it);
    }
    free(t->bucket);
    *t = bigger;
}

void flow_table_put(struct flow_table *t, struct flow_link *member, uint64_t hash)
{
    if (t->n >= t->n_buckets)
        grow(t);
    member->hash = hash;
    list_append(flow_table_bucket(t, hash), &member->link);
    t->n++;
}

void flow_table_remove(struct flow_table *t, struct flow_link *member)
{
    list_remove(&member->link);
    t->n--;
}
