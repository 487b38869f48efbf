/*
 * eswitch.c - see eswitch.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/eswitch.h"
#include "openflow/action.h"
#include "openflow/frame.h"
#include "openflow/validate.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include <errno.h>

LOG_MODULE(bench);

/* Introductions that wait at once: few, so that a controller with short queues hears all. */
#define INTRODUCTIONS_MAX 16

static struct log_limit wrong_limit, bad_limit;

/* --- Sending --------------------------------------------------------------------------------- */

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* How many packet-ins may be sent now in one piece of output. */
static uint32_t may_send(const struct eswitch *sw)
{
    const struct fleet *f = sw->fleet;
    uint32_t room =
        least(pending_room(&sw->pending), STREAM_RESERVE_MAX / traffic_message_len(&f->traffic));
    if (sw->state == ESWITCH_READY)
        return least(room, f->allowance);
    if (sw->state != ESWITCH_LEARNING || sw->pending.count >= INTRODUCTIONS_MAX)
        return 0;
    return least(least(room, INTRODUCTIONS_MAX - sw->pending.count),
                 f->introduced - sw->introduced);
}

static struct traffic_packet next_packet(struct eswitch *sw)
{
    if (sw->state == ESWITCH_READY)
        return traffic_pick(&sw->fleet->traffic, &sw->seed);
    return (struct traffic_packet){.src = (uint16_t)sw->introduced++, .dst = TRAFFIC_NOBODY};
}

/* Write `n` packet-ins to `to`. Returns their length. */
static size_t put_packets(struct eswitch *sw, uint8_t *to, uint32_t n)
{
    uint64_t now = loop_now();
    size_t len = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct traffic_packet p = next_packet(sw);
        struct pending_slot *slot = pending_add(&sw->pending, now);
        slot->src = p.src;
        slot->dst = p.dst;
        len += traffic_put(&sw->fleet->traffic, to + len, sw->persona.index, p, slot->buffer_id,
                           sw->persona.miss_send_len);
    }
    sw->persona.missed += n;
    return len;
}

/* Until nothing more may be sent, or output is full: then `drained` goes on. */
void eswitch_send(struct eswitch *sw)
{
    struct fleet *f = sw->fleet;
    uint32_t n;
    while ((n = may_send(sw)) > 0) {
        bool pairs = sw->state == ESWITCH_READY;
        uint8_t *to = stream_reserve(sw->stream, n * traffic_message_len(&f->traffic));
        if (to == NULL)
            break;
        stream_commit(sw->stream, put_packets(sw, to, n));
        if (pairs) {
            f->allowance -= n;
            f->tally.sent += n;
        }
    }
}

/* --- The session's state --------------------------------------------------------------------- */

static void enter(struct eswitch *sw, enum eswitch_state state)
{
    enum eswitch_state before = sw->state;
    sw->state = state;
    sw->fleet->changed(sw->fleet->user, sw, before);
}

/* Have all hosts introduced themselves, and does nobody wait for an answer to that? If not one was
 * answered they begin again: a controller that does not answer does not serve. */
static void learned(struct eswitch *sw)
{
    if (sw->state != ESWITCH_LEARNING || sw->introduced < sw->fleet->introduced ||
        sw->pending.count > 0)
        return;
    if (sw->heard)
        enter(sw, ESWITCH_READY);
    else
        sw->introduced = 0;
}

void eswitch_expire(struct eswitch *sw, uint64_t before)
{
    uint32_t n = sw->state == ESWITCH_GONE ? 0 : pending_expire(&sw->pending, before);
    if (n == 0)
        return;
    if (sw->state == ESWITCH_LEARNING)
        sw->fleet->tally.unheard += n;
    else
        sw->fleet->tally.lost += n;
    learned(sw);
    eswitch_send(sw);
}

