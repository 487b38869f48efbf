/*
 * figures.h - times and JSON objects, as all reports have them.
 *
 * Called by report.c and switch_report.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_FIGURES_H
#define MORGANA_TOOLS_BENCH_FIGURES_H

#include "tools/bench/histogram.h"
#include <jansson.h>
#include <stdio.h>

/* Microseconds of a time in ns. */
double figures_us(uint64_t ns);

/* The mean and the percentiles of times in ns, in microseconds. NULL: no memory. */
json_t *figures_times(const struct histogram *h);

/* Write `all` as a line and give it up; NULL is what no memory has left of it. 0, -ENOMEM or -EIO.
 */
int figures_write(FILE *out, json_t *all);

#endif
