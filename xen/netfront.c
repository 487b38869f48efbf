/*
 * netfront.c - rings, and frames through them: see netfront.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/netfront.h"
#include "xen/grant.h"
#include "xen/hypercall.h"
#include "xen/offload.h"
#include "xen/page.h"

#include <errno.h>
#include <stdlib.h>
#include <xen/io/netif.h>
#include <xen/sched.h>

#define SLOTS      256                    /* of a ring of one page */
#define FRAME_MAX  XEN_NETIF_MAX_TX_SIZE  /* bytes */
#define FRAGS_MAX  XEN_NETIF_NR_SLOTS_MIN /* pages that every backend takes for a frame */
#define EXTRAS_MAX (XEN_NETIF_EXTRA_TYPE_MAX - 1)
#define YIELDS     20000 /* for the backend, before we give up on it */

_Static_assert((FRAME_MAX + XEN_PAGE - 1) / XEN_PAGE <= FRAGS_MAX,
               "every backend takes each frame");

/* A page and the grant for it. */
struct granted {
    void *page;
    grant_ref_t ref;
};

struct netfront {
    bool broken;
    size_t frame_max;
    evtchn_port_t tx_port, rx_port; /* the same, unless they are split */
    struct granted tx_ring, rx_ring;
    netif_tx_front_ring_t tx;
    netif_rx_front_ring_t rx;
    RING_IDX rx_looked; /* up to there: behind rsp_cons if the last frame has not come whole */
    struct granted tx_slot[SLOTS], rx_slot[SLOTS];
    uint16_t tx_free[SLOTS]; /* a stack of slots that the backend does not have */
    size_t n_tx_free;
    bool tx_busy[SLOTS]; /* it has */
};

static struct netfront_stats stats;

/* Nothing moves any more. */
static void break_rings(struct netfront *nf)
{
    nf->broken = true;
    stats.broken++;
}

/* In registers: the library's string instruction takes its time to begin, which is most of a short
 * frame's, and goes eight bytes at a time where it is emulated. */
static void copy_bytes(uint8_t *to, const uint8_t *from, size_t n)
{
    enum { CHUNK = 64 };
    for (; n >= CHUNK; n -= CHUNK, to += CHUNK, from += CHUNK)
        memcpy(to, from, CHUNK);
    memcpy(to, from, n);
}

/* --- Sending --------------------------------------------------------------------------------- */

static netif_tx_request_t *next_request(struct netfront *nf)
{
    return RING_GET_REQUEST(&nf->tx, nf->tx.req_prod_pvt++);
}

/* One slot with `n` bytes of a frame. */
static netif_tx_request_t *put_piece(struct netfront *nf, const uint8_t *bytes, size_t n)
{
    uint16_t slot = nf->tx_free[--nf->n_tx_free];
    netif_tx_request_t *r = next_request(nf);
    nf->tx_busy[slot] = true;
    copy_bytes(nf->tx_slot[slot].page, bytes, n);
    *r = (netif_tx_request_t){.gref = nf->tx_slot[slot].ref, .id = slot, .size = (uint16_t)n};
    return r;
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
static void put_gso(struct netfront *nf, const struct pkt *p)
{
    netif_extra_info_t *extra = (netif_extra_info_t *)next_request(nf);
    *extra = (netif_extra_info_t){.type = XEN_NETIF_EXTRA_TYPE_GSO};
    extra->u.gso.size = p->gso_size;
    extra->u.gso.type =
        p->offload & PKT_GSO_TCP6 ? XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
}

/* The first slot's size is the whole frame's, the others' are their own. */
static void put_frame(struct netfront *nf, const struct pkt *p)
{
    size_t n = p->len < XEN_PAGE ? p->len : XEN_PAGE;
    netif_tx_request_t *r = put_piece(nf, p->data, n);
    r->size = (uint16_t)p->len;
    r->flags = flags_of(p);
    if (p->offload & PKT_GSO)
        put_gso(nf, p);
    for (size_t at = n; at < p->len; at += n) {
        r->flags |= NETTXF_more_data;
        n = p->len - at < XEN_PAGE ? p->len - at : XEN_PAGE;
        r = put_piece(nf, p->data + at, n);
    }
}

static void take_responses(struct netfront *nf);

static bool has_room(const struct netfront *nf, size_t pieces, size_t slots)
{
    return !nf->broken && nf->n_tx_free >= pieces && RING_FREE_REQUESTS(&nf->tx) >= slots;
}

int netfront_send(struct netfront *nf, const struct pkt *p)
{
    size_t pieces = (p->len + XEN_PAGE - 1) / XEN_PAGE, slots = pieces + !!(p->offload & PKT_GSO);
    if (p->len == 0 || p->len > nf->frame_max) {
        stats.tx_too_long++;
        return -EMSGSIZE;
    }
    if (!has_room(nf, pieces, slots))
        take_responses(nf);
    if (!has_room(nf, pieces, slots)) {
        stats.tx_ring_full++;
        return -ENOSPC;
    }
    put_frame(nf, p);
    stats.tx_frames++;
    return 0;
}

void netfront_flush(struct netfront *nf)
{
    int notify;
    if (nf->tx.req_prod_pvt == nf->tx.sring->req_prod)
        return;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&nf->tx, notify);
    if (notify)
        evtchn_send(nf->tx_port);
}

