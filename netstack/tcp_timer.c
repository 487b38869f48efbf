/*
 * tcp_timer.c - a connection's timers, and how long they run.
 *
 * RFC 6298 (retransmission), RFC 9293 sections 3.8.6.1 (probes of a closed window), 3.8.4
 * (keep-alive) and 3.8.3 (when to give up), RFC 8985 sections 6.3 and 7 (RACK's timer and tail loss
 * probes). Retransmission, window probe, loss probe and RACK never run at the same time, so they
 * share a timer.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <errno.h>

#define MIN_RTT_AGE (300 * NS_PER_S)
#define SYN_ACKS    5         /* sent again, for a connection that a peer opens */
#define BACKOFF_MAX 16        /* beyond it TCP_RTO_MAX rules anyway */
#define CLOCK       NS_PER_MS /* G of RFC 6298 */

/* --- Round-trip times ------------------------------------------------------------------------- */

static void note_min_rtt(struct tcp_conn *c, uint64_t rtt)
{
    if (rtt <= c->min_rtt || c->t->now - c->min_rtt_at > MIN_RTT_AGE) {
        c->min_rtt = rtt;
        c->min_rtt_at = c->t->now;
    }
}

/* RFC 6298 section 2. */
void tcp_rtt_sample(struct tcp_conn *c, uint64_t rtt)
{
    rtt = max64(rtt, NS_PER_US);
    note_min_rtt(c, rtt);
    if (c->srtt == 0) {
        c->srtt = rtt;
        c->rttvar = rtt / 2;
    } else {
        uint64_t off = c->srtt > rtt ? c->srtt - rtt : rtt - c->srtt;
        c->rttvar = (3 * c->rttvar + off) / 4;
        c->srtt = (7 * c->srtt + rtt) / 8;
    }
    c->rto = c->srtt + max64(CLOCK, 4 * c->rttvar);
    c->rto = min64(max64(c->rto, TCP_RTO_MIN), TCP_RTO_MAX);
}

/* RFC 6298 (5.5). */
static uint64_t backed_off(const struct tcp_conn *c)
{
    uint8_t by = c->backoff < BACKOFF_MAX ? c->backoff : BACKOFF_MAX;
    return min64(c->rto << by, TCP_RTO_MAX);
}

/* --- What to wait for ------------------------------------------------------------------------- */

static bool is_opening(const struct tcp_conn *c)
{
    return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;
}

/* There is something to send that nothing but a probe will move: the window is closed, or too
 * small, or there was no buffer. */
static bool must_persist(const struct tcp_conn *c)
{
    bool waits = tcp_unsent(c) > 0 || tcp_fin_waits(c) || tcp_outstanding(c) > 0;
    return waits && (c->snd_wnd == 0 || list_empty(&c->flying));
}

static uint64_t choose(struct tcp_conn *c)
{
    uint64_t rto = c->rto_base + backed_off(c), probe;
    c->send_timer_is = TCP_TIMER_RTO;
    if (is_opening(c))
        return rto;
    if (must_persist(c)) {
        c->send_timer_is = TCP_TIMER_PERSIST;
        return max64(c->rto_base, c->spoken) + backed_off(c);
    }
    if (tcp_outstanding(c) == 0)
        return TIMER_NEVER;
    if (c->reorder_at) {
        c->send_timer_is = TCP_TIMER_REORDER;
        return c->reorder_at;
    }
    probe = tcp_probe_timeout(c);
    if (probe == 0 || c->probe_base + probe >= rto)
        return rto;
    c->send_timer_is = TCP_TIMER_PROBE;
    return c->probe_base + probe;
}

static uint64_t patience_ends(const struct tcp_conn *c)
{
    uint64_t patience = c->options.user_timeout;
    return patience && patience < TIMER_NEVER - c->stalled ? c->stalled + patience : TIMER_NEVER;
}

void tcp_timer_send(struct tcp_conn *c)
{
    uint64_t at = c->over ? TIMER_NEVER : choose(c);
    if (at == TIMER_NEVER)
        timer_cancel(&c->send_timer);
    else
        wheel_arm(&c->t->wheel, &c->send_timer, min64(at, patience_ends(c)));
}

/* --- When it is over -------------------------------------------------------------------------- */

/* Section 3.8.3, R2. What ICMP said last is the better reason (RFC 5461). */
static void give_up(struct tcp_conn *c)
{
    c->t->counters.timed_out++;
    tcp_conn_reset(c, c->soft_error ? c->soft_error : -ETIMEDOUT);
}

