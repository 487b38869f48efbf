/*
 * page.h - the domain's memory, by runs of pages.
 *
 * The idea: a buddy system (Knuth, The Art of Computer Programming 1, section 2.5), in which free
 * blocks of 2^k pages lie at multiples of 2^k and two that are neighbours in that sense become one.
 * A run of any length is cut from the smallest block that holds it and what is left over goes back
 * at once, so that nothing is wasted by rounding up; only when there is no such block are
 * neighbours searched for that hold it together. A table has a word for each page: it tells where
 * runs begin, how long they are, and which blocks are free.
 *
 * Called by heap.c and by the drivers, which grant whole pages. Both operations are O(log n), but
 * for that search.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_PAGE_H
#define MORGANA_XEN_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096

struct page_stats {
    uint64_t total;     /* pages that were added */
    uint64_t used, top; /* in runs now; the most at any time */
    uint64_t limit;     /* how many may be used: all, unless set */
    uint64_t refused;   /* page_alloc() that said NULL */
};

/* Begin without a page. `table` has room for `n` words (4 bytes each); page i will lie at
 * base + i * PAGE_SIZE, `base` being a multiple of PAGE_SIZE. */
void page_begin(void *base, size_t n, uint32_t *table);

/* Add the pages that lie wholly in from..to, which are nobody's. */
void page_add(void *from, void *to);

/* A run of `n` pages side by side, not initialised. NULL if there is none. */
void *page_alloc(size_t n);

/* Give a run back. NULL is allowed. */
void page_free(void *run);

/* Make each page of a run a run of its own. */
void page_split(void *run);

/* Does a run begin at `p`? How many pages it has; 0: none begins there. */
size_t page_run(const void *p);

/* Let at most `pages` be used at a time. */
void page_set_limit(size_t pages);

const struct page_stats *page_stats(void);

#endif
