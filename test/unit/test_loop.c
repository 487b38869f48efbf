/*
 * test_loop.c - the loop on UNIX: turns, deferred work, timers, signals.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"
#include "test/unit/unit.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char order[64];
static size_t n_order;

static void note(void *user)
{
    order[n_order++] = *(const char *)user;
    order[n_order] = '\0';
}

static void stop(void *user)
{
    note(user);
    loop_stop(7);
}

static void open_loop(void)
{
    ck_assert_int_eq(loop_open(), 0);
}

START_TEST(as_many_descriptors_as_the_hard_limit_allows_may_be_open)
{
    struct rlimit files;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max / 2;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_int_eq(loop_open(), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_uint_eq(files.rlim_cur, files.rlim_max);
    loop_close();
}
END_TEST

START_TEST(deferred_work_runs_once_in_order_and_not_at_once)
{
    struct loop_work first, second, taken_back;
    open_loop();
    loop_work_init(&first, note, "1");
    loop_work_init(&second, note, "2");
    loop_work_init(&taken_back, note, "x");
    loop_defer(&first);
    loop_defer(&taken_back);
    loop_defer(&second);
    loop_defer(&first);
    loop_work_cancel(&taken_back);
    ck_assert_uint_eq(n_order, 0);
    ck_assert(loop_poll());
    ck_assert_str_eq(order, "12");
    ck_assert(!loop_poll());
    loop_close();
}
END_TEST

static struct loop_work again;

static void run_again(void *user)
{
    note(user);
    if (n_order < 3)
        loop_defer(&again);
    else
        loop_stop(0);
}

START_TEST(work_that_defers_itself_runs_once_a_turn_and_no_turn_waits)
{
    open_loop();
    loop_work_init(&again, run_again, "a");
    loop_defer(&again);
    loop_poll();
    ck_assert_str_eq(order, "a");
    ck_assert_int_eq(loop_run(), 0); /* would hang if it waited */
    ck_assert_str_eq(order, "aaa");
    loop_close();
}
END_TEST

START_TEST(stop_ends_the_run_after_the_turn_with_its_status)
{
    struct loop_work first, second;
    open_loop();
    loop_work_init(&first, stop, "s");
    loop_work_init(&second, note, "2");
    loop_defer(&first);
    loop_defer(&second);
    ck_assert_int_eq(loop_run(), 7);
    ck_assert_str_eq(order, "s2");
    loop_defer(&first); /* and it can be run again */
    ck_assert_int_eq(loop_run(), 7);
    loop_close();
}
END_TEST

static uint64_t fired_at;

static void note_time(void *user)
{
    (void)user;
    fired_at = loop_now();
    loop_stop(0);
}

START_TEST(the_run_waits_for_a_timer_and_it_is_never_early)
{
    struct timer t;
    uint64_t at;
    open_loop();
    timer_init(&t, note_time, NULL);
    at = loop_now() + 20 * NS_PER_MS;
    loop_timer_arm(&t, at);
    loop_run();
    ck_assert_uint_ge(fired_at, at);
    at = loop_now() + 5 * NS_PER_MS; /* an earlier one than the bell was last set for */
    loop_timer_arm(&t, at + NS_PER_S);
    loop_poll();
    loop_timer_arm(&t, at);
    loop_run();
    ck_assert_uint_ge(fired_at, at);
    loop_close();
}
END_TEST

START_TEST(a_timer_cancelled_never_fires_and_later_ones_do)
{
    struct timer first, second;
    open_loop();
    timer_init(&first, note, "1");
    timer_init(&second, stop, "2");
    loop_timer_arm(&first, loop_now() + 2 * NS_PER_MS);
    loop_timer_arm(&second, loop_now() + 10 * NS_PER_MS);
    timer_cancel(&first);
    ck_assert_int_eq(loop_run(), 7);
    ck_assert_str_eq(order, "2");
    loop_close();
}
END_TEST

