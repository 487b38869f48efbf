/*
 * world.h - the simulated network of one run: a controller, switches, what is wrong with them.
 *
 * A run has three parts. While it is rough, connections are cut, delayed and refused, switches stop
 * reading, ports fail and hosts move. Then all faults end and everything has to come to rest. Last,
 * in peace, every host speaks to every other of its switch, and again after hosts have moved. What
 * must hold throughout is checked where it can first be seen; the first breach ends the run.
 *
 *     sim_controller.c  options, seeds, the parts of a run
 *     peace.c           the last part
 *     watcher.c         an app behind the real ones: joins, leaves, requests, bounds
 *     emulated.c        a switch: its session, and the answers that it owes
 *     pipeline.c        its flow table, its ports and hosts
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_WORLD_H
#define MORGANA_TEST_SIM_WORLD_H

#include "controller/ctl.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"

#define EMULATED_MAX 128

/* What a self-test breaks on purpose, to show that it is found. */
enum breakage {
    BREAK_NOTHING,
    BREAK_DROP_ANSWER, /* a switch swallows one answer to a packet-in */
    BREAK_FLOOD,       /* a switch sends what has one target to all */
    BREAK_REPLAY,      /* the second run of a seed differs */
};

struct world {
    struct ctl *ctl;
    struct ctl_config config;
    struct emulated *emulated[EMULATED_MAX];
    size_t n_emulated;
    bool learning; /* the app; else the hub */
    enum { ROUGH, CALM, PEACE } part;
    enum breakage breakage;
    bool broken;          /* the breakage has happened */
    uint64_t last_serial; /* of the frames of all hosts */
    char failure[200];    /* "" as long as all is well */
};

extern struct world world;

/* Something is wrong: the first time, note what, and end the run. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool world_failed(void)
{
    return world.failure[0] != '\0';
}

/* world_fail() unless `good`. Returns `good`. */
#define world_expect(good, ...) ((good) ? true : (world_fail(__VA_ARGS__), false))

/* Let virtual time pass, unless the run has failed. */
void world_pass(uint64_t ns);

/* True `n` times in a thousand, while it is rough. */
bool world_mishap(uint64_t n);

/* --- peace.c --------------------------------------------------------------------------------- */

/* The last part of a run. */
void peace(void);

/* --- watcher.c ------------------------------------------------------------------------------- */

extern const struct ctl_app_type watcher_app;

/* Every request has been answered, every join has been followed by a leave. */
void watcher_check_end(void);

/* Is a datapath of this id joined, as far as apps were told? */
bool watcher_sees(uint64_t dpid);

#endif
