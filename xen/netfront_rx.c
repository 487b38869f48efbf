/*
 * netfront_rx.c - frames out of the receive ring: see netfront.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/netfront_rings.h"
#include "xen/offload.h"
#include "xen/rx_pages.h"

#define EXTRAS_MAX (XEN_NETIF_EXTRA_TYPE_MAX - 1)
#define LENT_MAX   NETFRONT_SLOTS /* as many pages as a burst has that fills the ring */

/* A frame's slots, as they were read once. */
struct incoming {
    RING_IDX first;
    unsigned pieces, extras;
    struct {
        uint16_t page, offset, size;
    } piece[NETFRONT_FRAGS_MAX];
    size_t len;
    uint16_t flags;              /* NETRXF_* of the first */
    uint16_t gso_size, gso_type; /* 0: it is no super-frame */
    bool bad;
};

/* --- Reading the ring ------------------------------------------------------------------------ */

static void read_piece(const struct rx_ring *rx, struct incoming *in, RING_IDX at,
                       const netif_rx_response_t *r)
{
    if (r->status <= 0 || r->offset > XEN_PAGE || r->status > XEN_PAGE - r->offset ||
        r->id != at % NETFRONT_SLOTS || in->pieces == NETFRONT_FRAGS_MAX) {
        in->bad = true;
        return;
    }
    in->piece[in->pieces].page = rx->offered[at % NETFRONT_SLOTS];
    in->piece[in->pieces].offset = r->offset;
    in->piece[in->pieces].size = (uint16_t)r->status;
    in->pieces++;
    in->len += (size_t)r->status;
}

/* The slots behind the first that tell more of a frame. Returns the position behind them; `end` if
 * there are not all. */
static RING_IDX read_extras(struct rx_ring *rx, struct incoming *in, RING_IDX at, RING_IDX end)
{
    netif_extra_info_t extra = {.flags = XEN_NETIF_EXTRA_FLAG_MORE};
    while (at != end && (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE)) {
        memcpy(&extra, RING_GET_RESPONSE(&rx->ring, at++), sizeof extra);
        if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
            in->gso_size = extra.u.gso.size;
            in->gso_type = extra.u.gso.type;
        } else if (extra.type >= XEN_NETIF_EXTRA_TYPE_MAX || in->extras == EXTRAS_MAX) {
            in->bad = true;
        }
        in->extras++;
    }
    return at;
}

/* Read the slots of the next frame; the ring is as before. Returns the position behind it; the
 * first if it has not come whole. */
static RING_IDX read_frame(struct rx_ring *rx, struct incoming *in, RING_IDX end)
{
    RING_IDX at = in->first = rx->ring.rsp_cons;
    netif_rx_response_t r = {.flags = NETRXF_more_data};
    while (r.flags & NETRXF_more_data) {
        if (at == end)
            return in->first;
        RING_COPY_RESPONSE(&rx->ring, at, &r);
        read_piece(rx, in, at++, &r);
        if (at - in->first > 1)
            continue;
        in->flags = r.flags;
        if (r.flags & NETRXF_extra_info)
            at = read_extras(rx, in, at, end);
    }
    return at;
}

/* --- Packets --------------------------------------------------------------------------------- */

/* Are a super-frame's pages numbered one after the other, and full? The slot behind the first holds
 * none of its bytes, but there is a page in it, too. */
static bool is_side_by_side(const struct rx_ring *rx, const struct incoming *in)
{
    unsigned first = in->piece[0].page;
    if (in->extras != 1 || in->len > NETFRONT_FRAME_MAX ||
        rx->offered[(in->first + 1) % NETFRONT_SLOTS] != first + 1)
        return false;
    for (unsigned i = 0; i < in->pieces; i++)
        if (in->piece[i].page != first + i + (i > 0) || in->piece[i].offset != 0 ||
            (in->piece[i].size != XEN_PAGE && i + 1 < in->pieces))
            return false;
    return true;
}

/* The frame where it is, but for its first page's bytes, which are moved to the second. What lies
 * behind it in its last page was another frame's: whoever is shown that page shall not see it.
 * NULL: that cannot be. */
static struct pkt *borrow(struct rx_ring *rx, struct pkt_pool *pool, const struct incoming *in)
{
    unsigned first = in->piece[0].page;
    struct pkt *p = NULL;
    if (is_side_by_side(rx, in))
        p = rx_pages_lend(rx->pages, first, in->pieces + 1, pool);
    if (p == NULL)
        return NULL;
    copy_bytes(pkt_append(p, in->len), rx_pages_at(rx->pages, first), in->piece[0].size);
    memset(p->data + p->len, 0, pkt_room(p));
    netfront_counters.rx_lent++;
    return p;
}

static struct pkt *copy(struct rx_ring *rx, struct pkt_pool *pool, const struct incoming *in)
{
    struct pkt *p = pkt_new_for(pool, in->len);
    for (unsigned i = 0; i < in->pieces && p; i++)
        copy_bytes(pkt_append(p, in->piece[i].size),
                   rx_pages_at(rx->pages, in->piece[i].page) + in->piece[i].offset,
                   in->piece[i].size);
    return p;
}

