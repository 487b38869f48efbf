/*
 * test_tcp.c - two ends of TCP over a wire: what is sent arrives, whatever the wire does, and every
 * connection ends.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"
#include "test/unit/tcp_world.h"
#include "test/unit/unit.h"

#include <errno.h>

#define PORT 6653

static struct world w;
static struct party client, server;
static struct tcp_listener *listener;

static void accept_one(void *user)
{
    (void)user;
    ck_assert(party_accept(&server, &w.host[1], listener));
}

static void begin_with(uint64_t seed, const struct tcp_config *config)
{
    world_begin(&w, seed, config);
    client = (struct party){.salt = 1, .salt_in = 2};
    server = (struct party){.salt = 2, .salt_in = 1};
    ck_assert_int_eq(tcp_listen(w.host[1].tcp, 0, PORT, 16, accept_one, NULL, &listener), 0);
}

static void begin(uint64_t seed)
{
    begin_with(seed, NULL);
    w.host[0].wire.delay = w.host[1].wire.delay = 10 * NS_PER_MS;
}

static void run(uint64_t ns)
{
    world_run(&w, w.now + ns);
}

static void open_connection(void)
{
    party_connect(&client, &w.host[0], PORT, NULL);
    run(NS_PER_S);
    ck_assert(client.opened && server.opened);
}

/* Nothing may be left: no connection, no record, no packet. */
static void end(void)
{
    struct tcp_usage usage;
    party_end(&client);
    party_end(&server);
    tcp_listener_close(listener, w.now);
    run(200 * NS_PER_S);
    for (int i = 0; i < 2; i++) {
        tcp_usage(w.host[i].tcp, &usage);
        ck_assert_uint_eq(usage.conns, 0);
        ck_assert_uint_eq(usage.half_open, 0);
        ck_assert_uint_eq(usage.time_wait, 0);
        ck_assert_uint_eq(usage.records, 0);
        ck_assert_uint_eq(usage.receive, 0);
        ck_assert_uint_eq(tcp_due(w.host[i].tcp), TIMER_NEVER);
    }
    world_end(&w);
}

static void both_got(uint64_t from_client, uint64_t from_server)
{
    ck_assert(!client.wrong && !server.wrong);
    ck_assert_uint_eq(server.received, from_client);
    ck_assert_uint_eq(client.received, from_server);
}

START_TEST(a_connection_opens_and_carries_bytes_both_ways)
{
    begin(1);
    open_connection();
    party_send(&client, 1000);
    party_send(&server, 2000);
    run(NS_PER_S);
    both_got(1000, 2000);
    ck_assert_uint_eq(client.acked, 1000);
    ck_assert_uint_eq(server.acked, 2000);
    end();
}
END_TEST

START_TEST(bulk_arrives_in_super_segments)
{
    begin(2);
    open_connection();
    party_send(&client, 10 << 20);
    run(60 * NS_PER_S);
    both_got(10 << 20, 0);
    ck_assert_uint_eq(tcp_counters(w.host[0].tcp)->retransmits, 0);
    ck_assert_uint_lt(tcp_counters(w.host[0].tcp)->segments_out, w.host[0].wire.segments / 2);
    end();
}
END_TEST

/* Shut down both ends; each closes without an error. */
static void close_both(void)
{
    tcp_shutdown(client.conn, w.now);
    tcp_shutdown(server.conn, w.now);
    run(300 * NS_PER_S);
    ck_assert(client.closed && server.closed);
    ck_assert_int_eq(client.error, 0);
    ck_assert_int_eq(server.error, 0);
}

START_TEST(both_ends_close_in_order)
{
    begin(3);
    open_connection();
    party_send(&client, 5000);
    tcp_shutdown(client.conn, w.now);
    run(NS_PER_S);
    ck_assert(server.ended);
    ck_assert_int_eq(tcp_state_of(client.conn), TCP_FIN_WAIT_2);
    ck_assert_int_eq(tcp_state_of(server.conn), TCP_CLOSE_WAIT);
    party_send(&server, 7000);
    tcp_shutdown(server.conn, w.now);
    run(NS_PER_S);
    ck_assert(client.ended && client.closed && server.closed);
    ck_assert_int_eq(client.error, 0);
    both_got(5000, 7000);
    end();
}
END_TEST

