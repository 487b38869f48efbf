/*
 * xdp.c - the device xdp:NAME: an interface of Linux through AF_XDP sockets, one for each of its
 * receive queues.
 *
 * The pool's own buffers are the memory that the sockets share with the kernel (UMEM): frames are
 * received into packets and sent from them, and pass from one such device to another without being
 * copied by us. Each socket registers the pool's memory for itself, so that sockets come and go
 * independently. A packet of another pool is copied into one of this when it is sent.
 *
 * The kernel holds a reference to each packet that it may fill (in the fill ring) or has yet to
 * send (until the completion ring says so); `held` knows of them, so that they come back when the
 * socket goes, whatever the kernel has left undone.
 *
 * There is no metadata: the device has no features. A veth's peer must make real checksums and keep
 * VLAN tags in the frame (ethtool -K PEER tx off txvlan off): the kernel does not tell otherwise.
 *
 * See Documentation/networking/af_xdp.rst of Linux.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"
#include "runtime/unix/xdp_program.h"
#include <errno.h>
#include <linux/if_xdp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/xsk.h>

#define RING       1024              /* packets in each of a socket's four rings */
#define SEND_QUEUE (8 * 1024 * 1024) /* bytes that the kernel may hold of what we have sent */
#define RETRY_TIME NS_PER_MS         /* until what it did not take is offered again */
#define FRAME_ROOM 18                /* Ethernet's header and a VLAN tag, beyond the MTU */

#ifndef XDP_MAX_TX_SKB_BUDGET /* headers of Linux before 6.17 */
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

struct xdp_queue {
    struct xdp *xdp;
    struct xsk_umem *umem;
    struct xsk_socket *socket;
    struct xsk_ring_prod fill, tx;
    struct xsk_ring_cons completed, rx;
    uint16_t *held; /* references of the kernel's, by the packet's number in the pool */
    uint64_t lost;  /* frames that the kernel has had no packet or place for */
    struct unix_reader reader;
    struct timer retry;
};

struct xdp {
    struct netdev dev;
    struct unix_interface interface;
    struct xdp_program program;
    struct pkt_area area;
    int all; /* keeps the interface promiscuous */
    unsigned n_queues;
    struct xdp_queue queues[XDP_QUEUES_MAX]; /* the first one sends */
};

static struct xdp *xdp_of(struct netdev *dev)
{
    return container_of(dev, struct xdp, dev);
}

/* --- What the kernel holds ------------------------------------------------------------------- */

static size_t number_of(const struct xdp_queue *q, uint64_t address)
{
    return (size_t)(address / q->xdp->area.size);
}

static void hold(struct xdp_queue *q, uint64_t address)
{
    q->held[number_of(q, address)]++;
}

/* The packet in whose buffer `address` lies, with the kernel's reference to it. NULL: it has none;
 * the ring is wrong. */
static struct pkt *let_go(struct xdp_queue *q, uint64_t address)
{
    if (address >= q->xdp->area.len || q->held[number_of(q, address)] == 0)
        return NULL;
    q->held[number_of(q, address)]--;
    return pkt_at(q->xdp->dev.pool, q->xdp->area.bytes + address);
}

