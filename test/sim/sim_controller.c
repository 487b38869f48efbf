/*
 * sim_controller.c - the controller among many switches in virtual time, under faults from a seed.
 *
 *     sim_controller --seeds=1-2000     run these; each failing one is printed as the command that
 *                                       replays it, with its log
 *     sim_controller --seed=7           run one
 *     sim_controller --break=flood      break something on purpose: must fail (the self-test)
 *
 * world.h says what a run consists of. Every tenth seed is run twice and must give the same digest.
 * Many seeds together must have met every rare event that the controller counts.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "runtime/log.h"
#include "test/sim/emulated.h"
#include "test/sim/seeds.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUGH_TIME  (40 * NS_PER_S)
#define SETTLE_TIME (400 * NS_PER_S) /* longer than any flow lives and any wait for a session */
#define REPEAT      10

struct world world;

static const struct sim_faults no_faults = {0};

void world_fail(const char *format, ...)
{
    va_list args;
    if (world.failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(world.failure, sizeof world.failure, format, args);
    va_end(args);
    loop_stop(0);
}

bool world_mishap(uint64_t n)
{
    return world.part == ROUGH && sim_random(1000) < n;
}

void world_pass(uint64_t ns)
{
    if (!world_failed())
        sim_run(loop_now() + ns);
}

/* --- The parts of a run ---------------------------------------------------------------------- */

static struct sim_faults random_faults(void)
{
    static const uint32_t windows[] = {0, 65536, 4096, 500};
    struct sim_faults f = {.window = windows[sim_random(4)]};
    f.delay_min = sim_random(2) * sim_random(5 * NS_PER_MS);
    f.delay_max = sim_random(2) * sim_random(60 * NS_PER_MS);
    f.split_per_1000 = (uint32_t)(sim_random(2) * sim_random(700));
    f.cut_per_million = (uint32_t)(sim_random(2) * sim_random(20000));
    f.refuse_per_1000 = (uint32_t)(sim_random(2) * sim_random(400));
    return f;
}

static void start_controller(void)
{
    ctl_defaults(&world.config);
    world.config.echo_interval = 5 * NS_PER_S;
    world.config.echo_limit = 15 * NS_PER_S;
    world.config.reconnect_max = 4 * NS_PER_S;
    world.config.out_limit =
        sim_random(4) > 0 ? STREAM_OUT_LIMIT : 1000 + sim_random(OFP_MAX_MESSAGE);
    world.config.max_requests = 1 + sim_random(20);
    if (sim_random(8) == 0)
        world.config.max_reply = 100000;
    world.ctl = ctl_new(&world.config);
    if (world.ctl == NULL)
        abort();
    ctl_add_app(world.ctl, &watcher_app);
    ctl_add_app(world.ctl, ctl_app_by_name(world.learning ? "learning" : "hub"));
    ctl_serve(world.ctl, sim_net(), "ptcp:6653:controller", NULL);
}

static void start_switches(void)
{
    size_t n = sim_random(20) == 0 ? 50 : 2 + sim_random(8);
    for (uint64_t dpid = 1; dpid <= n; dpid++) {
        struct emulated *e = emulated_new(dpid, (enum emulated_way)sim_random(EMULATED_N_WAYS));
        if (sim_random(10) == 0) {
            struct emulated *twin = emulated_new(dpid, EMULATED_CALLS);
            twin->twin = true;
            twin->entries = e->entries;
        }
    }
}

static void rough_times(void)
{
    struct sim_faults faults;
    while (loop_now() < ROUGH_TIME && !world_failed()) {
        faults = random_faults();
        sim_set_faults(&faults);
        world_pass(NS_PER_S + sim_random(10 * NS_PER_S));
        if (sim_random(10) == 0)
            sim_cut_all();
    }
    world.part = CALM;
}

static void come_to_rest(void)
{
    sim_set_faults(&no_faults);
    for (size_t i = 0; i < world.n_emulated; i++)
        emulated_calm(world.emulated[i]);
    world_pass(SETTLE_TIME);
    for (size_t i = 0; i < world.n_emulated; i++)
        emulated_forgive(world.emulated[i]);
}

static void check_rest(void)
{
    size_t n = 0;
    for (size_t i = 0; i < world.n_emulated; i++) {
        const struct emulated *e = world.emulated[i];
        n += !e->twin;
        emulated_check_rest(e);
        world_expect(watcher_sees(e->dpid), "datapath %" PRIu64 " has not joined again", e->dpid);
    }
    world_expect(world.ctl->n_sessions == n, "%zu sessions with %zu switches",
                 world.ctl->n_sessions, n);
}

/* --- A run ----------------------------------------------------------------------------------- */

static void end_run(void)
{
    ctl_free(world.ctl);
    for (size_t i = 0; i < world.n_emulated; i++)
        emulated_free(world.emulated[i]);
    if (!world_failed())
        world_expect(!sim_run(loop_now() + 3600 * NS_PER_S), "something goes on for ever");
    if (!world_failed())
        watcher_check_end();
    loop_close();
}

/* Returns the run's digest. */
static uint64_t run_once(uint64_t seed, enum breakage breakage)
{
    sim_start(seed, &no_faults);
    world = (struct world){.breakage = breakage, .learning = sim_random(4) > 0};
    if (loop_open() != 0)
        abort();
    start_controller();
    start_switches();
    rough_times();
    come_to_rest();
    if (!world_failed())
        check_rest();
    peace();
    if (!world_failed())
        check_rest();
    end_run();
    return sim_digest();
}

/* --- Seeds ----------------------------------------------------------------------------------- */

static enum breakage breakage;

static const char *const breakages[] = {"", "drop-answer", "flood", "replay"};

static struct {
    bool show;
    const char *broken, *log;
} options = {.broken = "", .log = "info"};

static const struct config_option rows[] = {
    {"break", CONFIG_STRING, &options.broken, 0, 0, "WHAT",
     "break something: drop-answer, flood, replay"},
    {"log", CONFIG_STRING, &options.log, 0, 0, "LEVELS", "how much a failing seed's log holds"},
    {"show", CONFIG_FLAG, &options.show, 0, 0, NULL, "show the log though all is well"},
    {0},
};

static void run_twice(uint64_t seed)
{
    uint64_t digest = run_once(seed, breakage);
    if (world_failed())
        return;
    if (run_once(seed + (breakage == BREAK_REPLAY), breakage) != digest)
        world_fail("the same seed gave two different runs");
}

static bool run_seed(const char *program, uint64_t seed, bool alone)
{
    if (alone || seed % REPEAT == 0)
        run_twice(seed);
    else
        run_once(seed, breakage);
    if (world_failed())
        printf("%s\nseed %" PRIu64 " FAILED: %s\nreplay: %s --seed=%" PRIu64 "%s%s\n", sim_log(),
               seed, world.failure, program, seed, *options.broken ? " --break=" : "",
               options.broken);
    else if (options.show)
        fputs(sim_log(), stdout);
    return !world_failed();
}

static bool read_breakage(void)
{
    for (size_t i = 0; i < sizeof breakages / sizeof *breakages; i++)
        if (strcmp(options.broken, breakages[i]) == 0) {
            breakage = (enum breakage)i;
            return true;
        }
    return false;
}

static const char *refuse(void)
{
    if (!read_breakage())
        return "--break: must be drop-answer, flood or replay";
    if (log_set_levels(options.log) != 0)
        return "--log: levels are written as in info,ctl:debug";
    return NULL;
}

/* A simulation that no longer meets what it is there for shows nothing: over many seeds each of
 * these must have happened. Returns how many never did. */
static unsigned never_happened(void)
{
    static const struct {
        const char *what;
        const uint64_t *times;
    } rare[] = {
        {"a connect failed", &ctl_counters.connects_failed},
        {"a handshake failed", &ctl_counters.handshakes_failed},
        {"a session was replaced", &ctl_counters.sessions_replaced},
        {"a silent switch was dropped", &ctl_counters.silent},
        {"a slow switch's packet-ins were dropped", &ctl_counters.packet_ins_dropped},
        {"a message to a slow switch was dropped", &ctl_counters.tx_dropped},
        {"a request timed out", &ctl_counters.request_timeouts},
        {"a request was answered with an error", &ctl_counters.request_errors},
        {"a reply was too long", &ctl_counters.reply_too_long},
        {"a reply answered nothing", &ctl_counters.stray},
        {"a message was bad", &ctl_counters.bad},
        {"a port's state was told", &ctl_counters.rx[OFPT_PORT_STATUS]},
    };
    unsigned never = 0;
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (*rare[i].times == 0) {
            printf("it never happened that %s\n", rare[i].what);
            never++;
        }
    return never;
}

int main(int argc, char **argv)
{
    static const struct simulation simulation = {
        .name = "sim_controller",
        .help = "Run the controller among faulty switches in virtual time.",
        .seeds = "1-50",
        .options = rows,
        .refuse = refuse,
        .run = run_seed,
        .never_happened = never_happened,
        .many = 200,
    };
    return seeds_main(&simulation, argc, argv);
}
