/*
 * pmtu.h - what is known of paths narrower than the link that they begin with.
 *
 * RFC 1191. A bounded table by destination, learned from ICMP messages that TCP believed. What was
 * learned is forgotten after ten minutes, and the link's MTU tried again (section 6.3). Time is
 * passed in.
 *
 * Called by stack.c, which hears of them and is asked by TCP.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_PMTU_H
#define MORGANA_NETSTACK_PMTU_H

#include <stdbool.h>
#include <stdint.h>

#define PMTU_ENTRIES 128
#define PMTU_WAYS    4 /* places among which a destination has its own */
/* No path is believed to be narrower: a forged message could make TCP send crumbs. Packets of this
 * size may be fragmented on the way (pmtu_may_fragment()). */
#define PMTU_MIN 552

struct pmtu_entry {
    uint32_t dst; /* 0: free */
    uint16_t mtu;
    bool narrower; /* than PMTU_MIN, even */
    uint64_t expires;
};

struct pmtu_cache {
    struct pmtu_entry entries[PMTU_ENTRIES];
};

/* The MTU of the path to `dst` over a link whose MTU is `link`. */
uint16_t pmtu_get(const struct pmtu_cache *c, uint32_t dst, uint16_t link, uint64_t now);

/* Must packets to `dst` go without DF, because no size that we use is small enough? */
bool pmtu_may_fragment(const struct pmtu_cache *c, uint32_t dst, uint64_t now);

/* Somebody on the way to `dst` takes no more than `mtu` bytes; 0: it does not say, and a packet of
 * `sent` bytes was too large (section 5: the next smaller plateau). What is no less than what is
 * known already is ignored. Returns true if an entry that was still good was lost for it. */
bool pmtu_lower(struct pmtu_cache *c, uint32_t dst, uint16_t mtu, uint16_t sent, uint64_t now);

#endif
