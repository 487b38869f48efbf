/*
 * test_slices_apart.c - random slices under random messages: the switch does for each slice's
 * packets what that slice alone would have it do, and no slice sees or changes what is another's.
 *
 * Beside the slicer runs a slow and obvious model: each slice has a flow table of its own, and a
 * packet meets that of its owner. After each step packets are looked up in the real table, as the
 * scripted switch has it, and in the model. A flow is told from others by the max_len of its output
 * to the controller, which nobody rewrites. SLICER_SEEDS=N runs more than the usual seeds.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/slicer/slices.h"
#include "openflow/action.h"
#include "openflow/parse.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_switch.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define N_SLICES  3
#define N_PORTS   4
#define MAX_FLOWS 4096
#define STEPS     60
#define SEEDS     100

static uint64_t seed;
static struct ctl *ctl;
static struct fake_peer *sw, *peer[N_SLICES];
static struct listener *at[N_SLICES];
static struct slice_set set; /* what the slicer was told, read once more */
static struct space_rule rules[64];
static struct space space;

/* A flow, as the switch has it or as the model of a slice has. */
struct entry {
    struct space_region region;
    uint16_t priority, id;
    uint64_t cookie;
    bool tells;
};

struct table {
    struct entry entry[MAX_FLOWS];
    size_t n;
};

static struct table real, model[N_SLICES];

static unsigned below(unsigned n)
{
    return (unsigned)random_below(&seed, n);
}

/* --- Random things: few values, so that they meet -------------------------------------------- */

static char *random_text(char *text, size_t cap, bool port)
{
    static const char *const kinds[] = {"", "ip", "arp", "tcp", "udp"};
    const char *kind = kinds[below(5)];
    size_t n = (size_t)snprintf(text, cap, "%s", kind);
    if (port && below(2) == 0)
        n += (size_t)snprintf(text + n, cap - n, ",in_port=%u", 1 + below(N_PORTS));
    if (below(4) == 0)
        n += (size_t)snprintf(text + n, cap - n, ",dl_src=02:00:00:00:00:0%u", below(2));
    if (kind[0] != '\0' && below(2) == 0)
        n +=
            (size_t)snprintf(text + n, cap - n, ",nw_src=%u.0.0.0/%u", below(4) << 6, 1 + below(2));
    if (kind[0] != '\0' && below(3) == 0)
        n +=
            (size_t)snprintf(text + n, cap - n, ",nw_dst=%u.0.0.0/%u", below(4) << 6, 1 + below(2));
    if ((kind[0] == 't' || kind[0] == 'u') && below(3) == 0)
        n += (size_t)snprintf(text + n, cap - n, ",tp_dst=%u", 80 + below(2));
    return text;
}

static struct ofp_match random_match(void)
{
    char text[200], error[OFP_PARSE_ERROR];
    struct ofp_match match;
    ck_assert_ptr_null(ofp_parse_match(random_text(text, sizeof text, true), &match, error));
    return match;
}

static size_t random_frame(uint8_t *f)
{
    bool arp = below(4) == 0;
    memset(f, 0, 60);
    f[0] = f[6] = 2;
    f[11] = (uint8_t)below(2);
    f[12] = 8;
    f[13] = arp ? 6 : 0;
    f[14] = 0x45;
    f[17] = 46;
    f[23] = below(2) ? 6 : 17;
    f[26] = f[28] = (uint8_t)(below(4) << 6);
    f[30] = f[38] = (uint8_t)(below(4) << 6);
    f[37] = (uint8_t)(80 + below(2));
    if (arp)
        memcpy(f + 14, "\0\1\10\0\6\4\0\1", 8);
    return 60;
}

static struct ofp_key random_key(void)
{
    struct ofp_key key;
    uint8_t f[60];
    ofp_key_extract(&key, span_of(f, random_frame(f)), (uint16_t)(1 + below(N_PORTS)));
    return key;
}

/* --- Flow tables, section 3.4 ---------------------------------------------------------------- */

