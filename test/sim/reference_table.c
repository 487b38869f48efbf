/*
 * reference_table.c - the slow and obvious flow table of reference_table.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/reference_table.h"
#include "openflow/action.h"
#include "runtime/timer.h"
#include "switch/table.h"

#include <stdlib.h>
#include <string.h>

/* An entry with a match and a priority, all else zero. */
static struct ref_entry entry_of(const struct ofp_match *match, uint16_t priority)
{
    struct ref_entry e = {.priority = priority};
    ofp_match_canonical(match, &e.key, &e.mask);
    e.exact = (be32_get(match->wildcards) & OFPFW_ALL) == 0;
    return e;
}

static bool identical(const struct ref_entry *a, const struct ref_entry *b)
{
    return a->exact == b->exact && (a->exact || a->priority == b->priority) &&
           ofp_key_equal(&a->key, &b->key) && ofp_key_equal(&a->mask, &b->mask);
}

struct ref_entry *ref_find(const struct ref_table *t, const struct ofp_match *match,
                           uint16_t priority)
{
    struct ref_entry like = entry_of(match, priority);
    for (size_t i = 0; i < t->n; i++)
        if (identical(&t->entry[i], &like))
            return &t->entry[i];
    return NULL;
}

static void leave(struct ref_table *t, size_t i, uint8_t reason)
{
    struct ref_entry gone = t->entry[i];
    t->entry[i] = t->entry[--t->n];
    t->gone(t->user, &gone, reason);
}

static void set_actions(struct ref_entry *e, const struct ofp_msg_flow_mod *m)
{
    if (m->actions.len > sizeof e->actions)
        abort();
    e->actions_len = m->actions.len;
    bytes_copy(e->actions, m->actions.data, m->actions.len);
    e->cookie = m->cookie;
}

static bool outputs_to(const struct ref_entry *e, uint16_t port)
{
    struct span rest = span_of(e->actions, e->actions_len);
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&rest)) != NULL) {
        uint16_t type = be16_get(a->type);
        /* Output and enqueue name their port at the same place. */
        if ((type == OFPAT_OUTPUT || type == OFPAT_ENQUEUE) &&
            be16_get(((const struct ofp_action_output *)(const void *)a)->port) == port)
            return true;
    }
    return port == OFPP_NONE;
}

/* --- Commands --------------------------------------------------------------------------------- */

static bool overlaps(const struct ref_table *t, const struct ref_entry *new)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct ref_entry *e = &t->entry[i];
        if (e->exact == new->exact && (e->exact || e->priority == new->priority) &&
            ofp_match_overlaps(&e->key, &e->mask, &new->key, &new->mask))
            return true;
    }
    return false;
}

static int add(struct ref_table *t, const struct ofp_msg_flow_mod *m, uint64_t now)
{
    struct ref_entry e = entry_of(m->match, m->priority);
    struct ref_entry *old = ref_find(t, m->match, m->priority);
    if ((m->flags & OFPFF_CHECK_OVERLAP) && overlaps(t, &e))
        return OFPFMFC_OVERLAP;
    if (old == NULL && t->n == t->max)
        return OFPFMFC_ALL_TABLES_FULL;
    e.idle_timeout = m->idle_timeout;
    e.hard_timeout = m->hard_timeout;
    e.flags = m->flags;
    e.created = e.used = now;
    set_actions(&e, m);
    if (old != NULL)
        leave(t, (size_t)(old - t->entry), TABLE_REPLACED);
    t->entry[t->n++] = e;
    return -1;
}

/* Is `e` one of those that a MODIFY or DELETE of this match means? */
static bool meant(const struct ref_entry *e, const struct ref_entry *by, bool strict)
{
    return strict ? identical(e, by) : ofp_match_covers(&by->key, &by->mask, &e->key, &e->mask);
}

static int modify(struct ref_table *t, const struct ofp_msg_flow_mod *m, bool strict, uint64_t now)
{
    struct ref_entry by = entry_of(m->match, m->priority);
    bool any = false;
    for (size_t i = 0; i < t->n; i++)
        if (meant(&t->entry[i], &by, strict)) {
            set_actions(&t->entry[i], m);
            any = true;
        }
    return any ? -1 : add(t, m, now);
}

static int delete_entries(struct ref_table *t, const struct ofp_msg_flow_mod *m, bool strict)
{
    struct ref_entry by = entry_of(m->match, m->priority);
    for (size_t i = t->n; i-- > 0;)
        if (meant(&t->entry[i], &by, strict) && outputs_to(&t->entry[i], m->out_port))
            leave(t, i, OFPRR_DELETE);
    return -1;
}

int ref_flow_mod(struct ref_table *t, const struct ofp_msg_flow_mod *m, uint64_t now)
{
    switch (m->command) {
    case OFPFC_ADD:
        return add(t, m, now);
    case OFPFC_MODIFY:
    case OFPFC_MODIFY_STRICT:
        return modify(t, m, m->command == OFPFC_MODIFY_STRICT, now);
    case OFPFC_DELETE:
    case OFPFC_DELETE_STRICT:
        return delete_entries(t, m, m->command == OFPFC_DELETE_STRICT);
    default:
        abort();
    }
}

/* --- Time and packets ------------------------------------------------------------------------- */

void ref_expire(struct ref_table *t, uint64_t until)
{
    for (size_t i = t->n; i-- > 0;) {
        const struct ref_entry *e = &t->entry[i];
        uint64_t hard = e->hard_timeout ? e->created + e->hard_timeout * NS_PER_S : TIMER_NEVER;
        uint64_t idle = e->idle_timeout ? e->used + e->idle_timeout * NS_PER_S : TIMER_NEVER;
        if (hard < until || idle < until)
            leave(t, i, hard <= idle ? OFPRR_HARD_TIMEOUT : OFPRR_IDLE_TIMEOUT);
    }
}

/* Where an entry stands: exact ones above all. */
static int rank(const struct ref_table *t, const struct ref_entry *e)
{
    if (e->exact)
        return UINT16_MAX + 1;
    return t->upside_down ? UINT16_MAX - e->priority : e->priority;
}

bool ref_may_follow(const struct ref_table *t, const struct ofp_key *packet,
                    const struct ref_entry *e)
{
    int best = -1;
    for (size_t i = 0; i < t->n; i++) {
        const struct ref_entry *other = &t->entry[i];
        if (ofp_key_matches(packet, &other->key, &other->mask) && rank(t, other) > best)
            best = rank(t, other);
    }
    if (e == NULL)
        return best == -1;
    return ofp_key_matches(packet, &e->key, &e->mask) && rank(t, e) == best;
}
