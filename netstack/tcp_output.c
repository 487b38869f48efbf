/*
 * tcp_output.c - what is to be sent now: what was lost, what is new, an acknowledgment.
 *
 * RFC 9293 sections 3.7.4 (Nagle), 3.8.6.2.1 (silly windows, sender) and 3.8.6.3 (when to
 * acknowledge); RFC 5681 section 4.2. How much congestion allows is tcp_recovery.c's to say. More
 * than one segment goes down as one super-segment where the route takes those.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define ACK_DELAY   (40 * NS_PER_MS) /* at most 500 ms (RFC 9293 MUST-40) */
#define BURST_SHARE 8                /* of the window */
#define HEADERS     60               /* the most that TCP's header takes of a super-segment */

/* --- How much there is ------------------------------------------------------------------------ */

uint32_t tcp_unsent(const struct tcp_conn *c)
{
    uint32_t sent = tcp_outstanding(c) - (c->fin_sent && !c->fin_acked);
    size_t left = c->pushed - sent;
    return left > INT32_MAX ? INT32_MAX : (uint32_t)left;
}

bool tcp_fin_waits(const struct tcp_conn *c)
{
    return c->fin_wanted && !c->fin_sent;
}

static uint32_t window_left(const struct tcp_conn *c)
{
    uint32_t out = tcp_outstanding(c);
    return c->snd_wnd > out ? c->snd_wnd - out : 0;
}

/* Text of the largest segment that may go down at once: a whole number of the wire's. */
static uint32_t super_max(const struct tcp_conn *c, uint32_t text)
{
    uint32_t most = c->gso_max > HEADERS ? c->gso_max - HEADERS : 0;
    return most > text ? most - most % text : text;
}

/* A super-segment is worth waiting for while acknowledgments are on their way: an eighth of the
 * window, so that no burst is large beside it. */
uint32_t tcp_burst(const struct tcp_conn *c)
{
    uint32_t text = tcp_text_max(c), share = min32(c->cc.w.cwnd, c->snd_wnd) / BURST_SHARE;
    return min32(super_max(c, text), max32(share - share % text, text));
}

/* What the last segment of a piece says besides: PSH where all that the owner had ends, for nobody
 * but TCP itself sets it (section 3.9.1.2: MUST-61). */
static uint8_t end_flags(bool fin, bool push)
{
    return (uint8_t)((fin ? TCP_FIN : 0) | (push ? TCP_PSH : 0));
}

/* --- Again ------------------------------------------------------------------------------------ */

/* If there is no record to cut `r` with, its beginning goes alone: it is acknowledged alone, too,
 * so that a lack of records makes a connection slow, but does not end it. */
uint32_t tcp_retransmit(struct tcp_conn *c, struct tcp_record *r, uint32_t n)
{
    uint32_t len = r->end - r->begin, text = tcp_text_max(c);
    bool whole, fin;
    n = min32(n, super_max(c, text));
    if (n > text)
        n -= n % text;
    if (len - r->fin > n && tcp_record_cut(c, r, n))
        len = n;
    whole = len - r->fin <= n;
    fin = whole && r->fin;
    n = min32(n, len - r->fin);
    if (!tcp_emit_text(c, r->begin, n, end_flags(fin, whole && r->push)))
        return 0;
    tcp_record_sent_again(c, r);
    tcp_recovery_sent(c, n + fin, true);
    return n + fin;
}

/* A window that shrank takes what lies beyond it out of our hands (section 3.8.6: SHLD-15). */
static bool is_in_window(const struct tcp_conn *c, const struct tcp_record *r)
{
    return seq_lt(r->begin, c->snd_una + c->snd_wnd);
}

static void send_lost(struct tcp_conn *c)
{
    while (!list_empty(&c->lost) && !tcp_recovery_waits(c)) {
        struct tcp_record *r = container_of(c->lost.next, struct tcp_record, order);
        uint32_t allowed = tcp_recovery_allows(c);
        if (allowed < min32(r->end - r->begin, tcp_text_max(c)) || !is_in_window(c, r))
            return;
        if (tcp_retransmit(c, r, allowed) == 0)
            return;
    }
}

/* --- For the first time ----------------------------------------------------------------------- */

