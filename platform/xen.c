/*
 * xen.c - the platform that kernels for Xen are linked with: see runtime/platform.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "xen/grant.h"
#include "xen/vif.h"

#include <errno.h>
#include <string.h>

LOG_MODULE(platform);

const struct config_option platform_options[] = {
    {0},
};

/* --- A network that nothing can be reached through ------------------------------------------- */

static int no_connect(struct net *net, const struct endpoint *to,
                      const struct stream_events *events, void *user, struct stream **s)
{
    (void)net;
    (void)to;
    (void)events;
    (void)user;
    (void)s;
    return -EAFNOSUPPORT;
}

static int no_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
                     struct listener **l)
{
    (void)net;
    (void)at;
    (void)accept;
    (void)user;
    (void)l;
    return -EAFNOSUPPORT;
}

static const struct net_ops no_net_ops = {.connect = no_connect, .listen = no_listen};
static struct net no_net = {.ops = &no_net_ops};

/* --- The platform ---------------------------------------------------------------------------- */

static int open_devices(void)
{
    int error = grant_open();
    if (error == 0 && (error = vif_open()) != 0)
        grant_close();
    return error;
}

int platform_open(void)
{
    int error = loop_open();
    if (error == 0 && (error = open_devices()) != 0)
        loop_close();
    if (error != 0)
        log_error("cannot start: %s", strerror(-error));
    return error;
}

struct net *platform_net(void)
{
    return &no_net;
}

void platform_close(void)
{
    vif_close();
    grant_close();
    loop_close();
}
