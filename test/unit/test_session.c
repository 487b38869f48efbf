/*
 * test_session.c - what a session must do, one property a test: handshake, keep-alive, bad input,
 * slow and vanishing switches.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/action.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <string.h>

static struct ctl *world_with_listener(const struct ctl_config *config)
{
    struct ctl *ctl = fake_world(config);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    return ctl;
}

/* --- Handshake ------------------------------------------------------------------------------- */

START_TEST(says_hello_at_once_and_asks_for_features_after_the_peers)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);
    struct ofp_msg hello = {.type = OFPT_HELLO};

    fake_expect(sw, OFPT_HELLO);
    fake_expect_nothing(sw);
    fake_send(sw, &hello);
    fake_expect(sw, OFPT_FEATURES_REQUEST);
    ck_assert_uint_eq(fake_expect(sw, OFPT_SET_CONFIG).config.miss_send_len,
                      OFP_DEFAULT_MISS_SEND_LEN);
    ck_assert_uint_eq(heard.joins, 0);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(set_config_carries_the_configured_miss_send_len)
{
    struct ctl_config config;
    struct ctl *ctl;
    struct fake_peer *sw;
    struct ofp_msg hello = {.type = OFPT_HELLO};

    ctl_defaults(&config);
    config.miss_send_len = 999;
    ctl = fake_world(&config);
    sw = fake_new(ctl);
    fake_send(sw, &hello);
    fake_expect(sw, OFPT_HELLO);
    fake_expect(sw, OFPT_FEATURES_REQUEST);
    ck_assert_uint_eq(fake_expect(sw, OFPT_SET_CONFIG).config.miss_send_len, 999);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(switch_joins_with_its_features)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 0x1122334455667788, 3);

    ck_assert_uint_eq(heard.joins, 1);
    ck_assert_uint_eq(ctl_dp_id(heard.dp), 0x1122334455667788);
    ck_assert_uint_eq(ctl_dp_features(heard.dp)->ports.len, 3 * sizeof(struct ofp_phy_port));
    ck_assert_ptr_nonnull(ctl_dp_port(heard.dp, 3));
    ck_assert_ptr_null(ctl_dp_port(heard.dp, 4));
    ck_assert_ptr_eq(ctl_find_dp(ctl, 0x1122334455667788), heard.dp);
    ck_assert_str_eq(ctl_dp_peer(heard.dp), "pair");
    fake_free(sw);
    ck_assert_uint_eq(heard.leaves, 1);
    ck_assert_ptr_null(ctl_find_dp(ctl, 0x1122334455667788));
    fake_world_end(ctl);
}
END_TEST

/* A hello, and whether the peer is then asked for its features. */
static const struct {
    uint8_t bytes[24];
    size_t n;
    bool accepted;
} hellos[] = {
    {{1, 0, 0, 8}, 8, true},
    {{0, 0, 0, 8}, 8, false},
    {{4, 0, 0, 8}, 8, true},
    {{6, 0, 0, 8}, 8, true},
    /* a bitmap with 1.0, 1.3; without 1.0; of no words; two words */
    {{4, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x12}, 16, true},
    {{4, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x10}, 16, false},
    {{4, 0, 0, 12, 0, 0, 0, 1, 0, 1, 0, 4}, 12, true},
    {{4, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 12, 0, 0, 0, 0x12, 0xff, 0xff, 0xff, 0xff}, 20, true},
    /* another element in front of the bitmap, padded */
    {{4, 0, 0, 24, 0, 0, 0, 1, 0, 9, 0, 5, 7, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x10}, 24, false},
    {{4, 0, 0, 24, 0, 0, 0, 1, 0, 9, 0, 5, 7, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x02}, 24, true},
    /* elements that lie about their length, and one byte of an element */
    {{4, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 200, 0, 0, 0, 0x10}, 16, true},
    {{4, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0x10}, 16, true},
    {{1, 0, 0, 9, 0, 0, 0, 1, 0}, 9, true},
};

