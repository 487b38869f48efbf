/*
 * ends_unix.h - the kinds of connections whose ends ends.h joins on UNIX: those of the kernel.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_ENDS_UNIX_H
#define MORGANA_TEST_UNIT_ENDS_UNIX_H

#include "runtime/unix/unix.h"
#include <unistd.h>

enum kind { PAIR, PATH, TCP4, TCP6, N_KINDS };

/* Does a peer's abort look different from its end? A unix socket's does not. */
static inline bool knows_reset(int kind)
{
    return kind != PATH;
}

static inline void turn(void)
{
    loop_poll();
}

/* Turn until nothing happens any more. */
static inline void settle(void)
{
    for (int quiet = 0; quiet < 100;)
        quiet = loop_poll() ? 0 : quiet + 1;
}

static inline void ends_begin(int kind)
{
    (void)kind;
    ck_assert_int_eq(loop_open(), 0);
}

static inline void ends_end(void)
{
    loop_close();
}

static inline struct net *net_of(int kind, bool is_active)
{
    (void)kind;
    (void)is_active;
    return unix_net();
}

static inline const char *listen_name(int kind)
{
    static char path[64];
    snprintf(path, sizeof path, "punix:/tmp/morgana-test-%d", (int)getpid());
    return kind == PATH ? path : kind == TCP4 ? "ptcp:0:127.0.0.1" : "ptcp:0:[::1]";
}

#endif
