/*
 * test_xen_console.c - the domain's console, and the program's commands on it: lines that are
 * typed, answers of any length to readers of any pace, a reader that does not keep to the protocol.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/internal.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_xen.h"
#include "test/unit/unit.h"
#include "xen/console.h"

#include <stdio.h>
#include <string.h>

#define PORT      3
#define MAX_REPLY 300000
#define ERASED    "\r\033[K"

static struct xencons_interface ring, other_ring;
static struct xencons_interface *reader; /* reads this one */
static struct appctl *appctl;
static char seen[2 * MAX_REPLY];
static size_t n_seen;
static unsigned runs;

/* --- Commands of the test's ------------------------------------------------------------------ */

static void say_words(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    runs++;
    for (size_t i = 0; i < argc; i++)
        appctl_say(reply, "[%s]", argv[i]);
}

/* So many lines, numbered. */
static void say_lines(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    unsigned long n = strtoul(argv[0], NULL, 10);
    (void)user;
    (void)argc;
    appctl_narrow(reply, "say fewer lines");
    for (unsigned long i = 0; i < n && !appctl_full(reply); i++)
        appctl_say(reply, "line %lu\n", i);
}

/* A line of so many characters. */
static void say_long(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)argc;
    appctl_say(reply, "%0*d\n", (int)strtoul(argv[0], NULL, 10), 0);
}

static const struct appctl_command rows[] = {
    {"words", "[WORD]...", 0, 200, say_words},
    {"lines", "N", 1, 1, say_lines},
    {"long", "N", 1, 1, say_long},
    {0},
};

/* --- The other end --------------------------------------------------------------------------- */

static void settle(void)
{
    do
        evtchn_deliver();
    while (loop_poll() || evtchn_any());
}

/* Read up to `n` bytes of what there is. Returns how many there were. */
static size_t take(size_t n)
{
    uint32_t there = reader->out_prod - reader->out_cons;
    ck_assert_uint_le(there, sizeof reader->out);
    n = n < there ? n : there;
    ck_assert_uint_lt(n_seen + n, sizeof seen);
    for (size_t i = 0; i < n; i++)
        seen[n_seen++] = reader->out[MASK_XENCONS_IDX(reader->out_cons++, reader->out)];
    seen[n_seen] = '\0';
    return n;
}

/* The same, and say so. */
static size_t read_some(size_t n)
{
    n = take(n);
    fake_raise(PORT);
    settle();
    return n;
}

static void read_all(void)
{
    while (read_some(sizeof reader->out) > 0)
        ;
}

/* As much as the ring holds. */
static void type_bytes(const char *bytes, size_t n)
{
    ck_assert_uint_le(reader->in_prod - reader->in_cons + n, sizeof reader->in);
    for (size_t i = 0; i < n; i++)
        reader->in[MASK_XENCONS_IDX(reader->in_prod++, reader->in)] = bytes[i];
    fake_raise(PORT);
    settle();
}

static void type(const char *text)
{
    type_bytes(text, strlen(text));
}

static void forget(void)
{
    n_seen = 0;
    seen[0] = '\0';
}

/* Just this has come since the last time. */
static void expect(const char *text)
{
    read_all();
    ck_assert_str_eq(seen, text);
    forget();
}

