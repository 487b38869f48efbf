/*
 * run_task.c - a task as a program; see run_task.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_task.h"
#include "runtime/log.h"
#include "runtime/platform.h"
#include "runtime/program.h"

#include <stdlib.h>
#include <string.h>

LOG_MODULE(main);

struct first_task {
    task_fn *fn;
    void *arg;
};

static int run_and_stop(void *arg)
{
    const struct first_task *first = arg;
    int error = first->fn(first->arg);
    if (error < 0)
        log_error("%s", strerror(-error));
    loop_stop(error < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    return error;
}

/* Ended from outside: cancel the task, and turn until it has left. */
static int run_to_end(struct task *task)
{
    int status = program_run();
    task_cancel(task);
    while (!task_over(task))
        loop_poll();
    task_release(task);
    return status;
}

int run_task(task_fn *fn, void *arg)
{
    struct first_task first = {fn, arg};
    int status = EXIT_FAILURE;
    struct task *task;

    if (platform_open() != 0)
        return status;
    program_begin();
    task = task_start(run_and_stop, &first);
    if (task != NULL)
        status = run_to_end(task);
    task_pool_free();
    platform_close();
    return status;
}
