/*
 * test_cc.c - congestion control against the formulas of RFC 5681, 6928, 9406 and 9438.
 *
 * A path here is a round-trip time: each round delivers a window, acknowledged two segments at a
 * time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/cc.h"
#include "test/unit/unit.h"

#define MSS 1000u
#define MS  1000000ull
#define MAX (1u << 30)

struct path {
    struct cc cc;
    uint64_t now, rtt;
    uint32_t una;
};

static struct path path_with(const struct cc_kind *kind, uint64_t rtt)
{
    struct path p = {.now = 1000 * MS, .rtt = rtt};
    cc_init(&p.cc, kind, MSS, MAX);
    return p;
}

/* One round: the window as it is at its beginning is delivered, two segments at a time. */
static void round_trip(struct path *p)
{
    uint32_t window = p->cc.w.cwnd, nxt = p->una + window;
    for (uint32_t done = 0; done < window; done += 2 * MSS) {
        p->una += 2 * MSS;
        cc_ack(&p->cc, &(struct cc_ack){.now = p->now,
                                        .acked = 2 * MSS,
                                        .una = p->una,
                                        .nxt = nxt,
                                        .rtt = p->rtt,
                                        .srtt = p->rtt,
                                        .limited = true});
    }
    p->now += p->rtt;
}

/* The window at which a loss is met, and its end. */
static void lose_at(struct path *p, uint32_t window)
{
    p->cc.w.cwnd = window;
    cc_loss(&p->cc, window);
}

START_TEST(initial_window_is_that_of_rfc_6928)
{
    ck_assert_uint_eq(cc_initial_window(1460), 14600);
    ck_assert_uint_eq(cc_initial_window(536), 5360);
    ck_assert_uint_eq(cc_initial_window(8960), 17920); /* two segments if they are long */
    ck_assert_uint_eq(cc_initial_window(4000), 14600);
}
END_TEST

START_TEST(kinds_are_found_by_name)
{
    ck_assert_ptr_eq(cc_kind_by_name("cubic"), &cc_cubic);
    ck_assert_ptr_eq(cc_kind_by_name("reno"), &cc_reno);
    ck_assert_ptr_null(cc_kind_by_name("vegas"));
}
END_TEST

START_TEST(slow_start_doubles_the_window_each_round)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    round_trip(&p);
    ck_assert_uint_eq(p.cc.w.cwnd, 20 * MSS);
    round_trip(&p);
    ck_assert_uint_eq(p.cc.w.cwnd, 40 * MSS);
}
END_TEST

START_TEST(one_acknowledgement_adds_eight_segments_at_most)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    cc_ack(&p.cc, &(struct cc_ack){.acked = 40 * MSS, .limited = true});
    ck_assert_uint_eq(p.cc.w.cwnd, 18 * MSS);
}
END_TEST

START_TEST(a_window_that_is_not_used_does_not_grow)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    cc_ack(&p.cc, &(struct cc_ack){.acked = 2 * MSS});
    ck_assert_uint_eq(p.cc.w.cwnd, 10 * MSS);
    lose_at(&p, 20 * MSS);
    for (int i = 0; i < 100; i++)
        cc_ack(&p.cc, &(struct cc_ack){.acked = 2 * MSS, .now = p.now});
    ck_assert_uint_eq(p.cc.w.cwnd, 10 * MSS);
}
END_TEST

START_TEST(first_slow_start_ends_when_round_trips_grow)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    round_trip(&p);
    round_trip(&p);
    p.rtt = 60 * MS; /* beyond 50 / 8 ms more */
    round_trip(&p);
    ck_assert_uint_gt(p.cc.hystart.css_rounds, 0);
    ck_assert_uint_eq(p.cc.w.ssthresh, UINT32_MAX);
    for (int i = 0; i < 6; i++)
        round_trip(&p);
    ck_assert_uint_ne(p.cc.w.ssthresh, UINT32_MAX);
}
END_TEST

START_TEST(slow_start_goes_on_when_round_trips_grew_but_for_a_moment)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    round_trip(&p);
    p.rtt = 60 * MS;
    round_trip(&p);
    ck_assert_uint_gt(p.cc.hystart.css_rounds, 0);
    p.rtt = 50 * MS;
    round_trip(&p);
    ck_assert_uint_eq(p.cc.hystart.css_rounds, 0);
}
END_TEST

START_TEST(round_trips_that_stay_do_not_end_slow_start)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    for (int i = 0; i < 8; i++)
        round_trip(&p);
    ck_assert_uint_eq(p.cc.w.ssthresh, UINT32_MAX);
    ck_assert_uint_eq(p.cc.hystart.css_rounds, 0);
}
END_TEST

START_TEST(reno_grows_by_a_segment_each_round)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    lose_at(&p, 40 * MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 20 * MSS);
    for (unsigned i = 1; i <= 10; i++) {
        round_trip(&p);
        ck_assert_uint_ge(p.cc.w.cwnd, (20 + i - 1) * MSS);
        ck_assert_uint_le(p.cc.w.cwnd, (20 + i) * MSS);
    }
}
END_TEST