START_TEST(simultaneous_close_leaves_nothing)
{
    begin(4);
    open_connection();
    close_both();
    end();
}
END_TEST

static void lossy(struct wire *wire, uint32_t lose)
{
    wire->jitter = 5 * NS_PER_MS;
    wire->lose_per_million = lose;
    wire->repeat_per_million = 10000;
    wire->damage_per_million = 10000;
}

START_TEST(everything_arrives_through_a_wire_that_loses_repeats_reorders_and_damages)
{
    for (uint64_t seed = 100; seed < 140; seed++) {
        begin(seed);
        lossy(&w.host[0].wire, 1000u << seed % 7);
        lossy(&w.host[1].wire, 1000u << seed % 5);
        client.to_send = 300000;
        server.to_send = 100000;
        client.shut_when_sent = server.shut_when_sent = true;
        party_connect(&client, &w.host[0], PORT, NULL);
        run(3000 * NS_PER_S);
        both_got(300000, 100000);
        ck_assert(client.closed && server.closed);
        ck_assert_int_eq(client.error, 0);
        ck_assert_int_eq(server.error, 0);
        end();
    }
}
END_TEST

/* RFC 5348 section 3.1 gives 70 KB/s where p is 0.1, R 20 ms and t_RTO 200 ms. */
START_TEST(ten_percent_loss_each_way_still_completes)
{
    for (uint64_t seed = 200; seed < 210; seed++) {
        begin(seed);
        w.host[0].wire.lose_per_million = w.host[1].wire.lose_per_million = 100000;
        client.to_send = 1000000;
        client.shut_when_sent = server.shut_when_sent = true;
        party_connect(&client, &w.host[0], PORT, NULL);
        run(15 * NS_PER_S);
        both_got(1000000, 0);
        run(3000 * NS_PER_S);
        ck_assert_int_eq(client.error, 0);
        ck_assert(client.closed && server.closed);
        end();
    }
}
END_TEST

/* --- Windows that close
 * ---------------------------------------------------------------------------- */

static bool nothing_passes(void *user, const struct pkt *p)
{
    (void)user;
    (void)p;
    return true;
}

static void cut(bool is_cut)
{
    for (int i = 0; i < 2; i++)
        w.host[i].wire.drop = is_cut ? nothing_passes : NULL;
}

START_TEST(a_window_closed_for_an_hour_reopens_even_if_its_update_is_lost)
{
    begin(5);
    server.paused = true;
    open_connection();
    party_send(&client, 1000000);
    run(3600 * NS_PER_S);
    ck_assert(!client.closed);
    ck_assert_uint_lt(server.received, 1000000);
    cut(true); /* the update is lost */
    server.paused = false;
    party_read(&server, UINT64_MAX);
    run(NS_PER_S);
    cut(false);
    run(120 * NS_PER_S);
    both_got(1000000, 0);
    end();
}
END_TEST

START_TEST(two_peers_with_closed_windows_do_not_acknowledge_each_other_for_ever)
{
    uint64_t before;
    begin(6);
    client.paused = server.paused = true;
    open_connection();
    party_send(&client, 1000000);
    party_send(&server, 1000000);
    run(600 * NS_PER_S);
    before = w.host[0].wire.segments + w.host[1].wire.segments;
    run(600 * NS_PER_S);
    /* a probe each way in each minute, and its answer */
    ck_assert_uint_le(w.host[0].wire.segments + w.host[1].wire.segments - before, 2 * 2 * 11);
    client.paused = server.paused = false;
    party_read(&client, UINT64_MAX);
    party_read(&server, UINT64_MAX);
    run(120 * NS_PER_S);
    both_got(1000000, 1000000);
    end();
}
END_TEST

