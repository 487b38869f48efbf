/*
 * acd.h - address conflict detection: ask before an address is used, defend it while it is.
 *
 * RFC 5227. An address is probed three times, announced twice, and then watched: when somebody else
 * uses it one announcement defends it; when that happens again within ten seconds it is given up,
 * or, if it was configured by hand and must stay, defended once in ten seconds (section 2.4 (b) and
 * (c)).
 *
 * An address may also be used at once (ACD_AT_ONCE), while it is probed as before: the answer to a
 * conflict is then the same as to one during the probes, it is given up. That is not RFC 5227's own
 * order, which has a host wait for some 6 s, but what RFC 4429 does for IPv6: right where addresses
 * are planned, as those of domains are, and a host should serve as soon as it has booted.
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

enum { ACD_KEEP = 1, ACD_AT_ONCE = 2 };

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
    unsigned how;
    unsigned sent; /* probes, then announcements */
    uint64_t next_defence;
    struct timer timer;
};

void acd_init(struct acd *acd, struct ip_interface *interface);

/* Begin to probe `address`. `how`: ACD_KEEP: keep it, whatever happens once the probes are over;
 * ACD_AT_ONCE: it is claimed during this call. */
void acd_begin(struct acd *acd, uint32_t address, unsigned how, const struct acd_events *events,
               void *user);

/* It is of no interest any more. */
void acd_end(struct acd *acd);

/* The interface is at another place of the network, whose bridges and hosts shall learn where the
 * address is (section 2.3): announce it again, if it is known to be ours. */
void acd_announce(struct acd *acd);

/* Somebody else's ARP packet. */
void acd_receive(struct acd *acd, uint32_t sender, uint32_t target);

#endif
