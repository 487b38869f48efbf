/*
 * pace.h - a rate that may not be exceeded: a token bucket, told as time.
 *
 * Each message moves `next`, the time until which all has been paid for, on by what it costs.
 * `next` may lie before now by nothing and behind it by PACE_BURST; so a burst of that length
 * passes at once, and then no more than `rate` a second. Time is passed in.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_PACE_H
#define MORGANA_CONTROLLER_SLICER_PACE_H

#include "runtime/timer.h"

#define PACE_BURST (50 * NS_PER_MS)

struct pace {
    uint64_t cost; /* ns of a message */
    uint64_t next;
};

static inline struct pace pace_of(uint64_t rate)
{
    return (struct pace){.cost = NS_PER_S / rate};
}

/* When the next message may pass: now, or later. */
static inline uint64_t pace_when(const struct pace *p, uint64_t now)
{
    return p->next > now + PACE_BURST ? p->next - PACE_BURST : now;
}

/* `n` messages have passed. */
static inline void pace_spend(struct pace *p, uint64_t now, uint64_t n)
{
    p->next = (p->next > now ? p->next : now) + n * p->cost;
}

#endif
