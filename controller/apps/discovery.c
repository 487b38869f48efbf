/*
 * discovery.c - the app that finds the links between switches; see discovery.h.
 *
 * A link lies in two lists: with the datapath that it leads to, by port, where each frame that
 * comes finds it again; and with the one that it comes from, so that it goes when that goes. Each
 * has a timer, put off by every frame. Each datapath sends by a timer of its own, so that a
 * thousand do not send at one time.
 *
 * The switch is told by a flow to hand up LLDP, whatever other flows it has.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/discovery.h"
#include "controller/apps/apps.h"
#include "controller/apps/lldp.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(discovery);

#define BUCKETS 64 /* of one datapath's incoming links, by port */

static struct {
    uint64_t interval, age, max;
} options = {.interval = 800 * NS_PER_MS, .age = 2500 * NS_PER_MS, .max = 65536};

static const struct config_option option_rows[] = {
    {"discovery-interval", CONFIG_DURATION, &options.interval, 10 * NS_PER_MS, 3600 * NS_PER_S,
     "TIME", "between two LLDP frames of a port"},
    {"discovery-age", CONFIG_DURATION, &options.age, 20 * NS_PER_MS, 7200 * NS_PER_S, "TIME",
     "links are given up after such a silence"},
    {"discovery-max", CONFIG_UINT, &options.max, 1, 1 << 24, "N", "links"},
    {0},
};

static struct {
    uint64_t sent, received, foreign, forged, unknown, links_up, links_down, refused;
} counters;

static const char *const counter_names[] = {
    "sent", "received", "foreign", "forged", "unknown", "links_up", "links_down", "refused",
};

static struct counter_set counter_set = {
    .module = "discovery",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct discovery {
    struct ctl *ctl;
    uint64_t interval, age, max, secret;
    size_t n_links;
    struct list nodes; /* of all datapaths */
    struct list listeners;
    bool foreign_passes;
    struct log_limit noise;
};

/* A datapath. */
struct node {
    struct list link; /* in discovery->nodes */
    struct discovery *discovery;
    struct ctl_dp *dp;
    struct timer send;
    struct list out;         /* links from here */
    struct list in[BUCKETS]; /* links to here */
};

struct edge {
    struct list in, out; /* in the lists of its two nodes */
    struct node *from, *to;
    uint16_t from_port, to_port;
    struct timer silence;
};

static struct node *node_of(const struct discovery *d, const struct ctl_dp *dp)
{
    return ctl_dp_get(dp, d);
}

static struct list *bucket(struct node *n, uint16_t port)
{
    return &n->in[port % BUCKETS];
}

/* --- Links come and go ----------------------------------------------------------------------- */

static struct discovery_link link_of(const struct edge *e)
{
    return (struct discovery_link){e->from->dp, e->to->dp, e->from_port, e->to_port};
}

static void tell(struct discovery *d, const struct discovery_link *link, bool up)
{
    struct list *l, *after;
    log_info("link %s: %016" PRIx64 " port %u -> %016" PRIx64 " port %u", up ? "up" : "down",
             ctl_dp_id(link->from), link->from_port, ctl_dp_id(link->to), link->to_port);
    list_each(l, after, &d->listeners)
    {
        struct discovery_listener *listener = container_of(l, struct discovery_listener, link);
        listener->changed(listener->user, link, up);
    }
}

static void edge_down(struct edge *e)
{
    struct discovery *d = e->to->discovery;
    struct discovery_link link = link_of(e);
    list_remove(&e->in);
    list_remove(&e->out);
    timer_cancel(&e->silence);
    free(e);
    d->n_links--;
    counters.links_down++;
    tell(d, &link, false);
}

static void on_silence(void *user)
{
    edge_down(user);
}

static struct edge *edge_find(struct node *to, uint16_t to_port, const struct node *from,
                              uint16_t from_port)
{
    struct list *l, *after;
    list_each(l, after, bucket(to, to_port))
    {
        struct edge *e = container_of(l, struct edge, in);
        if (e->to_port == to_port && e->from == from && e->from_port == from_port)
            return e;
    }
    return NULL;
}

static struct edge *edge_new(struct node *to, uint16_t to_port, struct node *from,
                             uint16_t from_port)
{
    struct discovery *d = to->discovery;
    struct edge *e = d->n_links < d->max ? malloc(sizeof *e) : NULL;
    if (e == NULL) {
        counters.refused++;
        log_warn_limited(&d->noise, "no room for a link more: %zu links", d->n_links);
        return NULL;
    }
    *e = (struct edge){.from = from, .to = to, .from_port = from_port, .to_port = to_port};
    timer_init(&e->silence, on_silence, e);
    list_append(bucket(to, to_port), &e->in);
    list_append(&from->out, &e->out);
    d->n_links++;
    counters.links_up++;
    return e;
}

static void send_frame(struct node *n, const struct ofp_phy_port *port);

/* A frame that left `from` has come in at `to`. The first is answered at once, so that the other
 * direction need not wait for its turn. */
static void heard(struct node *to, uint16_t to_port, struct node *from, uint16_t from_port)
{
    struct discovery *d = to->discovery;
    struct edge *e = edge_find(to, to_port, from, from_port);
    bool is_new = e == NULL;
    struct discovery_link link;

    if (is_new)
        e = edge_new(to, to_port, from, from_port);
    if (e == NULL)
        return;
    loop_timer_arm(&e->silence, loop_now() + d->age);
    link = link_of(e);
    if (!is_new)
        return;
    if (ctl_dp_port(to->dp, to_port) != NULL)
        send_frame(to, ctl_dp_port(to->dp, to_port));
    tell(d, &link, true);
}

/* A port is down: nothing leaves it, nothing comes in. */
static void port_down(struct node *n, uint16_t port)
{
    struct list *l, *after;
    list_each(l, after, bucket(n, port)) if (container_of(l, struct edge, in)->to_port == port)
        edge_down(container_of(l, struct edge, in));
    list_each(l, after, &n->out) if (container_of(l, struct edge, out)->from_port == port)
        edge_down(container_of(l, struct edge, out));
}

/* --- Sending --------------------------------------------------------------------------------- */

/* A port to which a cable may lead, and that is in use. */
static bool is_up(const struct ofp_phy_port *port)
{
    return be16_get(port->port_no) <= OFPP_MAX && ctl_port_is_up(port);
}

static void send_frame(struct node *n, const struct ofp_phy_port *port)
{
    struct discovery *d = n->discovery;
    uint8_t frame[LLDP_FRAME], area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    uint16_t port_no = be16_get(port->port_no);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT};

