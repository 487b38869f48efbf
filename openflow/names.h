/*
 * names.h - names that the printer and the parser share: ovs-ofctl's for protocols and ports.
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

#endif
