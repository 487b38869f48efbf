/*
 * net.c - the kernel's network as a struct net: what unix_net() gives to a program.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "runtime/unix/socket.h"
#include <errno.h>

struct unix_net_counters unix_net_counters;

static const char *const counter_names[] = {
    "connected", "connect_failed", "accepted", "accept_refused", "reads", "writes",
    "blocked",   "failed",         "cut",
};

_Static_assert(sizeof unix_net_counters / sizeof(uint64_t) ==
                   sizeof counter_names / sizeof counter_names[0],
               "a name for each counter");

static struct counter_set counters = {
    .module = "net",
    .names = counter_names,
    .values = (const uint64_t *)&unix_net_counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

static int unix_connect(struct net *net, const struct endpoint *to,
                        const struct stream_events *events, void *user, struct stream **s)
{
    struct sock *k;
    (void)net;
    if (to->kind == ENDPOINT_SSL)
        return -EAFNOSUPPORT;
    k = sock_new(events, user);
    if (k == NULL)
        return -ENOMEM;
    endpoint_print(to, k->stream.peer, sizeof k->stream.peer);
    if (attempt_begin(k, to) < 0) {
        stream_abort(&k->stream);
        return -ENOMEM;
    }
    *s = &k->stream;
    return 0;
}

static const struct net_ops unix_ops = {.connect = unix_connect,
                                        .listen = unix_listen,
                                        .listener_name = unix_listener_name,
                                        .listener_close = unix_listener_close};

struct net *unix_net(void)
{
    static struct net net = {.ops = &unix_ops};
    counter_register(&counters);
    return &net;
}

void unix_net_close(void)
{
    sock_abort_all();
    resolver_close();
}
