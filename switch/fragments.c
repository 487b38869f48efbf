/*
 * fragments.c - IPv4 fragments put together before the flow table sees them: OFPC_FRAG_REASM of
 * OpenFlow 1.0 section 5.3.2, by runtime/reassembly.h.
 *
 * Called by forward.c with what a port received, and by dp.c. The whole datagram leaves in
 * fragments again, none longer than the longest that came, by every port and whatever its MTU: they
 * have crossed one link already, and a datagram may be longer than any (PKT_GSO_FRAGMENTS; Linux's
 * bridges do the same). Until then actions see and change it whole.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "runtime/loop.h"
#include "switch/datapath.h"
#include "switch/packet.h"

static struct reassembly_counters counters;

static struct counter_set counter_set = {
    .module = "reassembly",
    .names = reassembly_counter_names,
    .values = (const uint64_t *)&counters,
    .n = REASSEMBLY_N_COUNTERS,
};

static void arm(struct dp *dp)
{
    uint64_t due = reassembly_due(dp->reassembly);
    if (due == TIMER_NEVER)
        timer_cancel(&dp->late_fragments);
    else
        loop_timer_arm(&dp->late_fragments, due);
}

static void on_timer(void *user)
{
    struct dp *dp = user;
    reassembly_turn(dp->reassembly, loop_now());
    arm(dp);
}

bool fragments_init(struct dp *dp)
{
    const struct reassembly_config config = {
        .pool = dp->pool,
        .datagrams = (uint32_t)dp->config.max_datagrams,
        .fragments = (uint32_t)dp->config.max_fragments,
        .bytes = dp->config.max_fragment_bytes,
        .time = dp->config.fragment_time,
        .counters = &counters,
    };
    counter_register(&counter_set);
    timer_init(&dp->late_fragments, on_timer, dp);
    dp->reassembly = reassembly_new(&config);
    return dp->reassembly != NULL;
}

void fragments_free(struct dp *dp)
{
    timer_cancel(&dp->late_fragments);
    reassembly_free(dp->reassembly);
}

void fragments_clear(struct dp *dp)
{
    reassembly_clear(dp->reassembly);
    arm(dp);
}

/* In an 802.3 frame with LLC and SNAP the length field cannot say how long a datagram is. */
struct pkt *fragments_put(struct dp *dp, struct pkt *p, uint16_t in_port)
{
    size_t len, network = (size_t)((uint8_t *)packet_find_ipv4(p, &len) - p->data);
    uint32_t where = (uint32_t)in_port << 16 | packet_vlan(p);
    struct pkt *whole;
    if (packet_is_8023(p)) {
        dp_counters.dropped_fragments++;
        return NULL;
    }
    whole = reassembly_put(dp->reassembly, p, network, where, loop_now());
    arm(dp);
    if (whole)
        whole->offload = PKT_GSO_FRAGMENTS;
    return whole;
}
