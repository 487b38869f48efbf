/*
 * flows.c - the flows of slices, as they were written; see slicer.h.
 *
 * A flow-mod is done on the slice's own flows here (OpenFlow 1.0 sections 3.4 and 5.3.3); what lies
 * in switches for them is seen to by parts.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <stdlib.h>
#include <xxhash.h>

/* --- The tables ------------------------------------------------------------------------------ */

static uint64_t hash_of(const struct space_region *region, uint16_t priority)
{
    uint64_t hash = XXH3_64bits(&region->key, sizeof region->key);
    return XXH3_64bits_withSeed(&region->mask, sizeof region->mask, hash ^ priority);
}

static struct vflow *of_match(struct list *l)
{
    return container_of(l, struct vflow, by_match.link);
}

struct vflow *flows_find(const struct slicer *slicer, uint64_t id)
{
    struct list *bucket = hash_table_bucket(&slicer->flows, id);
    for (struct list *l = bucket->next; l != bucket; l = l->next)
        if (container_of(l, struct vflow, by_id.link)->id == id)
            return container_of(l, struct vflow, by_id.link);
    return NULL;
}

/* The same flow, as section 3.4 has it: the same match and priority. */
static struct vflow *find_same(struct view *view, const struct space_region *region,
                               uint16_t priority)
{
    struct list *bucket = hash_table_bucket(&view->flows, hash_of(region, priority));
    for (struct list *l = bucket->next; l != bucket; l = l->next) {
        struct vflow *f = of_match(l);
        if (f->priority == priority && space_same(&f->region, region))
            return f;
    }
    return NULL;
}

/* To look at all flows is work for the slicer, and no message that the slice sends is too small to
 * ask for it: so many are looked at for the price of a message. */
#define FLOWS_A_MESSAGE 128

static void pay_for_walk(const struct view *view)
{
    pace_spend(&view->slice->asks, loop_now(), view->flows.n / FLOWS_A_MESSAGE);
}

void flows_each(struct view *view, const struct ofp_match *match, uint16_t out_port,
                void (*fn)(void *user, struct vflow *flow), void *user)
{
    const struct space_region region = space_region_of(match);
    struct list *it, *after;
    pay_for_walk(view);
    for (size_t i = 0; i < view->flows.n_buckets; i++)
        list_each(it, after, &view->flows.bucket[i])
        {
            struct vflow *f = of_match(it);
            if (space_covers(&region, &f->region) &&
                (out_port == OFPP_NONE ||
                 actions_output_to(span_of(f->actions, f->actions_len), out_port)))
                fn(user, f);
        }
}

static void count(struct vflow *f, int n)
{
    f->view->n_flows += (uint32_t)n;
    f->view->slice->n_flows += (uint64_t)(int64_t)n;
}

static void flow_free(struct vflow *f)
{
    count(f, -1);
    if (f->going)
        list_remove(&f->by_match.link);
    else
        hash_table_remove(&f->view->flows, &f->by_match);
    hash_table_remove(&f->view->slice->slicer->flows, &f->by_id);
    timer_cancel(&f->end);
    free(f->part);
    free(f->actions);
    free(f);
}

/* --- The end --------------------------------------------------------------------------------- */

static void tell_removed(const struct vflow *f, uint8_t reason)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
    msg.flow_removed = (struct ofp_msg_flow_removed){
        .match = &f->match,
        .cookie = f->cookie,
        .priority = f->priority,
        .reason = reason,
        .duration_sec = (uint32_t)(flow_age(f) / NS_PER_S),
        .duration_nsec = (uint32_t)(flow_age(f) % NS_PER_S),
        .idle_timeout = f->idle,
        .packet_count = f->packet_count,
        .byte_count = f->byte_count,
    };
    if (f->flags & OFPFF_SEND_FLOW_REM)
        link_notify(&f->view->link, &msg);
}

static void flow_end(struct vflow *f, uint8_t reason)
{
    tell_removed(f, reason);
    flow_free(f);
}

/* When a flow that lies nowhere times out: nobody else would say so. */
static uint64_t time_of_end(const struct vflow *f)
{
    uint64_t hard = f->hard > 0 ? f->born + f->hard * NS_PER_S : TIMER_NEVER;
    uint64_t idle = f->idle > 0 ? loop_now() + f->idle * NS_PER_S : TIMER_NEVER;
    return hard < idle ? hard : idle;
}

static void watch_end(struct vflow *f)
{
    uint64_t at = parts_lie(f) ? TIMER_NEVER : time_of_end(f);
    timer_cancel(&f->end);
    if (at != TIMER_NEVER)
        loop_timer_arm(&f->end, at);
}

