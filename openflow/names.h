/*
 * names.h - names that several share: ovs-ofctl's for protocols and ports, and counters'.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_NAMES_H
#define MORGANA_OPENFLOW_NAMES_H

#include <stdint.h>

/* A protocol's short name ("tcp", "arp"). */
struct ofp_protocol_name {
    uint16_t dl_type;
    int nw_proto; /* or OFP_ANY_PROTO */
    const char *name;
};
#define OFP_ANY_PROTO (-1)

/* All of them; the last has no name. */
extern const struct ofp_protocol_name ofp_protocol_names[];

/* The most particular one; NULL if there is none. */
const struct ofp_protocol_name *ofp_protocol_name(uint16_t dl_type, int nw_proto);

/* The name of a reserved port ("LOCAL"), the lowest being OFP_FIRST_NAMED_PORT; NULL for others. */
#define OFP_FIRST_NAMED_PORT 0xfff7
const char *ofp_port_name(uint16_t port_no);

/* The names of all message types, in the order of enum ofp_type, behind `way`: for counters. */
#define OFP_EACH_TYPE(way)                                                                         \
    way "hello", way "error", way "echo_request", way "echo_reply", way "vendor",                  \
        way "features_request", way "features_reply", way "get_config_request",                    \
        way "get_config_reply", way "set_config", way "packet_in", way "flow_removed",             \
        way "port_status", way "packet_out", way "flow_mod", way "port_mod", way "stats_request",  \
        way "stats_reply", way "barrier_request", way "barrier_reply",                             \
        way "queue_get_config_request", way "queue_get_config_reply"

#endif
