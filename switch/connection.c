/*
 * connection.c - one stream with one controller: framing, judging, keep-alive, the end.
 *
 * Called by the stream. Each message is framed, validated once, decoded in place and given to the
 * row of its type (handle.c). A message that is not good is answered with the error that OpenFlow
 * 1.0 section 5.4.4 names and skipped; only a length that cannot be true ends the connection, since
 * then the next message cannot be found. An error message is never answered with one.
 *
 * The one timer is not touched when something is heard; it looks at when that was when it fires.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/connection.h"
#include "openflow/channel.h"
#include "openflow/frame.h"
#include "openflow/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(agent);

/* ovs-ofctl answers no echo request while somebody reads its output page by page. */
#define GUEST_PATIENCE 5

/* How long a time of silence (of the configuration) is for this connection: ns. */
static uint64_t connection_patience(const struct connection *c, uint64_t silence)
{
    return c->guest ? GUEST_PATIENCE * silence : silence;
}

/* --- Hello ----------------------------------------------------------------------------------- */

/* Section 4.2: each side says hello as soon as the stream is open. */
void connection_start(struct connection *c)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    c->state = CONNECTION_HELLO;
    loop_timer_arm(&c->life, loop_now() + connection_patience(c, c->agent->config.echo_limit));
    c->stream->out_limit = c->agent->config.out_limit;
    connection_send(c, &hello);
}

static void connection_agreed(struct connection *c)
{
    c->state = CONNECTION_UP;
    c->since = loop_now();
    agent_counters.rx[OFPT_HELLO]++;
    agent_counters.connections_up++;
    if (c->guest)
        log_debug("%s: a guest", c->peer);
    else
        log_info("%s: connected", c->peer);
    loop_timer_arm(&c->life, c->heard + connection_patience(c, c->agent->config.echo_interval));
    if (c->dial != NULL)
        serve_answered(c->dial);
    agent_up(c);
}

static void connection_disagreed(struct connection *c, const char *why)
{
    agent_counters.handshakes_failed++;
    log_warn_limited(&c->noise, "%s: %s", c->peer, why);
    connection_end(c);
}

/* True: the message was part of the agreement and is dealt with. */
static bool connection_greeting(struct connection *c, struct span bytes)
{
    switch (ofp_greet(bytes, c->state != CONNECTION_HELLO)) {
    case OFP_GREETING_AGREED:
        connection_agreed(c);
        return true;
    case OFP_GREETING_FOREIGN:
        connection_send_hello_failed(c, bytes);
        connection_disagreed(c, "speaks no OpenFlow 1.0");
        return true;
    case OFP_GREETING_REFUSED:
        connection_disagreed(c, "the controller refuses OpenFlow 1.0");
        return true;
    case OFP_GREETING_NONE:
        break;
    }
    return false;
}

/* --- Input ----------------------------------------------------------------------------------- */

static void connection_bad(struct connection *c, struct span bytes, struct ofp_fault fault)
{
    const struct ofp_header *header = (const struct ofp_header *)bytes.data;
    agent_counters.bad++;
    if (header->type == OFPT_VENDOR) /* ovs-ofctl always asks for one that we lack */
        log_debug("%s: unknown extension", c->peer);
    else
        log_warn_limited(&c->noise, "%s: bad message of type %u, length %zu: %s", c->peer,
                         header->type, bytes.len, ofp_error_name(fault.type, fault.code));
    if (header->type != OFPT_ERROR)
        connection_send_error(c, fault, bytes);
}

static void connection_message(struct connection *c, struct span bytes)
{
    struct ofp_fault fault;
    struct ofp_msg msg;

    if (c->state == CONNECTION_HELLO && connection_greeting(c, bytes))
        return;
    if (!ofp_validate_at_switch(bytes, dp_action_vendor(c->agent->dp), &fault)) {
        connection_bad(c, bytes, fault);
        return;
    }
    ofp_decode(&msg, bytes);
    agent_counters.rx[msg.type]++;
    if (handle_message(c, &msg, &fault))
        return;
    agent_counters.refused++;
    log_debug("%s: %s answers xid 0x%x", c->peer, ofp_error_name(fault.type, fault.code), msg.xid);
    connection_send_error(c, fault, bytes);
}

static void connection_broken(struct connection *c, struct span bytes)
{
    const struct ofp_fault fault = {OFPET_BAD_REQUEST, OFPBRC_BAD_LEN};
    agent_counters.broken++;
    connection_bad(c, bytes, fault);
    connection_end(c);
}

/* If a slower switch is modelled: does the message wait, and all that is behind it? Once only. */
static bool connection_waits(struct connection *c, uint8_t type)
{
    uint64_t delay = c->waited ? 0 : dp_delay(c->agent->dp, type);
    c->waited = delay > 0;
    if (delay == 0)
        return false;
    loop_timer_arm(&c->slow, loop_now() + delay);
    stream_pause(c->stream, true);
    return true;
}

/* Does all that is behind the message wait, since its answer is not complete, or since the messages
 * of this turn were work enough? */
static bool connection_rests(const struct connection *c)
{
    return c->walk.on || c->budget == 0;
}

/* Until the next turn; without room for output until it has drained. */
static void connection_rest(struct connection *c)
{
    stream_pause(c->stream, true);
    if (connection_has_room(c))
        loop_defer(&c->rest);
}

