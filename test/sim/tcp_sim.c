/*
 * tcp_sim.c - TCP between two hosts in virtual time, over paths whose faults come from a seed.
 *
 *     tcp_sim --seeds=1-3000     run these; each failing one is printed as the command that replays
 *                                it
 *     tcp_sim --seed=7           run one
 *     tcp_sim --break=leak       break something on purpose: must fail (the self-test)
 *
 * A run has one connection, or many at once, in the ways of tcp_talk.h. The path has a rate, a
 * delay and a queue; it loses, repeats, reorders and damages segments, stands still for a while,
 * takes only smaller packets from some time on, and may strip options from SYNs. In the end each
 * byte has arrived as it was sent, all connections have ended, and nothing is held any more: no
 * connection, no entry, no record, no packet, no timer. Every tenth seed is run twice and must give
 * the same digest. Many seeds together must have met every rare event that TCP counts.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"
#include "test/sim/seeds.h"
#include "test/sim/tcp_talk.h"
#include "test/sim/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TALKS_MAX  60
#define FIRST_PORT 1000
#define SLICE      (10 * NS_PER_MS)
#define PATIENCE   (8 * 3600 * NS_PER_S) /* some paths carry a few bytes a minute */
#define REST       (400 * NS_PER_S)      /* longer than TIME-WAIT and every timer */
#define REPEAT     10

enum breakage { BREAK_NOTHING, BREAK_BYTE, BREAK_FIN, BREAK_LEAK, BREAK_REPLAY };

static struct world w;
static struct talk talks[TALKS_MAX];
static unsigned n_talks;
static struct tcp_options options;
static bool cookies;
static enum breakage breakage;
static struct pkt *leaked;

/* Of the path's life. */
static uint64_t shrinks, stands, goes_on;
static bool stands_now;

/* All runs' together. */
static struct tcp_counters met;

static uint64_t chosen(uint64_t n)
{
    return random_below(&w.random, n);
}

/* --- The path -------------------------------------------------------------------------------- */

/* Standing still, and what --break does. True: the segment is lost. */
static bool on_wire(void *user, const struct pkt *p)
{
    uint8_t header = (uint8_t)(p->data[12] >> 4) * 4, flags = p->data[13];
    (void)user;
    if (breakage == BREAK_BYTE && p->len > header && p->offload && chosen(20) == 0)
        p->data[p->len - 1] ^= 1;
    if (breakage == BREAK_LEAK && leaked == NULL)
        leaked = pkt_ref((struct pkt *)p);
    return stands_now || (breakage == BREAK_FIN && flags & TCP_FIN);
}

static uint32_t some_chance(void)
{
    static const uint32_t most[] = {0, 0, 1000, 10000, 100000};
    return most[chosen(5)];
}

static void make_wire(struct wire *wire)
{
    static const uint64_t rates[] = {100000, 1000000, 12500000};
    wire->rate = rates[chosen(3)];
    wire->queue = 3000 + (uint32_t)chosen(200000);
    wire->delay = 10000 + chosen(chosen(2) ? NS_PER_MS : 100 * NS_PER_MS);
    wire->jitter = chosen(2) * chosen(20 * NS_PER_MS);
    wire->lose_per_million = some_chance();
    wire->repeat_per_million = some_chance();
    wire->damage_per_million = some_chance();
    wire->drop = on_wire;
}

static void make_path(void)
{
    uint8_t strip = (uint8_t)(chosen(3) ? 0 : chosen(8));
    for (int i = 0; i < 2; i++) {
        make_wire(&w.host[i].wire);
        w.host[i].wire.strip = strip;
        w.host[i].wire.tells = chosen(2);
        w.host[i].route.gso_max = chosen(2) ? 65535 : 0;
    }
    shrinks = chosen(4) ? UINT64_MAX : w.now + chosen(3 * NS_PER_S);
    stands = chosen(4) ? UINT64_MAX : w.now + chosen(3 * NS_PER_S);
    goes_on = stands + chosen(20 * NS_PER_S);
}

static void change_path(void)
{
    if (w.now >= shrinks) {
        w.host[0].wire.mtu = w.host[1].wire.mtu = 600 + (uint32_t)chosen(900);
        shrinks = UINT64_MAX;
    }
    stands_now = w.now >= stands && w.now < goes_on;
}