static void syn_timeout(struct tcp_conn *c)
{
    if (c->passive && c->backoff >= SYN_ACKS) {
        give_up(c);
        return;
    }
    c->backoff++;
    c->t->counters.timeouts++;
    c->t->counters.retransmits++;
    tcp_emit_syn(c);
}

static void retransmission_timeout(struct tcp_conn *c)
{
    c->t->counters.timeouts++;
    tcp_recovery_timeout(c);
    c->backoff++;
    c->rto_base = c->t->now;
    tcp_size_timeout(c);
}

/* Section 3.8.6.1: a byte of text beyond the closed window, or the first that was sent. The peer
 * must answer, and while it does nothing gives up. */
static void probe_window(struct tcp_conn *c)
{
    struct tcp_record *r = tcp_record_first(c);
    c->t->counters.zero_window_probes++;
    c->rto_base = c->t->now;
    if (c->backoff < BACKOFF_MAX)
        c->backoff++;
    if (r && r->flags & TCP_SACKED)
        tcp_record_forget_sacks(c);
    if (r == NULL)
        tcp_send_new(c, max32(min32(c->snd_wnd, tcp_text_max(c)), 1));
    else
        tcp_retransmit(c, r, c->snd_wnd == 0 ? 1 : tcp_text_max(c));
}

static void send_timer_due(struct tcp_conn *c)
{
    if (c->t->now >= patience_ends(c))
        give_up(c);
    else if (is_opening(c))
        syn_timeout(c);
    else if (c->send_timer_is == TCP_TIMER_PERSIST)
        probe_window(c);
    else if (c->send_timer_is == TCP_TIMER_PROBE)
        tcp_probe_send(c);
    else if (c->send_timer_is == TCP_TIMER_REORDER)
        tcp_recovery_ack(c, NULL, &(struct tcp_delivery){0});
    else
        retransmission_timeout(c);
}

static void send_timer_fired(void *conn)
{
    struct tcp_conn *c = conn;
    tcp_conn_enter(c);
    send_timer_due(c);
    tcp_conn_leave(c);
}

static void ack_timer_fired(void *conn)
{
    struct tcp_conn *c = conn;
    tcp_conn_enter(c);
    c->ack_now = true;
    tcp_conn_leave(c);
}

/* --- Rest: keep-alive, and what is told in the next turn -------------------------------------- */

static uint64_t keepalive_at(const struct tcp_conn *c)
{
    uint64_t from = max64(c->heard, c->keepalive_sent ? c->spoken : 0);
    return from + (c->keepalive_sent ? c->options.keepalive_interval : c->options.keepalive_idle);
}

void tcp_timer_rest(struct tcp_conn *c)
{
    if (c->over)
        return;
    if (c->options.keepalive && tcp_is_open(c))
        wheel_arm(&c->t->wheel, &c->rest_timer, keepalive_at(c));
    else
        timer_cancel(&c->rest_timer);
}

/* Section 3.8.4: a segment that the peer has had, so that it answers. Not while text is on its way:
 * that has timers of its own. */
static void keep_alive(struct tcp_conn *c)
{
    if (c->t->now >= keepalive_at(c) && tcp_outstanding(c) == 0) {
        if (c->keepalive_sent >= c->options.keepalive_probes) {
            give_up(c);
            return;
        }
        c->keepalive_sent++;
        c->t->counters.keepalive_probes++;
        tcp_emit_keepalive(c);
    }
    wheel_arm(&c->t->wheel, &c->rest_timer, max64(keepalive_at(c), c->t->now + NS_PER_S));
}

static void rest_timer_fired(void *conn)
{
    struct tcp_conn *c = conn;
    tcp_conn_enter(c);
    if (!c->over)
        keep_alive(c);
    tcp_conn_leave(c);
}

/* --- All of them ------------------------------------------------------------------------------ */

void tcp_timers_init(struct tcp_conn *c)
{
    timer_init(&c->send_timer, send_timer_fired, c);
    timer_init(&c->ack_timer, ack_timer_fired, c);
    timer_init(&c->rest_timer, rest_timer_fired, c);
}

void tcp_timers_cancel(struct tcp_conn *c)
{
    timer_cancel(&c->send_timer);
    timer_cancel(&c->ack_timer);
    timer_cancel(&c->rest_timer);
}
