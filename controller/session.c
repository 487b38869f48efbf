/*
 * session.c - one stream with one switch: framing, judging, keep-alive, the end.
 *
 * Called by the stream. Each message is framed, validated once, decoded in place and given to the
 * function of its type. A message that is not good is answered with the error that OpenFlow 1.0
 * section 5.4.4 names and skipped; only a length that cannot be true ends the session, since then
 * the next message cannot be found. An error message is never answered with one.
 *
 * A switch drops no answer: while its output is full it reads nothing (switch/connection.h). So we
 * must go on reading while ours is, or each would wait for the other. What cannot be answered then
 * is not worked on: packet-ins are dropped, and the switch is silent until it has drained some of
 * what waits, whatever it says.
 *
 * Keep-alive (section 5.5.2): after echo_interval of silence we ask for an echo, after echo_limit
 * the session is dropped. The one timer is not touched when something is heard; it looks at when
 * that was when it fires.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/channel.h"
#include "openflow/frame.h"
#include "openflow/print.h"
#include "runtime/entropy.h"
#include "runtime/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(ctl);

/* --- Messages, by type ----------------------------------------------------------------------- */

static void on_hello(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    (void)dp;
    (void)msg; /* once more: it says nothing new */
}

static void on_echo_request(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    struct ofp_msg reply = {.type = OFPT_ECHO_REPLY, .xid = msg->xid, .data = msg->data};
    session_send(dp, &reply);
}

/* A reply or an error that no request waits for: perhaps it came too late. */
static bool is_stray(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (request_reply(dp, msg))
        return false;
    ctl_counters.stray++;
    return true;
}

static void on_reply(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (is_stray(dp, msg))
        log_warn_limited(&dp->noise, "%s: %s with xid 0x%" PRIx32 " answers nothing", dp->peer,
                         ofp_type_name(msg->type), msg->xid);
}

static void on_echo_reply(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (msg->xid != dp->probe_xid)
        on_reply(dp, msg);
}

static void on_features_reply(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (dp->state == SESSION_FEATURES)
        handshake_features(dp, msg);
    else
        on_reply(dp, msg);
}

static void on_error(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    const char *name = ofp_error_name(msg->error.type, msg->error.code);
    if (!is_stray(dp, msg))
        return;
    log_warn_limited(&dp->noise, "%s: error %s (type %u, code %u) to xid 0x%" PRIx32, dp->peer,
                     name != NULL ? name : "of no known name", msg->error.type, msg->error.code,
                     msg->xid);
    chain_error(dp, msg->xid, &msg->error);
}

/* Of the asynchronous messages (section 5.4), those that come before the features are no loss: the
 * features tell the state of the ports, and a packet will be sent again. */
static bool is_early(const struct ctl_dp *dp)
{
    if (dp->state == SESSION_JOINED)
        return false;
    ctl_counters.early++;
    return true;
}

/* Does the switch not read what we send? It has been refused room, and `drained` has not come. */
static bool is_slow(const struct ctl_dp *dp)
{
    return dp->stream->out_refused;
}

static void on_packet_in(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (is_early(dp))
        return;
    if (is_slow(dp))
        ctl_counters.packet_ins_dropped++;
    else
        chain_packet_in(dp, &msg->packet_in);
}

static void on_flow_removed(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (!is_early(dp))
        chain_flow_removed(dp, &msg->flow_removed);
}

static void on_port_status(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (is_early(dp))
        return;
    datapath_port_status(dp, &msg->port_status);
    chain_port_status(dp, &msg->port_status);
}

/* Validation lets no other type through to a controller. */
static void (*const on_message[OFPT_N_TYPES])(struct ctl_dp *, const struct ofp_msg *) = {
    [OFPT_HELLO] = on_hello,
    [OFPT_ERROR] = on_error,
    [OFPT_ECHO_REQUEST] = on_echo_request,
    [OFPT_ECHO_REPLY] = on_echo_reply,
    [OFPT_VENDOR] = on_reply,
    [OFPT_FEATURES_REPLY] = on_features_reply,
    [OFPT_GET_CONFIG_REPLY] = on_reply,
    [OFPT_PACKET_IN] = on_packet_in,
    [OFPT_FLOW_REMOVED] = on_flow_removed,
    [OFPT_PORT_STATUS] = on_port_status,
    [OFPT_STATS_REPLY] = on_reply,
    [OFPT_BARRIER_REPLY] = on_reply,
    [OFPT_QUEUE_GET_CONFIG_REPLY] = on_reply,
};

/* --- Input ----------------------------------------------------------------------------------- */

static void session_bad(struct ctl_dp *dp, struct span bytes, struct ofp_fault fault)
{
    const struct ofp_header *header = (const struct ofp_header *)bytes.data;
    ctl_counters.bad++;
    log_warn_limited(&dp->noise, "%s: bad message of type %u, length %zu: %s", dp->peer,
                     header->type, bytes.len, ofp_error_name(fault.type, fault.code));
    if (header->type != OFPT_ERROR)
        session_send_error(dp, fault, bytes);
}

static void session_message(struct ctl_dp *dp, struct span bytes)
{
    struct ofp_fault fault;
    struct ofp_msg msg;

    if (dp->state != SESSION_JOINED && handshake_message(dp, bytes))
        return;
    if (!ofp_validate(bytes, OFP_AT_CONTROLLER, &fault)) {
        session_bad(dp, bytes, fault);
        return;
    }
    ofp_decode(&msg, bytes);
    ctl_counters.rx[msg.type]++;
    on_message[msg.type](dp, &msg);
}

