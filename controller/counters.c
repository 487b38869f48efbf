/*
 * counters.c - what the controller counts, by name.
 *
 * The names lie in the order of struct ctl_counters' members. Shown by SIGUSR1 and at the end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/names.h"

struct ctl_counters ctl_counters;

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
    "packet_ins_dropped",
    "requests",
    "request_timeouts",
    "request_errors",
    "reply_too_long",
    "ports_refused",
    OFP_EACH_TYPE("rx_"),
    OFP_EACH_TYPE("tx_"),
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
