/*
 * dhcp.h - a DHCP client: how an interface gets its address, keeps it and gives it back.
 *
 * RFC 2131; the states are those of its figure 5. What the client is told (a message, the time,
 * that the link is up) makes it say something, and tell its owner of a lease. An address is used
 * only after the owner has found that nobody has it (`check`, RFC 5227); one that somebody has is
 * declined. A server is not trusted more than the protocol needs: see dhcp_message.h; one that
 * refuses again and again is asked ever more slowly.
 *
 * Called by addressing.c, which supplies the socket, and conflict detection.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_DHCP_H
#define MORGANA_NETSTACK_DHCP_H

#include "netstack/dhcp_message.h"
#include "runtime/timer.h"

struct ip;

enum dhcp_state {
    DHCP_OFF,        /* no link, or not begun */
    DHCP_INIT,       /* waits before it asks */
    DHCP_SELECTING,  /* has asked for offers */
    DHCP_REQUESTING, /* has asked for the one offered */
    DHCP_REBOOTING,  /* has asked whether the address of before is still good */
    DHCP_CHECKING,   /* has it, looks whether somebody else does */
    DHCP_BOUND,
    DHCP_RENEWING,  /* asks its server for more time */
    DHCP_REBINDING, /* asks any server for it */
};

struct dhcp_ops {
    /* Send a message from port 68 to port 67: from `src` (0: none yet) to `dst` (0: to all). */
    void (*send)(void *user, uint32_t src, uint32_t dst, struct span message);
    /* Find out whether anybody has `address`; dhcp_checked() tells. */
    void (*check)(void *user, uint32_t address);
    /* A lease, a new one or one whose terms have changed: use it. */
    void (*bound)(void *user, const struct dhcp_reply *lease);
    /* The address must not be used any more. */
    void (*lost)(void *user);
};

struct dhcp_counters {
    uint64_t sent, offers, acks, naks, ignored, declined, expired;
};

struct dhcp {
    const struct dhcp_ops *ops;
    void *user;
    struct ip *ip;
    const char *hostname; /* NULL: none */
    uint8_t mac[HDR_ETH_ALEN];
    enum dhcp_state state;
    uint32_t xid;
    unsigned tries;          /* messages of this state */
    unsigned refused;        /* in a row: conflicts, NAKs */
    uint64_t began;          /* when this acquisition did */
    bool used;               /* the owner uses the lease's address */
    struct dhcp_reply lease; /* offered, or held */
    uint64_t t1, t2, end;    /* when; TIMER_NEVER for ever */
    struct timer timer;
    struct dhcp_counters counters;
};

/* A client that does nothing yet. Time, its timer and randomness are those of `ip`. */
void dhcp_init(struct dhcp *d, const struct dhcp_ops *ops, void *user, struct ip *ip,
               const char *hostname);

/* The link is up, with this MAC address: ask for an address, or whether that of before still
 * holds. */
void dhcp_begin(struct dhcp *d, const uint8_t mac[HDR_ETH_ALEN], uint64_t now);

/* The link is down: say nothing more. The lease is kept, and used, until it ends. */
void dhcp_pause(struct dhcp *d, uint64_t now);

/* A message has come from port 67. */
void dhcp_receive(struct dhcp *d, struct span message, uint64_t now);

/* The answer to `check`, or (false) that somebody took the address away later. */
void dhcp_checked(struct dhcp *d, bool is_free, uint64_t now);

/* Give the lease back and end. */
void dhcp_end(struct dhcp *d, uint64_t now);

const char *dhcp_state_name(enum dhcp_state state);

#endif
