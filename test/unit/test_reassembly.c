/*
 * test_reassembly.c - IPv4 fragments put together, hostile ones too.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/reassembly.h"
#include "runtime/timer.h"
#include "test/unit/pieces.h"

static struct pkt_pool *pool, *large;
static struct reassembly *r;
static struct reassembly_counters counters;
static uint64_t now;
static struct pkt *late[8]; /* the first fragments of datagrams that were given up */
static size_t n_late;

static void on_late(void *user, const struct pkt *first)
{
    (void)user;
    ck_assert_uint_lt(n_late, sizeof late / sizeof late[0]);
    late[n_late++] = (struct pkt *)first;
}

static const struct reassembly_config usual = {
    .datagrams = 4,
    .fragments = 16,
    .bytes = 1 << 20,
    .time = 60 * NS_PER_S,
};

/* Begin anew with these usual. */
static void limit(struct reassembly_config config)
{
    config.pool = pool;
    config.counters = &counters;
    config.late = on_late;
    reassembly_free(r);
    r = reassembly_new(&config);
    ck_assert_ptr_nonnull(r);
}

static void begin(void)
{
    large = pkt_pool_new(8, PKT_LARGE, NULL);
    pool = pkt_pool_new(512, PKT_SMALL, large);
    counters = (struct reassembly_counters){0};
    n_late = 0;
    r = NULL;
    limit(usual);
}

static uint32_t held(const struct pkt_pool *from)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(from, &stats);
    return stats.total - stats.free;
}

static void end(void)
{
    reassembly_free(r);
    ck_assert_uint_eq(held(pool), 0);
    ck_assert_uint_eq(held(large), 0);
    pkt_pool_free(pool);
    pkt_pool_free(large);
}

static struct pkt *put_frame(struct pkt *p, const struct piece *f, uint32_t where)
{
    size_t network = LINK + (f->vlan ? sizeof(struct hdr_vlan) : 0);
    struct pkt *whole = reassembly_put(r, p, network, where, now);
    pkt_unref(p);
    return whole;
}

static struct pkt *put_at(uint32_t where, struct piece f)
{
    return put_frame(piece_frame(pool, f), &f, where);
}

static struct pkt *put(struct piece f)
{
    return put_at(1, f);
}

/* Let time pass, and turn when that is due. */
static void pass(uint64_t ns)
{
    now += ns;
    if (reassembly_due(r) <= now)
        reassembly_turn(r, now);
    ck_assert_uint_gt(reassembly_due(r), now);
}

/* It is datagram `id` of `n` bytes, whole and right. Gives it back. */
static void check_whole(struct pkt *p, uint16_t id, size_t n)
{
    const struct hdr_ipv4 *ip;
    size_t wrong = 0;
    ck_assert_ptr_nonnull(p);
    ip = (const void *)(p->data + LINK);
    ck_assert_uint_eq(p->len, LINK + IP_HEADER + n);
    ck_assert_uint_eq(be16_get(ip->total_len), IP_HEADER + n);
    ck_assert_uint_eq(be16_get(ip->frag) & HDR_IP_FRAGMENT, 0);
    ck_assert_uint_eq(be16_get(ip->id), id);
    ck_assert_uint_eq(be16_get(checksum_finish(checksum_add(0, ip, IP_HEADER))), 0);
    for (size_t i = 0; i < n; i++)
        wrong += p->data[LINK + IP_HEADER + i] != piece_byte(id, i);
    ck_assert_uint_eq(wrong, 0);
    pkt_unref(p);
}

START_TEST(fragments_in_any_order_make_the_datagram)
{
    static const struct piece *const order[6][3] = {
        {&piece_first, &piece_middle, &piece_last}, {&piece_first, &piece_last, &piece_middle},
        {&piece_middle, &piece_first, &piece_last}, {&piece_middle, &piece_last, &piece_first},
        {&piece_last, &piece_first, &piece_middle}, {&piece_last, &piece_middle, &piece_first},
    };
    ck_assert_ptr_null(put(*order[_i][0]));
    ck_assert_ptr_null(put(*order[_i][1]));
    check_whole(put(*order[_i][2]), 1, 45);
    ck_assert_ptr_null(put(*order[_i][0])); /* which begins anew */
}
END_TEST

