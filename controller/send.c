/*
 * send.c - what goes to a switch: encoded straight into the stream's output.
 *
 * Called by the session for its own messages and by apps. A switch that does not read fills its
 * output up to out_limit: from then on, until half of that has drained, messages to it are dropped
 * and counted. Its input is read all the same (session.c says why).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/channel.h"

#include <errno.h>

int session_send(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    size_t bound = ofp_encoded_bound(msg);
    struct buf out;
    bool encoded;

    if (dp->state == SESSION_ENDING || dp->stream == NULL)
        return -ENOTCONN;
    if (bound > OFP_MAX_MESSAGE)
        return -EMSGSIZE;
    out = buf_of(stream_reserve(dp->stream, bound), bound);
    if (out.data == NULL) {
        ctl_counters.tx_dropped++;
        return -ENOBUFS;
    }
    encoded = ofp_encode(&out, msg);
    stream_commit(dp->stream, out.len);
    ctl_counters.tx[msg->type] += encoded;
    return encoded ? 0 : -EMSGSIZE;
}

void session_send_error(struct ctl_dp *dp, struct ofp_fault fault, struct span bytes)
{
    const size_t bound = sizeof(struct ofp_error_msg) + OFP_ERROR_DATA_MIN;
    struct buf out = buf_of(stream_reserve(dp->stream, bound), bound);
    if (out.data == NULL) {
        ctl_counters.tx_dropped++;
        return;
    }
    if (ofp_encode_error(&out, fault.type, fault.code, bytes)) {
        stream_commit(dp->stream, out.len);
        ctl_counters.tx[OFPT_ERROR]++;
    }
}

void session_send_hello_failed(struct ctl_dp *dp, struct span bytes)
{
    const size_t bound = OFP_HELLO_FAILED_MAX;
    struct buf out = buf_of(stream_reserve(dp->stream, bound), bound);
    if (out.data != NULL && ofp_encode_hello_failed(&out, bytes)) {
        stream_commit(dp->stream, out.len);
        ctl_counters.tx[OFPT_ERROR]++;
    }
}

int ctl_send(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    return session_send(dp, msg);
}

uint32_t ctl_xid(struct ctl_dp *dp)
{
    return session_xid(dp);
}

/* The frame of a packet-in without a buffer is whole (section 5.4.1), whatever total_len says. */
int ctl_packet_out(struct ctl_dp *dp, const struct ctl_packet *packet, struct span actions)
{
    bool buffered = packet->in->buffer_id != OFP_NO_BUFFER;
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = session_xid(dp)};
    msg.packet_out = (struct ofp_msg_packet_out){
        .buffer_id = packet->in->buffer_id,
        .in_port = packet->in->in_port,
        .actions = actions,
        .data = buffered ? span_of(NULL, 0) : packet->in->data,
    };
    return session_send(dp, &msg);
}

int ctl_flow_mod(struct ctl_dp *dp, struct ofp_msg_flow_mod *flow, const struct ctl_packet *packet)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = session_xid(dp)};
    int error;

    flow->buffer_id = packet != NULL ? packet->in->buffer_id : OFP_NO_BUFFER;
    msg.flow_mod = *flow;
    error = session_send(dp, &msg);
    if (error != 0 || packet == NULL || flow->buffer_id != OFP_NO_BUFFER || flow->actions.len == 0)
        return error;
    return ctl_packet_out(dp, packet, flow->actions);
}
