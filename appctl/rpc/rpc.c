/*
 * rpc.c - the way in by JSON-RPC over streams, for ovs-appctl: where it listens.
 *
 * Linked where there are sockets for it to come by. Called by appctl.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/rpc/rpc.h"
#include "runtime/entropy.h"
#include "runtime/program.h"

#include <errno.h>
#include <stdlib.h>

LOG_MODULE(appctl);

size_t appctl_way_options(struct appctl_config *c, struct config_option *rows)
{
    const struct config_option own[] = {
        {"ctl", CONFIG_LIST, &c->names, 0, 0, "NAME",
         "take ovs-appctl's commands at punix:PATH, ptcp:[PORT][:IP]"},
        {"ctl-connections", CONFIG_UINT, &c->max_connections, 1, 1024, "N", "of those at once"},
    };
    bytes_copy(rows, own, sizeof own);
    return sizeof own / sizeof own[0];
}

static void on_accept(void *user, struct stream *s)
{
    appctl_attach(user, s);
}

/* Who manages a program calls it; it calls nobody. */
static int listen_at(struct appctl_way *way, struct net *net, const char *name)
{
    struct endpoint ep;
    const char *where = NULL;
    int error = endpoint_parse(&ep, name, 0);
    if (error == 0 && !ep.passive)
        error = -EINVAL;
    if (error == 0)
        error = serve(&way->server, net, name, 0, &where);
    if (error == 0)
        log_info("taking commands at %s", where);
    else
        log_error("--ctl=%s: %s", name,
                  error == -EINVAL ? "not punix:PATH or ptcp:[PORT][:IP]"
                                   : program_serve_error(error));
    return error;
}

struct appctl_way *appctl_way_open(struct appctl *a, struct net *net)
{
    struct appctl_way *way = calloc(1, sizeof *way);
    if (way == NULL) {
        log_error("no memory");
        return NULL;
    }
    way->appctl = a;
    way->server = (struct server){.accept = on_accept, .user = a};
    list_init(&way->peers);
    serve_init(&way->server);
    json_object_seed((size_t)entropy_u64() | 1); /* Jansson would look for some elsewhere */
    for (size_t i = 0; i < a->config.names.n; i++)
        if (listen_at(way, net, a->config.names.value[i]) != 0) {
            appctl_way_close(way);
            return NULL;
        }
    return way;
}

void appctl_way_close(struct appctl_way *way)
{
    if (way == NULL)
        return;
    serve_end(&way->server);
    while (!list_empty(&way->peers))
        appctl_peer_end(way);
    free(way);
}
