/*
 * neighbours.c - a router's ARP table; see neighbours.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/neighbours.h"
#include "runtime/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#define ASK_EVERY NS_PER_S

/* A packet that waits. */
struct waiting {
    struct list link;
    bool forwarded;
    size_t len;
    uint8_t bytes[];
};

static struct list *bucket_of(const struct neighbours *t, uint32_t address)
{
    uint64_t hash = XXH3_64bits_withSeed(&address, sizeof address, t->seed);
    return (struct list *)&t->bucket[hash % NEIGHBOUR_BUCKETS];
}

static struct neighbour *find(const struct neighbours *t, uint32_t address)
{
    struct list *head = bucket_of(t, address), *it, *after;
    list_each(it, after, head)
    {
        struct neighbour *n = container_of(it, struct neighbour, bucket);
        if (n->address == address)
            return n;
    }
    return NULL;
}

const struct neighbour *neighbours_find(const struct neighbours *t, uint32_t address)
{
    const struct neighbour *n = find(t, address);
    return n != NULL && n->known ? n : NULL;
}

void neighbours_init(struct neighbours *t, const struct neighbours_owner *owner, void *user,
                     size_t max, uint64_t age, uint64_t seed)
{
    *t = (struct neighbours){.owner = owner, .user = user, .max = max, .age = age, .seed = seed};
    for (size_t i = 0; i < NEIGHBOUR_BUCKETS; i++)
        list_init(&t->bucket[i]);
}

/* --- Packets that wait ----------------------------------------------------------------------- */

static struct waiting *pop(struct neighbour *n)
{
    struct list *first = list_pop(&n->waiting);
    n->n_waiting -= first != NULL;
    return first != NULL ? container_of(first, struct waiting, link) : NULL;
}

static int push(struct neighbour *n, struct span packet, bool forwarded)
{
    struct waiting *w = malloc(sizeof *w + packet.len);
    if (w == NULL)
        return -ENOMEM;
    if (n->n_waiting == NEIGHBOUR_WAITING)
        free(pop(n));
    w->forwarded = forwarded;
    w->len = packet.len;
    bytes_copy(w->bytes, packet.data, packet.len);
    list_append(&n->waiting, &w->link);
    n->n_waiting++;
    return 0;
}

/* Tell the owner of each packet. */
static void release(struct neighbour *n, void (*tell)(void *user, const struct neighbour *n,
                                                      struct span packet, bool forwarded))
{
    struct waiting *w;
    while ((w = pop(n)) != NULL) {
        tell(n->table->user, n, span_of(w->bytes, w->len), w->forwarded);
        free(w);
    }
}

/* --- Asking ---------------------------------------------------------------------------------- */

static void drop(struct neighbour *n)
{
    struct waiting *w;
    while ((w = pop(n)) != NULL)
        free(w);
    timer_cancel(&n->timer);
    list_remove(&n->bucket);
    n->table->n--;
    n->table->n_unknown -= !n->known;
    free(n);
}

static void ask(struct neighbour *n)
{
    n->asked++;
    loop_timer_arm(&n->timer, loop_now() + ASK_EVERY);
    n->table->owner->ask(n->table->user, n);
}

static void on_timer(void *user)
{
    struct neighbour *n = user;
    if (n->asked < NEIGHBOUR_ASKED) {
        ask(n);
        return;
    }
    if (n->known)
        n->table->owner->left(n->table->user, n);
    release(n, n->table->owner->failed);
    drop(n);
}

static struct neighbour *add(struct neighbours *t, unsigned interface, uint32_t address)
{
    struct neighbour *n = t->n < t->max ? malloc(sizeof *n) : NULL;
    if (n == NULL)
        return NULL;
    *n = (struct neighbour){.table = t, .address = address, .interface = interface};
    list_init(&n->waiting);
    timer_init(&n->timer, on_timer, n);
    list_append(bucket_of(t, address), &n->bucket);
    t->n++;
    t->n_unknown++;
    return n;
}

int neighbours_wait(struct neighbours *t, unsigned interface, uint32_t address, struct span packet,
                    bool forwarded)
{
    struct neighbour *n = find(t, address);
    int error;
    if (n == NULL && 2 * t->n_unknown < t->max)
        n = add(t, interface, address);
    if (n == NULL)
        return -ENOBUFS;
    error = push(n, packet, forwarded);
    if (n->asked == 0)
        ask(n);
    return error;
}

/* --- Hearing --------------------------------------------------------------------------------- */

static bool is_at(const struct neighbour *n, const uint8_t mac[OFP_ETH_ALEN], uint16_t port)
{
    return n->known && n->port == port && bytes_equal(n->mac, mac, OFP_ETH_ALEN);
}

void neighbours_hear(struct neighbours *t, unsigned interface, uint32_t address,
                     const uint8_t mac[OFP_ETH_ALEN], uint16_t port, bool may_add)
{
    struct neighbour *n = find(t, address);
    if (n == NULL && may_add)
        n = add(t, interface, address);
    if (n == NULL)
        return;
    if (n->known && !is_at(n, mac, port))
        t->owner->left(t->user, n);
    t->n_unknown -= !n->known;
    n->known = true;
    n->asked = 0;
    n->port = port;
    bytes_copy(n->mac, mac, OFP_ETH_ALEN);
    loop_timer_arm(&n->timer, loop_now() + t->age);
    release(n, t->owner->found);
}

/* --- All of them ----------------------------------------------------------------------------- */

void neighbours_clear(struct neighbours *t)
{
    struct list *it, *after;
    for (size_t i = 0; i < NEIGHBOUR_BUCKETS; i++)
        list_each(it, after, &t->bucket[i]) drop(container_of(it, struct neighbour, bucket));
}

void neighbours_forget_port(struct neighbours *t, uint16_t port)
{
    struct list *it, *after;
    for (size_t i = 0; i < NEIGHBOUR_BUCKETS; i++)
        list_each(it, after, &t->bucket[i])
        {
            struct neighbour *n = container_of(it, struct neighbour, bucket);
            if (!n->known || n->port != port)
                continue;
            t->owner->left(t->user, n);
            drop(n);
        }
}

void neighbours_renumber(struct neighbours *t, const int *to)
{
    struct list *it, *after;
    for (size_t i = 0; i < NEIGHBOUR_BUCKETS; i++)
        list_each(it, after, &t->bucket[i])
        {
            struct neighbour *n = container_of(it, struct neighbour, bucket);
            if (to[n->interface] < 0)
                drop(n);
            else
                n->interface = (unsigned)to[n->interface];
        }
}

void neighbours_each(const struct neighbours *t,
                     bool (*show)(void *user, const struct neighbour *n), void *user)
{
    for (size_t i = 0; i < NEIGHBOUR_BUCKETS; i++)
        for (const struct list *it = t->bucket[i].next; it != &t->bucket[i]; it = it->next)
            if (!show(user, container_of(it, struct neighbour, bucket)))
                return;
}
