/*
 * report.c - what a slice's controller is told unasked: packets, ports; see slicer.h.
 *
 * Section 5.4 of OpenFlow 1.0. Removed flows are told by flows.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

/* A packet that is not told of is dropped, out of the switch's buffer too (section 5.3.6). */
static void drop(struct place *place, const struct ctl_packet *packet, uint64_t *counter)
{
    ++*counter;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(place->dp, packet, span_of(NULL, 0));
}

/* Section 5.4.1: of a buffered packet each gets as much as it has asked for. */
static struct span told(const struct view *view, const struct ofp_msg_packet_in *in,
                        struct span data)
{
    size_t most = in->reason == OFPR_NO_MATCH ? view->miss_send_len : SIZE_MAX;
    bool cut = in->buffer_id != OFP_NO_BUFFER && data.len > most;
    return span_of(data.data, cut ? most : data.len);
}

void report_packet_in(struct view *view, struct place *place, const struct ctl_packet *packet,
                      struct span data)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN, .packet_in = *packet->in};
    const struct vport *port = view_real_port(view, place, packet->in->in_port);

    if (!link_is_up(&view->link) || port == NULL || !port->up) {
        drop(place, packet, &slicer_counters.absent);
        return;
    }
    if (pace_when(&view->slice->packet_ins, loop_now()) > loop_now() || link_is_full(&view->link)) {
        drop(place, packet, &slicer_counters.packets_dropped);
        return;
    }
    pace_spend(&view->slice->packet_ins, loop_now(), 1);
    msg.packet_in.in_port = port->number;
    msg.packet_in.buffer_id = view_give_buffer(
        view, (struct vbuffer){.real = packet->in->buffer_id, .place = place, .key = packet->key});
    msg.packet_in.total_len -= (uint16_t)(packet->in->data.len - data.len);
    msg.packet_in.data = told(view, packet->in, data);
    slicer_counters.packet_ins += link_notify(&view->link, &msg);
}

void report_port(struct view *view, const struct vport *port, uint8_t reason)
{
    struct ofp_phy_port desc = port->desc;
    const struct ofp_msg msg = {.type = OFPT_PORT_STATUS,
                                .port_status = {.reason = reason, .desc = &desc}};
    desc.port_no = be16_of(port->number);
    desc.config = be32_of(be32_get(desc.config) | port->config);
    if (link_is_up(&view->link))
        link_send(&view->link, &msg);
}
