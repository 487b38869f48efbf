/*
 * firewall.c - the app `firewall`: rules of a file decide which packets the app behind it may
 * forward.
 *
 * How it works: every rule is a flow in every switch that it is for (rules.h). One that denies has
 * no actions, so what is denied never leaves the switch; one that allows sends the packet up here.
 * Here the rules are asked once more, whatever the reason for which the packet came, and what they
 * allow goes on along the chain: the app behind, `learning`, forwards it, and by an exact flow the
 * packets like it (an exact flow goes before all others, section 3.4). Apps whose flows are for
 * more than one connection would get around the rules.
 *
 * `allow+replies`: a packet that such a rule allows opens its way back. That is an entry in the
 * switch's table of open replies, and a flow that sends the replies up here, both with a time-out;
 * a reply is allowed if it has such an entry, and if the rules still allow that which it answers.
 * The way back is known by a fingerprint of its addresses and ports under a secret seed; the entry
 * holds the port at which the way there begins.
 *
 * A reload brings the flows from the old rules to the new ones in four steps: old flows that deny
 * go, new ones that allow come, new ones that deny come, old ones that allow go. So at no moment
 * does a flow drop what both sets allow; and what is let up here meanwhile is judged by the new
 * rules. Then each switch is asked for its flows, and exact ones that the new rules do not allow
 * are deleted; so are, when a switch joins, those that an earlier controller left there. The open
 * replies are taken from such flows too, and connections outlive a restart.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/flow_sync.h"
#include "controller/apps/rules.h"
#include "openflow/action.h"
#include "openflow/frame_headers.h"
#include "openflow/print.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/mac_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

LOG_MODULE(firewall);

#define MAX_OPTION "firewall-max"

static struct {
    const char *file;
    struct config_list rules;
    uint64_t max, replies, idle;
} options = {.max = 4096, .replies = 65536, .idle = 600 * NS_PER_S};

static const struct config_option option_rows[] = {
    {"firewall-file", CONFIG_STRING, &options.file, 0, 0, "PATH", "the rules"},
    {"firewall-rule", CONFIG_LIST, &options.rules, 0, 0, "LINE",
     "a rule, as in a line of the file"},
    {MAX_OPTION, CONFIG_UINT, &options.max, 1, RULES_MAX, "N", "rules"},
    {"firewall-replies", CONFIG_UINT, &options.replies, 1, 1 << 24, "N",
     "ways back that are open at one switch"},
    {"firewall-idle", CONFIG_DURATION, &options.idle, NS_PER_S, UINT16_MAX *NS_PER_S, "TIME",
     "a way back closes after; longer than --learning-age"},
    {0},
};

static struct {
    struct flow_sync_counts sent;
    uint64_t restored, reloads, bad_files;
    uint64_t allowed, denied, replies, opened, refused, outdated, unknown;
} counters;

static const char *const counter_names[] = {
    "added",  "deleted", "restored", "reloads", "bad_files", "allowed",
    "denied", "replies", "opened",   "refused", "outdated",  "unknown",
};

static struct counter_set counter_set = {
    .module = "firewall",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct firewall {
    struct ctl *ctl;
    struct rules rules;
    uint64_t *asked; /* packets that each rule has decided up here, in the order of the flows */
    struct list guards;
    struct timer sweep;
    uint32_t idle; /* seconds */
    uint64_t replies, seed;
};

/* What is known of one datapath. */
struct guard {
    struct list link;      /* in firewall->guards */
    struct mac_table open; /* replies: a fingerprint in an address's place, a tick is a second */
    struct log_limit noise;
};

/* The flows that bring replies here; the low half is the port at which the way there begins. */
#define REPLY_COOKIE   0x7265706c00000000u
#define REPLY_PRIORITY (RULE_PRIORITY + 1)
#define COOKIE_KIND    0xffffffff00000000u

static uint32_t now_seconds(void)
{
    return (uint32_t)(loop_now() / NS_PER_S);
}

/* --- Replies --------------------------------------------------------------------------------- */

