/*
 * router_ip.c - a router's IPv4: what comes in is judged, answered if it is for the router itself,
 * and sent on, or its sender is told why not.
 *
 * RFC 1812 sections 4.2, 4.3 and 5; RFC 792 for what ICMP messages look like. Called by router.c
 * and, through the table, by neighbours.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/router.h"
#include "runtime/checksum.h"
#include "runtime/gso.h"
#include "runtime/loop.h"

#define TTL 64 /* RFC 1700; RFC 1812 section 4.2.2.9 */

enum {
    NET_UNREACHABLE,
    HOST_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    PORT_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    SOURCE_ROUTE_FAILED,
};
enum { REDIRECT_HOST = 1 };

static size_t header_len(const struct hdr_ipv4 *ip)
{
    return (size_t)(ip->ver_ihl & 15) * 4;
}

static struct span behind(struct span packet)
{
    size_t n = header_len((const struct hdr_ipv4 *)packet.data);
    return span_of(packet.data + n, packet.len - n);
}

/* --- Packets of our own ---------------------------------------------------------------------- */

/* The neighbour that a packet to `dst` goes to; *route NULL: there is no way. */
static uint32_t next_hop(const struct router *r, uint32_t dst, const struct forward_route **route)
{
    *route = forward_find_route(r->route, r->config->n_routes, dst);
    return *route != NULL && (*route)->gateway != 0 ? (*route)->gateway : dst;
}

/* The packet in our frame, `len` bytes of it, in fragments that the neighbour's network takes. */
static void emit_fragments(struct router *r, const struct neighbour *n, size_t len)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)router_payload(r);
    size_t room = router_interface(r, n->interface)->mtu - header_len(ip);
    struct pkt *whole = pkt_new(r->pool), *piece;
    struct gso g;
    bool good;
    ((struct hdr_eth *)r->frame)->type = be16_of(HDR_ETH_IPV4);
    bytes_copy(pkt_append(whole, sizeof(struct hdr_eth) + len), r->frame,
               sizeof(struct hdr_eth) + len);
    whole->offload = PKT_GSO_FRAGMENTS;
    whole->gso_size = (uint16_t)(room / 8 * 8);
    good = gso_begin(&g, whole);
    router_counters.cut += good;
    router_counters.dropped += !good;
    while (good && (piece = gso_next(&g, r->pool)) != NULL) {
        len = piece->len - sizeof(struct hdr_eth);
        bytes_copy(router_payload(r), piece->data + sizeof(struct hdr_eth), len);
        pkt_unref(piece);
        router_emit(r, n->interface, n->port, n->mac, HDR_ETH_IPV4, len);
    }
    pkt_unref(whole);
}

/* The packet in our frame's payload. */
static void emit_to(struct router *r, const struct neighbour *n, size_t len)
{
    if (len > router_interface(r, n->interface)->mtu)
        emit_fragments(r, n, len);
    else
        router_emit(r, n->interface, n->port, n->mac, HDR_ETH_IPV4, len);
}

static void wait_for(struct router *r, unsigned interface, uint32_t next, struct span packet,
                     bool forwarded)
{
    if (neighbours_wait(&r->neighbours, interface, next, packet, forwarded) == 0)
        router_counters.waited++;
    else
        router_counters.neighbours_refused++;
}

/* Write the header of the packet in our frame, `len` bytes behind it, and send it. */
static void send_own(struct router *r, uint32_t src, uint32_t dst, uint8_t tos, size_t len)
{
    struct hdr_ipv4 *ip = (struct hdr_ipv4 *)router_payload(r);
    const struct forward_route *route;
    uint32_t next = next_hop(r, dst, &route);
    const struct neighbour *n = neighbours_find(&r->neighbours, next);
    *ip = (struct hdr_ipv4){.ver_ihl = 0x45,
                            .tos = tos,
                            .total_len = be16_of((uint16_t)(sizeof *ip + len)),
                            .id = be16_of(r->ip_id++),
                            .ttl = TTL,
                            .proto = HDR_IP_ICMP,
                            .src = be32_of(src),
                            .dst = be32_of(dst)};
    ip->checksum = checksum_finish(checksum_add(0, ip, sizeof *ip));
    if (route == NULL)
        router_counters.no_route++;
    else if (n != NULL)
        emit_to(r, n, sizeof *ip + len);
    else
        wait_for(r, route->interface, next, span_of(ip, sizeof *ip + len), false);
}

