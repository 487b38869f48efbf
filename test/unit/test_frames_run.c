/*
 * test_frames_run.c - whole runs of morgana-bench's switch side in virtual time: frames over a link
 * whose every fault is known (tools/bench/frames.h), flow-mods into a switch whose every sin is
 * (tools/bench/flow_mods.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/frame.h"
#include "openflow/match.h"
#include "openflow/msg.h"
#include "openflow/validate.h"
#include "runtime/netdev.h"
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include "tools/bench/flow_mods.h"
#include "tools/bench/frames.h"
#include <errno.h>
#include <string.h>

/* --- Frames ---------------------------------------------------------------------------------- */

#define DELAY (1 << 17) /* ns: of those that a link knows */

/* The link's two ends are the devices: a switch that is a wire. */
static const struct frames_config frames_defaults = {
    .from = "link:wire",
    .to = "link:wire",
    .flows = 4,
    .pairs = 2,
    .frame = 60,
    .rate = 10000,
    .duration = 100 * NS_PER_MS,
    .connect_time = NS_PER_S,
    .lost_after = 50 * NS_PER_MS,
};

static struct frames_result result, trials[32];
static unsigned n_trials;

static void on_trial(const struct frames_result *r)
{
    ck_assert_uint_lt(n_trials, 32);
    trials[n_trials++] = *r;
}

static int run_frames(const struct frames_config *config, const struct sim_link_config *wire)
{
    int error;
    n_trials = 0;
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    if (wire)
        sim_link_configure("wire", wire);
    error = frames_run(config, &result, on_trial);
    loop_close();
    return error;
}

START_TEST(over_a_perfect_wire_all_frames_come_in_order_and_on_time)
{
    ck_assert_int_eq(run_frames(&frames_defaults,
                                &(struct sim_link_config){.delay_min = DELAY, .delay_max = DELAY}),
                     0);
    ck_assert_uint_eq(n_trials, 1);
    ck_assert_uint_ge(result.sent, 900); /* 10000/s for 100 ms, within the wheel's tick */
    ck_assert_uint_le(result.sent, 1001);
    ck_assert_uint_eq(result.received, result.sent);
    ck_assert_uint_eq(result.lost + result.reordered + result.foreign + result.missed, 0);
    ck_assert_uint_eq(result.not_sent, 0);
    ck_assert_uint_eq(result.latency.max, DELAY);
    ck_assert_uint_eq(result.latency.sum, result.received * DELAY);
    ck_assert(result.good);
}
END_TEST

START_TEST(what_the_wire_loses_is_lost)
{
    struct frames_config c = frames_defaults;
    c.loss = 200000;
    ck_assert_int_eq(run_frames(&c, &(struct sim_link_config){.lose_per_million = 100000}), 0);
    ck_assert_uint_eq(result.lost, result.sent - result.received);
    ck_assert_uint_gt(result.lost, result.sent / 20);
    ck_assert_uint_lt(result.lost, result.sent / 5);
    ck_assert_uint_eq(result.reordered, 0);
    ck_assert(result.good); /* a fifth may be lost */
    c.loss = 1000;
    ck_assert_int_eq(run_frames(&c, &(struct sim_link_config){.lose_per_million = 100000}), 0);
    ck_assert(!result.good);
}
END_TEST

START_TEST(what_the_wire_reorders_is_out_of_order_and_not_lost)
{
    ck_assert_int_eq(
        run_frames(&frames_defaults, &(struct sim_link_config){.reorder_per_million = 100000}), 0);
    ck_assert_uint_eq(result.lost, 0);
    ck_assert_uint_gt(result.reordered, 0);
    ck_assert_uint_lt(result.reordered, result.sent / 2);
}
END_TEST

