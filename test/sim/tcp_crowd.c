/*
 * tcp_crowd.c - many connections of TCP: what they hold, and that nothing of it stays.
 *
 *     tcp_crowd      10,000 connections between two hosts, open and idle, each having moved bytes
 *                    both ways: heap and pools of both hosts together stay below 64 MiB. Then
 *                    100,000 connections are opened and closed, hundreds at a time, and leave
 *                    nothing, TIME-WAIT included.
 *
 * In virtual time; the path loses a segment now and then, so that not all is smooth. Memory is what
 * the C library has handed out, large blocks as well.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/tcp_world.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define PORT     80
#define STANDING 10000
#define COMING   100000
#define AT_ONCE  500
#define BYTES    3000
#define BUFFERS  2048
#define LIMIT    ((size_t)64 << 20)

static struct world w;
static struct tcp_listener *listener;
static struct party client[STANDING], server[STANDING];
static unsigned n_accepted;
static unsigned failures;

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    printf("FAILED: %s\n", what);
    failures++;
}

static size_t heap(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void accept_one(void *user)
{
    struct party *p = &server[n_accepted++];
    (void)user;
    *p = (struct party){.salt = 2, .salt_in = 1, .to_send = BYTES};
    if (!party_accept(p, &w.host[1], listener))
        abort();
}

static void begin(void)
{
    struct tcp_config config;
    tcp_defaults(&config);
    world_begin_sized(&w, 1, &config, BUFFERS);
    for (int i = 0; i < 2; i++) {
        w.host[i].wire.delay = 5 * NS_PER_MS;
        w.host[i].wire.lose_per_million = 1000;
    }
    if (tcp_listen(w.host[1].tcp, 0, PORT, AT_ONCE, accept_one, NULL, &listener) != 0)
        abort();
}

static void connect_one(struct party *p)
{
    *p = (struct party){.salt = 1, .salt_in = 2, .to_send = BYTES};
    party_connect(p, &w.host[0], PORT, NULL);
}

static void run(uint64_t ns)
{
    world_run(&w, w.now + ns);
}

static bool has_all(const struct party *p)
{
    return !p->wrong && p->received == BYTES && p->acked == BYTES;
}

/* --- Standing -------------------------------------------------------------------------------- */

static void open_standing(void)
{
    for (unsigned i = 0; i < STANDING; i++) {
        connect_one(&client[i]);
        if (i % AT_ONCE == AT_ONCE - 1)
            run(NS_PER_S);
    }
    run(60 * NS_PER_S);
}

static void close_standing(void)
{
    for (unsigned i = 0; i < STANDING; i++) {
        party_shut(&client[i]);
        party_shut(&server[i]);
        if (i % AT_ONCE == AT_ONCE - 1)
            run(NS_PER_S);
    }
    run(200 * NS_PER_S);
}

static void free_parties(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        expect(has_all(&client[i]) && has_all(&server[i]), "a connection moved its bytes");
        expect(client[i].closed && server[i].closed, "a connection has ended");
        party_end(&client[i]);
        party_end(&server[i]);
    }
    n_accepted = 0;
}

static void stand(size_t before)
{
    struct tcp_usage usage;
    size_t held;
    open_standing();
    tcp_usage(w.host[1].tcp, &usage);
    expect(usage.conns == STANDING, "all connections stand");
    held = heap() - before;
    printf("%d connections, both ends: %.1f MiB of heap and pools\n", STANDING,
           (double)held / (1 << 20));
    expect(held < LIMIT, "they are held in 64 MiB");
    close_standing();
    free_parties(STANDING);
}

/* --- Coming and going ------------------------------------------------------------------------ */

static void come_and_go(void)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        connect_one(&client[i]);
        client[i].shut_when_sent = true;
    }
    run(5 * NS_PER_S);
    for (unsigned i = 0; i < n_accepted; i++)
        party_shut(&server[i]);
    run(25 * NS_PER_S);
    free_parties(AT_ONCE);
}

static void check_pool(const struct pkt_pool *pool)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(pool, &stats);
    expect(stats.free == stats.total, "all packets have come back");
}

static void check_rest(void)
{
    struct tcp_usage u;
    run(200 * NS_PER_S);
    for (int i = 0; i < 2; i++) {
        tcp_usage(w.host[i].tcp, &u);
        expect(u.conns == 0 && u.half_open == 0 && u.time_wait == 0, "no connection is left");
        expect(u.records == 0 && u.receive == 0, "no record and no input is left");
        check_pool(w.host[i].pool);
        check_pool(w.host[i].large);
    }
}

int main(void)
{
    size_t before = heap(), rest;
    begin();
    stand(before);
    check_rest();
    rest = heap();
    for (unsigned n = 0; n < COMING; n += AT_ONCE)
        come_and_go();
    check_rest();
    printf("%d connections more: %zu bytes of heap before them, %zu behind\n", COMING, rest,
           heap());
    expect(heap() == rest, "the heap is as it was");
    expect(tcp_counters(w.host[1].tcp)->opened_passive == STANDING + COMING, "all were accepted");
    tcp_listener_close(listener, w.now);
    world_end(&w);
    printf("%d passed, %d failed\n", failures == 0, failures != 0);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
