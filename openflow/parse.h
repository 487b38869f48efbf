/*
 * parse.h - matches, actions and flows from ovs-ofctl's text.
 *
 * What a person types ("priority=10,tcp,nw_dst=10.0.0.0/8,actions=mod_nw_src:1.2.3.4,output:2") and
 * what print.h prints come back as wire formats. Syntax: ovs-ofctl(8), ovs-fields(7) and
 * ovs-actions(7), as far as OpenFlow 1.0 goes; doc/ofp-text-differences.md says where we are
 * stricter or wider. Called by the control channel, the static app and the tests. No heap.
 *
 * Every function returns NULL if all went well, else a message in plain words for the person who
 * typed it, which lies in `error` (at least OFP_PARSE_ERROR bytes); outputs are then undefined.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_PARSE_H
#define MORGANA_OPENFLOW_PARSE_H

#include "openflow/msg.h"

/* Bytes that the caller has for an error message. */
#define OFP_PARSE_ERROR 160

/* A match: fields separated by commas or blanks, protocol short-hands (ip, arp, tcp, udp, icmp,
 * ...), CIDR prefixes or masks for addresses, "*" for any value. An empty text matches everything.
 * What is wild in `*match` is zero. */
const char *ofp_parse_match(const char *text, struct ofp_match *match, char *error);

/* A list of actions, appended to `actions`; it passes ofp_validate_actions(). "drop" is an empty
 * list. */
const char *ofp_parse_actions(const char *text, struct buf *actions, char *error);

/* A whole flow, as add-flow, mod-flows and del-flows take it: match fields, priority=, cookie=,
 * idle_timeout=, hard_timeout=, out_port=, buffer_id=, send_flow_rem, check_overlap, emerg, and
 * actions=... last. `command` (enum ofp_flow_mod_command) decides whether actions must (ADD,
 * MODIFY*) or may not (DELETE*) be there, and which attributes have a meaning; others are refused.
 * What dump-flows prints of a flow's past (duration=, n_packets=, ...) is passed over. `match` and
 * `actions` hold what `flow` points to. */
const char *ofp_parse_flow(const char *text, uint16_t command, struct ofp_msg_flow_mod *flow,
                           struct ofp_match *match, struct buf *actions, char *error);

/* A port by number or by its reserved name, in any case ("LOCAL", "in_port", "7"). */
const char *ofp_parse_port(const char *text, uint16_t *port_no, char *error);

#endif
