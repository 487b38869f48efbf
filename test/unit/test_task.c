/*
 * test_task.c - tasks in virtual time: order, waits, cancelling, limits, streams.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "runtime/task.h"
#include "runtime/task_stream.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char story[1000];

static void tell(const char *what)
{
    strcat(story, what);
}

static void begin(void)
{
    static const struct sim_faults none;
    sim_start(1, &none);
    ck_assert_int_eq(loop_open(), 0);
    story[0] = '\0';
}

static void end(void)
{
    ck_assert_uint_eq(task_count(), 0);
    task_pool_free();
    loop_close();
}

static void run_ms(uint64_t ms)
{
    sim_run(ms * NS_PER_MS);
}

/* --- Waits ----------------------------------------------------------------------------------- */

static int sleeper(void *name)
{
    for (int i = 0; i < 3; i++) {
        tell(name);
        ck_assert_int_eq(task_sleep(strcmp(name, "a") == 0 ? 100 * NS_PER_MS : 250 * NS_PER_MS), 0);
    }
    return 7;
}

START_TEST(sleepers_take_turns_by_time)
{
    struct task *a, *b;
    begin();
    a = task_start(sleeper, "a");
    b = task_start(sleeper, "b");
    ck_assert_str_eq(story, "");
    run_ms(10000);
    ck_assert_str_eq(story, "abaabb");
    ck_assert(task_over(a) && task_over(b));
    task_release(a);
    task_release(b);
    end();
}
END_TEST

static int nap(void *ms)
{
    uint64_t before = loop_now();
    ck_assert_int_eq(task_sleep(*(uint64_t *)ms * NS_PER_MS), 0);
    ck_assert_uint_ge(loop_now(), before + *(uint64_t *)ms * NS_PER_MS);
    ck_assert_uint_le(loop_now(), before + (*(uint64_t *)ms + 3) * NS_PER_MS);
    return 0;
}

START_TEST(sleep_is_never_short_and_a_tick_late_at_most)
{
    uint64_t ms[] = {0, 1, 2, 63, 64, 65, 1000, 3600000};
    begin();
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++)
        task_release(task_start(nap, &ms[i]));
    run_ms(4000000);
    end();
}
END_TEST

static int yielder(void *name)
{
    for (int i = 0; i < 3; i++) {
        tell(name);
        ck_assert_int_eq(task_yield(), 0);
    }
    return 0;
}

START_TEST(who_yields_lets_all_others_run)
{
    begin();
    task_release(task_start(yielder, "a"));
    task_release(task_start(yielder, "b"));
    task_release(task_start(yielder, "c"));
    run_ms(1);
    ck_assert_str_eq(story, "abcabcabc");
    end();
}
END_TEST

static struct task_event bell;

static int listener(void *name)
{
    int error = task_wait(&bell);
    tell(error == 0 ? name : error == -ECANCELED ? "!" : "?");
    return error;
}

START_TEST(an_event_wakes_the_first_that_waits_or_all)
{
    begin();
    task_event_init(&bell);
    ck_assert(!task_wake(&bell));
    task_release(task_start(listener, "a"));
    task_release(task_start(listener, "b"));
    task_release(task_start(listener, "c"));
    run_ms(1);
    ck_assert(task_wake(&bell));
    run_ms(2);
    ck_assert_str_eq(story, "a");
    ck_assert(task_wake_all(&bell));
    run_ms(3);
    ck_assert_str_eq(story, "abc");
    end();
}
END_TEST

/* --- The end of a task ----------------------------------------------------------------------- */

static int joiner(void *other)
{
    int result = 0;
    ck_assert_int_eq(task_join(other, &result), 0);
    return result + 1;
}

static int judge(void *other)
{
    int result = 0;
    ck_assert_int_eq(task_join(other, &result), 0);
    ck_assert_int_eq(result, 9);
    tell(".");
    return 0;
}

START_TEST(a_join_brings_the_result)
{
    struct task *t;
    begin();
    t = task_start(joiner, task_start(joiner, task_start(sleeper, "a")));
    run_ms(1000);
    ck_assert(task_over(t));
    task_release(task_start(judge, t));
    run_ms(1001);
    ck_assert_str_eq(story, "aaa.");
    end();
}
END_TEST

