/*
 * tcp_owner.c - what the owner of a connection does to it, and how it hears of it.
 *
 * RFC 9293 section 3.10.2 to 3.10.6 (user calls); reset of a connection with unread input: section
 * 3.6.1. Callbacks are made in one place, tcp_conn_leave(), when the state is consistent; each may
 * abort the connection, so everything is looked at anew after each.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <assert.h>

/* --- Telling ---------------------------------------------------------------------------------- */

static bool take_note(struct tcp_conn *c, bool *note)
{
    bool noted = *note && !c->aborted;
    *note = false;
    return noted;
}

static void tell_acked(struct tcp_conn *c)
{
    size_t n = c->acked_note;
    c->acked_note = 0;
    if (n > 0 && !c->aborted)
        c->events->acked(c->user, n);
}

static void tell_readable(struct tcp_conn *c)
{
    if (take_note(c, &c->readable_note) && !c->discarding && c->events->readable)
        c->events->readable(c->user);
}

static void tell(struct tcp_conn *c)
{
    if (take_note(c, &c->ready_note))
        c->listener->ready(c->listener->user);
    if (c->events == NULL)
        return;
    if (take_note(c, &c->opened_note) && c->events->opened)
        c->events->opened(c->user);
    tell_acked(c);
    tell_readable(c);
    if (take_note(c, &c->closed_note))
        c->events->closed(c->user, c->error);
}

/* --- In and out ------------------------------------------------------------------------------- */

void tcp_conn_enter(struct tcp_conn *c)
{
    c->busy++;
}

/* Nobody waits to hear that a connection which has no owner yet is over. */
static void free_if_done(struct tcp_conn *c)
{
    if (c->aborted || (c->over && c->events == NULL))
        tcp_conn_free(c);
}

void tcp_conn_leave(struct tcp_conn *c)
{
    if (c->busy == 1) {
        tell(c);
        if (!c->aborted && !c->over)
            tcp_output(c);
    }
    if (--c->busy == 0)
        free_if_done(c);
}

void tcp_conn_leave_owner(struct tcp_conn *c)
{
    if (--c->busy > 0)
        return;
    if (!c->aborted && !c->over)
        tcp_output(c);
    if (c->closed_note && !c->aborted)
        wheel_arm(&c->t->wheel, &c->rest_timer, c->t->now);
    free_if_done(c);
}

void tcp_conn_over(struct tcp_conn *c, int error)
{
    if (c->over)
        return;
    c->over = c->closed_note = true;
    c->error = error;
    c->state = TCP_CLOSED;
    c->ack_now = false;
    tcp_timers_cancel(c);
    tcp_record_free_all(c);
    tcp_node_remove(c->t, &c->node);
    c->hashed = false;
    if (c->events == NULL) {
        tcp_listener_forget(c);
        c->ready_note = false;
    }
}

void tcp_conn_reset(struct tcp_conn *c, int error)
{
    /* Section 3.10.5: from LAST-ACK and CLOSING on the peer needs no telling. */
    if (c->state >= TCP_SYN_RECEIVED && c->state <= TCP_CLOSE_WAIT)
        tcp_emit_reset(c);
    tcp_conn_over(c, error);
}

/* --- User calls ------------------------------------------------------------------------------- */

void tcp_own(struct tcp_conn *c, const struct tcp_events *events, void *user)
{
    c->events = events;
    c->user = user;
}

void tcp_push(struct tcp_conn *c, size_t total, uint64_t now)
{
    assert(total >= c->pushed && !c->fin_wanted);
    c->t->now = now;
    tcp_conn_enter(c);
    c->pushed = total;
    tcp_conn_leave_owner(c);
}

/* Section 3.10.4: the state changes at once; the FIN goes behind what was pushed. */
static void want_fin(struct tcp_conn *c)
{
    c->fin_wanted = true;
    if (c->state == TCP_ESTABLISHED)
        c->state = TCP_FIN_WAIT_1;
    else if (c->state == TCP_CLOSE_WAIT)
        c->state = TCP_LAST_ACK;
}

void tcp_shutdown(struct tcp_conn *c, uint64_t now)
{
    c->t->now = now;
    if (c->fin_wanted || c->over)
        return;
    tcp_conn_enter(c);
    want_fin(c);
    tcp_conn_leave_owner(c);
}

/* Section 3.6.1: a connection with unread input is reset, so that the peer knows of the loss. */
static void close_conn(struct tcp_conn *c)
{
    bool unread = c->rcv_bytes > 0 || c->ooo_bytes > 0;
    c->discarding = true;
    tcp_rcv_drop(c);
    if (c->state == TCP_SYN_SENT)
        tcp_conn_over(c, 0);
    else if (unread)
        tcp_conn_reset(c, 0);
    else if (c->state == TCP_FIN_WAIT_2)
        tcp_time_wait_add(c, true);
    else if (!c->fin_wanted)
        want_fin(c);
}

void tcp_close(struct tcp_conn *c, uint64_t now)
{
    c->t->now = now;
    if (c->discarding || c->over)
        return;
    tcp_conn_enter(c);
    close_conn(c);
    tcp_conn_leave_owner(c);
}

void tcp_abort(struct tcp_conn *c, uint64_t now)
{
    c->t->now = now;
    tcp_conn_enter(c);
    if (!c->over)
        tcp_conn_reset(c, 0);
    c->aborted = true;
    tcp_conn_leave_owner(c);
}

/* --- Options ---------------------------------------------------------------------------------- */

void tcp_get_options(const struct tcp_conn *c, struct tcp_options *options)
{
    *options = c->options;
}

void tcp_set_options(struct tcp_conn *c, const struct tcp_options *options, uint64_t now)
{
    c->t->now = now;
    tcp_conn_enter(c);
    c->options = *options;
    c->keepalive_sent = 0;
    tcp_timer_rest(c);
    tcp_conn_leave_owner(c);
}

enum tcp_state tcp_state_of(const struct tcp_conn *c)
{
    return (enum tcp_state)c->state;
}
