/*
 * tcp_path.c - bulk flows of TCP over one bottleneck in virtual time: their figures as a line of
 * JSON.
 *
 *     tcp_path [--cc=cubic|reno] [--rate=MBIT] [--rtt=MS] [--buffer=KB] [--loss=N] [--back=N]
 *              [--flows=N] [--apart=S] [--skip=S] [--seconds=S] [--seed=N] [--trace=MS]
 *
 * All flows go one way, from host 0 to host 1, where N of a million segments are lost;
 * acknowledgments come back over a wire of the same delay and a loss of its own. Flow n begins n
 * times `apart` after the first; figures are of the `seconds` that follow `skip` seconds after the
 * last has begun. Rate 0: no bottleneck, so that loss alone holds a flow back. Buffer 0: one
 * product of rate and round-trip time.
 *
 * Called by tcp_sim_bench.py.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/config.h"
#include "test/unit/tcp_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PORT      80
#define FLOWS_MAX 16
#define ENDLESS   (1ull << 50)
#define BUFFERS   65536
#define WINDOW    (64u << 20)

static struct {
    bool help;
    const char *cc;
    uint64_t rate, rtt, buffer, loss, back, flows, apart, skip, seconds, seed, trace;
} options = {.cc = "cubic", .rtt = 50, .flows = 1, .seconds = 60, .seed = 1};

static const struct config_option rows[] = {
    {"cc", CONFIG_STRING, &options.cc, 0, 0, "KIND", "cubic or reno"},
    {"rate", CONFIG_UINT, &options.rate, 0, 100000, "MBIT", "of the bottleneck; 0: none"},
    {"rtt", CONFIG_UINT, &options.rtt, 1, 10000, "MS", "round-trip time without queues"},
    {"buffer", CONFIG_UINT, &options.buffer, 0, 1000000, "KB", "of the bottleneck; 0: rate x rtt"},
    {"loss", CONFIG_UINT, &options.loss, 0, 1000000, "N", "segments lost per million"},
    {"back", CONFIG_UINT, &options.back, 0, 1000000, "N", "acknowledgments lost per million"},
    {"flows", CONFIG_UINT, &options.flows, 1, FLOWS_MAX, "N", "how many"},
    {"apart", CONFIG_UINT, &options.apart, 0, 1000, "S", "between their beginnings"},
    {"skip", CONFIG_UINT, &options.skip, 0, 10000, "S", "left out of the figures"},
    {"seconds", CONFIG_UINT, &options.seconds, 1, 1000000, "S", "that figures are of"},
    {"seed", CONFIG_UINT, &options.seed, 0, 0, "N", "of what is random"},
    {"trace", CONFIG_UINT, &options.trace, 0, 100000, "MS", "show each flow so often; 0: never"},
    {"help", CONFIG_FLAG, &options.help, 0, 0, NULL, "show this"},
    {0},
};
static const struct config_option *const tables[] = {rows, NULL};
static const struct config config = {"tcp_path", "[OPTION]...",
                                     "Run bulk flows of TCP over a bottleneck in virtual time.",
                                     tables, NULL};

static struct world w;
static struct party client[FLOWS_MAX], server[FLOWS_MAX];
static struct tcp_listener *listener;
static unsigned n_accepted;

static void accept_flow(void *user)
{
    (void)user;
    server[n_accepted] = (struct party){.plain = true};
    if (!party_accept(&server[n_accepted++], &w.host[1], listener))
        abort();
}

/* Limits and buffers that hold nothing back. */
static void make_world(void)
{
    struct tcp_config c;
    tcp_defaults(&c);
    c.max_records = 1u << 18;
    c.max_receive = (size_t)256 << 20;
    c.options.receive_max = WINDOW;
    c.options.cc = cc_kind_by_name(options.cc);
    world_begin_sized(&w, options.seed, &c, BUFFERS);
    for (int i = 0; i < 2; i++) {
        w.host[i].wire.delay = options.rtt * NS_PER_MS / 2;
        w.host[i].route.gso_max = 0;
    }
    w.host[0].wire.lose_per_million = (uint32_t)options.loss;
    w.host[1].wire.lose_per_million = (uint32_t)options.back;
    w.host[0].wire.rate = options.rate * 1000000 / 8;
    w.host[0].wire.queue = (uint32_t)(options.buffer ? options.buffer * 1000
                                                     : w.host[0].wire.rate * options.rtt / 1000);
}

