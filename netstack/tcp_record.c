/*
 * tcp_record.c - the scoreboard: a record for each piece of sequence space in flight.
 *
 * RFC 2018 section 5 and RFC 6675 section 3 (what SACK says), RFC 8985 section 5.1 (what RACK needs
 * to know of each segment). A record is a whole super-segment until SACK or a partial
 * retransmission cuts it. Records are in order of sequence, and besides either in order of sending
 * (in flight) or among the lost or, once the peer holds them, on neither list. They come from an
 * area that all connections of the instance share.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <assert.h>

#define SHARE_SPARE 32 /* records that a connection may have beyond two for each full segment */

static uint32_t len_of(const struct tcp_record *r)
{
    return r->end - r->begin;
}

static struct tcp_record *record_at(struct list *l)
{
    return container_of(l, struct tcp_record, link);
}

struct tcp_record *tcp_record_first(const struct tcp_conn *c)
{
    return list_empty(&c->records) ? NULL : record_at(c->records.next);
}

struct tcp_record *tcp_record_last(const struct tcp_conn *c)
{
    return list_empty(&c->records) ? NULL : record_at(c->records.prev);
}

/* --- Memory ----------------------------------------------------------------------------------- */

static struct tcp_record *record_new(struct tcp_conn *c)
{
    struct tcp_record *r = record_at(list_pop(&c->t->free_records));
    list_init(&r->order);
    c->n_records++;
    c->t->usage.records++;
    return r;
}

static void record_free(struct tcp_conn *c, struct tcp_record *r)
{
    if (c->hint == r)
        c->hint = NULL;
    list_remove(&r->order);
    list_remove(&r->link);
    list_append(&c->t->free_records, &r->link);
    c->n_records--;
    c->t->usage.records--;
}

void tcp_record_free_all(struct tcp_conn *c)
{
    while (!list_empty(&c->records))
        record_free(c, tcp_record_first(c));
    c->sacked = c->lost_bytes = 0;
}

void tcp_record_add(struct tcp_conn *c, tcp_seq begin, tcp_seq end, bool fin, bool push)
{
    struct tcp_record *r = record_new(c);
    r->begin = begin;
    r->end = end;
    r->sent = c->t->now;
    r->number = ++c->sent_number;
    r->flags = 0;
    r->fin = fin;
    r->push = push;
    list_append(&c->records, &r->link);
    list_append(&c->flying, &r->order);
}

/* A peer that acknowledges single bytes cannot use up what others need: a connection's records hold
 * half a segment each, on the average. */
static bool has_share(const struct tcp_conn *c)
{
    return c->n_records < 2 * (tcp_outstanding(c) / c->snd_mss) + SHARE_SPARE;
}

bool tcp_record_cut(struct tcp_conn *c, struct tcp_record *r, uint32_t n)
{
    struct tcp_record *rest;
    if (list_empty(&c->t->free_records) || !has_share(c)) {
        c->t->counters.refused_records++;
        return false;
    }
    rest = record_new(c);
    rest->begin = r->begin + n;
    rest->end = r->end;
    rest->sent = r->sent;
    rest->number = r->number;
    rest->flags = r->flags;
    rest->fin = r->fin;
    rest->push = r->push;
    r->end = rest->begin;
    r->fin = r->push = false;
    list_append(r->link.next, &rest->link); /* behind it */
    if (!list_empty(&r->order))
        list_append(r->order.next, &rest->order);
    return true;
}

/* --- Lost, and in flight again ---------------------------------------------------------------- */

/* Losses are found from the oldest on, nearly in order of sequence. */
static void insert_lost(struct tcp_conn *c, struct tcp_record *r)
{
    struct list *at = &c->lost;
    while (at->prev != &c->lost &&
           seq_gt(container_of(at->prev, struct tcp_record, order)->begin, r->begin))
        at = at->prev;
    list_remove(&r->order);
    list_append(at, &r->order);
}

void tcp_record_mark_lost(struct tcp_conn *c, struct tcp_record *r)
{
    if (r->flags & (TCP_SACKED | TCP_LOST))
        return;
    r->flags |= TCP_LOST;
    c->lost_bytes += len_of(r);
    insert_lost(c, r);
}

void tcp_record_all_lost(struct tcp_conn *c)
{
    struct list *it, *after;
    list_each(it, after, &c->records) tcp_record_mark_lost(c, record_at(it));
}

static void unmark_lost(struct tcp_conn *c, struct tcp_record *r)
{
    if (r->flags & TCP_LOST)
        c->lost_bytes -= len_of(r);
    r->flags &= (uint8_t)~TCP_LOST;
}

/* Back to their places in the order of sending. */
void tcp_record_none_lost(struct tcp_conn *c)
{
    struct list *it;
    while ((it = list_pop(&c->lost)) != NULL) {
        struct tcp_record *r = container_of(it, struct tcp_record, order);
        struct list *at = c->flying.next;
        while (at != &c->flying &&
               seq_le(container_of(at, struct tcp_record, order)->number, r->number))
            at = at->next;
        unmark_lost(c, r);
        list_append(at, &r->order);
    }
}

void tcp_record_sent_again(struct tcp_conn *c, struct tcp_record *r)
{
    unmark_lost(c, r);
    r->flags |= TCP_SENT_AGAIN;
    r->sent = c->t->now;
    r->number = ++c->sent_number;
    list_remove(&r->order);
    list_append(&c->flying, &r->order);
    c->bytes_again += len_of(r);
    c->t->counters.retransmits++;
}

