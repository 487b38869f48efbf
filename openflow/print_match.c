/*
 * print_match.c - matches and flow keys as text, in ovs-ofctl's syntax (ovs-fields(7)).
 *
 * What is wild is not printed. What a match says is printed even where OpenFlow 1.0 ignores it
 * (section 3.4), because a reader who looks for a mistake wants to see it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#include "openflow/frame_headers.h"
#include "openflow/match.h"

/* A match while it is being printed. */
struct printed_match {
    struct text *t;
    size_t start; /* t->need in front of the first field */
    const struct ofp_match *m;
    uint32_t wild;
    int dl_type, nw_proto; /* -1 if wild */
    bool dl_type_said, nw_proto_said;
};

static bool has(const struct printed_match *p, uint32_t wildcard)
{
    return !(p->wild & wildcard);
}

static void put_number(const struct printed_match *p, const char *name, uint64_t n)
{
    ofp_print_member(p->t, p->start, name);
    text_put_u64(p->t, n);
}

static void put_mac(const struct printed_match *p, const char *name, const uint8_t *mac)
{
    ofp_print_member(p->t, p->start, name);
    text_put_mac(p->t, mac);
}

static void put_priority(const struct printed_match *p, uint16_t priority)
{
    if (priority != OFP_DEFAULT_PRIORITY)
        put_number(p, "priority=", priority);
}

static void put_protocol(struct printed_match *p)
{
    const struct ofp_protocol_name *known;
    if (p->dl_type < 0 || (known = ofp_protocol_name(p->dl_type, p->nw_proto)) == NULL)
        return;
    ofp_print_member(p->t, p->start, known->name);
    p->dl_type_said = true;
    p->nw_proto_said = known->nw_proto != OFP_ANY_PROTO;
}

static void put_vlan(const struct printed_match *p)
{
    uint16_t vlan = be16_get(p->m->dl_vlan);
    if (has(p, OFPFW_DL_VLAN) && vlan == OFP_VLAN_NONE) {
        ofp_print_member(p->t, p->start, "vlan_tci=0x0000");
        return;
    }
    if (has(p, OFPFW_DL_VLAN))
        put_number(p, "dl_vlan=", vlan & HDR_VLAN_VID);
    if (has(p, OFPFW_DL_VLAN_PCP))
        put_number(p, "dl_vlan_pcp=", p->m->dl_vlan_pcp & 7);
}

static void put_link(const struct printed_match *p)
{
    if (has(p, OFPFW_IN_PORT)) {
        ofp_print_member(p->t, p->start, "in_port=");
        ofp_print_port(p->t, be16_get(p->m->in_port));
    }
    put_vlan(p);
    if (has(p, OFPFW_DL_SRC))
        put_mac(p, "dl_src=", p->m->dl_src);
    if (has(p, OFPFW_DL_DST))
        put_mac(p, "dl_dst=", p->m->dl_dst);
    if (p->dl_type >= 0 && !p->dl_type_said) {
        ofp_print_member(p->t, p->start, "dl_type=0x");
        text_put_hex(p->t, p->dl_type, 4);
    }
}

/* An address whose `wild_bits` low bits are not compared. */
static void put_prefix(const struct printed_match *p, const char *name, uint32_t addr,
                       unsigned wild_bits)
{
    if (wild_bits >= 32)
        return;
    ofp_print_member(p->t, p->start, name);
    text_put_ipv4(p->t, addr >> wild_bits << wild_bits);
    if (wild_bits > 0) {
        text_put_char(p->t, '/');
        text_put_u64(p->t, 32 - wild_bits);
    }
}

static void put_network(const struct printed_match *p)
{
    bool arp = p->dl_type == HDR_ETH_ARP || p->dl_type == HDR_ETH_RARP;
    if (p->dl_type != HDR_ETH_IPV6) {
        put_prefix(p, arp ? "arp_spa=" : "nw_src=", be32_get(p->m->nw_src),
                   (p->wild & OFPFW_NW_SRC_MASK) >> OFPFW_NW_SRC_SHIFT);
        put_prefix(p, arp ? "arp_tpa=" : "nw_dst=", be32_get(p->m->nw_dst),
                   (p->wild & OFPFW_NW_DST_MASK) >> OFPFW_NW_DST_SHIFT);
    }
    if (p->nw_proto >= 0 && !p->nw_proto_said)
        put_number(p, arp ? "arp_op=" : "nw_proto=", p->nw_proto);
    if (has(p, OFPFW_NW_TOS))
        put_number(p, "nw_tos=", p->m->nw_tos & HDR_IP_DSCP);
}

static void put_transport(const struct printed_match *p)
{
    bool icmp = (p->dl_type == HDR_ETH_IPV4 && p->nw_proto == HDR_IP_ICMP) ||
                (p->dl_type == HDR_ETH_IPV6 && p->nw_proto == HDR_IP_ICMPV6);
    if (has(p, OFPFW_TP_SRC))
        put_number(p, icmp ? "icmp_type=" : "tp_src=", be16_get(p->m->tp_src));
    if (has(p, OFPFW_TP_DST))
        put_number(p, icmp ? "icmp_code=" : "tp_dst=", be16_get(p->m->tp_dst));
}

void ofp_print_match(struct text *t, const struct ofp_match *match, uint16_t priority)
{
    uint32_t wild = be32_get(match->wildcards);
    struct printed_match p = {
        .t = t,
        .start = t->need,
        .m = match,
        .wild = wild,
        .dl_type = wild & OFPFW_DL_TYPE ? -1 : be16_get(match->dl_type),
        .nw_proto = wild & OFPFW_NW_PROTO ? -1 : match->nw_proto,
    };
    put_priority(&p, priority);
    put_protocol(&p);
    put_link(&p);
    put_network(&p);
    put_transport(&p);
}

void ofp_print_key(struct text *t, const struct ofp_key *key)
{
    struct ofp_key canonical, mask;
    uint32_t wildcards = ofp_match_canonical(&key->match, &canonical, &mask);
    canonical.match.wildcards = be32_of(wildcards);
    ofp_print_match(t, &canonical.match, OFP_DEFAULT_PRIORITY);
}
