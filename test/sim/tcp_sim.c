/*
 * tcp_sim.c - TCP in virtual time: bulk, requests and replies, and many connections, over wires
 * that lose, repeat, reorder, damage, delay and stand still.
 *
 *     tcp_sim --seeds=1-5000   run these; each failing one is printed as the command that replays
 * it tcp_sim --seed=7         run one, and say what it was tcp_sim --break=byte     a byte is
 * changed behind the checksum: must fail (the self-test) tcp_sim --break=end      a connection is
 * never ended: must fail tcp_sim --break=replay   a second run of a seed differs: must fail
 *
 * Of each connection: the bytes that arrive are the bytes sent, in order and all of them unless it
 * was cut short on purpose; both ends hear of the end, and of no other end than the one that it was
 * given. At the end of a run nothing is left: no connection, no timer, no packet. A seed run twice
 * gives the same run.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_segment.h"
#include "test/unit/tcp_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT      6653
#define CONNS_MAX 24
#define LONGEST   (100000 * NS_PER_S) /* virtual; a run that has not ended by then hangs */

enum broken { NOTHING, BYTE, END, REPLAY };
static enum broken broken;

static struct world w;
static struct tcp_listener *listener;
static char failure[256];

/* How two ends talk. */
enum manner { BULK, REQUESTS, SILENT };

struct pair {
    struct party client, server;
    enum manner manner;
    uint64_t starts;
    uint32_t rounds; /* of requests still to be made */
    bool started, cut_short;
    uint64_t pause_until; /* the server does not read until then */
};

static struct pair pairs[CONNS_MAX];
static uint32_t n_pairs, n_accepted;

static uint64_t below(uint64_t n)
{
    return random_below(&w.random, n);
}

static void fail(const char *what, uint64_t i)
{
    if (failure[0] == '\0')
        snprintf(failure, sizeof failure, "%s (connection %" PRIu64 ")", what, i);
}

/* --- What the ends do ----------------------------------------------------------------------------
 */

static struct pair *pair_of(const struct tcp_conn *server)
{
    struct tcp_info info;
    struct tcp_info other;
    tcp_info(server, &info);
    for (uint32_t i = 0; i < n_pairs; i++) {
        if (!pairs[i].started || pairs[i].client.conn == NULL || pairs[i].server.conn)
            continue;
        tcp_info(pairs[i].client.conn, &other);
        if (other.local_port == info.remote_port)
            return &pairs[i];
    }
    return NULL;
}

/* A request is answered by as many bytes as its place in the row says. */
static void server_reads(struct party *p)
{
    struct pair *pair = container_of(p, struct pair, server);
    uint64_t before = p->received;
    if (w.now < pair->pause_until)
        return;
    party_read(p, 1 + below(100000));
    if (pair->manner == REQUESTS && p->received > before && !p->shut)
        party_send(p, 3 * (p->received - before));
    if (p->ended && !p->shut)
        party_shut(p);
}

static void client_reads(struct party *p)
{
    struct pair *pair = container_of(p, struct pair, client);
    party_read(p, UINT64_MAX);
    if (pair->manner != REQUESTS || p->shut || p->received < 3 * p->to_send)
        return;
    if (pair->rounds-- > 0)
        party_send(p, 1 + below(3000));
    else
        party_shut(p);
}

static void accept_all(void *user)
{
    (void)user;
    for (;;) {
        struct tcp_conn *c = tcp_accept(listener);
        struct pair *pair;
        if (c == NULL)
            return;
        pair = pair_of(c);
        if (pair == NULL) {
            tcp_abort(c, w.now);
            continue;
        }
        n_accepted++;
        party_own(&pair->server, &w.host[1], c);
    }
}

static void start(struct pair *pair)
{
    pair->started = true;
    party_connect(&pair->client, &w.host[0], PORT, NULL);
    if (pair->manner != REQUESTS)
        party_shut(&pair->client);
}

/* --- A run
 * ---------------------------------------------------------------------------------------- */

