/*
 * packet.c - changing a frame as actions ask: see packet.h.
 *
 * Where the headers lie is found as the flow key finds it (openflow/key.c): one 802.1Q tag, LLC
 * with SNAP, then IPv4. A field is changed as the 16-bit words that checksums are made of.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/packet.h"

/* --- Checksums ------------------------------------------------------------------------------- */

/* What a sum of 16-bit words is when one of them was `from` and becomes `to` (RFC 1624, eqn. 3). */
static uint16_t sum_replace(uint16_t sum, uint16_t from, uint16_t to)
{
    uint32_t n = (uint32_t)sum + (uint16_t)~from + to;
    n = (n & 0xffff) + (n >> 16);
    return (uint16_t)((n & 0xffff) + (n >> 16));
}

/* A checksum is the complement of such a sum. */
static void checksum_replace(be16 *checksum, uint16_t from, uint16_t to)
{
    uint16_t sum = (uint16_t)~be16_get(*checksum);
    *checksum = be16_of((uint16_t)~sum_replace(sum, from, to));
}

/* A transport header that a packet has in whole, and its checksum. */
struct transport {
    uint8_t *header; /* begins with the two ports; NULL: there is none */
    be16 *checksum;
    bool udp;
    bool partial; /* the checksum still is the pseudo-header's sum, not complemented */
};

/* RFC 768: a sent zero means that there is no checksum; one that comes out as zero is sent as its
 * other form, all ones. */
static void transport_replace(const struct transport *t, uint16_t from, uint16_t to)
{
    bool none = t->udp && be16_get(*t->checksum) == 0;
    if (t->partial) {
        *t->checksum = be16_of(sum_replace(be16_get(*t->checksum), from, to));
        return;
    }
    if (none)
        return;
    checksum_replace(t->checksum, from, to);
    if (t->udp && be16_get(*t->checksum) == 0)
        *t->checksum = be16_of(0xffff);
}

/* --- Where the headers are ------------------------------------------------------------------- */

static struct hdr_eth *find_eth(const struct pkt *p)
{
    return p->len >= sizeof(struct hdr_eth) ? (struct hdr_eth *)p->data : NULL;
}

/* The 802.1Q tag, right behind the addresses' EtherType. */
static struct hdr_vlan *find_tag(const struct pkt *p)
{
    struct hdr_eth *eth = find_eth(p);
    if (eth == NULL || be16_get(eth->type) != HDR_ETH_VLAN ||
        p->len < sizeof *eth + sizeof(struct hdr_vlan))
        return NULL;
    return (struct hdr_vlan *)(eth + 1);
}