/* The next turn has come, if there is room for output. */
static void connection_go_on(void *user)
{
    struct connection *c = user;
    c->budget = CONNECTION_BUDGET;
    flow_stats_go_on(c);
    if (c->state == CONNECTION_ENDING)
        return;
    if (connection_rests(c))
        connection_rest(c);
    else if (!timer_armed(&c->slow))
        stream_pause(c->stream, false);
}

/* The wait is over, or output has drained: a sign of life of a controller whose input was stopped.
 */
static void connection_resume(void *user)
{
    struct connection *c = user;
    c->heard = loop_now();
    loop_defer(&c->rest);
}

/* Input stops where the connection ends, or where the controller turns out to be too slow. */
static size_t connection_data(void *user, const uint8_t *bytes, size_t n)
{
    struct connection *c = user;
    struct span rest = span_of(bytes, n);
    long length = 0;

    c->heard = loop_now();
    while (c->state != CONNECTION_ENDING && !connection_rests(c) && connection_has_room(c) &&
           (length = ofp_frame(rest)) > 0 && !connection_waits(c, rest.data[1]))
        connection_message(c, span_of(span_take(&rest, (size_t)length), (size_t)length));
    if (length == OFP_FRAME_BROKEN)
        connection_broken(c, rest);
    else if (c->state != CONNECTION_ENDING && connection_rests(c))
        connection_rest(c);
    return c->state == CONNECTION_ENDING ? n : n - rest.len;
}

/* --- Keep-alive, section 5.5.2 --------------------------------------------------------------- */

static void connection_silent(struct connection *c)
{
    bool up = c->state == CONNECTION_UP;
    agent_counters.silent += up;
    agent_counters.handshakes_failed += !up;
    log_warn_limited(&c->agent->refused, "%s: %s", c->peer,
                     up ? "silent for too long, dropped" : "no hello in time, dropped");
    connection_end(c);
}

static void connection_life(void *user)
{
    const struct ofp_msg echo = {.type = OFPT_ECHO_REQUEST};
    struct connection *c = user;
    const struct agent_config *config = &c->agent->config;
    enum ofp_pulse pulse;
    uint64_t next;

    pulse = ofp_pulse(loop_now(), c->heard, connection_patience(c, config->echo_interval),
                      connection_patience(c, config->echo_limit), &next);
    if (c->state != CONNECTION_UP || pulse == OFP_PULSE_NONE) {
        connection_silent(c);
        return;
    }
    if (pulse == OFP_PULSE_FAINT)
        connection_notify(c, &echo);
    loop_timer_arm(&c->life, next);
}

/* --- The beginning and the end --------------------------------------------------------------- */

static void connection_opened(void *user)
{
    struct connection *c = user;
    snprintf(c->peer, sizeof c->peer, "%s", c->stream->peer);
    connection_start(c);
}

static void connection_closed(void *user, int error)
{
    struct connection *c = user;
    c->stream = NULL;
    loop_work_cancel(&c->rest);
    if (c->state == CONNECTION_CONNECTING) {
        agent_counters.connects_failed++;
        log_info("%s: cannot connect: %s", c->peer, strerror(-error));
    } else if (c->state != CONNECTION_ENDING && error != 0) {
        log_info("%s: %s", c->peer, strerror(-error));
    }
    connection_end(c);
}

const struct stream_events connection_events = {
    .opened = connection_opened,
    .data = connection_data,
    .drained = connection_resume,
    .closed = connection_closed,
};

static void connection_end_work(void *user)
{
    connection_reap(user);
}

/* Guests, however many come, do not take the places of controllers that the agent calls. */
static bool has_place(const struct agent *agent, bool guest)
{
    size_t max = agent->config.max_connections;
    return agent->n_connections < max && (!guest || agent->n_guests + agent->n_called < max);
}

static void init(struct connection *c, struct agent *agent, struct stream *stream, bool guest)
{
    *c = (struct connection){
        .agent = agent,
        .stream = stream,
        .guest = guest,
        .miss_send_len = guest ? 0 : OFP_DEFAULT_MISS_SEND_LEN,
        .heard = loop_now(),
        .budget = CONNECTION_BUDGET,
    };
    loop_work_init(&c->end, connection_end_work, c);
    timer_init(&c->life, connection_life, c);
    timer_init(&c->slow, connection_resume, c);
    loop_work_init(&c->rest, connection_go_on, c);
}

struct connection *connection_new(struct agent *agent, struct stream *stream, const char *peer,
                                  bool guest)
{
    struct connection *c = NULL;
    if (has_place(agent, guest))
        c = calloc(1, sizeof *c);
    if (c == NULL) {
        agent_counters.connections_refused++;
        log_warn_limited(&agent->refused, "%s: refused, %zu connections are open", peer,
                         agent->n_connections);
        return NULL;
    }
    init(c, agent, stream, guest);
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    list_append(&agent->connections, &c->link);
    agent->n_connections++;
    agent->n_guests += guest;
    agent_counters.connections_opened++;
    return c;
}

void connection_end(struct connection *c)
{
    bool up = c->state == CONNECTION_UP;
    c->state = CONNECTION_ENDING;
    loop_defer(&c->end);
    if (up)
        agent_down(c);
}

void connection_reap(struct connection *c)
{
    connection_end(c);
    if (c->stream != NULL)
        stream_close(c->stream);
    if (c->dial != NULL)
        serve_ended(c->dial);
    loop_work_cancel(&c->end);
    loop_work_cancel(&c->rest);
    timer_cancel(&c->life);
    timer_cancel(&c->slow);
    list_remove(&c->link);
    c->agent->n_connections--;
    c->agent->n_guests -= c->guest;
    agent_counters.connections_ended++;
    free(c);
}
