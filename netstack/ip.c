/*
 * ip.c - a host: its interfaces, their addresses, its time. See ip.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/ip.h"
#include <errno.h>

int ip_init(struct ip *ip, const struct ip_ops *ops, void *user, struct pkt_pool *pool,
            uint64_t now)
{
    *ip = (struct ip){.ops = ops, .user = user, .pool = pool, .now = now};
    ip->looped_last = &ip->looped_first;
    ip->id_seed = ip_random(ip);
    for (size_t i = 0; i < IP_IDS; i++)
        ip->ids[i] = (uint16_t)ip_random(ip);
    wheel_init(&ip->wheel, now);
    udp_init(ip);
    return ip_fragments_init(ip);
}

static void drop_looped(struct ip *ip)
{
    while (ip->looped_first) {
        struct pkt *p = ip->looped_first;
        ip->looped_first = p->next;
        pkt_unref(p);
    }
    ip->looped_last = &ip->looped_first;
    ip->n_looped = 0;
}

void ip_end(struct ip *ip)
{
    ip_fragments_end(ip);
    drop_looped(ip);
    for (unsigned i = 0; i < ip->n_interfaces; i++) {
        acd_end(&ip->interfaces[i].acd);
        arp_clear(&ip->interfaces[i].arp);
    }
}

/* --- Interfaces ------------------------------------------------------------------------------ */

int ip_add_interface(struct ip *ip)
{
    unsigned index = ip->n_interfaces;
    struct ip_interface *i = &ip->interfaces[index];
    if (index == IP_INTERFACES)
        return -ENOSPC;
    i->ip = ip;
    i->index = index;
    arp_init(&i->arp, i);
    acd_init(&i->acd, i);
    ip->n_interfaces++;
    return (int)index;
}

void ip_interface_up(struct ip *ip, unsigned interface, const uint8_t mac[HDR_ETH_ALEN],
                     uint16_t mtu, uint64_t now)
{
    struct ip_interface *i = &ip->interfaces[interface];
    ip->now = now;
    bytes_copy(i->mac, mac, HDR_ETH_ALEN);
    i->mtu = mtu;
    i->up = true;
}

void ip_interface_down(struct ip *ip, unsigned interface, uint64_t now)
{
    struct ip_interface *i = &ip->interfaces[interface];
    ip->now = now;
    i->up = false;
    arp_clear(&i->arp);
}

void ip_set_address(struct ip *ip, unsigned interface, uint32_t address, unsigned prefix,
                    uint64_t now)
{
    struct ip_interface *i = &ip->interfaces[interface];
    bool same = i->config.address == address && i->config.prefix == prefix;
    ip->now = now;
    i->config = (struct ip_config){.address = address, .prefix = prefix};
    route_remove(&ip->routes, interface);
    if (!same)
        arp_clear(&i->arp);
}

bool ip_is_ours(const struct ip *ip, uint32_t a)
{
    for (unsigned i = 0; i < ip->n_interfaces; i++)
        if (a != 0 && ip->interfaces[i].config.address == a)
            return true;
    return false;
}

/* --- Time ------------------------------------------------------------------------------------ */

uint64_t ip_due(const struct ip *ip)
{
    return wheel_next(&ip->wheel);
}

void ip_turn(struct ip *ip, uint64_t now)
{
    ip->now = now;
    wheel_turn(&ip->wheel, now);
}

/* A bucket as a time: each piece moves it on, and it may run ahead by a burst. */
bool ip_rate_take(struct ip_rate *r, uint64_t now, unsigned per_second, unsigned burst)
{
    uint64_t piece = NS_PER_S / per_second;
    if (r->next < now)
        r->next = now;
    if (r->next - now > (burst - 1) * piece)
        return false;
    r->next += piece;
    return true;
}
