/*
 * stp.c - the app that floods on a spanning tree only; see stp.h.
 *
 * What happens to ports and links is noted at once; the tree is computed once at the end of the
 * turn. Then ports are closed, barriers asked for, and when all have been answered (or have been
 * waited for long enough) the others are opened: between the two the open ports are a part of both
 * trees, and a part of a tree has no loop.
 *
 * What was flooded before the tree changed is still on its way, may pass a switch twice, over the
 * old tree and over the new one, and teach it that a host is where it never was. So when that has
 * come to its end, what was learnt from the tree is forgotten once more, everywhere.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/stp.h"
#include "controller/apps/apps.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

LOG_MODULE(stp);

static struct {
    uint64_t barrier;
} options = {.barrier = 500 * NS_PER_MS};

static const struct config_option option_rows[] = {
    {"stp-barrier", CONFIG_DURATION, &options.barrier, NS_PER_MS, 60 * NS_PER_S, "TIME",
     "wait so long for switches to close ports"},
    {0},
};

static struct {
    uint64_t updates, commits, opened, closed, not_sent, late, forgotten, dropped;
} counters;

static const char *const counter_names[] = {
    "updates", "commits", "opened", "closed", "not_sent", "late", "forgotten", "dropped",
};

static struct counter_set counter_set = {
    .module = "stp",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct stp {
    struct ctl *ctl;
    struct graph graph;
    struct list switches;
    struct discovery *discovery;
    struct discovery_listener listener;
    struct loop_work update; /* the tree is to be computed anew */
    struct timer again;      /* something could not be sent */
    struct timer late;       /* barriers have been waited for long enough */
    size_t n_waited;         /* switches whose barrier is awaited */
    uint64_t barrier, seed;
    struct timer stray;  /* what was flooded before has come to its end */
    bool lost;           /* since the last commit a link or a switch has gone */
    bool blocked_passes; /* stp_let_blocked_pass() */
    bool looped;         /* the next commit forgets all, see look_for_cable() */
};

struct stp_port {
    struct stp_switch *sw;
    uint16_t no;
    bool up, cable, settled;
    bool open; /* it floods, as far as we told the switch */
    uint64_t behind,
        next; /* the switches behind it: when last committed; now. 0: not in the tree */
    struct timer settle;
};

struct stp_switch {
    struct graph_node node;
    struct list link; /* in stp->switches */
    struct stp *stp;
    struct stp_port **port; /* n_ports, by number */
    size_t n_ports, cap_ports;
    size_t n_barriers; /* that are awaited */
    bool fresh;        /* it has joined since the last commit, with flows from before perhaps */
};

static struct stp_switch *switch_of(const struct stp *stp, const struct ctl_dp *dp)
{
    return ctl_dp_get(dp, stp);
}

static struct stp_switch *switch_at(const struct list *it)
{
    return container_of(it, struct stp_switch, link);
}

/* --- Ports ----------------------------------------------------------------------------------- */

/* The first place whose port has not a lower number. */
static size_t port_place(const struct stp_switch *sw, uint16_t no)
{
    size_t low = 0, high = sw->n_ports;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sw->port[middle]->no < no)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct stp_port *port_find(const struct stp_switch *sw, uint16_t no)
{
    size_t at = port_place(sw, no);
    return at < sw->n_ports && sw->port[at]->no == no ? sw->port[at] : NULL;
}

static enum stp_state port_state(const struct stp_port *p)
{
    if (p == NULL || !p->up)
        return STP_DOWN;
    if (p->cable)
        return p->next != 0 ? STP_TREE : STP_BLOCKED;
    return p->settled ? STP_EDGE : STP_SETTLING;
}

static bool port_may_flood(const struct stp_port *p)
{
    enum stp_state state = port_state(p);
    return state == STP_TREE || state == STP_EDGE;
}

static void on_settled(void *user)
{
    struct stp_port *p = user;
    p->settled = true;
    loop_defer(&p->sw->stp->update);
}

/* Up or down, with a cable or without one: whether there are hosts is found out anew. */
static void port_begin(struct stp_port *p)
{
    struct stp *stp = p->sw->stp;
    p->settled = false;
    timer_cancel(&p->settle);
    if (p->up && !p->cable)
        loop_timer_arm(&p->settle, loop_now() + discovery_settle_time(stp->discovery));
    loop_defer(&stp->update);
}

