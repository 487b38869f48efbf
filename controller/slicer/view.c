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

struct vport *view_real_port(const struct view *view, const struct place *place, uint16_t real)
{
    for (size_t i = 0; i < view->n_ports; i++)
        if (view->port[i].real == real && view->port[i].place == place)
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

/* May packets pass? */
static bool is_up(const struct view *view, const struct ofp_phy_port *desc)
{
    return view->place != NULL || ctl_port_is_up(desc);
}

static bool add_port(struct view *view, struct place *place, const struct ofp_phy_port *desc)
{
    uint16_t real = be16_get(desc->port_no), number = real;
    if (view->place == NULL)
        number = numbers_get(&view->slice->numbers, ctl_dp_id(place->dp), real);
    if (number == OFPP_NONE || !make_room(view))
        return false;
    view->port[view->n_ports++] = (struct vport){
        .number = number, .place = place, .real = real, .up = is_up(view, desc), .desc = *desc};
    report_port(view, &view->port[view->n_ports - 1], OFPPR_ADD);
    return true;
}

/* Is a port of a switch's a port of this view? Then `*desc` is what it is now. */
static bool shows(const struct view *view, const struct place *place, uint16_t real,
                  struct ofp_phy_port *desc)
{
    const struct ofp_phy_port *now = ctl_dp_port(place->dp, real);
    if (now == NULL || !space_has_port(&place->space, view->slice->index, real))
        return false;
    *desc = *now;
    return view->place != NULL || topology_shows(view, place, real, desc);
}

/* True: packets go elsewhere now. */
static bool update_port(struct view *view, struct vport *port, const struct ofp_phy_port *now)
{
    const struct vport was = *port;
    if (bytes_equal(&port->desc, now, sizeof *now))
        return false;
    port->desc = *now;
    port->up = is_up(view, now);
    report_port(view, port, OFPPR_MODIFY);
    return port->up != was.up || vport_floods(port) != vport_floods(&was);
}

static bool update_old_ports(struct view *view)
{
    struct ofp_phy_port desc;
    bool changed = false;
    for (size_t i = view->n_ports; i-- > 0;) {
        struct vport *port = &view->port[i];
        if (shows(view, port->place, port->real, &desc)) {
            changed |= update_port(view, port, &desc);
            continue;
        }
        remove_port(view, i);
        changed = true;
    }
    return changed;
}

static bool add_new_ports(struct view *view, struct place *place)
{
    bool changed = false;
    for (size_t i = 0; i < place->n_ports; i++) {
        struct ofp_phy_port desc;
        uint16_t real = place->port[i];
        if (view_real_port(view, place, real) == NULL && shows(view, place, real, &desc))
            changed |= add_port(view, place, &desc);
    }
    return changed;
}

void view_update(struct view *view)
{
    bool changed = update_old_ports(view) | view->stale;
    for (struct place *p = place_first(view); p != NULL; p = place_next(view, p))
        changed |= add_new_ports(view, p);
    view->stale = false;
    if (view->place == NULL)
        changed |= labels_update(view);
    if (changed)
        flows_update(view);
    labels_sweep(view);
}

void view_reflood(struct view *view)
{
    view->stale = true;
    if (view->place != NULL)
        view_update(view);
    else
        topology_look(view->slice->slicer);
}

/* --- Buffers --------------------------------------------------------------------------------- */

/* Ids are numbered on, from view to view alike, so that they say nothing of other slices. */
uint32_t view_give_buffer(struct view *view, struct vbuffer buffer)
{
    buffer.id = view->next_buffer++ & INT32_MAX;
    if (buffer.real == OFP_NO_BUFFER)
        return OFP_NO_BUFFER;
    view->buffer[buffer.id % SLICER_BUFFERS] = buffer;
    return buffer.id;
}

struct vbuffer view_take_buffer(struct view *view, uint32_t id)
{
    struct vbuffer *b = &view->buffer[id % SLICER_BUFFERS], taken = *b;
    if (b->id == id)
        b->real = OFP_NO_BUFFER;
    else
        taken.real = OFP_NO_BUFFER;
    return taken;
}

/* Those of one switch; NULL: of all. */
static void forget_buffers(struct view *view, const struct place *place)
{
    for (size_t i = 0; i < SLICER_BUFFERS; i++)
        if (place == NULL || view->buffer[i].place == place)
            view->buffer[i].real = OFP_NO_BUFFER;
}

/* --- The link -------------------------------------------------------------------------------- */

uint64_t view_dpid(const struct view *view)
{
    return view->place != NULL ? ctl_dp_id(view->place->dp) : slice_def(view->slice)->big;
}

static void on_up(void *user)
{
    struct view *view = user;
    slicer_counters.links_up++;
    log_info("slice %s: its controller %s has datapath %016" PRIx64, slice_def(view->slice)->name,
             view->link.name, view_dpid(view));
}

/* What a switch keeps of a controller that is gone: its flows and its ports' configuration. */
static void on_lost(void *user)
{
    struct view *view = user;
    slicer_counters.links_lost++;
    log_info("slice %s: its controller %s is gone from datapath %016" PRIx64,
             slice_def(view->slice)->name, view->link.name, view_dpid(view));
    asks_forget(view);
    for (struct place *p = place_first(view); p != NULL; p = place_next(view, p))
        place_forget(p, view);
    forget_buffers(view, NULL);
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
    if (slice->big != NULL)
        return slice->big;
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
    list_init(&view->labels);
    list_init(&view->old_labels);
    list_init(&view->in_place);
    list_append(&slice->views, &view->in_slice);
    if (place != NULL)
        list_append(&place->views, &view->in_place);
    else
        slice->big = view;
    forget_buffers(view, NULL);
    view_update(view);
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
    labels_free(view);
    for (struct place *p = place_first(view); p != NULL; p = place_next(view, p))
        place_forget(p, view);
    if (view->place == NULL)
        view->slice->big = NULL;
    link_end(&view->link);
    list_remove(&view->in_slice);
    list_remove(&view->in_place);
    hash_table_free(&view->flows);
    free(view->port);
    free(view);
}

void view_leave(struct view *view, const struct place *place)
{
    for (size_t i = view->n_ports; i-- > 0;)
        if (view->port[i].place == place)
            remove_port(view, i);
    forget_buffers(view, place);
    flows_leave(view, place);
    labels_forget(view, place);
    view->stale = true;
}