/* --- ICMP errors ----------------------------------------------------------------------------- */

/* RFC 1812 section 4.3.2.8: so many a second, and a few at once. */
#define ERROR_BURST 10

static bool rate_allows(struct router *r)
{
    uint64_t interval = NS_PER_S / r->error_rate, now = loop_now();
    uint64_t due = r->errors_due > now ? r->errors_due : now;
    if (due - now >= ERROR_BURST * interval)
        return false;
    r->errors_due = due + interval;
    return true;
}

/* RFC 1812 section 4.3.1: those that ask or answer; the others, known or not, tell of an error. */
static bool is_icmp_error(struct span packet)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    struct span icmp = behind(packet);
    if (ip->proto != HDR_IP_ICMP)
        return false;
    if (icmp.len == 0)
        return true;
    return icmp.data[0] != FORWARD_ECHO && icmp.data[0] != FORWARD_ECHO_REPLY &&
           (icmp.data[0] < 13 || icmp.data[0] > 18);
}

static bool is_broadcast(const struct router *r, uint32_t address)
{
    for (unsigned i = 0; i < r->config->n_interfaces; i++) {
        const struct router_interface *at = router_interface(r, i);
        uint32_t part = address & ~forward_mask(at->prefix);
        if (router_is_neighbour(at, address) && at->prefix < 31 &&
            (part == 0 || part == ~forward_mask(at->prefix)))
            return true;
    }
    return address == UINT32_MAX;
}

/* RFC 1812 section 4.3.2.7: about what no error is sent. */
static bool may_complain(const struct router *r, struct span packet)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    uint32_t src = be32_get(ip->src);
    return (be16_get(ip->frag) & HDR_IP_OFFSET) == 0 && !is_icmp_error(packet) &&
           router_is_unicast(src) && !is_broadcast(r, src) && !router_is_own(r, src);
}

/* Tell a packet's sender; from the address of the interface by which the error leaves (section
 * 4.3.2.4), with the precedence of what controls a network (4.3.2.5). */
static void complain(struct router *r, struct span packet, uint8_t type, uint8_t code, be32 rest)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    const struct forward_route *back;
    size_t total = be16_get(ip->total_len), len;
    if (packet.len > total)
        packet.len = total;
    next_hop(r, be32_get(ip->src), &back);
    if (back == NULL || !may_complain(r, packet))
        return;
    if (!rate_allows(r)) {
        router_counters.errors_withheld++;
        return;
    }
    len = forward_write_error(router_payload(r) + sizeof *ip, type, code, rest, packet);
    if (len == 0)
        return;
    router_counters.errors++;
    send_own(r, router_interface(r, back->interface)->address, be32_get(ip->src), 0xc0, len);
}

static const be32 nothing;

/* --- For the router itself ------------------------------------------------------------------- */

/* RFC 1812 section 4.3.3.6; the reply comes from the address that was asked (RFC 1122, 3.2.2.6). */
static void answer_echo(struct router *r, const struct hdr_ipv4 *ip, struct span icmp)
{
    uint8_t *copy = router_payload(r) + sizeof *ip;
    if (icmp.len > ROUTER_PACKET_MAX - sizeof *ip ||
        checksum_fold(checksum_add(0, icmp.data, icmp.len)).b[0] != 0xff ||
        checksum_fold(checksum_add(0, icmp.data, icmp.len)).b[1] != 0xff) {
        router_counters.bad_header++;
        return;
    }
    bytes_copy(copy, icmp.data, icmp.len);
    if (!forward_answer_echo((struct hdr_icmp *)copy, icmp.len))
        return;
    router_counters.echoes++;
    send_own(r, be32_get(ip->dst), be32_get(ip->src), ip->tos, icmp.len);
}