static void drop_entry(struct table *t, size_t i)
{
    t->entry[i] = t->entry[--t->n];
}

static bool is_meant(const struct entry *e, const struct ofp_msg_flow_mod *mod)
{
    struct space_region r = space_region_of(mod->match);
    if (mod->command == OFPFC_MODIFY || mod->command == OFPFC_DELETE)
        return space_covers(&r, &e->region);
    return e->priority == mod->priority && space_same(&e->region, &r);
}

/* The max_len of an output to the controller: which flow it is. */
static uint16_t id_of(struct span actions)
{
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL) {
        const struct ofp_action_output *o = (const void *)a;
        if (be16_get(o->type) == OFPAT_OUTPUT && be16_get(o->port) == OFPP_CONTROLLER)
            return be16_get(o->max_len);
    }
    return 0;
}

static void apply(struct table *t, const struct ofp_msg_flow_mod *mod)
{
    bool deletes = mod->command == OFPFC_DELETE || mod->command == OFPFC_DELETE_STRICT;
    size_t met = 0;
    for (size_t i = t->n; i-- > 0;) {
        if (!is_meant(&t->entry[i], mod))
            continue;
        met++;
        if (deletes || mod->command == OFPFC_ADD)
            drop_entry(t, i);
        else
            t->entry[i].id = id_of(mod->actions);
    }
    if (deletes || (mod->command != OFPFC_ADD && met > 0))
        return;
    ck_assert_uint_lt(t->n, MAX_FLOWS);
    t->entry[t->n++] = (struct entry){.region = space_region_of(mod->match),
                                      .priority = mod->priority,
                                      .id = id_of(mod->actions),
                                      .cookie = mod->cookie,
                                      .tells = mod->flags & OFPFF_SEND_FLOW_REM};
}

/* The flow that a packet meets; 0: none. */
static uint16_t look_up(const struct table *t, const struct ofp_key *key)
{
    const struct entry *best = NULL;
    for (size_t i = 0; i < t->n; i++) {
        const struct entry *e = &t->entry[i];
        if (ofp_key_matches(key, &e->region.key, &e->region.mask) &&
            (best == NULL || e->priority > best->priority))
            best = e;
    }
    return best != NULL ? best->id : 0;
}

/* --- What must hold -------------------------------------------------------------------------- */

static void each_packet_meets_its_owner_s_flows(void)
{
    for (int i = 0; i < 200; i++) {
        struct ofp_key key = random_key();
        int owner = space_owner(&space, &key);
        uint16_t want = owner >= 0 ? look_up(&model[owner], &key) : 0;
        ck_assert_uint_eq(look_up(&real, &key), want);
    }
}

/* A packet that the slice's actions are for leaves by its ports only, and as a packet of its own.
 */
static void leaves_as_its_own(unsigned slice, struct ofp_key key, struct span actions)
{
    const struct ofp_action_header *a;
    bool ip = be16_get(key.match.dl_type) == 0x0800;
    while ((a = ofp_next_action(&actions)) != NULL) {
        const struct ofp_action_output *o = (const void *)a;
        uint16_t type = be16_get(a->type);
        if (type == OFPAT_SET_NW_DST && ip)
            key.match.nw_dst = ((const struct ofp_action_nw_addr *)(const void *)a)->nw_addr;
        else if (type == OFPAT_SET_TP_DST && ip)
            key.match.tp_dst = ((const struct ofp_action_tp_port *)(const void *)a)->tp_port;
        if (type != OFPAT_OUTPUT)
            continue;
        ck_assert_int_eq(space_owner(&space, &key), (int)slice);
        ck_assert(be16_get(o->port) >= OFPP_MAX ||
                  space_has_port(&space, slice, be16_get(o->port)));
    }
}

