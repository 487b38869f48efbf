/*
 * checksum.h - the Internet checksum (RFC 1071).
 *
 * Words are summed as they lie in memory: the ones' complement sum of swapped words is the swapped
 * sum (RFC 1071 section 2 (B)), so a sum is right when it is stored as it came. Carries are folded
 * in at the end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_CHECKSUM_H
#define MORGANA_RUNTIME_CHECKSUM_H

#include "runtime/bytes.h"

/* Add `n` bytes to `sum` (0 at the beginning). All pieces but the last have even lengths. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t n);

/* The sum, folded and not complemented: what a header holds whose checksum is still partial. */
static inline be16 checksum_fold(uint64_t sum)
{
    uint16_t folded;
    be16 v;
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    folded = (uint16_t)sum;
    __builtin_memcpy(v.b, &folded, sizeof folded);
    return v;
}

/* The checksum to store: the complement. */
static inline be16 checksum_finish(uint64_t sum)
{
    be16 v = checksum_fold(sum);
    v.b[0] = (uint8_t)~v.b[0];
    v.b[1] = (uint8_t)~v.b[1];
    return v;
}

#endif
