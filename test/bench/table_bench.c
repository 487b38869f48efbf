/*
 * table_bench.c - what the flow table does in memory, on one core.
 *
 *     table_bench [--max=N]
 *
 * Lookups of exact entries, from a thousand entries to N (a million), each packet by itself and in
 * batches as the datapath does it; lookups among wildcarded entries over 20 masks, of conversations
 * that come again and of packets that were never seen; flow-mods; memory an entry. The packets'
 * keys lie ready in the order of their coming. Each figure is the best of some rounds, as this
 * machine may have other things to do. Targets are said to be met or not; nothing fails.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "runtime/config.h"
#include "runtime/loop.h"
#include "runtime/netdev.h"
#include "switch/flow_mod.h"
#include "test/unit/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PACKETS (BATCH * 16000)
#define BATCH   NETDEV_BATCH
#define ROUNDS  5
#define N_MASKS 20

static uint64_t seed = 1;
static struct ofp_key *packets; /* PACKETS of them */
static uint8_t actions_area[8];
static struct buf actions;

/* Of this process: it does not wait for anything, and other programs are not what is measured. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)random_below(&seed, n);
}

static void *need(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

/* A figure beside what it should be. */
static void judge(const char *what, double figure, double target, bool at_most)
{
    bool met = at_most ? figure < target : figure >= target;
    printf("    %-62s %8.1f, target %s %.1f: %s\n", what, figure, at_most ? "below" : "at least",
           target, met ? "met" : "NOT MET");
}

/* --- Entries and packets ---------------------------------------------------------------------- */

/* Conversation `n`, one of as many as one likes: a TCP packet between two of many hosts. */
static struct ofp_key conversation(uint32_t n)
{
    uint64_t state = n;
    uint64_t a = random_u64(&state), b = random_u64(&state);
    return (struct ofp_key){
        .match = {.in_port = be16_of((uint16_t)(1 + a % 16)),
                  .dl_src = {2, 0, 0, 0, (uint8_t)(a >> 8), (uint8_t)(a >> 16)},
                  .dl_dst = {2, 0, 0, 0, (uint8_t)(a >> 24), (uint8_t)(a >> 32)},
                  .dl_vlan = be16_of(OFP_VLAN_NONE),
                  .dl_type = be16_of(0x0800),
                  .nw_proto = 6,
                  .nw_src = be32_of(0x0a000000 | (b & 0xffffff)),
                  .nw_dst = be32_of(0x0a000000 | (b >> 24 & 0xffffff)),
                  .tp_src = be16_of((uint16_t)(n >> 8 ^ b >> 48)),
                  .tp_dst = be16_of((uint16_t)n)}};
}

/* The 20 masks: by ports, by hosts, by networks of several sizes, and by several of these. */
static uint32_t wildcards(uint32_t i)
{
    static const uint32_t compared[N_MASKS] = {
        OFPFW_IN_PORT,
        OFPFW_DL_DST,
        OFPFW_DL_SRC,
        OFPFW_DL_SRC | OFPFW_DL_DST,
        OFPFW_IN_PORT | OFPFW_DL_DST,
        OFPFW_TP_DST,
        OFPFW_TP_SRC | OFPFW_TP_DST,
        OFPFW_IN_PORT | OFPFW_TP_DST,
        OFPFW_TP_DST,
        OFPFW_IN_PORT,
        OFPFW_DL_SRC | OFPFW_TP_DST,
        OFPFW_DL_DST | OFPFW_TP_DST,
    };
    static const uint8_t from[N_MASKS] = {32, 32, 32, 32, 32, 32, 32, 32, 8,  8,
                                          32, 32, 32, 8,  16, 4,  0,  0,  12, 20};
    static const uint8_t to[N_MASKS] = {32, 32, 32, 32, 32, 32, 32, 32, 12, 16,
                                        32, 32, 8,  32, 8,  4,  0,  32, 12, 0};
    uint32_t flags = OFPFW_IN_PORT | OFPFW_DL_DST | OFPFW_DL_SRC | OFPFW_TP_SRC | OFPFW_TP_DST |
                     OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP | OFPFW_NW_TOS;
    return (flags & ~compared[i]) | (uint32_t)from[i] << OFPFW_NW_SRC_SHIFT |
           (uint32_t)to[i] << OFPFW_NW_DST_SHIFT;
}

static struct ofp_match exact_match(uint32_t n)
{
    return conversation(n).match;
}

/* Entry `n` of those with wildcards. */
static struct ofp_match wild_match(uint32_t n)
{
    struct ofp_match m = conversation(n).match;
    m.wildcards = be32_of(wildcards(n % N_MASKS));
    return m;
}

/* A packet that wildcarded entry `n` matches (a better one may, too): what the entry leaves open is
 * another conversation's. */
static struct ofp_key wild_packet(uint32_t n, uint32_t other)
{
    struct ofp_key key = conversation(n), mask, rest = conversation(other);
    ofp_mask_of_wildcards(&mask, wildcards(n % N_MASKS));
    for (int i = 0; i < 5; i++)
        key.word[i] = (key.word[i] & mask.word[i]) | (rest.word[i] & ~mask.word[i]);
    return key;
}

