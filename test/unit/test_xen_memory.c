/*
 * test_xen_memory.c - pages and heap of a domain against a model that remembers every piece.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "xen/heap.h"
#include "xen/page.h"

#include <string.h>

#define PAGES 1000
#define HOLE  137 /* a page that is never ours, and a second one at the end */

static uint8_t *base;
static uint32_t table[PAGES];

static void begin(void)
{
    if (base == NULL)
        base = aligned_alloc(PAGE_SIZE, (size_t)PAGES * PAGE_SIZE);
    page_begin(base, PAGES, table);
    page_add(base, base + (size_t)HOLE * PAGE_SIZE);
    page_add(base + (size_t)HOLE * PAGE_SIZE + 1, base + (size_t)(PAGES - 1) * PAGE_SIZE + 5);
    heap_begin();
}

/* All that was added, less the page that holds the hole's next byte. */
#define OURS (PAGES - 2)

START_TEST(only_whole_pages_are_added)
{
    begin();
    ck_assert_uint_eq(page_stats()->total, OURS);
    for (size_t i = 0; i < OURS; i++) {
        uint8_t *p = page_alloc(1);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % PAGE_SIZE, 0);
        ck_assert_ptr_ne(p, base + (size_t)HOLE * PAGE_SIZE);
        memset(p, 0xa5, PAGE_SIZE);
    }
    ck_assert_ptr_null(page_alloc(1));
    ck_assert_uint_eq(page_stats()->refused, 1);
    ck_assert_uint_eq(page_stats()->top, OURS);
}
END_TEST

START_TEST(a_run_wastes_nothing_and_comes_back_whole)
{
    void *run;
    begin();
    ck_assert_ptr_null(page_alloc(0));
    ck_assert_ptr_null(page_alloc(PAGES));
    ck_assert_ptr_null(page_alloc(OURS)); /* the hole is in between */
    run = page_alloc(301);                /* in no block that is there, but in two side by side */
    ck_assert_uint_eq(page_run(run), 301);
    ck_assert_uint_eq(page_run((uint8_t *)run + PAGE_SIZE), 0);
    ck_assert_uint_eq(page_run((uint8_t *)run + 1), 0);
    ck_assert_uint_eq(page_stats()->used, 301);
    page_free(run);
    page_free(NULL);
    ck_assert_ptr_nonnull(page_alloc(PAGES - 2 - HOLE));
    ck_assert_ptr_nonnull(page_alloc(HOLE));
    ck_assert_ptr_null(page_alloc(1));
}
END_TEST

START_TEST(a_limit_holds)
{
    void *run;
    begin();
    page_set_limit(10);
    ck_assert_ptr_null(page_alloc(11));
    run = page_alloc(10);
    ck_assert_ptr_null(page_alloc(1));
    page_free(run);
    ck_assert_ptr_nonnull(page_alloc(1));
}
END_TEST

/* --- Random pieces, each filled with its own byte --------------------------------------------- */

#define PIECES 400

struct piece {
    uint8_t *p;
    size_t n;
    uint8_t fill;
};

static void check_and_free(struct piece *piece)
{
    for (size_t i = 0; i < piece->n; i++)
        ck_assert_uint_eq(piece->p[i], piece->fill);
    heap_free(piece->p);
    piece->p = NULL;
}

static void fill(struct piece *piece, uint64_t *random)
{
    size_t most = random_below(random, 8) ? 3000 : 60000;
    size_t align = random_below(random, 10) ? 1 : 1u << random_below(random, 13);
    piece->n = random_below(random, most);
    piece->fill = (uint8_t)random_below(random, 256);
    piece->p = heap_alloc_aligned(align, piece->n);
    if (piece->p == NULL)
        return;
    ck_assert_uint_eq((uintptr_t)piece->p % (align > HEAP_ALIGN ? align : HEAP_ALIGN), 0);
    ck_assert_uint_ge(heap_size(piece->p), piece->n);
    memset(piece->p, piece->fill, piece->n);
}

START_TEST(pieces_keep_their_bytes_and_all_comes_back)
{
    static struct piece pieces[PIECES];
    uint64_t random = 7;
    begin();
    page_set_limit(200);
    for (int i = 0; i < 40000; i++) {
        struct piece *piece = &pieces[random_below(&random, PIECES)];
        if (piece->p)
            check_and_free(piece);
        else
            fill(piece, &random);
    }
    ck_assert_uint_gt(heap_stats()->refused, 0); /* it was tight */
    for (int i = 0; i < PIECES; i++)
        if (pieces[i].p)
            check_and_free(&pieces[i]);
    heap_free(NULL);
    ck_assert_uint_eq(heap_stats()->pieces, 0);
    ck_assert_uint_eq(heap_stats()->bytes, 0);
    ck_assert_uint_eq(page_stats()->used, 0);
    page_set_limit(PAGES);
    ck_assert_ptr_nonnull(page_alloc(PAGES - 2 - HOLE));
}
END_TEST

START_TEST(an_impossible_size_is_refused)
{
    begin();
    ck_assert_ptr_null(heap_alloc(SIZE_MAX));
    ck_assert_ptr_null(heap_alloc(SIZE_MAX - PAGE_SIZE));
    ck_assert_ptr_null(heap_alloc((size_t)PAGES * PAGE_SIZE));
    ck_assert_uint_eq(heap_stats()->refused, 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        only_whole_pages_are_added,
        a_run_wastes_nothing_and_comes_back_whole,
        a_limit_holds,
        pieces_keep_their_bytes_and_all_comes_back,
        an_impossible_size_is_refused,
        NULL,
    };
    return unit_main(unit_suite("xen_memory", tests));
}
