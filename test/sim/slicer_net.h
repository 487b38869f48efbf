/*
 * slicer_net.h - a network for the slicer's model: switches of ours, cables, hosts, in virtual
 * time.
 *
 * Switches are the real thing (switch/), so that what is compared is what becomes of frames. What a
 * host gets is written down. Called by slicer_model.c and slicer_reference.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_SLICER_NET_H
#define MORGANA_TEST_SIM_SLICER_NET_H

#include "controller/ctl.h"
#include "openflow/key.h"

#define NET_SWITCHES  4 /* at most; their datapath ids are their numbers, from 1 on */
#define NET_PORTS     6
#define NET_FRAME_MAX 80

struct net_frame {
    size_t len;
    uint8_t bytes[NET_FRAME_MAX];
};

/* What was heard: by a host, or (view >= 0) a slice's controller. */
struct net_heard {
    int view;
    unsigned sw; /* of a host */
    uint16_t port;
    struct net_frame frame;
};

struct net_log {
    struct net_heard heard[4096];
    size_t n;
};

/* The port of a switch: a host is there, or (to > 0) a cable to another switch. */
struct net_port {
    unsigned to;
    uint16_t to_port;
    char link[24];
    bool down;
};

struct net_shape {
    unsigned n; /* switches, from 1 on */
    uint16_t n_ports[NET_SWITCHES + 1];
    struct net_port port[NET_SWITCHES + 1][NET_PORTS + 1];
};

extern struct net_shape net_shape;
extern struct net_log net_seen; /* what hosts and controllers have got */

/* Make what net_shape says, its switches connected to `ctl`. And away with it. */
void net_raise(struct ctl *ctl);
void net_remove(void);

/* Cables between switches, for net_shape. */
void net_cable(unsigned a, unsigned b);

/* Take a link down, or up. */
void net_set_down(unsigned sw, uint16_t port, bool down);

/* The host at a port sends. */
void net_send(unsigned sw, uint16_t port, const struct net_frame *frame);

/* As it is compared: without checksums, which a switch brings up to date. */
struct net_frame net_comparable(struct span bytes);

/* Write down; are both the same, in whatever order? */
void net_note(struct net_log *log, const struct net_heard *heard);
bool net_same(const struct net_log *a, const struct net_log *b);

#endif
