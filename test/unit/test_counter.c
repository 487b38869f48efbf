/*
 * test_counter.c - counters are shown in the order of registration, once, and logged if not zero.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct {
    uint64_t in, out;
} a;
static const char *const a_names[] = {"in", "out"};
static struct counter_set a_set = {"a", a_names, (const uint64_t *)&a, 2, NULL};

static uint64_t many[100];
static const char *many_names[100];
static struct counter_set b_set = {"b", many_names, many, 100, NULL};

static char shown[10000];
static int lines;
static size_t longest;

static void show(void *user, const char *module, const char *name, uint64_t value)
{
    (void)user;
    sprintf(shown + strlen(shown), "%s.%s=%" PRIu64 " ", module, name, value);
}

static void keep(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    lines++;
    longest = strlen(line) > longest ? strlen(line) : longest;
    strcat(strcat(shown, strchr(line, ' ')), "\n");
}

static void begin(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    log_set_sink(keep, NULL);
    memset(&a, 0, sizeof a);
    memset(many, 0, sizeof many);
    for (int i = 0; i < 100; i++)
        many_names[i] = "a_counter_with_a_long_name";
    b_set.n = 100;
    shown[0] = '\0';
}

START_TEST(sets_are_shown_in_order_and_registering_again_is_nothing)
{
    begin();
    b_set.n = 1;
    counter_register(&a_set);
    counter_register(&b_set);
    counter_register(&a_set);
    a.out = UINT64_MAX;
    counter_each(show, NULL);
    ck_assert_str_eq(shown, "a.in=0 a.out=18446744073709551615 b.a_counter_with_a_long_name=0 ");
}
END_TEST

#define ALL_OTHERS " INFO  counters: all others are zero\n"

START_TEST(only_counters_that_counted_are_logged)
{
    begin();
    counter_register(&b_set);
    counter_register(&a_set);
    counter_log();
    ck_assert_str_eq(shown, ALL_OTHERS);
    a.in = 3;
    *shown = '\0';
    counter_log();
    ck_assert_str_eq(shown, " INFO  counters: a: in=3\n" ALL_OTHERS);
}
END_TEST

START_TEST(a_long_set_takes_several_lines_and_loses_nothing)
{
    int found = 0;
    begin();
    for (uint64_t i = 0; i < 100; i++)
        many[i] = 1000000 + i;
    counter_register(&b_set);
    counter_log();
    for (const char *p = shown; (p = strstr(p, "name=10000")) != NULL; p++)
        found++;
    ck_assert_int_eq(found, 100);
    ck_assert_int_gt(lines, 1);
    ck_assert_uint_lt(longest, 1000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sets_are_shown_in_order_and_registering_again_is_nothing,
        only_counters_that_counted_are_logged,
        a_long_set_takes_several_lines_and_loses_nothing,
        NULL,
    };
    return unit_main(unit_suite("counter", tests));
}
