/*
 * parts.c - what lies in switches for a slice's flow; see slicer.h.
 *
 * A flow has a part for each piece of the slice's space that it meets, and of a big switch for each
 * port where packets may come in, in that port's switch. Parts of different slices never hold the
 * same packet, so nothing that is sent for one touches another's. OpenFlow 1.0 sections 3.4, 5.3.3.
 *
 * Called by flows.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/lldp.h"
#include "controller/slicer/slicer.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

/* --- Making ---------------------------------------------------------------------------------- */

/* What a flow becomes. There is one at a time. */
static struct {
    struct part part[SLICER_PARTS_MAX];
    size_t n;
    struct space_region region[SLICER_CUTS_MAX]; /* of one switch */
    uint8_t area[SLICER_ACTIONS_MAX];
    struct buf actions; /* of one part */
} made;

/* Add what of `region` is the slice's at a switch. Returns how many parts that is; negative, with
 * the fault: it cannot be. */
static long add_parts(const struct view *view, struct place *place,
                      const struct space_region *region, struct ofp_fault *fault)
{
    const struct space_ports ports = {place->port, place->n_ports};
    size_t room = SLICER_PARTS_MAX - made.n;
    long n = space_parts(&place->space, view->slice->index, region, ports, made.region,
                         room < SLICER_CUTS_MAX ? room : SLICER_CUTS_MAX);
    if (n < 0)
        slicer_refuse(fault, OFPET_FLOW_MOD_FAILED,
                      n == -ENOSPC ? OFPFMFC_ALL_TABLES_FULL : OFPFMFC_EPERM);
    for (long i = 0; i < n; i++)
        made.part[made.n++] = (struct part){.place = place, .region = made.region[i]};
    return n;
}

/* At a port of a big switch. Nothing is to lie there while it is down. */
static long add_port(const struct view *view, const struct vport *port,
                     const struct space_region *region, struct ofp_fault *fault)
{
    struct space_region r = *region;
    long n;
    if ((r.wildcards & OFPFW_IN_PORT) == 0 && be16_get(r.key.match.in_port) != port->number)
        return 0;
    space_set_in_port(&r, port->real);
    n = add_parts(view, port->place, &r, fault);
    for (long i = 0; i < n && !port->up; i++)
        made.part[made.n - 1 - (size_t)i].state = PART_DOWN;
    return n;
}

static long add_ports(const struct view *view, const struct space_region *region,
                      struct ofp_fault *fault)
{
    long all = 0;
    for (size_t i = 0; i < view->n_ports; i++) {
        long n = add_port(view, &view->port[i], region, fault);
        if (n < 0)
            return n;
        all += n;
    }
    return all;
}

/* LLDP comes to the slicer whatever flows there are (tag.h). */
static bool is_for_lldp(const struct space_region *region)
{
    return (region->wildcards & OFPFW_DL_TYPE) == 0 &&
           be16_get(region->key.match.dl_type) == LLDP_TYPE;
}

static bool is_for_label(const struct view *view, const struct space_region *region)
{
    return (region->wildcards & OFPFW_DL_VLAN) == 0 &&
           label_is_vid(view->slice->slicer, be16_get(region->key.match.dl_vlan));
}

bool parts_make(const struct view *view, const struct space_region *region, struct ofp_fault *fault)
{
    long n = 0;
    made.n = 0;
    if (is_for_lldp(region))
        return true;
    if (!is_for_label(view, region))
        n = view->place != NULL ? add_parts(view, view->place, region, fault)
                                : add_ports(view, region, fault);
    if (n == 0)
        slicer_refuse(fault, OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM);
    return n > 0;
}

/* --- Actions --------------------------------------------------------------------------------- */

/* The actions of a part, in made.actions. */
static bool make_actions(struct view *view, const struct part *part, struct span actions,
                         bool again, struct ofp_fault *fault)
{
    made.actions = buf_of(made.area, sizeof made.area);
    return actions_rewrite(view, part->place, &part->region, actions, again, &made.actions, fault);
}

static struct span made_actions(void)
{
    return span_of(made.area, made.actions.len);
}

static bool judge(struct view *view, const struct part *part, size_t n, struct span actions,
                  struct ofp_fault *fault)
{
    for (size_t i = 0; i < n; i++)
        if (!make_actions(view, &part[i], actions, false, fault))
            return false;
    return true;
}

bool parts_judge_made(struct view *view, struct span actions, struct ofp_fault *fault)
{
    return judge(view, made.part, made.n, actions, fault);
}

bool parts_judge(const struct vflow *f, struct span actions, struct ofp_fault *fault)
{
    return judge(f->view, f->part, f->n_parts, actions, fault);
}

/* --- Sending --------------------------------------------------------------------------------- */

/* Whole seconds that a flow has left of its hard time-out; 0: it has none. */
static uint16_t hard_left(const struct vflow *f)
{
    uint64_t gone = flow_age(f) / NS_PER_S;
    if (f->hard == 0)
        return 0;
    return gone < f->hard ? (uint16_t)(f->hard - gone) : 1;
}

