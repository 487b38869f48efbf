/*
 * stack_net.c - connecting and listening through Morgana's own TCP: see stack.h.
 *
 * An attempt to connect finds the addresses of a name and tries one after the other, as the
 * kernel's does (runtime/unix/connect.c); it does everything in later turns, so that no callback
 * comes during net_connect(). While the host has no address at all, as when it has just booted, an
 * attempt waits for one, as long as it would wait for an answer.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/stack_stream.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_TIME (10 * NS_PER_S) /* for one address, before the next is tried */
#define BACKLOG      1024
#define ROUND        128 /* connections accepted in one turn */

/* --- Connecting ------------------------------------------------------------------------------ */

struct attempt {
    struct conn *conn;
    struct endpoint to;
    struct loop_work work; /* to begin */
    struct list waiting;   /* in the stack's, until the host has an address */
    struct dns_query query;
    struct dns_result addresses;
    unsigned next;
    struct timer timer; /* for the address that is being tried */
};

static struct stack *stack_of(struct net *net)
{
    return container_of(net, struct stack, net);
}

/* Leave the address that is being tried. */
static void leave_address(struct attempt *a)
{
    struct conn *k = a->conn;
    timer_cancel(&a->timer);
    if (k->tcp)
        tcp_abort(k->tcp, loop_now());
    k->tcp = NULL;
    stack_touch(k->stack);
}

static void attempt_free(struct attempt *a)
{
    a->conn->attempt = NULL;
    timer_cancel(&a->timer);
    list_remove(&a->waiting);
    loop_work_cancel(&a->work);
    dns_cancel(&a->query);
    free(a);
}

void stack_attempt_cancel(struct attempt *a)
{
    if (a == NULL)
        return;
    leave_address(a);
    attempt_free(a);
}

static void fail(struct attempt *a, int error)
{
    stack_net_counters.connect_failed++;
    stack_conn_over(a->conn, error);
}

/* Try addresses until one does not fail at once. */
static void try_addresses(struct attempt *a, int error)
{
    struct conn *k = a->conn;
    while (a->next < a->addresses.n) {
        uint32_t address = a->addresses.addresses[a->next++];
        error = tcp_connect(k->stack->tcp, 0, 0, address, a->to.port, NULL, &stack_conn_tcp_events,
                            k, loop_now(), &k->tcp);
        if (error == 0) {
            loop_timer_arm(&a->timer, loop_now() + ADDRESS_TIME);
            stack_touch(k->stack);
            return;
        }
        k->tcp = NULL;
    }
    fail(a, error);
}

void stack_attempt_failed(struct attempt *a, int error)
{
    leave_address(a);
    try_addresses(a, error);
}

static void on_timer(void *user)
{
    struct attempt *a = user;
    stack_attempt_failed(a, list_empty(&a->waiting) ? -ETIMEDOUT : -ENETUNREACH);
}

/* Whether there is no address to connect from. To itself the host can connect without one. */
static bool must_wait(const struct attempt *a)
{
    const struct stack *s = a->conn->stack;
    uint32_t to;
    bool must = address_parse(a->to.host, &to) != 0 || to >> 24 != 127;
    for (unsigned i = 0; i < s->n_ports; i++)
        must = must && s->ip.interfaces[i].config.address == 0;
    return must;
}

static void wait_for_address(struct attempt *a)
{
    list_append(&a->conn->stack->waiting, &a->waiting);
    loop_timer_arm(&a->timer, loop_now() + ADDRESS_TIME);
}

void stack_begin_waiting(struct stack *s)
{
    struct list *l;
    while ((l = list_pop(&s->waiting)) != NULL) {
        struct attempt *a = container_of(l, struct attempt, waiting);
        timer_cancel(&a->timer);
        loop_defer(&a->work);
    }
}

void stack_attempt_opened(struct attempt *a)
{
    struct conn *k = a->conn;
    attempt_free(a);
    stack_net_counters.connected++;
    stack_conn_open(k);
    if (k->stream.events->opened)
        k->stream.events->opened(k->stream.user);
}

static void on_resolved(void *user, int error, const struct dns_result *result)
{
    struct attempt *a = user;
    if (error == 0)
        a->addresses = *result;
    try_addresses(a, error);
}

static void begin(void *user)
{
    struct attempt *a = user;
    struct stack *s = a->conn->stack;
    int error = 0;
    if (must_wait(a)) {
        wait_for_address(a);
        return;
    }
    if (address_parse(a->to.host, &a->addresses.addresses[0]) == 0)
        a->addresses.n = 1;
    else if (!dns_look_up(&s->dns, a->to.host, &a->addresses, loop_now()))
        error = dns_ask(&s->dns, &a->query, a->to.host, on_resolved, a, loop_now());
    stack_touch(s);
    if (error != 0)
        fail(a, error == -EINVAL ? -ENXIO : error);
    else if (a->addresses.n > 0)
        try_addresses(a, -ENXIO);
}

