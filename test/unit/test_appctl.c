/*
 * test_appctl.c - the control channel: requests in any pieces, answers, limits, hostile peers.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/rpc/rpc.h"
#include "runtime/counter.h"
#include "runtime/sim/sim.h"
#include "test/unit/appctl_client.h"

#include <errno.h>

#define MAX_REPLY 10000

static struct appctl *appctl;
static struct client client;
static unsigned runs;
static unsigned turn;

/* --- Commands of the test's ------------------------------------------------------------------ */

static void say_words(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    ck_assert_ptr_eq(user, &runs);
    runs++;
    for (size_t i = 0; i < argc; i++)
        appctl_say(reply, "[%s]", argv[i]);
}

static void fail_so(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)argc;
    appctl_say(reply, "this is not said");
    appctl_fail(reply, "no %s", argv[0]);
}

/* As many bytes as it is told, and a newline. */
static void say_many(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    unsigned long n = strtoul(argv[0], NULL, 10);
    (void)user;
    (void)argc;
    runs = 0;
    for (; n > 10 && !appctl_full(reply); n -= 10, runs++)
        appctl_say(reply, "123456789\n");
    appctl_say(reply, "%.*s\n", (int)n - 1, "123456789");
}

static void count_turns(void *user, struct appctl_reply *reply, size_t argc,
                        const char *const *argv)
{
    (void)user;
    (void)argc;
    (void)argv;
    appctl_say(reply, "%u", turn);
}

static const struct appctl_command rows[] = {
    {"words", "[WORD]...", 0, 100, say_words},
    {"fail", "WHAT", 1, 1, fail_so},
    {"many", "N", 1, 1, say_many},
    {"turn", "", 0, 0, count_turns},
    {0},
};

static void begin(void)
{
    struct appctl_config config;
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    appctl_defaults(&config);
    config.max_reply = MAX_REPLY;
    config.max_connections = 3;
    appctl = appctl_open(&config, "the program", sim_net());
    ck_assert_ptr_nonnull(appctl);
    ck_assert_int_eq(appctl_add(appctl, rows, &runs), 0);
    memset(&appctl_counters, 0, sizeof appctl_counters);
    runs = 0;
    client_begin(&client, appctl);
}

static void end(void)
{
    client_end(&client);
    ck_assert_uint_eq(appctl->way->n_peers, 0);
    appctl_close(appctl);
    loop_close();
}

/* --- Answers --------------------------------------------------------------------------------- */

START_TEST(a_request_is_answered_with_its_id)
{
    client_send(&client, "{\"id\":0,\"method\":\"words\",\"params\":[\"a\",\"b c\",\"\"]}");
    client_expect(&client, "{\"error\":null,\"id\":0,\"result\":\"[a][b c][]\\n\"}");
    client_send(&client, "{\"params\":[\"x\"],\"method\":\"fail\",\"id\":[\"any\",{\"id\":-7}]}");
    client_expect(&client, "{\"error\":\"no x\\n\",\"id\":[\"any\",{\"id\":-7}],\"result\":null}");
    ck_assert_uint_eq(appctl_counters.requests, 2);
    ck_assert_uint_eq(appctl_counters.failed, 1);
}
END_TEST

START_TEST(a_command_that_says_nothing_is_answered_too)
{
    client_send(&client, "{\"id\":1,\"method\":\"words\",\"params\":[]}");
    client_expect(&client, "{\"error\":null,\"id\":1,\"result\":\"\"}");
}
END_TEST

START_TEST(an_echo_is_answered_with_its_parameters_of_any_kind)
{
    client_send(&client, "{\"id\":\"e\",\"method\":\"echo\",\"params\":[1,null,{\"a\":[\"b\"]}]}");
    client_expect(&client, "{\"error\":null,\"id\":\"e\",\"result\":[1,null,{\"a\":[\"b\"]}]}");
}
END_TEST

