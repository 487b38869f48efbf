/*
 * dp_lab.h - a datapath between hosts on simulated links, and everything that it says, for tests.
 *
 * Host n hangs at port n, on the link "link:n". What a host receives, it keeps until lab_quiet().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_DP_LAB_H
#define MORGANA_TEST_UNIT_DP_LAB_H

#include "openflow/action.h"
#include "openflow/match.h"
#include "runtime/sim/sim.h"
#include "switch/dp.h"
#include "test/unit/frames.h"
#include "test/unit/watcher.h"

#define LAB_HOSTS 4
#define LAB_KEEPS 256 /* messages of a kind */

/* A message that the datapath sent, with copies of what it viewed. */
struct lab_packet_in {
    struct ofp_msg_packet_in in;
    uint8_t data[2048];
};
struct lab_flow_removed {
    struct ofp_msg_flow_removed removed;
    struct ofp_match match;
};
struct lab_port_status {
    uint8_t reason;
    struct ofp_phy_port desc;
};

struct lab {
    struct dp *dp;
    struct pkt_pool *pool, *large; /* the hosts' */
    struct watcher host[LAB_HOSTS + 1];
    struct lab_packet_in packet_in[LAB_KEEPS];
    struct lab_flow_removed flow_removed[LAB_KEEPS];
    struct lab_port_status port_status[LAB_KEEPS];
    size_t packet_ins, flow_removeds, port_statuses;
    struct ofp_fault fault; /* of the last request that was refused */
};

extern struct lab lab;

/* A datapath of `config` (NULL: the defaults, with dpid 1) with ports 1 to LAB_HOSTS, all links up;
 * the links' devices have `features` (enum netdev_feature). lab_end() asserts that every packet is
 * back in its pool. */
void lab_begin(const struct dp_config *config, uint32_t features);
void lab_end(void);

/* Let the simulation come to rest; or let time pass. */
void lab_rest(void);
void lab_pass(uint64_t ns);

/* Forget what was heard so far. */
void lab_quiet(void);

/* The host sends a frame, or a packet (whose reference is taken over). Does not wait. */
void lab_send(int host, const struct frame *f);
void lab_send_pkt(int host, struct pkt *p);

/* Has just this frame, once, and nothing else, come to each host of `hosts` (bit n: host n), and to
 * no other? Then forgets. */
bool lab_got(uint32_t hosts, const struct frame *f);

/* A list of actions in an area of its own, valid until the fourth call from here. */
struct buf *lab_actions(void);
struct span lab_output(uint16_t port);

/* Add a flow; or any flow-mod: true if it was done. */
void lab_flow(const struct ofp_match *match, uint16_t priority, struct span actions);
bool lab_flow_mod(const struct ofp_msg_flow_mod *mod);

/* A packet-out of a frame; true if it was done. */
bool lab_packet_out(uint16_t in_port, const struct frame *f, struct span actions);

/* Of a buffered packet. */
bool lab_packet_out_buffer(uint32_t buffer_id, struct span actions);

bool lab_port_mod(uint16_t port, uint32_t config, uint32_t mask);

#endif
