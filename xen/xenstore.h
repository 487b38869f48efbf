/*
 * xenstore.h - a client of xenstore, the tree of small strings through which domains and tools
 * agree (docs/misc/xenstore.txt and xen/include/public/io/xs_wire.h).
 *
 * Nothing here waits: a call is sent and its answer comes to a function in a later turn. Calls are
 * answered in order, so several may be under way, and those of one transaction may be sent before
 * the first is answered. A path that does not begin with a slash is looked up below the domain's
 * own home.
 *
 * The daemon is not trusted further than its word goes: lengths, ids, types and the ring's indices
 * are checked. If it breaks the protocol all calls end with -EPROTO, and from then on none can be
 * made (-EPIPE): there is no way to find the beginning of the next message.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_XENSTORE_H
#define MORGANA_XEN_XENSTORE_H

#include "runtime/list.h"
#include "xen/evtchn.h"

#include <xen/io/xs_wire.h>

#define XENSTORE_CALLS_MAX 1024 /* under way: as when hundreds of vifs are found at once */
#define XENSTORE_PATH_MAX  256  /* of a path that is watched, with its NUL */

/* An answer: `error` 0 and `n` bytes of data, or a negative errno and none. The data are followed
 * by a NUL that is not counted; they may hold others, and are valid during the call. */
typedef void xenstore_fn(void *user, int error, const char *data, size_t n);

struct xenstore_stats {
    uint64_t calls, errors; /* calls sent; answered with an error */
    uint64_t events;        /* of watches */
    uint64_t stray;         /* answers and events that nobody waits for */
    uint64_t refused;       /* calls for which there was no room */
};

/* Begin to talk through `ring`, whose other end is told through `port`. 0 or a negative errno. */
int xenstore_open(struct xenstore_domain_interface *ring, evtchn_port_t port);

/* Forget all calls and watches; nobody is called any more. */
void xenstore_close(void);

/* Is no call under way? Only then may the domain be saved: the next would never be answered. */
bool xenstore_idle(void);

/* In another domain, before resuming: no call can be made (-EPIPE). */
void xenstore_suspended(void);

/* In another domain: its xenstore. The watches are those that were; each is told to begin with.
 * 0 or a negative errno. */
int xenstore_resume(struct xenstore_domain_interface *ring, evtchn_port_t port);

/*
 * Calls. `tx` is a transaction's id, or 0. 0: fn(user) will be called once (it may be NULL); or
 * -ENOBUFS if there is no room, -E2BIG if it is too long for a message, -ENOMEM, -EPIPE.
 */

/* The value at `path`. */
int xenstore_read(uint32_t tx, const char *path, xenstore_fn *fn, void *user);

/* The names below `path`, each with its NUL. */
int xenstore_list(uint32_t tx, const char *path, xenstore_fn *fn, void *user);

int xenstore_write(uint32_t tx, const char *path, const char *value, xenstore_fn *fn, void *user);
int xenstore_mkdir(uint32_t tx, const char *path, xenstore_fn *fn, void *user);
int xenstore_remove(uint32_t tx, const char *path, xenstore_fn *fn, void *user);

/* Begin a transaction: its id is the answer's number (xenstore_number()). */
int xenstore_begin(xenstore_fn *fn, void *user);

/* End it, and let what it did be so or not. -EAGAIN is answered if others were quicker: then it is
 * to be done again. */
int xenstore_end(uint32_t tx, bool commit, xenstore_fn *fn, void *user);

/* No answer to `user`'s calls from now on. They are still carried out. */
void xenstore_cancel(const void *user);

/* Read a decimal number of at most `max` that is all of `data`. False: it is none. */
bool xenstore_number(const char *data, size_t n, uint64_t max, uint64_t *value);

/* A watch: fn(user, path) is called when `path` or what lies below it changes, and to begin with
 * before xenstore_watch() returns, when what it asks is sent together with the watch, and again
 * when the watch is set. What has changed is `changed`. Lies inside its owner. */
struct xenstore_watch {
    struct list link;
    void (*fn)(void *user, const char *changed);
    void *user;
    uint32_t token;
    char path[XENSTORE_PATH_MAX];
};

/* 0, or as a call. */
int xenstore_watch(struct xenstore_watch *w, const char *path,
                   void (*fn)(void *user, const char *changed), void *user);

/* Before its owner goes. Nothing if it is not watching (all zero, or ended). */
void xenstore_unwatch(struct xenstore_watch *w);

const struct xenstore_stats *xenstore_stats(void);

#endif
