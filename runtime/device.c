/*
 * device.c - the device manager: see device.h.
 *
 * All that happens to a watch happens in its deferred work, whoever caused it, so that no watcher
 * hears anything during a call of its own.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/device.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_TIME NS_PER_S

struct device_watch {
    struct list link;
    const struct device_driver *driver;
    struct pkt_pool *pool;
    const struct device_events *events;
    void *user;
    struct netdev *dev; /* NULL: not open */
    bool went;          /* it is, but the device has gone */
    int error;          /* why it is not; what the watcher was told last */
    struct loop_work work;
    struct timer retry;
    const char *arg; /* in name */
    char name[NETDEV_NAME_MAX];
};

struct device_search {
    struct list link;
    const struct device_driver *driver;
    void (*fn)(void *user, const char *name);
    void *user;
    struct loop_work work; /* for those that there are */
};

static struct device_driver *drivers;
static struct list watches = {&watches, &watches};
static struct list searches = {&searches, &searches};

/* --- A watch's turn -------------------------------------------------------------------------- */

/* The device has gone; it may be back already, so that it is opened in the next turn. */
static void drop(struct device_watch *w)
{
    struct netdev *dev = w->dev;
    w->dev = NULL;
    w->went = false;
    loop_defer(&w->work);
    w->events->gone(w->user, dev);
    netdev_close(dev);
}

static void say_absent(struct device_watch *w, int error)
{
    if (w->error == error)
        return;
    w->error = error;
    if (w->events->absent)
        w->events->absent(w->user, error);
}

static void try_open(struct device_watch *w)
{
    struct netdev *dev;
    int error = w->driver->open(w->arg, w->pool, &dev);
    if (error == 0) {
        w->dev = dev;
        w->error = 0;
        snprintf(dev->name, sizeof dev->name, "%s", w->name);
        w->events->appeared(w->user, dev);
        return;
    }
    if (error != -ENODEV)
        loop_timer_arm(&w->retry, loop_now() + RETRY_TIME);
    say_absent(w, error);
}

static void take_turn(void *user)
{
    struct device_watch *w = user;
    timer_cancel(&w->retry);
    if (w->went)
        drop(w);
    else if (w->dev == NULL)
        try_open(w);
}

/* --- Watching -------------------------------------------------------------------------------- */

static const struct device_driver *driver_of(const char *kind, size_t n)
{
    const struct device_driver *d;
    for (d = drivers; d; d = d->next) {
        if (strlen(d->kind) == n && memcmp(d->kind, kind, n) == 0)
            break;
    }
    return d;
}

/* The driver that `name` is for; NULL: there is none, or nothing stands behind the colon. */
static const struct device_driver *find_driver(const char *name)
{
    size_t n = strcspn(name, ":");
    if (name[n] == '\0' || name[n + 1] == '\0' || strlen(name) >= NETDEV_NAME_MAX)
        return NULL;
    return driver_of(name, n);
}

int device_watch(const char *name, struct pkt_pool *pool, const struct device_events *events,
                 void *user, struct device_watch **watch)
{
    const struct device_driver *driver = find_driver(name);
    struct device_watch *w;
    if (driver == NULL)
        return -EINVAL;
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return -ENOMEM;
    w->driver = driver;
    w->pool = pool;
    w->events = events;
    w->user = user;
    memcpy(w->name, name, strlen(name) + 1);
    w->arg = strchr(w->name, ':') + 1;
    loop_work_init(&w->work, take_turn, w);
    timer_init(&w->retry, take_turn, w);
    list_append(&watches, &w->link);
    loop_defer(&w->work);
    *watch = w;
    return 0;
}

void device_unwatch(struct device_watch *w)
{
    if (w == NULL)
        return;
    list_remove(&w->link);
    loop_work_cancel(&w->work);
    timer_cancel(&w->retry);
    netdev_close(w->dev);
    free(w);
}

bool device_is_watched(const struct device_driver *driver, const char *arg)
{
    struct list *l, *after;
    list_each(l, after, &watches)
    {
        const struct device_watch *w = container_of(l, struct device_watch, link);
        if (w->driver == driver && strcmp(w->arg, arg) == 0)
            return true;
    }
    return false;
}

/* --- Devices that nobody has named ----------------------------------------------------------- */

static void offer(void *user, const char *arg)
{
    struct device_search *s = user;
    char name[NETDEV_NAME_MAX];
    int n = snprintf(name, sizeof name, "%s:%s", s->driver->kind, arg);
    if (n > 0 && (size_t)n < sizeof name && !device_is_watched(s->driver, arg))
        s->fn(s->user, name);
}

static void offer_each(void *user)
{
    struct device_search *s = user;
    s->driver->each(offer, s);
}

int device_search(const char *kind, void (*fn)(void *user, const char *name), void *user,
                  struct device_search **search)
{
    const struct device_driver *driver = driver_of(kind, strlen(kind));
    struct device_search *s;
    if (driver == NULL || driver->each == NULL)
        return -EINVAL;
    s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->driver = driver;
    s->fn = fn;
    s->user = user;
    loop_work_init(&s->work, offer_each, s);
    list_append(&searches, &s->link);
    loop_defer(&s->work);
    *search = s;
    return 0;
}

void device_search_end(struct device_search *s)
{
    if (s == NULL)
        return;
    list_remove(&s->link);
    loop_work_cancel(&s->work);
    free(s);
}

/* --- For platforms --------------------------------------------------------------------------- */

void device_register(struct device_driver *driver)
{
    for (const struct device_driver *d = drivers; d; d = d->next) {
        if (d == driver)
            return;
    }
    driver->next = drivers;
    drivers = driver;
}

void device_came(const struct device_driver *driver, const char *arg)
{
    struct list *l, *after;
    list_each(l, after, &watches)
    {
        struct device_watch *w = container_of(l, struct device_watch, link);
        if (w->driver == driver && strcmp(w->arg, arg) == 0)
            loop_defer(&w->work);
    }
    list_each(l, after, &searches)
    {
        struct device_search *s = container_of(l, struct device_search, link);
        if (s->driver == driver)
            offer(s, arg);
    }
}

void device_went(struct netdev *dev)
{
    struct list *l, *after;
    list_each(l, after, &watches)
    {
        struct device_watch *w = container_of(l, struct device_watch, link);
        if (w->dev != dev)
            continue;
        w->went = true;
        loop_defer(&w->work);
    }
}
