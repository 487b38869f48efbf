/*
 * ends.h - for tests of streams: two ends of a connection of any kind, which note what they hear.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_ENDS_H
#define MORGANA_TEST_UNIT_ENDS_H

#include "runtime/loop.h"
#include "runtime/net.h"
#include "test/unit/unit.h"
#include <stdio.h>
#include <string.h>

/* Turn until `condition` holds; it has a minute. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        uint64_t limit_ = loop_now() + 60 * NS_PER_S;                                              \
        while (!(condition) && loop_now() < limit_)                                                \
            turn();                                                                                \
        ck_assert_msg(condition, "never came: %s", #condition);                                    \
    } while (0)

/* The kinds of connections that a program can try: one platform has these, another those. */
#if defined ENDS_SIM
#include "test/unit/ends_sim.h"
#elif defined ENDS_STACK
#include "test/unit/ends_stack.h"
#else
#include "test/unit/ends_unix.h"
#endif

/* One end: what it has heard, and how it answers. */
struct end {
    struct stream *s;
    uint8_t *got;
    size_t n, room;         /* bytes in `got` */
    size_t shown;           /* bytes last shown */
    size_t record;          /* use whole records of this size only; 0: any number */
    unsigned data, drained; /* calls */
    unsigned opened, ended, closed;
    int error;
    void (*on_data)(struct end *e); /* what else is done in the callbacks */
    void (*on_opened)(struct end *e);
    void (*on_drained)(struct end *e);
    void (*on_ended)(struct end *e);
    void (*on_closed)(struct end *e);
};

/* True while the test calls a stream: no callback may come then. */
static bool in_call;
#define CALL(what)                                                                                 \
    do {                                                                                           \
        in_call = true;                                                                            \
        what;                                                                                      \
        in_call = false;                                                                           \
    } while (0)

static inline void heard(struct end *e, unsigned *what, void (*then)(struct end *e))
{
    if (in_call)
        ck_abort_msg("a callback within the owner's call");
    if (e->s == NULL)
        ck_abort_msg("a callback after the end");
    ++*what;
    if (then)
        then(e);
}

static inline void end_opened(void *user)
{
    struct end *e = user;
    heard(e, &e->opened, e->on_opened);
}

static inline void end_take(struct end *e, const uint8_t *bytes, size_t n)
{
    if (e->n + n > e->room) {
        e->room = 2 * (e->n + n);
        e->got = realloc(e->got, e->room);
    }
    if (n > 0)
        memcpy(e->got + e->n, bytes, n);
    e->n += n;
}

static inline size_t end_data(void *user, const uint8_t *bytes, size_t n)
{
    struct end *e = user;
    size_t used = e->record ? n - n % e->record : n;
    if (n == 0)
        ck_abort_msg("shown nothing");
    e->shown = n;
    end_take(e, bytes, used);
    heard(e, &e->data, e->on_data);
    return used;
}

static inline void end_drained(void *user)
{
    struct end *e = user;
    heard(e, &e->drained, e->on_drained);
}

static inline void end_ended(void *user)
{
    struct end *e = user;
    heard(e, &e->ended, e->on_ended);
}

static inline void end_closed(void *user, int error)
{
    struct end *e = user;
    e->error = error;
    heard(e, &e->closed, e->on_closed);
    e->s = NULL;
}

/* With half-close, and without. */
static const struct stream_events end_events = {.opened = end_opened,
                                                .data = end_data,
                                                .drained = end_drained,
                                                .ended = end_ended,
                                                .closed = end_closed};
static const struct stream_events whole_events = {
    .opened = end_opened, .data = end_data, .drained = end_drained, .closed = end_closed};

static inline void end_close(struct end *e)
{
    struct stream *s = e->s;
    e->s = NULL;
    if (s)
        CALL(stream_close(s));
}

static inline void end_abort(struct end *e)
{
    struct stream *s = e->s;
    e->s = NULL;
    if (s)
        CALL(stream_abort(s));
}

static inline struct endpoint endpoint(const char *name)
{
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, name, 0), 0);
    return ep;
}

/* "ptcp:1:h" as who connects writes it. */
static inline struct endpoint active(const char *name)
{
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, name, 0), 0);
    ep.passive = false;
    if (ep.kind == ENDPOINT_TCP && ep.host[0] == '\0')
        strcpy(ep.host, "127.0.0.1");
    return ep;
}

static inline void accept_end(void *user, struct stream *s)
{
    struct end *e = user;
    ck_assert_msg(!in_call, "a callback within the owner's call");
    e->s = s;
    stream_own(s, &end_events, e);
}

static inline void open_sockets(int kind, struct end *a, struct end *b)
{
    struct endpoint at = endpoint(listen_name(kind)), to;
    struct listener *l;
    ck_assert_int_eq(net_listen(net_of(kind, false), &at, accept_end, b, &l), 0);
    to = active(net_listener_name(l));
    CALL(ck_assert_int_eq(net_connect(net_of(kind, true), &to, &end_events, a, &a->s), 0));
    UNTIL(b->s && a->opened);
    net_listener_close(l);
}

/* Join `a` and `b`, all of whose callbacks are there. */
static inline void open_ends(int kind, struct end *a, struct end *b)
{
    struct stream *ends[2];
    *a = *b = (struct end){0};
    ends_begin(kind);
    if (kind != PAIR) {
        open_sockets(kind, a, b);
        return;
    }
    ck_assert_int_eq(stream_pair(ends), 0);
    a->s = ends[0];
    b->s = ends[1];
    stream_own(a->s, &end_events, a);
    stream_own(b->s, &end_events, b);
}

/* Close what is open; nothing may leak. */
static inline void close_ends(struct end *a, struct end *b)
{
    end_close(a);
    end_close(b);
    settle();
    ends_end();
    free(a->got);
    free(b->got);
}

/* Byte number `i` of everything that the tests send. */
static inline uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

/* Send bytes `*at`.. up to `until`, as many as are taken, in pieces of up to `piece`. */
static inline void send_pattern(struct stream *s, size_t *at, size_t until, size_t piece)
{
    while (*at < until) {
        size_t n = until - *at < piece ? until - *at : piece;
        uint8_t *to = stream_reserve(s, n);
        if (to == NULL)
            return;
        for (size_t i = 0; i < n; i++)
            to[i] = pattern(*at + i);
        CALL(stream_commit(s, n));
        *at += n;
    }
}

static inline void check_pattern(const struct end *e, size_t n)
{
    size_t right = 0;
    while (right < e->n && e->got[right] == pattern(right))
        right++;
    ck_assert_uint_eq(e->n, n);
    ck_assert_uint_eq(right, n);
}

#endif
