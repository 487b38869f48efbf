/*
 * tcp_listen.c - listeners: the LISTEN state, half-open connections and those that wait to be
 * accepted.
 *
 * RFC 9293 sections 3.10.1 (passive OPEN) and 3.10.7.2 (LISTEN); the limits and what happens at
 * them: RFC 4987. Called by tcp_demux.c with segments that belong to no connection.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <errno.h>
#include <stdlib.h>

/* --- Listeners -------------------------------------------------------------------------------- */

struct tcp_listener *tcp_find_listener(const struct tcp *t, uint32_t addr, uint16_t port)
{
    struct tcp_listener *any = NULL;
    struct list *it, *after;
    list_each(it, after, &t->listeners)
    {
        struct tcp_listener *l = container_of(it, struct tcp_listener, link);
        if (l->port == port && l->addr == addr)
            return l;
        if (l->port == port && l->addr == 0)
            any = l;
    }
    return any;
}

static bool is_taken(const struct tcp *t, uint32_t addr, uint16_t port)
{
    struct list *it, *after;
    list_each(it, after, &t->listeners)
    {
        const struct tcp_listener *l = container_of(it, struct tcp_listener, link);
        if (l->port == port && (l->addr == addr || l->addr == 0 || addr == 0))
            return true;
    }
    return false;
}

static uint16_t free_port(const struct tcp *t, uint32_t addr)
{
    for (uint32_t port = t->config.port_first; port <= t->config.port_last; port++)
        if (!is_taken(t, addr, (uint16_t)port))
            return (uint16_t)port;
    return 0;
}

int tcp_listen(struct tcp *t, uint32_t addr, uint16_t port, uint32_t backlog,
               void (*ready)(void *user), void *user, struct tcp_listener **made)
{
    struct tcp_listener *l;
    if (port == 0)
        port = free_port(t, addr);
    if (port == 0)
        return -EADDRNOTAVAIL;
    if (is_taken(t, addr, port))
        return -EADDRINUSE;
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return -ENOMEM;
    l->t = t;
    l->addr = addr;
    l->port = port;
    l->backlog = backlog ? backlog : 1;
    l->ready = ready;
    l->user = user;
    l->options = t->config.options;
    list_init(&l->half_open);
    list_init(&l->waiting);
    list_append(&t->listeners, &l->link);
    *made = l;
    return 0;
}

void tcp_listener_set_options(struct tcp_listener *l, const struct tcp_options *options)
{
    l->options = *options;
}

uint16_t tcp_listener_port(const struct tcp_listener *l)
{
    return l->port;
}

static void abort_all(struct list *conns, uint64_t now)
{
    struct list *it;
    while ((it = list_pop(conns)) != NULL) {
        struct tcp_conn *c = container_of(it, struct tcp_conn, waiting);
        tcp_listener_forget(c);
        tcp_abort(c, now);
    }
}

void tcp_listener_close(struct tcp_listener *l, uint64_t now)
{
    if (l == NULL)
        return;
    abort_all(&l->half_open, now);
    abort_all(&l->waiting, now);
    list_remove(&l->link);
    free(l);
}

/* --- Its connections -------------------------------------------------------------------------- */

static void add_half_open(struct tcp_listener *l, struct tcp_conn *c)
{
    c->listener = l;
    c->half_open = true;
    l->n_half_open++;
    l->t->usage.half_open++;
    list_append(&l->half_open, &c->waiting);
}

void tcp_listener_forget(struct tcp_conn *c)
{
    if (c->listener == NULL)
        return;
    list_remove(&c->waiting);
    if (c->half_open) {
        c->listener->n_half_open--;
        c->t->usage.half_open--;
    } else {
        c->listener->n_waiting--;
    }
    c->half_open = false;
    c->ready_note = false;
    c->listener = NULL;
}

void tcp_listener_finished(struct tcp_conn *c)
{
    struct tcp_listener *l = c->listener;
    tcp_listener_forget(c);
    c->listener = l;
    l->n_waiting++;
    list_append(&l->waiting, &c->waiting);
    c->ready_note = true;
}

struct tcp_conn *tcp_accept(struct tcp_listener *l)
{
    struct tcp_conn *c;
    if (list_empty(&l->waiting))
        return NULL;
    c = container_of(l->waiting.next, struct tcp_conn, waiting);
    tcp_listener_forget(c);
    return c;
}

/* --- A segment arrives in LISTEN -------------------------------------------------------------- */

static struct tcp_conn *conn_for(struct tcp_listener *l, const struct tcp_segment *s)
{
    struct tcp_name name;
    struct tcp_conn *c;
    int error;
    tcp_name_of(&name, s);
    c = tcp_conn_new(l->t, &name, &l->options, &error);
    if (c == NULL)
        return NULL;
    c->passive = true;
    c->state = TCP_SYN_RECEIVED;
    add_half_open(l, c);
    return c;
}

/* What a SYN makes of a new connection, or one that a cookie remembers. */
static void begin(struct tcp_conn *c, tcp_seq iss, tcp_seq irs,
                  const struct tcp_parsed_options *options)
{
    c->iss = iss;
    c->snd_una = iss;
    c->snd_nxt = iss + 1;
    c->irs = irs;
    c->rcv_nxt = c->rcv_adv = c->acked_to = irs + 1;
    tcp_conn_agree(c, options);
}

/* Third, a SYN. Its text and FIN, if any, are left for the peer to send again. */
static void syn_segment(struct tcp_listener *l, const struct tcp_segment *s)
{
    struct tcp_conn *c = conn_for(l, s);
    if (c == NULL)
        return;
    begin(c, tcp_initial_seq(l->t, &c->node.name), s->seq, &s->options);
    tcp_take_window(c, s, 0);
    tcp_emit_syn(c);
    tcp_timer_send(c);
}

/* Second, an ACK: only a cookie's can be right. Then the connection is as if its SYN had been kept.
 */
static void ack_segment(struct tcp_listener *l, const struct tcp_segment *s)
{
    struct tcp_parsed_options options;
    struct tcp_segment copy = *s;
    struct tcp_conn *c;
    if (!tcp_cookie_check(l, s, &options)) {
        if (tcp_cookie_refuses(l, s))
            tcp_emit_refusal(l->t, s);
        return;
    }
    if (l->n_waiting >= l->backlog) {
        l->t->counters.backlog_full++;
        return;
    }
    c = conn_for(l, s);
    if (c == NULL)
        return;
    tcp_conn_enter(c);
    begin(c, s->ack - 1, s->seq - 1, &options);
    c->backoff = 1; /* when its SYN was answered is not known: no round trip was measured */
    tcp_rcv_offer(c, true);
    tcp_conn_segment(c, &copy);
    tcp_conn_leave(c);
}

static bool is_full(const struct tcp_listener *l)
{
    return l->n_half_open >= l->backlog || l->t->usage.half_open >= l->t->config.max_half_open;
}

void tcp_listen_segment(struct tcp_listener *l, const struct tcp_segment *s)
{
    if (s->flags & TCP_RST)
        return;
    if (s->flags & TCP_ACK)
        ack_segment(l, s);
    else if (!(s->flags & TCP_SYN))
        return; /* fourth: nothing that a listener answers */
    else if (l->n_waiting >= l->backlog)
        l->t->counters.backlog_full++;
    else if (is_full(l))
        tcp_cookie_send(l, s);
    else
        syn_segment(l, s);
}
