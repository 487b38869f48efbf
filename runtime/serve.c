/*
 * serve.c - the names that a program serves; see serve.h.
 *
 * Called by the controller (ctl.c), by the switch's agent (agent.c) and by the control channel.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/serve.h"
#include "runtime/entropy.h"
#include "runtime/loop.h"

#include <errno.h>
#include <stdlib.h>

/* A name of either kind. */
struct name {
    struct list link;          /* in server->names */
    struct listener *listener; /* NULL: an active one */
    struct dial dial;
};

void serve_init(struct server *server)
{
    list_init(&server->names);
}

/* --- Active names ---------------------------------------------------------------------------- */

void serve_answered(struct dial *dial)
{
    dial->wait = dial->server->wait_min;
}

void serve_ended(struct dial *dial)
{
    uint64_t half = dial->wait / 2, max = dial->server->wait_max;
    loop_timer_arm(&dial->again, loop_now() + half + entropy_u64() % (half + 1));
    dial->wait = dial->wait < max / 2 ? dial->wait * 2 : max;
}

static void dial_again(void *user)
{
    struct dial *dial = user;
    if (dial->server->connect(dial->server->user, dial) != 0)
        serve_ended(dial);
}

static int name_dial(struct name *name, struct net *net, const struct endpoint *to)
{
    struct dial *dial = &name->dial;
    dial->net = net;
    dial->to = *to;
    timer_init(&dial->again, dial_again, dial);
    serve_answered(dial);
    return dial->server->connect(dial->server->user, dial);
}

/* --- Either ---------------------------------------------------------------------------------- */

static int name_listen(struct name *name, struct net *net, const struct endpoint *at,
                       const char **where)
{
    struct server *server = name->dial.server;
    int error = net_listen(net, at, server->accept, server->user, &name->listener);
    if (error == 0 && where != NULL)
        *where = net_listener_name(name->listener);
    return error;
}

int serve(struct server *server, struct net *net, const char *text, uint16_t default_port,
          const char **where)
{
    struct endpoint ep;
    struct name *name;
    int error = endpoint_parse(&ep, text, default_port);
    if (error != 0)
        return error;
    name = calloc(1, sizeof *name);
    if (name == NULL)
        return -ENOMEM;
    name->dial.server = server;
    error = ep.passive ? name_listen(name, net, &ep, where) : name_dial(name, net, &ep);
    if (error == 0)
        list_append(&server->names, &name->link);
    else
        free(name);
    return error;
}

void serve_each(const struct server *server,
                void (*show)(void *user, const char *name, const struct dial *dial), void *user)
{
    for (const struct list *l = server->names.next; l != &server->names; l = l->next) {
        const struct name *name = container_of(l, struct name, link);
        char text[ENDPOINT_NAME_MAX];
        if (name->listener != NULL)
            show(user, net_listener_name(name->listener), NULL);
        else
            show(user, endpoint_print(&name->dial.to, text, sizeof text), &name->dial);
    }
}

void serve_end(struct server *server)
{
    struct list *it;
    while ((it = list_pop(&server->names)) != NULL) {
        struct name *name = container_of(it, struct name, link);
        net_listener_close(name->listener);
        timer_cancel(&name->dial.again);
        free(name);
    }
}
