/*
 * offload.h - offload metadata of received frames, from what a backend says of them.
 *
 * A backend says only that a checksum is blank, or a frame to be cut; where the transport's header
 * begins must be found in the frame (IPv4: RFC 791, IPv6: RFC 8200, TCP: RFC 9293, UDP: RFC 768).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_OFFLOAD_H
#define MORGANA_XEN_OFFLOAD_H

#include "runtime/pkt.h"

/* Fill in the metadata of `p`. `flags` are NETRXF_*; `gso_type` is XEN_NETIF_GSO_TYPE_*, 0 for
 * none. False: what was said does not agree with the frame. */
bool offload_received(struct pkt *p, uint16_t flags, uint16_t gso_type, uint16_t gso_size);

#endif
