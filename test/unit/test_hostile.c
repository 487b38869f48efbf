/*
 * test_hostile.c - controllers that mean harm: two hosts go on talking through the switch, a frame
 * crosses in as few turns of the loop as ever, and memory does not grow with what they do.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "switch/connection.h"
#include "test/unit/dp_lab.h"
#include "test/unit/patient.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <malloc.h>

#define TURNS_MAX 8 /* that a frame may take from host to host: it takes four in peace */
#define OUT_LIMIT (128 * 1024)
#define FLOWS_MAX 2000
#define GUESTS    16

static struct agent *agent;

/* --- The world -------------------------------------------------------------------------------- */

static void say_nothing(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static void begin(void)
{
    struct ofp_match from_1 = ofp_match_any();
    struct agent_config config;
    struct dp_config dp_config;
    log_set_sink(say_nothing, NULL);
    dp_defaults(&dp_config);
    dp_config.id = 1;
    dp_config.max_flows = FLOWS_MAX;
    lab_begin(&dp_config, 0);
    patient_defaults(&config);
    config.out_limit = OUT_LIMIT;
    config.max_connections = GUESTS + 1;
    agent = agent_new(&config, lab.dp);
    memset(&agent_counters, 0, sizeof agent_counters);
    from_1.wildcards = be32_of(OFPFW_ALL & ~OFPFW_IN_PORT);
    from_1.in_port = be16_of(1);
    lab_flow(&from_1, UINT16_MAX, lab_output(2));
}

static void end(void)
{
    agent_free(agent);
    lab_rest();
    lab_end();
}

static void expect_forwarding(void)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    int turns = 0;
    lab_send(1, &f);
    for (; turns < TURNS_MAX && lab.host[2].frames == 0; turns++)
        loop_poll();
    ck_assert_uint_eq(lab.host[2].frames, 1);
    lab_quiet();
}

/* Bytes that the program holds. (Sanitizers have an allocator of their own: there it is 0.) */
static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* --- A controller that means harm ------------------------------------------------------------- */

struct villain {
    struct stream *stream; /* NULL: it was thrown out */
    uint64_t heard;        /* bytes */
};

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)bytes;
    ((struct villain *)user)->heard += n;
    return n;
}

static void on_closed(void *user, int error)
{
    (void)error;
    ((struct villain *)user)->stream = NULL;
}

static const struct stream_events events = {.data = on_data, .closed = on_closed};
static const uint8_t hello[8] = {OFP_VERSION, OFPT_HELLO, 0, 8};

static void villain_comes(struct villain *v, bool greets)
{
    struct stream *ends[2];
    ck_assert_int_eq(stream_pair(ends), 0);
    *v = (struct villain){.stream = ends[0]};
    stream_own(v->stream, &events, v);
    ck_assert_int_eq(agent_attach(agent, ends[1]), 0);
    if (greets)
        ck_assert_int_eq(stream_write(v->stream, hello, sizeof hello), 0);
    lab_rest();
}

static void villain_goes(struct villain *v)
{
    if (v->stream)
        stream_close(v->stream);
    lab_rest();
}

/* False: it has been thrown out, or its own output is full, as nobody reads it. */
static bool say(struct villain *v, const void *bytes, size_t n)
{
    return v->stream && stream_write(v->stream, bytes, n) == 0;
}

/* --- Tests ------------------------------------------------------------------------------------ */

START_TEST(garbage)
{
    uint64_t seed = 1;
    struct villain v;
    size_t before = 0;
    villain_comes(&v, true);
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[1000];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)random_u64(&seed);
        if (i % 2) /* half of it is framed well */
            memcpy(bytes, "\1\0\3\xe8", 4);
        bytes[1] %= 32;
        say(&v, bytes, sizeof bytes);
        expect_forwarding();
        if (v.stream == NULL)
            villain_comes(&v, true);
        if (i == 300)
            before = heap();
    }
    ck_assert_uint_gt(agent_counters.bad, 50);
    ck_assert_uint_le(heap(), before + (64 << 10));
    villain_goes(&v);
}
END_TEST

START_TEST(silence)
{
    struct villain v;
    villain_comes(&v, false);
    for (int i = 0; i < 44; i++) {
        lab_pass(NS_PER_S);
        expect_forwarding();
    }
    ck_assert_ptr_nonnull(v.stream);
    lab_pass(2 * NS_PER_S);
    ck_assert_ptr_null(v.stream);
    ck_assert_uint_eq(agent_counters.handshakes_failed, 1);
    expect_forwarding();
}
END_TEST

