/*
 * hypercall.h - how the guest calls Xen.
 *
 * One function, with the numbers and structures of Xen's public headers. In a domain it is a few
 * instructions (entry.S): `syscall` in a PV guest, `vmmcall` or `vmcall`, by the processor's
 * vendor, in a PVH guest. Unit tests on UNIX link a function of the same name that plays Xen.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_HYPERCALL_H
#define MORGANA_XEN_HYPERCALL_H

#include "xen/interface.h"

/* Call `op` (__HYPERVISOR_*). Returns what Xen does: 0 or more, or a negative errno. */
long hypercall(unsigned long op, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
               unsigned long e);

/* Those with a command and a structure. */
static inline int hypercall_event(int command, void *arg)
{
    return (int)hypercall(__HYPERVISOR_event_channel_op, (unsigned long)command, (unsigned long)arg,
                          0, 0, 0);
}

static inline int hypercall_sched(int command, void *arg)
{
    return (int)hypercall(__HYPERVISOR_sched_op, (unsigned long)command, (unsigned long)arg, 0, 0,
                          0);
}

static inline int hypercall_memory(int command, void *arg)
{
    return (int)hypercall(__HYPERVISOR_memory_op, (unsigned long)command, (unsigned long)arg, 0, 0,
                          0);
}

/* `n` structures of the command's kind. */
static inline int hypercall_grant(int command, void *arg, unsigned n)
{
    return (int)hypercall(__HYPERVISOR_grant_table_op, (unsigned long)command, (unsigned long)arg,
                          n, 0, 0);
}

#endif
