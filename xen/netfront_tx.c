/*
 * netfront_tx.c - frames into the transmit ring: see netfront.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/grant.h"
#include "xen/hypercall.h"
#include "xen/netfront_rings.h"
#include "xen/page.h"

#include <errno.h>
#include <xen/sched.h>

#define YIELDS 20000 /* for the backend, before we give up on it */

/* --- Slots ----------------------------------------------------------------------------------- */

static uint16_t offset_in_page(const uint8_t *at)
{
    return (uint16_t)((uintptr_t)at % XEN_PAGE);
}

/* A copy of the bytes, in the slot's own page. */
static void fill(struct tx_ring *tx, struct tx_slot *slot, const uint8_t *bytes, size_t n)
{
    if (slot->stopped)
        grant_again(slot->own.ref, tx->backend, slot->own.page, true);
    slot->stopped = false;
    copy_bytes(slot->own.page, bytes, n);
}

/* The bytes themselves, where they are. False: the backend has the slot's own page in use, although
 * it has given it back. */
static bool show(struct tx_ring *tx, struct tx_slot *slot, const uint8_t *bytes, struct pkt *p)
{
    if (!slot->stopped && !grant_stop(slot->own.ref))
        return false;
    grant_again(slot->own.ref, tx->backend, bytes - offset_in_page(bytes), true);
    slot->stopped = false;
    slot->lent = pkt_ref(p);
    return true;
}

/* The backend is done with a packet's bytes. */
static void give_back(struct tx_ring *tx, struct tx_slot *slot)
{
    slot->stopped = grant_stop(slot->own.ref);
    if (!slot->stopped) {
        break_ring(&tx->broken);
        return;
    }
    pkt_unref(slot->lent);
    slot->lent = NULL;
}

/* The backend is done with a slot. One that it does not have it cannot give back. */
static void take_response(struct tx_ring *tx, const netif_tx_response_t *r)
{
    struct tx_slot *slot;
    if (r->status == NETIF_RSP_NULL) /* of an extra slot, which has no page */
        return;
    if (r->id >= NETFRONT_SLOTS || !tx->slot[r->id].busy) {
        break_ring(&tx->broken);
        return;
    }
    slot = &tx->slot[r->id];
    netfront_counters.tx_refused += r->status != NETIF_RSP_OKAY;
    slot->busy = false;
    if (slot->lent)
        give_back(tx, slot);
    tx->free[tx->n_free++] = r->id;
}

/* No event is asked for: nobody waits for slots, as frames without any are dropped, and whoever has
 * a frame to send looks here. So a domain is not woken to hear that what it sent has gone. The
 * ring's end is where the backend cannot get before we look again. */
void tx_ring_take_responses(struct tx_ring *tx)
{
    RING_IDX end = xen_read(tx->ring.sring->rsp_prod);
    xen_rmb();
    if (!tx->broken && end - tx->ring.rsp_cons > tx->ring.req_prod_pvt - tx->ring.rsp_cons)
        break_ring(&tx->broken);
    while (tx->ring.rsp_cons != end && !tx->broken) {
        netif_tx_response_t r;
        RING_COPY_RESPONSE(&tx->ring, tx->ring.rsp_cons++, &r);
        take_response(tx, &r);
    }
    xen_write(tx->ring.sring->rsp_event, tx->ring.rsp_cons + NETFRONT_SLOTS + 1);
}

/* --- Frames ---------------------------------------------------------------------------------- */

static netif_tx_request_t *next_request(struct tx_ring *tx)
{
    return RING_GET_REQUEST(&tx->ring, tx->ring.req_prod_pvt++);
}

/* How many of a packet's bytes from `at` on go into one slot: a page's, and if they are lent those
 * up to a page's end. */
static size_t piece_length(const struct pkt *p, size_t at, bool lent)
{
    size_t page = XEN_PAGE - (lent ? offset_in_page(p->data + at) : 0);
    return p->len - at < page ? p->len - at : page;
}

/* One slot with `n` bytes of a frame from `at` on; the first slot's size is the whole frame's. It
 * is written at once and never read: the backend may change it at any time. */
static void put_piece(struct tx_ring *tx, struct pkt *p, size_t at, size_t n, uint16_t flags,
                      bool lent)
{
    uint16_t id = tx->free[--tx->n_free];
    struct tx_slot *slot = &tx->slot[id];
    const uint8_t *bytes = p->data + at;
    lent = lent && show(tx, slot, bytes, p);
    if (!lent)
        fill(tx, slot, bytes, n);
    slot->busy = true;
    *next_request(tx) = (netif_tx_request_t){.gref = slot->own.ref,
                                             .offset = lent ? offset_in_page(bytes) : 0,
                                             .flags = flags,
                                             .id = id,
                                             .size = (uint16_t)(at == 0 ? p->len : n)};
}