/* RFC 1122 section 3.2.2.1: a router of ours has no UDP ports, and no other protocol. */
static void deliver(struct router *r, struct span packet)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    struct span rest = behind(packet);
    if (be16_get(ip->frag) & HDR_IP_FRAGMENT) {
        router_counters.fragments_for_us++;
        return;
    }
    if (ip->proto == HDR_IP_UDP)
        complain(r, packet, FORWARD_UNREACHABLE, PORT_UNREACHABLE, nothing);
    else if (ip->proto != HDR_IP_ICMP)
        complain(r, packet, FORWARD_UNREACHABLE, PROTOCOL_UNREACHABLE, nothing);
    else if (rest.len >= sizeof(struct hdr_icmp) && rest.data[0] == FORWARD_ECHO)
        answer_echo(r, ip, rest);
}

/* --- On its way ------------------------------------------------------------------------------ */

void router_ip_found(void *user, const struct neighbour *n, struct span packet, bool forwarded)
{
    struct router *r = user;
    bytes_copy(router_payload(r), packet.data, packet.len);
    if (forwarded && !forward_age((struct hdr_ipv4 *)router_payload(r))) {
        router_counters.dropped++;
        return;
    }
    router_counters.by_hand += forwarded;
    emit_to(r, n, packet.len);
}

/* RFC 1812 section 5.2.7.1: nobody has answered our ARP requests. */
void router_ip_failed(void *user, const struct neighbour *n, struct span packet, bool forwarded)
{
    (void)n;
    router_counters.unanswered++;
    if (forwarded)
        complain(user, packet, FORWARD_UNREACHABLE, HOST_UNREACHABLE, nothing);
}

/* A flow would forward whatever comes, however long: nothing longer comes from here than goes
 * there.
 */
static bool may_lay_flow(const struct router *r, const struct router_arrival *a, unsigned interface)
{
    return r->in_switch &&
           router_interface(r, a->interface)->mtu <= router_interface(r, interface)->mtu;
}

/* RFC 1812 section 4.2.2.7, RFC 1191 section 4: a packet that may not be cut is too long. */
static bool is_too_long(const struct router *r, const struct hdr_ipv4 *ip, unsigned interface)
{
    return (be16_get(ip->frag) & HDR_IP_DF) &&
           be16_get(ip->total_len) > router_interface(r, interface)->mtu;
}

/* All of a packet is needed where we send it ourselves; of one that the switch has cut, it sends
 * the rest by a flow only. */
static void send_on(struct router *r, struct router_arrival *a, struct span packet,
                    unsigned interface, uint32_t next)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    const struct neighbour *n = neighbours_find(&r->neighbours, next);
    if (n != NULL && may_lay_flow(r, a, interface) && router_flows_add(r, a, n))
        return;
    if (packet.len < be16_get(ip->total_len) || packet.len > ROUTER_PACKET_MAX)
        router_counters.dropped++;
    else if (n != NULL)
        router_ip_found(r, n, packet, true);
    else
        wait_for(r, interface, next, packet, true);
}

/* RFC 1812 section 5.2.7.2: it goes back to where it came from, whose host could do without us. */
static void redirect(struct router *r, const struct router_arrival *a, struct span packet,
                     uint32_t next)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    if (!router_is_neighbour(router_interface(r, a->interface), be32_get(ip->src)))
        return;
    router_counters.redirects++;
    complain(r, packet, FORWARD_REDIRECT, REDIRECT_HOST, be32_of(next));
}

/* RFC 1812 sections 5.2.1.2 and 5.3.1. */
static void forward(struct router *r, struct router_arrival *a, struct span packet)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    const struct forward_route *route;
    uint32_t next = next_hop(r, be32_get(ip->dst), &route);
    if (route == NULL) {
        router_counters.no_route++;
        complain(r, packet, FORWARD_UNREACHABLE, NET_UNREACHABLE, nothing);
    } else if (ip->ttl <= 1) {
        router_counters.ttl_ended++;
        complain(r, packet, FORWARD_TIME_EXCEEDED, 0, nothing);
    } else if (is_too_long(r, ip, route->interface)) {
        router_counters.too_long++;
        complain(r, packet, FORWARD_UNREACHABLE, FRAGMENTATION_NEEDED,
                 be32_of(router_interface(r, route->interface)->mtu));
    } else {
        if (route->interface == a->interface)
            redirect(r, a, packet, next);
        send_on(r, a, packet, route->interface, next);
    }
}

