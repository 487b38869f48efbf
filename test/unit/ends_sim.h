/*
 * ends_sim.h - the kinds of connections whose ends ends.h joins in virtual time: the simulated
 * net's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_ENDS_SIM_H
#define MORGANA_TEST_UNIT_ENDS_SIM_H

#include "runtime/sim/sim.h"

enum kind { PAIR, SIM, N_KINDS };

static inline bool knows_reset(int kind)
{
    (void)kind;
    return true;
}

static inline void turn(void)
{
    loop_poll();
}

/* Turn until nothing happens any more. */
static inline void settle(void)
{
    for (int quiet = 0; quiet < 100;)
        quiet = loop_poll() ? 0 : quiet + 1;
}

static inline void ends_begin(int kind)
{
    (void)kind;
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
}

static inline void ends_end(void)
{
    loop_close();
}

static inline struct net *net_of(int kind, bool is_active)
{
    (void)kind;
    (void)is_active;
    return sim_net();
}

static inline const char *listen_name(int kind)
{
    (void)kind;
    return "ptcp:0:127.0.0.1";
}

#endif
