/*
 * test_dial.c - listening for switches and calling them, over the simulated network.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <errno.h>

static struct ctl *ctl;
static struct fake_peer *called[16], *sw; /* sw: who has been called last */
static unsigned calls;

static void set_up(void)
{
    ctl = fake_world(NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    calls = 0;
    sw = NULL;
}

static void tear_down(void)
{
    while (calls > 0)
        fake_free(called[--calls]);
    fake_world_end(ctl);
}

static void on_call(void *user, struct stream *s)
{
    (void)user;
    ck_assert_uint_lt(calls, sizeof called / sizeof called[0]);
    sw = called[calls++] = fake_adopt(s, OFP_AT_SWITCH);
}

static struct listener *switch_listens(void)
{
    struct endpoint at;
    struct listener *l;
    ck_assert_int_eq(endpoint_parse(&at, "ptcp:6653:switch", 0), 0);
    ck_assert_int_eq(net_listen(sim_net(), &at, on_call, NULL, &l), 0);
    return l;
}

START_TEST(calls_to_a_switch_that_is_away_come_at_growing_intervals_up_to_the_longest)
{
    uint64_t before;
    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "tcp:switch:6653", NULL), 0);
    fake_wait(60 * NS_PER_S);
    before = ctl_counters.connects_failed;
    ck_assert_uint_ge(before, 5);
    ck_assert_uint_le(before, 10);
    fake_wait(600 * NS_PER_S);
    ck_assert_uint_ge(ctl_counters.connects_failed - before, 20);
    ck_assert_uint_le(ctl_counters.connects_failed - before, 41);
}
END_TEST

START_TEST(switch_that_is_called_joins_and_is_called_again_soon_after_it_has_gone)
{
    struct listener *l;

    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "tcp:switch", NULL), 0);
    fake_wait(100 * NS_PER_S); /* the wait has grown */
    l = switch_listens();
    for (int i = 0; i < 31 && calls == 0; i++)
        fake_wait(NS_PER_S);
    ck_assert_uint_eq(calls, 1);
    fake_join(sw, 5, 2);
    ck_assert_uint_eq(heard.joins, 1);
    ck_assert_str_eq(ctl_dp_peer(heard.dp), "tcp:switch:6653");

    sim_cut_all();
    fake_wait(2 * NS_PER_S);
    ck_assert_uint_eq(heard.leaves, 1);
    ck_assert_uint_eq(calls, 2);
    fake_join(sw, 5, 2);
    ck_assert_uint_eq(heard.joins, 2);
    net_listener_close(l);
}
END_TEST

START_TEST(switch_that_answers_a_call_but_says_nothing_is_left_and_called_again)
{
    struct listener *l = switch_listens();

    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "tcp:switch", NULL), 0);
    fake_wait(30 * NS_PER_S);
    ck_assert_uint_ge(calls, 2);
    ck_assert_uint_ge(ctl_counters.handshakes_failed, 1);
    net_listener_close(l);
}
END_TEST

START_TEST(switch_that_is_far_away_has_all_the_handshakes_time_once_it_is_reached)
{
    const struct sim_faults far = {.delay_min = 9 * NS_PER_S, .delay_max = 9 * NS_PER_S};
    struct listener *l = switch_listens();

    sim_set_faults(&far);
    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "tcp:switch", NULL), 0);
    for (int i = 0; i < 30 && calls == 0; i++)
        fake_wait(NS_PER_S);
    sim_set_faults(&(struct sim_faults){0});
    fake_wait(9 * NS_PER_S);
    ck_assert_uint_eq(calls, 1);
    fake_join(sw, 5, 2);
    ck_assert_uint_eq(heard.joins, 1);
    ck_assert_uint_eq(ctl_counters.handshakes_failed, 0);
    net_listener_close(l);
}
END_TEST

static void on_open(void *user)
{
    *(bool *)user = true;
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    (void)bytes;
    return n;
}

static void on_closed(void *user, int error)
{
    *(bool *)user = false;
    (void)error;
}

START_TEST(switches_that_call_are_taken_where_the_controller_listens)
{
    static const struct stream_events events = {
        .opened = on_open, .data = on_data, .closed = on_closed};
    const char *where = NULL;
    struct endpoint to;
    struct stream *s[50];
    bool open[50] = {false};

    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "ptcp:6653:controller", &where), 0);
    ck_assert_str_eq(where, "ptcp:6653:controller");
    ck_assert_int_eq(endpoint_parse(&to, "tcp:controller", OFP_TCP_PORT), 0);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(net_connect(sim_net(), &to, &events, &open[i], &s[i]), 0);
    fake_settle();
    ck_assert_uint_eq(ctl_counters.sessions_opened, 50);
    ck_assert_uint_eq(ctl_counters.tx[OFPT_HELLO], 50);
    sim_cut_all();
    fake_settle();
    ck_assert_uint_eq(ctl_counters.sessions_ended, 50);
    for (int i = 0; i < 50; i++)
        ck_assert(!open[i]);
}
END_TEST

START_TEST(names_that_cannot_be_served_are_refused)
{
    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "carrier-pigeon:9", NULL), -EINVAL);
    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "ptcp:99999", NULL), -EINVAL);
    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "ptcp:1:here", NULL), 0);
    ck_assert_int_eq(ctl_serve(ctl, sim_net(), "ptcp:1:here", NULL), -EADDRINUSE);
    ck_assert_int_ne(ctl_serve(ctl, sim_net(), "pssl:2:here", NULL), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dial");
    TCase *c = tcase_create("dial");
    const TTest *const tests[] = {
        calls_to_a_switch_that_is_away_come_at_growing_intervals_up_to_the_longest,
        switch_that_is_called_joins_and_is_called_again_soon_after_it_has_gone,
        switch_that_answers_a_call_but_says_nothing_is_left_and_called_again,
        switch_that_is_far_away_has_all_the_handshakes_time_once_it_is_reached,
        switches_that_call_are_taken_where_the_controller_listens,
        names_that_cannot_be_served_are_refused,
        NULL,
    };
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_test(c, tests[i]);
    return unit_main(s);
}