START_TEST(a_cancelled_wait_says_so_and_so_do_all_that_follow)
{
    struct task *t;
    begin();
    task_event_init(&bell);
    t = task_start(listener, "a");
    run_ms(1);
    task_cancel(t);
    task_cancel(t);
    run_ms(2);
    ck_assert_str_eq(story, "!");
    ck_assert(list_empty(&bell.waiters));
    task_release(t);
    end();
}
END_TEST

static int stubborn(void *user)
{
    (void)user;
    ck_assert_int_eq(task_sleep(NS_PER_S), -ECANCELED);
    ck_assert_int_eq(task_sleep(NS_PER_S), -ECANCELED);
    ck_assert_int_eq(task_yield(), -ECANCELED);
    ck_assert_int_eq(task_wait(&bell), -ECANCELED);
    tell("out");
    return -ECANCELED;
}

START_TEST(one_cancelled_before_it_began_runs_to_its_first_wait)
{
    struct task *t;
    begin();
    task_event_init(&bell);
    t = task_start(stubborn, NULL);
    task_cancel(t);
    task_release(t);
    run_ms(1);
    ck_assert_str_eq(story, "out");
    end();
}
END_TEST

static int limited(void *user)
{
    uint64_t before = task_limit(loop_now() + 50 * NS_PER_MS);
    (void)user;
    ck_assert_uint_eq(before, TIMER_NEVER);
    ck_assert_int_eq(task_sleep(20 * NS_PER_MS), 0);
    ck_assert_int_eq(task_wait(&bell), -ETIMEDOUT);
    ck_assert_uint_ge(loop_now(), 50 * NS_PER_MS);
    ck_assert_int_eq(task_sleep(1), -ETIMEDOUT);
    task_limit(before);
    ck_assert_int_eq(task_sleep(100 * NS_PER_MS), 0);
    task_limit(loop_now() + 10 * NS_PER_MS);
    ck_assert_int_eq(task_sleep(100 * NS_PER_MS), -ETIMEDOUT);
    tell("out");
    return 0;
}

START_TEST(waits_end_at_the_limit_and_the_limit_can_be_lifted)
{
    begin();
    task_event_init(&bell);
    task_release(task_start(limited, NULL));
    run_ms(1000);
    ck_assert_str_eq(story, "out");
    end();
}
END_TEST

static int for_ever(void *user)
{
    int error;
    while ((error = task_sleep(NS_PER_S)) == 0)
        continue;
    tell(user);
    return error;
}

static int racer(void *user)
{
    struct task *all[] = {task_start(for_ever, "x"), task_start(sleeper, "a"),
                          task_start(for_ever, "y")};
    int result = 0;
    (void)user;
    ck_assert_int_eq(task_first(all, 3, &result), 1);
    ck_assert_int_eq(result, 7);
    tell(".");
    return 0;
}

START_TEST(of_several_the_first_wins_and_the_others_are_cancelled)
{
    begin();
    task_release(task_start(racer, NULL));
    run_ms(5000);
    ck_assert_str_eq(story, "aaaxy.");
    end();
}
END_TEST

static int impatient(void *user)
{
    struct task *all[] = {task_start(for_ever, "x"), task_start(for_ever, "y")};
    (void)user;
    task_limit(loop_now() + NS_PER_S / 2);
    ck_assert_int_eq(task_first(all, 2, NULL), -ETIMEDOUT);
    tell("late");
    return 0;
}

START_TEST(a_limit_ends_a_race_and_everybody_in_it)
{
    begin();
    task_release(task_start(impatient, NULL));
    run_ms(5000);
    ck_assert_str_eq(story, "xylate");
    end();
}
END_TEST

START_TEST(more_tasks_than_allowed_are_refused)
{
    struct task *t;
    begin();
    task_set_max(1);
    t = task_start(for_ever, "x");
    ck_assert_ptr_nonnull(t);
    ck_assert_ptr_null(task_start(for_ever, "y"));
    task_cancel(t);
    task_release(t);
    run_ms(1);
    task_set_max(100000);
    end();
}
END_TEST

