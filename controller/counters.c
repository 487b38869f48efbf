/*
 * counters.c - what the controller counts, by name.
 *
 * The names lie in the order of struct ctl_counters' members. Shown by SIGUSR1 and at the end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"

struct ctl_counters ctl_counters;

/* The names of all message types, in the order of enum ofp_type, behind `way`. */
#define EACH_TYPE(way)                                                                             \
    way "hello", way "error", way "echo_request", way "echo_reply", way "vendor",                  \
        way "features_request", way "features_reply", way "get_config_request",                    \
        way "get_config_reply", way "set_config", way "packet_in", way "flow_removed",             \
        way "port_status", way "packet_out", way "flow_mod", way "port_mod", way "stats_request",  \
        way "stats_reply", way "barrier_request", way "barrier_reply",                             \
        way "queue_get_config_request", way "queue_get_config_reply"

static const char *const names[] = {
    "sessions_opened",
    "sessions_refused",
    "sessions_joined",
    "sessions_replaced",
    "sessions_ended",
    "handshakes_failed",
    "silent",
    "connects_failed",
    "bad",
    "broken",
    "early",
    "stray",
    "unconsumed",
    "tx_dropped",
    "paused",
    "requests",
    "request_timeouts",
    "request_errors",
    "reply_too_long",
    "ports_refused",
    EACH_TYPE("rx_"),
    EACH_TYPE("tx_"),
};
_Static_assert(sizeof ctl_counters == sizeof names / sizeof names[0] * sizeof(uint64_t),
               "a name for each counter");

void ctl_counters_register(void)
{
    static struct counter_set set = {
        .module = "ctl",
        .names = names,
        .values = (const uint64_t *)&ctl_counters,
        .n = sizeof names / sizeof names[0],
    };
    counter_register(&set);
}
