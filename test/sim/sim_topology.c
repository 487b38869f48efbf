/*
 * sim_topology.c - the apps that need a topology, on random networks in virtual time, from a seed.
 *
 *     sim_topology --seeds=1-40                 run these; a failing one is printed as the command
 *                                               that replays it, with its log
 *     sim_topology --seed=7 --switches=1000     run one, of this size
 *     sim_topology --break=open                 break something on purpose: must fail
 *
 * A run goes in waves. Each begins with mishaps: cables are cut, in silence (both ways, or one) or
 * so that their ports go down, or mended; switches lose power, come back, lose their sessions;
 * hosts move. While the controller finds that out, hosts talk, and every 50 ms the switches' tables
 * are walked and their ports looked at: no loop may be older than LOOP_TIME (or be at all, but
 * where a cable that was cut in silence is mended; in small networks that is looked at whenever a
 * port opens), and after the time that the wave's mishaps take to be found out, and LINGER, no loop
 * and no black hole may be left. Then the network is at rest: what is broadcast must reach each
 * host once, what is sent to one that one.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"
#include "test/sim/fabric.h"
#include "test/sim/seeds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY  (50 * NS_PER_MS)
#define LOOP_TIME   NS_PER_S /* that a loop may last: what a frame of discovery and its way take */
#define PORT_TIME   NS_PER_S /* by which a port that went down has been noticed */
#define SILENT_TIME (3 * NS_PER_S) /* by which a silent cut has */
#define LINGER      NS_PER_S       /* what may pass from there until all is well */
#define JOIN_TIME   (5 * NS_PER_S) /* by which all links are found after the start */
#define REPEAT      20             /* one seed of so many is run twice */
#define PAIRS       40             /* of hosts that talk */

static struct {
    const char *broken, *log, *app;
    uint64_t switches, waves;
    bool show;
} options = {.broken = "", .log = "info", .app = "learning", .waves = 6};

static const struct config_option rows[] = {
    {"switches", CONFIG_UINT, &options.switches, 0, 5000, "N", "of a network (0: random)"},
    {"waves", CONFIG_UINT, &options.waves, 1, 1000, "N", "of mishaps"},
    {"app", CONFIG_STRING, &options.app, 0, 0, "NAME", "behind discovery and stp"},
    {"break", CONFIG_STRING, &options.broken, 0, 0, "WHAT", "open or cut: must be found"},
    {"show", CONFIG_FLAG, &options.show, 0, 0, NULL, "print the log and the figures"},
    {"log", CONFIG_STRING, &options.log, 0, 0, "LEVELS", "what is logged"},
    {0},
};

static struct ctl *ctl;
static struct fabric_host *pair[PAIRS][2];
static size_t n_pairs;
static uint64_t loop_since, longest_loop, longest_hole; /* ns; for --show */

static bool failed(void)
{
    return fabric.failure[0] != '\0';
}

/* --- Networks -------------------------------------------------------------------------------- */

static struct fabric_switch *any_switch(void)
{
    return fabric.sw[sim_random(fabric.n_sw)];
}

static void ring(size_t n)
{
    for (size_t i = 0; i < n; i++)
        fabric_add_switch(i + 1);
    for (size_t i = 0; i < n; i++)
        fabric_add_cable(fabric.sw[i], fabric.sw[(i + 1) % n]);
}

/* k-ary: (k/2)^2 core switches, k pods of k/2 and k/2; k = 4 makes 20. */
static void fat_tree(size_t k)
{
    size_t half = k / 2, core = half * half;
    for (size_t i = 0; i < core + k * k; i++)
        fabric_add_switch(i + 1);
    for (size_t pod = 0; pod < k; pod++)
        for (size_t i = 0; i < half; i++) {
            struct fabric_switch *upper = fabric.sw[core + pod * k + i];
            for (size_t j = 0; j < half; j++) {
                fabric_add_cable(fabric.sw[i * half + j], upper);
                fabric_add_cable(upper, fabric.sw[core + pod * k + half + j]);
            }
        }
}