/* The backend is done with a slot. One that it does not have it cannot give back. */
static void take_response(struct netfront *nf, const netif_tx_response_t *r)
{
    if (r->status == NETIF_RSP_NULL) /* of an extra slot, which has no page */
        return;
    if (r->id >= SLOTS || !nf->tx_busy[r->id]) {
        break_rings(nf);
        return;
    }
    stats.tx_refused += r->status != NETIF_RSP_OKAY;
    nf->tx_busy[r->id] = false;
    nf->tx_free[nf->n_tx_free++] = r->id;
}

/* No event is asked for: nobody waits for slots, as frames without any are dropped, and whoever has
 * a frame to send looks here when there are none. So a domain is not woken to hear that what it
 * sent has gone. The ring's end is where the backend cannot get before we look again. */
static void take_responses(struct netfront *nf)
{
    RING_IDX end = xen_read(nf->tx.sring->rsp_prod);
    xen_rmb();
    if (!nf->broken && end - nf->tx.rsp_cons > nf->tx.req_prod_pvt - nf->tx.rsp_cons)
        break_rings(nf);
    while (nf->tx.rsp_cons != end && !nf->broken) {
        netif_tx_response_t r;
        RING_COPY_RESPONSE(&nf->tx, nf->tx.rsp_cons++, &r);
        take_response(nf, &r);
    }
    xen_write(nf->tx.sring->rsp_event, nf->tx.rsp_cons + SLOTS + 1);
}

void netfront_drain(struct netfront *nf)
{
    netfront_flush(nf);
    for (int i = 0; i < YIELDS && !nf->broken && nf->n_tx_free < SLOTS; i++) {
        hypercall_sched(SCHEDOP_yield, NULL);
        take_responses(nf);
    }
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* A frame's slots, as they were read once. */
struct incoming {
    RING_IDX first;
    unsigned pieces;
    struct {
        uint16_t slot, offset, size;
    } piece[FRAGS_MAX];
    size_t len;
    uint16_t flags;              /* NETRXF_* of the first */
    uint16_t gso_size, gso_type; /* 0: it is no super-frame */
    bool bad;
};

/* Offer the page of ring position `at`: each position has its own. */
static void offer(struct netfront *nf, RING_IDX at)
{
    unsigned slot = at % SLOTS;
    *RING_GET_REQUEST(&nf->rx, at) =
        (netif_rx_request_t){.id = (uint16_t)slot, .gref = nf->rx_slot[slot].ref};
}

static void read_piece(struct incoming *in, RING_IDX at, const netif_rx_response_t *r)
{
    if (r->status <= 0 || r->offset > XEN_PAGE || r->status > XEN_PAGE - r->offset ||
        r->id != at % SLOTS || in->pieces == FRAGS_MAX) {
        in->bad = true;
        return;
    }
    in->piece[in->pieces].slot = (uint16_t)(at % SLOTS);
    in->piece[in->pieces].offset = r->offset;
    in->piece[in->pieces].size = (uint16_t)r->status;
    in->pieces++;
    in->len += (size_t)r->status;
}

/* The slots behind the first that tell more of a frame. Returns the position behind them; `end` if
 * there are not all. */
static RING_IDX read_extras(struct netfront *nf, struct incoming *in, RING_IDX at, RING_IDX end)
{
    netif_extra_info_t extra = {.flags = XEN_NETIF_EXTRA_FLAG_MORE};
    for (int n = 0; at != end && (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE); n++) {
        memcpy(&extra, RING_GET_RESPONSE(&nf->rx, at++), sizeof extra);
        if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
            in->gso_size = extra.u.gso.size;
            in->gso_type = extra.u.gso.type;
        } else if (extra.type >= XEN_NETIF_EXTRA_TYPE_MAX || n == EXTRAS_MAX) {
            in->bad = true;
        }
    }
    return at;
}

