/*
 * netfront_rings.h - the two rings of a netfront: what netfront.c has, netfront_tx.c sends through
 * and netfront_rx.c receives from.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_NETFRONT_RINGS_H
#define MORGANA_XEN_NETFRONT_RINGS_H

#include "xen/netfront.h"

#include <xen/io/netif.h>

#define NETFRONT_SLOTS     256                    /* of a ring of one page */
#define NETFRONT_FRAME_MAX XEN_NETIF_MAX_TX_SIZE  /* bytes */
#define NETFRONT_FRAGS_MAX XEN_NETIF_NR_SLOTS_MIN /* pages that every backend takes for a frame */

_Static_assert((NETFRONT_FRAME_MAX + XEN_PAGE - 1) / XEN_PAGE <= NETFRONT_FRAGS_MAX,
               "every backend takes each frame");

extern struct netfront_stats netfront_counters;

/* --- Pages (netfront.c) ---------------------------------------------------------------------- */

/* A page and the grant for it. */
struct granted {
    void *page;
    grant_ref_t ref;
};

bool granted_new(struct granted *g, domid_t backend, bool readonly);

/* The page is freed when it is no longer in use. Nothing if there is none. */
void granted_end(struct granted *g);

/* In registers: the library's string instruction takes its time to begin, which is most of a short
 * frame's, and goes eight bytes at a time where it is emulated. */
static inline void copy_bytes(uint8_t *to, const uint8_t *from, size_t n)
{
    enum { CHUNK = 64 };
    for (; n >= CHUNK; n -= CHUNK, to += CHUNK, from += CHUNK)
        memcpy(to, from, CHUNK);
    memcpy(to, from, n);
}

/* --- Sending (netfront_tx.c) ----------------------------------------------------------------- */

/* A slot has a page of its own, for copies. While it has a piece of a packet whose buffer is lent,
 * its grant stands for that piece's page instead, and is then stopped until the slot's next use. */
struct tx_slot {
    struct granted own; /* own.ref: what the grant stands for is said above */
    struct pkt *lent;   /* a reference; NULL: none */
    bool stopped;
    bool busy; /* the backend has it */
};

struct tx_ring {
    domid_t backend;
    bool broken;
    size_t frame_max;
    evtchn_port_t port;
    struct granted page;
    netif_tx_front_ring_t ring;
    struct tx_slot slot[NETFRONT_SLOTS];
    uint16_t free[NETFRONT_SLOTS]; /* a stack of slots that the backend does not have */
    size_t n_free;
};

/* The ring and its pages; what was made is ended by tx_ring_end() in either case. */
bool tx_ring_begin(struct tx_ring *tx, const struct netfront_config *config);
void tx_ring_end(struct tx_ring *tx);

/* Free the slots that the backend is done with. */
void tx_ring_take_responses(struct tx_ring *tx);

/* --- Receiving (netfront_rx.c) --------------------------------------------------------------- */

struct rx_ring {
    bool broken;
    evtchn_port_t port;
    struct granted page;
    netif_rx_front_ring_t ring;
    RING_IDX looked; /* up to there: behind rsp_cons if the last frame has not come whole */
    struct rx_pages *pages;
    uint16_t offered[NETFRONT_SLOTS]; /* the page that lies in each slot */
};

bool rx_ring_begin(struct rx_ring *rx, const struct netfront_config *config);
void rx_ring_end(struct rx_ring *rx);

/* How many pages one has at most, all told. */
size_t rx_ring_pages(void);

/* --- Both ------------------------------------------------------------------------------------ */

struct netfront {
    struct tx_ring tx;
    struct rx_ring rx;
};

/* Nothing moves any more. */
static inline void break_ring(bool *broken)
{
    *broken = true;
    netfront_counters.broken++;
}

#endif
