/*
 * memory.c - large blocks of memory on UNIX: maps of their own; those that are not so large, from
 * the heap.
 *
 * The kernel gives a map its pages when they are touched. It is asked to give them two megabytes at
 * a time (transparent huge pages, where it has them): that needs the map to begin where such a page
 * can.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define MAP_FROM  (8 * HUGE_PAGE) /* the last page, touched in part, is then a small part */

/* A map that begins where a huge page can: a longer one of which both ends are given back. */
static void *map(size_t n)
{
    uint8_t *p =
        mmap(NULL, n + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before = -(uintptr_t)p % HUGE_PAGE, after = HUGE_PAGE - before;
    if (p == MAP_FAILED)
        return NULL;
    if (before > 0)
        munmap(p, before);
    munmap(p + before + n, after);
#ifdef MADV_HUGEPAGE
    madvise(p + before, n, MADV_HUGEPAGE); /* refused: it is as it would be without */
#endif
    return p + before;
}

/* The same, whether it is to be made or to be freed. */
static bool has_own_map(size_t n)
{
    return n >= MAP_FROM;
}

void *memory_new(size_t n)
{
    return has_own_map(n) ? map(n) : aligned_alloc(64, n);
}

size_t memory_total(void)
{
    return SIZE_MAX;
}

void memory_free(void *block, size_t n)
{
    if (block != NULL && has_own_map(n))
        munmap(block, n);
    else
        free(block);
}
