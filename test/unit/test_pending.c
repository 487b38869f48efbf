/*
 * test_pending.c - packet-ins that wait for their answer (tools/bench/pending.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/unit.h"
#include "tools/bench/pending.h"

static struct pending p;

START_TEST(an_answer_counts_once)
{
    uint32_t id;
    ck_assert_int_eq(pending_open(&p, 8), 0);
    id = pending_add(&p, 1)->buffer_id;
    ck_assert_ptr_null(pending_take(&p, id + 8)); /* the same slot, another number */
    ck_assert_ptr_nonnull(pending_take(&p, id));
    ck_assert_ptr_null(pending_take(&p, id));
    ck_assert_ptr_null(pending_take(&p, OFP_NO_BUFFER));
    pending_close(&p);
}
END_TEST

START_TEST(what_was_sent_comes_back)
{
    struct pending_slot *slot;
    const struct pending_slot *found;
    ck_assert_int_eq(pending_open(&p, 2), 0);
    slot = pending_add(&p, 77);
    slot->src = 3;
    slot->dst = 9;
    found = pending_take(&p, slot->buffer_id);
    ck_assert_uint_eq(found->src, 3);
    ck_assert_uint_eq(found->dst, 9);
    ck_assert_uint_eq(found->sent, 77);
    pending_close(&p);
}
END_TEST

/* A limit that is no power of two, and room that never exceeds it. */
START_TEST(room_is_kept)
{
    ck_assert_int_eq(pending_open(&p, 5), 0);
    for (uint32_t left = 5; left > 0; left--) {
        ck_assert_uint_eq(pending_room(&p), left);
        pending_add(&p, 0);
    }
    ck_assert_uint_eq(pending_room(&p), 0);
    ck_assert_uint_eq(pending_expire(&p, 1), 5);
    ck_assert_uint_eq(pending_room(&p), 5);
    pending_close(&p);
}
END_TEST

/* One answer never comes: its number is not given out again, and the others go on. */
START_TEST(numbers_in_use_are_passed_over)
{
    uint32_t stuck;
    ck_assert_int_eq(pending_open(&p, 4), 0);
    stuck = pending_add(&p, 0)->buffer_id;
    for (int i = 0; i < 1000; i++) {
        uint32_t id = pending_add(&p, 5)->buffer_id;
        ck_assert_uint_ne(id, stuck);
        ck_assert_ptr_nonnull(pending_take(&p, id));
    }
    ck_assert_uint_eq(pending_expire(&p, 5), 1);
    ck_assert_ptr_null(pending_take(&p, stuck));
    pending_close(&p);
}
END_TEST

START_TEST(numbers_wrap_without_the_reserved_one)
{
    ck_assert_int_eq(pending_open(&p, 1), 0);
    p.next = OFP_NO_BUFFER - 3;
    for (int i = 0; i < 10; i++) {
        uint32_t id = pending_add(&p, 0)->buffer_id;
        ck_assert_uint_ne(id, OFP_NO_BUFFER);
        ck_assert_ptr_nonnull(pending_take(&p, id));
    }
    ck_assert_uint_lt(p.next, 10);
    pending_close(&p);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {an_answer_counts_once,
                            what_was_sent_comes_back,
                            room_is_kept,
                            numbers_in_use_are_passed_over,
                            numbers_wrap_without_the_reserved_one,
                            NULL};
    return unit_main(unit_suite("pending", tests));
}
