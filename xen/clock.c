/*
 * clock.c - the time: see clock.h.
 *
 * Xen writes these structures at any time. It makes their version odd before and even after, so
 * that who has read the same even number before and after has read one state.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/clock.h"

#define NS_PER_S 1000000000ull

static const shared_info_t *shared;
static uint64_t offset; /* ours minus Xen's */
static uint64_t last;   /* that clock_now() said */

static uint64_t scale(uint64_t ticks, int8_t shift, uint32_t mul)
{
    ticks = shift < 0 ? ticks >> -shift : ticks << shift;
    return (uint64_t)((unsigned __int128)ticks * mul >> 32);
}

static uint64_t xen_now(void)
{
    const struct vcpu_time_info *t = &shared->vcpu_info[0].time;
    uint32_t version;
    uint64_t now;
    do {
        version = xen_read(t->version);
        xen_rmb();
        now = t->system_time +
              scale(__builtin_ia32_rdtsc() - t->tsc_timestamp, t->tsc_shift, t->tsc_to_system_mul);
        xen_rmb();
    } while ((version & 1) || version != xen_read(t->version));
    return now;
}

void clock_begin(const shared_info_t *info)
{
    shared = info;
    offset = last ? last - xen_now() : 0;
}

/* Xen corrects its clock now and then: ours stands still meanwhile. */
uint64_t clock_now(void)
{
    uint64_t now = xen_now() + offset;
    if (now > last)
        last = now;
    return last;
}

uint64_t clock_since(uint64_t tsc)
{
    const struct vcpu_time_info *t = &shared->vcpu_info[0].time;
    return scale(__builtin_ia32_rdtsc() - tsc, t->tsc_shift, t->tsc_to_system_mul);
}

uint64_t clock_to_xen(uint64_t at)
{
    return at - offset;
}

/* The wall clock's time when Xen's clock stood at 0. */
static uint64_t wall_base(void)
{
    uint32_t version;
    uint64_t base;
    do {
        version = xen_read(shared->wc_version);
        xen_rmb();
        base = ((uint64_t)shared->wc_sec_hi << 32 | shared->wc_sec) * NS_PER_S + shared->wc_nsec;
        xen_rmb();
    } while ((version & 1) || version != xen_read(shared->wc_version));
    return base;
}

uint64_t clock_wall(void)
{
    return wall_base() + xen_now();
}
