/*
 * switch_world.h - a whole switch in virtual time: hosts on simulated links, the datapath between
 * them, its agent, and a controller that says what the test tells it to.
 *
 * What the switch says goes to the controller, not to the lab (dp_lab.h), whose hosts and frames
 * are used as they are. Flows are written as for ovs-ofctl.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_SWITCH_WORLD_H
#define MORGANA_TEST_UNIT_SWITCH_WORLD_H

#include "runtime/log.h"
#include "runtime/stream.h"
#include "switch/agent.h"
#include "test/unit/dp_lab.h"
#include "test/unit/fake_peer.h"
#include "test/unit/flow_text.h"
#include "test/unit/patient.h"
#include "test/unit/unit.h"

#define H(n) (1u << (n)) /* host n, for lab_got() */

static struct agent *agent;
static struct fake_peer *controller;

/* A controller comes and says hello. */
static inline void controller_comes(void)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    struct stream *ends[2];
    ck_assert_int_eq(stream_pair(ends), 0);
    controller = fake_adopt(ends[0], OFP_AT_CONTROLLER);
    ck_assert_int_eq(agent_attach(agent, ends[1]), 0);
    fake_settle();
    fake_expect(controller, OFPT_HELLO);
    fake_send(controller, &hello);
    fake_expect_nothing(controller);
}

/* ... and goes. */
static inline void controller_goes(void)
{
    fake_free(controller);
    controller = NULL;
}

static inline void world_say_nothing(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

/* NULL: the defaults, with dpid 1. */
static inline void world_begin_with(const struct dp_config *config)
{
    struct agent_config agent_config;
    log_set_sink(world_say_nothing, NULL);
    lab_begin(config, 0);
    patient_defaults(&agent_config);
    agent = agent_new(&agent_config, lab.dp);
    ck_assert_ptr_nonnull(agent);
    controller_comes();
}

static inline void world_begin(void)
{
    world_begin_with(NULL);
}

static inline void world_end(void)
{
    if (controller != NULL)
        controller_goes();
    agent_free(agent);
    lab_rest();
    lab_end();
}

/* Everything sent so far is done, and the switch has said nothing but that. */
static inline void expect_done(void)
{
    const struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST, .xid = 0x0ddba11};
    fake_send(controller, &barrier);
    ck_assert_uint_eq(fake_expect(controller, OFPT_BARRIER_REPLY).xid, barrier.xid);
    fake_expect_nothing(controller);
}

/* The switch's next message is this error, about the message with this xid. */
static inline void expect_refused(uint32_t xid, uint16_t type, uint16_t code)
{
    struct ofp_msg error = fake_expect(controller, OFPT_ERROR);
    ck_assert_uint_eq(error.xid, xid);
    ck_assert_msg(error.error.type == type && error.error.code == code,
                  "error %u %u, expected %u %u", error.error.type, error.error.code, type, code);
}

#define FLOW_XID 4711

static inline void send_flow(uint16_t command, const char *text)
{
    struct flow_text f;
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = FLOW_XID};
    flow_text_read(&f, command, text);
    msg.flow_mod = f.mod;
    fake_send(controller, &msg);
}

/* A flow-mod that is done, and one that gets this error. */
static inline void flow(uint16_t command, const char *text)
{
    send_flow(command, text);
    expect_done();
}

static inline void flow_refused(uint16_t command, const char *text, uint16_t type, uint16_t code)
{
    send_flow(command, text);
    expect_refused(FLOW_XID, type, code);
    expect_done();
}

/* Statistics about all flows of a table; the reply is one message. */
static inline struct ofp_msg ask_flows(uint16_t stats, uint8_t table_id)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .xid = 99};
    msg.stats.type = stats;
    msg.stats.flow =
        (struct ofp_msg_flow_request){.match = &any, .table_id = table_id, .out_port = OFPP_NONE};
    fake_send(controller, &msg);
    return fake_expect(controller, OFPT_STATS_REPLY);
}

static inline uint32_t count_flows(uint8_t table_id)
{
    return ask_flows(OFPST_AGGREGATE, table_id).stats.aggregate.flow_count;
}

/* The one entry of the table. */
static inline const struct ofp_flow_stats *only_flow(void)
{
    struct ofp_msg reply = ask_flows(OFPST_FLOW, OFP_TABLE_ALL);
    struct span entries = reply.stats.entries, actions;
    const struct ofp_flow_stats *entry = ofp_next_flow_stats(&entries, &actions);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entries.len, 0);
    return entry;
}

/* Host 1 sends a frame that no flow matches; the buffer that the controller hears of. */
static inline uint32_t missed(const struct frame *f)
{
    struct ofp_msg in;
    lab_send(1, f);
    lab_rest();
    in = fake_expect(controller, OFPT_PACKET_IN);
    ck_assert_uint_eq(in.packet_in.reason, OFPR_NO_MATCH);
    ck_assert_uint_ne(in.packet_in.buffer_id, OFP_NO_BUFFER);
    return in.packet_in.buffer_id;
}

/* Run `tests`, each in its own process, with the world begun and ended around it. */
static inline int world_main(const char *name, const TTest *const *tests)
{
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 600);
    tcase_add_checked_fixture(c, world_begin, world_end);
    for (; *tests != NULL; tests++)
        tcase_add_test(c, *tests);
    return unit_main(s);
}

#endif
