/*
 * xenbus.h - a device's frontend and backend meet in xenstore (xen/include/public/io/xenbus.h):
 * each has a folder with its state, its features and what the other must know.
 *
 * This is the frontend's half of what all kinds of devices do alike: find the backend, follow its
 * state, read several of its keys, write several of ours at a time. A state is told when it is new.
 * One watch on the backend's folder serves all that lies there: xenstored allows a domain few (100
 * or 128, unless told otherwise).
 *
 * The backend is not trusted: what it writes is text of bounded length, its states may come in any
 * order, and it may go at any time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_XENBUS_H
#define MORGANA_XEN_XENBUS_H

#include "xen/xenstore.h"

#include <xen/io/xenbus.h>

#define XENBUS_PATH_MAX  (XENSTORE_PATH_MAX - 64) /* leaves room for a key */
#define XENBUS_KEYS_MAX  32
#define XENBUS_NAME_MAX  32 /* with its NUL */
#define XENBUS_VALUE_MAX 32 /* with its NUL: what is longer counts as missing */

struct xenbus_key {
    char name[XENBUS_NAME_MAX]; /* may have folders: "queue-1/tx-ring-ref" */
    char value[XENBUS_VALUE_MAX];
    bool backend; /* it lies in the backend's folder, not in ours */
};

/* What the owner of a frontend hears. */
struct xenbus_events {
    void (*state)(void *user);                /* backend_state is another */
    void (*key)(void *user, const char *key); /* what else lies in its folder may have changed */
};

struct xenbus {
    char path[XENBUS_PATH_MAX];    /* ours: "device/vif/0" */
    char backend[XENBUS_PATH_MAX]; /* "/local/domain/0/backend/vif/3/0"; "": not known yet */
    domid_t backend_domain;
    XenbusState state;         /* ours, as written last */
    XenbusState backend_state; /* XenbusStateUnknown: it has none, or there is no backend */
    const struct xenbus_events *events;
    void *user;

    /* xenbus.c's */
    struct xenstore_watch watch;
    struct xenbus_key *keys; /* being read, or written */
    size_t n_keys, answered;
    void (*done)(void *user, int error);
    int error;
};

/* Follow the backend of `path`. Lies inside its owner. 0 or a negative errno. */
int xenbus_open(struct xenbus *b, const char *path, const struct xenbus_events *events, void *user);

/* Is the folder `data`, as it is in ours under "backend", the one that is followed? */
bool xenbus_follows(const struct xenbus *b, const char *data, size_t n);

/* Nobody is called any more. Nothing if it is not open (all zero). */
void xenbus_close(struct xenbus *b);

/* Write our state. */
void xenbus_set_state(struct xenbus *b, XenbusState state);

/* Read keys into their values ("": there is none); then done(user, 0) is called. One call of these
 * two at a time. 0, or a negative errno. */
int xenbus_read(struct xenbus *b, struct xenbus_key *keys, size_t n,
                void (*done)(void *user, int error));

/* Write keys of our folder, in this order: what says that they are valid (our state) comes last, so
 * that no transaction is needed. Then done(user, error) is called. */
int xenbus_write(struct xenbus *b, struct xenbus_key *keys, size_t n,
                 void (*done)(void *user, int error));

#endif
