/*
 * fabric.c - emulated switches, cables and hosts; see fabric.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/fabric.h"
#include "openflow/action.h"
#include "openflow/frame.h"
#include "openflow/validate.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS_MAX   4096
#define FRAME_MAX   128
#define FLIGHTS_MAX 200000 /* more is a network that melts */

struct fabric fabric;

void fabric_fail(const char *format, ...)
{
    va_list args;
    if (fabric.failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(fabric.failure, sizeof fabric.failure, format, args);
    va_end(args);
    loop_stop(0);
}

static void *need(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

/* --- Frames ---------------------------------------------------------------------------------- */

static void host_mac(const struct fabric_host *h, uint8_t mac[6])
{
    const uint8_t bytes[6] = {
        2, 0, 0, (uint8_t)(h->number >> 16), (uint8_t)(h->number >> 8), (uint8_t)h->number};
    memcpy(mac, bytes, sizeof bytes);
}

struct fabric_frame fabric_frame_of(const struct fabric_host *from, const struct fabric_host *to)
{
    struct fabric_frame f = {.type = be16_of(FABRIC_TYPE), .serial = be64_of(fabric.serial)};
    host_mac(from, f.src);
    if (to != NULL)
        host_mac(to, f.dst);
    else
        memset(f.dst, 0xff, sizeof f.dst);
    return f;
}

/* --- Tables ---------------------------------------------------------------------------------- */

static bool send_message(struct fabric_switch *sw, const struct ofp_msg *msg)
{
    struct buf out;
    if (sw->stream == NULL)
        return false;
    out = buf_of(stream_reserve(sw->stream, STREAM_RESERVE_MAX), STREAM_RESERVE_MAX);
    if (out.data == NULL || !ofp_encode(&out, msg))
        return false;
    stream_commit(sw->stream, out.len);
    return true;
}

/* An entry has left the table. */
static void flow_gone(void *user, const struct ref_entry *e, uint8_t reason)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
    if (reason > OFPRR_DELETE || (e->flags & OFPFF_SEND_FLOW_REM) == 0)
        return;
    msg.flow_removed = (struct ofp_msg_flow_removed){
        .match = &e->key.match,
        .cookie = e->cookie,
        .priority = e->priority,
        .reason = reason,
        .duration_sec = (uint32_t)((loop_now() - e->created) / NS_PER_S),
        .idle_timeout = e->idle_timeout,
    };
    send_message(user, &msg);
}

/* Section 3.4: exact entries come first, then the highest priority. */
struct ref_entry *fabric_lookup(const struct fabric_switch *sw, const struct ofp_key *key)
{
    struct ref_entry *best = NULL;
    for (size_t i = 0; i < sw->table.n; i++) {
        struct ref_entry *e = &sw->table.entry[i];
        if (ofp_key_matches(key, &e->key, &e->mask) &&
            (best == NULL || (e->exact && !best->exact) ||
             (e->exact == best->exact && e->priority > best->priority)))
            best = e;
    }
    return best;
}

/* --- Cables ---------------------------------------------------------------------------------- */

bool fabric_port_up(const struct fabric_switch *sw, uint16_t no)
{
    const struct fabric_cable *c = sw->port[no].cable;
    return c != NULL && !sw->off && c->state != CABLE_DOWN && !c->a->off &&
           (c->b == NULL || !c->b->off);
}

static void describe_port(const struct fabric_switch *sw, uint16_t no, struct ofp_phy_port *desc)
{
    *desc = (struct ofp_phy_port){.port_no = be16_of(no)};
    desc->hw_addr[0] = 2;
    desc->hw_addr[1] = 1;
    desc->hw_addr[5] = (uint8_t)no;
    desc->config = be32_of(sw->port[no].closed ? OFPPC_NO_FLOOD : 0);
    desc->state = be32_of(fabric_port_up(sw, no) ? 0 : OFPPS_LINK_DOWN);
}

static void tell_port(struct fabric_switch *sw, uint16_t no, uint8_t reason)
{
    struct ofp_phy_port desc;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS};
    if (!sw->ready)
        return;
    describe_port(sw, no, &desc);
    msg.port_status = (struct ofp_msg_port_status){.reason = reason, .desc = &desc};
    send_message(sw, &msg);
}

