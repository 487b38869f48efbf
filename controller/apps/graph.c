/*
 * graph.c - keeping and searching the graph of switches; see graph.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void graph_init(struct graph *g)
{
    *g = (struct graph){0};
}

void graph_free(struct graph *g)
{
    free(g->node);
    free(g->order);
}

/* --- Switches -------------------------------------------------------------------------------- */

static int make_room(struct graph *g)
{
    size_t cap = g->cap_nodes == 0 ? 16 : 2 * g->cap_nodes;
    struct graph_node **bigger;
    if (g->n_nodes < g->cap_nodes)
        return 0;
    bigger = realloc(g->node, cap * sizeof(*bigger));
    if (bigger == NULL)
        return -ENOMEM;
    g->node = bigger;
    bigger = realloc(g->order, cap * sizeof(*bigger));
    if (bigger == NULL)
        return -ENOMEM;
    g->order = bigger;
    g->cap_nodes = cap;
    return 0;
}

/* The first place whose node has not a lower id. */
static size_t place_of(const struct graph *g, uint64_t dpid)
{
    size_t low = 0, high = g->n_nodes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->node[middle]->dpid < dpid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int graph_add(struct graph *g, struct graph_node *n, struct ctl_dp *dp)
{
    size_t at;
    if (make_room(g) != 0)
        return -ENOMEM;
    *n = (struct graph_node){.dp = dp, .dpid = ctl_dp_id(dp)};
    at = place_of(g, n->dpid);
    memmove(&g->node[at + 1], &g->node[at], (g->n_nodes - at) * sizeof(*g->node));
    g->node[at] = n;
    g->n_nodes++;
    g->measured = NULL;
    return 0;
}

void graph_remove(struct graph *g, struct graph_node *n)
{
    size_t at = place_of(g, n->dpid);
    while (at < g->n_nodes && g->node[at] != n)
        at++;
    if (at == g->n_nodes)
        return;
    g->n_nodes--;
    memmove(&g->node[at], &g->node[at + 1], (g->n_nodes - at) * sizeof(*g->node));
    g->measured = NULL;
    free(n->arc);
}

/* --- Cables ---------------------------------------------------------------------------------- */

/* How `a` sorts against an arc from `port` to `to_port` of `to`. */
static int compare(const struct graph_arc *a, const struct graph_node *to, uint16_t port,
                   uint16_t to_port)
{
    if (a->to->dpid != to->dpid)
        return a->to->dpid < to->dpid ? -1 : 1;
    return a->port != port ? a->port - port : a->to_port - to_port;
}

/* The arc from `port` of `n`, made if need be; NULL: no memory. */
static struct graph_arc *arc_of(struct graph_node *n, uint16_t port, struct graph_node *to,
                                uint16_t to_port)
{
    size_t i = 0;
    while (i < n->n_arcs && compare(&n->arc[i], to, port, to_port) < 0)
        i++;
    if (i < n->n_arcs && compare(&n->arc[i], to, port, to_port) == 0)
        return &n->arc[i];
    if (n->n_arcs == n->cap_arcs) {
        size_t cap = n->cap_arcs == 0 ? 4 : 2 * n->cap_arcs;
        struct graph_arc *bigger = realloc(n->arc, cap * sizeof(*bigger));
        if (bigger == NULL)
            return NULL;
        n->arc = bigger;
        n->cap_arcs = cap;
    }
    memmove(&n->arc[i + 1], &n->arc[i], (n->n_arcs - i) * sizeof(*n->arc));
    n->n_arcs++;
    n->arc[i] = (struct graph_arc){.to = to, .port = port, .to_port = to_port};
    return &n->arc[i];
}

static void drop_if_unused(struct graph_node *n, struct graph_arc *a)
{
    size_t i = (size_t)(a - n->arc);
    if (a->sends || a->hears)
        return;
    n->n_arcs--;
    memmove(a, a + 1, (n->n_arcs - i) * sizeof(*a));
}

static int set_end(struct graph_node *n, uint16_t port, struct graph_node *to, uint16_t to_port,
                   bool sends, bool up)
{
    struct graph_arc *a = arc_of(n, port, to, to_port);
    if (a == NULL)
        return -ENOMEM;
    *(sends ? &a->sends : &a->hears) = up;
    drop_if_unused(n, a);
    return 0;
}

int graph_set_link(struct graph *g, struct graph_node *from, uint16_t from_port,
                   struct graph_node *to, uint16_t to_port, bool up)
{
    g->measured = NULL;
    if (set_end(from, from_port, to, to_port, true, up) != 0)
        return -ENOMEM;
    if (set_end(to, to_port, from, from_port, false, up) == 0)
        return 0;
    set_end(from, from_port, to, to_port, true, false);
    return -ENOMEM;
}

bool graph_has_cable(const struct graph_node *n, uint16_t port)
{
    for (size_t i = 0; i < n->n_arcs; i++)
        if (n->arc[i].port == port)
            return true;
    return false;
}

/* --- Searching ------------------------------------------------------------------------------- */

/* The other end of an arc. */
static const struct graph_arc *reverse(const struct graph_node *n, const struct graph_arc *a)
{
    const struct graph_node *to = a->to;
    size_t i = 0;
    while (to->arc[i].to != n || to->arc[i].port != a->to_port || to->arc[i].to_port != a->port)
        i++;
    return &to->arc[i];
}

/* What hangs on order[i], for each i from `first` on. Returns the end of the order. */
static size_t span_from(struct graph *g, size_t first)
{
    size_t end = first + 1;
    for (size_t i = first; i < end; i++) {
        struct graph_node *n = g->order[i];
        for (size_t j = 0; j < n->n_arcs; j++) {
            const struct graph_arc *a = &n->arc[j];
            if (!graph_is_usable(a) || a->to->root != NULL)
                continue;
            a->to->root = n->root;
            a->to->up = reverse(n, a);
            g->order[end++] = a->to;
        }
    }
    return end;
}

void graph_span(struct graph *g)
{
    size_t end = 0;
    g->measured = NULL;
    for (size_t i = 0; i < g->n_nodes; i++)
        g->node[i]->root = NULL;
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct graph_node *n = g->node[i];
        if (n->root != NULL)
            continue;
        n->root = n;
        n->up = NULL;
        g->order[end] = n;
        end = span_from(g, end);
    }
}

void graph_measure(struct graph *g, const struct graph_node *from)
{
    size_t end = 0;
    if (g->measured == from)
        return;
    for (size_t i = 0; i < g->n_nodes; i++) {
        g->node[i]->distance = GRAPH_FAR;
        if (g->node[i] == from)
            g->order[end++] = g->node[i];
    }
    if (end > 0)
        g->order[0]->distance = 0;
    for (size_t i = 0; i < end; i++) {
        struct graph_node *n = g->order[i];
        for (size_t j = 0; j < n->n_arcs; j++) {
            const struct graph_arc *a = &n->arc[j];
            if (!graph_is_usable(a) || a->to->distance != GRAPH_FAR)
                continue;
            a->to->distance = n->distance + 1;
            g->order[end++] = a->to;
        }
    }
    g->measured = from;
}
