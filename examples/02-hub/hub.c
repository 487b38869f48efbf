/*
 * hub.c - exercise 2: a controller that makes the switch a hub. README.md beside it says what to
 * write.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_app.h"
#include "openflow/action.h"

/* A packet that no flow entry of the switch matches has come to us. True: we have dealt with it. */
static bool hub_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area); /* an empty list of actions, room for one */

    (void)self;
    (void)dp;
    (void)packet;
    (void)actions;
    /* Here: put an action into the list, and answer the packet-in with it. */
    return false;
}

static const struct ctl_app_type hub = {
    .name = "hub",
    .help = "Exercise 2: send each packet out of all other ports.",
    .packet_in = hub_packet_in,
};

int main(int argc, char **argv)
{
    return run_app(&hub, argc, argv);
}
