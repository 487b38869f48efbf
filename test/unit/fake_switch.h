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

struct fake_switch {
    struct stream *stream; /* NULL: closed */
    int error;             /* how it was closed, if not by us */
    uint8_t *in;           /* all that has come, and how much of it was looked at */
    size_t len, cap, seen;
};

/* Begin a test: virtual time, a loop, a controller with these limits (NULL: the defaults). */
struct ctl *fake_world(const struct ctl_config *config);

/* End it: controller, loop, and a check that no session is left. */
void fake_world_end(struct ctl *ctl);

/* Let virtual time pass; fake_settle() just enough for all that was sent to arrive. */
void fake_wait(uint64_t ns);
void fake_settle(void);

/* A switch at the end of a stream that is open. */
struct fake_switch *fake_adopt(struct stream *s);

/* A switch whose stream has just been opened to the controller; and away with it. */
struct fake_switch *fake_new(struct ctl *ctl);
void fake_free(struct fake_switch *sw);

/* A switch that has said hello and its features: `n_ports` ports, from 1 on. */
struct fake_switch *fake_joined(struct ctl *ctl, uint64_t dpid, unsigned n_ports);

/* The same for one that is open already. */
void fake_join(struct fake_switch *sw, uint64_t dpid, unsigned n_ports);

void fake_port(struct ofp_phy_port *port, uint16_t port_no, uint32_t config, uint32_t state);

/* Send, and let it arrive. */
void fake_send(struct fake_switch *sw, const struct ofp_msg *msg);
void fake_send_bytes(struct fake_switch *sw, const void *bytes, size_t n);

/* A packet-in of an Ethernet frame: hosts are numbered, FAKE_BROADCAST is everybody. */
#define FAKE_BROADCAST 0xffffffffffff
struct fake_packet {
    uint64_t src, dst; /* MAC addresses as numbers */
    uint16_t vlan;     /* 0: untagged */
    uint16_t in_port;
    bool buffered; /* with FAKE_BUFFER */
};
#define FAKE_BUFFER 77
void fake_packet_in(struct fake_switch *sw, struct fake_packet packet);
/* The same message into `area` (at least 128 bytes). Returns its length. */
size_t fake_packet_in_bytes(uint8_t *area, struct fake_packet packet);

/* The next message that came; fails the test if there is none, or not of this type. Valid until
 * more comes. */
struct ofp_msg fake_expect(struct fake_switch *sw, uint8_t type);
/* ... and its bytes. */
struct span fake_expect_bytes(struct fake_switch *sw, uint8_t type);
/* Nothing (more) came. */
void fake_expect_nothing(struct fake_switch *sw);
/* ... or forget what came. */
void fake_forget(struct fake_switch *sw);

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
