/*
 * print.h - OpenFlow messages as text, in ovs-ofctl's syntax.
 *
 * The text equals what `ovs-ofctl ofp-print` prints for the same bytes at the same verbosity; where
 * it does not, doc/ofp-print-differences.md says why. Called by logs, by morgana-dump and by the
 * control channel. Writes into the caller's array only.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_PRINT_H
#define MORGANA_OPENFLOW_PRINT_H

#include "openflow/key.h"
#include "openflow/msg.h"
#include "openflow/text.h"

/* Print whatever `bytes` holds: a good message by its type, a bad one with the fault and its bytes
 * in hexadecimal. Ends in a newline. `verbosity` 0 is one line for most types, 1 adds detail (each
 * port's counters, a packet-in's frame), 2 what an echo or a vendor's message carries. */
void ofp_print(struct text *t, struct span bytes, int verbosity);

/* A match ("tcp,in_port=1,nw_dst=10.0.0.0/8"); `priority` in front unless it is the default. */
void ofp_print_match(struct text *t, const struct ofp_match *match, uint16_t priority);

/* A list of actions, as it stands behind "actions=" ("mod_vlan_vid:5,output:2", "drop"). */
void ofp_print_actions(struct text *t, struct span actions);

/* A port by its name or number ("LOCAL", "7"). */
void ofp_print_port(struct text *t, uint16_t port_no);

/* A flow, as dump-flows shows it ("cookie=0x0, duration=1.5s, ... actions=drop"); no newline. */
void ofp_print_flow(struct text *t, const struct ofp_flow_stats *flow, struct span actions);

/* The names of a port's configuration bits, with blanks between ("PORT_DOWN NO_FLOOD"; "0"). */
void ofp_print_port_config(struct text *t, uint32_t config);

/* One line for a flow's headers, each field that its frame has
 * ("tcp,in_port=1,vlan_tci=0x0000,dl_src=...,tp_dst=80"). */
void ofp_print_key(struct text *t, const struct ofp_key *key);

/* One line for all that a frame's headers say, fields that OpenFlow 1.0 cannot match included
 * ("udp6,vlan_tci=0x0000,...,nw_ttl=64,nw_frag=no,tp_src=53,tp_dst=5353 udp_csum:beef"). */
void ofp_print_frame(struct text *t, struct span frame);

/* The specification's name of an error ("OFPBRC_BAD_LEN"); NULL if it has none. */
const char *ofp_error_name(uint16_t type, uint16_t code);
/* ... of its type ("OFPET_BAD_REQUEST"). */
const char *ofp_error_type_name(uint16_t type);

#endif
