/*
 * rx_pages.h - the pages that a receive ring's frames come in, and packets made of them.
 *
 * A backend is offered pages in the order in which they lie, and fills one after the other. So a
 * super-frame's pages lie side by side, and a packet is put around them: they are taken back from
 * the backend (what was checked cannot change afterwards), lent to whoever has the packet, and
 * offered again when they have come back. A super-frame has one slot that tells what it is behind
 * its first, and that slot's page stays empty:
 *
 *     page      f               f + 1      f + 2        f + 3
 *     comes as  bytes 0..4095   -          4096..8191   8192..
 *     is lent   headroom        0..4095    4096..8191   8192..
 *
 * so the bytes of the first page, one of 17, are copied. There are more pages than a ring offers,
 * and only so many are lent at a time: a packet that is kept for long costs no receive slot.
 * Without a loan to be had a frame is copied.
 *
 * Called by netfront_rx.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_RX_PAGES_H
#define MORGANA_XEN_RX_PAGES_H

#include "runtime/pkt.h"
#include "xen/interface.h"

struct rx_pages;

/* Pages that `backend` may write: `offered` of them at a time, and at most `lent` are lent;
 * together a multiple of 32. NULL: no memory, no grants. */
struct rx_pages *rx_pages_new(domid_t backend, unsigned offered, unsigned lent);

/* Take all of them back; those that are in use are freed when they no longer are. NULL is allowed.
 */
void rx_pages_free(struct rx_pages *rp);

/* The next page to offer, by its number, and its grant. */
unsigned rx_pages_take(struct rx_pages *rp, grant_ref_t *ref);

/* The backend is done with page `i`; nothing if it has been lent. */
void rx_pages_put(struct rx_pages *rp, unsigned i);

uint8_t *rx_pages_at(const struct rx_pages *rp, unsigned i);

/* A packet with no bytes yet, around `n` pages from `first` on, which the backend is done with: its
 * bytes begin where the second page does. Copies of it come from `copies`. NULL if too many are
 * lent, they do not lie side by side, or the backend still uses one: what they hold may then be
 * copied. */
struct pkt *rx_pages_lend(struct rx_pages *rp, unsigned first, unsigned n, struct pkt_pool *copies);

#endif
