/*
 * router.c - the app `router`: datapaths that route IPv4 between the networks at their ports.
 *
 * What routers there are comes from --router-file (router_file.h says how lines look) and from
 * --router-line. It is read again on SIGHUP or by the command router/reload; then every router
 * begins anew, its neighbours and flows forgotten. A file with an error changes nothing.
 *
 * Packets on ports and VLANs of no interface are left to the apps behind. router.h says how the
 * parts work together.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/router.h"
#include "controller/apps/apps.h"
#include "controller/apps/line_file.h"
#include "openflow/action.h"
#include "openflow/parse.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/loop.h"

#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(router);

static struct {
    const char *file;
    struct config_list lines;
    uint64_t idle, age, neighbours, error_rate;
} options = {.idle = 60 * NS_PER_S, .age = 60 * NS_PER_S, .neighbours = 4096, .error_rate = 100};

#define SECONDS_MAX UINT16_MAX /* what a flow's time-out can say */

static const struct config_option option_rows[] = {
    {"router-file", CONFIG_STRING, &options.file, 0, 0, "PATH", "interfaces and routes"},
    {"router-line", CONFIG_LIST, &options.lines, 0, 0, "LINE",
     "an interface or a route, as in a line of the file"},
    {"router-idle", CONFIG_DURATION, &options.idle, NS_PER_S, SECONDS_MAX *NS_PER_S, "TIME",
     "flows end after such an idle time"},
    {"router-age", CONFIG_DURATION, &options.age, NS_PER_S, 3600 * NS_PER_S, "TIME",
     "a silent neighbour is asked again"},
    {"router-neighbours", CONFIG_UINT, &options.neighbours, 2, 1 << 20, "N",
     "neighbours of one router"},
    {"router-errors", CONFIG_UINT, &options.error_rate, 1, 1000000, "N",
     "ICMP errors a second that a router sends"},
    {0},
};

struct router_counters router_counters;

static const char *const counter_names[] = {
    "arp",
    "arp_bad",
    "arp_conflicts",
    "asked",
    "neighbours_refused",
    "unanswered",
    "bad_header",
    "martians",
    "not_for_us",
    "broadcasts",
    "source_routed",
    "bad_options",
    "flows",
    "by_hand",
    "waited",
    "dropped",
    "flows_refused",
    "cut",
    "too_long",
    "echoes",
    "fragments_for_us",
    "errors",
    "errors_withheld",
    "no_route",
    "ttl_ended",
    "redirects",
    "reloads",
    "bad_files",
};

_Static_assert(sizeof counter_names / sizeof counter_names[0] ==
                   sizeof router_counters / sizeof(uint64_t),
               "a name for each counter");

