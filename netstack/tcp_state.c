/*
 * tcp_state.c - a segment arrives at a connection: RFC 9293 section 3.10.7.3 (SYN-SENT) and .4 (the
 * other states), step by step, with the checks of RFC 5961 (blind attacks) and RFC 7323 section 5
 * (PAWS) where they belong.
 *
 * Called by tcp_demux.c between tcp_conn_enter() and tcp_conn_leave(): this file only changes the
 * state and leaves notes, but for resets and for acknowledgments that the segment itself asks for.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <errno.h>

#define PAWS_IDLE   (24 * 86400 * NS_PER_S) /* RFC 7323 section 5.5 */
#define STRAY_EVERY (500 * NS_PER_MS)
#define CHALLENGES  10 /* in a second, of a connection */

/* --- Answers ---------------------------------------------------------------------------------- */

/* The limit is a connection's own, for one that all share shows an outsider what others do. */
void tcp_challenge(struct tcp_conn *c)
{
    struct tcp *t = c->t;
    if (t->now - c->challenged >= NS_PER_S || c->challenges == 0) {
        c->challenged = t->now;
        c->challenges = 0;
    }
    if (c->challenges >= CHALLENGES) {
        t->counters.challenge_muted++;
        return;
    }
    c->challenges++;
    t->counters.challenge_acks++;
    tcp_emit_ack(c);
}

/* A segment that is not acceptable is answered by an acknowledgment (section 3.10.7.4). One that
 * takes no sequence space is answered now and then only: it may be such an answer itself, and two
 * ends that disagree would go on for ever. */
static void answer_stray(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (tcp_segment_len(s) == 0) {
        if (c->answered_stray && c->t->now - c->answered_stray < STRAY_EVERY)
            return;
        c->answered_stray = c->t->now;
    }
    c->ack_now = true;
}

/* --- SYN-SENT --------------------------------------------------------------------------------- */

static void take_syn(struct tcp_conn *c, const struct tcp_segment *s)
{
    uint32_t offered = tcp_rcv_window(c);
    c->irs = s->seq;
    c->rcv_nxt = s->seq + 1;
    c->acked_to = c->irs;
    c->rcv_adv = c->rcv_nxt + offered;
    tcp_conn_agree(c, &s->options);
    tcp_take_window(c, s, 0);
}

/* Text and FIN that came along with a SYN are looked at as if they came alone. A SYN's window is
 * never scaled (RFC 7323 section 2.2). */
static void strip_syn(const struct tcp_conn *c, struct tcp_segment *s)
{
    s->window = (uint16_t)(s->window >> c->snd_wscale);
    s->flags &= (uint8_t)~TCP_SYN;
    s->seq++;
}

static void syn_acked(struct tcp_conn *c)
{
    c->snd_una = c->iss + 1;
    if (c->backoff == 0)
        tcp_rtt_sample(c, c->t->now - c->syn_sent); /* Karn: only if it was sent once */
    else
        c->rto = max64(c->rto, 3 * NS_PER_S); /* RFC 6298 (5.7) */
    tcp_conn_established(c);
    if (c->fin_wanted)
        c->state = TCP_FIN_WAIT_1;
}

static void rest_of(struct tcp_conn *c, struct tcp_segment *s);

static void syn_sent_syn(struct tcp_conn *c, struct tcp_segment *s)
{
    take_syn(c, s);
    if (s->flags & TCP_ACK) {
        syn_acked(c);
        c->ack_now = true;
    } else { /* a simultaneous open (section 3.5, figure 7) */
        c->state = TCP_SYN_RECEIVED;
        c->syn_sent = c->t->now;
        tcp_emit_syn(c);
    }
    strip_syn(c, s);
    if (c->state != TCP_SYN_RECEIVED)
        rest_of(c, s);
}

