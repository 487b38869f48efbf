/*
 * device.h - the device manager: frame devices by name, with one syntax on every platform.
 *
 *     tap:NAME      a tap device, made if it is not there        (UNIX)
 *     eth:NAME      an Ethernet device through a packet socket   (UNIX)
 *     xdp:NAME      an Ethernet device through AF_XDP            (UNIX)
 *     pcap:IN[,OUT] frames from a capture, to a capture          (UNIX)
 *     link:NAME     one end of a simulated link                  (sim)
 *     vif:N         the domain's network interface N             (Xen)
 *
 * Hot-plug is normal: who wants a device watches its name and is told when it appears (by the end
 * of the turn, if it is there already), and when it goes away; it may come back, under the same
 * watch. A device that is there but cannot be opened (busy, not permitted) is tried again every
 * second. A platform registers its drivers when its loop opens, or (UNIX, where they need
 * libraries) when the program's entry file asks for them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_DEVICE_H
#define MORGANA_RUNTIME_DEVICE_H

#include "runtime/list.h"
#include "runtime/netdev.h"

/* What a watcher hears; none during a call of its own. */
struct device_events {
    /* It is there and open; the watcher calls netdev_own() at once. */
    void (*appeared)(void *user, struct netdev *dev);
    /* It is gone: `dev` must not be used any more when this returns. */
    void (*gone)(void *user, struct netdev *dev);
    /* It is not there and cannot be opened for now: a negative errno (-ENODEV, -EPERM, ...), said
     * once for each change of reason. May be NULL. */
    void (*absent)(void *user, int error);
};

/* A kind of device: its opener, and how it learns of coming and going. */
struct device_driver {
    const char *kind; /* "eth" */
    /* Open what `arg` (behind the colon) names. 0 or a negative errno: -ENODEV if it is not there,
     * and device_came() will be called when it is. */
    int (*open)(const char *arg, struct pkt_pool *pool, struct netdev **dev);
    /* Call fn() with each that there is now; whoever comes later is told by device_came(). NULL:
     * this kind cannot be looked for. */
    void (*each)(void (*fn)(void *user, const char *arg), void *user);
    struct device_driver *next; /* device.c's */
};

struct device_watch;

/* Begin to watch `name`. Packets that it receives come from `pool`. 0, or -EINVAL if the name is of
 * no registered kind, or -ENOMEM. */
int device_watch(const char *name, struct pkt_pool *pool, const struct device_events *events,
                 void *user, struct device_watch **watch);

/* Stop; closes the device if it is open. NULL is allowed. */
void device_unwatch(struct device_watch *watch);

/* Does anybody watch the device `arg` of this kind? For drivers: what nobody wants costs nothing.
 */
bool device_is_watched(const struct device_driver *driver, const char *arg);

/* --- Devices that nobody has named ----------------------------------------------------------- */

struct device_search;

/* Hear of every device of `kind` ("vif") that nobody watches: by the end of the turn of those that
 * there are, then of each when it comes. fn() may watch it. 0, or -EINVAL if there is no such kind
 * or it cannot be looked for, or -ENOMEM. */
int device_search(const char *kind, void (*fn)(void *user, const char *name), void *user,
                  struct device_search **search);

/* NULL is allowed. */
void device_search_end(struct device_search *search);

/* --- For platforms --------------------------------------------------------------------------- */

/* Make `driver` one of those that names are looked up in. Again: nothing. */
void device_register(struct device_driver *driver);

/* A device of this kind has come, by its argument (a netlink event, a xenstore watch): whoever
 * watches it gets it, at the end of the turn. */
void device_came(const struct device_driver *driver, const char *arg);

/* An open device has gone (its descriptor says so): at the end of the turn its watcher is told and
 * it is closed. */
void device_went(struct netdev *dev);

#endif
