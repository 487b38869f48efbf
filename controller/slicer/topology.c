/*
 * topology.c - the network under big switches: which ports are theirs, and what follows when that
 * changes; see slicer.h.
 *
 * The app discovery says where cables are. A port at the edge (edge.c) is one of the big switch's.
 * When the network falls apart, the part with most such ports stays in use (of equals the one with
 * the lowest datapath id); ports elsewhere are shown as down. Changes are looked at once, at the
 * end of the turn.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct slice *slice_of(struct list *l)
{
    return container_of(l, struct slice, link);
}

static struct place *place_of(struct list *l)
{
    return container_of(l, struct place, link);
}

/* --- Links ----------------------------------------------------------------------------------- */

void topology_changed(struct slicer *slicer)
{
    if (slicer->labels.wanted)
        loop_defer(&slicer->look);
}

/* Does any slice see a big switch? Flows that were laid before may match or write labels. */
void topology_slices_changed(struct slicer *slicer)
{
    bool was = slicer->labels.wanted, wanted = false;
    struct list *it, *after;
    for (size_t i = 0; i < slicer->set.n; i++)
        wanted |= slicer->set.def[i].is_big;
    slicer->labels.wanted = wanted;
    if (was && !wanted)
        labels_unguard(slicer);
    list_each(it, after, &slicer->places)
    {
        if (!was && wanted)
            place_set_stale(place_of(it));
    }
    topology_changed(slicer);
}

void topology_again(struct slicer *slicer)
{
    loop_timer_arm(&slicer->again, loop_now() + 100 * NS_PER_MS);
}

/* A port whose last cable has gone may still lead there, in silence. */
static void look_at_end(struct place *place, uint16_t port)
{
    if (!graph_has_cable(&place->node, port))
        edge_begin(place, port);
}

static void on_link(void *user, const struct discovery_link *link, bool up)
{
    struct slicer *slicer = user;
    struct place *from = ctl_dp_get(link->from, slicer), *to = ctl_dp_get(link->to, slicer);
    if (from == NULL || to == NULL)
        return;
    if (graph_set_link(&slicer->graph, &from->node, link->from_port, &to->node, link->to_port,
                       up) != 0)
        topology_again(slicer);
    look_at_end(from, link->from_port);
    look_at_end(to, link->to_port);
    topology_changed(slicer);
}

int topology_join(struct place *place)
{
    if (graph_add(&place->slicer->graph, &place->node, place->dp) != 0)
        return -1;
    return 0;
}

void topology_leave(struct place *place)
{
    struct list *it, *after;
    list_each(it, after, &place->slicer->slices) if (slice_of(it)->big != NULL)
        view_leave(slice_of(it)->big, place);
    graph_remove(&place->slicer->graph, &place->node);
    topology_changed(place->slicer);
}

/* --- Ports ----------------------------------------------------------------------------------- */

/* Might a host be at this port? */
static bool is_edge(const struct place *place, uint16_t port)
{
    return port <= OFPP_MAX && !graph_has_cable(&place->node, port);
}

/* For people: where the port is, if that is short enough. */
static void name_port(const struct place *place, struct ofp_phy_port *desc)
{
    char name[40];
    int n = snprintf(name, sizeof name, "%" PRIx64 ".%u", ctl_dp_id(place->dp),
                     be16_get(desc->port_no));
    if (n > 0 && (size_t)n < sizeof desc->name)
        memcpy(desc->name, name, (size_t)n + 1);
}

bool topology_shows(const struct view *view, const struct place *place, uint16_t real,
                    struct ofp_phy_port *desc)
{
    bool settled = edge_is_settled(place, real);
    if (!is_edge(place, real) || !(settled || view_real_port(view, place, real) != NULL))
        return false;
    if (!settled || place->node.root != view->slice->main)
        desc->state = be32_of(be32_get(desc->state) | OFPPS_LINK_DOWN);
    name_port(place, desc);
    return true;
}

/* How many ports of a slice are in use at a switch. */
static size_t count_ports(const struct slice *slice, const struct place *place)
{
    size_t n = 0;
    for (size_t i = 0; i < place->n_ports; i++)
        n += is_edge(place, place->port[i]) && edge_is_settled(place, place->port[i]) &&
             space_has_port(&place->space, slice->index, place->port[i]);
    return n;
}

/* The root of the part of the network with most of a slice's ports; NULL: there are none. */
static const struct graph_node *main_part(const struct slice *slice)
{
    const struct graph *g = &slice->slicer->graph;
    const struct graph_node *best = NULL;
    struct list *it, *after;
    for (size_t i = 0; i < g->n_nodes; i++)
        g->node[i]->below = 0;
    list_each(it, after, &slice->slicer->places) place_of(it)->node.root->below +=
        count_ports(slice, place_of(it));
    for (size_t i = 0; i < g->n_nodes; i++)
        if (g->node[i]->below > (best != NULL ? best->below : 0))
            best = g->node[i];
    return best;
}

/* --- Looking --------------------------------------------------------------------------------- */

/* Has any switch a part of the slice? */
static bool is_anywhere(const struct slice *slice)
{
    struct list *it, *after;
    list_each(it, after, &slice->slicer->places) if (space_has_owner(&place_of(it)->space,
                                                                     slice->index)) return true;
    return false;
}

static void look_at(struct slice *slice)
{
    slice->main = main_part(slice);
    if (slice->big == NULL && slice->main != NULL)
        view_new(slice, NULL);
    else if (slice->big != NULL && !is_anywhere(slice))
        view_free(slice->big, true);
    else if (slice->big != NULL)
        view_update(slice->big);
}

/* Of slices that see switches as they are: what could not be sent, or may not lie there any more.
 */
static void look_at_each(struct slice *slice)
{
    struct list *it, *after;
    list_each(it, after, &slice->views)
    {
        struct view *view = container_of(it, struct view, in_slice);
        if (view->stale)
            view_update(view);
    }
}

static void await_next(struct slicer *slicer)
{
    struct list *it, *after;
    uint64_t next = TIMER_NEVER;
    list_each(it, after, &slicer->places)
    {
        uint64_t at = edge_next(place_of(it));
        next = at < next ? at : next;
    }
    if (next != TIMER_NEVER && !timer_armed(&slicer->again))
        loop_timer_arm(&slicer->again, next);
}

void topology_look(struct slicer *slicer)
{
    struct list *it, *after;
    timer_cancel(&slicer->again);
    graph_span(&slicer->graph);
    if (slicer->labels.wanted)
        labels_guard(slicer);
    list_each(it, after, &slicer->slices)
    {
        if (slice_def(slice_of(it))->is_big)
            look_at(slice_of(it));
        else
            look_at_each(slice_of(it));
    }
    if (slicer->labels.wanted)
        await_next(slicer);
}

static void on_look(void *user)
{
    topology_look(user);
}

/* --- The beginning and the end --------------------------------------------------------------- */

void topology_begin(struct slicer *slicer)
{
    graph_init(&slicer->graph);
    loop_work_init(&slicer->look, on_look, slicer);
    timer_init(&slicer->again, on_look, slicer);
}

void topology_listen(struct slicer *slicer)
{
    slicer->links = (struct discovery_listener){.changed = on_link, .user = slicer};
    if (slicer->discovery == NULL)
        return;
    discovery_listen(slicer->discovery, &slicer->links);
    discovery_let_foreign_pass(slicer->discovery);
}

void topology_end(struct slicer *slicer)
{
    loop_work_cancel(&slicer->look);
    timer_cancel(&slicer->again);
    graph_free(&slicer->graph);
}