START_TEST(hello_is_accepted_exactly_if_it_allows_1_0)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);
    struct ofp_msg error;

    fake_expect(sw, OFPT_HELLO);
    fake_send_bytes(sw, hellos[_i].bytes, hellos[_i].n);
    if (hellos[_i].accepted) {
        fake_expect(sw, OFPT_FEATURES_REQUEST);
        ck_assert_ptr_nonnull(sw->stream);
    } else {
        error = fake_expect(sw, OFPT_ERROR);
        ck_assert_uint_eq(error.error.type, OFPET_HELLO_FAILED);
        ck_assert_uint_eq(error.error.code, OFPHFC_INCOMPATIBLE);
        ck_assert_uint_gt(error.error.data.len, 0);
        for (size_t i = 0; i < error.error.data.len; i++)
            ck_assert(error.error.data.data[i] >= ' ' && error.error.data.data[i] < 127);
        fake_expect_nothing(sw);
        ck_assert_ptr_null(sw->stream);
    }
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(message_of_another_version_in_the_handshake_is_refused)
{
    const uint8_t hello[8] = {4, OFPT_HELLO, 0, 8}, features[32] = {4, OFPT_FEATURES_REPLY, 0, 32};
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);
    struct ofp_msg error;

    fake_send_bytes(sw, hello, sizeof hello);
    fake_send_bytes(sw, features, sizeof features);
    fake_expect(sw, OFPT_HELLO);
    fake_expect(sw, OFPT_FEATURES_REQUEST);
    fake_expect(sw, OFPT_SET_CONFIG);
    error = fake_expect(sw, OFPT_ERROR);
    ck_assert_uint_eq(error.error.type, OFPET_HELLO_FAILED);
    ck_assert_uint_eq(error.error.code, OFPHFC_INCOMPATIBLE);
    ck_assert_ptr_null(sw->stream);
    ck_assert_uint_eq(heard.joins, 0);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(hello_said_twice_is_no_harm)
{
    const uint8_t hello[16] = {4, OFPT_HELLO, 0, 8, 0, 0, 0, 1, 4, OFPT_HELLO, 0, 8, 0, 0, 0, 2};
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);

    fake_send_bytes(sw, hello, sizeof hello);
    fake_expect(sw, OFPT_HELLO);
    fake_expect(sw, OFPT_FEATURES_REQUEST);
    fake_expect(sw, OFPT_SET_CONFIG);
    fake_expect_nothing(sw);
    ck_assert_ptr_nonnull(sw->stream);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(hello_failed_from_the_peer_ends_without_an_answer)
{
    const uint8_t error[12] = {4, OFPT_ERROR, 0, 12};
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);

    fake_expect(sw, OFPT_HELLO);
    fake_send_bytes(sw, error, sizeof error);
    fake_expect_nothing(sw);
    ck_assert_ptr_null(sw->stream);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(handshake_that_takes_too_long_is_dropped)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *mute = fake_new(ctl), *slow = fake_new(ctl);
    struct ofp_msg hello = {.type = OFPT_HELLO};

    fake_wait(9 * NS_PER_S);
    fake_send(slow, &hello);
    ck_assert_ptr_nonnull(mute->stream);
    fake_wait(2 * NS_PER_S);
    ck_assert_ptr_null(mute->stream);
    ck_assert_ptr_null(slow->stream);
    ck_assert_uint_eq(ctl_counters.handshakes_failed, 2);
    fake_free(mute);
    fake_free(slow);
    fake_world_end(ctl);
}
END_TEST

START_TEST(events_before_the_features_are_counted_and_not_told)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);

    fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    ck_assert_uint_eq(ctl_counters.early, 1);
    ck_assert_uint_eq(heard.packets, 0);
    fake_join(sw, 1, 1);
    ck_assert_uint_eq(heard.joins, 1);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(hundreds_that_come_in_one_burst_are_all_served)
{
    enum { N = 700 };
    struct ctl *ctl = world_with_listener(NULL);
    static struct fake_peer *sw[N];

    for (int i = 0; i < N; i++)
        sw[i] = fake_new(ctl);
    for (int i = N - 1; i >= 0; i--)
        fake_join(sw[i], (uint64_t)i << 32 | 5, 2);
    ck_assert_uint_eq(heard.joins, N);
    for (int i = 0; i < N; i++)
        ck_assert_ptr_nonnull(ctl_find_dp(ctl, (uint64_t)i << 32 | 5));
    for (int i = 0; i < N; i++)
        fake_free(sw[i]);
    ck_assert_uint_eq(heard.leaves, N);
    fake_world_end(ctl);
}
END_TEST

