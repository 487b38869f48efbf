/*
 * flow_sync.c - bringing sets of flows to switches; see flow_sync.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/flow_sync.h"

static bool is_for(const struct flow_line *f, const struct ctl_dp *dp)
{
    return f->all || f->dpid == ctl_dp_id(dp);
}

static void send_flow(struct ctl_dp *dp, const struct flow_line *f, uint16_t command,
                      struct flow_sync_counts *counts)
{
    /* Section 4.3: emergency flows leave in silence. */
    uint16_t report = f->flags & OFPFF_EMERG ? 0 : OFPFF_SEND_FLOW_REM;
    struct ofp_msg_flow_mod flow = {.match = &f->match,
                                    .cookie = f->cookie,
                                    .command = command,
                                    .priority = f->priority,
                                    .flags = f->flags,
                                    .out_port = OFPP_NONE};
    if (command == OFPFC_ADD) {
        flow.idle_timeout = f->idle;
        flow.hard_timeout = f->hard;
        flow.flags |= report;
        flow.actions = span_of(f->actions, f->actions_len);
    }
    if (ctl_flow_mod(dp, &flow, NULL) == 0)
        ++*(command == OFPFC_ADD ? &counts->added : &counts->deleted);
}

void flow_line_send(const struct flow_line *f, struct ctl_dp *dp, struct flow_sync_counts *counts)
{
    send_flow(dp, f, OFPFC_ADD, counts);
}

void flow_set_send(const struct flow_set *set, struct ctl_dp *dp, struct flow_sync_counts *counts)
{
    for (size_t i = 0; i < set->n; i++)
        if (is_for(&set->flow[i], dp))
            send_flow(dp, &set->flow[i], OFPFC_ADD, counts);
}

struct change {
    const struct flow_set *old, *new;
    const struct flow_step *step;
    struct flow_sync_counts *counts;
};

static bool is_of_step(const struct flow_step *step, uint16_t command, const struct flow_line *f)
{
    return step->command == command && (f->actions_len == 0 ? step->drops : step->others);
}

/* Both sets are sorted: one pass finds what is in one only, or differs. */
static void take_step(void *user, struct ctl_dp *dp)
{
    const struct change *c = user;
    size_t i = 0, j = 0;
    while (i < c->old->n || j < c->new->n) {
        const struct flow_line *was = i < c->old->n ? &c->old->flow[i] : NULL;
        const struct flow_line *is = j < c->new->n ? &c->new->flow[j] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : flow_compare(was, is);
        i += order <= 0;
        j += order >= 0;
        if (order < 0 && is_of_step(c->step, OFPFC_DELETE_STRICT, was) && is_for(was, dp))
            send_flow(dp, was, OFPFC_DELETE_STRICT, c->counts);
        if (order >= 0 && is_of_step(c->step, OFPFC_ADD, is) && is_for(is, dp) &&
            (order > 0 || !flow_same(was, is)))
            send_flow(dp, is, OFPFC_ADD, c->counts);
    }
}

void flow_sets_change(struct ctl *ctl, const struct flow_set *old, const struct flow_set *new,
                      const struct flow_step *steps, size_t n, struct flow_sync_counts *counts)
{
    for (size_t i = 0; i < n; i++) {
        struct change change = {old, new, &steps[i], counts};
        ctl_each_dp(ctl, take_step, &change);
    }
}

const struct flow_line *flow_set_lost(const struct flow_set *set, const struct ctl_dp *dp,
                                      const struct ofp_msg_flow_removed *removed)
{
    const struct flow_line *f =
        flow_set_find(set, ctl_dp_id(dp), removed->match, removed->priority);
    if (f == NULL || removed->reason != OFPRR_DELETE || f->cookie != removed->cookie)
        return NULL;
    return f;
}
