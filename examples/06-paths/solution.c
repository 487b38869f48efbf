/*
 * solution.c - exercise 6, solved: shortest paths by a breadth-first search from their end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/06-paths/ways.h"
#include "examples/run_app.h"
#include "openflow/action.h"
#include "openflow/match.h"

#define IDLE 60 /* seconds that an entry may go unused */

/* order[] holds the nodes in the order in which they are reached, which is that of their distance.
 */
void measure(struct graph *g, struct graph_node *end)
{
    size_t n_reached = 1;

    for (size_t i = 0; i < g->n_nodes; i++)
        g->node[i]->distance = GRAPH_FAR;
    end->distance = 0;
    g->order[0] = end;
    for (size_t i = 0; i < n_reached; i++) {
        struct graph_node *n = g->order[i];
        for (size_t j = 0; j < n->n_arcs; j++) {
            const struct graph_arc *arc = &n->arc[j];
            if (!graph_is_usable(arc) || arc->to->distance != GRAPH_FAR)
                continue;
            arc->to->distance = n->distance + 1;
            g->order[n_reached++] = arc->to;
        }
    }
}

/* Packets between these two hosts leave this switch by `port`; this one, if there is one, too. */
static void install(struct ctl_dp *dp, uint16_t port, const struct ofp_match *headers,
                    const struct ctl_packet *packet)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = *headers;
    struct ofp_msg_flow_mod flow = {
        .match = &match,
        .command = OFPFC_ADD,
        .idle_timeout = IDLE,
        .priority = OFP_DEFAULT_PRIORITY,
        .out_port = OFPP_NONE,
    };

    match.wildcards = be32_of(OFPFW_ALL & ~(OFPFW_DL_SRC | OFPFW_DL_DST));
    ofp_put_output(&actions, port, 0);
    flow.actions = span_of(area, actions.len);
    ctl_flow_mod(dp, &flow, packet);
}

/* An arc by which `n` is one cable nearer to the end. */
static const struct graph_arc *next_arc(const struct graph_node *n)
{
    const struct graph_arc *arc = n->arc;

    while (!graph_is_usable(arc) || arc->to->distance >= n->distance)
        arc++;
    return arc;
}

/* From the end back to the beginning: when the packet leaves the first switch, the others know
 * where to send it. */
static void lay_from(struct graph_node *n, uint16_t port, const struct ofp_match *headers,
                     const struct ctl_packet *packet)
{
    if (n->distance > 0) {
        const struct graph_arc *arc = next_arc(n);
        lay_from(arc->to, port, headers, NULL);
        port = arc->port;
    }
    install(n->dp, port, headers, packet);
}

void lay_path(struct graph_node *n, uint16_t port, const struct ctl_packet *packet)
{
    lay_from(n, port, &packet->key.match, packet);
}

void delete_entries(struct ctl_dp *dp, const uint8_t *mac)
{
    struct ofp_match match = ofp_match_any();
    struct ofp_msg_flow_mod flow = {
        .match = &match,
        .command = OFPFC_DELETE, /* all entries that say at least as much as the match */
        .out_port = OFPP_NONE,
    };

    match.wildcards = be32_of(OFPFW_ALL & ~OFPFW_DL_DST);
    bytes_copy(match.dl_dst, mac, sizeof match.dl_dst);
    ctl_flow_mod(dp, &flow, NULL);
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&discovery_app, &stp_app, &ways_app, NULL};
    return run_apps(apps, argc, argv);
}
