/*
 * checksum.c - the Internet checksum (RFC 1071), eight bytes at a time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/checksum.h"

/* The ones' complement sum of 64-bit words is congruent to that of their 16-bit parts. */
static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum + (sum < b);
}

static uint64_t word(const uint8_t *p)
{
    uint64_t w;
    __builtin_memcpy(&w, p, sizeof w);
    return w;
}

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t other = 0, last = 0;
    for (; n >= 16; p += 16, n -= 16) { /* two chains, so that neither waits for the other */
        sum = add(sum, word(p));
        other = add(other, word(p + 8));
    }
    if (n >= 8) {
        sum = add(sum, word(p));
        p += 8;
        n -= 8;
    }
    bytes_copy(&last, p, n);
    return add(add(sum, other), last);
}
