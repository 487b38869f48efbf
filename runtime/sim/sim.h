/*
 * sim.h - the runtime in virtual time: a whole network in one process, replayed from a seed.
 *
 * Linked instead of runtime/unix/, it supplies the loop (time jumps to the next thing that is due),
 * entropy (from the seed), the log's place (kept in memory, shown when a run fails) and a network
 * of streams whose faults come from the seed: delay, bytes that arrive in odd pieces, callbacks of
 * independent streams in another order, connections cut in the middle, connects refused or
 * unanswered. The same seed gives the same run, to the last callback.
 *
 * Addresses are names: whoever listens at "ptcp:6653:HOST" in sim_net() is reached at
 * "tcp:HOST:6653". Frames travel over links: the device "link:NAME" (runtime/device.h) may be
 * opened twice, and the two are the ends of one link.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_SIM_SIM_H
#define MORGANA_RUNTIME_SIM_SIM_H

#include "runtime/loop.h"
#include "runtime/net.h"

/* How unkind the network is; all zero: bytes arrive whole, in the next turn. */
struct sim_faults {
    uint64_t delay_min, delay_max; /* ns, of each delivery; a stream's bytes stay in order */
    uint32_t split_per_1000;       /* deliveries cut in two at a random byte */
    uint32_t cut_per_million;      /* deliveries after which the connection is cut (reset) */
    uint32_t refuse_per_1000;      /* connects that are refused, or (one in four) never answered */
    uint32_t window; /* bytes in flight each way before the sender must wait; 0: 65536 */
};

/* Begin a run: virtual time 0, randomness from `seed`. Call it before loop_open(). */
void sim_start(uint64_t seed, const struct sim_faults *faults);

/* Change the faults from now on (e.g. to none, to see whether all comes to rest). */
void sim_set_faults(const struct sim_faults *faults);

/* The simulated network. After loop_open(). */
struct net *sim_net(void);

/* Run until virtual time `until` (ns), or until nothing is left to happen. Returns false in the
 * latter case. (loop_run() then returns -EDEADLK.) */
bool sim_run(uint64_t until);

/* Cut every connection there is, as a failing network would; each end hears -ECONNRESET. */
void sim_cut_all(void);

/* How a link treats frames; all zero: they arrive whole and in order, in the next turn. */
struct sim_link_config {
    uint64_t delay_min, delay_max; /* ns */
    uint32_t lose_per_million;
    uint32_t repeat_per_million;  /* frames that arrive twice */
    uint32_t reorder_per_million; /* frames that those behind them overtake */
    uint32_t damage_per_million;  /* frames of which a bit changes */
    uint16_t mtu;                 /* 0: 1500 */
    uint32_t features;            /* enum netdev_feature, of both ends */
};

/* Configure the link "link:NAME": its faults from now on; MTU and features of ends opened later. */
void sim_link_configure(const char *name, const struct sim_link_config *config);

/* Take the link down (both ends stay), or up as it is at first. Without both ends it is down. */
void sim_link_set_up(const char *name, bool up);

/* Pull the devices of a link out of the machine, or plug them in as they are at first. */
void sim_link_plug(const char *name, bool in);

/* Tell the program what an operator would. */
void sim_signal(enum loop_signal sig);

/* A random number below `n`, from the run's seed: for what a test does itself. */
uint64_t sim_random(uint64_t n);

/* A digest of everything delivered so far (order, time, bytes): two runs of a seed must agree. */
uint64_t sim_digest(void);

/* What was logged since sim_start(), or the end of it if that was much. Valid until the next line.
 */
const char *sim_log(void);

#endif