static void syn_sent_segment(struct tcp_conn *c, struct tcp_segment *s)
{
    bool ack = s->flags & TCP_ACK;
    if (ack && s->ack != c->snd_nxt) { /* first, check the ACK bit */
        c->t->counters.bad_ack++;
        if (!(s->flags & TCP_RST))
            tcp_emit_refusal(c->t, s);
        return;
    }
    if (s->flags & TCP_RST) { /* second, the RST bit */
        if (ack) {
            c->t->counters.reset_by_peer++;
            tcp_conn_over(c, -ECONNREFUSED);
        } else {
            c->t->counters.bad_reset++;
        }
        return;
    }
    if (s->flags & TCP_SYN) /* fourth, the SYN bit */
        syn_sent_syn(c, s);
}

/* --- The other states: is it acceptable? ------------------------------------------------------ */

/* While the window is told to be closed a probe byte of the peer's may or may not have been taken
 * when it sends an acknowledgment, so that this lies beside RCV.NXT. Section 3.10.7.4 asks for an
 * allowance here; without it two ends with closed windows could not hear each other. */
static bool is_allowed_ack(const struct tcp_conn *c, const struct tcp_segment *s)
{
    uint32_t step = 1u << c->rcv_wscale;
    return tcp_rcv_window(c) < step && !(s->flags & TCP_RST) &&
           seq_in(s->seq, c->rcv_nxt - step, c->rcv_nxt + step + 1);
}

/* First, the sequence number: the four cases of section 3.10.7.4, written as one. But what takes no
 * sequence space may lie at the window's very end: that is where a peer acknowledges from that has
 * filled the window. */
static bool is_acceptable(const struct tcp_conn *c, const struct tcp_segment *s)
{
    uint32_t len = tcp_segment_len(s), window = tcp_rcv_window(c);
    if (len == 0)
        return is_allowed_ack(c, s) || s->seq - c->rcv_nxt <= window;
    if (window == 0)
        return s->seq == c->rcv_nxt;
    return seq_lt(s->seq, c->rcv_nxt + window) && seq_gt(s->seq + len, c->rcv_nxt);
}

/* RFC 7323 section 5.3 R1; after 24 days of rest TS.Recent says nothing any more (section 5.5). */
static bool is_old_by_paws(const struct tcp_conn *c, const struct tcp_segment *s)
{
    return c->timestamps && s->options.timestamps && !(s->flags & TCP_RST) &&
           seq_lt(s->options.tsval, c->ts_recent) && c->t->now - c->ts_recent_at < PAWS_IDLE;
}

/* What is wrong with a segment is answered here. A repeated FIN or text is a duplicate: it is told
 * of by D-SACK (RFC 2883 section 4). */
static void not_acceptable(struct tcp_conn *c, const struct tcp_segment *s)
{
    c->t->counters.bad_sequence++;
    if (s->flags & TCP_RST)
        return;
    if (s->len > 0 && seq_lt(s->seq, c->rcv_nxt)) {
        c->t->counters.duplicates++;
        c->dsack = (struct tcp_block){s->seq, s->seq + s->len};
    }
    answer_stray(c, s);
}

/* RFC 7323 section 3.2: once timestamps are agreed on, what has none is dropped. */
static bool passes_timestamps(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (is_old_by_paws(c, s)) {
        c->t->counters.old_timestamp++;
        answer_stray(c, s);
        return false;
    }
    return !c->timestamps || s->options.timestamps || s->flags & TCP_RST;
}

/* RFC 7323 section 4.3 (2) and (3): so that a delayed acknowledgment echoes the earliest. */
static void note_timestamp(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (c->timestamps && s->options.timestamps && seq_ge(s->options.tsval, c->ts_recent) &&
        seq_le(s->seq, c->acked_to)) {
        c->ts_recent = s->options.tsval;
        c->ts_recent_at = c->t->now;
    }
}

/* --- The other states: RST, SYN, ACK ---------------------------------------------------------- */

/* Second, the RST bit: RFC 5961 section 3.2. `s` lies within the window. */
static void reset_segment(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (s->seq != c->rcv_nxt) {
        c->t->counters.bad_reset++;
        tcp_challenge(c);
        return;
    }
    c->t->counters.reset_by_peer++;
    if (c->state == TCP_SYN_RECEIVED && !c->passive)
        tcp_conn_over(c, -ECONNREFUSED);
    else
        tcp_conn_over(c, c->state == TCP_CLOSING || c->state == TCP_LAST_ACK ? 0 : -ECONNRESET);
}