/* Read the slots of the next frame; the ring is as before. Returns the position behind it; the
 * first if it has not come whole. */
static RING_IDX read_frame(struct netfront *nf, struct incoming *in, RING_IDX end)
{
    RING_IDX at = in->first = nf->rx.rsp_cons;
    netif_rx_response_t r = {.flags = NETRXF_more_data};
    while (r.flags & NETRXF_more_data) {
        if (at == end)
            return in->first;
        RING_COPY_RESPONSE(&nf->rx, at, &r);
        read_piece(in, at++, &r);
        if (at - in->first > 1)
            continue;
        in->flags = r.flags;
        if (r.flags & NETRXF_extra_info)
            at = read_extras(nf, in, at, end);
    }
    return at;
}

/* A frame that the backend has put together wrongly. */
static struct pkt *refuse(struct pkt *p, struct netdev_stats *dropped)
{
    dropped->rx_errors++;
    stats.rx_bad++;
    pkt_unref(p);
    return NULL;
}

/* A packet with the frame's bytes. NULL: it is bad, or there is none; that has been counted. */
static struct pkt *copy_frame(struct netfront *nf, struct pkt_pool *pool, const struct incoming *in,
                              struct netdev_stats *dropped)
{
    struct pkt *p;
    if (in->bad)
        return refuse(NULL, dropped);
    p = pkt_new_for(pool, in->len);
    if (p == NULL) {
        dropped->rx_dropped++;
        stats.rx_no_packet++;
        return NULL;
    }
    for (unsigned i = 0; i < in->pieces; i++)
        copy_bytes(pkt_append(p, in->piece[i].size),
                   (uint8_t *)nf->rx_slot[in->piece[i].slot].page + in->piece[i].offset,
                   in->piece[i].size);
    if (!offload_received(p, in->flags, in->gso_type, in->gso_size))
        return refuse(p, dropped);
    stats.rx_frames++;
    return p;
}

/* Give the positions up to `end` back to the backend. */
static void consume(struct netfront *nf, RING_IDX end)
{
    for (; nf->rx.rsp_cons != end; nf->rx.rsp_cons++)
        offer(nf, nf->rx.req_prod_pvt++);
}

static void push_offers(struct netfront *nf)
{
    int notify;
    if (nf->rx.req_prod_pvt == nf->rx.sring->req_prod)
        return;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&nf->rx, notify);
    if (notify)
        evtchn_send(nf->rx_port);
}

/* The rest of a frame is to come, if there is room for it. */
static void wait_for_rest(struct netfront *nf, RING_IDX end)
{
    nf->rx_looked = end;
    if (end - nf->rx.rsp_cons == SLOTS)
        break_rings(nf);
}

size_t netfront_receive(struct netfront *nf, struct pkt_pool *pool, struct pkt **batch, size_t max,
                        struct netdev_stats *dropped)
{
    RING_IDX end = xen_read(nf->rx.sring->rsp_prod);
    size_t n = 0;
    xen_rmb();
    take_responses(nf);
    if (!nf->broken && end - nf->rx.rsp_cons > nf->rx.req_prod_pvt - nf->rx.rsp_cons)
        break_rings(nf);
    while (n < max && !nf->broken && nf->rx.rsp_cons != end) {
        struct incoming in = {0};
        RING_IDX next = nf->rx_looked = read_frame(nf, &in, end);
        if (next == in.first) {
            wait_for_rest(nf, end);
            break;
        }
        batch[n] = copy_frame(nf, pool, &in, dropped);
        n += batch[n] != NULL;
        consume(nf, next);
    }
    push_offers(nf);
    return n;
}

