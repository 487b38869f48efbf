/*
 * test_one_process.c - controller, agent and datapath in one process, joined without a socket:
 * hosts on simulated links talk through them, and go on alone when the controller has gone.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/session.h"
#include "runtime/stream.h"
#include "switch/connection.h"
#include "switch/table.h"
#include "test/unit/dp_lab.h"
#include "test/unit/unit.h"

#define H(n) (1u << (n))

static struct ctl *ctl;
static struct agent *agent;

/* The controller, with one app, and a stream to it. */
static void begin_controller(const struct ctl_app_type *app)
{
    struct ctl_config config;
    struct stream *ends[2];
    ctl_defaults(&config);
    ctl = ctl_new(&config);
    ck_assert_int_eq(ctl_add_app(ctl, app), 0);
    ck_assert_int_eq(stream_pair(ends), 0);
    ck_assert_int_eq(ctl_attach(ctl, ends[0]), 0);
    ck_assert_int_eq(agent_attach(agent, ends[1]), 0);
    lab_pass(NS_PER_S);
}

static void begin(const struct ctl_app_type *app)
{
    struct agent_config config;
    lab_begin(NULL, 0);
    memset(&ctl_counters, 0, sizeof ctl_counters);
    memset(&agent_counters, 0, sizeof agent_counters);
    agent_defaults(&config);
    config.fail_mode = AGENT_STANDALONE;
    agent = agent_new(&config, lab.dp);
    ck_assert_ptr_nonnull(agent);
    begin_controller(app);
}

static void end(void)
{
    agent_free(agent);
    ctl_free(ctl);
    lab_end();
}

static uint32_t flows(void)
{
    struct table_stats stats;
    table_get_stats(dp_table(lab.dp), &stats);
    return stats.active;
}

START_TEST(hosts_talk_under_the_learning_app)
{
    struct frame there = frame_between(1, 2, HDR_IP_UDP), back = frame_between(2, 1, HDR_IP_UDP);
    begin(&learning_app);
    lab_send(1, &there);
    ck_assert(lab_got(H(2) | H(3) | H(4), &there));
    lab_send(2, &back);
    ck_assert(lab_got(H(1), &back));
    lab_send(1, &there);
    ck_assert(lab_got(H(2), &there));
    ck_assert_uint_eq(flows(), 2);
    lab_send(1, &there);
    ck_assert(lab_got(H(2), &there));
    lab_pass(400 * NS_PER_S);
    ck_assert_uint_eq(flows(), 0);
    end();
}
END_TEST

START_TEST(a_hub_floods)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    begin(&hub_app);
    for (int i = 0; i < 3; i++) {
        lab_send(4, &f);
        ck_assert(lab_got(H(1) | H(2) | H(3), &f));
    }
    end();
}
END_TEST

START_TEST(without_its_controller_the_switch_learns_by_itself)
{
    struct frame there = frame_between(1, 2, HDR_IP_UDP), back = frame_between(2, 1, HDR_IP_UDP);
    begin(&learning_app);
    ctl_free(ctl);
    lab_pass(NS_PER_S);
    lab_send(1, &there);
    ck_assert(lab_got(H(2) | H(3) | H(4), &there));
    lab_send(2, &back);
    ck_assert(lab_got(H(1), &back));
    ck_assert_uint_eq(flows(), 0);
    begin_controller(&learning_app);
    lab_send(2, &back);
    lab_rest();
    lab_quiet();
    lab_send(1, &there);
    ck_assert(lab_got(H(2), &there));
    ck_assert_uint_eq(flows(), 1);
    end();
}
END_TEST

/* Ask for descriptions (1068 bytes each) until no more goes out. */
static uint64_t asked;

static bool ask_for_all(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    const struct ofp_msg request = {.type = OFPT_STATS_REQUEST, .stats = {.type = OFPST_DESC}};
    (void)self;
    (void)packet;
    while (ctl_send(dp, &request) == 0)
        asked++;
    return true;
}

static const struct ctl_app_type greedy_app = {.name = "greedy", .packet_in = ask_for_all};

START_TEST(controller_and_switch_whose_outputs_are_both_full_do_not_wait_for_each_other)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    uint64_t then;
    asked = 0;
    begin(&greedy_app);
    then = loop_now();
    for (int i = 0; i < 3; i++) {
        lab_send(1, &f);
        lab_pass(NS_PER_MS);
    }
    ck_assert_uint_ge(ctl_counters.tx_dropped, 1);
    ck_assert_uint_ge(agent_counters.paused, 1);
    lab_pass(NS_PER_S);
    ck_assert_uint_eq(ctl_counters.rx[OFPT_STATS_REPLY], asked);
    ck_assert_uint_le(loop_now() - then, 2 * NS_PER_S);
    ck_assert_uint_eq(ctl_counters.silent, 0);
    ck_assert_uint_eq(ctl_counters.sessions_ended, 0);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hosts_talk_under_the_learning_app,
        a_hub_floods,
        without_its_controller_the_switch_learns_by_itself,
        controller_and_switch_whose_outputs_are_both_full_do_not_wait_for_each_other,
        NULL,
    };
    return unit_main(unit_suite("one_process", tests));
}
