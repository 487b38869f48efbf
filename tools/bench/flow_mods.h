/*
 * flow_mods.h - flow-mods a second that any switch applies.
 *
 * It connects to the switch (or listens for it) and, round after round, adds flows, modifies each
 * and deletes each, strictly: OFPFC_ADD, OFPFC_MODIFY_STRICT, OFPFC_DELETE_STRICT. Each of the
 * three is a volley of flow-mods closed by a barrier, whose reply says that all have been applied
 * (OpenFlow 1.0 section 5.3.7); from the first byte to that reply the time is taken. The flows are
 * for UDP between addresses set aside for measuring (RFC 2544 appendix C): the switch's other flows
 * stay as they are, and of ours nothing is left.
 *
 * Called by the program's entry file.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_FLOW_MODS_H
#define MORGANA_TOOLS_BENCH_FLOW_MODS_H

#include "runtime/net.h"

#define FLOW_MODS_FLOWS_MAX (1 << 24)

/* What to do; times in ns. */
struct flow_mods_config {
    const char *name;          /* the switch: an endpoint */
    uint64_t flows;            /* in a volley */
    uint64_t duration, warmup; /* how long rounds are begun that count, and before that do not */
    uint64_t connect_time;     /* until the switch must have said hello */
    uint64_t lost_after;       /* a barrier without a reply ends the run */
};

enum flow_mods_volley { FLOW_MODS_ADD, FLOW_MODS_MODIFY, FLOW_MODS_DELETE, FLOW_MODS_N };

/* What came of it. */
struct flow_mods_result {
    uint64_t rounds;
    struct {
        uint64_t messages, time; /* ns */
    } volley[FLOW_MODS_N];
    uint64_t errors; /* error messages of the switch */
    bool early;      /* it ended early: the connection did, or a barrier had no reply */
};

/* Run; the loop must be open. 0 with *result, or a negative errno with a logged reason if not a
 * round was finished. */
int flow_mods_run(const struct flow_mods_config *config, struct net *net,
                  struct flow_mods_result *result);

#endif