START_TEST(requests_lie_back_to_back_or_with_blanks_between)
{
    client_send(&client, "\n {\"id\":1,\"method\":\"words\",\"params\":[]}"
                         "{\"id\":2,\"method\":\"words\",\"params\":[\"}\\\"]{\"]}\r\n\t "
                         "{\"id\":3,\"method\":\"words\",\"params\":[\"\\\\\"]}  ");
    client_expect(&client, "{\"error\":null,\"id\":1,\"result\":\"\"}"
                           "{\"error\":null,\"id\":2,\"result\":\"[}\\\"]{]\\n\"}"
                           "{\"error\":null,\"id\":3,\"result\":\"[\\\\]\\n\"}");
    ck_assert_ptr_nonnull(client.s);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
    const char *request = " {\"id\":1, \"method\":\"words\", \"params\":[\"\\\"{\"] } ";
    for (const char *c = request; *c != '\0'; c++) {
        ck_assert_uint_eq(client.n > 0, c > strrchr(request, '}'));
        client_send_bytes(&client, c, 1);
    }
    client_expect(&client, "{\"error\":null,\"id\":1,\"result\":\"[\\\"{]\\n\"}");
}
END_TEST

START_TEST(what_is_wrong_with_a_command_is_said)
{
    client_says(client_fail(&client, "wards"), "\\\"wards\\\" is not a command");
    client_says(client_fail(&client, "fail"), "takes other arguments: fail WHAT");
    client_says(client_fail(&client, "fail a b"), "takes other arguments: fail WHAT");
    client_says(client_fail(&client, "turn 1"), "takes other arguments: turn (none)");
    client_forget(&client);
    client_send(&client, "{\"id\":1,\"method\":\"words\",\"params\":[\"a\",1]}");
    client_expect(&client, "{\"error\":\"\\\"words\\\": argument 2 is not a string\\n\",\"id\":1,"
                           "\"result\":null}");
    ck_assert_uint_eq(runs, 0);
    ck_assert_ptr_nonnull(client.s);
}
END_TEST

START_TEST(nothing_that_is_said_moves_a_terminal_s_cursor)
{
    client_send(&client, "{\"id\":1,\"method\":\"words\",\"params\":[\"\\u001b[2J\\u00fc\\tz\"]}");
    client_expect(&client, "{\"error\":null,\"id\":1,\"result\":\"[.[2J..\\tz]\\n\"}");
}
END_TEST

