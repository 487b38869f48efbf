/*
 * tcp_emit.c - building segments and handing them down.
 *
 * RFC 9293 section 3.1; options: RFC 7323, RFC 2018; the MSS option leaves the other options out of
 * account (RFC 6691). Everything that TCP sends is built by build() and leaves by send().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"
#include "runtime/checksum.h"

#include <stddef.h>

/* A segment's fields; its text is put in by the caller. */
struct fields {
    const struct tcp_name *name;
    tcp_seq seq, ack;
    uint8_t flags;
    uint16_t window;
    struct tcp_parsed_options options;
};

static const struct tcp_parsed_options no_options = {.wscale = TCP_NO_WSCALE};

/* A packet with header and options; `text` bytes more fit behind. NULL if there is none. */
static struct pkt *build(struct tcp *t, const struct fields *f, uint32_t text)
{
    size_t len = sizeof(struct hdr_tcp) + tcp_options_len(&f->options);
    struct pkt *p = pkt_new_for(t->config.pool, len + text);
    struct hdr_tcp h = {
        .src = be16_of(f->name->local_port),
        .dst = be16_of(f->name->remote_port),
        .seq = be32_of(f->seq),
        .ack = be32_of(f->flags & TCP_ACK ? f->ack : 0),
        .offset = (uint8_t)(len / 4 << 4),
        .flags = f->flags,
        .window = be16_of(f->window),
    };
    if (p == NULL) {
        t->counters.refused_pkt++;
        return NULL;
    }
    pkt_append(p, len);
    h.checksum =
        checksum_fold(tcp_pseudo_sum(f->name->local, f->name->remote, (uint32_t)len + text));
    bytes_copy(p->data, &h, sizeof h);
    tcp_options_write(&f->options, p->data + sizeof h);
    p->offload = PKT_CSUM_PARTIAL;
    p->csum_start = 0;
    p->csum_offset = offsetof(struct hdr_tcp, checksum);
    return p;
}

/* What could not be sent is lost like any other segment: timers see to it. */
static void send(struct tcp *t, const struct tcp_name *name, struct pkt *p)
{
    t->counters.segments_out++;
    t->config.lower->send(t->config.lower_user, name->local, name->remote, p);
}

/* --- Of connections --------------------------------------------------------------------------- */

static void fill_options(const struct tcp_conn *c, struct tcp_parsed_options *o)
{
    *o = no_options;
    if (c->timestamps) {
        o->timestamps = true;
        o->tsval = tcp_ts_now(c->t, c->ts_offset);
        o->tsecr = c->ts_recent;
    }
    tcp_rcv_sack(c, o);
}

uint32_t tcp_text_max(const struct tcp_conn *c)
{
    struct tcp_parsed_options o;
    fill_options(c, &o);
    return c->snd_mss - (uint32_t)tcp_options_len(&o);
}

/* Every segment of an open connection acknowledges all that came. */
static void acknowledged(struct tcp_conn *c)
{
    c->acked_to = c->rcv_nxt;
    c->ack_now = false;
    c->dsack = (struct tcp_block){0, 0};
    c->spoken = c->t->now;
    c->segments_out++;
    timer_cancel(&c->ack_timer);
}

static void fill(struct tcp_conn *c, struct fields *f, tcp_seq seq, uint8_t flags)
{
    *f = (struct fields){.name = &c->node.name, .seq = seq, .ack = c->rcv_nxt, .flags = flags};
    fill_options(c, &f->options);
    f->window = tcp_rcv_offer(c, false);
}

bool tcp_emit_text(struct tcp_conn *c, tcp_seq seq, uint32_t n, uint8_t flags)
{
    uint32_t most = tcp_text_max(c);
    struct fields f;
    struct pkt *p;
    fill(c, &f, seq, flags | TCP_ACK);
    p = build(c->t, &f, n);
    if (p == NULL)
        return false;
    if (n > 0)
        c->events->peek(c->user, seq - c->snd_una, pkt_append(p, n), n);
    if (n > most) {
        p->offload |= PKT_GSO_TCP4;
        p->gso_size = (uint16_t)most;
    }
    acknowledged(c);
    send(c->t, &c->node.name, p);
    return true;
}

static void emit_ack_at(struct tcp_conn *c, tcp_seq seq)
{
    struct fields f;
    struct pkt *p;
    fill(c, &f, seq, TCP_ACK);
    p = build(c->t, &f, 0);
    if (p == NULL)
        return;
    if (c->quick > 0)
        c->quick--;
    acknowledged(c);
    send(c->t, &c->node.name, p);
}

/* SEG.SEQ is SND.NXT, but not beyond the peer's window, where a probe of it may lie: the peer would
 * not believe the acknowledgment. */
void tcp_emit_ack(struct tcp_conn *c)
{
    emit_ack_at(c, seq_min(c->snd_nxt, c->snd_una + c->snd_wnd));
}

void tcp_emit_keepalive(struct tcp_conn *c)
{
    emit_ack_at(c, c->snd_nxt - 1);
}

void tcp_emit_syn(struct tcp_conn *c)
{
    bool answer = c->state == TCP_SYN_RECEIVED;
    struct tcp_parsed_options o = {
        .mss = tcp_own_mss(c->link_mtu, &c->options),
        .wscale = answer && !c->wscale ? TCP_NO_WSCALE : c->rcv_wscale,
        .sack_permitted = answer ? c->sack : true,
        .timestamps = answer ? c->timestamps : true,
        .tsval = tcp_ts_now(c->t, c->ts_offset),
        .tsecr = c->ts_recent,
    };
    uint16_t window = tcp_rcv_offer(c, true);
    if (c->backoff == 0)
        c->syn_sent = c->t->now;
    c->rto_base = c->t->now;
    c->acked_to = c->rcv_nxt;
    c->segments_out++;
    tcp_emit_bare(c->t, &c->node.name, c->iss, c->rcv_nxt, answer ? TCP_SYN | TCP_ACK : TCP_SYN,
                  window, &o);
}

/* With a timestamp where those are agreed on, but without SACK (RFC 7323 section 3.2). */
void tcp_emit_reset(struct tcp_conn *c)
{
    struct tcp_parsed_options o;
    fill_options(c, &o);
    o.n_sack = 0;
    c->t->counters.resets_sent++;
    tcp_emit_bare(c->t, &c->node.name, c->snd_nxt, c->rcv_nxt, TCP_RST | TCP_ACK, 0, &o);
}

/* --- Of nobody -------------------------------------------------------------------------------- */

void tcp_emit_bare(struct tcp *t, const struct tcp_name *name, tcp_seq seq, tcp_seq ack,
                   uint8_t flags, uint16_t window, const struct tcp_parsed_options *o)
{
    struct fields f = {
        .name = name, .seq = seq, .ack = ack, .flags = flags, .window = window, .options = *o};
    struct pkt *p = build(t, &f, 0);
    if (p)
        send(t, name, p);
}

void tcp_emit_refusal(struct tcp *t, const struct tcp_segment *s)
{
    struct tcp_name name;
    if (s->flags & TCP_RST)
        return;
    t->counters.resets_sent++;
    tcp_name_of(&name, s);
    if (s->flags & TCP_ACK)
        tcp_emit_bare(t, &name, s->ack, 0, TCP_RST, 0, &no_options);
    else
        tcp_emit_bare(t, &name, 0, s->seq + tcp_segment_len(s), TCP_RST | TCP_ACK, 0, &no_options);
}
