/*
 * task_stream.h - streams for tasks: connect, accept, read and write in sequence.
 *
 * A struct task_stream owns a stream (stream.h) and answers its callbacks; a task waits in the
 * calls here. Each says -ECANCELED and -ETIMEDOUT as all waits do (task.h), and is then free to be
 * called again. One task may read while another writes; two must not read, or write, at once.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_TASK_STREAM_H
#define MORGANA_RUNTIME_TASK_STREAM_H

#include "runtime/net.h"
#include "runtime/task.h"

struct task_stream;
struct task_listener;

/* Connect to `to` through `net`. 0 and *ts, which the caller closes; or a negative errno
 * (-ECONNREFUSED, ...). */
int task_connect(struct net *net, const struct endpoint *to, struct task_stream **ts);

/* Listen at `at`; at most `backlog` connections wait to be accepted, more are reset. 0 and *tl,
 * which the caller closes when no task waits in it, or a negative errno. For anybody. */
int task_listen(struct net *net, const struct endpoint *at, size_t backlog,
                struct task_listener **tl);

/* Where it listens, with the port that the system chose. */
const char *task_listener_name(const struct task_listener *tl);

/* Wait for a connection. 0 and *ts, which the caller closes, or a negative errno. */
int task_accept(struct task_listener *tl, struct task_stream **ts);

/* Take no more; those that wait are reset. NULL is allowed. */
void task_listener_close(struct task_listener *tl);

/* Read at least one and at most `n` (not 0) bytes. How many; 0: the peer has sent its last; or a
 * negative errno (-ECONNRESET, ...). */
int task_read(struct task_stream *ts, void *to, size_t n);

/* Write all `n` bytes; waits while the stream's output is full. 0 or a negative errno (-EPIPE: the
 * stream is over). */
int task_write(struct task_stream *ts, const void *bytes, size_t n);

/* No more is written: the peer reads to the end. */
void task_finish(struct task_stream *ts);

/* What is written still leaves. Nobody may wait in `ts`. NULL is allowed. */
void task_close(struct task_stream *ts);

#endif
