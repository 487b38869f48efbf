/*
 * test_histogram.c - quantiles of tools/bench/histogram.h against sorted values.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/unit.h"
#include "tools/bench/histogram.h"

static struct histogram h;

static void setup(void)
{
    h = (struct histogram){0};
}

START_TEST(an_empty_one_has_no_figures)
{
    setup();
    ck_assert_uint_eq(histogram_quantile(&h, 5000), 0);
    ck_assert_uint_eq(histogram_mean(&h), 0);
}
END_TEST

START_TEST(buckets_follow_each_other_without_a_gap)
{
    size_t last = 0;
    for (uint64_t v = 1; v < 1 << 16; v++) {
        size_t index = histogram_index(v);
        ck_assert(index == last || index == last + 1);
        last = index;
    }
    ck_assert_uint_eq(histogram_index(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(one_value_is_every_quantile)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t value = UINT64_MAX >> bit;
        setup();
        histogram_add(&h, value);
        ck_assert_uint_eq(histogram_quantile(&h, 0), value);
        ck_assert_uint_eq(histogram_quantile(&h, 5000), value);
        ck_assert_uint_eq(histogram_quantile(&h, 10000), value);
        ck_assert_uint_eq(histogram_mean(&h), value);
    }
}
END_TEST

/* With values 1 .. 100000 the exact quantile of q ten-thousandths is 10 q. */
START_TEST(quantiles_are_right_to_one_part_in_64)
{
    setup();
    for (uint64_t v = 100000; v > 0; v--)
        histogram_add(&h, v);
    for (unsigned q = 1; q <= 10000; q++) {
        uint64_t got = histogram_quantile(&h, q);
        ck_assert_uint_ge(got, 10 * q);
        ck_assert_uint_le(got, 10 * q + 10 * q / 64);
    }
    ck_assert_uint_eq(histogram_quantile(&h, 10000), 100000);
    ck_assert_uint_eq(histogram_mean(&h), 50000);
}
END_TEST

START_TEST(a_rare_value_shows_only_in_its_quantile)
{
    setup();
    for (int i = 0; i < 999; i++)
        histogram_add(&h, 10);
    histogram_add(&h, 1000000);
    ck_assert_uint_eq(histogram_quantile(&h, 9990), 10);
    ck_assert_uint_eq(histogram_quantile(&h, 9991), 1000000);
    ck_assert_uint_eq(h.max, 1000000);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {an_empty_one_has_no_figures,
                            buckets_follow_each_other_without_a_gap,
                            one_value_is_every_quantile,
                            quantiles_are_right_to_one_part_in_64,
                            a_rare_value_shows_only_in_its_quantile,
                            NULL};
    return unit_main(unit_suite("histogram", tests));
}
