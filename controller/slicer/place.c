/*
 * place.c - a switch that has joined: whose its packets are, and what was sent to it for whom.
 *
 * The switch answers an error with the xid of what it refuses (OpenFlow 1.0 section 5.4.4). Each
 * message for a slice gets an xid of the session's own, under which the slice's message is kept for
 * as long as SLICER_SENT others come behind it; so an error finds the slice that caused it, and is
 * told there with the slice's own message in it. See slicer.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/lldp.h"
#include "controller/slicer/slicer.h"
#include "openflow/action.h"

#include <stdlib.h>

/* --- What is sent ---------------------------------------------------------------------------- */

static struct sent *sent_slot(struct place *place, uint32_t xid)
{
    return &place->sent[xid % SLICER_SENT];
}

int place_send(struct place *place, struct view *view, struct ofp_msg *msg, uint64_t flow,
               struct span request)
{
    struct sent *slot;
    int error;
    msg->xid = ctl_xid(place->dp);
    error = ctl_send(place->dp, msg);
    if (error != 0)
        return error;
    slot = sent_slot(place, msg->xid);
    *slot = (struct sent){.xid = msg->xid, .view = view, .flow = flow};
    slot->len = (uint32_t)(request.len < sizeof slot->head ? request.len : sizeof slot->head);
    bytes_copy(slot->head, request.data, slot->len);
    return 0;
}

void place_error(struct place *place, uint32_t xid, const struct ofp_msg_error *error)
{
    struct sent *slot = sent_slot(place, xid);
    struct view *view = slot->view;
    if (slot->xid != xid || view == NULL)
        return;
    slot->view = NULL;
    /* Of a flow in several parts the first error is the slice's; then there is no flow. */
    if (slot->flow != 0 && flows_find(place->slicer, slot->flow) == NULL)
        return;
    slicer_counters.errors++;
    link_send_error(&view->link, (struct ofp_fault){error->type, error->code},
                    span_of(slot->head, slot->len));
    if (slot->flow != 0)
        flows_failed(place->slicer, slot->flow);
}

void place_forget(struct place *place, const struct view *view)
{
    for (size_t i = 0; i < SLICER_SENT; i++)
        if (place->sent[i].view == view)
            place->sent[i].view = NULL;
}

/* --- Its space and ports --------------------------------------------------------------------- */

bool place_set_space(struct place *place)
{
    const struct slice_set *set = &place->slicer->set;
    struct space_rule *rules = malloc((set->n_rules + 1) * sizeof *rules);
    free(place->rules);
    place->rules = rules;
    place->space = (struct space){0};
    if (rules != NULL)
        place->space = slices_space(set, ctl_dp_id(place->dp), rules);
    return rules != NULL;
}

struct place *place_first(const struct view *view)
{
    struct list *all = &view->slice->slicer->places;
    if (view->place != NULL)
        return view->place;
    return list_empty(all) ? NULL : container_of(all->next, struct place, link);
}

struct place *place_next(const struct view *view, const struct place *place)
{
    const struct list *next = place->link.next;
    if (view->place != NULL || next == &view->slice->slicer->places)
        return NULL;
    return container_of(place->link.next, struct place, link);
}

void place_set_stale(struct place *place)
{
    struct list *it, *after;
    list_each(it, after, &place->views) container_of(it, struct view, in_place)->stale = true;
}

void place_ports_changed(struct place *place)
{
    struct list *it, *after;
    edge_list_ports(place);
    list_each(it, after, &place->views) view_update(container_of(it, struct view, in_place));
    topology_changed(place->slicer);
}

/* Section 5.3.2: the switch has one miss_send_len, and each slice its own. */
void place_update_config(struct place *place)
{
    struct ofp_msg msg = {.type = OFPT_SET_CONFIG,
                          .config = {.miss_send_len = OFP_DEFAULT_MISS_SEND_LEN}};
    struct list *it, *after;
    list_each(it, after, &place->slicer->slices)
    {
        const struct view *view = view_find(container_of(it, struct slice, link), place);
        if (view != NULL && view->miss_send_len > msg.config.miss_send_len)
            msg.config.miss_send_len = view->miss_send_len;
    }
    if (msg.config.miss_send_len != place->miss_send_len &&
        place_send(place, NULL, &msg, 0, span_of(NULL, 0)) == 0)
        place->miss_send_len = msg.config.miss_send_len;
}

/* --- The beginning and the end --------------------------------------------------------------- */

/* LLDP comes here, before any slice's flow, to be told apart: tag.h. */
static void ask_for_lldp(struct place *place)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
    match.wildcards = be32_of(OFPFW_ALL & ~OFPFW_DL_TYPE);
    match.dl_type = be16_of(LLDP_TYPE);
    ofp_put_output(&actions, OFPP_CONTROLLER, UINT16_MAX);
    msg.flow_mod = (struct ofp_msg_flow_mod){.match = &match,
                                             .command = OFPFC_ADD,
                                             .priority = SLICER_PRIORITY_LLDP,
                                             .buffer_id = OFP_NO_BUFFER,
                                             .out_port = OFPP_NONE,
                                             .actions = span_of(area, actions.len)};
    place_send(place, NULL, &msg, 0, span_of(NULL, 0));
}

/* What lies in a switch that joins is of no slice that there is. */
static void empty(struct place *place)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
    msg.flow_mod = (struct ofp_msg_flow_mod){
        .match = &any, .command = OFPFC_DELETE, .buffer_id = OFP_NO_BUFFER, .out_port = OFPP_NONE};
    place_send(place, NULL, &msg, 0, span_of(NULL, 0));
}

struct place *place_new(struct slicer *slicer, struct ctl_dp *dp)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return NULL;
    place->slicer = slicer;
    place->dp = dp;
    list_init(&place->views);
    list_append(&slicer->places, &place->link);
    empty(place);
    ask_for_lldp(place);
    edge_list_ports(place);
    if (topology_join(place) != 0 || !place_set_space(place)) {
        place_free(place);
        return NULL;
    }
    topology_changed(slicer);
    return place;
}

void place_free(struct place *place)
{
    struct list *it, *after;
    list_each(it, after, &place->views) view_free(container_of(it, struct view, in_place), true);
    topology_leave(place);
    list_remove(&place->link);
    free(place->rules);
    free(place->port);
    free(place->edge);
    free(place);
}
