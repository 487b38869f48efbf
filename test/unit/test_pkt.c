/*
 * test_pkt.c - packet buffers: room, references, copies, exhaustion.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/pkt.h"
#include "test/unit/unit.h"
#include <string.h>

static struct pkt_pool_stats stats_of(const struct pkt_pool *pool)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(pool, &stats);
    return stats;
}

START_TEST(a_new_packet_is_empty_in_a_buffer_of_its_own)
{
    static const uint32_t sizes[] = {PKT_SMALL, PKT_PAGE, PKT_LARGE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pkt_pool *pool = pkt_pool_new(3, sizes[i], NULL);
        struct pkt *a = pkt_new(pool), *b = pkt_new(pool);
        ck_assert_uint_eq(a->len, 0);
        ck_assert_uint_eq(a->offload, 0);
        ck_assert_uint_eq((uintptr_t)a->buf % (sizes[i] < PKT_PAGE ? sizes[i] : PKT_PAGE), 0);
        ck_assert_ptr_eq(a->data, a->buf + PKT_HEADROOM);
        ck_assert_uint_eq(pkt_room(a), sizes[i] - PKT_HEADROOM);
        ck_assert(a->buf + sizes[i] <= b->buf || b->buf + sizes[i] <= a->buf);
        pkt_unref(a);
        pkt_unref(b);
        pkt_unref(NULL);
        pkt_pool_free(pool);
    }
}
END_TEST

#define WHOLE (PKT_PAGE - PKT_HEADROOM)

START_TEST(room_in_front_and_behind_is_exactly_the_buffer)
{
    struct pkt_pool *pool = pkt_pool_new(1, PKT_PAGE, NULL);
    struct pkt *p = pkt_new(pool);
    ck_assert_ptr_null(pkt_append(p, WHOLE + 1));
    ck_assert_ptr_eq(pkt_append(p, WHOLE), p->buf + PKT_HEADROOM);
    ck_assert_ptr_null(pkt_append(p, 1));
    ck_assert_ptr_null(pkt_push(p, PKT_HEADROOM + 1));
    ck_assert_ptr_eq(pkt_push(p, PKT_HEADROOM), p->buf);
    ck_assert_uint_eq(p->len, PKT_PAGE);
    memset(p->data, 1, p->len);
    ck_assert(!pkt_pull(p, PKT_PAGE + 1));
    ck_assert(!pkt_trim(p, PKT_PAGE + 1));
    ck_assert(pkt_pull(p, 14) && pkt_trim(p, 100));
    ck_assert_uint_eq(p->len, PKT_PAGE - 114);
    ck_assert_ptr_eq(p->data, p->buf + 14);
    pkt_unref(p);
    pkt_pool_free(pool);
}
END_TEST

START_TEST(an_empty_pool_says_no_and_counts_it)
{
    struct pkt_pool *pool = pkt_pool_new(2, PKT_PAGE, NULL);
    struct pkt *a = pkt_new(pool), *b = pkt_new(pool);
    ck_assert_ptr_null(pkt_new(pool));
    ck_assert_uint_eq(stats_of(pool).refused, 1);
    ck_assert_uint_eq(stats_of(pool).free, 0);
    pkt_unref(a);
    a = pkt_new(pool);
    ck_assert_ptr_nonnull(a);
    pkt_unref(a);
    pkt_unref(b);
    ck_assert_uint_eq(stats_of(pool).free, 2);
    ck_assert_uint_eq(stats_of(pool).low, 0);
    ck_assert_uint_eq(stats_of(pool).total, 2);
    pkt_pool_free(pool);
    pkt_pool_free(NULL);
}
END_TEST

START_TEST(a_packet_lives_as_long_as_its_last_reference)
{
    struct pkt_pool *pool = pkt_pool_new(1, PKT_PAGE, NULL);
    struct pkt *p = pkt_new(pool);
    ck_assert_ptr_eq(pkt_ref(p), p);
    pkt_unref(p);
    ck_assert_uint_eq(stats_of(pool).free, 0);
    pkt_unref(p);
    ck_assert_uint_eq(stats_of(pool).free, 1);
    pkt_pool_free(pool);
}
END_TEST

START_TEST(writing_into_a_shared_packet_makes_a_copy)
{
    struct pkt_pool *pool = pkt_pool_new(2, PKT_PAGE, NULL);
    struct pkt *p = pkt_new(pool), *q;
    memcpy(pkt_append(p, 5), "hello", 5);
    p->offload = PKT_GSO_TCP4;
    p->gso_size = 1448;
    ck_assert_ptr_eq(pkt_writable(p), p);
    pkt_ref(p);
    q = pkt_writable(p);
    ck_assert_ptr_ne(q, p);
    q->data[0] = 'j';
    ck_assert_mem_eq(p->data, "hello", 5);
    ck_assert_mem_eq(q->data, "jello", 5);
    ck_assert_uint_eq(q->gso_size, 1448);
    ck_assert_uint_eq(q->offload, PKT_GSO_TCP4);
    ck_assert_uint_eq(p->refs, 1);
    pkt_ref(p);
    ck_assert_ptr_null(pkt_writable(p));
    ck_assert_uint_eq(p->refs, 2);
    pkt_unref(p);
    pkt_unref(p);
    pkt_unref(q);
    pkt_pool_free(pool);
}
END_TEST

struct lender {
    struct pkt_pool *loans;
    uint8_t *came;
    uint32_t size;
};

static void come_back(void *user, uint8_t *buf, uint32_t size)
{
    struct lender *l = user;
    l->came = buf;
    l->size = size;
    if (stats_of(l->loans).free == stats_of(l->loans).total)
        pkt_pool_free(l->loans);
}

START_TEST(a_buffer_that_is_lent_comes_back)
{
    uint8_t bytes[2][1000];
    struct pkt_pool *pool = pkt_pool_new(1, PKT_SMALL, NULL);
    struct lender l = {.loans = NULL};
    struct pkt *p, *q, *own;
    l.loans = pkt_loans_new(2, come_back, &l);
    p = pkt_lend(l.loans, bytes[0], sizeof bytes[0], pool);
    q = pkt_lend(l.loans, bytes[1], sizeof bytes[1], pool);
    ck_assert_ptr_null(pkt_lend(l.loans, bytes[0], sizeof bytes[0], pool));
    ck_assert(pkt_is_lent(p));
    ck_assert_ptr_eq(p->data, bytes[0] + PKT_HEADROOM);
    ck_assert_uint_eq(pkt_room(p), sizeof bytes[0] - PKT_HEADROOM);
    memcpy(pkt_append(p, 5), "hello", 5);
    q->len = 5;
    pkt_ref(p);
    pkt_unref(p);
    ck_assert_ptr_null(l.came);
    own = pkt_writable(pkt_ref(p));
    ck_assert(!pkt_is_lent(own));
    ck_assert_mem_eq(own->data, "hello", 5);
    pkt_unref(own);
    pkt_ref(q)->len = 0;
    own = pkt_writable(q); /* even one without a byte */
    ck_assert(!pkt_is_lent(own));
    pkt_unref(own);
    pkt_unref(q);
    ck_assert_ptr_eq(l.came, bytes[1]);
    ck_assert_uint_eq(l.size, sizeof bytes[1]);
    pkt_unref(p); /* the last: the loans are ended from come_back() */
    ck_assert_ptr_eq(l.came, bytes[0]);
    pkt_pool_free(pool);
}
END_TEST

