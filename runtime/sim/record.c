/*
 * record.c - what a run leaves behind: its log, kept in memory, and the digest of its deliveries.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/bytes.h"
#include "runtime/log.h"
#include "runtime/say.h"
#include "runtime/sim/internal.h"
#include <string.h>
#include <xxhash.h>

#define LOG_KEPT (128 * 1024) /* at least so much of its end is kept */

static char text[2 * LOG_KEPT];
static size_t text_len;
static uint64_t digest;

void sim_record_start(void)
{
    text_len = 0;
    digest = 0;
}

/* Make room for `n` bytes by forgetting the oldest lines. */
static void forget(size_t n)
{
    if (text_len + n < sizeof text)
        return;
    bytes_move(text, text + text_len - LOG_KEPT, LOG_KEPT);
    text_len = LOG_KEPT;
}

void log_platform_write(const char *line)
{
    size_t n = strnlen(line, LOG_KEPT - 1);
    forget(n + 1);
    bytes_copy(text + text_len, line, n);
    text[text_len + n] = '\n';
    text_len += n + 1;
}

/* A simulated program has nobody apart from its log. */
void say_platform_write(bool error, const char *line)
{
    (void)error;
    log_platform_write(line);
}

const char *sim_log(void)
{
    text[text_len] = '\0';
    return text;
}

void sim_digest_add(const void *bytes, size_t n)
{
    digest = XXH3_64bits_withSeed(bytes, n, digest);
}

uint64_t sim_digest(void)
{
    return digest;
}
