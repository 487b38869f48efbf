/*
 * pending.h - packet-ins that wait for their answer, by buffer_id.
 *
 * Each emulated switch has a table of as many slots as it may have packet-ins outstanding. A
 * buffer_id is a running number whose low bits are its slot, so that it is unique for as long as
 * anybody could remember it, and an answer finds its packet-in in one step. Numbers whose slot is
 * still taken (its answer was lost, or comes out of order) are passed over. Everything is allocated
 * by pending_open().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_PENDING_H
#define MORGANA_TOOLS_BENCH_PENDING_H

#include "openflow/wire.h"
#include <assert.h>

#define PENDING_MAX 65536 /* outstanding packet-ins of one switch */

/* A packet-in that was sent. */
struct pending_slot {
    uint32_t buffer_id; /* OFP_NO_BUFFER: the slot is free */
    uint16_t src, dst;  /* hosts; what they mean is the caller's */
    uint64_t sent;      /* when, ns */
};

struct pending {
    struct pending_slot *slots; /* mask + 1 of them */
    uint32_t mask;
    uint32_t next;  /* the buffer_id to try next */
    uint32_t count; /* taken slots */
    uint32_t limit; /* of count */
};

/* An empty table for `limit` (1 .. PENDING_MAX) packet-ins. 0 or -ENOMEM. */
int pending_open(struct pending *p, uint32_t limit);
void pending_close(struct pending *p);

/* How many more may be sent. */
static inline uint32_t pending_room(const struct pending *p)
{
    return p->limit - p->count;
}

/* Take a slot; there must be room. Its buffer_id and `sent` are filled in. */
static inline struct pending_slot *pending_add(struct pending *p, uint64_t now)
{
    struct pending_slot *slot;
    assert(p->count < p->limit);
    while ((slot = &p->slots[p->next & p->mask])->buffer_id != OFP_NO_BUFFER ||
           p->next == OFP_NO_BUFFER)
        p->next++;
    p->count++;
    slot->buffer_id = p->next++;
    slot->sent = now;
    return slot;
}

/* The packet-in that `buffer_id` answers, its slot now free for the next; valid until
 * pending_add(). NULL if none waits for it: it never was, was answered before, or was given up. */
static inline const struct pending_slot *pending_take(struct pending *p, uint32_t buffer_id)
{
    struct pending_slot *slot = &p->slots[buffer_id & p->mask];
    if (slot->buffer_id != buffer_id || buffer_id == OFP_NO_BUFFER)
        return NULL;
    slot->buffer_id = OFP_NO_BUFFER;
    p->count--;
    return slot;
}

/* Give up those sent before `before`. Returns how many. */
uint32_t pending_expire(struct pending *p, uint64_t before);

#endif
