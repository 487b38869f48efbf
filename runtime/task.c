/*
 * task.c - cooperative threads; see task.h.
 *
 * A task's struct lies at the top of its stack. A task is in one of these states: ready (in the
 * list `ready`), running (`current`), waiting (in the list of what it waits for), over. The loop
 * runs those that are ready in deferred work; a task that waits changes back to the loop's stack.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/task.h"
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/stack.h"
#include "runtime/task_switch.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

LOG_MODULE(task);

#define POOL_MAX 256 /* stacks kept for new tasks, warm */
#define MARK     0x6d6f7267616e6121ull

struct task {
    struct list link; /* in `ready`, in what it waits for, or in none */
    void *sp;         /* where it stopped */
    void *stack;
    void *fake; /* AddressSanitizer's */
    task_fn *fn;
    void *arg;
    struct timer timer;       /* while it waits with a limit */
    uint64_t limit;           /* of all its waits */
    struct task_event ended;  /* who joins it */
    struct task_event *group; /* whom its end concerns as well: task_first()'s; NULL: nobody */
    int woken;                /* what its wait says */
    int at_expiry;            /* and when its timer fires */
    int result;
    bool waiting, cancelled, over, released;
};

static struct {
    uint64_t started, refused, cancelled;
} counters;

static const char *const counter_names[] = {"started", "refused", "cancelled"};

static struct counter_set counter_set = {
    .module = "task",
    .names = counter_names,
    .values = &counters.started,
    .n = sizeof counter_names / sizeof counter_names[0],
};

static struct {
    struct list ready;
    struct loop_work work; /* runs them */
    struct task *current;
    void *sp;                /* the loop's stack, while a task runs */
    void *fake;              /* AddressSanitizer's, of the loop's stack */
    const void *loop_bottom; /* its extent, for AddressSanitizer */
    size_t loop_size;
    size_t count, max;
    void *pool[POOL_MAX];
    size_t n_pool;
    bool begun;
} tasks = {.max = 100000};

/* --- Stacks ---------------------------------------------------------------------------------- */

static void *take_stack(void)
{
    return tasks.n_pool > 0 ? tasks.pool[--tasks.n_pool] : task_stack_new();
}

static void give_stack(void *stack)
{
    if (tasks.n_pool < POOL_MAX)
        tasks.pool[tasks.n_pool++] = stack;
    else
        task_stack_free(stack);
}

void task_pool_free(void)
{
    while (tasks.n_pool > 0)
        task_stack_free(tasks.pool[--tasks.n_pool]);
}

/* For stacks without a guard page: has the task written over its end? */
static void check_mark(const struct task *t)
{
    if (*(const uint64_t *)t->stack == MARK)
        return;
    log_error("a task has run off its stack of %d bytes", STACK_SIZE);
    abort();
}

/* --- Running --------------------------------------------------------------------------------- */

static void make_ready(struct task *t)
{
    list_append(&tasks.ready, &t->link);
    loop_defer(&tasks.work);
}

static void task_free(struct task *t)
{
    tasks.count--;
    give_stack(t->stack);
}

/* From a task back to the loop; `leaving` for ever or not. */
static void to_loop(struct task *t, bool leaving)
{
    task_switch_announce(leaving ? NULL : &t->fake, tasks.loop_bottom, tasks.loop_size);
    task_switch(&t->sp, tasks.sp);
    task_switch_arrived(t->fake, &tasks.loop_bottom, &tasks.loop_size);
}

/* The first and the last of a task. */
static void run_current(void)
{
    struct task *t = tasks.current;
    task_switch_arrived(NULL, &tasks.loop_bottom, &tasks.loop_size);
    t->result = t->fn(t->arg);
    t->over = true;
    task_wake_all(&t->ended);
    if (t->group != NULL)
        task_wake_all(t->group);
    to_loop(t, true);
}

static void resume(struct task *t)
{
    tasks.current = t;
    task_switch_announce(&tasks.fake, t->stack, STACK_SIZE);
    task_switch(&tasks.sp, t->sp);
    task_switch_arrived(tasks.fake, NULL, NULL);
    tasks.current = NULL;
    check_mark(t);
    if (t->over && t->released)
        task_free(t);
}

/* Those that are ready now: who yields runs again in the next turn. */
static void run_ready(void *user)
{
    struct list now, *l;
    (void)user;
    list_init(&now);
    list_splice(&now, &tasks.ready);
    while ((l = list_pop(&now)) != NULL)
        resume(container_of(l, struct task, link));
}

static void wake_with(struct task *t, int why)
{
    timer_cancel(&t->timer);
    list_remove(&t->link);
    t->waiting = false;
    t->woken = why;
    make_ready(t);
}

static void on_timer(void *user)
{
    struct task *t = user;
    wake_with(t, t->at_expiry);
}

/* --- For anybody ----------------------------------------------------------------------------- */

static void begin_tasks(void)
{
    tasks.begun = true;
    list_init(&tasks.ready);
    loop_work_init(&tasks.work, run_ready, NULL);
    counter_register(&counter_set);
}

