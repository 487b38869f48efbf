/*
 * tcp_rcv.c - the receiver: the queue of what came in order, the queue of what came behind a hole,
 * the blocks that SACK tells of, the window.
 *
 * RFC 9293 sections 3.8.6 (window, silly windows) and 3.10.7.4 (text); RFC 2018 section 4 (SACK);
 * RFC 2883 (D-SACK); RFC 7323 section 2 (scale). Called by tcp_state.c with text that lies within
 * the window, by tcp_emit.c for what to tell, and by the owner.
 *
 * Text is kept as the packets that it came in. They are counted by the size of their buffers, for
 * that is what they cost: a segment that fits behind the one before it is copied there, one that
 * is small for its buffer into a smaller one, so that tiny segments cannot use up the pool. A
 * packet of the queue of holes has the sequence number of its text at the beginning of its buffer,
 * where its headers lay.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <assert.h>

#define LIMIT_FIRST 65535u /* of the queue, until it is seen how fast it is read */
#define ROUND_GUESS (100 * NS_PER_MS)
#define WASTEFUL    4 /* a buffer that many times larger than its text is not kept */

/* --- Packets and their memory ----------------------------------------------------------------- */

static uint32_t buffer_size(const struct pkt *p)
{
    return (uint32_t)(p->data - p->buf) + p->len + (uint32_t)pkt_room(p);
}

static tcp_seq begin_of(const struct pkt *p)
{
    tcp_seq seq;
    bytes_copy(&seq, p->buf, sizeof seq);
    return seq;
}

static tcp_seq end_of(const struct pkt *p)
{
    return begin_of(p) + p->len;
}

static void set_begin(struct pkt *p, tcp_seq seq)
{
    bytes_copy(p->buf, &seq, sizeof seq);
}

static void account(struct tcp_conn *c, const struct pkt *p)
{
    c->rcv_memory += buffer_size(p);
    c->t->usage.receive += buffer_size(p);
}

static void drop(struct tcp_conn *c, struct pkt *p)
{
    c->rcv_memory -= buffer_size(p);
    c->t->usage.receive -= buffer_size(p);
    pkt_unref(p);
}

/* Twice the window is what packets of half-filled buffers take; a super-segment may lie across. */
static bool has_room(const struct tcp_conn *c, uint32_t size)
{
    return c->t->usage.receive + size <= c->t->config.max_receive &&
           c->rcv_memory + size <= 2 * c->rcv_limit + PKT_LARGE;
}

static struct pkt *copied(struct tcp_conn *c, const struct tcp_segment *s)
{
    struct pkt *p = pkt_new_for(c->t->config.pool, s->len);
    if (p)
        bytes_copy(pkt_append(p, s->len), s->text, s->len);
    return p;
}

/* A packet that is ours and holds the text of `s` and nothing else. NULL if there is none. */
static struct pkt *keep(struct tcp_conn *c, const struct tcp_segment *s)
{
    uint32_t size = buffer_size(s->p);
    struct pkt *p;
    if (s->p->refs > 1 || (size > PKT_SMALL && size / WASTEFUL > s->len))
        return copied(c, s);
    p = pkt_ref(s->p);
    p->data += s->text - p->data;
    p->len = s->len;
    p->next = NULL;
    p->offload = 0;
    return p;
}

/* --- The queue in order ----------------------------------------------------------------------- */

static void queue_append(struct tcp_conn *c, struct pkt *p)
{
    p->next = NULL;
    if (c->rcv_last)
        c->rcv_last->next = p;
    else
        c->rcv_first = p;
    c->rcv_last = p;
}

static void advance(struct tcp_conn *c, uint32_t n)
{
    c->rcv_nxt += n;
    c->rcv_bytes += n;
    c->bytes_received += n;
    c->t->counters.bytes_in += n;
    c->readable_note = true;
}

