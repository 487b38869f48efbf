/*
 * test_link.c - simulated links: what goes in comes out as the faults say, the same in every run.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include "test/unit/watcher.h"
#include <errno.h>

#define LONG 65000

static struct pkt_pool *pool, *large;
static struct watcher a, b;

static void begin(uint64_t seed, const struct sim_link_config *config)
{
    sim_start(seed, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    large = pkt_pool_new(8, PKT_LARGE, NULL);
    pool = pkt_pool_new(4096, PKT_SMALL, large);
    sim_link_configure("l", config);
    ck_assert_int_eq(watcher_begin(&a, "link:l", pool), 0);
    ck_assert_int_eq(watcher_begin(&b, "link:l", pool), 0);
    sim_run(0);
    ck_assert(a.dev && b.dev);
}

static void end(void)
{
    watcher_end(&a);
    watcher_end(&b);
    loop_close();
    pkt_pool_free(pool);
    pkt_pool_free(large);
}

/* Send frames numbered from 0 to n - 1 (modulo 256). */
static void send_numbered(size_t n)
{
    for (size_t i = 0; i < n; i++)
        watcher_send(&a, pool, (uint8_t)i, 100);
}

static uint8_t number_of(const struct pkt *p)
{
    return p->data[p->len - 1];
}

static const struct sim_link_config kind = {0};
static const struct sim_link_config slow = {.delay_min = NS_PER_MS, .delay_max = 20 * NS_PER_MS};

START_TEST(frames_arrive_whole_and_in_order_in_batches)
{
    static const struct sim_link_config *const configs[] = {&kind, &slow};
    for (int c = 0; c < 2; c++) {
        begin(1, configs[c]);
        send_numbered(200);
        ck_assert_uint_eq(b.frames, 0); /* in a later turn */
        sim_run(TIMER_NEVER);
        ck_assert_uint_eq(b.frames, 200);
        for (size_t i = 0; i < 200; i++) {
            ck_assert_uint_eq(b.kept[i]->len, 100);
            ck_assert_uint_eq(number_of(b.kept[i]), i);
        }
        ck_assert_uint_lt(b.batches, 100);
        ck_assert_uint_ge(b.batches, 200 / NETDEV_BATCH);
        ck_assert_uint_eq(a.frames, 0);
        ck_assert_uint_eq(a.dev->stats.tx_packets, 200);
        ck_assert_uint_eq(b.dev->stats.rx_bytes, 20000);
        end();
    }
}
END_TEST

START_TEST(a_delay_is_within_its_bounds)
{
    begin(2, &slow);
    send_numbered(50);
    sim_run(NS_PER_MS - 1);
    ck_assert_uint_eq(b.frames, 0);
    sim_run(21 * NS_PER_MS);
    ck_assert_uint_eq(b.frames, 50);
    end();
}
END_TEST

START_TEST(lost_repeated_and_damaged_frames_are_about_as_many_as_asked)
{
    begin(3, &(struct sim_link_config){.lose_per_million = 100000});
    send_numbered(1000);
    sim_run(TIMER_NEVER);
    ck_assert_uint_gt(b.frames, 850);
    ck_assert_uint_lt(b.frames, 950);
    end();

    begin(3, &(struct sim_link_config){.repeat_per_million = 100000});
    send_numbered(800);
    sim_run(TIMER_NEVER);
    ck_assert_uint_gt(b.frames, 840);
    ck_assert_uint_lt(b.frames, 920);
    end();

    begin(3, &(struct sim_link_config){.damage_per_million = 1000000});
    send_numbered(1);
    sim_run(TIMER_NEVER);
    int bits = 0;
    for (size_t i = 0; i < b.kept[0]->len; i++) {
        static const uint8_t head[14] = "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5";
        bits += __builtin_popcount(b.kept[0]->data[i] ^ (i < 14 ? head[i] : 0));
    }
    ck_assert_int_eq(bits, 1);
    end();
}
END_TEST

START_TEST(stragglers_are_overtaken_but_not_lost)
{
    size_t out_of_order = 0;
    bool seen[200] = {false};
    begin(4, &(struct sim_link_config){.delay_max = NS_PER_MS, .reorder_per_million = 200000});
    send_numbered(200);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.frames, 200);
    for (size_t i = 0; i < 200; i++) {
        ck_assert(!seen[number_of(b.kept[i])]);
        seen[number_of(b.kept[i])] = true;
        out_of_order += i > 0 && number_of(b.kept[i]) < number_of(b.kept[i - 1]);
    }
    ck_assert_uint_gt(out_of_order, 5);
    end();
}
END_TEST

