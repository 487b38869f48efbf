/*
 * test_log.c - the log's lines, levels and limits, in virtual time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

LOG_MODULE(frob);

static struct log_module other = {.name = "other", .level = LOG_INFO};

static char last[2000];
static int lines;

static void keep(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    ck_assert_uint_lt(strlen(line), sizeof last);
    strcpy(last, line);
    lines++;
}

static void begin(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    log_set_sink(keep, NULL);
    ck_assert_int_eq(log_set_levels("info"), 0);
    lines = 0;
    last[0] = '\0';
}

/* Let virtual time pass. */
static void nothing(void *user)
{
    (void)user;
}

static void advance(uint64_t ns)
{
    struct timer t;
    timer_init(&t, nothing, NULL);
    loop_timer_arm(&t, loop_now() + ns + NS_PER_S);
    sim_run(loop_now() + ns);
    timer_cancel(&t);
}

START_TEST(a_line_has_time_level_module_and_text)
{
    begin();
    advance(61 * NS_PER_S + 7 * NS_PER_MS);
    log_warn("port %d", 7);
    ck_assert_str_eq(last, "2026-01-01T00:01:01.007Z WARN  frob: port 7");
    log_error("x");
    ck_assert_str_eq(last, "2026-01-01T00:01:01.007Z ERROR frob: x");
}
END_TEST

START_TEST(dates_follow_the_calendar)
{
    static const struct {
        uint64_t day; /* since 2026-01-01 */
        const char *date;
    } days[] = {
        {364, "2026-12-31"},  {365, "2027-01-01"},   {789, "2028-02-29"},   {790, "2028-03-01"},
        {1095, "2028-12-31"}, {27086, "2100-02-28"}, {27087, "2100-03-01"},
    };
    begin();
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        advance(days[i].day * 86400 * NS_PER_S - loop_now());
        log_info("x");
        ck_assert_int_eq(strncmp(last, days[i].date, 10), 0);
    }
}
END_TEST

START_TEST(what_a_peer_sends_cannot_forge_a_line_or_move_the_cursor)
{
    begin();
    log_warn("%s", "a\n2026 b\x1b[2J\x7f\xc2\x9b c");
    ck_assert_str_eq(last + 25, "WARN  frob: a\\x0a2026 b\\x1b[2J\\x7f\\xc2\\x9b c");
    ck_assert_int_eq(lines, 1);
}
END_TEST

START_TEST(a_long_text_is_cut_not_overrun)
{
    char text[5000];
    begin();
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    log_warn("%s", text);
    ck_assert_uint_eq(strlen(last), 1023);
    memset(text, '\n', sizeof text - 1);
    log_warn("%s", text);
    ck_assert_uint_gt(strlen(last), 1023 - 4);
    ck_assert_uint_le(strlen(last), 1023);
    ck_assert_str_eq(last + strlen(last) - 4, "\\x0a");
}
END_TEST

START_TEST(a_module_logs_up_to_its_level)
{
    begin();
    log_debug("no");
    ck_assert_int_eq(lines, 0);
    ck_assert_int_eq(log_set_levels("frob:debug"), 0);
    log_debug("yes");
    ck_assert_int_eq(lines, 1);
    ck_assert_int_eq(log_set_levels("frob:error"), 0);
    log_warn("no");
    log_error("yes");
    ck_assert_int_eq(lines, 2);
}
END_TEST

START_TEST(a_level_set_before_a_module_logs_is_remembered)
{
    static struct log_module late = {.name = "late", .level = LOG_INFO};
    begin();
    ck_assert_int_eq(log_set_levels("error,late:debug"), 0);
    ck_assert(log_enabled(&late, LOG_DEBUG));
    ck_assert(!log_enabled(&other, LOG_WARN));
}
END_TEST

START_TEST(later_levels_overrule_earlier_ones)
{
    begin();
    ck_assert_int_eq(log_set_levels("frob:error,warn"), 0);
    ck_assert(log_enabled(&log_this_module, LOG_WARN));
    ck_assert(!log_enabled(&log_this_module, LOG_INFO));
    ck_assert_int_eq(log_set_levels("frob:error,frob:debug"), 0);
    ck_assert(log_enabled(&log_this_module, LOG_DEBUG));
}
END_TEST

