/*
 * agent_world.h - what the tests of the agent share: a fake datapath, an agent, scripted
 * controllers.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_AGENT_WORLD_H
#define MORGANA_TEST_UNIT_AGENT_WORLD_H

#include "switch/connection.h"
#include "test/unit/fake_dp.h"
#include "test/unit/fake_peer.h"
#include "test/unit/patient.h"
#include "test/unit/unit.h"

#include <string.h>

static struct dp *dp;
static struct agent *agent;

/* NULL: the patient defaults. */
static inline void world_begin_with(const struct agent_config *config)
{
    struct agent_config defaults;
    fake_begin();
    patient_defaults(&defaults);
    dp = fake_dp_new(4);
    agent = agent_new(config != NULL ? config : &defaults, dp);
    ck_assert_ptr_nonnull(agent);
    memset(&agent_counters, 0, sizeof agent_counters);
}

static inline void world_begin(void)
{
    world_begin_with(NULL);
}

static inline void world_end(void)
{
    agent_free(agent);
    ck_assert_ptr_null(dp->listener.packet_in);
    dp_free(dp);
    fake_end();
    ck_assert_uint_eq(agent_counters.connections_opened, agent_counters.connections_ended);
}

/* A controller in the same process, whose stream has just been opened. */
static inline struct fake_peer *controller_new(void)
{
    struct stream *ends[2];
    struct fake_peer *peer;
    ck_assert_int_eq(stream_pair(ends), 0);
    peer = fake_adopt(ends[0], OFP_AT_CONTROLLER);
    agent_attach(agent, ends[1]);
    fake_settle();
    return peer;
}

static inline void say_hello(struct fake_peer *peer)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO, .xid = 1};
    fake_settle();
    fake_expect(peer, OFPT_HELLO);
    fake_send(peer, &hello);
    fake_expect_nothing(peer);
}

/* ... that has said hello. */
static inline struct fake_peer *controller(void)
{
    struct fake_peer *peer = controller_new();
    say_hello(peer);
    return peer;
}

/* Send a message without a body, or a request for these statistics. */
static inline void ask(struct fake_peer *peer, uint8_t type, uint32_t xid)
{
    const struct ofp_msg msg = {.type = type, .xid = xid};
    fake_send(peer, &msg);
}

static inline void set_config(struct fake_peer *peer, uint16_t flags, uint16_t miss_send_len)
{
    const struct ofp_msg msg = {.type = OFPT_SET_CONFIG, .config = {flags, miss_send_len}};
    fake_send(peer, &msg);
}

/* Ask for a role, and get it. */
static inline void take_role(struct fake_peer *peer, uint32_t role)
{
    const be32 body[2] = {be32_of(NXT_ROLE_REQUEST), be32_of(role)};
    const struct ofp_msg msg = {
        .type = OFPT_VENDOR, .xid = 7, .vendor = {NX_VENDOR_ID, span_of(body, sizeof body)}};
    struct ofp_msg reply;
    const be32 *answer;
    fake_send(peer, &msg);
    reply = fake_expect(peer, OFPT_VENDOR);
    answer = (const void *)reply.vendor.body.data;
    ck_assert_uint_eq(reply.xid, 7);
    ck_assert_uint_eq(reply.vendor.vendor, NX_VENDOR_ID);
    ck_assert_uint_eq(reply.vendor.body.len, sizeof body);
    ck_assert_uint_eq(be32_get(answer[0]), NXT_ROLE_REPLY);
    ck_assert_uint_eq(be32_get(answer[1]), role);
}

/* The next message is this error, with this xid. */
static inline void expect_error(struct fake_peer *peer, uint32_t xid, uint16_t type, uint16_t code)
{
    struct ofp_msg msg = fake_expect(peer, OFPT_ERROR);
    ck_assert_uint_eq(msg.xid, xid);
    ck_assert_uint_eq(msg.error.type, type);
    ck_assert_uint_eq(msg.error.code, code);
}

/* Alive, in step, and nothing else was said. */
static inline void expect_alive(struct fake_peer *peer)
{
    ask(peer, OFPT_BARRIER_REQUEST, 0x0ddba11);
    ck_assert_uint_eq(fake_expect(peer, OFPT_BARRIER_REPLY).xid, 0x0ddba11);
    fake_expect_nothing(peer);
}

/* Run `tests`, each in its own process, with the world begun and ended around it. */
static inline int world_main(const char *name, const TTest *const *tests, void (*begin)(void))
{
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 600);
    tcase_add_checked_fixture(c, begin, world_end);
    for (; *tests != NULL; tests++)
        tcase_add_test(c, *tests);
    return unit_main(s);
}

#endif