static void expect_part(const char *text)
{
    read_all();
    ck_assert_msg(strstr(seen, text) != NULL, "no %s in: %s", text, seen);
    forget();
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static char heard[100];

static void on_other(void *user, char *line)
{
    (void)user;
    snprintf(heard, sizeof heard, "%s", line);
}

static void open_program(void)
{
    struct appctl_config config;
    appctl_defaults(&config);
    config.max_reply = MAX_REPLY;
    appctl = appctl_open(&config, "the program", NULL);
    ck_assert_ptr_nonnull(appctl);
    ck_assert_int_eq(appctl_add(appctl, rows, NULL), 0);
}

static void begin(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    memset(&ring, 0, sizeof ring);
    ring.out_cons = ring.out_prod = UINT32_MAX - 700; /* as whoever used it before left it */
    ring.in_cons = ring.in_prod = UINT32_MAX - 300;
    reader = &ring;
    console_begin(&ring, PORT);
    ck_assert_int_eq(console_open(on_other, NULL), 0);
    forget();
    runs = 0;
    open_program();
}

static void end(void)
{
    appctl_close(appctl);
    settle();
    console_close();
    evtchn_begin(&fake.shared);
    loop_close();
}

/* --- Lines ----------------------------------------------------------------------------------- */

START_TEST(a_command_that_is_typed_is_answered_below)
{
    begin();
    type("words one \"two words\" '' it\"'\"s\r");
    take(sizeof ring.out); /* before the console says that it has read */
    expect("words one \"two words\" '' it\"'\"s\r\n[one][two words][][it's]\r\n");
    type("words\n");
    expect("words\r\n");
    end();
}
END_TEST

START_TEST(what_is_wrong_with_a_command_is_said)
{
    char many[300] = "words", *to = many + 5;
    begin();
    type("wards 1\r");
    expect("wards 1\r\n\"wards\" is not a command; \"list-commands\" says those there are\r\n");
    type("lines\r");
    expect("lines\r\n\"lines\" takes other arguments: lines N\r\n");
    type("words \"one\r");
    expect("words \"one\r\na quote is left open\r\n");
    for (int i = 0; i < CONFIG_WORDS_MAX - 2; i++)
        to += sprintf(to, " a");
    strcpy(to, "\r");
    type(many);
    expect_part("\r\n[a][a]");
    strcpy(to, " a\r");
    type(many);
    expect_part("\r\nmore than 127 words\r\n");
    type("\"\" 1\r");
    expect_part("\"\" is not a command");
    ck_assert_uint_eq(runs, 1);
    end();
}
END_TEST

START_TEST(nothing_is_answered_to_nothing)
{
    begin();
    type("\r\n  \t \r");
    expect("\r\n\r\n    \r\n");
    end();
}
END_TEST

/* The second is not looked at before the first is answered. */
START_TEST(lines_may_come_byte_by_byte_or_all_at_once)
{
    begin();
    for (const char *c = "words a\r"; *c; c++)
        type_bytes(c, 1);
    expect("words a\r\n[a]\r\n");
    type("words a\rwords b\rwor");
    expect("words a\r\n[a]\r\nwords b\r\n[b]\r\nwor");
    type("ds c\r");
    expect("ds c\r\n[c]\r\n");
    end();
}
END_TEST

START_TEST(what_is_typed_can_be_taken_back)
{
    begin();
    type("worst\177\bds a\r");
    expect("worst\b \b\b \bds a\r\n[a]\r\n");
    type("\177\b\177words\r");
    expect("words\r\n");
    type("poweroff\025words b\r");
    expect("poweroff" ERASED "words b\r\n[b]\r\n");
    end();
}
END_TEST

START_TEST(keys_that_stand_for_no_character_are_passed_over)
{
    begin();
    type("wo\033[Ards\033[1;5D \033OHa\033x\001\a\033[\r");
    expect("words a\r\n[a]\r\n");
    type("words\tb\r");
    expect("words b\r\n[b]\r\n");
    end();
}
END_TEST

START_TEST(nothing_that_is_shown_moves_a_terminal_s_cursor)
{
    begin();
    type("words \303\274\233\200\r");
    expect("words ....\r\n[....]\r\n");
    end();
}
END_TEST

static void type_many(char c, size_t n)
{
    char part[512];
    memset(part, c, sizeof part);
    for (size_t k; n > 0; n -= k) {
        k = n < sizeof part ? n : sizeof part;
        type_bytes(part, k);
        read_all();
    }
}

/* Half of a command might be another one. */
START_TEST(a_line_that_is_too_long_is_not_run)
{
    begin();
    type("words ");
    type_many('a', 4095 - 6);
    type("\r");
    read_all();
    ck_assert_uint_eq(n_seen, 4095 + 2 + 4095 - 6 + 2 + 2);
    forget();
    type("words ");
    type_many('a', 4095 - 6 + 1);
    type("\r");
    expect_part("a\a\r\na line has at most 4095 characters: nothing was done\r\n");
    type("words b\r");
    expect_part("words b\r\n[b]\r\n");
    type_many('a', 5000);
    type("\025words c\r");
    expect_part(ERASED "words c\r\n[c]\r\n");
    ck_assert_uint_eq(runs, 3);
    end();
}
END_TEST

START_TEST(the_log_stands_above_what_is_being_typed)
{
    begin();
    type("words \374");
    expect("words .");
    console_write("one");
    console_write("two");
    expect(ERASED "one\r\ntwo\r\nwords .");
    console_write("three");
    type("b\r");
    expect(ERASED "three\r\nwords .b\r\n[.b]\r\n");
    console_write("four");
    expect("four\r\n");
    type("wor");
    for (int i = 0; i < 500; i++)
        console_write("nobody reads this now");
    type("ds c\r");
    expect_part(" now\r\nwords c\r\n[c]\r\n");
    end();
}
END_TEST

START_TEST(without_a_program_that_listens_another_hears_lines)
{
    begin();
    appctl_close(appctl);
    type("words a\r");
    expect("words a\r\n");
    ck_assert_str_eq(heard, "words a");
    open_program();
    type("words b\r");
    expect("words b\r\n[b]\r\n");
    ck_assert_str_eq(heard, "words a");
    end();
}
END_TEST

/* --- Answers --------------------------------------------------------------------------------- */

#define LINES 20000

/* Lines in their order and whole, `logged` of the log's among them. */
static void check_lines(unsigned lines, unsigned logged)
{
    char expected[40];
    unsigned n = 0, found = 0;
    char *at = strchr(seen, '\n') + 1;
    for (; *at != '\0' && n + found < lines + logged; at = strchr(at, '\n') + 1) {
        snprintf(expected, sizeof expected, "line %u\r\n", n);
        if (strncmp(at, "logged\r\n", 8) == 0)
            found++;
        else if (n++, strncmp(at, expected, strlen(expected)) != 0)
            ck_abort_msg("no %s in: %.60s", expected, at);
    }
    ck_assert_uint_eq(n, lines);
    ck_assert_uint_eq(found, logged);
    memmove(seen, at, strlen(at) + 1);
    n_seen = strlen(seen);
}

/* The next line waits where it was typed. */
START_TEST(a_long_answer_waits_for_a_slow_reader)
{
    uint64_t dropped = console_stats()->dropped;
    unsigned logged = 0;
    begin();
    type("lines 20000\rwords after\r");
    for (unsigned i = 0; n_seen < 200000; i++) {
        ck_assert_uint_gt(read_some(1 + i % 97), 0);
        ck_assert_uint_eq(reader->in_prod - reader->in_cons, strlen("words after\r"));
        if (i % 100 == 0 && ++logged)
            console_write("logged");
    }
    read_all();
    check_lines(LINES, logged);
    expect("words after\r\n[after]\r\n");
    ck_assert_uint_eq(console_stats()->dropped, dropped);
    end();
}
END_TEST

/* The answer loses nothing; of the log's lines those past the buffer are counted. */
START_TEST(a_reader_that_stands_still_gets_the_answer_later)
{
    uint64_t dropped = console_stats()->dropped;
    begin();
    type("lines 20000\r");
    for (int i = 0; i < 5000; i++) {
        console_write("logged");
        settle();
    }
    dropped = console_stats()->dropped - dropped;
    ck_assert_uint_gt(dropped, 2000);
    ck_assert_uint_lt(dropped, 4000);
    read_all();
    check_lines(LINES, (unsigned)(5000 - dropped));
    expect("");
    end();
}
END_TEST

START_TEST(an_answer_past_the_limit_is_an_error_that_says_what_to_do)
{
    begin();
    type("lines 100000\r");
    expect("lines 100000\r\nthe answer is longer than 300000 bytes (--ctl-reply): say fewer "
           "lines\r\n");
    end();
}
END_TEST

START_TEST(a_line_may_be_longer_than_all_buffers)
{
    begin();
    type("long 100000\r");
    read_all();
    ck_assert_uint_eq(n_seen, strlen("long 100000\r\n") + 100000 + 2);
    ck_assert_uint_eq(strspn(seen + 13, "0"), 100000);
    forget();
    /* Cut by the log, which begins a line all the same. */
    type("long 100000\r");
    read_some(5000);
    console_write("logged");
    read_all();
    ck_assert_uint_eq(n_seen, strlen("long 100000\r\n") + 100000 + 2 + strlen("\r\nlogged\r\n"));
    ck_assert_ptr_nonnull(strstr(seen, "0\r\nlogged\r\n0"));
    end();
}
END_TEST

START_TEST(a_program_may_end_while_it_answers)
{
    begin();
    type("lines 20000\r");
    read_some(100);
    appctl_close(appctl);
    read_all();
    ck_assert_uint_lt(n_seen, 10000);
    console_write("logged");
    expect_part("\r\nlogged\r\n");
    open_program();
    type("words a\r");
    expect("words a\r\n[a]\r\n");
    end();
}
END_TEST

/* Another domain reads it while the guest yields. */
static void read_aside(void)
{
    take(100);
}

/* Only what was written is waited for, not all of the answer. What was typed behind it is lost with
 * the ring. */
START_TEST(an_answer_goes_on_in_another_domain)
{
    begin();
    type("lines 20000\rwords after\r");
    read_some(5000);
    fake.on_yield = read_aside;
    console_flush();
    ck_assert_uint_eq(ring.out_prod, ring.out_cons);
    ck_assert_uint_lt(n_seen, 20000);
    fake_xen_new_domain(30);
    evtchn_begin(&fake.shared);
    memset(&other_ring, 0, sizeof other_ring);
    reader = &other_ring;
    ck_assert_int_eq(console_resume(&other_ring, PORT), 0);
    ck_assert_uint_gt(other_ring.out_prod, 1000);
    type("words here\r");
    read_all();
    check_lines(LINES, 0);
    expect("words here\r\n[here]\r\n");
    end();
}
END_TEST

/* --- What every program has ------------------------------------------------------------------ */

START_TEST(all_that_may_be_typed_is_listed)
{
    const char *const names[] = {"counters",      "exit",     "help",     "lines",
                                 "list-commands", "long",     "poweroff", "version",
                                 "vlog/list",     "vlog/set", "words"};
    const char *at = seen;
    begin();
    type("list-commands\r");
    read_all();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[40];
        snprintf(line, sizeof line, "\r\n  %s ", names[i]);
        at = strstr(at, line);
        ck_assert_msg(at != NULL, "no %s in: %s", names[i], seen);
    }
    forget();
    type("version\r");
    expect("version\r\nthe program " MORGANA_VERSION "\r\n");
    type("counters\r");
    expect_part("\r\nall others are zero\r\n");
    end();
}
END_TEST

