/*
 * buffer.c - packets that wait for a controller: see buffer.h.
 *
 * All slots lie on one list: the free ones first, then those in use, the oldest in front. So the
 * first is the one to use next, or none is.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/buffer.h"

#include "runtime/list.h"

#include <assert.h>
#include <stdlib.h>

/* An id: how often the slot was given out, modulo 2^16, above the slot's number. */
#define ID_SHIFT 16

struct slot {
    struct list link;
    struct pkt *p; /* NULL: free */
    uint64_t since;
    uint64_t given; /* how many ids it has had */
    uint16_t in_port;
};

struct buffers {
    struct list order;
    uint64_t age;
    struct buffers_stats stats;
    struct slot slot[];
};

struct buffers *buffers_new(uint32_t max, uint64_t age)
{
    struct buffers *b = calloc(1, sizeof *b + max * sizeof b->slot[0]);
    assert(max <= BUFFERS_MAX);
    if (b == NULL)
        return NULL;
    b->age = age;
    b->stats.max = max;
    list_init(&b->order);
    for (uint32_t i = 0; i < max; i++)
        list_append(&b->order, &b->slot[i].link);
    return b;
}

void buffers_free(struct buffers *b)
{
    if (b == NULL)
        return;
    for (uint32_t i = 0; i < b->stats.max; i++)
        pkt_unref(b->slot[i].p);
    free(b);
}

/* Give back the slot's packet, if it has one. */
static struct pkt *empty(struct buffers *b, struct slot *s)
{
    struct pkt *p = s->p;
    if (p) {
        s->p = NULL;
        b->stats.held--;
    }
    return p;
}

/* The first slot if it is free or its packet old enough to go; NULL otherwise. */
static struct slot *usable(struct buffers *b, uint64_t now)
{
    struct slot *s;
    if (list_empty(&b->order))
        return NULL;
    s = container_of(b->order.next, struct slot, link);
    if (s->p && now - s->since < b->age)
        return NULL;
    b->stats.expired += s->p != NULL;
    pkt_unref(empty(b, s));
    return s;
}

uint32_t buffers_put(struct buffers *b, struct pkt *p, uint16_t in_port, uint64_t now)
{
    struct slot *s = usable(b, now);
    if (s == NULL) {
        b->stats.refused++;
        return OFP_NO_BUFFER;
    }
    list_remove(&s->link);
    list_append(&b->order, &s->link);
    s->p = pkt_ref(p);
    s->since = now;
    s->in_port = in_port;
    s->given++;
    b->stats.held++;
    b->stats.stored++;
    return (uint32_t)(s->given << ID_SHIFT) | (uint32_t)(s - b->slot);
}

static struct pkt *refuse(struct ofp_fault *fault, enum ofp_bad_request_code code)
{
    *fault = (struct ofp_fault){.type = OFPET_BAD_REQUEST, .code = (uint16_t)code};
    return NULL;
}

struct pkt *buffers_take(struct buffers *b, uint32_t id, uint16_t *in_port, struct ofp_fault *fault)
{
    uint32_t n = id & ((1u << ID_SHIFT) - 1);
    struct slot *s = &b->slot[n];
    uint16_t ago; /* how many ids the slot has had since this one */
    if (n >= b->stats.max)
        return refuse(fault, OFPBRC_BUFFER_UNKNOWN);
    ago = (uint16_t)(s->given - (id >> ID_SHIFT));
    if (ago >= s->given)
        return refuse(fault, OFPBRC_BUFFER_UNKNOWN);
    if (ago > 0 || s->p == NULL)
        return refuse(fault, OFPBRC_BUFFER_EMPTY);
    list_remove(&s->link);
    list_append(b->order.next, &s->link); /* in front of the first */
    *in_port = s->in_port;
    return empty(b, s);
}

void buffers_get_stats(const struct buffers *b, struct buffers_stats *stats)
{
    *stats = b->stats;
}
