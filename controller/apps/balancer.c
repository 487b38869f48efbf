/*
 * balancer.c - the app `balancer`: one address, behind which several servers share the work.
 *
 * The address is nobody's but ours: we answer ARP for it, with a MAC address that no host has. So
 * what clients send to it comes to this app, on every switch, or on the one that --balancer-dpid
 * names (then other switches bring it there, as to any host). The first packet of a connection
 * chooses a server, and two flows do the rest in the switch: on the way there the server's
 * addresses are written in the place of ours, and on the way back ours in that of the server's
 * (balancing.h).
 *
 * Both flows time out when they are idle, and tell us; a connection that has none any more is still
 * known for as long again (connections.h), and the server that it was at is its own until it is
 * forgotten, whatever servers come or go. When a server goes its connections are ended: their next
 * packets go to another one, which says that it knows nothing of them, and the client tries anew.
 * What the one that went still says of them is dropped: an app after us would lay an exact flow for
 * it, and that goes before ours (section 3.4) when the same client is sent to that server again.
 * Flows that a switch has from before it joined are left there, as they are right.
 *
 * These flows go before the firewall's rules, which have judged the first packet.
 *
 * What this cannot do: frames with a VLAN tag are not ours. Fragments have no ports (section 3.4),
 * and so go to a server of their own, unless the source alone decides.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/arp.h"
#include "controller/apps/connections.h"
#include "controller/apps/rules.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "openflow/scan.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/mac_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(balancer);

static struct {
    const char *address, *mac, *service, *pick, *dpid;
    struct config_list servers;
    uint64_t idle, check, max;
} options = {.mac = "02:4d:6f:72:67:61",
             .pick = "hash",
             .idle = 60 * NS_PER_S,
             .check = 2 * NS_PER_S,
             .max = 65536};

static const struct config_option option_rows[] = {
    {"balancer-address", CONFIG_STRING, &options.address, 0, 0, "IP",
     "that the servers are behind"},
    {"balancer-mac", CONFIG_STRING, &options.mac, 0, 0, "MAC", "of that address"},
    {"balancer-service", CONFIG_STRING, &options.service, 0, 0, "PROTO:PORT",
     "tcp:80, udp:53; else all of IP"},
    {"balancer-server", CONFIG_LIST, &options.servers, 0, 0, "IP", "a server"},
    {"balancer-pick", CONFIG_STRING, &options.pick, 0, 0, "HOW", "hash, source, round-robin"},
    {"balancer-dpid", CONFIG_STRING, &options.dpid, 0, 0, "DPID", "on this switch only"},
    {"balancer-idle", CONFIG_DURATION, &options.idle, NS_PER_S, UINT16_MAX *NS_PER_S, "TIME",
     "flows end after such an idle time"},
    {"balancer-check", CONFIG_DURATION, &options.check, 100 * NS_PER_MS, 3600 * NS_PER_S, "TIME",
     "between two questions whether a server is there"},
    {"balancer-max", CONFIG_UINT, &options.max, 1, 1 << 24, "N", "connections of one switch"},
    {0},
};

static struct {
    uint64_t arp_answered, servers_came, servers_gone, servers_moved;
    uint64_t connections, laid_again, evicted, nobody_there, not_served;
} counters;

static const char *const counter_names[] = {
    "arp_answered", "servers_came", "servers_gone", "servers_moved", "connections",
    "laid_again",   "evicted",      "nobody_there", "not_served",
};

static struct counter_set counter_set = {
    .module = "balancer",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct balancer {
    struct balanced us;
    uint8_t proto; /* 0: all of IP */
    uint16_t port;
    enum server_pick pick;
    bool everywhere;
    uint64_t dpid; /* else */
    uint64_t idle, check;
    size_t max;
    struct servers configured;
    struct list sites;
    struct timer timer;
};

/* A switch on which the address is. */
struct site {
    struct list link; /* in balancer->sites */
    struct ctl_dp *dp;
    struct servers servers;
    struct connections connections;
};

#define FLOW_PRIORITY (RULE_PRIORITY + 10)
#define FLOW_COOKIE   0x62616c6100000000u /* and CONNECTION_THERE or CONNECTION_BACK */
#define REFUSE_IDLE   10                  /* seconds */

