/*
 * none.c - the control channel of a program that has none: what appctl.h promises, and nobody asks.
 *
 * Linked instead of the other files here where there is neither a socket for ovs-appctl to reach
 * nor a JSON library: in a domU, which is managed by its console, by xl and by OpenFlow.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/appctl.h"
#include "runtime/bytes.h"
#include "runtime/stream.h"

#include <errno.h>

struct appctl {
    const char *program;
};

void appctl_defaults(struct appctl_config *config)
{
    *config = (struct appctl_config){0};
}

void appctl_options(struct appctl_config *config, struct config_option rows[APPCTL_N_OPTIONS])
{
    (void)config;
    rows[0] = (struct config_option){0};
}

struct appctl *appctl_open(const struct appctl_config *config, const char *program, struct net *net)
{
    static struct appctl none;
    (void)config;
    (void)net;
    none.program = program;
    return &none;
}

void appctl_close(struct appctl *a)
{
    (void)a;
}

int appctl_add(struct appctl *a, const struct appctl_command *rows, void *user)
{
    (void)a;
    (void)rows;
    (void)user;
    return 0;
}

int appctl_attach(struct appctl *a, struct stream *s)
{
    (void)a;
    stream_abort(s);
    return -ENOMEM;
}

/* --- Replies: no command is ever run --------------------------------------------------------- */

void appctl_say(struct appctl_reply *reply, const char *format, ...)
{
    (void)reply;
    (void)format;
}

void appctl_fail(struct appctl_reply *reply, const char *format, ...)
{
    (void)reply;
    (void)format;
}

bool appctl_full(const struct appctl_reply *reply)
{
    (void)reply;
    return true;
}

void appctl_narrow(struct appctl_reply *reply, const char *how)
{
    (void)reply;
    (void)how;
}

char *appctl_room(struct appctl_reply *reply, size_t n)
{
    (void)reply;
    (void)n;
    return NULL;
}

void appctl_use(struct appctl_reply *reply, size_t n)
{
    (void)reply;
    (void)n;
}

void appctl_say_names(struct appctl_reply *reply, const struct server *server)
{
    (void)reply;
    (void)server;
}