static uint16_t flags_of(const struct pkt *p)
{
    uint16_t flags = 0;
    if (p->offload & PKT_CSUM_PARTIAL)
        flags |= NETTXF_csum_blank | NETTXF_data_validated;
    else if (p->offload & PKT_CSUM_VALID)
        flags |= NETTXF_data_validated;
    if (p->offload & PKT_GSO)
        flags |= NETTXF_extra_info;
    return flags;
}

/* The slot behind the first that tells how to cut a super-frame. */
static void put_gso(struct tx_ring *tx, const struct pkt *p)
{
    netif_extra_info_t *extra = (netif_extra_info_t *)next_request(tx);
    *extra = (netif_extra_info_t){.type = XEN_NETIF_EXTRA_TYPE_GSO};
    extra->u.gso.size = p->gso_size;
    extra->u.gso.type =
        p->offload & PKT_GSO_TCP6 ? XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
}

static void put_frame(struct tx_ring *tx, struct pkt *p, bool lent)
{
    uint16_t flags = flags_of(p);
    for (size_t at = 0, n; at < p->len; at += n, flags = 0) {
        n = piece_length(p, at, lent);
        if (at + n < p->len)
            flags |= NETTXF_more_data;
        put_piece(tx, p, at, n, flags, lent);
        if (at == 0 && p->offload & PKT_GSO)
            put_gso(tx, p);
    }
}

static bool has_room(const struct netfront *nf, size_t pieces, size_t slots)
{
    return !netfront_broken(nf) && nf->tx.n_free >= pieces &&
           RING_FREE_REQUESTS(&nf->tx.ring) >= slots;
}

static size_t count_pieces(const struct pkt *p, bool lent)
{
    size_t before = lent ? offset_in_page(p->data) : 0;
    return (before + p->len + XEN_PAGE - 1) / XEN_PAGE;
}

/* May the backend read the frame where it is? Not if it is in too many pieces. Nor if something was
 * put in front of it, into the page before: there may be more in that than is for this backend, and
 * a first slot that is shorter than an Ethernet header is refused. */
static bool is_shown(const struct pkt *p)
{
    return pkt_is_lent(p) && piece_length(p, 0, true) > PKT_HEADROOM &&
           count_pieces(p, true) <= NETFRONT_FRAGS_MAX;
}

int netfront_send(struct netfront *nf, struct pkt *p)
{
    struct tx_ring *tx = &nf->tx;
    bool lent = is_shown(p);
    size_t pieces = count_pieces(p, lent), slots = pieces + !!(p->offload & PKT_GSO);
    if (p->len == 0 || p->len > tx->frame_max) {
        netfront_counters.tx_too_long++;
        return -EMSGSIZE;
    }
    if (!has_room(nf, pieces, slots))
        tx_ring_take_responses(tx);
    if (!has_room(nf, pieces, slots)) {
        netfront_counters.tx_ring_full++;
        return -ENOSPC;
    }
    put_frame(tx, p, lent);
    netfront_counters.tx_frames++;
    return 0;
}

void netfront_flush(struct netfront *nf)
{
    struct tx_ring *tx = &nf->tx;
    int notify;
    if (tx->ring.req_prod_pvt == tx->ring.sring->req_prod)
        return;
    tx_ring_take_responses(tx); /* what was lent shall not wait for this ring to be full */
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&tx->ring, notify);
    if (notify)
        evtchn_send(tx->port);
}

void netfront_drain(struct netfront *nf)
{
    netfront_flush(nf);
    for (int i = 0; i < YIELDS && !nf->tx.broken && nf->tx.n_free < NETFRONT_SLOTS; i++) {
        hypercall_sched(SCHEDOP_yield, NULL);
        tx_ring_take_responses(&nf->tx);
    }
}

/* --- Beginning and end ----------------------------------------------------------------------- */

bool tx_ring_begin(struct tx_ring *tx, const struct netfront_config *config)
{
    netif_tx_sring_t *shared;
    tx->backend = config->backend;
    tx->frame_max = netfront_frame_max(config);
    if (!granted_new(&tx->page, config->backend, false))
        return false;
    for (uint16_t i = NETFRONT_SLOTS; i-- > 0;) {
        if (!granted_new(&tx->slot[i].own, config->backend, true))
            return false;
        tx->free[tx->n_free++] = i;
    }
    shared = tx->page.page;
    shared->req_prod = shared->rsp_prod = config->first;
    shared->req_event = config->first + 1;
    shared->rsp_event = config->first + NETFRONT_SLOTS + 1; /* see tx_ring_take_responses() */
    FRONT_RING_ATTACH(&tx->ring, shared, config->first, XEN_PAGE);
    return true;
}

static void give_up(void *p)
{
    pkt_unref(p);
}

static void end_slot(struct tx_slot *slot)
{
    if (slot->lent) {
        grant_end_then(slot->own.ref, give_up, slot->lent);
        page_free(slot->own.page);
    } else {
        granted_end(&slot->own);
    }
}

void tx_ring_end(struct tx_ring *tx)
{
    granted_end(&tx->page);
    for (size_t i = 0; i < NETFRONT_SLOTS; i++)
        end_slot(&tx->slot[i]);
}
