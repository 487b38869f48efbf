/*
 * gso.c - cuts super-frames into segments: see gso.h.
 *
 * IPv4: RFC 791 section 3.1, fragments: section 3.2; IPv6: RFC 8200 section 3; TCP: RFC 9293
 * section 3.1; UDP: RFC 768; CWR in the first segment only: RFC 3168 section 6.1.2.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/gso.h"
#include "runtime/checksum.h"
#include "runtime/headers.h"
#include <string.h>

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_COPIED = 0x80 };

/* --- Reading the headers --------------------------------------------------------------------- */

/* `n` bytes of `p` from `at` on; NULL if it has not so many. */
static const void *header(const struct pkt *p, uint32_t at, size_t n)
{
    return at <= p->len && p->len - at >= n ? p->data + at : NULL;
}

/* Find the network header behind any VLAN tags. Returns its type; 0: there is none. */
static uint16_t find_network(struct gso *g)
{
    const struct hdr_eth *eth = header(g->p, 0, sizeof *eth);
    uint16_t type = eth ? be16_get(eth->type) : 0;
    g->network = sizeof *eth;
    while (type == HDR_ETH_VLAN || type == HDR_ETH_QINQ) {
        const struct hdr_vlan *vlan = header(g->p, g->network, sizeof *vlan);
        type = vlan ? be16_get(vlan->type) : 0;
        g->network += (uint32_t)sizeof *vlan;
    }
    return type;
}

/* Is there a whole IPv4 header with the transport's behind it? */
static bool ipv4_fits(const struct gso *g)
{
    const struct hdr_ipv4 *ip = header(g->p, g->network, sizeof *ip);
    uint8_t protocol = g->udp ? HDR_IP_UDP : HDR_IP_TCP;
    uint32_t len;
    if (ip == NULL || ip->proto != protocol)
        return false;
    len = (uint32_t)hdr_ipv4_len(ip);
    return len >= sizeof *ip && g->network + len == g->transport;
}

/* Extension headers may stand before the transport's (RFC 8200 section 4): whoever set csum_start
 * has walked through them. */
static bool ipv6_fits(const struct gso *g)
{
    return header(g->p, g->network, sizeof(struct hdr_ipv6)) &&
           g->network + sizeof(struct hdr_ipv6) <= g->transport;
}

/* Find the payload behind the transport's header. */
static bool find_payload(struct gso *g)
{
    const struct hdr_tcp *tcp;
    g->payload = g->transport + (uint32_t)sizeof(struct hdr_udp);
    if (g->udp)
        return g->payload < g->p->len;
    tcp = header(g->p, g->transport, sizeof *tcp);
    if (tcp == NULL || 4u * (tcp->offset >> 4) < sizeof *tcp)
        return false;
    g->payload = g->transport + 4u * (tcp->offset >> 4);
    return g->payload < g->p->len;
}

static bool kind_agrees(const struct gso *g, uint16_t type)
{
    switch (g->p->offload & PKT_GSO) {
    case PKT_GSO_TCP4:
        return type == HDR_ETH_IPV4;
    case PKT_GSO_TCP6:
        return type == HDR_ETH_IPV6;
    case PKT_GSO_UDP:
        return type == HDR_ETH_IPV4 || type == HDR_ETH_IPV6;
    default:
        return false;
    }
}

/* Where in its datagram the payload begins: behind others' if it is a fragment already. */
static uint32_t fragment_at(const struct hdr_ipv4 *ip)
{
    return (uint32_t)(be16_get(ip->frag) & HDR_IP_OFFSET) * 8;
}

/* A whole IPv4 datagram, or a whole fragment of one, with nothing behind it, whose fragments can
 * begin at multiples of 8. */
static bool begin_fragments(struct gso *g)
{
    const struct hdr_ipv4 *ip;
    uint32_t len;
    if (g->p->offload != PKT_GSO_FRAGMENTS || g->p->gso_size == 0 || g->p->gso_size % 8 != 0)
        return false;
    ip = find_network(g) == HDR_ETH_IPV4 ? header(g->p, g->network, sizeof *ip) : NULL;
    if (ip == NULL || (be16_get(ip->frag) & ~(HDR_IP_DF | HDR_IP_FRAGMENT)) ||
        be16_get(ip->total_len) != g->p->len - g->network ||
        fragment_at(ip) + be16_get(ip->total_len) > UINT16_MAX)
        return false;
    len = (uint32_t)hdr_ipv4_len(ip);
    g->at = g->payload = g->transport = g->network + len;
    return len >= sizeof *ip && g->payload < g->p->len;
}

