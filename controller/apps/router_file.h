/*
 * router_file.h - the routers that an operator has written down: their interfaces and routes.
 *
 * A line is an interface or a route, of items as in ovs-ofctl's flows, before which `dpid=HEX` may
 * stand (line_file.h); lines without it are for each datapath that has none of its own:
 *
 *     dpid=1, ip=10.0.1.1/24, port=1
 *     dpid=1, ip=10.0.2.1/24, port=2, port=3, vlan=10, mtu=1400, mac=02:00:00:00:02:01
 *     dpid=1, route=10.0.3.0/24, via=10.0.2.7
 *     dpid=1, route=0.0.0.0/0, via=10.0.2.8
 *
 * An interface is at one port or at several, which are then one network; with `vlan` its frames are
 * tagged. Without `mac` its MAC address is 02:4d and the four bytes of its address. `mtu` is the
 * longest packet that its network takes, 1500 unless said. `via` is a gateway in the network of one
 * of the interfaces.
 *
 * Called by router.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_ROUTER_FILE_H
#define MORGANA_CONTROLLER_APPS_ROUTER_FILE_H

#include "controller/apps/forwarding.h"

#define ROUTER_INTERFACES 64 /* of a router */
#define ROUTER_PORTS      32 /* of an interface */
#define ROUTER_ROUTES     1024

struct router_interface {
    uint32_t address;
    uint8_t prefix;
    uint8_t mac[OFP_ETH_ALEN];
    uint16_t vlan; /* 0: frames are untagged */
    uint16_t mtu;  /* bytes of an IPv4 packet */
    uint16_t port[ROUTER_PORTS];
    size_t n_ports;
    unsigned line;
};

/* A router. Its routes include those to the networks of its interfaces. */
struct router_config {
    bool all; /* for each datapath that has none of its own; else for this: */
    uint64_t dpid;
    struct router_interface interface[ROUTER_INTERFACES];
    size_t n_interfaces;
    struct forward_route route[ROUTER_ROUTES];
    unsigned route_line[ROUTER_ROUTES];
    size_t n_routes;
};

struct router_set {
    struct router_config **router;
    size_t n;
};

void router_set_free(struct router_set *set);

/* Add what a line says; a line_fn, whose user is the set. */
const char *router_set_add(void *set, const char *text, unsigned line, char *error);

/* All lines have been added: put the interfaces' own networks among the routes, and find the
 * interface of each. NULL, or what is wrong; `*line` is where. */
const char *router_set_close(struct router_set *set, unsigned *line, char *error);

/* Do they say the same: of an interface; of a router, whichever lines said it? */
bool router_interface_equal(const struct router_interface *a, const struct router_interface *b);
bool router_config_equal(const struct router_config *a, const struct router_config *b);

/* The router that this datapath is; NULL: it is none. */
const struct router_config *router_set_find(const struct router_set *set, uint64_t dpid);

/* Could a host have this address, as far as it alone says (RFC 1812 section 5.3.7)? */
static inline bool router_is_unicast(uint32_t address)
{
    return address >> 24 != 0 && address >> 24 != 127 && address < 0xe0000000;
}

/* Is `address` one of the network of this interface? */
static inline bool router_is_neighbour(const struct router_interface *i, uint32_t address)
{
    return ((address ^ i->address) & forward_mask(i->prefix)) == 0;
}

#endif
