/*
 * emulated.c - the emulated switch's session: what it says, what it is owed, how it misbehaves.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/frame.h"
#include "openflow/validate.h"
#include "test/sim/emulated.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* About: the hosts' and the switch's own doings. One that does not read talks all the more. */
#define ACT_EVERY (200 * NS_PER_MS)

static const struct stream_events emulated_events;

/* --- Debts: what the controller owes this session -------------------------------------------- */

static struct debt *add_debt(struct emulated *e, enum debt_kind kind, uint32_t id)
{
    for (struct debt *d = e->debts; d < e->debts + DEBTS_MAX; d++)
        if (d->kind == DEBT_NONE) {
            *d = (struct debt){.kind = kind, .id = id};
            return d;
        }
    return NULL;
}

static struct debt *find_debt(struct emulated *e, enum debt_kind kind, uint32_t id)
{
    for (struct debt *d = e->debts; d < e->debts + DEBTS_MAX; d++)
        if (d->kind == kind && d->id == id)
            return d;
    return NULL;
}

/* An answer to something of this kind has come. */
static void settle(struct emulated *e, enum debt_kind kind, uint32_t id)
{
    struct debt *d = find_debt(e, kind, id);
    if (world_expect(d != NULL, "switch %u: an answer of kind %d to 0x%x, which asked nothing",
                     e->number, kind, id))
        d->kind = DEBT_NONE;
}

/* --- Sending --------------------------------------------------------------------------------- */

#define MESSAGE_MAX STREAM_RESERVE_MAX

bool emulated_send(struct emulated *e, const struct ofp_msg *msg)
{
    struct buf out;
    bool sent;
    if (e->stream == NULL || e->dead)
        return false;
    out = buf_of(stream_reserve(e->stream, MESSAGE_MAX), MESSAGE_MAX);
    if (out.data == NULL)
        return false;
    sent = ofp_encode(&out, msg);
    assert(sent);
    stream_commit(e->stream, out.len);
    return true;
}

static void send_error(struct emulated *e, uint16_t type, uint16_t code, struct span request)
{
    struct ofp_msg msg = {.type = OFPT_ERROR};
    msg.xid = be32_get(((const struct ofp_header *)request.data)->xid);
    msg.error = (struct ofp_msg_error){.type = type, .code = code, .data = request};
    emulated_send(e, &msg);
}

void emulated_packet_in(struct emulated *e, struct span frame, uint16_t in_port, uint64_t serial)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    struct debt *d;
    if (!e->ready || (d = add_debt(e, DEBT_PACKET_IN, (uint32_t)serial)) == NULL)
        return;
    msg.packet_in = (struct ofp_msg_packet_in){.buffer_id = e->buffers ? d->id : OFP_NO_BUFFER,
                                               .total_len = (uint16_t)frame.len,
                                               .in_port = in_port,
                                               .data = frame};
    if (e->buffers && frame.len > e->miss_send_len)
        msg.packet_in.data.len = e->miss_send_len;
    if (world_mishap(20)) /* some switches count what they cut off, or a tag */
        msg.packet_in.total_len = (uint16_t)(frame.len + 4);
    d->serial = serial;
    d->in_port = in_port;
    d->len = frame.len;
    bytes_copy(d->frame, frame.data, frame.len);
    e->packet_ins++;
    if (!emulated_send(e, &msg))
        d->kind = DEBT_NONE;
}

static void send_echo(struct emulated *e)
{
    struct ofp_msg msg = {.type = OFPT_ECHO_REQUEST, .xid = e->xid++};
    msg.data = span_of(&msg.xid, sizeof msg.xid);
    if (add_debt(e, DEBT_ECHO, msg.xid) && !emulated_send(e, &msg))
        settle(e, DEBT_ECHO, msg.xid);
}

/* A message that cannot be: the controller must answer with an error, and go on. */
static void send_nonsense(struct emulated *e)
{
    struct ofp_header bad = {.version = OFP_VERSION,
                             .type = (uint8_t)(OFPT_N_TYPES + sim_random(100)),
                             .length = be16_of(sizeof bad),
                             .xid = be32_of(e->xid++)};
    if (!e->dead && add_debt(e, DEBT_ERROR, be32_get(bad.xid)) &&
        stream_write(e->stream, &bad, sizeof bad) != 0)
        settle(e, DEBT_ERROR, be32_get(bad.xid));
}

