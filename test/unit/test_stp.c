/*
 * test_stp.c - ports that flood make a tree, are closed before others open, and what is known
 * behind those that change is forgotten.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/stp.h"
#include "controller/commands.h"
#include "test/unit/appctl_client.h"
#include "test/unit/cabled.h"

/* An app behind it that writes down what it is told. */
static char forgotten[200];
static unsigned packets;

static void forget(void *self, struct ctl_dp *dp, uint16_t port)
{
    (void)self;
    sprintf(forgotten + strlen(forgotten), "%u.%u ", (unsigned)ctl_dp_id(dp), port);
}

static bool packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    (void)self;
    (void)dp;
    (void)packet;
    packets++;
    return true;
}

static const struct ctl_app_type user_app = {
    .name = "user", .packet_in = packet_in, .forget = forget};

static const struct ctl_app_type *const apps[] = {&discovery_app, &stp_app, &user_app, NULL};

/* Three switches in a circle, each to the next from port 1 to port 2; ports 3 and 4 are hosts'. */
static void begin(void)
{
    cabled_begin(apps);
    packets = 0;
    for (unsigned n = 1; n <= 3; n++)
        cabled_lay(n, 1, n % 3 + 1, 2);
}

static void begin_joined(void)
{
    begin();
    for (unsigned n = 1; n <= 3; n++)
        cabled_join(n);
    cabled_pass(3 * NS_PER_S);
    forgotten[0] = '\0';
    cabled_forget();
}

