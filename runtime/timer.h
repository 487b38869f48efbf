/*
 * timer.h - a hierarchical timer wheel.
 *
 * The idea: time is cut into ticks of 2^20 ns (about 1 ms). Level 0 has a slot for each of the next
 * 64 ticks, level 1 a slot for each of the next 64 spans of 64 ticks, and so on. A timer goes into
 * the slot of the lowest level that reaches its deadline and, each time a higher slot comes due, it
 * moves down a level. To arm and to cancel is O(1), whatever the number of timers; a bitmap per
 * level finds the next used slot without walking. Time is passed in: the same wheel turns under
 * libevent, in a domU and in virtual time.
 *
 * A timer never fires early and at most one tick late. Timers due in the same turn fire in the
 * order of their ticks. All times are the loop's: monotonic nanoseconds.
 *
 * Programs use the loop's wheel through loop_timer_arm() (loop.h); a wheel of one's own serves
 * tables that expire in another rhythm.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_TIMER_H
#define MORGANA_RUNTIME_TIMER_H

#include "runtime/list.h"
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/* Lies inside whatever it wakes; nothing to free, but cancel it before it goes. */
struct timer {
    struct list link;
    uint64_t deadline;
    struct wheel *wheel; /* NULL: not armed */
    void (*fire)(void *user);
    void *user;
};

#define WHEEL_LEVELS 8
#define WHEEL_SLOTS  64

struct wheel {
    uint64_t tick;               /* the tick that was turned last */
    uint64_t used[WHEEL_LEVELS]; /* bit n: slot n holds a timer */
    struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
    size_t armed; /* timers in the wheel */
};

/* A timer that calls fire(user); not armed. */
void timer_init(struct timer *t, void (*fire)(void *user), void *user);

static inline bool timer_armed(const struct timer *t)
{
    return t->wheel != NULL;
}

/* Disarm; nothing if it is not armed. Allowed in any callback, its own included. O(1). */
void timer_cancel(struct timer *t);

/* An empty wheel whose time is `now`. */
void wheel_init(struct wheel *w, uint64_t now);

/* Fire `t` at `deadline` (one that has passed: on the next turn). Re-arms if it is armed. O(1). */
void wheel_arm(struct wheel *w, struct timer *t, uint64_t deadline);

/* When the wheel wants to be turned next, at the earliest; TIMER_NEVER if it is empty: when the
 * next timer fires. Earlier only if many timers are in one slot of a higher level, which then moves
 * down: so who has few is never woken for nothing. */
uint64_t wheel_next(const struct wheel *w);

/* Turn to `now` and fire what is due. Returns how many fired. Timers armed by a callback for a time
 * that has come wait for the next turn, so that a turn always ends. */
size_t wheel_turn(struct wheel *w, uint64_t now);

#endif
