/*
 * figures.c - see figures.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/figures.h"
#include "runtime/timer.h"
#include <errno.h>

double figures_us(uint64_t ns)
{
    return (double)ns / NS_PER_US;
}

json_t *figures_times(const struct histogram *h)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "mean", figures_us(histogram_mean(h)), "p50",
                     figures_us(histogram_quantile(h, 5000)), "p99",
                     figures_us(histogram_quantile(h, 9900)), "p99.9",
                     figures_us(histogram_quantile(h, 9990)), "max", figures_us(h->max));
}

int figures_write(FILE *out, json_t *all)
{
    int error = all == NULL ? -ENOMEM : 0;
    if (error == 0 && (json_dumpf(all, out, JSON_REAL_PRECISION(9)) < 0 || fputc('\n', out) == EOF))
        error = -EIO;
    json_decref(all);
    return error;
}
