/*
 * test_call.c - tasks that ask datapaths and wait: answers, errors, time-outs, cancelling, loss.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/call.h"
#include "controller/session.h"
#include "runtime/task.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DPID 0x51

/* One task that makes one call. */
static struct asked {
    struct ctl *ctl;
    struct ofp_msg request;
    uint64_t limit; /* of the task; 0: none */
    bool unwanted;  /* the answer */
    int error;
    struct ctl_answer *answer;
    struct task *task;
} asked;

static int ask(void *unused)
{
    (void)unused;
    if (asked.limit != 0)
        task_limit(asked.limit);
    asked.error = ctl_call(asked.ctl, DPID, &asked.request, asked.unwanted ? NULL : &asked.answer);
    return asked.error;
}

static struct fake_peer *begin(const struct ctl_config *config)
{
    asked = (struct asked){.ctl = fake_world(config), .error = 1};
    ck_assert_int_eq(ctl_add_app(asked.ctl, &listener_app), 0);
    return fake_joined(asked.ctl, DPID, 2);
}

static void start(struct ofp_msg request)
{
    asked.request = request;
    asked.task = task_start(ask, NULL);
    fake_settle();
}

/* The task is over, with this. */
static void expect(int error)
{
    ck_assert(task_over(asked.task));
    ck_assert_int_eq(asked.error, error);
    ck_assert((asked.answer != NULL) == ((error == 0 || error == -EREMOTEIO) && !asked.unwanted));
}

static void end(struct fake_peer *sw)
{
    free(asked.answer);
    task_release(asked.task);
    ck_assert_uint_eq(task_count(), 0);
    task_pool_free();
    fake_free(sw);
    fake_world_end(asked.ctl);
}

START_TEST(a_barrier_is_waited_for)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY};

    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    reply.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    fake_wait(NS_PER_S);
    ck_assert(!task_over(asked.task));
    fake_send(sw, &reply);
    expect(0);
    ck_assert_uint_eq(asked.answer->msg.type, OFPT_BARRIER_REPLY);
    end(sw);
}
END_TEST

START_TEST(an_answer_that_is_not_wanted_is_waited_for_too)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY};

    asked.unwanted = true;
    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    ck_assert(!task_over(asked.task));
    reply.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    fake_send(sw, &reply);
    expect(0);
    end(sw);
}
END_TEST

START_TEST(an_answer_outlives_the_bytes_that_it_came_in)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_msg echo = {.type = OFPT_ECHO_REQUEST, .data = span_of("hello", 5)}, other = echo;

    start(echo);
    echo = fake_expect(sw, OFPT_ECHO_REQUEST);
    echo.type = OFPT_ECHO_REPLY;
    fake_send(sw, &echo);
    other.data = span_of("HELLO", 5); /* over it, in the area that all streams share */
    fake_send(sw, &other);
    expect(0);
    ck_assert_uint_eq(asked.answer->msg.data.len, 5);
    ck_assert_mem_eq(asked.answer->msg.data.data, "hello", 5);
    end(sw);
}
END_TEST

START_TEST(a_description_is_copied_whole)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_desc_stats desc = {.mfr_desc = "somebody", .serial_num = "7"};
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .stats.type = OFPST_DESC};

    start(msg);
    msg = (struct ofp_msg){.type = OFPT_STATS_REPLY,
                           .xid = fake_expect(sw, OFPT_STATS_REQUEST).xid,
                           .stats = {.type = OFPST_DESC, .desc = &desc}};
    fake_send(sw, &msg);
    expect(0);
    ck_assert_mem_eq(asked.answer->msg.stats.desc, &desc, sizeof desc);
    end(sw);
}
END_TEST

START_TEST(an_answer_in_many_parts_comes_in_one_piece)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_port_stats ports[2] = {{.port_no = be16_of(1)}, {.port_no = be16_of(2)}};
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST};

    msg.stats = (struct ofp_msg_stats){.type = OFPST_PORT, .port.port_no = OFPP_NONE};
    start(msg);
    msg =
        (struct ofp_msg){.type = OFPT_STATS_REPLY, .xid = fake_expect(sw, OFPT_STATS_REQUEST).xid};
    for (int i = 0; i < 2; i++) {
        ck_assert(!task_over(asked.task));
        msg.stats = (struct ofp_msg_stats){.type = OFPST_PORT,
                                           .flags = i == 0 ? OFPSF_REPLY_MORE : 0,
                                           .entries = span_of(&ports[i], sizeof ports[i])};
        fake_send(sw, &msg);
    }
    expect(0);
    ck_assert_uint_eq(asked.answer->msg.stats.entries.len, sizeof ports);
    ck_assert_mem_eq(asked.answer->msg.stats.entries.data, ports, sizeof ports);
    end(sw);
}
END_TEST

