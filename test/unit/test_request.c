/*
 * test_request.c - requests and their answers: xid, time-outs, errors, many parts, limits.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/match.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <string.h>

/* What the last answers were. */
static struct answers {
    unsigned n;
    int error;
    struct ofp_msg reply; /* its fixed part */
    size_t len;           /* of its entries */
    uint8_t *entries;     /* a copy of them */
    void *user;
} got;

static void on_answer(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    (void)dp;
    got.n++;
    got.error = error;
    got.user = user;
    memset(&got.reply, 0, sizeof got.reply);
    if (reply == NULL)
        return;
    got.reply = *reply;
    if (reply->type == OFPT_STATS_REPLY) {
        got.len = reply->stats.entries.len;
        got.entries = realloc(got.entries, got.len + 1);
        ck_assert_ptr_nonnull(got.entries);
        bytes_copy(got.entries, reply->stats.entries.data, got.len);
    }
}

static struct ctl *request_world(const struct ctl_config *config)
{
    struct ctl *ctl = fake_world(config);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    memset(&got, 0, sizeof got);
    return ctl;
}

static void request_world_end(struct ctl *ctl, struct fake_peer *sw)
{
    fake_free(sw);
    fake_world_end(ctl);
    free(got.entries);
}

static int ask(uint8_t type, void *user)
{
    struct ofp_msg msg = {.type = type};
    int error = ctl_request(heard.dp, &msg, on_answer, user);
    fake_settle();
    return error;
}

static int ask_ports(void)
{
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST};
    msg.stats.type = OFPST_PORT;
    msg.stats.port.port_no = OFPP_NONE;
    ck_assert_int_eq(ctl_request(heard.dp, &msg, on_answer, NULL), 0);
    fake_settle();
    return 0;
}

static void answer(struct fake_peer *sw, uint8_t type, uint32_t xid)
{
    struct ofp_msg msg = {.type = type, .xid = xid};
    fake_send(sw, &msg);
}

