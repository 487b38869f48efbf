/*
 * fake_backend.h - the other end of a netfront's rings, played by a test.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAKE_BACKEND_H
#define MORGANA_TEST_UNIT_FAKE_BACKEND_H

#include "xen/netfront.h"

#include <xen/io/netif.h>

struct fake_backend {
    netif_tx_back_ring_t tx;
    netif_rx_back_ring_t rx;
};

/* Attach to rings that are offered, whose indices begin with what they hold. */
void fake_backend_attach(struct fake_backend *b, grant_ref_t tx_ring, grant_ref_t rx_ring);

/* The page behind a grant; checks that it is granted, and as it must be. */
uint8_t *fake_backend_page(grant_ref_t ref, bool readonly);

/* Take the next frame that was sent: its bytes go to `to` (at least 64 KB), its first slot's flags
 * to *flags, what an extra slot says to *extra. Answers every slot. Returns the length; 0: none. */
size_t fake_backend_take(struct fake_backend *b, uint8_t *to, uint16_t *flags,
                         netif_extra_info_t *extra);

/* The request that the next answer of the receive ring is to. */
netif_rx_request_t fake_backend_request(struct fake_backend *b);

/* Answer the next receive request, not told yet. */
void fake_backend_answer(struct fake_backend *b, netif_rx_response_t r);

/* Write a frame into receive slots: in pieces of `piece` bytes. `extra` may be NULL. */
void fake_backend_give(struct fake_backend *b, const uint8_t *bytes, size_t n, size_t piece,
                       uint16_t flags, const netif_extra_info_t *extra);

/* Write the headers of an Ethernet frame with IPv4 and TCP: 54 bytes, a payload follows. */
void fake_backend_tcp4(uint8_t *frame);

/* Tell the guest of all answers. */
void fake_backend_push(struct fake_backend *b);

#endif