struct flight {
    struct list link; /* in flights */
    struct timer timer;
    struct fabric_switch *to;
    uint16_t port;
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

static void receive(struct fabric_switch *sw, uint16_t port, struct span frame);

static struct list flights = {&flights, &flights};

static void flight_free(struct flight *f)
{
    fabric.flights--;
    list_remove(&f->link);
    timer_cancel(&f->timer);
    free(f);
}

static void on_arrival(void *user)
{
    struct flight *f = user;
    if (fabric_port_up(f->to, f->port) && fabric.failure[0] == '\0')
        receive(f->to, f->port, span_of(f->bytes, f->len));
    flight_free(f);
}

static void fly(struct fabric_switch *to, uint16_t port, struct span frame)
{
    struct flight *f = need(malloc(sizeof *f));
    *f = (struct flight){.to = to, .port = port, .len = frame.len};
    memcpy(f->bytes, frame.data, frame.len);
    timer_init(&f->timer, on_arrival, f);
    list_append(&flights, &f->link);
    if (++fabric.flights > FLIGHTS_MAX)
        fabric_fail("the network melts: %u frames on their way", FLIGHTS_MAX);
    loop_timer_arm(&f->timer, loop_now() + sim_random(2 * NS_PER_MS));
}

static void host_gets(struct fabric_host *h, struct span frame)
{
    struct fabric_frame f;
    uint8_t mac[6];
    memcpy(&f, frame.data, frame.len < sizeof f ? frame.len : sizeof f);
    host_mac(h, mac);
    if (be16_get(f.type) == FABRIC_TYPE && be64_get(f.serial) == fabric.watched &&
        (f.dst[0] == 0xff || memcmp(f.dst, mac, sizeof mac) == 0))
        h->got++;
}

static void transmit(struct fabric_switch *sw, uint16_t no, struct span frame)
{
    struct fabric_port *p = no <= sw->n_ports ? &sw->port[no] : NULL;
    struct fabric_cable *c = p != NULL ? p->cable : NULL;
    fabric.frames++;
    if (c == NULL || !fabric_port_up(sw, no) || !fabric_sends(c, sw, no))
        return;
    if (p->host != NULL)
        host_gets(p->host, frame);
    else if (c->b == sw && c->b_port == no)
        fly(c->a, c->a_port, frame);
    else if (c->b != NULL)
        fly(c->b, c->b_port, frame);
}

/* --- What a switch does with a frame --------------------------------------------------------- */

static void packet_in(struct fabric_switch *sw, uint16_t port, struct span frame, uint8_t reason)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    if (!sw->ready)
        return;
    fabric.packet_ins++;
    msg.packet_in = (struct ofp_msg_packet_in){.buffer_id = OFP_NO_BUFFER,
                                               .total_len = (uint16_t)frame.len,
                                               .in_port = port,
                                               .reason = reason,
                                               .data = frame};
    send_message(sw, &msg);
}

static void output(struct fabric_switch *sw, uint16_t to, uint16_t in_port, struct span frame)
{
    if (to == OFPP_CONTROLLER)
        packet_in(sw, in_port, frame, OFPR_ACTION);
    else if (to == OFPP_FLOOD) {
        for (uint16_t no = 1; no <= sw->n_ports; no++)
            if (no != in_port && !sw->port[no].closed)
                transmit(sw, no, frame);
    } else if (to <= OFPP_MAX) {
        if (to != in_port)
            transmit(sw, to, frame);
    } else
        fabric_fail("an output to port %u", to);
}

