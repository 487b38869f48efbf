/*
 * watcher.h - somebody who watches a device and keeps what it delivers, for tests.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_WATCHER_H
#define MORGANA_TEST_UNIT_WATCHER_H

#include "runtime/device.h"
#include <string.h>

#define WATCHER_KEEPS 1024

struct watcher {
    struct device_watch *watch;
    struct netdev *dev; /* NULL: not there */
    size_t appeared, gone, absent, links, batches, frames;
    int error;                                          /* of the last `absent` */
    struct pkt *kept[WATCHER_KEEPS];                    /* in the order in which they came */
    void (*on_frame)(struct watcher *w, struct pkt *p); /* NULL: keep it */
};

static inline void watcher_receive(void *user, struct pkt *const *batch, size_t n)
{
    struct watcher *w = user;
    w->batches++;
    for (size_t i = 0; i < n && w->watch; i++) {
        if (w->on_frame)
            w->on_frame(w, batch[i]);
        else if (w->frames < WATCHER_KEEPS)
            w->kept[w->frames] = pkt_ref(batch[i]);
        w->frames++;
    }
}

static inline void watcher_link(void *user)
{
    ((struct watcher *)user)->links++;
}

static inline void watcher_appeared(void *user, struct netdev *dev)
{
    static const struct netdev_events events = {.receive = watcher_receive, .link = watcher_link};
    struct watcher *w = user;
    w->dev = dev;
    w->appeared++;
    netdev_own(dev, &events, w);
}

static inline void watcher_gone(void *user, struct netdev *dev)
{
    struct watcher *w = user;
    (void)dev;
    w->dev = NULL;
    w->gone++;
}

static inline void watcher_absent(void *user, int error)
{
    struct watcher *w = user;
    w->error = error;
    w->absent++;
}

/* Begin to watch: 0 or a negative errno. */
static inline int watcher_begin(struct watcher *w, const char *name, struct pkt_pool *pool)
{
    static const struct device_events events = {
        .appeared = watcher_appeared, .gone = watcher_gone, .absent = watcher_absent};
    *w = (struct watcher){0};
    return device_watch(name, pool, &events, w, &w->watch);
}

static inline void watcher_forget(struct watcher *w)
{
    for (size_t i = 0; i < w->frames && i < WATCHER_KEEPS; i++)
        pkt_unref(w->kept[i]);
    w->frames = 0;
}

static inline void watcher_end(struct watcher *w)
{
    device_unwatch(w->watch);
    w->watch = NULL;
    w->dev = NULL;
    watcher_forget(w);
}

/* Send a frame of `n` bytes, all of them `fill` but for the Ethernet header. */
static inline void watcher_send(struct watcher *w, struct pkt_pool *pool, uint8_t fill, size_t n)
{
    struct pkt *p = pkt_new_for(pool, n);
    memset(pkt_append(p, n), fill, n);
    memcpy(p->data, "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5", n < 14 ? n : 14);
    netdev_send(w->dev, &p, 1);
}

#endif