START_TEST(ten_thousand_sleep_and_all_wake)
{
    static uint64_t ms[10000];
    begin();
    for (size_t i = 0; i < 10000; i++) {
        ms[i] = sim_random(10000);
        task_release(task_start(nap, &ms[i]));
    }
    run_ms(5);
    ck_assert_uint_gt(task_count(), 9900);
    run_ms(20000);
    end();
}
END_TEST

/* --- Overflow -------------------------------------------------------------------------------- */

static int deep(void *user)
{
    volatile char frame[1000];
    memset((void *)frame, 1, sizeof frame);
    return user != NULL ? deep(user) + frame[0] : 0;
}

#define FAULT 42 /* the exit status of a test that touched the guard page */

static void on_fault(int signal)
{
    (void)signal;
    _exit(FAULT);
}

/* The handler needs a stack that is not the one that ran over. */
static void catch_fault(void)
{
    static uint8_t handler_stack[64 * 1024];
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    const struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
}

START_TEST(who_runs_off_the_stack_dies_at_once)
{
    catch_fault();
    begin();
    task_release(task_start(deep, ""));
    run_ms(1);
}
END_TEST

/* --- Streams --------------------------------------------------------------------------------- */

static struct endpoint at, to;
static size_t n_served;

/* Says back what it hears, until the end or for one second of silence. */
static int echo(void *stream)
{
    struct task_stream *ts = stream;
    char bytes[100];
    int n;
    do {
        task_limit(loop_now() + NS_PER_S);
        n = task_read(ts, bytes, sizeof bytes);
        if (n > 0)
            ck_assert_int_eq(task_write(ts, bytes, (size_t)n), 0);
    } while (n > 0);
    if (n == -ETIMEDOUT)
        tell("silence");
    task_close(ts);
    n_served++;
    return n;
}

static int serve(void *user)
{
    struct task_listener *tl;
    struct task_stream *ts;
    int error;
    (void)user;
    ck_assert_int_eq(task_listen(sim_net(), &at, 10, &tl), 0);
    while ((error = task_accept(tl, &ts)) == 0)
        task_release(task_start(echo, ts));
    task_listener_close(tl);
    return error;
}

static int ask(void *size)
{
    static uint8_t said[300000], heard[300000];
    size_t n = *(size_t *)size, got = 0;
    struct task_stream *ts;
    ck_assert_int_eq(task_connect(sim_net(), &to, &ts), 0);
    for (size_t i = 0; i < n; i++)
        said[i] = (uint8_t)(i * 7 + i / 256);
    ck_assert_int_eq(task_write(ts, said, n), 0);
    task_finish(ts);
    for (int more; got < n; got += (size_t)more) {
        more = task_read(ts, heard + got, n - got);
        ck_assert_int_gt(more, 0);
    }
    ck_assert_int_eq(task_read(ts, heard, 1), 0);
    ck_assert_mem_eq(said, heard, n);
    task_close(ts);
    tell("ok ");
    return 0;
}

static void begin_with_server(struct task **server)
{
    begin();
    ck_assert_int_eq(endpoint_parse(&at, "ptcp:7:server", 7), 0);
    ck_assert_int_eq(endpoint_parse(&to, "tcp:server:7", 7), 0);
    n_served = 0;
    *server = task_start(serve, NULL);
}

static void end_server(struct task *server)
{
    task_cancel(server);
    task_release(server);
    run_ms(100000);
    end();
}

START_TEST(an_echo_server_reads_as_it_is_written)
{
    static size_t sizes[] = {1, 1000, 300000};
    struct task *server;
    begin_with_server(&server);
    sim_set_faults(&(struct sim_faults){.delay_max = 5 * NS_PER_MS, .split_per_1000 = 500});
    for (int i = 0; i < 3; i++) {
        task_release(task_start(ask, &sizes[i]));
        run_ms((uint64_t)(i + 1) * 20000);
    }
    ck_assert_str_eq(story, "ok ok ok ");
    ck_assert_uint_eq(n_served, 3);
    end_server(server);
}
END_TEST

