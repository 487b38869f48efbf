/*
 * flow_file.h - flows as people write them into a file, for many switches.
 *
 * A line is a flow in the syntax of ovs-ofctl's add-flow (openflow/parse.h), before which
 * `dpid=HEX` and a comma or blanks may stand: then it is for this datapath, else for all:
 *
 *     # to the server, on every switch
 *     priority=100,ip,nw_dst=10.0.0.9,actions=output:1
 *     dpid=2,in_port=3,actions=drop
 *
 * Empty lines and what follows a # at a line's begin are passed over. The flows are kept sorted, so
 * that two sets are compared in one pass. Called by static_flows.c, rules.c and flow_sync.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_FLOW_FILE_H
#define MORGANA_CONTROLLER_APPS_FLOW_FILE_H

#include "openflow/match.h"
#include "openflow/msg.h"

#define FLOW_FILE_ACTIONS 512 /* bytes of a flow's actions */

struct flow_line {
    bool all; /* for every datapath; else for this one: */
    uint64_t dpid;
    struct ofp_key key, mask; /* of the match, canonical */
    struct ofp_match match;
    uint16_t priority, idle, hard, flags;
    uint64_t cookie;
    unsigned line; /* where it was written */
    size_t actions_len;
    uint8_t actions[FLOW_FILE_ACTIONS];
};

struct flow_set {
    struct flow_line *flow; /* n of them, sorted by flow_compare() once the set is closed */
    size_t n, cap, max;
    const char *max_option; /* by which `max` is said, for people */
};

/* An empty set of at most `max` flows, which is the value of this option (not copied); give its
 * memory back. */
struct flow_set flow_set_new(size_t max, const char *max_option);
void flow_set_free(struct flow_set *set);

/* Add what a line says. NULL, or what is wrong, in words, in `error` (OFP_PARSE_ERROR bytes). */
const char *flow_set_add(struct flow_set *set, const char *text, unsigned line, char *error);

/* Add a flow as it is but for the canonical form of its match, which is found here. NULL, or what
 * is wrong. */
const char *flow_set_put(struct flow_set *set, const struct flow_line *f, char *error);

/* All lines have been added: sort them. NULL, or what is wrong: two are for the same packets of the
 * same datapath with the same priority; `*line` is that of the second. */
const char *flow_set_close(struct flow_set *set, unsigned *line, char *error);

/* By match, priority and datapath; 0: the switch would hold them to be the same flow. */
int flow_compare(const struct flow_line *a, const struct flow_line *b);

/* Do two that compare as 0 do the same? */
bool flow_same(const struct flow_line *a, const struct flow_line *b);

/* The flow that is for this datapath, with this match and priority; NULL: none. */
const struct flow_line *flow_set_find(const struct flow_set *set, uint64_t dpid,
                                      const struct ofp_match *match, uint16_t priority);

#endif
