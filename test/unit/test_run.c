/*
 * test_run.c - whole runs of the benchmark in virtual time (tools/bench/run.h), against a
 * controller whose every sin is known: what it does wrong must be counted, once.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "openflow/frame.h"
#include "openflow/match.h"
#include "openflow/validate.h"
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include "tools/bench/run.h"
#include <string.h>

#define SESSIONS_MAX 32
#define N            1000 /* packet-ins of a run */

/* Every how many packet-ins between hosts it sins so; 0: never. */
struct sins {
    unsigned silent, wrong_port, wrong_match, flood, twice, none;
    bool dumb; /* never answers, introductions neither */
    bool rude; /* hangs up at the first packet-in of every second session */
};

static struct {
    struct sins sins;
    struct stream *sessions[SESSIONS_MAX];
    unsigned n_sessions;
    unsigned packets; /* between hosts */
    unsigned replies; /* to what it asked: features, config, statistics, barrier */
} controller;

static struct run_config config;
static struct run_result result;
static unsigned seconds;

/* --- The controller -------------------------------------------------------------------------- */

static void send_msg(struct stream *s, const struct ofp_msg *msg)
{
    struct buf out = buf_of(stream_reserve(s, 256), 256);
    ck_assert_ptr_nonnull(out.data);
    ck_assert(ofp_encode(&out, msg));
    stream_commit(s, out.len);
}

static void send_flow_mod(struct stream *s, const struct ofp_msg_packet_in *in, uint16_t port,
                          bool wrong_match)
{
    uint8_t area[8];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_key key;
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD,
                          .flow_mod = {.match = &key.match, .buffer_id = in->buffer_id}};
    ofp_key_extract(&key, in->data, wrong_match ? in->in_port + 1 : in->in_port);
    ofp_put_output(&actions, port, 0);
    msg.flow_mod.actions = span_of(area, actions.len);
    send_msg(s, &msg);
}

static void send_packet_out(struct stream *s, uint32_t buffer_id)
{
    uint8_t area[8];
    struct buf actions = buf_of(area, sizeof area);
    ofp_put_output(&actions, OFPP_FLOOD, 0);
    send_msg(s, &(struct ofp_msg){.type = OFPT_PACKET_OUT,
                                  .packet_out = {.buffer_id = buffer_id,
                                                 .in_port = OFPP_NONE,
                                                 .actions = span_of(area, actions.len)}});
}

static bool falls(unsigned every)
{
    return every > 0 && controller.packets % every == 0;
}

static void answer_pair(struct stream *s, const struct ofp_msg_packet_in *in)
{
    const struct sins *sins = &controller.sins;
    unsigned host = (unsigned)in->data.data[4] << 8 | in->data.data[5]; /* see traffic.h */
    uint16_t port = (uint16_t)(1 + host % config.ports);
    controller.packets++;
    if (falls(sins->silent))
        return;
    if (falls(sins->flood))
        send_packet_out(s, in->buffer_id);
    else
        send_flow_mod(s, in, falls(sins->wrong_port) ? port + 1 : port, falls(sins->wrong_match));
    if (falls(sins->twice))
        send_packet_out(s, in->buffer_id);
    if (falls(sins->none))
        send_packet_out(s, OFP_NO_BUFFER);
}

/* False: it has hung up. */
static bool take_packet_in(unsigned index, const struct ofp_msg_packet_in *in)
{
    struct stream *s = controller.sessions[index];
    if (controller.sins.rude && index % 2) {
        controller.sessions[index] = NULL;
        stream_close(s);
        return false;
    }
    if (controller.sins.dumb)
        return true;
    if (in->data.data[0] & 1)
        send_packet_out(s, in->buffer_id);
    else
        answer_pair(s, in);
    return true;
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    unsigned index = (unsigned)((struct stream **)user - controller.sessions);
    struct span rest = span_of(bytes, n);
    struct ofp_fault fault;
    struct ofp_msg msg;
    long len;
    while ((len = ofp_frame(rest)) > 0) {
        struct span one = span_of(span_take(&rest, (size_t)len), (size_t)len);
        ck_assert(ofp_validate(one, OFP_AT_CONTROLLER, &fault));
        ofp_decode(&msg, one);
        if (msg.type == OFPT_PACKET_IN && !take_packet_in(index, &msg.packet_in))
            return n;
        controller.replies += msg.xid != 0;
    }
    ck_assert_int_eq(len, 0);
    return n - rest.len;
}

