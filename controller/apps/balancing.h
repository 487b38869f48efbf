/*
 * balancing.h - the three things that make a balancer: who gets a connection, and what the switch
 * writes into its packets, there and back.
 *
 * No state but whose turn it is, no I/O: the app around (balancer.c) knows which servers are there,
 * remembers connections and sends the flows. Exercise 9 of the course leaves these three to the
 * learner, whose own take the place of balancing.c when that program is linked.
 *
 * Called by balancer.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_BALANCING_H
#define MORGANA_CONTROLLER_APPS_BALANCING_H

#include "controller/apps/servers.h"
#include "runtime/buf.h"

/* What tells a client's connection from others; all of it may be hashed (server_weight()), pads
 * too. */
struct connection_id {
    be32 client;
    be16 client_port, service_port; /* 0 and 0 of a protocol without ports */
    uint8_t proto;
    uint8_t pad[7];
};

/* What clients send to. */
struct balanced {
    uint32_t address; /* in the host's order */
    uint8_t mac[OFP_ETH_ALEN];
};

/* The number of the server that a new connection goes to, one that server_can_take(); -1: there is
 * none.
 *
 *     hash         by a hash of the connection: the server whose address, hashed with it, gives the
 *                  highest number (rendezvous hashing, Thaler and Ravishankar 1998). So a server
 *                  that goes takes its own share along and moves no other, and gets it back. The
 *                  hash has no secret, so that a controller that is started again chooses as before
 *     source       the same, but of the client's address alone: all of a client's at one server
 *     round-robin  each in its turn */
int balance_choose(struct servers *s, enum server_pick pick, const struct connection_id *id);

/* On the way there: make the switch send a packet for the balanced address to the server instead.
 * Appends to `actions` all but the output. False: it cannot be done. */
bool balance_there(struct buf *actions, const struct backend *server);

/* On the way back: `match` holds the headers of the client's packets; make it those of the server's
 * answers, which come in at the server's port. Appends to `actions` what makes them come from the
 * balanced address, all but the output. Wildcards are the caller's. False: it cannot be done. */
bool balance_back(struct ofp_match *match, struct buf *actions, const struct backend *server,
                  const struct balanced *balanced);

#endif