static bool flow_mod(struct table *table, uint16_t command, const struct ofp_match *match,
                     uint16_t priority)
{
    struct ofp_fault fault;
    return flow_mod_apply(table, table,
                          &(struct ofp_msg_flow_mod){
                              .match = match,
                              .command = command,
                              .priority = priority,
                              .idle_timeout = 60,
                              .buffer_id = OFP_NO_BUFFER,
                              .out_port = OFPP_NONE,
                              .actions = span_of(actions.data, actions.len),
                          },
                          &fault);
}

static struct table *filled(uint32_t n, struct ofp_match (*match)(uint32_t n))
{
    struct table *table = need(table_new(n, NULL, NULL));
    for (uint32_t i = 0; i < n; i++) {
        struct ofp_match m = match(i);
        if (!flow_mod(table, OFPFC_ADD, &m, (uint16_t)(1 + i % 1000)))
            abort();
    }
    return table;
}

/* --- Lookups ---------------------------------------------------------------------------------- */

/* What the datapath does with an answer. */
static void account(struct flow *flow)
{
    if (flow != NULL) {
        flow->packets++;
        flow->bytes += 64;
        flow->used = loop_now();
    }
}

static void each_by_itself(struct table *table)
{
    for (size_t i = 0; i < PACKETS; i++)
        account(table_lookup(table, &packets[i]));
}

static void in_batches(struct table *table)
{
    struct flow *flows[BATCH];
    for (size_t i = 0; i < PACKETS; i += BATCH) {
        table_lookup_batch(table, &packets[i], BATCH, flows);
        for (size_t j = 0; j < BATCH; j++)
            account(flows[j]);
    }
}
_Static_assert(PACKETS % BATCH == 0, "no packet is left over");

/* Millions a second. */
static double rate(struct table *table, void (*lookups)(struct table *table))
{
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double start = seconds();
        lookups(table);
        double took = seconds() - start;
        best = took < best ? took : best;
    }
    return PACKETS / best / 1e6;
}

static void check_all_matched(const struct table *table)
{
    struct table_stats stats;
    table_get_stats(table, &stats);
    if (stats.matched != stats.lookups)
        abort();
}

static void bench_exact(uint32_t max)
{
    double first = 0, last = 0, hundred = 0;
    printf("Exact entries, all in play: lookups, million a second\n"
           "    %10s %14s %14s\n",
           "entries", "one by one", "in batches");
    for (uint32_t n = 1000; n <= max; n *= 10) {
        struct table *table = filled(n, exact_match);
        for (size_t i = 0; i < PACKETS; i++)
            packets[i] = conversation(rnd(n));
        double single = rate(table, each_by_itself), batch = rate(table, in_batches);
        printf("    %10" PRIu32 " %14.1f %14.1f\n", n, single, batch);
        first = n == 1000 ? batch : first;
        hundred = n == 100000 ? batch : hundred;
        last = batch;
        check_all_matched(table);
        table_free(table);
    }
    judge("million lookups a second with 100,000 exact entries", hundred, 10, false);
    judge("times as fast with the fewest entries as with the most", first / last, 2, true);
}

static double wild_rate(struct table *table, uint32_t n, uint32_t conversations)
{
    for (size_t i = 0; i < PACKETS; i++) {
        uint32_t c = conversations > 0 ? rnd(conversations) : (uint32_t)i;
        packets[i] = wild_packet(c % n, c);
    }
    return rate(table, in_batches);
}

static void bench_wild(uint32_t max)
{
    double first = 0;
    printf("Wildcarded entries over %d masks: lookups, million a second\n"
           "    %10s %18s %18s %18s\n",
           N_MASKS, "entries", "1,000 conversations", "100,000", "never seen before");
    for (uint32_t n = 1000; n <= max; n *= 10) {
        struct table *table = filled(n, wild_match);
        double some = wild_rate(table, n, 1000), many = wild_rate(table, n, 100000),
               unseen = wild_rate(table, n, 0);
        printf("    %10" PRIu32 " %18.1f %18.1f %18.1f\n", n, some, many, unseen);
        first = n == 1000 ? unseen : first;
        check_all_matched(table);
        table_free(table);
    }
    judge("million lookups a second with 1,000, never seen before", first, 5, false);
}

/* --- Flow-mods -------------------------------------------------------------------------------- */

/* Thousands a second of one command for each of `n` entries. */
static double mod_rate(struct table *table, uint16_t command, uint32_t n,
                       struct ofp_match (*match)(uint32_t n))
{
    double start = seconds();
    for (uint32_t i = 0; i < n; i++) {
        struct ofp_match m = match(i);
        if (!flow_mod(table, command, &m, (uint16_t)(1 + i % 1000)))
            abort();
    }
    return n / (seconds() - start) / 1e3;
}

