/*
 * ends_stack.h - the kinds of connections whose ends ends.h joins in virtual time: over Morgana's
 * own TCP/IP, between two hosts on a link or within one.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_ENDS_STACK_H
#define MORGANA_TEST_UNIT_ENDS_STACK_H

#include "netstack/stack.h"
#include "runtime/sim/sim.h"
#include "test/unit/stacks.h"

enum kind { PAIR, SELF, LINK, LOSSY, N_KINDS };

static struct stack *ends_hosts[2];

static inline bool knows_reset(int kind)
{
    (void)kind;
    return true;
}

/* Go on to whatever happens next. */
static inline void turn(void)
{
    sim_run(loop_now() + NS_PER_MS);
}

/* Until nothing happens any more but that a closed window is probed. */
static inline void settle(void)
{
    sim_run(loop_now() + 3 * NS_PER_S);
}

static inline void ends_begin(int kind)
{
    static const struct sim_faults none;
    struct sim_link_config link = {.delay_min = 100 * NS_PER_US};
    static uint64_t seed;
    sim_start(++seed, &none);
    ck_assert_int_eq(loop_open(), 0);
    if (kind == PAIR)
        return;
    if (kind == LOSSY) {
        link.lose_per_million = link.reorder_per_million = 10000;
        link.repeat_per_million = link.damage_per_million = 5000;
    }
    sim_link_configure("l", &link);
    for (int i = 0; i < 2; i++)
        ends_hosts[i] = host_on("link:l", i ? "10.0.0.2/24" : "10.0.0.1/24");
    UNTIL(stack_address(ends_hosts[0], 0) && stack_address(ends_hosts[1], 0));
}

static inline void ends_end(void)
{
    for (int i = 0; i < 2; i++) {
        stack_free(ends_hosts[i]);
        ends_hosts[i] = NULL;
    }
    loop_close();
}

static inline struct net *net_of(int kind, bool is_active)
{
    return stack_net(ends_hosts[is_active || kind == SELF ? 0 : 1]);
}

static inline const char *listen_name(int kind)
{
    return kind == SELF ? "ptcp:0:127.0.0.1" : "ptcp:0:10.0.0.2";
}

#endif
