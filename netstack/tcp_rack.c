/*
 * tcp_rack.c - RACK-TLP (RFC 8985): a segment is lost when one that was sent later has come and
 * some time has passed; and when the last segments of a flight may be lost, one more is sent to
 * find out.
 *
 * RACK needs SACK; without it tcp_recovery.c counts duplicates. Called by tcp_record.c with what
 * has come, by tcp_recovery.c and tcp_timer.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define DUP_THRESH      3
#define REO_WND_PERSIST 16                /* recoveries that a wider window lasts (section 6.2) */
#define PEERS_ACK_DELAY (200 * NS_PER_MS) /* TLP.max_ack_delay (section 7.2) */

void tcp_rack_init(struct tcp_conn *c)
{
    c->rack = (struct tcp_rack){.fack = c->snd_una, .fack_before = c->snd_una, .reo_wnd_mult = 1};
}

/* RACK_sent_after (section 6.2): in one instant much is sent, new segments before old ones again,
 * so that times and sequence numbers do not tell the order; pieces of one have the same number. */
static bool sent_after(uint32_t a, tcp_seq a_end, uint32_t b, tcp_seq b_end)
{
    return seq_gt(a, b) || (a == b && seq_gt(a_end, b_end));
}

/* Sections 6.2 step 2: of a segment sent again the acknowledgment may be for the first one. */
static bool is_ambiguous(const struct tcp_conn *c, const struct tcp_record *r, uint32_t tsecr)
{
    uint32_t sent_ts = (uint32_t)(r->sent / NS_PER_MS) + c->ts_offset;
    if (!(r->flags & TCP_SENT_AGAIN))
        return false;
    return (c->timestamps && seq_lt(tsecr, sent_ts)) || c->t->now - r->sent < c->min_rtt;
}

/* Step 3. What one acknowledgment tells of together has come in no known order: only what was
 * known before it counts. */
static void note_reordering(struct tcp_conn *c, const struct tcp_record *r)
{
    c->rack.fack = seq_max(c->rack.fack, r->end);
    if (seq_lt(r->end, c->rack.fack_before) && !(r->flags & TCP_SENT_AGAIN))
        c->rack.reordering_seen = true;
}

void tcp_rack_delivered(struct tcp_conn *c, const struct tcp_record *r, uint32_t tsecr)
{
    note_reordering(c, r);
    if (is_ambiguous(c, r, tsecr))
        return;
    c->rack.rtt = c->t->now - r->sent;
    if (sent_after(r->number, r->end, c->rack.number, c->rack.end)) {
        c->rack.number = r->number;
        c->rack.end = r->end;
    }
}

/* Step 4, RACK_update_reo_wnd: each round with a D-SACK widens it, 16 recoveries narrow it. */
void tcp_rack_round(struct tcp_conn *c, const struct tcp_delivery *d)
{
    struct tcp_rack *k = &c->rack;
    if (k->in_dsack_round && seq_ge(c->snd_una, k->dsack_round))
        k->in_dsack_round = false;
    if (d->dsack && !k->in_dsack_round) {
        k->in_dsack_round = true;
        k->dsack_round = c->snd_nxt;
        k->reo_wnd_mult++;
        k->reo_wnd_persist = REO_WND_PERSIST;
    }
}

void tcp_rack_recovered(struct tcp_conn *c)
{
    if (c->rack.reo_wnd_persist > 0 && --c->rack.reo_wnd_persist == 0)
        c->rack.reo_wnd_mult = 1;
}

static uint64_t reordering_window(const struct tcp_conn *c)
{
    if (!c->rack.reordering_seen &&
        (c->phase != TCP_OPEN || c->sacked > (DUP_THRESH - 1) * c->cc.mss))
        return 0;
    return min64(c->rack.reo_wnd_mult * (c->min_rtt / 4), c->srtt);
}

void tcp_rack_find_lost(struct tcp_conn *c)
{
    uint64_t patience = c->rack.rtt + reordering_window(c);
    struct list *it, *after;
    c->reorder_at = 0;
    list_each(it, after, &c->flying)
    {
        struct tcp_record *r = container_of(it, struct tcp_record, order);
        if (!sent_after(c->rack.number, c->rack.end, r->number, r->end))
            return;
        if (r->sent + patience <= c->t->now)
            tcp_record_mark_lost(c, r);
        else
            c->reorder_at = max64(c->reorder_at, r->sent + patience);
    }
}

/* --- Tail loss probes ------------------------------------------------------------------------- */

/* Section 7.2. */
uint64_t tcp_probe_timeout(const struct tcp_conn *c)
{
    if (!c->sack || c->phase != TCP_OPEN || c->rack.probing || c->sacked > 0 || c->srtt == 0 ||
        c->backoff > 0 || list_empty(&c->flying))
        return 0;
    return 2 * c->srtt + (tcp_outstanding(c) <= c->cc.mss ? PEERS_ACK_DELAY : NS_PER_MS);
}

/* The last segment of the last record. */
static uint32_t probe_again(struct tcp_conn *c)
{
    struct tcp_record *r = tcp_record_last(c);
    uint32_t len = r->end - r->begin, text = tcp_text_max(c);
    if (len > text) {
        uint32_t tail = len % text ? len % text : text;
        if (tcp_record_cut(c, r, len - tail))
            r = tcp_record_last(c);
    }
    return tcp_retransmit(c, r, text);
}

static bool may_send_new(const struct tcp_conn *c)
{
    return (tcp_unsent(c) > 0 || tcp_fin_waits(c)) && tcp_outstanding(c) < c->snd_wnd;
}

/* Section 7.3. */
void tcp_probe_send(struct tcp_conn *c)
{
    bool is_new = may_send_new(c);
    uint32_t most = min32(tcp_text_max(c), c->snd_wnd - min32(c->snd_wnd, tcp_outstanding(c)));
    uint32_t sent = is_new ? tcp_send_new(c, most) : probe_again(c);
    c->rto_base = c->t->now;
    c->t->counters.loss_probes += sent > 0;
    c->rack.probing = true; /* though it could not be sent: the next timer is that of the RTO */
    c->rack.probe_is_new = is_new || sent == 0;
    c->rack.probe_end = c->snd_nxt;
}

/* Section 7.4.2: a probe that was sent again and is acknowledged only once has repaired a loss, and
 * congestion must be told of it. */
void tcp_probe_acked(struct tcp_conn *c, const struct tcp_segment *s, const struct tcp_delivery *d)
{
    if (!c->rack.probing || seq_lt(s->ack, c->rack.probe_end))
        return;
    if (c->rack.probe_is_new || d->dsack || (s->ack == c->rack.probe_end && d->acked == 0)) {
        c->rack.probing = false;
    } else if (seq_gt(s->ack, c->rack.probe_end)) {
        c->rack.probing = false;
        cc_loss(&c->cc, tcp_outstanding(c) + d->acked);
    }
}
