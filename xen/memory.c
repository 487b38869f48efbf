/*
 * memory.c - large blocks of memory (runtime/memory.h): runs of pages. Large pages are used by a
 * PVH guest for all of its memory (pvh.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/memory.h"
#include "xen/heap.h"
#include "xen/page.h"

void *memory_new(size_t n)
{
    return heap_alloc_aligned(64, n);
}

size_t memory_total(void)
{
    return page_stats()->total * PAGE_SIZE;
}

void memory_free(void *block, size_t n)
{
    (void)n;
    heap_free(block);
}
