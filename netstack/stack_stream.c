/*
 * stack_stream.c - streams over TCP's connections, which behave as those over the kernel's sockets
 * (runtime/unix/socket.c) do.
 *
 * Output lies in the stream's chunks until the peer has acknowledged it: TCP asks for the bytes
 * when it builds a segment. Input lies in TCP's packets until the owner takes new bytes, once a
 * turn, so that what came in many segments is shown at once; while the owner pauses, TCP's window
 * closes.
 *
 * Closing: a connection closed with input unread would be reset, and the peer might lose our last
 * words (RFC 2525 section 2.17). So a closed stream lingers: it sends, ends, throws away what still
 * comes, and goes when the peer has closed too. After LINGER it is TCP's alone if all was
 * acknowledged, else it is cut.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/stack_stream.h"
#include <errno.h>
#include <stdlib.h>

#define LINGER (5 * NS_PER_S)
#define PIECES 64

struct stack_net_counters stack_net_counters;
const char *const stack_net_counter_names[] = {"connected",      "connect_failed", "accepted",
                                               "accept_refused", "failed",         "cut"};

_Static_assert(sizeof stack_net_counters / sizeof(uint64_t) ==
                   sizeof stack_net_counter_names / sizeof stack_net_counter_names[0],
               "a name for each counter");

static struct conn *conn_of(struct stream *s)
{
    return container_of(s, struct conn, stream);
}

/* --- The end --------------------------------------------------------------------------------- */

static void conn_free(void *user)
{
    struct conn *k = user;
    stream_release(&k->stream);
    free(k);
}

/* Give everything back, the memory when this turn's callbacks are through. */
static void conn_go(struct conn *k)
{
    if (k->gone)
        return;
    k->gone = true;
    stack_attempt_cancel(k->attempt);
    if (k->tcp)
        tcp_abort(k->tcp, loop_now());
    k->tcp = NULL;
    stack_touch(k->stack);
    timer_cancel(&k->linger);
    list_remove(&k->link);
    loop_work_cancel(&k->work);
    loop_work_init(&k->work, conn_free, k);
    loop_defer(&k->work);
}

void stack_conn_over(struct conn *k, int error)
{
    if (k->gone)
        return;
    if (error && !k->stream.over)
        stack_net_counters.failed++;
    stream_over(&k->stream, error);
    conn_go(k);
}

/* The peer has taken its time. What it has acknowledged cannot be lost any more: TCP ends it. */
static void on_linger(void *user)
{
    struct conn *k = user;
    if (k->stream.out_bytes > 0 || k->tcp == NULL) {
        stack_net_counters.cut += k->stream.out_bytes > 0;
        conn_go(k);
        return;
    }
    k->left = true;
    tcp_close(k->tcp, loop_now());
    stack_touch(k->stack);
}

static void conn_linger(struct conn *k)
{
    if (k->gone || k->lingering)
        return;
    k->lingering = true;
    loop_timer_arm(&k->linger, loop_now() + LINGER);
    loop_defer(&k->work);
}

/* --- Output ---------------------------------------------------------------------------------- */

/* Say what there is to be sent, and whether that is all. */
static void conn_push(struct conn *k)
{
    k->stream.flushing = false;
    if (k->done)
        return;
    if (!k->sent_end)
        tcp_push(k->tcp, k->stream.out_bytes, loop_now());
    if (k->stream.finished && !k->sent_end) {
        k->sent_end = true;
        tcp_shutdown(k->tcp, loop_now());
    }
    stack_touch(k->stack);
    stream_wrote(&k->stream, 0);
}

static void on_peek(void *user, size_t offset, uint8_t *to, size_t n)
{
    const struct stream_chunk *c = ((struct conn *)user)->stream.out_first;
    while (n > 0) {
        size_t has = c->end - c->begin, part;
        if (offset < has) {
            part = has - offset < n ? has - offset : n;
            bytes_copy(to, c->data + c->begin + offset, part);
            to += part;
            n -= part;
            offset = 0;
        } else {
            offset -= has;
        }
        c = c->next;
    }
}

static void on_acked(void *user, size_t n)
{
    struct conn *k = user;
    stream_wrote(&k->stream, n);
}

/* --- Input ----------------------------------------------------------------------------------- */

/* Copy up to an area of what came to the area. */
static size_t take_input(struct conn *k)
{
    struct span pieces[PIECES];
    unsigned n_pieces = tcp_peek(k->tcp, pieces, PIECES);
    size_t n = 0;
    for (unsigned i = 0; i < n_pieces && n < STREAM_AREA; i++) {
        size_t part = pieces[i].len < STREAM_AREA - n ? pieces[i].len : STREAM_AREA - n;
        bytes_copy(stream_input_area() + n, pieces[i].data, part);
        n += part;
    }
    if (n > 0)
        tcp_consume(k->tcp, n, loop_now());
    return n;
}

/* Show the owner `n` new bytes, or what was kept. */
static void deliver(struct conn *k, size_t n)
{
    int error = stream_input(&k->stream, n);
    if (error)
        stack_conn_over(k, error);
}

