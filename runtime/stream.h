/*
 * stream.h - a byte stream: what TCP, a unix socket, a simulated pipe and Morgana's own TCP look
 * like.
 *
 * The owner of a stream gives it a table of callbacks; the platform that made it gives it a table
 * of operations. The owner never learns which platform that is.
 *
 * Output: ask for room with stream_reserve(), encode into it in place, say with stream_commit() how
 * much was used. What a turn committed leaves in one write when the turn's input is used up. Output
 * is bounded: past `out_limit` waiting bytes stream_reserve() says NULL, and `drained` is called
 * once less than half of it waits. Output lies in chunks from a pool shared by all streams; an idle
 * stream holds none.
 *
 * Input: `data` gets all bytes that have come and returns how many it has used; the rest (part of a
 * message) is kept and shown again, in front of what comes next. It must use at least one byte
 * whenever it is shown STREAM_INPUT_MAX of them. stream_pause() stops input, so that a peer who
 * will not read cannot make us work for it: the kernel's window then stops the peer.
 *
 * The end: whoever ends it, `closed` is called exactly once unless the owner closed the stream
 * itself, and never during a call of the owner's. stream_close() may be called in any callback; no
 * callback comes after it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_STREAM_H
#define MORGANA_RUNTIME_STREAM_H

#include "runtime/endpoint.h"
#include "runtime/list.h"
#include <stdint.h>

#define STREAM_INPUT_MAX   65536         /* the longest message that may be left partly unused */
#define STREAM_RESERVE_MAX 65536         /* the most that one stream_reserve() may ask */
#define STREAM_CHUNK       (2 * 65536)   /* size of an output chunk */
#define STREAM_OUT_LIMIT   (1024 * 1024) /* default of out_limit */

struct stream;

/* The owner's callbacks; `data` and `closed` must be there, the others may be NULL. */
struct stream_events {
    /* A stream that was being connected now is. */
    void (*opened)(void *user);
    /* Input. Returns how many bytes were used. */
    size_t (*data)(void *user, const uint8_t *bytes, size_t n);
    /* There is room for output again. */
    void (*drained)(void *user);
    /* The peer has sent its last byte (half-close). NULL: the stream is closed with error 0. */
    void (*ended)(void *user);
    /* It is over: 0 if the peer closed it in order, else a negative errno (-ECONNREFUSED,
     * -ECONNRESET, -ETIMEDOUT, ...). The stream is gone when this returns. */
    void (*closed)(void *user, int error);
};

/* The platform's operations. */
struct stream_ops {
    void (*flush)(struct stream *s);              /* output waits: write it soon */
    void (*pause)(struct stream *s, bool paused); /* stop or go on with input */
    void (*finish)(struct stream *s);             /* half-close once all output is written */
    void (*close)(struct stream *s, bool abort);  /* write what waits unless abort, then free */
};

/* A pool's chunk of output bytes. */
struct stream_chunk {
    struct stream_chunk *next;
    uint32_t begin, end; /* bytes that wait */
    uint8_t data[];      /* STREAM_CHUNK less this header */
};

struct stream {
    const struct stream_ops *ops;
    const struct stream_events *events;
    void *user;
    struct stream_chunk *out_first, *out_last; /* output that waits, oldest first */
    size_t out_bytes;                          /* how much */
    size_t out_limit;                          /* how much may; the owner may set it */
    bool out_refused;                          /* a reserve failed: `drained` is owed */
    bool flushing;                             /* ops->flush has been asked for */
    bool paused;
    uint64_t rx_bytes, tx_bytes;  /* delivered to the owner; written to the peer */
    char peer[ENDPOINT_NAME_MAX]; /* who is at the other end, for people: "tcp:10.0.0.1:4711" */
};

/* --- For owners ------------------------------------------------------------------------------ */

/* Room for `n` (at most STREAM_RESERVE_MAX) bytes of output in one piece. NULL if the stream has
 * reached its limit or memory has run out; `drained` then follows. */
uint8_t *stream_reserve(struct stream *s, size_t n);

/* The first `n` bytes of what was reserved last are to be sent. */
void stream_commit(struct stream *s, size_t n);

/* Send a copy of `n` bytes, all or nothing. 0, or -ENOBUFS. */
int stream_write(struct stream *s, const void *bytes, size_t n);

/* Stop input, or go on with it (what was kept is then shown at once in the next turn). */
void stream_pause(struct stream *s, bool paused);

/* No more output comes: half-close when all of it is written. */
void stream_finish(struct stream *s);

/* End it: what is committed is still written (within a time bound of the platform's), then it is
 * closed. The owner hears no more of it. */
void stream_close(struct stream *s);

/* End it now: what waits is lost. The peer of a TCP stream sees a reset. */
void stream_abort(struct stream *s);

/* Hand a stream to another owner. */
void stream_own(struct stream *s, const struct stream_events *events, void *user);

/* Two streams of one process, joined: what goes into one comes out of the other, in a later turn.
 * 0 or -ENOMEM. */
int stream_pair(struct stream *ends[2]);

/* --- For platforms --------------------------------------------------------------------------- */

/* Fill in a new stream's common part. */
void stream_init(struct stream *s, const struct stream_ops *ops, const struct stream_events *events,
                 void *user);

/* `n` bytes of output were written to the peer: give their chunks back, and call `drained` if it is
 * owed. */
void stream_wrote(struct stream *s, size_t n);

/* Drop all output and give its chunks back. */
void stream_drop_output(struct stream *s);

/* Give the pool's free chunks back to the heap: at the end of a program. */
void stream_pool_free(void);

#endif
