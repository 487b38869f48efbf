/*
 * link.c - hello, framing, keep-alive and output of a switch that is not there; see link.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/link.h"
#include "openflow/channel.h"
#include "openflow/frame.h"
#include "openflow/print.h"

#include <stdio.h>
#include <string.h>

LOG_MODULE(slicer);

#define ECHO_INTERVAL (15 * NS_PER_S)
#define ECHO_LIMIT    (45 * NS_PER_S)
#define WAIT_MIN      (1 * NS_PER_S)
#define WAIT_MAX      (8 * NS_PER_S)
#define OUT_LIMIT     (256 * 1024)

/* --- Output ---------------------------------------------------------------------------------- */

/* Room for `n` bytes, past the limit too. Without memory the link ends soon: the controller must
 * not wait for an answer that never comes. */
static struct buf reserve(struct link *l, size_t n)
{
    struct buf out;
    l->stream->out_limit = SIZE_MAX;
    out = buf_of(stream_reserve(l->stream, n), n);
    l->stream->out_limit = OUT_LIMIT;
    if (out.data == NULL) {
        l->broken = true;
        loop_timer_arm(&l->life, loop_now());
    }
    return out;
}

static void hang_up(struct link *l)
{
    bool up = l->state == LINK_UP;
    if (l->stream != NULL)
        stream_close(l->stream);
    l->stream = NULL;
    l->state = LINK_DOWN;
    timer_cancel(&l->life);
    timer_cancel(&l->wait);
    if (up)
        l->owner->lost(l->user);
    if (l->dial != NULL)
        serve_ended(l->dial);
    l->dial = NULL;
}

void link_send(struct link *l, const struct ofp_msg *msg)
{
    struct buf out;
    if (l->stream == NULL)
        return;
    out = reserve(l, ofp_encoded_bound(msg));
    if (out.data != NULL && ofp_encode(&out, msg))
        stream_commit(l->stream, out.len);
}

bool link_notify(struct link *l, const struct ofp_msg *msg)
{
    if (l->state != LINK_UP || link_is_full(l))
        return false;
    link_send(l, msg);
    return true;
}

void link_send_error(struct link *l, struct ofp_fault fault, struct span request)
{
    struct buf out;
    if (l->stream == NULL)
        return;
    out = reserve(l, sizeof(struct ofp_error_msg) + OFP_ERROR_DATA_MIN);
    if (out.data != NULL && ofp_encode_error(&out, fault.type, fault.code, request))
        stream_commit(l->stream, out.len);
}

/* --- Hello, section 4.2 ---------------------------------------------------------------------- */

static void start(struct link *l)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    l->state = LINK_HELLO;
    l->broken = false;
    l->heard = loop_now();
    l->stream->out_limit = OUT_LIMIT;
    loop_timer_arm(&l->life, loop_now() + ECHO_LIMIT);
    link_send(l, &hello);
}

static void agreed(struct link *l)
{
    l->state = LINK_UP;
    loop_timer_arm(&l->life, l->heard + ECHO_INTERVAL);
    serve_answered(l->dial);
    l->owner->up(l->user);
}

static void foreign(struct link *l, struct span bytes)
{
    struct buf out = reserve(l, OFP_HELLO_FAILED_MAX);
    if (out.data != NULL && ofp_encode_hello_failed(&out, bytes))
        stream_commit(l->stream, out.len);
}

/* True: the message was part of the agreement and is dealt with. */
static bool greeting(struct link *l, struct span bytes)
{
    enum ofp_greeting g = ofp_greet(bytes, l->state != LINK_HELLO);
    if (g == OFP_GREETING_NONE)
        return false;
    if (g == OFP_GREETING_AGREED) {
        agreed(l);
        return true;
    }
    log_warn_limited(&l->noise, "%s: the controller speaks no OpenFlow 1.0", l->name);
    if (g == OFP_GREETING_FOREIGN)
        foreign(l, bytes);
    hang_up(l);
    return true;
}

/* --- Input ----------------------------------------------------------------------------------- */

static void bad(struct link *l, struct span bytes, struct ofp_fault fault)
{
    const struct ofp_header *header = (const struct ofp_header *)bytes.data;
    log_warn_limited(&l->noise, "%s: bad message of type %u, length %zu: %s", l->name, header->type,
                     bytes.len, ofp_error_name(fault.type, fault.code));
    if (header->type != OFPT_ERROR)
        link_send_error(l, fault, bytes);
}

/* What a link answers by itself. */
static bool own_message(struct link *l, const struct ofp_msg *msg)
{
    if (msg->type == OFPT_ECHO_REQUEST) {
        const struct ofp_msg reply = {.type = OFPT_ECHO_REPLY, .xid = msg->xid, .data = msg->data};
        link_send(l, &reply);
        return true;
    }
    return msg->type == OFPT_HELLO || msg->type == OFPT_ECHO_REPLY || msg->type == OFPT_ERROR;
}