/* --- Judging --------------------------------------------------------------------------------- */

/* RFC 1812 section 5.2.2. Takes the frame's padding off. A packet that the switch has cut has less
 * than its length says. */
static bool is_good(const struct router_arrival *a, struct span *packet)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)a->payload.data;
    size_t n, total;
    *packet = a->payload;
    if (packet->len < sizeof *ip || ip->ver_ihl >> 4 != 4)
        return false;
    n = header_len(ip);
    total = be16_get(ip->total_len);
    if (n < sizeof *ip || packet->len < n || total < n)
        return false;
    if (packet->len > total)
        packet->len = total;
    else if (packet->len < total && a->packet->in->total_len <= a->packet->in->data.len)
        return false;
    return bytes_equal(checksum_fold(checksum_add(0, ip, n)).b, "\xff\xff", 2);
}

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };

/* RFC 791 section 3.1. Source routes are refused (RFC 7126 sections 4.3 and 4.4), other options go
 * with the packet. Returns where a malformed one lies, from the packet's begin on; 0: nowhere. */
static size_t find_bad_option(struct span packet, bool *source_route)
{
    size_t at = sizeof(struct hdr_ipv4), end = header_len((const struct hdr_ipv4 *)packet.data);
    *source_route = false;
    while (at < end && packet.data[at] != OPTION_END) {
        size_t len = 1;
        if (packet.data[at] != OPTION_NOP) {
            if (at + 1 == end || packet.data[at + 1] < 2 || at + packet.data[at + 1] > end)
                return at;
            len = packet.data[at + 1];
        }
        *source_route |= packet.data[at] == OPTION_LSRR || packet.data[at] == OPTION_SSRR;
        at += len;
    }
    return 0;
}

/* Section 4.3.3.5: the pointer is the first of the four bytes. */
static bool options_are_good(struct router *r, struct span packet)
{
    bool source_route;
    size_t bad = find_bad_option(packet, &source_route);
    if (bad != 0) {
        router_counters.bad_options++;
        complain(r, packet, FORWARD_PARAMETER, 0, be32_of((uint32_t)bad << 24));
    } else if (source_route) {
        router_counters.source_routed++;
        complain(r, packet, FORWARD_UNREACHABLE, SOURCE_ROUTE_FAILED, nothing);
    }
    return bad == 0 && !source_route;
}

/* Section 5.3.4: what came to all of a link goes no further. */
static bool is_for_us(const struct router *r, const struct router_arrival *a)
{
    return bytes_equal(a->packet->key.match.dl_dst, router_interface(r, a->interface)->mac,
                       OFP_ETH_ALEN);
}

/* Section 5.3.7: from or to an address that nobody can have. */
static bool is_martian(const struct router *r, uint32_t src, uint32_t dst)
{
    return !router_is_unicast(src) || is_broadcast(r, src) || router_is_own(r, src) ||
           dst >> 24 == 0 || dst >> 24 == 127;
}

/* Directed broadcasts stay where they are (RFC 2644); of multicast we know no routes. */
static bool is_to_many(const struct router *r, uint32_t dst)
{
    return dst >= 0xe0000000 || is_broadcast(r, dst);
}

void router_ip_input(struct router *r, struct router_arrival *a)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)a->payload.data;
    struct span packet;
    if (!is_for_us(r, a))
        router_counters.not_for_us++;
    else if (!is_good(a, &packet))
        router_counters.bad_header++;
    else if (is_martian(r, be32_get(ip->src), be32_get(ip->dst)))
        router_counters.martians++;
    else if (is_to_many(r, be32_get(ip->dst)))
        router_counters.broadcasts++;
    else if (!options_are_good(r, packet))
        return;
    else if (router_is_own(r, be32_get(ip->dst)))
        deliver(r, packet);
    else
        forward(r, a, packet);
}
