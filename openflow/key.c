/*
 * key.c - the flow key of a frame, by the flowchart of section 3.4 (figure 4). See key.h.
 *
 * The hottest function of both programs. The key's five words are put together in registers and
 * stored whole: whoever hashes the key next reads whole words, which would stall the processor on
 * words made of narrow stores. Where a field lies in its word is written once, below. A frame with
 * IPv4 and no tag takes the short way, without a loop and with few branches.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/key.h"

#include "openflow/frame_headers.h"

#define RARELY(condition) __builtin_expect((condition), 0)

/* Bytes as they lie in memory: shifting left by 8 moves them on by one byte. */
static inline uint64_t raw16(const void *p)
{
    uint16_t n;
    __builtin_memcpy(&n, p, sizeof n);
    return n;
}

static inline uint64_t raw32(const void *p)
{
    uint32_t n;
    __builtin_memcpy(&n, p, sizeof n);
    return n;
}

/* The bit in its word at which a member of the match begins. */
#define WORD_OF(member)  (offsetof(struct ofp_match, member) / 8)
#define SHIFT_OF(member) (offsetof(struct ofp_match, member) % 8 * 8)

_Static_assert(WORD_OF(in_port) == 0 && WORD_OF(dl_src[1]) == 0, "word 0: in_port, dl_src");
_Static_assert(WORD_OF(dl_src[2]) == 1 && WORD_OF(dl_dst[3]) == 1, "word 1: dl_src, dl_dst");
_Static_assert(WORD_OF(dl_dst[4]) == 2 && WORD_OF(dl_type) == 2, "word 2: dl_dst, VLAN, dl_type");
_Static_assert(WORD_OF(nw_tos) == 3 && WORD_OF(nw_src) == 3, "word 3: nw_tos, nw_proto, nw_src");
_Static_assert(WORD_OF(nw_dst) == 4 && WORD_OF(tp_dst) == 4, "word 4: nw_dst, tp_src, tp_dst");

#define UNTAGGED ((uint64_t)OFP_VLAN_NONE << SHIFT_OF(dl_vlan))

/* dl_vlan and dl_vlan_pcp of a tag, in their places in word 2. */
static uint64_t tag_bits(const struct hdr_vlan *tag)
{
    uint16_t tci = be16_get(tag->tci);
    be16 vid = be16_of(tci & HDR_VLAN_VID);
    return raw16(&vid) << SHIFT_OF(dl_vlan) | (uint64_t)(tci >> HDR_VLAN_PCP_SHIFT)
                                                  << SHIFT_OF(dl_vlan_pcp);
}

/* The EtherType of an 802.3 frame: its SNAP header's, which is then taken off `rest`. */
static be16 take_snap(struct span *rest)
{
    static const uint8_t llc_and_oui[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
    const struct hdr_snap *snap = (const struct hdr_snap *)rest->data;
    if (rest->len < sizeof *snap || !bytes_equal(snap, llc_and_oui, sizeof llc_and_oui) ||
        be16_get(snap->type) < OFP_DL_TYPE_ETH2_CUTOFF)
        return be16_of(OFP_DL_TYPE_NOT_ETH_TYPE);
    span_take(rest, sizeof *snap);
    return snap->type;
}

/* Take off what lies between an Ethernet header with this `type` and the packet: one tag, then LLC
 * and SNAP. Returns the packet's EtherType, that of a second tag included; `*tag` gets the VLAN. */
static be16 take_link(be16 type, struct span *rest, uint64_t *tag)
{
    const struct hdr_vlan *vlan;
    if (be16_get(type) == HDR_ETH_VLAN && (vlan = span_take(rest, sizeof *vlan)) != NULL) {
        *tag = tag_bits(vlan);
        type = vlan->type;
    }
    return be16_get(type) < OFP_DL_TYPE_ETH2_CUTOFF ? take_snap(rest) : type;
}

/* tp_src and tp_dst, side by side, of the transport header that begins `payload`. */
static inline uint64_t transport(uint8_t proto, struct span payload)
{
    if (proto == HDR_IP_TCP)
        return payload.len >= sizeof(struct hdr_tcp) ? raw32(payload.data) : 0;
    if (proto == HDR_IP_UDP)
        return payload.len >= sizeof(struct hdr_udp) ? raw32(payload.data) : 0;
    if (proto == HDR_IP_ICMP && payload.len >= sizeof(struct hdr_icmp))
        return (uint64_t)payload.data[0] << 8 | (uint64_t)payload.data[1] << 24;
    return 0;
}

/* Words 3 and 4 for both protocols that have addresses. */
static inline void set_network(struct ofp_key *key, uint8_t tos, uint8_t proto, const be32 *src,
                               const be32 *dst, uint64_t ports)
{
    key->word[3] = (uint64_t)tos << SHIFT_OF(nw_tos) | (uint64_t)proto << SHIFT_OF(nw_proto) |
                   raw32(src) << SHIFT_OF(nw_src);
    key->word[4] = raw32(dst) << SHIFT_OF(nw_dst) | ports << SHIFT_OF(tp_src);
}

static inline void set_no_network(struct ofp_key *key)
{
    key->word[3] = key->word[4] = 0;
}

/* A frame may end before its packet does (a packet-in's often do) and after it (padding). */
static inline void set_ipv4(struct ofp_key *key, struct span rest)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)rest.data;
    size_t header_len, len;
    if (RARELY(rest.len < sizeof *ip || (uint8_t)(ip->ver_ihl - 0x45) > 0x0f - 0x05)) {
        set_no_network(key); /* no whole header, or not version 4, or IHL below 5 */
        return;
    }
    header_len = (ip->ver_ihl & 0x0f) * 4;
    len = be16_get(ip->total_len);
    len = len < rest.len ? len : rest.len;
    if (RARELY(len < header_len)) {
        set_no_network(key);
        return;
    }
    uint64_t ports = 0;
    if (!RARELY(be16_get(ip->frag) & HDR_IP_FRAGMENT))
        ports = transport(ip->proto, span_of(rest.data + header_len, len - header_len));
    set_network(key, ip->tos & HDR_IP_DSCP, ip->proto, &ip->src, &ip->dst, ports);
}

