/*
 * table_model.c - the flow table against a slow and obvious one: random flow-mods, packets and
 * time, and no difference.
 *
 *     table_model --seeds=1-5000     run these; each failing one is printed as the command that
 *                                    replays it
 *     table_model --seed=7           run one
 *     table_model --break=priority   the reference is wrong: must fail (the self-test)
 *
 * After every flow-mod the two agree on the answer and on which entries left, with their counters;
 * after every packet on the entry; after every step of time on who timed out, and why; at the end
 * on all that is left. Values come from few, so that entries meet, cover and overlap each other.
 *
 * Time passes in steps of a multiple of GRAIN and a little more, and there are few enough of them
 * that no time-out ever falls close to the end of one: the timer wheel may be a tick late.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "runtime/sim/sim.h"
#include "switch/flow_mod.h"
#include "test/sim/reference_table.h"
#include "test/sim/seeds.h"
#include "test/sim/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRAIN     (250 * NS_PER_MS)
#define BIT_MORE  (2 * NS_PER_MS)
#define STEPS_MAX 100 /* of time: BIT_MORE adds up to less than GRAIN */
#define BATCH_MAX 70
#define GONE_MAX  4096

_Static_assert(STEPS_MAX *BIT_MORE + BIT_MORE < GRAIN, "no time-out near the end of a step");

/* The table, the reference, and what left the one and must leave the other. */
struct pair {
    struct table *table;
    struct ref_table ref;
    struct {
        struct ref_entry entry;
        uint8_t reason;
    } gone[GONE_MAX];
    size_t n_gone;
};

/* A walk in parts through the normal table: who must be shown, and who was. */
static struct {
    bool on;
    struct table_filter filter;
    uint32_t cursor;
    struct {
        const struct flow *flow;
        bool must, shown;
    } entry[GONE_MAX];
    size_t n;
} walk;

static struct pair normal, emergency;

static struct {
    uint64_t mods, refused, hits, misses, cached, expired, modified, replaced, walks;
} met;

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)sim_random(n);
}

/* --- Agreement -------------------------------------------------------------------------------- */

static bool same_state(const struct flow *flow, const struct ref_entry *e)
{
    return flow->cookie == e->cookie && flow->priority == e->priority &&
           flow->packets == e->packets && flow->bytes == e->bytes && flow->created == e->created &&
           flow->used == e->used && flow->idle_timeout == e->idle_timeout &&
           flow->hard_timeout == e->hard_timeout && flow->flags == e->flags &&
           flow->actions_len == e->actions_len &&
           bytes_equal(flow_actions(flow).data, e->actions, e->actions_len);
}

static struct ref_entry *twin(const struct pair *p, const struct flow *flow)
{
    struct ofp_match match;
    flow_match(flow, &match);
    return ref_find(&p->ref, &match, flow->priority);
}

static void ref_gone(void *user, const struct ref_entry *entry, uint8_t reason)
{
    struct pair *p = user;
    if (p->n_gone == GONE_MAX)
        abort();
    p->gone[p->n_gone].entry = *entry;
    p->gone[p->n_gone++].reason = reason;
}

/* The walk's note of an entry; a new one if there is none. */
static size_t walk_note(const struct flow *flow)
{
    size_t i = 0;
    while (i < walk.n && walk.entry[i].flow != flow)
        i++;
    if (i == GONE_MAX)
        abort();
    if (i == walk.n) {
        walk.entry[i].flow = flow;
        walk.entry[i].must = walk.entry[i].shown = false;
        walk.n++;
    }
    return i;
}

static void walk_forget(const struct flow *flow)
{
    size_t i = walk_note(flow);
    walk.entry[i] = walk.entry[--walk.n];
}

/* An entry leaves the table: it must be one of those that have left the reference. */
static void table_gone(void *user, struct flow *flow, uint8_t reason)
{
    struct pair *p = user;
    if (walk.on && p == &normal)
        walk_forget(flow);
    for (size_t i = 0; i < p->n_gone; i++)
        if (p->gone[i].reason == reason && ofp_key_equal(&p->gone[i].entry.key, &flow->key) &&
            same_state(flow, &p->gone[i].entry)) {
            p->gone[i] = p->gone[--p->n_gone];
            met.expired += reason == OFPRR_IDLE_TIMEOUT || reason == OFPRR_HARD_TIMEOUT;
            met.replaced += reason == TABLE_REPLACED;
            return;
        }
    expect(false, "an entry with cookie %" PRIu64 " left for reason %u and should not have",
           flow->cookie, reason);
}

static void check_gone(struct pair *p)
{
    expect(p->n_gone == 0, "%zu entries should have left and did not, one with cookie %" PRIu64,
           p->n_gone, p->gone[0].entry.cookie);
}

