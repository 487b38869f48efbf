/*
 * memory.h - large blocks of memory: for tables of which a program has few and looks into often.
 *
 * The difference to the heap: a block is aligned to a cache line at least, what nobody has touched
 * need cost nothing, and the platform may lay it out in large pages, so that the processor finds
 * its way in it without a walk through page tables at each access. Chosen when a program is linked:
 * maps of their own on UNIX, the heap elsewhere.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_MEMORY_H
#define MORGANA_RUNTIME_MEMORY_H

#include <stddef.h>

/* `n` bytes, a multiple of 64, aligned to 64, of any content, which cost pages only
 * where they are touched. NULL if there is no memory. */
void *memory_new(size_t n);

/* Bytes of memory that the program has to itself, for limits that shall fit in; SIZE_MAX: it shares
 * the machine's. */
size_t memory_total(void);

/* Give back what memory_new(n) gave. NULL is allowed. */
void memory_free(void *block, size_t n);

#endif
