/*
 * entropy.c - randomness: the processor's generator where it has one, and the times at which things
 * happen.
 *
 * A state of 16 bytes takes in, at each call, the time stamp counter, the loop's events so far and
 * 16 bytes of RDRAND (Intel SDM 1, 7.3.17); what is given out is another hash of it, so that it
 * tells nothing of the state.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/entropy.h"
#include "xen/evtchn.h"

#include <cpuid.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define TRIES 10 /* as Intel advises: it fails only if many ask at a time */

struct input {
    XXH128_hash_t state;
    uint64_t ticks, events, random[2];
};

static XXH128_hash_t state;

static bool has_rdrand(void)
{
    unsigned a, b, c = 0, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_RDRND);
}

static uint64_t rdrand(void)
{
    uint64_t value = 0;
    unsigned char good = 0;
    for (int i = 0; i < TRIES && !good; i++)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
    return value;
}

static void stir(void)
{
    static int available = -1;
    struct input in = {
        .state = state, .ticks = __builtin_ia32_rdtsc(), .events = evtchn_stats()->delivered};
    if (available < 0)
        available = has_rdrand();
    for (int i = 0; i < 2 && available; i++)
        in.random[i] = rdrand();
    state = XXH3_128bits(&in, sizeof in);
}

void entropy_fill(void *to, size_t n)
{
    uint8_t *at = to;
    while (n > 0) {
        XXH128_hash_t out;
        size_t part = n < sizeof out ? n : sizeof out;
        stir();
        out = XXH3_128bits_withSeed(&state, sizeof state, 1);
        memcpy(at, &out, part);
        at += part;
        n -= part;
    }
}