static void is_of(unsigned slice, const struct ofp_msg_flow_mod *mod)
{
    struct space_region r = space_region_of(mod->match);
    for (int i = 0; i < 200; i++) {
        struct ofp_key key = random_key();
        if (!ofp_key_matches(&key, &r.key, &r.mask))
            continue;
        ck_assert_int_eq(space_owner(&space, &key), (int)slice);
        leaves_as_its_own(slice, key, mod->actions);
    }
}

static bool came(const struct fake_peer *p)
{
    return p->len > p->seen;
}

/* All flow-mods that a slice's message has brought to the switch. */
static void switch_takes_flow_mods(unsigned slice)
{
    while (came(sw)) {
        struct ofp_msg msg = fake_expect(sw, OFPT_FLOW_MOD);
        const struct ofp_msg_flow_mod *mod = &msg.flow_mod;
        ck_assert(mod->command == OFPFC_ADD || mod->command == OFPFC_MODIFY_STRICT ||
                  mod->command == OFPFC_DELETE_STRICT);
        is_of(slice, mod);
        apply(&real, mod);
    }
}

/* --- Steps ----------------------------------------------------------------------------------- */

static uint16_t next_id;

static void random_actions(struct buf *list)
{
    static const uint16_t odd[] = {OFPP_FLOOD, OFPP_ALL, OFPP_IN_PORT};
    ofp_put_output(list, OFPP_CONTROLLER, ++next_id);
    if (below(4) == 0)
        ofp_put_set_nw_dst(list, below(4) << 30);
    if (below(4) == 0)
        ofp_put_set_tp_dst(list, (uint16_t)(80 + below(2)));
    for (unsigned n = below(3); n > 0; n--)
        ofp_put_output(list, below(3) ? (uint16_t)(1 + below(N_PORTS)) : odd[below(3)], 0);
}

/* The same match has one of three priorities of its own, so that no two others are equal. */
static uint16_t priority_of(const struct ofp_match *match)
{
    const uint8_t *b = (const uint8_t *)match;
    uint32_t hash = 5381;
    for (size_t i = 0; i < sizeof *match; i++)
        hash = hash * 33 + b[i];
    return (uint16_t)(((hash ^ hash >> 16) + below(3) * 21844) % 65532);
}

static void step_flow_mod(unsigned slice)
{
    uint8_t area[200];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = random_match();
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
    struct ofp_msg_flow_mod *mod = &msg.flow_mod;
    *mod = (struct ofp_msg_flow_mod){.match = &match,
                                     .cookie = below(5),
                                     .command = (uint16_t)(below(2) ? 0 : below(5)),
                                     .priority = priority_of(&match),
                                     .flags = (uint16_t)below(2),
                                     .buffer_id = OFP_NO_BUFFER,
                                     .out_port = OFPP_NONE};
    if (mod->command != OFPFC_DELETE && mod->command != OFPFC_DELETE_STRICT)
        random_actions(&actions);
    mod->actions = span_of(area, actions.len);
    fake_send(peer[slice], &msg);
    if (came(peer[slice])) {
        fake_expect(peer[slice], OFPT_ERROR);
        fake_expect_nothing(sw);
        return;
    }
    switch_takes_flow_mods(slice);
    apply(&model[slice], mod);
}

static void step_packet_in(unsigned unused)
{
    uint8_t f[60];
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    struct ofp_key key;
    int owner;
    (void)unused;
    msg.packet_in = (struct ofp_msg_packet_in){.buffer_id = OFP_NO_BUFFER,
                                               .total_len = 60,
                                               .in_port = (uint16_t)(1 + below(N_PORTS)),
                                               .data = span_of(f, random_frame(f))};
    ofp_key_extract(&key, msg.packet_in.data, msg.packet_in.in_port);
    owner = space_owner(&space, &key);
    fake_send(sw, &msg);
    if (owner >= 0)
        ck_assert_uint_eq(fake_expect(peer[owner], OFPT_PACKET_IN).packet_in.in_port,
                          be16_get(key.match.in_port));
    fake_expect_nothing(sw);
}

