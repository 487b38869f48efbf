/*
 * net.h - where streams come from: connecting and listening by name.
 *
 * A struct net is one way to the network: the kernel's sockets (runtime/unix/), Morgana's own TCP
 * over a device, a simulated network (runtime/sim/). A program's entry file picks it and passes it
 * down; nobody below asks which it is.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_NET_H
#define MORGANA_RUNTIME_NET_H

#include "runtime/stream.h"

struct net;
struct listener;

/* A stream that a peer opened. The callee owns it: it calls stream_own() or stream_abort() at once.
 */
typedef void net_accept_fn(void *user, struct stream *s);

struct net_ops {
    int (*connect)(struct net *net, const struct endpoint *to, const struct stream_events *events,
                   void *user, struct stream **s);
    int (*listen)(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
                  struct listener **l);
    const char *(*listener_name)(const struct listener *l);
    void (*listener_close)(struct listener *l);
};

struct net {
    const struct net_ops *ops;
};

/* A listener begins with its net, so that it can be asked without it. */
struct listener {
    struct net *net;
};

/* Begin to connect; `opened` or `closed` follows in a later turn. 0, or a negative errno if it
 * cannot even begin: -EAFNOSUPPORT if this net does not serve that kind of name, -EINVAL if it is
 * passive. */
int net_connect(struct net *net, const struct endpoint *to, const struct stream_events *events,
                void *user, struct stream **s);

/* Take connections at `at`. 0, or a negative errno (-EADDRINUSE, ...). */
int net_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
               struct listener **l);

/* Where a listener listens, with the port that the system chose: "ptcp:6653:127.0.0.1". */
const char *net_listener_name(const struct listener *l);

/* Take no more connections and free `l`. NULL is allowed. */
void net_listener_close(struct listener *l);

#endif
