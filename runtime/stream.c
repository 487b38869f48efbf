/*
 * stream.c - the part of a stream that is the same on every platform: output and the end.
 *
 * Owners call it through stream.h; platforms (runtime/unix/, runtime/sim/, stream_pair.c) build on
 * the second half of that header. Input is in stream_input.c, memory in stream_pool.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/stream.h"
#include "runtime/bytes.h"
#include <assert.h>
#include <errno.h>

/* --- The owner who hears nothing: after stream_close(), and before anybody owns a stream ------ */

static size_t deaf_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    (void)bytes;
    return n;
}

static void deaf_closed(void *user, int error)
{
    (void)user;
    (void)error;
}

static const struct stream_events deaf = {.data = deaf_data, .closed = deaf_closed};

void stream_init(struct stream *s, const struct stream_ops *ops, const struct stream_events *events,
                 void *user)
{
    *s = (struct stream){.ops = ops, .out_limit = STREAM_OUT_LIMIT};
    stream_own(s, events ? events : &deaf, user);
}

void stream_own(struct stream *s, const struct stream_events *events, void *user)
{
    s->events = events;
    s->user = user;
}

/* --- Output ---------------------------------------------------------------------------------- */

static void ask_flush(struct stream *s)
{
    if (s->flushing)
        return;
    s->flushing = true;
    s->ops->flush(s);
}

/* A new last chunk: larger than the one before, because its stream has much to say. */
static struct stream_chunk *add_chunk(struct stream *s, size_t n)
{
    struct stream_chunk *last = s->out_last, *c;
    size_t want = n;
    if (last && last->cap < STREAM_RESERVE_MAX && want <= last->cap)
        want = last->cap + 1;
    c = stream_chunk_new(want);
    if (c == NULL)
        return NULL;
    if (last)
        last->next = c;
    else
        s->out_first = c;
    return s->out_last = c;
}

uint8_t *stream_reserve(struct stream *s, size_t n)
{
    struct stream_chunk *c = s->out_last;
    assert(n <= STREAM_RESERVE_MAX && !s->finished);
    if (s->out_bytes < s->out_limit && c && c->cap - c->end >= n)
        return c->data + c->end;
    c = s->out_bytes < s->out_limit ? add_chunk(s, n) : NULL;
    if (c)
        return c->data;
    s->out_refused = true;
    ask_flush(s); /* if memory was short and nothing waits, this brings `drained` */
    return NULL;
}

void stream_commit(struct stream *s, size_t n)
{
    struct stream_chunk *c = s->out_last;
    assert(c && n <= c->cap - c->end);
    c->end += (uint32_t)n;
    s->out_bytes += n;
    if (s->out_bytes > 0)
        ask_flush(s);
    else
        stream_drop_output(s);
}

int stream_write(struct stream *s, const void *bytes, size_t n)
{
    uint8_t *to = stream_reserve(s, n);
    if (to == NULL)
        return -ENOBUFS;
    bytes_copy(to, bytes, n);
    stream_commit(s, n);
    return 0;
}

static void drop_first(struct stream *s)
{
    struct stream_chunk *c = s->out_first;
    s->out_first = c->next;
    if (s->out_first == NULL)
        s->out_last = NULL;
    stream_chunk_free(c);
}

void stream_wrote(struct stream *s, size_t n)
{
    assert(n <= s->out_bytes);
    s->out_bytes -= n;
    s->tx_bytes += n;
    while (s->out_first && n >= s->out_first->end - s->out_first->begin) {
        n -= s->out_first->end - s->out_first->begin;
        drop_first(s);
    }
    if (n > 0)
        s->out_first->begin += (uint32_t)n;
    if (!s->out_refused || s->out_bytes > s->out_limit / 2)
        return;
    s->out_refused = false;
    if (s->events->drained)
        s->events->drained(s->user);
}

void stream_drop_output(struct stream *s)
{
    while (s->out_first)
        drop_first(s);
    s->out_bytes = 0;
}

/* --- Pause and the end ----------------------------------------------------------------------- */

void stream_pause(struct stream *s, bool paused)
{
    if (s->paused == paused)
        return;
    s->paused = paused;
    s->ops->pause(s, paused);
}

void stream_finish(struct stream *s)
{
    if (s->finished)
        return;
    s->finished = true;
    s->ops->finish(s);
}

/* From now on nobody listens; input is taken and thrown away. */
static void disown(struct stream *s)
{
    s->events = &deaf;
    s->over = true;
    s->out_refused = false;
    s->finished = true;
    s->paused = false;
    if (s->kept)
        stream_chunk_free(s->kept);
    s->kept = NULL;
}

static void end(struct stream *s, bool abort)
{
    disown(s);
    s->ops->close(s, abort);
}

void stream_close(struct stream *s)
{
    end(s, false);
}

void stream_abort(struct stream *s)
{
    end(s, true);
}

void stream_over(struct stream *s, int error)
{
    const struct stream_events *events = s->events;
    void *user = s->user;
    disown(s);
    events->closed(user, error);
}

void stream_release(struct stream *s)
{
    disown(s);
    stream_drop_output(s);
}