START_TEST(all_ports_are_closed_when_a_switch_joins_and_hosts_open_when_they_have_settled)
{
    begin();
    cabled_join(1);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1-1 1-2 1-3 1-4 ");
    cabled_pass(1700 * NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1-1 1-2 1-3 1-4 ");
    cabled_pass(300 * NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1-1 1-2 1-3 1-4 1+1 1+2 1+3 1+4 ");
    cabled_end();
}
END_TEST

START_TEST(links_of_the_tree_open_at_once_and_the_circle_stays_closed)
{
    begin();
    for (unsigned n = 1; n <= 3; n++)
        cabled_join(n);
    cabled_pass(NS_PER_MS);
    for (unsigned n = 1; n <= 3; n++)
        for (unsigned port = 1; port <= 2; port++)
            ck_assert_int_eq(cabled.open[n][port],
                             !(n == 2 && port == 1) && !(n == 3 && port == 2));
    ck_assert(!cabled.open[1][3]);
    cabled_pass(2 * NS_PER_S);
    ck_assert(cabled.open[1][3] && cabled.open[3][4]);
    cabled_end();
}
END_TEST

START_TEST(when_a_link_of_the_tree_goes_the_closed_one_opens)
{
    begin_joined();
    cabled_cut(1, 1, _i == 0);
    cabled_pass(_i == 0 ? 3 * NS_PER_S : NS_PER_MS);
    ck_assert(cabled.open[2][1] && cabled.open[3][2]);
    ck_assert(cabled_said("2+1 "));
    ck_assert(cabled_said("3+2 "));
    cabled_end();
}
END_TEST

/* Nor is it one of a host's. */
START_TEST(a_cable_that_carries_frames_one_way_only_is_closed_at_both_ends)
{
    begin_joined();
    cabled_lose(_i == 0 ? 1 : 2, _i == 0 ? 1 : 2);
    cabled_pass(3 * NS_PER_S);
    ck_assert(cabled.open[2][1] && cabled.open[3][2]);
    ck_assert(!cabled.open[1][1] && !cabled.open[2][2]);
    cabled_pass(10 * NS_PER_S);
    ck_assert(!cabled.open[1][1] && !cabled.open[2][2]);
    cabled_end();
}
END_TEST

/* 2 hung on 1 by the cut cable and now is behind 3. */
START_TEST(what_is_behind_other_ports_than_before_is_forgotten)
{
    begin_joined();
    cabled_cut(1, 1, false);
    cabled_pass(NS_PER_MS);
    ck_assert_ptr_nonnull(strstr(forgotten, "1.1 ")); /* to 2, which was there */
    ck_assert_ptr_nonnull(strstr(forgotten, "1.2 ")); /* to 3: now 2 is there as well */
    ck_assert_ptr_nonnull(strstr(forgotten, "3.1 ")); /* to 1, and 2 is not there any more */
    ck_assert_ptr_null(strstr(forgotten, ".3 "));     /* hosts' */
    ck_assert_ptr_null(strstr(forgotten, ".4 "));
    cabled_end();
}
END_TEST

/* A flood that was on its way has taught old ports again. */
START_TEST(it_is_forgotten_once_more_when_old_floods_have_ended)
{
    begin_joined();
    cabled_cut(1, 1, false);
    cabled_pass(NS_PER_MS);
    forgotten[0] = '\0';
    cabled_pass(200 * NS_PER_MS);
    ck_assert_str_eq(forgotten, "");
    cabled_pass(100 * NS_PER_MS);
    ck_assert_ptr_nonnull(strstr(forgotten, "1.2 "));
    ck_assert_ptr_nonnull(strstr(forgotten, "3.1 "));
    ck_assert_ptr_null(strstr(forgotten, ".3 "));
    forgotten[0] = '\0';
    cabled_pass(3 * NS_PER_S);
    ck_assert_str_eq(forgotten, "");
    cabled_end();
}
END_TEST

START_TEST(nothing_is_forgotten_where_the_network_has_only_grown)
{
    begin();
    cabled_cut(2, 1, true);
    cabled_join(1);
    cabled_join(2);
    cabled_pass(3 * NS_PER_S);
    cabled_port(1, 2, false);
    cabled_pass(NS_PER_MS);
    forgotten[0] = '\0';
    cabled_join(3);
    cabled_port(1, 2, true);
    cabled_pass(3 * NS_PER_S);
    ck_assert(cabled.open[1][2] && cabled.open[3][1]);
    ck_assert_ptr_nonnull(strstr(forgotten, "1.2 ")); /* a port that turned out to be a link */
    ck_assert_ptr_null(strstr(forgotten, "1.1 "));
    ck_assert_ptr_null(strstr(forgotten, "2."));
    cabled_end();
}
END_TEST

START_TEST(no_port_opens_before_others_are_known_to_be_closed)
{
    begin_joined();
    cabled_cut(1, 1, false);
    cabled_pass(NS_PER_MS);
    cabled_lay(1, 1, 2, 2);
    cabled_port(1, 1, true);
    cabled_port(2, 2, true);
    cabled.mute = true;
    cabled_forget();
    cabled_pass(300 * NS_PER_MS);
    ck_assert(cabled_said("2-1 "));
    ck_assert(cabled_said("3-2 "));
    ck_assert(!cabled_said("+"));
    cabled_pass(300 * NS_PER_MS); /* --stp-barrier */
    ck_assert(cabled_said("1+1 "));
    ck_assert(cabled_said("2+2 "));
    cabled_end();
}
END_TEST

START_TEST(packets_that_come_in_on_closed_ports_go_no_further)
{
    begin();
    cabled_join(1);
    cabled_join(2);
    cabled_join(3);
    cabled_pass(NS_PER_MS);
    cabled_packet(1, 3, 5, 0); /* not settled */
    ck_assert_uint_eq(packets, 0);
    cabled_pass(2 * NS_PER_S);
    cabled_packet(1, 3, 5, 0);
    ck_assert_uint_eq(packets, 1);
    cabled_packet(2, 2, 5, 0); /* of the tree */
    ck_assert_uint_eq(packets, 2);
    cabled_packet(2, 1, 5, 0);
    cabled_packet(3, 2, 5, 0);
    ck_assert_uint_eq(packets, 2);
    cabled_end();
}
END_TEST

START_TEST(a_port_that_goes_down_is_closed_so_that_it_comes_up_closed)
{
    begin_joined();
    cabled_port(1, 3, false);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1-3 ");
    cabled_port(1, 3, true);
    cabled_pass(1700 * NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1-3 ");
    cabled_pass(300 * NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1-3 1+3 ");
    cabled_end();
}
END_TEST

START_TEST(parts_that_do_not_hang_together_have_a_tree_each)
{
    begin();
    cabled_cut(1, 2, true);
    cabled_cut(1, 1, true);
    for (unsigned n = 1; n <= 3; n++)
        cabled_join(n);
    cabled_pass(3 * NS_PER_S);
    for (unsigned n = 1; n <= 3; n++)
        for (unsigned port = 1; port <= CABLED_PORTS; port++)
            ck_assert(cabled.open[n][port]);
    cabled_end();
}
END_TEST

START_TEST(a_switch_that_joins_anew_is_closed_first_whatever_it_had)
{
    begin_joined();
    fake_free(cabled.sw[2]);
    cabled.sw[2] = NULL;
    cabled_pass(NS_PER_MS);
    ck_assert(!cabled.open[1][1] && !cabled.open[3][2]);
    cabled_forget();
    cabled_join(2);
    cabled_pass(NS_PER_MS);
    ck_assert_int_eq(strncmp(cabled.story, "2-1 2-2 2-3 2-4 ", 16), 0);
    ck_assert(cabled.open[2][2] && cabled.open[1][1]);
    ck_assert(!cabled.open[2][1] && !cabled.open[3][2] && !cabled.open[2][3]);
    cabled_end();
}
END_TEST

START_TEST(operators_see_links_and_the_tree)
{
    struct appctl_config config;
    struct appctl *appctl;
    struct client client;
    const char *said;
    begin_joined();
    appctl_defaults(&config);
    appctl = appctl_open(&config, "controller", NULL);
    controller_commands(appctl, cabled.ctl);
    client_begin(&client, appctl);
    said = client_do(&client, "tree 2");
    client_says(said, "0000000000000002  up by port 2\\n");
    client_says(said, "      1  blocked  0000000000000003 port 2\\n");
    client_says(said, "      2  tree  0000000000000001 port 1\\n");
    client_says(said, "      3  edge\\n");
    client_says(client_do(&client, "tree"), "0000000000000001  root\\n");
    client_says(client_do(&client, "links 3"), "0000000000000003     1  0000000000000001     2\\n");
    client_says(client_fail(&client, "tree x"), "no datapath id");
    client_says(client_fail(&client, "links 9"), "has not joined");
    client_end(&client);
    appctl_close(appctl);
    cabled_end();
}
END_TEST

/* A cable between two ports that were open, as hosts' are, has closed a circle for a while: what
 * went round in it has taught every switch wrong, though the tree is the same. */
START_TEST(all_is_forgotten_when_an_open_port_turns_out_to_be_a_link)
{
    begin();
    cabled_cut(2, 1, true);
    for (unsigned n = 1; n <= 3; n++)
        cabled_join(n);
    cabled_pass(3 * NS_PER_S);
    forgotten[0] = '\0';
    cabled_lay(2, 1, 3, 2);
    cabled_pass(2 * NS_PER_S);
    ck_assert(!cabled.open[2][1] && !cabled.open[3][2]);
    ck_assert_ptr_nonnull(strstr(forgotten, "1.1 1.2 2.2 3.1 1.1 1.2 2.2 3.1 "));
    cabled_end();
}
END_TEST

/* The app learning, behind stp. */
START_TEST(learning_floods_again_to_hosts_whose_direction_has_changed)
{
    static const struct ctl_app_type *const chain[] = {&discovery_app, &stp_app, &learning_app,
                                                       NULL};
    cabled_begin(chain);
    for (unsigned n = 1; n <= 3; n++)
        cabled_lay(n, 1, n % 3 + 1, 2);
    for (unsigned n = 1; n <= 3; n++)
        cabled_join(n);
    cabled_pass(3 * NS_PER_S);
    cabled_packet(1, 1, 5, 0); /* host 5, behind switch 2 */
    cabled_packet(1, 3, 6, 5);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("1:add(3,6,5)>1 "));
    cabled_cut(1, 1, false);
    cabled_forget();
    cabled_packet(1, 3, 6, 5);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("1:flood(6) "));
    cabled_end();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stp");
    TCase *c = tcase_create("stp");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c,
                   all_ports_are_closed_when_a_switch_joins_and_hosts_open_when_they_have_settled);
    tcase_add_test(c, links_of_the_tree_open_at_once_and_the_circle_stays_closed);
    tcase_add_loop_test(c, when_a_link_of_the_tree_goes_the_closed_one_opens, 0, 2);
    tcase_add_loop_test(c, a_cable_that_carries_frames_one_way_only_is_closed_at_both_ends, 0, 2);
    tcase_add_test(c, what_is_behind_other_ports_than_before_is_forgotten);
    tcase_add_test(c, it_is_forgotten_once_more_when_old_floods_have_ended);
    tcase_add_test(c, nothing_is_forgotten_where_the_network_has_only_grown);
    tcase_add_test(c, no_port_opens_before_others_are_known_to_be_closed);
    tcase_add_test(c, packets_that_come_in_on_closed_ports_go_no_further);
    tcase_add_test(c, a_port_that_goes_down_is_closed_so_that_it_comes_up_closed);
    tcase_add_test(c, parts_that_do_not_hang_together_have_a_tree_each);
    tcase_add_test(c, a_switch_that_joins_anew_is_closed_first_whatever_it_had);
    tcase_add_test(c, all_is_forgotten_when_an_open_port_turns_out_to_be_a_link);
    tcase_add_test(c, operators_see_links_and_the_tree);
    tcase_add_test(c, learning_floods_again_to_hosts_whose_direction_has_changed);
    return unit_main(s);
}
