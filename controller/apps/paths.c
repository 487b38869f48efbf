/*
 * paths.c - the app that knows every host of the network and lays flows along shortest paths.
 *
 * Hosts are learned at edge ports only, from the packets that come to the controller. A packet
 * between two hosts that are known lays their path (path.h); one to everybody, or to somebody
 * unknown, is flooded on the spanning tree (stp.h), switch by switch. A packet that comes in by a
 * link, though its path does not pass there or its flow has gone, is helped on by one hop.
 *
 * When links come or go every path is looked at again, some switches' worth of destinations a turn,
 * and laid anew where it is not a shortest one any more. A host that moves, whose port goes down,
 * or behind whose port a switch turns out to be, takes its paths with it.
 *
 * A switch that joins may have flows from before: all that name an input port are deleted first.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/path.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"

#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(paths);

static struct {
    uint64_t idle, age, hosts, max;
} options = {.idle = 60 * NS_PER_S, .age = 300 * NS_PER_S, .hosts = 65536, .max = 262144};

#define SECONDS_MAX (UINT16_MAX - PATH_EXTRA_IDLE) /* what a flow's time-out can say */

static const struct config_option option_rows[] = {
    {"paths-idle", CONFIG_DURATION, &options.idle, NS_PER_S, SECONDS_MAX *NS_PER_S, "TIME",
     "flows end after such an idle time"},
    {"paths-age", CONFIG_DURATION, &options.age, NS_PER_S, 24 * 3600 * NS_PER_S, "TIME",
     "hosts are forgotten after such a silence"},
    {"paths-hosts", CONFIG_UINT, &options.hosts, 1, 1 << 24, "N", "hosts of the network"},
    {"paths-max", CONFIG_UINT, &options.max, 1, 1 << 24, "N", "paths between hosts"},
    {0},
};

static struct {
    uint64_t learned, moved, aged, lost, hosts_refused;
    uint64_t laid, looked_at, idle, cut, refused, floods, helped, dropped, link_local;
} counters;

static const char *const counter_names[] = {
    "learned", "moved", "aged",    "lost",   "hosts_refused", "laid",    "looked_at",
    "idle",    "cut",   "refused", "floods", "helped",        "dropped", "link_local",
};

