/*
 * end.h - one end of a simulated connection: what end.c and net.c share.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_SIM_END_H
#define MORGANA_RUNTIME_SIM_END_H

#include "runtime/sim/internal.h"

/* What is under way to an end. */
enum arrival_kind {
    ARRIVAL_OPENED, /* a connect was answered */
    ARRIVAL_DATA,
    ARRIVAL_END,   /* the peer has sent its last byte */
    ARRIVAL_RESET, /* the peer is gone */
};

struct end {
    struct stream stream;
    struct end *peer;         /* NULL: not yet connected, or gone */
    struct endpoint to;       /* while connecting */
    uint64_t id;              /* for the digest */
    struct list arrivals;     /* under way to this end, in order */
    size_t unread;            /* bytes of these */
    struct sim_event arrival; /* of the first; while connecting: ours, at `to` */
    struct loop_work work;
    struct timer linger;
    struct list link; /* in the list of all */
    bool open;        /* connected, and told so */
    bool cut;         /* the network has failed */
    bool resumed;     /* what was kept is to be shown again */
    bool got_end, sent_end;
    bool lingering; /* closed by its owner; see LINGER in end.c */
    bool gone;      /* waits to be freed */
};

/* Every end there is. */
extern struct list sim_ends;

/* An end that is not connected. NULL: no memory. */
struct end *end_new(const struct stream_events *events, void *user);

/* Join two ends; `active` hears of it when the answer arrives. */
void end_join(struct end *active, struct end *passive);

/* It is over: call `closed`, be gone. */
void end_over(struct end *e, int error);

/* Be gone, without a word to the owner; `reset` makes the peer hear of it. */
void end_go(struct end *e, bool reset);

/* The network fails: both ends of the connection hear -ECONNRESET when this turn ends. */
void end_cut(struct end *e);

/* net.c's: the faults that hold now, when something sent now arrives, a number for a new end. */
const struct sim_faults *sim_faults(void);
uint64_t sim_arrival_time(void);
uint64_t sim_new_id(void);

#endif