struct comparison {
    struct pair *pair;
    size_t n;
};

static bool compare_flow(void *user, struct flow *flow)
{
    struct comparison *c = user;
    const struct ref_entry *e = twin(c->pair, flow);
    expect(e != NULL && same_state(flow, e), "an entry with cookie %" PRIu64 " is %s", flow->cookie,
           e == NULL ? "one too many" : "not as it should be");
    c->n++;
    return true;
}

static void check_all(struct pair *p)
{
    struct comparison c = {.pair = p};
    struct table_filter all = {.out_port = OFPP_NONE};
    struct table_stats stats;
    table_each(p->table, &all, compare_flow, &c);
    table_get_stats(p->table, &stats);
    expect(c.n == p->ref.n && stats.active == c.n, "%zu entries, said to be %u, should be %zu", c.n,
           stats.active, p->ref.n);
}

/* --- What happens ----------------------------------------------------------------------------- */

#define PICK(...) (((const uint32_t[]){__VA_ARGS__})[rnd(sizeof((uint32_t[]){__VA_ARGS__}) / 4)])

static uint32_t random_address(void)
{
    return 0x0a000000u | rnd(3) << PICK(0, 8, 16, 23);
}

/* Fields as a frame could have them: what it lacks is zero. */
static struct ofp_key random_packet(void)
{
    uint32_t type = PICK(0x0800, 0x0800, 0x0800, 0x0806, 0x86dd);
    uint32_t proto = PICK(1, 6, 6, 17, 89);
    uint32_t vlan = PICK(OFP_VLAN_NONE, OFP_VLAN_NONE, 5);
    struct ofp_match m = {
        .in_port = be16_of((uint16_t)(1 + rnd(2))),
        .dl_src = {2, 0, 0, 0, 0, (uint8_t)rnd(2)},
        .dl_dst = {2, 0, 0, 0, 0, (uint8_t)rnd(3)},
        .dl_vlan = be16_of((uint16_t)vlan),
        .dl_vlan_pcp = (uint8_t)(vlan == OFP_VLAN_NONE ? 0 : rnd(2)),
        .dl_type = be16_of((uint16_t)type),
    };
    if (type == 0x0800 || type == 0x0806) {
        m.nw_proto = (uint8_t)(type == 0x0800 ? proto : 1 + rnd(2));
        m.nw_src = be32_of(random_address());
        m.nw_dst = be32_of(random_address());
    }
    if (type == 0x0800) {
        m.nw_tos = (uint8_t)(rnd(2) << 2);
        m.tp_src = be16_of((uint16_t)(proto == 89 ? 0 : rnd(2)));
        m.tp_dst = be16_of((uint16_t)(proto == 89 ? 0 : rnd(3)));
    }
    return (struct ofp_key){.match = m};
}

static uint32_t random_wildcards(void)
{
    uint32_t addresses = PICK(0, 0, 8, 16, 24, 32, 63) << OFPFW_NW_SRC_SHIFT |
                         PICK(0, 0, 8, 16, 24, 32, 63) << OFPFW_NW_DST_SHIFT;
    uint32_t flags = rnd(1u << 22) & ~(uint32_t)(OFPFW_NW_SRC_MASK | OFPFW_NW_DST_MASK);
    if (rnd(3) != 0)
        flags &= ~(uint32_t)(OFPFW_DL_TYPE | OFPFW_NW_PROTO);
    return PICK(0, flags | addresses, flags | addresses, OFPFW_ALL, addresses, OFPFW_DL_VLAN_PCP,
                OFPFW_ALL & ~OFPFW_IN_PORT, OFPFW_ALL & ~(OFPFW_DL_TYPE | OFPFW_NW_DST_MASK));
}

/* A match of its own, or one that is there already, or that with something more left open. */
static struct ofp_match random_match(const struct pair *p)
{
    struct ofp_match m;
    const struct flow *flow = NULL;
    struct ofp_key key = random_packet();
    if (rnd(2) == 0)
        flow = table_lookup(p->table, &key);
    if (flow == NULL) {
        m = key.match;
        m.wildcards = be32_of(random_wildcards());
        return m;
    }
    flow_match(flow, &m);
    if (rnd(2) == 0)
        m.wildcards = be32_of(be32_get(m.wildcards) | random_wildcards());
    return m;
}

static struct span random_actions(uint8_t *area)
{
    struct buf list = buf_of(area, REF_ACTIONS_MAX);
    for (uint32_t n = PICK(0, 1, 1, 1, 2, 6); n > 0; n--)
        if (rnd(4) == 0)
            ofp_put_enqueue(&list, (uint16_t)(1 + rnd(4)), 1);
        else if (rnd(4) == 0)
            ofp_put_set_dl_src(&list, (const uint8_t[]){2, 0, 0, 0, 0, 1});
        else
            ofp_put_output(&list, (uint16_t)(1 + rnd(4)), 0);
    return span_of(list.data, list.len);
}