/* A tree, and half as many cables again, which may be parallel or lead back to the same switch. */
static void random_network(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fabric_add_switch(i + 1);
        if (i > 0)
            fabric_add_cable(fabric.sw[i > 20 ? i - 1 - sim_random(20) : sim_random(i)],
                             fabric.sw[i]);
    }
    for (size_t i = 0; i < n / 2; i++) {
        size_t from = sim_random(n), to = (from + sim_random(n < 40 ? n : 40)) % n;
        fabric_add_cable(fabric.sw[from], fabric.sw[to]);
    }
}

static void build(void)
{
    size_t n = options.switches != 0 ? options.switches : 3 + sim_random(18);
    uint64_t kind = options.switches > 100 ? 2 : sim_random(3);
    if (kind == 0)
        ring(n);
    else if (kind == 1 && options.switches == 0)
        fat_tree(4);
    else
        random_network(n);
    for (size_t i = 0; i < 3 + fabric.n_sw / 2; i++)
        fabric_add_host(any_switch());
    n_pairs = fabric.n_hosts < PAIRS ? fabric.n_hosts : PAIRS;
    for (size_t i = 0; i < n_pairs; i++) {
        pair[i][0] = fabric.host[i];
        pair[i][1] = fabric.host[(i + 1 + sim_random(fabric.n_hosts - 1)) % fabric.n_hosts];
    }
}

static void add_app(const struct ctl_app_type *type)
{
    if (ctl_add_app(ctl, type) != 0)
        abort();
}

static void start_controller(void)
{
    struct ctl_config c;
    const char *last = options.app;
    ctl_defaults(&c);
    c.max_sessions = 10000;
    ctl = ctl_new(&c);
    if (ctl == NULL)
        abort();
    add_app(&discovery_app);
    add_app(&stp_app);
    add_app(ctl_app_by_name(last));
    ctl_serve(ctl, sim_net(), "ptcp:6653:controller", NULL);
}

/* --- Looking --------------------------------------------------------------------------------- */

static void look_for_loops(uint64_t limit)
{
    if (!fabric_has_loop()) {
        loop_since = 0;
        return;
    }
    if (loop_since == 0)
        loop_since = loop_now();
    if (loop_now() - loop_since > longest_loop)
        longest_loop = loop_now() - loop_since;
    if (loop_now() - loop_since > limit)
        fabric_fail("a loop lasts");
}

/* The first pair whose packets vanish; false: none do. */
static bool find_hole(size_t *which, enum walk *how)
{
    for (size_t i = 0; i < n_pairs; i++) {
        struct fabric_host *from = pair[i][0], *to = pair[i][1];
        if (to->moved || !fabric_joined(from->at, to->at))
            continue;
        *how = fabric_walk(from, to);
        *which = i;
        if (*how == WALK_LOST || *how == WALK_LOOPS)
            return true;
    }
    return false;
}

static void look_for_holes(uint64_t since_mishaps, uint64_t limit)
{
    size_t which;
    enum walk how;
    if (!find_hole(&which, &how))
        return;
    if (since_mishaps > longest_hole)
        longest_hole = since_mishaps;
    if (since_mishaps > limit)
        fabric_fail("from host %u to host %u: %s", pair[which][0]->number, pair[which][1]->number,
                    how == WALK_LOST ? "a black hole lasts" : "packets go round in a circle");
}

/* Somebody says something. */
static void chat(void)
{
    size_t i = sim_random(n_pairs);
    fabric_send(pair[i][0], sim_random(4) == 0 ? NULL : pair[i][1]);
}

/* Let time pass and look on. What the wave did is found out within `limit`. */
static void watch(uint64_t limit)
{
    uint64_t begin = loop_now();
    while (!failed() && loop_now() - begin < limit + 3 * LOOK_EVERY) {
        sim_run(loop_now() + LOOK_EVERY);
        look_for_loops(LOOP_TIME);
        look_for_holes(loop_now() - begin, limit);
        chat();
    }
}

