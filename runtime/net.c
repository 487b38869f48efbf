/*
 * net.c - connecting and listening through whichever net the program was given. See net.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/net.h"
#include <errno.h>

int net_connect(struct net *net, const struct endpoint *to, const struct stream_events *events,
                void *user, struct stream **s)
{
    if (to->passive)
        return -EINVAL;
    return net->ops->connect(net, to, events, user, s);
}

int net_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
               struct listener **l)
{
    if (!at->passive)
        return -EINVAL;
    return net->ops->listen(net, at, accept, user, l);
}

const char *net_listener_name(const struct listener *l)
{
    return l->net->ops->listener_name(l);
}

void net_listener_close(struct listener *l)
{
    if (l)
        l->net->ops->listener_close(l);
}
