/*
 * loop.c - the loop in virtual time: when a turn is over, time jumps to whatever is due next.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/bytes.h"
#include "runtime/sim/internal.h"
#include <errno.h>

#define WALL_START (1767225600 * NS_PER_S) /* 2026-01-01T00:00:00Z */

static struct {
    uint64_t now, turn;
    bool stopped;
    int status;
    struct {
        void (*fn)(void *user);
        void *user;
    } signals[LOOP_N_SIGNALS];
} loop;

void sim_start(uint64_t seed, const struct sim_faults *faults)
{
    bytes_zero(&loop, sizeof loop);
    sim_entropy_start(seed);
    sim_record_start();
    sim_net_start(faults);
}

int loop_open(void)
{
    loop_begin(loop.now);
    sim_link_start();
    return 0;
}

void loop_close(void)
{
    sim_net_close();
    sim_link_close();
    stream_pair_abort_all();
    loop_finish_turn(loop.now); /* frees what was aborted */
    sim_events_free();
    stream_pool_free();
}

uint64_t sim_turn(void)
{
    return loop.turn;
}

uint64_t loop_now(void)
{
    return loop.now;
}

uint64_t loop_wall(void)
{
    return WALL_START + loop.now;
}

void loop_stop(int status)
{
    loop.stopped = true;
    loop.status = status;
}

void loop_on_signal(enum loop_signal sig, void (*fn)(void *user), void *user)
{
    loop.signals[sig].fn = fn;
    loop.signals[sig].user = user;
}

void sim_signal(enum loop_signal sig)
{
    if (loop.signals[sig].fn)
        loop.signals[sig].fn(loop.signals[sig].user);
}

bool loop_poll(void)
{
    loop.turn++;
    bool happened = sim_events_run(loop.now, loop.turn);
    return loop_finish_turn(loop.now) || happened;
}

/* When there is something to do next; TIMER_NEVER if never. */
static uint64_t next_time(void)
{
    uint64_t next = sim_event_next(), due = loop_due();
    if (due < next)
        next = due;
    return next > loop.now ? next : loop.now;
}

bool sim_run(uint64_t until)
{
    uint64_t next = 0;
    loop.stopped = false;
    while (!loop.stopped && (next = next_time()) <= until && next != TIMER_NEVER) {
        loop.now = next;
        loop_poll();
    }
    if (!loop.stopped && next != TIMER_NEVER && loop.now < until)
        loop.now = until;
    return next != TIMER_NEVER;
}

int loop_run(void)
{
    return sim_run(TIMER_NEVER) ? loop.status : -EDEADLK;
}