START_TEST(time_stands_still_within_a_turn_and_passes_between)
{
    uint64_t before, after;
    open_loop();
    loop_poll();
    before = loop_now();
    for (volatile int i = 0; i < 100000; i++)
        ;
    ck_assert_uint_eq(loop_now(), before);
    loop_poll();
    after = loop_now();
    ck_assert_uint_gt(after, before);
    ck_assert_uint_gt(loop_wall(), 1700000000 * NS_PER_S);
    loop_close();
}
END_TEST

START_TEST(each_signal_reaches_its_handler_in_a_turn)
{
    static const struct {
        int sig;
        enum loop_signal as;
    } rows[] = {{SIGINT, LOOP_TERMINATE},
                {SIGTERM, LOOP_TERMINATE},
                {SIGUSR1, LOOP_COUNTERS},
                {SIGHUP, LOOP_RELOAD}};
    open_loop();
    loop_on_signal(LOOP_TERMINATE, note, "t");
    loop_on_signal(LOOP_COUNTERS, note, "c");
    loop_on_signal(LOOP_RELOAD, note, "r");
    for (size_t i = 0; i < 4; i++) {
        raise(rows[i].sig);
        ck_assert_uint_eq(n_order, i);
        while (n_order == i)
            loop_poll();
    }
    ck_assert_str_eq(order, "ttcr");
    loop_close();
}
END_TEST

START_TEST(a_signal_ends_the_wait)
{
    pid_t child;
    open_loop();
    loop_on_signal(LOOP_TERMINATE, stop, "s");
    child = fork();
    if (child == 0) {
        kill(getppid(), SIGTERM);
        _exit(0);
    }
    ck_assert_int_eq(loop_run(), 7);
    waitpid(child, NULL, 0);
    loop_close();
}
END_TEST

START_TEST(signals_without_a_handler_do_as_the_header_says)
{
    int status;
    pid_t child;
    open_loop();
    loop_on_signal(LOOP_COUNTERS, note, "c");
    loop_on_signal(LOOP_COUNTERS, NULL, NULL);
    loop_on_signal(LOOP_RELOAD, NULL, NULL);
    raise(SIGUSR1);
    raise(SIGHUP);
    raise(SIGPIPE);
    loop_poll();
    ck_assert_uint_eq(n_order, 0);
    child = fork();
    if (child == 0) {
        loop_on_signal(LOOP_TERMINATE, note, "t");
        loop_on_signal(LOOP_TERMINATE, NULL, NULL);
        raise(SIGTERM);
        _exit(0);
    }
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    loop_close();
}
END_TEST

/* libevent reads EVENT_NOEPOLL as it would find epoll missing. */
START_TEST(another_method_serves_when_epoll_cannot_be_had)
{
    struct timer t;
    setenv("EVENT_NOEPOLL", "1", 1);
    open_loop();
    timer_init(&t, stop, "t");
    loop_timer_arm(&t, loop_now() + NS_PER_MS);
    ck_assert_int_eq(loop_run(), 7);
    loop_close();
}
END_TEST

START_TEST(a_loop_can_be_opened_again)
{
    struct loop_work w;
    for (int i = 0; i < 3; i++) {
        open_loop();
        loop_work_init(&w, note, "w");
        loop_defer(&w);
        loop_poll();
        loop_close();
    }
    ck_assert_str_eq(order, "www");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        as_many_descriptors_as_the_hard_limit_allows_may_be_open,
        deferred_work_runs_once_in_order_and_not_at_once,
        work_that_defers_itself_runs_once_a_turn_and_no_turn_waits,
        stop_ends_the_run_after_the_turn_with_its_status,
        the_run_waits_for_a_timer_and_it_is_never_early,
        a_timer_cancelled_never_fires_and_later_ones_do,
        time_stands_still_within_a_turn_and_passes_between,
        each_signal_reaches_its_handler_in_a_turn,
        a_signal_ends_the_wait,
        signals_without_a_handler_do_as_the_header_says,
        another_method_serves_when_epoll_cannot_be_had,
        a_loop_can_be_opened_again,
        NULL,
    };
    return unit_main(unit_suite("loop", tests));
}