static void do_flow_mod(uint16_t command)
{
    uint8_t area[REF_ACTIONS_MAX];
    struct pair *p = rnd(8) == 0 ? &emergency : &normal;
    struct ofp_match match = random_match(p);
    static uint64_t cookie;
    struct ofp_msg_flow_mod m = {
        .match = &match,
        .cookie = ++cookie,
        .command = command,
        .priority = (uint16_t)PICK(0, 1, 1, 2, 2, 3, 0x8000, 65535),
        .buffer_id = OFP_NO_BUFFER,
        .out_port = (uint16_t)PICK(OFPP_NONE, OFPP_NONE, 1, 2, 9),
        .flags = (uint16_t)(PICK(0, OFPFF_SEND_FLOW_REM) | PICK(0, 0, 0, OFPFF_CHECK_OVERLAP)),
        .actions = random_actions(area),
    };
    struct ofp_fault fault = {.code = 0xffff};
    if (p == &emergency) {
        m.flags |= OFPFF_EMERG;
    } else {
        m.idle_timeout = (uint16_t)PICK(0, 0, 1, 2, 5);
        m.hard_timeout = (uint16_t)PICK(0, 0, 1, 3, 10);
    }
    size_t before = p->ref.n;
    int code = ref_flow_mod(&p->ref, &m, loop_now());
    bool done = flow_mod_apply(normal.table, emergency.table, &m, &fault);
    expect(done == (code == -1), "command %u was %s", command, done ? "done" : "refused");
    expect(done || (fault.type == OFPET_FLOW_MOD_FAILED && fault.code == code),
           "command %u was answered with %u, not with %d", command, fault.code, code);
    check_gone(p);
    met.mods++;
    met.refused += !done;
    met.modified += done && command == OFPFC_MODIFY && p->ref.n == before;
}

static void use(struct pair *p, const struct ofp_key *packet, struct flow *flow)
{
    struct ref_entry *e = flow != NULL ? twin(p, flow) : NULL;
    expect(flow == NULL || e != NULL, "a packet found an entry that is not there");
    expect(ref_may_follow(&p->ref, packet, e), "a packet found %s",
           flow == NULL ? "nothing" : "an entry that is not the one");
    if (flow == NULL || e == NULL) {
        met.misses++;
        return;
    }
    met.hits++;
    flow->packets = ++e->packets;
    flow->bytes = e->bytes += 60 + rnd(1000);
    flow->used = e->used = loop_now();
}

static void do_packets(void)
{
    struct ofp_key packets[BATCH_MAX];
    struct flow *flows[BATCH_MAX];
    struct pair *p = rnd(8) == 0 ? &emergency : &normal;
    uint32_t n = PICK(1, 1, 2, 5, 31, 32, 33, BATCH_MAX);
    bool batch = rnd(2) == 0;
    for (uint32_t i = 0; i < n; i++)
        packets[i] = i > 0 && rnd(3) == 0 ? packets[rnd(i)] : random_packet();
    if (batch)
        table_lookup_batch(p->table, packets, n, flows);
    for (uint32_t i = 0; i < n && !failed(); i++)
        use(p, &packets[i], batch ? flows[i] : table_lookup(p->table, &packets[i]));
}

static bool must_show(void *user, struct flow *flow)
{
    (void)user;
    walk.entry[walk_note(flow)].must = true;
    return true;
}

/* Now and then it ends a part by itself. */
static bool show(void *user, struct flow *flow)
{
    const struct table_filter *f = &walk.filter;
    size_t i;
    (void)user;
    if (rnd(4) == 0)
        return false;
    i = walk_note(flow);
    expect(!walk.entry[i].shown, "an entry with cookie %" PRIu64 " was shown twice", flow->cookie);
    expect(ofp_match_covers(&f->key, &f->mask, &flow->key, flow_mask(flow)),
           "an entry with cookie %" PRIu64 " was shown that was not asked for", flow->cookie);
    walk.entry[i].shown = true;
    return true;
}

static void begin_walk(void)
{
    struct ofp_match match = random_match(&normal);
    walk.on = true;
    walk.cursor = TABLE_WALK_BEGIN;
    walk.n = 0;
    if (rnd(2) == 0)
        match.wildcards = be32_of(OFPFW_ALL);
    walk.filter = table_filter_of(&match);
    table_each(normal.table, &walk.filter, must_show, NULL);
}

