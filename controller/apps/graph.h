/*
 * graph.h - the network as a graph: switches, the cables between them, a spanning tree, distances.
 *
 * A cable has an arc at each of its two ends. LLDP shows each direction by itself; only an arc that
 * both sends and hears is used. Switches are kept by datapath id and a switch's arcs by the
 * datapath id and port that they lead to, so that what is chosen depends on the network alone, not
 * on the order in which it was found.
 *
 * Both searches are breadth first and cost the number of switches and arcs; they allocate nothing.
 * Called by stp.c, which keeps the graph true to discovery.h, and by path.c; the slicer has one of
 * its own.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_GRAPH_H
#define MORGANA_CONTROLLER_APPS_GRAPH_H

#include "controller/apps/discovery.h"

struct graph_node;

/* One end of a cable. */
struct graph_arc {
    struct graph_node *to;
    uint16_t port, to_port; /* ours; the other end's */
    bool sends, hears;      /* frames go there; come from there */
};

/* A switch; lies inside its owner. */
struct graph_node {
    struct ctl_dp *dp;
    uint64_t dpid;
    struct graph_arc *arc; /* n_arcs of them, sorted; room for cap_arcs */
    size_t n_arcs, cap_arcs;

    /* graph_span()'s; valid until the graph changes. */
    struct graph_node *root;
    const struct graph_arc *up; /* to the node above; NULL: it is a root */
    uint64_t below;             /* the owner's */

    /* graph_measure()'s. */
    uint32_t distance; /* cables to the one measured from, or GRAPH_FAR */
};

#define GRAPH_FAR UINT32_MAX

struct graph {
    struct graph_node **node;  /* n_nodes, by dpid */
    struct graph_node **order; /* nodes, in the order in which the last search reached them */
    size_t n_nodes, cap_nodes;
    const struct graph_node *measured; /* from whom the last search was; NULL: graph_span()'s */
};

void graph_init(struct graph *g);

/* Free what it holds; the nodes must have been removed. */
void graph_free(struct graph *g);

/* Put a switch in, without cables. 0 or -ENOMEM. */
int graph_add(struct graph *g, struct graph_node *n, struct ctl_dp *dp);

/* Take one out; nothing if it is not in. Its links must be gone. */
void graph_remove(struct graph *g, struct graph_node *n);

/* A link has come up or gone. 0 or -ENOMEM: the link is then not in the graph. */
int graph_set_link(struct graph *g, struct graph_node *from, uint16_t from_port,
                   struct graph_node *to, uint16_t to_port, bool up);

/* Can frames go both ways? */
static inline bool graph_is_usable(const struct graph_arc *a)
{
    return a->sends && a->hears;
}

/* Does any cable, of one direction even, end at this port? */
bool graph_has_cable(const struct graph_node *n, uint16_t port);

/* Choose a spanning tree of each component: its lowest dpid is the root, each other switch hangs on
 * the one that was reached first, breadth first, by the arc that sorts first there. */
void graph_span(struct graph *g);

/* Let every node's `distance` be that to `from`; those that are reached come first in the order.
 * Nothing is done if it is so already. */
void graph_measure(struct graph *g, const struct graph_node *from);

#endif
