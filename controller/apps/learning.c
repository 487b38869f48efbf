/*
 * learning.c - the app that makes every switch a learning Ethernet switch (IEEE 802.1D
 * section 7.8).
 *
 * Each packet-in teaches where its source is. If its destination is known an exact flow is
 * installed that sends such packets there, and the packet with it; else the packet is flooded. If
 * the destination is at the port that the packet came from, the flow has no action: the packet has
 * arrived already. Addresses that no bridge may forward (LLDP, spanning tree, pause) are left to
 * the apps behind this one.
 *
 * No flow outlives what is known of its destination: its hard time-out is what the destination's
 * entry has left, a host that moves takes the flows to and from it along, a port that goes down
 * takes its hosts and the flows from and to it. So a host that is learned anew needs no flow to be
 * deleted, and each packet-in costs one message.
 *
 * But a switch that joins may have flows from before, of which nothing is known: it is asked how
 * many. If there are any, a host that is heard for the first time may have moved meanwhile, and is
 * treated so, for as long as such flows may last.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/mac_table.h"

#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(learning);

static struct {
    uint64_t idle, age, max;
} options = {.idle = 60 * NS_PER_S, .age = 300 * NS_PER_S, .max = 16384};

#define SECONDS_MAX UINT16_MAX /* what a flow's time-outs can say */

static const struct config_option option_rows[] = {
    {"learning-idle", CONFIG_DURATION, &options.idle, NS_PER_S, SECONDS_MAX *NS_PER_S, "TIME",
     "flows end after such an idle time"},
    {"learning-age", CONFIG_DURATION, &options.age, NS_PER_S, SECONDS_MAX *NS_PER_S, "TIME",
     "hosts are forgotten after such a silence"},
    {"learning-max", CONFIG_UINT, &options.max, 1, 1 << 24, "N", "hosts of one switch"},
    {0},
};

static struct {
    uint64_t learned, moved, refused, aged, lost_port, forgotten;
    uint64_t flows, drops, floods, link_local;
} counters;

static const char *const counter_names[] = {
    "learned",   "moved", "refused", "aged",   "lost_port",
    "forgotten", "flows", "drops",   "floods", "link_local",
};

static struct counter_set counter_set = {
    .module = "learning",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct learning {
    uint64_t idle, age, max;
    struct list tables;
    struct timer sweep;
    size_t n_unswept; /* tables that this round has still to sweep */
    struct loop_work sweeping;
};

/* What is known of one datapath. */
struct table {
    struct list link; /* in learning->tables */
    uint64_t dpid;
    struct mac_table hosts;
    uint32_t unswept;    /* slots that this round has still to sweep */
    uint64_t stale_till; /* until then the switch may have flows from before it joined */
    struct log_limit noise;
};

/* A tick of the tables of hosts is 2^20 ns. */
#define TICK_SHIFT 20

static uint32_t now_ticks(void)
{
    return (uint32_t)(loop_now() >> TICK_SHIFT);
}

static uint16_t ticks_to_seconds(uint32_t ticks)
{
    uint64_t seconds = ((uint64_t)ticks << TICK_SHIFT) / NS_PER_S;
    return seconds == 0 ? 1 : (uint16_t)seconds;
}

/* --- Deleting flows -------------------------------------------------------------------------- */

static void delete_flows(struct ctl_dp *dp, const struct ofp_match *match, uint16_t out_port)
{
    struct ofp_msg_flow_mod flow = {.match = match, .command = OFPFC_DELETE, .out_port = out_port};
    ctl_flow_mod(dp, &flow, NULL);
}

/* Those that lead to the host that `key` comes from, and those that it used at its old port: if it
 * comes back there, these would keep that from us. */
static void delete_flows_of_host(struct ctl_dp *dp, const struct ofp_key *key)
{
    struct ofp_match match = ofp_match_any();
    match.dl_vlan = key->match.dl_vlan;
    match.wildcards = be32_of(OFPFW_ALL & ~(OFPFW_DL_DST | OFPFW_DL_VLAN));
    bytes_copy(match.dl_dst, key->match.dl_src, sizeof match.dl_dst);
    delete_flows(dp, &match, OFPP_NONE);
    match = ofp_match_any();
    match.dl_vlan = key->match.dl_vlan;
    match.wildcards = be32_of(OFPFW_ALL & ~(OFPFW_DL_SRC | OFPFW_DL_VLAN));
    bytes_copy(match.dl_src, key->match.dl_src, sizeof match.dl_src);
    delete_flows(dp, &match, OFPP_NONE);
}

/* Those that send there, and those whose packets come from there: these may drop packets to a host
 * that was at the same port and may come back at another. */
static void delete_flows_of_port(struct ctl_dp *dp, uint16_t port)
{
    struct ofp_match match = ofp_match_any();
    delete_flows(dp, &match, port);
    match.wildcards = be32_of(OFPFW_ALL & ~OFPFW_IN_PORT);
    match.in_port = be16_of(port);
    delete_flows(dp, &match, OFPP_NONE);
}

/* --- Packets --------------------------------------------------------------------------------- */

static bool may_learn(mac_addr source, uint16_t port)
{
    return !mac_addr_is_group(source) && !mac_addr_is_zero(source) &&
           (port < OFPP_MAX || port == OFPP_LOCAL);
}

static void learn(struct table *t, struct ctl_dp *dp, const struct ctl_packet *packet,
                  mac_addr source, uint32_t now)
{
    switch (mac_table_learn(&t->hosts, source, packet->in->in_port, now)) {
    case MAC_KNOWN:
        break;
    case MAC_NEW:
        counters.learned++;
        if (loop_now() < t->stale_till)
            delete_flows_of_host(dp, &packet->key);
        break;
    case MAC_MOVED:
        counters.moved++;
        delete_flows_of_host(dp, &packet->key);
        break;
    case MAC_REFUSED:
        counters.refused++;
        log_warn_limited(&t->noise, "datapath %016" PRIx64 ": no room for more than %u hosts",
                         ctl_dp_id(dp), t->hosts.used);
        break;
    }
}

static void flood(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    ofp_put_output(&actions, OFPP_FLOOD, 0);
    counters.floods++;
    ctl_packet_out(dp, packet, span_of(area, actions.len));
}

static void forward(const struct learning *app, struct ctl_dp *dp, const struct ctl_packet *packet,
                    uint16_t port, uint32_t ticks)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg_flow_mod flow = {
        .match = &packet->key.match,
        .command = OFPFC_ADD,
        .idle_timeout = (uint16_t)(app->idle / NS_PER_S),
        .hard_timeout = ticks_to_seconds(ticks),
        .priority = OFP_DEFAULT_PRIORITY,
        .out_port = OFPP_NONE,
    };
    if (port == packet->in->in_port)
        counters.drops++;
    else
        ofp_put_output(&actions, port, 0);
    flow.actions = span_of(area, actions.len);
    counters.flows++;
    ctl_flow_mod(dp, &flow, packet);
}

