/*
 * stack.c - a host over devices: see stack.h. Where the protocols meet the loop.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"
#include "netstack/internal.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(stack);

#define SUPER_SEGMENT (UINT16_MAX - (uint32_t)sizeof(struct hdr_ipv4))
#define SELF_MTU      16384 /* of the way to ourselves */

enum { RX_SUPER, RX, TX_SUPER, TX };

/* --- Frames ---------------------------------------------------------------------------------- */

static void port_flush(struct port *port)
{
    size_t n = port->n_out;
    port->n_out = 0;
    if (n > 0 && port->dev)
        netdev_send(port->dev, port->out, n);
    for (size_t i = 0; i < n && port->dev == NULL; i++)
        pkt_unref(port->out[i]);
}

static void on_send(void *user, unsigned interface, struct pkt *p)
{
    struct stack *s = user;
    struct port *port = &s->ports[interface];
    if (port->n_out == NETDEV_BATCH)
        port_flush(port);
    port->out[port->n_out++] = p;
}

static void flush_all(struct stack *s)
{
    for (unsigned i = 0; i < s->n_ports; i++)
        port_flush(&s->ports[i]);
}

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    struct port *port = user;
    struct stack *s = port->stack;
    for (size_t i = 0; i < n; i++)
        ip_receive(&s->ip, port->index, batch[i], loop_now());
    port_flush(port);
    stack_touch(s);
}

/* --- Time ------------------------------------------------------------------------------------ */

void stack_touch(struct stack *s)
{
    loop_defer(&s->work);
}

static uint64_t due(const struct stack *s)
{
    uint64_t ip = ip_due(&s->ip), tcp = tcp_due(s->tcp);
    return ip < tcp ? ip : tcp;
}

static void stack_turn(void *user)
{
    struct stack *s = user;
    uint64_t now = loop_now();
    bool looped = s->looped;
    s->looped = false;
    if (looped)
        ip_turn_looped(&s->ip, now);
    if (ip_due(&s->ip) <= now)
        ip_turn(&s->ip, now);
    if (tcp_due(s->tcp) <= now)
        tcp_turn(s->tcp, now);
    flush_all(s);
    if (s->looped)
        stack_touch(s);
    timer_cancel(&s->timer);
    if (due(s) != TIMER_NEVER)
        loop_timer_arm(&s->timer, due(s));
}

/* --- What IP asks and tells ------------------------------------------------------------------ */

static uint64_t on_random(void *user)
{
    (void)user;
    return entropy_u64();
}

static void on_looped(void *user)
{
    struct stack *s = user;
    s->looped = true;
    stack_touch(s);
}

static void on_tcp(void *user, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct stack *s = user;
    tcp_input(s->tcp, src, dst, p, s->ip.now);
}

/* What TCP believes (it has checked the sequence number) is kept for the next connections. */
static void path_is_narrow(struct stack *s, const struct icmp_error *e)
{
    uint64_t before = tcp_counters(s->tcp)->mtu_lowered;
    tcp_mtu_changed(s->tcp, e->local, e->remote, e->quoted, e->next_mtu, s->ip.now);
    if (tcp_counters(s->tcp)->mtu_lowered == before)
        return;
    s->ip.counters.pmtu_lowered++;
    s->ip.counters.pmtu_evicted +=
        pmtu_lower(&s->ip.pmtu, e->remote, e->next_mtu, e->total_len, s->ip.now);
}

static void on_tcp_error(void *user, const struct icmp_error *e)
{
    struct stack *s = user;
    bool hard;
    int error = icmp_errno(e, &hard);
    if (e->type == ICMP_UNREACHABLE && e->code == ICMP_FRAGMENTATION_NEEDED)
        path_is_narrow(s, e);
    else
        tcp_unreachable(s->tcp, e->local, e->remote, e->quoted, error, hard, s->ip.now);
}

static const struct ip_ops ip_ops = {.send = on_send,
                                     .random = on_random,
                                     .looped = on_looped,
                                     .tcp = on_tcp,
                                     .tcp_error = on_tcp_error};

/* --- What TCP asks --------------------------------------------------------------------------- */

static int tcp_lower_send(void *user, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct stack *s = user;
    uint64_t now = loop_now();
    const struct ip_send how = {.src = src,
                                .dst = dst,
                                .protocol = HDR_IP_TCP,
                                .ttl = IP_TTL,
                                .dont_fragment = !pmtu_may_fragment(&s->ip.pmtu, dst, now)};
    return ip_send(&s->ip, &how, p, now);
}

