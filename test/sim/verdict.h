/*
 * verdict.h - what went wrong in a run of a simulation: the first thing that did.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_VERDICT_H
#define MORGANA_TEST_SIM_VERDICT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static char failure[512]; /* "": all is well so far */

static inline bool failed(void)
{
    return failure[0] != '\0';
}

static inline void __attribute__((format(printf, 2, 3))) expect(bool holds, const char *format, ...)
{
    va_list args;
    if (holds || failed())
        return;
    va_start(args, format);
    vsnprintf(failure, sizeof failure, format, args);
    va_end(args);
}

#endif
