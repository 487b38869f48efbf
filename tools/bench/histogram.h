/*
 * histogram.h - a log-linear histogram of times, for percentiles.
 *
 * The idea: every power of two is cut into 64 equal buckets, so that any value is known to within
 * 1/64 of itself, from a nanosecond to centuries, in a fixed array. To count is two shifts and an
 * addition. (Debian 12 has no library for this in C.)
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_HISTOGRAM_H
#define MORGANA_TOOLS_BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BITS    6 /* log2 of the buckets in a power of two */
#define HISTOGRAM_HALF    (1u << HISTOGRAM_BITS)
#define HISTOGRAM_BUCKETS ((65 - HISTOGRAM_BITS) * HISTOGRAM_HALF)

/* All zeros is an empty one. */
struct histogram {
    uint64_t count; /* values counted */
    uint64_t sum;   /* of their values, modulo 2^64 */
    uint64_t max;   /* the greatest, exactly */
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket that `value` belongs to: values below 2 * HALF have one each. */
static inline size_t histogram_index(uint64_t value)
{
    unsigned shift;
    if (value < 2 * HISTOGRAM_HALF)
        return value;
    shift = 63 - HISTOGRAM_BITS - (unsigned)__builtin_clzll(value);
    return ((size_t)shift << HISTOGRAM_BITS) + (value >> shift);
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    h->count++;
    h->sum += value;
    if (value > h->max)
        h->max = value;
    h->bucket[histogram_index(value)]++;
}

/* The least value that `ten_thousandths` of all values do not exceed (5000: the median;
 * 9990: p99.9), to within a bucket, never above the greatest. 0 if it is empty. */
uint64_t histogram_quantile(const struct histogram *h, unsigned ten_thousandths);

/* The mean, rounded down; 0 if it is empty. */
uint64_t histogram_mean(const struct histogram *h);

#endif