START_TEST(frames_that_are_late_by_the_limit_are_lost_and_none_of_the_next_trial)
{
    struct frames_config c = frames_defaults;
    c.warmup = c.duration; /* whose frames come in the trial that counts */
    c.lost_after = NS_PER_MS;
    ck_assert_int_eq(run_frames(&c, &(struct sim_link_config){.delay_min = 60 * NS_PER_MS,
                                                              .delay_max = 60 * NS_PER_MS}),
                     0);
    ck_assert_uint_gt(result.lost, result.sent / 2);
    ck_assert_uint_gt(result.foreign, result.sent / 2);
    ck_assert_uint_eq(result.received + result.lost, result.sent);
}
END_TEST

START_TEST(the_warm_up_does_not_count)
{
    struct frames_config c = frames_defaults;
    c.warmup = c.duration;
    ck_assert_int_eq(run_frames(&c, NULL), 0);
    ck_assert_uint_eq(n_trials, 1);
    ck_assert_uint_le(result.sent, 1001);
}
END_TEST

START_TEST(as_fast_as_can_be_is_a_batch_each_time_that_the_loop_comes_round)
{
    struct frames_config c = frames_defaults;
    c.rate = 0;
    ck_assert_int_eq(run_frames(&c, NULL), 0);
    ck_assert_uint_gt(result.sent, 10 * NETDEV_BATCH);
    ck_assert_uint_eq(result.sent % NETDEV_BATCH, 0);
    ck_assert_uint_eq(result.lost, 0);
}
END_TEST

START_TEST(a_search_over_a_perfect_wire_is_one_trial_and_over_a_bad_one_finds_nothing)
{
    struct frames_config c = frames_defaults;
    c.search = true;
    c.rate = 0;
    ck_assert_int_eq(run_frames(&c, NULL), 0);
    ck_assert_uint_eq(n_trials, 1);
    ck_assert(result.good);
    c.duration = 20 * NS_PER_MS;
    ck_assert_int_eq(run_frames(&c, &(struct sim_link_config){.lose_per_million = 1000000}), 0);
    ck_assert_uint_gt(n_trials, 5);
    ck_assert(!result.good);
}
END_TEST

START_TEST(a_device_that_is_none_or_never_up_is_an_error)
{
    struct frames_config c = frames_defaults;
    c.to = "nothing:at-all";
    ck_assert_int_eq(run_frames(&c, NULL), -EINVAL);
    c.to = "link:other"; /* each link then has one end only: it is down */
    ck_assert_int_eq(run_frames(&c, NULL), -ENETDOWN);
}
END_TEST

static void pull(void *user)
{
    (void)user;
    sim_link_plug("wire", false);
}

START_TEST(a_device_that_goes_away_ends_the_run_with_an_error)
{
    struct timer t;
    n_trials = 0;
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    timer_init(&t, pull, NULL);
    loop_timer_arm(&t, 50 * NS_PER_MS);
    ck_assert_int_eq(frames_run(&frames_defaults, &result, on_trial), -ENODEV);
    ck_assert_uint_eq(n_trials, 0);
    loop_close();
}
END_TEST

/* --- Flow-mods ------------------------------------------------------------------------------- */

#define FLOWS 100

/* A switch that counts what it is told. */
static struct {
    struct stream *stream;
    bool silent, refuses,
        old; /* no reply to barriers; an error for each flow-mod; another version */
    unsigned added, modified, deleted, barriers, others;
    uint32_t highest;
} sw;

static struct flow_mods_result mods;

static void send_msg(const struct ofp_msg *msg)
{
    size_t room = ofp_encoded_bound(msg);
    struct buf out = buf_of(stream_reserve(sw.stream, room), room);
    ck_assert_ptr_nonnull(out.data);
    ck_assert(ofp_encode(&out, msg));
    stream_commit(sw.stream, out.len);
}