/* --- Options --------------------------------------------------------------------------------- */

static bool read_address(const char *text, uint32_t *address)
{
    uint64_t n;
    if (text == NULL || !ofp_scan_value(ofp_word_of(text), SCAN_IPV4, UINT32_MAX, &n) || n == 0)
        return false;
    *address = (uint32_t)n;
    return true;
}

static bool read_mac(const char *text, uint8_t mac[OFP_ETH_ALEN])
{
    uint64_t n;
    if (!ofp_scan_value(ofp_word_of(text), SCAN_MAC, UINT64_MAX, &n))
        return false;
    for (int i = 0; i < OFP_ETH_ALEN; i++)
        mac[i] = (uint8_t)(n >> (8 * (OFP_ETH_ALEN - 1 - i)));
    return n != 0 && (mac[0] & 1) == 0;
}

static bool read_service(const char *text, struct balancer *app)
{
    struct word proto, port;
    uint64_t n;
    if (text == NULL)
        return true;
    if (!ofp_word_split(ofp_word_of(text), ":", &proto, &port) ||
        !ofp_scan_number(port, UINT16_MAX, &n) || n == 0)
        return false;
    app->port = (uint16_t)n;
    app->proto = ofp_word_is(proto, "tcp") ? HDR_IP_TCP : HDR_IP_UDP;
    return app->proto == HDR_IP_TCP || ofp_word_is(proto, "udp");
}

/* NULL, or what to do. */
static const char *read_servers(struct balancer *app)
{
    struct servers *s = &app->configured;
    for (size_t i = 0; i < options.servers.n; i++) {
        uint32_t *address = &s->server[s->n].address;
        if (!read_address(options.servers.value[i], address) || *address == app->us.address)
            return "--balancer-server wants the IP address of a server";
        if (servers_find(s, *address) >= 0)
            return "--balancer-server names one of them twice";
        s->n++;
    }
    return s->n > 0 ? NULL : "say at least one --balancer-server=IP";
}

_Static_assert(SERVERS_MAX >= CONFIG_LIST_MAX, "as many servers as the option can name");

static const char *read_options(struct balancer *app)
{
    if (!read_address(options.address, &app->us.address))
        return "say --balancer-address=IP, an address that no host has";
    if (!read_mac(options.mac, app->us.mac))
        return "--balancer-mac wants the MAC address of one host, as in 02:00:00:00:00:01";
    if (!read_service(options.service, app))
        return "--balancer-service wants tcp:PORT or udp:PORT";
    if (!server_pick_of(options.pick, &app->pick))
        return "--balancer-pick wants hash, source or round-robin";
    app->everywhere = options.dpid == NULL;
    if (!app->everywhere && !ctl_read_dpid(options.dpid, &app->dpid))
        return "--balancer-dpid wants 1 to 16 hexadecimal digits";
    return read_servers(app);
}

/* --- Frames of ours -------------------------------------------------------------------------- */

static void send_arp(const struct site *s, const struct arp *arp, uint16_t port)
{
    uint8_t frame[ARP_FRAME], area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT,
                          .packet_out = {.buffer_id = OFP_NO_BUFFER, .in_port = OFPP_NONE}};
    arp_write(frame, arp);
    ofp_put_output(&actions, port, 0);
    msg.packet_out.actions = span_of(area, actions.len);
    msg.packet_out.data = span_of(frame, sizeof frame);
    ctl_send(s->dp, &msg);
}

/* An answer, or a question, in the name of our address. */
static void say_arp(const struct balancer *app, const struct site *s, struct arp arp, uint16_t port)
{
    arp.address = app->us.address;
    bytes_copy(arp.mac, app->us.mac, sizeof arp.mac);
    send_arp(s, &arp, port);
}

/* --- Flows ----------------------------------------------------------------------------------- */

/* What is wild in a connection's flows. */
static struct ofp_match wide(const struct ofp_key *key)
{
    struct ofp_match match = key->match;
    uint32_t wild = OFPFW_NW_TOS | OFPFW_DL_VLAN_PCP;
    if (match.nw_proto == HDR_IP_ICMP) /* its type and code differ on the way back */
        wild |= OFPFW_TP_SRC | OFPFW_TP_DST;
    match.wildcards = be32_of(wild);
    return match;
}