enum { ICMP_ECHO_REPLY = 0, ICMP_ECHO = 8 }; /* RFC 792 */

/* What is wild in a reply's flow, and left out of its fingerprint. */
#define REPLY_WILD (OFPFW_IN_PORT | OFPFW_DL_VLAN_PCP | OFPFW_NW_TOS)

/* The headers of what goes the other way; of ICMP only an echo of this type has such. False: none
 * have. */
static bool flip(const struct ofp_match *m, uint16_t in_port, uint8_t echo, uint8_t answer,
                 struct ofp_match *back)
{
    if (be16_get(m->dl_type) != HDR_ETH_IPV4 ||
        mac_addr_is_group(mac_addr_of(m->dl_dst, m->dl_vlan)))
        return false;
    *back = *m;
    back->in_port = be16_of(in_port);
    bytes_copy(back->dl_src, m->dl_dst, sizeof back->dl_src);
    bytes_copy(back->dl_dst, m->dl_src, sizeof back->dl_dst);
    back->nw_src = m->nw_dst;
    back->nw_dst = m->nw_src;
    back->tp_src = m->tp_dst;
    back->tp_dst = m->tp_src;
    if (m->nw_proto != HDR_IP_ICMP)
        return true;
    back->tp_src = be16_of(answer);
    back->tp_dst = m->tp_dst;
    return be16_get(m->tp_src) == echo;
}

static mac_addr fingerprint(const struct firewall *app, const struct ofp_match *match)
{
    struct ofp_match m = *match;
    m.wildcards = be32_of(0);
    m.in_port = be16_of(0);
    m.dl_vlan_pcp = m.nw_tos = 0;
    return XXH3_64bits_withSeed(&m, sizeof m, app->seed) | 1;
}

/* False: there is no room. */
static bool keep_open(const struct firewall *app, struct guard *g, const struct ctl_dp *dp,
                      const struct ofp_match *reply, uint16_t from)
{
    if (mac_table_learn(&g->open, fingerprint(app, reply), from, now_seconds()) != MAC_REFUSED)
        return true;
    counters.refused++;
    log_warn_limited(&g->noise, "datapath %016" PRIx64 ": no more than %" PRIu64 " ways back",
                     ctl_dp_id(dp), app->replies);
    return false;
}

static void send_reply_flow(const struct firewall *app, struct ctl_dp *dp,
                            const struct ofp_match *reply, uint16_t from)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = *reply;
    struct ofp_msg_flow_mod flow = {
        .match = &match,
        .cookie = REPLY_COOKIE | from,
        .command = OFPFC_ADD,
        .idle_timeout = (uint16_t)app->idle,
        .priority = REPLY_PRIORITY,
        .out_port = OFPP_NONE,
        .flags = OFPFF_SEND_FLOW_REM,
    };
    match.wildcards = be32_of(REPLY_WILD);
    ofp_put_output(&actions, OFPP_CONTROLLER, UINT16_MAX);
    flow.actions = span_of(area, actions.len);
    ctl_flow_mod(dp, &flow, NULL);
}

/* The way back is open before the packet goes on. */
static void open_replies(const struct firewall *app, struct guard *g, struct ctl_dp *dp,
                         const struct ctl_packet *packet)
{
    uint16_t from = packet->in->in_port;
    struct ofp_match reply;
    if (!flip(&packet->key.match, 0, ICMP_ECHO, ICMP_ECHO_REPLY, &reply) ||
        !keep_open(app, g, dp, &reply, from))
        return;
    counters.opened++;
    send_reply_flow(app, dp, &reply, from);
}

/* Is the way open, and do the rules still allow what this answers? */
static const struct mac_entry *open_entry(const struct firewall *app, const struct guard *g,
                                          const struct ctl_dp *dp, const struct ofp_match *reply)
{
    const struct mac_entry *e = mac_table_find(&g->open, fingerprint(app, reply), now_seconds());
    struct ofp_key asked;
    if (e == NULL || !flip(reply, e->port, ICMP_ECHO_REPLY, ICMP_ECHO, &asked.match))
        return NULL;
    asked.match.wildcards = be32_of(0);
    return rule_verdict(rules_judge(&app->rules, ctl_dp_id(dp), &asked)) == RULE_ALLOW_REPLIES
               ? e
               : NULL;
}

