/*
 * stp.h - a spanning tree over the discovered links: for the apps that flood, and for those that
 * need to know what is behind a port.
 *
 * The app `stp` sets OFPPC_NO_FLOOD (OpenFlow 1.0 section 5.2.1) at every port but those of the
 * tree and those behind which there are hosts, so that OFPP_FLOOD reaches every switch once. It
 * answers for four things:
 *
 *   - No loop, not even for a moment: ports are closed first, and opened when the switches have
 *     confirmed that (by barriers). A port that is down is closed, so that it comes up closed; it
 *     is opened when it is found in the tree, or when it has been up for discovery_settle_time()
 *     without a link. A link of one direction is in no tree, and closed at both ends.
 *   - No wrong lesson: what comes in on a port that is not open does not reach the apps behind.
 *   - What other apps know of hosts behind a port is forgotten (ctl_forget()) when other switches
 *     than before are behind it. To see that, each port of the tree has the exclusive or of a hash
 *     of every switch behind it. If the network has only grown, a switch of which one port alone
 *     has changed has nothing to forget. What was flooded before the change is on its way still,
 *     and teaches wrong: when it has come to its end, all ports of the tree are forgotten. All are
 *     forgotten at a switch that joins, too, which may have flows from before, and everywhere when
 *     a port that was open turns out to be a link: there may have been a circle.
 *   - The graph, for apps that stand on this one.
 *
 * A loop through bridges that do not pass LLDP on, and are not ours, is not seen.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_STP_H
#define MORGANA_CONTROLLER_APPS_STP_H

#include "controller/apps/graph.h"

struct stp;

/* What a port is. */
enum stp_state {
    STP_DOWN,     /* or unknown */
    STP_SETTLING, /* up for too short a time to say */
    STP_EDGE,     /* no link: hosts */
    STP_TREE,     /* a link of the tree */
    STP_BLOCKED,  /* a link that is not */
};

/* The stp of this controller's chain. NULL, and that has been logged with `who` wants it, if the
 * chain so far has none. */
struct stp *stp_of(struct ctl *ctl, const char *who);

enum stp_state stp_port_state(const struct stp *stp, const struct ctl_dp *dp, uint16_t port);

/* The network as it is now; and a datapath's place in it (NULL: it has none). */
struct graph *stp_graph(struct stp *stp);
struct graph_node *stp_node(const struct stp *stp, const struct ctl_dp *dp);

/* Packets that come in on blocked ports are no longer dropped: the caller looks at the state of
 * ports by itself. */
void stp_let_blocked_pass(struct stp *stp);

#endif