START_TEST(a_path_that_is_gone_for_four_minutes_is_waited_for)
{
    begin(7);
    open_connection();
    party_send(&client, 10000000);
    run(50 * NS_PER_MS);
    cut(true);
    run(240 * NS_PER_S);
    cut(false);
    run(120 * NS_PER_S);
    both_got(10000000, 0);
    end();
}
END_TEST

START_TEST(a_path_that_stays_gone_times_out)
{
    begin(8);
    open_connection();
    cut(true);
    party_send(&client, 1000);
    run(299 * NS_PER_S);
    ck_assert(!client.closed);
    run(62 * NS_PER_S);
    ck_assert(client.closed);
    ck_assert_int_eq(client.error, -ETIMEDOUT);
    cut(false);
    end();
}
END_TEST

/* --- Numbers that wrap
 * ------------------------------------------------------------------------------ */

START_TEST(sequence_numbers_wrap_in_the_middle_of_a_transfer)
{
    static const uint32_t before[] = {0, 1, 2, 1447, 1448, 1449, 5000, 100000, 499999};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        tcp_seq iss;
        begin(9);
        client.sport = 40000;
        party_connect(&client, &w.host[0], PORT, NULL);
        iss = client.conn->iss;
        party_end(&client);
        run((0u - iss - before[i]) * 4000ull - 200 * NS_PER_MS);
        run(200 * NS_PER_MS);
        lossy(&w.host[0].wire, 20000);
        client = (struct party){.salt = 1, .salt_in = 2, .sport = 40000, .to_send = 500000};
        server = (struct party){.salt = 2, .salt_in = 1, .to_send = 100000};
        client.shut_when_sent = server.shut_when_sent = true;
        party_connect(&client, &w.host[0], PORT, NULL);
        ck_assert_uint_le(0u - before[i] - client.conn->iss, 2);
        run(600 * NS_PER_S);
        both_got(500000, 100000);
        ck_assert(client.closed && server.closed);
        end();
    }
}
END_TEST

/* --- Paths
 * ------------------------------------------------------------------------------------------- */

static uint16_t path_mtu(void)
{
    struct tcp_info info;
    tcp_info(client.conn, &info);
    return info.path_mtu;
}

START_TEST(a_path_on_which_large_packets_vanish_is_found_out)
{
    begin(10);
    w.host[0].wire.mtu = 1300;
    open_connection();
    party_send(&client, 1000000);
    run(30 * NS_PER_S);
    both_got(1000000, 0);
    ck_assert_uint_eq(tcp_counters(w.host[0].tcp)->black_holes, 3);
    ck_assert_uint_eq(path_mtu(), 1280);
    end();
}
END_TEST

START_TEST(a_path_that_takes_large_packets_again_gets_them_after_ten_minutes) /* RFC 8899 5.1.1 */
{
    begin(10);
    w.host[0].wire.mtu = 600;
    open_connection();
    party_send(&client, 100000);
    run(30 * NS_PER_S);
    ck_assert_uint_eq(path_mtu(), 552);
    w.host[0].wire.mtu = 0;
    party_send(&client, 100000);
    run(30 * NS_PER_S);
    ck_assert_uint_eq(path_mtu(), 552);
    run(600 * NS_PER_S);
    for (int i = 0; i < 2; i++) {
        party_send(&client, 100000);
        run(30 * NS_PER_S);
    }
    ck_assert_uint_eq(path_mtu(), 1500);
    both_got(400000, 0);
    end();
}
END_TEST