START_TEST(each_kind_of_request_gets_its_reply)
{
    static const uint8_t kinds[][2] = {
        {OFPT_BARRIER_REQUEST, OFPT_BARRIER_REPLY},
        {OFPT_GET_CONFIG_REQUEST, OFPT_GET_CONFIG_REPLY},
        {OFPT_FEATURES_REQUEST, OFPT_FEATURES_REPLY},
        {OFPT_ECHO_REQUEST, OFPT_ECHO_REPLY},
    };
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ck_assert_int_eq(ask(kinds[i][0], &got), 0);
        answer(sw, kinds[i][1], fake_expect(sw, kinds[i][0]).xid);
        ck_assert_uint_eq(got.n, i + 1);
        ck_assert_int_eq(got.error, 0);
        ck_assert_uint_eq(got.reply.type, kinds[i][1]);
        ck_assert_ptr_eq(got.user, &got);
    }
    ck_assert_uint_eq(ctl_counters.stray, 0);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(queue_config_and_vendor_requests_get_their_replies)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    const struct nx_role_request role = {.role = be32_of(NX_ROLE_MASTER)};
    struct ofp_msg queues = {.type = OFPT_QUEUE_GET_CONFIG_REQUEST}, reply;
    struct ofp_msg vendor = {.type = OFPT_VENDOR};
    be32 body[2] = {be32_of(NXT_ROLE_REQUEST), role.role};

    queues.queue_config.port = 1;
    ck_assert_int_eq(ctl_request(heard.dp, &queues, on_answer, NULL), 0);
    fake_settle();
    reply = fake_expect(sw, OFPT_QUEUE_GET_CONFIG_REQUEST);
    reply.type = OFPT_QUEUE_GET_CONFIG_REPLY;
    fake_send(sw, &reply);
    ck_assert_uint_eq(got.n, 1);

    vendor.vendor = (struct ofp_msg_vendor){NX_VENDOR_ID, span_of(body, sizeof body)};
    ck_assert_int_eq(ctl_request(heard.dp, &vendor, on_answer, NULL), 0);
    fake_settle();
    vendor.xid = fake_expect(sw, OFPT_VENDOR).xid;
    body[0] = be32_of(NXT_ROLE_REPLY);
    fake_send(sw, &vendor);
    ck_assert_uint_eq(got.n, 2);
    ck_assert_int_eq(got.error, 0);
    ck_assert_uint_eq(got.reply.type, OFPT_VENDOR);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(what_is_no_request_is_refused)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    ck_assert_int_eq(ask(OFPT_HELLO, NULL), -EINVAL);
    ck_assert_int_eq(ask(OFPT_FLOW_MOD, NULL), -EINVAL);
    ck_assert_int_eq(ask(OFPT_N_TYPES, NULL), -EINVAL);
    fake_expect_nothing(sw);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(replies_in_another_order_find_their_requests)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint32_t xid[3];

    for (uintptr_t i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(OFPT_BARRIER_REQUEST, (void *)i), 0);
        xid[i] = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    }
    answer(sw, OFPT_BARRIER_REPLY, xid[1]);
    ck_assert_ptr_eq(got.user, (void *)1);
    answer(sw, OFPT_BARRIER_REPLY, xid[2]);
    ck_assert_ptr_eq(got.user, (void *)2);
    answer(sw, OFPT_BARRIER_REPLY, xid[0]);
    ck_assert_ptr_eq(got.user, (void *)0);
    ck_assert_uint_eq(got.n, 3);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(request_without_an_answer_times_out_and_a_late_answer_is_stray)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint32_t first, second;

    ask(OFPT_BARRIER_REQUEST, (void *)1);
    first = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    fake_wait(5 * NS_PER_S);
    ask(OFPT_BARRIER_REQUEST, (void *)2);
    second = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    fake_wait(4 * NS_PER_S);
    ck_assert_uint_eq(got.n, 0);
    fake_wait(2 * NS_PER_S);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_int_eq(got.error, -ETIMEDOUT);
    ck_assert_ptr_eq(got.user, (void *)1);
    answer(sw, OFPT_BARRIER_REPLY, first);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(ctl_counters.stray, 1);
    answer(sw, OFPT_BARRIER_REPLY, second);
    ck_assert_uint_eq(got.n, 2);
    ck_assert_int_eq(got.error, 0);
    ck_assert_uint_eq(ctl_counters.request_timeouts, 1);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(error_with_its_xid_ends_a_request_and_apps_do_not_hear_it)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    struct ofp_msg error = {.type = OFPT_ERROR};

    ask_ports();
    error.xid = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    error.error = (struct ofp_msg_error){.type = OFPET_BAD_REQUEST, .code = OFPBRC_EPERM};
    fake_send(sw, &error);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_int_eq(got.error, -EREMOTEIO);
    ck_assert_uint_eq(got.reply.error.code, OFPBRC_EPERM);
    ck_assert_uint_eq(heard.errors, 0);
    fake_send(sw, &error);
    ck_assert_uint_eq(heard.errors, 1);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(stray_replies_are_counted_and_harm_nothing)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint32_t xid;

    answer(sw, OFPT_BARRIER_REPLY, 5);
    ask(OFPT_BARRIER_REQUEST, NULL);
    xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    answer(sw, OFPT_BARRIER_REPLY, xid + 1);
    answer(sw, OFPT_ECHO_REPLY, xid); /* the xid of a request for something else */
    ck_assert_uint_eq(ctl_counters.stray, 3);
    ck_assert_uint_eq(got.n, 0);
    answer(sw, OFPT_BARRIER_REPLY, xid);
    ck_assert_uint_eq(got.n, 1);
    fake_expect_nothing(sw);
    request_world_end(ctl, sw);
}
END_TEST

/* --- Many parts ------------------------------------------------------------------------------ */

/* A part of a port statistics reply: ports `from` .. `to` - 1. */
static void send_ports(struct fake_peer *sw, uint32_t xid, unsigned from, unsigned to, bool more)
{
    static struct ofp_port_stats stats[600];
    struct ofp_msg msg = {.type = OFPT_STATS_REPLY, .xid = xid};

    memset(stats, 0, sizeof stats);
    for (unsigned i = from; i < to; i++)
        stats[i - from].port_no = be16_of((uint16_t)i);
    msg.stats.type = OFPST_PORT;
    msg.stats.flags = more ? OFPSF_REPLY_MORE : 0;
    msg.stats.entries = span_of(stats, (to - from) * sizeof stats[0]);
    fake_send(sw, &msg);
}

