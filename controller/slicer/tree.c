/*
 * tree.c - finding the tree of a label; see tree.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/tree.h"
#include "controller/slicer/slicer.h"

#include <stdlib.h>

/* --- The ports ------------------------------------------------------------------------------- */

static bool is_target(const struct vport *port, uint16_t target)
{
    if (!port->up)
        return false;
    return target == OFPP_ALL ||
           (target == OFPP_FLOOD ? vport_floods(port) : port->number == target);
}

static bool find_leaves(const struct view *view, uint16_t target, struct label_tree *tree)
{
    tree->leaf = malloc((view->n_ports + 1) * sizeof *tree->leaf);
    if (tree->leaf == NULL)
        return false;
    for (size_t i = 0; i < view->n_ports; i++) {
        const struct vport *port = &view->port[i];
        if (is_target(port, target))
            tree->leaf[tree->n_leaves++] = (struct label_leaf){port->place, port->real};
    }
    return true;
}

/* --- The cables ------------------------------------------------------------------------------ */

/* The cable by which packets go on to the switch measured from. NULL: it is that. */
static const struct graph_arc *up_of(const struct graph_node *n)
{
    for (size_t i = 0; i < n->n_arcs; i++)
        if (graph_is_usable(&n->arc[i]) && n->arc[i].to->distance < n->distance)
            return &n->arc[i];
    return NULL;
}

/* How many of the tree's ports are at each switch and, seen from its end, behind it. Returns how
 * many switches it reaches: they come first in the graph's order. */
static size_t count_below(struct graph *graph, const struct label_tree *tree)
{
    size_t n = 0;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        graph->node[i]->below = 0;
        n += graph->node[i]->distance != GRAPH_FAR;
    }
    for (size_t i = 0; i < tree->n_leaves; i++)
        tree->leaf[i].place->node.below++;
    for (size_t i = n; i-- > 1;)
        up_of(graph->order[i])->to->below += graph->order[i]->below;
    return n;
}

static int compare(const void *a, const void *b)
{
    const struct label_end *x = a, *y = b;
    if (x->place->node.dpid != y->place->node.dpid)
        return x->place->node.dpid < y->place->node.dpid ? -1 : 1;
    return x->port - y->port;
}

static struct place *place_at(struct graph_node *n)
{
    return container_of(n, struct place, node);
}

static bool find_ends(struct graph *graph, struct label_tree *tree)
{
    size_t n = count_below(graph, tree);
    tree->end = malloc(2 * n * sizeof *tree->end);
    if (tree->end == NULL)
        return false;
    for (size_t i = 1; i < n; i++) {
        struct graph_node *node = graph->order[i];
        const struct graph_arc *up = up_of(node);
        struct label_end *e = &tree->end[tree->n_ends];
        e[0] = (struct label_end){place_at(node), up->port, node->below < tree->n_leaves};
        e[1] = (struct label_end){place_at(up->to), up->to_port, node->below > 0};
        tree->n_ends += 2;
    }
    qsort(tree->end, tree->n_ends, sizeof *tree->end, compare);
    return true;
}

bool tree_find(const struct view *view, uint16_t target, struct label_tree *tree)
{
    struct graph *graph = &view->slice->slicer->graph;
    *tree = (struct label_tree){0};
    if (!find_leaves(view, target, tree))
        return false;
    if (tree->n_leaves == 0)
        return true;
    graph_measure(graph, &tree->leaf[0].place->node);
    if (find_ends(graph, tree))
        return true;
    tree_free(tree);
    return false;
}

void tree_free(struct label_tree *tree)
{
    free(tree->end);
    free(tree->leaf);
    *tree = (struct label_tree){0};
}

/* --- Changes --------------------------------------------------------------------------------- */

static bool same_end(const struct label_end *a, const struct label_end *b)
{
    return a->place == b->place && a->port == b->port && a->out == b->out;
}

bool tree_same(const struct label_tree *a, const struct label_tree *b)
{
    if (a->n_ends != b->n_ends || a->n_leaves != b->n_leaves)
        return false;
    for (size_t i = 0; i < a->n_ends; i++)
        if (!same_end(&a->end[i], &b->end[i]))
            return false;
    for (size_t i = 0; i < a->n_leaves; i++)
        if (a->leaf[i].place != b->leaf[i].place || a->leaf[i].port != b->leaf[i].port)
            return false;
    return true;
}

void tree_forget(struct label_tree *tree, const struct place *place)
{
    size_t n = 0;
    for (size_t i = 0; i < tree->n_ends; i++)
        if (tree->end[i].place != place)
            tree->end[n++] = tree->end[i];
    tree->n_ends = n;
    n = 0;
    for (size_t i = 0; i < tree->n_leaves; i++)
        if (tree->leaf[i].place != place)
            tree->leaf[n++] = tree->leaf[i];
    tree->n_leaves = n;
}
