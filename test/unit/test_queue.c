/*
 * test_queue.c - queues: each gets what it is guaranteed, the rest is shared, nothing is lost that
 * fits.
 *
 * A port of 1,000,000 bytes a second, packets of 1000 bytes, in virtual time: a millisecond each.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "switch/queue.h"
#include "test/unit/unit.h"

#include <errno.h>

#define RATE 1000000
#define LEN  1000
#define IDS  4

static struct pkt_pool *pool;
static struct queues *queues;
static size_t passed[IDS + 1], in_all; /* by the packet's first byte; IDS: no queue's */
static uint8_t last;
static bool in_order;

static void pass(void *user, struct pkt *p)
{
    (void)user;
    passed[p->data[0]]++;
    in_all++;
    in_order = in_order && p->data[1] == (uint8_t)(last + 1);
    last = p->data[1];
    pkt_unref(p);
}

static void done(void *user)
{
    (void)user;
}

static void set_up(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    pool = pkt_pool_new(4096, PKT_SMALL, NULL);
    queues = queues_new(RATE, pass, done, NULL);
    for (int i = 0; i <= IDS; i++)
        passed[i] = 0;
    in_all = last = 0;
    in_order = true;
}

/* Asserts that no packet was lost. */
static void tear_down(void)
{
    queues_free(queues);
    loop_close();
    pkt_pool_free(pool);
}

static void put(uint8_t id)
{
    static uint8_t serial;
    struct pkt *p = pkt_new(pool);
    if (in_all == 0 && passed[id] == 0)
        last = serial;
    pkt_append(p, LEN);
    p->data[0] = id;
    p->data[1] = ++serial;
    queues_put(queues, id == IDS ? QUEUE_NONE : id, p);
}

static void pass_time(uint64_t ms)
{
    sim_run(loop_now() + ms * NS_PER_MS);
}

/* For `ms` milliseconds offer each of these queues two packets a millisecond. */
static void overload(uint64_t ms, const uint8_t *ids, size_t n)
{
    for (; ms > 0; ms--) {
        for (size_t i = 0; i < n; i++) {
            put(ids[i]);
            put(ids[i]);
        }
        pass_time(1);
    }
}

static void about(size_t got, size_t want)
{
    ck_assert_uint_ge(got * 100, want * 93);
    ck_assert_uint_le(got * 100, want * 107);
}

static void forget(void)
{
    for (int i = 0; i <= IDS; i++)
        passed[i] = 0;
    in_all = 0;
}

START_TEST(what_nothing_hinders_is_passed_on_at_once)
{
    queues_add(queues, 0, 100);
    for (int i = 0; i < 20; i++)
        put(0);
    ck_assert_uint_eq(in_all, 20);
    ck_assert(in_order);
}
END_TEST

START_TEST(the_port_is_paced_at_its_rate)
{
    static const uint8_t ids[] = {0};
    queues_add(queues, 0, 0);
    overload(200, ids, 1); /* the first burst is spent */
    forget();
    overload(1000, ids, 1);
    about(in_all, 1000);
}
END_TEST

START_TEST(each_queue_gets_its_guarantee)
{
    static const uint8_t ids[] = {0, 1, 2};
    queues_add(queues, 0, 600);
    queues_add(queues, 1, 300);
    queues_add(queues, 2, 100);
    overload(300, ids, 3);
    forget();
    overload(2000, ids, 3);
    about(passed[0], 1200);
    about(passed[1], 600);
    about(passed[2], 200);
    about(in_all, 2000);
}
END_TEST

START_TEST(what_is_left_over_is_shared_by_all)
{
    static const uint8_t ids[] = {0, 1, IDS};
    queues_add(queues, 0, 400);
    queues_add(queues, 1, OFPQ_MIN_RATE_UNCFG);
    overload(300, ids, 3);
    forget();
    overload(2000, ids, 3);
    about(passed[0], 800 + 400);
    about(passed[1], 400);
    about(passed[IDS], 400);
}
END_TEST

START_TEST(who_is_silent_leaves_its_share_to_the_others)
{
    static const uint8_t ids[] = {1};
    queues_add(queues, 0, 900);
    queues_add(queues, 1, 100);
    overload(300, ids, 1);
    forget();
    overload(1000, ids, 1);
    about(passed[1], 1000);
}
END_TEST

