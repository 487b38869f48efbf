/*
 * hosts.c - the table of the network's hosts; see hosts.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/hosts.h"

#include <stdlib.h>
#include <xxhash.h>

int hosts_init(struct hosts *t, size_t max, uint64_t seed)
{
    *t = (struct hosts){.max = max, .seed = seed};
    list_init(&t->order);
    return hash_table_init(&t->table);
}

void hosts_free(struct hosts *t)
{
    hash_table_free(&t->table);
}

static uint64_t hash_of(const struct hosts *t, mac_addr addr)
{
    return XXH3_64bits_withSeed(&addr, sizeof addr, t->seed);
}

struct host *hosts_find(const struct hosts *t, mac_addr addr)
{
    struct list *it, *after;
    list_each(it, after, hash_table_bucket(&t->table, hash_of(t, addr)))
    {
        struct host *h = container_of(it, struct host, by_addr.link);
        if (h->addr == addr)
            return h;
    }
    return NULL;
}

struct host *hosts_add(struct hosts *t, mac_addr addr, uint64_t now)
{
    struct host *h = t->table.n < t->max ? malloc(sizeof *h) : NULL;
    if (h == NULL)
        return NULL;
    *h = (struct host){.addr = addr, .heard = now};
    hash_table_put(&t->table, &h->by_addr, hash_of(t, addr));
    list_append(&t->order, &h->order);
    list_init(&h->place);
    list_init(&h->from);
    list_init(&h->to);
    return h;
}

void hosts_heard(struct hosts *t, struct host *h, uint64_t now)
{
    h->heard = now;
    list_remove(&h->order);
    list_append(&t->order, &h->order);
}

void host_put(struct host *h, struct ctl_dp *dp, uint16_t port, struct list *all)
{
    h->dp = dp;
    h->port = port;
    list_remove(&h->place);
    list_append(all, &h->place);
}

void hosts_remove(struct hosts *t, struct host *h)
{
    hash_table_remove(&t->table, &h->by_addr);
    list_remove(&h->order);
    list_remove(&h->place);
    free(h);
}

struct host *hosts_oldest(const struct hosts *t, uint64_t before)
{
    struct host *h = list_empty(&t->order) ? NULL : container_of(t->order.next, struct host, order);
    return h != NULL && h->heard < before ? h : NULL;
}