START_TEST(bad_levels_are_refused_and_change_nothing)
{
    static const char *const bad[] = {
        "",
        "frob",
        "frob:",
        "frob:loud",
        ":debug",
        "debug,",
        ",debug",
        "frob:debug,other:",
        "frob:debug:x",
        "a-name-that-is-far-too-long-for-a-module:debug",
    };
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(log_set_levels(bad[i]), -EINVAL);
        ck_assert(!log_enabled(&log_this_module, LOG_DEBUG));
    }
}
END_TEST

START_TEST(the_number_of_remembered_names_is_bounded)
{
    char text[20];
    int result = 0, n = 0;
    begin();
    for (; n < 1000 && result == 0; n++) {
        snprintf(text, sizeof text, "m%d:debug", n);
        result = log_set_levels(text);
    }
    ck_assert_int_eq(result, -EINVAL);
    ck_assert_int_gt(n, 30);
}
END_TEST

START_TEST(a_limit_lets_ten_lines_through_then_one_a_second_and_counts_the_rest)
{
    static struct log_limit limit;
    begin();
    for (int i = 0; i < 100; i++)
        log_warn_limited(&limit, "noise %d", i);
    ck_assert_int_eq(lines, 10);
    ck_assert_str_eq(last + 25, "WARN  frob: noise 9");
    advance(NS_PER_S);
    log_warn_limited(&limit, "more");
    log_warn_limited(&limit, "more");
    ck_assert_int_eq(lines, 11);
    ck_assert_str_eq(last + 25, "WARN  frob: (90 like it withheld) more");
    advance(3 * NS_PER_S);
    for (int i = 0; i < 100; i++)
        log_warn_limited(&limit, "noise");
    ck_assert_int_eq(lines, 14);
    advance(1000 * NS_PER_S);
    for (int i = 0; i < 100; i++)
        log_warn_limited(&limit, "noise");
    ck_assert_int_eq(lines, 24);
}
END_TEST

START_TEST(without_a_sink_lines_go_to_the_platform)
{
    begin();
    log_set_sink(NULL, NULL);
    log_info("one");
    log_info("two");
    ck_assert_str_eq(sim_log(), "2026-01-01T00:00:00.000Z INFO  frob: one\n"
                                "2026-01-01T00:00:00.000Z INFO  frob: two\n");
}
END_TEST

#define JSON_HEAD "{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"warn\",\"module\":\"frob\","

START_TEST(for_machines_a_line_is_an_object)
{
    struct log_limit limit = {0};
    begin();
    log_set_form(LOG_JSON);
    log_warn("port %d", 7);
    ck_assert_str_eq(last, JSON_HEAD "\"message\":\"port 7\"}");
    for (int i = 0; i < 13; i++)
        log_warn_limited(&limit, "again");
    advance(NS_PER_S);
    log_warn_limited(&limit, "again");
    ck_assert_ptr_nonnull(strstr(last, ",\"withheld\":3,\"message\":\"again\"}"));
    log_set_form(LOG_TEXT);
}
END_TEST

START_TEST(no_text_breaks_an_object)
{
    char text[3000];
    begin();
    log_set_form(LOG_JSON);
    log_warn("%s", "a\"b\\c\nd\xff");
    ck_assert_str_eq(last, JSON_HEAD "\"message\":\"a\\\"b\\\\c\\u000ad\\u00ff\"}");
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < 10; i++) {
        log_warn("%s", text + sizeof text - 500 - i);
        ck_assert_str_eq(last + strlen(last) - 3, "\"\"}");
        log_warn("%s", text + i);
        ck_assert_str_eq(last + strlen(last) - 3, "\"\"}");
        ck_assert_uint_eq(last[strlen(last) - 4], '\\');
        text[i] = 'x';
    }
    log_set_form(LOG_TEXT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_line_has_time_level_module_and_text,
        dates_follow_the_calendar,
        what_a_peer_sends_cannot_forge_a_line_or_move_the_cursor,
        a_long_text_is_cut_not_overrun,
        a_module_logs_up_to_its_level,
        a_level_set_before_a_module_logs_is_remembered,
        later_levels_overrule_earlier_ones,
        bad_levels_are_refused_and_change_nothing,
        the_number_of_remembered_names_is_bounded,
        a_limit_lets_ten_lines_through_then_one_a_second_and_counts_the_rest,
        without_a_sink_lines_go_to_the_platform,
        for_machines_a_line_is_an_object,
        no_text_breaks_an_object,
        NULL,
    };
    return unit_main(unit_suite("log", tests));
}
