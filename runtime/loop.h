/*
 * loop.h - the event loop: one thread, one loop.
 *
 * A program has one loop, chosen when it is linked: libevent on UNIX (runtime/unix/), virtual time
 * in tests (runtime/sim/), event channels on Xen (xen/). A turn of the loop reads the clock once,
 * then delivers what has happened (streams, devices, signals), fires the timers that are due, and
 * runs the work that was deferred; then it waits. Nobody else reads a clock, and no callback
 * blocks.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_LOOP_H
#define MORGANA_RUNTIME_LOOP_H

#include "runtime/timer.h"

/* Make the program's loop ready; once, before anything else here. 0 or a negative errno. */
int loop_open(void);

/* Give everything back. Streams, listeners and timers must be gone. */
void loop_close(void);

/* Monotonic nanoseconds since an arbitrary start, the same throughout a turn. */
uint64_t loop_now(void);

/* Wall-clock nanoseconds since 1970 (UTC), for logs and for people only. */
uint64_t loop_wall(void);

/* Turn until loop_stop(). Returns the status given to it. */
int loop_run(void);

/* End loop_run() after this turn. */
void loop_stop(int status);

/* Turn once without waiting: tests and benchmarks drive a loop by hand. Returns false if nothing
 * happened. */
bool loop_poll(void);

/* Arm on the loop's own wheel: `at` is an absolute time of loop_now(). See timer.h. */
void loop_timer_arm(struct timer *t, uint64_t at);

/* Work put off to the end of this turn. Lies inside its owner. */
struct loop_work {
    struct list link;
    void (*run)(void *user);
    void *user;
};

void loop_work_init(struct loop_work *w, void (*run)(void *user), void *user);

/* Run `w` once at the end of this turn; nothing if it waits already. Work that defers itself again
 * runs in the next turn, which then does not wait. */
void loop_defer(struct loop_work *w);

/* Take `w` back; nothing if it does not wait. Call it before its owner goes. */
void loop_work_cancel(struct loop_work *w);

/* What an operator tells any program: signals on UNIX, control/shutdown and the console on Xen. */
enum loop_signal {
    LOOP_TERMINATE, /* SIGINT, SIGTERM; poweroff */
    LOOP_COUNTERS,  /* SIGUSR1: show every counter */
    LOOP_RELOAD,    /* SIGHUP: read files again */
    LOOP_N_SIGNALS,
};

/* Call fn(user) in a turn when `sig` comes; NULL: ignore it. Without a handler TERMINATE ends the
 * program as the platform does. */
void loop_on_signal(enum loop_signal sig, void (*fn)(void *user), void *user);

/* --- For platforms: the half of a loop that is the same on all of them (loop.c) --------------- */

/* One turn, as the platform does it; `wait`: if nothing happens now, until something does. Returns
 * false if nothing happened. Called by loop_run.c. */
bool loop_turn(bool wait);

/* Ready the loop's wheel at time `now`, and its deferred work. */
void loop_begin(uint64_t now);

/* When the next turn is due at the latest: 0 if deferred work waits, else when the wheel wants to
 * be turned; TIMER_NEVER if neither. */
uint64_t loop_due(void);

/* The second part of a turn, after what has happened was delivered: fire the timers that are due at
 * `now`, run the deferred work. Returns false if there was neither. */
bool loop_finish_turn(uint64_t now);

#endif
