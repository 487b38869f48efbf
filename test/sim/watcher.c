/*
 * watcher.c - an app of the simulation: it asks much, counts what apps are told, and looks at what
 * must stay bounded.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/match.h"
#include "test/sim/emulated.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ASK_EVERY (300 * NS_PER_MS)
#define ASKS_MAX  8192

/* A request, for the rest of the run. */
struct ask {
    bool made, cancelled;
    unsigned calls;
    uint16_t stats; /* enum ofp_stats_types, if it is one */
};

/* A run has one controller, hence one watcher. */
static struct watcher {
    struct timer again;
    size_t n_asks;
    struct ask asks[ASKS_MAX];
    bool joined[EMULATED_MAX + 1]; /* by datapath id */
} watcher;

/* --- Requests -------------------------------------------------------------------------------- */

static const struct emulated *switch_of(uint64_t dpid)
{
    for (size_t i = 0; i < world.n_emulated; i++)
        if (world.emulated[i]->dpid == dpid)
            return world.emulated[i];
    return NULL;
}

/* All entries of all parts, in order. */
static void check_flow_stats(const struct emulated *e, struct span entries)
{
    const struct ofp_flow_stats *s;
    struct span actions;
    uint32_t n = 0;
    for (; (s = ofp_next_flow_stats(&entries, &actions)) != NULL; n++)
        if (!world_expect(be64_get(s->cookie) == n, "flow stats: entry %u is out of order", n))
            return;
    world_expect(n == e->entries, "flow stats: %u entries of %u", n, e->entries);
}

static void check_answer(const struct ask *ask, uint64_t dpid, int error,
                         const struct ofp_msg *reply)
{
    const struct emulated *e = switch_of(dpid);
    size_t whole = e->entries * sizeof(struct ofp_flow_stats);
    bool refused = ask->stats == OFPST_QUEUE;
    world_expect(error == 0 || error == -ECONNRESET || error == -ETIMEDOUT ||
                     (error == -EREMOTEIO && refused) ||
                     (error == -EMSGSIZE && whole > world.config.max_reply),
                 "a request ended with error %d", error);
    world_expect((error == 0 || error == -EREMOTEIO) == (reply != NULL), "error %d and a reply",
                 error);
    if (error != 0 || reply == NULL || reply->type != OFPT_STATS_REPLY)
        return;
    world_expect(reply->stats.type == ask->stats, "stats of another type");
    world_expect((reply->stats.flags & OFPSF_REPLY_MORE) == 0, "a whole reply says MORE");
    if (ask->stats == OFPST_FLOW)
        check_flow_stats(e, reply->stats.entries);
}

static void on_reply(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct ask *ask = user;
    ask->calls++;
    world_expect(ask->made && ask->calls == 1 && !ask->cancelled,
                 "a request's callback was called %u times%s", ask->calls,
                 ask->cancelled ? " though it was cancelled" : "");
    check_answer(ask, ctl_dp_id(dp), error, reply);
}

static void random_request(struct ofp_msg *msg, const struct ofp_match *any)
{
    static const uint8_t types[] = {OFPT_ECHO_REQUEST,       OFPT_FEATURES_REQUEST,
                                    OFPT_GET_CONFIG_REQUEST, OFPT_BARRIER_REQUEST,
                                    OFPT_STATS_REQUEST,      OFPT_QUEUE_GET_CONFIG_REQUEST};
    static const uint16_t stats[] = {OFPST_DESC, OFPST_FLOW, OFPST_AGGREGATE, OFPST_PORT,
                                     OFPST_QUEUE};
    *msg = (struct ofp_msg){.type = types[sim_random(sizeof types)]};
    if (msg->type == OFPT_QUEUE_GET_CONFIG_REQUEST)
        msg->queue_config.port = 1;
    if (msg->type != OFPT_STATS_REQUEST)
        return;
    msg->stats.type = stats[sim_random(sizeof stats / sizeof *stats)];
    if (msg->stats.type == OFPST_PORT || msg->stats.type == OFPST_QUEUE)
        msg->stats.port = (struct ofp_msg_port_request){OFPP_NONE, OFPQ_ALL};
    if (msg->stats.type == OFPST_QUEUE)
        msg->stats.port.port_no = OFPP_ALL;
    if (msg->stats.type == OFPST_FLOW || msg->stats.type == OFPST_AGGREGATE)
        msg->stats.flow = (struct ofp_msg_flow_request){any, OFP_TABLE_ALL, OFPP_NONE};
}

