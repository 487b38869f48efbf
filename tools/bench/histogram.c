/*
 * histogram.c - see histogram.h. Called by the answers' bookkeeping and by the report.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/histogram.h"

/* The greatest value that belongs to the bucket at `index`. */
static uint64_t bucket_top(size_t index)
{
    size_t shift = index >> HISTOGRAM_BITS;
    if (shift <= 1)
        return index;
    shift--;
    return ((index - (shift << HISTOGRAM_BITS) + 1) << shift) - 1;
}

/* How many of `count` values are at or below the quantile: rounded up, at least one. */
static uint64_t quantile_rank(uint64_t count, unsigned ten_thousandths)
{
    uint64_t whole = count / 10000 * ten_thousandths;
    uint64_t part = (count % 10000 * ten_thousandths + 9999) / 10000;
    return whole + part > 0 ? whole + part : 1;
}

uint64_t histogram_quantile(const struct histogram *h, unsigned ten_thousandths)
{
    uint64_t rank = quantile_rank(h->count, ten_thousandths), seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank)
            return bucket_top(i) < h->max ? bucket_top(i) : h->max;
    }
    return h->max;
}

uint64_t histogram_mean(const struct histogram *h)
{
    return h->count > 0 ? h->sum / h->count : 0;
}
