/*
 * test_paths.c - hosts are known at edge ports only, flows follow shortest paths, and move with
 * hosts and links.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/commands.h"
#include "test/unit/appctl_client.h"
#include "test/unit/cabled.h"

static const struct ctl_app_type *const apps[] = {&discovery_app, &stp_app, &paths_app, NULL};

/* Three switches in a circle, each to the next from port 1 to port 2; ports 3 and 4 are hosts'.
 * Host 5 is at port 3 of switch 2, host 6 at port 3 of switch 3: the link between them is not of
 * the tree. Host 7 is at port 3 of switch 1, and has not spoken. */
static void begin(void)
{
    cabled_begin(apps);
    for (unsigned n = 1; n <= 3; n++)
        cabled_lay(n, 1, n % 3 + 1, 2);
    for (unsigned n = 1; n <= 3; n++)
        cabled_join(n);
    cabled_pass(3 * NS_PER_S);
    cabled_packet(2, 3, 5, 0);
    cabled_packet(3, 3, 6, 0);
    cabled_pass(NS_PER_MS);
    cabled_forget();
}

/* With the path from 5 to 6. */
static void begin_path(void)
{
    begin();
    cabled_packet(2, 3, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "2:add(3,5,6)>1 3:add(2,5,6)>3 2:out(5)>1 ");
    cabled_forget();
}

START_TEST(packets_to_unknown_hosts_and_to_all_are_flooded)
{
    begin();
    cabled_packet(2, 3, 5, 7);
    cabled_packet(2, 3, 5, 0);
    cabled_packet(1, 1, 5, 0); /* the flood, one switch further */
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1:flood(5) 2:flood(5) 2:flood(5) ");
    cabled_end();
}
END_TEST

START_TEST(a_flood_that_comes_in_on_a_closed_port_ends)
{
    begin();
    cabled_packet(3, 2, 5, 0);
    cabled_packet(3, 2, 5, 7);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "");
    cabled_end();
}
END_TEST

/* Its link is not of the tree. */
START_TEST(a_path_is_laid_along_the_shortest_way)
{
    begin_path();
    cabled_packet(3, 3, 6, 5);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "2:add(1,6,5)>3 3:add(3,6,5)>2 3:out(6)>2 ");
    cabled_end();
}
END_TEST

START_TEST(hosts_of_one_switch_have_a_path_of_one_hop_and_of_one_port_none)
{
    begin();
    cabled_packet(2, 4, 8, 5);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "2:add(4,8,5)>3 2:out(8)>3 ");
    cabled_forget();
    cabled_packet(2, 4, 9, 8);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("2:add(4,9,8)>drop "));
    cabled_end();
}
END_TEST

START_TEST(a_host_heard_on_a_link_has_not_moved)
{
    begin_path();
    cabled_packet(3, 2, 5, 0);
    cabled_packet(1, 1, 5, 0);
    cabled_pass(NS_PER_MS);
    ck_assert(!cabled_said("del"));
    cabled_end();
}
END_TEST

START_TEST(a_link_that_goes_takes_the_path_another_way)
{
    begin_path();
    cabled_cut(2, 1, _i == 0);
    cabled_pass(_i == 0 ? 3 * NS_PER_S : NS_PER_MS);
    ck_assert(cabled_said("1:add(1,5,6)>2 "));
    ck_assert(cabled_said("2:add(3,5,6)>2 "));
    ck_assert(cabled_said("3:add(1,5,6)>3 "));
    ck_assert(cabled_said("3:del(2,5,6) "));
    cabled_forget();
    cabled_lay(2, 1, 3, 2);
    cabled_port(2, 1, true);
    cabled_port(3, 2, true);
    cabled_pass(NS_PER_S);
    ck_assert(cabled_said("2:add(3,5,6)>1 ")); /* and back: it is shorter */
    ck_assert(cabled_said("1:del(1,5,6) "));
    cabled_end();
}
END_TEST

START_TEST(a_cable_that_carries_frames_one_way_only_is_on_no_path)
{
    begin_path();
    cabled_lose(_i == 0 ? 2 : 3, _i == 0 ? 1 : 2);
    cabled_pass(3 * NS_PER_S);
    ck_assert(cabled_said("1:add(1,5,6)>2 "));
    ck_assert(cabled_said("2:add(3,5,6)>2 "));
    ck_assert(cabled_said("3:del(2,5,6) "));
    cabled_end();
}
END_TEST

START_TEST(a_path_whose_host_cannot_be_reached_goes)
{
    begin_path();
    cabled_cut(3, 2, false);
    cabled_cut(3, 1, false);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("2:del(3,5,6) "));
    ck_assert(cabled_said("3:del(1,5,6) "));
    cabled_end();
}
END_TEST

START_TEST(a_host_that_moves_takes_its_paths_away_from_where_it_was)
{
    begin_path();
    cabled_packet(1, 3, 6, 0);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1:flood(6) 2:del(3,5,6) 3:del(2,5,6) ");
    cabled_forget();
    cabled_packet(2, 3, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1:add(1,5,6)>3 2:add(3,5,6)>2 2:out(5)>2 ");
    cabled_end();
}
END_TEST

START_TEST(a_port_that_goes_down_takes_its_hosts_along)
{
    begin_path();
    cabled_port(3, 3, false);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("2:del(3,5,6) "));
    cabled_packet(2, 3, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("2:flood(5) "));
    cabled_end();
}
END_TEST