START_TEST(sessions_past_the_maximum_are_refused_and_counted)
{
    struct ctl_config config;
    struct ctl *ctl;
    struct fake_peer *a, *b, *c;

    ctl_defaults(&config);
    config.max_sessions = 2;
    ctl = world_with_listener(&config);
    a = fake_joined(ctl, 1, 1);
    b = fake_joined(ctl, 2, 1);
    c = fake_new(ctl);
    ck_assert_ptr_null(c->stream);
    ck_assert_uint_eq(ctl_counters.sessions_refused, 1);
    fake_free(a);
    fake_free(c);
    c = fake_joined(ctl, 3, 1);
    ck_assert_uint_eq(heard.joins, 3);
    fake_free(b);
    fake_free(c);
    fake_world_end(ctl);
}
END_TEST

START_TEST(second_session_with_the_same_id_replaces_the_first)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *first = fake_joined(ctl, 7, 1), *other = fake_joined(ctl, 8, 1), *second;

    second = fake_joined(ctl, 7, 5);
    ck_assert_str_eq(heard.order, "JJLJ");
    ck_assert_ptr_null(first->stream);
    ck_assert_ptr_nonnull(other->stream);
    ck_assert_ptr_eq(ctl_find_dp(ctl, 7), heard.dp);
    ck_assert_ptr_nonnull(ctl_dp_port(heard.dp, 5));
    ck_assert_uint_eq(ctl_counters.sessions_replaced, 1);
    fake_free(first);
    ck_assert_ptr_nonnull(ctl_find_dp(ctl, 7));
    fake_free(second);
    fake_free(other);
    fake_world_end(ctl);
}
END_TEST

/* --- Keep-alive ------------------------------------------------------------------------------ */

static void send_echo(struct fake_peer *sw, uint8_t type, uint32_t xid, const char *data)
{
    struct ofp_msg msg = {.type = type, .xid = xid, .data = span_of(data, strlen(data))};
    fake_send(sw, &msg);
}

START_TEST(echo_request_is_answered_with_its_data_in_any_state)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_new(ctl);
    struct ofp_msg reply;

    send_echo(sw, OFPT_ECHO_REQUEST, 1, "");
    fake_expect(sw, OFPT_HELLO);
    ck_assert_uint_eq(fake_expect(sw, OFPT_ECHO_REPLY).xid, 1);
    fake_free(sw);
    sw = fake_joined(ctl, 1, 1);
    send_echo(sw, OFPT_ECHO_REQUEST, 0xfffffffe, "mirage");
    reply = fake_expect(sw, OFPT_ECHO_REPLY);
    ck_assert_uint_eq(reply.xid, 0xfffffffe);
    ck_assert_uint_eq(reply.data.len, 6);
    ck_assert_mem_eq(reply.data.data, "mirage", 6);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

static void answer_by_barrier(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST, .xid = packet->in->buffer_id};
    ctl_send(dp, &barrier);
}

