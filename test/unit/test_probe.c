/*
 * test_probe.c - the frames by which morgana-bench measures a switch, and what it makes of those
 * that come (tools/bench/probe.h, arrivals.h, search.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/frame_headers.h"
#include "openflow/key.h"
#include "runtime/checksum.h"
#include "test/unit/unit.h"
#include "tools/bench/arrivals.h"
#include "tools/bench/probe.h"
#include "tools/bench/search.h"
#include <string.h>

/* --- Frames ---------------------------------------------------------------------------------- */

static struct pkt_pool *pool;
static struct probes probes;

static void begin(uint32_t flows, uint32_t pairs, uint32_t frame)
{
    pool = pkt_pool_new(4, PKT_SMALL, NULL);
    ck_assert_int_eq(probes_init(&probes, flows, pairs, frame), 0);
    probes_begin(&probes, 7);
}

static void finish(void)
{
    probes_free(&probes);
    pkt_pool_free(pool);
}

static struct pkt *next(uint64_t now)
{
    struct pkt *p = pkt_new(pool);
    probes_put(&probes, p, now);
    return p;
}

START_TEST(frame_is_a_datagram_of_the_wanted_length_with_right_checksum)
{
    static const uint32_t lengths[] = {PROBE_FRAME_MIN, 64, 512, PROBE_FRAME_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct pkt *p;
        const struct hdr_ipv4 *ip;
        const struct hdr_udp *udp;
        begin(1, 1, lengths[i]);
        p = next(1);
        ip = (const void *)(p->data + sizeof(struct hdr_eth));
        udp = (const void *)(ip + 1);
        ck_assert_uint_eq(p->len, lengths[i]);
        ck_assert_uint_eq(be16_get(ip->total_len), lengths[i] - sizeof(struct hdr_eth));
        ck_assert_uint_eq(be16_get(checksum_finish(checksum_add(0, ip, sizeof *ip))), 0);
        ck_assert_uint_eq(ip->proto, HDR_IP_UDP);
        ck_assert_uint_eq(be16_get(udp->len), lengths[i] - sizeof(struct hdr_eth) - sizeof *ip);
        pkt_unref(p);
        finish();
    }
}
END_TEST

START_TEST(flows_take_turns_and_no_two_have_the_same_key)
{
    struct ofp_key keys[5];
    begin(5, 2, 60);
    for (uint32_t i = 0; i < 10; i++) {
        struct pkt *p = next(i);
        const struct probe_stamp *stamp = probes_read(&probes, p);
        struct ofp_key key;
        ck_assert_ptr_nonnull(stamp);
        ck_assert_uint_eq(be16_get(stamp->flow), i % 5);
        ck_assert_uint_eq(be32_get(stamp->number), i / 5);
        ck_assert_uint_eq(be64_get(stamp->sent), i);
        ofp_key_extract(&key, span_of(p->data, p->len), 1);
        if (i >= 5)
            ck_assert_mem_eq(&key, &keys[i - 5], sizeof key);
        for (uint32_t j = 0; j < i && i < 5; j++)
            ck_assert_mem_ne(&key, &keys[j], sizeof key);
        if (i < 5)
            keys[i] = key;
        pkt_unref(p);
    }
    finish();
}
END_TEST

START_TEST(pairs_of_addresses_are_as_many_as_asked_for)
{
    uint8_t seen[6][2 * OFP_ETH_ALEN];
    begin(6, 3, 60);
    for (uint32_t i = 0; i < 6; i++) {
        struct pkt *p = next(0);
        memcpy(seen[i], p->data, sizeof seen[i]);
        if (i >= 3)
            ck_assert_mem_eq(seen[i], seen[i - 3], sizeof seen[i]);
        for (uint32_t j = 0; j < i && i < 3; j++)
            ck_assert_mem_ne(seen[i], seen[j], sizeof seen[i]);
        pkt_unref(p);
    }
    finish();
}
END_TEST

START_TEST(a_hello_comes_from_the_destination_to_everybody_and_is_no_probe)
{
    struct pkt *p, *hello;
    begin(2, 2, 60);
    pkt_unref(next(0));
    p = next(0); /* of pair 1 */
    hello = pkt_new(pool);
    probes_put_hello(hello, 1);
    ck_assert_mem_eq(hello->data + OFP_ETH_ALEN, p->data, OFP_ETH_ALEN);
    ck_assert_uint_eq(hello->data[0], 0xff);
    ck_assert_ptr_null(probes_read(&probes, hello));
    pkt_unref(p);
    pkt_unref(hello);
    finish();
}
END_TEST

