/*
 * test_static.c - flows from a file come to the switches that they are for, and change with it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "test/unit/app_files.h"
#include "test/unit/fake_switch.h"

static struct ctl *ctl;
static void *option(const char *name)
{
    return app_option(&static_app, name);
}

static void setup(void)
{
    app_file_begin();
    *(const char **)option("static-file") = path;
    ((struct config_list *)option("static-flow"))->n = 0;
    ctl = fake_world(NULL);
    app_log_begin();
}

static void teardown(void)
{
    fake_world_end(ctl);
    unlink(path);
}

static void begin(const char *text)
{
    app_file_write(text);
    ck_assert_int_eq(ctl_add_app(ctl, &static_app), 0);
}

static void reload(const char *text)
{
    app_file_write(text);
    ctl_reload(ctl);
    fake_settle();
}

START_TEST(flows_come_to_the_switches_that_they_are_for)
{
    struct fake_peer *one, *two;
    begin("# a comment\n\n  \npriority=5,in_port=1,actions=output:2\n"
          "dpid=2,priority=7,in_port=1 actions=drop\ndpid=0x1 in_port=3,actions=flood\n");
    one = fake_joined(ctl, 1, 2);
    two = fake_joined(ctl, 2, 2);
    ck_assert_str_eq(next_flow(one), "+priority=5,in_port=1 output:2");
    ck_assert_str_eq(next_flow(one), "+in_port=3 FLOOD");
    fake_expect_nothing(one);
    ck_assert_str_eq(next_flow(two), "+priority=5,in_port=1 output:2");
    ck_assert_str_eq(next_flow(two), "+priority=7,in_port=1 drop");
    fake_expect_nothing(two);
    fake_free(one);
    fake_free(two);
}
END_TEST

START_TEST(a_reload_sends_the_differences_only)
{
    struct fake_peer *one;
    begin("in_port=1,actions=output:2\nin_port=2,actions=output:1\nin_port=3,actions=drop\n");
    one = fake_joined(ctl, 1, 2);
    fake_forget(one);
    reload("in_port=4,actions=drop\nin_port=3,actions=drop\nin_port=2,actions=output:9\n");
    ck_assert_str_eq(next_flow(one), "-in_port=1 ");
    ck_assert_str_eq(next_flow(one), "+in_port=2 output:9");
    ck_assert_str_eq(next_flow(one), "+in_port=4 drop");
    fake_expect_nothing(one);
    reload("in_port=2,actions=output:9\ndpid=1,in_port=4,actions=drop\n");
    ck_assert_str_eq(next_flow(one), "-in_port=3 ");
    ck_assert_str_eq(next_flow(one), "-in_port=4 "); /* it was for all */
    ck_assert_str_eq(next_flow(one), "+in_port=4 drop");
    fake_expect_nothing(one);
    fake_free(one);
}
END_TEST

static const struct {
    const char *text, *said;
} bad[] = {
    {"in_port=1,actions=drop\nin_prt=1,actions=drop\n", ":2: "},
    {"in_port=1\n", ":1: "},
    {"dpid=xyz,actions=drop\n", ":1: dpid= wants 1 to 16 hexadecimal digits"},
    {"dpid=11112222333344445,actions=drop\n", ":1: dpid= wants"},
    {"actions=drop\n#\ndpid=1,actions=output:1\n", ":3: the same match and priority as in line 1"},
    {"dpid=1,actions=drop\ndpid=1,actions=flood\n", ":2: the same match and priority as in line 1"},
    {"buffer_id=7,actions=drop\n", ":1: buffer_id means nothing in a file"},
    {"check_overlap,actions=drop\n", ":1: check_overlap means nothing in a file"},
    {"in_port=1,actions=drop\nin_port=2,actions=drop\nin_port=3,actions=drop\n"
     "in_port=4,actions=drop\n",
     ":4: too many flows: raise --static-max"},
};

