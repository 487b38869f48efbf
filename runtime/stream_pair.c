/*
 * stream_pair.c - two streams of one process, joined: a switch and its controller without a socket.
 *
 * Bytes move in deferred work, so that no callback runs inside an owner's call. Apart from that the
 * pair is like a connection: it honours pauses and limits, each direction ends for itself, closing
 * delivers what waits first, and who writes to an end that has gone hears -ECONNRESET.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"
#include "runtime/stream.h"
#include "runtime/bytes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct end {
    struct list link; /* in the list of all that have not gone */
    struct stream stream;
    struct end *other; /* NULL: it has gone */
    struct loop_work work;
    bool reset;    /* the other end went without ending its output */
    bool sent_end; /* our half-close has reached the other end */
    bool got_end;  /* the other end's has reached us */
    bool resumed;  /* what was kept is to be shown again */
    bool gone;     /* waits to be freed */
};

static struct list all = {&all, &all};

static struct end *end_of(struct stream *s)
{
    return container_of(s, struct end, stream);
}

/* --- The end of an end ----------------------------------------------------------------------- */

static void end_free(void *user)
{
    struct end *e = user;
    stream_release(&e->stream);
    free(e);
}

/* Part from the other end; be freed when this turn's callbacks are through. */
static void end_go(struct end *e)
{
    if (e->gone)
        return;
    e->gone = true;
    if (e->other) {
        e->other->reset = !e->sent_end;
        e->other->other = NULL;
        loop_defer(&e->other->work);
    }
    e->other = NULL;
    list_remove(&e->link);
    loop_work_cancel(&e->work);
    loop_work_init(&e->work, end_free, e);
    loop_defer(&e->work);
}

void stream_pair_abort_all(void)
{
    struct list *l, *after;
    list_each(l, after, &all) end_go(container_of(l, struct end, link));
}

static void end_over(struct end *e, int error)
{
    if (e->gone)
        return;
    stream_over(&e->stream, error);
    end_go(e);
}

/* The end lies behind the input: has `to` seen all that came before it? */
static bool hears_end(const struct end *to)
{
    return !to->resumed && stream_input_wanted(&to->stream);
}

/* Tell the other end that no more comes. */
static void send_end(struct end *e)
{
    struct end *to = e->other;
    e->sent_end = true;
    to->got_end = true;
    if (to->stream.events->ended)
        to->stream.events->ended(to->stream.user);
    else
        stream_over(&to->stream, 0);
    loop_defer(&to->work);
}

/* --- Moving bytes ---------------------------------------------------------------------------- */

/* Copy up to an area of what waits at `e` to the area. */
static size_t gather(const struct end *e)
{
    uint8_t *area = stream_input_area();
    size_t n = 0;
    for (struct stream_chunk *c = e->stream.out_first; c && n < STREAM_AREA; c = c->next) {
        size_t part = c->end - c->begin;
        if (part > STREAM_AREA - n)
            part = STREAM_AREA - n;
        bytes_copy(area + n, c->data + c->begin, part);
        n += part;
    }
    return n;
}

/* Move output of `e` to the other end, if that wants any. */
static void move(struct end *e)
{
    struct end *to = e->other;
    size_t n = stream_input_wanted(&to->stream) ? gather(e) : 0;
    if (n > 0 && stream_input(&to->stream, n) < 0)
        end_over(to, -ENOMEM);
    e->stream.flushing = false;
    stream_wrote(&e->stream, n);
    if (e->other && e->stream.out_bytes > 0 && stream_input_wanted(&to->stream))
        loop_defer(&e->work);
}

static void show_kept(struct end *e)
{
    e->resumed = false;
    stream_input(&e->stream, 0);
    if (stream_input_waits(&e->stream))
        loop_defer(&e->work);
    if (e->other && stream_input_wanted(&e->stream))
        loop_defer(&e->other->work);
}

/* All that is to be done for `e`. */
static void end_turn(void *user)
{
    struct end *e = user;
    if (e->reset)
        end_over(e, -ECONNRESET);
    else if (!e->stream.paused && (e->resumed || stream_input_waits(&e->stream)))
        show_kept(e);
    if (e->other)
        move(e);
    else if (e->stream.out_bytes > 0)
        end_over(e, -ECONNRESET);
    if (e->stream.out_bytes > 0 || !e->stream.finished)
        return;
    if (e->other && !e->sent_end && hears_end(e->other))
        send_end(e);
    if (e->other && !e->sent_end)
        return; /* it will say when it goes on */
    if (e->got_end || e->stream.over)
        end_over(e, 0);
}

/* --- The owner's calls ----------------------------------------------------------------------- */

static void pair_flush(struct stream *s)
{
    loop_defer(&end_of(s)->work);
}

static void pair_pause(struct stream *s, bool paused)
{
    end_of(s)->resumed = !paused;
    if (!paused)
        loop_defer(&end_of(s)->work);
}

static void pair_finish(struct stream *s)
{
    loop_defer(&end_of(s)->work);
}

static void pair_close(struct stream *s, bool abort)
{
    struct end *e = end_of(s);
    if (abort)
        end_go(e);
    else if (!e->gone)
        pair_pause(s, false);
}

static const struct stream_ops pair_ops = {
    .flush = pair_flush, .pause = pair_pause, .finish = pair_finish, .close = pair_close};

static struct end *end_new(void)
{
    struct end *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    stream_init(&e->stream, &pair_ops, NULL, NULL);
    snprintf(e->stream.peer, sizeof e->stream.peer, "pair");
    loop_work_init(&e->work, end_turn, e);
    list_init(&e->link);
    return e;
}

int stream_pair(struct stream *ends[2])
{
    struct end *a = end_new(), *b = end_new();
    if (a == NULL || b == NULL) {
        free(a);
        free(b);
        return -ENOMEM;
    }
    list_append(&all, &a->link);
    list_append(&all, &b->link);
    a->other = b;
    b->other = a;
    ends[0] = &a->stream;
    ends[1] = &b->stream;
    return 0;
}
