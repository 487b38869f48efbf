/*
 * ip_input.c - frames that come: what is good and for us goes on to where it belongs. See ip.h.
 *
 * RFC 894, RFC 791, RFC 1122 section 3.2; which addresses cannot be: section 3.2.1.3, RFC 6890.
 * What nobody could want is dropped without a word and counted.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"
#include "netstack/ip.h"
#include "runtime/checksum.h"

#define DHCP_CLIENT_PORT 68

/* --- The header ------------------------------------------------------------------------------ */

/* A whole IPv4 header with a right checksum; what is behind the datagram (Ethernet's padding) is
 * cut off. */
static bool header_is_good(struct ip *ip, struct pkt *p)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)p->data;
    size_t len = p->len >= sizeof *h ? hdr_ipv4_len(h) : 0;
    uint32_t total = len ? be16_get(h->total_len) : 0;
    if (len < sizeof *h || h->ver_ihl >> 4 != 4 || total < len || total > p->len) {
        ip->counters.in_bad_header++;
        return false;
    }
    if (be16_get(checksum_finish(checksum_add(0, h, len))) != 0) {
        ip->counters.in_bad_checksum++;
        return false;
    }
    return pkt_trim(p, p->len - total);
}

/* Can it have come from there? From 0.0.0.0 only who has no address yet and asks all for one, by
 * BOOTP's UDP (RFC 1122 section 3.2.1.3 (a)). */
static bool source_can_be(const struct ip *ip, const struct ip_interface *i,
                          const struct hdr_ipv4 *h)
{
    uint32_t src = be32_get(h->src);
    if (src == 0)
        return h->proto == HDR_IP_UDP && be32_get(h->dst) == ADDRESS_BROADCAST;
    if (!address_is_unicast(src) || ip_is_ours(ip, src))
        return false;
    return i->config.address == 0 || !ip_is_on_link(i, src) ||
           address_is_host(src, i->config.prefix);
}

/* Is it for an interface without address yet, to be told its own (RFC 2131 section 4.1)? */
static bool is_for_dhcp(const struct ip_interface *i, const struct pkt *p)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)p->data;
    const struct hdr_udp *u = (const struct hdr_udp *)(p->data + hdr_ipv4_len(h));
    return i->configuring && h->proto == HDR_IP_UDP && p->len >= hdr_ipv4_len(h) + sizeof *u &&
           be16_get(u->dst) == DHCP_CLIENT_PORT;
}

/* Is it for us, at this interface? */
static bool is_for_us(const struct ip_interface *i, uint32_t dst, const struct pkt *p, bool group)
{
    uint32_t network = i->config.address & address_mask(i->config.prefix);
    if (dst == ADDRESS_BROADCAST)
        return true;
    if (i->config.address != 0 && address_is_subnet_broadcast(dst, network, i->config.prefix))
        return true;
    if (group) /* a broadcast frame with a datagram for one host: RFC 1122 section 3.3.6 */
        return is_for_dhcp(i, p);
    return (dst != 0 && dst == i->config.address) || is_for_dhcp(i, p);
}

/* --- Options --------------------------------------------------------------------------------- */

/* Walk over the options, which mean nothing to us (RFC 1122 section 3.2.1.8). Returns the place of
 * the first that is no good, 0 if all are; *routed: there is a source route among them. */
static size_t check_options(const struct hdr_ipv4 *h, bool *routed)
{
    const uint8_t *bytes = (const uint8_t *)h;
    size_t len = hdr_ipv4_len(h), at = sizeof *h;
    *routed = false;
    while (at < len && bytes[at] != IP_OPTION_END) {
        if (bytes[at] == IP_OPTION_NOP) {
            at++;
            continue;
        }
        if (len - at < 2 || bytes[at + 1] < 2 || bytes[at + 1] > len - at)
            return at;
        *routed |= bytes[at] == IP_OPTION_LSRR || bytes[at] == IP_OPTION_SSRR;
        at += bytes[at + 1];
    }
    return 0;
}

/* A source route lets a stranger choose by whom we are reached, and answer: refused (RFC 7126
 * section 4.3.5). */
static bool options_are_good(struct ip *ip, const struct pkt *p)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)p->data;
    bool routed;
    size_t bad;
    if (hdr_ipv4_len(h) == sizeof *h)
        return true;
    bad = check_options(h, &routed);
    if (bad) { /* the pointer is of the octet with the error (RFC 792) */
        ip->counters.in_bad_options++;
        icmp_send_error(ip, p, ICMP_PARAMETER_PROBLEM, 0, (uint32_t)bad << 24);
    }
    ip->counters.in_source_route += routed;
    return !bad && !routed;
}