/* Out of the port that it came in by it goes only if that is said (section 5.2.4). */
static void put_port(struct buf *actions, const struct ofp_match *match, uint16_t port)
{
    ofp_put_output(actions, port == be16_get(match->in_port) ? OFPP_IN_PORT : port, 0);
}

static void lay(const struct balancer *app, const struct site *s, const struct ofp_match *match,
                unsigned which, const struct buf *actions, const struct ctl_packet *packet)
{
    struct ofp_msg_flow_mod flow = {
        .match = match,
        .cookie = FLOW_COOKIE | which,
        .command = OFPFC_ADD,
        .idle_timeout = (uint16_t)(app->idle / NS_PER_S),
        .priority = FLOW_PRIORITY,
        .out_port = OFPP_NONE,
        .flags = OFPFF_SEND_FLOW_REM,
        .actions = span_of(actions->data, actions->len),
    };
    ctl_flow_mod(s->dp, &flow, packet);
}

/* False: it cannot be done, and the packet has not been sent. */
static bool lay_there(const struct balancer *app, const struct site *s, const struct connection *c,
                      const struct ctl_packet *packet)
{
    const struct backend *server = &s->servers.server[c->server];
    struct ofp_match match = wide(&c->key);
    uint8_t area[64];
    struct buf actions = buf_of(area, sizeof area);
    if (!balance_there(&actions, server))
        return false;
    put_port(&actions, &match, server->port);
    lay(app, s, &match, CONNECTION_THERE, &actions, packet);
    return true;
}

static bool lay_back(const struct balancer *app, const struct site *s, const struct connection *c,
                     const struct ctl_packet *packet)
{
    const struct backend *server = &s->servers.server[c->server];
    struct ofp_match match = wide(&c->key);
    uint8_t area[64];
    struct buf actions = buf_of(area, sizeof area);
    if (!balance_back(&match, &actions, server, &app->us))
        return false;
    put_port(&actions, &match, be16_get(c->key.match.in_port));
    lay(app, s, &match, CONNECTION_BACK, &actions, packet);
    return true;
}

/* Those that lead to a server, and from it. Where several are at a port, the others' flows there go
 * as well, and are laid again. */
static void delete_flows_of(const struct balancer *app, const struct site *s,
                            const struct backend *server)
{
    struct ofp_match match = ofp_match_any();
    struct ofp_msg_flow_mod flow = {
        .match = &match, .command = OFPFC_DELETE, .out_port = server->port};
    uint32_t ip = be32_get(match.wildcards) & ~(uint32_t)OFPFW_DL_TYPE;
    match.dl_type = be16_of(HDR_ETH_IPV4);
    match.nw_dst = be32_of(app->us.address);
    match.wildcards = be32_of(ip & ~(uint32_t)OFPFW_NW_DST_MASK);
    ctl_flow_mod(s->dp, &flow, NULL);
    match.nw_dst = be32_of(0);
    match.nw_src = be32_of(server->address);
    match.wildcards = be32_of(ip & ~(uint32_t)OFPFW_NW_SRC_MASK);
    flow.out_port = OFPP_NONE;
    ctl_flow_mod(s->dp, &flow, NULL);
}

/* --- Servers that come and go ---------------------------------------------------------------- */

#define ADDRESS      "%u.%u.%u.%u"
#define BYTES_OF(ip) (ip) >> 24, (ip) >> 16 & 0xff, (ip) >> 8 & 0xff, (ip)&0xff

static void server_gone(const struct balancer *app, struct site *s, unsigned number)
{
    struct backend *server = &s->servers.server[number];
    counters.servers_gone++;
    log_warn("datapath %016" PRIx64 ": server " ADDRESS " is gone, and %zu connections",
             ctl_dp_id(s->dp), BYTES_OF(server->address), s->connections.at[number]);
    server->is_there = false;
    delete_flows_of(app, s, server);
    connections_lose_server(&s->connections, number, loop_now());
}

