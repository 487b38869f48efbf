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

/* Send a packet, whose key with the port where it came in is `key`, through a slice's actions. */
static bool send(struct view *view, const struct ofp_key *key, struct ofp_msg_packet_out out,
                 struct span bytes, struct ofp_fault *fault)
{
    static uint8_t area[SLICER_ACTIONS_MAX];
    const struct space_region region = space_region_of_key(key);
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT};

    if (!actions_rewrite(view, &region, out.actions, &actions, fault))
        return false;
    msg.packet_out = out;
    msg.packet_out.actions = span_of(area, actions.len);
    place_send(view->place, view, &msg, 0, bytes); /* if it is too slow: packets may be lost */
    return true;
}

bool packet_out_buffer(struct view *view, uint32_t buffer, struct span actions, struct span bytes,
                       struct ofp_fault *fault)
{
    struct ofp_msg_packet_out out = {.actions = actions};
    struct ofp_key key;
    out.buffer_id = view_take_buffer(view, buffer, &key);
    if (out.buffer_id == OFP_NO_BUFFER)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN);
    out.in_port = be16_get(key.match.in_port);
    return send(view, &key, out, bytes, fault);
}

static bool is_own(const struct view *view, struct ofp_key *key, const struct vport *port)
{
    key->match.in_port = be16_of(port->real);
    return space_owner(&view->place->space, key) == (int)view->slice->index;
}

static bool is_own_somewhere(const struct view *view, struct ofp_key *key)
{
    for (size_t i = 0; i < view->n_ports; i++)
        if (is_own(view, key, &view->port[i]))
            return true;
    return false;
}

/* LLDP that is sent to links is the slice's wherever it has a port, and comes back to it alone. */
static bool send_lldp(struct view *view, const struct ofp_key *key, struct ofp_msg_packet_out out,
                      struct span bytes, struct ofp_fault *fault)
{
    static uint8_t area[TAG_FRAME_MAX];
    out.data = tag_write(out.data, view->slice->id, view->slice->slicer->secret, area);
    if (out.data.data == NULL)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_BAD_LEN);
    return send(view, key, out, bytes, fault);
}

bool packet_out(struct view *view, const struct ofp_msg_packet_out *out, struct span bytes,
                struct ofp_fault *fault)
{
    const struct vport *port = view_port(view, out->in_port);
    struct ofp_msg_packet_out real = *out;
    struct ofp_key key;

    if (out->buffer_id != OFP_NO_BUFFER)
        return packet_out_buffer(view, out->buffer_id, out->actions, bytes, fault);
    ofp_key_extract(&key, out->data, 0);
    real.in_port = port != NULL ? port->real : OFPP_NONE;
    /* In the table a packet from nowhere could meet any slice's flow. */
    if (port == NULL && actions_output_to(out->actions, OFPP_TABLE))
        return slicer_refuse(fault, OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT);
    if (tag_is_lldp(&key))
        return send_lldp(view, &key, real, bytes, fault);
    if (!(port != NULL ? is_own(view, &key, port) : is_own_somewhere(view, &key)))
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    return send(view, &key, real, bytes, fault);
}