START_TEST(echo_is_answered_in_its_place_among_packets_that_apps_work_on)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    const uint8_t echo[8] = {1, OFPT_ECHO_REQUEST, 0, 8, 0, 0, 0, 9};
    uint8_t batch[256];
    size_t n = fake_packet_in_bytes(batch, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});

    heard.on_packet = answer_by_barrier;
    heard.consumes = true;
    memcpy(batch + n, echo, sizeof echo);
    memcpy(batch + n + sizeof echo, batch, n);
    fake_send_bytes(sw, batch, 2 * n + sizeof echo);
    fake_expect(sw, OFPT_BARRIER_REQUEST);
    fake_expect(sw, OFPT_ECHO_REPLY);
    fake_expect(sw, OFPT_BARRIER_REQUEST);
    fake_expect_nothing(sw);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(silence_is_met_with_echo_requests_and_then_the_end)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    fake_wait(14 * NS_PER_S);
    fake_expect_nothing(sw);
    fake_wait(2 * NS_PER_S);
    fake_expect(sw, OFPT_ECHO_REQUEST);
    fake_expect_nothing(sw);
    fake_wait(28 * NS_PER_S);
    ck_assert_ptr_nonnull(sw->stream);
    fake_wait(2 * NS_PER_S);
    ck_assert_ptr_null(sw->stream);
    ck_assert_uint_eq(ctl_counters.silent, 1);
    ck_assert_str_eq(heard.order, "JL");
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(answers_to_echo_requests_keep_a_session_alive)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    for (int i = 0; i < 20; i++) {
        fake_wait(16 * NS_PER_S);
        send_echo(sw, OFPT_ECHO_REPLY, fake_expect(sw, OFPT_ECHO_REQUEST).xid, "");
    }
    ck_assert_ptr_nonnull(sw->stream);
    ck_assert_uint_eq(ctl_counters.stray, 0);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(a_switch_that_talks_is_not_asked_for_echos)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    for (int i = 0; i < 20; i++) {
        fake_wait(10 * NS_PER_S);
        fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    }
    fake_expect_nothing(sw);
    ck_assert_uint_eq(heard.packets, 20);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

/* --- Bad input ------------------------------------------------------------------------------- */

START_TEST(bad_message_is_answered_with_its_first_64_bytes_and_skipped)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint8_t bad[100] = {1, 99, 0, 100, 0xde, 0xad, 0xbe, 0xef};
    struct ofp_msg error;

    for (uint8_t i = 8; i < sizeof bad; i++)
        bad[i] = i;
    fake_send_bytes(sw, bad, sizeof bad);
    error = fake_expect(sw, OFPT_ERROR);
    ck_assert_uint_eq(error.xid, 0xdeadbeef);
    ck_assert_uint_eq(error.error.type, OFPET_BAD_REQUEST);
    ck_assert_uint_eq(error.error.code, OFPBRC_BAD_TYPE);
    ck_assert_uint_eq(error.error.data.len, 64);
    ck_assert_mem_eq(error.error.data.data, bad, 64);
    send_echo(sw, OFPT_ECHO_REQUEST, 5, "");
    ck_assert_uint_eq(fake_expect(sw, OFPT_ECHO_REPLY).xid, 5);
    ck_assert_uint_eq(ctl_counters.bad, 1);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(message_that_only_a_controller_sends_is_a_bad_type)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    struct ofp_msg request = {.type = OFPT_FEATURES_REQUEST, .xid = 3}, error;

    fake_send(sw, &request);
    error = fake_expect(sw, OFPT_ERROR);
    ck_assert_uint_eq(error.error.code, OFPBRC_BAD_TYPE);
    ck_assert_ptr_nonnull(sw->stream);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(length_below_the_header_is_answered_and_ends_the_session)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    const uint8_t bad[16] = {1, OFPT_ECHO_REQUEST, 0, 7, 0, 0, 0, 1};
    struct ofp_msg error;

    fake_send_bytes(sw, bad, sizeof bad);
    error = fake_expect(sw, OFPT_ERROR);
    ck_assert_uint_eq(error.error.type, OFPET_BAD_REQUEST);
    ck_assert_uint_eq(error.error.code, OFPBRC_BAD_LEN);
    fake_expect_nothing(sw);
    ck_assert_ptr_null(sw->stream);
    ck_assert_uint_eq(heard.leaves, 1);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(bad_error_message_is_never_answered_with_an_error)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    const uint8_t bare[8] = {1, OFPT_ERROR, 0, 8}, cut[11] = {1, OFPT_ERROR, 0, 11};

    fake_send_bytes(sw, bare, sizeof bare);
    fake_send_bytes(sw, cut, sizeof cut);
    fake_expect_nothing(sw);
    ck_assert_ptr_nonnull(sw->stream);
    ck_assert_uint_eq(ctl_counters.bad, 2);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(error_that_answers_no_request_goes_to_the_apps)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    struct ofp_msg error = {.type = OFPT_ERROR, .xid = 1234};

    error.error.type = OFPET_FLOW_MOD_FAILED;
    fake_send(sw, &error);
    ck_assert_uint_eq(heard.errors, 1);
    ck_assert_uint_eq(heard.error_xid, 1234);
    fake_expect_nothing(sw);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(packet_in_whose_total_len_disagrees_is_used)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint8_t bytes[128];
    const uint16_t claims[] = {0, 1, 63, 65, 65535};

    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        size_t n = fake_packet_in_bytes(bytes, (struct fake_packet){.src = 1, .dst = 2});
        ((struct ofp_packet_in *)bytes)->total_len = be16_of(claims[i]);
        fake_send_bytes(sw, bytes, n);
        ck_assert_uint_eq(heard.packets, i + 1);
        ck_assert_uint_eq(heard.packet.data.len, 64);
        ck_assert_uint_eq(heard.key.match.dl_dst[5], 2);
    }
    fake_expect_nothing(sw);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(messages_in_single_bytes_are_put_together)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint8_t bytes[128];
    size_t n = fake_packet_in_bytes(bytes, (struct fake_packet){.src = 1, .dst = 2});

    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(heard.packets, 0);
        fake_send_bytes(sw, bytes + i, 1);
    }
    ck_assert_uint_eq(heard.packets, 1);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(session_that_ends_in_the_middle_of_a_message_ends_cleanly)
{
    struct ctl *ctl = world_with_listener(NULL);
    uint8_t bytes[128];
    size_t n = fake_packet_in_bytes(bytes, (struct fake_packet){.src = 1, .dst = 2});

    for (size_t cut = 1; cut < n; cut++) {
        struct fake_peer *sw = fake_joined(ctl, 1, 1);
        fake_send_bytes(sw, bytes, cut);
        if (cut % 2)
            stream_finish(sw->stream);
        fake_settle();
        fake_free(sw);
        ck_assert_uint_eq(heard.leaves, cut);
    }
    ck_assert_uint_eq(heard.packets, 0);
    fake_world_end(ctl);
}
END_TEST