START_TEST(reply_of_more_than_64_kilobytes_comes_in_one_piece)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    const struct ofp_port_stats *e;
    struct span rest;
    unsigned n = 0;
    uint32_t xid;

    ask_ports();
    xid = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    for (unsigned part = 0; part < 10; part++) {
        ck_assert_uint_eq(got.n, 0);
        send_ports(sw, xid, part * 600, part * 600 + 600, part < 9);
    }
    ck_assert_uint_eq(got.n, 1);
    ck_assert_int_eq(got.error, 0);
    ck_assert_uint_eq(got.reply.stats.flags & OFPSF_REPLY_MORE, 0);
    ck_assert_uint_eq(got.len, 6000 * sizeof *e);
    rest = span_of(got.entries, got.len);
    while ((e = ofp_next_port_stats(&rest)) != NULL)
        ck_assert_uint_eq(be16_get(e->port_no), n++);
    ck_assert_uint_eq(n, 6000);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(empty_last_part_and_empty_reply_are_whole)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint32_t xid;

    ask_ports();
    xid = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    send_ports(sw, xid, 1, 5, true);
    send_ports(sw, xid, 5, 5, false);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(got.len, 4 * sizeof(struct ofp_port_stats));
    ask_ports();
    xid = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    send_ports(sw, xid, 5, 5, true);
    send_ports(sw, xid, 5, 5, false);
    ck_assert_uint_eq(got.n, 2);
    ck_assert_uint_eq(got.len, 0);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(parts_of_two_replies_may_alternate)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint32_t a, b;

    ask_ports();
    ask_ports();
    a = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    b = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    send_ports(sw, a, 1, 3, true);
    send_ports(sw, b, 1, 10, true);
    send_ports(sw, a, 3, 4, false);
    ck_assert_uint_eq(got.len, 3 * sizeof(struct ofp_port_stats));
    send_ports(sw, b, 10, 11, false);
    ck_assert_uint_eq(got.len, 10 * sizeof(struct ofp_port_stats));
    ck_assert_uint_eq(got.n, 2);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(reply_past_the_maximum_ends_its_request)
{
    struct ctl_config config;
    struct ctl *ctl;
    struct fake_peer *sw;
    uint32_t xid;

    ctl_defaults(&config);
    config.max_reply = 100000;
    ctl = request_world(&config);
    sw = fake_joined(ctl, 1, 1);
    ask_ports();
    xid = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    send_ports(sw, xid, 0, 600, true);
    ck_assert_uint_eq(got.n, 0);
    send_ports(sw, xid, 0, 600, true);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_int_eq(got.error, -EMSGSIZE);
    send_ports(sw, xid, 0, 600, false);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(ctl_counters.reply_too_long, 1);
    ck_assert_ptr_nonnull(sw->stream);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(parts_do_not_prolong_a_requests_time)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    uint32_t xid;

    ask_ports();
    xid = fake_expect(sw, OFPT_STATS_REQUEST).xid;
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(got.n, 0);
        send_ports(sw, xid, 0, 1, true);
        fake_wait(3 * NS_PER_S);
    }
    ck_assert_int_eq(got.error, -ETIMEDOUT);
    request_world_end(ctl, sw);
}
END_TEST

/* --- Limits and ends ------------------------------------------------------------------------- */

static void ask_once_more(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct ofp_msg msg = {.type = OFPT_BARRIER_REQUEST};
    ck_assert_int_eq(error, 0);
    on_answer(user, dp, ctl_request(dp, &msg, on_answer, user), reply);
}