static void on_closed(void *user, int error)
{
    struct eswitch *sw = user;
    sw->stream = NULL;
    sw->error = error;
    if (sw->state == ESWITCH_READY)
        sw->fleet->tally.lost += sw->pending.count;
    enter(sw, ESWITCH_GONE);
}

/* The controller talks nonsense: leave. */
static void give_up(struct eswitch *sw, int error)
{
    stream_close(sw->stream);
    on_closed(sw, error);
}

/* --- Answers to packet-ins ------------------------------------------------------------------- */

/* Where the first output action sends the packet; OFPP_NONE if nowhere. */
static uint16_t output_port(struct span actions)
{
    const struct ofp_action_header *action;
    while ((action = ofp_next_action(&actions)) != NULL) {
        const struct ofp_action_output *output = (const struct ofp_action_output *)action;
        if (be16_get(action->type) == OFPAT_OUTPUT && be16_get(action->len) == sizeof *output)
            return be16_get(output->port);
    }
    return OFPP_NONE;
}

/* Would a flow with this match take further packets of the same hosts? */
static bool match_is_right(const struct eswitch *sw, const struct ofp_match *match,
                           const struct pending_slot *slot)
{
    uint32_t wildcards = be32_get(match->wildcards);
    uint8_t mac[OFP_ETH_ALEN];
    traffic_mac(mac, sw->persona.index, slot->dst);
    return ((wildcards & OFPFW_DL_DST) || bytes_equal(match->dl_dst, mac, OFP_ETH_ALEN)) &&
           ((wildcards & OFPFW_IN_PORT) ||
            be16_get(match->in_port) == traffic_port(&sw->fleet->traffic, slot->src));
}

static void count_wrong(struct eswitch *sw, const struct pending_slot *slot, uint16_t port)
{
    sw->fleet->tally.wrong++;
    log_warn_limited(&wrong_limit, "switch %u: from host %u to host %u at port %u: sent to port %u",
                     sw->persona.index + 1, slot->src, slot->dst,
                     traffic_port(&sw->fleet->traffic, slot->dst), port);
}

/* An answer for `buffer_id`. `match`: of a FLOW_MOD; NULL for a PACKET_OUT. */
static void take_answer(struct eswitch *sw, uint32_t buffer_id, struct span actions,
                        const struct ofp_match *match)
{
    struct tally *t = &sw->fleet->tally;
    const struct pending_slot *slot = pending_take(&sw->pending, buffer_id);
    uint16_t port;
    if (slot == NULL) {
        *(buffer_id == OFP_NO_BUFFER ? &t->unsolicited : &t->repeated) += 1;
        return;
    }
    if (slot->dst == TRAFFIC_NOBODY) {
        sw->heard = true;
        return;
    }
    t->answers++;
    *(match != NULL ? &t->flow_mods : &t->packet_outs) += 1;
    histogram_add(&t->latency, loop_now() - slot->sent);
    port = output_port(actions);
    if (port != traffic_port(&sw->fleet->traffic, slot->dst) ||
        (match != NULL && !match_is_right(sw, match, slot)))
        count_wrong(sw, slot, port);
}

/* False: it is too short to be one. */
static bool take_flow_mod(struct eswitch *sw, struct span message)
{
    const struct ofp_flow_mod *mod = span_take(&message, sizeof *mod);
    if (mod == NULL)
        return false;
    take_answer(sw, be32_get(mod->buffer_id), message, &mod->match);
    return true;
}

static bool take_packet_out(struct eswitch *sw, struct span message)
{
    const struct ofp_packet_out *out = span_take(&message, sizeof *out);
    if (out == NULL || be16_get(out->actions_len) > message.len)
        return false;
    message.len = be16_get(out->actions_len);
    take_answer(sw, be32_get(out->buffer_id), message, NULL);
    return true;
}

/* --- Everything else ------------------------------------------------------------------------- */

static void count_bad(struct eswitch *sw, const char *what)
{
    sw->fleet->tally.malformed++;
    log_warn_limited(&bad_limit, "switch %u: the controller sent %s", sw->persona.index + 1, what);
}

