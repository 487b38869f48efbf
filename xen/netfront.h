/*
 * netfront.h - the rings between a vif and its backend, and frames through them
 * (xen/include/public/io/netif.h).
 *
 * How frames move: each slot of the transmit ring has a page of its own that the backend may read,
 * for as long as the ring lives, and a frame that is sent is copied there. What is received is
 * copied out of the pages that the backend was offered, which then are offered again. But a
 * super-frame stays where it is (rx_pages.h): its pages are taken back from the backend and are the
 * packet's buffer, and where such a packet is sent on the other backend reads them there. Either
 * way what was checked cannot change afterwards, no hypercall is made on the steady path, and a
 * backend that holds on to pages holds none of a pool's packets.
 *
 * A frame that finds no slot is dropped, as by any switch whose output is congested: the ring is
 * the queue. One of 512 frames in front of it, let go by the backend's events, was tried: of a
 * flood from dom0's kernel, which outruns what dom0 takes back, it lost as many.
 *
 * The backend is not trusted: indices, ids, offsets, sizes and kinds are checked; a frame that does
 * not fit together is dropped and counted, and a ring whose indices cannot be is broken for good:
 * netfront_broken() says so and nothing moves through it any more.
 *
 * Called by vif.c, which does the handshake.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_NETFRONT_H
#define MORGANA_XEN_NETFRONT_H

#include "runtime/netdev.h"
#include "xen/evtchn.h"

#include <xen/io/ring.h>

struct netfront;

/* What the backend is, and can. */
struct netfront_config {
    domid_t backend;
    bool split;     /* an event channel for each ring (feature-split-event-channels) */
    bool sg;        /* it takes frames of several pages (feature-sg) */
    RING_IDX first; /* where the rings' indices begin: 0, but for tests of their wrapping */
};

/* Where the backend finds the rings: what is written to xenstore. */
struct netfront_address {
    grant_ref_t tx_ring, rx_ring;
    evtchn_port_t tx_port, rx_port; /* the same, unless they are split */
};

/* Of all rings together. */
struct netfront_stats {
    uint64_t rx_frames, tx_frames;
    uint64_t rx_lent;      /* of those received: they stayed where they were */
    uint64_t rx_bad;       /* dropped: the backend's slots do not fit together */
    uint64_t rx_no_packet; /* dropped: the pool was empty */
    uint64_t tx_ring_full; /* not sent: the backend has all slots */
    uint64_t tx_too_long;  /* not sent: more than the backend takes */
    uint64_t tx_refused;   /* slots that the backend answered with an error */
    uint64_t broken;       /* rings whose indices or ids could not be */
};

/* A pair of rings (a queue) and pages, granted to the backend, with every receive slot offered.
 * `event(user)` is called in a turn when the backend has something to say. NULL: no memory, no
 * grants, no port. */
struct netfront *netfront_new(const struct netfront_config *config, evtchn_fn *event, void *user);

/* End the grants; pages that are in use are given back when they no longer are. NULL is allowed. */
void netfront_free(struct netfront *nf);

void netfront_address(const struct netfront *nf, struct netfront_address *address);

/* Put a frame into the transmit ring; netfront_flush() tells the backend. References to a packet
 * whose buffer is lent are kept until the backend has read it. -ENOSPC: there is no room for now;
 * -EMSGSIZE: it is too long for this backend. */
int netfront_send(struct netfront *nf, struct pkt *p);
void netfront_flush(struct netfront *nf);

/* Wait until the backend has taken all that was sent, but not for ever: for the last frames of a
 * domain, when the loop turns no more. */
void netfront_drain(struct netfront *nf);

/* Take back what the backend has sent, and put at most `max` received frames, as packets of `pool`
 * or in buffers that are lent, into `batch`. Returns how many; what was dropped or bad is counted
 * in `dropped`. A frame for which there is no packet waits while those of the batch may yet give
 * theirs back. */
size_t netfront_receive(struct netfront *nf, struct pkt_pool *pool, struct pkt **batch, size_t max,
                        struct netdev_stats *dropped);

/* May there be more to receive? If not the backend will send an event when there is. */
bool netfront_more(struct netfront *nf);

bool netfront_broken(const struct netfront *nf);

/* How long a frame may be. */
size_t netfront_frame_max(const struct netfront_config *config);

/* How many pages netfront_new() takes. */
size_t netfront_pages(void);

const struct netfront_stats *netfront_stats(void);

#endif