static struct counter_set counter_set = {
    .module = "router",
    .names = counter_names,
    .values = (const uint64_t *)&router_counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct router_app {
    struct ctl *ctl;
    struct router_set set;
    struct list routers;
    struct pkt_pool *pool; /* a packet, and a piece of it */
};

/* --- For the other files --------------------------------------------------------------------- */

bool router_is_own(const struct router *r, uint32_t address)
{
    for (unsigned i = 0; i < r->config->n_interfaces; i++)
        if (router_interface(r, i)->address == address)
            return true;
    return false;
}

static bool is_up(const struct router *r, uint16_t port)
{
    const struct ofp_phy_port *p = ctl_dp_port(r->dp, port);
    return p != NULL && ctl_port_is_up(p);
}

void router_emit(struct router *r, unsigned interface, uint16_t port,
                 const uint8_t dst[OFP_ETH_ALEN], uint16_t type, size_t len)
{
    const struct router_interface *i = router_interface(r, interface);
    uint8_t area[(ROUTER_PORTS + 1) * sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct hdr_eth *eth = (struct hdr_eth *)r->frame;
    struct ofp_msg out = {.type = OFPT_PACKET_OUT};
    bytes_copy(eth->dst, dst, sizeof eth->dst);
    bytes_copy(eth->src, i->mac, sizeof eth->src);
    eth->type = be16_of(type);
    if (i->vlan != 0)
        ofp_put_set_vlan_vid(&actions, i->vlan);
    for (size_t p = 0; p < i->n_ports; p++)
        if ((port == OFPP_ALL || port == i->port[p]) && is_up(r, i->port[p]))
            ofp_put_output(&actions, i->port[p], 0);
    out.packet_out = (struct ofp_msg_packet_out){.buffer_id = OFP_NO_BUFFER,
                                                 .in_port = OFPP_NONE,
                                                 .actions = span_of(area, actions.len),
                                                 .data = span_of(r->frame, sizeof *eth + len)};
    ctl_send(r->dp, &out);
}

/* --- Routers --------------------------------------------------------------------------------- */

/* RFC 1812 section 5.2.4: the routes of an interface that is down are not there. */
static void look_at_ports(struct router *r)
{
    bool up[ROUTER_INTERFACES] = {false};
    for (unsigned i = 0; i < r->config->n_interfaces; i++)
        for (size_t p = 0; p < router_interface(r, i)->n_ports; p++)
            up[i] |= is_up(r, router_interface(r, i)->port[p]);
    for (size_t i = 0; i < r->config->n_routes; i++)
        r->route[i].usable = up[r->route[i].interface];
}

static void take_config(struct router *r, const struct router_config *config)
{
    r->config = config;
    bytes_copy(r->route, config->route, config->n_routes * sizeof r->route[0]);
    look_at_ports(r);
}

static void neighbour_left(void *user, const struct neighbour *n)
{
    router_flows_forget(user, n->port);
}

static const struct neighbours_owner neighbours_owner = {
    .ask = router_arp_ask,
    .found = router_ip_found,
    .failed = router_ip_failed,
    .left = neighbour_left,
};

/* Whether it has taken the flag: one that does not know it leaves it out (section 5.3.2). */
static void config_told(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct router *r = user;
    r->in_switch = error == 0 && (reply->config.flags & OFPC_INVALID_TTL_TO_CONTROLLER) != 0;
    if (error == 0 && !r->in_switch)
        log_warn("datapath %016" PRIx64 ": the switch cannot decrement a TTL and tell of its end: "
                 "all its packets are forwarded by the controller",
                 ctl_dp_id(dp));
}

/* Whole packets, and those whose TTL ends. */
static void configure_switch(struct router *r)
{
    const struct ofp_msg ask = {.type = OFPT_GET_CONFIG_REQUEST};
    const struct ofp_msg set = {
        .type = OFPT_SET_CONFIG,
        .config = {.flags = OFPC_FRAG_NORMAL | OFPC_INVALID_TTL_TO_CONTROLLER,
                   .miss_send_len = UINT16_MAX},
    };
    ctl_send(r->dp, &set);
    ctl_request(r->dp, &ask, config_told, r);
}

static void begin(struct router_app *app, struct ctl_dp *dp)
{
    const struct router_config *config = router_set_find(&app->set, ctl_dp_id(dp));
    struct router *r = config != NULL ? calloc(1, sizeof *r) : NULL;
    if (config != NULL && r == NULL)
        log_error("datapath %016" PRIx64 ": no memory, it is no router", ctl_dp_id(dp));
    if (r == NULL)
        return;
    r->dp = dp;
    r->pool = app->pool;
    r->idle = options.idle;
    r->error_rate = options.error_rate;
    neighbours_init(&r->neighbours, &neighbours_owner, r, options.neighbours, options.age,
                    entropy_u64());
    list_append(&app->routers, &r->link);
    ctl_dp_set(dp, app, r);
    take_config(r, config);
    configure_switch(r);
    for (size_t i = 0; i < config->n_interfaces; i++)
        router_flows_begin(r, &config->interface[i]);
    log_info("datapath %016" PRIx64 " routes between %zu networks", ctl_dp_id(dp),
             config->n_interfaces);
}

static void end(struct router_app *app, struct router *r)
{
    ctl_cancel_requests(r->dp, r);
    neighbours_clear(&r->neighbours);
    list_remove(&r->link);
    ctl_dp_set(r->dp, app, NULL);
    free(r);
}

static void router_join(void *self, struct ctl_dp *dp)
{
    begin(self, dp);
}

static void router_leave(void *self, struct ctl_dp *dp)
{
    struct router *r = ctl_dp_get(dp, self);
    if (r != NULL)
        end(self, r);
}

static void router_port_status(void *self, struct ctl_dp *dp,
                               const struct ofp_msg_port_status *status)
{
    struct router *r = ctl_dp_get(dp, self);
    if (r == NULL)
        return;
    look_at_ports(r);
    if (ctl_port_is_gone(status))
        neighbours_forget_port(&r->neighbours, be16_get(status->desc->port_no));
}

/* An action that the switch refuses, as OpenFlow 1.0 lets it, is Nicira's. */
static void router_error(void *self, struct ctl_dp *dp, uint32_t xid,
                         const struct ofp_msg_error *error)
{
    struct router *r = ctl_dp_get(dp, self);
    (void)xid;
    if (r == NULL || (error->type != OFPET_BAD_ACTION && error->type != OFPET_FLOW_MOD_FAILED))
        return;
    router_counters.flows_refused++;
    if (error->type == OFPET_BAD_ACTION && r->in_switch) {
        r->in_switch = false;
        log_warn("datapath %016" PRIx64 ": the switch does not know dec_ttl: all its packets are "
                 "forwarded by the controller",
                 ctl_dp_id(dp));
    }
}

/* --- Packets --------------------------------------------------------------------------------- */

/* The interface that a frame came in by. */
static bool find_interface(const struct router *r, const struct ofp_match *key, unsigned *interface)
{
    for (unsigned i = 0; i < r->config->n_interfaces; i++) {
        const struct router_interface *at = router_interface(r, i);
        if (be16_get(key->dl_vlan) != (at->vlan != 0 ? at->vlan : OFP_VLAN_NONE))
            continue;
        for (size_t p = 0; p < at->n_ports; p++)
            if (at->port[p] == be16_get(key->in_port)) {
                *interface = i;
                return true;
            }
    }
    return false;
}

/* Behind the Ethernet header and the tag; its EtherType in *type. A SNAP header is not looked into:
 * IPv4 on Ethernet has none (RFC 894). */
static struct span find_payload(struct span frame, uint16_t *type)
{
    const struct hdr_eth *eth = span_take(&frame, sizeof *eth);
    const struct hdr_vlan *tag;
    *type = eth != NULL ? be16_get(eth->type) : 0;
    if (*type == HDR_ETH_VLAN) {
        tag = span_take(&frame, sizeof *tag);
        *type = tag != NULL ? be16_get(tag->type) : 0;
    }
    return frame;
}

/* What we have dealt with ourselves lies in the switch's buffer no longer. */
static void release(struct ctl_dp *dp, const struct router_arrival *a)
{
    if (!a->sent && a->packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, a->packet, span_of(NULL, 0));
}

static bool router_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct router *r = ctl_dp_get(dp, self);
    struct router_arrival a = {.packet = packet};
    uint16_t type;
    if (r == NULL || !find_interface(r, &packet->key.match, &a.interface))
        return false;
    a.payload = find_payload(packet->in->data, &type);
    if (type == HDR_ETH_ARP)
        router_arp_input(r, &a);
    else if (type == HDR_ETH_IPV4)
        router_ip_input(r, &a);
    release(dp, &a);
    return true;
}

/* --- Reading --------------------------------------------------------------------------------- */

static bool read_all(struct router_set *set)
{
    const struct line_source from = {options.file, "--router-line", &options.lines};
    char error[OFP_PARSE_ERROR];
    const char *wrong;
    unsigned line;
    if (!lines_read(&from, router_set_add, set))
        return false;
    wrong = router_set_close(set, &line, error);
    if (wrong != NULL)
        log_error("%s:%u: %s", options.file != NULL ? options.file : "--router-line", line, wrong);
    return wrong == NULL;
}

/* The number of an interface in another config; -1: it is not there as it is. */
static int find_same(const struct router_config *c, const struct router_interface *i)
{
    for (size_t n = 0; n < c->n_interfaces; n++)
        if (router_interface_equal(&c->interface[n], i))
            return (int)n;
    return -1;
}

/* Flows that sort what comes in stay where they are right; those that forward are laid anew by the
 * packets that come, which meanwhile go through the controller. */
static void change_flows(struct router *r, const struct router_config *config)
{
    const struct router_config *old = r->config;
    router_flows_forget_all(r);
    for (size_t i = 0; i < old->n_interfaces; i++)
        if (find_same(config, &old->interface[i]) < 0)
            router_flows_end(r, &old->interface[i]);
    for (size_t i = 0; i < config->n_interfaces; i++)
        if (find_same(old, &config->interface[i]) < 0)
            router_flows_begin(r, &config->interface[i]);
}

static void change(struct router *r, const struct router_config *config)
{
    int to[ROUTER_INTERFACES];
    if (!router_config_equal(r->config, config)) {
        change_flows(r, config);
        for (unsigned i = 0; i < r->config->n_interfaces; i++)
            to[i] = find_same(config, router_interface(r, i));
        neighbours_renumber(&r->neighbours, to);
        log_info("datapath %016" PRIx64 " routes between %zu networks", ctl_dp_id(r->dp),
                 config->n_interfaces);
    }
    take_config(r, config);
}

/* What this datapath is from now on: the router that it was, another one, or none. */
static void follow(void *user, struct ctl_dp *dp)
{
    struct router_app *app = user;
    struct router *r = ctl_dp_get(dp, app);
    const struct router_config *config = router_set_find(&app->set, ctl_dp_id(dp));
    if (r == NULL) {
        begin(app, dp);
    } else if (config != NULL) {
        change(r, config);
    } else {
        for (unsigned i = 0; i < r->config->n_interfaces; i++)
            router_flows_end(r, router_interface(r, i));
        end(app, r);
    }
}

/* Returns whether the file was good. */
static bool reload(struct router_app *app)
{
    struct router_set new = {0}, old = app->set;
    router_counters.reloads++;
    if (!read_all(&new)) {
        router_counters.bad_files++;
        log_error("the routers stay as they were: mend the lines above and reload");
        router_set_free(&new);
        return false;
    }
    app->set = new;
    ctl_each_dp(app->ctl, follow, app);
    router_set_free(&old);
    return true;
}

static void router_reload(void *self)
{
    reload(self);
}

/* --- For operators --------------------------------------------------------------------------- */

static void reload_command(void *user, struct appctl_reply *reply, size_t argc,
                           const char *const *argv)
{
    const struct router_app *app = user;
    (void)argc;
    (void)argv;
    if (reload(user))
        appctl_say(reply, "%zu routers\n", app->set.n);
    else
        appctl_fail(reply, "the routers stay as they were: the log says which lines are wrong");
}

#define QUAD       "%u.%u.%u.%u"
#define QUAD_OF(a) (a) >> 24, (a) >> 16 & 255, (a) >> 8 & 255, (a)&255

struct reply {
    struct appctl_reply *to;
    const struct router *router;
};

static bool say_neighbour(void *user, const struct neighbour *n)
{
    const struct reply *r = user;
    appctl_say(r->to, "%016" PRIx64 "  " QUAD, ctl_dp_id(r->router->dp), QUAD_OF(n->address));
    if (n->known)
        appctl_say(r->to, "  %02x:%02x:%02x:%02x:%02x:%02x  %u\n", n->mac[0], n->mac[1], n->mac[2],
                   n->mac[3], n->mac[4], n->mac[5], n->port);
    else
        appctl_say(r->to, "  asked\n");
    return !appctl_full(r->to);
}

static void say_neighbours(struct appctl_reply *to, const struct router *router)
{
    struct reply r = {to, router};
    neighbours_each(&router->neighbours, say_neighbour, &r);
}

static void say_routes(struct appctl_reply *to, const struct router *router)
{
    for (size_t i = 0; i < router->config->n_routes && !appctl_full(to); i++) {
        const struct forward_route *r = &router->route[i];
        appctl_say(to, "%016" PRIx64 "  " QUAD "/%u", ctl_dp_id(router->dp), QUAD_OF(r->network),
                   r->prefix);
        if (r->gateway != 0)
            appctl_say(to, "  via " QUAD, QUAD_OF(r->gateway));
        else
            appctl_say(to, "  at port %u", router_interface(router, r->interface)->port[0]);
        appctl_say(to, "%s\n", r->usable ? "" : "  down");
    }
}

/* Of one router, or of all. */
static void show(const struct router_app *app, struct appctl_reply *reply, size_t argc,
                 const char *const *argv,
                 void (*say)(struct appctl_reply *to, const struct router *router))
{
    const struct list *it;
    uint64_t dpid = 0;
    if (argc > 0 && !ctl_read_dpid(argv[0], &dpid)) {
        appctl_fail(reply, "\"%.40s\" is no datapath id", argv[0]);
        return;
    }
    appctl_narrow(reply, "say which datapath");
    for (it = app->routers.next; it != &app->routers; it = it->next) {
        const struct router *r = container_of(it, struct router, link);
        if (argc == 0 || ctl_dp_id(r->dp) == dpid)
            say(reply, r);
    }
}

static void show_neighbours(void *user, struct appctl_reply *reply, size_t argc,
                            const char *const *argv)
{
    appctl_say(reply, "datapath          neighbour, MAC, port\n");
    show(user, reply, argc, argv, say_neighbours);
}

static void show_routes(void *user, struct appctl_reply *reply, size_t argc,
                        const char *const *argv)
{
    appctl_say(reply, "datapath          route\n");
    show(user, reply, argc, argv, say_routes);
}

static const struct appctl_command command_rows[] = {
    {"router/neighbours", "[DPID]", 0, 1, show_neighbours},
    {"router/reload", "", 0, 0, reload_command},
    {"router/routes", "[DPID]", 0, 1, show_routes},
    {0},
};

/* --- The app --------------------------------------------------------------------------------- */

static void router_destroy(void *self)
{
    struct router_app *app = self;
    router_set_free(&app->set);
    pkt_pool_free(app->pool);
    free(app);
}

static void *router_create(struct ctl *ctl)
{
    struct router_app *app = calloc(1, sizeof *app);
    if (app == NULL)
        return NULL;
    app->ctl = ctl;
    list_init(&app->routers);
    if (options.file == NULL && options.lines.n == 0)
        log_warn("no routers: say --router-file=PATH or --router-line=LINE");
    app->pool = pkt_pool_new(2, PKT_LARGE, NULL);
    if (app->pool == NULL || !read_all(&app->set)) {
        router_destroy(app);
        return NULL;
    }
    counter_register(&counter_set);
    return app;
}

const struct ctl_app_type router_app = {
    .name = "router",
    .help = "route IPv4 between the networks at a switch's ports",
    .options = option_rows,
    .create = router_create,
    .destroy = router_destroy,
    .join = router_join,
    .leave = router_leave,
    .packet_in = router_packet_in,
    .port_status = router_port_status,
    .error = router_error,
    .reload = router_reload,
    .commands = command_rows,
};
