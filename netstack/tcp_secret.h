/*
 * tcp_secret.h - numbers that nobody outside can foresee, made from an instance's secret.
 *
 * Initial sequence numbers (RFC 6528), timestamp offsets (RFC 7323 section 5.4), ports (RFC 6056)
 * and cookies (RFC 4987) are values of a pseudo-random function with a secret key. RFC 6528 section
 * 3 asks for a cryptographic one, which a hash function for tables is not: this is SipHash-2-4
 * (Aumasson and Bernstein, 2012), the PRF for short inputs, which no library that a domU links has.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_TCP_SECRET_H
#define MORGANA_NETSTACK_TCP_SECRET_H

#include <stddef.h>
#include <stdint.h>

/* Each use has its own key, so that what one shows tells nothing of another. */
enum tcp_secret_use { TCP_SECRET_ISN, TCP_SECRET_TIMESTAMP, TCP_SECRET_PORT, TCP_SECRET_COOKIE };

struct tcp_secret {
    uint64_t k0, k1;
};

/* Addresses, ports and one number more: all that such values depend on. */
struct tcp_secret_input {
    uint32_t local, remote;
    uint16_t local_port, remote_port;
    uint32_t extra;
};

/* The value of the function for `in`. */
uint64_t tcp_secret_value(const struct tcp_secret *secret, enum tcp_secret_use use,
                          const struct tcp_secret_input *in);

/* SipHash-2-4 of two words: the message of 16 bytes that they are in little-endian order. */
uint64_t tcp_siphash(uint64_t k0, uint64_t k1, const uint64_t word[2]);

#endif
