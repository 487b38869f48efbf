/*
 * path.h - a path from one host to another: its flows, hop by hop.
 *
 * A path is a shortest one; of equal ones it is chosen by a hash of the two addresses and of each
 * switch on the way, so that the same network gives the same path, and a change elsewhere moves no
 * path. Each hop is one flow, for (port, VLAN, source, destination): a packet that comes in where
 * the path does not pass is seen by the controller.
 *
 * Flows are sent from the destination back to the source, and the first hop last, so that as a rule
 * a packet does not overtake them. Only the first hop's flow says when it has been idle; those
 * behind it live longer by PATH_EXTRA_IDLE, so that no packet meets a hop that has gone before.
 *
 * Called by paths.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_PATH_H
#define MORGANA_CONTROLLER_APPS_PATH_H

#include "controller/apps/hosts.h"
#include "controller/apps/stp.h"

#define PATH_EXTRA_IDLE 10 /* seconds */

struct path_hop {
    struct ctl_dp *dp; /* NULL: it has left */
    uint16_t in, out;  /* the same: packets end here, they have arrived already */
};

struct path {
    struct list from_link, to_link; /* in the lists of its hosts */
    struct host *from, *to;
    uint64_t cookie;
    uint16_t idle; /* seconds */
    size_t n_hops;
    struct path_hop *hop; /* from the source on; NULL: none yet */
};

/* The path between two hosts; NULL: there is none. */
struct path *path_find(const struct host *from, const struct host *to);

/* One without hops. NULL: no memory. */
struct path *path_new(struct host *from, struct host *to, uint64_t cookie, uint16_t idle);

/* Lay its flows along the way that the graph has now, where they are not there already; those that
 * are elsewhere are deleted. A path that has no flows yet takes `packet`, which has come in at its
 * begin, along. 0, -EHOSTUNREACH (there is no way) or -ENOMEM, nothing being changed. */
int path_lay(struct path *p, struct stp *stp, const struct ctl_packet *packet);

/* Send a hop's flow again, with a packet that came in there. False: the path does not pass there.
 */
bool path_repeat(const struct path *p, struct ctl_dp *dp, const struct ctl_packet *packet);

/* Delete its flows, and it. */
void path_free(struct path *p);

/* A datapath has left: no more is sent to it. */
void path_forget_dp(struct path *p, const struct ctl_dp *dp);

/* The port by which packets leave `dp` for a host; OFPP_NONE: there is no way. */
uint16_t path_next_port(struct stp *stp, const struct ctl_dp *dp, const struct host *to,
                        mac_addr from);

#endif
