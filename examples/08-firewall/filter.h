/*
 * filter.h - what exercise 8 is given: an app that reads the rules, again when it is told to
 * (SIGHUP), and asks what you write in firewall.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_FILTER_H
#define MORGANA_EXAMPLES_FILTER_H

#include "controller/apps/rules.h"
#include "controller/ctl.h"

#define IDLE 30 /* seconds that an entry may go unused */

extern const struct ctl_app_type filter_app;

/* --- What you write -------------------------------------------------------------------------- */

/* What the rules say about a packet with this key at the switch `dpid`: the first that matches
 * decides. The file's last one matches everything. */
enum rule_verdict judge(const struct rules *rules, uint64_t dpid, const struct ofp_key *key);

/* Install an entry that drops packets like this one for IDLE seconds, and this one with them. */
void drop_in_switch(struct ctl_dp *dp, const struct ctl_packet *packet);

/* The rules are others now: delete what the switch has learned under the old ones. */
void forget_entries(void *user, struct ctl_dp *dp);

#endif