bool netfront_more(struct netfront *nf)
{
    if (nf->broken)
        return false;
    xen_write(nf->rx.sring->rsp_event, nf->rx_looked + 1);
    xen_mb();
    return xen_read(nf->rx.sring->rsp_prod) != nf->rx_looked;
}

bool netfront_broken(const struct netfront *nf)
{
    return nf->broken;
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static bool grant_new(struct granted *g, domid_t backend, bool readonly)
{
    g->page = page_alloc(1);
    if (g->page == NULL)
        return false;
    memset(g->page, 0, XEN_PAGE);
    g->ref = grant_page(backend, g->page, readonly);
    return g->ref != 0;
}

static void end_grant(struct granted *g)
{
    if (g->page)
        grant_end_page(g->ref, g->page);
}

static bool make_pages(struct netfront *nf, domid_t backend)
{
    if (!grant_new(&nf->tx_ring, backend, false) || !grant_new(&nf->rx_ring, backend, false))
        return false;
    for (size_t i = 0; i < SLOTS; i++)
        if (!grant_new(&nf->tx_slot[i], backend, true) ||
            !grant_new(&nf->rx_slot[i], backend, false))
            return false;
    return true;
}

static void make_rings(struct netfront *nf, RING_IDX first)
{
    netif_tx_sring_t *tx = nf->tx_ring.page;
    netif_rx_sring_t *rx = nf->rx_ring.page;
    tx->req_prod = tx->rsp_prod = rx->req_prod = rx->rsp_prod = first;
    tx->req_event = rx->req_event = rx->rsp_event = first + 1;
    tx->rsp_event = first + SLOTS + 1; /* see take_responses() */
    FRONT_RING_ATTACH(&nf->tx, tx, first, XEN_PAGE);
    FRONT_RING_ATTACH(&nf->rx, rx, first, XEN_PAGE);
    nf->rx_looked = first;
    for (uint16_t i = SLOTS; i-- > 0;)
        nf->tx_free[nf->n_tx_free++] = i;
    for (unsigned i = 0; i < SLOTS; i++)
        offer(nf, nf->rx.req_prod_pvt++);
    RING_PUSH_REQUESTS(&nf->rx);
}

/* One port for each ring, or one for both. */
static bool make_ports(struct netfront *nf, const struct netfront_config *config, evtchn_fn *event,
                       void *user)
{
    if (evtchn_bind_new(config->backend, event, user, &nf->tx_port) != 0)
        return false;
    nf->rx_port = nf->tx_port;
    return !config->split || evtchn_bind_new(config->backend, event, user, &nf->rx_port) == 0;
}

struct netfront *netfront_new(const struct netfront_config *config, evtchn_fn *event, void *user)
{
    struct netfront *nf = calloc(1, sizeof *nf);
    if (nf == NULL)
        return NULL;
    nf->frame_max = netfront_frame_max(config);
    if (!make_pages(nf, config->backend) || !make_ports(nf, config, event, user)) {
        netfront_free(nf);
        return NULL;
    }
    make_rings(nf, config->first);
    return nf;
}

void netfront_free(struct netfront *nf)
{
    if (nf == NULL)
        return;
    if (nf->rx_port != nf->tx_port)
        evtchn_unbind(nf->rx_port);
    evtchn_unbind(nf->tx_port);
    end_grant(&nf->tx_ring);
    end_grant(&nf->rx_ring);
    for (size_t i = 0; i < SLOTS; i++) {
        end_grant(&nf->tx_slot[i]);
        end_grant(&nf->rx_slot[i]);
    }
    free(nf);
}

void netfront_address(const struct netfront *nf, struct netfront_address *address)
{
    *address = (struct netfront_address){.tx_ring = nf->tx_ring.ref,
                                         .rx_ring = nf->rx_ring.ref,
                                         .tx_port = nf->tx_port,
                                         .rx_port = nf->rx_port};
}

size_t netfront_frame_max(const struct netfront_config *config)
{
    return config->sg ? FRAME_MAX : XEN_PAGE;
}

size_t netfront_pages(void)
{
    return 2 + 2 * SLOTS;
}

const struct netfront_stats *netfront_stats(void)
{
    return &stats;
}