/* --- Delivery -------------------------------------------------------------------------------- */

/* A whole datagram for us: `p` begins at its IP header, nobody else holds it. */
static void deliver(struct ip *ip, unsigned interface, struct pkt *p)
{
    struct hdr_ipv4 header = *(const struct hdr_ipv4 *)p->data;
    uint32_t src = be32_get(header.src), dst = be32_get(header.dst);
    size_t len = hdr_ipv4_len(&header);
    if (header.proto != HDR_IP_ICMP && header.proto != HDR_IP_UDP && header.proto != HDR_IP_TCP) {
        ip->counters.in_no_protocol++;
        icmp_send_error(ip, p, ICMP_UNREACHABLE, ICMP_PROTOCOL_UNREACHABLE, 0);
        return;
    }
    pkt_pull(p, len);
    ip->counters.in++;
    if (header.proto == HDR_IP_ICMP)
        icmp_input(ip, &header, p);
    else if (header.proto == HDR_IP_UDP)
        udp_input(ip, interface, &header, p);
    else if (ip_is_ours(ip, dst) || address_is_loopback(dst)) /* RFC 9293 section 3.9.2.3 */
        ip->ops->tcp(ip->user, src, dst, p);
}

static void take_fragment(struct ip *ip, unsigned interface, struct pkt *p)
{
    struct pkt *whole = ip_fragments_take(ip, p);
    if (whole == NULL)
        return;
    deliver(ip, interface, whole);
    pkt_unref(whole);
}

/* `group`: it came in a frame to many. */
static void take_packet(struct ip *ip, struct ip_interface *i, struct pkt *p, bool group)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)p->data;
    if (!header_is_good(ip, p))
        return;
    if (!source_can_be(ip, i, h) || address_is_loopback(be32_get(h->dst)))
        ip->counters.in_martian++;
    else if (!is_for_us(i, be32_get(h->dst), p, group))
        ip->counters.in_not_ours++;
    else if (!options_are_good(ip, p))
        return;
    else if (be16_get(h->frag) & (HDR_IP_MF | HDR_IP_OFFSET))
        take_fragment(ip, i->index, p);
    else
        deliver(ip, i->index, p);
}

/* --- Frames ---------------------------------------------------------------------------------- */

/* `p` is ours alone. */
static void take_frame(struct ip *ip, struct ip_interface *i, struct pkt *p)
{
    struct hdr_eth h;
    bool group, ours;
    if (p->len < sizeof h)
        return;
    h = *(const struct hdr_eth *)p->data;
    group = h.dst[0] & 1;
    ours = group || bytes_equal(h.dst, i->mac, HDR_ETH_ALEN);
    pkt_pull(p, sizeof h);
    if (ours && be16_get(h.type) == HDR_ETH_IPV4)
        take_packet(ip, i, p, group);
    else if (ours && be16_get(h.type) == HDR_ETH_ARP)
        arp_receive(&i->arp, h.src, p);
    else
        ip->counters.frames_other++;
}

/* A copy that nobody else holds. */
static struct pkt *own_copy(struct ip *ip, const struct pkt *p)
{
    struct pkt *copy = pkt_new_for(ip->pool, p->len);
    if (copy == NULL) {
        ip->counters.out_no_memory++;
        return NULL;
    }
    bytes_copy(pkt_append(copy, p->len), p->data, p->len);
    copy->offload = p->offload;
    copy->csum_start = p->csum_start;
    copy->csum_offset = p->csum_offset;
    copy->gso_size = p->gso_size;
    return copy;
}

void ip_receive(struct ip *ip, unsigned interface, struct pkt *p, uint64_t now)
{
    struct ip_interface *i = &ip->interfaces[interface];
    struct pkt *copy;
    ip->now = now;
    ip->counters.frames_in++;
    if (p->refs == 1) {
        take_frame(ip, i, p);
        return;
    }
    copy = own_copy(ip, p);
    if (copy)
        take_frame(ip, i, copy);
    pkt_unref(copy);
}

/* --- From ourselves -------------------------------------------------------------------------- */

void ip_turn_looped(struct ip *ip, uint64_t now)
{
    struct pkt *p = ip->looped_first;
    ip->now = now;
    ip->looped_first = NULL;
    ip->looped_last = &ip->looped_first;
    ip->n_looped = 0; /* what these cause comes in the next turn */
    while (p) {
        struct pkt *next = p->next;
        deliver(ip, 0, p);
        pkt_unref(p);
        p = next;
    }
}