static void message(struct link *l, struct span bytes)
{
    struct ofp_fault fault;
    struct ofp_msg msg;

    if (l->state == LINK_HELLO && greeting(l, bytes))
        return;
    if (!ofp_validate(bytes, OFP_AT_SWITCH, &fault)) {
        bad(l, bytes, fault);
        return;
    }
    ofp_decode(&msg, bytes);
    if (!own_message(l, &msg) && !l->owner->message(l->user, &msg, bytes, &fault))
        link_send_error(l, fault, bytes);
}

/* May the next message be looked at? If not, input stops until it may. */
static bool is_time(struct link *l)
{
    uint64_t when;
    if (link_is_full(l)) {
        stream_pause(l->stream, true);
        stream_reserve(l->stream, 1); /* refused: so `drained` will be called */
        return false;
    }
    when = l->state == LINK_UP ? l->owner->admit(l->user) : loop_now();
    if (when <= loop_now())
        return true;
    stream_pause(l->stream, true);
    if (when != TIMER_NEVER)
        loop_timer_arm(&l->wait, when);
    return false;
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct link *l = user;
    struct span rest = span_of(bytes, n);
    long length = 0;

    l->heard = loop_now();
    while (l->stream != NULL && (length = ofp_frame(rest)) > 0 && is_time(l))
        message(l, span_of(span_take(&rest, (size_t)length), (size_t)length));
    if (l->stream != NULL && length == OFP_FRAME_BROKEN) {
        bad(l, rest, (struct ofp_fault){OFPET_BAD_REQUEST, OFPBRC_BAD_LEN});
        hang_up(l);
    }
    return l->stream == NULL ? n : n - rest.len;
}

/* A sign of life of a controller whose input was stopped. */
static void on_go_on(void *user)
{
    link_go_on(user);
}

void link_go_on(struct link *l)
{
    if (l->stream == NULL || l->state == LINK_DOWN)
        return;
    l->heard = loop_now();
    stream_pause(l->stream, false);
}

/* --- Keep-alive, section 5.5.2 --------------------------------------------------------------- */

static void on_life(void *user)
{
    const struct ofp_msg echo = {.type = OFPT_ECHO_REQUEST};
    struct link *l = user;
    uint64_t next;
    enum ofp_pulse pulse = ofp_pulse(loop_now(), l->heard, ECHO_INTERVAL, ECHO_LIMIT, &next);

    if (l->state != LINK_UP || l->broken || pulse == OFP_PULSE_NONE) {
        log_warn_limited(&l->noise, "%s: %s", l->name,
                         l->broken ? "no memory, hung up"
                                   : "the controller is silent for too long");
        hang_up(l);
        return;
    }
    if (pulse == OFP_PULSE_FAINT)
        link_notify(l, &echo);
    loop_timer_arm(&l->life, next);
}

/* --- The beginning and the end --------------------------------------------------------------- */

static void on_opened(void *user)
{
    start(user);
}

static void on_closed(void *user, int error)
{
    struct link *l = user;
    l->stream = NULL;
    if (l->state == LINK_DOWN)
        log_warn_limited(&l->noise, "%s: cannot connect: %s", l->name, strerror(-error));
    hang_up(l);
}

static const struct stream_events events = {
    .opened = on_opened,
    .data = on_data,
    .drained = on_go_on,
    .closed = on_closed,
};

static int call(void *user, struct dial *dial)
{
    struct link *l = user;
    int error = net_connect(dial->net, &dial->to, &events, l, &l->stream);
    if (error == 0)
        l->dial = dial;
    return error;
}

static void accept_nobody(void *user, struct stream *s)
{
    (void)user;
    stream_abort(s);
}

int link_init(struct link *l, struct net *net, const char *controller,
              const struct link_owner *owner, void *user)
{
    *l = (struct link){
        .owner = owner,
        .user = user,
        .server = {.wait_min = WAIT_MIN,
                   .wait_max = WAIT_MAX,
                   .accept = accept_nobody,
                   .connect = call,
                   .user = l},
    };
    snprintf(l->name, sizeof l->name, "%s", controller);
    timer_init(&l->life, on_life, l);
    timer_init(&l->wait, on_go_on, l);
    serve_init(&l->server);
    return serve(&l->server, net, controller, OFP_TCP_PORT, NULL);
}

void link_end(struct link *l)
{
    struct stream *s = l->stream;
    l->stream = NULL;
    l->state = LINK_DOWN;
    l->dial = NULL;
    timer_cancel(&l->life);
    timer_cancel(&l->wait);
    if (s != NULL)
        stream_close(s);
    serve_end(&l->server);
}
