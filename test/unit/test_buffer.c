/*
 * test_buffer.c - packet buffers: bounded, aged, and an id is good once.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/buffer.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#define AGE 1000

static struct pkt_pool *pool;

static void set_up(void)
{
    pool = pkt_pool_new(64, PKT_PAGE, NULL);
}

/* Asserts that no packet was lost. */
static void tear_down(void)
{
    pkt_pool_free(pool);
}

/* Put a packet that only the buffer holds then. */
static uint32_t put(struct buffers *b, uint16_t in_port, uint64_t now)
{
    struct pkt *p = pkt_new(pool);
    uint32_t id = buffers_put(b, p, in_port, now);
    pkt_unref(p);
    return id;
}

static void takes(struct buffers *b, uint32_t id, uint16_t want)
{
    struct ofp_fault fault;
    uint16_t in_port;
    struct pkt *p = buffers_take(b, id, &in_port, &fault);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(in_port, want);
    pkt_unref(p);
}

static void refuses(struct buffers *b, uint32_t id, enum ofp_bad_request_code code)
{
    struct ofp_fault fault;
    uint16_t in_port;
    ck_assert_ptr_null(buffers_take(b, id, &in_port, &fault));
    ck_assert_uint_eq(fault.type, OFPET_BAD_REQUEST);
    ck_assert_uint_eq(fault.code, code);
}

START_TEST(an_id_is_good_once)
{
    struct buffers *b = buffers_new(4, AGE);
    uint32_t one = put(b, 1, 0), two = put(b, 2, 0);
    takes(b, two, 2);
    refuses(b, two, OFPBRC_BUFFER_EMPTY);
    takes(b, one, 1);
    refuses(b, one, OFPBRC_BUFFER_EMPTY);
    buffers_free(b);
}
END_TEST

START_TEST(an_id_that_was_never_given_is_unknown)
{
    struct buffers *b = buffers_new(2, AGE);
    refuses(b, 0, OFPBRC_BUFFER_UNKNOWN);
    refuses(b, OFP_NO_BUFFER, OFPBRC_BUFFER_UNKNOWN);
    uint32_t id = put(b, 1, 0);
    refuses(b, id + 1, OFPBRC_BUFFER_UNKNOWN);
    refuses(b, id + 2, OFPBRC_BUFFER_UNKNOWN);
    refuses(b, id + 0x10000, OFPBRC_BUFFER_UNKNOWN);
    refuses(b, id - 0x10000, OFPBRC_BUFFER_UNKNOWN);
    takes(b, id, 1);
    buffers_free(b);
}
END_TEST

START_TEST(a_full_buffer_refuses_until_its_oldest_has_aged)
{
    struct buffers *b = buffers_new(3, AGE);
    struct buffers_stats stats;
    uint32_t id[3];
    for (uint16_t i = 0; i < 3; i++)
        id[i] = put(b, i, i * 10u);
    ck_assert_uint_eq(put(b, 9, AGE - 1), OFP_NO_BUFFER);
    uint32_t fresh = put(b, 9, AGE);
    ck_assert_uint_ne(fresh, OFP_NO_BUFFER);
    ck_assert_uint_ne(fresh, id[0]);
    ck_assert_uint_eq(put(b, 9, AGE + 9), OFP_NO_BUFFER);
    refuses(b, id[0], OFPBRC_BUFFER_EMPTY);
    takes(b, id[1], 1);
    takes(b, fresh, 9);
    takes(b, id[2], 2);
    buffers_get_stats(b, &stats);
    ck_assert_uint_eq(stats.held, 0);
    ck_assert_uint_eq(stats.max, 3);
    ck_assert_uint_eq(stats.stored, 4);
    ck_assert_uint_eq(stats.refused, 2);
    ck_assert_uint_eq(stats.expired, 1);
    buffers_free(b);
}
END_TEST

START_TEST(no_slots_keep_nothing)
{
    struct buffers *b = buffers_new(0, AGE);
    ck_assert_uint_eq(put(b, 1, 0), OFP_NO_BUFFER);
    refuses(b, 0, OFPBRC_BUFFER_UNKNOWN);
    buffers_free(b);
    buffers_free(NULL);
}
END_TEST

START_TEST(what_is_still_held_goes_back_to_its_pool)
{
    struct buffers *b = buffers_new(64, AGE);
    for (uint16_t i = 0; i < 64; i++)
        ck_assert_uint_ne(put(b, i, i), OFP_NO_BUFFER);
    buffers_free(b);
}
END_TEST

START_TEST(generations_wrap_around_without_confusion)
{
    struct buffers *b = buffers_new(1, AGE);
    uint32_t last = OFP_NO_BUFFER;
    for (int i = 0; i < 70000; i++) {
        uint32_t id = put(b, 5, 0);
        ck_assert_uint_ne(id, last);
        takes(b, id, 5);
        refuses(b, id, OFPBRC_BUFFER_EMPTY);
        last = id;
    }
    buffers_free(b);
}
END_TEST

/* The model: what each id given out holds. */
#define IDS 4000

START_TEST(random_lives_agree_with_a_plain_list)
{
    struct {
        uint32_t id;
        uint16_t port;
        uint64_t since;
        bool held;
    } model[IDS];
    struct buffers *b = buffers_new(16, AGE);
    uint64_t random = (uint64_t)_i, now = 0;
    size_t n = 0, first = 0; /* first: all before it are gone */
    while (n < IDS) {
        size_t i = n > 0 ? random_below(&random, n) : 0, held = 0, oldest;
        now += random_below(&random, 100);
        if (n > 0 && random_below(&random, 2)) {
            if (model[i].held)
                takes(b, model[i].id, model[i].port);
            else
                refuses(b, model[i].id, OFPBRC_BUFFER_EMPTY);
            model[i].held = false;
            continue;
        }
        while (first < n && !model[first].held)
            first++;
        oldest = first;
        for (i = first; i < n; i++)
            held += model[i].held;
        model[n].id = put(b, model[n].port = (uint16_t)n, model[n].since = now);
        if (held == 16 && now - model[oldest].since < AGE) {
            ck_assert_uint_eq(model[n].id, OFP_NO_BUFFER);
            continue;
        }
        if (held == 16)
            model[oldest].held = false;
        ck_assert_uint_ne(model[n].id, OFP_NO_BUFFER);
        model[n++].held = true;
    }
    buffers_free(b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("buffer");
    TCase *c = tcase_create("buffer");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, an_id_is_good_once);
    tcase_add_test(c, an_id_that_was_never_given_is_unknown);
    tcase_add_test(c, a_full_buffer_refuses_until_its_oldest_has_aged);
    tcase_add_test(c, no_slots_keep_nothing);
    tcase_add_test(c, what_is_still_held_goes_back_to_its_pool);
    tcase_add_test(c, generations_wrap_around_without_confusion);
    tcase_add_loop_test(c, random_lives_agree_with_a_plain_list, 0, 4);
    return unit_main(s);
}
