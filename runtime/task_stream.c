/*
 * task_stream.c - streams for tasks; see task_stream.h.
 *
 * A stream is paused but while a task reads: what comes meanwhile waits where the stream keeps it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/task_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct task_stream {
    struct stream *s; /* NULL: it is over */
    struct task_event changed, drained;
    uint8_t *to; /* where the task that reads wants it; NULL: none reads */
    size_t want, got;
    bool opened, ended;
    int error;        /* why it is over */
    struct list link; /* of a listener's that wait */
};

struct task_listener {
    struct listener *listener;
    struct list waiting; /* struct task_stream */
    size_t n, backlog;
    struct task_event came;
};

/* --- The stream's callbacks ------------------------------------------------------------------ */

static void on_opened(void *user)
{
    struct task_stream *ts = user;
    ts->opened = true;
    task_wake_all(&ts->changed);
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct task_stream *ts = user;
    size_t take = n < ts->want ? n : ts->want;

    stream_pause(ts->s, true);
    if (ts->to == NULL)
        return 0;
    memcpy(ts->to, bytes, take);
    ts->to = NULL;
    ts->got = take;
    task_wake_all(&ts->changed);
    return take;
}

static void on_drained(void *user)
{
    struct task_stream *ts = user;
    task_wake_all(&ts->drained);
}

static void on_ended(void *user)
{
    struct task_stream *ts = user;
    ts->ended = true;
    task_wake_all(&ts->changed);
}

static void on_closed(void *user, int error)
{
    struct task_stream *ts = user;
    ts->s = NULL;
    ts->error = error != 0 ? error : -EPIPE;
    ts->ended = ts->ended || error == 0;
    task_wake_all(&ts->changed);
    task_wake_all(&ts->drained);
}

static const struct stream_events events = {
    .opened = on_opened,
    .data = on_data,
    .drained = on_drained,
    .ended = on_ended,
    .closed = on_closed,
};

static struct task_stream *new_stream(void)
{
    struct task_stream *ts = calloc(1, sizeof *ts);
    if (ts == NULL)
        return NULL;
    task_event_init(&ts->changed);
    task_event_init(&ts->drained);
    list_init(&ts->link);
    return ts;
}

/* --- Connecting and accepting ---------------------------------------------------------------- */

static int wait_opened(struct task_stream *ts)
{
    int error = 0;
    while (!ts->opened && ts->s != NULL && error == 0)
        error = task_wait(&ts->changed);
    return error == 0 && ts->s == NULL ? ts->error : error;
}

int task_connect(struct net *net, const struct endpoint *to, struct task_stream **result)
{
    struct task_stream *ts = new_stream();
    int error = ts != NULL ? net_connect(net, to, &events, ts, &ts->s) : -ENOMEM;

    if (error == 0 && (error = wait_opened(ts)) == 0) {
        stream_pause(ts->s, true);
        *result = ts;
        return 0;
    }
    task_close(ts);
    return error;
}

static void on_accept(void *user, struct stream *s)
{
    struct task_listener *tl = user;
    struct task_stream *ts = tl->n < tl->backlog ? new_stream() : NULL;

    if (ts == NULL) {
        stream_abort(s);
        return;
    }
    ts->s = s;
    ts->opened = true;
    stream_own(s, &events, ts);
    stream_pause(s, true);
    list_append(&tl->waiting, &ts->link);
    tl->n++;
    task_wake(&tl->came);
}

int task_listen(struct net *net, const struct endpoint *at, size_t backlog,
                struct task_listener **result)
{
    struct task_listener *tl = calloc(1, sizeof *tl);
    int error;

    if (tl == NULL)
        return -ENOMEM;
    tl->backlog = backlog;
    list_init(&tl->waiting);
    task_event_init(&tl->came);
    error = net_listen(net, at, on_accept, tl, &tl->listener);
    if (error == 0)
        *result = tl;
    else
        free(tl);
    return error;
}

const char *task_listener_name(const struct task_listener *tl)
{
    return net_listener_name(tl->listener);
}

static struct task_stream *pop(struct task_listener *tl)
{
    struct list *l = list_pop(&tl->waiting);
    if (l == NULL)
        return NULL;
    tl->n--;
    return container_of(l, struct task_stream, link);
}

int task_accept(struct task_listener *tl, struct task_stream **ts)
{
    int error = 0;
    while ((*ts = pop(tl)) == NULL && error == 0)
        error = task_wait(&tl->came);
    return *ts != NULL ? 0 : error;
}

void task_listener_close(struct task_listener *tl)
{
    struct task_stream *ts;
    if (tl == NULL)
        return;
    net_listener_close(tl->listener);
    while ((ts = pop(tl)) != NULL) {
        if (ts->s != NULL)
            stream_abort(ts->s);
        free(ts);
    }
    free(tl);
}

/* --- Reading and writing --------------------------------------------------------------------- */

/* What a read says when nothing has come and nothing will. */
static int read_end(const struct task_stream *ts)
{
    return ts->ended ? 0 : ts->error;
}

int task_read(struct task_stream *ts, void *to, size_t n)
{
    int error = 0;

    ts->to = to;
    ts->want = n < INT32_MAX ? n : INT32_MAX;
    ts->got = 0;
    if (ts->s != NULL && !ts->ended)
        stream_pause(ts->s, false);
    while (ts->got == 0 && ts->s != NULL && !ts->ended && error == 0)
        error = task_wait(&ts->changed);
    ts->to = NULL;
    if (ts->got > 0)
        return (int)ts->got;
    if (ts->s != NULL)
        stream_pause(ts->s, true);
    return error != 0 ? error : read_end(ts);
}

int task_write(struct task_stream *ts, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    int error = 0;

    while (n > 0 && error == 0) {
        size_t piece = n < STREAM_RESERVE_MAX ? n : STREAM_RESERVE_MAX;
        if (ts->s == NULL) {
            error = ts->error;
        } else if (stream_write(ts->s, at, piece) != 0) {
            error = task_wait(&ts->drained);
        } else {
            at += piece;
            n -= piece;
        }
    }
    return error;
}

void task_finish(struct task_stream *ts)
{
    if (ts->s != NULL)
        stream_finish(ts->s);
}

void task_close(struct task_stream *ts)
{
    if (ts == NULL)
        return;
    if (ts->s != NULL)
        stream_close(ts->s);
    free(ts);
}
