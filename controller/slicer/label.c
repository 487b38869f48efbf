/*
 * label.c - labels: their ids, their flows; see label.h. Trees are tree.c's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/label.h"
#include "controller/slicer/slicer.h"
#include "controller/slicer/tree.h"
#include "openflow/action.h"

#include <stdlib.h>

LOG_MODULE(slicer);

/* --- Ids ------------------------------------------------------------------------------------- */

#define GUARDS_AT_ONCE 64 /* are laid for so many ids, long before they are used */

bool label_is_vid(const struct slicer *slicer, uint16_t vlan)
{
    const struct label_ids *ids = &slicer->labels;
    return ids->wanted && vlan >= ids->first && vlan < ids->first + ids->n;
}

static struct ofp_match match_of(uint16_t vid)
{
    struct ofp_match match = ofp_match_any();
    match.wildcards = be32_of(OFPFW_ALL & ~OFPFW_DL_VLAN);
    match.dl_vlan = be16_of(vid);
    return match;
}

static bool send_flow(struct place *place, uint16_t command, const struct ofp_match *match,
                      uint16_t priority, struct span actions)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
    msg.flow_mod = (struct ofp_msg_flow_mod){.match = match,
                                             .command = command,
                                             .priority = priority,
                                             .buffer_id = OFP_NO_BUFFER,
                                             .out_port = OFPP_NONE,
                                             .actions = actions};
    return place_send(place, NULL, &msg, 0, span_of(NULL, 0)) == 0;
}

/* Lay the guards of a switch that are not there yet. */
static void guard(struct place *place)
{
    const struct label_ids *ids = &place->slicer->labels;
    for (; place->n_guards < ids->n_guarded; place->n_guards++) {
        struct ofp_match match = match_of((uint16_t)(ids->first + place->n_guards));
        if (!send_flow(place, OFPFC_ADD, &match, SLICER_PRIORITY_GUARD, span_of(NULL, 0))) {
            topology_again(place->slicer);
            return;
        }
    }
}

void labels_guard(struct slicer *slicer)
{
    struct label_ids *ids = &slicer->labels;
    struct list *it, *after;
    if (ids->n_guarded - ids->n_used < GUARDS_AT_ONCE / 2)
        ids->n_guarded += GUARDS_AT_ONCE;
    if (ids->n_guarded > ids->n)
        ids->n_guarded = ids->n;
    list_each(it, after, &slicer->places) guard(container_of(it, struct place, link));
}

void labels_unguard(struct slicer *slicer)
{
    struct list *it, *after;
    list_each(it, after, &slicer->places)
    {
        struct place *place = container_of(it, struct place, link);
        while (place->n_guards > 0) {
            struct ofp_match match = match_of((uint16_t)(slicer->labels.first + --place->n_guards));
            send_flow(place, OFPFC_DELETE_STRICT, &match, SLICER_PRIORITY_GUARD, span_of(NULL, 0));
        }
    }
    slicer->labels.n_guarded = 0;
}

/* In turns, so that an id rests before it is used again. 0: none is left. */
static uint16_t take_id(struct slicer *slicer)
{
    struct label_ids *ids = &slicer->labels;
    labels_guard(slicer);
    for (size_t i = 0; i < ids->n_guarded; i++) {
        size_t at = ids->next++ % ids->n_guarded;
        if (ids->used[at])
            continue;
        ids->used[at] = true;
        ids->n_used++;
        return (uint16_t)(ids->first + at);
    }
    return 0;
}

static void give_id(struct slicer *slicer, uint16_t vid)
{
    if (vid == 0)
        return;
    slicer->labels.used[vid - slicer->labels.first] = false;
    slicer->labels.n_used--;
}

/* --- Flows ----------------------------------------------------------------------------------- */

static bool put_restored(const struct label *label, struct buf *actions)
{
    return label->vlan == OFP_VLAN_NONE ? ofp_put_strip_vlan(actions)
                                        : ofp_put_set_vlan_vid(actions, label->vlan);
}

/* Outputs to the cables of the tree at a switch, but for the one where packets come in. */
static bool put_cables(const struct label *label, const struct place *place, uint16_t in,
                       struct buf *actions, size_t *n)
{
    for (size_t i = 0; i < label->tree.n_ends; i++) {
        const struct label_end *e = &label->tree.end[i];
        if (e->place != place || !e->out || e->port == in)
            continue;
        if (!ofp_put_output(actions, e->port, 0))
            return false;
        ++*n;
    }
    return true;
}

static bool put_leaves(const struct label *label, const struct place *place, struct buf *actions,
                       size_t *n)
{
    for (size_t i = 0; i < label->tree.n_leaves; i++) {
        const struct label_leaf *leaf = &label->tree.leaf[i];
        if (leaf->place != place)
            continue;
        if ((*n)++ == 0 && !put_restored(label, actions))
            return false;
        if (!ofp_put_output(actions, leaf->port, 0))
            return false;
    }
    return true;
}

