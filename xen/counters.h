/*
 * counters.h - the counters of this folder's parts, shown with all others (runtime/counter.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_COUNTERS_H
#define MORGANA_XEN_COUNTERS_H

/* Register them; by platform/xen.c, when the platform opens. Again: nothing. */
void xen_counters_register(void);

#endif