bool gso_begin(struct gso *g, const struct pkt *p)
{
    uint16_t type;
    *g = (struct gso){.p = p, .transport = p->csum_start, .udp = p->offload & PKT_GSO_UDP};
    g->fragments = p->offload & PKT_GSO_FRAGMENTS;
    if (g->fragments)
        return begin_fragments(g);
    if (!(p->offload & PKT_CSUM_PARTIAL) || p->gso_size == 0)
        return false;
    type = find_network(g);
    g->ipv6 = type == HDR_ETH_IPV6;
    if (!kind_agrees(g, type) || !(g->ipv6 ? ipv6_fits(g) : ipv4_fits(g)) || !find_payload(g))
        return false;
    g->at = g->payload;
    return true;
}

/* --- Writing a fragment's header ------------------------------------------------------------- */

/* RFC 791 section 3.1: an option says by its first bit whether fragments but the first have it. */
static void blank_options(uint8_t *at, uint32_t n)
{
    while (n > 0 && *at != OPTION_END) {
        uint32_t len = *at == OPTION_NOP ? 1 : n > 1 ? at[1] : 0;
        if (len == 0 || len > n)
            return; /* they make no sense: they stay as they came */
        if (!(*at & OPTION_COPIED))
            memset(at, OPTION_NOP, len);
        at += len;
        n -= len;
    }
}

static void write_fragment(const struct gso *g, struct pkt *fragment)
{
    struct hdr_ipv4 *ip = (struct hdr_ipv4 *)(fragment->data + g->network);
    bool last = g->at + (fragment->len - g->payload) == g->p->len;
    uint32_t offset = (fragment_at(ip) + g->at - g->payload) / 8;
    uint32_t flags = be16_get(ip->frag) & ~(uint32_t)HDR_IP_OFFSET;
    if (g->at > g->payload)
        blank_options((uint8_t *)(ip + 1), g->payload - g->network - (uint32_t)sizeof *ip);
    ip->total_len = be16_of((uint16_t)(fragment->len - g->network));
    ip->frag = be16_of((uint16_t)(flags | (last ? 0 : HDR_IP_MF) | offset));
    ip->checksum = be16_of(0);
    ip->checksum = checksum_finish(checksum_add(0, ip, g->payload - g->network));
}

/* --- Writing a segment's headers ------------------------------------------------------------- */

static void write_network(const struct gso *g, struct pkt *segment)
{
    uint32_t len = segment->len - g->network;
    if (g->ipv6) {
        struct hdr_ipv6 *ip = (struct hdr_ipv6 *)(segment->data + g->network);
        ip->payload_len = be16_of((uint16_t)(len - sizeof *ip));
        return;
    }
    struct hdr_ipv4 *ip = (struct hdr_ipv4 *)(segment->data + g->network);
    ip->total_len = be16_of((uint16_t)len);
    ip->id = be16_of((uint16_t)(be16_get(ip->id) + g->index));
    ip->checksum = be16_of(0);
    ip->checksum = checksum_finish(checksum_add(0, ip, g->transport - g->network));
}

/* The sum of the pseudo-header, which a partial checksum holds, when its length changes. */
static be16 with_length(be16 sum, uint32_t from, uint32_t to)
{
    be32 lengths[2] = {be32_of(~from), be32_of(to)};
    return checksum_fold(checksum_add(checksum_add(0, lengths, sizeof lengths), &sum, sizeof sum));
}

static void write_transport(const struct gso *g, struct pkt *segment)
{
    uint32_t before = g->p->len - g->transport, len = segment->len - g->transport;
    uint8_t *at = segment->data + g->transport;
    struct hdr_udp *udp = (struct hdr_udp *)at;
    struct hdr_tcp *tcp = (struct hdr_tcp *)at;
    if (g->udp) {
        udp->len = be16_of((uint16_t)len);
        udp->checksum = with_length(udp->checksum, before, len);
        segment->csum_offset = offsetof(struct hdr_udp, checksum);
        return;
    }
    tcp->seq = be32_of(be32_get(tcp->seq) + (g->at - g->payload));
    if (g->at > g->payload)
        tcp->flags &= (uint8_t)~TCP_CWR;
    if (g->at + (segment->len - g->payload) < g->p->len)
        tcp->flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    tcp->checksum = with_length(tcp->checksum, before, len);
    segment->csum_offset = offsetof(struct hdr_tcp, checksum);
}

struct pkt *gso_next(struct gso *g, struct pkt_pool *pool)
{
    uint32_t left = g->p->len - g->at, n = left < g->p->gso_size ? left : g->p->gso_size;
    struct pkt *segment = n > 0 ? pkt_new_for(pool, g->payload + n) : NULL;
    if (segment == NULL)
        return NULL;
    bytes_copy(pkt_append(segment, g->payload), g->p->data, g->payload);
    bytes_copy(pkt_append(segment, n), g->p->data + g->at, n);
    if (g->fragments) {
        write_fragment(g, segment);
    } else {
        segment->offload = PKT_CSUM_PARTIAL;
        segment->csum_start = g->p->csum_start;
        write_network(g, segment);
        write_transport(g, segment);
    }
    g->at += n;
    g->index++;
    return segment;
}
