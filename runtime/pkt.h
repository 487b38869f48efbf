/*
 * pkt.h - packet buffers: counted references, headroom, offload metadata, page-aligned pools.
 *
 * A packet's bytes lie in one buffer of a pool, with room in front for headers to be added. A
 * pool's buffers lie side by side from a page's beginning on, so that a Xen guest can grant them
 * and AF_XDP can receive into them; the descriptors lie apart, so that a backend never sees them. A
 * flood to many ports takes references, not copies: who wants to write into a packet that others
 * hold makes a copy first (pkt_writable()).
 *
 * A pool has a fixed number of packets of one size: when they are out, pkt_new() says NULL, counts
 * it, and the frame is dropped. Behind a pool of small buffers may stand one of large ones, for
 * super-frames. Nothing is allocated after pkt_pool_new().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_PKT_H
#define MORGANA_RUNTIME_PKT_H

#include "runtime/bytes.h"

#define PKT_PAGE     4096
#define PKT_HEADROOM 128         /* free in front of a new packet's data */
#define PKT_SMALL    2048        /* a buffer for frames of Ethernet's usual size */
#define PKT_LARGE    (68 * 1024) /* one for a super-frame of 64 KB */

/* What is still to be done to a frame, by the device or in software, before a peer may see it. */
enum pkt_offload {
    PKT_CSUM_PARTIAL = 1 << 0, /* sum from csum_start on, store at csum_start + csum_offset */
    PKT_CSUM_VALID = 1 << 1,   /* the device has checked the transport checksum */
    /* Cut into segments of gso_size bytes of payload; PKT_CSUM_PARTIAL is then set as well, and
     * csum_start is where the transport's header begins. One of these kinds at most. */
    PKT_GSO_TCP4 = 1 << 2,
    PKT_GSO_TCP6 = 1 << 3,
    PKT_GSO_UDP = 1 << 4, /* over IPv4 or IPv6 */
    /* Cut into IPv4 fragments of gso_size bytes of payload, a multiple of 8. Nothing else is set:
     * the datagram's checksums are made. No device does that. */
    PKT_GSO_FRAGMENTS = 1 << 5,
    PKT_GSO = PKT_GSO_TCP4 | PKT_GSO_TCP6 | PKT_GSO_UDP | PKT_GSO_FRAGMENTS,
};

struct pkt_pool;

struct pkt {
    uint8_t *data; /* the first byte of the frame */
    uint32_t len;  /* bytes of the frame in this buffer */
    uint32_t refs;
    uint8_t *buf;  /* where its buffer begins */
    uint32_t size; /* of its buffer */
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

/* A pool of `count` packets in buffers of `size` bytes, headroom included: a power of two up to a
 * page, or whole pages. `larger` (NULL: none) is where pkt_new_for() turns with what does not fit;
 * it must outlive the pool. NULL if there is no memory. */
struct pkt_pool *pkt_pool_new(uint32_t count, uint32_t size, struct pkt_pool *larger);

/* Free a pool, all of whose packets must have come back. NULL is allowed. */
void pkt_pool_free(struct pkt_pool *pool);

void pkt_pool_stats(const struct pkt_pool *pool, struct pkt_pool_stats *stats);

/* A packet with one reference, no bytes and PKT_HEADROOM in front. NULL if the pool is empty. */
struct pkt *pkt_new(struct pkt_pool *pool);

/* The same, with room for `len` bytes behind the headroom: from `pool`, or from the first of those
 * behind it whose buffers are large enough. NULL if that one is empty or there is none. */
struct pkt *pkt_new_for(struct pkt_pool *pool, size_t len);

/* One more reference. Returns `p`. */
static inline struct pkt *pkt_ref(struct pkt *p)
{
    p->refs++;
    return p;
}

/* One reference fewer; the last gives the packet back to its pool. NULL is allowed. */
void pkt_unref(struct pkt *p);

/* A packet with the same bytes that only the caller holds: `p` itself if nobody else does, else a
 * copy from the same pool (the caller's reference to `p` is then given up). NULL if the pool is
 * empty; `p` is then kept. */
struct pkt *pkt_writable(struct pkt *p);

/* Room for `n` more bytes in front (a header) or behind; returns where they begin, NULL if there is
 * no room. */
uint8_t *pkt_push(struct pkt *p, size_t n);
uint8_t *pkt_append(struct pkt *p, size_t n);

/* Drop `n` bytes in front or behind. False, and nothing done, if there are fewer. (Pushing and
 * pulling move csum_start along; a pull past it turns PKT_CSUM_PARTIAL into PKT_CSUM_VALID.) */
bool pkt_pull(struct pkt *p, size_t n);
bool pkt_trim(struct pkt *p, size_t n);

/* How many bytes can still be appended. */
size_t pkt_room(const struct pkt *p);

/* Do what PKT_CSUM_PARTIAL says is still to be done to `p`, which only the caller holds. False if
 * its metadata points outside of it. A sum of 0 is stored as its other form, which means the same
 * (RFC 1624 section 3), because UDP has another meaning for 0 (RFC 768). */
bool pkt_finish_checksum(struct pkt *p);

/* --- Packets around bytes that are lent ------------------------------------------------------ */

/* A pool of `count` packets without buffers: each is put around one that somebody else has, who is
 * told by back(user, buf, size) when nobody holds the packet any more. pkt_pool_free() ends it, and
 * may be called from there. */
struct pkt_pool *pkt_loans_new(uint32_t count,
                               void (*back)(void *user, uint8_t *buf, uint32_t size), void *user);

/* A packet like pkt_new()'s in the `size` bytes at `buf`, whose first PKT_HEADROOM are its
 * headroom. Copies (pkt_writable()) of all that are lent are made in `copies`, which must outlive
 * whoever may want one. NULL if the pool is empty. */
struct pkt *pkt_lend(struct pkt_pool *loans, uint8_t *buf, uint32_t size, struct pkt_pool *copies);

/* Is its buffer lent? */
bool pkt_is_lent(const struct pkt *p);

/* --- For devices that receive into the buffers themselves ------------------------------------ */

/* The area in which all of a pool's buffers lie side by side. */
struct pkt_area {
    uint8_t *bytes;
    size_t len;
    uint32_t size; /* of one buffer */
};

void pkt_pool_area(const struct pkt_pool *pool, struct pkt_area *area);

/* The packet in whose buffer `at`, an address in the pool's area, lies. */
struct pkt *pkt_at(struct pkt_pool *pool, const uint8_t *at);

#endif
