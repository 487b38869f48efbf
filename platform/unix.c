/*
 * unix.c - the platform that programs for UNIX are linked with: see runtime/platform.h.
 *
 * Connections go through the kernel's sockets, or through Morgana's own TCP/IP straight on devices.
 * unix: and punix: names are always the kernel's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "platform/direct.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "runtime/unix/unix.h"

#include <string.h>

LOG_MODULE(platform);

const char direct_other[] = "socket";

const struct config_option platform_options[] = {
    DIRECT_OPTIONS("connections go through: socket (the kernel), direct:DEVICE [socket]", "before"),
    {0},
};

static struct stack *stack; /* NULL: the kernel's sockets */

/* --- The net of a program whose connections go over devices ---------------------------------- */

static struct net *net_for(const struct endpoint *ep)
{
    return ep->kind == ENDPOINT_UNIX ? unix_net() : stack_net(stack);
}

static int direct_connect(struct net *net, const struct endpoint *to,
                          const struct stream_events *events, void *user, struct stream **s)
{
    (void)net;
    return net_connect(net_for(to), to, events, user, s);
}

/* The listener is the other net's own from here on. */
static int direct_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept,
                         void *user, struct listener **l)
{
    (void)net;
    return net_listen(net_for(at), at, accept, user, l);
}

static const struct net_ops direct_ops = {.connect = direct_connect, .listen = direct_listen};

struct net *platform_net(void)
{
    static struct net direct = {.ops = &direct_ops};
    return stack != NULL ? &direct : unix_net();
}

/* --- Opening and closing --------------------------------------------------------------------- */

static void say_error(int error)
{
    if (error != 0)
        log_error("cannot start: %s", strerror(-error));
}

static int open_loop(void)
{
    int error = loop_open();
    if (error == 0 && (error = unix_devices_open()) != 0)
        loop_close();
    say_error(error);
    return error;
}

int platform_open(void)
{
    struct stack_config config;
    int error = direct_check(direct_other);
    if (error == 0)
        error = open_loop();
    if (error != 0 || !direct_wanted())
        return error;
    stack_defaults(&config);
    error = direct_open(&config, &stack);
    if (error != 0) {
        unix_devices_close();
        loop_close();
    }
    return error;
}

const char *platform_ports(void)
{
    return NULL;
}

void platform_close(void)
{
    stack_free(stack);
    stack = NULL;
    unix_devices_close();
    loop_close();
}
