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

/* The platform's file says what --net may be besides direct:DEVICE ("socket"), and what the help
 * says of --net and --address-check. */
extern const char direct_other[], direct_net_help[], direct_check_help[];

/* Do the options agree? `net` (which must live on) stands for --net if that is not given. 0, or
 * -EINVAL: why has been said in the log. */
int direct_check(const char *net);

/* Do they ask for devices? After direct_check(). */
bool direct_wanted(void);

/* The stack that they ask for, on its devices. `config` holds the platform's limits (or what
 * stack_defaults() says); the options change it. After loop_open() and with the devices' drivers
 * there. 0, or a negative errno: why has been said in the log. */
int direct_open(struct stack_config *config, struct stack **stack);

#endif
