/*
 * fake_switch.h - a scripted switch at one end of a stream pair, for the controller's tests.
 *
 * The test says what the switch sends and looks at what it got, message by message. Time is
 * virtual (runtime/sim/). Everything that the controller sends is judged as a switch would judge
 * it: a bad message fails the test.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAKE_SWITCH_H
#define MORGANA_TEST_UNIT_FAKE_SWITCH_H

#include "controller/ctl.h"
#include "test/unit/fake_peer.h"

/* Begin a test: virtual time, a loop, a controller with these limits (NULL: the defaults). */
struct ctl *fake_world(const struct ctl_config *config);

/* End it: controller, loop, and a check that no session is left. */
void fake_world_end(struct ctl *ctl);

/* A switch whose stream has just been opened to the controller. */
struct fake_peer *fake_new(struct ctl *ctl);

/* A switch that has said hello and its features: `n_ports` ports, from 1 on. */
struct fake_peer *fake_joined(struct ctl *ctl, uint64_t dpid, unsigned n_ports);

/* The same for one that is open already. */
void fake_join(struct fake_peer *sw, uint64_t dpid, unsigned n_ports);

/* The learning app asks how many flows a switch that has joined has: so many. */
void fake_say_flows(struct fake_peer *sw, uint32_t flows);

/* A packet-in of an Ethernet frame: hosts are numbered, FAKE_BROADCAST is everybody. */
#define FAKE_BROADCAST 0xffffffffffff
struct fake_packet {
    uint64_t src, dst; /* MAC addresses as numbers */
    uint16_t vlan;     /* 0: untagged */
    uint16_t in_port;
    bool buffered; /* with FAKE_BUFFER */
};
#define FAKE_BUFFER 77
void fake_packet_in(struct fake_peer *sw, struct fake_packet packet);
/* The same message into `area` (at least 128 bytes). Returns its length. */
size_t fake_packet_in_bytes(uint8_t *area, struct fake_packet packet);

/* --- An app that writes down what it hears ---------------------------------------------------- */

struct heard {
    unsigned joins, leaves, packets, removals, ports, errors;
    char order[64]; /* one letter each: J L P R S E, the first 63 */
    struct ctl_dp *dp;
    uint32_t error_xid;
    struct ofp_msg_packet_in packet;
    struct ofp_key key;
    bool consumes;                      /* packet-ins */
    void (*on_join)(struct ctl_dp *dp); /* more to do, or NULL */
    void (*on_packet)(struct ctl_dp *dp, const struct ctl_packet *p);
};

extern struct heard heard;
extern const struct ctl_app_type listener_app;

#endif
