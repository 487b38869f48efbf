/*
 * print_frame.c - the headers of a frame on one line, as behind a packet-in.
 *
 * A key (key.h) has the twelve fields that OpenFlow 1.0 matches; this line also has what a person
 * looks for: IPv6, MPLS and neighbour discovery, TTL, fragments, TCP flags, checksums. So it is
 * read from the frame in a way of its own, and the fields are named as in ovs-fields(7). A header
 * that is not whole, or whose length cannot be true, has zeros for its fields, and so has what
 * follows it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#include "openflow/frame_headers.h"

#define VLANS_MAX  2
#define LABELS_MAX 3

enum fragment { FRAG_NO, FRAG_FIRST, FRAG_LATER };

/* What a frame's headers say. */
struct summary {
    struct hdr_eth eth;
    uint16_t tci[VLANS_MAX];
    size_t n_vlans;
    uint16_t dl_type;
    uint32_t label[LABELS_MAX];

    struct hdr_arp arp;
    uint32_t nw_src, nw_dst;
    struct hdr_ipv6 ipv6;
    uint32_t ipv6_label;
    uint8_t nw_proto, nw_tos, nw_ttl;
    enum fragment fragment;

    uint16_t tp_src, tp_dst; /* or ICMP type and code */
    uint16_t tcp_flags;
    bool discovery; /* an ICMPv6 neighbour solicitation or advertisement, which has: */
    uint8_t nd_target[16];
    uint8_t nd_sll[OFP_ETH_ALEN], nd_tll[OFP_ETH_ALEN];
    struct span payload; /* the IP packet's: what the transport's header begins */
};

/* --- Reading: link (IEEE 802.3, 802.1Q, 802.1ad; MPLS, RFC 3032) ----------------------------- */

static bool is_tag(be16 type)
{
    return be16_get(type) == HDR_ETH_VLAN || be16_get(type) == HDR_ETH_QINQ;
}

/* Take tags off; returns the EtherType behind them. */
static be16 take_tags(struct summary *s, struct span *rest)
{
    be16 type = s->eth.type;
    const struct hdr_vlan *tag;
    while (is_tag(type) && s->n_vlans < VLANS_MAX && (tag = span_take(rest, sizeof *tag)) != NULL) {
        s->tci[s->n_vlans++] = be16_get(tag->tci);
        type = tag->type;
    }
    return type;
}