/* Fourth, the SYN bit: a challenge, wherever it lies (RFC 5961 section 4.2); but a half-open
 * connection that a peer began is forgotten for one in its window. */
static void syn_segment(struct tcp_conn *c, const struct tcp_segment *s)
{
    c->t->counters.bad_syn++;
    if (c->state == TCP_SYN_RECEIVED && c->passive && is_acceptable(c, s))
        tcp_conn_over(c, -ECONNRESET);
    else
        tcp_challenge(c);
}

/* In SYN-RECEIVED the peer's SYN may come again: because our answer was lost, or as the second half
 * of a simultaneous open (section 3.5). True: what is left of `s` is to be processed. */
static bool syn_again(struct tcp_conn *c, struct tcp_segment *s)
{
    if (s->flags & TCP_ACK) {
        strip_syn(c, s);
        return true;
    }
    tcp_emit_syn(c);
    return false;
}

/* The peer may have been sent a cookie first, and then, when it repeated its SYN, this connection's
 * answer: it may acknowledge either. */
static bool answers_cookie(struct tcp_conn *c, const struct tcp_segment *s)
{
    struct tcp_parsed_options options;
    if (c->listener == NULL || !tcp_cookie_check(c->listener, s, &options))
        return false;
    c->iss = s->ack - 1;
    c->snd_una = c->iss;
    c->snd_nxt = s->ack;
    tcp_conn_agree(c, &options);
    return true;
}

/* Fifth, in SYN-RECEIVED. False: drop. */
static bool finish_handshake(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (s->ack != c->snd_nxt && !answers_cookie(c, s)) {
        c->t->counters.bad_ack++;
        if (c->listener == NULL || tcp_cookie_refuses(c->listener, s))
            tcp_emit_refusal(c->t, s);
        return false;
    }
    if (c->listener && c->listener->n_waiting >= c->listener->backlog) {
        c->t->counters.backlog_full++; /* the SYN-ACK is sent again, and so is this */
        return false;
    }
    syn_acked(c);
    tcp_take_window(c, s, c->snd_wscale);
    return true;
}

/* RFC 5961 section 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT. */
static bool passes_ack(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (seq_le(s->ack, c->snd_nxt) && seq_le(c->snd_una - c->snd_wnd_max, s->ack))
        return true;
    c->t->counters.bad_ack++;
    tcp_challenge(c);
    return false;
}

/* Our FIN is acknowledged. */
static void fin_acked(struct tcp_conn *c)
{
    if (c->state == TCP_FIN_WAIT_1) {
        c->state = TCP_FIN_WAIT_2;
    } else if (c->state == TCP_CLOSING) {
        tcp_time_wait_add(c, false);
    } else if (c->state == TCP_LAST_ACK) {
        tcp_conn_over(c, 0);
    }
}

/* --- Text and FIN ----------------------------------------------------------------------------- */

/* Trim what lies outside of the window, the FIN too. */
static void trim(struct tcp_conn *c, struct tcp_segment *s)
{
    uint32_t had = seq_lt(s->seq, c->rcv_nxt) ? c->rcv_nxt - s->seq : 0;
    uint32_t most;
    if (had > 0) {
        c->dsack = (struct tcp_block){s->seq, s->seq + min32(had, s->len)};
        had = min32(had, s->len);
        s->text += had;
        s->len -= had;
        s->seq += had;
        c->ack_now = true;
    }
    most = c->rcv_adv - s->seq;
    if (s->len > most) {
        s->len = most;
        s->flags &= (uint8_t)~TCP_FIN;
        c->ack_now = true; /* a probe of a closed window, too (section 3.8.6.1) */
    }
}

static bool takes_text(const struct tcp_conn *c)
{
    return c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
}