/* Returns NULL if there is no memory. */
static struct stp_port *port_new(struct stp_switch *sw, uint16_t no)
{
    size_t at = port_place(sw, no);
    struct stp_port *p = malloc(sizeof *p);
    if (p != NULL && sw->n_ports == sw->cap_ports) {
        size_t cap = sw->cap_ports == 0 ? 8 : 2 * sw->cap_ports;
        struct stp_port **bigger = realloc(sw->port, cap * sizeof *bigger);
        if (bigger == NULL) {
            free(p);
            return NULL;
        }
        sw->port = bigger;
        sw->cap_ports = cap;
    }
    if (p == NULL)
        return NULL;
    *p = (struct stp_port){.sw = sw, .no = no};
    timer_init(&p->settle, on_settled, p);
    memmove(&sw->port[at + 1], &sw->port[at], (sw->n_ports - at) * sizeof *sw->port);
    sw->port[at] = p;
    sw->n_ports++;
    return p;
}

static void port_free(struct stp_port *p)
{
    struct stp_switch *sw = p->sw;
    size_t at = port_place(sw, p->no);
    timer_cancel(&p->settle);
    sw->n_ports--;
    memmove(&sw->port[at], &sw->port[at + 1], (sw->n_ports - at) * sizeof *sw->port);
    free(p);
}

/* A port as the switch describes it. One that is new says itself whether it floods. */
static void port_describe(struct stp_switch *sw, const struct ofp_phy_port *desc)
{
    uint16_t no = be16_get(desc->port_no);
    struct stp_port *p = port_find(sw, no);
    bool up = ctl_port_is_up(desc);
    if (no > OFPP_MAX)
        return;
    if (p == NULL) {
        p = port_new(sw, no);
        if (p == NULL) {
            log_error("datapath %016" PRIx64 ": no memory for a port", sw->node.dpid);
            ctl_dp_drop(sw->node.dp);
            return;
        }
        p->open = (be32_get(desc->config) & OFPPC_NO_FLOOD) == 0;
        p->cable = graph_has_cable(&sw->node, no);
    } else if (p->up == up)
        return;
    p->up = up;
    port_begin(p);
}

/* --- Opening and closing --------------------------------------------------------------------- */

/* Section 5.3.3: the port's own address has to be said, and the mask names the one bit. */
static void port_set(struct stp_port *p, bool open)
{
    struct stp *stp = p->sw->stp;
    const struct ofp_phy_port *desc = ctl_dp_port(p->sw->node.dp, p->no);
    struct ofp_msg msg = {.type = OFPT_PORT_MOD};
    if (desc == NULL)
        return;
    msg.port_mod = (struct ofp_msg_port_mod){
        .port_no = p->no, .config = open ? 0 : OFPPC_NO_FLOOD, .mask = OFPPC_NO_FLOOD};
    memcpy(msg.port_mod.hw_addr, desc->hw_addr, sizeof msg.port_mod.hw_addr);
    if (ctl_send(p->sw->node.dp, &msg) != 0) {
        counters.not_sent++;
        loop_timer_arm(&stp->again, loop_now() + 100 * NS_PER_MS);
        return;
    }
    p->open = open;
    ++*(open ? &counters.opened : &counters.closed);
}

static void waited(struct stp_switch *sw)
{
    sw->n_barriers = 0;
    if (--sw->stp->n_waited == 0)
        loop_defer(&sw->stp->update);
}

static void on_barrier(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct stp_switch *sw = user;
    (void)dp;
    (void)error;
    (void)reply;
    if (sw->n_barriers == 1)
        waited(sw);
    else
        sw->n_barriers--;
}

/* Nobody waits for this switch's barriers any longer. */
static void stop_waiting(struct stp_switch *sw)
{
    if (sw->n_barriers == 0)
        return;
    ctl_cancel_requests(sw->node.dp, sw);
    waited(sw);
}