static void step_packet_out(unsigned slice)
{
    uint8_t f[60], area[200];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT};
    struct ofp_key key;
    random_actions(&actions);
    msg.packet_out = (struct ofp_msg_packet_out){.buffer_id = OFP_NO_BUFFER,
                                                 .in_port = (uint16_t)(1 + below(N_PORTS)),
                                                 .actions = span_of(area, actions.len),
                                                 .data = span_of(f, random_frame(f))};
    fake_send(peer[slice], &msg);
    if (came(peer[slice])) {
        fake_expect(peer[slice], OFPT_ERROR);
        fake_expect_nothing(sw);
        return;
    }
    msg = fake_expect(sw, OFPT_PACKET_OUT);
    ofp_key_extract(&key, msg.packet_out.data, msg.packet_out.in_port);
    if (msg.packet_out.in_port != OFPP_NONE)
        leaves_as_its_own(slice, key, msg.packet_out.actions);
}

/* All parts of a flow end at once, as a hard time-out has it; and of others that one MODIFY gave
 * the same actions. */
static void step_time_out(unsigned unused)
{
    const struct entry gone = real.n > 0 ? real.entry[below((unsigned)real.n)] : (struct entry){0};
    (void)unused;
    for (size_t i = real.n; i-- > 0 && gone.id != 0;) {
        struct ofp_match match = space_match(&real.entry[i].region);
        struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
        if (real.entry[i].id != gone.id)
            continue;
        msg.flow_removed = (struct ofp_msg_flow_removed){.match = &match,
                                                         .cookie = real.entry[i].cookie,
                                                         .priority = real.entry[i].priority,
                                                         .reason = OFPRR_HARD_TIMEOUT};
        drop_entry(&real, i);
        fake_send(sw, &msg);
    }
    for (unsigned s = 0; s < N_SLICES; s++)
        for (size_t i = model[s].n; i-- > 0;) {
            if (model[s].entry[i].id != gone.id)
                continue;
            if (model[s].entry[i].tells)
                fake_expect(peer[s], OFPT_FLOW_REMOVED);
            drop_entry(&model[s], i);
        }
}

/* What the switch says of all flows there are. */
static void switch_answers(void)
{
    static uint8_t area[MAX_FLOWS * sizeof(struct ofp_flow_stats)];
    struct buf list = buf_of(area, OFP_MAX_MESSAGE - sizeof(struct ofp_stats_header));
    struct ofp_msg msg = fake_expect(sw, OFPT_STATS_REQUEST);
    for (size_t i = 0; i < real.n; i++) {
        struct ofp_flow_stats *e = buf_put(&list, sizeof *e);
        if (e == NULL)
            break;
        *e = (struct ofp_flow_stats){.length = be16_of(sizeof *e),
                                     .match = space_match(&real.entry[i].region),
                                     .cookie = be64_of(real.entry[i].cookie)};
    }
    msg.type = OFPT_STATS_REPLY;
    msg.stats.entries = span_of(area, list.len);
    fake_send(sw, &msg);
}

static void step_statistics(unsigned slice)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .stats = {.type = OFPST_FLOW}};
    const struct ofp_flow_stats *e;
    struct span rest, actions;
    size_t n = 0;
    msg.stats.flow = (struct ofp_msg_flow_request){&any, OFP_TABLE_ALL, OFPP_NONE};
    fake_send(peer[slice], &msg);
    switch_answers();
    rest = fake_expect(peer[slice], OFPT_STATS_REPLY).stats.entries;
    for (; (e = ofp_next_flow_stats(&rest, &actions)) != NULL; n++) {
        bool known = false;
        for (size_t i = 0; i < model[slice].n; i++)
            known |= model[slice].entry[i].id == id_of(actions) &&
                     model[slice].entry[i].cookie == be64_get(e->cookie) &&
                     model[slice].entry[i].priority == be16_get(e->priority);
        ck_assert(known);
    }
    ck_assert_uint_eq(n, model[slice].n);
}

