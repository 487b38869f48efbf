/*
 * stream_pool.c - the memory in which streams' bytes wait, shared by all of them.
 *
 * Chunks come in three sizes. A stream that says little holds a small one, so that a thousand slow
 * peers cost a few megabytes; one that says much gets large ones, so that a write has few pieces.
 * Chunks given back are kept, last in first out (their memory is still in the cache), up to a
 * bound; so the steady path makes no heap call. Called by stream.c and stream_input.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/stream.h"
#include <stdlib.h>

/* The chunks of one size, header included. */
struct shelf {
    const size_t size;
    const unsigned most; /* free chunks that are kept */
    unsigned n;
    struct stream_chunk *free;
};

static struct shelf shelves[] = {
    {.size = 4096, .most = 256},
    {.size = 8 * 4096, .most = 32},
    {.size = 32 * 4096, .most = 16},
};

#define N_SHELVES (sizeof shelves / sizeof shelves[0])

_Static_assert(STREAM_RESERVE_MAX + sizeof(struct stream_chunk) <= 32 * 4096, "fits the largest");

/* The smallest shelf whose chunks hold `n` bytes, or NULL. */
static struct shelf *shelf_for(size_t n)
{
    for (size_t i = 0; i < N_SHELVES; i++)
        if (n <= shelves[i].size - sizeof(struct stream_chunk))
            return &shelves[i];
    return NULL;
}

static struct stream_chunk *shelf_take(struct shelf *shelf)
{
    struct stream_chunk *c = shelf->free;
    if (c == NULL)
        return malloc(shelf->size);
    shelf->free = c->next;
    shelf->n--;
    return c;
}

struct stream_chunk *stream_chunk_new(size_t n)
{
    struct shelf *shelf = shelf_for(n);
    size_t size = shelf ? shelf->size : sizeof(struct stream_chunk) + n;
    struct stream_chunk *c = shelf ? shelf_take(shelf) : malloc(size);
    if (c == NULL)
        return NULL;
    c->next = NULL;
    c->begin = c->end = 0;
    c->cap = (uint32_t)(size - sizeof *c);
    return c;
}

void stream_chunk_free(struct stream_chunk *c)
{
    struct shelf *shelf = shelf_for(c->cap);
    if (shelf == NULL || shelf->n == shelf->most) {
        free(c);
        return;
    }
    c->next = shelf->free;
    shelf->free = c;
    shelf->n++;
}

void stream_pool_free(void)
{
    for (size_t i = 0; i < N_SHELVES; i++)
        while (shelves[i].n > 0)
            free(shelf_take(&shelves[i]));
}