static void deliver(void *user)
{
    (void)user;
    evtchn_deliver();
}

START_TEST(poweroff_ends_the_loop)
{
    struct loop_work work;
    begin();
    loop_work_init(&work, deliver, NULL);
    loop_defer(&work);
    memcpy(ring.in + MASK_XENCONS_IDX(ring.in_prod, ring.in), "poweroff\r", 9);
    ring.in_prod += 9;
    fake_raise(PORT);
    ck_assert_int_eq(loop_run(), EXIT_SUCCESS);
    expect("poweroff\r\n");
    end();
}
END_TEST

/* --- Hostile readers -------------------------------------------------------------------------- */

static const uint32_t lies[] = {2049, 5000, 1u << 31, UINT32_MAX};
#define LIES (sizeof lies / sizeof lies[0])

/* As if nothing were read; then it goes on. */
START_TEST(a_reader_that_has_read_what_was_not_written_is_not_believed)
{
    begin();
    for (size_t i = 0; i < LIES; i++) {
        uint32_t written = ring.out_prod;
        ring.out_cons = ring.out_prod - lies[i];
        type("lines 20000\r");
        console_write("logged");
        ck_assert_uint_eq(ring.out_prod, written);
        ring.out_cons = written;
        read_some(0);
        read_all();
        ck_assert_str_eq(seen + n_seen - 12, "line 19999\r\n");
        forget();
    }
    end();
}
END_TEST