START_TEST(a_repeated_fragment_is_ignored)
{
    put(piece_first);
    put(piece_middle);
    ck_assert_ptr_null(put(piece_first));
    ck_assert_ptr_null(put(piece_middle));
    check_whole(put(piece_last), 1, 45);
    ck_assert_uint_eq(counters.repeated, 2);
}
END_TEST

/* Then it is no repetition: one of the two was not meant to be seen (RFC 3128). */
START_TEST(a_fragment_that_contradicts_one_drops_the_datagram)
{
    struct pkt *p = piece_frame(pool, piece_middle);
    put(piece_first);
    put(piece_middle);
    p->data[p->len - 1] ^= 1;
    ck_assert_ptr_null(put_frame(p, &piece_middle, 1));
    ck_assert_uint_eq(counters.overlaps, 1);
    put((struct piece){.id = 2, .begin = 16, .n = 24, .more = true});
    ck_assert_ptr_null(put((struct piece){.id = 2, .begin = 16, .n = 24}));
    ck_assert_uint_eq(counters.overlaps, 2);
    ck_assert_uint_eq(held(pool), 0);
}
END_TEST

/* RFC 8200 section 4.5. The first two are what "teardrop" and "bonk" sent. */
static const struct piece overlapping[] = {
    {.id = 1, .begin = 8, .n = 4},                 /* inside the first */
    {.id = 1, .begin = 8, .n = 100},               /* over its end */
    {.id = 1, .begin = 0, .n = 24, .more = true},  /* over all of it */
    {.id = 1, .begin = 0, .n = 8, .more = true},   /* part of it */
    {.id = 1, .begin = 8, .n = 8, .more = true},   /* its end */
    {.id = 1, .begin = 8, .n = 320, .more = true}, /* over all three */
};

START_TEST(an_overlap_drops_the_datagram_and_what_still_comes_of_it)
{
    put(piece_first);
    ck_assert_ptr_null(put(overlapping[_i]));
    ck_assert_uint_eq(counters.overlaps, 1);
    ck_assert_uint_eq(held(pool), 0);
    ck_assert_ptr_null(put(piece_first));
    ck_assert_ptr_null(put(piece_middle));
    ck_assert_ptr_null(put(piece_last));
    ck_assert_uint_eq(held(pool), 0);
    pass(61 * NS_PER_S); /* by then the id may be another datagram's */
    put(piece_first);
    put(piece_middle);
    check_whole(put(piece_last), 1, 45);
}
END_TEST

START_TEST(ends_that_disagree_drop_the_datagram)
{
    put(piece_last);
    ck_assert_ptr_null(put((struct piece){.id = 1, .begin = 48, .n = 8, .more = true}));
    ck_assert_uint_eq(counters.overlaps, 1);
    put((struct piece){.id = 2, .begin = 48, .n = 8, .more = true});
    ck_assert_ptr_null(put((struct piece){.id = 2, .begin = 40, .n = 8}));
    ck_assert_uint_eq(counters.overlaps, 2);
    put((struct piece){.id = 3, .begin = 40, .n = 8});
    ck_assert_ptr_null(put((struct piece){.id = 3, .begin = 16, .n = 8}));
    ck_assert_uint_eq(counters.overlaps, 3);
}
END_TEST

/* "Ping of death" and others that cannot be. */
static const struct piece impossible[] = {
    {.id = 1, .begin = 65528, .n = 1000},
    {.id = 1, .begin = 65528, .n = 8, .more = true},
    {.id = 1, .begin = 64720, .n = 800},           /* with a header it is longer than 65535 */
    {.id = 1, .begin = 8, .n = 0},                 /* nothing */
    {.id = 1, .begin = 0, .n = 0, .more = true},   /* nothing */
    {.id = 1, .begin = 16, .n = 23, .more = true}, /* not a multiple of 8 */
    {.id = 1, .begin = 16, .n = 24, .more = true, .cut = 1},
};

START_TEST(what_cannot_be_is_dropped_and_harms_no_other)
{
    put(piece_first);
    ck_assert_ptr_null(put(impossible[_i]));
    ck_assert_uint_eq(counters.bad, 1);
    put(piece_middle);
    check_whole(put(piece_last), 1, 45);
}
END_TEST

