/*
 * packet_out.c - packets that a slice sends: only such as are its own; see slicer.h.
 *
 * A packet that was in a switch's buffer is the slice's if it was given its id. One that comes with
 * the message is, if it would be the slice's when it came in at the input port that is named; or,
 * without one, at any of the slice's ports. LLDP is, in any case (tag.h). OpenFlow 1.0
 * section 5.3.6.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"
#include "controller/slicer/tag.h"
#include "openflow/action.h"

/* Send a packet, whose key with the port where it came in is `key`, through a slice's actions at a
 * switch. */
static bool send(struct view *view, struct place *place, const struct ofp_key *key,
                 struct ofp_msg_packet_out out, struct span bytes, struct ofp_fault *fault)
{
    static uint8_t area[SLICER_ACTIONS_MAX];
    const struct space_region region = space_region_of_key(key);
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT};

    if (!actions_rewrite(view, place, &region, out.actions, false, &actions, fault))
        return false;
    msg.packet_out = out;
    msg.packet_out.actions = span_of(area, actions.len);
    place_send(place, view, &msg, 0, bytes); /* if it is too slow: packets may be lost */
    return true;
}

bool packet_out_buffer(struct view *view, uint32_t buffer, struct span actions, struct span bytes,
                       struct ofp_fault *fault)
{
    const struct vbuffer b = view_take_buffer(view, buffer);
    const struct ofp_msg_packet_out out = {
        .buffer_id = b.real, .in_port = be16_get(b.key.match.in_port), .actions = actions};
    if (b.real == OFP_NO_BUFFER)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN);
    return send(view, b.place, &b.key, out, bytes, fault);
}

/* Would the packet be the slice's if it came in here? LLDP that is sent to links always is. */
static bool is_own(const struct view *view, struct ofp_key *key, const struct vport *port)
{
    key->match.in_port = be16_of(port->real);
    if (label_is_vid(view->slice->slicer, be16_get(key->match.dl_vlan)))
        return false;
    return tag_is_lldp(key) || space_owner(&port->place->space, key) == (int)view->slice->index;
}

/* The port that the first output goes to; NULL: none, or it goes to several. */
static const struct vport *first_output(const struct view *view, struct span actions)
{
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL)
        if (be16_get(a->type) == OFPAT_OUTPUT)
            return view_port(view,
                             be16_get(((const struct ofp_action_output *)(const void *)a)->port));
    return NULL;
}

/* A port where it might have come in: that where it goes out, or, if it would not be the slice's
 * there, any. NULL: it is not the slice's. */
static const struct vport *port_for(const struct view *view, struct ofp_key *key,
                                    struct span actions)
{
    const struct vport *port = first_output(view, actions), *down = NULL;
    if (port != NULL && port->up && is_own(view, key, port))
        return port;
    for (size_t i = 0; i < view->n_ports; i++) {
        port = &view->port[i];
        if (!is_own(view, key, port))
            continue;
        if (port->up)
            return port;
        down = port;
    }
    return down != NULL && is_own(view, key, down) ? down : NULL;
}

/* What the slice sends by LLDP comes back to it alone. */
static bool send_lldp(struct view *view, struct place *place, const struct ofp_key *key,
                      struct ofp_msg_packet_out out, struct span bytes, struct ofp_fault *fault)
{
    static uint8_t area[TAG_FRAME_MAX];
    out.data = tag_write(out.data, view->slice->id, view->slice->slicer->secret, area);
    if (out.data.data == NULL)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BAD_LEN);
    return send(view, place, key, out, bytes, fault);
}

bool packet_out(struct view *view, const struct ofp_msg_packet_out *out, struct span bytes,
                struct ofp_fault *fault)
{
    const struct vport *named = view_port(view, out->in_port), *port;
    struct ofp_msg_packet_out real = *out;
    struct ofp_key key;

    if (out->buffer_id != OFP_NO_BUFFER)
        return packet_out_buffer(view, out->buffer_id, out->actions, bytes, fault);
    /* In the table a packet from nowhere could meet any slice's flow. */
    if (named == NULL && actions_output_to(out->actions, OFPP_TABLE))
        return slicer_refuse(fault, OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT);
    ofp_key_extract(&key, out->data, 0);
    port = named != NULL ? named : port_for(view, &key, out->actions);
    if (port == NULL || !is_own(view, &key, port))
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    real.in_port = named != NULL ? named->real : OFPP_NONE;
    if (tag_is_lldp(&key))
        return send_lldp(view, port->place, &key, real, bytes, fault);
    return send(view, port->place, &key, real, bytes, fault);
}