START_TEST(a_loss_leaves_two_segments_at_least)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    lose_at(&p, 2 * MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 2 * MSS);
    p = path_with(&cc_cubic, 50 * MS);
    lose_at(&p, MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 2 * MSS);
}
END_TEST

START_TEST(what_limited_transmit_sent_does_not_make_the_new_window_larger)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    p.cc.w.cwnd = 20 * MSS;
    cc_loss(&p.cc, 24 * MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 10 * MSS);
    p = path_with(&cc_cubic, 50 * MS);
    p.cc.w.cwnd = 20 * MSS;
    cc_loss(&p.cc, 24 * MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 14 * MSS);
}
END_TEST

START_TEST(a_timeout_begins_again_with_one_segment)
{
    struct path p = path_with(&cc_reno, 50 * MS);
    p.cc.w.cwnd = 40 * MSS;
    cc_timeout(&p.cc, 40 * MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, MSS);
    ck_assert_uint_eq(p.cc.w.ssthresh, 20 * MSS);
    cc_timeout_again(&p.cc);
    ck_assert_uint_eq(p.cc.w.ssthresh, 20 * MSS);
    for (int i = 0; i < 5; i++)
        round_trip(&p);
    ck_assert_uint_ge(p.cc.w.cwnd, 20 * MSS); /* slow start reaches ssthresh, then stops */
    ck_assert_uint_le(p.cc.w.cwnd, 24 * MSS);
}
END_TEST

/* RFC 9438 section 4.2: a loss at 1000 segments leaves 700; K is the cube root of 300 / 0.4. */
START_TEST(cubic_is_back_at_w_max_after_k)
{
    struct path p = path_with(&cc_cubic, 100 * MS);
    uint64_t k;
    lose_at(&p, 1000 * MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 700 * MSS);
    round_trip(&p);
    k = p.cc.w.cubic.k;
    ck_assert_uint_ge(k, 9080 * MS); /* 9.0856 s */
    ck_assert_uint_le(k, 9086 * MS);
    while (p.now < 1000 * MS + k)
        round_trip(&p);
    ck_assert_uint_ge(p.cc.w.cwnd, 990 * MSS);
    ck_assert_uint_le(p.cc.w.cwnd, 1001 * MSS);
}
END_TEST

/* The curve's height every second, as figure 1 gives it, from the loss to 2 K. */
START_TEST(cubic_follows_its_curve)
{
    static const uint32_t at[] = {700,  788,  857,  910,  949,  975,  989,  995,  1000,
                                  1000, 1000, 1003, 1010, 1024, 1047, 1083, 1132, 1198};
    struct path p = path_with(&cc_cubic, 100 * MS);
    lose_at(&p, 1000 * MSS);
    for (size_t s = 0; s < sizeof at / sizeof at[0]; s++) {
        while (p.now < 1000 * MS + s * 1000 * MS)
            round_trip(&p);
        ck_assert_uint_ge(p.cc.w.cwnd, at[s] * MSS * 98 / 100);
        ck_assert_uint_le(p.cc.w.cwnd, at[s] * MSS * 102 / 100);
    }
}
END_TEST

/* Section 4.3: on a short path the curve lies below what Reno would have. */
START_TEST(cubic_is_no_slower_than_reno_on_a_short_path)
{
    struct path cubic = path_with(&cc_cubic, 1 * MS), reno = path_with(&cc_reno, 1 * MS);
    uint64_t sum_cubic = 0, sum_reno = 0;
    lose_at(&cubic, 40 * MSS);
    lose_at(&reno, 40 * MSS);
    for (int i = 0; i < 5000; i++) {
        sum_cubic += cubic.cc.w.cwnd;
        sum_reno += reno.cc.w.cwnd;
        round_trip(&cubic);
        round_trip(&reno);
        if (cubic.cc.w.cwnd >= 40 * MSS)
            cc_loss(&cubic.cc, cubic.cc.w.cwnd);
        if (reno.cc.w.cwnd >= 40 * MSS)
            cc_loss(&reno.cc, reno.cc.w.cwnd);
    }
    ck_assert_uint_ge(sum_cubic * 100, sum_reno * 95);
}
END_TEST

START_TEST(cubic_gives_way_when_losses_come_at_smaller_windows)
{
    struct path p = path_with(&cc_cubic, 50 * MS);
    lose_at(&p, 1000 * MSS);
    ck_assert_uint_eq(p.cc.w.cubic.w_max, 1000 * MSS);
    lose_at(&p, 800 * MSS);
    ck_assert_uint_eq(p.cc.w.cubic.w_max, 680 * MSS); /* (1 + 0.7) / 2 (section 4.7) */
    lose_at(&p, 900 * MSS);
    ck_assert_uint_eq(p.cc.w.cubic.w_max, 900 * MSS);
}
END_TEST

