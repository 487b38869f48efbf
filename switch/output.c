/*
 * output.c - what goes to a controller: encoded straight into the stream's output.
 *
 * Answers are never dropped; instead no request is looked at, and a long answer is not gone on
 * with, while out_limit bytes wait. A controller that reads slowly thus costs out_limit and one
 * message. What nobody asked for is dropped as soon as the stream is full, and counted.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/connection.h"
#include "openflow/channel.h"

bool connection_has_room(struct connection *c)
{
    if (c->stream->out_bytes < c->stream->out_limit)
        return true;
    if (!c->stream->out_refused) {
        agent_counters.paused++;
        stream_pause(c->stream, true);
        stream_reserve(c->stream, 1); /* refused: so `drained` will be called */
    }
    return false;
}

/* Room for `n` bytes, past the limit too; `out->data` NULL if there is no memory. */
static void reserve(struct connection *c, struct buf *out, size_t n)
{
    size_t limit = c->stream->out_limit;
    c->stream->out_limit = SIZE_MAX;
    *out = buf_of(stream_reserve(c->stream, n), n);
    c->stream->out_limit = limit;
}

/* What was encoded, if it was, is to be sent. */
static void commit(struct connection *c, const struct buf *out, uint8_t type)
{
    if (out->data == NULL) {
        connection_end(c);
        return;
    }
    stream_commit(c->stream, out->len);
    agent_counters.tx[type] += out->len > 0;
}

static bool is_open(const struct connection *c)
{
    return c->stream != NULL && c->state != CONNECTION_ENDING;
}

void connection_send(struct connection *c, const struct ofp_msg *msg)
{
    struct buf out;
    if (!is_open(c))
        return;
    reserve(c, &out, ofp_encoded_bound(msg));
    if (out.data != NULL)
        ofp_encode(&out, msg);
    commit(c, &out, msg->type);
}

void connection_send_error(struct connection *c, struct ofp_fault fault, struct span request)
{
    struct buf out;
    if (!is_open(c))
        return;
    reserve(c, &out, sizeof(struct ofp_error_msg) + OFP_ERROR_DATA_MIN);
    if (out.data != NULL)
        ofp_encode_error(&out, fault.type, fault.code, request);
    commit(c, &out, OFPT_ERROR);
}

void connection_send_hello_failed(struct connection *c, struct span request)
{
    struct buf out;
    reserve(c, &out, OFP_HELLO_FAILED_MAX);
    if (out.data != NULL)
        ofp_encode_hello_failed(&out, request);
    commit(c, &out, OFPT_ERROR);
}

void connection_notify(struct connection *c, const struct ofp_msg *msg)
{
    if (!is_open(c))
        return;
    if (c->stream->out_bytes < c->stream->out_limit)
        connection_send(c, msg);
    else
        agent_counters.async_dropped += msg->type != OFPT_ECHO_REQUEST;
}