/* --- Answers --------------------------------------------------------------------------------- */

static void answer_features(struct emulated *e, const struct ofp_msg *request)
{
    struct ofp_phy_port ports[HOSTS_MAX];
    struct ofp_msg msg = {.type = OFPT_FEATURES_REPLY, .xid = request->xid};
    for (size_t i = 0; i < e->n_hosts; i++)
        pipeline_port(e, (uint16_t)(i + 1), &ports[i]);
    msg.features = (struct ofp_msg_features){.datapath_id = e->dpid,
                                             .n_buffers = e->buffers ? DEBTS_MAX : 0,
                                             .n_tables = 1,
                                             .actions = 1 << OFPAT_OUTPUT,
                                             .ports = span_of(ports, e->n_hosts * sizeof *ports)};
    e->ready = emulated_send(e, &msg);
}

/* All entries, in parts of odd sizes; some have none. */
static void answer_flow_stats(struct emulated *e, const struct ofp_msg *request)
{
    enum { PART_MAX = 700 };
    static struct ofp_flow_stats part[PART_MAX];
    struct ofp_msg msg = *request;
    uint32_t sent = 0;
    bool more = true;
    msg.type = OFPT_STATS_REPLY;
    while (more) {
        uint32_t n = (uint32_t)sim_random(PART_MAX + 1);
        if (n > e->entries - sent)
            n = e->entries - sent;
        for (uint32_t i = 0; i < n; i++)
            part[i] = (struct ofp_flow_stats){.length = be16_of(sizeof *part),
                                              .cookie = be64_of(sent + i)};
        sent += n;
        more = sent < e->entries;
        msg.stats.flags = more ? OFPSF_REPLY_MORE : 0;
        msg.stats.entries = span_of(part, n * sizeof *part);
        if (!emulated_send(e, &msg))
            more = false; /* the controller reads too slowly: the request will time out */
    }
}

static void answer_stats(struct emulated *e, const struct ofp_msg *request, struct span bytes)
{
    static const struct ofp_desc_stats desc = {.mfr_desc = "emulated"};
    struct ofp_port_stats ports[HOSTS_MAX] = {0};
    struct ofp_msg msg = *request;
    msg.type = OFPT_STATS_REPLY;
    switch (request->stats.type) {
    case OFPST_DESC:
        msg.stats.desc = &desc;
        break;
    case OFPST_FLOW:
        answer_flow_stats(e, request);
        return;
    case OFPST_AGGREGATE:
        msg.stats.aggregate = (struct ofp_msg_aggregate){.flow_count = e->entries};
        break;
    case OFPST_PORT:
        msg.stats.entries = span_of(ports, e->n_hosts * sizeof *ports);
        break;
    default:
        send_error(e, OFPET_BAD_REQUEST, OFPBRC_BAD_STAT, bytes);
        return;
    }
    emulated_send(e, &msg);
}

/* A message with the same xid and no body. */
static void answer_plain(struct emulated *e, const struct ofp_msg *request, uint8_t type)
{
    struct ofp_msg msg = {.type = type, .xid = request->xid};
    if (type == OFPT_ECHO_REPLY)
        msg.data = request->data;
    if (type == OFPT_GET_CONFIG_REPLY)
        msg.config.miss_send_len = e->miss_send_len;
    if (type == OFPT_QUEUE_GET_CONFIG_REPLY)
        msg.queue_config.port = request->queue_config.port;
    emulated_send(e, &msg);
}

/* --- What the controller orders --------------------------------------------------------------- */

/* The self-test's breakage: to behave, once, as if an answer had not come. */
static bool swallow(void)
{
    if (world.breakage != BREAK_DROP_ANSWER || world.broken || world.part != PEACE)
        return false;
    return world.broken = true;
}

