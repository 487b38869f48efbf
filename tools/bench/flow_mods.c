/*
 * flow_mods.c - see flow_mods.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/flow_mods.h"
#include "openflow/action.h"
#include "openflow/channel.h"
#include "openflow/frame.h"
#include "openflow/match.h"
#include "openflow/msg.h"
#include "openflow/validate.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include <errno.h>
#include <string.h>

LOG_MODULE(bench);

#define SOURCES      0xc6120000 /* 198.18.0.0/16, and behind it by ports */
#define DESTINATION  0xc6130001 /* 198.19.0.1 */
#define PRIORITY     0x6d6f
#define ETH_IPV4     0x0800
#define PROTO_UDP    17
#define PORT_DISCARD 9 /* RFC 863 */
#define FLOW_MOD_XID 1 /* of each; barriers have those behind it */

struct flow_mods_run {
    const struct flow_mods_config *config;
    struct flow_mods_result *result;
    struct listener *listener; /* NULL: we call */
    struct stream *stream;     /* NULL: not yet, or no more */
    bool greeted;              /* the switch has said hello */
    bool ended;
    enum flow_mods_volley volley;
    uint32_t sent;           /* flow-mods of this volley */
    bool closed;             /* its barrier is sent */
    uint32_t barrier;        /* the xid of that, and of the next one before */
    uint64_t began, counted; /* when this volley, and the first round that counts; 0: none yet */
    uint64_t opened;
    struct timer timer;
};

static void end(struct flow_mods_run *r, bool early)
{
    r->ended = true;
    r->result->early = early;
    timer_cancel(&r->timer);
    loop_stop(0);
}

/* --- Messages -------------------------------------------------------------------------------- */

/* False: there is no room for now; `drained` will go on. */
static bool put(struct flow_mods_run *r, const struct ofp_msg *msg)
{
    size_t room = ofp_encoded_bound(msg);
    struct buf out = buf_of(stream_reserve(r->stream, room), room);
    if (out.data == NULL || !ofp_encode(&out, msg))
        return false;
    stream_commit(r->stream, out.len);
    return true;
}

/* Flow number `i`: every address and port is written, so that no two are the same. */
static struct ofp_match flow_of(uint32_t i)
{
    struct ofp_match match = ofp_match_any();
    match.wildcards =
        be32_of(OFPFW_ALL & ~(uint32_t)(OFPFW_DL_TYPE | OFPFW_NW_PROTO | OFPFW_NW_SRC_MASK |
                                        OFPFW_NW_DST_MASK | OFPFW_TP_SRC | OFPFW_TP_DST));
    match.dl_type = be16_of(ETH_IPV4);
    match.nw_proto = PROTO_UDP;
    match.nw_src = be32_of(SOURCES | (i & 0xffff));
    match.nw_dst = be32_of(DESTINATION);
    match.tp_src = be16_of((uint16_t)(i >> 16));
    match.tp_dst = be16_of(PORT_DISCARD);
    return match;
}

/* What is added drops, what is modified goes back to where it came from: nothing reaches a port
 * that it would not have reached. */
static bool put_flow_mod(struct flow_mods_run *r, uint32_t i)
{
    static const uint16_t commands[] = {OFPFC_ADD, OFPFC_MODIFY_STRICT, OFPFC_DELETE_STRICT};
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = flow_of(i);
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD,
                          .xid = FLOW_MOD_XID,
                          .flow_mod = {.match = &match,
                                       .command = commands[r->volley],
                                       .priority = PRIORITY,
                                       .buffer_id = OFP_NO_BUFFER,
                                       .out_port = OFPP_NONE}};
    if (r->volley == FLOW_MODS_MODIFY)
        ofp_put_output(&actions, OFPP_IN_PORT, 0);
    msg.flow_mod.actions = span_of(area, actions.len);
    return put(r, &msg);
}

/* --- Volleys --------------------------------------------------------------------------------- */

/* What is still to be sent of this volley, as far as there is room. */
static void go_on(struct flow_mods_run *r)
{
    while (r->sent < r->config->flows && put_flow_mod(r, r->sent))
        r->sent++;
    if (r->sent == r->config->flows && !r->closed)
        r->closed = put(r, &(struct ofp_msg){.type = OFPT_BARRIER_REQUEST, .xid = r->barrier});
}

static void begin(struct flow_mods_run *r, enum flow_mods_volley volley)
{
    r->volley = volley;
    r->sent = 0;
    r->closed = false;
    r->barrier = r->barrier > FLOW_MOD_XID ? r->barrier + 1 : FLOW_MOD_XID + 1;
    r->began = loop_now();
    loop_timer_arm(&r->timer, r->began + r->config->lost_after);
    go_on(r);
}

static void begin_round(struct flow_mods_run *r)
{
    uint64_t now = loop_now();
    if (r->counted == 0 && now - r->opened >= r->config->warmup)
        r->counted = now;
    if (r->counted > 0 && r->result->rounds > 0 && now - r->counted >= r->config->duration)
        end(r, false);
    else
        begin(r, FLOW_MODS_ADD);
}

