/*
 * direct.h - the options for Morgana's own TCP/IP straight on devices, the same on every platform,
 * and the stack that they ask for.
 *
 * direct.c has the options of runtime/platform.h, platform_options. Called by the platforms' files.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_PLATFORM_DIRECT_H
#define MORGANA_PLATFORM_DIRECT_H

#include "netstack/stack.h"

/* Do the options ask for devices, not for the kernel's sockets? */
bool direct_wanted(void);

/* Do they agree? 0, or -EINVAL: why has been said in the log. */
int direct_check(void);

/* The stack that they ask for, on its devices. `config` holds the platform's limits (or what
 * stack_defaults() says); the options change it. After loop_open() and with the devices' drivers
 * there. 0, or a negative errno: why has been said in the log. */
int direct_open(struct stack_config *config, struct stack **stack);

#endif
