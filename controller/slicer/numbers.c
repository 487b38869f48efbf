/*
 * numbers.c - the port numbers of a slice that sees one big switch; see slicer.h.
 *
 * A switch's port gets the lowest number that is free, from 1 on, when it is first shown, and keeps
 * it for as long as the slice is: also while it, or its switch, is away.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <stdlib.h>

static uint16_t number_new(struct numbers *numbers, uint64_t dpid, uint16_t port)
{
    if (numbers->n == numbers->cap) {
        size_t cap = numbers->cap == 0 ? 16 : 2 * numbers->cap;
        struct numbered *bigger = realloc(numbers->of, cap * sizeof *bigger);
        if (bigger == NULL)
            return OFPP_NONE;
        numbers->of = bigger;
        numbers->cap = cap;
    }
    if (numbers->n == OFPP_MAX - 1)
        return OFPP_NONE;
    numbers->of[numbers->n] = (struct numbered){.dpid = dpid, .port = port};
    return (uint16_t)++numbers->n;
}

uint16_t numbers_get(struct numbers *numbers, uint64_t dpid, uint16_t port)
{
    for (size_t i = 0; i < numbers->n; i++)
        if (numbers->of[i].dpid == dpid && numbers->of[i].port == port)
            return (uint16_t)(i + 1);
    return number_new(numbers, dpid, port);
}