/* A packet with the frame's bytes. NULL: there is none. */
static struct pkt *hold(struct rx_ring *rx, struct pkt_pool *pool, const struct incoming *in)
{
    struct pkt *p = borrow(rx, pool, in);
    return p ? p : copy(rx, pool, in);
}

/* What the frame is, as the backend says. NULL: it is dropped, and that is counted. */
static struct pkt *judge(struct pkt *p, const struct incoming *in, struct netdev_stats *dropped)
{
    if (in->bad || (p && !offload_received(p, in->flags, in->gso_type, in->gso_size))) {
        dropped->rx_errors++;
        netfront_counters.rx_bad++;
        pkt_unref(p);
        return NULL;
    }
    dropped->rx_dropped += p == NULL;
    netfront_counters.rx_no_packet += p == NULL;
    netfront_counters.rx_frames += p != NULL;
    return p;
}

/* --- Frames ---------------------------------------------------------------------------------- */

/* Offer the next page at ring position `at`. */
static void offer(struct rx_ring *rx, RING_IDX at)
{
    uint16_t slot = at % NETFRONT_SLOTS;
    grant_ref_t ref;
    rx->offered[slot] = (uint16_t)rx_pages_take(rx->pages, &ref);
    *RING_GET_REQUEST(&rx->ring, at) = (netif_rx_request_t){.id = slot, .gref = ref};
}

/* The positions up to `end` are done with: as many are offered anew. */
static void consume(struct rx_ring *rx, RING_IDX end)
{
    for (; rx->ring.rsp_cons != end; rx->ring.rsp_cons++) {
        rx_pages_put(rx->pages, rx->offered[rx->ring.rsp_cons % NETFRONT_SLOTS]);
        offer(rx, rx->ring.req_prod_pvt++);
    }
}

static void push_offers(struct rx_ring *rx)
{
    int notify;
    if (rx->ring.req_prod_pvt == rx->ring.sring->req_prod)
        return;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&rx->ring, notify);
    if (notify)
        evtchn_send(rx->port);
}

/* The rest of a frame is to come, if there is room for it. */
static void wait_for_rest(struct rx_ring *rx, RING_IDX end)
{
    rx->looked = end;
    if (end - rx->ring.rsp_cons == NETFRONT_SLOTS)
        break_ring(&rx->broken);
}

/* The next frame, behind the `n` of the batch. False: it waits, for its rest, or for those of the
 * batch to give packets back when the pool is empty. */
static bool receive_one(struct rx_ring *rx, struct pkt_pool *pool, RING_IDX end, struct pkt **batch,
                        size_t *n, struct netdev_stats *dropped)
{
    struct incoming in = {0};
    RING_IDX next = read_frame(rx, &in, end);
    struct pkt *p;
    if (next == in.first) {
        wait_for_rest(rx, end);
        return false;
    }
    p = in.bad ? NULL : hold(rx, pool, &in);
    rx->looked = in.first;
    if (p == NULL && !in.bad && *n > 0)
        return false;
    rx->looked = next;
    consume(rx, next); /* before a bad one's pages are given back */
    batch[*n] = judge(p, &in, dropped);
    *n += batch[*n] != NULL;
    return true;
}

size_t netfront_receive(struct netfront *nf, struct pkt_pool *pool, struct pkt **batch, size_t max,
                        struct netdev_stats *dropped)
{
    struct rx_ring *rx = &nf->rx;
    RING_IDX end = xen_read(rx->ring.sring->rsp_prod);
    size_t n = 0;
    xen_rmb();
    tx_ring_take_responses(&nf->tx);
    if (!rx->broken && end - rx->ring.rsp_cons > rx->ring.req_prod_pvt - rx->ring.rsp_cons)
        break_ring(&rx->broken);
    while (n < max && !netfront_broken(nf) && rx->ring.rsp_cons != end &&
           receive_one(rx, pool, end, batch, &n, dropped))
        ;
    push_offers(rx);
    return n;
}

bool netfront_more(struct netfront *nf)
{
    struct rx_ring *rx = &nf->rx;
    if (rx->broken)
        return false;
    xen_write(rx->ring.sring->rsp_event, rx->looked + 1);
    xen_mb();
    return xen_read(rx->ring.sring->rsp_prod) != rx->looked;
}

/* --- Beginning and end ----------------------------------------------------------------------- */

bool rx_ring_begin(struct rx_ring *rx, const struct netfront_config *config)
{
    netif_rx_sring_t *shared;
    rx->pages = rx_pages_new(config->backend, NETFRONT_SLOTS, LENT_MAX);
    if (rx->pages == NULL || !granted_new(&rx->page, config->backend, false))
        return false;
    shared = rx->page.page;
    shared->req_prod = shared->rsp_prod = config->first;
    shared->req_event = shared->rsp_event = config->first + 1;
    FRONT_RING_ATTACH(&rx->ring, shared, config->first, XEN_PAGE);
    rx->looked = config->first;
    for (unsigned i = 0; i < NETFRONT_SLOTS; i++)
        offer(rx, rx->ring.req_prod_pvt++);
    RING_PUSH_REQUESTS(&rx->ring);
    return true;
}

void rx_ring_end(struct rx_ring *rx)
{
    granted_end(&rx->page);
    rx_pages_free(rx->pages);
}

size_t rx_ring_pages(void)
{
    return 1 + NETFRONT_SLOTS + LENT_MAX;
}