static bool learning_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    const struct ofp_match *key = &packet->key.match;
    mac_addr source = mac_addr_of(key->dl_src, key->dl_vlan);
    mac_addr target = mac_addr_of(key->dl_dst, key->dl_vlan);
    struct table *t = ctl_dp_get(dp, self);
    const struct mac_entry *host;
    uint32_t now = now_ticks();

    if (t == NULL)
        return false;
    if (mac_addr_is_link_local(target)) {
        counters.link_local++;
        return false;
    }
    if (may_learn(source, packet->in->in_port))
        learn(t, dp, packet, source, now);
    host = mac_addr_is_group(target) ? NULL : mac_table_find(&t->hosts, target, now);
    if (host == NULL)
        flood(dp, packet);
    else
        forward(self, dp, packet, host->port, mac_table_left(&t->hosts, host, now));
    return true;
}

/* --- Datapaths and their ports --------------------------------------------------------------- */

static void flows_counted(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct table *t = user;
    (void)dp;
    if (error == 0 && reply->stats.aggregate.flow_count == 0)
        t->stale_till = 0;
}

/* Without an answer it may have some. */
static void ask_for_old_flows(struct table *t, struct ctl_dp *dp, uint64_t age)
{
    const struct ofp_match any = ofp_match_any();
    const struct ofp_msg request = {
        .type = OFPT_STATS_REQUEST,
        .stats = {.type = OFPST_AGGREGATE,
                  .flow = {.match = &any, .table_id = OFP_TABLE_ALL, .out_port = OFPP_NONE}},
    };
    t->stale_till = loop_now() + age;
    ctl_request(dp, &request, flows_counted, t);
}

static void learning_join(void *self, struct ctl_dp *dp)
{
    struct learning *app = self;
    uint32_t age = (uint32_t)(app->age >> TICK_SHIFT);
    struct table *t = calloc(1, sizeof *t);

    if (t == NULL || mac_table_init(&t->hosts, (uint32_t)app->max, age, entropy_u64()) != 0) {
        log_error("datapath %016" PRIx64 ": no memory, its packets are left alone", ctl_dp_id(dp));
        free(t);
        return;
    }
    t->dpid = ctl_dp_id(dp);
    list_append(&app->tables, &t->link);
    ctl_dp_set(dp, self, t);
    ask_for_old_flows(t, dp, app->age);
}

static void learning_leave(void *self, struct ctl_dp *dp)
{
    struct table *t = ctl_dp_get(dp, self);
    if (t == NULL)
        return;
    list_remove(&t->link);
    mac_table_free(&t->hosts);
    free(t);
}

/* Without a host that was heard there no flow leads there, unless it is from before a join. */
static void learning_forget(void *self, struct ctl_dp *dp, uint16_t port)
{
    struct table *t = ctl_dp_get(dp, self);
    uint32_t n = t != NULL ? mac_table_forget_port(&t->hosts, port) : 0;
    counters.forgotten += n;
    if (n > 0 || (t != NULL && loop_now() < t->stale_till))
        delete_flows_of_port(dp, port);
}

