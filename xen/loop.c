/*
 * loop.c - the loop on Xen: event channels and one timer.
 *
 * A turn delivers the events that are pending, then does what is the same everywhere
 * (runtime/loop.c). When there is nothing to do the domain blocks until an event comes (entry.S); a
 * timer that is due is one of them. Xen's timer is touched only when it must ring earlier than it
 * would.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"
#include "runtime/stream.h"
#include "xen/clock.h"
#include "xen/control.h"
#include "xen/evtchn.h"
#include "xen/guest.h"
#include "xen/hypercall.h"
#include "xen/xen_loop.h"

#include <xen/sched.h>
#include <xen/vcpu.h>

static evtchn_port_t timer_port;
static uint64_t timer_at; /* when it rings; TIMER_NEVER: it does not */
static uint64_t now;
static bool now_known; /* the clock was read in this turn */
static uint64_t waits;
static bool woken; /* an event was delivered in the last turn */

/* --- Time ------------------------------------------------------------------------------------ */

uint64_t loop_now(void)
{
    if (!now_known)
        now = clock_now();
    now_known = true;
    return now;
}

uint64_t loop_wall(void)
{
    return clock_wall();
}

static void on_timer(void *user)
{
    (void)user;
    timer_at = TIMER_NEVER;
}

/* Have the wait end at `due`. */
static void set_timer(uint64_t due)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = clock_to_xen(due)};
    if (due >= timer_at)
        return;
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, (unsigned long)&timer, 0, 0);
    timer_at = due;
}

/* A PV guest has a timer that rings a hundred times a second until it is told not to. */
static int open_timer(void)
{
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0, 0, 0);
    timer_at = TIMER_NEVER;
    return evtchn_bind_virq(VIRQ_TIMER, on_timer, NULL, &timer_port);
}

/* --- Turns ----------------------------------------------------------------------------------- */

/* Who has just woken us may have more to say: let others run on this processor, if there are any,
 * so that we are woken once for several frames instead of for each. */
static bool more_comes(void)
{
    hypercall_sched(SCHEDOP_yield, NULL);
    return evtchn_any();
}

static void wait_until(uint64_t due)
{
    if (due <= clock_now())
        return;
    set_timer(due);
    waits++;
    guest.type->wait();
}

bool loop_turn(bool wait)
{
    if (wait && !evtchn_any() && !(woken && more_comes()))
        wait_until(loop_due());
    now_known = false;
    woken = evtchn_deliver();
    return loop_finish_turn(loop_now()) || woken;
}

int xen_loop_resume(void)
{
    return open_timer();
}

uint64_t xen_loop_waits(void)
{
    return waits;
}

/* --- Opening and closing --------------------------------------------------------------------- */

void loop_on_signal(enum loop_signal sig, void (*fn)(void *user), void *user)
{
    control_on_signal(sig, fn, user);
}

int loop_open(void)
{
    int error;
    now_known = false;
    loop_begin(loop_now());
    error = open_timer();
    if (error == 0 && (error = control_open()) != 0)
        evtchn_unbind(timer_port);
    return error;
}

void loop_close(void)
{
    loop_finish_turn(loop_now()); /* what was closed just now has yet to be freed */
    control_close();
    evtchn_unbind(timer_port);
    stream_pool_free();
}
