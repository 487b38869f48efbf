/*
 * tcp_secret.c - SipHash-2-4 and what TCP makes of it: see tcp_secret.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_secret.h"

#include <string.h>

_Static_assert(sizeof(struct tcp_secret_input) == 2 * sizeof(uint64_t), "two words, no padding");

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

uint64_t tcp_siphash(uint64_t k0, uint64_t k1, const uint64_t word[2])
{
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                     k1 ^ 0x7465646279746573};
    absorb(v, word[0]);
    absorb(v, word[1]);
    absorb(v, (uint64_t)16 << 56); /* the message's length, in the last word's top byte */
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t tcp_secret_value(const struct tcp_secret *secret, enum tcp_secret_use use,
                          const struct tcp_secret_input *in)
{
    uint64_t word[2], key[2];
    memcpy(word, in, sizeof word);
    key[0] = tcp_siphash(secret->k0, secret->k1, (uint64_t[]){use, 0});
    key[1] = tcp_siphash(secret->k0, secret->k1, (uint64_t[]){use, 1});
    return tcp_siphash(key[0], key[1], word);
}
