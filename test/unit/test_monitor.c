/*
 * test_monitor.c - the monitor asks for tables, ports and flows, one at a time, and shows them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/match.h"
#include "runtime/log.h"
#include "runtime/timer.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct ctl *ctl;
static struct fake_peer *sw;
static char shown[65536];
static unsigned lines;

static void keep_line(void *user, enum log_level level, const char *line)
{
    size_t n = strlen(shown);
    (void)user;
    (void)level;
    lines++;
    snprintf(shown + n, sizeof shown - n, "%s\n", line);
}

static void set_up(void)
{
    ctl = fake_world(NULL);
    shown[0] = '\0';
    log_set_sink(keep_line, NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &monitor_app), 0);
    sw = fake_joined(ctl, 0xab, 2);
}

static void tear_down(void)
{
    fake_free(sw);
    fake_world_end(ctl);
}

static uint32_t expect_request(uint16_t type)
{
    struct ofp_msg msg = fake_expect(sw, OFPT_STATS_REQUEST);
    ck_assert_uint_eq(msg.stats.type, type);
    fake_expect_nothing(sw);
    return msg.xid;
}

static void answer(uint16_t type, uint32_t xid, const void *entries, size_t n)
{
    struct ofp_msg msg = {.type = OFPT_STATS_REPLY, .xid = xid};
    msg.stats.type = type;
    msg.stats.entries = span_of(entries, n);
    fake_send(sw, &msg);
}

static void answer_round(void)
{
    struct ofp_table_stats table = {.name = "classifier", .active_count = be32_of(4321)};
    struct ofp_port_stats port = {.port_no = be16_of(2), .rx_packets = be64_of(987654321)};
    struct {
        struct ofp_flow_stats stats;
        struct ofp_action_output action;
    } flow = {.stats = {.length = be16_of(sizeof flow),
                        .match = ofp_match_any(),
                        .priority = be16_of(OFP_DEFAULT_PRIORITY),
                        .packet_count = be64_of(5555)},
              .action = {.len = be16_of(8), .port = be16_of(7)}};

    port.tx_packets = be64_of(UINT64_MAX);
    answer(OFPST_TABLE, expect_request(OFPST_TABLE), &table, sizeof table);
    answer(OFPST_PORT, expect_request(OFPST_PORT), &port, sizeof port);
    answer(OFPST_FLOW, expect_request(OFPST_FLOW), &flow, sizeof flow);
    fake_expect_nothing(sw);
}

static void expect_shown(const char *text)
{
    ck_assert_msg(strstr(shown, text) != NULL, "\"%s\" is not in:\n%s", text, shown);
}

START_TEST(a_round_shows_tables_ports_and_flows)
{
    fake_expect_nothing(sw);
    fake_wait(10 * NS_PER_S);
    answer_round();
    expect_shown("00000000000000ab");
    expect_shown("classifier");
    expect_shown("4321");
    expect_shown("987654321");
    expect_shown("5555");
    expect_shown("actions=output:7");
    expect_shown("1 flows in all");
}
END_TEST

START_TEST(rounds_come_again_each_interval)
{
    for (int i = 0; i < 5; i++) {
        fake_wait(10 * NS_PER_S);
        answer_round();
    }
    fake_wait(5 * NS_PER_S);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(round_that_is_not_answered_is_not_followed_by_another)
{
    uint32_t xid;
    fake_wait(10 * NS_PER_S);
    xid = expect_request(OFPST_TABLE);
    fake_wait(4 * NS_PER_S);
    answer(OFPST_TABLE, xid, NULL, 0);
    xid = expect_request(OFPST_PORT);
    fake_wait(8 * NS_PER_S);
    fake_expect_nothing(sw);
    answer(OFPST_PORT, xid, NULL, 0);
    expect_request(OFPST_FLOW);
}
END_TEST

START_TEST(error_ends_a_round_and_the_next_one_comes)
{
    struct ofp_msg error = {.type = OFPT_ERROR};
    fake_wait(10 * NS_PER_S);
    error.xid = expect_request(OFPST_TABLE);
    error.error.type = OFPET_BAD_REQUEST;
    error.error.code = OFPBRC_BAD_STAT;
    fake_send(sw, &error);
    fake_expect_nothing(sw);
    fake_wait(10 * NS_PER_S);
    answer_round();
}
END_TEST

START_TEST(switch_that_goes_in_a_round_is_forgotten)
{
    fake_wait(10 * NS_PER_S);
    expect_request(OFPST_TABLE);
    fake_free(sw);
    fake_wait(30 * NS_PER_S);
    sw = fake_joined(ctl, 0xab, 2);
    fake_wait(10 * NS_PER_S);
    answer_round();
}
END_TEST

START_TEST(switch_that_claims_very_many_tables_does_not_fill_the_log)
{
    enum { N = 1023 }; /* in each of two parts */
    static const struct ofp_table_stats tables[N];
    struct ofp_msg msg = {.type = OFPT_STATS_REPLY};

    fake_wait(10 * NS_PER_S);
    msg.xid = expect_request(OFPST_TABLE);
    msg.stats.type = OFPST_TABLE;
    msg.stats.flags = OFPSF_REPLY_MORE;
    msg.stats.entries = span_of(tables, sizeof tables);
    fake_send(sw, &msg);
    lines = 0;
    msg.stats.flags = 0;
    fake_send(sw, &msg);
    ck_assert_uint_eq(lines, 1 + 1 + 1024 + 1); /* datapath, heads, tables, "and 1022 more" */
    expect_request(OFPST_PORT);
}
END_TEST

START_TEST(packets_are_left_to_other_apps)
{
    ck_assert_ptr_null(monitor_app.packet_in);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("monitor");
    TCase *c = tcase_create("monitor");
    const TTest *const tests[] = {
        a_round_shows_tables_ports_and_flows,
        rounds_come_again_each_interval,
        round_that_is_not_answered_is_not_followed_by_another,
        error_ends_a_round_and_the_next_one_comes,
        switch_that_goes_in_a_round_is_forgotten,
        switch_that_claims_very_many_tables_does_not_fill_the_log,
        packets_are_left_to_other_apps,
        NULL,
    };
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_test(c, tests[i]);
    return unit_main(s);
}
