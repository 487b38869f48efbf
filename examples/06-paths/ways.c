/*
 * ways.c - the app that exercise 6 is given; see ways.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/06-paths/ways.h"
#include "controller/apps/hosts.h"
#include "controller/apps/stp.h"
#include "openflow/action.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"

#include <stdlib.h>

LOG_MODULE(ways);

#define MAX_HOSTS 1024

static struct {
    uint64_t packets, floods, laid, changes;
} counters;

static const char *const counter_names[] = {"packets", "floods", "laid", "changes"};

static struct counter_set counter_set = {
    .module = "ways",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct ways {
    struct ctl *ctl;
    struct stp *stp;
    struct discovery_listener listener;
    struct hosts hosts;
    struct loop_work change; /* cables have come or gone */
};

/* --- Hosts ----------------------------------------------------------------------------------- */

static void delete_at(void *user, struct ctl_dp *dp)
{
    const struct host *h = user;
    uint8_t mac[sizeof h->addr];
    bytes_copy(mac, &h->addr, sizeof mac);
    delete_entries(dp, mac);
}

static void forget(struct ways *app, struct host *h)
{
    ctl_each_dp(app->ctl, delete_at, h);
    hosts_remove(&app->hosts, h);
}

/* The hosts at a port of a switch (OFPP_NONE: at any). */
static void forget_hosts(struct ways *app, struct ctl_dp *dp, uint16_t port)
{
    struct list *it, *after, *all = ctl_dp_get(dp, app);
    if (all == NULL)
        return;
    list_each(it, after, all)
    {
        struct host *h = container_of(it, struct host, place);
        if (port == OFPP_NONE || h->port == port)
            forget(app, h);
    }
}

static void hear(struct ways *app, struct ctl_dp *dp, uint16_t port, mac_addr addr)
{
    struct host *h = hosts_find(&app->hosts, addr);
    if (mac_addr_is_group(addr) || mac_addr_is_zero(addr))
        return;
    if (h != NULL && (h->dp != dp || h->port != port)) {
        forget(app, h);
        h = NULL;
    }
    if (h == NULL)
        h = hosts_add(&app->hosts, addr, loop_now());
    if (h != NULL)
        host_put(h, dp, port, ctl_dp_get(dp, app));
    else
        log_error("no room for more than %d hosts", MAX_HOSTS);
}

/* --- Cables ---------------------------------------------------------------------------------- */

static void on_link(void *user, const struct discovery_link *link, bool up)
{
    struct ways *app = user;
    (void)link;
    (void)up;
    loop_defer(&app->change);
}

/* Any path may be another now. */
static void on_change(void *user)
{
    struct ways *app = user;
    counters.changes++;
    for (struct list *it = app->hosts.order.next; it != &app->hosts.order; it = it->next)
        ctl_each_dp(app->ctl, delete_at, container_of(it, struct host, order));
}

/* --- Packets --------------------------------------------------------------------------------- */

static void send_on(struct ctl_dp *dp, const struct ctl_packet *packet, bool flood)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    if (flood) {
        counters.floods++;
        ofp_put_output(&actions, OFPP_FLOOD, 0);
    }
    ctl_packet_out(dp, packet, span_of(area, actions.len));
}

/* False: there is no way. */
static bool send_by_path(struct ways *app, struct ctl_dp *dp, const struct ctl_packet *packet,
                         const struct host *to)
{
    struct graph *g = stp_graph(app->stp);
    struct graph_node *begin = stp_node(app->stp, dp), *end = stp_node(app->stp, to->dp);
    if (begin == NULL || end == NULL)
        return false;
    measure(g, end);
    g->measured = NULL; /* graph.c did not do it */
    if (begin->distance == GRAPH_FAR)
        return false;
    counters.laid++;
    lay_path(begin, to->port, packet);
    return true;
}

static bool ways_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct ways *app = self;
    const struct ofp_match *key = &packet->key.match;
    mac_addr source = mac_addr_of(key->dl_src, key->dl_vlan);
    mac_addr target = mac_addr_of(key->dl_dst, key->dl_vlan);
    enum stp_state state = stp_port_state(app->stp, dp, packet->in->in_port);
    const struct host *to;

    if (ctl_dp_get(dp, app) == NULL || mac_addr_is_link_local(target))
        return false;
    counters.packets++;
    if (state == STP_EDGE)
        hear(app, dp, packet->in->in_port, source);
    to = mac_addr_is_group(target) ? NULL : hosts_find(&app->hosts, target);
    if (to == NULL || hosts_find(&app->hosts, source) == NULL || !send_by_path(app, dp, packet, to))
        send_on(dp, packet, state != STP_BLOCKED);
    return true;
}

/* --- The app --------------------------------------------------------------------------------- */

static void *ways_create(struct ctl *ctl)
{
    struct stp *stp = stp_of(ctl, "ways");
    struct ways *app = stp != NULL ? calloc(1, sizeof *app) : NULL;
    if (app == NULL)
        return NULL;
    *app = (struct ways){.ctl = ctl, .stp = stp, .listener = {.changed = on_link, .user = app}};
    if (hosts_init(&app->hosts, MAX_HOSTS, entropy_u64()) != 0) {
        log_error("no memory");
        free(app);
        return NULL;
    }
    loop_work_init(&app->change, on_change, app);
    stp_let_blocked_pass(stp);
    discovery_listen(discovery_of(ctl, "ways"), &app->listener);
    counter_register(&counter_set);
    return app;
}

static void ways_destroy(void *self)
{
    struct ways *app = self;
    loop_work_cancel(&app->change);
    hosts_free(&app->hosts);
    free(app);
}

static void ways_join(void *self, struct ctl_dp *dp)
{
    struct list *all = malloc(sizeof *all);
    if (all == NULL) {
        log_error("no memory for a switch");
        ctl_dp_drop(dp);
        return;
    }
    list_init(all);
    ctl_dp_set(dp, self, all);
}

static void ways_leave(void *self, struct ctl_dp *dp)
{
    forget_hosts(self, dp, OFPP_NONE);
    free(ctl_dp_get(dp, self));
    ctl_dp_set(dp, self, NULL);
}

static void ways_forget(void *self, struct ctl_dp *dp, uint16_t port)
{
    forget_hosts(self, dp, port);
}

static void ways_port_status(void *self, struct ctl_dp *dp,
                             const struct ofp_msg_port_status *status)
{
    if (ctl_port_is_gone(status))
        forget_hosts(self, dp, be16_get(status->desc->port_no));
}

const struct ctl_app_type ways_app = {
    .name = "ways",
    .help = "Exercise 6: shortest paths between hosts, other ones when a cable is cut.",
    .create = ways_create,
    .destroy = ways_destroy,
    .join = ways_join,
    .leave = ways_leave,
    .packet_in = ways_packet_in,
    .port_status = ways_port_status,
    .forget = ways_forget,
};
