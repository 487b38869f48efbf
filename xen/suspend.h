/*
 * suspend.h - the domain is saved and goes on: later, on another machine, or where it was.
 *
 * To be restored or migrated is to wake up as another domain with the same memory: its frames,
 * event channels, grants, backends, console and xenstore are others. The programs notice a pause,
 * and frames that were lost in it: devices stay open, connections go on, and so does the clock,
 * from where it stood.
 *
 * Called by control.c when the tools say so (control/shutdown: suspend).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_SUSPEND_H
#define MORGANA_XEN_SUSPEND_H

/* Suspend, and come back when the domain goes on. While no call to xenstore is under way. */
void suspend(void);

#endif