static struct counter_set counter_set = {
    .module = "paths",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct paths {
    struct stp *stp;
    struct discovery_listener listener;
    struct hosts hosts;
    struct list places; /* of all datapaths */
    uint64_t idle, age, max, n_paths, next_cookie;
    size_t n_unseen; /* places whose paths are to be looked at, first in the list */
    struct loop_work look;
    struct timer sweep;
    struct log_limit noise;
};

/* A datapath. */
struct place {
    struct list link; /* in paths->places */
    struct list hosts;
};

static struct place *place_of(const struct paths *app, const struct ctl_dp *dp)
{
    return ctl_dp_get(dp, app);
}

/* --- Paths ----------------------------------------------------------------------------------- */

static void drop_path(struct paths *app, struct path *p)
{
    app->n_paths--;
    path_free(p);
}

static void drop_paths_of(struct paths *app, struct host *h)
{
    while (!list_empty(&h->from))
        drop_path(app, container_of(h->from.next, struct path, from_link));
    while (!list_empty(&h->to))
        drop_path(app, container_of(h->to.next, struct path, to_link));
}

/* False: there is no room or no way; the packet has not been sent. */
static bool make_path(struct paths *app, struct host *from, struct host *to,
                      const struct ctl_packet *packet)
{
    struct path *p = NULL;
    if (app->n_paths < app->max)
        p = path_new(from, to, ++app->next_cookie, (uint16_t)(app->idle / NS_PER_S));
    if (p == NULL) {
        counters.refused++;
        log_warn_limited(&app->noise, "no room for more than %" PRIu64 " paths", app->n_paths);
        return false;
    }
    app->n_paths++;
    if (path_lay(p, app->stp, packet) == 0) {
        counters.laid++;
        return true;
    }
    drop_path(app, p);
    return false;
}

/* The network has changed: its shortest path may be another, or there may be none. */
static void look_at_path(struct paths *app, struct path *p)
{
    counters.looked_at++;
    if (path_lay(p, app->stp, NULL) == 0)
        return;
    counters.cut++;
    drop_path(app, p);
}

static void look_at_place(struct paths *app, struct place *place)
{
    struct list *host, *after_host, *it, *after;
    list_each(host, after_host, &place->hosts)
    {
        struct host *h = container_of(host, struct host, place);
        list_each(it, after, &h->to) look_at_path(app, container_of(it, struct path, to_link));
    }
}

#define PLACES_A_TURN 64

static void look(void *user)
{
    struct paths *app = user;
    for (int i = 0; i < PLACES_A_TURN && app->n_unseen > 0; i++) {
        struct list *first = list_pop(&app->places);
        if (first == NULL)
            app->n_unseen = 0;
        else {
            list_append(&app->places, first);
            app->n_unseen--;
            look_at_place(app, container_of(first, struct place, link));
        }
    }
    if (app->n_unseen > 0)
        loop_defer(&app->look);
}

static void on_link(void *user, const struct discovery_link *link, bool up)
{
    struct paths *app = user;
    struct list *it, *after;
    (void)link;
    (void)up;
    app->n_unseen = 0;
    list_each(it, after, &app->places) app->n_unseen++;
    loop_defer(&app->look);
}

/* --- Hosts ----------------------------------------------------------------------------------- */

static void forget_host(struct paths *app, struct host *h)
{
    drop_paths_of(app, h);
    hosts_remove(&app->hosts, h);
}

static void forget_hosts(struct paths *app, struct place *place, uint16_t port, bool all)
{
    struct list *it, *after;
    list_each(it, after, &place->hosts)
    {
        struct host *h = container_of(it, struct host, place);
        if (!all && h->port != port)
            continue;
        counters.lost++;
        forget_host(app, h);
    }
}

static struct host *new_host(struct paths *app, mac_addr addr)
{
    struct host *h = hosts_add(&app->hosts, addr, loop_now());
    if (h != NULL) {
        counters.learned++;
        return h;
    }
    counters.hosts_refused++;
    log_warn_limited(&app->noise, "no room for more than %zu hosts", app->hosts.table.n);
    return NULL;
}

/* A host speaks at an edge port. Returns NULL if there is no room for it. */
static struct host *hear(struct paths *app, struct ctl_dp *dp, uint16_t port, mac_addr addr)
{
    struct host *h = hosts_find(&app->hosts, addr);
    if (h != NULL && (h->dp != dp || h->port != port)) {
        counters.moved++;
        drop_paths_of(app, h);
    } else if (h == NULL)
        h = new_host(app, addr);
    if (h == NULL)
        return NULL;
    hosts_heard(&app->hosts, h, loop_now());
    host_put(h, dp, port, &place_of(app, dp)->hosts);
    return h;
}

/* One from which there is a path would have been asked about if it had been silent. */
static void on_sweep(void *user)
{
    struct paths *app = user;
    uint64_t now = loop_now();
    struct host *h;
    while (now > app->age && (h = hosts_oldest(&app->hosts, now - app->age)) != NULL) {
        if (h->n_from > 0) {
            hosts_heard(&app->hosts, h, now);
            continue;
        }
        counters.aged++;
        forget_host(app, h);
    }
    loop_timer_arm(&app->sweep, now + NS_PER_S);
}

/* --- Packets --------------------------------------------------------------------------------- */

static void send_to(struct ctl_dp *dp, const struct ctl_packet *packet, uint16_t port)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    ofp_put_output(&actions, port, 0);
    ctl_packet_out(dp, packet, span_of(area, actions.len));
}

static void drop(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    counters.dropped++;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, packet, span_of(NULL, 0));
}

/* On a closed port it is a copy that another switch should not have sent. */
static void flood(struct ctl_dp *dp, const struct ctl_packet *packet, bool closed)
{
    if (closed) {
        drop(dp, packet);
        return;
    }
    counters.floods++;
    send_to(dp, packet, OFPP_FLOOD);
}

/* One hop further, by hand. */
static void help(struct paths *app, struct ctl_dp *dp, const struct ctl_packet *packet,
                 const struct host *to, bool closed)
{
    const struct ofp_match *key = &packet->key.match;
    uint16_t port = path_next_port(app->stp, dp, to, mac_addr_of(key->dl_src, key->dl_vlan));
    if (port == OFPP_NONE)
        flood(dp, packet, closed);
    else if (port == packet->in->in_port)
        drop(dp, packet);
    else {
        counters.helped++;
        send_to(dp, packet, port);
    }
}

