/*
 * servers.h - the servers behind a balancer's address: which of them are there.
 *
 * A server is asked for its MAC address again and again, by ARP; one that does not answer
 * SERVER_MISSES times is held to be gone until it is heard again. No I/O, no clock. Called by
 * balancer.c and balancing.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_SERVERS_H
#define MORGANA_CONTROLLER_APPS_SERVERS_H

#include "openflow/wire.h"

#define SERVERS_MAX   64
#define SERVER_MISSES 3

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
    size_t turn; /* how many have had theirs, of round-robin */
};

enum server_pick { PICK_HASH, PICK_SOURCE, PICK_ROUND_ROBIN };

/* "hash", "source", "round-robin". False: it is none of them. */
bool server_pick_of(const char *name, enum server_pick *pick);

/* The number of the server with this address; -1: there is none. */
int servers_find(const struct servers *s, uint32_t address);

/* Can it be given a new connection? */
static inline bool server_can_take(const struct backend *server)
{
    return server->is_there && !server->drained;
}

/* A number that looks like chance, of the server and of `what`: the same each time. */
uint64_t server_weight(const struct backend *server, const void *what, size_t n);

/* It is asked once more. True: it was there, and is now held to be gone. */
bool server_asked(struct backend *s);

/* It has answered, with this MAC address, at this port. */
enum server_news { SERVER_AS_BEFORE, SERVER_CAME, SERVER_MOVED };
enum server_news server_heard(struct backend *s, const uint8_t mac[OFP_ETH_ALEN], uint16_t port);

#endif