static void ask_barrier(struct stp_switch *sw)
{
    const struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST};
    if (ctl_request(sw->node.dp, &barrier, on_barrier, sw) != 0)
        return;
    if (sw->n_barriers++ == 0 && sw->stp->n_waited++ == 0)
        loop_timer_arm(&sw->stp->late, loop_now() + sw->stp->barrier);
}

/* A port that is down carries nothing: only for the others one must wait. */
static void close_ports(struct stp_switch *sw)
{
    bool wait = false;
    for (size_t i = 0; i < sw->n_ports; i++) {
        struct stp_port *p = sw->port[i];
        if (!p->open || port_may_flood(p))
            continue;
        port_set(p, false);
        wait |= p->up;
    }
    if (wait)
        ask_barrier(sw);
}

static void open_ports(struct stp_switch *sw)
{
    for (size_t i = 0; i < sw->n_ports; i++)
        if (!sw->port[i]->open && port_may_flood(sw->port[i]))
            port_set(sw->port[i], true);
}

static void forget_port(const struct stp_port *p)
{
    counters.forgotten++;
    ctl_forget(p->sw->node.dp, p->no);
}

/* A flood passes a switch in some milliseconds, by way of the controller; there may be many. */
#define STRAY_TIME (250 * NS_PER_MS)

/* Hosts behind a port that has changed may now be behind another; see stp.h. */
static void forget_what_moved(struct stp_switch *sw)
{
    size_t n = 0;
    for (size_t i = 0; i < sw->n_ports; i++)
        n += sw->port[i]->behind != sw->port[i]->next;
    for (size_t i = 0; i < sw->n_ports; i++) {
        struct stp_port *p = sw->port[i];
        bool moved = p->behind != p->next && n >= (sw->stp->lost ? 1 : 2);
        moved |= sw->stp->looped && p->next != 0;
        if (moved || sw->fresh)
            forget_port(p);
        if (moved)
            loop_timer_arm(&p->sw->stp->stray, loop_now() + STRAY_TIME);
        p->behind = p->next;
    }
    sw->fresh = false;
}

/* --- The tree -------------------------------------------------------------------------------- */

static void add_behind(struct graph_node *n, uint16_t port, uint64_t switches)
{
    struct stp_port *p = port_find(container_of(n, struct stp_switch, node), port);
    if (p != NULL)
        p->next ^= switches;
}

/* Backwards through the order each switch comes after those that hang on it. */
static void find_behind(struct stp *stp)
{
    struct graph *g = &stp->graph;
    for (size_t i = 0; i < g->n_nodes; i++)
        g->node[i]->below = XXH3_64bits_withSeed(&g->node[i]->dpid, sizeof(uint64_t), stp->seed);
    for (size_t i = g->n_nodes; i-- > 0;)
        if (g->order[i]->up != NULL)
            g->order[i]->up->to->below ^= g->order[i]->below;
    for (size_t i = 0; i < g->n_nodes; i++) {
        struct graph_node *n = g->node[i];
        if (n->up == NULL)
            continue;
        add_behind(n, n->up->port, n->root->below ^ n->below);
        add_behind(n->up->to, n->up->to_port, n->below);
    }
}

static void commit(struct stp *stp)
{
    struct list *it, *after;
    counters.commits++;
    timer_cancel(&stp->late);
    list_each(it, after, &stp->switches)
    {
        open_ports(switch_at(it));
        forget_what_moved(switch_at(it));
    }
    stp->lost = stp->looped = false;
}

static void update(void *user)
{
    struct stp *stp = user;
    struct list *it, *after;
    counters.updates++;
    graph_span(&stp->graph);
    list_each(it, after, &stp->switches) for (size_t i = 0; i < switch_at(it)->n_ports; i++)
        switch_at(it)
            ->port[i]
            ->next = 0;
    find_behind(stp);
    list_each(it, after, &stp->switches) close_ports(switch_at(it));
    if (stp->n_waited == 0)
        commit(stp);
}

static void on_again(void *user)
{
    update(user);
}

static void forget_tree(struct stp_switch *sw)
{
    for (size_t i = 0; i < sw->n_ports; i++)
        if (sw->port[i]->behind != 0)
            forget_port(sw->port[i]);
}

static void on_stray(void *user)
{
    struct stp *stp = user;
    struct list *it, *after;
    list_each(it, after, &stp->switches) forget_tree(switch_at(it));
}