START_TEST(cubic_does_not_count_time_without_data)
{
    struct path a = path_with(&cc_cubic, 50 * MS), b;
    lose_at(&a, 500 * MSS);
    for (int i = 0; i < 10; i++)
        round_trip(&a);
    b = a;
    cc_ack(&b.cc, &(struct cc_ack){.now = b.now, .acked = MSS, .una = b.una});
    b.now += 60000 * MS;
    for (int i = 0; i < 10; i++) {
        round_trip(&a);
        round_trip(&b);
    }
    ck_assert_uint_ge(b.cc.w.cwnd, a.cc.w.cwnd * 99ull / 100);
    ck_assert_uint_le(b.cc.w.cwnd, a.cc.w.cwnd * 101ull / 100);
}
END_TEST

START_TEST(cubic_grows_by_half_a_window_a_round_at_most)
{
    struct path p = path_with(&cc_cubic, 10000 * MS);
    lose_at(&p, 100 * MSS);
    for (int i = 0; i < 20; i++) {
        uint32_t before = p.cc.w.cwnd;
        round_trip(&p);
        ck_assert_uint_le(p.cc.w.cwnd,
                          before + before * 65ull / 100); /* e^0.5 - 1 within a round */
    }
}
END_TEST

START_TEST(windows_stay_within_their_bound_for_ever)
{
    struct path p = path_with(_i == 0 ? &cc_cubic : &cc_reno, 10 * MS);
    p.cc.cwnd_max = 64 * MSS;
    for (int i = 0; i < 2000; i++)
        round_trip(&p);
    ck_assert_uint_eq(p.cc.w.cwnd, 64 * MSS);
    p.now += 86400000 * MS;
    round_trip(&p);
    ck_assert_uint_eq(p.cc.w.cwnd, 64 * MSS);
}
END_TEST

START_TEST(a_loss_that_was_none_is_undone)
{
    struct path p = path_with(_i == 0 ? &cc_cubic : &cc_reno, 50 * MS);
    lose_at(&p, 100 * MSS);
    for (int i = 0; i < 5; i++)
        round_trip(&p);
    struct cc_window before = p.cc.w;
    cc_timeout(&p.cc, before.cwnd);
    ck_assert_uint_eq(p.cc.w.cwnd, MSS);
    cc_undo(&p.cc);
    ck_assert_uint_eq(p.cc.w.cwnd, before.cwnd);
    ck_assert_uint_eq(p.cc.w.ssthresh, before.ssthresh);
    ck_assert_uint_eq(p.cc.w.cubic.w_max, before.cubic.w_max);
}
END_TEST

START_TEST(after_a_rest_there_is_the_initial_window)
{
    struct path p = path_with(&cc_cubic, 50 * MS);
    lose_at(&p, 200 * MSS);
    cc_idle(&p.cc);
    ck_assert_uint_eq(p.cc.w.cwnd, 10 * MSS);
    ck_assert_uint_eq(p.cc.w.ssthresh, 140 * MSS);
}
END_TEST

START_TEST(smaller_segments_leave_their_number)
{
    struct path p = path_with(&cc_cubic, 50 * MS);
    p.cc.w.cwnd = 100 * MSS;
    cc_set_mss(&p.cc, MSS / 2);
    ck_assert_uint_eq(p.cc.w.cwnd, 50 * MSS);
    cc_set_mss(&p.cc, MSS);
    ck_assert_uint_eq(p.cc.w.cwnd, 50 * MSS);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cc");
    TCase *c = tcase_create("cc");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, initial_window_is_that_of_rfc_6928);
    tcase_add_test(c, kinds_are_found_by_name);
    tcase_add_test(c, slow_start_doubles_the_window_each_round);
    tcase_add_test(c, one_acknowledgement_adds_eight_segments_at_most);
    tcase_add_test(c, a_window_that_is_not_used_does_not_grow);
    tcase_add_test(c, first_slow_start_ends_when_round_trips_grow);
    tcase_add_test(c, slow_start_goes_on_when_round_trips_grew_but_for_a_moment);
    tcase_add_test(c, round_trips_that_stay_do_not_end_slow_start);
    tcase_add_test(c, reno_grows_by_a_segment_each_round);
    tcase_add_test(c, a_loss_leaves_two_segments_at_least);
    tcase_add_test(c, what_limited_transmit_sent_does_not_make_the_new_window_larger);
    tcase_add_test(c, a_timeout_begins_again_with_one_segment);
    tcase_add_test(c, cubic_is_back_at_w_max_after_k);
    tcase_add_test(c, cubic_follows_its_curve);
    tcase_add_test(c, cubic_is_no_slower_than_reno_on_a_short_path);
    tcase_add_test(c, cubic_gives_way_when_losses_come_at_smaller_windows);
    tcase_add_test(c, cubic_does_not_count_time_without_data);
    tcase_add_test(c, cubic_grows_by_half_a_window_a_round_at_most);
    tcase_add_loop_test(c, windows_stay_within_their_bound_for_ever, 0, 2);
    tcase_add_loop_test(c, a_loss_that_was_none_is_undone, 0, 2);
    tcase_add_test(c, after_a_rest_there_is_the_initial_window);
    tcase_add_test(c, smaller_segments_leave_their_number);
    return unit_main(s);
}
