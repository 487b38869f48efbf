/*
 * reference_table.h - the flow table as slow and obvious as can be: an array, searched from end to
 * end. What switch/table.h must agree with. Sections 3.4 and 4.6 of OpenFlow 1.0.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_REFERENCE_TABLE_H
#define MORGANA_TEST_SIM_REFERENCE_TABLE_H

#include "openflow/match.h"
#include "openflow/msg.h"

#define REF_ACTIONS_MAX 128

struct ref_entry {
    struct ofp_key key, mask; /* canonical */
    bool exact;               /* its flow-mod had no wildcards */
    uint16_t priority, idle_timeout, hard_timeout, flags;
    uint64_t cookie, packets, bytes, created, used;
    size_t actions_len;
    uint8_t actions[REF_ACTIONS_MAX];
};

struct ref_table {
    struct ref_entry *entry; /* n of them, in no order; room for max */
    size_t n, max;
    bool upside_down; /* broken on purpose: the lower priority wins */
    /* An entry has left, for an enum ofp_flow_removed_reason, or TABLE_REPLACED. */
    void (*gone)(void *user, const struct ref_entry *entry, uint8_t reason);
    void *user;
};

/* Apply a flow-mod. -1, or the code of the OFPET_FLOW_MOD_FAILED that it deserves. */
int ref_flow_mod(struct ref_table *t, const struct ofp_msg_flow_mod *mod, uint64_t now);

/* What times out before `until` leaves. */
void ref_expire(struct ref_table *t, uint64_t until);

/* May a packet with this key follow `e` (NULL: none)? */
bool ref_may_follow(const struct ref_table *t, const struct ofp_key *packet,
                    const struct ref_entry *e);

/* The entry with this match and priority; NULL if there is none. */
struct ref_entry *ref_find(const struct ref_table *t, const struct ofp_match *match,
                           uint16_t priority);

#endif
