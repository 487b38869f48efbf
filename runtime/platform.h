/*
 * platform.h - what a program is given by the platform that it is linked with, by one call.
 *
 * A program's entry file names no platform. It makes platform_options one of its tables, opens the
 * platform when the options are read, and has then a loop, a way to the network as the options ask
 * (the kernel's sockets, Morgana's own TCP/IP straight on devices) and the drivers of the
 * platform's devices. Which platform that is was settled when the program was linked: platform/
 * has a file for each.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_PLATFORM_H
#define MORGANA_RUNTIME_PLATFORM_H

#include "runtime/config.h"
#include "runtime/net.h"

/* Where the program's own connections go (--net, ...): to be one of its tables. The last row has no
 * name. */
extern const struct config_option platform_options[];

/* Open the loop, the devices' drivers and the network, once, after the options are read. 0, or a
 * negative errno: why has then been said in the log, and nothing is open. */
int platform_open(void);

/* The network that the options ask for. Lives until platform_close(). */
struct net *platform_net(void);

/* The devices that are a switch's ports when none is named, as its option --port says them; NULL:
 * there are no such. */
const char *platform_ports(void);

/* Give all of it back. Streams, listeners, timers and devices must be gone. */
void platform_close(void);

#endif
