/*
 * interface.h - Xen's public headers (libxen-dev), in the version that all files of xen/ agree on,
 * and the barriers that its ring macros want.
 *
 * Without a version the headers choose the oldest, in which some hypercalls have other numbers.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_INTERFACE_H
#define MORGANA_XEN_INTERFACE_H

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#ifdef __ASSEMBLER__
#define __ASSEMBLY__
#else
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Loads are not reordered with loads, nor stores with stores, on x86 (Intel SDM 3A, 8.2.2): the
 * compiler alone must be held back. */
#define xen_mb()            __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()           __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()           __atomic_thread_fence(__ATOMIC_RELEASE)

/* Read, or write, what the other side of shared memory may change, or look at, at any time: once,
 * and in one access. */
#define xen_read(x)         (*(const volatile __typeof__(x) *)&(x))
#define xen_write(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

#endif

#include <xen/xen.h>

#ifndef __ASSEMBLER__
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#endif

#define XEN_PAGE_SHIFT 12
#define XEN_PAGE       4096

#endif
