/*
 * address.h - IPv4 addresses: their text, and what kinds of them there are.
 *
 * Addresses are uint32_t in the host's order throughout netstack/: 10.0.0.1 is 0x0a000001. Kinds:
 * RFC 1122 section 3.2.1.3, RFC 6890 section 2.2.2.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_ADDRESS_H
#define MORGANA_NETSTACK_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_TEXT      16 /* "255.255.255.255" */
#define ADDRESS_BROADCAST 0xffffffffu
#define ADDRESS_LOOPBACK  0x7f000001u

/* An address as it is configured by hand. */
struct address_config {
    uint32_t address;
    unsigned prefix;  /* bits of the network's part: 1..32 */
    uint32_t gateway; /* 0: none */
};

/* Read "A.B.C.D", all of `text`. 0 or -EINVAL. */
int address_parse(const char *text, uint32_t *address);

/* Read "A.B.C.D/N[,GATEWAY]". 0, or -EINVAL: not of this form, no address that a host can have, or
 * the gateway is not in its network. */
int address_parse_config(const char *text, struct address_config *config);

/* Write it as "A.B.C.D". Returns `text`. */
char *address_print(uint32_t address, char text[ADDRESS_TEXT]);

static inline uint32_t address_mask(unsigned prefix)
{
    return prefix == 0 ? 0 : ~0u << (32 - prefix);
}

/* How many bits a mask has; -1: its ones are not all in front. */
int address_prefix_of(uint32_t mask);

static inline bool address_is_multicast(uint32_t a) /* 224.0.0.0/4 */
{
    return a >> 28 == 0xe;
}

static inline bool address_is_loopback(uint32_t a) /* 127.0.0.0/8 */
{
    return a >> 24 == 127;
}

/* Is it the broadcast address of this network? Those with 31 and 32 bits have none (RFC 3021). */
static inline bool address_is_subnet_broadcast(uint32_t a, uint32_t network, unsigned prefix)
{
    return prefix < 31 && a == (network | ~address_mask(prefix));
}

/* May one host have it, as far as the address alone says? Not 0/8, 127/8, multicast, 240/4. */
static inline bool address_is_unicast(uint32_t a)
{
    return a >> 24 != 0 && !address_is_loopback(a) && a < 0xe0000000u;
}

/* Is it a host's in the network that it lies in: not the network's own address, not its broadcast?
 */
bool address_is_host(uint32_t a, unsigned prefix);

#endif