static void on_closed(void *user, int error)
{
    struct stream **session = user;
    (void)error;
    *session = NULL;
}

/* Everything that a controller may ask. */
static void ask(struct stream *s)
{
    static const uint8_t types[] = {OFPT_FEATURES_REQUEST,         OFPT_GET_CONFIG_REQUEST,
                                    OFPT_BARRIER_REQUEST,          OFPT_ECHO_REQUEST,
                                    OFPT_QUEUE_GET_CONFIG_REQUEST, OFPT_VENDOR};
    struct ofp_match any = ofp_match_any();
    send_msg(s, &(struct ofp_msg){.type = OFPT_HELLO});
    for (size_t i = 0; i < sizeof types; i++)
        send_msg(s, &(struct ofp_msg){.type = types[i], .xid = 1});
    for (uint16_t type = OFPST_DESC; type < OFPST_N_TYPES; type++) {
        struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .xid = 2, .stats = {.type = type}};
        if (type == OFPST_PORT)
            msg.stats.port.port_no = OFPP_NONE;
        else if (type == OFPST_FLOW || type == OFPST_AGGREGATE)
            msg.stats.flow = (struct ofp_msg_flow_request){&any, 0xff, OFPP_NONE};
        send_msg(s, &msg);
    }
}
#define ASKED 12 /* all but the hello */

static void on_accept(void *user, struct stream *s)
{
    static const struct stream_events events = {.data = on_data, .closed = on_closed};
    (void)user;
    ck_assert_uint_lt(controller.n_sessions, SESSIONS_MAX);
    controller.sessions[controller.n_sessions] = s;
    stream_own(s, &events, &controller.sessions[controller.n_sessions++]);
    ask(s);
}

/* --- Runs ------------------------------------------------------------------------------------ */

static void on_second(double rate, const struct run_result *r)
{
    ck_assert(rate >= 0);
    ck_assert_uint_eq(r->seconds, ++seconds);
}

static void setup(const struct sins *sins)
{
    static const struct sim_faults kind = {.delay_min = NS_PER_US, .delay_max = NS_PER_MS};
    memset(&controller, 0, sizeof controller);
    controller.sins = *sins;
    seconds = 0;
    run_defaults(&config);
    config.controller = "tcp:controller:6653";
    config.hosts = 20;
    config.count = N;
    config.pipeline = 10;
    sim_start(1, &kind);
    ck_assert_int_eq(loop_open(), 0);
}

static int run(void)
{
    struct endpoint at;
    struct listener *listener;
    int error;
    ck_assert_int_eq(endpoint_parse(&at, "ptcp:6653:controller", 0), 0);
    ck_assert_int_eq(net_listen(sim_net(), &at, on_accept, NULL, &listener), 0);
    error = run_bench(&config, sim_net(), &result, on_second);
    net_listener_close(listener);
    sim_run(loop_now() + 60 * NS_PER_S);
    for (unsigned i = 0; i < controller.n_sessions; i++)
        ck_assert_ptr_null(controller.sessions[i]); /* morgana-bench has hung up */
    loop_close();
    return error;
}

static void run_with(const struct sins *sins)
{
    setup(sins);
    ck_assert_int_eq(run(), 0);
}

START_TEST(a_good_controller_has_a_clean_table)
{
    run_with(&(struct sins){0});
    ck_assert_uint_eq(result.tally.sent, N);
    ck_assert_uint_eq(result.tally.answers, N);
    ck_assert_uint_eq(result.tally.flow_mods, N);
    ck_assert_uint_eq(result.tally.latency.count, N);
    ck_assert_uint_eq(result.tally.wrong + result.tally.lost + result.tally.unheard +
                          result.tally.repeated + result.tally.unsolicited + result.tally.errors +
                          result.tally.malformed + result.tally.unanswered,
                      0);
    ck_assert_uint_eq(result.served, 16);
    ck_assert_uint_eq(result.dropped, 0);
    ck_assert_uint_eq(controller.replies, 16 * ASKED);
    run_free(&result);
}
END_TEST

START_TEST(a_flow_to_another_port_is_wrong)
{
    run_with(&(struct sins){.wrong_port = 10});
    ck_assert_uint_eq(result.tally.answers, N);
    ck_assert_uint_eq(result.tally.wrong, N / 10);
    run_free(&result);
}
END_TEST

START_TEST(a_flow_that_would_not_match_is_wrong)
{
    run_with(&(struct sins){.wrong_match = 10});
    ck_assert_uint_eq(result.tally.answers, N);
    ck_assert_uint_eq(result.tally.wrong, N / 10);
    run_free(&result);
}
END_TEST

