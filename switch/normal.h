/*
 * normal.h - OFPP_NORMAL: what a switch without OpenFlow does with a packet.
 *
 * A learning Ethernet bridge (IEEE 802.1D section 7.8): each packet teaches at which port its
 * source is, in its VLAN; it goes where its destination was learned to be, or to all. Used by the
 * executor for OFPP_NORMAL and by the datapath for misses while it stands alone.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_NORMAL_H
#define MORGANA_SWITCH_NORMAL_H

#include "openflow/key.h"
#include "runtime/mac_table.h"

struct normal {
    struct mac_table hosts;
    uint64_t learned, moved, refused, aged;
};

/* At most `max` addresses, each remembered for `age` ns after it was last heard. 0 or -ENOMEM. */
int normal_init(struct normal *n, uint32_t max, uint64_t age);
void normal_free(struct normal *n);

/* Learn from a packet with this key, received at loop time `now`, and say where it goes: a port,
 * OFPP_FLOOD, or OFPP_NONE: it is where it belongs already, or no bridge may forward it. */
uint16_t normal_forward(struct normal *n, const struct ofp_key *key, uint64_t now);

/* A port has lost its link, or is gone: nobody is there. */
void normal_forget_port(struct normal *n, uint16_t port);

#endif
