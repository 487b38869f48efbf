/*
 * unix.h - what the UNIX platform offers to a program's entry file beyond the plain interfaces.
 *
 * The loop (loop.c), streams over kernel sockets (socket.c), entropy and the log's place
 * (platform.c), all over libevent and the kernel. Only entry files include this.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_UNIX_UNIX_H
#define MORGANA_RUNTIME_UNIX_UNIX_H

#include "runtime/net.h"

/* The kernel's sockets: TCP over IPv4 and IPv6, unix sockets; names are resolved without blocking.
 * After loop_open(). One for the program; lives until loop_close(). */
struct net *unix_net(void);

#endif