static void ask(struct ctl_dp *dp)
{
    struct ask *a = &watcher.asks[watcher.n_asks];
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg;
    int error;
    if (watcher.n_asks == ASKS_MAX)
        return;
    random_request(&msg, &any);
    *a = (struct ask){.stats = msg.type == OFPT_STATS_REQUEST ? msg.stats.type : OFPST_VENDOR};
    error = ctl_request(dp, &msg, on_reply, a);
    world_expect(error == 0 || error == -ENOBUFS || error == -EAGAIN || error == -ENOTCONN,
                 "ctl_request() returned %d", error);
    world_expect(a->calls == 0, "a request was answered before it was made");
    a->made = error == 0;
    watcher.n_asks += a->made;
    if (a->made && sim_random(20) == 0) {
        ctl_cancel_requests(dp, a);
        a->cancelled = true;
    }
}

/* --- Looking after datapaths ----------------------------------------------------------------- */

static void check_bounds(void)
{
    struct list *it, *after;
    size_t n = 0;
    list_each(it, after, &world.ctl->sessions)
    {
        const struct ctl_dp *dp = container_of(it, struct ctl_dp, session);
        n++;
        if (dp->stream)
            world_expect(dp->stream->out_bytes <= world.config.out_limit + OFP_MAX_MESSAGE,
                         "%s: %zu bytes wait", dp->peer, dp->stream->out_bytes);
        world_expect(dp->n_requests <= world.config.max_requests, "%s: %zu requests", dp->peer,
                     dp->n_requests);
    }
    world_expect(n == world.ctl->n_sessions && n <= world.config.max_sessions, "%zu sessions", n);
}

static void visit(void *user, struct ctl_dp *dp)
{
    (void)user;
    if (sim_random(3) == 0)
        ask(dp);
    if (world_mishap(3))
        ctl_dp_drop(dp);
}

static void on_again(void *user)
{
    (void)user;
    check_bounds();
    if (world.part != ROUGH)
        return;
    ctl_each_dp(world.ctl, visit, NULL);
    loop_timer_arm(&watcher.again, loop_now() + sim_random(2 * ASK_EVERY));
}

/* --- The app --------------------------------------------------------------------------------- */

static void *create(struct ctl *ctl)
{
    (void)ctl;
    watcher.n_asks = 0;
    memset(watcher.joined, 0, sizeof watcher.joined);
    timer_init(&watcher.again, on_again, NULL);
    loop_timer_arm(&watcher.again, loop_now() + ASK_EVERY);
    return &watcher;
}

static void destroy(void *self)
{
    (void)self;
    timer_cancel(&watcher.again);
}

static void join(void *self, struct ctl_dp *dp)
{
    uint64_t dpid = ctl_dp_id(dp);
    (void)self;
    world_expect(!watcher.joined[dpid], "datapath %" PRIu64 " joined twice", dpid);
    world_expect(ctl_find_dp(world.ctl, dpid) == dp, "datapath %" PRIu64 " is not found", dpid);
    watcher.joined[dpid] = true;
    for (uint64_t n = sim_random(4); n > 0; n--)
        ask(dp);
}

static void leave(void *self, struct ctl_dp *dp)
{
    uint64_t dpid = ctl_dp_id(dp);
    (void)self;
    world_expect(watcher.joined[dpid], "datapath %" PRIu64 " left without having joined", dpid);
    watcher.joined[dpid] = false;
}

const struct ctl_app_type watcher_app = {.name = "watcher",
                                         .help = "what the simulation sees",
                                         .create = create,
                                         .destroy = destroy,
                                         .join = join,
                                         .leave = leave};

bool watcher_sees(uint64_t dpid)
{
    return watcher.joined[dpid];
}

void watcher_check_end(void)
{
    for (size_t i = 0; i < watcher.n_asks; i++)
        world_expect(watcher.asks[i].calls == !watcher.asks[i].cancelled,
                     "request %zu of %zu was never answered", i, watcher.n_asks);
    for (size_t i = 0; i <= EMULATED_MAX; i++)
        world_expect(!watcher.joined[i], "datapath %zu never left", i);
}
