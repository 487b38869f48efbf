/*
 * internal.h - what the parts of the simulated platform know of each other.
 *
 * Events are what happens from outside the loop: deliveries of the simulated network. Those due at
 * the same time run in an order drawn from the seed, but for those made in different turns.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_SIM_INTERNAL_H
#define MORGANA_RUNTIME_SIM_INTERNAL_H

#include "runtime/loop.h"
#include "runtime/sim/sim.h"

/* Something that will happen. Lies inside its owner. */
struct sim_event {
    uint64_t at;    /* virtual time */
    uint64_t turn;  /* in which it was made: it happens in a later one */
    uint64_t order; /* random */
    size_t place;   /* in the heap, from 1 on; 0: not in it */
    void (*run)(void *user);
    void *user;
};

void sim_event_init(struct sim_event *e, void (*run)(void *user), void *user);

/* Let `e`, which is not waiting, happen at `at` (not before the next turn). */
void sim_event_set(struct sim_event *e, uint64_t at);

static inline bool sim_event_waits(const struct sim_event *e)
{
    return e->place != 0;
}

/* Nothing if it does not wait. */
void sim_event_cancel(struct sim_event *e);

/* event.c's, for the loop: when the first event is due (TIMER_NEVER: none waits); run what is due
 * in turn `turn` at `now`; free the heap, which must be empty. */
uint64_t sim_event_next(void);
bool sim_events_run(uint64_t now, uint64_t turn);
void sim_events_free(void);

/* loop.c's: the turn that runs now, or ran last. */
uint64_t sim_turn(void);

/* entropy.c's: begin anew from `seed`. */
void sim_entropy_start(uint64_t seed);

/* net.c's: begin anew; abort what is left of every stream. */
void sim_net_start(const struct sim_faults *faults);
void sim_net_close(void);

/* link.c's: register the driver of links; free them, and close what is left of their ends. */
void sim_link_start(void);
void sim_link_close(void);

/* record.c's: begin anew; note something that was delivered. */
void sim_record_start(void);
void sim_digest_add(const void *bytes, size_t n);

#endif