static bool queue_text(struct tcp_conn *c, const struct tcp_segment *s)
{
    struct pkt *p;
    uint8_t *at = c->rcv_last ? pkt_append(c->rcv_last, s->len) : NULL;
    if (at) {
        bytes_copy(at, s->text, s->len);
        return true;
    }
    p = has_room(c, buffer_size(s->p)) ? keep(c, s) : NULL;
    if (p == NULL)
        return false;
    account(c, p);
    queue_append(c, p);
    return true;
}

/* --- The queue of what came behind holes ------------------------------------------------------ */

static struct pkt *ooo_pop(struct tcp_conn *c)
{
    struct pkt *p = c->ooo_first;
    c->ooo_first = p->next;
    if (c->ooo_first == NULL)
        c->ooo_last = NULL;
    c->ooo_bytes -= p->len;
    return p;
}

static void ooo_drop(struct tcp_conn *c)
{
    while (c->ooo_first)
        drop(c, ooo_pop(c));
    c->n_recent = 0;
}

/* What follows without a hole joins the queue. */
static void ooo_join(struct tcp_conn *c)
{
    while (c->ooo_first && seq_le(begin_of(c->ooo_first), c->rcv_nxt)) {
        struct pkt *p = ooo_pop(c);
        uint32_t had = c->rcv_nxt - begin_of(p);
        if (had >= p->len) {
            drop(c, p);
            continue;
        }
        p->data += had;
        p->len -= had;
        queue_append(c, p);
        advance(c, p->len);
    }
}

/* The last packet that begins at or before `seq`; NULL: none. */
static struct pkt *ooo_before(const struct tcp_conn *c, tcp_seq seq)
{
    struct pkt *p = c->ooo_first;
    if (p == NULL || seq_lt(seq, begin_of(p)))
        return NULL;
    if (seq_le(begin_of(c->ooo_last), seq))
        return c->ooo_last;
    while (p->next && seq_le(begin_of(p->next), seq))
        p = p->next;
    return p;
}

static void ooo_insert(struct tcp_conn *c, struct pkt *before, struct pkt *p)
{
    struct pkt **at = before ? &before->next : &c->ooo_first;
    p->next = *at;
    *at = p;
    if (p->next == NULL)
        c->ooo_last = p;
    c->ooo_bytes += p->len;
}

static void trim_front(struct tcp_segment *s, uint32_t n)
{
    s->seq += n;
    s->text += n;
    s->len -= n;
}

/* Of what comes up to `end`, some is there already, from packet `p` on: D-SACK tells of the first
 * such stretch (RFC 2883 section 4.1). */
static void note_duplicate(struct tcp_conn *c, const struct pkt *p, tcp_seq end)
{
    struct tcp_block b;
    if (p == NULL || seq_ge(begin_of(p), end))
        return;
    b.begin = b.end = begin_of(p);
    for (; p && begin_of(p) == b.end; p = p->next)
        b.end = end_of(p);
    c->dsack = (struct tcp_block){b.begin, seq_min(b.end, end)};
}

/* Drop the packets behind `before` that `s` covers whole, and trim `s` where the next one begins.
 */
static void ooo_make_way(struct tcp_conn *c, struct pkt *before, struct tcp_segment *s)
{
    struct pkt **at = before ? &before->next : &c->ooo_first;
    tcp_seq end = s->seq + s->len;
    while (*at && seq_le(end_of(*at), end)) {
        struct pkt *gone = *at;
        *at = gone->next;
        if (c->ooo_last == gone)
            c->ooo_last = before;
        c->ooo_bytes -= gone->len;
        drop(c, gone);
    }
    if (*at && seq_lt(begin_of(*at), end))
        s->len = begin_of(*at) - s->seq;
}