/* Send the packet of a packet-in on its way. */
static void release(struct emulated *e, uint32_t buffer_id, struct span actions)
{
    struct debt *d = find_debt(e, DEBT_PACKET_IN, buffer_id), packet;
    if (!world_expect(d != NULL, "switch %u: buffer 0x%x holds nothing", e->number, buffer_id) ||
        swallow())
        return;
    packet = *d;
    d->kind = DEBT_NONE;
    pipeline_execute(e, actions, span_of(packet.frame, packet.len), packet.in_port);
}

static void on_packet_out(struct emulated *e, const struct ofp_msg_packet_out *out)
{
    be64 serial;
    uint32_t id = out->buffer_id;
    if (id == OFP_NO_BUFFER) {
        if (!world_expect(!e->buffers && out->data.len >= 22, "switch %u: an odd packet-out",
                          e->number))
            return;
        bytes_copy(&serial, out->data.data + 14, sizeof serial);
        id = (uint32_t)be64_get(serial);
    }
    release(e, id, out->actions);
}

/* A flow without actions answers the oldest packet that it matches, though no packet-out follows.
 */
static void drop_packet(struct emulated *e, const struct ofp_msg_flow_mod *mod)
{
    struct debt *oldest = NULL;
    for (struct debt *d = e->debts; d < e->debts + DEBTS_MAX; d++) {
        struct ofp_key key;
        if (d->kind != DEBT_PACKET_IN || (oldest != NULL && oldest->serial < d->serial))
            continue;
        ofp_key_extract(&key, span_of(d->frame, d->len), d->in_port);
        if (bytes_equal(&key.match, mod->match, sizeof key))
            oldest = d;
    }
    if (world_expect(oldest != NULL, "switch %u: a flow that drops packets which it did not send",
                     e->number))
        oldest->kind = DEBT_NONE;
}

static void on_flow_mod(struct emulated *e, const struct ofp_msg_flow_mod *mod, struct span bytes)
{
    if (!pipeline_flow_mod(e, mod))
        send_error(e, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL, bytes);
    if (mod->command != OFPFC_ADD)
        return;
    if (mod->buffer_id != OFP_NO_BUFFER)
        release(e, mod->buffer_id, mod->actions);
    else if (mod->actions.len == 0)
        drop_packet(e, mod);
}

static void on_message(struct emulated *e, struct span bytes)
{
    struct ofp_fault fault;
    struct ofp_msg msg;
    if (!world_expect(ofp_validate(bytes, OFP_AT_SWITCH, &fault),
                      "switch %u: the controller sent a bad message", e->number))
        return;
    ofp_decode(&msg, bytes);
    switch (msg.type) {
    case OFPT_HELLO:
        break;
    case OFPT_ERROR:
        settle(e, DEBT_ERROR, msg.xid);
        break;
    case OFPT_ECHO_REPLY:
        settle(e, DEBT_ECHO, msg.xid);
        break;
    case OFPT_ECHO_REQUEST:
        answer_plain(e, &msg, OFPT_ECHO_REPLY);
        break;
    case OFPT_FEATURES_REQUEST:
        answer_features(e, &msg);
        break;
    case OFPT_SET_CONFIG:
        e->miss_send_len = msg.config.miss_send_len;
        break;
    case OFPT_GET_CONFIG_REQUEST:
        answer_plain(e, &msg, OFPT_GET_CONFIG_REPLY);
        break;
    case OFPT_BARRIER_REQUEST:
        answer_plain(e, &msg, OFPT_BARRIER_REPLY);
        break;
    case OFPT_QUEUE_GET_CONFIG_REQUEST:
        answer_plain(e, &msg, OFPT_QUEUE_GET_CONFIG_REPLY);
        break;
    case OFPT_STATS_REQUEST:
        answer_stats(e, &msg, bytes);
        break;
    case OFPT_PACKET_OUT:
        on_packet_out(e, &msg.packet_out);
        break;
    case OFPT_FLOW_MOD:
        on_flow_mod(e, &msg.flow_mod, bytes);
        break;
    default:
        world_fail("switch %u: a message of type %u", e->number, msg.type);
    }
}