bool label_put(const struct label *label, const struct place *place, struct buf *actions)
{
    size_t before = actions->len, n = 0;
    if (label->vid == 0)
        return true;
    if (!ofp_put_set_vlan_vid(actions, label->vid) ||
        !put_cables(label, place, OFPP_NONE, actions, &n))
        return false;
    if (n == 0) {
        actions->len = before;
        return true;
    }
    return put_restored(label, actions);
}

/* The flow for what comes in by one end of a cable. */
static bool send_hop(const struct label *label, const struct label_end *end, uint16_t command)
{
    static uint8_t area[SLICER_ACTIONS_MAX];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = match_of(label->vid);
    size_t n = 0, n_leaves = 0;
    match.wildcards = be32_of(be32_get(match.wildcards) & ~(uint32_t)OFPFW_IN_PORT);
    match.in_port = be16_of(end->port);
    if (!put_cables(label, end->place, end->port, &actions, &n) ||
        !put_leaves(label, end->place, &actions, &n_leaves))
        return false;
    if (n + n_leaves == 0)
        return true;
    return send_flow(end->place, command, &match, SLICER_PRIORITY_LABEL,
                     span_of(area, command == OFPFC_ADD ? actions.len : 0));
}

static bool send_hops(const struct label *label, uint16_t command)
{
    bool sent = true;
    for (size_t i = 0; i < label->tree.n_ends; i++)
        sent &= send_hop(label, &label->tree.end[i], command);
    return sent;
}

/* --- Labels ---------------------------------------------------------------------------------- */

static struct label *label_of(struct list *l)
{
    return container_of(l, struct label, link);
}

static void label_free(struct slicer *slicer, struct label *label)
{
    if (label->vid != 0)
        send_hops(label, OFPFC_DELETE_STRICT);
    give_id(slicer, label->vid);
    list_remove(&label->link);
    tree_free(&label->tree);
    free(label);
}

/* A label along this tree, which is the label's now. NULL: no memory, or no id. */
static struct label *label_new(struct view *view, uint16_t target, uint16_t vlan,
                               const struct label_tree *tree)
{
    struct label *label = malloc(sizeof *label);
    if (label == NULL)
        return NULL;
    *label = (struct label){.target = target, .vlan = vlan, .tree = *tree};
    list_init(&label->link);
    if (tree->n_ends > 0 && (label->vid = take_id(view->slice->slicer)) == 0) {
        log_warn_limited(&view->link.noise, "slice %s: no label is left: raise --slicer-labels",
                         slice_def(view->slice)->name);
        free(label);
        return NULL;
    }
    label->lies = label->vid == 0 || send_hops(label, OFPFC_ADD);
    if (!label->lies)
        topology_again(view->slice->slicer);
    list_append(&view->labels, &label->link);
    return label;
}

static struct label *label_make(struct view *view, uint16_t target, uint16_t vlan)
{
    struct label_tree tree;
    struct label *label = NULL;
    if (tree_find(view, target, &tree) && (label = label_new(view, target, vlan, &tree)) == NULL)
        tree_free(&tree);
    return label;
}

struct label *label_get(struct view *view, uint16_t target, uint16_t vlan)
{
    struct list *it, *after;
    list_each(it, after, &view->labels)
    {
        struct label *label = label_of(it);
        if (label->target == target && label->vlan == vlan)
            return label;
    }
    return label_make(view, target, vlan);
}

/* --- When the network changes ---------------------------------------------------------------- */

/* Is it good as it is? */
static bool is_right(const struct view *view, const struct label *label)
{
    struct label_tree now;
    bool right = label->lies && tree_find(view, label->target, &now);
    if (right) {
        right = tree_same(&label->tree, &now);
        tree_free(&now);
    }
    return right;
}

/* Of packets as the slice's lines name them, to every port and to all that flood. */
static void prepare(struct view *view)
{
    const struct slice_set *set = &view->slice->slicer->set;
    for (size_t i = 0; i < set->n_rules; i++) {
        const struct space_rule *rule = &set->rule[i].rule;
        uint16_t vlan = be16_get(rule->region.key.match.dl_vlan);
        if (rule->owner != view->slice->index)
            continue;
        for (size_t k = 0; k < view->n_ports; k++)
            label_get(view, view->port[k].number, vlan);
        label_get(view, OFPP_FLOOD, vlan);
    }
}

bool labels_update(struct view *view)
{
    struct list *it, *after, old;
    bool changed = false;
    list_init(&old);
    list_each(it, after, &view->labels)
    {
        if (is_right(view, label_of(it)))
            continue;
        list_remove(it);
        list_append(&view->old_labels, it);
        changed = true;
    }
    prepare(view);
    return changed;
}

static void free_all(struct view *view, struct list *labels)
{
    struct list *it;
    while ((it = labels->next) != labels)
        label_free(view->slice->slicer, label_of(it));
}

void labels_sweep(struct view *view)
{
    free_all(view, &view->old_labels);
}

void labels_free(struct view *view)
{
    free_all(view, &view->old_labels);
    free_all(view, &view->labels);
}

static void forget(struct list *labels, const struct place *place)
{
    struct list *it, *after;
    list_each(it, after, labels) tree_forget(&label_of(it)->tree, place);
}

void labels_forget(struct view *view, const struct place *place)
{
    forget(&view->labels, place);
    forget(&view->old_labels, place);
}