static uint16_t take_ethertype(be16 type, struct span *rest)
{
    static const uint8_t llc_and_oui[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
    const struct hdr_snap *snap;
    if (be16_get(type) >= OFP_DL_TYPE_ETH2_CUTOFF)
        return be16_get(type);
    if (rest->len < sizeof *snap || !bytes_equal(rest->data, llc_and_oui, sizeof llc_and_oui))
        return OFP_DL_TYPE_NOT_ETH_TYPE;
    snap = span_take(rest, sizeof *snap);
    return be16_get(snap->type) >= OFP_DL_TYPE_ETH2_CUTOFF ? be16_get(snap->type)
                                                           : OFP_DL_TYPE_NOT_ETH_TYPE;
}

static void read_labels(struct summary *s, struct span rest)
{
    const be32 *label;
    for (size_t i = 0; i < LABELS_MAX && (label = span_take(&rest, sizeof *label)) != NULL; i++) {
        s->label[i] = be32_get(*label);
        if (s->label[i] & HDR_MPLS_BOTTOM)
            break;
    }
}

/* --- Reading: transport ---------------------------------------------------------------------- */

static void read_tcp(struct summary *s, const void *header)
{
    const struct hdr_tcp *tcp = header;
    size_t len = (size_t)(tcp->offset >> 4) * 4;
    if (len < sizeof *tcp || len > s->payload.len)
        return;
    s->tp_src = be16_get(tcp->src);
    s->tp_dst = be16_get(tcp->dst);
    s->tcp_flags = (uint16_t)((tcp->offset & 0xf) << 8 | tcp->flags);
}

/* UDP and SCTP alike. */
static void read_ports(struct summary *s, const void *header)
{
    const struct hdr_udp *udp = header;
    s->tp_src = be16_get(udp->src);
    s->tp_dst = be16_get(udp->dst);
}

/* ICMP and IGMP alike. */
static void read_type_and_code(struct summary *s, const void *header)
{
    const struct hdr_icmp *icmp = header;
    s->tp_src = icmp->type;
    s->tp_dst = icmp->code;
}

/* The link-layer address of one option of neighbour discovery (RFC 4861 section 4.6.1). False if
 * there already is one: which of them holds is then unknown. */
static bool read_nd_option(struct summary *s, const struct hdr_nd_option *o)
{
    static const uint8_t none[OFP_ETH_ALEN];
    uint8_t *address = o->type == HDR_ND_SOURCE ? s->nd_sll : s->nd_tll;
    if ((o->type != HDR_ND_SOURCE && o->type != HDR_ND_TARGET) || o->length != 1)
        return true;
    if (!bytes_equal(address, none, sizeof none))
        return false;
    bytes_copy(address, o->address, sizeof o->address);
    return true;
}

static void read_nd_options(struct summary *s, struct span rest)
{
    while (rest.len >= sizeof(struct hdr_nd_option)) {
        const struct hdr_nd_option *o = (const struct hdr_nd_option *)rest.data;
        if (o->length == 0 || o->length * 8u > rest.len)
            return;
        if (!read_nd_option(s, o)) {
            bytes_zero(s->nd_target, sizeof s->nd_target);
            bytes_zero(s->nd_sll, sizeof s->nd_sll);
            bytes_zero(s->nd_tll, sizeof s->nd_tll);
            return;
        }
        span_take(&rest, o->length * 8u);
    }
}

static void read_icmpv6(struct summary *s, const void *header)
{
    struct span rest = s->payload;
    const uint8_t *target;
    if (s->payload.len < sizeof(struct hdr_icmp))
        return;
    read_type_and_code(s, header);
    s->discovery = (s->tp_src == HDR_ND_SOLICIT || s->tp_src == HDR_ND_ADVERT) && s->tp_dst == 0;
    if (!s->discovery)
        return;
    span_take(&rest, sizeof(struct hdr_icmp));
    target = span_take(&rest, sizeof s->nd_target);
    if (target == NULL)
        return;
    bytes_copy(s->nd_target, target, sizeof s->nd_target);
    read_nd_options(s, rest);
}

/* One row per protocol that is looked into. */
static const struct transport {
    uint8_t nw_proto;
    uint8_t size; /* the least that a header has */
    void (*read)(struct summary *s, const void *header);
    const char *checksum_name; /* NULL: none is printed */
    uint8_t checksum_at, checksum_size;
} transports[] = {
    {HDR_IP_TCP, sizeof(struct hdr_tcp), read_tcp, " tcp_csum:", 16, 2},
    {HDR_IP_UDP, sizeof(struct hdr_udp), read_ports, " udp_csum:", 6, 2},
    {HDR_IP_SCTP, 12, read_ports, " sctp_csum:", 8, 4},
    {HDR_IP_ICMP, sizeof(struct hdr_icmp), read_type_and_code, " icmp_csum:", 2, 2},
    {HDR_IP_ICMPV6, 4, read_icmpv6, " icmp6_csum:", 2, 2},
    {HDR_IP_IGMP, sizeof(struct hdr_icmp), read_type_and_code, NULL, 0, 0},
};

static const struct transport *transport_of(const struct summary *s)
{
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++)
        if (transports[i].nw_proto == s->nw_proto)
            return &transports[i];
    return NULL;
}

/* --- Reading: network ------------------------------------------------------------------------ */

static void read_transport(struct summary *s)
{
    const struct transport *transport = transport_of(s);
    if (transport != NULL && s->fragment != FRAG_LATER && s->payload.len >= transport->size)
        transport->read(s, s->payload.data);
}