static void session_broken(struct ctl_dp *dp, struct span bytes)
{
    const struct ofp_fault fault = {OFPET_BAD_REQUEST, OFPBRC_BAD_LEN};
    ctl_counters.broken++;
    session_bad(dp, bytes, fault);
    session_end(dp);
}

/* Input stops where the session ends. */
static size_t session_data(void *user, const uint8_t *bytes, size_t n)
{
    struct ctl_dp *dp = user;
    struct span rest = span_of(bytes, n);
    long length = 0;

    if (!is_slow(dp))
        dp->heard = loop_now();
    while (dp->state != SESSION_ENDING && (length = ofp_frame(rest)) > 0)
        session_message(dp, span_of(span_take(&rest, (size_t)length), (size_t)length));
    if (length == OFP_FRAME_BROKEN)
        session_broken(dp, rest);
    return dp->state == SESSION_ENDING ? n : n - rest.len;
}

static void session_drained(void *user)
{
    struct ctl_dp *dp = user;
    dp->heard = loop_now();
}

/* --- Keep-alive ------------------------------------------------------------------------------ */

/* All of a session's probes bear one xid, so that a late answer to one is as good as any. */
static void session_probe(struct ctl_dp *dp)
{
    struct ofp_msg echo = {.type = OFPT_ECHO_REQUEST, .xid = dp->probe_xid};
    session_send(dp, &echo);
}

static void session_silent(struct ctl_dp *dp)
{
    bool joined = dp->state == SESSION_JOINED;
    ctl_counters.silent += joined;
    ctl_counters.handshakes_failed += !joined;
    log_warn_limited(&dp->ctl->refused, "%s: %s", dp->peer,
                     joined ? "silent for too long, dropped" : "no handshake in time, dropped");
    session_end(dp);
}

static void session_life(void *user)
{
    struct ctl_dp *dp = user;
    const struct ctl_config *config = &dp->ctl->config;
    enum ofp_pulse pulse;
    uint64_t next;

    pulse = ofp_pulse(loop_now(), dp->heard, config->echo_interval, config->echo_limit, &next);
    if (dp->state != SESSION_JOINED || pulse == OFP_PULSE_NONE) {
        session_silent(dp);
        return;
    }
    if (pulse == OFP_PULSE_FAINT)
        session_probe(dp);
    loop_timer_arm(&dp->life, next);
}

/* --- The beginning and the end --------------------------------------------------------------- */

static void session_opened(void *user)
{
    struct ctl_dp *dp = user;
    snprintf(dp->peer, sizeof dp->peer, "%s", dp->stream->peer);
    handshake_start(dp);
}

static void session_closed(void *user, int error)
{
    struct ctl_dp *dp = user;
    dp->stream = NULL;
    if (dp->state == SESSION_CONNECTING) {
        ctl_counters.connects_failed++;
        log_info("%s: cannot connect: %s", dp->peer, strerror(-error));
    } else if (dp->state != SESSION_ENDING && error != 0) {
        log_info("%s: %s", dp->peer, strerror(-error));
    }
    session_end(dp);
}

const struct stream_events session_events = {
    .opened = session_opened,
    .data = session_data,
    .drained = session_drained,
    .closed = session_closed,
};

static void session_end_work(void *user)
{
    session_reap(user);
}

struct ctl_dp *session_new(struct ctl *ctl, struct stream *stream, const char *peer)
{
    struct ctl_dp *dp = NULL;
    if (ctl->n_sessions < ctl->config.max_sessions)
        dp = calloc(1, sizeof *dp);
    if (dp == NULL) {
        ctl_counters.sessions_refused++;
        log_warn_limited(&ctl->refused, "%s: refused, %zu sessions are open", peer,
                         ctl->n_sessions);
        return NULL;
    }
    *dp = (struct ctl_dp){.ctl = ctl, .stream = stream, .heard = loop_now()};
    entropy_fill(&dp->xid, sizeof dp->xid);
    dp->probe_xid = session_xid(dp);
    snprintf(dp->peer, sizeof dp->peer, "%s", peer);
    list_append(&ctl->sessions, &dp->session);
    list_init(&dp->joined);
    list_init(&dp->same_id);
    loop_work_init(&dp->end, session_end_work, dp);
    timer_init(&dp->life, session_life, dp);
    request_init(dp);
    ctl->n_sessions++;
    ctl_counters.sessions_opened++;
    return dp;
}

void session_end(struct ctl_dp *dp)
{
    dp->state = SESSION_ENDING;
    loop_defer(&dp->end);
}

/* Apps that have heard `join` hear `leave`. */
static void session_leave(struct ctl_dp *dp)
{
    request_fail_all(dp);
    if (list_empty(&dp->joined))
        return;
    datapath_remove(dp);
    chain_leave(dp);
    log_info("%s: datapath %016" PRIx64 " has left", dp->peer, ctl_dp_id(dp));
}

void session_reap(struct ctl_dp *dp)
{
    dp->state = SESSION_ENDING;
    session_leave(dp);
    if (dp->stream != NULL)
        stream_close(dp->stream);
    if (dp->dial != NULL)
        serve_ended(dp->dial);
    loop_work_cancel(&dp->end);
    timer_cancel(&dp->life);
    list_remove(&dp->session);
    dp->ctl->n_sessions--;
    ctl_counters.sessions_ended++;
    free(dp->port);
    free(dp);
}