uint32_t tcp_send_new(struct tcp_conn *c, uint32_t n)
{
    tcp_seq begin = c->snd_nxt;
    uint32_t unsent = tcp_unsent(c);
    bool all = n >= unsent, fin = all && tcp_fin_waits(c), push = all && unsent > 0;

    n = min32(n, unsent);
    if (list_empty(&c->t->free_records)) {
        c->t->counters.refused_records++;
        return 0;
    }
    if (n + fin == 0 || !tcp_emit_text(c, begin, n, end_flags(fin, push)))
        return 0;
    if (tcp_outstanding(c) == 0)
        c->rto_base = c->stalled = c->t->now;
    c->snd_nxt += n + fin;
    c->fin_sent |= fin;
    c->probe_base = c->t->now;
    c->t->counters.bytes_out += n;
    tcp_record_add(c, begin, c->snd_nxt, fin, push);
    tcp_recovery_sent(c, n + fin, false);
    return n + fin;
}

/* A segment that is not full: now, or rather later? */
static bool may_be_small(const struct tcp_conn *c, uint32_t n)
{
    if (n == tcp_unsent(c)) /* Nagle's algorithm; a FIN does not wait for it */
        return tcp_outstanding(c) == 0 || c->options.no_delay || c->fin_wanted;
    return n > 0 && n == window_left(c) && n >= c->snd_wnd_max / 2;
}

/* How many new bytes may go now, in one super-segment. */
static uint32_t new_now(const struct tcp_conn *c)
{
    uint32_t text = tcp_text_max(c), unsent = tcp_unsent(c);
    uint32_t n = min32(min32(unsent, window_left(c)), tcp_recovery_allows(c));
    n = min32(n, super_max(c, text));
    if (n < text)
        return may_be_small(c, n) ? n : 0;
    if (n < unsent && n < tcp_burst(c) && c->phase == TCP_OPEN && tcp_outstanding(c) > n)
        return 0;
    if (n % text == 0 || (n == unsent && (c->options.no_delay || c->fin_wanted)))
        return n;
    return n - n % text;
}

/* Without a large buffer it goes in single segments. */
static bool send_piece(struct tcp_conn *c, uint32_t n)
{
    return tcp_send_new(c, n) > 0 || (n > tcp_text_max(c) && tcp_send_new(c, tcp_text_max(c)) > 0);
}

static void send_new(struct tcp_conn *c)
{
    uint32_t n;
    if (!list_empty(&c->lost) && !tcp_recovery_waits(c))
        return;
    while ((n = new_now(c)) > 0)
        if (!send_piece(c, n))
            return;
    if (tcp_fin_waits(c) && tcp_unsent(c) == 0)
        tcp_send_new(c, 0);
}

/* --- Acknowledgments -------------------------------------------------------------------------- */

/* RFC 5681 section 4.2: at least every second full-sized segment, and within the delay. But what
 * came at once is acknowledged at once if the instance's owner wants it so (RFC 9293 section
 * 3.8.6.3 knows of the practice): by tcp_turn(), for which a timer that is overdue asks. */
static void send_ack(struct tcp_conn *c)
{
    uint32_t waiting = c->rcv_nxt - c->acked_to;
    bool due = waiting >= 2u * c->rcv_mss || (waiting > 0 && c->quick > 0);
    if (c->ack_now || (due && !c->t->config.acks_wait))
        tcp_emit_ack(c);
    else if (due)
        wheel_arm(&c->t->wheel, &c->ack_timer, 0);
    else if (waiting > 0 && !timer_armed(&c->ack_timer))
        wheel_arm(&c->t->wheel, &c->ack_timer, c->t->now + ACK_DELAY);
}

/* After a rest the window says nothing of the path any more (RFC 5681 section 4.1). */
static void begin_after_rest(struct tcp_conn *c)
{
    if (tcp_outstanding(c) == 0 && c->t->now - c->spoken > c->rto && c->phase == TCP_OPEN)
        cc_idle(&c->cc);
}

void tcp_output(struct tcp_conn *c)
{
    if (tcp_is_open(c) && (tcp_unsent(c) > 0 || tcp_fin_waits(c) || !list_empty(&c->lost))) {
        begin_after_rest(c);
        send_lost(c);
        send_new(c);
    }
    if (c->state >= TCP_SYN_RECEIVED)
        send_ack(c);
    tcp_timer_send(c);
}