static void read_ipv4(struct summary *s, struct span rest)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)rest.data;
    size_t header_len, total;
    if (rest.len < sizeof *ip)
        return;
    header_len = (ip->ver_ihl & 0x0f) * 4;
    total = be16_get(ip->total_len);
    if (header_len < sizeof *ip || header_len > total || total > rest.len)
        return;
    s->nw_src = be32_get(ip->src);
    s->nw_dst = be32_get(ip->dst);
    s->nw_tos = ip->tos;
    s->nw_ttl = ip->ttl;
    s->nw_proto = ip->proto;
    if (be16_get(ip->frag) & HDR_IP_FRAGMENT)
        s->fragment = be16_get(ip->frag) & HDR_IP_OFFSET ? FRAG_LATER : FRAG_FIRST;
    s->payload = span_of(rest.data + header_len, total - header_len);
    read_transport(s);
}

/* How long an extension header is by its own account; 0 for what is none (RFC 8200 section 4; the
 * authentication header counts otherwise, RFC 4302). */
static size_t extension_len(uint8_t proto, const struct hdr_ipv6_extension *e)
{
    switch (proto) {
    case HDR_IP_HOPOPTS:
    case HDR_IP_ROUTING:
    case HDR_IP_DSTOPTS:
        return (e->length + 1u) * 8;
    case HDR_IP_AH:
        return (e->length + 2u) * 4;
    case HDR_IP_FRAGMENT_HEADER:
        return sizeof *e;
    default:
        return 0;
    }
}

static bool is_extension(uint8_t proto)
{
    static const struct hdr_ipv6_extension none;
    return extension_len(proto, &none) > 0;
}

/* Note a fragment header. True if no header of interest follows. */
static bool read_fragment(struct summary *s, const struct hdr_ipv6_extension *e)
{
    uint16_t offset = be16_get(e->offset);
    if (offset == 0)
        return false;
    s->fragment = offset & HDR_IPV6_OFFSET ? FRAG_LATER : FRAG_FIRST;
    return s->fragment == FRAG_LATER;
}

/* Take extension headers off `rest`, from the type `*proto` on, which becomes the type of what
 * follows them. False if they run out of the packet. */
static bool take_extensions(struct summary *s, uint8_t *proto, struct span *rest)
{
    while (is_extension(*proto)) {
        const struct hdr_ipv6_extension *e = (const struct hdr_ipv6_extension *)rest->data;
        if (rest->len < sizeof *e || span_take(rest, extension_len(*proto, e)) == NULL)
            return false;
        if (*proto == HDR_IP_FRAGMENT_HEADER && read_fragment(s, e))
            return true;
        *proto = e->next;
    }
    return true;
}

static void read_ipv6(struct summary *s, struct span rest)
{
    const struct hdr_ipv6 *ip = span_take(&rest, sizeof *ip);
    uint8_t proto;
    if (ip == NULL || be16_get(ip->payload_len) > rest.len)
        return;
    rest.len = be16_get(ip->payload_len);
    s->ipv6 = *ip;
    proto = ip->next;
    if (!take_extensions(s, &proto, &rest)) {
        s->fragment = FRAG_NO;
        return;
    }
    s->ipv6_label = be32_get(ip->flow) & HDR_IPV6_LABEL;
    s->nw_tos = (uint8_t)(be32_get(ip->flow) >> 20);
    s->nw_ttl = ip->hop_limit;
    s->nw_proto = proto;
    s->payload = rest;
    read_transport(s);
}

/* Only ARP between Ethernet and IPv4 has addresses that fit. */
static void read_arp(struct summary *s, struct span rest)
{
    static const uint8_t ethernet_ipv4[6] = {0, 1, 0x08, 0x00, 6, 4};
    const struct hdr_arp *arp = (const struct hdr_arp *)rest.data;
    if (rest.len < sizeof *arp || !bytes_equal(arp, ethernet_ipv4, sizeof ethernet_ipv4))
        return;
    s->arp = *arp;
    s->nw_proto = be16_get(arp->opcode) <= 0xff ? (uint8_t)be16_get(arp->opcode) : 0;
}

