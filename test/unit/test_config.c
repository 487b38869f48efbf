/*
 * test_config.c - the option grammar: what is understood, and what is said of the rest.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/config.h"
#include "runtime/timer.h"
#include "test/unit/unit.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool quiet, colour;
static const char *file;
static uint64_t port, any, idle;
static struct config_list apps;

static const struct config_option own[] = {
    {"quiet", CONFIG_FLAG, &quiet, 0, 0, NULL, "say less"},
    {"colour", CONFIG_FLAG, &colour, 0, 0, NULL, "do not paint"},
    {"file", CONFIG_STRING, &file, 0, 0, "PATH", "read this"},
    {"port", CONFIG_UINT, &port, 1, 65535, "N", "listen there"},
    {"any", CONFIG_UINT, &any, 5, 0, "N", "at least five"},
    {0},
};
static const struct config_option theirs[] = {
    {"idle", CONFIG_DURATION, &idle, NS_PER_MS, 3600 * NS_PER_S, "TIME", "forget after that"},
    {"app", CONFIG_LIST, &apps, 0, 0, "NAME", "add an app"},
    {0},
};
static const struct config_option *const tables[] = {own, theirs, NULL};
static const struct config config = {"prog", "[OPTION]... FILE", "Does it.", tables, NULL};

static char *argv[CONFIG_WORDS_MAX];
static char line[1000], error[CONFIG_ERROR];
static int rest;

/* Read a line as a domU would. */
static int parse(const char *text)
{
    quiet = false;
    colour = true;
    file = "none";
    port = 6653;
    any = 5;
    idle = 5 * NS_PER_S;
    apps.n = 0;
    error[0] = '\0';
    snprintf(line, sizeof line, "%s", text);
    int argc = config_split(&config, line, argv);
    return argc < 0 ? argc : config_parse(&config, argc, argv, &rest, error);
}

START_TEST(values_come_behind_an_equals_sign_or_as_the_next_word)
{
    ck_assert_int_eq(parse("--file=a=b --port 80 --app=x --app y --idle 2m"), 0);
    ck_assert_str_eq(file, "a=b");
    ck_assert_uint_eq(port, 80);
    ck_assert_uint_eq(apps.n, 2);
    ck_assert_str_eq(apps.value[0], "x");
    ck_assert_str_eq(apps.value[1], "y");
    ck_assert_uint_eq(idle, 120 * NS_PER_S);
    ck_assert_int_eq(rest, 0);
}
END_TEST

START_TEST(defaults_stay_where_nothing_is_said)
{
    ck_assert_int_eq(parse(" "), 0);
    ck_assert(!quiet && colour);
    ck_assert_uint_eq(port, 6653);
    ck_assert_str_eq(file, "none");
}
END_TEST

START_TEST(flags_are_turned_on_and_off)
{
    ck_assert_int_eq(parse("--quiet --no-colour"), 0);
    ck_assert(quiet && !colour);
    ck_assert_int_eq(parse("--quiet --no-quiet"), 0);
    ck_assert(!quiet);
}
END_TEST

START_TEST(other_words_are_moved_to_the_front_in_order)
{
    ck_assert_int_eq(parse("one --quiet two --port=1 - three -- --four --"), 0);
    ck_assert_int_eq(rest, 6);
    ck_assert_str_eq(argv[1], "one");
    ck_assert_str_eq(argv[2], "two");
    ck_assert_str_eq(argv[3], "-");
    ck_assert_str_eq(argv[4], "three");
    ck_assert_str_eq(argv[5], "--four");
    ck_assert_str_eq(argv[6], "--");
}
END_TEST

START_TEST(quotes_keep_blanks_and_vanish)
{
    ck_assert_int_eq(parse("--file=\"a b\"'c\"d' '' x"), 0);
    ck_assert_str_eq(file, "a bc\"d");
    ck_assert_int_eq(rest, 2);
    ck_assert_str_eq(argv[1], "");
    ck_assert_int_eq(parse("--file='a b"), -EINVAL);
}
END_TEST

START_TEST(too_many_words_are_refused)
{
    char words[2 * CONFIG_WORDS_MAX + 1] = "";
    for (int i = 1; i < CONFIG_WORDS_MAX; i++)
        strcat(words, "x ");
    ck_assert_int_eq(parse(words), 0);
    ck_assert_int_eq(rest, CONFIG_WORDS_MAX - 1);
    strcat(words, "x");
    ck_assert_int_eq(parse(words), -E2BIG);
}
END_TEST