START_TEST(a_flood_to_a_known_host_is_wrong)
{
    run_with(&(struct sins){.flood = 4});
    ck_assert_uint_eq(result.tally.packet_outs, N / 4);
    ck_assert_uint_eq(result.tally.flow_mods, N - N / 4);
    ck_assert_uint_eq(result.tally.wrong, N / 4);
    run_free(&result);
}
END_TEST

START_TEST(silence_is_a_lost_answer_and_no_hang)
{
    run_with(&(struct sins){.silent = 5});
    ck_assert_uint_eq(result.tally.sent, N);
    ck_assert_uint_eq(result.tally.lost, N / 5);
    ck_assert_uint_eq(result.tally.answers, N - N / 5);
    ck_assert_uint_eq(result.tally.wrong, 0);
    run_free(&result);
}
END_TEST

START_TEST(a_second_message_is_no_second_answer)
{
    run_with(&(struct sins){.twice = 2, .none = 4});
    ck_assert_uint_eq(result.tally.answers, N);
    ck_assert_uint_eq(result.tally.flow_mods, N);
    ck_assert_uint_ge(result.tally.repeated, N / 2 - 16); /* the last may come after the end */
    ck_assert_uint_ge(result.tally.unsolicited, N / 4 - 16);
    ck_assert_uint_eq(result.tally.wrong, 0);
    run_free(&result);
}
END_TEST

START_TEST(a_controller_that_never_answers_serves_nobody)
{
    setup(&(struct sins){.dumb = true});
    ck_assert_int_lt(run(), 0);
}
END_TEST

START_TEST(switches_that_are_left_do_not_stop_the_others)
{
    run_with(&(struct sins){.rude = true});
    ck_assert_uint_eq(result.served, 8);
    ck_assert_uint_eq(result.dropped, 8);
    ck_assert_uint_eq(result.tally.answers, N);
    run_free(&result);
}
END_TEST

START_TEST(a_burst_ends_when_all_are_served)
{
    setup(&(struct sins){0});
    config.connect_burst = true;
    ck_assert_int_eq(run(), 0);
    ck_assert_uint_eq(result.served, 16);
    ck_assert_uint_eq(result.serve_time.count, 16);
    ck_assert_uint_eq(result.tally.sent, 0);
    ck_assert_uint_eq(controller.packets, 0);
    run_free(&result);
}
END_TEST

/* One packet-in at a time: a switch's next one leaves when its answer has come. */
START_TEST(latency_mode_has_one_outstanding)
{
    setup(&(struct sins){0});
    config.mode = "latency";
    config.switches = 1;
    ck_assert_int_eq(run(), 0);
    ck_assert_uint_eq(result.outstanding, 1);
    ck_assert_uint_ge(histogram_quantile(&result.tally.latency, 0), 2 * NS_PER_US);
    ck_assert_uint_le(result.tally.latency.sum, result.elapsed);
    run_free(&result);
}
END_TEST

START_TEST(seconds_are_counted_for_as_long_as_was_asked)
{
    setup(&(struct sins){.silent = 100});
    config.count = 0;
    config.warmup = NS_PER_S;
    config.duration = 5 * NS_PER_S;
    config.pipeline = 1;
    config.switches = 2;
    ck_assert_int_eq(run(), 0);
    ck_assert_uint_eq(seconds, 5);
    ck_assert_uint_ge(result.elapsed, 5 * NS_PER_S);
    ck_assert_uint_le(result.elapsed, 5 * NS_PER_S + NS_PER_S / 100);
    ck_assert_uint_gt(result.tally.answers, 0);
    ck_assert_uint_gt(result.tally.lost, 0);
    ck_assert_uint_lt(result.tally.answers, controller.packets); /* the warm-up does not count */
    run_free(&result);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_good_controller_has_a_clean_table,
                            a_flow_to_another_port_is_wrong,
                            a_flow_that_would_not_match_is_wrong,
                            a_flood_to_a_known_host_is_wrong,
                            silence_is_a_lost_answer_and_no_hang,
                            a_second_message_is_no_second_answer,
                            a_controller_that_never_answers_serves_nobody,
                            switches_that_are_left_do_not_stop_the_others,
                            a_burst_ends_when_all_are_served,
                            latency_mode_has_one_outstanding,
                            seconds_are_counted_for_as_long_as_was_asked,
                            NULL};
    return unit_main(unit_suite("run", tests));
}