static int tcp_lower_route(void *user, uint32_t dst, struct tcp_route *r)
{
    struct stack *s = user;
    struct route_found found;
    int error = route_find(&s->ip, dst, &found);
    if (error == 0 && found.broadcast)
        error = -ENETUNREACH;
    if (error != 0)
        return error;
    *r = (struct tcp_route){
        .src = found.source, .mtu = SELF_MTU, .link_mtu = SELF_MTU, .gso_max = SUPER_SEGMENT};
    if (found.interface == NULL)
        return 0;
    r->link_mtu = found.interface->mtu;
    r->mtu = pmtu_get(&s->ip.pmtu, dst, found.interface->mtu, loop_now());
    r->gso_max = found.interface->segments ? SUPER_SEGMENT : 0;
    return 0;
}

static const struct tcp_lower tcp_lower = {.send = tcp_lower_send, .route = tcp_lower_route};

/* --- Addresses ------------------------------------------------------------------------------- */

/* Servers that were named by hand, else those of the leases. */
static void set_servers(struct stack *s)
{
    uint32_t servers[STACK_DNS_MAX];
    unsigned n = 0;
    if (s->config.n_dns > 0) {
        dns_set_servers(&s->dns, s->config.dns, s->config.n_dns);
        return;
    }
    for (unsigned i = 0; i < s->n_ports; i++) {
        const struct dhcp_reply *lease = addressing_lease(&s->ports[i].addressing);
        for (unsigned k = 0; lease && k < lease->n_dns && n < STACK_DNS_MAX; k++)
            servers[n++] = lease->dns[k];
    }
    dns_set_servers(&s->dns, servers, n);
}

static void on_changed(void *user, uint32_t before)
{
    struct port *port = user;
    struct stack *s = port->stack;
    uint32_t address = s->ip.interfaces[port->index].config.address;
    char text[80];
    set_servers(s);
    if (address != 0)
        stack_begin_waiting(s);
    if (before != address)
        log_info("%s", stack_describe(s, port->index, text, sizeof text));
    if (before != 0 && before != address)
        tcp_address_gone(s->tcp, before, -EADDRNOTAVAIL, s->ip.now);
    stack_touch(s);
}

static void on_conflict(void *user, uint32_t address)
{
    static struct log_limit limit;
    struct port *port = user;
    char text[ADDRESS_TEXT];
    log_warn_limited(&limit, "%s: somebody else uses %s", port->name, address_print(address, text));
}

static const struct addressing_events addressing_events = {.changed = on_changed,
                                                           .conflict = on_conflict};

/* Datagrams to port 68: they belong to the interface that they came in by. */
static void on_dhcp(void *user, const struct udp_from *from, struct span payload)
{
    struct stack *s = user;
    if (from->port == DHCP_SERVER_PORT)
        addressing_receive(&s->ports[from->interface].addressing, payload, s->ip.now);
}

/* --- Devices --------------------------------------------------------------------------------- */

/* The MAC address that we speak from. On a tap the device's own is the kernel's, at the far end:
 * ours is made of it, so that it stays the same as long as the tap, and is locally administered
 * (IEEE 802 section 8.2.2). */
static void choose_mac(const struct netdev *dev, uint8_t mac[HDR_ETH_ALEN])
{
    memcpy(mac, dev->mac, HDR_ETH_ALEN);
    if (!(dev->features & NETDEV_PEER_MAC))
        return;
    mac[0] = (uint8_t)((mac[0] & ~1u) | 2);
    for (int i = 1; i < HDR_ETH_ALEN; i++)
        mac[i] ^= 0x4d;
}

/* Begin or end as the device's link says. */
static void follow_link(struct port *port)
{
    struct stack *s = port->stack;
    bool up = port->dev && port->dev->link_up;
    uint64_t now = loop_now();
    uint8_t mac[HDR_ETH_ALEN];
    if (up == port->up)
        return;
    port->up = up;
    if (up) {
        choose_mac(port->dev, mac);
        ip_interface_up(&s->ip, port->index, mac, port->dev->mtu, now);
        s->ip.interfaces[port->index].segments = port->dev->features & NETDEV_TX_GSO4;
        addressing_up(&port->addressing, mac, port->dev->mtu, now);
    } else {
        addressing_down(&port->addressing, now);
        ip_interface_down(&s->ip, port->index, now);
    }
    stack_touch(s);
}

static void on_link(void *user)
{
    follow_link(user);
}