static void bench_mods(const char *what, uint32_t n, struct ofp_match (*match)(uint32_t n))
{
    static const struct {
        const char *name;
        uint16_t command;
    } commands[] = {
        {"add", OFPFC_ADD},
        {"add again (replace)", OFPFC_ADD},
        {"modify", OFPFC_MODIFY},
        {"modify strict", OFPFC_MODIFY_STRICT},
        {"delete strict", OFPFC_DELETE_STRICT},
    };
    struct table *table = need(table_new(n, NULL, NULL));
    double least = 1e9;
    printf("Flow-mods, thousand a second, for %" PRIu32 " %s entries with an idle time-out\n", n,
           what);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        /* A wildcarded entry may cover many others, all of which MODIFY changes. */
        if (commands[i].command == OFPFC_MODIFY && match == wild_match)
            continue;
        double r = mod_rate(table, commands[i].command, n, match);
        printf("    %-20s %10.0f\n", commands[i].name, r);
        least = r < least ? r : least;
    }
    judge("thousand flow-mods a second, of the slowest kind", least, 500, false);
    table_free(table);
}

/* How long one command for all entries keeps the loop. */
static void bench_delete_all(uint32_t n)
{
    const struct ofp_match any = {.wildcards = be32_of(OFPFW_ALL)};
    struct table *table = filled(n, exact_match);
    double start = seconds();
    if (!flow_mod(table, OFPFC_MODIFY, &any, 0))
        abort();
    printf("One flow-mod for %" PRIu32 " entries: modify %.0f ms, ", n, (seconds() - start) * 1e3);
    start = seconds();
    if (!flow_mod(table, OFPFC_DELETE, &any, 0))
        abort();
    printf("delete %.0f ms\n", (seconds() - start) * 1e3);
    table_free(table);
}

/* --- Memory ----------------------------------------------------------------------------------- */

/* Bytes of this process in pages that the kernel has given it, those of files (the program's code)
 * not counted. (What statm says comes late.) */
static double resident(void)
{
    unsigned long kilobytes = 0;
    char line[256];
    FILE *f = need(fopen("/proc/self/smaps_rollup", "r"));
    while (fgets(line, sizeof line, f) != NULL && sscanf(line, "Anonymous: %lu", &kilobytes) != 1)
        continue;
    fclose(f);
    return (double)kilobytes * 1024;
}

/* Bytes an entry in a table with `n` of them, without its room for actions. In a process of its
 * own, which has no memory of earlier ones to use again. */
static double bytes_an_entry(uint32_t n, struct ofp_match (*match)(uint32_t n))
{
    double bytes = 0, before;
    struct table_stats stats;
    struct table *table;
    int ends[2], status;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        abort();
    if (child == 0) {
        table_free(filled(1, match)); /* so that the program's own pages are there */
        before = resident();
        table = filled(n, match);
        table_get_stats(table, &stats);
        bytes = (resident() - before) / stats.active - FLOW_ACTIONS_HERE;
        _exit(write(ends[1], &bytes, sizeof bytes) == (ssize_t)sizeof bytes ? 0 : 1);
    }
    if (waitpid(child, &status, 0) != child || status != 0 ||
        read(ends[0], &bytes, sizeof bytes) != (ssize_t)sizeof bytes)
        abort();
    close(ends[0]);
    close(ends[1]);
    return bytes;
}

static void bench_memory(uint32_t max)
{
    double most = 0;
    printf("Memory that the process has grown by, bytes an entry beyond the %d for its actions\n"
           "(wildcarded: with half a megabyte of cache)\n"
           "    %10s %10s %12s\n",
           FLOW_ACTIONS_HERE, "entries", "exact", "wildcarded");
    for (uint32_t n = 1000; n <= max; n *= 10) {
        double exact = bytes_an_entry(n, exact_match), wild = bytes_an_entry(n, wild_match);
        printf("    %10" PRIu32 " %10.1f %12.1f\n", n, exact, wild);
        most = n >= 10000 && exact > most ? exact : most;
    }
    judge("bytes an exact entry, with 10,000 or more", most, 200, true);
}

/* --- */

static uint64_t max_entries = 1000000;
static const struct config_option rows[] = {
    {"max", CONFIG_UINT, &max_entries, 1000, 100000000, "N", "the largest table"},
    {0},
};
static const struct config_option *const tables[] = {rows, NULL};
static const struct config config = {"table_bench", "[OPTION]...", "Measure the flow table.",
                                     tables, NULL};

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR];
    int rest;
    if (config_parse(&config, argc, argv, &rest, error) != 0) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (loop_open() != 0)
        abort();
    packets = need(malloc(PACKETS * sizeof *packets));
    actions = buf_of(actions_area, sizeof actions_area);
    ofp_put_output(&actions, 1, 0);

    bench_memory((uint32_t)max_entries); /* first: now the heap keeps nothing yet */
    bench_exact((uint32_t)max_entries);
    bench_wild((uint32_t)max_entries);
    bench_mods("exact", 100000, exact_match);
    bench_mods("exact", (uint32_t)max_entries, exact_match);
    bench_mods("wildcarded", 100000, wild_match);
    bench_delete_all((uint32_t)max_entries);
    free(packets);
    loop_close();
    return 0;
}