static void hear_server(const struct balancer *app, struct site *s, unsigned number,
                        const struct arp *arp, uint16_t port)
{
    struct backend *server = &s->servers.server[number];
    const struct backend before = *server;
    switch (server_heard(server, arp->mac, port)) {
    case SERVER_AS_BEFORE:
        break;
    case SERVER_CAME:
        counters.servers_came++;
        log_info("datapath %016" PRIx64 ": server " ADDRESS " is at port %u", ctl_dp_id(s->dp),
                 BYTES_OF(server->address), port);
        break;
    case SERVER_MOVED:
        counters.servers_moved++;
        delete_flows_of(app, s, &before);
        break;
    }
}

/* Who is there is asked where it is, who is not everywhere. */
static void ask_servers(const struct balancer *app, struct site *s)
{
    for (unsigned i = 0; i < s->servers.n; i++) {
        struct backend *server = &s->servers.server[i];
        struct arp arp = {.opcode = ARP_REQUEST, .to_address = server->address};
        if (server_asked(server))
            server_gone(app, s, i);
        say_arp(app, s, arp, server->is_there ? server->port : OFPP_FLOOD);
    }
}

/* Other switches are behind the port now: its servers may be behind another, and say so. Who does
 * not is found out as ever. */
static void find_servers_of_port(const struct balancer *app, struct site *s, uint16_t port)
{
    for (unsigned i = 0; i < s->servers.n; i++) {
        const struct backend *server = &s->servers.server[i];
        struct arp arp = {.opcode = ARP_REQUEST, .to_address = server->address};
        if (server->is_there && server->port == port)
            say_arp(app, s, arp, OFPP_FLOOD);
    }
}

static void servers_at_port_gone(const struct balancer *app, struct site *s, uint16_t port)
{
    for (unsigned i = 0; i < s->servers.n; i++)
        if (s->servers.server[i].is_there && s->servers.server[i].port == port)
            server_gone(app, s, i);
}

/* --- Packets --------------------------------------------------------------------------------- */

/* Our address is asked for, or a server answers us. What is neither is not ours. */
static bool arp_input(const struct balancer *app, struct site *s, const struct ctl_packet *packet)
{
    struct arp arp;
    int number;
    if (!arp_read(packet->in->data, &arp) || arp.to_address != app->us.address)
        return false;
    number = servers_find(&s->servers, arp.address);
    if (arp.opcode == ARP_REPLY && number >= 0)
        hear_server(app, s, (unsigned)number, &arp, packet->in->in_port);
    if (arp.opcode == ARP_REQUEST) {
        struct arp answer = {.opcode = ARP_REPLY, .to_address = arp.address};
        bytes_copy(answer.to_mac, arp.mac, sizeof answer.to_mac);
        counters.arp_answered++;
        say_arp(app, s, answer, packet->in->in_port);
    }
    return true;
}

static struct connection_id id_of(const struct ofp_match *m, bool back)
{
    bool ports = m->nw_proto != HDR_IP_ICMP;
    struct connection_id id = {.client = back ? m->nw_dst : m->nw_src, .proto = m->nw_proto};
    if (ports) {
        id.client_port = back ? m->tp_dst : m->tp_src;
        id.service_port = back ? m->tp_src : m->tp_dst;
    }
    return id;
}

static void drop(const struct site *s, const struct ctl_packet *packet)
{
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(s->dp, packet, span_of(NULL, 0));
}

/* What nobody serves ends in the switch for a while. */
static void refuse(const struct site *s, const struct ctl_packet *packet)
{
    struct ofp_msg_flow_mod flow = {.match = &packet->key.match,
                                    .command = OFPFC_ADD,
                                    .idle_timeout = REFUSE_IDLE,
                                    .priority = FLOW_PRIORITY,
                                    .out_port = OFPP_NONE};
    counters.not_served++;
    ctl_flow_mod(s->dp, &flow, packet);
}

/* A new one, or what it was before it was `lost`. NULL: no server can take it. */
static struct connection *new_connection(const struct balancer *app, struct site *s,
                                         const struct connection_id *id, struct connection *lost)
{
    int number = balance_choose(&s->servers, app->pick, id);
    struct connection *c;
    if (number < 0) {
        counters.nobody_there++;
        return NULL;
    }
    s->servers.server[number].chosen++;
    counters.connections++;
    if (lost != NULL) {
        connections_move(&s->connections, lost, (unsigned)number);
        return lost;
    }
    counters.evicted -= s->connections.evicted;
    c = connections_add(&s->connections, id, (unsigned)number, loop_now());
    counters.evicted += s->connections.evicted;
    return c;
}