/* Of its addresses and neighbours nothing has changed, but where it is. */
static void on_moved(void *user)
{
    struct port *port = user;
    struct stack *s = port->stack;
    s->ip.now = loop_now();
    acd_announce(&s->ip.interfaces[port->index].acd);
    stack_touch(s);
}

static void on_appeared(void *user, struct netdev *dev)
{
    static const struct netdev_events events = {
        .receive = on_receive, .link = on_link, .moved = on_moved};
    struct port *port = user;
    port->dev = dev;
    netdev_own(dev, &events, port);
    follow_link(port);
}

static void on_gone(void *user, struct netdev *dev)
{
    struct port *port = user;
    (void)dev;
    log_info("%s: gone", port->name);
    port_flush(port);
    port->dev = NULL;
    follow_link(port);
}

static void on_absent(void *user, int error)
{
    struct port *port = user;
    log_info("%s: %s", port->name, strerror(-error));
}

static const struct device_events device_events = {
    .appeared = on_appeared, .gone = on_gone, .absent = on_absent};

int stack_add(struct stack *s, const struct stack_interface *interface)
{
    int index = ip_add_interface(&s->ip), error;
    struct port *port;
    if (index < 0)
        return index;
    port = &s->ports[index];
    *port = (struct port){.stack = s, .index = (unsigned)index};
    snprintf(port->name, sizeof port->name, "%s", interface->device);
    addressing_init(&port->addressing, &s->ip, port->index, interface->address, &s->dhcp,
                    s->config.hostname, &addressing_events, port);
    port->addressing.at_once = s->config.at_once;
    s->n_ports = (unsigned)index + 1;
    error = device_watch(interface->device, s->pools[RX], &device_events, port, &port->watch);
    if (error == 0)
        stack_touch(s);
    return error;
}

/* --- Beginning and end ----------------------------------------------------------------------- */

void stack_defaults(struct stack_config *config)
{
    *config = (struct stack_config){
        .rx_packets = 4096, .tx_packets = 2048, .rx_super_frames = 128, .tx_super_frames = 128};
    tcp_defaults(&config->tcp);
    config->tcp.options.no_delay =
        true; /* as runtime/unix/ sets it: a turn's output is one write */
}

/* Small packets before large ones. */
static bool new_pools(struct stack *s)
{
    const struct stack_config *c = &s->config;
    s->pools[RX_SUPER] = pkt_pool_new(c->rx_super_frames, PKT_LARGE, NULL);
    s->pools[RX] = pkt_pool_new(c->rx_packets, PKT_SMALL, s->pools[RX_SUPER]);
    s->pools[TX_SUPER] = pkt_pool_new(c->tx_super_frames, PKT_LARGE, NULL);
    s->pools[TX] = pkt_pool_new(c->tx_packets, PKT_SMALL, s->pools[TX_SUPER]);
    return s->pools[RX_SUPER] && s->pools[RX] && s->pools[TX_SUPER] && s->pools[TX];
}

static bool new_tcp(struct stack *s)
{
    struct tcp_config config = s->config.tcp;
    config.lower = &tcp_lower;
    config.lower_user = s;
    config.pool = s->pools[TX];
    config.acks_wait = true; /* stack_turn() comes behind the streams, which read */
    entropy_fill(config.secret, sizeof config.secret);
    s->tcp = tcp_new(&config, loop_now());
    return s->tcp != NULL;
}

static void on_timer(void *user)
{
    stack_touch(user);
}

struct stack *stack_new(const struct stack_config *config)
{
    struct stack *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->net.ops = &stack_net_ops;
    s->config = *config;
    list_init(&s->streams);
    list_init(&s->waiting);
    timer_init(&s->timer, on_timer, s);
    loop_work_init(&s->work, stack_turn, s);
    if (!new_pools(s) || ip_init(&s->ip, &ip_ops, s, s->pools[TX], loop_now()) != 0 ||
        !new_tcp(s)) {
        stack_free(s);
        return NULL;
    }
    dns_init(&s->dns, &s->ip);
    s->dhcp = (struct udp_socket){.receive = on_dhcp, .user = s};
    udp_open(&s->ip, &s->dhcp, DHCP_CLIENT_PORT);
    set_servers(s);
    return s;
}

/* Say good-bye: to the peers of streams, to DHCP servers. */
static void take_leave(struct stack *s)
{
    stack_abort_streams(s);
    for (unsigned i = 0; i < s->n_ports; i++)
        addressing_end(&s->ports[i].addressing, loop_now());
    udp_close(&s->dhcp);
    flush_all(s);
}