/* Seventh, the text. False: the connection is over. */
static bool take_text(struct tcp_conn *c, struct tcp_segment *s)
{
    if (s->len == 0 || !takes_text(c) || (c->fin_came && seq_ge(s->seq, c->fin_seq)))
        return true;
    if (c->discarding) { /* RFC 2525 section 2.17 */
        tcp_conn_reset(c, -ECONNRESET);
        return false;
    }
    tcp_rcv_text(c, s);
    return true;
}

/* Eighth, the FIN bit, once all before it has come. */
static void take_fin(struct tcp_conn *c)
{
    c->fin_read = true;
    c->rcv_nxt++;
    c->readable_note = true;
    c->rcv_adv = seq_max(c->rcv_adv, c->rcv_nxt);
    if (c->state == TCP_ESTABLISHED) {
        c->state = TCP_CLOSE_WAIT;
        c->ack_now = true;
    } else if (c->state == TCP_FIN_WAIT_1) { /* ours is not acknowledged: see fin_acked() */
        c->state = TCP_CLOSING;
        c->ack_now = true;
    } else if (c->state == TCP_FIN_WAIT_2) {
        tcp_emit_ack(c);
        tcp_time_wait_add(c, false);
    }
}

static void note_fin(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (!(s->flags & TCP_FIN) || !takes_text(c) || c->fin_came)
        return;
    c->fin_came = true;
    c->fin_seq = s->seq + s->len;
}

/* From the sixth step on; there is nothing to do for urgent data but to take it as text (RFC 6093
 * section 5). */
static void rest_of(struct tcp_conn *c, struct tcp_segment *s)
{
    tcp_seq fin_at;
    if (tcp_segment_len(s) == 0)
        return;
    trim(c, s);
    fin_at = s->seq + s->len;
    note_fin(c, s);
    if (!take_text(c, s))
        return;
    if (c->fin_came && !c->fin_read && c->fin_seq == c->rcv_nxt)
        take_fin(c);
    else if (s->flags & TCP_FIN && fin_at != c->rcv_nxt)
        c->ack_now = true; /* behind a hole */
}

/* --- The steps in order ----------------------------------------------------------------------- */

static bool is_peers_syn_again(const struct tcp_conn *c, const struct tcp_segment *s)
{
    return c->state == TCP_SYN_RECEIVED && s->flags & TCP_SYN && !(s->flags & TCP_RST) &&
           s->seq == c->irs;
}

/* First to fourth: may `s` be believed at all? */
static bool passes(struct tcp_conn *c, struct tcp_segment *s)
{
    if (is_peers_syn_again(c, s) && !syn_again(c, s))
        return false;
    if (!passes_timestamps(c, s))
        return false;
    if (s->flags & TCP_SYN && !(s->flags & TCP_RST)) {
        syn_segment(c, s);
        return false;
    }
    if (!is_acceptable(c, s)) {
        not_acceptable(c, s);
        return false;
    }
    if (s->flags & TCP_RST) {
        reset_segment(c, s);
        return false;
    }
    return s->flags & TCP_ACK;
}

static void heard(struct tcp_conn *c)
{
    c->heard = c->t->now;
    c->keepalive_sent = 0;
}

static void open_segment(struct tcp_conn *c, struct tcp_segment *s)
{
    if (!passes(c, s))
        return;
    if (c->state == TCP_SYN_RECEIVED && !finish_handshake(c, s))
        return;
    if (!passes_ack(c, s))
        return;
    heard(c);
    note_timestamp(c, s);
    tcp_ack_segment(c, s);
    if (c->fin_acked)
        fin_acked(c);
    if (!c->over)
        rest_of(c, s); /* the peer's FIN may come with the acknowledgment of ours */
    if (!c->over && c->discarding && c->state == TCP_FIN_WAIT_2)
        tcp_time_wait_add(c, true);
}

void tcp_conn_segment(struct tcp_conn *c, struct tcp_segment *s)
{
    c->segments_in++;
    if (c->state == TCP_SYN_SENT)
        syn_sent_segment(c, s);
    else
        open_segment(c, s);
}