/* A switch that does not answer must not keep the others from talking. */
static void on_late(void *user)
{
    struct stp *stp = user;
    struct list *it, *after;
    counters.late++;
    log_warn("%zu switches have not confirmed in time that they closed ports", stp->n_waited);
    list_each(it, after, &stp->switches) stop_waiting(switch_at(it));
}

/* --- Links ----------------------------------------------------------------------------------- */

/* A port that has got its first cable, or lost its last: who was behind it is not any more. If it
 * was open there may have been a circle, and what went round in it has taught other switches wrong
 * as well: all is forgotten. */
static void look_for_cable(struct stp_switch *sw, uint16_t port)
{
    struct stp *stp = sw->stp;
    struct stp_port *p = port_find(sw, port);
    bool cable = graph_has_cable(&sw->node, port);
    if (p == NULL || p->cable == cable)
        return;
    if (cable && p->open)
        stp->looped = true;
    p->cable = cable;
    port_begin(p);
    forget_port(p);
}

static void on_link(void *user, const struct discovery_link *link, bool up)
{
    struct stp *stp = user;
    struct stp_switch *from = switch_of(stp, link->from), *to = switch_of(stp, link->to);
    if (from == NULL || to == NULL)
        return;
    if (graph_set_link(&stp->graph, &from->node, link->from_port, &to->node, link->to_port, up) !=
        0)
        log_error("no memory for a link");
    look_for_cable(from, link->from_port);
    look_for_cable(to, link->to_port);
    stp->lost |= !up;
    loop_defer(&stp->update);
}

/* --- The app --------------------------------------------------------------------------------- */

static void *stp_create(struct ctl *ctl)
{
    struct discovery *discovery = discovery_of(ctl, "stp");
    struct stp *stp = discovery != NULL ? calloc(1, sizeof *stp) : NULL;
    if (stp == NULL)
        return NULL;
    *stp = (struct stp){.ctl = ctl,
                        .discovery = discovery,
                        .listener = {.changed = on_link, .user = stp},
                        .barrier = options.barrier,
                        .seed = entropy_u64()};
    graph_init(&stp->graph);
    list_init(&stp->switches);
    loop_work_init(&stp->update, update, stp);
    timer_init(&stp->again, on_again, stp);
    timer_init(&stp->late, on_late, stp);
    timer_init(&stp->stray, on_stray, stp);
    discovery_listen(discovery, &stp->listener);
    counter_register(&counter_set);
    return stp;
}

static void stp_destroy(void *self)
{
    struct stp *stp = self;
    loop_work_cancel(&stp->update);
    timer_cancel(&stp->again);
    timer_cancel(&stp->late);
    timer_cancel(&stp->stray);
    graph_free(&stp->graph);
    free(stp);
}

/* All ports are closed at once, whatever the switch was told before: the network may be another. */
static void stp_join(void *self, struct ctl_dp *dp)
{
    struct stp *stp = self;
    struct stp_switch *sw = calloc(1, sizeof *sw);
    struct span rest = ctl_dp_features(dp)->ports;
    const struct ofp_phy_port *desc;

    if (sw == NULL || graph_add(&stp->graph, &sw->node, dp) != 0) {
        log_error("no memory for a datapath");
        free(sw);
        ctl_dp_drop(dp);
        return;
    }
    sw->stp = stp;
    sw->fresh = true;
    list_append(&stp->switches, &sw->link);
    ctl_dp_set(dp, stp, sw);
    while ((desc = ofp_next_port(&rest)) != NULL)
        port_describe(sw, desc);
    close_ports(sw);
    loop_defer(&stp->update);
}

static void stp_leave(void *self, struct ctl_dp *dp)
{
    struct stp *stp = self;
    struct stp_switch *sw = switch_of(stp, dp);
    if (sw == NULL)
        return;
    stop_waiting(sw);
    while (sw->n_ports > 0)
        port_free(sw->port[sw->n_ports - 1]);
    free(sw->port);
    graph_remove(&stp->graph, &sw->node);
    list_remove(&sw->link);
    ctl_dp_set(dp, stp, NULL);
    free(sw);
    stp->lost = true;
    loop_defer(&stp->update);
}

