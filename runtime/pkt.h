/*
 * pkt.h - packet buffers: counted references, headroom, offload metadata, page-aligned pools.
 *
 * A packet's bytes lie in one page of a pool, with room in front for headers to be added. Pages are
 * page-aligned so that a Xen guest can grant them; the descriptors lie apart, so that a backend
 * never sees them. A flood to many ports takes references, not copies: who wants to write into a
 * packet that others hold makes a copy first (pkt_writable()).
 *
 * A pool has a fixed number of packets: when they are out, pkt_new() says NULL, counts it, and the
 * frame is dropped. Nothing is allocated after pkt_pool_new().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_PKT_H
#define MORGANA_RUNTIME_PKT_H

#include "runtime/bytes.h"

#define PKT_PAGE     4096
#define PKT_HEADROOM 128 /* free in front of a new packet's data */
#define PKT_SIZE_MAX (PKT_PAGE - PKT_HEADROOM)

/* What is still to be done to a frame, by the device or in software, before a peer may see it. */
enum pkt_offload {
    PKT_CSUM_PARTIAL = 1 << 0, /* sum from csum_start on, store at csum_start + csum_offset */
    PKT_CSUM_VALID = 1 << 1,   /* the device has checked the transport checksum */
    PKT_GSO_TCP4 = 1 << 2,     /* cut into TCP segments of gso_size */
    PKT_GSO_TCP6 = 1 << 3,
};

struct pkt_pool;

struct pkt {
    uint8_t *data; /* the first byte of the frame */
    uint32_t len;  /* bytes of the frame in this buffer */
    uint32_t refs;
    uint8_t *page; /* where its page begins */
    struct pkt_pool *pool;
    struct pkt *next;                 /* in a free list, in a batch, in a chain of fragments */
    uint16_t csum_start, csum_offset; /* from data */
    uint16_t gso_size;
    uint16_t offload; /* enum pkt_offload */
};

struct pkt_pool_stats {
    uint32_t total, free, low; /* packets; the fewest that were ever free */
    uint64_t refused;          /* pkt_new() that said NULL */
};

/* A pool of `count` packets. NULL if there is no memory. */
struct pkt_pool *pkt_pool_new(uint32_t count);

/* Free a pool, all of whose packets must have come back. NULL is allowed. */
void pkt_pool_free(struct pkt_pool *pool);

void pkt_pool_stats(const struct pkt_pool *pool, struct pkt_pool_stats *stats);

/* A packet with one reference, no bytes and PKT_HEADROOM in front. NULL if the pool is empty. */
struct pkt *pkt_new(struct pkt_pool *pool);

/* One more reference. Returns `p`. */
static inline struct pkt *pkt_ref(struct pkt *p)
{
    p->refs++;
    return p;
}

/* One reference fewer; the last gives the packet back to its pool. NULL is allowed. */
void pkt_unref(struct pkt *p);

/* A packet with the same bytes that only the caller holds: `p` itself if nobody else does, else a
 * copy (the caller's reference to `p` is then given up). NULL if the pool is empty; `p` is then
 * kept. */
struct pkt *pkt_writable(struct pkt *p);

/* Room for `n` more bytes in front (a header) or behind; returns where they begin, NULL if there is
 * no room. */
uint8_t *pkt_push(struct pkt *p, size_t n);
uint8_t *pkt_append(struct pkt *p, size_t n);

/* Drop `n` bytes in front or behind. False, and nothing done, if there are fewer. (Pushing and
 * pulling move csum_start along; a pull past it turns PKT_CSUM_PARTIAL into PKT_CSUM_VALID.) */
bool pkt_pull(struct pkt *p, size_t n);
bool pkt_trim(struct pkt *p, size_t n);

#endif
