/*
 * serve.h - the names that a program serves: those that it listens at, and those that it calls.
 *
 * Both ends of the OpenFlow channel may be called or call, so both use this. At a passive name
 * (ptcp:, punix:) streams are accepted. To an active one (tcp:, unix:) there is at most one
 * connection; when that has ended, whatever the reason, the next try comes after a wait that
 * doubles from wait_min to wait_max and begins anew once the peer has answered. Half of each wait
 * is chance, so that a restart does not bring all tries at one time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_SERVE_H
#define MORGANA_RUNTIME_SERVE_H

#include "runtime/net.h"
#include "runtime/timer.h"

/* An active name. */
struct dial {
    struct server *server;
    struct net *net;
    struct endpoint to;
    struct timer again;
    uint64_t wait; /* ns, the next one */
};

/* Somebody's names. The owner fills in the second half. */
struct server {
    struct list names; /* serve.c's */

    uint64_t wait_min, wait_max;
    net_accept_fn *accept; /* a stream has come to a passive name */
    /* Begin to connect to dial->to through dial->net. 0: serve_ended() will be called when that is
     * over; or a negative errno. */
    int (*connect)(void *user, struct dial *dial);
    void *user;
};

void serve_init(struct server *server);

/* Serve `name`. A listener's name with its real port goes to `where`, if that is not NULL (valid
 * until serve_end()). 0, or a negative errno if it cannot even begin. */
int serve(struct server *server, struct net *net, const char *name, uint16_t default_port,
          const char **where);

/* The peer at an active name is the right one: the next wait is the shortest. */
void serve_answered(struct dial *dial);

/* The connection to it is over, or never came to be: try again later. */
void serve_ended(struct dial *dial);

/* Call show() for each name that is served: a listener's, with its real port, and `dial` NULL; or
 * an active one. In the order of serve(). */
void serve_each(const struct server *server,
                void (*show)(void *user, const char *name, const struct dial *dial), void *user);

/* Close every listener, call nobody any more. Connections must be over. */
void serve_end(struct server *server);

#endif
