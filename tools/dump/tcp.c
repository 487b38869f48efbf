/*
 * tcp.c - captured TCP segments put in order again. See tcp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/dump/tcp.h"

#include "openflow/text.h"
#include "runtime/list.h"
#include <stdlib.h>
#include <xxhash.h>

/* A segment that waits for what comes before it. */
struct piece {
    struct piece *next; /* in the order of sequence numbers */
    struct dump_time when;
    uint32_t seq;
    bool fin;
    size_t len;
    uint8_t data[];
};

struct ends {
    struct dump_end from, to;
};

/* Stays after it has ended, so that what comes again is known. */
struct direction {
    struct list link; /* in its bucket */
    struct ends ends;
    uint32_t first; /* sequence number of the first byte */
    uint32_t next;  /* ... that is expected */
    bool ended;
    struct piece *waiting;
    size_t n_waiting;
    struct dump_messages messages;
};

#define BUCKETS 4096

struct dump_tcp {
    struct dump_output *out;
    size_t waiting_max;
    size_t n_directions;
    struct list bucket[BUCKETS];
};

/* Is sequence number `a` behind `b`? They wrap (RFC 9293 section 3.4). */
static bool seq_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* --- One direction --------------------------------------------------------------------------- */

/* Hand on bytes that are next, or of which some or all have come before. False if there is no
 * memory. */
static bool deliver(struct direction *d, struct dump_time when, uint32_t seq, struct span payload,
                    bool fin)
{
    uint32_t seen = d->next - seq;
    if (seen > payload.len)
        return true;
    span_take(&payload, seen);
    d->next += (uint32_t)payload.len;
    d->ended |= fin;
    return payload.len == 0 || dump_messages_add(&d->messages, when, payload);
}

static bool wait_for_earlier(struct direction *d, const struct dump_segment *s)
{
    struct piece **at = &d->waiting;
    struct piece *p = malloc(sizeof *p + s->payload.len);
    if (p == NULL)
        return false;
    while (*at != NULL && !seq_after((*at)->seq, s->seq))
        at = &(*at)->next;
    p->next = *at;
    p->when = s->when;
    p->seq = s->seq;
    p->fin = s->fin;
    p->len = s->payload.len;
    bytes_copy(p->data, s->payload.data, s->payload.len);
    *at = p;
    d->n_waiting++;
    return true;
}

/* The first that waits is the next: hand it on, or go over the gap in front of it. */
static bool deliver_first(struct direction *d)
{
    struct piece *p = d->waiting;
    bool ok;
    if (seq_after(p->seq, d->next)) {
        dump_messages_gap(&d->messages, p->when, p->seq - d->next);
        d->next = p->seq;
    }
    ok = deliver(d, p->when, p->seq, span_of(p->data, p->len), p->fin);
    d->waiting = p->next;
    d->n_waiting--;
    free(p);
    return ok;
}

/* Hand on what waits for nothing any more, and the rest as long as more than `max` wait. */
static bool deliver_waiting(struct direction *d, size_t max)
{
    bool ok = true;
    while (ok && d->waiting != NULL && (d->n_waiting > max || !seq_after(d->waiting->seq, d->next)))
        ok = deliver_first(d);
    return ok;
}

/* Nothing more comes. False if there was no memory for all that waited; it is dropped all the same.
 */
static bool end(struct direction *d)
{
    bool ok = true;
    while (d->waiting != NULL)
        ok = deliver_first(d) && ok;
    dump_messages_end(&d->messages);
    d->ended = true;
    return ok;
}

/* --- All directions -------------------------------------------------------------------------- */

static void put_end(struct text *t, const struct dump_end *end)
{
    if (end->version == 6) {
        text_put_char(t, '[');
        text_put_ipv6(t, end->addr);
        text_put_char(t, ']');
    } else {
        text_put_ipv4(t, be32_get(*(const be32 *)end->addr));
    }
    text_put_char(t, ':');
    text_put_u64(t, be16_get(end->port));
}

/* A stream begins with a SYN; without one, the capture began in its midst. */
static void begin(struct direction *d, struct dump_output *out, const struct dump_segment *s)
{
    struct text label;
    d->first = d->next = s->seq;
    d->ended = false;
    dump_messages_init(&d->messages, out, !s->syn);
    label = text_of(d->messages.label, sizeof d->messages.label);
    put_end(&label, &d->ends.from);
    text_put(&label, " > ");
    put_end(&label, &d->ends.to);
}

static struct list *bucket_of(struct dump_tcp *t, const struct ends *ends)
{
    return &t->bucket[XXH3_64bits(ends, sizeof *ends) % BUCKETS];
}

static struct direction *find(struct dump_tcp *t, const struct ends *ends)
{
    struct list *it, *after, *bucket = bucket_of(t, ends);
    list_each(it, after, bucket)
    {
        struct direction *d = container_of(it, struct direction, link);
        if (bytes_equal(&d->ends, ends, sizeof *ends))
            return d;
    }
    return NULL;
}

static struct direction *add_direction(struct dump_tcp *t, const struct ends *ends,
                                       const struct dump_segment *s)
{
    struct direction *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->ends = *ends;
    begin(d, t->out, s);
    list_append(bucket_of(t, ends), &d->link);
    t->n_directions++;
    return d;
}

/* A reset ends both directions. */
static bool reset(struct dump_tcp *t, const struct ends *ends)
{
    struct ends back = {.from = ends->to, .to = ends->from};
    struct direction *there = find(t, ends), *here = find(t, &back);
    bool ok = there == NULL || end(there);
    return (here == NULL || end(here)) && ok;
}

static bool add_to(struct dump_tcp *t, struct direction *d, const struct dump_segment *s)
{
    bool ok = true;
    if (s->syn && s->seq != d->first) { /* not one that comes again: a new connection */
        ok = end(d);
        begin(d, t->out, s);
    }
    if (d->ended)
        return ok;
    if (seq_after(s->seq, d->next))
        ok = wait_for_earlier(d, s) && ok;
    else
        ok = deliver(d, s->when, s->seq, s->payload, s->fin) && ok;
    ok = deliver_waiting(d, t->waiting_max) && ok;
    return d->ended ? end(d) && ok : ok;
}

struct dump_tcp *dump_tcp_new(struct dump_output *out, size_t waiting_max)
{
    struct dump_tcp *t = malloc(sizeof *t);
    if (t == NULL)
        return NULL;
    t->out = out;
    t->waiting_max = waiting_max;
    t->n_directions = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&t->bucket[i]);
    return t;
}

bool dump_tcp_add(struct dump_tcp *t, const struct dump_segment *segment)
{
    struct dump_segment s = *segment;
    struct ends ends = {.from = s.from, .to = s.to};
    struct direction *d = find(t, &ends);
    if (s.rst)
        return reset(t, &ends);
    if (d == NULL && !s.syn && s.payload.len == 0)
        return true;
    if (d == NULL && t->n_directions >= DUMP_DIRECTIONS_MAX) {
        t->out->missing += s.payload.len;
        return true;
    }
    s.seq += s.syn; /* a SYN takes a sequence number */
    if (d == NULL)
        d = add_direction(t, &ends, &s);
    return d != NULL && add_to(t, d, &s);
}

void dump_tcp_end(struct dump_tcp *t)
{
    struct list *it;
    for (size_t i = 0; t != NULL && i < BUCKETS; i++) {
        while ((it = list_pop(&t->bucket[i])) != NULL) {
            struct direction *d = container_of(it, struct direction, link);
            end(d);
            free(d);
        }
    }
    free(t);
}