/* Long silence is no claim to more than a share. */
START_TEST(who_comes_late_has_no_arrears)
{
    static const uint8_t one[] = {0}, both[] = {0, 1};
    queues_add(queues, 0, 0);
    queues_add(queues, 1, 0);
    overload(1000, one, 1);
    forget();
    overload(1000, both, 2);
    about(passed[1], 500);
}
END_TEST

START_TEST(a_full_queue_drops_and_counts)
{
    struct dp_queue q;
    queues_add(queues, 3, 0);
    for (int i = 0; i < 1000; i++)
        put(3);
    ck_assert(queues_get(queues, 0, &q));
    ck_assert_uint_eq(q.id, 3);
    ck_assert_uint_eq(q.tx_packets + q.tx_errors + QUEUE_LEN, 1000);
    ck_assert_uint_gt(q.tx_errors, 0);
    pass_time(2000);
    ck_assert(queues_get(queues, 0, &q));
    ck_assert_uint_eq(q.tx_packets + q.tx_errors, 1000);
    ck_assert_uint_eq(q.tx_bytes, q.tx_packets * LEN);
}
END_TEST

START_TEST(a_packet_for_no_queue_is_not_lost)
{
    queues_add(queues, 0, 0);
    put(2);
    ck_assert_uint_eq(passed[2], 1);
}
END_TEST

START_TEST(queues_are_listed_in_order_and_bounded)
{
    struct dp_queue q;
    ck_assert(!queues_get(queues, 0, &q));
    ck_assert(!queues_have(queues, QUEUE_NONE));
    for (uint32_t i = QUEUES_MAX; i > 0; i--)
        ck_assert_int_eq(queues_add(queues, i * 10, 1), 0);
    ck_assert_int_eq(queues_add(queues, 5, 1), -ENOSPC);
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        ck_assert(queues_get(queues, i, &q));
        ck_assert_uint_eq(q.id, (i + 1) * 10);
        ck_assert(queues_have(queues, q.id));
    }
    ck_assert(!queues_get(queues, QUEUES_MAX, &q));
    ck_assert_int_eq(queues_remove(queues, 20), 0);
    ck_assert_int_eq(queues_remove(queues, 20), -ENOENT);
    ck_assert_int_eq(queues_remove(queues, QUEUE_NONE), -ENOENT);
    ck_assert(!queues_have(queues, 20));
    ck_assert_int_eq(queues_add(queues, 30, 1), -EEXIST);
}
END_TEST

START_TEST(a_queue_that_is_removed_gives_its_packets_back)
{
    queues_add(queues, 0, 0);
    for (int i = 0; i < 300; i++)
        put(0);
    ck_assert_int_eq(queues_remove(queues, 0), 0);
    pass_time(100);
    put(IDS);
    pass_time(100);
    ck_assert_uint_eq(passed[IDS], 1);
}
END_TEST

/* A rate at which a byte takes longer than a turn of the loop. */
START_TEST(slow_ports_are_not_starved_by_rounding)
{
    queues_set_rate(queues, 2000);
    queues_add(queues, 0, 500);
    for (int i = 0; i < 100; i++)
        put(0);
    forget();
    for (int i = 0; i < 2000000; i += 100)
        sim_run(loop_now() + 100000);
    about(in_all, 4);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("queue");
    TCase *c = tcase_create("queue");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, what_nothing_hinders_is_passed_on_at_once);
    tcase_add_test(c, the_port_is_paced_at_its_rate);
    tcase_add_test(c, each_queue_gets_its_guarantee);
    tcase_add_test(c, what_is_left_over_is_shared_by_all);
    tcase_add_test(c, who_is_silent_leaves_its_share_to_the_others);
    tcase_add_test(c, who_comes_late_has_no_arrears);
    tcase_add_test(c, a_full_queue_drops_and_counts);
    tcase_add_test(c, a_packet_for_no_queue_is_not_lost);
    tcase_add_test(c, queues_are_listed_in_order_and_bounded);
    tcase_add_test(c, a_queue_that_is_removed_gives_its_packets_back);
    tcase_add_test(c, slow_ports_are_not_starved_by_rounding);
    return unit_main(s);
}
