/*
 * stream_input.c - how new bytes reach a stream's owner, the same on every platform.
 *
 * All streams receive into one area. The owner is shown the bytes where they came in; only what it
 * leaves unused (part of a message) is copied away, into a chunk that the stream holds just as long
 * as it must. When more comes, those few bytes are put in front of it, in the room that the area
 * has there. So an idle stream holds no memory, and a busy one copies almost nothing. Called by
 * platforms.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/stream.h"
#include "runtime/bytes.h"
#include <assert.h>
#include <errno.h>

/* Room for what was kept, then the area for what comes. */
static _Alignas(64) uint8_t room[STREAM_INPUT_MAX + STREAM_AREA];

uint8_t *stream_input_area(void)
{
    return room + STREAM_INPUT_MAX;
}

static size_t kept_bytes(const struct stream *s)
{
    return s->kept ? s->kept->end - s->kept->begin : 0;
}

bool stream_input_wanted(const struct stream *s)
{
    return !s->paused && kept_bytes(s) < STREAM_INPUT_MAX;
}

bool stream_input_waits(const struct stream *s)
{
    return !s->paused && kept_bytes(s) >= STREAM_INPUT_MAX;
}

static void drop_kept(struct stream *s)
{
    if (s->kept)
        stream_chunk_free(s->kept);
    s->kept = NULL;
}

/* Show the owner `n` bytes. Returns how many it used: all, if it has ended the stream. */
static size_t show(struct stream *s, const uint8_t *bytes, size_t n)
{
    size_t used = s->events->data(s->user, bytes, n);
    if (s->over)
        return n;
    assert(used <= n && (used > 0 || n < STREAM_INPUT_MAX || s->paused));
    return used;
}

static int show_kept(struct stream *s)
{
    struct stream_chunk *c = s->kept;
    size_t used;
    if (c == NULL)
        return 0;
    s->kept = NULL; /* the owner may end the stream */
    used = show(s, c->data + c->begin, c->end - c->begin);
    c->begin += (uint32_t)used;
    if (c->begin < c->end)
        s->kept = c;
    else
        stream_chunk_free(c);
    return 0;
}

static int keep(struct stream *s, const uint8_t *bytes, size_t n)
{
    struct stream_chunk *c = stream_chunk_new(n);
    if (c == NULL)
        return -ENOMEM;
    bytes_copy(c->data, bytes, n);
    c->end = (uint32_t)n;
    s->kept = c;
    return 0;
}

int stream_input(struct stream *s, size_t n)
{
    size_t before = kept_bytes(s), used;
    uint8_t *bytes = stream_input_area() - before;
    if (n == 0)
        return show_kept(s);
    assert(before < STREAM_INPUT_MAX && n <= STREAM_AREA);
    if (before > 0)
        bytes_copy(bytes, s->kept->data + s->kept->begin, before);
    drop_kept(s);
    s->rx_bytes += n;
    n += before;
    used = show(s, bytes, n);
    return used < n ? keep(s, bytes + used, n - used) : 0;
}