static void (*const steps[])(unsigned) = {step_flow_mod,  step_flow_mod,   step_flow_mod,
                                          step_packet_in, step_packet_out, step_time_out,
                                          step_statistics};

/* --- A run ----------------------------------------------------------------------------------- */

static char lines[64][240];

/* Slices of one to four lines each. */
static void random_slices(void)
{
    struct config_list *list = NULL;
    char error[OFP_PARSE_ERROR];
    const struct config_option *row = slicer_app.options;
    while (strcmp(row->name, "slicer-line") != 0)
        row++;
    list = row->target;
    list->n = 0;
    slices_init(&set, 1000000, 10000);
    for (unsigned s = 0; s < N_SLICES; s++) {
        snprintf(lines[list->n], sizeof lines[0],
                 "slice s%u controller=tcp:c%u:6653 rate=1000000 flows=10000", s, s);
        list->value[list->n] = lines[list->n];
        list->n++;
        for (unsigned n = 1 + below(4); n > 0; n--) {
            char text[200];
            snprintf(lines[list->n], sizeof lines[0], "priority=%u,%s", below(4),
                     random_text(text, sizeof text, true));
            list->value[list->n] = lines[list->n];
            list->n++;
        }
    }
    for (size_t i = 0; i < list->n; i++)
        ck_assert_ptr_null(slices_add(&set, lines[i], (unsigned)i, error));
    ck_assert_ptr_null(slices_close(&set, error));
    space = slices_space(&set, 7, rules);
}

static void on_accept(void *user, struct stream *s)
{
    *(struct fake_peer **)user = fake_adopt(s, OFP_AT_CONTROLLER);
}

static void begin(uint64_t number)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    seed = number;
    next_id = 0;
    real.n = 0;
    ctl = fake_world(NULL);
    ctl_use_net(ctl, sim_net());
    random_slices();
    for (unsigned s = 0; s < N_SLICES; s++) {
        char name[40];
        struct endpoint ep;
        model[s].n = 0;
        snprintf(name, sizeof name, "ptcp:6653:c%u", s);
        ck_assert_int_eq(endpoint_parse(&ep, name, 0), 0);
        ck_assert_int_eq(net_listen(sim_net(), &ep, on_accept, &peer[s], &at[s]), 0);
    }
    ck_assert_int_eq(ctl_add_app(ctl, &slicer_app), 0);
    sw = fake_joined(ctl, 7, N_PORTS);
    fake_settle();
    fake_expect(sw, OFPT_FLOW_MOD);
    fake_expect(sw, OFPT_FLOW_MOD);
    for (unsigned s = 0; s < N_SLICES; s++) {
        fake_expect(peer[s], OFPT_HELLO);
        fake_send(peer[s], &hello);
    }
}

static void end(void)
{
    for (unsigned s = 0; s < N_SLICES; s++)
        net_listener_close(at[s]);
    ctl_free(ctl);
    for (unsigned s = 0; s < N_SLICES; s++)
        fake_free(peer[s]);
    fake_free(sw);
    slices_free(&set);
    fake_end();
}

/* Deleted flows that are told of stay known to the slicer until the switch says that they are gone;
 * here it never does. What is told then is told by step_time_out() only. */
static void run(uint64_t number)
{
    begin(number);
    for (int i = 0; i < STEPS; i++) {
        unsigned slice = below(N_SLICES), what = below(sizeof steps / sizeof steps[0]);
        steps[what](slice);
        for (unsigned s = 0; s < N_SLICES; s++)
            fake_expect_nothing(peer[s]);
        each_packet_meets_its_owner_s_flows();
    }
    end();
}

START_TEST(no_slice_sees_or_changes_what_is_another_s)
{
    const char *more = getenv("SLICER_SEEDS");
    uint64_t n = more != NULL ? strtoull(more, NULL, 10) : SEEDS;
    for (uint64_t number = 1; number <= n; number++)
        run(number);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {no_slice_sees_or_changes_what_is_another_s, NULL};
    return unit_main(unit_suite("slices apart", tests));
}