/* Requests for statistics and echoes for ever, and not an answer read. */
START_TEST(asking_without_reading)
{
    const struct ofp_match any = ofp_match_any();
    static uint8_t echo[60000] = {OFP_VERSION, OFPT_ECHO_REQUEST, 60000 >> 8, 60000 & 0xff};
    const struct ofp_msg request = {
        .type = OFPT_STATS_REQUEST,
        .stats = {.type = OFPST_FLOW, .flow = {&any, OFP_TABLE_ALL, OFPP_NONE}}};
    uint8_t stats[64];
    struct buf out = buf_of(stats, sizeof stats);
    size_t before = heap();
    struct villain v;
    ck_assert(ofp_encode(&out, &request));
    villain_comes(&v, true);
    v.stream->out_limit = OUT_LIMIT;
    stream_pause(v.stream, true);
    for (int i = 0; i < 2000; i++) {
        say(&v, echo, sizeof echo);
        say(&v, stats, out.len);
        expect_forwarding();
    }
    ck_assert_uint_eq(agent_counters.paused, 1);
    /* Its own output, ours, and what is under way. */
    ck_assert_uint_le(heap(), before + 4 * (OUT_LIMIT + STREAM_RESERVE_MAX));
    lab_pass(46 * NS_PER_S);
    ck_assert_uint_eq(agent->n_connections, 0);
    expect_forwarding();
    villain_goes(&v);
}
END_TEST

START_TEST(a_flood_of_flow_mods)
{
    struct villain v;
    size_t full = 0;
    villain_comes(&v, true);
    for (uint32_t i = 0; i < 20000; i++) {
        struct ofp_match match = ofp_match_any();
        struct ofp_msg mod = {.type = OFPT_FLOW_MOD, .xid = i};
        uint8_t bytes[128];
        struct buf out = buf_of(bytes, sizeof bytes);
        match.wildcards = be32_of(OFPFW_ALL & ~(unsigned)OFPFW_DL_SRC);
        memcpy(match.dl_src, &i, sizeof i);
        mod.flow_mod = (struct ofp_msg_flow_mod){
            .match = &match, .buffer_id = OFP_NO_BUFFER, .out_port = OFPP_NONE};
        ck_assert(ofp_encode(&out, &mod));
        while (!say(&v, bytes, out.len))
            lab_rest();
        if (i % 20 == 0)
            expect_forwarding();
        if (i == 2 * FLOWS_MAX)
            full = heap();
    }
    lab_rest();
    ck_assert_uint_eq(agent_counters.rx[OFPT_FLOW_MOD], 20000);
    ck_assert_uint_ge(agent_counters.refused, 20000 - FLOWS_MAX);
    ck_assert_uint_le(heap(), full + (64 << 10));
    villain_goes(&v);
}
END_TEST

/* All but the last byte of the longest message there may be. */
START_TEST(half_a_message)
{
    static uint8_t half[OFP_MAX_MESSAGE - 1] = {OFP_VERSION, OFPT_ECHO_REQUEST, 0xff, 0xff};
    struct villain v[GUESTS];
    size_t before = heap();
    for (int i = 0; i < GUESTS; i++) {
        villain_comes(&v[i], true);
        ck_assert(say(&v[i], half, sizeof half));
        expect_forwarding();
    }
    lab_rest();
    ck_assert_uint_le(heap(), before + GUESTS * (size_t)(4 * STREAM_INPUT_MAX));
    lab_pass(46 * NS_PER_S);
    ck_assert_uint_eq(agent->n_connections, 0);
    for (int i = 0; i < GUESTS; i++)
        villain_goes(&v[i]);
    ck_assert_uint_le(heap(), before + (4 << 20)); /* what the pool of streams keeps */
    expect_forwarding();
}
END_TEST

/* They fill the listener's places; the controller that the switch calls has its own. */
START_TEST(thousands_of_connections)
{
    const struct endpoint to = {.kind = ENDPOINT_TCP, .port = 6654, .host = "switch"};
    static struct villain v[3000];
    size_t before = 0;
    ck_assert_int_eq(agent_serve(agent, sim_net(), "ptcp:6654:switch", NULL), 0);
    ck_assert_int_eq(agent_serve(agent, sim_net(), "tcp:nobody:6653", NULL), 0);
    lab_rest();
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        ck_assert_int_eq(net_connect(sim_net(), &to, &events, &v[i], &v[i].stream), 0);
        expect_forwarding();
        ck_assert_uint_le(agent->n_connections, GUESTS + 1);
        if (i == 300)
            before = heap();
    }
    lab_rest();
    ck_assert_uint_eq(agent->n_guests, GUESTS);
    ck_assert_uint_ge(agent_counters.connections_refused, 3000 - GUESTS);
    ck_assert_uint_le(heap(), before + (64 << 10));
    ck_assert_uint_gt(agent_counters.connects_failed, 0);
    lab_pass(20 * NS_PER_S); /* it is called again and again all the time */
    ck_assert_uint_gt(agent_counters.connects_failed, 2);
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
        if (v[i].stream)
            stream_close(v[i].stream);
    lab_pass(NS_PER_S);
    ck_assert_uint_eq(agent->n_guests, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        garbage,
        silence,
        asking_without_reading,
        a_flood_of_flow_mods,
        half_a_message,
        thousands_of_connections,
    };
    Suite *s = suite_create("hostile");
    TCase *c = tcase_create("hostile");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 300);
    tcase_add_checked_fixture(c, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(c, tests[i]);
    return unit_main(s);
}
