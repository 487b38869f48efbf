/*
 * stream.h - a byte stream: what TCP, a unix socket, a simulated pipe and Morgana's own TCP look
 * like.
 *
 * The owner of a stream gives it a table of callbacks; the platform that made it gives it a table
 * of operations. The owner never learns which platform that is.
 *
 * Output: ask for room with stream_reserve(), encode into it in place, say with stream_commit() how
 * much was used. What a turn committed leaves in one write when the turn's input is used up. Output
 * is bounded: once `out_limit` bytes wait stream_reserve() says NULL, and `drained` is called when
 * no more than half of it waits. Output lies in chunks from a pool shared by all streams; an idle
 * stream holds none.
 *
 * Input: `data` gets all bytes that have come and returns how many it has used; the rest (part of a
 * message) is kept and shown again, in front of what comes next. It must use at least one byte
 * whenever it is shown STREAM_INPUT_MAX of them, unless it pauses the stream. stream_pause() stops
 * input, so that a peer who will not read cannot make us work for it: the kernel's window then
 * stops the peer.
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
#define STREAM_AREA        (4 * 65536)   /* the most new bytes that `data` is shown at once */
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

/* Bytes that wait, in memory of the pool's. */
struct stream_chunk {
    struct stream_chunk *next;
    uint32_t begin, end; /* the bytes that wait: data[begin..end) */
    uint32_t cap;        /* size of data */
    uint8_t data[];
};

struct stream {
    const struct stream_ops *ops;
    const struct stream_events *events;
    void *user;
    struct stream_chunk *out_first, *out_last; /* output that waits, oldest first */
    size_t out_bytes;                          /* how much */
    size_t out_limit;                          /* how much may; the owner may set it */
    bool out_refused;                          /* a reserve failed: `drained` is owed */
    bool flushing;                             /* ops->flush was called; the platform clears it */
    bool finished;                             /* stream_finish() was called */
    bool paused;
    bool over;                    /* closed: nobody listens any more */
    struct stream_chunk *kept;    /* input that the owner has not used, or NULL */
    uint64_t rx_bytes, tx_bytes;  /* delivered to the owner; written to the peer */
    char peer[ENDPOINT_NAME_MAX]; /* who is at the other end, for people: "tcp:10.0.0.1:4711" */
};

/* --- For owners ------------------------------------------------------------------------------ */

/* Room for `n` (at most STREAM_RESERVE_MAX) bytes of output in one piece. NULL if the stream has
 * reached its limit or memory has run out; `drained` then follows. */
uint8_t *stream_reserve(struct stream *s, size_t n);

/* The first `n` bytes of what was reserved last are to be sent; 0 gives all of it back. */
void stream_commit(struct stream *s, size_t n);

/* Send a copy of `n` (at most STREAM_RESERVE_MAX) bytes, all or nothing. 0, or -ENOBUFS. */
int stream_write(struct stream *s, const void *bytes, size_t n);

/* Stop input, or go on with it (what was kept is then shown without waiting for more). The peer's
 * end lies behind its input: who pauses hears of it when going on, or when a write fails. */
void stream_pause(struct stream *s, bool paused);

/* No more output comes: half-close when all of it is written. Nothing may be reserved after it. */
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

/* A platform frees a stream, ended by whomever, in deferred work only: so that it may go on using
 * it after any callback, and any callback may end any stream. */

/* Fill in a new stream's common part. `events` NULL: nobody owns it yet. */
void stream_init(struct stream *s, const struct stream_ops *ops, const struct stream_events *events,
                 void *user);

/* `n` bytes of output (0 too) were written to the peer: give their chunks back, and call `drained`
 * if it is owed. To be called whenever the platform has tried to write. */
void stream_wrote(struct stream *s, size_t n);

/* Drop all output and give its chunks back. */
void stream_drop_output(struct stream *s);

/* Where up to STREAM_AREA new bytes are put before stream_input(). All streams share it. */
uint8_t *stream_input_area(void);

/* `n` new bytes lie in the area: show them to the owner, behind what was kept; keep what it leaves.
 * 0 new bytes: show what was kept again. 0, or -ENOMEM: the rest is lost and so is the stream. */
int stream_input(struct stream *s, size_t n);

/* Does the owner take new bytes? Not while it pauses or has left a whole STREAM_INPUT_MAX. */
bool stream_input_wanted(const struct stream *s);

/* Is there something kept that has to be shown again without new bytes? */
bool stream_input_waits(const struct stream *s);

/* Call `closed`, the last callback. The platform then frees the stream. */
void stream_over(struct stream *s, int error);

/* Give back all memory of a stream's common part: before the stream itself is freed. */
void stream_release(struct stream *s);

/* A chunk with room for at least `n` bytes, and back. NULL if there is no memory. */
struct stream_chunk *stream_chunk_new(size_t n);
void stream_chunk_free(struct stream_chunk *c);

/* Abort what is left of every pair, in loop_close(); deferred work then frees it. */
void stream_pair_abort_all(void);

/* Give the pool's free chunks back to the heap: at the end of loop_close(). */
void stream_pool_free(void);

#endif