/* From one known host to another, at the first's port or on its way. */
static void carry(struct paths *app, struct ctl_dp *dp, const struct ctl_packet *packet,
                  struct host *from, struct host *to, bool closed)
{
    bool edge = from->dp == dp && from->port == packet->in->in_port;
    const struct path *p = path_find(from, to);
    if (p != NULL ? !path_repeat(p, dp, packet) : !edge || !make_path(app, from, to, packet))
        help(app, dp, packet, to, closed);
}

/* Who sent it, as far as that is known. One is heard at the network's edge only: packets that cross
 * it come by its cables, too. */
static struct host *sender(struct paths *app, struct ctl_dp *dp, uint16_t port, mac_addr source,
                           enum stp_state state)
{
    bool can_be = !mac_addr_is_group(source) && !mac_addr_is_zero(source);
    if (can_be && (state == STP_EDGE || port == OFPP_LOCAL))
        return hear(app, dp, port, source);
    return hosts_find(&app->hosts, source);
}

static bool paths_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct paths *app = self;
    const struct ofp_match *key = &packet->key.match;
    mac_addr source = mac_addr_of(key->dl_src, key->dl_vlan);
    mac_addr target = mac_addr_of(key->dl_dst, key->dl_vlan);
    uint16_t port = packet->in->in_port;
    enum stp_state state = stp_port_state(app->stp, dp, port);
    bool closed = state == STP_BLOCKED;
    struct host *from, *to;

    if (place_of(app, dp) == NULL)
        return false;
    if (mac_addr_is_link_local(target)) {
        counters.link_local++;
        return false;
    }
    from = sender(app, dp, port, source, state);
    to = mac_addr_is_group(target) ? NULL : hosts_find(&app->hosts, target);
    if (to == NULL)
        flood(dp, packet, closed);
    else if (from == NULL)
        help(app, dp, packet, to, closed);
    else
        carry(app, dp, packet, from, to, closed);
    return true;
}

/* The first hop's flow has gone: the path has been idle, or somebody else has deleted it. */
static void paths_flow_removed(void *self, struct ctl_dp *dp,
                               const struct ofp_msg_flow_removed *removed)
{
    struct paths *app = self;
    const struct ofp_match *m = removed->match;
    struct host *from = hosts_find(&app->hosts, mac_addr_of(m->dl_src, m->dl_vlan));
    struct host *to = hosts_find(&app->hosts, mac_addr_of(m->dl_dst, m->dl_vlan));
    struct path *p = from != NULL && to != NULL ? path_find(from, to) : NULL;
    if (p == NULL || p->cookie != removed->cookie || p->hop[0].dp != dp)
        return;
    counters.idle++;
    drop_path(app, p);
}

/* --- Datapaths and their ports --------------------------------------------------------------- */

/* All flows of ours name the port that packets come in by. */
static void delete_flows_from(struct ctl_dp *dp, uint16_t port)
{
    struct ofp_match match = ofp_match_any();
    struct ofp_msg_flow_mod flow = {
        .match = &match, .command = OFPFC_DELETE, .out_port = OFPP_NONE};
    match.wildcards = be32_of(OFPFW_ALL & ~OFPFW_IN_PORT);
    match.in_port = be16_of(port);
    ctl_flow_mod(dp, &flow, NULL);
}

static void paths_join(void *self, struct ctl_dp *dp)
{
    struct paths *app = self;
    struct span rest = ctl_dp_features(dp)->ports;
    const struct ofp_phy_port *port;
    struct place *place = malloc(sizeof *place);
    if (place == NULL) {
        log_error("datapath %016" PRIx64 ": no memory, its packets are left alone", ctl_dp_id(dp));
        return;
    }
    list_init(&place->hosts);
    list_append(&app->places, &place->link);
    ctl_dp_set(dp, app, place);
    while ((port = ofp_next_port(&rest)) != NULL)
        delete_flows_from(dp, be16_get(port->port_no));
}

static void forget_dp(struct paths *app, const struct ctl_dp *dp)
{
    struct list *host, *it, *after;
    for (host = app->hosts.order.next; host != &app->hosts.order; host = host->next)
        list_each(it, after, &container_of(host, struct host, order)->from)
            path_forget_dp(container_of(it, struct path, from_link), dp);
}

