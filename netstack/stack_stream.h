/*
 * stack_stream.h - a stream over one of TCP's connections: what stack_stream.c and stack_net.c
 * share.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_STACK_STREAM_H
#define MORGANA_NETSTACK_STACK_STREAM_H

#include "netstack/internal.h"

struct attempt;

struct conn {
    struct stream stream;
    struct stack *stack;
    struct tcp_conn *tcp;    /* NULL: none yet */
    struct attempt *attempt; /* to connect, while that lasts */
    bool resumed;            /* what was kept is to be shown again */
    bool got_end;            /* the owner was told that the peer has sent its last byte */
    bool sent_end;           /* TCP was told that we have */
    bool done;               /* TCP has done with it: */
    int error;               /* why */
    bool lingering;          /* closed by us */
    bool left;               /* closed for TCP too */
    bool gone;               /* waits to be freed */
    struct timer linger;
    struct loop_work work;
    struct list link; /* in the stack's list */
};

/* A stream that is not connected yet. NULL: no memory. */
struct conn *stack_conn_new(struct stack *s, const struct stream_events *events, void *user);

/* What TCP tells a stream; its `user` is a struct conn. */
extern const struct tcp_events stack_conn_tcp_events;

/* TCP's connection is open: go on with what waits. */
void stack_conn_open(struct conn *k);

/* It ends here: call `closed`, free. */
void stack_conn_over(struct conn *k, int error);

/* --- stack_net.c's, for attempts to connect -------------------------------------------------- */

void stack_attempt_opened(struct attempt *a);
void stack_attempt_failed(struct attempt *a, int error);

/* Give it up. NULL is allowed. */
void stack_attempt_cancel(struct attempt *a);

#endif
