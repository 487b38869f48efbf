/*
 * test_switch_commands.c - what an operator tells the switch: ports, queues and rates in words,
 * flows that are judged as a controller's are, and what it says of itself.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/commands.h"
#include "switch/connection.h"
#include "switch/setup.h"
#include "switch/table.h"
#include "test/unit/appctl_client.h"
#include "test/unit/dp_lab.h"

static struct agent *agent;
static struct appctl *appctl;
static struct client client;

static void begin(void)
{
    struct appctl_config config;
    struct dp_config dp;
    struct agent_config limits;
    dp_defaults(&dp);
    dp.id = 0xabc;
    dp.description = "a test's";
    lab_begin(&dp, 0);
    agent_defaults(&limits);
    agent = agent_new(&limits, lab.dp);
    appctl_defaults(&config);
    config.max_reply = 100000;
    appctl = appctl_open(&config, "switch", NULL);
    ck_assert(agent != NULL && appctl != NULL);
    switch_commands(appctl, agent);
    client_begin(&client, appctl);
}

static void end(void)
{
    client_end(&client);
    appctl_close(appctl);
    agent_free(agent);
    lab_rest();
    lab_end();
}

static uint32_t active(const struct table *table)
{
    struct table_stats stats;
    table_get_stats(table, &stats);
    return stats.active;
}

/* --- Ports, queues and rates in words -------------------------------------------------------- */

START_TEST(a_port_may_be_given_a_number)
{
    client_do(&client, "add-port link:a");
    client_do(&client, "add-port link:b 65279");
    client_do(&client, "add-port link:c local");
    ck_assert_str_eq(dp_port_name(lab.dp, LAB_HOSTS + 1), "link:a");
    ck_assert_str_eq(dp_port_name(lab.dp, 65279), "link:b");
    ck_assert_str_eq(dp_port_name(lab.dp, OFPP_LOCAL), "link:c");
    client_says(client_do(&client, "list-ports"), "\\nLOCAL  link:c ");
    client_says(client_fail(&client, "add-port link:d 0"), "no port number");
    client_says(client_fail(&client, "add-port link:d 65280"), "no port number");
    client_says(client_fail(&client, "add-port link:d flood"), "no port number");
    client_says(client_fail(&client, "add-port link:d 1"), "another port's already");
    client_says(client_fail(&client, "add-port link:a 77"), "another port's already");
    client_says(client_fail(&client, "add-port link"), "not a device");
    client_do(&client, "del-port LOCAL");
    client_do(&client, "del-port link:b");
    ck_assert_ptr_null(dp_port_name(lab.dp, OFPP_LOCAL));
    ck_assert_ptr_null(dp_port_name(lab.dp, 65279));
    client_says(client_fail(&client, "del-port link:b"), "there is no port");
}
END_TEST

static const struct {
    const char *percent;
    int tenths; /* -1: refused */
} percents[] = {
    {"0", 0},      {"25", 250}, {"25%", 250}, {"12.5", 125}, {"0.1%", 1}, {"100.0", 1000},
    {"100.1", -1}, {"101", -1}, {"1000", -1}, {"-1", -1},    {"", -1},    {".5", -1},
    {"1.25", -1},  {"1.", -1},  {"5%%", -1},  {"%", -1},     {" 5", -1},  {"5 ", -1},
};

START_TEST(a_share_is_given_in_per_cent_with_one_decimal)
{
    char error[SETUP_ERROR];
    struct dp_queue queue;
    const char *bad = setup_queue(lab.dp, "2", "9", percents[_i].percent, error);
    ck_assert_msg((bad == NULL) == (percents[_i].tenths >= 0), "%s", percents[_i].percent);
    ck_assert_int_eq(dp_queue(lab.dp, 2, 0, &queue), bad == NULL);
    if (bad == NULL)
        ck_assert_int_eq(queue.min_rate, percents[_i].tenths);
    else
        client_says(bad, "no share");
}
END_TEST

