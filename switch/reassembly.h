/*
 * reassembly.h - IPv4 fragments put together before the flow table sees them: OFPC_FRAG_REASM of
 * OpenFlow 1.0 section 5.3.2.
 *
 * Called by forward.c, if the controllers have asked for it, with each fragment that a port
 * received. RFC 791 section 3.2 says how; what hostile senders make of it is answered thus:
 *
 *   overlaps       the whole datagram is dropped, with what still comes of it (RFC 5722 section 4,
 *                  which is about IPv6); but an exact repetition is ignored.
 *   tiny fragments put together they are like any others: the table sees the whole transport header
 *                  (RFC 1858 section 3 would have them dropped where nobody puts them together).
 *   not possible   a fragment that ends behind 65535 bytes, is empty, is cut off, or is not the
 * last and not a multiple of 8 bytes long is dropped. too many       datagrams, fragments and the
 * bytes of their buffers are limited; past a limit the oldest datagram makes room. never whole
 * dropped after a fixed time (RFC 1122 section 3.3.2).
 *
 * The datagram leaves in fragments again, none longer than the longest that came, by every port and
 * whatever its MTU: they have crossed one link already, and a datagram may be longer than any
 * (PKT_GSO_FRAGMENTS; Linux's bridges do the same). Until then actions see and change it whole.
 *
 * Fragments in 802.3 frames with LLC and SNAP are dropped: their length field cannot say how long a
 * datagram is.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_REASSEMBLY_H
#define MORGANA_SWITCH_REASSEMBLY_H

#include "runtime/pkt.h"

struct reassembly;

struct reassembly_limits {
    uint32_t datagrams, fragments; /* that wait at once */
    uint64_t bytes;                /* of the packet buffers that the fragments lie in */
    uint64_t time;                 /* ns that a datagram waits for its last fragment */
};

/* Limits of what options may ask for: a datagram is found by looking at all of them. */
#define REASSEMBLY_DATAGRAMS_MAX 1024
#define REASSEMBLY_FRAGMENTS_MAX 65536

/* Room for that much, all of it allocated now; whole datagrams will come from `pool`. NULL if there
 * is no memory. */
struct reassembly *reassembly_new(const struct reassembly_limits *limits, struct pkt_pool *pool);

/* Free it and give back its packets. NULL is allowed. */
void reassembly_free(struct reassembly *r);

/* Forget what waits. */
void reassembly_clear(struct reassembly *r);

/* A fragment (packet_is_fragment()) came by `in_port`. Returns the whole datagram with one
 * reference, which is the caller's, if that was the last of it; else NULL: it waits (a reference of
 * its own is taken), or was dropped and counted. */
struct pkt *reassembly_put(struct reassembly *r, struct pkt *p, uint16_t in_port);

#endif