static void execute(struct fabric_switch *sw, struct span actions, uint16_t in_port,
                    struct span frame)
{
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL)
        if (be16_get(a->type) == OFPAT_OUTPUT)
            output(sw, be16_get(((const struct ofp_action_output *)a)->port), in_port, frame);
        else
            fabric_fail("an action of type %u", be16_get(a->type));
}

static void receive(struct fabric_switch *sw, uint16_t port, struct span frame)
{
    struct ofp_key key;
    struct ref_entry *e;
    ofp_key_extract(&key, frame, port);
    ref_expire(&sw->table, loop_now());
    e = fabric_lookup(sw, &key);
    if (e == NULL) {
        packet_in(sw, port, frame, OFPR_NO_MATCH);
        return;
    }
    e->used = loop_now();
    e->packets++;
    execute(sw, span_of(e->actions, e->actions_len), port, frame);
}

/* --- The session ----------------------------------------------------------------------------- */

static void answer_features(struct fabric_switch *sw, uint32_t xid)
{
    struct ofp_phy_port ports[FABRIC_PORTS];
    struct ofp_msg msg = {.type = OFPT_FEATURES_REPLY, .xid = xid};
    for (uint16_t no = 1; no <= sw->n_ports; no++)
        describe_port(sw, no, &ports[no - 1]);
    msg.features = (struct ofp_msg_features){.datapath_id = sw->dpid,
                                             .n_tables = 1,
                                             .actions = 1 << OFPAT_OUTPUT,
                                             .ports = span_of(ports, sw->n_ports * sizeof *ports)};
    sw->ready = send_message(sw, &msg);
}

static void on_port_mod(struct fabric_switch *sw, const struct ofp_msg_port_mod *mod)
{
    struct ofp_phy_port desc;
    uint16_t no = mod->port_no;
    fabric.port_mods++;
    if (no < 1 || no > sw->n_ports) {
        fabric_fail("a port-mod of port %u", no);
        return;
    }
    describe_port(sw, no, &desc);
    if (memcmp(desc.hw_addr, mod->hw_addr, sizeof desc.hw_addr) != 0 || mod->mask != OFPPC_NO_FLOOD)
        fabric_fail("a port-mod of another address, or of more than NO_FLOOD");
    sw->port[no].closed = (mod->config & OFPPC_NO_FLOOD) != 0;
    sw->taken |= !sw->port[no].closed;
    if (fabric.strict && !sw->port[no].closed && fabric_has_loop())
        fabric_fail("port %u of datapath %u was opened too early", no, (unsigned)sw->dpid);
}

static void on_packet_out(struct fabric_switch *sw, const struct ofp_msg_packet_out *out)
{
    if (out->buffer_id != OFP_NO_BUFFER)
        fabric_fail("a packet-out of a buffer");
    if (out->data.len > FRAME_MAX)
        fabric_fail("a packet-out of %zu bytes", out->data.len);
    execute(sw, out->actions, out->in_port, out->data);
}

static void on_flow_mod(struct fabric_switch *sw, const struct ofp_msg_flow_mod *mod)
{
    fabric.flow_mods++;
    ref_expire(&sw->table, loop_now());
    if (ref_flow_mod(&sw->table, mod, loop_now()) >= 0)
        fabric_fail("datapath %u refused a flow-mod", (unsigned)sw->dpid);
}

static void answer(struct fabric_switch *sw, const struct ofp_msg *request, uint8_t type)
{
    struct ofp_msg msg = {.type = type, .xid = request->xid};
    if (type == OFPT_ECHO_REPLY)
        msg.data = request->data;
    if (type == OFPT_STATS_REPLY) {
        msg.stats.type = request->stats.type;
        msg.stats.aggregate = (struct ofp_msg_aggregate){.flow_count = (uint32_t)sw->table.n};
    }
    send_message(sw, &msg);
}

