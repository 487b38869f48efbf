/*
 * page.c - the domain's memory, by runs of pages: see page.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/page.h"
#include "runtime/list.h"

#include <assert.h>

#define ORDERS 32

/* A word of the table: what begins at this page. */
enum { FREE = 1u << 31, USED = 1u << 30, VALUE = USED - 1 };

static struct {
    uint8_t *base;
    size_t n;
    uint32_t *table;          /* FREE | order, USED | length of the run, or 0: nothing begins */
    struct list free[ORDERS]; /* blocks of 2^order pages, each linked through its first bytes */
    uint32_t orders;          /* bit k: free[k] is not empty */
    struct page_stats stats;
} pages;

static void *at(size_t i)
{
    return pages.base + i * PAGE_SIZE;
}

static size_t index_of(const void *p)
{
    return (size_t)((const uint8_t *)p - pages.base) / PAGE_SIZE;
}

/* --- Blocks ---------------------------------------------------------------------------------- */

static void insert(size_t i, unsigned order)
{
    list_append(&pages.free[order], at(i));
    pages.orders |= 1u << order;
    pages.table[i] = FREE | order;
}

static void take(size_t i, unsigned order)
{
    list_remove(at(i));
    if (list_empty(&pages.free[order]))
        pages.orders &= ~(1u << order);
    pages.table[i] = 0;
}

static bool is_free(size_t i, unsigned order)
{
    return i + ((size_t)1 << order) <= pages.n && pages.table[i] == (FREE | order);
}

/* Free a block; while its buddy is free too they become one. */
static void free_block(size_t i, unsigned order)
{
    for (size_t buddy; buddy = i ^ ((size_t)1 << order), is_free(buddy, order); order++) {
        take(buddy, order);
        i = i < buddy ? i : buddy;
    }
    insert(i, order);
}

/* Free the pages from..to as the largest blocks that lie there. */
static void free_pages(size_t from, size_t to)
{
    while (from < to) {
        unsigned order = from ? (unsigned)__builtin_ctzl(from) : ORDERS - 1;
        while (from + ((size_t)1 << order) > to)
            order--;
        free_block(from, order);
        from += (size_t)1 << order;
    }
}

/* The smallest order whose blocks hold `n` pages. */
static unsigned order_for(size_t n)
{
    return n > 1 ? 64 - (unsigned)__builtin_clzl(n - 1) : 0;
}

/* --- Runs ------------------------------------------------------------------------------------ */

void page_begin(void *base, size_t n, uint32_t *table)
{
    pages.base = base;
    pages.n = n;
    pages.table = table;
    pages.orders = 0;
    pages.stats = (struct page_stats){.limit = n};
    for (size_t i = 0; i < n; i++)
        table[i] = 0;
    for (unsigned order = 0; order < ORDERS; order++)
        list_init(&pages.free[order]);
}

void page_add(void *from, void *to)
{
    size_t first = index_of((uint8_t *)from + PAGE_SIZE - 1), end = index_of(to);
    assert(end <= pages.n);
    if (first >= end)
        return;
    free_pages(first, end);
    pages.stats.total += end - first;
}

static void *refuse(void)
{
    pages.stats.refused++;
    return NULL;
}

/* Take the smallest block that holds `n` pages and give back the rest. False: there is none. */
static bool cut_block(size_t n, size_t *at_page)
{
    unsigned order = order_for(n);
    uint32_t able = pages.orders & ~((1u << order) - 1);
    size_t i;
    if (able == 0)
        return false;
    order = (unsigned)__builtin_ctz(able);
    i = index_of(pages.free[order].next);
    take(i, order);
    free_pages(i + n, i + ((size_t)1 << order));
    *at_page = i;
    return true;
}

/* How many pages what begins at page `i` has. */
static size_t length_at(size_t i)
{
    uint32_t word = pages.table[i];
    if (word & FREE)
        return (size_t)1 << (word & VALUE);
    return word & USED ? word & VALUE : 1;
}

/* Take the free blocks from `first` to `end`, which are side by side, and give back the rest. */
static void join_blocks(size_t first, size_t end, size_t n)
{
    for (size_t i = first, length; i < end; i += length) {
        length = length_at(i);
        take(i, pages.table[i] & VALUE);
    }
    free_pages(first + n, end);
}

/* The first free blocks side by side that hold `n` pages together. */
static bool find_blocks(size_t n, size_t *at_page)
{
    size_t first = 0, i = 0;
    while (i < pages.n) {
        bool is_free_block = pages.table[i] & FREE;
        i += length_at(i);
        if (!is_free_block)
            first = i;
        if (i - first >= n) {
            join_blocks(first, i, n);
            *at_page = first;
            return true;
        }
    }
    return false;
}

void *page_alloc(size_t n)
{
    struct page_stats *s = &pages.stats;
    size_t i;
    if (n == 0 || n > VALUE || s->used + n > s->limit)
        return refuse();
    if (!cut_block(n, &i) && (s->used + n > s->total || !find_blocks(n, &i)))
        return refuse();
    pages.table[i] = USED | (uint32_t)n;
    s->used += n;
    s->top = s->top > s->used ? s->top : s->used;
    return at(i);
}

void page_free(void *run)
{
    size_t n, i;
    if (run == NULL)
        return;
    n = page_run(run);
    i = index_of(run);
    assert(n > 0);
    pages.table[i] = 0;
    pages.stats.used -= n;
    free_pages(i, i + n);
}

void page_split(void *run)
{
    size_t n = page_run(run), i = index_of(run);
    assert(n > 0);
    while (n-- > 0)
        pages.table[i++] = USED | 1;
}

size_t page_run(const void *p)
{
    size_t i = index_of(p);
    if ((const uint8_t *)p < pages.base || i >= pages.n || at(i) != p || !(pages.table[i] & USED))
        return 0;
    return pages.table[i] & VALUE;
}

void page_set_limit(size_t limit)
{
    pages.stats.limit = limit;
}

const struct page_stats *page_stats(void)
{
    return &pages.stats;
}
