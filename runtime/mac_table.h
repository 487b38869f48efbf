/*
 * mac_table.h - where hosts are: a table from (MAC address, VLAN) to the port that each was last
 * heard at. Used by the controller's learning app and by the switch's NORMAL.
 *
 * The idea: one bridge's hosts lie in one array, open addressing with linear probing, 16 bytes an
 * entry, four to a cache line; so finding a host that is there costs one line as a rule. The hash
 * is XXH3 with a seed of the table's own, so that nobody outside can aim addresses at one slot. The
 * array doubles when it is three quarters full, up to `max` entries; deletion closes the gap, so
 * that there are no tombstones to wade through. Entries that have not been heard of for `age` ticks
 * are as good as absent; mac_table_sweep() takes them out, a few slots at a time.
 *
 * Time is passed in, in ticks of the caller's that may wrap around.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_MAC_TABLE_H
#define MORGANA_RUNTIME_MAC_TABLE_H

#include "runtime/bytes.h"

#define MAC_LEN 6

/* A MAC address in the low six bytes, the VLAN's two above them, as they lie on the wire: never 0
 * for a host, since no host has the address of all zeros. */
typedef uint64_t mac_addr;

static inline mac_addr mac_addr_of(const uint8_t mac[MAC_LEN], be16 vlan)
{
    mac_addr addr = 0;
    bytes_copy(&addr, mac, MAC_LEN);
    return addr | (uint64_t)vlan.b[0] << 48 | (uint64_t)vlan.b[1] << 56;
}

/* Just the MAC address is zero; it is of a group (multicast or broadcast); it is one of those that
 * no bridge forwards, 01:80:c2:00:00:0x (IEEE 802.1D table 7-10): LLDP, spanning tree, pause. */
static inline bool mac_addr_is_zero(mac_addr addr)
{
    return addr << 16 == 0;
}

static inline bool mac_addr_is_group(mac_addr addr)
{
    return addr & 1;
}

static inline bool mac_addr_is_link_local(mac_addr addr)
{
    return (addr & 0xf0ffffffffff) == 0x000000c28001;
}

struct mac_entry {
    mac_addr addr;  /* 0: the slot is free */
    uint32_t heard; /* tick */
    uint16_t port;
};

struct mac_table {
    struct mac_entry *slot;
    uint32_t mask; /* slots - 1; their number is a power of two */
    uint32_t used;
    uint32_t max;
    uint32_t age;
    uint32_t cursor; /* of mac_table_sweep() */
    uint64_t seed;
};

/* An empty table. 0 or -ENOMEM. */
int mac_table_init(struct mac_table *t, uint32_t max, uint32_t age, uint64_t seed);
void mac_table_free(struct mac_table *t);

enum mac_table_news {
    MAC_KNOWN,   /* it was there, and is at the same port */
    MAC_NEW,     /* it was not there */
    MAC_MOVED,   /* it was there, at another port */
    MAC_REFUSED, /* it is new and there is no room */
};

/* A host was heard at a port. */
enum mac_table_news mac_table_learn(struct mac_table *t, mac_addr addr, uint16_t port,
                                    uint32_t now);

/* A host by address; NULL if it is not known, or too old. Valid until the table is changed. */
const struct mac_entry *mac_table_find(const struct mac_table *t, mac_addr addr, uint32_t now);

/* How many ticks a host that was found may still live: at least 1. */
static inline uint32_t mac_table_left(const struct mac_table *t, const struct mac_entry *h,
                                      uint32_t now)
{
    return t->age - (now - h->heard);
}

/* Call show() for every host that is not too old, in no order, until it says false. */
void mac_table_each(const struct mac_table *t, uint32_t now,
                    bool (*show)(void *user, const struct mac_entry *host), void *user);

/* Forget every host at a port. Returns how many. */
uint32_t mac_table_forget_port(struct mac_table *t, uint16_t port);

/* Take out what is too old in the next `slots` slots (each once at most), from where the last sweep
 * stopped. Returns how many. */
uint32_t mac_table_sweep(struct mac_table *t, uint32_t slots, uint32_t now);

#endif
