/*
 * tcp_segment.h - a TCP segment on the wire: header and options, read and written.
 *
 * RFC 9293 sections 3.1 and 3.2; window scale and timestamps: RFC 7323 sections 2 and 3; SACK: RFC
 * 2018 sections 2 and 3. Reading gives a struct tcp_segment, the form in which the rest of TCP sees
 * it; nobody but this file looks at options as bytes. Called by tcp_demux.c and tcp_emit.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_TCP_SEGMENT_H
#define MORGANA_NETSTACK_TCP_SEGMENT_H

#include "netstack/tcp_seq.h"
#include "runtime/headers.h"
#include "runtime/pkt.h"

#define TCP_HEADER_MAX     60
#define TCP_SACK_MAX       4   /* blocks that an option has room for */
#define TCP_MSS_DEFAULT    536 /* RFC 9293 section 3.7.1 */
#define TCP_WSCALE_MAX     14  /* RFC 7323 section 2.3 */
#define TCP_NO_WSCALE      0xff
#define TCP_TIMESTAMPS_LEN 12 /* padding included */

/* Bytes [begin, end) that the receiver holds. */
struct tcp_block {
    tcp_seq begin, end;
};

/* What a segment's options say. */
struct tcp_parsed_options {
    uint16_t mss;   /* 0: not there */
    uint8_t wscale; /* TCP_NO_WSCALE: not there */
    bool sack_permitted;
    bool timestamps;
    uint8_t n_sack;
    uint32_t tsval, tsecr;
    struct tcp_block sack[TCP_SACK_MAX];
};

struct tcp_segment {
    uint32_t src, dst;
    uint16_t sport, dport;
    tcp_seq seq, ack;
    uint16_t window; /* as it was sent: not scaled */
    uint8_t flags;
    uint32_t len;        /* bytes of text */
    const uint8_t *text; /* in `p` */
    uint16_t full;       /* bytes of text in one segment of the wire's */
    struct tcp_parsed_options options;
    struct pkt *p; /* lent */
};

/* How much sequence space it takes (SEG.LEN). */
static inline uint32_t tcp_segment_len(const struct tcp_segment *s)
{
    return s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
}

/* Read `p`, which begins at a TCP header and came from `src` to `dst`. False if it is too short or
 * its lengths disagree. */
bool tcp_segment_read(struct tcp_segment *s, uint32_t src, uint32_t dst, struct pkt *p);

/* Is its checksum right, or known to be? */
bool tcp_segment_checked(const struct tcp_segment *s);

/* Write the options at `to`, which has room for 40 bytes; returns their length, whole words. */
size_t tcp_options_write(const struct tcp_parsed_options *options, uint8_t *to);

/* The length that tcp_options_write() will give. */
size_t tcp_options_len(const struct tcp_parsed_options *options);

/* The sum of the pseudo-header (RFC 9293 section 3.1), for a segment of `len` bytes. */
uint64_t tcp_pseudo_sum(uint32_t src, uint32_t dst, uint32_t len);

#endif