/* Show what was kept and what has come. */
static void conn_input(struct conn *k)
{
    bool show = k->resumed || stream_input_waits(&k->stream);
    size_t n;
    k->resumed = false;
    if (show && !k->stream.paused)
        deliver(k, 0);
    if (k->gone || !stream_input_wanted(&k->stream))
        return;
    n = take_input(k);
    if (n > 0)
        deliver(k, n);
    stack_touch(k->stack);
}

/* The peer has sent its last byte, and the owner has seen it. */
static void input_ended(struct conn *k)
{
    k->got_end = true;
    if (k->stream.events->ended) {
        k->stream.events->ended(k->stream.user);
    } else {
        stream_over(&k->stream, 0);
        conn_linger(k);
    }
}

/* --- A turn ---------------------------------------------------------------------------------- */

/* TCP has done with it: so have we, when the owner has seen all that came, or cannot write what it
 * wants to. */
static void end_if_done(struct conn *k)
{
    bool seen = stream_input_wanted(&k->stream) && tcp_readable(k->tcp) == 0;
    if (k->lingering && k->left)
        conn_go(k);
    else if (k->error == 0 && k->got_end)
        stack_conn_over(k, 0);
    else if (k->error != 0 && (seen || k->stream.out_bytes > 0))
        stack_conn_over(k, k->error);
}

/* Is there anything left that the next turn must look at? */
static bool wants_turn(const struct conn *k)
{
    return k->resumed || stream_input_waits(&k->stream) ||
           (stream_input_wanted(&k->stream) && tcp_readable(k->tcp) > 0);
}

static void conn_turn(void *user)
{
    struct conn *k = user;
    if (k->tcp == NULL || k->attempt)
        return;
    if (!k->left)
        conn_input(k);
    if (k->gone)
        return;
    if (!k->got_end && stream_input_wanted(&k->stream) && tcp_ended(k->tcp))
        input_ended(k);
    if (k->gone)
        return;
    loop_work_cancel(&k->work); /* what the owner has asked for meanwhile is done here and now */
    conn_push(k);
    if (!k->gone && k->done)
        end_if_done(k);
    if (!k->gone && wants_turn(k))
        loop_defer(&k->work);
}

static void on_readable(void *user)
{
    struct conn *k = user;
    loop_defer(&k->work);
}

static void on_opened(void *user)
{
    stack_attempt_opened(((struct conn *)user)->attempt);
}

static void on_closed(void *user, int error)
{
    struct conn *k = user;
    if (k->attempt) {
        stack_attempt_failed(k->attempt, error);
        return;
    }
    k->done = true;
    k->error = error;
    loop_defer(&k->work);
}

const struct tcp_events stack_conn_tcp_events = {.opened = on_opened,
                                                 .readable = on_readable,
                                                 .peek = on_peek,
                                                 .acked = on_acked,
                                                 .closed = on_closed};

/* --- The owner's calls ----------------------------------------------------------------------- */

static void conn_want_turn(struct stream *s)
{
    struct conn *k = conn_of(s);
    if (k->tcp && !k->attempt)
        loop_defer(&k->work);
}

static void conn_pause(struct stream *s, bool paused)
{
    conn_of(s)->resumed = !paused;
    if (!paused)
        conn_want_turn(s);
}

static void conn_close(struct stream *s, bool abort)
{
    struct conn *k = conn_of(s);
    if (abort || k->tcp == NULL || k->attempt)
        conn_go(k);
    else
        conn_linger(k);
}

static const struct stream_ops conn_ops = {
    .flush = conn_want_turn, .pause = conn_pause, .finish = conn_want_turn, .close = conn_close};

/* --- The beginning --------------------------------------------------------------------------- */

struct conn *stack_conn_new(struct stack *s, const struct stream_events *events, void *user)
{
    struct conn *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    stream_init(&k->stream, &conn_ops, events, user);
    k->stack = s;
    timer_init(&k->linger, on_linger, k);
    loop_work_init(&k->work, conn_turn, k);
    list_append(&s->streams, &k->link);
    return k;
}

void stack_conn_open(struct conn *k)
{
    enum tcp_state state = tcp_state_of(k->tcp);
    if (state == TCP_CLOSED) { /* it was reset while it waited to be accepted */
        k->done = true;
        k->error = -ECONNRESET;
    }
    loop_defer(&k->work);
}

const struct tcp_conn *stack_conn(const struct stream *stream)
{
    const struct conn *k = container_of(stream, const struct conn, stream);
    return stream->ops == &conn_ops ? k->tcp : NULL;
}

void stack_abort_streams(struct stack *s)
{
    struct list *l, *after;
    list_each(l, after, &s->streams)
    {
        struct conn *k = container_of(l, struct conn, link);
        if (k->tcp && !k->attempt &&
            !k->done) { /* what waits leaves once, as when a process ends */
            k->stream.finished = true;
            conn_push(k);
            k->tcp = NULL; /* tcp_free() frees it, without a reset */
        }
        conn_go(k);
    }
}
