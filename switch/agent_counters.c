/*
 * agent_counters.c - what the agent counts, by name.
 *
 * The names lie in the order of struct agent_counters' members. Shown by SIGUSR1 and at the end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/names.h"
#include "switch/connection.h"

struct agent_counters agent_counters;

static const char *const names[] = {
    "connections_opened",
    "connections_refused",
    "connections_up",
    "connections_ended",
    "connects_failed",
    "handshakes_failed",
    "silent",
    "controllers_lost",
    "bad",
    "broken",
    "refused",
    "async_dropped",
    "paused",
    OFP_EACH_TYPE("rx_"),
    OFP_EACH_TYPE("tx_"),
};
_Static_assert(sizeof agent_counters == sizeof names / sizeof names[0] * sizeof(uint64_t),
               "a name for each counter");

void agent_counters_register(void)
{
    static struct counter_set set = {
        .module = "agent",
        .names = names,
        .values = (const uint64_t *)&agent_counters,
        .n = sizeof names / sizeof names[0],
    };
    counter_register(&set);
}