/* --- Hostile peers --------------------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t n;
} bad[] = {
#define BAD(text)                                                                                  \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
    BAD("x"),
    BAD("[]"),
    BAD("\"method\""),
    BAD("}"),
    BAD("\0{}"),
    BAD("\xff\xfe{}"),
    BAD("{}"),
    BAD("{]"),
    BAD("{{}}"),
    BAD("{\"id\":1}"),
    BAD("{\"id\":null,\"method\":\"words\",\"params\":[]}"),
    BAD("{\"method\":\"words\",\"params\":[]}"),
    BAD("{\"id\":1,\"method\":\"words\"}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":{}}"),
    BAD("{\"id\":1,\"method\":1,\"params\":[]}"),
    BAD("{\"id\":1,\"id\":2,\"method\":\"words\",\"params\":[]}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[],}"),
    BAD("{\"id\":1,\"error\":null,\"result\":\"\"}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[\"\\u0000\"]}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[\"\0\"]}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[\"\xc3\"]}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[\"\\ud800\"]}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[\"\n\"]}"),
    BAD("{\"id\":99999999999999999999999,\"method\":\"words\",\"params\":[]}"),
    BAD("{\"id\":1e999,\"method\":\"words\",\"params\":[]}"),
    BAD("{\"id\":1,\"method\":\"words\",\"params\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}"),
#undef BAD
};

START_TEST(what_is_no_request_is_told_so_and_ends_the_connection)
{
    client_send_bytes(&client, bad[_i].bytes, bad[_i].n);
    ck_assert_msg(strncmp(client.text, "{\"error\":\"not ", 14) == 0, "%s", client.text);
    client_says(client.text, ",\"id\":null,\"result\":null}");
    ck_assert_ptr_null(client.s);
    ck_assert_uint_eq(appctl_counters.bad, 1);
    ck_assert_uint_eq(runs, 0);
}
END_TEST

START_TEST(a_message_without_an_end_is_refused_at_a_limit)
{
    static const char head[] = "{\"id\":1,\"method\":\"words\",\"params\":[\"";
    client_send(&client, head);
    for (size_t n = sizeof head - 1; n < APPCTL_REQUEST_MAX - 1; n++)
        ck_assert_int_eq(stream_write(client.s, "a", 1), 0);
    client_rest();
    ck_assert_ptr_nonnull(client.s);
    ck_assert_uint_eq(client.n, 0);
    client_send(&client, "a");
    client_says(client.text, "too long");
    ck_assert_ptr_null(client.s);
}
END_TEST

START_TEST(blanks_without_end_are_passed_over)
{
    static char blanks[100000];
    memset(blanks, ' ', sizeof blanks);
    client_send_bytes(&client, blanks, sizeof blanks);
    client_says(client_do(&client, "words a"), "[a]");
}
END_TEST

START_TEST(a_request_that_is_deep_but_not_too_deep_is_read)
{
    client_send(&client,
                "{\"id\":1,\"method\":\"echo\",\"params\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}");
    client_says(client.text, "\"result\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}");
}
END_TEST

START_TEST(an_answer_past_the_limit_is_an_error_that_says_so)
{
    char command[32];
    snprintf(command, sizeof command, "many %d", MAX_REPLY - 1);
    ck_assert_uint_eq(strlen(client_do(&client, command)), MAX_REPLY - 1 + MAX_REPLY / 10);
    client_says(client_fail(&client, "many 1000000000"), "longer than 10000 bytes");
    ck_assert_uint_eq(runs, MAX_REPLY / 10);
    ck_assert_uint_eq(appctl_counters.too_long, 1);
    client_says(client_do(&client, "words still here"), "[still][here]");
}
END_TEST

#define FLOOD 600

START_TEST(a_peer_that_does_not_read_is_not_heard_until_it_does)
{
    const char *request = "{\"id\":1,\"method\":\"many\",\"params\":[\"5000\"]}";
    stream_pause(client.s, true);
    client.s->out_limit = SIZE_MAX;
    for (int i = 0; i < FLOOD; i++)
        ck_assert_int_eq(stream_write(client.s, request, strlen(request)), 0);
    client_rest();
    ck_assert_uint_lt(appctl_counters.requests, 100);
    stream_pause(client.s, false);
    client_rest();
    ck_assert_uint_eq(appctl_counters.requests, FLOOD);
    ck_assert_uint_eq(client.n,
                      FLOOD * (5000 + 500 + strlen("{\"error\":null,\"id\":1,\"result\":\"\"}")));
}
END_TEST

START_TEST(a_peer_gets_one_request_done_in_a_turn)
{
    const char *request = "{\"id\":1,\"method\":\"turn\",\"params\":[]}";
    char text[16];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(stream_write(client.s, request, strlen(request)), 0);
    while (loop_poll())
        turn++;
    for (unsigned i = 0, last = 0; i < 4; i++) {
        const char *at = client.text;
        for (unsigned skip = 0; skip <= i; skip++)
            at = strstr(at, "result\":\"") + 9;
        snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\\"), at);
        ck_assert_msg(i == 0 || strtoul(text, NULL, 10) > last, "%s", client.text);
        last = (unsigned)strtoul(text, NULL, 10);
    }
}
END_TEST

START_TEST(the_peer_that_was_silent_for_longest_makes_room)
{
    struct client more[3];
    for (int i = 0; i < 2; i++)
        client_begin(&more[i], appctl);
    client_do(&client, "words"); /* so that more[0] is the one */
    client_begin(&more[2], appctl);
    ck_assert_ptr_null(more[0].s);
    ck_assert_uint_eq(appctl_counters.displaced, 1);
    client_do(&client, "words");
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            client_do(&more[i], "words");
        client_end(&more[i]);
    }
}
END_TEST

