/*
 * monitor.c - the app that shows each switch's tables, ports and flows as it goes.
 *
 * Every interval each datapath is asked for its table, port and flow statistics, one request after
 * the other, and the answers are logged as tables. A datapath whose last round has not ended is
 * left out, so that a slow switch has never more than one request of ours to answer. It consumes
 * no packets: put it anywhere in the chain.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/match.h"
#include "openflow/print.h"
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(monitor);

static struct {
    uint64_t interval, flows;
} options = {.interval = 10 * NS_PER_S, .flows = 10};

static const struct config_option option_rows[] = {
    {"monitor-interval", CONFIG_DURATION, &options.interval, NS_PER_MS, 24 * 3600 * NS_PER_S,
     "TIME", "ask for statistics so often"},
    {"monitor-flows", CONFIG_UINT, &options.flows, 0, 0, "N", "show at most so many flows"},
    {0},
};

static struct {
    uint64_t rounds, busy, failed;
} counters;

static const char *const counter_names[] = {"rounds", "busy", "failed"};

static struct counter_set counter_set = {
    .module = "monitor",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct monitor {
    struct ctl *ctl;
    uint64_t interval, flows;
    struct timer again;
};

/* --- The tables ------------------------------------------------------------------------------ */

/* All ones: the switch does not count this (section 5.3.5). */
static const char *number(char text[24], be64 n)
{
    struct text t = text_of(text, 24);
    if (be64_get(n) == UINT64_MAX)
        text_put_char(&t, '-');
    else
        text_put_u64(&t, be64_get(n));
    return text;
}

/* A switch may claim more of them than anybody would read: the log is not its to fill. */
#define ROWS_MAX 1024

static void show_rest(struct span entries, size_t size)
{
    if (entries.len > 0)
        log_info("and %zu more", entries.len / size);
}

static void show_tables(const struct monitor *app, struct span entries)
{
    const struct ofp_table_stats *e;
    (void)app;
    log_info("%5s %-16s %10s %10s %14s %14s", "table", "name", "active", "max", "lookups",
             "matches");
    for (int n = 0; n < ROWS_MAX && (e = ofp_next_table_stats(&entries)) != NULL; n++) {
        char name[OFP_MAX_TABLE_NAME_LEN + 1], lookups[24], matches[24];
        struct text t = text_of(name, sizeof name);
        text_put_field(&t, e->name, sizeof e->name);
        log_info("%5u %-16s %10" PRIu32 " %10" PRIu32 " %14s %14s", e->table_id, name,
                 be32_get(e->active_count), be32_get(e->max_entries),
                 number(lookups, e->lookup_count), number(matches, e->matched_count));
    }
    show_rest(entries, sizeof *e);
}

static void show_ports(const struct monitor *app, struct span entries)
{
    const struct ofp_port_stats *e;
    (void)app;
    log_info("%5s %14s %14s %14s %14s %10s %10s", "port", "rx packets", "rx bytes", "tx packets",
             "tx bytes", "rx dropped", "tx dropped");
    for (int i = 0; i < ROWS_MAX && (e = ofp_next_port_stats(&entries)) != NULL; i++) {
        char name[16], n[6][24];
        struct text t = text_of(name, sizeof name);
        ofp_print_port(&t, be16_get(e->port_no));
        log_info("%5s %14s %14s %14s %14s %10s %10s", name, number(n[0], e->rx_packets),
                 number(n[1], e->rx_bytes), number(n[2], e->tx_packets), number(n[3], e->tx_bytes),
                 number(n[4], e->rx_dropped), number(n[5], e->tx_dropped));
    }
    show_rest(entries, sizeof *e);
}

static void show_flows(const struct monitor *app, struct span entries)
{
    const struct ofp_flow_stats *e;
    struct span actions;
    uint64_t n = 0;

    log_info("%14s %14s %s", "packets", "bytes", "flow");
    for (; (e = ofp_next_flow_stats(&entries, &actions)) != NULL; n++) {
        char line[512], packets[24], bytes[24];
        struct text t = text_of(line, sizeof line);
        if (n >= app->flows)
            continue;
        ofp_print_match(&t, &e->match, be16_get(e->priority));
        text_put(&t, " actions=");
        ofp_print_actions(&t, actions);
        log_info("%14s %14s %s", number(packets, e->packet_count), number(bytes, e->byte_count),
                 line);
    }
    log_info("%" PRIu64 " flows in all", n);
}