void tcp_record_forget_sacks(struct tcp_conn *c)
{
    struct list *it, *after;
    list_each(it, after, &c->records) record_at(it)->flags &= (uint8_t)~TCP_SACKED;
    c->sacked = 0;
    tcp_record_all_lost(c);
}

/* --- What has come ---------------------------------------------------------------------------- */

/* `n` bytes of `r` are newly known to have come: for RACK, and for the round-trip time, by Karn's
 * algorithm (RFC 6298 section 3) of what was sent only once. */
static void delivered(struct tcp_conn *c, const struct tcp_record *r, uint32_t n, uint32_t tsecr,
                      struct tcp_delivery *d)
{
    d->delivered += n;
    d->large |= tcp_size_is_large(c, r, n);
    if (!(r->flags & TCP_SENT_AGAIN)) {
        d->original = true;
        if (r->sent >= d->rtt_sent) {
            d->rtt_sent = r->sent;
            d->rtt = c->t->now - r->sent;
        }
    }
    tcp_rack_delivered(c, r, tsecr);
}

/* Karn's algorithm (RFC 6298 section 3): if anything of it was sent again there is no telling how
 * long the rest has waited behind a hole. */
void tcp_record_ack(struct tcp_conn *c, const struct tcp_segment *s, struct tcp_delivery *d)
{
    struct tcp_record *r;
    bool again = false;
    while ((r = tcp_record_first(c)) != NULL && seq_lt(r->begin, s->ack)) {
        uint32_t n = seq_min(r->end, s->ack) - r->begin;
        if (r->flags & TCP_SACKED) {
            c->sacked -= n;
        } else {
            delivered(c, r, n, s->options.tsecr, d);
            again |= r->flags & TCP_SENT_AGAIN;
        }
        if (r->flags & TCP_LOST)
            c->lost_bytes -= n;
        r->begin += n;
        if (r->begin == r->end)
            record_free(c, r);
    }
    if (again)
        d->rtt = 0;
}

/* What is held on both sides of a border needs no border. */
static struct tcp_record *merge_before(struct tcp_conn *c, struct tcp_record *r)
{
    struct tcp_record *before;
    if (r->link.prev == &c->records)
        return r;
    before = record_at(r->link.prev);
    if (!(before->flags & TCP_SACKED))
        return r;
    before->end = r->end;
    before->fin = r->fin;
    before->push = r->push;
    record_free(c, r);
    return before;
}

static struct tcp_record *mark_sacked(struct tcp_conn *c, struct tcp_record *r, uint32_t tsecr,
                                      struct tcp_delivery *d)
{
    d->sacked += len_of(r);
    delivered(c, r, len_of(r), tsecr, d);
    unmark_lost(c, r);
    r->flags |= TCP_SACKED;
    list_remove(&r->order);
    c->sacked += len_of(r);
    return merge_before(c, r);
}

/* The first record that ends behind `seq`, which lies in flight. */
static struct list *find(struct tcp_conn *c, tcp_seq seq)
{
    struct list *it = c->records.next;
    if (c->hint && seq_le(c->hint->begin, seq))
        it = &c->hint->link;
    while (it != &c->records && seq_le(record_at(it)->end, seq))
        it = it->next;
    return it;
}

/* Mark what of `r` lies within `b`. Without a record to cut it with it stays as it was: SACK is
 * advice. Returns the last record that was looked at. */
static struct tcp_record *sack_record(struct tcp_conn *c, struct tcp_record *r,
                                      const struct tcp_block *b, uint32_t tsecr,
                                      struct tcp_delivery *d)
{
    if (r->flags & TCP_SACKED)
        return r;
    if (seq_lt(r->begin, b->begin)) {
        if (!tcp_record_cut(c, r, b->begin - r->begin))
            return r;
        r = record_at(r->link.next);
    }
    if (seq_gt(r->end, b->end) && !tcp_record_cut(c, r, b->end - r->begin))
        return r;
    return mark_sacked(c, r, tsecr, d);
}

static void sack_block(struct tcp_conn *c, const struct tcp_block *b, uint32_t tsecr,
                       struct tcp_delivery *d)
{
    struct list *it = find(c, b->begin);
    while (it != &c->records && seq_lt(record_at(it)->begin, b->end)) {
        c->hint = sack_record(c, record_at(it), b, tsecr, d);
        it = c->hint->link.next;
    }
}

/* RFC 2883 section 4: the first block lies below the acknowledgment, or within the second. */
static bool is_dsack(const struct tcp_segment *s)
{
    const struct tcp_block *b = s->options.sack;
    return seq_le(b[0].end, s->ack) ||
           (s->options.n_sack > 1 && seq_le(b[1].begin, b[0].begin) && seq_le(b[0].end, b[1].end));
}

/* Blocks that lie outside of what is in flight are not believed. */
void tcp_record_sack(struct tcp_conn *c, const struct tcp_segment *s, struct tcp_delivery *d)
{
    unsigned i = 0;
    if (s->options.n_sack > 0 && is_dsack(s)) {
        d->dsack = true;
        c->dsacks_seen++;
        i = 1;
    }
    for (; i < s->options.n_sack; i++) {
        const struct tcp_block *b = &s->options.sack[i];
        if (seq_ge(b->begin, c->snd_una) && seq_le(b->end, c->snd_nxt))
            sack_block(c, b, s->options.tsecr, d);
    }
}

uint32_t tcp_pipe(const struct tcp_conn *c)
{
    uint32_t pipe = tcp_outstanding(c) - c->sacked - c->lost_bytes;
    /* Without SACK each duplicate acknowledgment stands for a segment that has come. */
    return c->sack ? pipe : pipe - min32(pipe, c->duplicates * c->cc.mss);
}
