/*
 * paths.c - exercise 6: shortest paths. README.md beside it says what to write; as it is here no
 * switch can be reached from another, so that all packets are flooded on the tree.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/06-paths/ways.h"
#include "examples/run_app.h"
#include "openflow/action.h"
#include "openflow/match.h"

void measure(struct graph *g, struct graph_node *end)
{
    for (size_t i = 0; i < g->n_nodes; i++)
        g->node[i]->distance = GRAPH_FAR;
    /* Here: `end` is at distance 0, and each node that a cable joins to it at 1, and so on. */
    (void)end;
}

void lay_path(struct graph_node *n, uint16_t port, const struct ctl_packet *packet)
{
    /* Here: install an entry at each switch of the path, the last one first; n gets the packet. */
    (void)n;
    (void)port;
    (void)packet;
}

void delete_entries(struct ctl_dp *dp, const uint8_t *mac)
{
    /* Here: delete the entries by which packets go to this address. */
    (void)dp;
    (void)mac;
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&discovery_app, &stp_app, &ways_app, NULL};
    return run_apps(apps, argc, argv);
}
