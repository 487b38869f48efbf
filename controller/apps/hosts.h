/*
 * hosts.h - where hosts are: a table from (MAC address, VLAN) to the port that it was last heard
 * at.
 *
 * The idea: one datapath's hosts lie in one array, open addressing with linear probing, 16 bytes an
 * entry, four to a cache line; so finding a host that is there costs one line as a rule. The hash
 * is XXH3 with a seed of the table's own, so that nobody outside can aim addresses at one slot. The
 * array doubles when it is three quarters full, up to `max` entries; deletion closes the gap, so
 * that there are no tombstones to wade through. Entries that have not been heard of for `age` ticks
 * are as good as absent; hosts_sweep() takes them out, a few slots at a time.
 *
 * Time is passed in, in ticks of the caller's that may wrap around.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_HOSTS_H
#define MORGANA_CONTROLLER_APPS_HOSTS_H

#include "openflow/wire.h"

#include <string.h>

/* A MAC address in the low six bytes, the VLAN's two above them, as they lie in a match: never 0
 * for a host, since no host has the address of all zeros. */
typedef uint64_t host_addr;

static inline host_addr host_addr_of(const uint8_t mac[OFP_ETH_ALEN], be16 vlan)
{
    host_addr addr = 0;
    memcpy(&addr, mac, OFP_ETH_ALEN);
    return addr | (uint64_t)vlan.b[0] << 48 | (uint64_t)vlan.b[1] << 56;
}

/* Just the MAC address is zero; it is of a group (multicast or broadcast); it is one of those that
 * no bridge forwards, 01:80:c2:00:00:0x (IEEE 802.1D table 7-10): LLDP, spanning tree, pause. */
static inline bool host_addr_is_zero(host_addr addr)
{
    return addr << 16 == 0;
}

static inline bool host_addr_is_group(host_addr addr)
{
    return addr & 1;
}

static inline bool host_addr_is_link_local(host_addr addr)
{
    return (addr & 0xf0ffffffffff) == 0x000000c28001;
}

struct host {
    host_addr addr; /* 0: the slot is free */
    uint32_t heard; /* tick */
    uint16_t port;
};

struct hosts {
    struct host *slot;
    uint32_t mask; /* slots - 1; their number is a power of two */
    uint32_t used;
    uint32_t max;
    uint32_t age;
    uint32_t cursor; /* of hosts_sweep() */
    uint64_t seed;
};

/* An empty table. 0 or -ENOMEM. */
int hosts_init(struct hosts *t, uint32_t max, uint32_t age, uint64_t seed);
void hosts_free(struct hosts *t);

enum hosts_news {
    HOSTS_KNOWN,   /* it was there, and is at the same port */
    HOSTS_NEW,     /* it was not there */
    HOSTS_MOVED,   /* it was there, at another port */
    HOSTS_REFUSED, /* it is new and there is no room */
};

/* A host was heard at a port. */
enum hosts_news hosts_learn(struct hosts *t, host_addr addr, uint16_t port, uint32_t now);

/* A host by address; NULL if it is not known, or too old. Valid until the table is changed. */
const struct host *hosts_find(const struct hosts *t, host_addr addr, uint32_t now);

/* How many ticks a host that was found may still live: at least 1. */
static inline uint32_t hosts_left(const struct hosts *t, const struct host *h, uint32_t now)
{
    return t->age - (now - h->heard);
}

/* Forget every host at a port. Returns how many. */
uint32_t hosts_forget_port(struct hosts *t, uint16_t port);

/* Take out what is too old in the next `slots` slots, beginning where the last sweep stopped.
 * Returns how many. */
uint32_t hosts_sweep(struct hosts *t, uint32_t slots, uint32_t now);

#endif