/* The block that holds [begin, end) becomes the first (RFC 2018 section 4). */
static void note_block(struct tcp_conn *c, tcp_seq begin, tcp_seq end)
{
    struct tcp_block merged = {begin, end};
    unsigned n = 1;
    struct tcp_block all[TCP_SACK_MAX + 1];
    for (unsigned i = 0; i < c->n_recent; i++) {
        struct tcp_block b = c->recent[i];
        if (seq_le(b.begin, merged.end) && seq_le(merged.begin, b.end)) {
            merged.begin = seq_min(merged.begin, b.begin);
            merged.end = seq_max(merged.end, b.end);
        } else {
            all[n++] = b;
        }
    }
    all[0] = merged;
    c->n_recent = (uint8_t)min32(n, TCP_SACK_MAX);
    bytes_copy(c->recent, all, c->n_recent * sizeof all[0]);
}

/* Blocks that the queue has caught up with are not told any more. */
static void forget_blocks(struct tcp_conn *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->n_recent; i++)
        if (seq_gt(c->recent[i].end, c->rcv_nxt))
            c->recent[n++] = c->recent[i];
    c->n_recent = (uint8_t)n;
}

/* Text behind a hole. */
static void ooo_text(struct tcp_conn *c, struct tcp_segment *s)
{
    struct pkt *before = ooo_before(c, s->seq), *p;
    tcp_seq begin = s->seq, end = s->seq + s->len;
    uint32_t had = before ? end_of(before) - s->seq : 0;

    c->ack_now = true; /* RFC 5681 section 4.2 */
    if (before && (int32_t)had > 0) {
        c->dsack = (struct tcp_block){begin, seq_min(end, begin + had)};
        if (had >= s->len) {
            c->t->counters.duplicates++;
            note_block(c, begin, end);
            return;
        }
        trim_front(s, had);
    } else {
        note_duplicate(c, before ? before->next : c->ooo_first, end);
    }
    ooo_make_way(c, before, s);
    p = has_room(c, buffer_size(s->p)) ? keep(c, s) : NULL;
    if (p == NULL) {
        c->t->counters.refused_receive++;
        return;
    }
    c->t->counters.out_of_order++;
    set_begin(p, s->seq);
    account(c, p);
    ooo_insert(c, before, p);
    note_block(c, begin, end);
}

/* --- Text ------------------------------------------------------------------------------------- */

void tcp_rcv_init(struct tcp_conn *c)
{
    uint32_t max = max32(c->options.receive_max, 2 * TCP_MSS_DEFAULT);
    c->options.receive_max = min32(max, 1u << 30);
    c->rcv_limit = min32(LIMIT_FIRST, c->options.receive_max);
    while (c->rcv_wscale < TCP_WSCALE_MAX && c->options.receive_max >> c->rcv_wscale > UINT16_MAX)
        c->rcv_wscale++;
}

/* Text in order. What waits behind holes gives way if there is no room otherwise: the peer keeps it
 * until we acknowledge it (RFC 2018 section 8). */
static void text_in_order(struct tcp_conn *c, const struct tcp_segment *s)
{
    bool hole = c->ooo_first != NULL;
    if (!queue_text(c, s)) {
        ooo_drop(c);
        if (!queue_text(c, s)) {
            c->t->counters.refused_receive++;
            c->ack_now = true;
            return;
        }
    }
    note_duplicate(c, c->ooo_first, s->seq + s->len);
    advance(c, s->len);
    ooo_join(c);
    forget_blocks(c);
    if (hole)
        c->ack_now = true; /* RFC 5681 section 4.2: it fills a hole, or part of one */
}

void tcp_rcv_text(struct tcp_conn *c, struct tcp_segment *s)
{
    if (s->full > c->rcv_mss)
        c->rcv_mss = s->full;
    if (s->seq == c->rcv_nxt)
        text_in_order(c, s);
    else
        ooo_text(c, s);
}

void tcp_rcv_drop(struct tcp_conn *c)
{
    while (c->rcv_first) {
        struct pkt *p = c->rcv_first;
        c->rcv_first = p->next;
        drop(c, p);
    }
    c->rcv_last = NULL;
    c->rcv_bytes = 0;
    ooo_drop(c);
}

/* --- The window ------------------------------------------------------------------------------- */

uint32_t tcp_rcv_window(const struct tcp_conn *c)
{
    return c->rcv_adv - c->rcv_nxt;
}