START_TEST(a_packet_that_overtook_its_flow_is_sent_on_with_it)
{
    begin_path();
    cabled_packet(3, 2, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "3:add(2,5,6)>3 3:out(5)>3 ");
    cabled_end();
}
END_TEST

START_TEST(a_packet_that_has_gone_astray_is_helped_on)
{
    begin_path();
    cabled_packet(1, 1, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "1:out(5)>2 ");
    cabled_end();
}
END_TEST

/* The first hop's flow reports; the cookie tells an old one from this. */
START_TEST(a_path_that_was_idle_goes_and_only_it)
{
    struct ofp_match match = {0};
    struct ofp_msg gone = {.type = OFPT_FLOW_REMOVED};
    begin_path();
    match.in_port = be16_of(3);
    match.dl_vlan = be16_of(OFP_VLAN_NONE);
    match.dl_src[5] = 5;
    match.dl_dst[5] = 6;
    gone.flow_removed = (struct ofp_msg_flow_removed){.match = &match, .cookie = 1};
    fake_send(cabled.sw[2], &gone);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "");
    cabled_packet(2, 3, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "2:add(3,5,6)>1 2:out(5)>1 "); /* as it was known already */
    cabled_end();
}
END_TEST

START_TEST(a_silent_host_is_forgotten_but_not_the_source_of_a_path)
{
    begin_path();
    cabled_packet(1, 3, 9, 0);
    cabled_pass(200 * NS_PER_S);
    cabled_packet(3, 3, 6, 0); /* the path's end */
    cabled_pass(102 * NS_PER_S);
    cabled_forget();
    cabled_packet(2, 4, 8, 9);
    cabled_packet(2, 4, 8, 5);
    cabled_pass(NS_PER_MS);
    ck_assert_str_eq(cabled.story, "2:flood(8) 2:add(4,8,5)>3 2:out(8)>3 ");
    cabled_end();
}
END_TEST

START_TEST(flows_from_before_a_join_are_deleted_by_port)
{
    cabled_begin(apps);
    cabled_join(1);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("1:del(1,*,*) 1:del(2,*,*) 1:del(3,*,*) 1:del(4,*,*) "));
    cabled_end();
}
END_TEST

START_TEST(a_switch_that_leaves_takes_hosts_and_hops_along)
{
    begin_path();
    cabled_packet(1, 3, 7, 6); /* 7 at switch 1, to 6 at switch 3 */
    cabled_pass(NS_PER_MS);
    cabled_forget();
    fake_free(cabled.sw[3]);
    cabled.sw[3] = NULL;
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("2:del(3,5,6) "));
    ck_assert(cabled_said("1:del(3,7,6) "));
    cabled_packet(2, 3, 5, 6);
    cabled_pass(NS_PER_MS);
    ck_assert(cabled_said("2:flood(5) "));
    cabled_end();
}
END_TEST

START_TEST(operators_see_the_hosts)
{
    struct appctl_config config;
    struct appctl *appctl;
    struct client client;
    begin_path();
    appctl_defaults(&config);
    appctl = appctl_open(&config, "controller", NULL);
    controller_commands(appctl, cabled.ctl);
    client_begin(&client, appctl);
    client_says(client_do(&client, "hosts"),
                "00:00:00:00:00:05     0  0000000000000002      3    1    0 s\\n");
    client_says(client_do(&client, "hosts 3"),
                "00:00:00:00:00:06     0  0000000000000003      3    0    0 s\\n");
    client_says(client_fail(&client, "hosts x"), "no datapath id");
    client_end(&client);
    appctl_close(appctl);
    cabled_end();
}
END_TEST

START_TEST(paths_needs_stp_before_it)
{
    struct ctl *ctl = fake_world(NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &discovery_app), 0);
    ck_assert_int_lt(ctl_add_app(ctl, &paths_app), 0);
    fake_world_end(ctl);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("paths");
    TCase *c = tcase_create("paths");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, packets_to_unknown_hosts_and_to_all_are_flooded);
    tcase_add_test(c, a_flood_that_comes_in_on_a_closed_port_ends);
    tcase_add_test(c, a_path_is_laid_along_the_shortest_way);
    tcase_add_test(c, hosts_of_one_switch_have_a_path_of_one_hop_and_of_one_port_none);
    tcase_add_test(c, a_host_heard_on_a_link_has_not_moved);
    tcase_add_loop_test(c, a_link_that_goes_takes_the_path_another_way, 0, 2);
    tcase_add_loop_test(c, a_cable_that_carries_frames_one_way_only_is_on_no_path, 0, 2);
    tcase_add_test(c, a_path_whose_host_cannot_be_reached_goes);
    tcase_add_test(c, a_host_that_moves_takes_its_paths_away_from_where_it_was);
    tcase_add_test(c, a_port_that_goes_down_takes_its_hosts_along);
    tcase_add_test(c, a_packet_that_overtook_its_flow_is_sent_on_with_it);
    tcase_add_test(c, a_packet_that_has_gone_astray_is_helped_on);
    tcase_add_test(c, a_path_that_was_idle_goes_and_only_it);
    tcase_add_test(c, a_silent_host_is_forgotten_but_not_the_source_of_a_path);
    tcase_add_test(c, flows_from_before_a_join_are_deleted_by_port);
    tcase_add_test(c, a_switch_that_leaves_takes_hosts_and_hops_along);
    tcase_add_test(c, operators_see_the_hosts);
    tcase_add_test(c, paths_needs_stp_before_it);
    return unit_main(s);
}
