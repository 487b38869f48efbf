/*
 * netdev.c - what all frame devices share: see netdev.h. Offloads that a device lacks are done here
 * before its driver sees the packet.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/netdev.h"
#include "runtime/gso.h"
#include <assert.h>
#include <stdlib.h>

/* --- Sending --------------------------------------------------------------------------------- */

/* Packets that are ready for the driver. */
struct ready {
    struct netdev *dev;
    struct pkt *batch[NETDEV_BATCH];
    size_t n;
};

static void pass_on(struct ready *r)
{
    if (r->n > 0)
        r->dev->ops->send(r->dev, r->batch, r->n);
    r->n = 0;
}

static void put(struct ready *r, struct pkt *p)
{
    if (r->n == NETDEV_BATCH)
        pass_on(r);
    r->batch[r->n++] = p;
}

/* What is still to be done to packets before this device can send them (enum pkt_offload). */
static uint16_t missing_offloads(const struct netdev *dev)
{
    uint32_t has = dev->features;
    unsigned missing = PKT_GSO_FRAGMENTS;
    missing |= has & NETDEV_TX_CSUM ? 0 : PKT_CSUM_PARTIAL;
    missing |= has & NETDEV_TX_GSO4 ? 0 : PKT_GSO_TCP4;
    missing |= has & NETDEV_TX_GSO6 ? 0 : PKT_GSO_TCP6;
    missing |= has & NETDEV_TX_GSO_UDP ? 0 : PKT_GSO_UDP;
    if (missing & PKT_CSUM_PARTIAL) /* who cuts a super-frame makes its segments' checksums */
        missing |= PKT_GSO;
    return (uint16_t)missing;
}

#define TO_DO (PKT_CSUM_PARTIAL | PKT_GSO)

/* The same for one packet, `missing` being what the device never does. */
static uint16_t missing_for(const struct netdev *dev, const struct pkt *p, uint16_t missing)
{
    if (!(p->offload & TO_DO) || dev->ops->can_offload == NULL || dev->ops->can_offload(dev, p))
        return missing;
    return TO_DO;
}

static void put_summed(struct ready *r, struct pkt *p)
{
    struct pkt *own = pkt_writable(p);
    if (own && pkt_finish_checksum(own)) {
        put(r, own);
        return;
    }
    if (own)
        r->dev->stats.tx_errors++;
    else
        r->dev->stats.tx_dropped++;
    pkt_unref(own ? own : p);
}

static void put_segments(struct ready *r, struct pkt *p, uint16_t missing)
{
    struct gso gso;
    struct pkt *segment;
    bool good = gso_begin(&gso, p);
    while (good && (segment = gso_next(&gso, r->dev->pool)) != NULL) {
        if (segment->offload & missing)
            put_summed(r, segment);
        else
            put(r, segment);
    }
    r->dev->stats.tx_errors += !good;
    r->dev->stats.tx_dropped += good && !gso_done(&gso);
    pkt_unref(p);
}

/* Do what the device cannot, packet by packet. */
static void send_prepared(struct netdev *dev, struct pkt *const *batch, size_t n, uint16_t missing)
{
    struct ready r = {.dev = dev};
    for (size_t i = 0; i < n; i++) {
        uint16_t here = missing_for(dev, batch[i], missing), work = batch[i]->offload & here;
        if (work & PKT_GSO)
            put_segments(&r, batch[i], here);
        else if (work)
            put_summed(&r, batch[i]);
        else
            put(&r, batch[i]);
    }
    pass_on(&r);
}

static void unref_all(struct pkt *const *batch, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pkt_unref(batch[i]);
}

void netdev_send(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    uint16_t missing = missing_offloads(dev), any = 0;
    assert(!dev->closed);
    for (size_t i = 0; i < n; i++)
        any |= batch[i]->offload;
    if (any & (dev->ops->can_offload ? TO_DO : missing))
        send_prepared(dev, batch, n, missing);
    else
        dev->ops->send(dev, batch, n);
    dev->queued = dev->ops->flush != NULL;
    if (dev->queued)
        loop_defer(&dev->work);
}

/* --- Receiving ------------------------------------------------------------------------------- */

bool netdev_receive(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dev->stats.rx_bytes += batch[i]->len;
    dev->stats.rx_packets += n;
    if (dev->events)
        dev->events->receive(dev->user, batch, n);
    else
        dev->stats.rx_dropped += n;
    unref_all(batch, n);
    return !dev->closed;
}

bool netdev_set_link(struct netdev *dev, bool up)
{
    if (dev->link_up == up)
        return true;
    dev->link_up = up;
    if (dev->events && dev->events->link)
        dev->events->link(dev->user);
    return !dev->closed;
}

void netdev_moved(struct netdev *dev)
{
    if (dev->events && dev->events->moved)
        dev->events->moved(dev->user);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static void flush(struct netdev *dev)
{
    if (dev->queued)
        dev->ops->flush(dev);
    dev->queued = false;
}

/* The end of a turn in which something was sent, or the device was closed. */
static void at_end_of_turn(void *user)
{
    struct netdev *dev = user;
    if (dev->closed)
        free(dev);
    else
        flush(dev);
}

struct netdev *netdev_new(size_t size, const struct netdev_ops *ops, struct pkt_pool *pool)
{
    struct netdev *dev = calloc(1, size);
    assert(size >= sizeof *dev);
    if (dev == NULL)
        return NULL;
    dev->ops = ops;
    dev->pool = pool;
    loop_work_init(&dev->work, at_end_of_turn, dev);
    return dev;
}

void netdev_own(struct netdev *dev, const struct netdev_events *events, void *user)
{
    dev->events = events;
    dev->user = user;
}

void netdev_close(struct netdev *dev)
{
    if (dev == NULL)
        return;
    flush(dev);
    dev->events = NULL;
    dev->closed = true;
    dev->ops->close(dev);
    loop_defer(&dev->work);
}
