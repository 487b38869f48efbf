/*
 * neighbours.h - who is at which MAC address and port: a router's ARP table, and the packets that
 * wait for an answer.
 *
 * A neighbour is asked for when a packet is to go there: at once, and twice more a second apart;
 * then nobody has answered, and the packets that waited have failed (RFC 1812 section 3.3.2: what
 * waits is kept, RFC 1122 section 2.3.2.2, in a bounded queue, and requests come at most once a
 * second, section 2.3.2.1). One that has answered is asked again, by unicast, each time that it has
 * been silent for the table's age; if it is gone it is forgotten. So what the switch forwards by
 * itself, unseen, never goes to somebody who is not there for long.
 *
 * No I/O: the owner is told whom to ask and what has become of a packet. Called by router_*.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_NEIGHBOURS_H
#define MORGANA_CONTROLLER_APPS_NEIGHBOURS_H

#include "openflow/wire.h"
#include "runtime/bytes.h"
#include "runtime/list.h"
#include "runtime/timer.h"

#define NEIGHBOUR_WAITING 8 /* packets that wait for one neighbour; the oldest makes room */
#define NEIGHBOUR_ASKED   3 /* times */
#define NEIGHBOUR_BUCKETS 256

struct neighbours;

struct neighbour {
    struct list bucket; /* by address */
    struct neighbours *table;
    uint32_t address;
    unsigned interface;
    bool known; /* it has answered: these hold */
    uint8_t mac[OFP_ETH_ALEN];
    uint16_t port;
    unsigned asked; /* times since it was heard last */
    struct timer timer;
    struct list waiting;
    size_t n_waiting;
};

/* What the owner does. A packet begins at its IP header; `forwarded`: it is not ours. */
struct neighbours_owner {
    void (*ask)(void *user, const struct neighbour *n);
    void (*found)(void *user, const struct neighbour *n, struct span packet, bool forwarded);
    void (*failed)(void *user, const struct neighbour *n, struct span packet, bool forwarded);
    /* It is elsewhere from now on, or gone: what goes to its old place is wrong. */
    void (*left)(void *user, const struct neighbour *n);
};

struct neighbours {
    const struct neighbours_owner *owner;
    void *user;
    uint64_t age; /* ns */
    size_t n, max;
    size_t n_unknown; /* at most half of them, so that a scan leaves room for who is there */
    uint64_t seed;
    struct list bucket[NEIGHBOUR_BUCKETS];
};

/* An empty table. */
void neighbours_init(struct neighbours *t, const struct neighbours_owner *owner, void *user,
                     size_t max, uint64_t age, uint64_t seed);

/* Forget all, in silence; packets that wait are dropped. */
void neighbours_clear(struct neighbours *t);

/* One that has answered, by address; NULL: not known. */
const struct neighbour *neighbours_find(const struct neighbours *t, uint32_t address);

/* Ask for one that is not known, and keep a copy of the packet until it answers. 0, or -ENOBUFS: no
 * room for more neighbours; -ENOMEM. */
int neighbours_wait(struct neighbours *t, unsigned interface, uint32_t address, struct span packet,
                    bool forwarded);

/* It has been heard at this place; `add`: even if nobody asked for it (RFC 826: it has asked us).
 */
void neighbours_hear(struct neighbours *t, unsigned interface, uint32_t address,
                     const uint8_t mac[OFP_ETH_ALEN], uint16_t port, bool add);

/* Forget those at a port. */
void neighbours_forget_port(struct neighbours *t, uint16_t port);

/* The interfaces have other numbers: that of interface i is to[i] from now on. Those whose is
 * negative are forgotten, in silence. */
void neighbours_renumber(struct neighbours *t, const int *to);

/* Call show() for each, in no order, until it says false. */
void neighbours_each(const struct neighbours *t,
                     bool (*show)(void *user, const struct neighbour *n), void *user);

#endif
