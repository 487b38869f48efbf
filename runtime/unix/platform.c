/*
 * platform.c - the rest of what UNIX supplies: randomness from the kernel, the places of the log
 * and of what a program says.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/say.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

void entropy_fill(void *to, size_t n)
{
    uint8_t *p = to;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

/* One write a line, so that lines of several programs do not mix. */
void log_platform_write(const char *line)
{
    struct iovec parts[2] = {{.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)},
                             {.iov_base = (void *)(uintptr_t) "\n", .iov_len = 1}};
    while (writev(STDERR_FILENO, parts, 2) < 0 && errno == EINTR)
        continue;
}

void say_platform_write(bool error, const char *line)
{
    fprintf(error ? stderr : stdout, "%s\n", line);
}
