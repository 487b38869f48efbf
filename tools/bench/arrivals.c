/*
 * arrivals.c - see arrivals.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/arrivals.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int arrivals_init(struct arrivals *a, uint32_t flows)
{
    *a = (struct arrivals){.flows = flows};
    a->expected = calloc(flows, sizeof a->expected[0]);
    return a->expected ? 0 : -ENOMEM;
}

void arrivals_free(struct arrivals *a)
{
    free(a->expected);
    a->expected = NULL;
}

void arrivals_begin(struct arrivals *a)
{
    a->received = a->reordered = 0;
    a->latency = (struct histogram){0};
    memset(a->expected, 0, a->flows * sizeof a->expected[0]);
}
