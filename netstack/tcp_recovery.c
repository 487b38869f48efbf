/*
 * tcp_recovery.c - from a loss found to its repair: fast recovery, recovery after a timeout, and
 * the return when it turns out that nothing was lost.
 *
 * RFC 5681 and 6582 (NewReno, for peers without SACK), RFC 6675 and 8985 (with it), RFC 6937
 * (proportional rate reduction: how much is sent while the window shrinks), RFC 3522 (Eifel) and
 * RFC 5682 (F-RTO): needless retransmissions, found by timestamps or without them. RFC 3042
 * (limited transmit) follows from the pipe: a duplicate, or a SACK, takes a segment out of it.
 *
 * Congestion control says how large the window is; this file says when it is told what.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define DUP_THRESH 3

/* --- How much may be sent --------------------------------------------------------------------- */

/* In step 2 of F-RTO what was lost waits, and two new segments go (RFC 5682 section 2.1). */
bool tcp_recovery_waits(const struct tcp_conn *c)
{
    return c->phase == TCP_LOSS && c->recovery.frto == 2;
}

uint32_t tcp_recovery_allows(const struct tcp_conn *c)
{
    uint32_t pipe;
    if (c->phase == TCP_RECOVERY || tcp_recovery_waits(c))
        return c->recovery.may_send;
    pipe = tcp_pipe(c);
    if (pipe == 0) /* a window smaller than a segment would stop for ever */
        return max32(c->cc.w.cwnd, c->cc.mss);
    return c->cc.w.cwnd > pipe ? c->cc.w.cwnd - pipe : 0;
}

void tcp_recovery_sent(struct tcp_conn *c, uint32_t n, bool again)
{
    struct tcp_recovery *v = &c->recovery;
    v->out += n;
    v->may_send -= min32(v->may_send, n);
    if (!again || c->phase == TCP_OPEN)
        return;
    v->again++;
    if (!v->sent_again)
        v->first_ts = tcp_ts_now(c->t, c->ts_offset);
    v->sent_again = true;
}

/* RFC 6937 section 3, with the slow start reduction bound. The first retransmission is never held
 * back. */
static void reduce_rate(struct tcp_conn *c, const struct tcp_delivery *d)
{
    struct tcp_recovery *v = &c->recovery;
    uint32_t pipe = tcp_pipe(c), goal = c->cc.w.ssthresh;
    uint64_t may;
    v->delivered += d->delivered;
    if (pipe > goal) {
        uint64_t share = ((uint64_t)v->delivered * goal + v->flight - 1) / v->flight;
        may = share > v->out ? share - v->out : 0;
    } else {
        uint32_t behind = v->delivered > v->out ? v->delivered - v->out : 0;
        may = min32(goal - pipe, max32(behind, d->delivered) + c->cc.mss);
    }
    v->may_send = (uint32_t)(v->out == 0 ? max64(may, c->cc.mss) : may);
}

/* --- In and out ------------------------------------------------------------------------------- */

static void begin(struct tcp_conn *c)
{
    uint32_t flight = tcp_outstanding(c);
    c->recovery = (struct tcp_recovery){
        .point = c->snd_nxt, .una = c->snd_una, .flight = flight, .may_undo = true};
    c->rack.probing = false;
}

static void enter_recovery(struct tcp_conn *c)
{
    c->t->counters.fast_recoveries++;
    begin(c);
    cc_loss(&c->cc, c->recovery.flight);
    c->phase = TCP_RECOVERY;
}

static void leave(struct tcp_conn *c)
{
    if (c->phase == TCP_RECOVERY)
        tcp_rack_recovered(c);
    c->phase = TCP_OPEN;
    c->duplicates = 0;
}

static void undo(struct tcp_conn *c)
{
    if (c->phase == TCP_LOSS)
        c->t->counters.spurious_timeouts++;
    else
        c->t->counters.undone++;
    cc_undo(&c->cc);
    tcp_record_none_lost(c);
    leave(c);
}

/* RFC 6298 (5.4) to (5.7) and RFC 5681 section 3.1. What SACK has told stays, unless the peer went
 * back on it: the first segment can only be missing if it did (RFC 2018 section 8). */
void tcp_recovery_timeout(struct tcp_conn *c)
{
    const struct tcp_record *first = tcp_record_first(c);
    if (c->phase == TCP_LOSS && c->backoff > 0) {
        cc_timeout_again(&c->cc);
        c->recovery.frto = 0;
    } else {
        bool fresh = c->phase == TCP_OPEN;
        begin(c);
        c->recovery.frto = fresh;
        cc_timeout(&c->cc, c->recovery.flight);
    }
    c->phase = TCP_LOSS;
    c->duplicates = 0;
    c->reorder_at = 0;
    if (first && first->flags & TCP_SACKED)
        tcp_record_forget_sacks(c);
    tcp_record_all_lost(c);
}