static bool send_part(const struct vflow *f, const struct part *part, uint16_t command,
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
        .hard_timeout = hard_left(f),
        .priority = f->priority < SLICER_PRIORITY_MAX ? f->priority : SLICER_PRIORITY_MAX,
        .buffer_id = OFP_NO_BUFFER,
        .out_port = OFPP_NONE,
        .flags = deletes ? 0 : OFPFF_SEND_FLOW_REM, /* so that we hear of its end */
        .actions = actions,
    };
    slicer_counters.flow_parts++;
    pace_spend(&f->view->slice->asks, loop_now(), 1);
    return place_send(part->place, f->view, &msg, deletes ? 0 : f->id, request) == 0;
}

static bool delete_part(const struct vflow *f, const struct part *part)
{
    return send_part(f, part, OFPFC_DELETE_STRICT, span_of(NULL, 0), span_of(NULL, 0));
}

/* Bring a part's entry up to date. */
static bool update_part(struct vflow *f, struct part *part, struct span request)
{
    struct span actions = span_of(f->actions, f->actions_len);
    bool lies = part->state == PART_LIES;
    struct ofp_fault fault;
    uint64_t hash;
    if (!make_actions(f->view, part, actions, true, &fault))
        return false;
    hash = XXH3_64bits(made.area, made.actions.len);
    if (lies && part->actions == hash)
        return true;
    if (!send_part(f, part, lies ? OFPFC_MODIFY_STRICT : OFPFC_ADD, made_actions(), request))
        return false;
    part->state = PART_LIES;
    part->actions = hash;
    return true;
}

bool parts_send(struct vflow *f, struct span request)
{
    bool sent = true;
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].state == PART_NEW || f->part[i].state == PART_LIES)
            sent &= update_part(f, &f->part[i], request);
    if (!sent) {
        f->view->stale = true;
        topology_again(f->view->slice->slicer);
    }
    return sent;
}

/* --- Laying ---------------------------------------------------------------------------------- */

struct part *parts_find(const struct vflow *f, const struct place *place,
                        const struct space_region *region)
{
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].place == place && space_same(&f->part[i].region, region))
            return &f->part[i];
    return NULL;
}

/* The same part among those of a flow; NULL: it has none. */
static struct part *find_part(const struct vflow *f, const struct part *part)
{
    return parts_find(f, part->place, &part->region);
}

bool parts_lie(const struct vflow *f)
{
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].state == PART_LIES)
            return true;
    return false;
}

/* Is there to be an entry for this part? */
static bool is_wanted(const struct vflow *f, const struct part *part)
{
    const struct part *same = f != NULL ? find_part(f, part) : NULL;
    return same != NULL && same->state != PART_DOWN;
}

void parts_delete(const struct vflow *f, const struct vflow *heir)
{
    for (size_t i = 0; i < f->n_parts; i++)
        if (f->part[i].state == PART_LIES && !is_wanted(heir, &f->part[i]))
            delete_part(f, &f->part[i]);
}

/* Take the parts that were made; what was known of those before stays known. */
static bool take_made(struct vflow *f)
{
    struct part *part = malloc((made.n + 1) * sizeof *part);
    if (part == NULL)
        return false;
    for (size_t i = 0; i < made.n; i++) {
        const struct part *old = find_part(f, &made.part[i]);
        bool as_before = old != NULL && old->state != PART_DOWN && made.part[i].state != PART_DOWN;
        part[i] = as_before ? *old : made.part[i];
    }
    f->part = part;
    f->n_parts = made.n;
    return true;
}

bool parts_lay(struct vflow *f, struct span request)
{
    const struct vflow before = *f;
    bool sent;
    if (!take_made(f))
        return false;
    sent = parts_send(f, request);
    for (size_t i = 0; i < before.n_parts; i++) {
        if (before.part[i].state != PART_LIES || is_wanted(f, &before.part[i]))
            continue;
        delete_part(f, &before.part[i]);
        f->n_leaving++;
    }
    free(before.part);
    return sent;
}

/* --- Waking ---------------------------------------------------------------------------------- */

struct wake {
    const struct place *place;
    const struct ofp_key *key;
    struct vflow *flow; /* the best so far, and its part */
    struct part *part;
    bool any; /* some part is gone */
};

static void look_at(void *user, struct vflow *f)
{
    struct wake *w = user;
    for (size_t i = 0; i < f->n_parts; i++) {
        struct part *part = &f->part[i];
        if (part->state != PART_GONE)
            continue;
        w->any = true;
        if (part->place != w->place || (w->flow != NULL && w->flow->priority >= f->priority) ||
            !ofp_key_matches(w->key, &part->region.key, &part->region.mask))
            continue;
        w->flow = f;
        w->part = part;
    }
}

bool parts_wake(struct view *view, const struct place *place, const struct ctl_packet *packet)
{
    const struct ofp_match any = ofp_match_any();
    struct wake w = {.place = place, .key = &packet->key};
    if (!view->lapsed || packet->in->reason != OFPR_NO_MATCH)
        return false;
    flows_each(view, &any, OFPP_NONE, look_at, &w);
    view->lapsed = w.any;
    if (w.flow == NULL)
        return false;
    w.part->state = PART_NEW;
    if (update_part(w.flow, w.part, span_of(NULL, 0)))
        ctl_packet_out(place->dp, packet, made_actions());
    return true;
}
