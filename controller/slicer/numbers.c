/*
 * numbers.c - the port numbers of a slice that sees one big switch; see slicer.h.
 *
 * A port whose number the slices' file gives has that one. Any other gets the lowest one above
 * those that were given out before which no line names, when it is first shown, and keeps it for as
 * long as the slice is: also while it, or its switch, is away.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <stdlib.h>

bool numbers_give(struct numbers *numbers, struct numbered port)
{
    if (numbers->n == numbers->cap) {
        size_t cap = numbers->cap == 0 ? 16 : 2 * numbers->cap;
        struct numbered *bigger = realloc(numbers->of, cap * sizeof *bigger);
        if (bigger == NULL)
            return false;
        numbers->of = bigger;
        numbers->cap = cap;
    }
    numbers->of[numbers->n++] = port;
    return true;
}

static bool is_given(const struct numbers *numbers, uint16_t number)
{
    for (size_t i = 0; i < numbers->n; i++)
        if (numbers->of[i].number == number)
            return true;
    return false;
}

/* OFPP_NONE: there is no more. */
static uint16_t next_number(struct numbers *numbers)
{
    do {
        if (numbers->last == OFPP_MAX)
            return OFPP_NONE;
        numbers->last++;
    } while (is_given(numbers, numbers->last));
    return numbers->last;
}

uint16_t numbers_get(struct numbers *numbers, uint64_t dpid, uint16_t port)
{
    uint16_t number;
    for (size_t i = 0; i < numbers->n; i++)
        if (numbers->of[i].dpid == dpid && numbers->of[i].port == port)
            return numbers->of[i].number;
    number = next_number(numbers);
    if (number == OFPP_NONE ||
        !numbers_give(numbers, (struct numbered){.dpid = dpid, .port = port, .number = number}))
        return OFPP_NONE;
    return number;
}
