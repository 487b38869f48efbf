/*
 * unix.h - what the UNIX platform offers to a program's entry file beyond the plain interfaces.
 *
 * The loop (loop.c), streams over kernel sockets (socket.c), entropy and the log's place
 * (platform.c), frame devices (devices.c), all over libevent and the kernel. Only entry files
 * include this.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_UNIX_UNIX_H
#define MORGANA_RUNTIME_UNIX_UNIX_H

#include "runtime/net.h"

/* The kernel's sockets: TCP over IPv4 and IPv6, unix sockets; names are resolved without blocking.
 * After loop_open(). One for the program; lives until loop_close(). */
struct net *unix_net(void);

/* Frame devices (runtime/device.h): tap:, eth:, xdp:, pcap:. After loop_open(); 0 or a negative
 * errno. Their libraries are linked only with programs that call it: UNIX_DEVICE_LIBS. */
int unix_devices_open(void);

/* When every watch has ended, before loop_close(). */
void unix_devices_close(void);

#endif
