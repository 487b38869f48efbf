/*
 * tcp_seq.h - sequence numbers and their order, modulo 2^32 (RFC 9293 section 3.4).
 *
 * Two of them can be compared while they are less than 2^31 apart; that is seen to where they come
 * in. No file of TCP compares sequence numbers but through these. Timestamps (RFC 7323 section 5.2)
 * are ordered in the same way.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_TCP_SEQ_H
#define MORGANA_NETSTACK_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t tcp_seq;

static inline bool seq_lt(tcp_seq a, tcp_seq b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool seq_le(tcp_seq a, tcp_seq b)
{
    return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(tcp_seq a, tcp_seq b)
{
    return seq_lt(b, a);
}

static inline bool seq_ge(tcp_seq a, tcp_seq b)
{
    return seq_le(b, a);
}

static inline tcp_seq seq_max(tcp_seq a, tcp_seq b)
{
    return seq_lt(a, b) ? b : a;
}

static inline tcp_seq seq_min(tcp_seq a, tcp_seq b)
{
    return seq_lt(a, b) ? a : b;
}

/* Does `x` lie in [begin, end)? */
static inline bool seq_in(tcp_seq x, tcp_seq begin, tcp_seq end)
{
    return x - begin < end - begin;
}

#endif
