/*
 * flow_text.h - flows and packets for tests of the flow table, in ovs-ofctl's syntax.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FLOW_TEXT_H
#define MORGANA_TEST_UNIT_FLOW_TEXT_H

#include "openflow/parse.h"
#include "runtime/sim/sim.h"
#include "switch/flow_mod.h"
#include "test/unit/unit.h"

#include <string.h>

/* A flow-mod, with the memory that it points to. */
struct flow_text {
    struct ofp_msg_flow_mod mod;
    struct ofp_match match;
    uint8_t actions[1024];
};

static inline void flow_text_read(struct flow_text *f, uint16_t command, const char *text)
{
    char error[OFP_PARSE_ERROR];
    struct buf actions = buf_of(f->actions, sizeof f->actions);
    const char *problem = ofp_parse_flow(text, command, &f->mod, &f->match, &actions, error);
    ck_assert_msg(problem == NULL, "%s: %s", text, problem);
    f->mod.command = command;
}

/* The key of a packet with these fields, the others being zero; untagged unless it says so. */
static inline struct ofp_key packet_of(const char *text)
{
    char error[OFP_PARSE_ERROR];
    struct ofp_key key = {.word = {0}};
    uint32_t wildcards;
    const char *problem = ofp_parse_match(text, &key.match, error);
    ck_assert_msg(problem == NULL, "%s: %s", text, problem);
    wildcards = be32_get(key.match.wildcards);
    if (wildcards & OFPFW_DL_VLAN)
        key.match.dl_vlan = be16_of(OFP_VLAN_NONE);
    key.match.wildcards = be32_of(0);
    return key;
}

static inline struct flow *lookup_text(struct table *table, const char *packet)
{
    struct ofp_key key = packet_of(packet);
    return table_lookup(table, &key);
}

/* What the filter of a walk is for a match (and a priority, if strict). */
static inline struct table_filter filter_of(const char *flow, bool strict)
{
    struct flow_text f;
    struct table_filter filter;
    flow_text_read(&f, OFPFC_DELETE_STRICT, flow);
    filter = table_filter_of(&f.match);
    filter.strict = strict;
    filter.priority = f.mod.priority;
    filter.out_port = f.mod.out_port;
    return filter;
}

#endif