/* --- At rest --------------------------------------------------------------------------------- */

static void settle(void)
{
    sim_run(loop_now() + 100 * NS_PER_MS * (fabric.n_sw > 100 ? 10 : 1));
}

/* One broadcast reaches each once who is joined to the sender, and nobody else. */
static void check_broadcast(struct fabric_host *from)
{
    fabric_send(from, NULL);
    settle();
    for (size_t i = 0; i < fabric.n_hosts; i++) {
        struct fabric_host *h = fabric.host[i];
        uint32_t due = h != from && fabric_joined(from->at, h->at);
        if (h->got != due)
            fabric_fail("host %u got %u of %u copies of host %u's broadcast", h->number, h->got,
                        due, from->number);
    }
}

static void check_unicast(struct fabric_host *from, struct fabric_host *to)
{
    if (!fabric_joined(from->at, to->at))
        return;
    fabric_send(from, to);
    settle();
    if (to->got != 1)
        fabric_fail("host %u got %u copies of what host %u sent it", to->number, to->got,
                    from->number);
}

static void check_rest(void)
{
    const char *unrest = fabric_unrest();
    if (unrest != NULL)
        fabric_fail("%s", unrest);
    for (size_t i = 0; i < 3 && !failed(); i++)
        check_broadcast(fabric.host[sim_random(fabric.n_hosts)]);
    for (size_t i = 0; i < n_pairs && i < 10 && !failed(); i++) {
        check_unicast(pair[i][0], pair[i][1]);
        check_unicast(pair[i][1], pair[i][0]);
        check_unicast(pair[i][0], pair[i][1]);
    }
}

/* --- Mishaps --------------------------------------------------------------------------------- */

static uint64_t longer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Returns by when it has been found out. */
static uint64_t cable_mishap(void)
{
    static const enum cable_state cuts[] = {CABLE_ONE_WAY, CABLE_SILENT, CABLE_DOWN};
    struct fabric_cable *c = fabric.cable[sim_random(fabric.n_cables)];
    enum cable_state was = c->state, is = was == CABLE_WELL ? cuts[sim_random(3)] : CABLE_WELL;
    if (was == CABLE_SILENT)
        fabric.strict = false; /* its ports were open, as those of hosts */
    fabric_set_cable(c, is);
    return was == CABLE_DOWN || is == CABLE_DOWN ? PORT_TIME : SILENT_TIME;
}

/* One that has been away comes back to hosts whose ports have to settle. */
static uint64_t power_mishap(void)
{
    struct fabric_switch *sw = any_switch();
    fabric_set_power(sw, sw->off, sim_random(2) == 0);
    return SILENT_TIME;
}

static uint64_t mishap(void)
{
    struct fabric_host *h = fabric.host[sim_random(fabric.n_hosts)];
    struct fabric_switch *to = any_switch();
    switch (sim_random(8)) {
    case 0:
        return power_mishap();
    case 1:
        fabric_cut_session(any_switch());
        return SILENT_TIME;
    case 2:
        if (to->n_ports < FABRIC_PORTS)
            fabric_move_host(h, to, false);
        return SILENT_TIME;
    default:
        return cable_mishap();
    }
}

/* Hosts that were plugged in elsewhere make themselves known, when their ports have settled. */
static void greet(void)
{
    for (size_t i = 0; i < fabric.n_hosts; i++)
        if (fabric.host[i]->moved) {
            fabric.host[i]->moved = false;
            fabric_send(fabric.host[i], NULL);
            settle();
        }
}

static void wave(void)
{
    uint64_t limit = 0;
    size_t n = 1 + sim_random(fabric.n_sw > 100 ? 10 : 3);
    fabric.strict = options.broken[0] == '\0' && fabric.n_sw < 100;
    for (size_t i = 0; i < n; i++)
        limit = longer(limit, mishap());
    watch(limit + LINGER);
    greet();
    if (!failed())
        check_rest();
}