START_TEST(a_rate_is_given_in_bits_a_second_with_a_unit)
{
    static const char *const good[] = {"0", "1", "500k", "10M", "18446744073G"};
    static const char *const bad[] = {"",
                                      "k",
                                      "-1",
                                      "1m",
                                      "10MM",
                                      "1.5M",
                                      "18446744074G",
                                      "18446744073709551616",
                                      "1000000000000000000000000",
                                      "1 M"};
    char error[SETUP_ERROR];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(setup_rate(lab.dp, "link:1", good[i], error) == NULL, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(setup_rate(lab.dp, "link:1", bad[i], error) != NULL, "%s", bad[i]);
}
END_TEST

START_TEST(queues_are_added_listed_and_deleted)
{
    client_do(&client, "add-queue 1 7 12.5");
    client_do(&client, "add-queue link:1 4294967294");
    client_do(&client, "set-rate 1 1M");
    ck_assert_str_eq(client_do(&client, "list-queues 1"),
                     "    1  queue 7  min 12.5%  tx 0 packets 0 bytes 0 dropped\\n"
                     "    1  queue 4294967294  tx 0 packets 0 bytes 0 dropped\\n");
    client_says(client_fail(&client, "add-queue 1 7"), "has it already");
    client_says(client_fail(&client, "add-queue 1 4294967295"), "no queue");
    client_do(&client, "del-queue 1 4294967294");
    client_do(&client, "del-queue 1 7");
    client_says(client_fail(&client, "del-queue 1 7"), "no queue 7");
    client_says(client_fail(&client, "del-queue 9 7"), "no port");
    ck_assert_str_eq(client_do(&client, "list-queues"), "");
}
END_TEST

START_TEST(the_command_line_says_the_same)
{
    struct setup_config config = {
        .ports = {.value = {"link:x@9", "link:/a@b/c", "link:y"}, .n = 3},
        .rates = {.value = {"9:5M"}, .n = 1},
        .queues = {.value = {"9:1:50", "5:2"}, .n = 2},
    };
    struct dp_queue queue;
    ck_assert(setup_apply(&config, lab.dp));
    ck_assert_str_eq(dp_port_name(lab.dp, 9), "link:x");
    ck_assert_str_eq(dp_port_name(lab.dp, 5), "link:/a@b/c");
    ck_assert_str_eq(dp_port_name(lab.dp, 6), "link:y");
    ck_assert(dp_queue(lab.dp, 9, 0, &queue) && queue.min_rate == 500);
    ck_assert(dp_queue(lab.dp, 5, 0, &queue) && queue.min_rate == OFPQ_MIN_RATE_UNCFG);
}
END_TEST

START_TEST(every_device_of_a_kind_that_nobody_uses_becomes_a_port)
{
    struct setup_config config = {0};
    setup_default_port(&config, NULL);
    ck_assert_uint_eq(config.ports.n, 0);
    setup_default_port(&config, "link:*");
    sim_link_plug("9", true);
    ck_assert(setup_apply(&config, lab.dp));
    sim_run(0);
    ck_assert_str_eq(dp_port_name(lab.dp, 9), "link:9");
    sim_link_plug("7", true);
    sim_link_plug("65280", true); /* OFPP_MAX: no port has it */
    sim_link_plug("none", true);
    ck_assert_str_eq(dp_port_name(lab.dp, 7), "link:7");
    ck_assert_str_eq(dp_port_name(lab.dp, 5), "link:65280");
    ck_assert_str_eq(dp_port_name(lab.dp, 6), "link:none");
    /* What is a port already is none again. */
    sim_link_plug("7", false);
    sim_link_plug("7", true);
    ck_assert_ptr_null(dp_port_name(lab.dp, 8));
    client_says(client_fail(&client, "add-port link:*"), "looked for already");
}
END_TEST

START_TEST(what_is_named_is_what_there_is)
{
    struct setup_config config = {.ports = {.value = {"link:9"}, .n = 1}};
    setup_default_port(&config, "link:*");
    ck_assert_uint_eq(config.ports.n, 1);
}
END_TEST

START_TEST(what_the_command_line_says_wrongly_is_refused)
{
    static const char *const ports[] = {"link:z@", "link:z@if7", "link:z@1", "z",
                                        "",        "link:*@5",   "none:*"};
    static const char *const rates[] = {"1", "1:x", ":1", "1:2:3", ""};
    static const char *const queues[] = {"1", "1:x", "9:1", "1:1:101", "1:1:1:1", ""};
    struct setup_config config = {0};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        config.ports = (struct config_list){.value = {ports[i]}, .n = 1};
        ck_assert_msg(!setup_apply(&config, lab.dp), "%s", ports[i]);
    }
    config = (struct setup_config){0};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        config.rates = (struct config_list){.value = {rates[i]}, .n = 1};
        ck_assert_msg(!setup_apply(&config, lab.dp), "%s", rates[i]);
    }
    config = (struct setup_config){0};
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
        config.queues = (struct config_list){.value = {queues[i]}, .n = 1};
        ck_assert_msg(!setup_apply(&config, lab.dp), "%s", queues[i]);
    }
}
END_TEST

