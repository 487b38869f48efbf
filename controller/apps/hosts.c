/*
 * hosts.c - the table of the network's hosts; see hosts.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

int hosts_init(struct hosts *t, size_t max, uint64_t seed)
{
    size_t n = 16;
    while (n < max)
        n *= 2;
    *t = (struct hosts){.mask = n - 1, .max = max, .seed = seed};
    t->bucket = malloc(n * sizeof *t->bucket);
    if (t->bucket == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        list_init(&t->bucket[i]);
    list_init(&t->order);
    return 0;
}

void hosts_free(struct hosts *t)
{
    free(t->bucket);
}

static struct list *bucket_of(const struct hosts *t, mac_addr addr)
{
    return &t->bucket[XXH3_64bits_withSeed(&addr, sizeof addr, t->seed) & t->mask];
}

struct host *hosts_find(const struct hosts *t, mac_addr addr)
{
    struct list *it, *after;
    list_each(it, after, bucket_of(t, addr)) if (container_of(it, struct host, bucket)->addr ==
                                                 addr) return container_of(it, struct host, bucket);
    return NULL;
}

struct host *hosts_add(struct hosts *t, mac_addr addr, uint64_t now)
{
    struct host *h = t->n < t->max ? malloc(sizeof *h) : NULL;
    if (h == NULL)
        return NULL;
    *h = (struct host){.addr = addr, .heard = now};
    list_append(bucket_of(t, addr), &h->bucket);
    list_append(&t->order, &h->order);
    list_init(&h->place);
    list_init(&h->from);
    list_init(&h->to);
    t->n++;
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
    list_remove(&h->bucket);
    list_remove(&h->order);
    list_remove(&h->place);
    t->n--;
    free(h);
}

struct host *hosts_oldest(const struct hosts *t, uint64_t before)
{
    struct host *h = list_empty(&t->order) ? NULL : container_of(t->order.next, struct host, order);
    return h != NULL && h->heard < before ? h : NULL;
}
