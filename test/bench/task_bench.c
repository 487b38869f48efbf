/*
 * task_bench.c - what a task costs: changing to it and back, and a hundred thousand that sleep.
 *
 * Beside it stands the C library's swapcontext(), which saves the signal mask too. Targets are said
 * to be met or not; nothing fails.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "runtime/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SWITCHES 2000000
#define SLEEPERS 100000
#define PEERS    10 /* tasks that change places */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int yield_often(void *user)
{
    (void)user;
    for (int i = 0; i < SWITCHES / PEERS; i++)
        task_yield();
    return 0;
}

/* Nanoseconds to a task and back, the loop's turn included. */
static double time_tasks(void)
{
    double before;
    for (int i = 0; i < PEERS; i++)
        task_release(task_start(yield_often, NULL));
    before = seconds();
    sim_run(NS_PER_S);
    return (seconds() - before) / SWITCHES * 1e9;
}

static ucontext_t here, there;

static void swap_often(void)
{
    for (;;)
        swapcontext(&there, &here);
}

static double time_contexts(void)
{
    static uint8_t stack[64 * 1024];
    double before;
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, swap_often, 0);
    before = seconds();
    for (int i = 0; i < SWITCHES; i++)
        swapcontext(&here, &there);
    return (seconds() - before) / SWITCHES * 1e9;
}

static int sleep_long(void *user)
{
    (void)user;
    return task_sleep(NS_PER_S);
}

/* Megabytes of memory that this process has in use. */
static double resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*s %ld", &pages) != 1)
        abort();
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double sleepers_memory(void)
{
    uint64_t start = loop_now();
    double before = resident(), more;
    for (int i = 0; i < SLEEPERS; i++)
        task_release(task_start(sleep_long, NULL));
    sim_run(start + NS_PER_S / 2);
    if (task_count() != SLEEPERS)
        abort();
    more = resident() - before;
    sim_run(start + 2 * NS_PER_S);
    if (task_count() != 0)
        abort();
    return more;
}

static void judge(const char *what, double figure, const char *unit, double target)
{
    printf("%-34s %8.1f %-3s target below %.0f: %s\n", what, figure, unit, target,
           figure < target ? "met" : "NOT met");
}

int main(void)
{
    static const struct sim_faults none;
    double tasks, contexts;
    sim_start(1, &none);
    if (loop_open() != 0)
        return EXIT_FAILURE;
    tasks = time_tasks();
    contexts = time_contexts();
    judge("to a task and back", tasks, "ns", 200);
    printf("%-34s %8.1f ns  %.1f times that\n", "swapcontext() there and back", contexts,
           contexts / tasks);
    judge("100,000 tasks asleep", sleepers_memory(), "MB", 1024);
    task_pool_free();
    loop_close();
    return EXIT_SUCCESS;
}
