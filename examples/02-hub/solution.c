/*
 * solution.c - exercise 2, solved: each packet goes out of all other ports by a packet-out.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_app.h"
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

static const struct ctl_app_type hub = {
    .name = "hub",
    .help = "Exercise 2: send each packet out of all other ports.",
    .packet_in = hub_packet_in,
};

int main(int argc, char **argv)
{
    return run_app(&hub, argc, argv);
}
