/*
 * fake_switch.c - see fake_switch.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_switch.h"
#include "controller/session.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The world ------------------------------------------------------------------------------- */

struct ctl *fake_world(const struct ctl_config *config)
{
    struct ctl_config defaults;
    struct ctl *ctl;

    fake_begin();
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
    fake_end();
}

/* --- The switch's end ------------------------------------------------------------------------ */

struct fake_peer *fake_new(struct ctl *ctl)
{
    struct fake_peer *sw;
    struct stream *ends[2];

    ck_assert_int_eq(stream_pair(ends), 0);
    sw = fake_adopt(ends[0], OFP_AT_SWITCH);
    ctl_attach(ctl, ends[1]);
    fake_settle();
    return sw;
}

void fake_join(struct fake_peer *sw, uint64_t dpid, unsigned n_ports)
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

struct fake_peer *fake_joined(struct ctl *ctl, uint64_t dpid, unsigned n_ports)
{
    struct fake_peer *sw = fake_new(ctl);
    fake_join(sw, dpid, n_ports);
    return sw;
}

void fake_say_flows(struct fake_peer *sw, uint32_t flows)
{
    struct ofp_msg reply = fake_expect(sw, OFPT_STATS_REQUEST);
    ck_assert_uint_eq(reply.stats.type, OFPST_AGGREGATE);
    reply.type = OFPT_STATS_REPLY;
    reply.stats.aggregate = (struct ofp_msg_aggregate){.flow_count = flows};
    fake_send(sw, &reply);
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

void fake_packet_in(struct fake_peer *sw, struct fake_packet packet)
{
    uint8_t area[128];
    size_t n = fake_packet_in_bytes(area, packet);
    fake_send_bytes(sw, area, n);
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
