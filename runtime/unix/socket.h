/*
 * socket.h - a stream over a kernel's socket: what socket.c, connect.c, listen.c and net.c share.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_UNIX_SOCKET_H
#define MORGANA_RUNTIME_UNIX_SOCKET_H

#include "runtime/loop.h"
#include "runtime/unix/internal.h"
#include <event2/event_struct.h>

struct attempt;

struct sock {
    struct stream stream;
    int fd;                  /* -1: not connected */
    struct attempt *attempt; /* to connect, while that lasts */
    struct event readable, writable;
    bool reading;    /* `readable` is on */
    bool blocked;    /* `writable` is on: the kernel takes no more */
    bool delivering; /* the owner is being shown input: its output is written after that */
    bool resumed;    /* what was kept is to be shown again */
    bool got_end;    /* the peer has sent its last byte */
    bool sent_end;   /* it has been told that we have */
    bool lingering;  /* closed by us; see LINGER in socket.c */
    bool gone;       /* waits to be freed */
    struct timer linger;
    struct loop_work work;
    struct list link; /* in the list of all */
};

/* What the net counts. (net.c) */
extern struct unix_net_counters {
    uint64_t connected, connect_failed; /* active streams */
    uint64_t accepted, accept_refused; /* passive ones; refused for want of descriptors or memory */
    uint64_t reads, writes;            /* system calls */
    uint64_t blocked;                  /* writes that the kernel did not take whole */
    uint64_t failed;                   /* streams that ended with an error */
    uint64_t cut; /* closed streams whose peer did not take its output in time */
} unix_net_counters;

/* A stream that is not connected yet. NULL: no memory. */
struct sock *sock_new(const struct stream_events *events, void *user);

/* It is connected now, over `fd`, which it owns from here on. */
void sock_open(struct sock *k, int fd);

/* It ends here: call `closed`, free. */
void sock_over(struct sock *k, int error);

/* Reset what is left of every stream: the program ends. */
void sock_abort_all(void);

/* Begin to connect; leaves k->attempt. 0 or -ENOMEM. Ends in sock_open() or sock_over().
 * (connect.c) */
int attempt_begin(struct sock *k, const struct endpoint *to);

/* Give it up. NULL is allowed. */
void attempt_cancel(struct attempt *a);

/* Free the resolver. Every attempt must have been given up. */
void resolver_close(void);

/* The listening half of the net's operations. (listen.c) */
int unix_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
                struct listener **l);
const char *unix_listener_name(const struct listener *l);
void unix_listener_close(struct listener *l);

#endif
