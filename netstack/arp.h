/*
 * arp.h - the address resolution protocol on one Ethernet interface: who has which IPv4 address.
 *
 * RFC 826, with RFC 1122 section 2.3.2 (stale entries, floods of requests, packets that wait). An
 * entry's states are those of neighbour unreachability detection (RFC 4861 section 7.3.2, made for
 * IPv6, but the idea is the same): INCOMPLETE while nobody has answered, REACHABLE for half a
 * minute after an answer, STALE then until it is used, DELAY and PROBE while the neighbour is asked
 * again, by unicast, whether it is still there; FAILED for a second after nobody answered.
 *
 * ARP cannot tell who lies. What can be done is done: an entry is made only by an answer to our own
 * question or by a question to us; one that was learned a moment ago does not change; a sender that
 * cannot be (another network, our own address, a group address, a frame that came from somebody
 * else) is not believed. Table and queues are bounded.
 *
 * Time and randomness come from the struct ip that it is part of. Called by ip*.c, acd.c,
 * addressing.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_ARP_H
#define MORGANA_NETSTACK_ARP_H

#include "netstack/wire.h"
#include "runtime/pkt.h"
#include "runtime/timer.h"

#define ARP_ENTRIES 256
#define ARP_BUCKETS 256
#define ARP_WAITING 4 /* packets that wait for an entry: RFC 1122 section 2.3.2.2 asks for one */

struct ip_interface;

enum arp_state {
    ARP_FREE,
    ARP_INCOMPLETE,
    ARP_REACHABLE,
    ARP_STALE,
    ARP_DELAY,
    ARP_PROBE,
    ARP_FAILED
};

struct arp_entry {
    struct list chain; /* in its bucket */
    struct list age;   /* all in use, the one that was not used for longest first */
    struct arp *arp;
    uint32_t address;
    enum arp_state state;
    uint8_t mac[HDR_ETH_ALEN];
    uint8_t asked; /* requests without an answer */
    uint8_t n_waiting;
    uint64_t learned; /* when the MAC address was */
    struct timer timer;
    struct pkt *waiting[ARP_WAITING]; /* oldest first; each begins at its IPv4 header */
};

struct arp {
    struct ip_interface *interface;
    struct list buckets[ARP_BUCKETS];
    struct list used, free;
    uint32_t seed; /* of the hash */
    struct arp_entry entries[ARP_ENTRIES];
};

/* An empty cache of `interface`. */
void arp_init(struct arp *arp, struct ip_interface *interface);

/* Forget all; packets that wait are dropped. */
void arp_clear(struct arp *arp);

/* Send `p`, an IPv4 packet, to the neighbour `address`, at once or when that is known. Takes it
 * over. 0, or -EHOSTUNREACH: nobody has answered a moment ago. */
int arp_send(struct arp *arp, uint32_t address, struct pkt *p);

/* Ask for `address` if nothing is known of it: somebody will want to send there. */
void arp_resolve(struct arp *arp, uint32_t address);

/* An ARP packet has come in a frame from `frame_src`; `p` begins behind the Ethernet header and is
 * lent. */
void arp_receive(struct arp *arp, const uint8_t frame_src[HDR_ETH_ALEN], const struct pkt *p);

/* Broadcast a request for `target` that says that `sender` is ours: 0 in a probe, `target` itself
 * in an announcement (RFC 5227 section 1.1). */
void arp_ask(struct arp *arp, uint32_t sender, uint32_t target);

/* What is known of an address; NULL: nothing. For tests and for people. */
const struct arp_entry *arp_find(const struct arp *arp, uint32_t address);

#endif
