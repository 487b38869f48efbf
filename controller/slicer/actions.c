/*
 * actions.c - a slice's actions, as the switch may do them; see slicer.h.
 *
 * A packet may go out of the slice's ports only, and a slice may make of its packets only such as
 * would be its own if they had come in so (on the same port): else it could speak to another
 * slice's hosts in their own name. OpenFlow 1.0 sections 3.3 and 5.2.4.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"
#include "openflow/action.h"

struct rewrite {
    struct view *view;
    const struct place *place;
    bool again;                 /* ports that are not there any more are no fault */
    struct space_region region; /* of the packets, as they are after the actions so far */
    bool changed;               /* they are others than those that came in, and not yet judged */
    struct buf *out;
    struct ofp_fault *fault;
};

static bool refuse(struct rewrite *rw, uint16_t code)
{
    return slicer_refuse(rw->fault, OFPET_BAD_ACTION, code);
}

/* Before packets leave: are they still the slice's? */
static bool may_leave(struct rewrite *rw)
{
    if (rw->changed && !space_owns(&rw->place->space, rw->view->slice->index, &rw->region))
        return refuse(rw, OFPBAC_EPERM);
    rw->changed = false;
    return true;
}

static bool put(struct rewrite *rw, bool fits)
{
    return fits || refuse(rw, OFPBAC_TOO_MANY);
}

/* --- Output ---------------------------------------------------------------------------------- */

/* Of a big switch: to ports at other switches than where the packets come in. */
static bool carry(struct rewrite *rw, uint16_t target)
{
    uint16_t vlan = be16_get(rw->region.key.match.dl_vlan);
    const struct label *label = label_get(rw->view, target, vlan);
    if (label == NULL)
        return refuse(rw, OFPBAC_TOO_MANY);
    return put(rw, label_put(label, rw->place, rw->out));
}

/* The switch itself does not send a packet out of its input port (section 5.2.4). */
static bool flood(struct rewrite *rw, uint16_t to)
{
    const struct view *view = rw->view;
    for (size_t i = 0; i < view->n_ports; i++) {
        const struct vport *port = &view->port[i];
        if ((to == OFPP_FLOOD && !vport_floods(port)) || port->real == OFPP_LOCAL || !port->up ||
            port->place != rw->place)
            continue;
        if (!put(rw, ofp_put_output(rw->out, port->real, 0)))
            return false;
    }
    return view->place != NULL || carry(rw, to);
}

static bool to_port(struct rewrite *rw, uint16_t to, uint16_t max_len)
{
    const struct vport *port = view_port(rw->view, to);
    if (port == NULL)
        return rw->again || refuse(rw, OFPBAC_BAD_OUT_PORT);
    if (!port->up)
        return true;
    if (port->place == rw->place)
        return put(rw, ofp_put_output(rw->out, port->real, max_len));
    return carry(rw, port->number);
}

static bool output(struct rewrite *rw, const struct ofp_action_header *a)
{
    const struct ofp_action_output *o = (const void *)a;
    uint16_t to = be16_get(o->port);

    if (!may_leave(rw))
        return false;
    switch (to) {
    case OFPP_FLOOD:
    case OFPP_ALL:
        return flood(rw, to);
    case OFPP_IN_PORT:
    case OFPP_CONTROLLER:
    case OFPP_TABLE:
        return put(rw, buf_append(rw->out, a, sizeof *o));
    case OFPP_NORMAL: /* knows nothing of slices */
        return refuse(rw, OFPBAC_EPERM);
    default:
        return to_port(rw, to, be16_get(o->max_len));
    }
}

/* A big switch has no queues. */
static bool enqueue(struct rewrite *rw, const struct ofp_action_header *a)
{
    const struct ofp_action_enqueue *e = (const void *)a;
    const struct vport *port = view_port(rw->view, be16_get(e->port));
    if (!may_leave(rw))
        return false;
    if (rw->view->place == NULL)
        return refuse(rw, OFPBAC_BAD_QUEUE);
    if (be16_get(e->port) == OFPP_IN_PORT)
        return put(rw, buf_append(rw->out, a, sizeof *e));
    if (port == NULL)
        return rw->again || refuse(rw, OFPBAC_BAD_OUT_PORT);
    return put(rw, ofp_put_enqueue(rw->out, port->real, be32_get(e->queue_id)));
}

/* --- Changes of the packet ------------------------------------------------------------------- */

/* Write `n` bytes at a member of the region's match, and compare all of them. */
static void set_field(struct rewrite *rw, size_t at, const void *value, size_t n, uint32_t wild)
{
    bytes_copy((uint8_t *)&rw->region.key + at, value, n);
    __builtin_memset((uint8_t *)&rw->region.mask + at, 0xff, n);
    rw->region.wildcards &= ~wild;
    rw->changed = true;
}