START_TEST(a_checksum_to_be_made_stays_where_it_is)
{
    struct pkt_pool *pool = pkt_pool_new(1, PKT_PAGE, NULL);
    struct pkt *p = pkt_new(pool);
    pkt_append(p, 100);
    p->offload = PKT_CSUM_PARTIAL;
    p->csum_start = 34;
    pkt_push(p, 4);
    ck_assert_uint_eq(p->csum_start, 38);
    pkt_pull(p, 38);
    ck_assert_uint_eq(p->csum_start, 0);
    ck_assert_uint_eq(p->offload, PKT_CSUM_PARTIAL);
    pkt_pull(p, 20);
    ck_assert_uint_eq(p->offload, PKT_CSUM_VALID);
    pkt_unref(p);
    pkt_pool_free(pool);
}
END_TEST

START_TEST(what_is_too_long_for_a_pool_comes_from_the_one_behind_it)
{
    struct pkt_pool *large = pkt_pool_new(1, PKT_LARGE, NULL);
    struct pkt_pool *small = pkt_pool_new(1, PKT_SMALL, large);
    struct pkt *a = pkt_new_for(small, PKT_SMALL - PKT_HEADROOM);
    struct pkt *b = pkt_new_for(small, PKT_SMALL - PKT_HEADROOM + 1);
    ck_assert_ptr_eq(a->pool, small);
    ck_assert_ptr_eq(b->pool, large);
    ck_assert_uint_ge(pkt_room(b), 65536);
    ck_assert_ptr_null(pkt_new_for(small, 1));
    ck_assert_ptr_null(pkt_new_for(small, 2000));
    ck_assert_ptr_null(pkt_new_for(small, PKT_LARGE));
    ck_assert_uint_eq(stats_of(small).refused, 1);
    ck_assert_uint_eq(stats_of(large).refused, 1);
    pkt_unref(a);
    pkt_unref(b);
    pkt_pool_free(small);
    pkt_pool_free(large);
}
END_TEST

START_TEST(every_byte_of_the_area_belongs_to_one_packet)
{
    struct pkt_pool *pool = pkt_pool_new(3, PKT_SMALL, NULL);
    struct pkt_area area;
    pkt_pool_area(pool, &area);
    ck_assert_uint_eq(area.len, 3 * PKT_SMALL);
    ck_assert_uint_eq(area.size, PKT_SMALL);
    for (size_t i = 0; i < area.len; i++) {
        const struct pkt *p = pkt_at(pool, area.bytes + i);
        ck_assert(area.bytes + i >= p->buf && area.bytes + i < p->buf + PKT_SMALL);
    }
    pkt_pool_free(pool);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_new_packet_is_empty_in_a_buffer_of_its_own,
        room_in_front_and_behind_is_exactly_the_buffer,
        an_empty_pool_says_no_and_counts_it,
        a_packet_lives_as_long_as_its_last_reference,
        writing_into_a_shared_packet_makes_a_copy,
        a_buffer_that_is_lent_comes_back,
        a_checksum_to_be_made_stays_where_it_is,
        what_is_too_long_for_a_pool_comes_from_the_one_behind_it,
        every_byte_of_the_area_belongs_to_one_packet,
        NULL,
    };
    return unit_main(unit_suite("pkt", tests));
}