static void from_client(const struct balancer *app, struct site *s, const struct ctl_packet *packet)
{
    struct connection_id id = id_of(&packet->key.match, false);
    struct connection *c = connections_find(&s->connections, &id);
    if (c != NULL && !c->lost)
        counters.laid_again++;
    else
        c = new_connection(app, s, &id, c);
    if (c == NULL) {
        drop(s, packet);
        return;
    }
    c->key = packet->key;
    if (lay_back(app, s, c, NULL) && lay_there(app, s, c, packet))
        connections_laid(&s->connections, c);
    else
        drop(s, packet);
}

/* Only if it belongs to a connection: else the server speaks for itself. */
static bool from_server(const struct balancer *app, struct site *s, const struct ctl_packet *packet)
{
    const struct ofp_match *m = &packet->key.match;
    struct connection_id id = id_of(m, true);
    int number = servers_find(&s->servers, be32_get(m->nw_src));
    struct connection *c = number >= 0 ? connections_find(&s->connections, &id) : NULL;
    if (c == NULL || c->server != (unsigned)number)
        return false;
    if (c->lost) {
        drop(s, packet);
        return true;
    }
    counters.laid_again++;
    if (lay_there(app, s, c, NULL) && lay_back(app, s, c, packet))
        connections_laid(&s->connections, c);
    else
        drop(s, packet);
    return true;
}

static bool is_served(const struct balancer *app, const struct ofp_match *m)
{
    return be32_get(m->nw_dst) == app->us.address && be16_get(m->dl_type) == HDR_ETH_IPV4 &&
           (app->proto == 0 || (m->nw_proto == app->proto && be16_get(m->tp_dst) == app->port));
}

static bool balancer_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    const struct balancer *app = self;
    const struct ofp_match *m = &packet->key.match;
    struct site *s = ctl_dp_get(dp, self);
    if (s == NULL || be16_get(m->dl_vlan) != OFP_VLAN_NONE)
        return false;
    if (be16_get(m->dl_type) == HDR_ETH_ARP && arp_input(app, s, packet)) {
        drop(s, packet);
        return true;
    }
    if (!bytes_equal(m->dl_dst, app->us.mac, sizeof m->dl_dst))
        return be16_get(m->dl_type) == HDR_ETH_IPV4 && from_server(app, s, packet);
    if (is_served(app, m))
        from_client(app, s, packet);
    else
        refuse(s, packet);
    return true;
}

/* --- What happens at a datapath -------------------------------------------------------------- */

static void balancer_flow_removed(void *self, struct ctl_dp *dp,
                                  const struct ofp_msg_flow_removed *removed)
{
    struct site *s = ctl_dp_get(dp, self);
    unsigned which = (unsigned)(removed->cookie ^ FLOW_COOKIE);
    struct connection_id id;
    struct connection *c;
    if (s == NULL || removed->cookie != (FLOW_COOKIE | which))
        return;
    id = id_of(removed->match, which == CONNECTION_BACK);
    c = connections_find(&s->connections, &id);
    if (c != NULL)
        connections_ended(&s->connections, c, which, loop_now());
}

static void balancer_join(void *self, struct ctl_dp *dp)
{
    struct balancer *app = self;
    struct site *s;
    if (!app->everywhere && ctl_dp_id(dp) != app->dpid)
        return;
    s = calloc(1, sizeof *s);
    if (s == NULL || connections_init(&s->connections, app->max, entropy_u64()) != 0) {
        log_error("datapath %016" PRIx64 ": no memory, nothing is balanced there", ctl_dp_id(dp));
        free(s);
        return;
    }
    s->dp = dp;
    s->servers = app->configured;
    list_append(&app->sites, &s->link);
    ctl_dp_set(dp, self, s);
    ask_servers(app, s);
}

static void balancer_leave(void *self, struct ctl_dp *dp)
{
    struct site *s = ctl_dp_get(dp, self);
    if (s == NULL)
        return;
    list_remove(&s->link);
    connections_free(&s->connections);
    free(s);
}