static void stp_port_status(void *self, struct ctl_dp *dp, const struct ofp_msg_port_status *status)
{
    struct stp_switch *sw = switch_of(self, dp);
    struct stp_port *p;
    if (sw == NULL)
        return;
    if (status->reason != OFPPR_DELETE) {
        port_describe(sw, status->desc);
        return;
    }
    p = port_find(sw, be16_get(status->desc->port_no));
    if (p != NULL)
        port_free(p);
}

/* What comes in where nothing may come in has gone round in a circle, or may have. */
static bool stp_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct stp *stp = self;
    enum stp_state state = stp_port_state(stp, dp, packet->in->in_port);
    if (packet->in->in_port > OFPP_MAX || state == STP_TREE || state == STP_EDGE ||
        (state == STP_BLOCKED && stp->blocked_passes))
        return false;
    counters.dropped++;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, packet, span_of(NULL, 0));
    return true;
}

/* --- For operators --------------------------------------------------------------------------- */

static void say_port(struct appctl_reply *reply, const struct stp_port *p)
{
    static const char *const names[] = {
        [STP_DOWN] = "down", [STP_SETTLING] = "settling", [STP_EDGE] = "edge",
        [STP_TREE] = "tree", [STP_BLOCKED] = "blocked",
    };
    const struct graph_node *n = &p->sw->node;
    appctl_say(reply, "  %5u  %s", p->no, names[port_state(p)]);
    for (size_t i = 0; i < n->n_arcs; i++)
        if (n->arc[i].port == p->no)
            appctl_say(reply, "  %016" PRIx64 " port %u", n->arc[i].to->dpid, n->arc[i].to_port);
    appctl_say(reply, "\n");
}

static void say_switch(struct appctl_reply *reply, const struct stp_switch *sw)
{
    appctl_say(reply, "%016" PRIx64, sw->node.dpid);
    if (sw->node.up != NULL)
        appctl_say(reply, "  up by port %u\n", sw->node.up->port);
    else
        appctl_say(reply, "  root\n");
    for (size_t i = 0; i < sw->n_ports && !appctl_full(reply); i++)
        say_port(reply, sw->port[i]);
}

static void show_tree(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct stp *stp = user;
    uint64_t dpid = 0;
    if (argc > 0 && !ctl_read_dpid(argv[0], &dpid)) {
        appctl_fail(reply, "\"%.40s\" is no datapath id", argv[0]);
        return;
    }
    appctl_narrow(reply, "say which datapath");
    for (size_t i = 0; i < stp->graph.n_nodes && !appctl_full(reply); i++) {
        struct graph_node *n = stp->graph.node[i];
        if (argc == 0 || n->dpid == dpid)
            say_switch(reply, container_of(n, struct stp_switch, node));
    }
}

static const struct appctl_command command_rows[] = {
    {"tree", "[DPID]", 0, 1, show_tree},
    {0},
};

const struct ctl_app_type stp_app = {
    .name = "stp",
    .help = "flood on a spanning tree only; behind discovery, before who floods",
    .options = option_rows,
    .create = stp_create,
    .destroy = stp_destroy,
    .join = stp_join,
    .leave = stp_leave,
    .packet_in = stp_packet_in,
    .port_status = stp_port_status,
    .commands = command_rows,
};

/* --- For other apps -------------------------------------------------------------------------- */

struct stp *stp_of(struct ctl *ctl, const char *who)
{
    struct stp *stp = ctl_app(ctl, &stp_app);
    if (stp == NULL)
        log_error("%s needs --app=stp before it", who);
    return stp;
}

enum stp_state stp_port_state(const struct stp *stp, const struct ctl_dp *dp, uint16_t port)
{
    const struct stp_switch *sw = switch_of(stp, dp);
    return sw != NULL ? port_state(port_find(sw, port)) : STP_DOWN;
}

struct graph *stp_graph(struct stp *stp)
{
    return &stp->graph;
}

struct graph_node *stp_node(const struct stp *stp, const struct ctl_dp *dp)
{
    struct stp_switch *sw = switch_of(stp, dp);
    return sw != NULL ? &sw->node : NULL;
}

void stp_let_blocked_pass(struct stp *stp)
{
    stp->blocked_passes = true;
}
