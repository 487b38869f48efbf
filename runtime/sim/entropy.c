/*
 * entropy.c - randomness from a seed: what the program draws, and what the simulation draws.
 *
 * Two generators, so that a program that draws once more does not change the network's faults.
 * xoshiro256** (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2018), its
 * state filled by splitmix64 as they advise.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/bytes.h"
#include "runtime/entropy.h"
#include "runtime/sim/internal.h"
#include <assert.h>

struct generator {
    uint64_t s[4];
};

static struct generator program, simulation;

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t n, int by)
{
    return n << by | n >> (64 - by);
}

static uint64_t draw(struct generator *g)
{
    uint64_t *s = g->s, result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

void sim_entropy_start(uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        program.s[i] = splitmix(&seed);
    for (int i = 0; i < 4; i++)
        simulation.s[i] = splitmix(&seed);
}

void entropy_fill(void *to, size_t n)
{
    uint8_t *p = to;
    while (n > 0) {
        uint64_t r = draw(&program);
        size_t part = n < sizeof r ? n : sizeof r;
        bytes_copy(p, &r, part);
        p += part;
        n -= part;
    }
}

/* The remainder's bias is below n / 2^64. */
uint64_t sim_random(uint64_t n)
{
    assert(n > 0);
    return draw(&simulation) % n;
}
