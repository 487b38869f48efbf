/*
 * fake_switch.c - see fake_switch.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_switch.h"
#include "controller/session.h"
#include "openflow/frame.h"
#include "runtime/log.h"
#include "runtime/sim/sim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The world ------------------------------------------------------------------------------- */

static void no_log(void *user, enum log_level level, const char *line)
{
    (void)user;
    if (getenv("TEST_LOG") != NULL)
        fprintf(stderr, "%d %s\n", (int)level, line);
}

struct ctl *fake_world(const struct ctl_config *config)
{
    static const struct sim_faults kind;
    struct ctl_config defaults;
    struct ctl *ctl;

    sim_start(1, &kind);
    ck_assert_int_eq(loop_open(), 0);
    log_set_sink(no_log, NULL);
    ctl_defaults(&defaults);
    ctl = ctl_new(config != NULL ? config : &defaults);
    ck_assert_ptr_nonnull(ctl);
    memset(&ctl_counters, 0, sizeof ctl_counters);
    memset(&heard, 0, sizeof heard);
    return ctl;
}

void fake_world_end(struct ctl *ctl)
{
    ctl_free(ctl);
    fake_settle();
    ck_assert_uint_eq(ctl_counters.sessions_opened, ctl_counters.sessions_ended);
    ck_assert_uint_eq(heard.joins, heard.leaves);
    loop_close();
    stream_pool_free();
}

void fake_wait(uint64_t ns)
{
    sim_run(loop_now() + ns);
}

void fake_settle(void)
{
    fake_wait(NS_PER_MS);
}

/* --- The switch's end ------------------------------------------------------------------------ */

static size_t fake_data(void *user, const uint8_t *bytes, size_t n)
{
    struct fake_switch *sw = user;
    if (sw->len + n > sw->cap) {
        sw->cap = (sw->len + n) * 2;
        sw->in = realloc(sw->in, sw->cap);
        ck_assert_ptr_nonnull(sw->in);
    }
    memcpy(sw->in + sw->len, bytes, n);
    sw->len += n;
    return n;
}

static void fake_closed(void *user, int error)
{
    struct fake_switch *sw = user;
    sw->stream = NULL;
    sw->error = error;
}

static const struct stream_events fake_events = {.data = fake_data, .closed = fake_closed};

struct fake_switch *fake_adopt(struct stream *s)
{
    struct fake_switch *sw = calloc(1, sizeof *sw);
    ck_assert_ptr_nonnull(sw);
    sw->stream = s;
    stream_own(s, &fake_events, sw);
    return sw;
}

struct fake_switch *fake_new(struct ctl *ctl)
{
    struct fake_switch *sw;
    struct stream *ends[2];

    ck_assert_int_eq(stream_pair(ends), 0);
    sw = fake_adopt(ends[0]);
    ctl_attach(ctl, ends[1]);
    fake_settle();
    return sw;
}

void fake_free(struct fake_switch *sw)
{
    if (sw->stream != NULL)
        stream_close(sw->stream);
    fake_settle();
    free(sw->in);
    free(sw);
}

void fake_port(struct ofp_phy_port *port, uint16_t port_no, uint32_t config, uint32_t state)
{
    memset(port, 0, sizeof *port);
    port->port_no = be16_of(port_no);
    port->hw_addr[5] = (uint8_t)port_no;
    snprintf(port->name, sizeof port->name, "eth%u", port_no);
    port->config = be32_of(config);
    port->state = be32_of(state);
}

void fake_join(struct fake_switch *sw, uint64_t dpid, unsigned n_ports)
{
    struct ofp_msg hello = {.type = OFPT_HELLO}, features = {.type = OFPT_FEATURES_REPLY};
    struct ofp_phy_port *ports = calloc(n_ports + 1, sizeof *ports);

    fake_settle();
    fake_expect(sw, OFPT_HELLO);
    fake_send(sw, &hello);
    features.xid = fake_expect(sw, OFPT_FEATURES_REQUEST).xid;
    fake_expect(sw, OFPT_SET_CONFIG);
    for (unsigned i = 0; i < n_ports; i++)
        fake_port(&ports[i], (uint16_t)(i + 1), 0, 0);
    features.features = (struct ofp_msg_features){
        .datapath_id = dpid, .n_tables = 1, .ports = span_of(ports, n_ports * sizeof *ports)};
    fake_send(sw, &features);
    free(ports);
}

struct fake_switch *fake_joined(struct ctl *ctl, uint64_t dpid, unsigned n_ports)
{
    struct fake_switch *sw = fake_new(ctl);
    fake_join(sw, dpid, n_ports);
    return sw;
}

/* --- Sending --------------------------------------------------------------------------------- */

void fake_send_bytes(struct fake_switch *sw, const void *bytes, size_t n)
{
    ck_assert_ptr_nonnull(sw->stream);
    ck_assert_int_eq(stream_write(sw->stream, bytes, n), 0);
    fake_settle();
}

