/*
 * say.c - formatting what a program says: see say.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/say.h"
#include <stdarg.h>
#include <stdio.h>

static void say_line(bool error, const char *format, va_list args)
{
    char line[SAY_MAX + 1];
    vsnprintf(line, sizeof line, format, args);
    say_platform_write(error, line);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_line(false, format, args);
    va_end(args);
}

void say_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_line(true, format, args);
    va_end(args);
}
