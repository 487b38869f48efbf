/*
 * tree.h - the tree of a label: over which cables its packets reach its ports.
 *
 * It is a tree of shortest paths that ends at the switch of the first of the label's ports; so what
 * goes to one port takes a shortest path, and what goes to many passes each cable once. It depends
 * on the network alone, not on the order in which that was found. Called by label.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_TREE_H
#define MORGANA_CONTROLLER_SLICER_TREE_H

#include "controller/slicer/label.h"

/* The tree to `target` (a port's number, OFPP_FLOOD or OFPP_ALL) of a view, as the network is; to
 * be freed. False: no memory. */
bool tree_find(const struct view *view, uint16_t target, struct label_tree *tree);
void tree_free(struct label_tree *tree);

bool tree_same(const struct label_tree *a, const struct label_tree *b);

/* A switch has gone, and what there was of the tree. */
void tree_forget(struct label_tree *tree, const struct place *place);

#endif