static void on_end(void *user)
{
    struct vflow *f = user;
    bool hard = f->hard > 0 && flow_age(f) >= f->hard * NS_PER_S;
    flow_end(f, hard ? OFPRR_HARD_TIMEOUT : OFPRR_IDLE_TIMEOUT);
}

/* --- ADD ------------------------------------------------------------------------------------- */

/* Section 3.4: a flow that is asked for with CHECK_OVERLAP must not overlap another of its
 * priority. Those of other slices do not. */
static bool overlaps(struct view *view, const struct space_region *region, uint16_t priority)
{
    pay_for_walk(view);
    for (size_t i = 0; i < view->flows.n_buckets; i++)
        for (struct list *l = view->flows.bucket[i].next; l != &view->flows.bucket[i];
             l = l->next) {
            const struct vflow *f = of_match(l);
            struct space_region both;
            if (f->priority == priority && space_meet(&f->region, region, &both))
                return true;
        }
    return false;
}

static bool keep_actions(struct vflow *f, struct span actions)
{
    uint8_t *copy = malloc(actions.len + 1);
    if (copy == NULL)
        return false;
    bytes_copy(copy, actions.data, actions.len);
    free(f->actions);
    f->actions = copy;
    f->actions_len = actions.len;
    return true;
}

static struct vflow *flow_new(struct view *view, const struct ofp_msg_flow_mod *mod,
                              const struct space_region *region)
{
    struct slicer *slicer = view->slice->slicer;
    struct vflow *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->view = view;
    f->id = slicer->next_id++;
    f->match = *mod->match;
    f->region = *region;
    f->cookie = mod->cookie;
    f->priority = mod->priority;
    f->idle = mod->idle_timeout;
    f->hard = mod->hard_timeout;
    f->flags = mod->flags;
    f->born = loop_now();
    timer_init(&f->end, on_end, f);
    hash_table_put(&view->flows, &f->by_match, hash_of(region, f->priority));
    hash_table_put(&slicer->flows, &f->by_id, f->id);
    count(f, 1);
    if (!keep_actions(f, mod->actions)) {
        flow_free(f);
        return NULL;
    }
    return f;
}

/* Put a flow into switches; it is gone again if that cannot be. */
static bool lay_new(struct vflow *f, struct span request)
{
    if (!parts_lay(f, request)) {
        parts_delete(f, NULL);
        flow_free(f);
        return false;
    }
    watch_end(f);
    return true;
}

static bool add(struct view *view, const struct ofp_msg_flow_mod *mod, struct span bytes,
                struct ofp_fault *fault)
{
    const struct slice_def *def = slice_def(view->slice);
    const struct space_region region = space_region_of(mod->match);
    struct vflow *old = find_same(view, &region, mod->priority), *f;

    if (!parts_make(view, &region, fault) || !parts_judge_made(view, mod->actions, fault))
        return false;
    if (mod->flags & OFPFF_CHECK_OVERLAP && overlaps(view, &region, mod->priority))
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_OVERLAP);
    if (old == NULL && view->slice->n_flows >= def->flows)
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    f = flow_new(view, mod, &region);
    if (f == NULL || !lay_new(f, bytes))
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    if (old != NULL) { /* in the switch its parts have been replaced */
        parts_delete(old, f);
        flow_free(old);
    }
    return true;
}

/* --- MODIFY ---------------------------------------------------------------------------------- */

/* A change of all flows that a flow-mod matches: first each is judged, then each is changed. */
struct change {
    const struct ofp_msg_flow_mod *mod;
    struct span request;
    struct ofp_fault *fault;
    bool good;
    size_t n;
};

static void judge(void *user, struct vflow *f)
{
    struct change *c = user;
    c->n++;
    c->good = c->good && parts_judge(f, c->mod->actions, c->fault);
}

static void modify_one(void *user, struct vflow *f)
{
    struct change *c = user;
    f->cookie = c->mod->cookie; /* as Open vSwitch has it */
    if (keep_actions(f, c->mod->actions))
        parts_send(f, c->request);
}

/* Call fn for each flow that the flow-mod is for. */
static void each_meant(struct view *view, const struct ofp_msg_flow_mod *mod,
                       void (*fn)(void *user, struct vflow *flow), void *user)
{
    const struct space_region region = space_region_of(mod->match);
    bool strict = mod->command == OFPFC_MODIFY_STRICT || mod->command == OFPFC_DELETE_STRICT;
    bool deletes = mod->command == OFPFC_DELETE || mod->command == OFPFC_DELETE_STRICT;
    uint16_t out_port = deletes ? mod->out_port : OFPP_NONE;
    struct vflow *f;
    if (!strict) {
        flows_each(view, mod->match, out_port, fn, user);
        return;
    }
    f = find_same(view, &region, mod->priority);
    if (f != NULL &&
        (out_port == OFPP_NONE || actions_output_to(span_of(f->actions, f->actions_len), out_port)))
        fn(user, f);
}

