/*
 * run_switch.h - a switch with hooks as a program, so that an exercise is the hooks alone.
 *
 * Called by the exercises' main(). What it does is what switch/main.c does; without a controller
 * the switch learns by itself. In a domain its ports are all vifs but vif 0, unless --port names
 * others.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_RUN_SWITCH_H
#define MORGANA_EXAMPLES_RUN_SWITCH_H

#include "runtime/config.h"
#include "switch/dp.h"

/* Read the options (--port=DEVICE, --controller=NAME, --listen=NAME, ..., and those of `options`),
 * and forward frames through `hooks` until the program is ended. Returns its exit status. */
int run_switch(const struct dp_hooks *hooks, const struct config_option *options, int argc,
               char **argv);

#endif