/* --- Flows ----------------------------------------------------------------------------------- */

START_TEST(flows_are_added_modified_and_deleted_strictly_and_not)
{
    client_do(&client, "add-flow priority=5,in_port=1,actions=output:2");
    client_do(&client, "add-flow priority=6,in_port=1,tcp,actions=output:2");
    client_do(&client, "mod-flows --strict priority=5,in_port=1,actions=output:3");
    client_says(client_do(&client, "dump-flows out_port=3"),
                "priority=5,in_port=1 actions=output:3");
    client_says(client_do(&client, "dump-flows out_port=2"), "priority=6,tcp,in_port=1");
    client_do(&client, "mod-flows in_port=1,actions=drop");
    ck_assert_str_eq(client_do(&client, "dump-flows out_port=2"), "");
    client_do(&client, "del-flows --strict in_port=1");
    ck_assert_uint_eq(active(dp_table(lab.dp)), 2);
    client_do(&client, "del-flows --strict priority=5,in_port=1");
    ck_assert_uint_eq(active(dp_table(lab.dp)), 1);
    client_do(&client, "add-flow emerg,actions=drop");
    client_do(&client, "del-flows");
    ck_assert_uint_eq(active(dp_table(lab.dp)), 0);
    ck_assert_uint_eq(active(dp_emergency_table(lab.dp)), 1);
    client_says(client_do(&client, "dump-flows emerg"), "table=254");
    client_do(&client, "del-flows emerg");
    ck_assert_uint_eq(active(dp_emergency_table(lab.dp)), 0);
    client_says(client_fail(&client, "del-flows in_port=1 tcp"), "a flow is one word");
    client_says(client_fail(&client, "mod-flows --strict"), "say which flows");
}
END_TEST

static const struct {
    const char *flow, *fault;
} faulty[] = {
    {"emerg,idle_timeout=1,actions=drop", "OFPFMFC_BAD_EMERG_TIMEOUT"},
    {"emerg,hard_timeout=1,actions=drop", "OFPFMFC_BAD_EMERG_TIMEOUT"},
    {"actions=enqueue:1:5", "OFPBAC_BAD_QUEUE"},
    {"buffer_id=5,actions=drop", "OFPBRC_BUFFER"},
    {"check_overlap,in_port=2,actions=drop", "OFPFMFC_OVERLAP"},
    {"in_port=1", "says no actions"},
    {"in_port=x,actions=drop", "in_port=x"},
    {"actions=output:2,jump:3", "jump"},
};

START_TEST(what_is_wrong_with_a_flow_is_said_and_nothing_is_changed)
{
    char command[200];
    client_do(&client, "add-flow dl_vlan=7,actions=drop");
    snprintf(command, sizeof command, "add-flow %s", faulty[_i].flow);
    client_says(client_fail(&client, command), faulty[_i].fault);
    if (strstr(faulty[_i].flow, "buffer_id") == NULL) /* that entry stays, as Open vSwitch has it */
        ck_assert_uint_eq(active(dp_table(lab.dp)), 1);
    ck_assert_uint_eq(active(dp_emergency_table(lab.dp)), 0);
}
END_TEST

#define OUTPUTS 5000

START_TEST(a_flow_with_thousands_of_actions_is_dumped_whole)
{
    static uint8_t area[OUTPUTS * sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = ofp_match_any();
    const char *said;
    for (int i = 0; i < OUTPUTS; i++)
        ofp_put_output(&actions, 4, 0);
    lab_flow(&match, 1, span_of(area, actions.len));
    said = client_do(&client, "dump-flows");
    ck_assert_uint_ge(strlen(said), OUTPUTS * strlen("output:4,"));
    ck_assert_str_eq(said + strlen(said) - 11, ",output:4\\n");
}
END_TEST

START_TEST(a_dump_past_the_limit_is_an_error_that_says_what_to_do)
{
    char command[64];
    for (int i = 0; i < 2000; i++) {
        snprintf(command, sizeof command, "add-flow dl_vlan=%d,actions=output:%d", i, i % 4 + 1);
        client_do(&client, command);
    }
    client_says(client_fail(&client, "dump-flows"),
                "longer than 100000 bytes (--ctl-reply): say which flows with a MATCH, or use "
                "ovs-ofctl dump-flows");
    client_says(client_do(&client, "dump-flows out_port=3"), "dl_vlan=1998");
}
END_TEST

/* 8185 actions are a list, but no message has room for it; 20000 are none. */
START_TEST(a_flow_that_is_too_long_for_a_message_is_refused)
{
    static const struct {
        int outputs;
        const char *fault;
    } cases[] = {{8185, "OFPBAC_TOO_MANY"}, {20000, "no room for so many actions"}};
    static char request[60000];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *to = request;
        to += sprintf(to, "{\"id\":1,\"method\":\"add-flow\",\"params\":[\"actions=");
        for (int n = 1; n < cases[i].outputs; n++)
            to += sprintf(to, "1,");
        sprintf(to, "1\"]}");
        client_forget(&client);
        client_send(&client, request);
        client_says(client.text, cases[i].fault);
        ck_assert_uint_eq(active(dp_table(lab.dp)), 0);
    }
}
END_TEST

