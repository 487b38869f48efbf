/*
 * end.c - simulated streams: bytes that are under way for a while, in odd pieces, or lost.
 *
 * An end writes in deferred work, as far as its peer's window allows. What it writes is under way
 * as one arrival, or two; arrivals at an end happen in order, at the times that the faults draw. An
 * owner that does not want input leaves them where they are, and the window shut: nothing else
 * holds bytes, so that memory is bounded by the window and the peer's out_limit.
 *
 * Closing is as on UNIX: a closed end writes what waits, half-closes, throws away what still comes,
 * and goes when its peer has closed too, or after LINGER.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/end.h"
#include "runtime/bytes.h"
#include <errno.h>
#include <stdlib.h>

#define LINGER         (5 * NS_PER_S)
#define DEFAULT_WINDOW 65536

struct arrival {
    struct list link;
    uint64_t at;
    enum arrival_kind kind;
    size_t begin, end; /* bytes not yet shown */
    uint8_t bytes[];
};

struct list sim_ends = {&sim_ends, &sim_ends};

static struct end *end_of(struct stream *s)
{
    return container_of(s, struct end, stream);
}

/* Note for the digest what an end hears. */
static void note(const struct end *e, uint64_t what, uint64_t detail)
{
    uint64_t words[] = {e->id, loop_now(), what, detail};
    sim_digest_add(words, sizeof words);
}

/* --- Arrivals -------------------------------------------------------------------------------- */

static struct arrival *first_arrival(const struct end *e)
{
    return list_empty(&e->arrivals) ? NULL : container_of(e->arrivals.next, struct arrival, link);
}

static struct arrival *last_arrival(const struct end *e)
{
    return list_empty(&e->arrivals) ? NULL : container_of(e->arrivals.prev, struct arrival, link);
}

/* Would the owner take input, or its end? Not before what was kept over a pause has been shown. */
static bool is_ready(const struct end *e)
{
    return !e->resumed && stream_input_wanted(&e->stream);
}

/* Let the first arrival happen in its time, if the owner would take it. */
static void expect(struct end *e)
{
    struct arrival *a = first_arrival(e);
    if (a == NULL || sim_event_waits(&e->arrival))
        return;
    if (a->kind == ARRIVAL_OPENED || is_ready(e))
        sim_event_set(&e->arrival, a->at > loop_now() ? a->at : loop_now());
}

static void send_to(struct end *e, enum arrival_kind kind, const void *bytes, size_t n)
{
    struct arrival *a = malloc(sizeof *a + n), *last = last_arrival(e);
    if (a == NULL)
        abort();
    a->at = sim_arrival_time();
    if (last && last->at > a->at)
        a->at = last->at;
    a->kind = kind;
    a->begin = 0;
    a->end = n;
    bytes_copy(a->bytes, bytes, n);
    e->unread += n;
    list_append(&e->arrivals, &a->link);
    expect(e);
}

static void drop_arrival(struct arrival *a)
{
    list_remove(&a->link);
    free(a);
}

static void drop_arrivals(struct end *e)
{
    for (struct arrival *a; (a = first_arrival(e)) != NULL;)
        drop_arrival(a);
    e->unread = 0;
    sim_event_cancel(&e->arrival);
}

/* Move all bytes that have arrived by now, up to an area of them, to the area. */
static size_t take_data(struct end *e)
{
    size_t n = 0;
    for (struct arrival *a; (a = first_arrival(e)) != NULL && a->kind == ARRIVAL_DATA &&
                            a->at <= loop_now() && n < STREAM_AREA;) {
        size_t part = a->end - a->begin;
        if (part > STREAM_AREA - n)
            part = STREAM_AREA - n;
        bytes_copy(stream_input_area() + n, a->bytes + a->begin, part);
        n += part;
        a->begin += part;
        if (a->begin == a->end)
            drop_arrival(a);
    }
    e->unread -= n;
    return n;
}

/* --- The end of an end ----------------------------------------------------------------------- */

static void end_free(void *user)
{
    struct end *e = user;
    stream_release(&e->stream);
    free(e);
}

void end_go(struct end *e, bool reset)
{
    if (e->gone)
        return;
    e->gone = true;
    if (e->peer) {
        if (reset || !e->sent_end)
            send_to(e->peer, ARRIVAL_RESET, NULL, 0);
        e->peer->peer = NULL;
        loop_defer(&e->peer->work);
        e->peer = NULL;
    }
    drop_arrivals(e);
    timer_cancel(&e->linger);
    list_remove(&e->link);
    loop_work_cancel(&e->work);
    loop_work_init(&e->work, end_free, e);
    loop_defer(&e->work);
}

void end_over(struct end *e, int error)
{
    if (e->gone)
        return;
    note(e, 'o', (uint64_t)(int64_t)error);
    stream_over(&e->stream, error);
    end_go(e, error != 0);
}

static void on_linger(void *user)
{
    end_go(user, false);
}

static void end_linger(struct end *e)
{
    if (e->gone || e->lingering)
        return;
    e->lingering = true;
    loop_timer_arm(&e->linger, loop_now() + LINGER);
    expect(e);
    loop_defer(&e->work);
}

static void fail(struct end *e)
{
    e->cut = true;
    e->peer = NULL;
    drop_arrivals(e);
    loop_defer(&e->work);
}

void end_cut(struct end *e)
{
    struct end *peer = e->peer;
    if (e->gone || (peer == NULL && !e->open))
        return;
    fail(e);
    if (peer)
        fail(peer);
}

/* --- Input ----------------------------------------------------------------------------------- */

