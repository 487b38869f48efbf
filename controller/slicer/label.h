/*
 * label.h - how packets of a big switch get from the switch where they come in to the others.
 *
 * A label is a VLAN id that packets have on their way between switches. It says where they go, to
 * one port or to all that flood, and what VLAN they had: OpenFlow 1.0 has one tag to write, so they
 * get their own back where they leave. Its flows are laid along a tree of shortest paths that ends
 * at the switch of the (first) port, ahead of use. A slice's flow lies where its packets come in
 * alone, and gives them their label there: so what crosses the network is what the flow made of
 * them, whatever other flows match.
 *
 * The tree of a label is never changed. When the network has changed and the tree would be another,
 * there is another label, with another id, and the first goes when nobody uses it any more: so no
 * packet ever goes round in a circle, however slowly switches take their flows.
 *
 * Ids are from --slicer-label on. What bears one elsewhere than on the label's tree is dropped by
 * flows that are laid before the id is used (guards), and no slice may use one.
 *
 * Called by view.c, actions.c and topology.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_LABEL_H
#define MORGANA_CONTROLLER_SLICER_LABEL_H

#include "openflow/wire.h"
#include "runtime/buf.h"
#include "runtime/list.h"

struct place;
struct slicer;
struct view;

#define LABELS_MAX 4094

/* The ids that there are. */
struct label_ids {
    bool wanted;    /* some slice sees a big switch: they are nobody else's */
    uint16_t first; /* LABELS_MAX at most from here on */
    size_t n, n_used;
    size_t n_guarded; /* the first so many have guards */
    size_t next;      /* where to look for a free one */
    bool used[LABELS_MAX];
};

/* The end of a cable of the tree. Packets that leave by it (`out`) reach ports of the label. */
struct label_end {
    struct place *place;
    uint16_t port;
    bool out;
};

/* A port where the label's packets leave. */
struct label_leaf {
    struct place *place;
    uint16_t port;
};

struct label_tree {
    struct label_end *end; /* n_ends, those of a switch together */
    struct label_leaf *leaf;
    size_t n_ends, n_leaves;
};

struct label {
    struct list link; /* in view->labels, or view->old_labels */
    uint16_t target;  /* a port's number, OFPP_FLOOD or OFPP_ALL */
    uint16_t vlan;    /* of its packets */
    uint16_t vid;     /* what they have instead; 0: they need none, all ports are at one switch */
    bool lies;        /* in all switches */
    struct label_tree tree;
};

/* Is this a label's VLAN id? */
bool label_is_vid(const struct slicer *slicer, uint16_t vlan);

/* Lay the guards that are not there yet: of ids that are used, and of some more. */
void labels_guard(struct slicer *slicer);

/* No ids are wanted any more: delete all guards. */
void labels_unguard(struct slicer *slicer);

/* The label of a view's packets of this VLAN to `target`, made if need be. NULL: there is no id
 * left, or no memory. */
struct label *label_get(struct view *view, uint16_t target, uint16_t vlan);

/* Actions by which a packet at `place` goes out to the label's other switches, and is afterwards as
 * it was. False: no room. */
bool label_put(const struct label *label, const struct place *place, struct buf *actions);

/* Is the network, or the view's ports, other than when labels were made? Then make them anew.
 * True: some are other ones now; those before are still there until labels_sweep(). */
bool labels_update(struct view *view);
void labels_sweep(struct view *view);

/* All of a view's go; a switch has gone. */
void labels_free(struct view *view);
void labels_forget(struct view *view, const struct place *place);

#endif
