/*
 * buf.h - a bounded area that messages are encoded into.
 *
 * The area belongs to somebody else (a stream's output chunk, an array on a stack); a buf says
 * how much of it is used. Encoders ask for room with buf_put() and write in place. Needs no libc.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_BUF_H
#define MORGANA_RUNTIME_BUF_H

#include "runtime/bytes.h"

/* An area that is filled from its beginning. */
struct buf {
    uint8_t *data; /* the area, not owned */
    size_t len;    /* bytes used */
    size_t cap;    /* bytes in all */
};

/* An empty one of `cap` bytes at `data`, which stays the caller's. */
static inline struct buf buf_of(void *data, size_t cap)
{
    return (struct buf){.data = data, .len = 0, .cap = cap};
}

/* The next `n` bytes, not initialised, now counted as used. NULL, and `b` untouched, if there is
 * no room for them. */
static inline void *buf_put(struct buf *b, size_t n)
{
    uint8_t *p = b->data + b->len;
    if (b->cap - b->len < n)
        return NULL;
    b->len += n;
    return p;
}

/* Append a copy of `n` bytes. False, and `b` untouched, if there is no room. */
static inline bool buf_append(struct buf *b, const void *from, size_t n)
{
    void *p = buf_put(b, n);
    if (p == NULL)
        return false;
    bytes_copy(p, from, n);
    return true;
}

#endif
