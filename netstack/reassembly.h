/*
 * reassembly.h - datagrams from their fragments.
 *
 * RFC 791 section 3.2, RFC 815 (the idea of holes), RFC 1122 section 3.3.2. Fragments are kept as
 * the packets that they came in. Bounds: datagrams, fragments of one, fragments in all. A fragment
 * that overlaps another with other bounds is an attack or an accident: the whole datagram is
 * forgotten, and what still comes of it too, as RFC 5722 asks for IPv6; an exact repetition is
 * ignored. What is not whole after a minute is dropped, and its sender told if the first fragment
 * has come.
 *
 * Called by ip_input.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_REASSEMBLY_H
#define MORGANA_NETSTACK_REASSEMBLY_H

#include "netstack/wire.h"
#include "runtime/pkt.h"
#include "runtime/timer.h"

#define REASSEMBLY_DATAGRAMS 32
#define REASSEMBLY_FRAGMENTS 64  /* of one datagram: 64 KB over Ethernet are 45 */
#define REASSEMBLY_ALL       256 /* fragments in all */

struct ip;

struct fragment {
    struct pkt *p; /* begins at its IP header */
    uint32_t begin, end;
};

struct datagram {
    struct ip *ip;
    uint32_t src, dst;
    uint16_t id;
    uint8_t protocol;
    bool used, bad; /* bad: what comes of it is dropped */
    uint32_t len;   /* of the payload; 0: the last fragment has not come */
    uint32_t have;  /* bytes of it */
    unsigned n;
    struct timer timer;
    struct fragment fragments[REASSEMBLY_FRAGMENTS]; /* in order */
};

struct reassembly {
    unsigned n; /* fragments */
    struct datagram datagrams[REASSEMBLY_DATAGRAMS];
};

void ip_reassembly_init(struct ip *ip);

/* Drop all. */
void ip_reassembly_clear(struct ip *ip);

/* A fragment, lent, whose header is good and which has no bytes behind the datagram's. Returns the
 * datagram, the caller's, as a packet that begins at its IP header (without options) if that was
 * the last piece; else NULL. */
struct pkt *ip_reassembly_add(struct ip *ip, struct pkt *p);

#endif