/* --- What it says of itself ------------------------------------------------------------------ */

START_TEST(the_switch_shows_itself)
{
    const char *said = client_do(&client, "show");
    client_says(said, "datapath: 0000000000000abc a test's\\nfail mode: secure\\n"
                      "mode: controlled\\ncontrollers connected: 0\\nflows: 0 of ");
    client_says(said, "ports:\\n    1  link:1           up    rx 0 packets");
    client_says(said, "\\n    4  link:4");
    lab_port_mod(2, OFPPC_NO_FLOOD | OFPPC_PORT_DOWN, OFPPC_NO_FLOOD | OFPPC_PORT_DOWN);
    client_says(client_do(&client, "list-ports"), "  PORT_DOWN NO_FLOOD\\n    3");
}
END_TEST

START_TEST(connections_are_shown_with_their_times)
{
    struct stream *ends[2];
    static const uint8_t hello[8] = {OFP_VERSION, OFPT_HELLO, 0, 8};
    static const struct stream_events events = {.data = client_data, .closed = client_closed};
    struct client controller = {.text = calloc(1, 1)};
    const char *said;

    ck_assert_str_eq(client_do(&client, "connections"), "");
    ck_assert_int_eq(stream_pair(ends), 0);
    controller.s = ends[0];
    stream_own(ends[0], &events, &controller);
    ck_assert_int_eq(agent_attach(agent, ends[1]), 0);
    client_says(client_do(&client, "connections"),
                "  controller  waiting for hello  heard 0 s ago");
    lab_pass(2 * NS_PER_S);
    client_send_bytes(&controller, hello, sizeof hello);
    lab_pass(5 * NS_PER_S);
    said = client_do(&client, "connections");
    client_says(said,
                "controller  up for 5 s  role equal  miss_send_len 128  heard 5 s ago  0 bytes");
    client_says(client_do(&client, "show"), "controllers connected: 1");
    client_end(&controller);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("switch commands");
    TCase *c = tcase_create("switch commands");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, a_port_may_be_given_a_number);
    tcase_add_loop_test(c, a_share_is_given_in_per_cent_with_one_decimal, 0,
                        (int)(sizeof percents / sizeof percents[0]));
    tcase_add_test(c, a_rate_is_given_in_bits_a_second_with_a_unit);
    tcase_add_test(c, queues_are_added_listed_and_deleted);
    tcase_add_test(c, the_command_line_says_the_same);
    tcase_add_test(c, every_device_of_a_kind_that_nobody_uses_becomes_a_port);
    tcase_add_test(c, what_is_named_is_what_there_is);
    tcase_add_test(c, what_the_command_line_says_wrongly_is_refused);
    tcase_add_test(c, flows_are_added_modified_and_deleted_strictly_and_not);
    tcase_add_loop_test(c, what_is_wrong_with_a_flow_is_said_and_nothing_is_changed, 0,
                        (int)(sizeof faulty / sizeof faulty[0]));
    tcase_add_test(c, a_flow_with_thousands_of_actions_is_dumped_whole);
    tcase_add_test(c, a_dump_past_the_limit_is_an_error_that_says_what_to_do);
    tcase_add_test(c, a_flow_that_is_too_long_for_a_message_is_refused);
    tcase_add_test(c, the_switch_shows_itself);
    tcase_add_test(c, connections_are_shown_with_their_times);
    suite_add_tcase(s, c);
    return unit_main(s);
}
