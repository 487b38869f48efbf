/*
 * xen_loop.h - what the loop on Xen tells beyond runtime/loop.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_XEN_LOOP_H
#define MORGANA_XEN_XEN_LOOP_H

#include <stdint.h>

/* In another domain, after evtchn_begin() and clock_begin(): its timer. 0 or a negative errno. */
int xen_loop_resume(void);

/* How often the domain has waited for something to happen, and so was woken. */
uint64_t xen_loop_waits(void);

#endif