void fake_send(struct fake_switch *sw, const struct ofp_msg *msg)
{
    static uint8_t area[OFP_MAX_MESSAGE];
    struct buf out = buf_of(area, sizeof area);
    ck_assert(ofp_encode(&out, msg));
    fake_send_bytes(sw, area, out.len);
}

static void put_mac(uint8_t *mac, uint64_t n)
{
    for (int i = 0; i < OFP_ETH_ALEN; i++)
        mac[i] = (uint8_t)(n >> (40 - 8 * i));
}

size_t fake_packet_in_bytes(uint8_t *area, struct fake_packet packet)
{
    static const uint8_t local_experiment[2] = {0x88, 0xb5};
    uint8_t frame[64] = {0};
    struct buf out = buf_of(area, 128);
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    size_t n = 12;

    put_mac(frame, packet.dst);
    put_mac(frame + 6, packet.src);
    if (packet.vlan != 0) {
        const uint8_t tag[4] = {0x81, 0x00, (uint8_t)(packet.vlan >> 8), (uint8_t)packet.vlan};
        memcpy(frame + n, tag, sizeof tag);
        n += sizeof tag;
    }
    memcpy(frame + n, local_experiment, sizeof local_experiment);
    msg.packet_in = (struct ofp_msg_packet_in){
        .buffer_id = packet.buffered ? FAKE_BUFFER : OFP_NO_BUFFER,
        .total_len = sizeof frame,
        .in_port = packet.in_port,
        .data = span_of(frame, sizeof frame),
    };
    ck_assert(ofp_encode(&out, &msg));
    return out.len;
}

void fake_packet_in(struct fake_switch *sw, struct fake_packet packet)
{
    uint8_t area[128];
    size_t n = fake_packet_in_bytes(area, packet);
    fake_send_bytes(sw, area, n);
}

/* --- Looking at what came -------------------------------------------------------------------- */

struct span fake_expect_bytes(struct fake_switch *sw, uint8_t type)
{
    struct span rest = span_of(sw->in + sw->seen, sw->len - sw->seen);
    struct ofp_fault fault;
    long n = ofp_frame(rest);

    ck_assert_msg(n > 0, "nothing came, expected %s", ofp_type_name(type));
    rest.len = (size_t)n;
    ck_assert_msg(rest.data[1] == type, "%s came, expected %s", ofp_type_name(rest.data[1]),
                  ofp_type_name(type));
    ck_assert(type == OFPT_ERROR || ofp_validate(rest, OFP_AT_SWITCH, &fault));
    sw->seen += rest.len;
    return rest;
}

struct ofp_msg fake_expect(struct fake_switch *sw, uint8_t type)
{
    struct ofp_msg msg;
    ofp_decode(&msg, fake_expect_bytes(sw, type));
    return msg;
}

void fake_expect_nothing(struct fake_switch *sw)
{
    ck_assert_msg(sw->seen == sw->len, "%s came, expected nothing",
                  ofp_type_name(sw->in[sw->seen + 1]));
}

void fake_forget(struct fake_switch *sw)
{
    sw->seen = sw->len = 0;
}

/* --- The listening app ----------------------------------------------------------------------- */

struct heard heard;

static void note(struct ctl_dp *dp, char letter)
{
    size_t n = strlen(heard.order);
    if (n < sizeof heard.order - 1)
        heard.order[n] = letter;
    heard.dp = dp;
}

static void listener_join(void *self, struct ctl_dp *dp)
{
    (void)self;
    heard.joins++;
    note(dp, 'J');
    if (heard.on_join != NULL)
        heard.on_join(dp);
}

static void listener_leave(void *self, struct ctl_dp *dp)
{
    (void)self;
    heard.leaves++;
    note(dp, 'L');
}

static bool listener_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    (void)self;
    heard.packets++;
    heard.packet = *packet->in;
    heard.key = packet->key;
    note(dp, 'P');
    if (heard.on_packet != NULL)
        heard.on_packet(dp, packet);
    return heard.consumes;
}

static void listener_flow_removed(void *self, struct ctl_dp *dp,
                                  const struct ofp_msg_flow_removed *removed)
{
    (void)self;
    (void)removed;
    heard.removals++;
    note(dp, 'R');
}

static void listener_port_status(void *self, struct ctl_dp *dp,
                                 const struct ofp_msg_port_status *status)
{
    (void)self;
    (void)status;
    heard.ports++;
    note(dp, 'S');
}

static void listener_error(void *self, struct ctl_dp *dp, uint32_t xid,
                           const struct ofp_msg_error *error)
{
    (void)self;
    (void)error;
    heard.errors++;
    heard.error_xid = xid;
    note(dp, 'E');
}

const struct ctl_app_type listener_app = {
    .name = "listener",
    .help = "writes down what it hears",
    .join = listener_join,
    .leave = listener_leave,
    .packet_in = listener_packet_in,
    .flow_removed = listener_flow_removed,
    .port_status = listener_port_status,
    .error = listener_error,
};
