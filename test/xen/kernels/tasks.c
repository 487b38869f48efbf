/*
 * tasks.c - a kernel whose tasks sleep, race, are cancelled and reach a limit; with the word
 * "overflow" one of them fills its stack.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/program.h"
#include "runtime/task.h"

#include <stdlib.h>

LOG_MODULE(tasks);

#define SLEEPERS 100

static int nap(void *ms)
{
    return task_sleep(*(const uint64_t *)ms * NS_PER_MS);
}

/* The shorter sleep is over first; the other is cancelled and over as well. */
static void race(void)
{
    static uint64_t longer = 60000, shorter = 20;
    struct task *sides[] = {task_start(nap, &longer), task_start(nap, &shorter)};
    int result = -1, first = task_first(sides, 2, &result);
    log_info("task %d was first, with %d; tasks left: %zu", first, result, task_count() - 1);
}

static void wait_too_long(void)
{
    uint64_t before = task_limit(loop_now() + 10 * NS_PER_MS);
    log_info("limit reached: %s", task_sleep(NS_PER_S) != 0 ? "yes" : "no");
    task_limit(before);
}

static void sleep_together(void)
{
    static uint64_t ms[SLEEPERS];
    struct task *sleepers[SLEEPERS];
    int slept = 0, result;
    for (int i = 0; i < SLEEPERS; i++) {
        ms[i] = (uint64_t)(SLEEPERS - i);
        sleepers[i] = task_start(nap, &ms[i]);
    }
    for (int i = 0; i < SLEEPERS; i++)
        slept += task_join(sleepers[i], &result) == 0 && result == 0;
    log_info("%d slept", slept);
}

static int fill_stack(int depth)
{
    volatile int here[64] = {depth};
    return depth < 1000000 ? fill_stack(depth + 1) + here[0] : 0;
}

static int run_all(void *overflow)
{
    race();
    wait_too_long();
    sleep_together();
    if (overflow != NULL)
        log_info("now: %s, survived: %d", (const char *)overflow, fill_stack(0));
    loop_stop(EXIT_SUCCESS);
    return 0;
}

int main(int argc, char **argv)
{
    struct task *all;
    int status;
    if (loop_open() != 0)
        return EXIT_FAILURE;
    program_begin();
    all = task_start(run_all, argc > 1 ? argv[1] : NULL);
    status = program_run();
    task_release(all);
    loop_close();
    return status;
}
