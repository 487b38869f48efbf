/*
 * flows.c - the flows of slices: as they were written, and the parts that lie in switches for them.
 *
 * A flow-mod is done on the slice's own flows here (OpenFlow 1.0 sections 3.4 and 5.3.3), and what
 * that changes is sent to the switch part by part. Parts of different slices never hold the same
 * packet, so nothing that is sent for one touches another's. See slicer.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/lldp.h"
#include "controller/slicer/slicer.h"

#include <errno.h>
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
    free(f->actions);
    free(f);
}

/* --- Parts ----------------------------------------------------------------------------------- */

static int send_part(struct vflow *f, const struct part *part, uint16_t command,
                     struct span actions, struct span request)
{
    struct ofp_match match = space_match(&part->region);
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
    bool deletes = command == OFPFC_DELETE_STRICT;
    msg.flow_mod = (struct ofp_msg_flow_mod){
        .match = &match,
        .cookie = f->id,
        .command = command,
        .idle_timeout = f->idle,
        .hard_timeout = f->hard,
        .priority = f->priority < SLICER_PRIORITY_MAX ? f->priority : SLICER_PRIORITY_MAX,
        .buffer_id = OFP_NO_BUFFER,
        .out_port = OFPP_NONE,
        .flags = deletes ? 0 : OFPFF_SEND_FLOW_REM, /* so that we hear of its end */
        .actions = actions,
    };
    slicer_counters.flow_parts++;
    pace_spend(&f->view->slice->asks, loop_now(), 1);
    return place_send(f->view->place, f->view, &msg, deletes ? 0 : f->id, request);
}

static bool parts_lie(const struct vflow *f)
{
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].lies)
            return true;
    return false;
}

/* Delete those that lie in the switch, but for those that `heir` has, too. */
static void delete_parts(struct vflow *f, const struct vflow *heir)
{
    for (size_t i = 0; i < f->n_parts; i++) {
        bool inherited = false;
        for (size_t k = 0; heir != NULL && k < heir->n_parts && !inherited; k++)
            inherited = space_same(&f->part[i].region, &heir->part[k].region);
        if (f->part[i].lies && !inherited)
            send_part(f, &f->part[i], OFPFC_DELETE_STRICT, span_of(NULL, 0), span_of(NULL, 0));
    }
}

/* --- Rewriting ------------------------------------------------------------------------------- */

/* What a flow-mod becomes: regions and actions. There is one at a time. */
static struct {
    struct space_region region[SLICER_PARTS_MAX];
    size_t n;
    uint8_t area[SLICER_ACTIONS_MAX];
    struct buf actions;
} made;

/* The actions for packets of this region. */
static bool make_actions(const struct view *view, const struct space_region *region,
                         struct span actions, struct ofp_fault *fault)
{
    made.actions = buf_of(made.area, sizeof made.area);
    return actions_rewrite(view, region, actions, &made.actions, fault);
}

static struct span made_actions(void)
{
    return span_of(made.area, made.actions.len);
}

/* LLDP comes here whatever flows there are (tag.h), so one for nothing else is but kept. */
static bool is_for_lldp(const struct space_region *region)
{
    return (region->wildcards & OFPFW_DL_TYPE) == 0 &&
           be16_get(region->key.match.dl_type) == LLDP_TYPE;
}

/* The regions of a flow, and its actions, which are the same for all of them if they are good for
 * each. True, or false with the fault. */
static bool make_parts(const struct view *view, const struct space_region *region,
                       struct span actions, struct ofp_fault *fault)
{
    const struct space_ports ports = {view->place->port, view->place->n_ports};
    long n;
    made.n = 0;
    if (is_for_lldp(region))
        return true;
    n = space_parts(&view->place->space, view->slice->index, region, ports, made.region,
                    SLICER_PARTS_MAX);
    if (n <= 0)
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED,
                             n == -ENOSPC ? OFPFMFC_ALL_TABLES_FULL : OFPFMFC_EPERM);
    made.n = (size_t)n;
    for (size_t i = 0; i < made.n; i++)
        if (!make_actions(view, &made.region[i], actions, fault))
            return false;
    return true;
}

/* What is but kept has no end of its own. */
static bool has_time_out(const struct ofp_msg_flow_mod *mod)
{
    return mod->idle_timeout != 0 || mod->hard_timeout != 0;
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
    size_t n = made.n;
    struct vflow *f = calloc(1, sizeof *f + n * sizeof f->part[0]);
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
    f->n_parts = n;
    for (size_t i = 0; i < n; i++)
        f->part[i].region = made.region[i];
    hash_table_put(&view->flows, &f->by_match, hash_of(region, f->priority));
    hash_table_put(&slicer->flows, &f->by_id, f->id);
    count(f, 1);
    if (!keep_actions(f, mod->actions)) {
        flow_free(f);
        return NULL;
    }
    return f;
}

