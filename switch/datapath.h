/*
 * datapath.h - what the files of the datapath share: struct dp, its counters, and the ways of a
 * packet through it.
 *
 *     port.c --> forward.c: forward_batch()    a batch that a port received
 *                  --> table.h                  key, hooks, lookup
 *                  --> execute.c: execute()     its flow's actions
 *                  --> packet_in.c              a miss; as does OFPP_CONTROLLER
 *     dp.c   --> execute.c: execute()           a packet-out, a flow-mod's buffered packet
 *
 * Everywhere here a packet is lent: who is called may change it in place if nobody else holds it,
 * and takes a reference to what is to stay.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_DATAPATH_H
#define MORGANA_SWITCH_DATAPATH_H

#include "runtime/reassembly.h"
#include "switch/buffer.h"
#include "switch/normal.h"
#include "switch/port.h"
#include "switch/table.h"

struct dp {
    struct dp_config config;
    uint64_t id;
    struct pkt_pool *pool, *large; /* frames; those longer than Ethernet's usual size */
    struct ports ports;
    struct table *table, *emergency;
    struct table *current; /* the one in force */
    struct buffers *buffers;
    struct normal normal;
    struct reassembly *reassembly;
    struct timer late_fragments; /* when the first datagram of these is given up */
    enum dp_mode mode;
    uint16_t fragments; /* enum ofp_config_flags */
    uint16_t miss_send_len;
    bool invalid_ttl_to_controller;
    struct list late;  /* packet-ins that a slow switch has not sent yet (packet_in.c) */
    struct timer slow; /* when the first of them is due */
    size_t n_late;
    struct dp_listener listener; /* members may be NULL */
    void *listener_user;
    struct dp_hooks hooks; /* members may be NULL */
    void *hooks_user;
};

/* What all datapaths of the program count together. */
struct dp_counters {
    uint64_t hits, misses, normal;
    uint64_t dropped_fragments, dropped_by_hook, dropped_no_port, dropped_no_memory, dropped_ttl,
        dropped_no_packet_in;
    uint64_t packet_ins, packet_ins_unbuffered, packet_ins_dropped;
    uint64_t packet_outs, flow_mods, flow_removed;
};

extern struct dp_counters dp_counters;

static inline struct span pkt_span(const struct pkt *p)
{
    return span_of(p->data, p->len);
}

/* --- forward.c ------------------------------------------------------------------------------- */

/* Packets received at `in_port`. Output is left in the ports' batches. */
void forward_batch(struct dp *dp, uint16_t in_port, struct pkt *const *batch, size_t n);

/* One packet through the flow table: OFPP_TABLE. */
void forward(struct dp *dp, struct pkt *p, uint16_t in_port);

/* --- fragments.c ----------------------------------------------------------------------------- */

/* dp->pool and the limits of dp->config must be there. False: no memory. */
bool fragments_init(struct dp *dp);

/* Drop all; allowed if fragments_init() failed. Or only forget the fragments that wait. */
void fragments_free(struct dp *dp);
void fragments_clear(struct dp *dp);

/* A fragment (packet_is_fragment()), lent, came by `in_port`. The whole datagram with a reference
 * that is the caller's, if that was the last of it; else NULL. */
struct pkt *fragments_put(struct dp *dp, struct pkt *p, uint16_t in_port);

/* --- execute.c ------------------------------------------------------------------------------- */

/* Apply a validated list of actions to a packet that came by `in_port` (OFPP_NONE: by none). */
void execute(struct dp *dp, struct pkt *p, uint16_t in_port, struct span actions);

/* The one action OFPP_NORMAL. */
void execute_normal(struct dp *dp, struct pkt *p, uint16_t in_port);

/* --- packet_in.c ----------------------------------------------------------------------------- */

void packet_in_init(struct dp *dp);
void packet_in_free(struct dp *dp);

/* Send the controllers `p`, buffered if there is room, at most `max_len` bytes of it if it is. */
void packet_in(struct dp *dp, struct pkt *p, uint16_t in_port, enum ofp_packet_in_reason reason,
               uint16_t max_len);

#endif