static struct task *task_on(void *stack)
{
    uintptr_t top = (uintptr_t)stack + STACK_SIZE - sizeof(struct task);
    return (struct task *)(top & ~(uintptr_t)15);
}

static struct task *task_init(void *stack, task_fn *fn, void *arg)
{
    struct task *t = task_on(stack);
    *(uint64_t *)stack = MARK;
    *t = (struct task){.stack = stack, .fn = fn, .arg = arg, .limit = TIMER_NEVER};
    t->sp = task_switch_prepare(stack, t, run_current);
    list_init(&t->link);
    timer_init(&t->timer, on_timer, t);
    task_event_init(&t->ended);
    return t;
}

struct task *task_start(task_fn *fn, void *arg)
{
    void *stack = tasks.count < tasks.max ? take_stack() : NULL;
    struct task *t;

    if (!tasks.begun)
        begin_tasks();
    if (stack == NULL) {
        counters.refused++;
        return NULL;
    }
    counters.started++;
    tasks.count++;
    t = task_init(stack, fn, arg);
    make_ready(t);
    return t;
}

void task_release(struct task *t)
{
    if (t == NULL)
        return;
    t->released = true;
    if (t->over)
        task_free(t);
}

void task_cancel(struct task *t)
{
    if (t->cancelled || t->over)
        return;
    counters.cancelled++;
    t->cancelled = true;
    if (t->waiting)
        wake_with(t, -ECANCELED);
}

bool task_over(const struct task *t)
{
    return t->over;
}

void task_set_max(size_t max)
{
    tasks.max = max;
}

size_t task_count(void)
{
    return tasks.count;
}

void task_event_init(struct task_event *e)
{
    list_init(&e->waiters);
}

bool task_wake(struct task_event *e)
{
    if (list_empty(&e->waiters))
        return false;
    wake_with(container_of(e->waiters.next, struct task, link), 0);
    return true;
}

bool task_wake_all(struct task_event *e)
{
    bool any = false;
    while (task_wake(e))
        any = true;
    return any;
}

/* --- For tasks ------------------------------------------------------------------------------- */

struct task *task_self(void)
{
    return tasks.current;
}

/* Wait in the list `on`; a timer at `at` makes it `at_expiry`. */
static int wait_in(struct task *t, struct list *on, uint64_t at, int at_expiry)
{
    list_append(on, &t->link);
    t->waiting = true;
    t->at_expiry = at_expiry;
    if (at != TIMER_NEVER)
        loop_timer_arm(&t->timer, at);
    to_loop(t, false);
    return t->woken;
}

/* Why `t` must not wait; 0: it may. */
static int refusal(const struct task *t)
{
    if (t->cancelled)
        return -ECANCELED;
    return t->limit <= loop_now() ? -ETIMEDOUT : 0;
}

int task_sleep(uint64_t ns)
{
    struct task *t = task_self();
    uint64_t now = loop_now(), at = ns < TIMER_NEVER - now ? now + ns : TIMER_NEVER;
    struct task_event never;
    int error = refusal(t);

    if (error != 0)
        return error;
    task_event_init(&never);
    return at <= t->limit ? wait_in(t, &never.waiters, at, 0)
                          : wait_in(t, &never.waiters, t->limit, -ETIMEDOUT);
}

int task_yield(void)
{
    struct task *t = task_self();
    int error = refusal(t);
    if (error != 0)
        return error;
    make_ready(t);
    to_loop(t, false);
    return refusal(t);
}

int task_wait(struct task_event *e)
{
    struct task *t = task_self();
    int error = refusal(t);
    return error != 0 ? error : wait_in(t, &e->waiters, t->limit, -ETIMEDOUT);
}

/* Take the result of `t`, which is over, and give its handle back. */
static void collect(struct task *t, int *result)
{
    if (result != NULL)
        *result = t->result;
    task_release(t);
}

int task_join(struct task *t, int *result)
{
    int error = 0;
    while (!t->over && error == 0)
        error = task_wait(&t->ended);
    if (error == 0)
        collect(t, result);
    return error;
}

/* The same whatever becomes of the caller: for tasks that were cancelled and so will soon be over.
 */
static void join_surely(struct task *t)
{
    while (!t->over)
        (void)wait_in(task_self(), &t->ended.waiters, TIMER_NEVER, 0);
    collect(t, NULL);
}

/* The index of one that is over, or -1. */
static int find_over(struct task *const all[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (all[i]->over)
            return (int)i;
    return -1;
}

int task_first(struct task *const all[], size_t n, int *result)
{
    struct task_event any;
    int error = 0, first;

    task_event_init(&any);
    for (size_t i = 0; i < n; i++)
        all[i]->group = &any;
    while ((first = find_over(all, n)) < 0 && error == 0)
        error = task_wait(&any);
    for (size_t i = 0; i < n; i++) {
        all[i]->group = NULL;
        task_cancel(all[i]);
    }
    for (size_t i = 0; i < n; i++)
        if ((int)i == first)
            collect(all[i], result);
        else
            join_surely(all[i]);
    return first >= 0 ? first : error;
}

uint64_t task_limit(uint64_t at)
{
    struct task *t = task_self();
    uint64_t before = t->limit;
    t->limit = at;
    return before;
}