/* --- Slow switches --------------------------------------------------------------------------- */

/* Twenty kilobytes for a packet-in of a hundred bytes. */
static void answer_at_length(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    static const uint8_t data[20000];
    struct ofp_msg_packet_in big = *packet->in;
    const struct ctl_packet fat = {.in = &big};
    big.data = span_of(data, sizeof data);
    ctl_packet_out(dp, &fat, span_of(NULL, 0));
}

START_TEST(slow_switch_cannot_grow_memory_nor_make_us_work_until_it_reads)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    size_t limit = ctl->config.out_limit;
    uint64_t seen;

    heard.on_packet = answer_at_length;
    heard.consumes = true;
    stream_pause(sw->stream, true);
    for (int i = 0; i < 500; i++) {
        fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
        ck_assert_uint_le(heard.dp->stream->out_bytes, limit + OFP_MAX_MESSAGE);
    }
    ck_assert_uint_gt(ctl_counters.tx_dropped, 0);
    ck_assert_uint_eq(ctl_counters.tx_dropped, 1);
    ck_assert_uint_lt(heard.packets, 2 * limit / 20000);
    seen = heard.packets;

    ck_assert_uint_eq(seen + ctl_counters.packet_ins_dropped, 500);
    stream_pause(sw->stream, false);
    fake_wait(NS_PER_S);
    fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    ck_assert_uint_eq(heard.packets, seen + 1);
    ck_assert_uint_eq(heard.packets, ctl_counters.tx[OFPT_PACKET_OUT] + ctl_counters.tx_dropped);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(switch_that_never_reads_again_is_dropped_after_the_echo_limit)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    heard.on_packet = answer_at_length;
    stream_pause(sw->stream, true);
    for (int i = 0; i < 100; i++)
        fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    fake_wait(44 * NS_PER_S);
    ck_assert_uint_eq(heard.leaves, 0);
    fake_packet_in(sw,
                   (struct fake_packet){.src = 1, .dst = 2, .in_port = 1}); /* that is no help */
    fake_wait(2 * NS_PER_S);
    ck_assert_uint_eq(heard.leaves, 1);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