void stack_free(struct stack *s)
{
    if (s == NULL)
        return;
    if (s->tcp)
        take_leave(s);
    tcp_free(s->tcp);
    if (s->ip.ops)
        ip_end(&s->ip);
    for (unsigned i = 0; i < s->n_ports; i++)
        device_unwatch(s->ports[i].watch);
    timer_cancel(&s->timer);
    loop_work_cancel(&s->work);
    for (int i = TX; i >= RX_SUPER; i--)
        pkt_pool_free(s->pools[i]);
    free(s);
}

/* --- For people ------------------------------------------------------------------------------ */

struct net *stack_net(struct stack *s)
{
    return &s->net;
}

struct ip *stack_ip(struct stack *s)
{
    return &s->ip;
}

unsigned stack_interfaces(const struct stack *s)
{
    return s->n_ports;
}

uint32_t stack_address(const struct stack *s, unsigned interface)
{
    const struct ip_interface *i = &s->ip.interfaces[interface];
    return ip_is_ready(i) ? i->config.address : 0;
}

const char *stack_describe(const struct stack *s, unsigned interface, char *text, size_t cap)
{
    const struct port *port = &s->ports[interface];
    const struct ip_interface *i = &s->ip.interfaces[interface];
    const char *dhcp =
        port->addressing.by_dhcp ? dhcp_state_name(port->addressing.dhcp.state) : "static";
    char address[ADDRESS_TEXT];
    if (i->config.address == 0)
        snprintf(text, cap, "%s: %s, no address (%s)", port->name, i->up ? "up" : "down", dhcp);
    else
        snprintf(text, cap, "%s: %s, %s/%u (%s)", port->name, i->up ? "up" : "down",
                 address_print(i->config.address, address), i->config.prefix, dhcp);
    return text;
}

/* In the order of struct ip_counters. */
static const char *const ip_names[] = {
    "frames_in",         "frames_out",      "frames_other",      "in",
    "in_bad_header",     "in_bad_checksum", "in_martian",        "in_not_ours",
    "in_source_route",   "in_bad_options",  "in_no_protocol",    "out",
    "out_no_route",      "out_no_memory",   "out_too_long",      "out_fragmented",
    "out_looped",        "out_loop_full",   "arp_requests",      "arp_replies",
    "arp_bad",           "arp_refused",     "arp_changed",       "arp_dropped",
    "arp_failed",        "arp_evicted",     "address_conflicts", "icmp_in",
    "icmp_bad",          "icmp_out",        "icmp_limited",      "echo_requests",
    "redirects_ignored", "udp_in",          "udp_out",           "udp_bad",
    "udp_no_port",       "pmtu_lowered",    "pmtu_evicted",
};

_Static_assert(sizeof(struct ip_counters) / sizeof(uint64_t) ==
                   sizeof ip_names / sizeof ip_names[0],
               "a name for each counter");

static const char *const dns_names[] = {"queries",   "sent",    "answered",  "cached", "failed",
                                        "timed_out", "ignored", "truncated", "refused"};

_Static_assert(sizeof(struct dns_counters) / sizeof(uint64_t) ==
                   sizeof dns_names / sizeof dns_names[0],
               "a name for each counter");

void stack_register_counters(const struct stack *s)
{
    static struct counter_set ip = {
        .module = "ip", .names = ip_names, .n = sizeof ip_names / sizeof ip_names[0]};
    static struct counter_set fragments = {
        .module = "ip_reassembly", .names = reassembly_counter_names, .n = REASSEMBLY_N_COUNTERS};
    static struct counter_set dns = {
        .module = "dns", .names = dns_names, .n = sizeof dns_names / sizeof dns_names[0]};
    static struct counter_set tcp = {
        .module = "tcp", .names = tcp_counter_names, .n = TCP_N_COUNTERS};
    static struct counter_set net = {.module = "net", .names = stack_net_counter_names};
    ip.values = (const uint64_t *)&s->ip.counters;
    fragments.values = (const uint64_t *)&s->ip.fragment_counters;
    dns.values = (const uint64_t *)&s->dns.counters;
    tcp.values = (const uint64_t *)tcp_counters(s->tcp);
    net.values = (const uint64_t *)&stack_net_counters;
    net.n = sizeof stack_net_counters / sizeof(uint64_t);
    counter_register(&ip);
    counter_register(&fragments);
    counter_register(&dns);
    counter_register(&tcp);
    counter_register(&net);
}
