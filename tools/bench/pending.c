/*
 * pending.c - see pending.h. Called by the emulated switches.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/pending.h"
#include <errno.h>
#include <stdlib.h>

/* The power of two at or above `n`. */
static uint32_t slots_for(uint32_t n)
{
    uint32_t slots = 1;
    while (slots < n)
        slots *= 2;
    return slots;
}

int pending_open(struct pending *p, uint32_t limit)
{
    uint32_t n = slots_for(limit);
    assert(limit >= 1 && limit <= PENDING_MAX);
    *p = (struct pending){.mask = n - 1, .limit = limit};
    p->slots = calloc(n, sizeof *p->slots);
    if (p->slots == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        p->slots[i].buffer_id = OFP_NO_BUFFER;
    return 0;
}

void pending_close(struct pending *p)
{
    free(p->slots);
    p->slots = NULL;
}

uint32_t pending_expire(struct pending *p, uint64_t before)
{
    uint32_t expired = 0;
    for (uint32_t i = 0; i <= p->mask; i++) {
        if (p->slots[i].buffer_id == OFP_NO_BUFFER || p->slots[i].sent >= before)
            continue;
        p->slots[i].buffer_id = OFP_NO_BUFFER;
        expired++;
    }
    p->count -= expired;
    return expired;
}
