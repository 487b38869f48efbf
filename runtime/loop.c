/*
 * loop.c - the portable half of every loop: its timer wheel and its deferred work.
 *
 * The platform's loop.c supplies the clock, the waiting and what happens; it calls the functions at
 * the end of loop.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"

static struct wheel wheel;
static struct list deferred;

void loop_begin(uint64_t now)
{
    wheel_init(&wheel, now);
    list_init(&deferred);
}

uint64_t loop_due(void)
{
    return list_empty(&deferred) ? wheel_next(&wheel) : 0;
}

void loop_timer_arm(struct timer *t, uint64_t at)
{
    wheel_arm(&wheel, t, at);
}

void loop_work_init(struct loop_work *w, void (*run)(void *user), void *user)
{
    list_init(&w->link);
    w->run = run;
    w->user = user;
}

void loop_defer(struct loop_work *w)
{
    if (list_empty(&w->link))
        list_append(&deferred, &w->link);
}

void loop_work_cancel(struct loop_work *w)
{
    list_remove(&w->link);
}

/* Only what waits now: work that defers work leaves it for the next turn. */
static bool run_deferred(void)
{
    struct list now, *l;
    bool any = !list_empty(&deferred);
    list_init(&now);
    list_splice(&now, &deferred);
    while ((l = list_pop(&now)) != NULL) {
        struct loop_work *w = container_of(l, struct loop_work, link);
        w->run(w->user);
    }
    return any;
}

bool loop_finish_turn(uint64_t now)
{
    bool fired = wheel_turn(&wheel, now) > 0;
    return run_deferred() || fired;
}