static void on_message(struct fabric_switch *sw, struct span bytes)
{
    struct ofp_fault fault;
    struct ofp_msg msg;
    if (!ofp_validate(bytes, OFP_AT_SWITCH, &fault)) {
        fabric_fail("the controller sent a bad message");
        return;
    }
    ofp_decode(&msg, bytes);
    switch (msg.type) {
    case OFPT_HELLO:
    case OFPT_SET_CONFIG:
        break;
    case OFPT_FEATURES_REQUEST:
        answer_features(sw, msg.xid);
        break;
    case OFPT_ECHO_REQUEST:
        answer(sw, &msg, OFPT_ECHO_REPLY);
        break;
    case OFPT_BARRIER_REQUEST:
        sw->taken = true;
        answer(sw, &msg, OFPT_BARRIER_REPLY);
        break;
    case OFPT_STATS_REQUEST:
        answer(sw, &msg, OFPT_STATS_REPLY);
        break;
    case OFPT_PACKET_OUT:
        on_packet_out(sw, &msg.packet_out);
        break;
    case OFPT_FLOW_MOD:
        on_flow_mod(sw, &msg.flow_mod);
        break;
    case OFPT_PORT_MOD:
        on_port_mod(sw, &msg.port_mod);
        break;
    default:
        fabric_fail("a message of type %u", msg.type);
    }
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct fabric_switch *sw = user;
    struct span rest = span_of(bytes, n);
    long length;
    while (sw->stream != NULL && (length = ofp_frame(rest)) > 0)
        on_message(sw, span_of(span_take(&rest, (size_t)length), (size_t)length));
    return n - rest.len;
}

static void call_later(struct fabric_switch *sw)
{
    sw->stream = NULL;
    sw->ready = sw->taken = false;
    if (!sw->off)
        loop_timer_arm(&sw->again, loop_now() + (1 + sim_random(100)) * NS_PER_MS);
}

static void on_closed(void *user, int error)
{
    (void)error;
    call_later(user);
}

static void on_opened(void *user)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    send_message(user, &hello);
}

static const struct stream_events events = {
    .opened = on_opened, .data = on_data, .closed = on_closed};

static void on_again(void *user)
{
    struct fabric_switch *sw = user;
    struct endpoint to;
    endpoint_parse(&to, "tcp:controller", OFP_TCP_PORT);
    if (net_connect(sim_net(), &to, &events, sw, &sw->stream) != 0)
        call_later(sw);
}

static void hang_up(struct fabric_switch *sw)
{
    if (sw->stream != NULL)
        stream_abort(sw->stream);
    timer_cancel(&sw->again);
    sw->stream = NULL;
    sw->ready = sw->taken = false;
}

/* --- Building -------------------------------------------------------------------------------- */

void fabric_begin(void)
{
    fabric = (struct fabric){0};
}

void fabric_end(void)
{
    while (!list_empty(&flights))
        flight_free(container_of(flights.next, struct flight, link));
    for (size_t i = 0; i < fabric.n_sw; i++) {
        struct fabric_switch *sw = fabric.sw[i];
        hang_up(sw);
        for (uint16_t no = 1; no <= sw->n_ports; no++)
            if (sw->port[no].host != NULL)
                free(sw->port[no].cable);
        free(sw->table.entry);
        free(sw);
    }
    for (size_t i = 0; i < fabric.n_cables; i++)
        free(fabric.cable[i]);
    for (size_t i = 0; i < fabric.n_hosts; i++)
        free(fabric.host[i]);
    free(fabric.sw);
    free(fabric.cable);
    free(fabric.host);
}

struct fabric_switch *fabric_add_switch(uint64_t dpid)
{
    struct fabric_switch *sw = need(calloc(1, sizeof *sw));
    *sw = (struct fabric_switch){.dpid = dpid};
    sw->table = (struct ref_table){.max = FLOWS_MAX, .gone = flow_gone, .user = sw};
    sw->table.entry = need(calloc(FLOWS_MAX, sizeof *sw->table.entry));
    timer_init(&sw->again, on_again, sw);
    loop_timer_arm(&sw->again, loop_now() + sim_random(NS_PER_S));
    fabric.sw = need(realloc(fabric.sw, (fabric.n_sw + 1) * sizeof(*fabric.sw)));
    fabric.sw[fabric.n_sw++] = sw;
    return sw;
}

