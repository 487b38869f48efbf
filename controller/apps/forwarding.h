/*
 * forwarding.h - what a router does with a packet, each step a function of its own: answer ARP,
 * answer a ping, find the route, age the packet, have the switch rewrite it, tell of an error.
 *
 * No state, no I/O: the app around (router.h) decides when a step is due, and has judged what is
 * passed in. Exercise 7 of the course leaves these six to the learner, whose own take the place of
 * forwarding.c when that program is linked; a step that answers false (NULL, 0) is one that cannot
 * be done, and the packet is dropped.
 *
 * RFC 826 (ARP), RFC 791 (IPv4), RFC 792 (ICMP), RFC 1812 (routers). Called by router_*.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_FORWARDING_H
#define MORGANA_CONTROLLER_APPS_FORWARDING_H

#include "openflow/frame_headers.h"
#include "runtime/buf.h"

/* A route: packets to `network` go to the gateway, or to themselves if the network is connected. */
struct forward_route {
    uint32_t network; /* in the host's order, as all addresses here; its low bits are zero */
    uint8_t prefix;   /* bits of the network's part: 0 to 32 */
    uint8_t interface;
    bool usable;      /* its interface is up */
    uint32_t gateway; /* 0: connected */
};

/* The bits of an address that tell networks of this prefix apart. */
static inline uint32_t forward_mask(unsigned prefix)
{
    return prefix == 0 ? 0 : ~0u << (32 - prefix);
}

enum forward_icmp {
    FORWARD_ECHO_REPLY = 0,
    FORWARD_UNREACHABLE = 3,
    FORWARD_REDIRECT = 5,
    FORWARD_ECHO = 8,
    FORWARD_TIME_EXCEEDED = 11,
    FORWARD_PARAMETER = 12,
};

/* Turn an ARP request for an address of ours, whose interface has this MAC, into our answer. */
bool forward_answer_arp(struct hdr_arp *arp, const uint8_t mac[OFP_ETH_ALEN]);

/* Turn an echo request, `len` bytes from its ICMP header to the end of its data, into the reply. */
bool forward_answer_echo(struct hdr_icmp *icmp, size_t len);

/* The route to an address: of the usable ones that lead there the most exact, that with the longest
 * prefix (RFC 1812 section 5.2.4.3). NULL: there is none. */
const struct forward_route *forward_find_route(const struct forward_route *routes, size_t n,
                                               uint32_t address);

/* A packet goes on through the controller: decrement its TTL, which is 2 or more, and make its
 * header's checksum right. There may be options behind the header. */
bool forward_age(struct hdr_ipv4 *ip);

/* A packet goes on in the switch: append the actions that decrement its TTL and make `src` and
 * `dst` its MAC addresses. The app appends the VLAN and the port. */
bool forward_rewrite(struct buf *actions, const uint8_t src[OFP_ETH_ALEN],
                     const uint8_t dst[OFP_ETH_ALEN]);

/* Write an ICMP error (enum forward_icmp) about a packet, which begins at its IP header, to
 * `message`. `rest` is what stands behind the checksum. As much is quoted as fits (RFC 1812 section
 * 4.3.2.3). Returns its length, 0 if it cannot be done. */
#define FORWARD_ERROR_MAX (576 - sizeof(struct hdr_ipv4))
size_t forward_write_error(uint8_t message[FORWARD_ERROR_MAX], uint8_t type, uint8_t code,
                           be32 rest, struct span about);

#endif