START_TEST(what_is_not_of_this_trial_is_not_read)
{
    struct pkt *p;
    begin(2, 1, 60);
    p = next(0);
    ck_assert_ptr_nonnull(probes_read(&probes, p));
    p->len--; /* cut short */
    ck_assert_ptr_null(probes_read(&probes, p));
    p->len++;
    p->data[PROBE_HEADERS]++; /* another magic */
    ck_assert_ptr_null(probes_read(&probes, p));
    p->data[PROBE_HEADERS]--;
    ((struct probe_stamp *)(p->data + PROBE_HEADERS))->flow = be16_of(2); /* there is none such */
    ck_assert_ptr_null(probes_read(&probes, p));
    ((struct probe_stamp *)(p->data + PROBE_HEADERS))->flow = be16_of(1);
    ck_assert_ptr_nonnull(probes_read(&probes, p));
    probes_begin(&probes, 8);
    ck_assert_ptr_null(probes_read(&probes, p)); /* late: of the trial before */
    pkt_unref(p);
    finish();
}
END_TEST

/* --- What comes ------------------------------------------------------------------------------ */

START_TEST(only_a_frame_that_a_later_one_of_its_flow_overtook_is_out_of_order)
{
    static const struct {
        uint32_t flow, number;
        uint64_t reordered; /* by then */
    } rows[] = {
        {0, 0, 0}, {1, 0, 0}, {0, 2, 0} /* 1 is missing */, {0, 1, 1} /* there it is */, {1, 1, 1},
        {0, 3, 1}, {0, 3, 2} /* twice */};
    struct arrivals a;
    ck_assert_int_eq(arrivals_init(&a, 2), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arrivals_add(&a, rows[i].flow, rows[i].number, 10 * i);
        ck_assert_uint_eq(a.reordered, rows[i].reordered);
        ck_assert_uint_eq(a.received, i + 1);
    }
    ck_assert_uint_eq(a.latency.max, 60);
    arrivals_begin(&a);
    arrivals_add(&a, 0, 0, 5);
    ck_assert_uint_eq(a.reordered, 0);
    ck_assert_uint_eq(a.received, 1);
    ck_assert_uint_eq(a.latency.max, 5);
    arrivals_free(&a);
}
END_TEST

/* --- The search ------------------------------------------------------------------------------ */

/* A switch that carries `capacity`, and a generator that can send `most`. Returns what is found. */
static uint64_t found(uint64_t most, uint64_t capacity)
{
    struct search s = {0};
    uint64_t rate = most;
    while (rate > 0) {
        uint64_t offered = rate < most ? rate : most;
        uint64_t carried = offered < capacity ? offered : capacity;
        rate = search_next(&s, offered, carried, offered <= capacity);
    }
    return s.good;
}

START_TEST(search_finds_what_a_switch_carries_within_two_per_cent)
{
    static const uint64_t capacities[] = {100, 999, 232000, 500000, 999999};
    for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
        uint64_t rate = found(1000000, capacities[i]);
        ck_assert_uint_le(rate, capacities[i]);
        ck_assert_uint_ge(rate * 100, capacities[i] * 98);
    }
}
END_TEST

START_TEST(search_ends_at_once_if_the_generator_is_slower_than_the_switch)
{
    struct search s = {0};
    ck_assert_uint_eq(search_next(&s, 1000, 1000, true), 0);
    ck_assert_uint_eq(s.good, 1000);
}
END_TEST

START_TEST(search_ends_without_an_answer_if_every_rate_loses)
{
    struct search s = {0};
    uint64_t rate = 1000000;
    unsigned trials = 0;
    while (rate > 0) {
        rate = search_next(&s, rate, 0, false);
        ck_assert_uint_le(++trials, SEARCH_TRIALS);
    }
    ck_assert_uint_eq(s.good, 0);
}
END_TEST

START_TEST(search_believes_the_later_of_two_trials_that_contradict_each_other)
{
    struct search s = {0};
    ck_assert_uint_eq(search_next(&s, 1000, 800, false), 800);
    ck_assert_uint_eq(search_next(&s, 800, 800, true), 900);
    ck_assert_uint_ne(search_next(&s, 700, 600, false), 0); /* slower than what was good */
    ck_assert_uint_lt(s.good, 700);
}
END_TEST

START_TEST(loss_is_judged_by_frames_of_a_million)
{
    ck_assert(search_is_good(1000, 0, 0));
    ck_assert(!search_is_good(1000, 1, 0));
    ck_assert(!search_is_good(0, 0, 0)); /* nothing was measured */
    ck_assert(search_is_good(1000000, 100, 100));
    ck_assert(!search_is_good(1000000, 101, 100));
    ck_assert(search_is_good(UINT64_MAX, UINT64_MAX / 2, 500000));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        frame_is_a_datagram_of_the_wanted_length_with_right_checksum,
        flows_take_turns_and_no_two_have_the_same_key,
        pairs_of_addresses_are_as_many_as_asked_for,
        a_hello_comes_from_the_destination_to_everybody_and_is_no_probe,
        what_is_not_of_this_trial_is_not_read,
        only_a_frame_that_a_later_one_of_its_flow_overtook_is_out_of_order,
        search_finds_what_a_switch_carries_within_two_per_cent,
        search_ends_at_once_if_the_generator_is_slower_than_the_switch,
        search_ends_without_an_answer_if_every_rate_loses,
        search_believes_the_later_of_two_trials_that_contradict_each_other,
        loss_is_judged_by_frames_of_a_million,
        NULL,
    };
    return unit_main(unit_suite("probe", tests));
}