/* --- Was it needless? ------------------------------------------------------------------------- */

/* RFC 3522 section 3.2: the acknowledgment echoes a segment from before the first retransmission.
 */
static bool eifel_says_so(const struct tcp_conn *c, const struct tcp_segment *s,
                          const struct tcp_delivery *d)
{
    return c->timestamps && s->options.timestamps && d->acked > 0 && c->recovery.sent_again &&
           seq_lt(s->options.tsecr, c->recovery.first_ts);
}

/* Each retransmission has been told of as a duplicate (RFC 3708 section 3). */
static bool dsack_says_so(struct tcp_conn *c, const struct tcp_delivery *d)
{
    struct tcp_recovery *v = &c->recovery;
    return d->dsack && v->again > 0 && --v->again == 0;
}

/* RFC 5682 section 3.1: after two acknowledgments for segments sent only once, the timeout was
 * needless. Returns whether it says so. */
static bool frto_step(struct tcp_conn *c, const struct tcp_delivery *d)
{
    struct tcp_recovery *v = &c->recovery;
    if (c->phase != TCP_LOSS || v->frto == 0)
        return false;
    if (v->frto == 1 && d->acked > 0 && tcp_unsent(c) > 0 && tcp_outstanding(c) < c->snd_wnd) {
        v->frto = 2;
        v->may_send = 2 * c->cc.mss;
        return false;
    }
    if (v->frto == 2 && d->original)
        return true;
    if (d->acked > 0 || d->sacked > 0 || c->duplicates > 0)
        v->frto = 0;
    return false;
}

/* An acknowledgment may show only once that the first retransmission was needless. */
static void look_for_undo(struct tcp_conn *c, const struct tcp_segment *s,
                          const struct tcp_delivery *d)
{
    bool needless;
    if (c->phase == TCP_OPEN || !c->recovery.may_undo)
        return;
    needless = eifel_says_so(c, s, d) || dsack_says_so(c, d) || frto_step(c, d);
    if (d->acked > 0 && c->recovery.sent_again && c->timestamps)
        c->recovery.may_undo = false;
    if (needless)
        undo(c);
}

/* --- An acknowledgment ------------------------------------------------------------------------ */

/* RFC 6582 section 3.2: three duplicates, and then each acknowledgment that covers only part. */
static void count_lost(struct tcp_conn *c, const struct tcp_delivery *d)
{
    struct tcp_record *r = tcp_record_first(c);
    bool third = c->phase == TCP_OPEN && c->duplicates >= DUP_THRESH &&
                 seq_gt(c->snd_una, c->recovery.point);
    bool partial = c->phase == TCP_RECOVERY && d->acked > 0;
    if (r == NULL || !(third || partial))
        return;
    if (r->end - r->begin > c->cc.mss && !tcp_record_cut(c, r, c->cc.mss))
        return;
    tcp_record_mark_lost(c, r);
}

static void find_lost(struct tcp_conn *c, const struct tcp_delivery *d)
{
    if (c->sack) {
        tcp_rack_round(c, d);
        tcp_rack_find_lost(c);
    } else {
        count_lost(c, d);
    }
}

/* Duplicates do not open the window (RFC 5681 section 3.1). */
static void grow(struct tcp_conn *c, const struct tcp_delivery *d)
{
    struct cc_ack ack = {
        .now = c->t->now,
        .acked = d->acked,
        .una = c->snd_una,
        .nxt = c->snd_nxt,
        .rtt = d->rtt,
        .srtt = c->srtt,
        .limited = d->was_limited,
    };
    if (d->acked > 0 && !tcp_recovery_waits(c))
        cc_ack(&c->cc, &ack);
}

void tcp_recovery_ack(struct tcp_conn *c, const struct tcp_segment *s, const struct tcp_delivery *d)
{
    uint32_t lost_before = c->lost_bytes;
    if (s)
        look_for_undo(c, s, d);
    if (c->phase != TCP_OPEN && seq_ge(c->snd_una, c->recovery.point))
        leave(c);
    find_lost(c, d);
    if (c->phase == TCP_OPEN && c->lost_bytes > lost_before)
        enter_recovery(c);
    if (c->phase == TCP_RECOVERY)
        reduce_rate(c, d);
    else
        grow(c, d);
    if (c->phase == TCP_OPEN) /* so that it never falls half the sequence space behind */
        c->recovery.point = seq_max(c->recovery.point, c->snd_una - 1);
}