static uint64_t digest_of(uint64_t seed)
{
    begin(seed, &(struct sim_link_config){.delay_max = NS_PER_MS,
                                          .lose_per_million = 50000,
                                          .repeat_per_million = 50000,
                                          .reorder_per_million = 50000,
                                          .damage_per_million = 50000});
    send_numbered(300);
    sim_run(TIMER_NEVER);
    end();
    return sim_digest();
}

START_TEST(a_seed_replays_and_another_does_not)
{
    ck_assert_uint_eq(digest_of(5), digest_of(5));
    ck_assert_uint_ne(digest_of(5), digest_of(6));
}
END_TEST

START_TEST(a_link_with_one_end_or_taken_down_is_down_and_carries_nothing)
{
    begin(7, &kind);
    ck_assert(a.dev->link_up && b.dev->link_up);
    sim_link_set_up("l", false);
    sim_run(TIMER_NEVER);
    ck_assert(!a.dev->link_up && !b.dev->link_up);
    ck_assert_uint_eq(a.links, 2);
    send_numbered(3);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.frames, 0);
    ck_assert_uint_eq(a.dev->stats.tx_dropped, 3);
    sim_link_set_up("l", true);
    sim_run(TIMER_NEVER);
    ck_assert(a.dev->link_up && b.dev->link_up);
    device_unwatch(b.watch);
    b.watch = NULL;
    sim_run(TIMER_NEVER);
    ck_assert(!a.dev->link_up);
    end();
}
END_TEST

START_TEST(a_link_has_two_ends_with_addresses_of_their_own)
{
    struct watcher third;
    begin(8, &kind);
    ck_assert_mem_ne(a.dev->mac, b.dev->mac, 6);
    ck_assert_uint_eq(a.dev->mac[0], 0x02);
    ck_assert_int_eq(watcher_begin(&third, "link:l", pool), 0);
    sim_run(loop_now());
    ck_assert_int_eq(third.error, -EBUSY);
    watcher_end(&third);
    end();
}
END_TEST

START_TEST(frames_longer_than_the_mtu_stay_and_super_frames_pass_with_their_metadata)
{
    begin(9, &(struct sim_link_config){.mtu = 1000, .features = NETDEV_TX_CSUM | NETDEV_TX_GSO4});
    ck_assert_uint_eq(a.dev->mtu, 1000);
    watcher_send(&a, pool, 0, 1018);
    watcher_send(&a, pool, 0, 1019);
    struct pkt *p = pkt_new_for(pool, LONG);
    memset(pkt_append(p, LONG), 1, LONG);
    p->offload = PKT_CSUM_PARTIAL | PKT_GSO_TCP4;
    p->gso_size = 946;
    p->csum_start = 34;
    p->csum_offset = 16;
    netdev_send(a.dev, &p, 1);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.frames, 2);
    ck_assert_uint_eq(a.dev->stats.tx_errors, 1);
    p = b.kept[1];
    ck_assert_uint_eq(p->len, LONG);
    ck_assert_uint_eq(p->offload, PKT_CSUM_PARTIAL | PKT_GSO_TCP4);
    ck_assert_uint_eq(p->gso_size, 946);
    ck_assert_uint_eq(p->csum_start, 34);
    ck_assert_uint_eq(p->csum_offset, 16);
    end();
}
END_TEST

START_TEST(a_receiver_without_packets_drops_and_counts)
{
    struct pkt_pool *tiny = pkt_pool_new(2, PKT_SMALL, NULL);
    begin(10, &kind);
    watcher_end(&b);
    ck_assert_int_eq(watcher_begin(&b, "link:l", tiny), 0);
    sim_run(TIMER_NEVER);
    send_numbered(5);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.frames, 2);
    ck_assert_uint_eq(b.dev->stats.rx_dropped, 3);
    end();
    pkt_pool_free(tiny);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        frames_arrive_whole_and_in_order_in_batches,
        a_delay_is_within_its_bounds,
        lost_repeated_and_damaged_frames_are_about_as_many_as_asked,
        stragglers_are_overtaken_but_not_lost,
        a_seed_replays_and_another_does_not,
        a_link_with_one_end_or_taken_down_is_down_and_carries_nothing,
        a_link_has_two_ends_with_addresses_of_their_own,
        frames_longer_than_the_mtu_stay_and_super_frames_pass_with_their_metadata,
        a_receiver_without_packets_drops_and_counts,
        NULL,
    };
    return unit_main(unit_suite("link", tests));
}