/* Show the owner `n` new bytes, or what was kept; then do what it made necessary. */
static void show(struct end *e, size_t n)
{
    int error = stream_input(&e->stream, n);
    if (error)
        end_over(e, error);
    if (e->gone)
        return;
    if (stream_input_waits(&e->stream))
        loop_defer(&e->work);
    if (e->peer && e->peer->stream.out_bytes > 0) /* its window may have opened */
        loop_defer(&e->peer->work);
    expect(e);
}

static void data_arrived(struct end *e)
{
    size_t n = take_data(e);
    note(e, 'd', n);
    sim_digest_add(stream_input_area(), n);
    show(e, n);
    if (sim_random(1000000) < sim_faults()->cut_per_million)
        end_cut(e);
}

static void end_arrived(struct end *e)
{
    note(e, 'e', 0);
    e->got_end = true;
    if (e->stream.events->ended) {
        e->stream.events->ended(e->stream.user);
    } else {
        stream_over(&e->stream, 0);
        end_linger(e);
    }
    if (e->sent_end)
        end_over(e, 0);
}

static void opened(struct end *e)
{
    note(e, 'c', 0);
    e->open = true;
    if (e->stream.flushing || e->stream.finished)
        loop_defer(&e->work);
    if (e->stream.events->opened)
        e->stream.events->opened(e->stream.user);
}

static void on_arrival(void *user)
{
    struct end *e = user;
    struct arrival *a = first_arrival(e);
    enum arrival_kind kind = a->kind;
    if (kind != ARRIVAL_OPENED && !is_ready(e))
        return;
    if (kind == ARRIVAL_DATA) {
        data_arrived(e);
        return;
    }
    drop_arrival(a);
    if (kind == ARRIVAL_OPENED)
        opened(e);
    else if (kind == ARRIVAL_END)
        end_arrived(e);
    else
        end_over(e, -ECONNRESET);
    if (!e->gone)
        expect(e);
}

/* --- Output ---------------------------------------------------------------------------------- */

/* Copy the first `n` bytes that wait. */
static void copy_output(const struct end *e, uint8_t *to, size_t n)
{
    for (const struct stream_chunk *c = e->stream.out_first; n > 0; c = c->next) {
        size_t part = c->end - c->begin;
        if (part > n)
            part = n;
        bytes_copy(to, c->data + c->begin, part);
        to += part;
        n -= part;
    }
}

/* Send the peer what waits, as far as its window allows. Returns how much. */
static size_t transmit(struct end *e)
{
    uint8_t *bytes = stream_input_area();
    size_t window = sim_faults()->window ? sim_faults()->window : DEFAULT_WINDOW;
    size_t room = window > e->peer->unread ? window - e->peer->unread : 0;
    size_t n = e->stream.out_bytes < room ? e->stream.out_bytes : room;
    size_t cut = 0;
    if (n > STREAM_AREA)
        n = STREAM_AREA;
    if (n == 0)
        return 0;
    copy_output(e, bytes, n);
    if (n > 1 && sim_random(1000) < sim_faults()->split_per_1000)
        cut = 1 + sim_random(n - 1);
    if (cut > 0)
        send_to(e->peer, ARRIVAL_DATA, bytes, cut);
    send_to(e->peer, ARRIVAL_DATA, bytes + cut, n - cut);
    return n;
}

static void write_some(struct end *e)
{
    size_t n = 0;
    if (e->peer)
        n = transmit(e);
    else if (e->stream.out_bytes > 0)
        end_over(e, -ECONNRESET);
    if (e->gone)
        return;
    e->stream.flushing = false;
    stream_wrote(&e->stream, n);
}

/* All is written: half-close if that was asked for. */
static void half_close(struct end *e)
{
    if (!e->sent_end && e->peer)
        send_to(e->peer, ARRIVAL_END, NULL, 0);
    e->sent_end = true;
    if (e->got_end)
        end_over(e, 0);
}

/* All that was left to be done at the end of a turn. */
static void end_turn(void *user)
{
    struct end *e = user;
    bool again = e->resumed || stream_input_waits(&e->stream);
    e->resumed = false;
    if (e->cut)
        end_over(e, -ECONNRESET);
    if (!e->gone && again && !e->stream.paused)
        show(e, 0);
    if (!e->gone && e->open)
        write_some(e);
    if (!e->gone && e->open && e->stream.finished && e->stream.out_bytes == 0)
        half_close(e);
}

/* --- The owner's calls ----------------------------------------------------------------------- */

static void op_flush(struct stream *s)
{
    loop_defer(&end_of(s)->work);
}

static void op_pause(struct stream *s, bool paused)
{
    struct end *e = end_of(s);
    e->resumed = !paused;
    if (!paused)
        loop_defer(&e->work);
}

static void op_finish(struct stream *s)
{
    loop_defer(&end_of(s)->work);
}

static void op_close(struct stream *s, bool abort)
{
    struct end *e = end_of(s);
    if (abort || !e->open)
        end_go(e, true);
    else
        end_linger(e);
}

static const struct stream_ops end_ops = {
    .flush = op_flush, .pause = op_pause, .finish = op_finish, .close = op_close};

/* --- The beginning --------------------------------------------------------------------------- */

struct end *end_new(const struct stream_events *events, void *user)
{
    struct end *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    stream_init(&e->stream, &end_ops, events, user);
    e->id = sim_new_id();
    list_init(&e->arrivals);
    sim_event_init(&e->arrival, on_arrival, e);
    loop_work_init(&e->work, end_turn, e);
    timer_init(&e->linger, on_linger, e);
    list_append(&sim_ends, &e->link);
    return e;
}

void end_join(struct end *active, struct end *passive)
{
    active->peer = passive;
    passive->peer = active;
    passive->open = true;
    sim_event_init(&active->arrival, on_arrival, active);
    send_to(active, ARRIVAL_OPENED, NULL, 0);
}