/* As if nothing were typed: the ring still has what was, all over. */
START_TEST(more_than_can_have_been_typed_was_not)
{
    begin();
    for (unsigned i = 0; i < sizeof ring.in / 8; i++) {
        type("words a\r");
        expect("words a\r\n[a]\r\n");
    }
    runs = 0;
    for (size_t i = 0; i < LIES; i++) {
        ring.in_prod = ring.in_cons + lies[i];
        fake_raise(PORT);
        settle();
        ck_assert_uint_eq(ring.in_cons, ring.in_prod);
        expect("");
    }
    ck_assert_uint_eq(runs, 0);
    type("words b\r");
    expect("words b\r\n[b]\r\n");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_command_that_is_typed_is_answered_below,
        what_is_wrong_with_a_command_is_said,
        nothing_is_answered_to_nothing,
        lines_may_come_byte_by_byte_or_all_at_once,
        what_is_typed_can_be_taken_back,
        keys_that_stand_for_no_character_are_passed_over,
        nothing_that_is_shown_moves_a_terminal_s_cursor,
        a_line_that_is_too_long_is_not_run,
        the_log_stands_above_what_is_being_typed,
        without_a_program_that_listens_another_hears_lines,
        a_long_answer_waits_for_a_slow_reader,
        a_reader_that_stands_still_gets_the_answer_later,
        an_answer_past_the_limit_is_an_error_that_says_what_to_do,
        a_line_may_be_longer_than_all_buffers,
        a_program_may_end_while_it_answers,
        an_answer_goes_on_in_another_domain,
        all_that_may_be_typed_is_listed,
        poweroff_ends_the_loop,
        a_reader_that_has_read_what_was_not_written_is_not_believed,
        more_than_can_have_been_typed_was_not,
        NULL,
    };
    return unit_main(unit_suite("xen_console", tests));
}