static uint16_t plug(struct fabric_switch *sw, struct fabric_cable *c, struct fabric_host *h)
{
    uint16_t no = ++sw->n_ports;
    if (no > FABRIC_PORTS)
        abort();
    sw->port[no] = (struct fabric_port){.cable = c, .host = h};
    return no;
}

struct fabric_cable *fabric_add_cable(struct fabric_switch *a, struct fabric_switch *b)
{
    struct fabric_cable *c = need(calloc(1, sizeof *c));
    *c = (struct fabric_cable){.a = a, .b = b};
    c->a_port = plug(a, c, NULL);
    c->b_port = plug(b, c, NULL);
    fabric.cable = need(realloc(fabric.cable, (fabric.n_cables + 1) * sizeof(*fabric.cable)));
    fabric.cable[fabric.n_cables++] = c;
    return c;
}

static void plug_host(struct fabric_host *h, struct fabric_switch *at)
{
    struct fabric_cable *c = need(calloc(1, sizeof *c));
    *c = (struct fabric_cable){.a = at};
    h->at = at;
    h->port = c->a_port = plug(at, c, h);
}

struct fabric_host *fabric_add_host(struct fabric_switch *at)
{
    struct fabric_host *h = need(calloc(1, sizeof *h));
    h->number = (uint32_t)fabric.n_hosts + 1;
    plug_host(h, at);
    fabric.host = need(realloc(fabric.host, (fabric.n_hosts + 1) * sizeof(*fabric.host)));
    fabric.host[fabric.n_hosts++] = h;
    return h;
}

/* --- Mishaps --------------------------------------------------------------------------------- */

void fabric_set_cable(struct fabric_cable *c, enum cable_state state)
{
    bool was_up = c->state != CABLE_DOWN;
    c->state = state;
    if (was_up == (state != CABLE_DOWN))
        return;
    if (fabric.strict && fabric_has_loop())
        fabric_fail("a cable that is plugged in makes a loop at once");
    tell_port(c->a, c->a_port, OFPPR_MODIFY);
    if (c->b != NULL)
        tell_port(c->b, c->b_port, OFPPR_MODIFY);
}

static void forget_all(struct fabric_switch *sw)
{
    sw->table.n = 0;
    for (uint16_t no = 1; no <= sw->n_ports; no++)
        sw->port[no].closed = false;
}

void fabric_set_power(struct fabric_switch *sw, bool on, bool remembers)
{
    sw->off = !on;
    if (on && !remembers)
        forget_all(sw);
    hang_up(sw);
    if (on)
        call_later(sw);
    for (size_t i = 0; i < fabric.n_cables; i++) {
        struct fabric_cable *c = fabric.cable[i];
        if (c->a == sw && c->b != sw)
            tell_port(c->b, c->b_port, OFPPR_MODIFY);
        if (c->b == sw && c->a != sw)
            tell_port(c->a, c->a_port, OFPPR_MODIFY);
    }
}

void fabric_cut_session(struct fabric_switch *sw)
{
    hang_up(sw);
    call_later(sw);
}

void fabric_move_host(struct fabric_host *h, struct fabric_switch *to, bool silent)
{
    struct fabric_switch *from = h->at;
    uint16_t port = h->port;
    fabric_set_cable(from->port[port].cable, silent ? CABLE_SILENT : CABLE_DOWN);
    plug_host(h, to);
    h->moved = true;
    tell_port(to, h->port, OFPPR_ADD);
}

void fabric_send(struct fabric_host *from, const struct fabric_host *to)
{
    struct fabric_frame f;
    fabric.watched = ++fabric.serial;
    for (size_t i = 0; i < fabric.n_hosts; i++)
        fabric.host[i]->got = 0;
    f = fabric_frame_of(from, to);
    if (fabric_port_up(from->at, from->port))
        fly(from->at, from->port, span_of(&f, sizeof f));
}