/* --- Asking ---------------------------------------------------------------------------------- */

/* The steps of a round. */
static const struct step {
    uint16_t type; /* enum ofp_stats_types */
    void (*show)(const struct monitor *app, struct span entries);
} steps[] = {
    {OFPST_TABLE, show_tables},
    {OFPST_PORT, show_ports},
    {OFPST_FLOW, show_flows},
};
#define N_STEPS (sizeof steps / sizeof steps[0])

/* One datapath's round, while it lasts: its state at the datapath. */
struct round {
    const struct monitor *app;
    size_t step; /* N_STEPS: none is under way */
};

static void round_answer(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply);

static void round_ask(struct round *r, struct ctl_dp *dp)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST};
    int error;

    msg.stats.type = steps[r->step].type;
    if (msg.stats.type == OFPST_FLOW)
        msg.stats.flow = (struct ofp_msg_flow_request){&any, OFP_TABLE_ALL, OFPP_NONE};
    else if (msg.stats.type == OFPST_PORT)
        msg.stats.port.port_no = OFPP_NONE;
    error = ctl_request(dp, &msg, round_answer, r);
    if (error != 0) {
        counters.failed++;
        r->step = N_STEPS;
    }
}

static void round_answer(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct round *r = user;
    if (error != 0) {
        counters.failed++;
        log_warn("datapath %016" PRIx64 ": no statistics: %s", ctl_dp_id(dp), strerror(-error));
        r->step = N_STEPS;
        return;
    }
    log_info("datapath %016" PRIx64, ctl_dp_id(dp));
    steps[r->step++].show(r->app, reply->stats.entries);
    if (r->step < N_STEPS)
        round_ask(r, dp);
}

static void round_begin(void *user, struct ctl_dp *dp)
{
    struct round *r = ctl_dp_get(dp, user);
    if (r == NULL)
        return;
    if (r->step < N_STEPS) {
        counters.busy++;
        return;
    }
    counters.rounds++;
    r->step = 0;
    round_ask(r, dp);
}

static void monitor_again(void *user)
{
    struct monitor *app = user;
    ctl_each_dp(app->ctl, round_begin, app);
    loop_timer_arm(&app->again, loop_now() + app->interval);
}

/* --- The app --------------------------------------------------------------------------------- */

static void *monitor_create(struct ctl *ctl)
{
    struct monitor *app = calloc(1, sizeof *app);
    if (app == NULL) {
        log_error("no memory");
        return NULL;
    }
    *app = (struct monitor){.ctl = ctl, .interval = options.interval, .flows = options.flows};
    timer_init(&app->again, monitor_again, app);
    loop_timer_arm(&app->again, loop_now() + app->interval);
    counter_register(&counter_set);
    return app;
}

static void monitor_destroy(void *self)
{
    struct monitor *app = self;
    timer_cancel(&app->again);
    free(app);
}

static void monitor_join(void *self, struct ctl_dp *dp)
{
    struct round *r = calloc(1, sizeof *r);
    if (r == NULL) {
        log_error("datapath %016" PRIx64 ": no memory to watch it", ctl_dp_id(dp));
        return;
    }
    *r = (struct round){.app = self, .step = N_STEPS};
    ctl_dp_set(dp, self, r);
}

static void monitor_leave(void *self, struct ctl_dp *dp)
{
    free(ctl_dp_get(dp, self));
}

const struct ctl_app_type monitor_app = {
    .name = "monitor",
    .help = "show table, port and flow statistics from time to time",
    .options = option_rows,
    .create = monitor_create,
    .destroy = monitor_destroy,
    .join = monitor_join,
    .leave = monitor_leave,
};