/* Only ARP between Ethernet and IPv4 has addresses that fit; an opcode has to fit in nw_proto. */
static void set_arp(struct ofp_key *key, struct span rest)
{
    static const uint8_t ethernet_ipv4[6] = {0, 1, 0x08, 0x00, 6, 4};
    const struct hdr_arp *arp = (const struct hdr_arp *)rest.data;
    if (rest.len < sizeof *arp || !bytes_equal(arp, ethernet_ipv4, sizeof ethernet_ipv4)) {
        set_no_network(key);
        return;
    }
    uint16_t opcode = be16_get(arp->opcode);
    set_network(key, 0, opcode < 256 ? opcode : 0, &arp->spa, &arp->tpa, 0);
}

/* Words 0 to 2. `tag` has dl_vlan and dl_vlan_pcp in their places. */
static inline void set_link(struct ofp_key *key, uint16_t in_port, const struct hdr_eth *eth,
                            uint64_t tag, be16 type)
{
    be16 port = be16_of(in_port);
    key->word[0] = raw16(&port) << SHIFT_OF(in_port) | raw16(eth->src) << SHIFT_OF(dl_src);
    key->word[1] = raw32(eth->src + 2) | raw32(eth->dst) << SHIFT_OF(dl_dst);
    key->word[2] = raw16(eth->dst + 4) | tag | raw16(&type) << SHIFT_OF(dl_type);
}

/* A frame without an Ethernet header. */
static void set_nothing(struct ofp_key *key, uint16_t in_port)
{
    static const struct hdr_eth no_header;
    set_link(key, in_port, &no_header, UNTAGGED, no_header.type);
    set_no_network(key);
}

/* A frame that is not plainly Ethernet II with IPv4 in it. */
static void set_other(struct ofp_key *key, uint16_t in_port, const struct hdr_eth *eth,
                      struct span rest)
{
    uint64_t tag = UNTAGGED;
    be16 type = take_link(eth->type, &rest, &tag);
    set_link(key, in_port, eth, tag, type);
    if (be16_get(type) == HDR_ETH_IPV4)
        set_ipv4(key, rest);
    else if (be16_get(type) == HDR_ETH_ARP)
        set_arp(key, rest);
    else
        set_no_network(key);
}

void ofp_key_extract(struct ofp_key *key, struct span frame, uint16_t in_port)
{
    const struct hdr_eth *eth = (const struct hdr_eth *)frame.data;
    if (RARELY(frame.len < sizeof *eth)) {
        set_nothing(key, in_port);
        return;
    }
    struct span rest = span_of(eth + 1, frame.len - sizeof *eth);
    if (RARELY(be16_get(eth->type) != HDR_ETH_IPV4)) {
        set_other(key, in_port, eth, rest);
        return;
    }
    set_link(key, in_port, eth, UNTAGGED, be16_of(HDR_ETH_IPV4));
    set_ipv4(key, rest);
}