/* The switch has answered the barrier. */
static void volley_done(struct flow_mods_run *r)
{
    if (r->counted > 0) {
        r->result->volley[r->volley].messages += r->sent;
        r->result->volley[r->volley].time += loop_now() - r->began;
    }
    if (r->volley != FLOW_MODS_DELETE) {
        begin(r, r->volley + 1);
        return;
    }
    r->result->rounds += r->counted > 0;
    begin_round(r);
}

/* --- The switch's side of it ----------------------------------------------------------------- */

static void take_answer(struct flow_mods_run *r, struct span message)
{
    struct ofp_fault fault;
    struct ofp_msg msg;
    if (!ofp_validate(message, OFP_AT_CONTROLLER, &fault))
        return;
    ofp_decode(&msg, message);
    if (msg.type == OFPT_ECHO_REQUEST) {
        msg.type = OFPT_ECHO_REPLY;
        put(r, &msg);
    } else if (msg.type == OFPT_ERROR) {
        r->result->errors++;
    } else if (msg.type == OFPT_BARRIER_REPLY && r->closed && msg.xid == r->barrier) {
        volley_done(r);
    } /* all else, packet-ins or changes of ports, is not what is measured */
}

static void take_message(struct flow_mods_run *r, struct span message)
{
    if (r->greeted) {
        take_answer(r, message);
    } else if (ofp_greet(message, false) == OFP_GREETING_AGREED) {
        r->greeted = true;
        begin_round(r);
    } else {
        log_error("%s does not speak OpenFlow 1.0", r->stream->peer);
        end(r, true);
    }
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct flow_mods_run *r = user;
    struct span rest = span_of(bytes, n);
    long len;
    while (!r->ended && (len = ofp_frame(rest)) != 0) {
        if (len == OFP_FRAME_BROKEN) {
            log_error("%s sent a length below that of a header", r->stream->peer);
            end(r, true);
            return n;
        }
        take_message(r, span_of(rest.data, (size_t)len));
        span_take(&rest, (size_t)len);
    }
    return n - rest.len;
}

static void on_drained(void *user)
{
    struct flow_mods_run *r = user;
    if (r->greeted && !r->ended)
        go_on(r);
}

static void on_opened(void *user)
{
    struct flow_mods_run *r = user;
    put(r, &(struct ofp_msg){.type = OFPT_HELLO});
}

static void on_closed(void *user, int error)
{
    struct flow_mods_run *r = user;
    r->stream = NULL;
    if (!r->ended)
        log_error("%s: %s", r->config->name, error ? strerror(-error) : "closed by the switch");
    end(r, true);
}

static const struct stream_events events = {
    .opened = on_opened, .data = on_data, .drained = on_drained, .closed = on_closed};

/* The first switch that comes is the one. */
static void on_accept(void *user, struct stream *s)
{
    struct flow_mods_run *r = user;
    if (r->stream != NULL || r->ended) {
        stream_abort(s);
        return;
    }
    r->stream = s;
    stream_own(s, &events, r);
    on_opened(r);
}

/* --- The run --------------------------------------------------------------------------------- */

static void on_timer(void *user)
{
    struct flow_mods_run *r = user;
    log_error("%s: %s", r->config->name, r->greeted ? "a barrier without a reply" : "no switch");
    end(r, true);
}

static void on_terminate(void *user)
{
    end(user, true);
}

static int begin_to_connect(struct flow_mods_run *r, struct net *net)
{
    struct endpoint name;
    int error = endpoint_parse(&name, r->config->name, OFP_TCP_PORT);
    if (error == 0 && name.passive)
        error = net_listen(net, &name, on_accept, r, &r->listener);
    else if (error == 0)
        error = net_connect(net, &name, &events, r, &r->stream);
    if (error != 0)
        log_error("%s: %s", r->config->name, strerror(-error));
    return error;
}

static void finish(struct flow_mods_run *r)
{
    loop_on_signal(LOOP_TERMINATE, NULL, NULL);
    timer_cancel(&r->timer);
    net_listener_close(r->listener);
    if (r->stream != NULL)
        stream_close(r->stream);
}

int flow_mods_run(const struct flow_mods_config *config, struct net *net,
                  struct flow_mods_result *result)
{
    struct flow_mods_run r = {.config = config, .result = result, .opened = loop_now()};
    int error;
    *result = (struct flow_mods_result){0};
    timer_init(&r.timer, on_timer, &r);
    loop_timer_arm(&r.timer, r.opened + config->connect_time);
    loop_on_signal(LOOP_TERMINATE, on_terminate, &r);
    error = begin_to_connect(&r, net);
    if (error == 0)
        loop_run();
    finish(&r);
    if (error == 0 && result->rounds == 0)
        error = -EPROTO;
    return error;
}