static int stack_connect(struct net *net, const struct endpoint *to,
                         const struct stream_events *events, void *user, struct stream **s)
{
    struct conn *k;
    struct attempt *a;
    if (to->kind != ENDPOINT_TCP || strchr(to->host, ':')) /* IPv6 */
        return -EAFNOSUPPORT;
    a = calloc(1, sizeof *a);
    k = a ? stack_conn_new(stack_of(net), events, user) : NULL;
    if (k == NULL) {
        free(a);
        return -ENOMEM;
    }
    endpoint_print(to, k->stream.peer, sizeof k->stream.peer);
    a->conn = k;
    a->to = *to;
    timer_init(&a->timer, on_timer, a);
    loop_work_init(&a->work, begin, a);
    list_init(&a->waiting);
    loop_defer(&a->work);
    k->attempt = a;
    *s = &k->stream;
    return 0;
}

/* --- Listening ------------------------------------------------------------------------------- */

struct stack_listener {
    struct listener listener;
    struct tcp_listener *tcp;
    net_accept_fn *accept;
    void *user;
    struct loop_work work; /* connections wait; or, when it is closed, to free it */
    bool closed;
    char name[ENDPOINT_NAME_MAX];
};

static void name_peer(struct conn *k)
{
    struct endpoint ep = {.kind = ENDPOINT_TCP};
    struct tcp_info info;
    tcp_info(k->tcp, &info);
    address_print(info.remote, ep.host);
    ep.port = info.remote_port;
    endpoint_print(&ep, k->stream.peer, sizeof k->stream.peer);
}

/* Give an accepted connection to the owner. */
static void welcome(struct stack_listener *l, struct tcp_conn *c)
{
    struct stack *s = stack_of(l->listener.net);
    struct conn *k = stack_conn_new(s, NULL, NULL);
    if (k == NULL) {
        stack_net_counters.accept_refused++;
        tcp_abort(c, loop_now());
        return;
    }
    stack_net_counters.accepted++;
    k->tcp = c;
    tcp_own(c, &stack_conn_tcp_events, k);
    name_peer(k);
    stack_conn_open(k);
    l->accept(l->user, &k->stream);
}

static void accept_round(void *user)
{
    struct stack_listener *l = user;
    for (int i = 0; i < ROUND && !l->closed; i++) {
        struct tcp_conn *c = tcp_accept(l->tcp);
        if (c == NULL)
            return;
        welcome(l, c);
    }
    if (!l->closed) /* perhaps there are more */
        loop_defer(&l->work);
}

static void on_ready(void *user)
{
    struct stack_listener *l = user;
    loop_defer(&l->work);
}

/* The address of an endpoint of ours; 0: all. */
static int local_address(const struct endpoint *at, uint32_t *address)
{
    *address = 0;
    if (at->kind != ENDPOINT_TCP || strchr(at->host, ':'))
        return -EAFNOSUPPORT;
    if (at->host[0] != '\0' && address_parse(at->host, address) != 0)
        return -EINVAL;
    return 0;
}

/* As what is listened at, with the port that was chosen. */
static void name_listener(struct stack_listener *l, const struct endpoint *at, uint32_t address)
{
    struct endpoint where = *at;
    where.port = tcp_listener_port(l->tcp);
    if (address == 0)
        where.host[0] = '\0';
    endpoint_print(&where, l->name, sizeof l->name);
}

static int stack_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept,
                        void *user, struct listener **out)
{
    struct stack *s = stack_of(net);
    struct stack_listener *l;
    uint32_t address;
    int error = local_address(at, &address);
    if (error != 0)
        return error;
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return -ENOMEM;
    error = tcp_listen(s->tcp, address, at->port, BACKLOG, on_ready, l, &l->tcp);
    if (error != 0) {
        free(l);
        return error;
    }
    l->listener.net = net;
    l->accept = accept;
    l->user = user;
    name_listener(l, at, address);
    loop_work_init(&l->work, accept_round, l);
    *out = &l->listener;
    return 0;
}

static const char *stack_listener_name(const struct listener *l)
{
    return ((const struct stack_listener *)l)->name;
}

static void stack_listener_close(struct listener *listener)
{
    struct stack_listener *l = (struct stack_listener *)listener;
    l->closed = true;
    tcp_listener_close(l->tcp, loop_now());
    stack_touch(stack_of(listener->net));
    loop_work_cancel(&l->work);
    loop_work_init(&l->work, free, l); /* it may be closed by one whom it just gave a stream */
    loop_defer(&l->work);
}

const struct net_ops stack_net_ops = {.connect = stack_connect,
                                      .listen = stack_listen,
                                      .listener_name = stack_listener_name,
                                      .listener_close = stack_listener_close};
