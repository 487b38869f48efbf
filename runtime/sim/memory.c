/*
 * memory.c - large blocks of memory in tests: the heap's, so that the tools that watch the heap see
 * them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/memory.h"

#include <stdint.h>
#include <stdlib.h>

void *memory_new(size_t n)
{
    return aligned_alloc(64, n);
}

size_t memory_total(void)
{
    return SIZE_MAX;
}

void memory_free(void *block, size_t n)
{
    (void)n;
    free(block);
}