static int say_nothing(void *user)
{
    struct task_stream *ts;
    char byte;
    (void)user;
    ck_assert_int_eq(task_connect(sim_net(), &to, &ts), 0);
    ck_assert_int_eq(task_read(ts, &byte, 1), 0);
    task_close(ts);
    return 0;
}

START_TEST(a_silent_peer_is_left_after_the_limit)
{
    struct task *server;
    begin_with_server(&server);
    task_release(task_start(say_nothing, NULL));
    run_ms(5000);
    ck_assert_str_eq(story, "silence");
    end_server(server);
}
END_TEST

static int knock(void *error)
{
    struct task_stream *ts;
    ck_assert_int_eq(task_connect(sim_net(), &to, &ts), *(int *)error);
    tell("refused");
    return 0;
}

START_TEST(a_refused_connect_says_why)
{
    int error = -ECONNREFUSED;
    begin();
    ck_assert_int_eq(endpoint_parse(&to, "tcp:nobody:7", 7), 0);
    task_release(task_start(knock, &error));
    run_ms(5000);
    ck_assert_str_eq(story, "refused");
    end();
}
END_TEST

static int write_for_ever(void *user)
{
    static uint8_t bytes[100000];
    struct task_stream *ts;
    int error;
    (void)user;
    ck_assert_int_eq(task_connect(sim_net(), &to, &ts), 0);
    while ((error = task_write(ts, bytes, sizeof bytes)) == 0)
        continue;
    task_close(ts);
    tell(error == -ECANCELED ? "cancelled" : error == -ECONNRESET ? "reset" : "?");
    return 0;
}

static int accept_only(void *user)
{
    struct task_listener *tl;
    struct task_stream *ts;
    (void)user;
    ck_assert_int_eq(task_listen(sim_net(), &at, 10, &tl), 0);
    ck_assert_int_eq(task_accept(tl, &ts), 0);
    while (task_sleep(NS_PER_S) == 0)
        continue;
    task_close(ts);
    task_listener_close(tl);
    return 0;
}

START_TEST(a_writer_waits_for_a_peer_that_does_not_read)
{
    struct task *server, *writer;
    begin();
    ck_assert_int_eq(endpoint_parse(&at, "ptcp:7:server", 7), 0);
    ck_assert_int_eq(endpoint_parse(&to, "tcp:server:7", 7), 0);
    server = task_start(accept_only, NULL);
    writer = task_start(write_for_ever, NULL);
    run_ms(60000);
    ck_assert(!task_over(writer));
    if (_i == 0)
        sim_cut_all();
    else
        task_cancel(writer);
    run_ms(61000);
    ck_assert_str_eq(story, _i == 0 ? "reset" : "cancelled");
    task_release(writer);
    end_server(server);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("task");
    TCase *c = tcase_create("task");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, sleepers_take_turns_by_time);
    tcase_add_test(c, sleep_is_never_short_and_a_tick_late_at_most);
    tcase_add_test(c, who_yields_lets_all_others_run);
    tcase_add_test(c, an_event_wakes_the_first_that_waits_or_all);
    tcase_add_test(c, a_join_brings_the_result);
    tcase_add_test(c, a_cancelled_wait_says_so_and_so_do_all_that_follow);
    tcase_add_test(c, one_cancelled_before_it_began_runs_to_its_first_wait);
    tcase_add_test(c, waits_end_at_the_limit_and_the_limit_can_be_lifted);
    tcase_add_test(c, of_several_the_first_wins_and_the_others_are_cancelled);
    tcase_add_test(c, a_limit_ends_a_race_and_everybody_in_it);
    tcase_add_test(c, more_tasks_than_allowed_are_refused);
    tcase_add_test(c, ten_thousand_sleep_and_all_wake);
    tcase_add_exit_test(c, who_runs_off_the_stack_dies_at_once, FAULT);
    tcase_add_test(c, an_echo_server_reads_as_it_is_written);
    tcase_add_test(c, a_silent_peer_is_left_after_the_limit);
    tcase_add_test(c, a_refused_connect_says_why);
    tcase_add_loop_test(c, a_writer_waits_for_a_peer_that_does_not_read, 0, 2);
    return unit_main(s);
}
