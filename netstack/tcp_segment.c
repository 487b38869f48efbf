/*
 * tcp_segment.c - reading and writing TCP headers and options: see tcp_segment.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_segment.h"
#include "runtime/checksum.h"

enum option { END = 0, NOP = 1, MSS = 2, WSCALE = 3, SACK_PERMITTED = 4, SACK = 5, TIMESTAMPS = 8 };
enum { PROTOCOL_TCP = 6, BLOCK_LEN = 8 };

struct pseudo_header {
    be32 src, dst;
    uint8_t zero;
    uint8_t protocol;
    be16 len;
};
_Static_assert(sizeof(struct pseudo_header) == 12, "RFC 9293 section 3.1");

static uint16_t get16(const uint8_t *at)
{
    be16 v;
    bytes_copy(&v, at, sizeof v);
    return be16_get(v);
}

static uint32_t get32(const uint8_t *at)
{
    be32 v;
    bytes_copy(&v, at, sizeof v);
    return be32_get(v);
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* RFC 2018 section 3; blocks that are empty or backwards are dropped here. */
static void read_sack(struct tcp_parsed_options *o, const uint8_t *at, size_t len)
{
    o->n_sack = 0;
    for (; len >= BLOCK_LEN && o->n_sack < TCP_SACK_MAX; at += BLOCK_LEN, len -= BLOCK_LEN) {
        struct tcp_block b = {.begin = get32(at), .end = get32(at + 4)};
        if (seq_lt(b.begin, b.end))
            o->sack[o->n_sack++] = b;
    }
}

/* One option's value; a length that its kind cannot have makes it unknown (RFC 9293 MUST-7: no
 * option may do harm). */
static void read_option(struct tcp_parsed_options *o, uint8_t kind, const uint8_t *value,
                        size_t len)
{
    if (kind == MSS && len == 2) {
        o->mss = get16(value);
    } else if (kind == WSCALE && len == 1) {
        o->wscale = value[0] < TCP_WSCALE_MAX ? value[0] : TCP_WSCALE_MAX;
    } else if (kind == SACK_PERMITTED && len == 0) {
        o->sack_permitted = true;
    } else if (kind == SACK && len % BLOCK_LEN == 0) {
        read_sack(o, value, len);
    } else if (kind == TIMESTAMPS && len == 8) {
        o->timestamps = true;
        o->tsval = get32(value);
        o->tsecr = get32(value + 4);
    }
}

/* A length that leads out of the header ends the reading: what came before it holds. */
static void read_options(struct tcp_parsed_options *o, const uint8_t *at, size_t left)
{
    *o = (struct tcp_parsed_options){.wscale = TCP_NO_WSCALE};
    while (left > 0 && at[0] != END) {
        size_t len = at[0] == NOP || left < 2 ? 1 : at[1];
        if (at[0] != NOP && (len < 2 || len > left))
            return;
        if (at[0] != NOP)
            read_option(o, at[0], at + 2, len - 2);
        at += len;
        left -= len;
    }
}

bool tcp_segment_read(struct tcp_segment *s, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct hdr_tcp h;
    size_t header;
    if (p->len < sizeof h)
        return false;
    bytes_copy(&h, p->data, sizeof h);
    header = (size_t)(h.offset >> 4) * 4;
    if (header < sizeof h || header > p->len)
        return false;
    *s = (struct tcp_segment){
        .src = src,
        .dst = dst,
        .sport = be16_get(h.src),
        .dport = be16_get(h.dst),
        .seq = be32_get(h.seq),
        .ack = be32_get(h.ack),
        .window = be16_get(h.window),
        .flags = h.flags,
        .text = p->data + header,
        .len = p->len - (uint32_t)header,
        .p = p,
    };
    s->full = (uint16_t)(p->offload & PKT_GSO_TCP4 && p->gso_size > 0 && p->gso_size < s->len
                             ? p->gso_size
                             : s->len);
    read_options(&s->options, p->data + sizeof h, header - sizeof h);
    return true;
}

uint64_t tcp_pseudo_sum(uint32_t src, uint32_t dst, uint32_t len)
{
    struct pseudo_header h = {.src = be32_of(src),
                              .dst = be32_of(dst),
                              .protocol = PROTOCOL_TCP,
                              .len = be16_of((uint16_t)len)};
    return checksum_add(0, &h, sizeof h);
}

bool tcp_segment_checked(const struct tcp_segment *s)
{
    uint64_t sum;
    if (s->p->offload & (PKT_CSUM_VALID | PKT_CSUM_PARTIAL))
        return true;
    sum = tcp_pseudo_sum(s->src, s->dst, s->p->len);
    return be16_get(checksum_finish(checksum_add(sum, s->p->data, s->p->len))) == 0;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static uint8_t *put32(uint8_t *to, uint32_t n)
{
    be32 v = be32_of(n);
    bytes_copy(to, &v, sizeof v);
    return to + sizeof v;
}

/* A word of four bytes: options are padded with NOPs in front, so that their values are aligned;
 * SACK-permitted stands in their place where it can. */
static uint8_t *put_word(uint8_t *to, unsigned a, unsigned b, unsigned c, unsigned d)
{
    return put32(to, (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | (uint32_t)d);
}

size_t tcp_options_write(const struct tcp_parsed_options *o, uint8_t *to)
{
    uint8_t *begin = to;
    if (o->mss)
        to = put_word(to, MSS, 4, o->mss >> 8, o->mss & 0xff);
    if (o->timestamps && o->sack_permitted)
        to = put_word(to, SACK_PERMITTED, 2, TIMESTAMPS, 10);
    else if (o->timestamps)
        to = put_word(to, NOP, NOP, TIMESTAMPS, 10);
    else if (o->sack_permitted)
        to = put_word(to, NOP, NOP, SACK_PERMITTED, 2);
    if (o->timestamps)
        to = put32(put32(to, o->tsval), o->tsecr);
    if (o->wscale != TCP_NO_WSCALE)
        to = put_word(to, NOP, WSCALE, 3, o->wscale);
    if (o->n_sack)
        to = put_word(to, NOP, NOP, SACK, 2 + BLOCK_LEN * (unsigned)o->n_sack);
    for (int i = 0; i < o->n_sack; i++)
        to = put32(put32(to, o->sack[i].begin), o->sack[i].end);
    return (size_t)(to - begin);
}

size_t tcp_options_len(const struct tcp_parsed_options *o)
{
    return (o->mss ? 4u : 0u) + (o->wscale != TCP_NO_WSCALE ? 4u : 0u) +
           (o->timestamps       ? TCP_TIMESTAMPS_LEN
            : o->sack_permitted ? 4u
                                : 0u) +
           (o->n_sack ? 4u + BLOCK_LEN * (size_t)o->n_sack : 0u);
}
