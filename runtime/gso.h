/*
 * gso.h - cutting a super-frame (PKT_GSO_*) into segments, in software.
 *
 * Called by netdev_send() for devices that cannot do it, and by routers, whose links differ. Each
 * segment gets the headers of the super-frame: an IPv4 identification and a TCP sequence number
 * that count on, CWR only in the first, FIN and PSH only in the last segment, and its own lengths.
 * Its transport checksum is left partial (PKT_CSUM_PARTIAL).
 *
 * A datagram (PKT_GSO_FRAGMENTS) is cut into IPv4 fragments, which share its identification; a
 * fragment is cut further (RFC 791 section 3.2).
 * Options that are not to be copied are in the first only; the others have "no operation" in their
 * place.
 *
 *     struct gso g;
 *     if (gso_begin(&g, p))
 *         while ((segment = gso_next(&g, pool)) != NULL) ...
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_GSO_H
#define MORGANA_RUNTIME_GSO_H

#include "runtime/pkt.h"

struct gso {
    const struct pkt *p;
    uint32_t network, transport, payload; /* where these begin */
    uint32_t at;                          /* the next segment's payload */
    uint16_t index;                       /* its number, from 0 on */
    bool ipv6, udp, fragments;
};

/* Begin to cut `p`, which must outlive `g`. False if its headers do not agree with what its
 * metadata says of them. */
bool gso_begin(struct gso *g, const struct pkt *p);

/* The next segment, whose reference the caller gets. NULL: that was all, or `pool` is empty; see
 * gso_done(). */
struct pkt *gso_next(struct gso *g, struct pkt_pool *pool);

/* Was that all? */
static inline bool gso_done(const struct gso *g)
{
    return g->at == g->p->len;
}

#endif
