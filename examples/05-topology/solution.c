/*
 * solution.c - exercise 5, solved: cables found by LLDP (IEEE 802.1AB), and a spanning tree of
 * them, breadth first.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/05-topology/network.h"
#include "examples/run_app.h"
#include "openflow/action.h"

#define SECONDS 2 /* for which a receiver may believe a frame */

void send_lldp(struct ctl_dp *dp, const struct ofp_phy_port *port, uint64_t secret)
{
    struct lldp_origin here = {.dpid = ctl_dp_id(dp), .port = be16_get(port->port_no)};
    uint8_t frame[LLDP_FRAME], area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT};

    lldp_write(frame, here, port->hw_addr, SECONDS, secret);
    ofp_put_output(&actions, here.port, 0);
    msg.packet_out = (struct ofp_msg_packet_out){
        .buffer_id = OFP_NO_BUFFER, /* the packet comes with the message */
        .in_port = OFPP_NONE,       /* it came from no port, but from us */
        .actions = span_of(area, actions.len),
        .data = span_of(frame, sizeof frame),
    };
    ctl_send(dp, &msg);
}

void hear_lldp(struct network *net, struct ctl_dp *dp, const struct ctl_packet *packet,
               uint64_t secret)
{
    struct lldp_origin from;

    if (lldp_read(packet->in->data, secret, &from) == LLDP_OURS)
        network_heard(net, from, dp, packet->in->in_port);
}

/* Take every cable by which a switch is reached from `root` for the first time. The order in which
 * they are reached is also the order in which they are looked at; it begins at order[first].
 * Returns where it ends. */
static size_t grow_tree(struct graph *g, struct graph_node *root, size_t first)
{
    size_t end = first;

    root->root = root;
    g->order[end++] = root;
    for (size_t i = first; i < end; i++) {
        struct graph_node *n = g->order[i];
        for (size_t j = 0; j < n->n_arcs; j++) {
            const struct graph_arc *arc = &n->arc[j];
            if (!graph_is_usable(arc) || arc->to->root != NULL)
                continue;
            arc->to->root = root;
            g->order[end++] = arc->to;
            network_take(n, arc);
        }
    }
    return end;
}

/* The network may be in pieces: each has a tree of its own. */
void choose_tree(struct graph *g)
{
    size_t end = 0;

    for (size_t i = 0; i < g->n_nodes; i++)
        g->node[i]->root = NULL;
    for (size_t i = 0; i < g->n_nodes; i++)
        if (g->node[i]->root == NULL)
            end = grow_tree(g, g->node[i], end);
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&network_app, &learning_app, NULL};
    return run_apps(apps, argc, argv);
}
