/*
 * udp.c - UDP: see udp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/udp.h"
#include "netstack/icmp.h"
#include "netstack/ip.h"
#include "runtime/checksum.h"
#include <errno.h>

#define FIRST_PORT 49152 /* RFC 6335 section 6 */
#define N_PORTS    (65536 - FIRST_PORT)
#define LEN_MAX    (65535 - sizeof(struct hdr_ipv4) - sizeof(struct hdr_udp))

/* --- Sockets --------------------------------------------------------------------------------- */

void udp_init(struct ip *ip)
{
    list_init(&ip->udp.sockets);
    ip->udp.n = 0;
}

static bool port_is_used(const struct ip *ip, uint16_t port)
{
    const struct list *head = &ip->udp.sockets;
    for (struct list *l = head->next; l != head; l = l->next)
        if (container_of(l, struct udp_socket, link)->port == port)
            return true;
    return false;
}

/* There are far fewer sockets than ports. */
static uint16_t random_port(struct ip *ip)
{
    uint16_t port;
    do
        port = (uint16_t)(FIRST_PORT + ip_random(ip) % N_PORTS);
    while (port_is_used(ip, port));
    return port;
}

int udp_open(struct ip *ip, struct udp_socket *s, uint16_t port)
{
    if (ip->udp.n == UDP_SOCKETS_MAX)
        return -ENOBUFS;
    if (port != 0 && port_is_used(ip, port))
        return -EADDRINUSE;
    s->port = port != 0 ? port : random_port(ip);
    s->ip = ip;
    list_init(&s->link);
    list_append(&ip->udp.sockets, &s->link);
    ip->udp.n++;
    return 0;
}

void udp_close(struct udp_socket *s)
{
    if (s->ip == NULL)
        return;
    list_remove(&s->link);
    s->ip->udp.n--;
    s->ip = NULL;
}

/* Who is to hear of a datagram between a port of ours and a peer: one that names the peer before
 * one that takes all. */
static struct udp_socket *find_socket(struct ip *ip, uint16_t port, uint32_t peer,
                                      uint16_t peer_port)
{
    struct udp_socket *any = NULL;
    struct list *l, *after;
    list_each(l, after, &ip->udp.sockets)
    {
        struct udp_socket *s = container_of(l, struct udp_socket, link);
        if (s->port != port)
            continue;
        if (s->peer == peer && s->peer_port == peer_port)
            return s;
        if (s->peer == 0)
            any = s;
    }
    return any;
}

/* --- Sending --------------------------------------------------------------------------------- */

/* A datagram whose checksum is left to the device. NULL: too long, or no memory. */
static struct pkt *build(const struct udp_socket *s, uint32_t src, uint32_t dst, uint16_t port,
                         struct span payload)
{
    size_t len = sizeof(struct hdr_udp) + payload.len;
    struct pkt *p = payload.len <= LEN_MAX ? pkt_new_for(s->ip->pool, len) : NULL;
    struct hdr_udp *h;
    if (p == NULL)
        return NULL;
    h = (struct hdr_udp *)pkt_append(p, sizeof *h);
    bytes_copy(pkt_append(p, payload.len), payload.data, payload.len);
    h->src = be16_of(s->port);
    h->dst = be16_of(port);
    h->len = be16_of((uint16_t)len);
    h->checksum = checksum_fold(ip_pseudo_sum(src, dst, HDR_IP_UDP, len));
    p->offload = PKT_CSUM_PARTIAL;
    p->csum_start = 0;
    p->csum_offset = offsetof(struct hdr_udp, checksum);
    return p;
}

int udp_send(struct udp_socket *s, uint32_t dst, uint16_t port, struct span payload, uint64_t now)
{
    struct ip_send how = {.dst = dst, .protocol = HDR_IP_UDP, .ttl = IP_TTL};
    struct route_found found;
    struct pkt *p;
    int error = route_find(s->ip, dst, &found);
    if (error != 0)
        return error;
    how.src = found.source;
    p = build(s, how.src, dst, port, payload);
    if (p == NULL)
        return payload.len > LEN_MAX ? -EMSGSIZE : -ENOBUFS;
    s->ip->counters.udp_out++;
    return ip_send(s->ip, &how, p, now);
}

int udp_broadcast(struct udp_socket *s, unsigned interface, uint32_t src, uint16_t port,
                  struct span payload, uint64_t now)
{
    const struct ip_send how = {
        .src = src, .dst = ADDRESS_BROADCAST, .protocol = HDR_IP_UDP, .ttl = IP_TTL};
    struct pkt *p = build(s, src, how.dst, port, payload);
    if (p == NULL)
        return -ENOBUFS;
    s->ip->counters.udp_out++;
    return ip_send_broadcast(s->ip, interface, &how, p, now);
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* Is the datagram whole, and its checksum right if it has one? What lies behind it is cut off. */
static bool check(const struct hdr_ipv4 *header, struct pkt *p)
{
    const struct hdr_udp *h = (const struct hdr_udp *)p->data;
    size_t len = p->len >= sizeof *h ? be16_get(h->len) : 0;
    uint64_t sum;
    if (len < sizeof *h || len > p->len)
        return false;
    pkt_trim(p, p->len - len);
    if (be16_get(h->checksum) == 0 || p->offload & (PKT_CSUM_PARTIAL | PKT_CSUM_VALID))
        return true;
    sum = ip_pseudo_sum(be32_get(header->src), be32_get(header->dst), HDR_IP_UDP, len);
    return be16_get(checksum_finish(checksum_add(sum, p->data, len))) == 0;
}

static void no_port(struct ip *ip, const struct hdr_ipv4 *header, struct pkt *p)
{
    ip->counters.udp_no_port++;
    if (pkt_push(p, hdr_ipv4_len(header)))
        icmp_send_error(ip, p, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
}

void udp_input(struct ip *ip, unsigned interface, const struct hdr_ipv4 *header, struct pkt *p)
{
    const struct hdr_udp *h = (const struct hdr_udp *)p->data;
    struct udp_from from = {
        .src = be32_get(header->src), .dst = be32_get(header->dst), .interface = interface};
    struct udp_socket *s;
    if (!check(header, p)) {
        ip->counters.udp_bad++;
        return;
    }
    from.port = be16_get(h->src);
    s = find_socket(ip, be16_get(h->dst), from.src, from.port);
    if (s == NULL) {
        no_port(ip, header, p);
        return;
    }
    ip->counters.udp_in++;
    s->receive(s->user, &from, span_of(p->data + sizeof *h, p->len - sizeof *h));
}

void udp_error(struct ip *ip, const struct icmp_error *e)
{
    const struct hdr_udp *h = (const struct hdr_udp *)e->quoted.data;
    struct udp_socket *s = find_socket(ip, be16_get(h->src), e->remote, be16_get(h->dst));
    bool hard;
    if (s && s->error)
        s->error(s->user, icmp_errno(e, &hard));
}