/* Answer a request, or refuse it with the error that it deserves. */
static void answer(struct eswitch *sw, struct span message)
{
    uint8_t *room = stream_reserve(sw->stream, STREAM_RESERVE_MAX);
    struct buf out = buf_of(room, STREAM_RESERVE_MAX);
    struct ofp_fault fault;
    bool done = room != NULL;
    if (done && ofp_validate(message, OFP_AT_SWITCH, &fault)) {
        done = persona_answer(&sw->persona, &out, message);
    } else if (done) {
        count_bad(sw, "a bad message");
        done = ofp_encode_error(&out, fault.type, fault.code, message);
    }
    if (done)
        stream_commit(sw->stream, out.len);
    else
        sw->fleet->tally.unanswered++;
}

/* A message that is no answer to a packet-in. */
static void take_other(struct eswitch *sw, struct span message)
{
    const struct ofp_header *header = (const struct ofp_header *)message.data;
    if (header->type == OFPT_HELLO) /* of whatever version: ours is the lowest there is */
        return;
    if (header->type == OFPT_ERROR) {
        sw->fleet->tally.errors++;
        return;
    }
    answer(sw, message);
    if (header->type != OFPT_FEATURES_REQUEST || sw->state != ESWITCH_CONNECTING)
        return;
    sw->state = ESWITCH_LEARNING;
    eswitch_send(sw);
}

static void take_message(struct eswitch *sw, struct span message)
{
    const struct ofp_header *header = (const struct ofp_header *)message.data;
    bool good = true;
    if (header->version == OFP_VERSION && header->type == OFPT_FLOW_MOD)
        good = take_flow_mod(sw, message);
    else if (header->version == OFP_VERSION && header->type == OFPT_PACKET_OUT)
        good = take_packet_out(sw, message);
    else
        take_other(sw, message);
    if (!good)
        count_bad(sw, "an answer cut short");
}

/* --- The stream's callbacks ------------------------------------------------------------------ */

static void on_opened(void *user)
{
    struct eswitch *sw = user;
    struct ofp_header hello = {.version = OFP_VERSION, .type = OFPT_HELLO};
    hello.length = be16_of(sizeof hello);
    if (stream_write(sw->stream, &hello, sizeof hello) < 0)
        give_up(sw, -ENOBUFS);
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct eswitch *sw = user;
    struct span rest = span_of(bytes, n);
    long len;
    while ((len = ofp_frame(rest)) > 0) {
        take_message(sw, span_of(rest.data, (size_t)len));
        span_take(&rest, (size_t)len);
    }
    if (len == OFP_FRAME_BROKEN) {
        count_bad(sw, "a length below that of a header");
        give_up(sw, -EPROTO);
        return n;
    }
    learned(sw);
    eswitch_send(sw);
    sw->fleet->progress(sw->fleet->user);
    return n - rest.len;
}

static void on_drained(void *user)
{
    eswitch_send(user);
}

/* --- Opening and closing --------------------------------------------------------------------- */

int eswitch_open(struct eswitch *sw, struct fleet *fleet, uint32_t index, uint64_t seed,
                 struct net *net, const struct endpoint *controller)
{
    static const struct stream_events events = {
        .opened = on_opened, .data = on_data, .drained = on_drained, .closed = on_closed};
    int error;
    *sw = (struct eswitch){.fleet = fleet, .seed = seed};
    persona_init(&sw->persona, index, &fleet->traffic);
    error = pending_open(&sw->pending, fleet->outstanding);
    if (error == 0)
        error = net_connect(net, controller, &events, sw, &sw->stream);
    if (error != 0)
        pending_close(&sw->pending);
    return error;
}

void eswitch_close(struct eswitch *sw)
{
    if (sw->stream != NULL)
        stream_close(sw->stream);
    sw->stream = NULL;
    pending_close(&sw->pending);
}
