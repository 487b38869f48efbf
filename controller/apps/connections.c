/*
 * connections.c - the balancer's table of connections; see connections.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/connections.h"

#include <stdlib.h>
#include <xxhash.h>

int connections_init(struct connections *t, size_t max, uint64_t seed)
{
    *t = (struct connections){.max = max, .seed = seed};
    list_init(&t->active);
    list_init(&t->lingering);
    return hash_table_init(&t->table);
}

static struct connection *in_order(struct list *order)
{
    return container_of(order, struct connection, order);
}

static void forget(struct connections *t, struct connection *c)
{
    hash_table_remove(&t->table, &c->by_id);
    list_remove(&c->order);
    t->at[c->server] -= !c->lost;
    free(c);
}

void connections_free(struct connections *t)
{
    while (!list_empty(&t->active))
        forget(t, in_order(t->active.next));
    while (!list_empty(&t->lingering))
        forget(t, in_order(t->lingering.next));
    hash_table_free(&t->table);
}

static uint64_t hash_of(const struct connections *t, const struct connection_id *id)
{
    return XXH3_64bits_withSeed(id, sizeof *id, t->seed);
}

struct connection *connections_find(const struct connections *t, const struct connection_id *id)
{
    struct list *it, *after;
    list_each(it, after, hash_table_bucket(&t->table, hash_of(t, id)))
    {
        struct connection *c = container_of(it, struct connection, by_id.link);
        if (bytes_equal(&c->id, id, sizeof *id))
            return c;
    }
    return NULL;
}

static void make_room(struct connections *t)
{
    struct list *from = list_empty(&t->lingering) ? &t->active : &t->lingering;
    if (t->table.n < t->max)
        return;
    forget(t, in_order(from->next));
    t->evicted++;
}

struct connection *connections_add(struct connections *t, const struct connection_id *id,
                                   unsigned server, uint64_t now)
{
    struct connection *c = malloc(sizeof *c);
    if (c == NULL)
        return NULL;
    make_room(t);
    *c = (struct connection){.id = *id, .server = server, .since = now};
    hash_table_put(&t->table, &c->by_id, hash_of(t, id));
    list_append(&t->lingering, &c->order);
    t->at[server]++;
    return c;
}

void connections_laid(struct connections *t, struct connection *c)
{
    c->flows = CONNECTION_THERE | CONNECTION_BACK;
    list_remove(&c->order);
    list_append(&t->active, &c->order);
}

static void linger(struct connections *t, struct connection *c, uint64_t now)
{
    c->since = now;
    list_remove(&c->order);
    list_append(&t->lingering, &c->order);
}

void connections_ended(struct connections *t, struct connection *c, unsigned flows, uint64_t now)
{
    unsigned before = c->flows;
    c->flows &= ~flows;
    if (before != 0 && c->flows == 0)
        linger(t, c, now);
}

static void lose(struct connections *t, struct connection *c, uint64_t now)
{
    c->lost = true;
    c->flows = 0;
    t->at[c->server]--;
    linger(t, c, now);
}

/* What is lost comes to the end of those that linger, where it is met once more. */
static void lose_those_of(struct connections *t, struct list *order, unsigned server, uint64_t now)
{
    struct list *it, *after;
    list_each(it, after, order)
    {
        struct connection *c = in_order(it);
        if (c->server == server && !c->lost)
            lose(t, c, now);
    }
}

void connections_lose_server(struct connections *t, unsigned server, uint64_t now)
{
    lose_those_of(t, &t->lingering, server, now);
    lose_those_of(t, &t->active, server, now);
}

void connections_move(struct connections *t, struct connection *c, unsigned server)
{
    c->lost = false;
    c->server = server;
    t->at[server]++;
}

void connections_sweep(struct connections *t, uint64_t before)
{
    while (!list_empty(&t->lingering) && in_order(t->lingering.next)->since < before)
        forget(t, in_order(t->lingering.next));
}