static void balancer_port_status(void *self, struct ctl_dp *dp,
                                 const struct ofp_msg_port_status *status)
{
    struct site *s = ctl_dp_get(dp, self);
    if (s != NULL && ctl_port_is_gone(status))
        servers_at_port_gone(self, s, be16_get(status->desc->port_no));
}

static void balancer_forget(void *self, struct ctl_dp *dp, uint16_t port)
{
    struct site *s = ctl_dp_get(dp, self);
    if (s != NULL)
        find_servers_of_port(self, s, port);
}

static void on_timer(void *user)
{
    struct balancer *app = user;
    uint64_t now = loop_now();
    struct list *it, *after;
    list_each(it, after, &app->sites)
    {
        struct site *s = container_of(it, struct site, link);
        ask_servers(app, s);
        connections_sweep(&s->connections, now > app->idle ? now - app->idle : 0);
    }
    loop_timer_arm(&app->timer, now + app->check);
}

/* --- For operators --------------------------------------------------------------------------- */

static void say_server(struct appctl_reply *reply, const struct site *s, size_t i)
{
    const struct backend *server = &s->servers.server[i];
    char address[16];
    snprintf(address, sizeof address, ADDRESS, BYTES_OF(server->address));
    appctl_say(reply, "%016" PRIx64 "  %-15s  %-7s  %5u  %11zu  %10" PRIu64 "\n", ctl_dp_id(s->dp),
               address,
               !server->is_there ? "gone"
               : server->drained ? "drained"
                                 : "there",
               server->port, s->connections.at[i], server->chosen);
}

static void show_servers(void *user, struct appctl_reply *reply, size_t argc,
                         const char *const *argv)
{
    const struct balancer *app = user;
    struct list *it, *after;
    (void)argc;
    (void)argv;
    appctl_say(reply,
               "datapath          server           state     port  connections      chosen\n");
    list_each(it, after, &app->sites)
    {
        const struct site *s = container_of(it, struct site, link);
        for (size_t i = 0; i < s->servers.n && !appctl_full(reply); i++)
            say_server(reply, s, i);
    }
}

/* On every switch, and on those that join later. */
static void set_drained(struct balancer *app, struct appctl_reply *reply, const char *server,
                        bool drained)
{
    uint32_t address;
    int number = read_address(server, &address) ? servers_find(&app->configured, address) : -1;
    struct list *it, *after;
    if (number < 0) {
        appctl_fail(reply, "\"%.40s\" is none of the servers: balancer/servers shows them", server);
        return;
    }
    app->configured.server[number].drained = drained;
    list_each(it, after, &app->sites)
    {
        container_of(it, struct site, link)->servers.server[number].drained = drained;
    }
}

static void drain(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)argc;
    set_drained(user, reply, argv[0], true);
}

static void resume(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)argc;
    set_drained(user, reply, argv[0], false);
}

static const struct appctl_command command_rows[] = {
    {"balancer/servers", "", 0, 0, show_servers},
    {"balancer/drain", "IP", 1, 1, drain},
    {"balancer/resume", "IP", 1, 1, resume},
    {0},
};

/* --- The app --------------------------------------------------------------------------------- */

static void *balancer_create(struct ctl *ctl)
{
    struct balancer *app = calloc(1, sizeof *app);
    const char *wrong;
    (void)ctl;
    if (app == NULL)
        return NULL;
    wrong = read_options(app);
    if (wrong != NULL) {
        log_error("%s", wrong);
        free(app);
        return NULL;
    }
    app->idle = options.idle;
    app->check = options.check;
    app->max = options.max;
    list_init(&app->sites);
    timer_init(&app->timer, on_timer, app);
    loop_timer_arm(&app->timer, loop_now() + app->check);
    counter_register(&counter_set);
    return app;
}

static void balancer_destroy(void *self)
{
    struct balancer *app = self;
    timer_cancel(&app->timer);
    free(app);
}

const struct ctl_app_type balancer_app = {
    .name = "balancer",
    .help = "one address before several servers; learning behind it does the rest",
    .options = option_rows,
    .create = balancer_create,
    .destroy = balancer_destroy,
    .join = balancer_join,
    .leave = balancer_leave,
    .packet_in = balancer_packet_in,
    .flow_removed = balancer_flow_removed,
    .port_status = balancer_port_status,
    .forget = balancer_forget,
    .commands = command_rows,
};
