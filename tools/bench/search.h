/*
 * search.h - the highest rate at which a switch loses no more than it may: RFC 2544 section 26.1.
 *
 * The first trial is as fast as can be. After one that has lost too much the next is slower, after
 * one that has not it is faster, each time half-way between the fastest good one and the slowest
 * bad one, until those two are close. After the first, where the switch itself has shown what it
 * carries when it is given too much, that is tried.
 *
 * Called by frames.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_SEARCH_H
#define MORGANA_TOOLS_BENCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#define SEARCH_CLOSE  50 /* the end: within 1/50, 2 % */
#define SEARCH_TRIALS 20 /* or after so many: a switch is not the same twice */

/* All zero at first. Rates in frames a second. */
struct search {
    uint64_t good; /* the fastest that was good; 0: none yet */
    uint64_t bad;  /* the slowest that was not; 0: none yet */
    unsigned trials;
};

/* A trial is over: `offered` was sent, `carried` came through while it was, and that was `good` or
 * not. Returns the rate of the next trial, or 0: search->good is the answer. */
uint64_t search_next(struct search *search, uint64_t offered, uint64_t carried, bool good);

/* Whether so few of `sent` frames are `lost` that it is allowed: at most `per_million`. */
bool search_is_good(uint64_t sent, uint64_t lost, uint64_t per_million);

#endif
