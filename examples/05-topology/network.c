/*
 * network.c - the app that exercise 5 is given; see network.h.
 *
 * controller/apps/discovery.c and stp.c do the same for any network, at any size.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/05-topology/network.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"

#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(network);

#define TICK        (500 * NS_PER_MS)
#define QUIET_TICKS 4  /* without a frame: the cable is gone; or there has never been one */
#define N_PORTS     64 /* of one switch that are looked at: numbers below */

struct port {
    bool up;
    bool open;          /* it floods */
    bool in_tree;       /* you took its cable */
    unsigned quiet;     /* ticks without an LLDP frame */
    struct place *from; /* whence frames come; NULL: none do */
    uint16_t from_port;
};

/* A switch. */
struct place {
    struct graph_node node;
    struct list link; /* in network->places */
    struct port port[N_PORTS];
};

struct network {
    struct ctl *ctl;
    struct graph graph;
    struct list places;
    struct timer tick;
    struct loop_work change; /* the tree is to be chosen anew */
    uint64_t secret;
};

static struct place *place_at(const struct list *it)
{
    return container_of(it, struct place, link);
}

/* --- Ports ----------------------------------------------------------------------------------- */

static bool is_edge(const struct port *p)
{
    return p->from == NULL && p->quiet >= QUIET_TICKS;
}

static bool may_flood(const struct port *p)
{
    return p->up && (p->in_tree || is_edge(p));
}

/* Section 5.3.3: the port's own address has to be said, and the mask names the one bit. */
static void set_open(struct place *place, uint16_t no, bool open)
{
    const struct ofp_phy_port *desc = ctl_dp_port(place->node.dp, no);
    struct ofp_msg msg = {.type = OFPT_PORT_MOD};
    if (desc == NULL)
        return;
    msg.port_mod = (struct ofp_msg_port_mod){
        .port_no = no, .config = open ? 0 : OFPPC_NO_FLOOD, .mask = OFPPC_NO_FLOOD};
    bytes_copy(msg.port_mod.hw_addr, desc->hw_addr, sizeof msg.port_mod.hw_addr);
    if (ctl_send(place->node.dp, &msg) == 0)
        place->port[no].open = open;
}

static void describe(struct network *net, struct place *place, const struct ofp_phy_port *desc)
{
    uint16_t no = be16_get(desc->port_no);
    if (no < N_PORTS && place->port[no].up != ctl_port_is_up(desc)) {
        place->port[no].up = ctl_port_is_up(desc);
        place->port[no].quiet = 0;
        loop_defer(&net->change);
    }
}

/* --- Cables ---------------------------------------------------------------------------------- */

static void set_link(struct network *net, struct place *to, uint16_t no, bool up)
{
    struct port *p = &to->port[no];
    log_info("%016" PRIx64 " port %u -> %016" PRIx64 " port %u is %s", p->from->node.dpid,
             p->from_port, to->node.dpid, no, up ? "up" : "down");
    if (graph_set_link(&net->graph, &p->from->node, p->from_port, &to->node, no, up) != 0)
        log_error("no memory for a cable");
    if (!up) {
        p->from = NULL;
        p->quiet = 0;
    }
    loop_defer(&net->change);
}

void network_heard(struct network *net, struct lldp_origin from, struct ctl_dp *dp, uint16_t no)
{
    struct ctl_dp *from_dp = ctl_find_dp(net->ctl, from.dpid);
    struct place *there = from_dp != NULL ? ctl_dp_get(from_dp, net) : NULL;
    struct place *here = ctl_dp_get(dp, net);
    struct port *p = here != NULL && no < N_PORTS ? &here->port[no] : NULL;

    if (there == NULL || p == NULL)
        return;
    p->quiet = 0;
    if (p->from == there && p->from_port == from.port)
        return;
    if (p->from != NULL)
        set_link(net, here, no, false);
    p->from = there;
    p->from_port = from.port;
    set_link(net, here, no, true);
}

/* No frame comes from there any more: from a switch, and from one of its ports or (N_PORTS) any. */
static void forget_links(struct network *net, const struct place *from, uint16_t from_port)
{
    struct list *it, *after;
    list_each(it, after, &net->places)
    {
        for (uint16_t no = 0; no < N_PORTS; no++) {
            const struct port *p = &place_at(it)->port[no];
            if (p->from == from && (from_port == N_PORTS || p->from_port == from_port))
                set_link(net, place_at(it), no, false);
        }
    }
}

/* --- The tree -------------------------------------------------------------------------------- */

void network_take(struct graph_node *n, const struct graph_arc *arc)
{
    struct place *one = container_of(n, struct place, node);
    struct place *other = container_of(arc->to, struct place, node);
    if (arc->port < N_PORTS && arc->to_port < N_PORTS)
        one->port[arc->port].in_tree = other->port[arc->to_port].in_tree = true;
}

static void close_ports(struct place *place)
{
    for (uint16_t no = 0; no < N_PORTS; no++)
        if (place->port[no].open && !may_flood(&place->port[no]))
            set_open(place, no, false);
}

static void open_ports(struct place *place)
{
    for (uint16_t no = 0; no < N_PORTS; no++)
        if (!place->port[no].open && may_flood(&place->port[no]))
            set_open(place, no, true);
}

static void on_change(void *user)
{
    struct network *net = user;
    struct list *it, *after;
    list_each(it, after, &net->places) for (uint16_t no = 0; no < N_PORTS; no++) place_at(it)
        ->port[no]
        .in_tree = false;
    choose_tree(&net->graph);
    list_each(it, after, &net->places)
    {
        close_ports(place_at(it));
        for (uint16_t no = 0; no < N_PORTS; no++)
            if (place_at(it)->port[no].up)
                ctl_forget(place_at(it)->node.dp, no);
    }
}