static void choose_wire(struct wire *wire)
{
    static const uint64_t rates[] = {0, 20000, 1000000, 20000000};
    wire->delay = below(4) == 0 ? 0 : below(200 * NS_PER_MS);
    wire->jitter = below(2) ? below(wire->delay / 2 + 1) : 0;
    wire->lose_per_million = below(3) ? (uint32_t)below(1u << below(18)) : 0;
    wire->repeat_per_million = below(3) ? 0 : (uint32_t)below(50000);
    wire->damage_per_million = below(3) ? 0 : (uint32_t)below(20000);
    wire->rate = rates[below(4)];
    wire->queue = below(2) ? 5000 + (uint32_t)below(200000) : 0;
    wire->mtu = below(8) ? 0 : 700 + (uint32_t)below(800);
}

static uint64_t choose_size(void)
{
    return below(1ull << below(below(10) ? 16 : 21));
}

static void choose_pair(struct pair *pair, uint64_t i)
{
    *pair = (struct pair){.manner = (enum manner)below(3), .starts = below(20 * NS_PER_S)};
    pair->client = (struct party){.salt = 2 * i, .salt_in = 2 * i + 1, .on_readable = client_reads};
    pair->server = (struct party){.salt = 2 * i + 1, .salt_in = 2 * i, .on_readable = server_reads};
    if (pair->manner == BULK) {
        pair->client.to_send = choose_size();
        pair->server.to_send = choose_size();
    } else if (pair->manner == REQUESTS) {
        pair->client.to_send = 1 + below(3000);
        pair->rounds = (uint32_t)below(20);
    }
    if (below(4) == 0)
        pair->pause_until = w.now + below(200 * NS_PER_S);
    pair->cut_short = below(12) == 0;
}

static void begin(uint64_t seed)
{
    struct tcp_config config;
    tcp_defaults(&config);
    config.max_conns = config.max_time_wait = 64;
    config.max_records = 4096;
    config.options.receive_max = 4096u << (seed % 10);
    config.options.user_timeout = 0; /* whatever the wire does, it waits */
    config.options.cc = seed % 3 ? &cc_cubic : &cc_reno;
    world_begin(&w, seed, &config);
    choose_wire(&w.host[0].wire);
    choose_wire(&w.host[1].wire);
    if (below(2))
        w.host[0].route.gso_max = 0;
    n_pairs = 1 + (uint32_t)below(below(4) ? 4 : CONNS_MAX);
    n_accepted = 0;
    failure[0] = '\0';
    if (tcp_listen(w.host[1].tcp, 0, PORT, 1 + (uint32_t)below(16), accept_all, NULL, &listener))
        abort();
    for (uint32_t i = 0; i < n_pairs; i++) {
        choose_pair(&pairs[i], i + 1);
        pairs[i].starts += w.now;
    }
}

static bool is_done(const struct pair *pair)
{
    return pair->cut_short ? pair->client.conn == NULL
                           : pair->started && pair->client.closed && pair->server.closed;
}

/* What does not come from a segment: starts, readers that wake, and cuts. */
static void poke(void)
{
    for (uint32_t i = 0; i < n_pairs; i++) {
        struct pair *p = &pairs[i];
        if (!p->started && p->starts <= w.now)
            start(p);
        if (p->server.conn && p->pause_until <= w.now && tcp_readable(p->server.conn) > 0)
            server_reads(&p->server);
        if (p->server.conn && p->pause_until <= w.now && tcp_ended(p->server.conn) &&
            !p->server.shut)
            server_reads(&p->server);
        if (p->cut_short && p->client.conn && below(50) == 0) {
            party_end(&p->client);
            party_end(&p->server);
        }
    }
}

static bool all_done(void)
{
    for (uint32_t i = 0; i < n_pairs; i++)
        if (!is_done(&pairs[i]))
            return false;
    return broken != END;
}