/* By how much the right edge could move. */
static uint32_t could_open(const struct tcp_conn *c)
{
    uint32_t space = c->rcv_limit > c->rcv_bytes ? c->rcv_limit - c->rcv_bytes : 0;
    tcp_seq edge = c->rcv_nxt + space;
    return seq_gt(edge, c->rcv_adv) ? edge - c->rcv_adv : 0;
}

/* The edge moves only by a worthwhile step (section 3.8.6.2.2) and never back (SHLD-14). The scale
 * rounds what is told down; what was told before is still accepted (RFC 7323 section 2.4). */
uint16_t tcp_rcv_offer(struct tcp_conn *c, bool syn)
{
    uint32_t step = could_open(c);
    uint32_t window;
    if (step >= min32(c->rcv_limit / 2, c->rcv_mss))
        c->rcv_adv += step;
    window = tcp_rcv_window(c) >> (syn ? 0 : c->rcv_wscale);
    return (uint16_t)min32(window, UINT16_MAX);
}

bool tcp_rcv_worth_telling(const struct tcp_conn *c)
{
    uint32_t step = could_open(c);
    return step > 0 && step >= min32(c->rcv_limit / 2, 2u * c->rcv_mss);
}

void tcp_rcv_sack(const struct tcp_conn *c, struct tcp_parsed_options *o)
{
    uint8_t most = TCP_SACK_MAX - c->timestamps;
    o->n_sack = 0;
    if (!c->sack)
        return;
    if (seq_lt(c->dsack.begin, c->dsack.end))
        o->sack[o->n_sack++] = c->dsack;
    for (unsigned i = 0; i < c->n_recent && o->n_sack < most; i++)
        o->sack[o->n_sack++] = c->recent[i];
}

/* Who reads more than half a window in a round trip is held back by the window: it grows (dynamic
 * right-sizing, Fisk and Feng 2001), while the instance has memory to spare. */
static void resize(struct tcp_conn *c, uint32_t read)
{
    uint64_t rtt = c->srtt ? c->srtt : ROUND_GUESS;
    uint32_t wanted;
    c->round_read += read;
    if (c->t->now - c->round < rtt)
        return;
    wanted = min32(2 * min32(c->round_read, 1u << 29), c->options.receive_max);
    if (wanted > c->rcv_limit && c->t->usage.receive < c->t->config.max_receive / 2)
        c->rcv_limit = wanted;
    c->round_read = 0;
    c->round = c->t->now;
}

/* --- The owner reads -------------------------------------------------------------------------- */

size_t tcp_readable(const struct tcp_conn *c)
{
    return c->rcv_bytes;
}

bool tcp_ended(const struct tcp_conn *c)
{
    return c->fin_read && c->rcv_bytes == 0;
}

unsigned tcp_peek(const struct tcp_conn *c, struct span *pieces, unsigned n)
{
    unsigned i = 0;
    for (const struct pkt *p = c->rcv_first; p && i < n; p = p->next)
        pieces[i++] = span_of(p->data, p->len);
    return i;
}

static void queue_take(struct tcp_conn *c, size_t n)
{
    while (n > 0) {
        struct pkt *p = c->rcv_first;
        uint32_t taken = (uint32_t)(n < p->len ? n : p->len);
        n -= taken;
        p->data += taken;
        p->len -= taken;
        if (p->len > 0)
            return;
        c->rcv_first = p->next;
        if (c->rcv_first == NULL)
            c->rcv_last = NULL;
        drop(c, p);
    }
}

void tcp_consume(struct tcp_conn *c, size_t n, uint64_t now)
{
    assert(n <= c->rcv_bytes);
    c->t->now = now;
    tcp_conn_enter(c);
    queue_take(c, n);
    c->rcv_bytes -= (uint32_t)n;
    resize(c, (uint32_t)n);
    if (!c->over && !c->fin_read && tcp_rcv_worth_telling(c))
        c->ack_now = true;
    tcp_conn_leave_owner(c);
}