/* --- The session's life ----------------------------------------------------------------------- */

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct emulated *e = user;
    struct span rest = span_of(bytes, n);
    long length;
    while (e->stream && (length = ofp_frame(rest)) != 0) {
        if (!world_expect(length > 0, "switch %u: the controller's framing is broken", e->number))
            return n;
        on_message(e, span_of(span_take(&rest, (size_t)length), (size_t)length));
    }
    return n - rest.len;
}

/* Another session, some time from now. */
static void again_later(struct emulated *e)
{
    if (e->way != EMULATED_CALLED && (!e->twin || world.part == ROUGH))
        loop_timer_arm(&e->again, loop_now() + (50 + sim_random(2000)) * NS_PER_MS);
}

static void session_over(struct emulated *e)
{
    e->stream = NULL;
    e->ready = e->stalled = e->dead = false;
    memset(e->debts, 0, sizeof e->debts);
    timer_cancel(&e->stall);
    again_later(e);
}

static void on_closed(void *user, int error)
{
    (void)error;
    session_over(user);
}

static void on_opened(void *user)
{
    struct emulated *e = user;
    struct ofp_msg hello = {.type = OFPT_HELLO, .xid = e->xid++};
    e->mute = world_mishap(20);
    if (!e->mute)
        emulated_send(e, &hello);
}

static const struct stream_events emulated_events = {
    .opened = on_opened, .data = on_data, .closed = on_closed};

static void hang_up(struct emulated *e)
{
    struct stream *s = e->stream;
    if (s == NULL)
        return;
    session_over(e);
    if (sim_random(2) == 0)
        stream_close(s);
    else
        stream_abort(s);
}

static void begin_session(struct emulated *e, struct stream *s)
{
    e->stream = s;
    e->sessions++;
    e->miss_send_len = OFP_DEFAULT_MISS_SEND_LEN;
    e->drops_before = ctl_counters.tx_dropped;
}

static void on_accept(void *user, struct stream *s)
{
    struct emulated *e = user;
    hang_up(e); /* the controller calls again: the old connection is dead */
    begin_session(e, s);
    stream_own(s, &emulated_events, e);
    on_opened(e);
}

static void call(struct emulated *e)
{
    struct endpoint to;
    struct stream *s;
    endpoint_parse(&to, "tcp:controller", OFP_TCP_PORT);
    if (net_connect(sim_net(), &to, &emulated_events, e, &s) == 0)
        begin_session(e, s);
}

static void join_inside(struct emulated *e)
{
    struct stream *ends[2];
    if (stream_pair(ends) != 0)
        return;
    begin_session(e, ends[0]);
    stream_own(ends[0], &emulated_events, e);
    ctl_attach(world.ctl, ends[1]);
    on_opened(e);
}

static void on_again(void *user)
{
    struct emulated *e = user;
    if (e->way == EMULATED_INSIDE)
        join_inside(e);
    else
        call(e);
}

/* --- Misbehaviour ---------------------------------------------------------------------------- */

static void on_stall_over(void *user)
{
    struct emulated *e = user;
    stream_pause(e->stream, false);
}

/* Stop reading for a while, or reading and talking for longer than the controller should bear. */
static void stall(struct emulated *e)
{
    uint64_t limit = world.config.echo_limit;
    if (e->stalled)
        return;
    e->stalled = true;
    e->dead = sim_random(2) == 0;
    stream_pause(e->stream, true);
    loop_timer_arm(&e->stall, loop_now() + (e->dead ? 3 * limit : sim_random(limit)));
}

static void send_port_status(struct emulated *e, uint16_t port_no)
{
    struct ofp_phy_port port;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS, .xid = e->xid++};
    pipeline_port(e, port_no, &port);
    msg.port_status = (struct ofp_msg_port_status){.reason = OFPPR_MODIFY, .desc = &port};
    if (e->ready)
        emulated_send(e, &msg);
}

void emulated_flap(struct emulated *e, uint16_t port_no)
{
    e->port_down[port_no] = !e->port_down[port_no];
    send_port_status(e, port_no);
}