/* --- The run --------------------------------------------------------------------------------- */

static struct tcp_config some_config(void)
{
    static const uint32_t windows[] = {3000, 20000, 65535, 1u << 20, 4u << 20};
    struct tcp_config c;
    tcp_defaults(&c);
    c.options.cc = chosen(2) ? &cc_cubic : &cc_reno;
    c.options.receive_max = windows[chosen(5)];
    c.options.no_delay = chosen(2);
    c.options.keepalive = chosen(2);
    c.options.keepalive_idle = 10 * NS_PER_S;
    c.options.user_timeout = 0; /* whatever the path does, it waits */
    if (n_talks == 1 && chosen(4) == 0)
        c.max_records = 8; /* scarce */
    cookies = chosen(4) == 0;
    if (cookies)
        c.max_half_open = 1;
    options = c.options;
    options.cc = chosen(2) ? &cc_cubic : &cc_reno;
    return c;
}

/* Begin where the client's sequence numbers wrap soon (RFC 9293 section 3.4). */
static void begin_before_wrap(struct talk *t)
{
    const struct host *h = &w.host[t->client];
    struct tcp_name name = {h->addr, w.host[!t->client].addr, t->port + 10000, t->port};
    uint64_t ticks;
    h->tcp->now = w.now;
    ticks = 0u - (uint32_t)chosen(100000) - tcp_initial_seq(h->tcp, &name);
    t->begins = w.now + (ticks & UINT32_MAX) * 4000;
}

static void begin_talks(void)
{
    bool crowd = n_talks > 1;
    for (unsigned i = 0; i < n_talks; i++) {
        talk_begin(&talks[i], &w, (enum talk_way)chosen(TALK_N_WAYS), (uint16_t)(FIRST_PORT + i));
        talks[i].options = &options;
        talks[i].may_be_refused = cookies;
        talks[i].begins += crowd ? chosen(2 * NS_PER_S) : 0;
    }
    if (!crowd && chosen(4) == 0)
        begin_before_wrap(&talks[0]);
}

static bool all_done(void)
{
    for (unsigned i = 0; i < n_talks; i++)
        if (!talk_done(&talks[i]))
            return false;
    return true;
}

static void talk_until_done(void)
{
    uint64_t end = talks[0].begins + PATIENCE;
    world_run(&w, n_talks == 1 ? talks[0].begins : w.now);
    make_path();
    while (!all_done() && w.now < end) {
        change_path();
        for (unsigned i = 0; i < n_talks; i++)
            talk_drive(&talks[i]);
        world_run(&w, w.now + SLICE);
    }
}

static void check_talk(const struct talk *t)
{
    const struct party *c = &t->end[0], *s = &t->end[1];
    expect(!c->wrong && !s->wrong, "way %d: a byte is not the one that was sent", t->way);
    expect(t->wrong == NULL, "way %d: %s", t->way, t->wrong ? t->wrong : "");
    expect(talk_done(t),
           "way %d is not done: the client got %" PRIu64 " of %" PRIu64
           ", ended %d, closed %d (%d); "
           "the server %" PRIu64 " of %" PRIu64 ", ended %d, closed %d (%d)",
           t->way, c->received, s->to_send, c->ended, c->closed, c->error, s->received, c->to_send,
           s->ended, s->closed, s->error);
}

static void check_pool(const struct pkt_pool *pool)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(pool, &stats);
    expect(stats.free == stats.total, "%u packets have not come back", stats.total - stats.free);
}

static void check_rest(const struct host *h)
{
    struct tcp_usage u;
    tcp_usage(h->tcp, &u);
    expect(u.conns == 0 && u.half_open == 0 && u.time_wait == 0 && u.records == 0 && u.receive == 0,
           "left: %u connections, %u half open, %u waiting, %u records, %zu bytes of packets",
           u.conns, u.half_open, u.time_wait, u.records, u.receive);
    expect(tcp_due(h->tcp) == TIMER_NEVER, "a timer goes on for ever");
    check_pool(h->pool);
    check_pool(h->large);
}