static bool is_mpls(uint16_t dl_type)
{
    return dl_type == HDR_ETH_MPLS || dl_type == HDR_ETH_MPLS_MULTICAST;
}

static bool is_arp(uint16_t dl_type)
{
    return dl_type == HDR_ETH_ARP || dl_type == HDR_ETH_RARP;
}

static void read_frame(struct summary *s, struct span frame)
{
    const struct hdr_eth *eth = span_take(&frame, sizeof *eth);
    if (eth == NULL)
        return;
    s->eth = *eth;
    s->dl_type = take_ethertype(take_tags(s, &frame), &frame);
    if (s->dl_type == HDR_ETH_IPV4)
        read_ipv4(s, frame);
    else if (s->dl_type == HDR_ETH_IPV6)
        read_ipv6(s, frame);
    else if (is_arp(s->dl_type))
        read_arp(s, frame);
    else if (is_mpls(s->dl_type))
        read_labels(s, frame);
}

/* --- Printing -------------------------------------------------------------------------------- */

static void put_number(struct text *t, const char *name, uint64_t n)
{
    text_put(t, name);
    text_put_u64(t, n);
}

static void put_mac(struct text *t, const char *name, const uint8_t *mac)
{
    text_put(t, name);
    text_put_mac(t, mac);
}

static void put_tag(struct text *t, const char *number, uint16_t tci)
{
    text_put(t, "dl_vlan");
    text_put(t, number);
    put_number(t, "=", tci & HDR_VLAN_VID);
    text_put(t, ",dl_vlan_pcp");
    text_put(t, number);
    put_number(t, "=", tci >> HDR_VLAN_PCP_SHIFT);
    text_put_char(t, ',');
}

/* All tags, and that there is no more. */
static void put_tags(struct text *t, const struct summary *s)
{
    static const char *const numbers[VLANS_MAX] = {"", "1"};
    for (size_t i = 0; i < s->n_vlans; i++)
        put_tag(t, numbers[i], s->tci[i]);
    if (s->n_vlans < VLANS_MAX) {
        text_put(t, "vlan_tci");
        text_put(t, numbers[s->n_vlans]);
        text_put(t, "=0x0000,");
    }
}

static void put_labels(struct text *t, const struct summary *s)
{
    put_number(t, ",mpls_label=", s->label[0] >> 12);
    put_number(t, ",mpls_tc=", s->label[0] >> 9 & 7);
    put_number(t, ",mpls_ttl=", s->label[0] & 0xff);
    put_number(t, ",mpls_bos=", (s->label[0] & HDR_MPLS_BOTTOM) != 0);
    if (!(s->label[0] & HDR_MPLS_BOTTOM))
        put_number(t, ",mpls_lse1=", s->label[1]);
    if (!((s->label[0] | s->label[1]) & HDR_MPLS_BOTTOM))
        put_number(t, ",mpls_lse2=", s->label[2]);
}

static void put_arp(struct text *t, const struct summary *s)
{
    text_put(t, ",arp_spa=");
    text_put_ipv4(t, be32_get(s->arp.spa));
    text_put(t, ",arp_tpa=");
    text_put_ipv4(t, be32_get(s->arp.tpa));
    put_number(t, ",arp_op=", s->nw_proto);
    put_mac(t, ",arp_sha=", s->arp.sha);
    put_mac(t, ",arp_tha=", s->arp.tha);
}

static void put_addresses(struct text *t, const struct summary *s)
{
    if (s->dl_type == HDR_ETH_IPV6) {
        text_put(t, ",ipv6_src=");
        text_put_ipv6(t, s->ipv6.src);
        text_put(t, ",ipv6_dst=");
        text_put_ipv6(t, s->ipv6.dst);
        text_put(t, ",ipv6_label=0x");
        text_put_hex(t, s->ipv6_label, 5);
    } else {
        text_put(t, ",nw_src=");
        text_put_ipv4(t, s->nw_src);
        text_put(t, ",nw_dst=");
        text_put_ipv4(t, s->nw_dst);
    }
}