static void take_flow_mod(const struct ofp_msg *msg)
{
    const struct ofp_msg_flow_mod *mod = &msg->flow_mod;
    sw.added += mod->command == OFPFC_ADD;
    sw.modified += mod->command == OFPFC_MODIFY_STRICT;
    sw.deleted += mod->command == OFPFC_DELETE_STRICT;
    if (be32_get(mod->match->nw_src) > sw.highest)
        sw.highest = be32_get(mod->match->nw_src);
    if (sw.refuses)
        send_msg(&(struct ofp_msg){
            .type = OFPT_ERROR, .xid = msg->xid, .error = {.type = OFPET_FLOW_MOD_FAILED}});
}

static void take_message(struct span bytes)
{
    struct ofp_fault fault;
    struct ofp_msg msg;
    ck_assert(ofp_validate(bytes, OFP_AT_SWITCH, &fault));
    ofp_decode(&msg, bytes);
    if (msg.type == OFPT_FLOW_MOD) {
        take_flow_mod(&msg);
    } else if (msg.type == OFPT_BARRIER_REQUEST) {
        sw.barriers++;
        send_msg(&(struct ofp_msg){.type = OFPT_ECHO_REQUEST, .xid = 5}); /* it may ask as well */
        if (!sw.silent)
            send_msg(&(struct ofp_msg){.type = OFPT_BARRIER_REPLY, .xid = msg.xid});
    } else {
        sw.others += msg.type == OFPT_ECHO_REPLY && msg.xid == 5;
    }
}

static size_t sw_data(void *user, const uint8_t *bytes, size_t n)
{
    struct span rest = span_of(bytes, n);
    long len;
    (void)user;
    while ((len = ofp_frame(rest)) > 0) {
        take_message(span_of(rest.data, (size_t)len));
        span_take(&rest, (size_t)len);
    }
    return n - rest.len;
}

static void sw_closed(void *user, int error)
{
    (void)user;
    (void)error;
    sw.stream = NULL;
}

static void sw_hello(void *user)
{
    static const uint8_t none[8] = {0, OFPT_HELLO, 0, 8};
    (void)user;
    if (sw.old)
        ck_assert_int_eq(stream_write(sw.stream, none, sizeof none), 0);
    else
        send_msg(&(struct ofp_msg){.type = OFPT_HELLO});
}

static const struct stream_events sw_events = {
    .opened = sw_hello, .data = sw_data, .closed = sw_closed};

static void sw_accept(void *user, struct stream *s)
{
    (void)user;
    sw.stream = s;
    stream_own(s, &sw_events, NULL);
    sw_hello(NULL);
}

static void world_begin(void)
{
    memset(&sw, 0, sizeof sw);
    sim_start(1,
              &(struct sim_faults){.delay_min = 10000, .delay_max = 1000000, .split_per_1000 = 99});
    ck_assert_int_eq(loop_open(), 0);
}

static int run_mods(const char *name)
{
    const struct flow_mods_config config = {.name = name,
                                            .flows = FLOWS,
                                            .duration = 30 * NS_PER_MS,
                                            .warmup = 10 * NS_PER_MS,
                                            .connect_time = NS_PER_S,
                                            .lost_after = 100 * NS_PER_MS};
    return flow_mods_run(&config, sim_net(), &mods);
}

/* Against a switch that listens. */
static int run_called(void)
{
    struct listener *listener;
    struct endpoint at;
    int error;
    ck_assert_int_eq(endpoint_parse(&at, "ptcp:6654:sw", 0), 0);
    ck_assert_int_eq(net_listen(sim_net(), &at, sw_accept, NULL, &listener), 0);
    error = run_mods("tcp:sw:6654");
    net_listener_close(listener);
    if (sw.stream)
        stream_abort(sw.stream);
    loop_close();
    return error;
}