static bool send_new(struct vflow *f, struct span request)
{
    for (size_t i = 0; i < f->n_parts; i++) {
        f->part[i].lies = true;
        if (send_part(f, &f->part[i], OFPFC_ADD, made_actions(), request) == 0)
            continue;
        delete_parts(f, NULL);
        return false;
    }
    return true;
}

static bool add(struct view *view, const struct ofp_msg_flow_mod *mod, struct span bytes,
                struct ofp_fault *fault)
{
    const struct slice_def *def = slice_def(view->slice);
    const struct space_region region = space_region_of(mod->match);
    struct vflow *old = find_same(view, &region, mod->priority), *f;

    if (!make_parts(view, &region, mod->actions, fault))
        return false;
    if (made.n == 0 && has_time_out(mod))
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM);
    if (mod->flags & OFPFF_CHECK_OVERLAP && overlaps(view, &region, mod->priority))
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_OVERLAP);
    if (old == NULL && view->slice->n_flows >= def->flows)
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    f = flow_new(view, mod, &region);
    if (f == NULL || !send_new(f, bytes)) {
        if (f != NULL)
            flow_free(f);
        return slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    }
    if (old != NULL) { /* in the switch its parts have been replaced */
        delete_parts(old, f);
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
    for (size_t i = 0; i < f->n_parts && c->good; i++)
        c->good = make_actions(f->view, &f->part[i].region, c->mod->actions, c->fault);
}

/* Send the actions of a flow anew. */
static void resend(struct vflow *f, struct span request)
{
    struct ofp_fault fault;
    struct span actions = span_of(f->actions, f->actions_len);
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].lies && make_actions(f->view, &f->part[i].region, actions, &fault))
            send_part(f, &f->part[i], OFPFC_MODIFY_STRICT, made_actions(), request);
}

static void modify_one(void *user, struct vflow *f)
{
    struct change *c = user;
    if (keep_actions(f, c->mod->actions))
        resend(f, c->request);
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

static void tell_removed(const struct vflow *f, uint8_t reason)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
    msg.flow_removed = (struct ofp_msg_flow_removed){
        .match = &f->match,
        .cookie = f->cookie,
        .priority = f->priority,
        .reason = reason,
        .duration_sec = flow_age(f) / NS_PER_S,
        .duration_nsec = flow_age(f) % NS_PER_S,
        .idle_timeout = f->idle,
        .packet_count = f->packet_count,
        .byte_count = f->byte_count,
    };
    if (f->flags & OFPFF_SEND_FLOW_REM)
        link_notify(&f->view->link, &msg);
}

/* It lies no more where flow-mods would find it. What the switch counted last is told when it has
 * said so. */
static void delete_one(void *user, struct vflow *f)
{
    (void)user;
    delete_parts(f, NULL);
    if (!parts_lie(f))
        tell_removed(f, OFPRR_DELETE);
    if (!parts_lie(f) || (f->flags & OFPFF_SEND_FLOW_REM) == 0) {
        flow_free(f);
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

/* With its last part the flow is gone. */
void flows_removed(struct place *place, const struct ofp_msg_flow_removed *removed)
{
    struct vflow *f = flows_find(place->slicer, removed->cookie);
    struct space_region region;
    if (f == NULL || f->view->place != place)
        return;
    region = space_region_of(removed->match);
    for (size_t i = 0; i < f->n_parts; i++) {
        if (!f->part[i].lies || !space_same(&f->part[i].region, &region))
            continue;
        f->part[i].lies = false;
        f->packet_count += removed->packet_count;
        f->byte_count += removed->byte_count;
    }
    if (parts_lie(f))
        return;
    tell_removed(f, removed->reason);
    flow_free(f);
}

void flows_failed(struct slicer *slicer, uint64_t id)
{
    struct vflow *f = flows_find(slicer, id);
    if (f == NULL)
        return;
    delete_parts(f, NULL);
    flow_free(f);
}

static void reflood(void *user, struct vflow *f)
{
    (void)user;
    if (actions_flood(span_of(f->actions, f->actions_len)))
        resend(f, span_of(NULL, 0));
}

void flows_reflood(struct view *view)
{
    const struct ofp_match any = ofp_match_any();
    flows_each(view, &any, OFPP_NONE, reflood, NULL);
}

static void clear_one(void *user, struct vflow *f)
{
    const bool *gone = user;
    if (!*gone)
        delete_parts(f, NULL);
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