static void learning_port_status(void *self, struct ctl_dp *dp,
                                 const struct ofp_msg_port_status *status)
{
    struct table *t = ctl_dp_get(dp, self);
    uint16_t port = be16_get(status->desc->port_no);
    if (t == NULL || !ctl_port_is_gone(status))
        return;
    counters.lost_port += mac_table_forget_port(&t->hosts, port);
    delete_flows_of_port(dp, port);
}

/* --- Ageing ---------------------------------------------------------------------------------- */

/* Each second begins a round, in which every table has a share of its slots swept, so that each
 * slot is looked at about once a minute, however many there are. The round takes as many turns of
 * the loop as it needs, so that none takes long. */
#define SWEEP_EVERY  NS_PER_S
#define SWEEP_ROUNDS 60   /* for all slots */
#define SWEEP_SLOTS  4096 /* in one turn, at most */

/* Returns how many slots of the first table were swept; when its share is done it becomes the last.
 */
static uint32_t sweep_first(struct learning *app, uint32_t most)
{
    struct table *t = container_of(app->tables.next, struct table, link);
    uint32_t n = t->unswept < most ? t->unswept : most;
    counters.aged += mac_table_sweep(&t->hosts, n, now_ticks());
    t->unswept -= n;
    if (t->unswept == 0) {
        list_remove(&t->link);
        list_append(&app->tables, &t->link);
        app->n_unswept--;
    }
    return n;
}

static void sweep_on(void *user)
{
    struct learning *app = user;
    uint32_t left = SWEEP_SLOTS;
    if (list_empty(&app->tables)) /* they have left in the midst of the round */
        app->n_unswept = 0;
    while (left > 0 && app->n_unswept > 0)
        left -= sweep_first(app, left);
    if (app->n_unswept > 0)
        loop_defer(&app->sweeping);
}

static void sweep(void *user)
{
    struct learning *app = user;
    struct list *it, *after;
    app->n_unswept = 0;
    list_each(it, after, &app->tables)
    {
        struct table *t = container_of(it, struct table, link);
        t->unswept = t->hosts.mask / SWEEP_ROUNDS + 1;
        app->n_unswept++;
    }
    sweep_on(app);
    loop_timer_arm(&app->sweep, loop_now() + SWEEP_EVERY);
}

/* --- For operators --------------------------------------------------------------------------- */

struct hosts_reply {
    struct appctl_reply *reply;
    uint64_t dpid;
    uint32_t now;
};

static bool say_host(void *user, const struct mac_entry *host)
{
    const struct hosts_reply *r = user;
    uint8_t bytes[sizeof host->addr];
    be16 vlan;

    bytes_copy(bytes, &host->addr, sizeof bytes);
    vlan = (be16){{bytes[6], bytes[7]}};
    appctl_say(r->reply, "%016" PRIx64 " %5u  %4d  %02x:%02x:%02x:%02x:%02x:%02x  %3u s\n", r->dpid,
               host->port, be16_get(vlan) == OFP_VLAN_NONE ? 0 : be16_get(vlan), bytes[0], bytes[1],
               bytes[2], bytes[3], bytes[4], bytes[5],
               (unsigned)(((uint64_t)(r->now - host->heard) << TICK_SHIFT) / NS_PER_S));
    return !appctl_full(r->reply);
}

/* The hosts of one datapath, or of all. */
static void show_hosts(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct learning *app = user;
    struct list *it, *after;
    uint64_t dpid = 0;

    if (argc > 0 && !ctl_read_dpid(argv[0], &dpid)) {
        appctl_fail(reply, "\"%.40s\" is no datapath id", argv[0]);
        return;
    }
    appctl_narrow(reply, "say which datapath");
    appctl_say(reply, "datapath          port  VLAN  MAC                age\n");
    list_each(it, after, &app->tables)
    {
        const struct table *t = container_of(it, struct table, link);
        struct hosts_reply r = {reply, t->dpid, now_ticks()};
        if (argc == 0 || t->dpid == dpid)
            mac_table_each(&t->hosts, r.now, say_host, &r);
    }
}

static const struct appctl_command command_rows[] = {
    {"fdb/show", "[DPID]", 0, 1, show_hosts},
    {0},
};

static void *learning_create(struct ctl *ctl)
{
    struct learning *app = calloc(1, sizeof *app);
    (void)ctl;
    if (app == NULL) {
        log_error("no memory");
        return NULL;
    }
    *app = (struct learning){.idle = options.idle, .age = options.age, .max = options.max};
    list_init(&app->tables);
    timer_init(&app->sweep, sweep, app);
    loop_work_init(&app->sweeping, sweep_on, app);
    loop_timer_arm(&app->sweep, loop_now() + SWEEP_EVERY);
    counter_register(&counter_set);
    return app;
}

static void learning_destroy(void *self)
{
    struct learning *app = self;
    timer_cancel(&app->sweep);
    loop_work_cancel(&app->sweeping);
    free(app);
}

const struct ctl_app_type learning_app = {
    .name = "learning",
    .help = "learn where hosts are and install flows to them",
    .options = option_rows,
    .create = learning_create,
    .destroy = learning_destroy,
    .join = learning_join,
    .leave = learning_leave,
    .packet_in = learning_packet_in,
    .port_status = learning_port_status,
    .forget = learning_forget,
    .commands = command_rows,
};