START_TEST(an_error_is_the_answer)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_msg error = {.type = OFPT_ERROR};

    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    error.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    error.error = (struct ofp_msg_error){
        .type = OFPET_BAD_REQUEST, .code = OFPBRC_EPERM, .data = span_of("12345678", 8)};
    fake_send(sw, &error);
    expect(-EREMOTEIO);
    ck_assert_uint_eq(asked.answer->msg.type, OFPT_ERROR);
    ck_assert_uint_eq(asked.answer->msg.error.code, OFPBRC_EPERM);
    end(sw);
}
END_TEST

START_TEST(a_switch_that_does_not_answer_ends_the_wait)
{
    struct ctl_config config;
    struct fake_peer *sw;

    ctl_defaults(&config);
    config.request_time = 2 * NS_PER_S;
    sw = begin(&config);
    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    fake_wait(1900 * NS_PER_MS);
    ck_assert(!task_over(asked.task));
    fake_wait(200 * NS_PER_MS);
    expect(-ETIMEDOUT);
    end(sw);
}
END_TEST

START_TEST(a_limit_of_the_task_ends_the_wait_and_the_request)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY};

    asked.limit = loop_now() + 100 * NS_PER_MS;
    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    reply.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    fake_wait(200 * NS_PER_MS);
    expect(-ETIMEDOUT);
    fake_send(sw, &reply);
    ck_assert_uint_eq(ctl_counters.stray, 1);
    end(sw);
}
END_TEST

START_TEST(a_cancelled_task_leaves_no_request)
{
    struct fake_peer *sw = begin(NULL);
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY};

    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    reply.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    task_cancel(asked.task);
    fake_settle();
    expect(-ECANCELED);
    fake_send(sw, &reply);
    ck_assert_uint_eq(ctl_counters.stray, 1);
    end(sw);
}
END_TEST

START_TEST(a_switch_that_goes_ends_the_wait)
{
    struct fake_peer *sw = begin(NULL);

    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    fake_free(sw);
    fake_settle();
    expect(-ECONNRESET);
    task_release(asked.task);
    start((struct ofp_msg){.type = OFPT_BARRIER_REQUEST});
    expect(-ENOTCONN);
    end(fake_new(asked.ctl));
}
END_TEST

START_TEST(what_is_no_request_is_refused)
{
    struct fake_peer *sw = begin(NULL);

    start((struct ofp_msg){.type = OFPT_HELLO});
    expect(-EINVAL);
    fake_expect_nothing(sw);
    end(sw);
}
END_TEST

/* Two switches are asked at once: the first that answers counts, the other call is cancelled. */

static int ask_one(void *dpid)
{
    const struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST};
    return ctl_call(asked.ctl, *(const uint64_t *)dpid, &barrier, NULL);
}

static int ask_both(void *unused)
{
    static uint64_t one = DPID, other = DPID + 1;
    struct task *const tasks[] = {task_start(ask_one, &one), task_start(ask_one, &other)};
    (void)unused;
    asked.error = task_first(tasks, 2, NULL);
    return 0;
}

START_TEST(the_first_of_two_that_answer_is_taken)
{
    struct fake_peer *one = begin(NULL), *other = fake_joined(asked.ctl, DPID + 1, 1);
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY};

    asked.task = task_start(ask_both, NULL);
    fake_settle();
    fake_expect(one, OFPT_BARRIER_REQUEST);
    reply.xid = fake_expect(other, OFPT_BARRIER_REQUEST).xid;
    fake_send(other, &reply);
    ck_assert(task_over(asked.task));
    ck_assert_int_eq(asked.error, 1);
    fake_free(other);
    end(one);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_barrier_is_waited_for,
        an_answer_that_is_not_wanted_is_waited_for_too,
        an_answer_outlives_the_bytes_that_it_came_in,
        a_description_is_copied_whole,
        an_answer_in_many_parts_comes_in_one_piece,
        an_error_is_the_answer,
        a_switch_that_does_not_answer_ends_the_wait,
        a_limit_of_the_task_ends_the_wait_and_the_request,
        a_cancelled_task_leaves_no_request,
        a_switch_that_goes_ends_the_wait,
        what_is_no_request_is_refused,
        the_first_of_two_that_answer_is_taken,
        NULL,
    };
    return unit_main(unit_suite("call", tests));
}
