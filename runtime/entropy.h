/*
 * entropy.h - randomness for ISNs, xids, ports, hash seeds and jitter.
 *
 * Chosen when a program is linked: the kernel's generator on UNIX, a seeded one in sim (so that a
 * failing run replays), RDRAND and timing on Xen.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_ENTROPY_H
#define MORGANA_RUNTIME_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/* Fill `n` bytes at `to`. Cannot fail: a platform without entropy ends the program. */
void entropy_fill(void *to, size_t n);

static inline uint64_t entropy_u64(void)
{
    uint64_t n;
    entropy_fill(&n, sizeof n);
    return n;
}

#endif