/* --- Time ------------------------------------------------------------------------------------ */

static void tick_port(struct network *net, struct place *place, uint16_t no)
{
    struct port *p = &place->port[no];
    if (!p->up)
        return;
    if (p->quiet < QUIET_TICKS)
        p->quiet++;
    if (p->from != NULL && p->quiet == QUIET_TICKS)
        set_link(net, place, no, false);
    send_lldp(place->node.dp, ctl_dp_port(place->node.dp, no), net->secret);
}

static void on_tick(void *user)
{
    struct network *net = user;
    struct list *it, *after;
    list_each(it, after, &net->places)
    {
        open_ports(place_at(it));
        for (uint16_t no = 0; no < N_PORTS; no++)
            tick_port(net, place_at(it), no);
    }
    loop_timer_arm(&net->tick, loop_now() + TICK);
}

/* --- The app --------------------------------------------------------------------------------- */

static void *network_create(struct ctl *ctl)
{
    struct network *net = calloc(1, sizeof *net);
    if (net == NULL)
        return NULL;
    net->ctl = ctl;
    net->secret = entropy_u64();
    graph_init(&net->graph);
    list_init(&net->places);
    loop_work_init(&net->change, on_change, net);
    timer_init(&net->tick, on_tick, net);
    loop_timer_arm(&net->tick, loop_now() + TICK);
    return net;
}

static void network_destroy(void *self)
{
    struct network *net = self;
    loop_work_cancel(&net->change);
    timer_cancel(&net->tick);
    graph_free(&net->graph);
    free(net);
}

/* Each port is closed until it is known what is behind it. */
static void network_join(void *self, struct ctl_dp *dp)
{
    struct network *net = self;
    struct place *place = calloc(1, sizeof *place);
    struct span rest = ctl_dp_features(dp)->ports;
    const struct ofp_phy_port *desc;

    if (place == NULL || graph_add(&net->graph, &place->node, dp) != 0) {
        log_error("no memory for a switch");
        free(place);
        ctl_dp_drop(dp);
        return;
    }
    list_append(&net->places, &place->link);
    ctl_dp_set(dp, net, place);
    while ((desc = ofp_next_port(&rest)) != NULL) {
        describe(net, place, desc);
        if (be16_get(desc->port_no) < N_PORTS)
            set_open(place, be16_get(desc->port_no), false);
    }
}

static void network_leave(void *self, struct ctl_dp *dp)
{
    struct network *net = self;
    struct place *place = ctl_dp_get(dp, net);
    if (place == NULL)
        return;
    forget_links(net, place, N_PORTS);
    for (uint16_t no = 0; no < N_PORTS; no++)
        if (place->port[no].from != NULL)
            set_link(net, place, no, false);
    list_remove(&place->link);
    graph_remove(&net->graph, &place->node);
    ctl_dp_set(dp, net, NULL);
    free(place);
}

static void network_port_status(void *self, struct ctl_dp *dp,
                                const struct ofp_msg_port_status *status)
{
    struct network *net = self;
    struct place *place = ctl_dp_get(dp, net);
    uint16_t no = be16_get(status->desc->port_no);
    if (place == NULL || no >= N_PORTS)
        return;
    if (ctl_port_is_gone(status)) {
        forget_links(net, place, no);
        if (place->port[no].from != NULL)
            set_link(net, place, no, false);
    }
    if (status->reason == OFPPR_DELETE)
        place->port[no] = (struct port){0};
    else
        describe(net, place, status->desc);
}

/* LLDP is for us. What comes in at a closed port is for nobody: it may be going in a circle. */
static bool network_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct network *net = self;
    struct place *place = ctl_dp_get(dp, net);
    uint16_t no = packet->in->in_port;

    if (place == NULL || no >= N_PORTS)
        return false;
    if (be16_get(packet->key.match.dl_type) == LLDP_TYPE)
        hear_lldp(net, dp, packet, net->secret);
    else if (place->port[no].open)
        return false;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, packet, span_of(NULL, 0));
    return true;
}

/* --- For who looks --------------------------------------------------------------------------- */

static void say_port(struct appctl_reply *reply, const struct place *place, uint16_t no)
{
    const struct port *p = &place->port[no];
    appctl_say(reply, "s%" PRIu64 " port %u: ", place->node.dpid, no);
    if (p->from != NULL)
        appctl_say(reply, "cable from s%" PRIu64 " port %u, %s\n", p->from->node.dpid, p->from_port,
                   p->in_tree ? "in the tree" : "not in the tree");
    else
        appctl_say(reply, "%s\n", is_edge(p) ? "hosts" : "not known yet");
}

static void show_ports(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct network *net = user;
    struct list *it, *after;
    (void)argc;
    (void)argv;
    list_each(it, after, &net->places) for (uint16_t no = 0; no < N_PORTS;
                                            no++) if (place_at(it)->port[no].up)
        say_port(reply, place_at(it), no);
}

static const struct appctl_command command_rows[] = {
    {"network", "", 0, 0, show_ports},
    {0},
};

const struct ctl_app_type network_app = {
    .name = "network",
    .help = "Exercise 5: find the cables between switches, flood on a spanning tree only.",
    .create = network_create,
    .destroy = network_destroy,
    .join = network_join,
    .leave = network_leave,
    .packet_in = network_packet_in,
    .port_status = network_port_status,
    .commands = command_rows,
};