/* --- Apps and datapaths ---------------------------------------------------------------------- */

static void drop_it(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST};
    (void)packet;
    ctl_dp_drop(dp);
    ctl_dp_drop(dp);
    ck_assert_int_eq(ctl_send(dp, &barrier), -ENOTCONN);
}

START_TEST(datapath_dropped_by_an_app_is_heard_of_no_more_but_for_its_leaving)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw;
    uint8_t batch[256];
    size_t n = fake_packet_in_bytes(batch, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});

    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    sw = fake_joined(ctl, 1, 1);
    heard.on_packet = drop_it;
    memcpy(batch + n, batch, n);
    fake_send_bytes(sw, batch, 2 * n);
    ck_assert_str_eq(heard.order, "JJPLL");
    ck_assert_ptr_null(sw->stream);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

static void drop_at_join(struct ctl_dp *dp)
{
    ctl_dp_drop(dp);
}

START_TEST(datapath_dropped_at_its_joining_leaves_every_app)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw;

    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    heard.on_join = drop_at_join;
    sw = fake_joined(ctl, 1, 1);
    ck_assert_str_eq(heard.order, "JJLL");
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(packet_stops_at_the_app_that_consumes_it)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw;

    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    sw = fake_joined(ctl, 1, 1);
    fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    ck_assert_uint_eq(heard.packets, 2);
    heard.consumes = true;
    fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    ck_assert_uint_eq(heard.packets, 3);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(packet_that_nobody_consumes_leaves_the_switchs_buffer)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    struct ofp_msg out;

    fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1});
    fake_expect_nothing(sw);
    fake_packet_in(sw, (struct fake_packet){.src = 1, .dst = 2, .in_port = 1, .buffered = true});
    out = fake_expect(sw, OFPT_PACKET_OUT);
    ck_assert_uint_eq(out.packet_out.buffer_id, FAKE_BUFFER);
    ck_assert_uint_eq(out.packet_out.actions.len, 0);
    ck_assert_uint_eq(ctl_counters.unconsumed, 2);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

static void send_port_status(struct fake_peer *sw, uint8_t reason, uint16_t port_no,
                             uint32_t config)
{
    struct ofp_phy_port port;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS};
    fake_port(&port, port_no, config, 0);
    msg.port_status = (struct ofp_msg_port_status){.reason = reason, .desc = &port};
    fake_send(sw, &msg);
}

START_TEST(features_follow_port_status)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 3);

    send_port_status(sw, OFPPR_ADD, 9, 0);
    ck_assert_ptr_nonnull(ctl_dp_port(heard.dp, 9));
    send_port_status(sw, OFPPR_MODIFY, 2, OFPPC_PORT_DOWN);
    ck_assert_uint_eq(be32_get(ctl_dp_port(heard.dp, 2)->config), OFPPC_PORT_DOWN);
    send_port_status(sw, OFPPR_DELETE, 1, 0);
    send_port_status(sw, OFPPR_DELETE, 1, 0);
    ck_assert_ptr_null(ctl_dp_port(heard.dp, 1));
    ck_assert_ptr_nonnull(ctl_dp_port(heard.dp, 3));
    ck_assert_uint_eq(ctl_dp_features(heard.dp)->ports.len, 3 * sizeof(struct ofp_phy_port));
    ck_assert_uint_eq(heard.ports, 4);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

START_TEST(ports_past_the_maximum_are_refused_and_counted)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 0);

    for (unsigned i = 1; i <= CTL_PORTS_MAX + 3; i++)
        send_port_status(sw, OFPPR_ADD, (uint16_t)i, 0);
    ck_assert_uint_eq(ctl_dp_features(heard.dp)->ports.len,
                      CTL_PORTS_MAX * sizeof(struct ofp_phy_port));
    ck_assert_uint_eq(ctl_counters.ports_refused, 3);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