static void note_what_was_met(const struct host *h)
{
    const uint64_t *from = (const uint64_t *)tcp_counters(h->tcp);
    uint64_t *to = (uint64_t *)&met;
    for (size_t i = 0; i < TCP_N_COUNTERS; i++)
        to[i] += from[i];
}

static void end_run(void)
{
    for (unsigned i = 0; i < n_talks; i++)
        talk_end(&talks[i]);
    world_run(&w, w.now + REST);
    for (int i = 0; i < 2; i++) {
        check_rest(&w.host[i]);
        note_what_was_met(&w.host[i]);
    }
    pkt_unref(leaked);
    leaked = NULL;
    world_end(&w);
}

/* Returns the run's digest. */
static uint64_t run_once(uint64_t seed)
{
    struct tcp_config c;
    w = (struct world){.random = seed};
    failure[0] = '\0';
    stands_now = false;
    n_talks = chosen(5) ? 1 : 5 + (unsigned)chosen(TALKS_MAX - 5);
    c = some_config();
    world_begin(&w, w.random, &c);
    begin_talks();
    talk_until_done();
    for (unsigned i = 0; i < n_talks; i++)
        check_talk(&talks[i]);
    end_run();
    return w.digest;
}

/* --- Seeds ----------------------------------------------------------------------------------- */

static const char *broken = "";

static const struct config_option rows[] = {
    {"break", CONFIG_STRING, &broken, 0, 0, "WHAT", "break something: byte, fin, leak, replay"},
    {0},
};

static void run_twice(uint64_t seed)
{
    uint64_t digest = run_once(seed);
    if (!failed())
        expect(run_once(seed + (breakage == BREAK_REPLAY)) == digest,
               "the same seed gave two different runs");
}

static bool run_seed(const char *program, uint64_t seed, bool alone)
{
    if (alone || seed % REPEAT == 0)
        run_twice(seed);
    else
        run_once(seed);
    if (failed())
        printf("seed %" PRIu64 " FAILED: %s\nreplay: %s --seed=%" PRIu64 "%s%s\n", seed, failure,
               program, seed, *broken ? " --break=" : "", broken);
    return !failed();
}

/* A simulation that no longer meets what it is there for shows nothing: over many seeds each of
 * these must have happened. Returns how many never did. */
static unsigned never_happened(void)
{
    const struct {
        const char *what;
        uint64_t times;
    } rare[] = {
        {"a timeout", met.timeouts},
        {"a spurious timeout", met.spurious_timeouts},
        {"a fast recovery", met.fast_recoveries},
        {"a needless recovery, undone", met.undone},
        {"a loss probe", met.loss_probes},
        {"a probe of a closed window", met.zero_window_probes},
        {"a keep-alive probe", met.keepalive_probes},
        {"a segment behind a hole", met.out_of_order},
        {"a duplicate", met.duplicates},
        {"a reset by the peer", met.reset_by_peer},
        {"a damaged segment", met.bad_checksum},
        {"a segment outside of the window", met.bad_sequence},
        {"an old timestamp", met.old_timestamp},
        {"a challenge", met.challenge_acks},
        {"a SYN on an open connection", met.bad_syn},
        {"a good cookie", met.cookies_good},
        {"a lack of records", met.refused_records},
        {"a path MTU told by ICMP", met.mtu_lowered},
        {"a black hole", met.black_holes},
    };
    unsigned never = 0;
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (rare[i].times == 0) {
            printf("it never happened: %s\n", rare[i].what);
            never++;
        }
    return never;
}

static const char *refuse(void)
{
    static const char *const names[] = {"", "byte", "fin", "leak", "replay"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(broken, names[i]) == 0) {
            breakage = (enum breakage)i;
            return NULL;
        }
    return "--break: must be byte, fin, leak or replay";
}

int main(int argc, char **argv)
{
    static const struct simulation simulation = {
        .name = "tcp_sim",
        .help = "Run TCP over faulty paths in virtual time.",
        .seeds = "1-50",
        .options = rows,
        .refuse = refuse,
        .run = run_seed,
        .never_happened = never_happened,
        .many = 1000,
    };
    return seeds_main(&simulation, argc, argv);
}
