/*
 * acd.h - address conflict detection: ask before an address is used, defend it while it is.
 *
 * RFC 5227. An address is probed three times, announced twice, and then watched: when somebody else
 * uses it one announcement defends it; when that happens again within ten seconds it is given up,
 * or, if it was configured by hand and must stay, defended once in ten seconds (section 2.4 (b) and
 * (c)).
 *
 * Called by addressing.c, which owns the address, and by arp.c with what it receives.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_ACD_H
#define MORGANA_NETSTACK_ACD_H

#include "runtime/timer.h"

/* For how long a host whose addresses conflict again and again waits (RFC 5227 section 2.1.1). */
#define ACD_MAX_CONFLICTS 10
#define ACD_RATE_LIMIT    (60 * NS_PER_S)

struct ip_interface;

enum acd_state { ACD_IDLE, ACD_PROBING, ACD_ANNOUNCING, ACD_WATCHING };

/* What the address's owner hears. */
struct acd_events {
    void (*claimed)(void *user); /* nobody has it: use it from now on */
    void (*taken)(void *user);   /* somebody has it, or will not let us keep it; all is over */
};

struct acd {
    struct ip_interface *interface;
    const struct acd_events *events;
    void *user;
    enum acd_state state;
    uint32_t address;
    bool keep;
    unsigned sent; /* probes, then announcements */
    uint64_t next_defence;
    struct timer timer;
};

void acd_init(struct acd *acd, struct ip_interface *interface);

/* Begin to probe `address`; `keep` it whatever happens once it is claimed. */
void acd_begin(struct acd *acd, uint32_t address, bool keep, const struct acd_events *events,
               void *user);

/* It is of no interest any more. */
void acd_end(struct acd *acd);

/* Somebody else's ARP packet. */
void acd_receive(struct acd *acd, uint32_t sender, uint32_t target);

#endif
