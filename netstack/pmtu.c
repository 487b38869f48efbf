/*
 * pmtu.c - the table of path MTUs: see pmtu.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/pmtu.h"
#include "runtime/timer.h"
#include <stddef.h>

#define LIFETIME (600 * NS_PER_S) /* RFC 1191 section 6.3 */

/* RFC 1191 section 7.1, table 7-1. */
static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};

/* The first of the places that a destination may have. */
static size_t set_of(uint32_t dst)
{
    return (dst * 2654435761u >> 27) * PMTU_WAYS;
}

_Static_assert(PMTU_ENTRIES == 32 * PMTU_WAYS, "what set_of() answers");

static const struct pmtu_entry *find(const struct pmtu_cache *c, uint32_t dst, uint64_t now)
{
    const struct pmtu_entry *e = &c->entries[set_of(dst)];
    for (size_t i = 0; i < PMTU_WAYS; i++)
        if (e[i].dst == dst && e[i].expires > now)
            return &e[i];
    return NULL;
}

uint16_t pmtu_get(const struct pmtu_cache *c, uint32_t dst, uint16_t link, uint64_t now)
{
    const struct pmtu_entry *e = find(c, dst, now);
    return e && e->mtu < link ? e->mtu : link;
}

bool pmtu_may_fragment(const struct pmtu_cache *c, uint32_t dst, uint64_t now)
{
    const struct pmtu_entry *e = find(c, dst, now);
    return e && e->narrower;
}

static uint16_t plateau_below(uint16_t sent)
{
    for (size_t i = 0; i < sizeof plateaus / sizeof plateaus[0]; i++)
        if (plateaus[i] < sent)
            return plateaus[i];
    return plateaus[sizeof plateaus / sizeof plateaus[0] - 1];
}

/* The entry to write into: this destination's, else a free one, else the oldest. */
static struct pmtu_entry *place(struct pmtu_cache *c, uint32_t dst)
{
    struct pmtu_entry *e = &c->entries[set_of(dst)], *oldest = e;
    for (size_t i = 0; i < PMTU_WAYS; i++) {
        if (e[i].dst == dst)
            return &e[i];
        if (e[i].expires < oldest->expires)
            oldest = &e[i];
    }
    return oldest;
}

bool pmtu_lower(struct pmtu_cache *c, uint32_t dst, uint16_t mtu, uint16_t sent, uint64_t now)
{
    struct pmtu_entry *e = place(c, dst);
    bool known = e->dst == dst && e->expires > now, lost = e->dst != dst && e->expires > now;
    if (mtu == 0)
        mtu = plateau_below(sent);
    if (known && mtu >= e->mtu && !(mtu < PMTU_MIN && !e->narrower))
        return false;
    *e = (struct pmtu_entry){.dst = dst,
                             .mtu = mtu < PMTU_MIN ? PMTU_MIN : mtu,
                             .narrower = mtu < PMTU_MIN,
                             .expires = now + LIFETIME};
    return lost;
}
