/*
 * flow_sync.h - sets of flows and the switches that shall have them: sending a set, coming from one
 * to another, and finding what somebody has deleted.
 *
 * Each flow asks for a flow-removed message, so that one that somebody deletes, an app or a person,
 * can be sent again. Called by static_flows.c and firewall.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_FLOW_SYNC_H
#define MORGANA_CONTROLLER_APPS_FLOW_SYNC_H

#include "controller/apps/flow_file.h"
#include "controller/ctl.h"

/* What has been sent. */
struct flow_sync_counts {
    uint64_t added, deleted;
};

/* Send the flows of a set that are for this datapath. */
void flow_set_send(const struct flow_set *set, struct ctl_dp *dp, struct flow_sync_counts *counts);

/* Send one of them. */
void flow_line_send(const struct flow_line *f, struct ctl_dp *dp, struct flow_sync_counts *counts);

/* A step on the way from one set to another: delete what is in the old one only
 * (OFPFC_DELETE_STRICT), or add what is in the new one only or does something else there
 * (OFPFC_ADD); of the flows that drop, of the others, or of both. */
struct flow_step {
    uint16_t command;
    bool drops, others;
};

/* Tell every datapath what differs, in these steps. */
void flow_sets_change(struct ctl *ctl, const struct flow_set *old, const struct flow_set *new,
                      const struct flow_step *steps, size_t n, struct flow_sync_counts *counts);

/* The flow of the set that somebody has deleted; NULL: it is none of them, or has timed out. */
const struct flow_line *flow_set_lost(const struct flow_set *set, const struct ctl_dp *dp,
                                      const struct ofp_msg_flow_removed *removed);

#endif