START_TEST(a_peer_may_go_in_the_midst_of_a_message_or_of_its_answers)
{
    struct client c;
    client_begin(&c, appctl);
    client_send(&c, "{\"id\":1,\"meth");
    client_end(&c);
    client_begin(&c, appctl);
    stream_pause(c.s, true);
    client_send(&c, "{\"id\":1,\"method\":\"many\",\"params\":[\"9000\"]}{\"id\":1,");
    stream_abort(c.s);
    c.s = NULL;
    client_end(&c);
    ck_assert_uint_eq(appctl->way->n_peers, 1);
}
END_TEST

START_TEST(answers_that_wait_are_still_written_when_the_channel_is_closed)
{
    struct appctl_config config;
    struct appctl *other;
    struct client c;
    appctl_defaults(&config);
    other = appctl_open(&config, "other", NULL);
    ck_assert_ptr_nonnull(other);
    client_begin(&c, other);
    stream_pause(c.s, true);
    client_send(&c, "{\"id\":1,\"method\":\"version\",\"params\":[]}");
    appctl_close(other);
    stream_pause(c.s, false);
    client_rest();
    client_says(c.text, "\"result\":\"other " MORGANA_VERSION "\\n\"");
    ck_assert_ptr_null(c.s);
    client_end(&c);
}
END_TEST

/* --- What every program has ------------------------------------------------------------------ */

START_TEST(commands_are_listed_in_order)
{
    const char *help = client_do(&client, "list-commands");
    const char *names[] = {"counters", "exit",    "fail",      "help",     "list-commands", "many",
                           "turn",     "version", "vlog/list", "vlog/set", "words"};
    ck_assert_int_eq(strncmp(help, "The available commands are:\\n", 29), 0);
    client_says(help, "\\n  vlog/set        LEVELS\\n");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        help = strstr(help, names[i]);
        ck_assert_msg(help != NULL, "%s", names[i]);
    }
}
END_TEST

START_TEST(the_version_is_the_program_s)
{
    ck_assert_str_eq(client_do(&client, "version"), "the program " MORGANA_VERSION "\\n");
}
END_TEST

static char logged[4096];

static void keep_line(void *user, enum log_level level, const char *line)
{
    const char *text = strstr(line, " counters: ");
    (void)user;
    (void)level;
    if (text != NULL)
        snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s\\n", text + 11);
}

START_TEST(counters_are_what_the_signal_shows)
{
    const char *said;
    client_fail(&client, "fail it");
    said = client_do(&client, "counters");
    client_says(said, "appctl: connections=1 requests=2 failed=1\\nall others are zero\\n");
    logged[0] = '\0';
    log_set_sink(keep_line, NULL);
    counter_log();
    log_set_sink(NULL, NULL);
    ck_assert_str_eq(said, logged);
}
END_TEST

LOG_MODULE(mine);

START_TEST(log_levels_are_listed_and_set)
{
    log_error("this makes the module known");
    client_says(client_do(&client, "vlog/list"), "mine            info\\n");
    client_do(&client, "vlog/set mine:debug");
    client_says(client_do(&client, "vlog/list"), "mine            debug\\n");
    client_says(client_fail(&client, "vlog/set mine:loud"), "names no levels");
    client_do(&client, "vlog/set warn");
    client_says(client_do(&client, "vlog/list"), "mine            warn\\n");
}
END_TEST

START_TEST(exit_is_answered_and_ends_the_loop)
{
    const char *request = "{\"id\":1,\"method\":\"exit\",\"params\":[]}";
    ck_assert_int_eq(stream_write(client.s, request, strlen(request)), 0);
    ck_assert_int_eq(loop_run(), EXIT_SUCCESS);
    client_rest();
    client_expect(&client, "{\"error\":null,\"id\":1,\"result\":\"\"}");
}
END_TEST

/* --- Names ----------------------------------------------------------------------------------- */

