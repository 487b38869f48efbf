/*
 * example_app.c - an app for the controller: drop all that one host sends.
 *
 * README.md shows it; `make check` compiles it and runs it in a chain, so that it stays true.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/ctl.h"
#include "runtime/log.h"

LOG_MODULE(block);

static const uint8_t blocked[OFP_ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x66};

/* Packets of the blocked host end here; an empty list of actions drops the rest in the switch. */
static bool block_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct ofp_msg_flow_mod drop = {
        .match = &packet->key.match, /* exactly this packet's headers */
        .command = OFPFC_ADD,
        .idle_timeout = 10,
        .out_port = OFPP_NONE,
    };

    (void)self;
    if (!bytes_equal(packet->key.match.dl_src, blocked, sizeof blocked))
        return false; /* the next app's */
    log_info("%s: the blocked host is at port %u", ctl_dp_peer(dp), packet->in->in_port);
    ctl_flow_mod(dp, &drop, packet);
    return true;
}

extern const struct ctl_app_type block_app;
const struct ctl_app_type block_app = {
    .name = "block",
    .help = "drop what one host sends",
    .packet_in = block_packet_in,
};