/* A part of a walk through the normal table, while this changes. */
static void do_walk(void)
{
    uint32_t budget = PICK(1, 5, 20, 1000);
    if (!walk.on)
        begin_walk();
    if (!table_walk(normal.table, &walk.filter, &walk.cursor, &budget, show, NULL))
        return;
    for (size_t i = 0; i < walk.n; i++)
        expect(walk.entry[i].shown || !walk.entry[i].must, "an entry was not shown");
    walk.on = false;
    met.walks++;
}

static void do_time(void)
{
    uint64_t until = loop_now() + PICK(1, 2, 3, 4, 9, 20) * GRAIN + BIT_MORE;
    ref_expire(&normal.ref, until);
    ref_expire(&emergency.ref, until);
    sim_run(until);
    check_gone(&normal);
    check_gone(&emergency);
}

static void do_something(unsigned *steps_left)
{
    switch (rnd(16)) {
    default:
        do_flow_mod(OFPFC_ADD);
        break;
    case 0:
        do_flow_mod(OFPFC_MODIFY);
        break;
    case 1:
        do_flow_mod(OFPFC_MODIFY_STRICT);
        break;
    case 2:
        do_flow_mod(rnd(4) == 0 ? OFPFC_DELETE : OFPFC_DELETE_STRICT);
        break;
    case 3:
        do_flow_mod(OFPFC_DELETE_STRICT);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        do_packets();
        break;
    case 8:
        if (*steps_left > 0) {
            --*steps_left;
            do_time();
        }
        break;
    case 9:
    case 10:
        do_walk();
    }
}

/* --- Runs ------------------------------------------------------------------------------------- */

static void begin(struct pair *p, uint32_t max, bool broken)
{
    p->table = table_new(max, table_gone, p);
    p->ref = (struct ref_table){.max = max, .gone = ref_gone, .user = p, .upside_down = broken};
    p->ref.entry = calloc(max, sizeof *p->ref.entry);
    p->n_gone = 0;
    if (p->table == NULL || p->ref.entry == NULL)
        abort();
}

static void end(struct pair *p)
{
    struct table_stats stats;
    if (!failed())
        check_all(p);
    table_get_stats(p->table, &stats);
    met.cached += stats.cache_hits;
    table_free(p->table);
    free(p->ref.entry);
}

static const char *broken = "";

static const struct config_option rows[] = {
    {"break", CONFIG_STRING, &broken, 0, 0, "WHAT", "make the reference wrong: priority"},
    {0},
};

static void run_once(uint64_t seed)
{
    unsigned steps_left = STEPS_MAX;
    uint32_t n, max;
    failure[0] = '\0';
    sim_start(seed, &(struct sim_faults){0});
    if (loop_open() != 0)
        abort();
    n = PICK(20, 100, 100, 200, 200, 200, 400, 1500);
    max = PICK(1, 8, 50, 3000, 3000, 3000);
    walk.on = false;
    begin(&normal, max, *broken != '\0');
    begin(&emergency, max, *broken != '\0');
    while (n-- > 0 && !failed()) {
        do_something(&steps_left);
        if (rnd(50) == 0)
            check_all(&normal);
    }
    end(&normal);
    end(&emergency);
    loop_close();
}

/* A run that does not meet what it is there for shows nothing. Returns how many never came. */
static unsigned never_met(void)
{
    static const struct {
        const char *what;
        const uint64_t *times;
    } rare[] = {
        {"a flow-mod was done", &met.mods},       {"a flow-mod was refused", &met.refused},
        {"an entry was modified", &met.modified}, {"an entry was replaced", &met.replaced},
        {"an entry timed out", &met.expired},     {"a packet found an entry", &met.hits},
        {"a packet found none", &met.misses},     {"the cache knew", &met.cached},
        {"a walk in parts ended", &met.walks},
    };
    unsigned never = 0;
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++) {
        printf("%-28s %12" PRIu64 " times\n", rare[i].what, *rare[i].times);
        never += *rare[i].times == 0;
    }
    return never;
}

static bool run_seed(const char *program, uint64_t seed, bool alone)
{
    (void)alone;
    run_once(seed);
    if (failed())
        printf("seed %" PRIu64 " FAILED: %s\nreplay: %s --seed=%" PRIu64 "%s%s\n", seed, failure,
               program, seed, *broken ? " --break=" : "", broken);
    return !failed();
}

static const char *refuse(void)
{
    return *broken && strcmp(broken, "priority") != 0 ? "--break: must be priority" : NULL;
}

int main(int argc, char **argv)
{
    static const struct simulation simulation = {
        .name = "table_model",
        .help = "Compare the flow table with a slow and obvious one.",
        .seeds = "1-500",
        .options = rows,
        .refuse = refuse,
        .run = run_seed,
        .never_happened = never_met,
        .many = 2,
    };
    return seeds_main(&simulation, argc, argv);
}
