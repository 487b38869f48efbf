/*
 * addressing.c - addresses by hand and by DHCP: see addressing.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/addressing.h"

#define CONFLICT_WAIT (10 * NS_PER_S)

static struct ip_interface *interface_of(const struct addressing *a)
{
    return &a->ip->interfaces[a->interface];
}

static void add_route(struct addressing *a, uint32_t network, unsigned prefix, uint32_t gateway)
{
    const struct route r = {.network = network,
                            .prefix = (uint8_t)prefix,
                            .interface = (uint8_t)a->interface,
                            .gateway = gateway};
    route_add(&a->ip->routes, &r);
}

/* Use an address from now on. Returns the one of before. */
static uint32_t use(struct addressing *a, uint32_t address, unsigned prefix)
{
    struct ip_interface *i = interface_of(a);
    uint32_t before = i->config.address;
    ip_set_address(a->ip, a->interface, address, prefix, a->ip->now);
    i->configuring = a->by_dhcp && address == 0;
    return before;
}

static void drop_address(struct addressing *a)
{
    uint32_t before = use(a, 0, 0);
    acd_end(&interface_of(a)->acd);
    if (before != 0)
        a->events->changed(a->user, before);
}

/* --- By hand --------------------------------------------------------------------------------- */

static void fixed_claimed(void *user)
{
    struct addressing *a = user;
    uint32_t before = use(a, a->fixed.address, a->fixed.prefix);
    a->conflicts = 0;
    if (a->fixed.gateway != 0)
        add_route(a, 0, 0, a->fixed.gateway);
    if (before != a->fixed.address)
        a->events->changed(a->user, before);
}

/* RFC 5227 section 2.1.1: not at once again, and slowly after many times. */
static void fixed_taken(void *user)
{
    struct addressing *a = user;
    uint64_t wait = ++a->conflicts < ACD_MAX_CONFLICTS ? CONFLICT_WAIT : ACD_RATE_LIMIT;
    drop_address(a);
    wheel_arm(&a->ip->wheel, &a->retry, a->ip->now + wait);
    a->events->conflict(a->user, a->fixed.address);
}

static const struct acd_events fixed_events = {.claimed = fixed_claimed, .taken = fixed_taken};

static void claim_fixed(void *user)
{
    struct addressing *a = user;
    unsigned at_once = a->at_once && a->conflicts == 0 ? ACD_AT_ONCE : 0;
    acd_begin(&interface_of(a)->acd, a->fixed.address, ACD_KEEP | at_once, &fixed_events, a);
}

/* --- By DHCP --------------------------------------------------------------------------------- */

static void dhcp_claimed(void *user)
{
    struct addressing *a = user;
    dhcp_checked(&a->dhcp, true, a->ip->now);
}

static void dhcp_taken(void *user)
{
    struct addressing *a = user;
    a->events->conflict(a->user, a->dhcp.lease.address);
    dhcp_checked(&a->dhcp, false, a->ip->now);
}

static const struct acd_events lease_events = {.claimed = dhcp_claimed, .taken = dhcp_taken};

static void on_check(void *user, uint32_t address)
{
    struct addressing *a = user;
    acd_begin(&interface_of(a)->acd, address, a->at_once ? ACD_AT_ONCE : 0, &lease_events, a);
}

static void on_send(void *user, uint32_t src, uint32_t dst, struct span message)
{
    struct addressing *a = user;
    if (dst != 0)
        udp_send(a->socket, dst, DHCP_SERVER_PORT, message, a->ip->now);
    else
        udp_broadcast(a->socket, a->interface, src, DHCP_SERVER_PORT, message, a->ip->now);
}

/* RFC 3442: classless routes stand in the router's place. A gateway counts only if it is a
 * neighbour, for we could not reach another. */
static void add_lease_routes(struct addressing *a, const struct dhcp_reply *l)
{
    const struct ip_interface *i = interface_of(a);
    for (unsigned n = 0; n < l->n_routes; n++)
        if (l->routes[n].gateway == 0 || ip_is_on_link(i, l->routes[n].gateway))
            add_route(a, l->routes[n].network, l->routes[n].prefix, l->routes[n].gateway);
    if (l->n_routes == 0 && l->router != 0 && ip_is_on_link(i, l->router))
        add_route(a, 0, 0, l->router);
}

static void on_bound(void *user, const struct dhcp_reply *l)
{
    struct addressing *a = user;
    uint32_t before = use(a, l->address, l->prefix);
    interface_of(a)->mtu = l->mtu != 0 && l->mtu < a->device_mtu ? l->mtu : a->device_mtu;
    add_lease_routes(a, l);
    if (ip_is_on_link(interface_of(a), l->server)) /* a release cannot wait for an answer */
        arp_resolve(&interface_of(a)->arp, l->server);
    a->events->changed(a->user, before);
}

static void on_lost(void *user)
{
    drop_address(user);
}

static const struct dhcp_ops dhcp_ops = {
    .send = on_send, .check = on_check, .bound = on_bound, .lost = on_lost};

/* --- Beginning and end ----------------------------------------------------------------------- */

void addressing_init(struct addressing *a, struct ip *ip, unsigned interface,
                     const struct address_config *fixed, struct udp_socket *socket,
                     const char *hostname, const struct addressing_events *events, void *user)
{
    *a = (struct addressing){.ip = ip,
                             .interface = interface,
                             .events = events,
                             .user = user,
                             .by_dhcp = fixed == NULL,
                             .socket = socket};
    if (fixed)
        a->fixed = *fixed;
    timer_init(&a->retry, claim_fixed, a);
    dhcp_init(&a->dhcp, &dhcp_ops, a, ip, hostname);
}

void addressing_up(struct addressing *a, const uint8_t mac[HDR_ETH_ALEN], uint16_t mtu,
                   uint64_t now)
{
    struct ip_interface *i = interface_of(a);
    a->device_mtu = mtu;
    i->configuring = a->by_dhcp && i->config.address == 0;
    if (a->by_dhcp)
        dhcp_begin(&a->dhcp, mac, now);
    else
        claim_fixed(a);
}

void addressing_down(struct addressing *a, uint64_t now)
{
    acd_end(&interface_of(a)->acd);
    timer_cancel(&a->retry);
    if (a->by_dhcp)
        dhcp_pause(&a->dhcp, now);
}

void addressing_receive(struct addressing *a, struct span message, uint64_t now)
{
    if (a->by_dhcp)
        dhcp_receive(&a->dhcp, message, now);
}

void addressing_end(struct addressing *a, uint64_t now)
{
    timer_cancel(&a->retry);
    acd_end(&interface_of(a)->acd);
    dhcp_end(&a->dhcp, now);
}

const struct dhcp_reply *addressing_lease(const struct addressing *a)
{
    return a->by_dhcp && a->dhcp.used ? &a->dhcp.lease : NULL;
}