START_TEST(a_file_with_an_error_changes_nothing_and_the_line_is_said)
{
    struct fake_peer *one;
    *(uint64_t *)option("static-max") = 3;
    begin("in_port=9,actions=drop\n");
    one = fake_joined(ctl, 1, 2);
    ck_assert_str_eq(next_flow(one), "+in_port=9 drop");
    reload(bad[_i].text);
    fake_expect_nothing(one);
    ck_assert_msg(strstr(logged, bad[_i].said) != NULL, "not said: %s", bad[_i].said);
    reload("in_port=9,actions=drop\n");
    fake_expect_nothing(one);
    *(uint64_t *)option("static-max") = 65536;
    fake_free(one);
}
END_TEST

START_TEST(a_line_too_long_is_an_error)
{
    static char text[5000];
    memset(text, ' ', sizeof text - 1);
    app_file_write(text);
    ck_assert_int_lt(ctl_add_app(ctl, &static_app), 0);
    ck_assert_ptr_nonnull(strstr(logged, ":1: longer than 2046 characters"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error)
{
    *(const char **)option("static-file") = "/nonexistent/flows";
    ck_assert_int_lt(ctl_add_app(ctl, &static_app), 0);
    ck_assert_ptr_nonnull(strstr(logged, "/nonexistent/flows: No such file"));
}
END_TEST

START_TEST(flows_come_from_options_too)
{
    struct config_list *flows = option("static-flow");
    struct fake_peer *one;
    *(const char **)option("static-file") = NULL;
    flows->value[flows->n++] = "dpid=1,in_port=1,actions=drop";
    flows->value[flows->n++] = "dpid=2,in_port=1,actions=drop";
    ck_assert_int_eq(ctl_add_app(ctl, &static_app), 0);
    one = fake_joined(ctl, 1, 2);
    ck_assert_str_eq(next_flow(one), "+in_port=1 drop");
    fake_expect_nothing(one);
    fake_free(one);
}
END_TEST

static void removed(struct fake_peer *sw, uint16_t in_port, uint8_t reason)
{
    struct ofp_match match = {0};
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
    match.wildcards = be32_of(OFPFW_ALL & ~(uint32_t)OFPFW_IN_PORT);
    match.in_port = be16_of(in_port);
    msg.flow_removed = (struct ofp_msg_flow_removed){
        .match = &match, .priority = OFP_DEFAULT_PRIORITY, .reason = reason};
    fake_send(sw, &msg);
}

START_TEST(a_flow_that_somebody_deletes_comes_back_and_one_that_times_out_does_not)
{
    struct fake_peer *one;
    struct ofp_msg add;
    begin("in_port=1,idle_timeout=5,actions=drop\n");
    one = fake_joined(ctl, 1, 2);
    add = fake_expect(one, OFPT_FLOW_MOD);
    ck_assert_uint_eq(add.flow_mod.flags, OFPFF_SEND_FLOW_REM);
    removed(one, 1, OFPRR_IDLE_TIMEOUT);
    removed(one, 2, OFPRR_DELETE);
    fake_expect_nothing(one);
    removed(one, 1, OFPRR_DELETE);
    ck_assert_str_eq(next_flow(one), "+in_port=1 drop");
    reload("");
    ck_assert_str_eq(next_flow(one), "-in_port=1 ");
    removed(one, 1, OFPRR_DELETE);
    fake_expect_nothing(one);
    fake_free(one);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("static");
    TCase *c = tcase_create("static");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, flows_come_to_the_switches_that_they_are_for);
    tcase_add_test(c, a_reload_sends_the_differences_only);
    tcase_add_loop_test(c, a_file_with_an_error_changes_nothing_and_the_line_is_said, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_test(c, a_line_too_long_is_an_error);
    tcase_add_test(c, a_file_that_is_not_there_is_an_error);
    tcase_add_test(c, flows_come_from_options_too);
    tcase_add_test(c, a_flow_that_somebody_deletes_comes_back_and_one_that_times_out_does_not);
    return unit_main(s);
}