static void count_dp(void *user, struct ctl_dp *dp)
{
    uint64_t *next = user;
    ck_assert_uint_eq(ctl_dp_id(dp), (*next)++);
}

START_TEST(datapaths_are_walked_in_the_order_of_joining)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *sw[5];
    uint64_t next = 10;

    for (unsigned i = 0; i < 5; i++)
        sw[i] = fake_joined(ctl, 10 + i, 1);
    ctl_each_dp(ctl, count_dp, &next);
    ck_assert_uint_eq(next, 15);
    for (unsigned i = 0; i < 5; i++)
        fake_free(sw[i]);
    fake_world_end(ctl);
}
END_TEST

START_TEST(apps_past_the_maximum_are_refused)
{
    struct ctl *ctl = fake_world(NULL);
    for (int i = 0; i < CTL_APPS_MAX; i++)
        ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), -ENOSPC);
    fake_world_end(ctl);
}
END_TEST

START_TEST(freeing_a_controller_ends_its_sessions)
{
    struct ctl *ctl = world_with_listener(NULL);
    struct fake_peer *a = fake_joined(ctl, 1, 1), *b = fake_new(ctl);

    fake_world_end(ctl);
    ck_assert_ptr_null(a->stream);
    ck_assert_ptr_null(b->stream);
    ck_assert_uint_eq(heard.leaves, 1);
    free(a->in);
    free(a);
    free(b->in);
    free(b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("session");
    TCase *c = tcase_create("session");
    const TTest *const tests[] = {
        says_hello_at_once_and_asks_for_features_after_the_peers,
        set_config_carries_the_configured_miss_send_len,
        switch_joins_with_its_features,
        message_of_another_version_in_the_handshake_is_refused,
        hello_said_twice_is_no_harm,
        hello_failed_from_the_peer_ends_without_an_answer,
        handshake_that_takes_too_long_is_dropped,
        events_before_the_features_are_counted_and_not_told,
        hundreds_that_come_in_one_burst_are_all_served,
        sessions_past_the_maximum_are_refused_and_counted,
        second_session_with_the_same_id_replaces_the_first,
        echo_request_is_answered_with_its_data_in_any_state,
        echo_is_answered_in_its_place_among_packets_that_apps_work_on,
        silence_is_met_with_echo_requests_and_then_the_end,
        answers_to_echo_requests_keep_a_session_alive,
        a_switch_that_talks_is_not_asked_for_echos,
        bad_message_is_answered_with_its_first_64_bytes_and_skipped,
        message_that_only_a_controller_sends_is_a_bad_type,
        length_below_the_header_is_answered_and_ends_the_session,
        bad_error_message_is_never_answered_with_an_error,
        error_that_answers_no_request_goes_to_the_apps,
        packet_in_whose_total_len_disagrees_is_used,
        messages_in_single_bytes_are_put_together,
        session_that_ends_in_the_middle_of_a_message_ends_cleanly,
        slow_switch_cannot_grow_memory_nor_make_us_work_until_it_reads,
        switch_that_never_reads_again_is_dropped_after_the_echo_limit,
        datapath_dropped_by_an_app_is_heard_of_no_more_but_for_its_leaving,
        datapath_dropped_at_its_joining_leaves_every_app,
        packet_stops_at_the_app_that_consumes_it,
        packet_that_nobody_consumes_leaves_the_switchs_buffer,
        features_follow_port_status,
        ports_past_the_maximum_are_refused_and_counted,
        datapaths_are_walked_in_the_order_of_joining,
        apps_past_the_maximum_are_refused,
        freeing_a_controller_ends_its_sessions,
        NULL,
    };

    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, hello_is_accepted_exactly_if_it_allows_1_0, 0,
                        sizeof hellos / sizeof hellos[0]);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_test(c, tests[i]);
    return unit_main(s);
}