    lldp_write(frame, (struct lldp_origin){ctl_dp_id(n->dp), port_no}, port->hw_addr,
               (uint16_t)(d->age / NS_PER_S + 1), d->secret);
    ofp_put_output(&actions, port_no, 0);
    msg.packet_out = (struct ofp_msg_packet_out){
        .buffer_id = OFP_NO_BUFFER,
        .in_port = OFPP_NONE,
        .actions = span_of(area, actions.len),
        .data = span_of(frame, sizeof frame),
    };
    if (ctl_send(n->dp, &msg) == 0)
        counters.sent++;
}

static void on_send(void *user)
{
    struct node *n = user;
    struct span ports = ctl_dp_features(n->dp)->ports;
    const struct ofp_phy_port *port = (const void *)ports.data;
    for (size_t i = 0; i < ports.len / sizeof *port; i++)
        if (is_up(&port[i]))
            send_frame(n, &port[i]);
    loop_timer_arm(&n->send, loop_now() + n->discovery->interval);
}

/* LLDP goes to us, before any other flow. */
static void ask_for_lldp(struct ctl_dp *dp)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = ofp_match_any();
    struct ofp_msg_flow_mod flow = {
        .match = &match, .command = OFPFC_ADD, .priority = UINT16_MAX, .out_port = OFPP_NONE};

    match.wildcards = be32_of(OFPFW_ALL & ~OFPFW_DL_TYPE);
    match.dl_type = be16_of(LLDP_TYPE);
    ofp_put_output(&actions, OFPP_CONTROLLER, UINT16_MAX);
    flow.actions = span_of(area, actions.len);
    ctl_flow_mod(dp, &flow, NULL);
}

/* --- The app --------------------------------------------------------------------------------- */

static void *discovery_create(struct ctl *ctl)
{
    struct discovery *d;
    if (options.age <= options.interval) {
        log_error("--discovery-age must be longer than --discovery-interval");
        return NULL;
    }
    d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->ctl = ctl;
    d->interval = options.interval;
    d->age = options.age;
    d->max = options.max;
    d->secret = entropy_u64();
    list_init(&d->nodes);
    list_init(&d->listeners);
    counter_register(&counter_set);
    return d;
}

static void discovery_destroy(void *self)
{
    free(self);
}

static void discovery_join(void *self, struct ctl_dp *dp)
{
    struct discovery *d = self;
    struct node *n = malloc(sizeof *n);
    if (n == NULL) {
        log_error("no memory for a datapath");
        ctl_dp_drop(dp);
        return;
    }
    *n = (struct node){.discovery = d, .dp = dp};
    list_append(&d->nodes, &n->link);
    list_init(&n->out);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&n->in[i]);
    timer_init(&n->send, on_send, n);
    ctl_dp_set(dp, d, n);
    ask_for_lldp(dp);
    on_send(n);
}

static void discovery_leave(void *self, struct ctl_dp *dp)
{
    struct node *n = node_of(self, dp);
    struct list *l, *after;
    if (n == NULL)
        return;
    timer_cancel(&n->send);
    for (size_t i = 0; i < BUCKETS; i++)
        list_each(l, after, &n->in[i]) edge_down(container_of(l, struct edge, in));
    list_each(l, after, &n->out) edge_down(container_of(l, struct edge, out));
    list_remove(&n->link);
    ctl_dp_set(dp, self, NULL);
    free(n);
}

