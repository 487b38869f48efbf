/*
 * reassembly.h - IPv4 datagrams from their fragments.
 *
 * RFC 791 section 3.2, RFC 1122 section 3.3.2. For whoever needs whole datagrams: a host
 * (netstack/ip_input.c), and a switch whose controllers asked for them (switch/forward.c,
 * OFPC_FRAG_REASM). Fragments wait in the buffers that they came in. IPv4's RFCs leave open what
 * hostile senders make of it; IPv6's, written after the attacks, do not, and are followed here:
 *
 *   overlaps      the whole datagram is dropped, with what still comes of it (RFC 8200 section 4.5,
 *                 RFC 5722): whichever bytes one prefers, somebody on the way, a filter say, has
 *                 seen the others (RFC 1858, RFC 3128). The same if fragments disagree on where
 *                 the datagram ends. An exact repetition is ignored: networks do that.
 *   impossible    a fragment that would end behind 65535 bytes, is empty, is cut off, or is not the
 *                 last and no multiple of 8 bytes long is dropped, alone (RFC 8200 section 4.5): it
 *                 says nothing about the bytes of the others, and anybody may have sent it.
 *   tiny ones     are like any others: they are not looked into before the datagram is whole.
 *   too many      datagrams, fragments, and the bytes of the buffers they lie in are limited: past
 * a limit the oldest datagram makes room. One in more than REASSEMBLY_PIECES is dropped like an
 * overlap, so that finding a fragment's place stays cheap. never whole   dropped after a fixed
 * time, which no later fragment prolongs (RFC 1122).
 *
 * No clock and no I/O: time is passed in, and the owner turns it when it is due.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_REASSEMBLY_H
#define MORGANA_RUNTIME_REASSEMBLY_H

#include "runtime/pkt.h"

struct reassembly;

/* The longest datagram over links of 576 bytes (RFC 1122 section 3.3.3) has 119 fragments. */
#define REASSEMBLY_PIECES 128

/* Limits of what options may ask for: a datagram is found by looking at all of them. */
#define REASSEMBLY_DATAGRAMS_MAX 1024
#define REASSEMBLY_FRAGMENTS_MAX 65536

struct reassembly_counters {
    uint64_t fragments, datagrams; /* that came; that became whole */
    uint64_t repeated, bad;        /* fragments: ignored; impossible */
    uint64_t overlaps, too_many_pieces, timed_out, evicted, no_memory; /* datagrams: dropped */
};

/* Their names, in that order, for a struct counter_set. */
#define REASSEMBLY_N_COUNTERS (sizeof(struct reassembly_counters) / sizeof(uint64_t))
extern const char *const reassembly_counter_names[REASSEMBLY_N_COUNTERS];

struct reassembly_config {
    struct pkt_pool *pool;                /* for whole datagrams; it must outlive the rest */
    uint32_t datagrams, fragments;        /* that wait at once */
    uint64_t bytes;                       /* of the packet buffers that the fragments lie in */
    uint64_t time;                        /* ns that a datagram waits for its last fragment */
    struct reassembly_counters *counters; /* the owner's */
    /* A datagram is given up for time; `first`, lent, is the fragment with its beginning, which has
     * come. May be NULL. */
    void (*late)(void *user, const struct pkt *first);
    void *user;
};

/* Room for that much, all of it allocated now. NULL if there is no memory. */
struct reassembly *reassembly_new(const struct reassembly_config *config);

/* Free it and give back its packets. NULL is allowed. */
void reassembly_free(struct reassembly *r);

/* Forget what waits. */
void reassembly_clear(struct reassembly *r);

/* A fragment, lent, with its IPv4 header `network` bytes behind its data; what lies in front and
 * behind the datagram does not matter. Only fragments of the same `where` belong together: ports
 * and VLANs may be networks apart. Returns the whole datagram with one reference, which is the
 * caller's, if that was the last of it; else NULL: it waits (a reference of its own is taken), or
 * was dropped and counted.
 *
 * The whole begins with the first fragment's headers, those in front of IP's too, and has nothing
 * to offload; its gso_size is the payload of the longest fragment that came, header options
 * considered, for who sends it in fragments again. */
struct pkt *reassembly_put(struct reassembly *r, struct pkt *p, size_t network, uint32_t where,
                           uint64_t now);

/* When reassembly_turn() is due at the latest; TIMER_NEVER: not at all. */
uint64_t reassembly_due(const struct reassembly *r);

/* Give up the datagrams whose time has come. */
void reassembly_turn(struct reassembly *r, uint64_t now);

#endif
