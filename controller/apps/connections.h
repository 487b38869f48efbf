/*
 * connections.h - which server a client's connection is at: the app balancer's table.
 *
 * A connection is a protocol, a client's address and port, and the port that it asked for. Those
 * that have flows in the switch are kept in the order in which they were heard; those whose flows
 * have timed out linger for a while, so that what was only silent comes to the same server. The
 * table has a maximum: to make room the one that lingers for longest goes, or else the one that
 * was not heard for longest. Its flows stay, so it goes on undisturbed until they end.
 *
 * One whose server has gone is lost. It lingers, too, so that what its server still says of it can
 * be told from what a server says for itself, until it is moved to a server that is there.
 *
 * Time is passed in. Called by balancer.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_CONNECTIONS_H
#define MORGANA_CONTROLLER_APPS_CONNECTIONS_H

#include "controller/apps/balancing.h"
#include "openflow/key.h"
#include "runtime/hash_table.h"
#include "runtime/list.h"

enum { CONNECTION_THERE = 1, CONNECTION_BACK = 2 }; /* its flows that the switch has */

struct connection {
    struct connection_id id;
    struct ofp_key key; /* of the client's last packet that came here */
    unsigned server;    /* its number */
    unsigned flows;     /* CONNECTION_THERE and CONNECTION_BACK */
    bool lost;          /* its server has gone */
    uint64_t since;     /* it lingers */
    struct hash_link by_id;
    struct list order; /* among those that have flows, or those that linger */
};

struct connections {
    struct hash_table table;
    struct list active, lingering;
    size_t max;
    size_t at[SERVERS_MAX]; /* each server's, without those that are lost */
    uint64_t seed, evicted;
};

/* An empty table. 0 or -ENOMEM. Free it with all that is in it, also if it could not be made. */
int connections_init(struct connections *t, size_t max, uint64_t seed);
void connections_free(struct connections *t);

/* A connection by id; NULL: there is none. */
struct connection *connections_find(const struct connections *t, const struct connection_id *id);

/* Add one, which is not there, at a server; it has no flows. NULL: no memory. */
struct connection *connections_add(struct connections *t, const struct connection_id *id,
                                   unsigned server, uint64_t now);

/* Its flows are laid, both. */
void connections_laid(struct connections *t, struct connection *c);

/* One of its flows, or both, have timed out. */
void connections_ended(struct connections *t, struct connection *c, unsigned flows, uint64_t now);

/* Those of a server are lost with it, and have no flows; a lost one is moved to a server. */
void connections_lose_server(struct connections *t, unsigned server, uint64_t now);
void connections_move(struct connections *t, struct connection *c, unsigned server);

/* Forget those that have lingered since before. */
void connections_sweep(struct connections *t, uint64_t before);

#endif