/* --- Packets --------------------------------------------------------------------------------- */

/* An empty list of actions takes it out of the switch's buffer (section 5.3.6). */
static bool deny(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    counters.denied++;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, packet, span_of(NULL, 0));
    return true;
}

static bool is_reply(const struct firewall *app, struct guard *g, const struct ctl_dp *dp,
                     const struct ctl_packet *packet)
{
    const struct mac_entry *e = open_entry(app, g, dp, &packet->key.match);
    if (e == NULL)
        return false;
    counters.replies++;
    keep_open(app, g, dp, &packet->key.match, e->port);
    return true;
}

static bool firewall_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct firewall *app = self;
    struct guard *g = ctl_dp_get(dp, self);
    const struct flow_line *rule = rules_judge(&app->rules, ctl_dp_id(dp), &packet->key);

    app->asked[rule - app->rules.set.flow]++;
    if (g == NULL)
        return deny(dp, packet);
    if (rule_verdict(rule) == RULE_DENY)
        return !is_reply(app, g, dp, packet) && deny(dp, packet);
    counters.allowed++;
    if (rule_verdict(rule) == RULE_ALLOW_REPLIES)
        open_replies(app, g, dp, packet);
    return false;
}

/* --- What flows a switch has ----------------------------------------------------------------- */

static void delete_outdated(struct ctl_dp *dp, const struct ofp_flow_stats *stats)
{
    struct ofp_msg_flow_mod flow = {.match = &stats->match,
                                    .command = OFPFC_DELETE_STRICT,
                                    .priority = be16_get(stats->priority),
                                    .out_port = OFPP_NONE};
    counters.outdated++;
    ctl_flow_mod(dp, &flow, NULL);
}

/* Flows that others have made for many connections are theirs. */
static bool may_stay(const struct firewall *app, const struct guard *g, const struct ctl_dp *dp,
                     const struct ofp_flow_stats *stats)
{
    struct ofp_key key, mask;
    uint32_t wild = ofp_match_canonical(&stats->match, &key, &mask);
    switch (be64_get(stats->cookie) & COOKIE_KIND) {
    case RULE_COOKIE:
        return flow_set_find(&app->rules.set, ctl_dp_id(dp), &stats->match,
                             be16_get(stats->priority)) != NULL;
    case REPLY_COOKIE:
        return open_entry(app, g, dp, &stats->match) != NULL;
    default:
        return (wild & OFPFW_ALL) != 0 ||
               rule_verdict(rules_judge(&app->rules, ctl_dp_id(dp), &key)) != RULE_DENY ||
               open_entry(app, g, dp, &key.match) != NULL;
    }
}

/* The ways back that an earlier controller opened. */
static void adopt_replies(const struct firewall *app, struct guard *g, const struct ctl_dp *dp,
                          struct span entries)
{
    const struct ofp_flow_stats *stats;
    struct span actions;
    while ((stats = ofp_next_flow_stats(&entries, &actions)) != NULL)
        if ((be64_get(stats->cookie) & COOKIE_KIND) == REPLY_COOKIE)
            keep_open(app, g, dp, &stats->match, (uint16_t)be64_get(stats->cookie));
}

/* A switch that cannot say which flows it has begins anew. */
static void begin_anew(const struct firewall *app, struct ctl_dp *dp)
{
    const struct ofp_match any = ofp_match_any();
    struct ofp_msg_flow_mod all = {.match = &any, .command = OFPFC_DELETE, .out_port = OFPP_NONE};
    counters.unknown++;
    log_warn("datapath %016" PRIx64 ": does not say which flows it has; all are deleted",
             ctl_dp_id(dp));
    ctl_flow_mod(dp, &all, NULL);
    flow_set_send(&app->rules.set, dp, &counters.sent);
}