/* What follows the link layer's headers; `*type` is its EtherType, 0 if it has none. */
static struct span find_network(const struct pkt *p, uint16_t *type)
{
    static const uint8_t llc_and_oui[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
    const struct hdr_vlan *tag = find_tag(p);
    struct span rest = span_of(p->data, p->len);
    const struct hdr_eth *eth = span_take(&rest, sizeof *eth);
    *type = 0;
    if (eth == NULL)
        return rest;
    if (tag)
        span_take(&rest, sizeof *tag);
    *type = be16_get(tag ? tag->type : eth->type);
    if (*type < OFP_DL_TYPE_ETH2_CUTOFF) {
        const struct hdr_snap *snap = span_take(&rest, sizeof *snap);
        *type =
            snap && bytes_equal(snap, llc_and_oui, sizeof llc_and_oui) ? be16_get(snap->type) : 0;
    }
    return rest;
}

static size_t ipv4_header_len(const struct hdr_ipv4 *ip)
{
    return (size_t)(ip->ver_ihl & 0x0f) * 4;
}

struct hdr_ipv4 *packet_find_ipv4(const struct pkt *p, size_t *len)
{
    uint16_t type;
    struct span rest = find_network(p, &type);
    struct hdr_ipv4 *ip = (struct hdr_ipv4 *)(p->data + (rest.data - p->data));
    if (type != HDR_ETH_IPV4 || rest.len < sizeof *ip || ip->ver_ihl >> 4 != 4)
        return NULL;
    *len = be16_get(ip->total_len);
    *len = *len < rest.len ? *len : rest.len;
    return ipv4_header_len(ip) >= sizeof *ip && ipv4_header_len(ip) <= *len ? ip : NULL;
}

uint16_t packet_vlan(const struct pkt *p)
{
    const struct hdr_vlan *tag = find_tag(p);
    return tag ? be16_get(tag->tci) & HDR_VLAN_VID : OFP_VLAN_NONE;
}

bool packet_is_8023(const struct pkt *p)
{
    const struct hdr_eth *eth = find_eth(p);
    const struct hdr_vlan *tag = find_tag(p);
    return eth && be16_get(tag ? tag->type : eth->type) < OFP_DL_TYPE_ETH2_CUTOFF;
}

bool packet_is_fragment(const struct pkt *p)
{
    size_t len;
    const struct hdr_ipv4 *ip = packet_find_ipv4(p, &len);
    return ip && (be16_get(ip->frag) & HDR_IP_FRAGMENT);
}

/* The checksum that the device was left to finish is this one. */
static bool is_partial(const struct pkt *p, const struct transport *t)
{
    return (p->offload & PKT_CSUM_PARTIAL) && t->header - p->data == p->csum_start &&
           (uint8_t *)t->checksum - t->header == p->csum_offset;
}

/* TCP's or UDP's header in the IPv4 packet `ip` of `len` bytes. Of fragments the first has it, with
 * a checksum that is about all of them. */
static struct transport find_transport(const struct pkt *p, struct hdr_ipv4 *ip, size_t len)
{
    struct transport t = {.header = NULL};
    uint8_t *at = (uint8_t *)ip + ipv4_header_len(ip);
    len -= ipv4_header_len(ip);
    if (be16_get(ip->frag) & HDR_IP_OFFSET)
        return t;
    if (ip->proto == HDR_IP_TCP && len >= sizeof(struct hdr_tcp))
        t = (struct transport){.header = at, .checksum = &((struct hdr_tcp *)at)->checksum};
    else if (ip->proto == HDR_IP_UDP && len >= sizeof(struct hdr_udp))
        t = (struct transport){
            .header = at, .checksum = &((struct hdr_udp *)at)->checksum, .udp = true};
    t.partial = t.header && is_partial(p, &t);
    return t;
}

/* --- Ethernet and VLAN ----------------------------------------------------------------------- */

void packet_set_dl_src(struct pkt *p, const uint8_t mac[OFP_ETH_ALEN])
{
    struct hdr_eth *eth = find_eth(p);
    if (eth)
        bytes_copy(eth->src, mac, OFP_ETH_ALEN);
}

void packet_set_dl_dst(struct pkt *p, const uint8_t mac[OFP_ETH_ALEN])
{
    struct hdr_eth *eth = find_eth(p);
    if (eth)
        bytes_copy(eth->dst, mac, OFP_ETH_ALEN);
}

#define MACS (2 * OFP_ETH_ALEN) /* what lies in front of a tag */

/* Change the tag's bits in `mask` to `bits`; a frame without a tag gets one that is zero else. */
static bool set_tci(struct pkt *p, uint16_t mask, uint16_t bits)
{
    struct hdr_vlan *tag = find_tag(p);
    if (find_eth(p) == NULL)
        return true;
    if (tag == NULL) {
        if (pkt_push(p, sizeof *tag) == NULL)
            return false;
        bytes_move(p->data, p->data + sizeof *tag, MACS);
        ((struct hdr_eth *)p->data)->type = be16_of(HDR_ETH_VLAN);
        tag = (struct hdr_vlan *)(p->data + sizeof(struct hdr_eth));
        tag->tci = be16_of(0);
    }
    tag->tci = be16_of((uint16_t)((be16_get(tag->tci) & ~mask) | bits));
    return true;
}

bool packet_set_vlan_vid(struct pkt *p, uint16_t vid)
{
    return set_tci(p, HDR_VLAN_VID, vid & HDR_VLAN_VID);
}

bool packet_set_vlan_pcp(struct pkt *p, uint8_t pcp)
{
    return set_tci(p, 7 << HDR_VLAN_PCP_SHIFT, (uint16_t)((pcp & 7) << HDR_VLAN_PCP_SHIFT));
}

void packet_strip_vlan(struct pkt *p)
{
    if (find_tag(p) == NULL)
        return;
    bytes_move(p->data + sizeof(struct hdr_vlan), p->data, MACS);
    pkt_pull(p, sizeof(struct hdr_vlan));
}

/* --- IPv4 ------------------------------------------------------------------------------------ */

/* Set the address at `offset` of an IPv4 header, if there is one. An address is in its own header's
 * checksum and in the pseudo-header's. */
static void set_addr(struct pkt *p, size_t offset, uint32_t addr)
{
    size_t len;
    struct hdr_ipv4 *ip = packet_find_ipv4(p, &len);
    if (ip == NULL)
        return;
    struct transport t = find_transport(p, ip, len);
    be32 *field = (be32 *)((uint8_t *)ip + offset);
    uint32_t old = be32_get(*field);
    for (int shift = 16; shift >= 0; shift -= 16) {
        uint16_t from = (uint16_t)(old >> shift), to = (uint16_t)(addr >> shift);
        checksum_replace(&ip->checksum, from, to);
        if (t.header)
            transport_replace(&t, from, to);
    }
    *field = be32_of(addr);
}

void packet_set_nw_src(struct pkt *p, uint32_t addr)
{
    set_addr(p, offsetof(struct hdr_ipv4, src), addr);
}

void packet_set_nw_dst(struct pkt *p, uint32_t addr)
{
    set_addr(p, offsetof(struct hdr_ipv4, dst), addr);
}

void packet_set_nw_tos(struct pkt *p, uint8_t tos)
{
    size_t len;
    struct hdr_ipv4 *ip = packet_find_ipv4(p, &len);
    if (ip == NULL)
        return;
    tos = (uint8_t)((tos & HDR_IP_DSCP) | (ip->tos & ~HDR_IP_DSCP));
    checksum_replace(&ip->checksum, ip->tos, tos);
    ip->tos = tos;
}

/* The TTL is the upper byte of its word. */
static bool dec_ttl4(struct hdr_ipv4 *ip)
{
    if (ip->ttl <= 1)
        return false;
    checksum_replace(&ip->checksum, (uint16_t)(ip->ttl << 8), (uint16_t)((ip->ttl - 1) << 8));
    ip->ttl--;
    return true;
}

static bool dec_ttl6(struct hdr_ipv6 *ip)
{
    if (ip->hop_limit <= 1)
        return false;
    ip->hop_limit--;
    return true;
}

bool packet_dec_ttl(struct pkt *p)
{
    uint16_t type;
    struct span rest = find_network(p, &type);
    size_t len;
    struct hdr_ipv4 *ip = packet_find_ipv4(p, &len);
    if (ip)
        return dec_ttl4(ip);
    if (type == HDR_ETH_IPV6 && rest.len >= sizeof(struct hdr_ipv6))
        return dec_ttl6((struct hdr_ipv6 *)(p->data + (rest.data - p->data)));
    return true;
}

/* --- TCP and UDP ----------------------------------------------------------------------------- */

/* A port that is not yet in the checksum is not taken out of it either. */
static void set_port(struct pkt *p, size_t at, uint16_t port)
{
    size_t len;
    struct hdr_ipv4 *ip = packet_find_ipv4(p, &len);
    struct transport t = {.header = NULL};
    if (ip)
        t = find_transport(p, ip, len);
    if (t.header) {
        be16 *field = (be16 *)(t.header + at);
        if (!t.partial)
            transport_replace(&t, be16_get(*field), port);
        *field = be16_of(port);
    }
}

void packet_set_tp_src(struct pkt *p, uint16_t port)
{
    set_port(p, offsetof(struct hdr_tcp, src), port);
}

void packet_set_tp_dst(struct pkt *p, uint16_t port)
{
    set_port(p, offsetof(struct hdr_tcp, dst), port);
}
