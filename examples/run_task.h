/*
 * run_task.h - a task as a program: the loop turns until the task is over.
 *
 * Called by the exercises' main().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_RUN_TASK_H
#define MORGANA_EXAMPLES_RUN_TASK_H

#include "runtime/task.h"

/* Open the platform, run `fn` as a task, and end when it has returned or the program is told to
 * end. Returns the program's exit status: a failure if `fn` says a negative errno. */
int run_task(task_fn *fn, void *arg);

#endif