/* Two hosts change places, and say so. */
static void move_hosts(struct emulated *e)
{
    size_t a = sim_random(e->n_hosts), b = sim_random(e->n_hosts);
    pipeline_swap(e, a, b);
    pipeline_send(e, a, e->n_hosts);
    pipeline_send(e, b, e->n_hosts);
}

static void act(struct emulated *e)
{
    uint64_t r = sim_random(1000);
    if (r < 850)
        pipeline_send(e, sim_random(e->n_hosts), sim_random(e->n_hosts + 2));
    else if (r < 880)
        emulated_flap(e, (uint16_t)(1 + sim_random(e->n_hosts)));
    else if (r < 910)
        move_hosts(e);
    else if (e->stream == NULL || !e->ready)
        return;
    else if (r < 960)
        send_echo(e);
    else if (r < 980)
        send_nonsense(e);
    else if (r < 990)
        stall(e);
    else
        hang_up(e);
}

static void on_act(void *user)
{
    struct emulated *e = user;
    if (world.part != ROUGH)
        return;
    act(e);
    loop_timer_arm(&e->act,
                   loop_now() + 1 + sim_random(e->stalled ? ACT_EVERY / 10 : 2 * ACT_EVERY));
}

/* --- Beginning, rest, end -------------------------------------------------------------------- */

static void listen_for_controller(struct emulated *e)
{
    struct endpoint at = {.kind = ENDPOINT_TCP, .passive = true, .port = OFP_TCP_PORT};
    char name[ENDPOINT_NAME_MAX];
    snprintf(at.host, sizeof at.host, "switch%u", e->number);
    net_listen(sim_net(), &at, on_accept, e, &e->listener);
    at.passive = false;
    ctl_serve(world.ctl, sim_net(), endpoint_print(&at, name, sizeof name), NULL);
}

struct emulated *emulated_new(uint64_t dpid, enum emulated_way way)
{
    struct emulated *e = calloc(1, sizeof *e);
    if (e == NULL)
        abort();
    e->dpid = dpid;
    e->way = way;
    e->number = (uint32_t)world.n_emulated;
    e->buffers = sim_random(3) > 0;
    e->entries = (uint32_t)(sim_random(8) == 0 ? 700 + sim_random(1500) : sim_random(20));
    timer_init(&e->again, on_again, e);
    timer_init(&e->act, on_act, e);
    timer_init(&e->stall, on_stall_over, e);
    pipeline_init(e);
    if (way == EMULATED_CALLED)
        listen_for_controller(e);
    else
        on_again(e);
    loop_timer_arm(&e->act, loop_now() + sim_random(ACT_EVERY));
    world.emulated[world.n_emulated++] = e;
    return e;
}

void emulated_calm(struct emulated *e)
{
    for (uint16_t port = 1; port <= e->n_hosts; port++)
        if (e->port_down[port])
            emulated_flap(e, port);
    if (e->twin) {
        hang_up(e);
        timer_cancel(&e->again);
    } else if (e->stream && timer_armed(&e->stall)) {
        if (!e->dead)
            loop_timer_arm(&e->stall, loop_now());
    }
}

void emulated_forgive(struct emulated *e)
{
    if (ctl_counters.tx_dropped != e->drops_before)
        memset(e->debts, 0, sizeof e->debts);
    e->drops_before = ctl_counters.tx_dropped;
}

void emulated_check_rest(const struct emulated *e)
{
    if (e->twin) {
        world_expect(e->stream == NULL, "switch %u: a twin that is still there", e->number);
        return;
    }
    if (!world_expect(e->stream && e->ready, "switch %u has not come back", e->number))
        return;
    world_expect(!e->dead, "switch %u: did not read for long, yet was not dropped", e->number);
    for (const struct debt *d = e->debts; d < e->debts + DEBTS_MAX; d++)
        world_expect(d->kind == DEBT_NONE, "switch %u: no answer of kind %d to 0x%x", e->number,
                     d->kind, d->id);
}

void emulated_free(struct emulated *e)
{
    timer_cancel(&e->act);
    hang_up(e);
    timer_cancel(&e->again);
    net_listener_close(e->listener);
    free(e);
}
