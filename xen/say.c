/*
 * say.c - where the log's lines go in a domain, and what its program says: both to its console.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/say.h"
#include "runtime/log.h"
#include "xen/console.h"

void log_platform_write(const char *line)
{
    console_write(line);
}

void say_platform_write(bool error, const char *line)
{
    (void)error;
    console_write(line);
}