START_TEST(it_listens_where_it_is_told_and_calls_nobody)
{
    static const struct stream_events events = {.data = client_data, .closed = client_closed};
    const char *request = "{\"id\":1,\"method\":\"version\",\"params\":[]}";
    struct appctl_config config;
    struct endpoint ep;
    struct appctl *other;
    struct client c = {.text = calloc(1, 1)};

    appctl_defaults(&config);
    config.names = (struct config_list){.value = {"ptcp:1:here", "ptcp:2:here"}, .n = 2};
    other = appctl_open(&config, "other", sim_net());
    ck_assert_ptr_nonnull(other);
    ck_assert_int_eq(endpoint_parse(&ep, "tcp:here:2", 0), 0);
    ck_assert_int_eq(net_connect(sim_net(), &ep, &events, &c, &c.s), 0);
    sim_run(loop_now() + NS_PER_S);
    ck_assert_ptr_nonnull(c.s);
    ck_assert_int_eq(stream_write(c.s, request, strlen(request)), 0);
    sim_run(loop_now() + NS_PER_S);
    client_says(c.text, "other ");
    stream_close(c.s);
    appctl_close(other);
    sim_run(loop_now() + NS_PER_S);
    free(c.text);

    config.names = (struct config_list){.value = {"ptcp:1:here", "tcp:here:2"}, .n = 2};
    ck_assert_ptr_null(appctl_open(&config, "other", sim_net()));
    config.names = (struct config_list){.value = {"here"}, .n = 1};
    ck_assert_ptr_null(appctl_open(&config, "other", sim_net()));
    sim_run(loop_now() + NS_PER_S);
}
END_TEST

START_TEST(tables_of_commands_are_bounded_and_the_first_of_two_names_counts)
{
    static const struct appctl_command mine[] = {{"words", "NOTHING", 0, 0, fail_so}, {0}};
    while (appctl->n_tables < APPCTL_TABLES_MAX)
        ck_assert_int_eq(appctl_add(appctl, mine, NULL), 0);
    ck_assert_int_eq(appctl_add(appctl, mine, NULL), -ENOSPC);
    client_says(client_do(&client, "words a"), "[a]");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("appctl");
    TCase *c = tcase_create("appctl");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, a_request_is_answered_with_its_id);
    tcase_add_test(c, a_command_that_says_nothing_is_answered_too);
    tcase_add_test(c, an_echo_is_answered_with_its_parameters_of_any_kind);
    tcase_add_test(c, requests_lie_back_to_back_or_with_blanks_between);
    tcase_add_test(c, a_request_may_come_byte_by_byte);
    tcase_add_test(c, what_is_wrong_with_a_command_is_said);
    tcase_add_test(c, nothing_that_is_said_moves_a_terminal_s_cursor);
    tcase_add_loop_test(c, what_is_no_request_is_told_so_and_ends_the_connection, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(c, a_message_without_an_end_is_refused_at_a_limit);
    tcase_add_test(c, blanks_without_end_are_passed_over);
    tcase_add_test(c, a_request_that_is_deep_but_not_too_deep_is_read);
    tcase_add_test(c, an_answer_past_the_limit_is_an_error_that_says_so);
    tcase_add_test(c, a_peer_that_does_not_read_is_not_heard_until_it_does);
    tcase_add_test(c, a_peer_gets_one_request_done_in_a_turn);
    tcase_add_test(c, the_peer_that_was_silent_for_longest_makes_room);
    tcase_add_test(c, a_peer_may_go_in_the_midst_of_a_message_or_of_its_answers);
    tcase_add_test(c, answers_that_wait_are_still_written_when_the_channel_is_closed);
    tcase_add_test(c, commands_are_listed_in_order);
    tcase_add_test(c, the_version_is_the_program_s);
    tcase_add_test(c, counters_are_what_the_signal_shows);
    tcase_add_test(c, log_levels_are_listed_and_set);
    tcase_add_test(c, exit_is_answered_and_ends_the_loop);
    tcase_add_test(c, it_listens_where_it_is_told_and_calls_nobody);
    tcase_add_test(c, tables_of_commands_are_bounded_and_the_first_of_two_names_counts);
    suite_add_tcase(s, c);
    return unit_main(s);
}