/* Timeouts in a row are common then, and say nothing of the size. */
START_TEST(heavy_loss_is_not_taken_for_a_black_hole)
{
    uint64_t black_holes = 0;
    for (uint64_t seed = 300; seed < 320; seed++) {
        begin(seed);
        open_connection();
        w.host[0].wire.lose_per_million = w.host[1].wire.lose_per_million = 200000;
        party_send(&client, 500000);
        while (server.received < 500000)
            run(NS_PER_S);
        ck_assert_uint_eq(path_mtu(), 1500);
        black_holes += tcp_counters(w.host[0].tcp)->black_holes;
        w.host[0].wire.lose_per_million = w.host[1].wire.lose_per_million = 0;
        both_got(500000, 0);
        end();
    }
    ck_assert_uint_gt(black_holes, 0); /* it was suspected */
}
END_TEST

/* The wire stands still for longer than the retransmission timeout, but loses nothing. */
static void stand_still(struct wire *wire)
{
    open_connection();
    party_send(&client, 5000000);
    run(200 * NS_PER_MS);
    wire->free_at = w.now + 900 * NS_PER_MS;
    run(60 * NS_PER_S);
    both_got(5000000, 0);
    ck_assert_uint_ge(tcp_counters(w.host[0].tcp)->timeouts, 1);
    ck_assert_uint_eq(tcp_counters(w.host[0].tcp)->spurious_timeouts, 1);
    end();
}

START_TEST(a_timeout_because_the_path_stood_still_is_undone)
{
    begin(11);
    w.host[0].wire.rate = 2000000;
    stand_still(&w.host[0].wire);
}
END_TEST

START_TEST(a_timeout_because_acknowledgments_were_late_is_undone)
{
    begin(11);
    w.host[0].wire.rate = w.host[1].wire.rate = 2000000;
    stand_still(&w.host[1].wire);
}
END_TEST

/* --- Many
 * -------------------------------------------------------------------------------------------- */

START_TEST(ten_thousand_connections_come_and_go)
{
    begin(12);
    for (int i = 0; i < 10000; i++) {
        client = (struct party){.salt = 1, .salt_in = 2, .to_send = 10, .shut_when_sent = true};
        server = (struct party){.salt = 2, .salt_in = 1, .to_send = 10, .shut_when_sent = true};
        party_connect(&client, &w.host[0], PORT, NULL);
        run(100 * NS_PER_MS);
        both_got(10, 10);
        ck_assert(client.closed && server.closed);
        party_end(&client);
        party_end(&server);
    }
    end();
}
END_TEST

START_TEST(connections_of_an_address_that_is_gone_end_in_the_next_turn)
{
    begin(13);
    open_connection();
    tcp_address_gone(w.host[0].tcp, w.host[1].addr, -EADDRNOTAVAIL, w.now);
    run(NS_PER_S);
    ck_assert(!client.closed);
    tcp_address_gone(w.host[0].tcp, w.host[0].addr, -EADDRNOTAVAIL, w.now);
    ck_assert(!client.closed);
    run(10 * NS_PER_MS);
    ck_assert(client.closed);
    ck_assert_int_eq(client.error, -EADDRNOTAVAIL);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_connection_opens_and_carries_bytes_both_ways,
        bulk_arrives_in_super_segments,
        both_ends_close_in_order,
        simultaneous_close_leaves_nothing,
        everything_arrives_through_a_wire_that_loses_repeats_reorders_and_damages,
        ten_percent_loss_each_way_still_completes,
        a_window_closed_for_an_hour_reopens_even_if_its_update_is_lost,
        two_peers_with_closed_windows_do_not_acknowledge_each_other_for_ever,
        a_path_that_is_gone_for_four_minutes_is_waited_for,
        a_path_that_stays_gone_times_out,
        sequence_numbers_wrap_in_the_middle_of_a_transfer,
        a_path_on_which_large_packets_vanish_is_found_out,
        a_path_that_takes_large_packets_again_gets_them_after_ten_minutes,
        heavy_loss_is_not_taken_for_a_black_hole,
        a_timeout_because_the_path_stood_still_is_undone,
        a_timeout_because_acknowledgments_were_late_is_undone,
        ten_thousand_connections_come_and_go,
        connections_of_an_address_that_is_gone_end_in_the_next_turn,
        NULL,
    };
    return unit_main(unit_suite("tcp", tests));
}