static void paths_leave(void *self, struct ctl_dp *dp)
{
    struct paths *app = self;
    struct place *place = place_of(app, dp);
    if (place == NULL)
        return;
    forget_hosts(app, place, 0, true);
    forget_dp(app, dp);
    list_remove(&place->link);
    ctl_dp_set(dp, app, NULL);
    free(place);
}

static void paths_forget(void *self, struct ctl_dp *dp, uint16_t port)
{
    struct place *place = place_of(self, dp);
    if (place != NULL)
        forget_hosts(self, place, port, false);
}

static void paths_port_status(void *self, struct ctl_dp *dp,
                              const struct ofp_msg_port_status *status)
{
    if (ctl_port_is_gone(status))
        paths_forget(self, dp, be16_get(status->desc->port_no));
}

/* --- For operators --------------------------------------------------------------------------- */

static void say_host(struct appctl_reply *reply, const struct host *h)
{
    uint8_t b[sizeof h->addr];
    uint16_t vlan;
    bytes_copy(b, &h->addr, sizeof b);
    vlan = be16_get((be16){{b[6], b[7]}});
    appctl_say(
        reply, "%02x:%02x:%02x:%02x:%02x:%02x  %4u  %016" PRIx64 "  %5u  %3zu  %3" PRIu64 " s\n",
        b[0], b[1], b[2], b[3], b[4], b[5], vlan == OFP_VLAN_NONE ? 0u : vlan, ctl_dp_id(h->dp),
        h->port, h->n_from, (uint64_t)((loop_now() - h->heard) / NS_PER_S));
}

static void show_hosts(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct paths *app = user;
    const struct list *it;
    uint64_t dpid = 0;
    if (argc > 0 && !ctl_read_dpid(argv[0], &dpid)) {
        appctl_fail(reply, "\"%.40s\" is no datapath id", argv[0]);
        return;
    }
    appctl_narrow(reply, "say which datapath");
    appctl_say(reply, "MAC                VLAN  datapath           port  paths  age\n");
    for (it = app->hosts.order.next; it != &app->hosts.order && !appctl_full(reply); it = it->next)
        if (argc == 0 || ctl_dp_id(container_of(it, struct host, order)->dp) == dpid)
            say_host(reply, container_of(it, struct host, order));
}

static const struct appctl_command command_rows[] = {
    {"hosts", "[DPID]", 0, 1, show_hosts},
    {0},
};

/* --- The app --------------------------------------------------------------------------------- */

static void *paths_create(struct ctl *ctl)
{
    struct stp *stp = stp_of(ctl, "paths");
    struct paths *app = stp != NULL ? calloc(1, sizeof *app) : NULL;
    if (app == NULL)
        return NULL;
    *app = (struct paths){.stp = stp,
                          .listener = {.changed = on_link, .user = app},
                          .idle = options.idle,
                          .age = options.age,
                          .max = options.max,
                          .next_cookie = entropy_u64()};
    if (hosts_init(&app->hosts, options.hosts, entropy_u64()) != 0) {
        log_error("no memory for %" PRIu64 " hosts", options.hosts);
        free(app);
        return NULL;
    }
    list_init(&app->places);
    loop_work_init(&app->look, look, app);
    timer_init(&app->sweep, on_sweep, app);
    loop_timer_arm(&app->sweep, loop_now() + NS_PER_S);
    stp_let_blocked_pass(stp);
    discovery_listen(discovery_of(ctl, "paths"), &app->listener);
    counter_register(&counter_set);
    return app;
}

static void paths_destroy(void *self)
{
    struct paths *app = self;
    loop_work_cancel(&app->look);
    timer_cancel(&app->sweep);
    hosts_free(&app->hosts);
    free(app);
}

const struct ctl_app_type paths_app = {
    .name = "paths",
    .help = "know every host, lay flows along shortest paths; behind stp, for learning",
    .options = option_rows,
    .create = paths_create,
    .destroy = paths_destroy,
    .join = paths_join,
    .leave = paths_leave,
    .packet_in = paths_packet_in,
    .flow_removed = paths_flow_removed,
    .port_status = paths_port_status,
    .forget = paths_forget,
    .commands = command_rows,
};
