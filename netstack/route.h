/*
 * route.h - where a datagram goes: the interface, the next hop, our address there.
 *
 * RFC 1122 section 3.3.1. The networks of the interfaces and the routes that were added, the most
 * exact first; of two alike the one added first. A route of an interface that has no address or is
 * down does not count, so that with several interfaces a default gateway takes over from another.
 *
 * Called by ip_output.c and by whoever wants to know where a connection would go.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_ROUTE_H
#define MORGANA_NETSTACK_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#define ROUTES_MAX 64

struct ip;
struct ip_interface;

struct route {
    uint32_t network;
    uint8_t prefix;
    uint8_t interface; /* its index */
    uint32_t gateway;  /* 0: the destination itself is a neighbour */
};

struct route_table {
    struct route routes[ROUTES_MAX];
    unsigned n;
};

/* Where to. */
struct route_found {
    struct ip_interface *interface; /* NULL: ourselves */
    uint32_t source;                /* our address for it */
    uint32_t next_hop;
    bool broadcast; /* to all on that interface */
};

/* Add one. 0, or -ENOSPC. */
int route_add(struct route_table *t, const struct route *r);

/* Remove those of an interface. */
void route_remove(struct route_table *t, unsigned interface);

/* Find the way to `dst`. 0, or -ENETUNREACH. */
int route_find(struct ip *ip, uint32_t dst, struct route_found *found);

#endif
