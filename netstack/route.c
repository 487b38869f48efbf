/*
 * route.c - the table of routes: see route.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/ip.h"
#include <errno.h>

int route_add(struct route_table *t, const struct route *r)
{
    if (t->n == ROUTES_MAX)
        return -ENOSPC;
    t->routes[t->n++] = *r;
    return 0;
}

void route_remove(struct route_table *t, unsigned interface)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < t->n; i++)
        if (t->routes[i].interface != interface)
            t->routes[kept++] = t->routes[i];
    t->n = kept;
}

/* The interface whose network `dst` lies in, by the longest prefix; -1: none. */
static int find_link(const struct ip *ip, uint32_t dst)
{
    int best = -1;
    for (unsigned i = 0; i < ip->n_interfaces; i++) {
        const struct ip_interface *it = &ip->interfaces[i];
        if (ip_is_ready(it) && ip_is_on_link(it, dst) &&
            (best < 0 || it->config.prefix > ip->interfaces[best].config.prefix))
            best = (int)i;
    }
    return best;
}

/* The route by the longest prefix; NULL: none. */
static const struct route *find_route(const struct ip *ip, uint32_t dst)
{
    const struct route *best = NULL;
    for (unsigned i = 0; i < ip->routes.n; i++) {
        const struct route *r = &ip->routes.routes[i];
        if (ip_is_ready(&ip->interfaces[r->interface]) &&
            ((dst ^ r->network) & address_mask(r->prefix)) == 0 &&
            (best == NULL || r->prefix > best->prefix))
            best = r;
    }
    return best;
}

static void set_found(struct ip_interface *i, uint32_t dst, uint32_t next_hop,
                      struct route_found *found)
{
    uint32_t network = i->config.address & address_mask(i->config.prefix);
    found->interface = i;
    found->source = i->config.address;
    found->next_hop = next_hop;
    found->broadcast = address_is_subnet_broadcast(dst, network, i->config.prefix);
}

int route_find(struct ip *ip, uint32_t dst, struct route_found *found)
{
    int link = find_link(ip, dst);
    const struct route *r = find_route(ip, dst);
    *found = (struct route_found){.source = dst, .next_hop = dst};
    if (ip_is_ours(ip, dst) || address_is_loopback(dst))
        return 0;
    if (!address_is_unicast(dst))
        return -ENETUNREACH;
    if (link >= 0 && (r == NULL || ip->interfaces[link].config.prefix >= r->prefix))
        set_found(&ip->interfaces[link], dst, dst, found);
    else if (r)
        set_found(&ip->interfaces[r->interface], dst, r->gateway ? r->gateway : dst, found);
    else
        return -ENETUNREACH;
    return 0;
}
