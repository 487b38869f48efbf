/*
 * view.c - a switch as a slice sees it: its ports, its buffers, its link; see slicer.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(slicer);

/* --- Ports ----------------------------------------------------------------------------------- */

struct vport *view_port(const struct view *view, uint16_t number)
{
    for (size_t i = 0; i < view->n_ports; i++)
        if (view->port[i].number == number)
            return &view->port[i];
    return NULL;
}

struct vport *view_real_port(const struct view *view, uint16_t real)
{
    for (size_t i = 0; i < view->n_ports; i++)
        if (view->port[i].real == real)
            return &view->port[i];
    return NULL;
}

static void remove_port(struct view *view, size_t i)
{
    const struct vport gone = view->port[i];
    view->n_ports--;
    memmove(&view->port[i], &view->port[i + 1], (view->n_ports - i) * sizeof *view->port);
    report_port(view, &gone, OFPPR_DELETE);
}

static bool make_room(struct view *view)
{
    size_t cap = view->cap_ports == 0 ? 8 : 2 * view->cap_ports;
    struct vport *bigger;
    if (view->n_ports < view->cap_ports)
        return true;
    bigger = realloc(view->port, cap * sizeof *bigger);
    if (bigger == NULL)
        return false;
    view->port = bigger;
    view->cap_ports = cap;
    return true;
}

static void add_port(struct view *view, const struct ofp_phy_port *desc)
{
    uint16_t real = be16_get(desc->port_no);
    if (!make_room(view))
        return;
    view->port[view->n_ports++] = (struct vport){.number = real, .real = real, .desc = *desc};
    report_port(view, &view->port[view->n_ports - 1], OFPPR_ADD);
}

/* Is a port of the switch's a port of this view, and what is it now? NULL: none. */
static const struct ofp_phy_port *wanted(const struct view *view, uint16_t real)
{
    return space_has_port(&view->place->space, view->slice->index, real)
               ? ctl_dp_port(view->place->dp, real)
               : NULL;
}

static bool update_port(struct view *view, struct vport *port)
{
    const struct ofp_phy_port *now = wanted(view, port->real);
    if (bytes_equal(&port->desc, now, sizeof *now))
        return false;
    port->desc = *now;
    report_port(view, port, OFPPR_MODIFY);
    return true;
}

void view_update_ports(struct view *view)
{
    struct span rest = ctl_dp_features(view->place->dp)->ports;
    const struct ofp_phy_port *desc;
    bool changed = false;
    for (size_t i = view->n_ports; i-- > 0;) {
        if (wanted(view, view->port[i].real) != NULL) {
            changed |= update_port(view, &view->port[i]);
            continue;
        }
        remove_port(view, i);
        changed = true;
    }
    while ((desc = ofp_next_port(&rest)) != NULL) {
        uint16_t real = be16_get(desc->port_no);
        if (wanted(view, real) == NULL || view_real_port(view, real) != NULL)
            continue;
        add_port(view, desc);
        changed = true;
    }
    if (changed)
        flows_reflood(view);
}

/* --- Buffers --------------------------------------------------------------------------------- */

/* Ids are numbered on, from view to view alike, so that they say nothing of other slices. */
uint32_t view_give_buffer(struct view *view, uint32_t real, const struct ofp_key *key)
{
    uint32_t id = view->next_buffer++ & INT32_MAX;
    if (real == OFP_NO_BUFFER)
        return OFP_NO_BUFFER;
    view->buffer[id % SLICER_BUFFERS] = (struct vbuffer){.id = id, .real = real, .key = *key};
    return id;
}

uint32_t view_take_buffer(struct view *view, uint32_t id, struct ofp_key *key)
{
    struct vbuffer *b = &view->buffer[id % SLICER_BUFFERS];
    uint32_t real = b->real;
    if (b->id != id || real == OFP_NO_BUFFER)
        return OFP_NO_BUFFER;
    b->real = OFP_NO_BUFFER;
    *key = b->key;
    return real;
}

static void forget_buffers(struct view *view)
{
    for (size_t i = 0; i < SLICER_BUFFERS; i++)
        view->buffer[i].real = OFP_NO_BUFFER;
}

/* --- The link -------------------------------------------------------------------------------- */

static void on_up(void *user)
{
    struct view *view = user;
    slicer_counters.links_up++;
    log_info("slice %s: its controller %s has datapath %016" PRIx64, slice_def(view->slice)->name,
             view->link.name, ctl_dp_id(view->place->dp));
}

/* What a switch keeps of a controller that is gone: its flows and its ports' configuration. */
static void on_lost(void *user)
{
    struct view *view = user;
    slicer_counters.links_lost++;
    log_info("slice %s: its controller %s is gone from datapath %016" PRIx64,
             slice_def(view->slice)->name, view->link.name, ctl_dp_id(view->place->dp));
    asks_forget(view);
    place_forget(view->place, view);
    forget_buffers(view);
    view->miss_send_len = OFP_DEFAULT_MISS_SEND_LEN;
}

static bool on_message(void *user, const struct ofp_msg *msg, struct span bytes,
                       struct ofp_fault *fault)
{
    struct view *view = user;
    bool good = handle_request(view, msg, bytes, fault);
    slicer_counters.refused += !good;
    return good;
}

static uint64_t admit(void *user)
{
    const struct view *view = user;
    struct pace *pace = &view->slice->asks;
    uint64_t at = asks_have_room(view) ? pace_when(pace, loop_now()) : TIMER_NEVER;
    if (at > loop_now()) {
        slicer_counters.paced++;
        return at;
    }
    slicer_counters.requests++;
    pace_spend(pace, loop_now(), 1);
    return at;
}

static const struct link_owner owner = {
    .up = on_up, .lost = on_lost, .message = on_message, .admit = admit};

/* --- The beginning and the end --------------------------------------------------------------- */

struct view *view_find(const struct slice *slice, const struct place *place)
{
    for (const struct list *l = place->views.next; l != &place->views; l = l->next)
        if (container_of(l, struct view, in_place)->slice == slice)
            return container_of(l, struct view, in_place);
    return NULL;
}

struct view *view_new(struct slice *slice, struct place *place)
{
    struct view *view = calloc(1, sizeof *view);
    int error;
    if (view == NULL || hash_table_init(&view->flows) != 0) {
        free(view);
        return NULL;
    }
    view->slice = slice;
    view->place = place;
    view->miss_send_len = OFP_DEFAULT_MISS_SEND_LEN;
    list_init(&view->going);
    list_init(&view->asks);
    list_append(&slice->views, &view->in_slice);
    list_append(&place->views, &view->in_place);
    forget_buffers(view);
    view_update_ports(view);
    error = link_init(&view->link, ctl_net(slice->slicer->ctl), slice_def(slice)->controller,
                      &owner, view);
    if (error != 0) {
        log_error("slice %s: %s: %s", slice_def(slice)->name, slice_def(slice)->controller,
                  strerror(-error));
        view_free(view, true);
        return NULL;
    }
    return view;
}

void view_free(struct view *view, bool gone)
{
    asks_forget(view);
    flows_clear(view, gone);
    place_forget(view->place, view);
    link_end(&view->link);
    list_remove(&view->in_slice);
    list_remove(&view->in_place);
    hash_table_free(&view->flows);
    free(view->port);
    free(view);
}
