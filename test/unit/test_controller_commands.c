/*
 * test_controller_commands.c - what an operator asks the controller: connections, datapaths, ports,
 * apps and the hosts that the learning app knows.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/commands.h"
#include "test/unit/appctl_client.h"
#include "test/unit/fake_switch.h"

static struct ctl *ctl;
static struct appctl *appctl;
static struct client client;

static void begin(void)
{
    struct appctl_config config;
    ctl = fake_world(NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &learning_app), 0);
    appctl_defaults(&config);
    appctl = appctl_open(&config, "controller", NULL);
    ck_assert_ptr_nonnull(appctl);
    controller_commands(appctl, ctl);
    client_begin(&client, appctl);
}

static void end(void)
{
    client_end(&client);
    appctl_close(appctl);
    fake_world_end(ctl);
}

START_TEST(connections_are_shown_with_their_states_and_times)
{
    struct fake_peer *early, *joined;
    const char *said;
    ck_assert_str_eq(client_do(&client, "connections"), "");
    early = fake_new(ctl);
    said = client_do(&client, "connections");
    client_says(said, "  waiting for hello  heard 0 s ago");
    joined = fake_joined(ctl, 0xabc, 2);
    fake_wait(3 * NS_PER_S);
    said = client_do(&client, "connections");
    client_says(said,
                "  joined for 3 s  datapath 0000000000000abc  heard 3 s ago  0 bytes waiting");
    fake_free(early);
    fake_free(joined);
}
END_TEST

START_TEST(datapaths_and_their_ports_are_shown)
{
    struct fake_peer *a = fake_joined(ctl, 0xabc, 2), *b = fake_joined(ctl, 0xdef, 1);
    const char *said = client_do(&client, "datapaths");
    client_says(said, "0000000000000abc  ");
    client_says(said, "  2 ports  ");
    client_says(said, "\\n0000000000000def  ");
    said = client_do(&client, "list-ports");
    client_says(said, "0000000000000abc:\\n  1(");
    client_says(said, "\\n0000000000000def:\\n  1(");
    said = client_do(&client, "list-ports 0xDEF");
    ck_assert_int_eq(strncmp(said, "0000000000000def:\\n  1(", 23), 0);
    client_says(client_fail(&client, "list-ports 1"), "datapath 0000000000000001 has not joined");
    client_says(client_fail(&client, "list-ports 0x"), "no datapath id");
    client_says(client_fail(&client, "list-ports 11112222333344445"), "no datapath id");
    client_says(client_fail(&client, "list-ports -1"), "no datapath id");
    fake_free(a);
    fake_free(b);
}
END_TEST

START_TEST(hosts_are_shown_with_port_vlan_and_age_of_one_datapath_or_all)
{
    struct fake_peer *a = fake_joined(ctl, 0xabc, 2), *b = fake_joined(ctl, 0xdef, 2);
    const char *said;
    fake_packet_in(a, (struct fake_packet){.src = 0x1, .dst = FAKE_BROADCAST, .in_port = 2});
    fake_packet_in(
        b, (struct fake_packet){.src = 0x2, .dst = FAKE_BROADCAST, .in_port = 1, .vlan = 77});
    fake_wait(4 * NS_PER_S);
    said = client_do(&client, "fdb/show");
    client_says(said, "datapath          port  VLAN  MAC                age\\n");
    client_says(said, "0000000000000abc     2     0  00:00:00:00:00:01    4 s\\n");
    client_says(said, "0000000000000def     1    77  00:00:00:00:00:02    4 s\\n");
    said = client_do(&client, "fdb/show def");
    client_says(said, "00:00:00:00:00:02");
    ck_assert_ptr_null(strstr(said, "00:00:00:00:00:01"));
    client_says(client_fail(&client, "fdb/show boat"), "no datapath id");
    fake_free(a);
    fake_free(b);
}
END_TEST

START_TEST(apps_are_shown_and_their_commands_listed)
{
    client_says(client_do(&client, "apps"), "learning        ");
    client_says(client_do(&client, "list-commands"), "  fdb/show        [DPID]\\n");
}
END_TEST

static unsigned reloads;

static void count_reload(void *self)
{
    (void)self;
    reloads++;
}

static const struct ctl_app_type counting_app = {.name = "counting", .reload = count_reload};

START_TEST(all_apps_are_told_to_read_their_files_again)
{
    ck_assert_int_eq(ctl_add_app(ctl, &counting_app), 0);
    client_do(&client, "reload");
    ck_assert_uint_eq(reloads, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("controller commands");
    TCase *c = tcase_create("controller commands");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, connections_are_shown_with_their_states_and_times);
    tcase_add_test(c, datapaths_and_their_ports_are_shown);
    tcase_add_test(c, hosts_are_shown_with_port_vlan_and_age_of_one_datapath_or_all);
    tcase_add_test(c, apps_are_shown_and_their_commands_listed);
    tcase_add_test(c, all_apps_are_told_to_read_their_files_again);
    suite_add_tcase(s, c);
    return unit_main(s);
}
