/*
 * hub.c - the app that makes every switch a hub: each packet goes out of all other ports.
 *
 * It installs no flows, so that every packet passes through the controller: slow, but nothing is
 * hidden, and it works on any switch.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/action.h"

static bool hub_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);

    (void)self;
    ofp_put_output(&actions, OFPP_FLOOD, 0);
    ctl_packet_out(dp, packet, span_of(area, actions.len));
    return true;
}

const struct ctl_app_type hub_app = {
    .name = "hub",
    .help = "send each packet out of all other ports",
    .packet_in = hub_packet_in,
};