static void trace(void)
{
    struct tcp_info info;
    for (unsigned i = 0; i < options.flows && client[i].conn; i++) {
        tcp_info(client[i].conn, &info);
        fprintf(stderr,
                "%10.3f flow %u cwnd %u ssthresh %u flight %u lost %u sacked %u snd_wnd %u "
                "srtt %.1f again %" PRIu64 " %s%s\n",
                (double)w.now / 1e9, i, info.cwnd, info.ssthresh, info.flight, info.lost,
                info.sacked, info.snd_wnd, (double)info.srtt / 1e6, info.bytes_retransmitted,
                info.in_recovery ? "recovery" : "", info.in_loss ? "loss" : "");
    }
}

static void run(uint64_t seconds)
{
    uint64_t end = w.now + seconds * NS_PER_S;
    while (options.trace && w.now + options.trace * NS_PER_MS < end) {
        world_run(&w, w.now + options.trace * NS_PER_MS);
        trace();
    }
    world_run(&w, end);
}

static void begin_flows(void)
{
    if (tcp_listen(w.host[1].tcp, 0, PORT, FLOWS_MAX, accept_flow, NULL, &listener) != 0)
        abort();
    for (unsigned i = 0; i < options.flows; i++) {
        client[i] = (struct party){.plain = true, .to_send = ENDLESS};
        party_connect(&client[i], &w.host[0], PORT, NULL);
        run(i + 1 < options.flows ? options.apart : options.skip);
    }
}

static void print_figures(const uint64_t received[])
{
    const struct tcp_counters *c = tcp_counters(w.host[0].tcp);
    printf("{\"cc\": \"%s\", \"loss\": %g, \"goodput\": [", options.cc,
           (double)options.loss / 1000000);
    for (unsigned i = 0; i < options.flows; i++)
        printf("%s%.0f", i ? ", " : "",
               (double)(server[i].received - received[i]) / (double)options.seconds);
    printf("], \"mss\": 1448, \"segments\": %" PRIu64 ", \"dropped\": %" PRIu64
           ", \"retransmits\": %" PRIu64 ", \"timeouts\": %" PRIu64
           ", \"spurious_timeouts\": %" PRIu64 ", \"recoveries\": %" PRIu64 ", \"undone\": %" PRIu64
           ", \"refused\": %" PRIu64 "}\n",
           w.host[0].wire.segments, w.host[0].wire.dropped, c->retransmits, c->timeouts,
           c->spurious_timeouts, c->fast_recoveries, c->undone,
           c->refused_pkt + c->refused_records + tcp_counters(w.host[1].tcp)->refused_receive);
}

static void measure(void)
{
    uint64_t received[FLOWS_MAX];
    for (unsigned i = 0; i < options.flows; i++)
        received[i] = server[i].received;
    run(options.seconds);
    print_figures(received);
}

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR];
    int rest;
    if (config_parse(&config, argc, argv, &rest, error) != 0 || !cc_kind_by_name(options.cc)) {
        fprintf(stderr, "tcp_path: %s\n",
                cc_kind_by_name(options.cc) ? error : "--cc: no such kind");
        return 2;
    }
    make_world();
    begin_flows();
    measure();
    for (unsigned i = 0; i < options.flows; i++) {
        party_end(&client[i]);
        party_end(&server[i]);
    }
    tcp_listener_close(listener, w.now);
    world_end(&w);
    return EXIT_SUCCESS;
}