/* --- A run ----------------------------------------------------------------------------------- */

/* Ports that flood though they must not; packets that vanish where nobody looks for them. */
static void break_something(void)
{
    struct fabric_cable *c = fabric.cable[0];
    if (strcmp(options.broken, "open") == 0)
        for (size_t i = 0; i < fabric.n_cables; i++) {
            c = fabric.cable[i];
            c->a->port[c->a_port].closed = c->b->port[c->b_port].closed = false;
        }
    if (strcmp(options.broken, "cut") == 0)
        for (size_t i = 0; i < fabric.n_sw; i++)
            fabric.sw[i]->port[1].closed = true;
}

static void end_run(void)
{
    ctl_free(ctl);
    fabric_end();
    sim_run(loop_now() + 10 * NS_PER_S);
    loop_close();
}

static void run_once(uint64_t seed)
{
    const struct sim_faults faults = {.delay_min = 100 * NS_PER_US, .delay_max = 2 * NS_PER_MS};
    sim_start(seed, &faults);
    if (loop_open() != 0)
        abort();
    fabric_begin();
    loop_since = longest_loop = longest_hole = 0;
    start_controller();
    build();
    watch(JOIN_TIME);
    if (!failed())
        check_rest();
    break_something();
    for (uint64_t i = 0; i < options.waves && !failed(); i++)
        wave();
}

/* --- Seeds ----------------------------------------------------------------------------------- */

static void report(const char *program, uint64_t seed)
{
    printf("%s\nseed %" PRIu64 " FAILED: %s\nreplay: %s --seed=%" PRIu64, sim_log(), seed,
           fabric.failure, program, seed);
    if (options.switches != 0)
        printf(" --switches=%" PRIu64, options.switches);
    printf(" --app=%s", options.app);
    if (options.broken[0] != '\0')
        printf(" --break=%s", options.broken);
    printf(" --waves=%" PRIu64 "\n", options.waves);
}

static void show(uint64_t seed)
{
    fputs(sim_log(), stdout);
    printf("seed %" PRIu64 ": %zu switches, %zu cables, %zu hosts; %" PRIu64 " frames, %" PRIu64
           " packet-ins, %" PRIu64 " flow-mods, %" PRIu64 " port-mods; longest loop %" PRIu64
           " ms, longest hole %" PRIu64 " ms\n",
           seed, fabric.n_sw, fabric.n_cables, fabric.n_hosts, fabric.frames, fabric.packet_ins,
           fabric.flow_mods, fabric.port_mods, (uint64_t)(longest_loop / NS_PER_MS),
           (uint64_t)(longest_hole / NS_PER_MS));
}

/* Run a seed that ended well once more: it must be the same run. */
static void repeat(uint64_t seed)
{
    uint64_t digest = sim_digest();
    end_run();
    run_once(seed);
    if (sim_digest() != digest)
        fabric_fail("the same seed gave two different runs");
}

static bool run_seed(const char *program, uint64_t seed, bool alone)
{
    bool well;
    (void)alone;
    run_once(seed);
    if (seed % REPEAT == 0 && !failed())
        repeat(seed);
    well = !failed();
    if (!well)
        report(program, seed);
    else if (options.show)
        show(seed);
    end_run();
    return well;
}

static const char *refuse(void)
{
    if (ctl_app_by_name(options.app) == NULL)
        return "--app: there is none of this name";
    if (log_set_levels(options.log) != 0)
        return "--log: levels are written as in info,ctl:debug";
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct simulation simulation = {
        .name = "sim_topology",
        .help = "Run the topology's apps on random networks in virtual time.",
        .seeds = "1-20",
        .options = rows,
        .refuse = refuse,
        .run = run_seed,
    };
    return seeds_main(&simulation, argc, argv);
}
