/*
 * net.c - the simulated network: who listens where, connecting, and the faults.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/end.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIME (20 * NS_PER_S) /* after which an unanswered connect fails */
#define GRAIN        (1ull << 14)    /* delays are multiples of it, so that arrivals coincide */
#define FIRST_PORT   49152           /* of those that the system chooses (RFC 6335 section 6) */
#define N_PORTS      (65536 - FIRST_PORT)

struct sim_listener {
    struct listener listener;
    struct list link;
    struct endpoint at;
    char name[ENDPOINT_NAME_MAX];
    net_accept_fn *accept;
    void *user;
};

static struct list listeners = {&listeners, &listeners};
static struct sim_faults faults;
static uint64_t last_id;

void sim_net_start(const struct sim_faults *f)
{
    faults = *f;
    last_id = 0;
}

void sim_set_faults(const struct sim_faults *f)
{
    faults = *f;
}

const struct sim_faults *sim_faults(void)
{
    return &faults;
}

uint64_t sim_new_id(void)
{
    return ++last_id;
}

uint64_t sim_arrival_time(void)
{
    uint64_t delay = faults.delay_min;
    if (faults.delay_max > faults.delay_min)
        delay += sim_random(faults.delay_max - faults.delay_min + 1);
    if (delay == 0)
        return loop_now();
    return (loop_now() + delay + GRAIN - 1) / GRAIN * GRAIN;
}

/* --- Listening ------------------------------------------------------------------------------- */

static struct sim_listener *listener_at(struct list *l)
{
    return container_of(l, struct sim_listener, link);
}

/* Is one of the two the other, or every address? */
static bool hosts_meet(const char *a, const char *b)
{
    return *a == '\0' || *b == '\0' || strcmp(a, b) == 0;
}

/* Who takes connections there; NULL if nobody does. */
static struct sim_listener *find_listener(const struct endpoint *at)
{
    struct list *l, *after;
    list_each(l, after, &listeners)
    {
        const struct endpoint *its = &listener_at(l)->at;
        if (its->kind == at->kind && its->port == at->port && hosts_meet(its->host, at->host))
            return listener_at(l);
    }
    return NULL;
}

static uint16_t free_port(const struct endpoint *at)
{
    struct endpoint probe = *at;
    do
        probe.port = (uint16_t)(FIRST_PORT + sim_new_id() % N_PORTS);
    while (find_listener(&probe));
    return probe.port;
}

static int sim_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
                      struct listener **l)
{
    struct sim_listener *new;
    if (at->kind == ENDPOINT_SSL)
        return -EAFNOSUPPORT;
    if ((at->kind == ENDPOINT_UNIX || at->port != 0) && find_listener(at))
        return -EADDRINUSE;
    new = calloc(1, sizeof *new);
    if (new == NULL)
        return -ENOMEM;
    new->listener.net = net;
    new->at = *at;
    if (at->kind == ENDPOINT_TCP && at->port == 0)
        new->at.port = free_port(at);
    endpoint_print(&new->at, new->name, sizeof new->name);
    new->accept = accept;
    new->user = user;
    list_append(&listeners, &new->link);
    *l = &new->listener;
    return 0;
}

static const char *sim_listener_name(const struct listener *l)
{
    return ((const struct sim_listener *)l)->name;
}

static void sim_listener_close(struct listener *l)
{
    struct sim_listener *mine = (struct sim_listener *)l;
    list_remove(&mine->link);
    free(mine);
}

/* --- Connecting ------------------------------------------------------------------------------ */

static void on_unanswered(void *user)
{
    end_over(user, -ETIMEDOUT);
}

static void turn_away(struct end *e)
{
    if (sim_random(4) > 0) {
        end_over(e, -ECONNREFUSED);
        return;
    }
    sim_event_init(&e->arrival, on_unanswered, e);
    sim_event_set(&e->arrival, loop_now() + CONNECT_TIME);
}

static void welcome(struct sim_listener *l, struct end *from)
{
    struct end *e = end_new(NULL, NULL);
    if (e == NULL) {
        end_over(from, -ECONNREFUSED);
        return;
    }
    snprintf(e->stream.peer, sizeof e->stream.peer, "tcp:sim:%u",
             (unsigned)(FIRST_PORT + from->id % N_PORTS));
    end_join(from, e);
    l->accept(l->user, &e->stream);
}

/* A connect arrives where it was meant to. */
static void on_knock(void *user)
{
    struct end *e = user;
    struct sim_listener *l = find_listener(&e->to);
    if (sim_random(1000) < faults.refuse_per_1000)
        turn_away(e);
    else if (l == NULL)
        end_over(e, -ECONNREFUSED);
    else
        welcome(l, e);
}

static int sim_connect(struct net *net, const struct endpoint *to,
                       const struct stream_events *events, void *user, struct stream **s)
{
    struct end *e;
    (void)net;
    if (to->kind == ENDPOINT_SSL)
        return -EAFNOSUPPORT;
    e = end_new(events, user);
    if (e == NULL)
        return -ENOMEM;
    endpoint_print(to, e->stream.peer, sizeof e->stream.peer);
    e->to = *to;
    sim_event_init(&e->arrival, on_knock, e);
    sim_event_set(&e->arrival, sim_arrival_time());
    *s = &e->stream;
    return 0;
}

static const struct net_ops sim_ops = {.connect = sim_connect,
                                       .listen = sim_listen,
                                       .listener_name = sim_listener_name,
                                       .listener_close = sim_listener_close};

struct net *sim_net(void)
{
    static struct net net = {.ops = &sim_ops};
    return &net;
}

/* --- The end --------------------------------------------------------------------------------- */

void sim_cut_all(void)
{
    struct list *l, *after;
    list_each(l, after, &sim_ends) end_cut(container_of(l, struct end, link));
}

void sim_net_close(void)
{
    struct list *l, *after;
    list_each(l, after, &sim_ends) end_go(container_of(l, struct end, link), true);
}
