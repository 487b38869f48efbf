/*
 * addressing.h - how an interface comes by its address: by hand, or by DHCP.
 *
 * Either way the address is used only when nobody else has it (RFC 5227), or until somebody is
 * found to have it (see acd.h), and is watched. One that was given by hand and is taken is tried
 * again later, then never at once; once it is in use it is kept, whatever others do.
 *
 * Called by stack.c for each interface.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_ADDRESSING_H
#define MORGANA_NETSTACK_ADDRESSING_H

#include "netstack/dhcp.h"
#include "netstack/ip.h"

struct addressing_events {
    /* The interface has its address, or another MTU, other servers than before; or it has lost
     * it: see the interface and addressing_lease(). `before`: the address of before, or 0. */
    void (*changed)(void *user, uint32_t before);
    /* Somebody else has the address that it was to have. */
    void (*conflict)(void *user, uint32_t address);
};

struct addressing {
    struct ip *ip;
    unsigned interface;
    const struct addressing_events *events;
    void *user;
    bool by_dhcp;
    bool at_once; /* addresses are used at once: the owner says so after addressing_init() */
    struct address_config fixed; /* by hand */
    unsigned conflicts;
    struct timer retry;
    uint16_t device_mtu;
    struct dhcp dhcp;
    struct udp_socket *socket; /* port 68, of all interfaces */
};

/* For interface `interface` of `ip`: the address `fixed`, or by DHCP if that is NULL, through
 * `socket`, whose owner passes on what comes to addressing_receive(). */
void addressing_init(struct addressing *a, struct ip *ip, unsigned interface,
                     const struct address_config *fixed, struct udp_socket *socket,
                     const char *hostname, const struct addressing_events *events, void *user);

/* The interface is up, or down. */
void addressing_up(struct addressing *a, const uint8_t mac[HDR_ETH_ALEN], uint16_t mtu,
                   uint64_t now);
void addressing_down(struct addressing *a, uint64_t now);

/* A datagram from a DHCP server. */
void addressing_receive(struct addressing *a, struct span message, uint64_t now);

/* Give the address back. */
void addressing_end(struct addressing *a, uint64_t now);

/* What the server said; NULL: there is none. */
const struct dhcp_reply *addressing_lease(const struct addressing *a);

#endif
