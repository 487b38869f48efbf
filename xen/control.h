/*
 * control.h - what an operator tells the domain: through control/shutdown in xenstore (xl shutdown,
 * xl reboot; docs/misc/xenstore-paths.pandoc) and, if the program itself hears no lines
 * (runtime/typed.h), by three words on its console.
 *
 * The loop opens this, and passes on what is to be done as its signals (runtime/loop.h). Without a
 * handler a domain that is told to end does so at once. Of being saved (xl save, xl migrate) no
 * program hears: see suspend.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_CONTROL_H
#define MORGANA_XEN_CONTROL_H

#include "runtime/loop.h"

/* Open the console and xenstore, and hear what they say. 0 or a negative errno. */
int control_open(void);

void control_close(void);

void control_on_signal(enum loop_signal sig, void (*fn)(void *user), void *user);

/* How the domain is to end when its program does with `status`: SHUTDOWN_reboot if that was what it
 * was told, SHUTDOWN_crash if the program has failed, else SHUTDOWN_poweroff. */
unsigned control_shutdown_reason(int status);

#endif