static void check_pair(const struct pair *p, uint64_t i)
{
    const struct party *c = &p->client, *s = &p->server;
    if (c->wrong || s->wrong)
        fail("a byte is not the one that was sent", i);
    if (p->cut_short)
        return;
    if (c->error != 0 || s->error != 0)
        fail("an end heard of an error", i);
    if (s->received != c->to_send || c->received != s->to_send)
        fail("not everything has arrived", i);
    if (c->acked != c->to_send || s->acked != s->to_send)
        fail("not everything was acknowledged", i);
}

static void check_nothing_left(void)
{
    struct tcp_usage u;
    for (int i = 0; i < 2; i++) {
        tcp_usage(w.host[i].tcp, &u);
        if (u.conns || u.half_open || u.time_wait || u.records || u.receive)
            fail("something is left", (uint64_t)i);
        if (tcp_due(w.host[i].tcp) != TIMER_NEVER)
            fail("a timer is left", (uint64_t)i);
    }
}

/* A byte of every text is changed where no checksum sees it. */
static bool spoil(void *user, const struct pkt *p)
{
    (void)user;
    if (p->len > 100)
        p->data[p->len - 1] ^= 1;
    return false;
}

/* Returns a number that tells runs apart. */
static uint64_t run(uint64_t seed)
{
    uint64_t until;
    begin(seed);
    if (broken == BYTE)
        w.host[0].wire.drop = w.host[1].wire.drop = spoil;
    until = w.now + LONGEST;
    while (!all_done() && w.now < until) {
        world_run(&w, w.now + 100 * NS_PER_MS);
        poke();
    }
    if (!all_done())
        fail("a connection does not end", 0);
    for (uint32_t i = 0; i < n_pairs; i++) {
        check_pair(&pairs[i], i);
        party_end(&pairs[i].client);
        party_end(&pairs[i].server);
    }
    tcp_listener_close(listener, w.now);
    world_run(&w, w.now + 500 * NS_PER_S);
    check_nothing_left();
    seed = w.random ^ w.host[0].wire.bytes << 32 ^ w.host[1].wire.segments ^ w.now;
    world_end(&w);
    return seed;
}

static bool try_seed(uint64_t seed, bool twice)
{
    uint64_t first = run(seed);
    if (failure[0] == '\0' && twice && run(seed + (broken == REPLAY)) != first)
        fail("a second run differs", seed);
    if (failure[0] == '\0')
        return true;
    printf("seed %" PRIu64 " FAILED: %s\nreplay: test/sim/tcp_sim --seed=%" PRIu64 "%s\n", seed,
           failure, seed,
           broken == BYTE     ? " --break=byte"
           : broken == END    ? " --break=end"
           : broken == REPLAY ? " --break=replay"
                              : "");
    return false;
}

/* --- The command line
 * ------------------------------------------------------------------------------- */

static bool read_break(const char *name)
{
    broken = strcmp(name, "byte") == 0     ? BYTE
             : strcmp(name, "end") == 0    ? END
             : strcmp(name, "replay") == 0 ? REPLAY
                                           : NOTHING;
    return broken != NOTHING;
}

static bool read_arguments(int argc, char **argv, uint64_t *first, uint64_t *last)
{
    for (int i = 1; i < argc; i++) {
        if (sscanf(argv[i], "--seeds=%" SCNu64 "-%" SCNu64, first, last) == 2)
            continue;
        if (sscanf(argv[i], "--seed=%" SCNu64, first) == 1)
            *last = *first;
        else if (strncmp(argv[i], "--break=", 8) != 0 || !read_break(argv[i] + 8))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, last = 100, failed = 0;
    if (!read_arguments(argc, argv, &first, &last)) {
        fprintf(stderr, "usage: tcp_sim [--seeds=A-B | --seed=N] [--break=byte|end|replay]\n");
        return 2;
    }
    for (uint64_t seed = first; seed <= last; seed++)
        failed += !try_seed(seed, seed % 8 == 0 || broken == REPLAY);
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", last - first + 1 - failed, failed);
    return failed > 0;
}
