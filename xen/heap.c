/*
 * heap.c - memory by bytes: see heap.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/heap.h"
#include "runtime/list.h"
#include "xen/page.h"

#include <assert.h>

/* Sizes of pieces: multiples of HEAP_ALIGN, of which a page holds whole numbers with little left.
 */
static const uint16_t sizes[] = {16,  32,  48,  64,  80,  96,  128,  160,  192,
                                 256, 336, 400, 496, 672, 800, 1008, 1344, HEAP_SMALL};
#define N_SIZES (sizeof sizes / sizeof *sizes)

/* The header of a page of small pieces. */
struct slab {
    struct list link;   /* in partial[class], if a piece is free */
    struct piece *free; /* the pieces that are free */
    uint16_t class;     /* of sizes */
    uint16_t used;      /* pieces that are not */
};

struct piece {
    struct piece *next;
};

#define FIRST_PIECE 48
_Static_assert(sizeof(struct slab) <= FIRST_PIECE && FIRST_PIECE % HEAP_ALIGN == 0, "it fits");
_Static_assert(FIRST_PIECE + 2 * HEAP_SMALL <= PAGE_SIZE, "two of the largest fit");

static struct list partial[N_SIZES];
static struct heap_stats stats;

void heap_begin(void)
{
    for (size_t class = 0; class < N_SIZES; class ++)
        list_init(&partial[class]);
    stats = (struct heap_stats){0};
}

/* --- Small pieces ---------------------------------------------------------------------------- */

static size_t class_for(size_t n)
{
    size_t class = 0;
    while (sizes[class] < n)
        class ++;
    return class;
}

static struct slab *slab_new(size_t class)
{
    struct slab *s = page_alloc(1);
    size_t size = sizes[class];
    if (s == NULL)
        return NULL;
    s->free = NULL;
    s->class = (uint16_t) class;
    s->used = 0;
    for (size_t at = FIRST_PIECE; at + size <= PAGE_SIZE; at += size) {
        struct piece *p = (struct piece *)((uint8_t *)s + at);
        p->next = s->free;
        s->free = p;
    }
    list_append(&partial[class], &s->link);
    return s;
}

static void *small_alloc(size_t n)
{
    size_t class = class_for(n);
    struct slab *s = list_empty(&partial[class])
                         ? slab_new(class)
                         : container_of(partial[class].next, struct slab, link);
    struct piece *p;
    if (s == NULL)
        return NULL;
    p = s->free;
    s->free = p->next;
    s->used++;
    if (s->free == NULL)
        list_remove(&s->link);
    return p;
}

static struct slab *slab_of(const void *p)
{
    return (struct slab *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
}

static void small_free(void *p)
{
    struct slab *s = slab_of(p);
    struct piece *piece = p;
    assert(s->class < N_SIZES && s->used > 0);
    if (s->free == NULL)
        list_append(&partial[s->class], &s->link);
    piece->next = s->free;
    s->free = piece;
    if (--s->used > 0)
        return;
    list_remove(&s->link);
    page_free(s);
}

/* --- All pieces ------------------------------------------------------------------------------ */

static bool is_large(const void *p)
{
    return (uintptr_t)p % PAGE_SIZE == 0;
}

static void *count(void *p)
{
    if (p == NULL) {
        stats.refused++;
        return NULL;
    }
    stats.pieces++;
    stats.bytes += heap_size(p);
    return p;
}

static void *large_alloc(size_t n)
{
    return n <= SIZE_MAX - PAGE_SIZE ? page_alloc((n + PAGE_SIZE - 1) / PAGE_SIZE) : NULL;
}

void *heap_alloc(size_t n)
{
    return count(n <= HEAP_SMALL ? small_alloc(n) : large_alloc(n));
}

void *heap_alloc_aligned(size_t align, size_t n)
{
    assert(align <= PAGE_SIZE);
    return align <= HEAP_ALIGN ? heap_alloc(n) : count(large_alloc(n > 0 ? n : 1));
}

size_t heap_size(const void *p)
{
    return is_large(p) ? page_run(p) * PAGE_SIZE : sizes[slab_of(p)->class];
}

void heap_free(void *p)
{
    if (p == NULL)
        return;
    stats.pieces--;
    stats.bytes -= heap_size(p);
    if (is_large(p))
        page_free(p);
    else
        small_free(p);
}

const struct heap_stats *heap_stats(void)
{
    return &stats;
}