static void flows_told(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    const struct firewall *app = user;
    struct guard *g = ctl_dp_get(dp, app);
    const struct ofp_flow_stats *stats;
    struct span rest, actions;
    if (error == -ECONNRESET || g == NULL)
        return;
    if (error != 0) {
        begin_anew(app, dp);
        return;
    }
    rest = reply->stats.entries;
    adopt_replies(app, g, dp, rest);
    while ((stats = ofp_next_flow_stats(&rest, &actions)) != NULL)
        if (!may_stay(app, g, dp, stats))
            delete_outdated(dp, stats);
}

static void look_through(void *user, struct ctl_dp *dp)
{
    const struct ofp_match any = ofp_match_any();
    const struct ofp_msg request = {
        .type = OFPT_STATS_REQUEST,
        .stats = {.type = OFPST_FLOW,
                  .flow = {.match = &any, .table_id = OFP_TABLE_ALL, .out_port = OFPP_NONE}},
    };
    if (ctl_request(dp, &request, flows_told, user) != 0)
        begin_anew(user, dp);
}

/* --- Rules ----------------------------------------------------------------------------------- */

/* Returns whether the file was good. */
static bool read_rules(struct firewall *app)
{
    const struct line_source from = {options.file, "--firewall-rule", &options.rules};
    struct rules rules;
    uint64_t *asked;
    if (!rules_read(&rules, &from, options.max, MAX_OPTION))
        return false;
    asked = calloc(rules.set.n, sizeof *asked);
    if (asked == NULL) {
        log_error("no memory");
        rules_free(&rules);
        return false;
    }
    free(app->asked);
    app->asked = asked;
    app->rules = rules;
    return true;
}

static bool reload(struct firewall *app)
{
    static const struct flow_step steps[] = {{OFPFC_DELETE_STRICT, true, false},
                                             {OFPFC_ADD, false, true},
                                             {OFPFC_ADD, true, false},
                                             {OFPFC_DELETE_STRICT, false, true}};
    struct rules old = app->rules;
    counters.reloads++;
    if (!read_rules(app)) {
        counters.bad_files++;
        log_error("the rules stay as they were: mend the lines above and reload");
        return false;
    }
    flow_sets_change(app->ctl, &old.set, &app->rules.set, steps, sizeof steps / sizeof steps[0],
                     &counters.sent);
    ctl_each_dp(app->ctl, look_through, app);
    log_info("%zu flows for the rules, %zu before", app->rules.set.n, old.set.n);
    rules_free(&old);
    return true;
}

static void firewall_reload(void *self)
{
    reload(self);
}

/* --- For operators --------------------------------------------------------------------------- */

static void reload_command(void *user, struct appctl_reply *reply, size_t argc,
                           const char *const *argv)
{
    struct firewall *app = user;
    (void)argc;
    (void)argv;
    if (reload(app))
        appctl_say(reply, "%zu flows for the rules\n", app->rules.set.n);
    else
        appctl_fail(reply, "the rules stay as they were: the log says which lines are wrong");
}

static void say_rule(struct appctl_reply *reply, const struct flow_line *rule, uint64_t asked)
{
    static const char *const verdicts[] = {"deny", "allow", "allow+replies"};
    char line[512] = "";
    struct text t = text_of(line, sizeof line);
    ofp_print_match(&t, &rule->match, OFP_DEFAULT_PRIORITY);
    appctl_say(reply, "%4u %10" PRIu64 "  %-13s  ", rule->line, asked,
               verdicts[rule_verdict(rule)]);
    if (!rule->all)
        appctl_say(reply, "dpid=%" PRIx64 ",", rule->dpid);
    appctl_say(reply, "%s\n", line);
}

static void show_rules(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct firewall *app = user;
    (void)argc;
    (void)argv;
    appctl_say(reply, "line    packets  verdict        match\n");
    for (size_t i = 0; i < app->rules.set.n && !appctl_full(reply); i++)
        say_rule(reply, rule_at(&app->rules, i), app->asked[app->rules.set.n - 1 - i]);
}

static const struct appctl_command command_rows[] = {
    {"firewall/reload", "", 0, 0, reload_command},
    {"firewall/rules", "", 0, 0, show_rules},
    {0},
};

