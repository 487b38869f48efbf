/*
 * ways.h - what exercise 6 is given: an app that knows where each host is, and asks what you write
 * in paths.c for the ways between them.
 *
 * It stands behind the apps discovery and stp in the chain. A host is learned at the first port at
 * which it is heard that no cable leads to. A packet from a known host to a known one is yours: the
 * network is measured from its end, and the path laid. All others are flooded, on the tree of stp.
 * When a cable comes or goes, and when a host has moved, the entries that are no good any more are
 * yours to delete; the next packet then asks for a path again.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_WAYS_H
#define MORGANA_EXAMPLES_WAYS_H

#include "controller/apps/graph.h"
#include "controller/ctl.h"

/* --- What you write -------------------------------------------------------------------------- */

/* Let each node's `distance` be how many cables away from `end` it is; GRAPH_FAR: there is no way.
 */
void measure(struct graph *g, struct graph_node *end);

/* Install the entries for packets like this one at each switch from n, where it came in, to that of
 * distance 0, where its destination is at `port`; and have the packet sent on. */
void lay_path(struct graph_node *n, uint16_t port, const struct ctl_packet *packet);

/* Delete all entries of a switch by which packets go to this MAC address. */
void delete_entries(struct ctl_dp *dp, const uint8_t *mac);

/* --- The app --------------------------------------------------------------------------------- */

extern const struct ctl_app_type ways_app;

#endif
