/*
 * offload.h - what a vif must find in a frame's headers: offload metadata of what is received, what
 * of it a backend can take, and the flow.
 *
 * A backend says only that a checksum is blank, or a frame to be cut, and is told no more; where
 * the transport's header begins must be found in the frame by who gets it (IPv4: RFC 791, IPv6: RFC
 * 8200, TCP: RFC 9293, UDP: RFC 768). Called by netfront.c and vif.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_OFFLOAD_H
#define MORGANA_XEN_OFFLOAD_H

#include "runtime/pkt.h"

/* Fill in the metadata of `p`. `flags` are NETRXF_*; `gso_type` is XEN_NETIF_GSO_TYPE_*, 0 for
 * none. False: what was said does not agree with the frame. */
bool offload_received(struct pkt *p, uint16_t flags, uint16_t gso_type, uint16_t gso_size);

/* Will a backend find the blank checksum of `p`? It looks for TCP and UDP behind an IP header, and
 * IPv6's options, that is right behind Ethernet's; what has a VLAN tag, or is a fragment, it drops.
 * `ipv6`: it looks behind IPv6 at all. */
bool offload_can_send(const struct pkt *p, bool ipv6);

/* Equal for all frames of a flow: addresses, protocol and ports, as far as `p` has them. */
uint32_t offload_flow_hash(const struct pkt *p);

#endif
