/*
 * heap.h - memory by bytes: what malloc() and its kin stand on (libc.c).
 *
 * The idea: pieces of up to HEAP_SMALL bytes come from pages that are cut into pieces of one size,
 * the header of such a page lying at its beginning; larger ones are runs of pages (page.h). A small
 * piece therefore never begins where a page does, and a large one always: the address alone tells
 * where a piece came from, and no piece has a header of its own.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_HEAP_H
#define MORGANA_XEN_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define HEAP_ALIGN 16
#define HEAP_SMALL 2016

struct heap_stats {
    uint64_t pieces; /* that are in use */
    uint64_t bytes;  /* of them, as they were rounded up */
    uint64_t refused;
};

/* Begin with nothing allocated, after page_begin(). */
void heap_begin(void);

/* `n` bytes (0: as if 1), not initialised, aligned for anything. NULL: there are not so many. */
void *heap_alloc(size_t n);

/* The same at a multiple of `align`, a power of two up to a page. */
void *heap_alloc_aligned(size_t align, size_t n);

/* How many bytes lie at `p`, which heap_alloc() gave: at least as many as were asked for. */
size_t heap_size(const void *p);

/* Give back; NULL is allowed. */
void heap_free(void *p);

const struct heap_stats *heap_stats(void);

#endif