/* Section 3.4: without a flow to modify it is an ADD. */
static bool modify(struct view *view, const struct ofp_msg_flow_mod *mod, struct span bytes,
                   struct ofp_fault *fault)
{
    struct change c = {.mod = mod, .request = bytes, .fault = fault, .good = true};
    each_meant(view, mod, judge, &c);
    if (c.n == 0)
        return add(view, mod, bytes, fault);
    if (c.good)
        each_meant(view, mod, modify_one, &c);
    return c.good;
}

/* --- DELETE ---------------------------------------------------------------------------------- */

/* It lies no more where flow-mods would find it. What the switch counted last is told when it has
 * said so. */
static void delete_one(void *user, struct vflow *f)
{
    bool counted = parts_lie(f) && (f->flags & OFPFF_SEND_FLOW_REM) != 0;
    (void)user;
    parts_delete(f, NULL);
    if (!counted) {
        flow_end(f, OFPRR_DELETE);
        return;
    }
    f->going = true;
    hash_table_remove(&f->view->flows, &f->by_match);
    list_append(&f->view->going, &f->by_match.link);
}

bool flows_mod(struct view *view, const struct ofp_msg_flow_mod *mod, struct span bytes,
               struct ofp_fault *fault)
{
    bool good = true;
    if (mod->flags & OFPFF_EMERG) /* section 4.3: the emergency table is everybody's */
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM);
    switch (mod->command) {
    case OFPFC_ADD:
        good = add(view, mod, bytes, fault);
        break;
    case OFPFC_MODIFY:
    case OFPFC_MODIFY_STRICT:
        good = modify(view, mod, bytes, fault);
        break;
    case OFPFC_DELETE:
    case OFPFC_DELETE_STRICT:
        each_meant(view, mod, delete_one, NULL);
        return true;
    default:
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_BAD_COMMAND);
    }
    if (!good || mod->buffer_id == OFP_NO_BUFFER)
        return good;
    return packet_out_buffer(view, mod->buffer_id, mod->actions, bytes, fault);
}

/* --- What becomes of them -------------------------------------------------------------------- */

/* A part has timed out, or what lay there before has been deleted (`leaving`). True: it was so. */
static bool lose_part(struct vflow *f, struct part *part, bool *leaving)
{
    *leaving = part == NULL || part->state != PART_LIES;
    if (*leaving)
        return f->n_leaving > 0 && f->n_leaving-- > 0;
    part->state = PART_GONE;
    f->view->lapsed = true;
    return true;
}

/* With its last part the flow is gone. */
void flows_removed(struct place *place, const struct ofp_msg_flow_removed *removed)
{
    const struct space_region region = space_region_of(removed->match);
    struct vflow *f = flows_find(place->slicer, removed->cookie);
    bool leaving;
    if (f == NULL || !lose_part(f, parts_find(f, place, &region), &leaving))
        return;
    f->packet_count += removed->packet_count;
    f->byte_count += removed->byte_count;
    if (!leaving && !parts_lie(f))
        flow_end(f, removed->reason);
}

void flows_failed(struct slicer *slicer, uint64_t id)
{
    struct vflow *f = flows_find(slicer, id);
    if (f == NULL)
        return;
    parts_delete(f, NULL);
    flow_free(f);
}

/* Without parts (there are more now than may be) it lies nowhere. */
static void update(void *user, struct vflow *f)
{
    struct ofp_fault fault;
    (void)user;
    parts_make(f->view, &f->region, &fault);
    parts_lay(f, span_of(NULL, 0));
    watch_end(f);
}

void flows_update(struct view *view)
{
    const struct ofp_match any = ofp_match_any();
    flows_each(view, &any, OFPP_NONE, update, NULL);
}

static void leave(void *user, struct vflow *f)
{
    const struct place *place = user;
    size_t n = 0;
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].place != place)
            f->part[n++] = f->part[i];
    f->n_parts = n;
    if (f->going && !parts_lie(f))
        flow_end(f, OFPRR_DELETE);
}

void flows_leave(struct view *view, const struct place *place)
{
    const struct ofp_match any = ofp_match_any();
    struct list *it, *after;
    flows_each(view, &any, OFPP_NONE, leave, (void *)(uintptr_t)place);
    list_each(it, after, &view->going) leave((void *)(uintptr_t)place, of_match(it));
}

static void clear_one(void *user, struct vflow *f)
{
    const bool *gone = user;
    if (!*gone)
        parts_delete(f, NULL);
    flow_free(f);
}

void flows_clear(struct view *view, bool gone)
{
    const struct ofp_match any = ofp_match_any();
    struct list *it;
    flows_each(view, &any, OFPP_NONE, clear_one, &gone);
    while ((it = view->going.next) != &view->going)
        flow_free(of_match(it));
}
