/*
 * topology.c - exercise 5: find the cables between switches, and flood on a spanning tree only.
 * README.md beside it says what to write; as it is here it says nothing and hears nothing.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/05-topology/network.h"
#include "examples/run_app.h"
#include "openflow/action.h"

void send_lldp(struct ctl_dp *dp, const struct ofp_phy_port *port, uint64_t secret)
{
    /* Here: write a frame, and send it out of the port by a packet-out. */
    (void)dp;
    (void)port;
    (void)secret;
}

void hear_lldp(struct network *net, struct ctl_dp *dp, const struct ctl_packet *packet,
               uint64_t secret)
{
    /* Here: read the frame; if it is yours, report where it left and where it has come in. */
    (void)net;
    (void)dp;
    (void)packet;
    (void)secret;
}

void choose_tree(struct graph *g)
{
    /* Here: take the cables of a spanning tree. */
    (void)g;
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&network_app, &learning_app, NULL};
    return run_apps(apps, argc, argv);
}
