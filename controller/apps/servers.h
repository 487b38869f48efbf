/*
 * servers.h - the servers behind a balancer's address: which are there, and whose turn it is.
 *
 * A server is asked for its MAC address again and again, by ARP; one that does not answer
 * SERVER_MISSES times is held to be gone until it is heard again. New connections go to a server
 * that is there, by one of three rules:
 *
 *     hash         by a hash of the connection: the server whose address, hashed with it, gives the
 *                  highest number (rendezvous hashing, Thaler and Ravishankar 1998). So a server
 *                  that goes takes its own share along and moves no other, and gets it back
 *     source       the same, but of the client's address alone: all of a client's at one server
 *     round-robin  each in its turn
 *
 * The hash has no secret, so that a controller that is started again chooses as before. No I/O, no
 * clock. Called by balancer.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_SERVERS_H
#define MORGANA_CONTROLLER_APPS_SERVERS_H

#include "openflow/wire.h"

#define SERVERS_MAX   64
#define SERVER_MISSES 3

/* What tells a client's connection from others; all of it is hashed, pads too. */
struct connection_id {
    be32 client;
    be16 client_port, service_port; /* 0 and 0 of a protocol without ports */
    uint8_t proto;
    uint8_t pad[7];
};

struct backend {
    uint32_t address; /* in the host's order */
    bool is_there;
    bool drained;    /* gets no new connections */
    unsigned misses; /* questions since its last answer */
    uint8_t mac[OFP_ETH_ALEN];
    uint16_t port;
    uint64_t chosen; /* connections */
};

struct servers {
    struct backend server[SERVERS_MAX];
    size_t n;
    size_t turn; /* of round-robin */
};

enum server_pick { PICK_HASH, PICK_SOURCE, PICK_ROUND_ROBIN };

/* "hash", "source", "round-robin". False: it is none of them. */
bool server_pick_of(const char *name, enum server_pick *pick);

/* The number of the server with this address; -1: there is none. */
int servers_find(const struct servers *s, uint32_t address);

/* The server for a new connection; -1: none can take it. */
int servers_choose(struct servers *s, enum server_pick pick, const struct connection_id *id);

/* It is asked once more. True: it was there, and is now held to be gone. */
bool server_asked(struct backend *s);

/* It has answered, with this MAC address, at this port. */
enum server_news { SERVER_AS_BEFORE, SERVER_CAME, SERVER_MOVED };
enum server_news server_heard(struct backend *s, const uint8_t mac[OFP_ETH_ALEN], uint16_t port);

#endif