static void let_all_go(struct xdp_queue *q)
{
    size_t n = q->xdp->area.len / q->xdp->area.size;
    for (size_t i = 0; i < n; i++)
        for (; q->held[i] > 0; q->held[i]--)
            pkt_unref(pkt_at(q->xdp->dev.pool, q->xdp->area.bytes + i * q->xdp->area.size));
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* Give the kernel packets to fill, as many as it has room for. */
static void refill(struct xdp_queue *q)
{
    uint32_t room = xsk_prod_nb_free(&q->fill, RING), n = 0, at = 0;
    struct pkt *p;
    if (room < NETDEV_BATCH)
        return;
    while (n < room && (p = pkt_new(q->xdp->dev.pool)) != NULL) {
        uint64_t address = (uint64_t)(p->buf - q->xdp->area.bytes);
        xsk_ring_prod__reserve(&q->fill, 1, &at);
        *xsk_ring_prod__fill_addr(&q->fill, at) = address;
        hold(q, address);
        n++;
    }
    xsk_ring_prod__submit(&q->fill, n);
    if (xsk_ring_prod__needs_wakeup(&q->fill))
        recvfrom(xsk_socket__fd(q->socket), NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

/* The frame that a descriptor describes. NULL: it is none. */
static struct pkt *take_frame(struct xdp_queue *q, const struct xdp_desc *desc)
{
    struct pkt *p = let_go(q, desc->addr);
    if (p == NULL)
        return NULL;
    p->data = q->xdp->area.bytes + desc->addr;
    p->len = 0;
    __builtin_prefetch(p->data); /* the kernel has written it on another core */
    if (pkt_append(p, desc->len))
        return p;
    pkt_unref(p);
    return NULL;
}

/* What has come, at most a batch; *seen: how many descriptors. */
static size_t take_batch(struct xdp_queue *q, struct pkt *batch[NETDEV_BATCH], size_t *seen)
{
    uint32_t at = 0, n = xsk_ring_cons__peek(&q->rx, NETDEV_BATCH, &at);
    size_t good = 0;
    for (uint32_t i = 0; i < n; i++) {
        batch[good] = take_frame(q, xsk_ring_cons__rx_desc(&q->rx, at + i));
        good += batch[good] != NULL;
    }
    q->xdp->dev.stats.rx_errors += n - good;
    xsk_ring_cons__release(&q->rx, n);
    *seen = n;
    return good;
}

static void count_lost(struct xdp_queue *q)
{
    struct xdp_statistics stats;
    socklen_t len = sizeof stats;
    uint64_t lost;
    if (getsockopt(xsk_socket__fd(q->socket), SOL_XDP, XDP_STATISTICS, &stats, &len) < 0)
        return;
    lost = stats.rx_dropped + stats.rx_ring_full;
    q->xdp->dev.stats.rx_dropped += lost - q->lost;
    q->lost = lost;
}

static int deliver(void *user)
{
    struct xdp_queue *q = user;
    size_t seen = NETDEV_BATCH, all = 0;
    for (int i = 0; i < UNIX_BATCHES && seen == NETDEV_BATCH; i++) {
        struct pkt *batch[NETDEV_BATCH];
        size_t n = take_batch(q, batch, &seen);
        all += seen;
        refill(q);
        if (n > 0 && !netdev_receive(&q->xdp->dev, batch, n))
            return -1;
    }
    if (all == 0 || seen == NETDEV_BATCH) /* a burst is over, or goes on */
        count_lost(q);
    return (int)all;
}

/* --- Sending --------------------------------------------------------------------------------- */

/* Take back the packets that have left. */
static void reclaim(struct xdp_queue *q)
{
    uint32_t at = 0, n = xsk_ring_cons__peek(&q->completed, RING, &at);
    for (uint32_t i = 0; i < n; i++)
        pkt_unref(let_go(q, *xsk_ring_cons__comp_addr(&q->completed, at + i)));
    xsk_ring_cons__release(&q->completed, n);
}

/* `p` itself if it lies in the memory that the kernel knows, else a copy that does. NULL: there is
 * no packet for it; `p` is then still the caller's. */
static struct pkt *in_area(struct xdp *x, struct pkt *p)
{
    struct pkt *copy;
    if (p->pool == x->dev.pool)
        return p;
    copy = pkt_new(x->dev.pool);
    if (copy == NULL || pkt_room(copy) < p->len) {
        pkt_unref(copy);
        return NULL;
    }
    bytes_copy(pkt_append(copy, p->len), p->data, p->len);
    pkt_unref(p);
    return copy;
}

/* Put `p` into the ring: the kernel's reference to it is what was the caller's. Returns whether
 * there was room. */
static bool queue_one(struct xdp_queue *q, struct pkt *p)
{
    uint64_t address = (uint64_t)(p->data - q->xdp->area.bytes);
    uint32_t at;
    if (xsk_ring_prod__reserve(&q->tx, 1, &at) == 0)
        return false;
    *xsk_ring_prod__tx_desc(&q->tx, at) = (struct xdp_desc){.addr = address, .len = p->len};
    hold(q, address);
    q->xdp->dev.stats.tx_packets++;
    q->xdp->dev.stats.tx_bytes += p->len;
    return true;
}

/* Take over `p`. Returns whether it is in the ring now. */
static bool send_one(struct xdp_queue *q, struct pkt *p)
{
    struct netdev *dev = &q->xdp->dev;
    struct pkt *own;
    if (p->len > dev->mtu + (uint32_t)FRAME_ROOM) {
        dev->stats.tx_errors++;
        pkt_unref(p);
        return false;
    }
    own = in_area(q->xdp, p);
    if (own && queue_one(q, own))
        return true;
    dev->stats.tx_dropped++;
    pkt_unref(own ? own : p);
    return false;
}

/* Tell the kernel to send what is in the ring. It sends some at a call and says EAGAIN if that was
 * not all; if it was none, there is no room for now. */
static void kick(struct xdp_queue *q)
{
    uint32_t before, sent = 1;
    while (sent > 0 && xsk_ring_prod__needs_wakeup(&q->tx)) {
        before = __atomic_load_n(q->tx.consumer, __ATOMIC_ACQUIRE);
        if (sendto(xsk_socket__fd(q->socket), NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0 ||
            errno != EAGAIN)
            return;
        sent = __atomic_load_n(q->tx.consumer, __ATOMIC_ACQUIRE) - before;
        reclaim(q);
    }
    if (sent == 0)
        loop_timer_arm(&q->retry, loop_now() + RETRY_TIME);
}

static void on_retry(void *user)
{
    kick(user);
}

static void xdp_flush(struct netdev *dev)
{
    struct xdp_queue *q = &xdp_of(dev)->queues[0];
    kick(q);
    reclaim(q);
}

static void xdp_send(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    struct xdp_queue *q = &xdp_of(dev)->queues[0];
    uint32_t queued = 0;
    if (xsk_prod_nb_free(&q->tx, (uint32_t)n) < n)
        xdp_flush(dev);
    for (size_t i = 0; i < n; i++)
        queued += send_one(q, batch[i]);
    xsk_ring_prod__submit(&q->tx, queued);
}

/* --- Opening and closing --------------------------------------------------------------------- */

static void queue_close(struct xdp_queue *q)
{
    unix_reader_stop(&q->reader);
    timer_cancel(&q->retry);
    if (q->socket)
        xsk_socket__delete(q->socket);
    if (q->umem)
        xsk_umem__delete(q->umem);
    if (q->held)
        let_all_go(q);
    free(q->held);
}

static void xdp_close(struct netdev *dev)
{
    struct xdp *x = xdp_of(dev);
    unix_interface_leave(&x->interface);
    xdp_program_close(&x->program);
    for (unsigned i = 0; i < x->n_queues; i++)
        queue_close(&x->queues[i]);
    if (x->all >= 0)
        close(x->all);
}

static const struct netdev_ops ops = {.send = xdp_send, .flush = xdp_flush, .close = xdp_close};

/* Room for all that the ring can hold, and, where the kernel can do it, all of that at one call. */
static void widen(int fd)
{
    const int size = SEND_QUEUE, budget = RING;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof budget);
}

static int open_socket(struct xdp_queue *q, uint32_t number)
{
    const struct xdp *x = q->xdp;
    const struct xsk_umem_config memory = {
        .fill_size = RING, .comp_size = RING, .frame_size = x->area.size};
    const struct xsk_socket_config config = {.rx_size = RING,
                                             .tx_size = RING,
                                             .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                                             .bind_flags = XDP_USE_NEED_WAKEUP};
    int error =
        xsk_umem__create(&q->umem, x->area.bytes, x->area.len, &q->fill, &q->completed, &memory);
    if (error)
        return error;
    error =
        xsk_socket__create(&q->socket, x->interface.name, number, q->umem, &q->rx, &q->tx, &config);
    if (error)
        return error;
    widen(xsk_socket__fd(q->socket));
    return xsk_socket__update_xskmap(q->socket, x->program.map);
}

static int open_queue(struct xdp *x, unsigned number)
{
    struct xdp_queue *q = &x->queues[number];
    int error;
    x->n_queues = number + 1;
    q->xdp = x;
    timer_init(&q->retry, on_retry, q);
    q->held = calloc(x->area.len / x->area.size, sizeof q->held[0]);
    if (q->held == NULL)
        return -ENOMEM;
    error = open_socket(q, number);
    if (error)
        return error;
    refill(q);
    unix_reader_start(&q->reader, xsk_socket__fd(q->socket), deliver, q);
    return 0;
}

/* Room for a whole frame behind the room that XDP leaves in front. */
static bool frames_fit(const struct xdp *x)
{
    return x->dev.mtu + (uint32_t)FRAME_ROOM <= x->area.size - XDP_PACKET_HEADROOM;
}

static int open_queues(struct xdp *x)
{
    unsigned n = unix_interface_queues(&x->interface);
    int error = n > XDP_QUEUES_MAX ? -EOPNOTSUPP : frames_fit(x) ? 0 : -EMSGSIZE;
    if (error == 0)
        error = xdp_program_open(&x->program);
    for (unsigned i = 0; i < n && error == 0; i++)
        error = open_queue(x, i);
    return error ? error : xdp_program_attach(&x->program, x->interface.index);
}

static int xdp_open(const char *name, struct pkt_pool *pool, struct netdev **dev)
{
    struct xdp *x = (struct xdp *)netdev_new(sizeof *x, &ops, pool);
    int error;
    if (x == NULL)
        return -ENOMEM;
    x->all = x->program.map = x->program.link = -1;
    pkt_pool_area(pool, &x->area);
    error = unix_interface_follow(&x->interface, name, &x->dev, device_went);
    if (error == 0)
        error = x->all = unix_interface_see_all(&x->interface);
    if (error >= 0)
        error = open_queues(x);
    if (error) {
        netdev_close(&x->dev);
        return error;
    }
    *dev = &x->dev;
    return 0;
}

struct device_driver unix_xdp_driver = {.kind = "xdp", .open = xdp_open};
