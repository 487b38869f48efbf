/*
 * arrivals.h - what has become of a trial's frames: lost, out of order, how late.
 *
 * A frame is out of order if one that was sent after it in its flow came before it: RFC 4737
 * section 3.3, whose definition counts a frame that comes a second time as well.
 *
 * Called by frames.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_ARRIVALS_H
#define MORGANA_TOOLS_BENCH_ARRIVALS_H

#include "tools/bench/histogram.h"

struct arrivals {
    uint64_t received, reordered;
    struct histogram latency; /* ns */
    uint32_t flows;
    uint32_t *expected; /* of each flow: the number behind the highest that has come */
};

/* 0, to be given to arrivals_free(); or -ENOMEM. */
int arrivals_init(struct arrivals *a, uint32_t flows);
void arrivals_free(struct arrivals *a);

/* Forget all that has come. */
void arrivals_begin(struct arrivals *a);

/* Frame `number` of flow `flow` (below `flows`) has come after `latency` ns. */
static inline void arrivals_add(struct arrivals *a, uint32_t flow, uint32_t number,
                                uint64_t latency)
{
    a->received++;
    if (number < a->expected[flow])
        a->reordered++;
    else
        a->expected[flow] = number + 1;
    histogram_add(&a->latency, latency);
}

#endif