#define SET(rw, member, value, wild)                                                               \
    set_field(rw, offsetof(struct ofp_match, member), value,                                       \
              sizeof((struct ofp_match *)0)->member, wild)

static void set_vlan(struct rewrite *rw, uint16_t vid)
{
    const be16 value = be16_of(vid);
    SET(rw, dl_vlan, &value, OFPFW_DL_VLAN);
}

/* The packets of the region after the action. What a frame does not have it does not get: then the
 * region is one of more packets than there are, which is on the safe side. */
static void change(struct rewrite *rw, const struct ofp_action_header *a)
{
    const uint8_t *value = (const uint8_t *)a + sizeof(be16) * 2;
    const uint8_t no_pcp = 0, pcp = *value & 0x07, dscp = *value & 0xfc;
    switch (be16_get(a->type)) {
    case OFPAT_SET_VLAN_VID:
        set_vlan(rw,
                 be16_get(((const struct ofp_action_vlan_vid *)(const void *)a)->vlan_vid) & 0xfff);
        break;
    case OFPAT_SET_VLAN_PCP:
        SET(rw, dl_vlan_pcp, &pcp, OFPFW_DL_VLAN_PCP);
        if (be16_get(rw->region.key.match.dl_vlan) == OFP_VLAN_NONE)
            set_vlan(rw, 0); /* an untagged frame gets a tag with id 0 */
        break;
    case OFPAT_STRIP_VLAN:
        set_vlan(rw, OFP_VLAN_NONE);
        SET(rw, dl_vlan_pcp, &no_pcp, OFPFW_DL_VLAN_PCP);
        break;
    case OFPAT_SET_DL_SRC:
        SET(rw, dl_src, value, OFPFW_DL_SRC);
        break;
    case OFPAT_SET_DL_DST:
        SET(rw, dl_dst, value, OFPFW_DL_DST);
        break;
    case OFPAT_SET_NW_SRC:
        SET(rw, nw_src, value, OFPFW_NW_SRC_MASK);
        break;
    case OFPAT_SET_NW_DST:
        SET(rw, nw_dst, value, OFPFW_NW_DST_MASK);
        break;
    case OFPAT_SET_NW_TOS:
        SET(rw, nw_tos, &dscp, OFPFW_NW_TOS);
        break;
    case OFPAT_SET_TP_SRC:
        SET(rw, tp_src, value, OFPFW_TP_SRC);
        break;
    case OFPAT_SET_TP_DST:
        SET(rw, tp_dst, value, OFPFW_TP_DST);
        break;
    default: /* Nicira's dec_ttl, the one vendor action that validation lets pass: no field of ours
              */
        break;
    }
}

/* On their way packets have labels, which nobody else may write. */
static bool is_label(const struct rewrite *rw, const struct ofp_action_header *a)
{
    const struct ofp_action_vlan_vid *vlan = (const void *)a;
    return be16_get(a->type) == OFPAT_SET_VLAN_VID &&
           label_is_vid(rw->view->slice->slicer, be16_get(vlan->vlan_vid) & 0xfff);
}

static bool rewrite_one(struct rewrite *rw, const struct ofp_action_header *a)
{
    uint16_t type = be16_get(a->type);
    if (type == OFPAT_OUTPUT)
        return output(rw, a);
    if (type == OFPAT_ENQUEUE)
        return enqueue(rw, a);
    if (is_label(rw, a))
        return refuse(rw, OFPBAC_EPERM);
    change(rw, a);
    return put(rw, buf_append(rw->out, a, be16_get(a->len)));
}

bool actions_rewrite(struct view *view, const struct place *place,
                     const struct space_region *region, struct span actions, bool again,
                     struct buf *out, struct ofp_fault *fault)
{
    struct rewrite rw = {.view = view,
                         .place = place,
                         .again = again,
                         .region = *region,
                         .out = out,
                         .fault = fault};
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL)
        if (!rewrite_one(&rw, a))
            return false;
    return true;
}

/* --- Looking at them ------------------------------------------------------------------------- */

/* Where an action sends packets to; OFPP_NONE: it does not. */
static uint16_t port_of(const struct ofp_action_header *a)
{
    if (be16_get(a->type) == OFPAT_OUTPUT)
        return be16_get(((const struct ofp_action_output *)(const void *)a)->port);
    if (be16_get(a->type) == OFPAT_ENQUEUE)
        return be16_get(((const struct ofp_action_enqueue *)(const void *)a)->port);
    return OFPP_NONE;
}

bool actions_output_to(struct span actions, uint16_t port)
{
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL)
        if (port_of(a) == port)
            return true;
    return false;
}
