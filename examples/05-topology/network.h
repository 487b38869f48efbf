/*
 * network.h - what exercise 5 is given: an app that knows the switches and their ports, and asks
 * what you write in topology.c.
 *
 * Every half second each port that is up is to send an LLDP frame. Where one comes in there is a
 * cable; when for two seconds none has come, or the port goes down, it is gone. Whenever cables
 * have come or gone, you choose a spanning tree anew: the ports at cables that are not in it are
 * closed at once (OFPPC_NO_FLOOD, OpenFlow 1.0 section 5.2.1), others are opened half a second
 * later, and the apps behind forget what hosts they know. A port at which there is no cable for two
 * seconds is taken for a host's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_NETWORK_H
#define MORGANA_EXAMPLES_NETWORK_H

#include "controller/apps/graph.h"
#include "controller/apps/lldp.h"

struct network;

/* --- What you write -------------------------------------------------------------------------- */

/* Send an LLDP frame out of this port of a switch, which says where it comes from; the secret
 * proves that it is yours. */
void send_lldp(struct ctl_dp *dp, const struct ofp_phy_port *port, uint64_t secret);

/* An LLDP frame has come in: if it is yours, report where it has left by network_heard(). */
void hear_lldp(struct network *net, struct ctl_dp *dp, const struct ctl_packet *packet,
               uint64_t secret);

/* Choose a spanning tree of the switches: call network_take() for each cable of it. */
void choose_tree(struct graph *g);

/* --- What you call --------------------------------------------------------------------------- */

/* A frame that left `from` has come in at this port of `dp`. */
void network_heard(struct network *net, struct lldp_origin from, struct ctl_dp *dp, uint16_t port);

/* The cable of this arc, which is one of n's, is in the tree. */
void network_take(struct graph_node *n, const struct graph_arc *arc);

/* --- The app --------------------------------------------------------------------------------- */

extern const struct ctl_app_type network_app;

#endif
