/*
 * fake_dp.h - a datapath that does as it is told, for the agent's tests: linked instead of dp.c.
 *
 * It notes what the agent asks of it, and says what the test wants said. Its tables are real
 * (switch/table.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAKE_DP_H
#define MORGANA_TEST_UNIT_FAKE_DP_H

#include "switch/dp.h"
#include "switch/table.h"

struct dp {
    struct dp_listener listener;
    void *user;
    struct table *table, *emergency;
    uint64_t id;
    struct ofp_msg_config config;
    enum dp_mode mode;
    unsigned modes;    /* times that it was set */
    uint16_t n_ports;  /* numbered from 1 on */
    unsigned n_queues; /* of port 1, numbered from 0 on; odd ones have no rate */
    uint64_t delay;    /* ns, of flow-mods */
    bool refuses;      /* flow-mods, packet-outs and port-mods, with this: */
    struct ofp_fault fault;
    unsigned flow_mods, packet_outs, port_mods; /* those that it was asked for */
    struct ofp_msg_port_mod port_mod;           /* the last */
    uint16_t out_in_port;                       /* the last packet-out's */
};

struct dp *fake_dp_new(uint16_t n_ports);

/* An entry for dl_src number `i`, with priority `i` modulo 65536, that outputs to each port from 1
 * to `n_outputs`. */
void fake_dp_add(struct table *table, uint32_t i, unsigned n_outputs);

/* A packet-in: a frame of `n` bytes. */
#define FAKE_DP_BUFFER 99
void fake_dp_packet_in(struct dp *dp, uint8_t reason, bool buffered, size_t n);
void fake_dp_port_status(struct dp *dp, uint16_t port_no);
void fake_dp_flow_removed(struct dp *dp);

#endif
