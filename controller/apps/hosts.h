/*
 * hosts.h - where each host of the network is: the app paths' table of them.
 *
 * A host is a MAC address in a VLAN, at an edge port of a switch. The table has a maximum; who has
 * not been heard for long goes first, found at the front of a list in the order of hearing. A
 * host that still has a path from it counts as heard: its packets pass without being seen.
 *
 * Time is passed in. Called by paths.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_HOSTS_H
#define MORGANA_CONTROLLER_APPS_HOSTS_H

#include "controller/ctl.h"
#include "runtime/hash_table.h"
#include "runtime/list.h"
#include "runtime/mac_table.h"

struct host {
    mac_addr addr;
    struct ctl_dp *dp;
    uint16_t port;
    uint64_t heard;
    struct hash_link by_addr;
    struct list order;    /* of hearing */
    struct list place;    /* in the list of its datapath's hosts */
    struct list from, to; /* paths that begin, and that end, here: path.c's */
    size_t n_from, n_to;
};

struct hosts {
    struct hash_table table;
    struct list order;
    size_t max;
    uint64_t seed;
};

/* An empty table. 0 or -ENOMEM. */
int hosts_init(struct hosts *t, size_t max, uint64_t seed);
void hosts_free(struct hosts *t);

/* A host by address; NULL: not known. */
struct host *hosts_find(const struct hosts *t, mac_addr addr);

/* Add one that is not known. NULL: no room, or no memory. Its place is to be said by host_put(). */
struct host *hosts_add(struct hosts *t, mac_addr addr, uint64_t now);

/* It has been heard. */
void hosts_heard(struct hosts *t, struct host *h, uint64_t now);

/* Say where it is; `all` are the hosts of that datapath. */
void host_put(struct host *h, struct ctl_dp *dp, uint16_t port, struct list *all);

/* Forget it. It must have no paths. */
void hosts_remove(struct hosts *t, struct host *h);

/* The one that has been silent for longest, if it was not heard since `before`; NULL: none. */
struct host *hosts_oldest(const struct hosts *t, uint64_t before);

#endif