static void expect_whole_rounds(void)
{
    ck_assert_uint_gt(mods.rounds, 0);
    for (int i = 0; i < FLOW_MODS_N; i++) {
        ck_assert_uint_eq(mods.volley[i].messages, mods.rounds * FLOWS);
        ck_assert_uint_gt(mods.volley[i].time, 0);
    }
    ck_assert_uint_eq(sw.added, sw.modified);
    ck_assert_uint_eq(sw.added, sw.deleted);
    ck_assert_uint_ge(sw.added, mods.rounds * FLOWS); /* and those of the warm-up */
    ck_assert_uint_eq(sw.barriers * FLOWS, 3 * sw.added);
    ck_assert(!mods.early);
}

START_TEST(each_round_adds_modifies_and_deletes_every_flow_behind_a_barrier_each)
{
    world_begin();
    ck_assert_int_eq(run_called(), 0);
    expect_whole_rounds();
    ck_assert_uint_eq(mods.errors, 0);
    ck_assert_uint_eq(sw.highest & 0xffff, FLOWS - 1);
    ck_assert_uint_ge(sw.others + 1, sw.barriers); /* echoes were answered */
}
END_TEST

static void dial(void *user)
{
    struct endpoint to;
    (void)user;
    ck_assert_int_eq(endpoint_parse(&to, "tcp:bench:6653", 0), 0);
    ck_assert_int_eq(net_connect(sim_net(), &to, &sw_events, NULL, &sw.stream), 0);
}

START_TEST(a_switch_that_calls_is_measured_as_well)
{
    struct timer t;
    world_begin();
    timer_init(&t, dial, NULL);
    loop_timer_arm(&t, NS_PER_MS);
    ck_assert_int_eq(run_mods("ptcp:6653:bench"), 0);
    expect_whole_rounds();
    if (sw.stream)
        stream_abort(sw.stream);
    loop_close();
}
END_TEST

START_TEST(errors_of_the_switch_are_counted)
{
    world_begin();
    sw.refuses = true;
    ck_assert_int_eq(run_called(), 0);
    ck_assert_uint_ge(mods.errors, mods.rounds * 3 * FLOWS);
}
END_TEST

START_TEST(a_barrier_without_a_reply_ends_the_run)
{
    world_begin();
    sw.silent = true;
    ck_assert_int_eq(run_called(), -EPROTO);
    ck_assert(mods.early);
    ck_assert_uint_eq(mods.rounds, 0);
    ck_assert_uint_eq(sw.barriers, 1);
}
END_TEST

START_TEST(a_switch_of_another_version_or_none_at_all_is_an_error)
{
    world_begin();
    sw.old = true;
    ck_assert_int_eq(run_called(), -EPROTO);
    ck_assert_uint_eq(sw.added, 0);
    world_begin();
    ck_assert_int_eq(run_mods("tcp:nobody:6654"), -EPROTO);
    loop_close();
    world_begin();
    ck_assert_int_eq(run_mods("ptcp:6653:bench"), -EPROTO); /* nobody calls */
    ck_assert_int_eq(run_mods("nonsense"), -EINVAL);
    loop_close();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        over_a_perfect_wire_all_frames_come_in_order_and_on_time,
        what_the_wire_loses_is_lost,
        what_the_wire_reorders_is_out_of_order_and_not_lost,
        frames_that_are_late_by_the_limit_are_lost_and_none_of_the_next_trial,
        the_warm_up_does_not_count,
        as_fast_as_can_be_is_a_batch_each_time_that_the_loop_comes_round,
        a_search_over_a_perfect_wire_is_one_trial_and_over_a_bad_one_finds_nothing,
        a_device_that_is_none_or_never_up_is_an_error,
        a_device_that_goes_away_ends_the_run_with_an_error,
        each_round_adds_modifies_and_deletes_every_flow_behind_a_barrier_each,
        a_switch_that_calls_is_measured_as_well,
        errors_of_the_switch_are_counted,
        a_barrier_without_a_reply_ends_the_run,
        a_switch_of_another_version_or_none_at_all_is_an_error,
        NULL,
    };
    return unit_main(unit_suite("frames_run", tests));
}
