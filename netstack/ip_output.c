/*
 * ip_output.c - datagrams that leave: headers, fragments, frames. See ip.h.
 *
 * RFC 791 section 3.2, RFC 1122 section 3.3, RFC 6864 (identifications), RFC 894 (Ethernet).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/ip.h"
#include "netstack/icmp.h"
#include "runtime/checksum.h"
#include <errno.h>

static const uint8_t broadcast_mac[HDR_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* --- Frames ---------------------------------------------------------------------------------- */

void ip_send_frame(struct ip_interface *i, const uint8_t dst[HDR_ETH_ALEN], enum hdr_eth_type type,
                   struct pkt *p)
{
    struct hdr_eth *h = i->up ? (struct hdr_eth *)pkt_push(p, sizeof *h) : NULL;
    if (h == NULL) {
        pkt_unref(p);
        return;
    }
    bytes_copy(h->dst, dst, HDR_ETH_ALEN);
    bytes_copy(h->src, i->mac, HDR_ETH_ALEN);
    h->type = be16_of(type);
    i->ip->counters.frames_out++;
    i->ip->ops->send(i->ip->user, i->index, p);
}

/* A packet on its way to a neighbour, or to all. */
static int send_packet(const struct route_found *to, struct pkt *p)
{
    struct ip *ip;
    if (to->interface == NULL)
        return -EINVAL;
    ip = to->interface->ip;
    ip->counters.out++;
    if (!to->broadcast)
        return arp_send(&to->interface->arp, to->next_hop, p);
    ip_send_frame(to->interface, broadcast_mac, HDR_ETH_IPV4, p);
    return 0;
}

void ip_neighbour_unreachable(struct ip *ip, const struct pkt *p)
{
    icmp_notify(ip, ICMP_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0, span_of(p->data, p->len));
}

/* --- Headers --------------------------------------------------------------------------------- */

uint64_t ip_pseudo_sum(uint32_t src, uint32_t dst, uint8_t protocol, size_t len)
{
    struct {
        be32 src, dst;
        uint8_t zero, protocol;
        be16 len;
    } pseudo = {be32_of(src), be32_of(dst), 0, protocol, be16_of((uint16_t)len)};
    return checksum_add(0, &pseudo, sizeof pseudo);
}

/* A datagram that may be fragmented needs an identification that others between the same hosts do
 * not have (RFC 6864 section 4.2); one that guesses nothing of our traffic to others: one of many
 * counters, chosen by a keyed hash, begun at random. */
static uint16_t new_id(struct ip *ip, const struct ip_send *how)
{
    uint64_t h =
        ip->id_seed ^ ((uint64_t)how->src << 32 | how->dst) ^ (uint64_t)how->protocol << 24;
    h *= 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15u;
    return ip->ids[h >> 58]++;
}

_Static_assert(IP_IDS == 64, "what new_id() chooses from");

static void sum_header(struct hdr_ipv4 *h)
{
    h->checksum = be16_of(0);
    h->checksum = checksum_finish(checksum_add(0, h, sizeof *h));
}

/* Put the header in front of `p`. */
static void add_header(struct ip *ip, const struct ip_send *how, struct pkt *p)
{
    struct hdr_ipv4 *h = (struct hdr_ipv4 *)pkt_push(p, sizeof *h);
    *h = (struct hdr_ipv4){.ver_ihl = 0x45,
                           .tos = how->tos,
                           .total_len = be16_of((uint16_t)p->len),
                           .frag = be16_of(how->dont_fragment ? HDR_IP_DF : 0),
                           .id = be16_of(new_id(ip, how)),
                           .ttl = how->ttl,
                           .proto = how->protocol,
                           .src = be32_of(how->src),
                           .dst = be32_of(how->dst)};
    sum_header(h);
}

/* --- Fragments ------------------------------------------------------------------------------- */