START_TEST(the_longest_datagram_is_put_together)
{
    const size_t n = 65535 - IP_HEADER;
    struct pkt *whole = NULL;
    limit((struct reassembly_config){
        .datagrams = 1, .fragments = 64, .bytes = 1 << 20, .time = NS_PER_S});
    for (size_t at = 0; at < n; at += 1480)
        whole = put((struct piece){.id = 9,
                                   .begin = (uint16_t)at,
                                   .n = (uint16_t)(n - at < 1480 ? n - at : 1480),
                                   .more = n - at > 1480});
    check_whole(whole, 9, n);
}
END_TEST

/* Its own header has options, which the last fragment could not know of. */
START_TEST(a_datagram_too_long_by_its_options_is_dropped)
{
    static const char value[4] = {1, 1, 1, 1};
    const uint16_t half = 32768, rest = 65535 - IP_HEADER - half;
    put((struct piece){.id = 9, .begin = half, .n = rest});
    ck_assert_ptr_null(put((struct piece){
        .id = 9, .begin = 0, .n = half, .more = true, .options = 4, .value = value}));
    ck_assert_uint_eq(counters.bad, 1);
    ck_assert_uint_eq(held(large), 0);
}
END_TEST

START_TEST(the_whole_says_how_long_its_longest_fragment_was)
{
    static const char value[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    struct pkt *whole;
    put((struct piece){
        .id = 4, .begin = 0, .n = 1464, .more = true, .options = 12, .value = value});
    put((struct piece){.id = 4, .begin = 1464, .n = 1480, .more = true});
    whole = put((struct piece){.id = 4, .begin = 2944, .n = 10});
    ck_assert_ptr_nonnull(whole);
    ck_assert_uint_eq(whole->len, LINK + IP_HEADER + 12 + 2954);
    ck_assert_mem_eq(whole->data + LINK + IP_HEADER, value, 12);
    ck_assert_uint_eq(whole->gso_size, 1464); /* behind its own header of 32 bytes */
    ck_assert_uint_eq(whole->offload, 0);
    pkt_unref(whole);
}
END_TEST

START_TEST(who_sent_the_beginning_can_be_told_that_it_is_late)
{
    put(piece_middle);
    put(piece_first);
    put((struct piece){.id = 2, .begin = 8, .n = 8});
    put((struct piece){.id = 3, .begin = 0, .n = 8, .more = true});
    put((struct piece){.id = 3, .begin = 0, .n = 16, .more = true}); /* spoilt */
    pass(61 * NS_PER_S);
    ck_assert_uint_eq(counters.timed_out, 2);
    ck_assert_uint_eq(n_late, 1);
    ck_assert_ptr_nonnull(late[0]);
    ck_assert_uint_eq(reassembly_due(r), TIMER_NEVER);
}
END_TEST

START_TEST(a_datagram_that_is_never_whole_is_given_up_in_time)
{
    put(piece_first);
    pass(30 * NS_PER_S);
    put((struct piece){.id = 2, .begin = 0, .n = 8, .more = true});
    pass(29 * NS_PER_S);
    put(piece_middle); /* which gives it no more time: RFC 1122 section 3.3.2 */
    ck_assert_uint_eq(counters.timed_out, 0);
    pass(2 * NS_PER_S);
    ck_assert_uint_eq(counters.timed_out, 1);
    ck_assert_uint_eq(held(pool), 1);
    pass(30 * NS_PER_S);
    ck_assert_uint_eq(counters.timed_out, 2);
    ck_assert_uint_eq(held(pool), 0);
}
END_TEST

START_TEST(fragments_that_differ_in_whose_they_are_are_kept_apart)
{
    static const struct piece others[] = {
        {.id = 2, .begin = 8, .n = 8},
        {.id = 1, .begin = 8, .n = 8, .proto = HDR_IP_TCP},
        {.id = 1, .begin = 8, .n = 8, .src = 9},
    };
    const struct piece begins = {.id = 1, .begin = 0, .n = 8, .more = true};
    const struct piece ends = {.id = 1, .begin = 8, .n = 8};
    put(begins);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_ptr_null(put(others[i]));
    reassembly_clear(r);
    put(begins);
    ck_assert_ptr_null(put_at(2, ends));
    check_whole(put(ends), 1, 16);
}
END_TEST

START_TEST(a_flood_of_datagrams_costs_the_limit_and_the_newest_gets_through)
{
    for (uint16_t id = 1; id <= 5000; id++) {
        ck_assert_ptr_null(put((struct piece){.id = id, .begin = 0, .n = 8, .more = true}));
        ck_assert_uint_le(held(pool), usual.datagrams);
    }
    check_whole(put((struct piece){.id = 5000, .begin = 8, .n = 8}), 5000, 16);
    ck_assert_uint_eq(counters.evicted, 5000 - usual.datagrams);
}
END_TEST

START_TEST(a_flood_of_fragments_costs_the_limit)
{
    put((struct piece){.id = 7, .begin = 0, .n = 8, .more = true});
    for (uint16_t i = 8000; i > 0; i--) {
        ck_assert_ptr_null(
            put((struct piece){.id = 1, .begin = (uint16_t)(8 * i), .n = 8, .more = true}));
        ck_assert_uint_le(held(pool), usual.fragments);
    }
    ck_assert_ptr_null(put((struct piece){.id = 7, .begin = 8, .n = 8})); /* it made room */
}
END_TEST

/* Else each could be had to be compared with 8191 others ("FragmentSmack", CVE-2018-5391). */
START_TEST(a_datagram_in_too_many_fragments_is_dropped)
{
    limit((struct reassembly_config){
        .datagrams = 4, .fragments = 4 * REASSEMBLY_PIECES, .bytes = 1 << 20, .time = NS_PER_S});
    for (uint16_t i = 2 * REASSEMBLY_PIECES; i > 0; i--) {
        put((struct piece){.id = 1, .begin = (uint16_t)(8 * i), .n = 8, .more = true});
        ck_assert_uint_le(held(pool), REASSEMBLY_PIECES);
    }
    ck_assert_uint_eq(counters.too_many_pieces, 1);
    ck_assert_uint_eq(held(pool), 0);
}
END_TEST

START_TEST(large_buffers_count_as_such)
{
    for (uint16_t id = 0; id < 100; id++) {
        limit((struct reassembly_config){
            .datagrams = 4, .fragments = 16, .bytes = 2 * PKT_LARGE, .time = NS_PER_S});
        for (uint16_t at = 0; at < 5; at++)
            put((struct piece){.id = id, .begin = (uint16_t)(at * 4000), .n = 4000, .more = true});
        ck_assert_uint_le(held(large), 2);
    }
}
END_TEST

START_TEST(without_a_buffer_for_the_whole_it_is_dropped)
{
    struct pkt *held[8];
    for (int i = 0; i < 8; i++)
        held[i] = pkt_new(large);
    put((struct piece){.id = 1, .begin = 0, .n = 1480, .more = true});
    put((struct piece){.id = 1, .begin = 1480, .n = 1480, .more = true});
    ck_assert_ptr_null(put((struct piece){.id = 1, .begin = 2960, .n = 8}));
    ck_assert_uint_eq(counters.no_memory, 1);
    for (int i = 0; i < 8; i++)
        pkt_unref(held[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_repeated_fragment_is_ignored,
        a_fragment_that_contradicts_one_drops_the_datagram,
        ends_that_disagree_drop_the_datagram,
        the_longest_datagram_is_put_together,
        a_datagram_too_long_by_its_options_is_dropped,
        the_whole_says_how_long_its_longest_fragment_was,
        who_sent_the_beginning_can_be_told_that_it_is_late,
        a_datagram_that_is_never_whole_is_given_up_in_time,
        fragments_that_differ_in_whose_they_are_are_kept_apart,
        a_flood_of_datagrams_costs_the_limit_and_the_newest_gets_through,
        a_flood_of_fragments_costs_the_limit,
        a_datagram_in_too_many_fragments_is_dropped,
        large_buffers_count_as_such,
        without_a_buffer_for_the_whole_it_is_dropped,
    };
    Suite *s = suite_create("reassembly");
    TCase *c = tcase_create("reassembly");
    suite_add_tcase(s, c);
    tcase_add_checked_fixture(c, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(c, tests[i]);
    tcase_add_loop_test(c, fragments_in_any_order_make_the_datagram, 0, 6);
    tcase_add_loop_test(c, an_overlap_drops_the_datagram_and_what_still_comes_of_it, 0,
                        sizeof overlapping / sizeof overlapping[0]);
    tcase_add_loop_test(c, what_cannot_be_is_dropped_and_harms_no_other, 0,
                        sizeof impossible / sizeof impossible[0]);
    return unit_main(s);
}