/* --- The app --------------------------------------------------------------------------------- */

/* Each slot of a table is looked at once a minute. */
static void sweep(void *user)
{
    struct firewall *app = user;
    struct list *it, *after;
    list_each(it, after, &app->guards)
    {
        struct mac_table *open = &container_of(it, struct guard, link)->open;
        mac_table_sweep(open, open->mask / 60 + 1, now_seconds());
    }
    loop_timer_arm(&app->sweep, loop_now() + NS_PER_S);
}

static void *firewall_create(struct ctl *ctl)
{
    struct firewall *app = calloc(1, sizeof *app);
    if (app == NULL)
        return NULL;
    *app = (struct firewall){.ctl = ctl,
                             .idle = (uint32_t)(options.idle / NS_PER_S),
                             .replies = options.replies,
                             .seed = entropy_u64()};
    if (options.file == NULL && options.rules.n == 0)
        log_warn(
            "no rules: say --firewall-file=PATH or --firewall-rule=LINE; all but ARP is denied");
    if (!read_rules(app)) {
        free(app);
        return NULL;
    }
    list_init(&app->guards);
    timer_init(&app->sweep, sweep, app);
    loop_timer_arm(&app->sweep, loop_now() + NS_PER_S);
    counter_register(&counter_set);
    return app;
}

static void firewall_destroy(void *self)
{
    struct firewall *app = self;
    timer_cancel(&app->sweep);
    rules_free(&app->rules);
    free(app->asked);
    free(app);
}

/* Without a guard every packet that comes here is denied. */
static void firewall_join(void *self, struct ctl_dp *dp)
{
    struct firewall *app = self;
    struct guard *g = calloc(1, sizeof *g);
    if (g == NULL || mac_table_init(&g->open, (uint32_t)app->replies, app->idle, entropy_u64())) {
        log_error("datapath %016" PRIx64 ": no memory, its packets are denied", ctl_dp_id(dp));
        free(g);
        return;
    }
    list_append(&app->guards, &g->link);
    ctl_dp_set(dp, self, g);
    flow_set_send(&app->rules.set, dp, &counters.sent);
    look_through(app, dp);
}

static void firewall_leave(void *self, struct ctl_dp *dp)
{
    struct guard *g = ctl_dp_get(dp, self);
    if (g == NULL)
        return;
    list_remove(&g->link);
    mac_table_free(&g->open);
    free(g);
}

static void restore_rule(const struct firewall *app, struct ctl_dp *dp,
                         const struct ofp_msg_flow_removed *removed)
{
    const struct flow_line *f = flow_set_lost(&app->rules.set, dp, removed);
    if (f == NULL)
        return;
    counters.restored++;
    flow_line_send(f, dp, &counters.sent);
}

/* The app behind deletes every flow to a host that moves, the way back to it too. */
static void restore_way_back(const struct firewall *app, struct ctl_dp *dp,
                             const struct ofp_msg_flow_removed *removed)
{
    const struct guard *g = ctl_dp_get(dp, app);
    const struct mac_entry *e = NULL;
    if (g != NULL && removed->reason == OFPRR_DELETE)
        e = open_entry(app, g, dp, removed->match);
    if (e == NULL)
        return;
    counters.restored++;
    send_reply_flow(app, dp, removed->match, e->port);
}

static void firewall_flow_removed(void *self, struct ctl_dp *dp,
                                  const struct ofp_msg_flow_removed *removed)
{
    if ((removed->cookie & COOKIE_KIND) == REPLY_COOKIE)
        restore_way_back(self, dp, removed);
    else
        restore_rule(self, dp, removed);
}

const struct ctl_app_type firewall_app = {
    .name = "firewall",
    .help = "rules of a file decide what the app behind it, learning, may forward",
    .options = option_rows,
    .create = firewall_create,
    .destroy = firewall_destroy,
    .join = firewall_join,
    .leave = firewall_leave,
    .packet_in = firewall_packet_in,
    .flow_removed = firewall_flow_removed,
    .reload = firewall_reload,
    .commands = command_rows,
};