/* The piece of `p`'s payload from `at` on, `n` bytes of it. */
static struct pkt *new_fragment(struct ip *ip, const struct pkt *p, uint32_t at, uint32_t n)
{
    struct pkt *f = pkt_new_for(ip->pool, sizeof(struct hdr_ipv4) + n);
    struct hdr_ipv4 *h;
    bool last = sizeof *h + at + n == p->len;
    if (f == NULL)
        return NULL;
    h = (struct hdr_ipv4 *)pkt_append(f, sizeof *h);
    bytes_copy(h, p->data, sizeof *h);
    bytes_copy(pkt_append(f, n), p->data + sizeof *h + at, n);
    h->total_len = be16_of((uint16_t)f->len);
    h->frag = be16_of((uint16_t)(at / 8 | (last ? 0 : HDR_IP_MF)));
    sum_header(h);
    return f;
}

/* Send `p`, whose header is there, in pieces (RFC 791 section 3.2). Takes it over. */
static int send_fragments(struct ip *ip, const struct route_found *to, struct pkt *p)
{
    uint32_t most = (to->interface->mtu - (uint32_t)sizeof(struct hdr_ipv4)) & ~7u;
    uint32_t len = p->len - (uint32_t)sizeof(struct hdr_ipv4);
    int error = 0;
    ip->counters.out_fragmented++;
    if (p->offload & PKT_CSUM_PARTIAL)
        pkt_finish_checksum(p);
    for (uint32_t at = 0; at < len && error == 0; at += most) {
        struct pkt *f = new_fragment(ip, p, at, len - at < most ? len - at : most);
        error = f ? send_packet(to, f) : -ENOBUFS;
    }
    pkt_unref(p);
    return error;
}

/* --- Sending --------------------------------------------------------------------------------- */

/* Not to be sent: give it back. */
static int drop(struct pkt *p, uint64_t *counter, int error)
{
    ++*counter;
    pkt_unref(p);
    return error;
}

/* Send a datagram whose way is known. */
static int send_by(struct ip *ip, const struct route_found *to, const struct ip_send *how,
                   struct pkt *p)
{
    bool super = p->offload & PKT_GSO, fits;
    if (p->len + sizeof(struct hdr_ipv4) > UINT16_MAX)
        return drop(p, &ip->counters.out_too_long, -EMSGSIZE);
    if ((size_t)(p->data - p->buf) < IP_ROOM)
        return drop(p, &ip->counters.out_no_memory, -ENOBUFS);
    add_header(ip, how, p);
    if (to->interface == NULL)
        return ip_loop(ip, p);
    fits = super || p->len <= to->interface->mtu;
    if (!fits && how->dont_fragment)
        return drop(p, &ip->counters.out_too_long, -EMSGSIZE);
    return fits ? send_packet(to, p) : send_fragments(ip, to, p);
}

int ip_send(struct ip *ip, const struct ip_send *how, struct pkt *p, uint64_t now)
{
    struct ip_send h = *how;
    struct route_found found;
    int error;
    ip->now = now;
    error = route_find(ip, h.dst, &found);
    if (error != 0)
        return drop(p, &ip->counters.out_no_route, error);
    if (h.src == 0)
        h.src = found.source;
    return send_by(ip, &found, &h, p);
}

int ip_send_broadcast(struct ip *ip, unsigned interface, const struct ip_send *how, struct pkt *p,
                      uint64_t now)
{
    const struct route_found to = {
        .interface = &ip->interfaces[interface], .next_hop = how->dst, .broadcast = true};
    ip->now = now;
    return send_by(ip, &to, how, p);
}

/* --- To ourselves ---------------------------------------------------------------------------- */

int ip_loop(struct ip *ip, struct pkt *p)
{
    if (ip->n_looped == IP_LOOPED_MAX)
        return drop(p, &ip->counters.out_loop_full, -ENOBUFS);
    p->next = NULL;
    *ip->looped_last = p;
    ip->looped_last = &p->next;
    if (ip->n_looped++ == 0)
        ip->ops->looped(ip->user);
    ip->counters.out_looped++;
    return 0;
}