static void put_ip(struct text *t, const struct summary *s, bool nw_proto_said)
{
    static const char *const fragment[] = {
        [FRAG_NO] = "no", [FRAG_FIRST] = "first", [FRAG_LATER] = "later"};
    put_addresses(t, s);
    if (!nw_proto_said)
        put_number(t, ",nw_proto=", s->nw_proto);
    put_number(t, ",nw_tos=", s->nw_tos & HDR_IP_DSCP);
    put_number(t, ",nw_ecn=", s->nw_tos & ~HDR_IP_DSCP & 0xff);
    put_number(t, ",nw_ttl=", s->nw_ttl);
    text_put(t, ",nw_frag=");
    text_put(t, fragment[s->fragment]);
}

static void put_tcp_flags(struct text *t, uint16_t flags)
{
    static const char *const names[12] = {"fin", "syn", "rst", "psh",   "ack",   "urg",
                                          "ece", "cwr", "ns",  "[200]", "[400]", "[800]"};
    size_t start;
    text_put(t, ",tcp_flags=");
    start = t->need;
    for (unsigned i = 0; i < 12; i++) {
        if (!(flags >> i & 1))
            continue;
        text_put(t, t->need != start ? "|" : "");
        text_put(t, names[i]);
    }
    if (flags == 0)
        text_put_char(t, '0');
}

static void put_transport(struct text *t, const struct summary *s)
{
    bool v6 = s->dl_type == HDR_ETH_IPV6;
    bool icmp = s->nw_proto == (v6 ? HDR_IP_ICMPV6 : HDR_IP_ICMP);
    if (transport_of(s) == NULL || s->fragment == FRAG_LATER)
        return;
    put_number(t, icmp ? ",icmp_type=" : ",tp_src=", s->tp_src);
    put_number(t, icmp ? ",icmp_code=" : ",tp_dst=", s->tp_dst);
    if (v6 && s->discovery) {
        text_put(t, ",nd_target=");
        text_put_ipv6(t, s->nd_target);
        put_mac(t, ",nd_sll=", s->nd_sll);
        put_mac(t, ",nd_tll=", s->nd_tll);
    }
    if (s->nw_proto == HDR_IP_TCP)
        put_tcp_flags(t, s->tcp_flags);
}

static void put_checksum(struct text *t, const struct summary *s)
{
    const struct transport *transport = transport_of(s);
    uint32_t sum = 0;
    if (transport == NULL || transport->checksum_name == NULL || s->payload.len < transport->size)
        return;
    for (size_t i = 0; i < transport->checksum_size; i++)
        sum = sum << 8 | s->payload.data[transport->checksum_at + i];
    text_put(t, transport->checksum_name);
    text_put_hex(t, sum, 1);
}

static void put_link(struct text *t, const struct summary *s, const struct ofp_protocol_name *known)
{
    if (known != NULL) {
        text_put(t, known->name);
        text_put_char(t, ',');
    }
    put_tags(t, s);
    put_mac(t, "dl_src=", s->eth.src);
    put_mac(t, ",dl_dst=", s->eth.dst);
    if (known == NULL) {
        text_put(t, ",dl_type=0x");
        text_put_hex(t, s->dl_type, 4);
    }
}

void ofp_print_frame(struct text *t, struct span frame)
{
    struct summary s = {.n_vlans = 0};
    const struct ofp_protocol_name *known;
    read_frame(&s, frame);
    known = ofp_protocol_name(s.dl_type, s.nw_proto);
    put_link(t, &s, known);
    if (is_arp(s.dl_type)) {
        put_arp(t, &s);
    } else if (is_mpls(s.dl_type)) {
        put_labels(t, &s);
    } else if (s.dl_type == HDR_ETH_IPV4 || s.dl_type == HDR_ETH_IPV6) {
        put_ip(t, &s, known->nw_proto != OFP_ANY_PROTO);
        put_transport(t, &s);
        put_checksum(t, &s);
    }
}
