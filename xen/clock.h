/*
 * clock.h - the time, from the page that Xen shares with us: no hypercall.
 *
 * Xen says what its own clock was when the processor's time stamp counter stood where, and how fast
 * that counts (struct vcpu_time_info in xen/include/public/xen.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_CLOCK_H
#define MORGANA_XEN_CLOCK_H

#include "xen/interface.h"

/* Begin to read `shared`; again after resuming, where Xen's clock may be another one: ours goes on
 * from where it stood. */
void clock_begin(const shared_info_t *shared);

/* Monotonic nanoseconds: those of Xen's clock where the domain began. */
uint64_t clock_now(void);

/* Nanoseconds since the time stamp counter stood at `tsc`, not long ago. */
uint64_t clock_since(uint64_t tsc);

/* The same time as Xen's clock has it, for its timers. */
uint64_t clock_to_xen(uint64_t at);

/* Nanoseconds since 1970 (UTC). */
uint64_t clock_wall(void);

#endif
