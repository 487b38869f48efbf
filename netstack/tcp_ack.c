/*
 * tcp_ack.c - what the acknowledgment in a segment says: RFC 9293 section 3.10.7.4, fifth step, in
 * ESTABLISHED.
 *
 * Called by tcp_state.c with acknowledgments that are acceptable by RFC 5961. Whatever has come is
 * taken off the scoreboard first; then the window, the round-trip time and recovery are seen to. A
 * window is taken only from a segment that is newer than the one that it came from before: SND.WL1
 * and SND.WL2.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define ECHO_MAX 60000 /* ms; an echoed timestamp that is older than that is not believed */

void tcp_take_window(struct tcp_conn *c, const struct tcp_segment *s, uint8_t scale)
{
    c->snd_wnd = (uint32_t)s->window << scale;
    c->snd_wnd_max = max32(c->snd_wnd_max, c->snd_wnd);
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
}

/* The window opens: what was probed with is sent again at once. */
static void reopen(struct tcp_conn *c)
{
    struct tcp_record *r = tcp_record_first(c);
    c->backoff = 0;
    if (r)
        tcp_record_mark_lost(c, r);
}

static void update_window(struct tcp_conn *c, const struct tcp_segment *s)
{
    bool was_closed = c->snd_wnd == 0;
    if (seq_lt(s->seq, c->snd_wl1) || (s->seq == c->snd_wl1 && seq_lt(s->ack, c->snd_wl2)))
        return;
    tcp_take_window(c, s, c->snd_wscale);
    if (was_closed && c->snd_wnd > 0)
        reopen(c);
}

/* RFC 5681 section 2, (a) to (e). What answers a probe of a closed window is none. */
static bool is_duplicate(const struct tcp_conn *c, const struct tcp_segment *s)
{
    return s->ack == c->snd_una && tcp_outstanding(c) > 0 && tcp_segment_len(s) == 0 &&
           c->snd_wnd > 0 && (uint32_t)s->window << c->snd_wscale == c->snd_wnd;
}

/* SND.UNA moves. */
static void advance(struct tcp_conn *c, const struct tcp_segment *s, struct tcp_delivery *d)
{
    uint32_t text;
    d->acked = s->ack - c->snd_una;
    tcp_record_ack(c, s, d);
    c->fin_acked = c->fin_sent && s->ack == c->snd_nxt;
    text = d->acked - c->fin_acked;
    c->snd_una = s->ack;
    c->pushed -= text;
    c->acked_note += text;
    c->bytes_acked += text;
    c->backoff = 0;
    c->rto_base = c->probe_base = c->stalled = c->t->now;
}

/* Without SACK a duplicate says that one segment more has come; the acknowledgment that ends a row
 * of them covers these, and the one that was missing. */
static void count_duplicates(struct tcp_conn *c, const struct tcp_segment *s,
                             struct tcp_delivery *d)
{
    uint32_t told = c->duplicates * c->cc.mss;
    if (d->acked > 0) {
        uint32_t segments = d->acked / c->cc.mss;
        if (!c->sack)
            d->delivered = d->acked > told ? d->acked - told : min32(d->acked, c->cc.mss);
        c->duplicates -= min32(c->duplicates, segments > 1 ? segments - 1 : 0);
        if (c->phase == TCP_OPEN)
            c->duplicates = 0;
    } else if (is_duplicate(c, s)) {
        c->duplicates++;
        if (!c->sack)
            d->delivered = c->cc.mss;
    }
}

/* RFC 7323 section 4.1: the echo serves where Karn's algorithm finds nothing to measure. */
static void take_time(struct tcp_conn *c, const struct tcp_segment *s, struct tcp_delivery *d)
{
    if (d->rtt == 0 && d->acked > 0 && c->timestamps && s->options.tsecr != 0) {
        uint32_t ms = tcp_ts_now(c->t, c->ts_offset) - s->options.tsecr;
        if (ms > 0 && ms <= ECHO_MAX)
            d->rtt = ms * NS_PER_MS;
    }
    if (d->rtt > 0)
        tcp_rtt_sample(c, d->rtt);
}

/* Was it congestion control that held us back, and not the owner or the peer's window? In slow
 * start half a window in use counts, for it will be a whole one before it is acknowledged. */
static bool was_limited(const struct tcp_conn *c)
{
    uint32_t out = tcp_outstanding(c);
    if (c->cc.w.cwnd < c->cc.w.ssthresh)
        return 2 * out > c->cc.w.cwnd;
    return out + tcp_burst(c) >= c->cc.w.cwnd;
}

void tcp_ack_segment(struct tcp_conn *c, const struct tcp_segment *s)
{
    struct tcp_delivery d = {.was_limited = was_limited(c)};

    if (c->send_timer_is == TCP_TIMER_PERSIST)
        c->stalled = c->t->now; /* it answers: RFC 9293 MUST-37, a closed window is no failure */
    if (seq_lt(s->ack, c->snd_una))
        return;
    c->rack.fack_before = c->rack.fack;
    if (c->sack)
        tcp_record_sack(c, s, &d);
    if (seq_gt(s->ack, c->snd_una))
        advance(c, s, &d);
    count_duplicates(c, s, &d);
    update_window(c, s);
    take_time(c, s, &d);
    tcp_size_acked(c, &d);
    tcp_probe_acked(c, s, &d);
    tcp_recovery_ack(c, s, &d);
}