START_TEST(request_that_is_answered_leaves_room_for_the_next)
{
    struct ofp_msg msg = {.type = OFPT_BARRIER_REQUEST};
    struct ctl_config config;
    struct ctl *ctl;
    struct fake_peer *sw;

    ctl_defaults(&config);
    config.max_requests = 1;
    ctl = request_world(&config);
    sw = fake_joined(ctl, 1, 1);
    ck_assert_int_eq(ctl_request(heard.dp, &msg, ask_once_more, NULL), 0);
    fake_settle();
    answer(sw, OFPT_BARRIER_REPLY, fake_expect(sw, OFPT_BARRIER_REQUEST).xid);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_int_eq(got.error, 0);
    answer(sw, OFPT_BARRIER_REPLY, fake_expect(sw, OFPT_BARRIER_REQUEST).xid);
    ck_assert_uint_eq(got.n, 2);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(requests_past_the_maximum_are_refused)
{
    struct ctl_config config;
    struct ctl *ctl;
    struct fake_peer *sw;
    uint32_t xid;

    ctl_defaults(&config);
    config.max_requests = 3;
    ctl = request_world(&config);
    sw = fake_joined(ctl, 1, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask(OFPT_BARRIER_REQUEST, NULL), 0);
    ck_assert_int_eq(ask(OFPT_BARRIER_REQUEST, NULL), -EAGAIN);
    xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    answer(sw, OFPT_BARRIER_REPLY, xid);
    ck_assert_int_eq(ask(OFPT_BARRIER_REQUEST, NULL), 0);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(requests_of_a_switch_that_goes_are_reset_before_its_leaving)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);

    ask(OFPT_BARRIER_REQUEST, NULL);
    ask_ports();
    send_ports(sw, fake_expect(sw, OFPT_BARRIER_REQUEST).xid + 1, 0, 3, true);
    stream_close(sw->stream);
    sw->stream = NULL;
    fake_settle();
    ck_assert_uint_eq(got.n, 2);
    ck_assert_int_eq(got.error, -ECONNRESET);
    ck_assert_uint_eq(heard.leaves, 1);
    request_world_end(ctl, sw);
}
END_TEST

START_TEST(cancelled_requests_are_not_answered)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    int mine, other;

    ask(OFPT_BARRIER_REQUEST, &mine);
    ask(OFPT_BARRIER_REQUEST, &other);
    ask(OFPT_BARRIER_REQUEST, &mine);
    ctl_cancel_requests(heard.dp, &mine);
    for (int i = 0; i < 3; i++)
        answer(sw, OFPT_BARRIER_REPLY, fake_expect(sw, OFPT_BARRIER_REQUEST).xid);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_ptr_eq(got.user, &other);
    ck_assert_uint_eq(ctl_counters.stray, 2);
    request_world_end(ctl, sw);
}
END_TEST

static void ask_again(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    const struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST};
    int *left = user;
    (void)reply;
    ck_assert_int_eq(error, 0);
    got.n++;
    ctl_cancel_requests(dp, user);
    if (--*left > 0)
        ck_assert_int_eq(ctl_request(dp, &barrier, ask_again, user), 0);
    else
        ctl_dp_drop(dp);
}

START_TEST(request_may_be_made_and_the_datapath_dropped_in_an_answer)
{
    struct ctl *ctl = request_world(NULL);
    struct fake_peer *sw = fake_joined(ctl, 1, 1);
    const struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST};
    int left = 5;

    ck_assert_int_eq(ctl_request(heard.dp, &barrier, ask_again, &left), 0);
    fake_settle();
    while (left > 0)
        answer(sw, OFPT_BARRIER_REPLY, fake_expect(sw, OFPT_BARRIER_REQUEST).xid);
    ck_assert_uint_eq(got.n, 5);
    ck_assert_uint_eq(heard.leaves, 1);
    ck_assert_ptr_null(sw->stream);
    request_world_end(ctl, sw);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_kind_of_request_gets_its_reply,
        queue_config_and_vendor_requests_get_their_replies,
        what_is_no_request_is_refused,
        replies_in_another_order_find_their_requests,
        request_without_an_answer_times_out_and_a_late_answer_is_stray,
        error_with_its_xid_ends_a_request_and_apps_do_not_hear_it,
        stray_replies_are_counted_and_harm_nothing,
        reply_of_more_than_64_kilobytes_comes_in_one_piece,
        empty_last_part_and_empty_reply_are_whole,
        parts_of_two_replies_may_alternate,
        reply_past_the_maximum_ends_its_request,
        parts_do_not_prolong_a_requests_time,
        request_that_is_answered_leaves_room_for_the_next,
        requests_past_the_maximum_are_refused,
        requests_of_a_switch_that_goes_are_reset_before_its_leaving,
        cancelled_requests_are_not_answered,
        request_may_be_made_and_the_datapath_dropped_in_an_answer,
        NULL,
    };
    return unit_main(unit_suite("request", tests));
}
