/*
 * task.h - cooperative threads on the loop, for code that reads better in sequence.
 *
 * A task is a function with a stack of its own (STACK_SIZE, runtime/stack.h). It runs until it
 * waits: for time to pass, for an event, for another task, for bytes of a stream (task_stream.h).
 * Then the loop goes on, and the task with it when what it waits for has come. Only one task runs
 * at a time and none is interrupted, so what lies between two waits needs no lock.
 *
 *     static int greet(void *name)
 *     {
 *         int error = task_sleep(NS_PER_S);
 *         if (error == 0)
 *             log_info("hello, %s", (const char *)name);
 *         return error;
 *     }
 *     task_release(task_start(greet, "world"));
 *
 * Cancelling: each wait of a cancelled task, the present one first, says -ECANCELED at once. The
 * task so leaves by the same way as after any error, giving back what it holds on that way; there
 * is nothing to register. A time limit works alike, with -ETIMEDOUT: see task_limit().
 *
 * Waits are for tasks; starting, cancelling and waking are for anybody. Tasks work on every
 * platform and in virtual time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_TASK_H
#define MORGANA_RUNTIME_TASK_H

#include "runtime/loop.h"

struct task;

/* What a task does; what it returns is its result. */
typedef int task_fn(void *arg);

/* --- For anybody ----------------------------------------------------------------------------- */

/* A task that begins at the end of this turn, or in the next. The caller gets a handle, which it
 * gives back by task_join(), task_first() or task_release(). NULL: no memory, or as many tasks as
 * task_set_max() allows. */
struct task *task_start(task_fn *fn, void *arg);

/* Give a handle back: nobody asks for the result. NULL is allowed. */
void task_release(struct task *t);

/* All its waits say -ECANCELED from now on. It may be over, or cancelled, already. */
void task_cancel(struct task *t);

/* Has its function returned? */
bool task_over(const struct task *t);

/* At most `max` tasks at a time; at first 100,000. */
void task_set_max(size_t max);

/* Tasks there are: those that run and those that are over and held by a handle. */
size_t task_count(void);

/* Give the stacks that are kept for new tasks back to the platform. */
void task_pool_free(void);

/* Something that tasks wait for. Lies inside its owner; nobody may wait for it when it goes. */
struct task_event {
    struct list waiters; /* tasks, the first to come first */
};

void task_event_init(struct task_event *e);

/* Let the task that has waited longest go on, or all of them. An event is not remembered: who comes
 * later waits for the next. False: nobody waited. */
bool task_wake(struct task_event *e);
bool task_wake_all(struct task_event *e);

/* --- For tasks ------------------------------------------------------------------------------- */

/* The task that runs; NULL in a callback of the loop. */
struct task *task_self(void);

/* Each of these says 0 if what it waits for has come, -ECANCELED, or -ETIMEDOUT: see task_limit().
 */

/* Wait for `ns` nanoseconds. */
int task_sleep(uint64_t ns);

/* Let the others run. */
int task_yield(void);

/* Wait for an event. */
int task_wait(struct task_event *e);

/* Wait until `t` is over. 0: its result is in *result (NULL: not wanted) and the handle is given
 * back; otherwise the caller still has it. */
int task_join(struct task *t, int *result);

/* Wait until one of `n` tasks is over, cancel the others, and wait until they are over too. Gives
 * all handles back. Returns the index of the first, whose result is in *result; or -ECANCELED or
 * -ETIMEDOUT when all have been cancelled and are over. */
int task_first(struct task *const tasks[], size_t n, int *result);

/* From now on the waits of this task end at loop time `at` with -ETIMEDOUT; TIMER_NEVER: no limit.
 * Returns the limit so far, so that a function can set a nearer one and put the old one back. */
uint64_t task_limit(uint64_t at);

#endif
