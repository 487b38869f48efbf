/*
 * fake_backend.c - see fake_backend.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_backend.h"
#include "test/unit/fake_xen.h"
#include "test/unit/unit.h"

uint8_t *fake_backend_page(grant_ref_t ref, bool readonly)
{
    const grant_entry_v1_t *entry = fake_grant(ref);
    ck_assert_uint_eq(entry->flags, GTF_permit_access | (readonly ? GTF_readonly : 0));
    return fake_page(entry->frame);
}

void fake_backend_attach(struct fake_backend *b, grant_ref_t tx_ring, grant_ref_t rx_ring)
{
    netif_tx_sring_t *tx = (netif_tx_sring_t *)(void *)fake_backend_page(tx_ring, false);
    netif_rx_sring_t *rx = (netif_rx_sring_t *)(void *)fake_backend_page(rx_ring, false);
    BACK_RING_ATTACH(&b->tx, tx, tx->rsp_prod, XEN_PAGE);
    BACK_RING_ATTACH(&b->rx, rx, rx->rsp_prod, XEN_PAGE);
}

static void answer_tx(struct fake_backend *b, uint16_t id, int16_t status)
{
    *RING_GET_RESPONSE(&b->tx, b->tx.rsp_prod_pvt++) =
        (netif_tx_response_t){.id = id, .status = status};
}

/* A frame's slots, of which the first has the size of all at first. Returns how many. */
static size_t take_slots(struct fake_backend *b, netif_tx_request_t *slots,
                         netif_extra_info_t *extra)
{
    size_t n = 0;
    do {
        slots[n] = *RING_GET_REQUEST(&b->tx, b->tx.req_cons++);
        answer_tx(b, slots[n].id, NETIF_RSP_OKAY);
        if (n == 0 && slots[0].flags & NETTXF_extra_info) {
            memcpy(extra, RING_GET_REQUEST(&b->tx, b->tx.req_cons++), sizeof *extra);
            answer_tx(b, UINT16_MAX, NETIF_RSP_NULL);
        }
        if (n > 0)
            slots[0].size = (uint16_t)(slots[0].size - slots[n].size);
        ck_assert_uint_lt(n, XEN_NETIF_NR_SLOTS_MIN);
    } while (slots[n++].flags & NETTXF_more_data);
    if (n > 1)
        ck_assert_uint_ge(slots[0].size, 14); /* Linux drops the frame otherwise */
    return n;
}

size_t fake_backend_take(struct fake_backend *b, uint8_t *to, uint16_t *flags,
                         netif_extra_info_t *extra)
{
    netif_tx_request_t slots[XEN_NETIF_NR_SLOTS_MIN];
    size_t n_slots, n = 0;
    if (!RING_HAS_UNCONSUMED_REQUESTS(&b->tx))
        return 0;
    n_slots = take_slots(b, slots, extra);
    *flags = slots[0].flags;
    for (size_t i = 0; i < n_slots; i++) {
        ck_assert_uint_le(slots[i].offset + slots[i].size, XEN_PAGE);
        memcpy(to + n, fake_backend_page(slots[i].gref, true) + slots[i].offset, slots[i].size);
        n += slots[i].size;
    }
    return n;
}

netif_rx_request_t fake_backend_request(struct fake_backend *b)
{
    ck_assert(RING_HAS_UNCONSUMED_REQUESTS(&b->rx));
    return *RING_GET_REQUEST(&b->rx, b->rx.req_cons);
}

void fake_backend_answer(struct fake_backend *b, netif_rx_response_t r)
{
    b->rx.req_cons++;
    *RING_GET_RESPONSE(&b->rx, b->rx.rsp_prod_pvt++) = r;
}

static void answer_extra(struct fake_backend *b, const netif_extra_info_t *extra)
{
    b->rx.req_cons++;
    memcpy(RING_GET_RESPONSE(&b->rx, b->rx.rsp_prod_pvt++), extra, sizeof *extra);
}

void fake_backend_give(struct fake_backend *b, const uint8_t *bytes, size_t n, size_t piece,
                       uint16_t flags, const netif_extra_info_t *extra)
{
    for (size_t at = 0, len; at < n; at += len) {
        netif_rx_request_t q = fake_backend_request(b);
        len = n - at < piece ? n - at : piece;
        memcpy(fake_backend_page(q.gref, false) + (XEN_PAGE - piece), bytes + at, len);
        fake_backend_answer(b, (netif_rx_response_t){
                                   .id = q.id,
                                   .offset = (uint16_t)(XEN_PAGE - piece),
                                   .flags = (uint16_t)((at == 0 ? flags : 0) |
                                                       (extra && at == 0 ? NETRXF_extra_info : 0) |
                                                       (at + len < n ? NETRXF_more_data : 0)),
                                   .status = (int16_t)len});
        if (at == 0 && extra)
            answer_extra(b, extra);
    }
}

void fake_backend_push(struct fake_backend *b)
{
    RING_PUSH_RESPONSES(&b->tx);
    RING_PUSH_RESPONSES(&b->rx);
}

void fake_backend_tcp4(uint8_t *frame)
{
    memset(frame, 0, 54);
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[23] = 6;
    frame[46] = 0x50;
}