START_TEST(numbers_and_durations_are_read_in_all_their_forms)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"250ms", 250 * NS_PER_MS}, {"5s", 5 * NS_PER_S},    {"2m", 120 * NS_PER_S},
        {"1h", 3600 * NS_PER_S},    {"7", 7 * NS_PER_S},     {"1500us", 1500 * NS_PER_US},
        {"1000000ns", NS_PER_MS},   {"0x10", 16 * NS_PER_S},
    };
    char text[50];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "--idle=%s", good[i].text);
        ck_assert_msg(parse(text) == 0, "%s: %s", text, error);
        ck_assert_uint_eq(idle, good[i].ns);
    }
    ck_assert_int_eq(parse("--port=0x1F --any=18446744073709551615"), 0);
    ck_assert_uint_eq(port, 31);
    ck_assert_uint_eq(any, UINT64_MAX);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_what_to_do)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"--prot=1", "unknown option '--prot=1'; --help lists those there are"},
        {"--no-port", "unknown option '--no-port'; --help lists those there are"},
        {"--por=1", "unknown option '--por=1'; --help lists those there are"},
        {"-p", "unknown option '-p'; options begin with two dashes, see --help"},
        {"--port", "--port needs a value: --port=N"},
        {"--file --quiet", "--file needs a value: --file=PATH"},
        {"--quiet=yes", "--quiet takes no value: say --quiet or --no-quiet"},
        {"--port=eighty", "--port: 'eighty' is not a number"},
        {"--port=80x", "--port: '80x' is not a number"},
        {"--port=", "--port: '' is not a number"},
        {"--port=-1", "--port: '-1' is not a number"},
        {"--port=0x", "--port: '0x' is not a number"},
        {"--port=99999999999999999999", "--port: '99999999999999999999' is not a number"},
        {"--port=0", "--port: must be from 1 to 65535"},
        {"--port=65536", "--port: must be from 1 to 65535"},
        {"--any=4", "--any: must be at least 5"},
        {"--idle=5d", "--idle: '5d' is not a duration; write 250ms, 5s, 2m or 1h"},
        {"--idle=2h", "--idle: must be from 1ms to 1h"},
        {"--idle=99999999999999999h",
         "--idle: '99999999999999999h' is not a duration; write 250ms, 5s, 2m or 1h"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(parse(bad[i].text), -EINVAL);
        ck_assert_str_eq(error, bad[i].error);
    }
}
END_TEST

START_TEST(long_nonsense_fits_into_the_message)
{
    char text[900];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    memcpy(text, "--", 2);
    ck_assert_int_eq(parse(text), -EINVAL);
    ck_assert_uint_lt(strlen(error), CONFIG_ERROR);
    memcpy(text, "--idle=", 7);
    ck_assert_int_eq(parse(text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "write 250ms"));
}
END_TEST

START_TEST(a_list_is_bounded)
{
    char text[1000] = "";
    for (int i = 0; i <= CONFIG_LIST_MAX; i++)
        strcat(text, "--app=x ");
    ck_assert_int_eq(parse(text), -EINVAL);
    ck_assert_str_eq(error, "--app: may be given at most 64 times");
}
END_TEST

static char help[2000];

static void keep(void *user, const char *text)
{
    (void)user;
    strcat(strcat(help, text), "\n");
}

START_TEST(the_help_is_aligned_and_shows_defaults)
{
    parse("");
    config_help(&config, keep, NULL);
    ck_assert_str_eq(help, "Usage: prog [OPTION]... FILE\n"
                           "Does it.\n"
                           "\n"
                           "  --quiet      say less\n"
                           "  --no-colour  do not paint\n"
                           "  --file=PATH  read this [none]\n"
                           "  --port=N     listen there [6653]\n"
                           "  --any=N      at least five [5]\n"
                           "  --idle=TIME  forget after that [5s]\n"
                           "  --app=NAME   add an app\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        values_come_behind_an_equals_sign_or_as_the_next_word,
        defaults_stay_where_nothing_is_said,
        flags_are_turned_on_and_off,
        other_words_are_moved_to_the_front_in_order,
        quotes_keep_blanks_and_vanish,
        too_many_words_are_refused,
        numbers_and_durations_are_read_in_all_their_forms,
        what_is_wrong_is_said_with_what_to_do,
        long_nonsense_fits_into_the_message,
        a_list_is_bounded,
        the_help_is_aligned_and_shows_defaults,
        NULL,
    };
    return unit_main(unit_suite("config", tests));
}