/* What came is not our own, or does not fit what we know. */
static bool is_ours(struct discovery *d, const struct ctl_dp *dp, const struct ctl_packet *packet,
                    struct lldp_origin *origin)
{
    switch (lldp_read(packet->in->data, d->secret, origin)) {
    case LLDP_OURS:
        return true;
    case LLDP_FORGED:
        if (d->foreign_passes) /* another controller's may look like ours */
            break;
        counters.forged++;
        log_warn_limited(&d->noise, "%016" PRIx64 " port %u: LLDP that claims to be ours",
                         ctl_dp_id(dp), packet->in->in_port);
        return false;
    case LLDP_FOREIGN:
        break;
    }
    counters.foreign++;
    return false;
}

/* All LLDP ends here, unless somebody wants what is not ours: no bridge forwards it. */
static bool discovery_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct discovery *d = self;
    struct lldp_origin origin;
    struct ctl_dp *from;

    if (be16_get(packet->key.match.dl_type) != LLDP_TYPE)
        return false;
    if (is_ours(d, dp, packet, &origin)) {
        counters.received++;
        from = ctl_find_dp(d->ctl, origin.dpid);
        if (from != NULL && node_of(d, from) != NULL && ctl_dp_port(from, origin.port) != NULL)
            heard(node_of(d, dp), packet->in->in_port, node_of(d, from), origin.port);
        else
            counters.unknown++;
    } else if (d->foreign_passes)
        return false;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, packet, span_of(NULL, 0));
    return true;
}

static void discovery_port_status(void *self, struct ctl_dp *dp,
                                  const struct ofp_msg_port_status *status)
{
    struct node *n = node_of(self, dp);
    uint16_t port = be16_get(status->desc->port_no);
    if (status->reason == OFPPR_DELETE || !is_up(status->desc))
        port_down(n, port);
    else
        send_frame(n, status->desc);
}

/* --- For operators --------------------------------------------------------------------------- */

static void say_link(void *user, const struct discovery_link *link)
{
    appctl_say(user, "%016" PRIx64 " %5u  %016" PRIx64 " %5u\n", ctl_dp_id(link->from),
               link->from_port, ctl_dp_id(link->to), link->to_port);
}

/* The links that come from one datapath, or all. */
static void show_links(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct discovery *d = user;
    const struct ctl_dp *from = NULL;
    uint64_t dpid;

    if (argc > 0 && !ctl_read_dpid(argv[0], &dpid)) {
        appctl_fail(reply, "\"%.40s\" is no datapath id", argv[0]);
        return;
    }
    if (argc > 0 && (from = ctl_find_dp(d->ctl, dpid)) == NULL) {
        appctl_fail(reply, "datapath %016" PRIx64 " has not joined", dpid);
        return;
    }
    appctl_narrow(reply, "say from which datapath");
    appctl_say(reply, "from              port  to                port\n");
    discovery_each(d, from, say_link, reply);
}

static const struct appctl_command command_rows[] = {
    {"links", "[DPID]", 0, 1, show_links},
    {0},
};

const struct ctl_app_type discovery_app = {
    .name = "discovery",
    .help = "find the links between switches by LLDP; first in the chain",
    .options = option_rows,
    .create = discovery_create,
    .destroy = discovery_destroy,
    .join = discovery_join,
    .leave = discovery_leave,
    .packet_in = discovery_packet_in,
    .port_status = discovery_port_status,
    .commands = command_rows,
};

/* --- For other apps -------------------------------------------------------------------------- */

struct discovery *discovery_of(struct ctl *ctl, const char *who)
{
    struct discovery *d = ctl_app(ctl, &discovery_app);
    if (d == NULL)
        log_error("%s needs --app=discovery before it", who);
    return d;
}

void discovery_listen(struct discovery *d, struct discovery_listener *listener)
{
    list_append(&d->listeners, &listener->link);
}

static void each_from(const struct node *n, void (*fn)(void *user, const struct discovery_link *),
                      void *user)
{
    struct list *l, *after;
    list_each(l, after, &n->out)
    {
        struct discovery_link link = link_of(container_of(l, struct edge, out));
        fn(user, &link);
    }
}

void discovery_each(const struct discovery *d, const struct ctl_dp *from,
                    void (*fn)(void *user, const struct discovery_link *link), void *user)
{
    struct list *l, *after;
    if (from != NULL) {
        if (node_of(d, from) != NULL)
            each_from(node_of(d, from), fn, user);
        return;
    }
    list_each(l, after, &d->nodes) each_from(container_of(l, struct node, link), fn, user);
}

bool discovery_is_link(const struct discovery *d, const struct ctl_dp *dp, uint16_t port)
{
    struct node *n = node_of(d, dp);
    struct list *l, *after;
    if (n == NULL)
        return false;
    list_each(l, after,
              bucket(n, port)) if (container_of(l, struct edge, in)->to_port == port) return true;
    return false;
}

void discovery_let_foreign_pass(struct discovery *d)
{
    d->foreign_passes = true;
}

uint64_t discovery_settle_time(const struct discovery *d)
{
    uint64_t settle = 2 * d->interval + 250 * NS_PER_MS;
    return settle < d->age ? settle : d->age;
}
