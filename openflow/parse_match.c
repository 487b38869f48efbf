/*
 * parse_match.c - a match from ovs-ofctl's text. See parse.h for the syntax, ovs-fields(7) for the
 * names of the fields.
 *
 * One row per name says which member of struct ofp_match it sets and what values it takes. Later
 * items win over earlier ones, as in ovs-ofctl.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/parse_match.h"

#include "openflow/frame_headers.h"
#include "openflow/match.h"
#include "openflow/names.h"
#include "openflow/parse.h"

/* The CFI bit of a TCI, which Open vSwitch uses to say that there is a tag. */
#define TCI_TAGGED 0x1000

struct field {
    const char *name;
    enum scan_kind kind;
    uint64_t max;       /* of SCAN_NUMBER */
    uint32_t wildcards; /* the flags, or the count of wild bits, that belong to it */
    uint8_t at, width;  /* the member that it sets, in bytes */
    /* If the value does not go into the member as it is: the reason for refusing it, or NULL. */
    const char *(*set)(struct ofp_match *match, uint64_t value);
};

static const char *set_dl_vlan(struct ofp_match *match, uint64_t value)
{
    if (value > HDR_VLAN_VID && value != OFP_VLAN_NONE)
        return "a VLAN is 0 to 4095, or 0xffff for frames without a tag";
    match->dl_vlan = be16_of((uint16_t)value);
    return NULL;
}

static const char *set_vlan_vid(struct ofp_match *match, uint64_t value)
{
    if (value != 0 && (value & ~(uint64_t)HDR_VLAN_VID) != TCI_TAGGED)
        return "expected 0x1000 plus the VLAN, or 0 for frames without a tag";
    match->dl_vlan = be16_of(value ? value & HDR_VLAN_VID : OFP_VLAN_NONE);
    return NULL;
}

static const char *set_vlan_tci(struct ofp_match *match, uint64_t value)
{
    if (value != 0 && !(value & TCI_TAGGED))
        return "expected a TCI with bit 0x1000 set, or 0 for frames without a tag";
    match->dl_vlan = be16_of(value ? value & HDR_VLAN_VID : OFP_VLAN_NONE);
    match->dl_vlan_pcp = (uint8_t)(value >> HDR_VLAN_PCP_SHIFT);
    return NULL;
}

static const char *set_nw_tos(struct ofp_match *match, uint64_t value)
{
    match->nw_tos = value & HDR_IP_DSCP;
    return NULL;
}

static const char *set_ip_dscp(struct ofp_match *match, uint64_t value)
{
    match->nw_tos = (uint8_t)(value << 2);
    return NULL;
}

#define MEMBER(member) offsetof(struct ofp_match, member), sizeof(((struct ofp_match *)0)->member)
#define ANY_VLAN       (OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP)

static const struct field fields[] = {
    {"in_port", SCAN_PORT, 0, OFPFW_IN_PORT, MEMBER(in_port), NULL},
    {"dl_src", SCAN_MAC, 0, OFPFW_DL_SRC, MEMBER(dl_src), NULL},
    {"eth_src", SCAN_MAC, 0, OFPFW_DL_SRC, MEMBER(dl_src), NULL},
    {"dl_dst", SCAN_MAC, 0, OFPFW_DL_DST, MEMBER(dl_dst), NULL},
    {"eth_dst", SCAN_MAC, 0, OFPFW_DL_DST, MEMBER(dl_dst), NULL},
    {"dl_vlan", SCAN_NUMBER, 0xffff, OFPFW_DL_VLAN, MEMBER(dl_vlan), set_dl_vlan},
    {"vlan_vid", SCAN_NUMBER, 0x1fff, OFPFW_DL_VLAN, MEMBER(dl_vlan), set_vlan_vid},
    {"vlan_tci", SCAN_NUMBER, 0xffff, ANY_VLAN, MEMBER(dl_vlan), set_vlan_tci},
    {"dl_vlan_pcp", SCAN_NUMBER, 7, OFPFW_DL_VLAN_PCP, MEMBER(dl_vlan_pcp), NULL},
    {"vlan_pcp", SCAN_NUMBER, 7, OFPFW_DL_VLAN_PCP, MEMBER(dl_vlan_pcp), NULL},
    {"dl_type", SCAN_NUMBER, 0xffff, OFPFW_DL_TYPE, MEMBER(dl_type), NULL},
    {"eth_type", SCAN_NUMBER, 0xffff, OFPFW_DL_TYPE, MEMBER(dl_type), NULL},
    {"nw_tos", SCAN_NUMBER, 0xff, OFPFW_NW_TOS, MEMBER(nw_tos), set_nw_tos},
    {"ip_dscp", SCAN_NUMBER, 63, OFPFW_NW_TOS, MEMBER(nw_tos), set_ip_dscp},
    {"nw_proto", SCAN_NUMBER, 0xff, OFPFW_NW_PROTO, MEMBER(nw_proto), NULL},
    {"ip_proto", SCAN_NUMBER, 0xff, OFPFW_NW_PROTO, MEMBER(nw_proto), NULL},
    {"arp_op", SCAN_NUMBER, 0xff, OFPFW_NW_PROTO, MEMBER(nw_proto), NULL},
    {"nw_src", SCAN_IPV4, 0, OFPFW_NW_SRC_MASK, MEMBER(nw_src), NULL},
    {"ip_src", SCAN_IPV4, 0, OFPFW_NW_SRC_MASK, MEMBER(nw_src), NULL},
    {"arp_spa", SCAN_IPV4, 0, OFPFW_NW_SRC_MASK, MEMBER(nw_src), NULL},
    {"nw_dst", SCAN_IPV4, 0, OFPFW_NW_DST_MASK, MEMBER(nw_dst), NULL},
    {"ip_dst", SCAN_IPV4, 0, OFPFW_NW_DST_MASK, MEMBER(nw_dst), NULL},
    {"arp_tpa", SCAN_IPV4, 0, OFPFW_NW_DST_MASK, MEMBER(nw_dst), NULL},
    {"tp_src", SCAN_NUMBER, 0xffff, OFPFW_TP_SRC, MEMBER(tp_src), NULL},
    {"tcp_src", SCAN_NUMBER, 0xffff, OFPFW_TP_SRC, MEMBER(tp_src), NULL},
    {"udp_src", SCAN_NUMBER, 0xffff, OFPFW_TP_SRC, MEMBER(tp_src), NULL},
    {"icmp_type", SCAN_NUMBER, 0xff, OFPFW_TP_SRC, MEMBER(tp_src), NULL},
    {"tp_dst", SCAN_NUMBER, 0xffff, OFPFW_TP_DST, MEMBER(tp_dst), NULL},
    {"tcp_dst", SCAN_NUMBER, 0xffff, OFPFW_TP_DST, MEMBER(tp_dst), NULL},
    {"udp_dst", SCAN_NUMBER, 0xffff, OFPFW_TP_DST, MEMBER(tp_dst), NULL},
    {"icmp_code", SCAN_NUMBER, 0xff, OFPFW_TP_DST, MEMBER(tp_dst), NULL},
};

static const struct field *find_field(struct word name)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (ofp_word_is(name, fields[i].name))
            return &fields[i];
    return NULL;
}

static const struct ofp_protocol_name *find_protocol(struct word name)
{
    const struct ofp_protocol_name *p = ofp_protocol_names;
    while (p->name != NULL && !ofp_word_is(name, p->name))
        p++;
    return p->name != NULL ? p : NULL;
}

/* Of the bits that `f` has in the wildcards, set those that say `wild` bits of an address, or any
 * value. */
static void set_wildcards(struct ofp_match *match, const struct field *f, uint32_t wild)
{
    uint32_t w = be32_get(match->wildcards) & ~f->wildcards;
    if (f->kind == SCAN_IPV4)
        w |= wild * (f->wildcards & -f->wildcards); /* a count, at its lowest bit */
    else if (wild > 0)
        w |= f->wildcards;
    match->wildcards = be32_of(w);
}

static void set_member(struct ofp_match *match, const struct field *f, uint64_t value)
{
    uint8_t *member = (uint8_t *)match + f->at;
    for (int i = f->width - 1; i >= 0; i--, value >>= 8)
        member[i] = (uint8_t)value;
}

static bool scan_mask(struct word w, const struct field *f, uint64_t full, uint64_t *mask)
{
    uint64_t bits;
    if (f->kind == SCAN_IPV4 && ofp_scan_number(w, 32, &bits)) {
        *mask = full << (32 - bits) & full;
        return true;
    }
    return ofp_scan_value(w, f->kind, full, mask);
}

/* How many trailing bits `mask` leaves wild; a field that is no address has only none and all. */
static const char *wild_bits(const struct scan_item *item, const struct field *f, struct word mask,
                             uint32_t *wild, char *error)
{
    uint64_t full = UINT64_MAX >> (64 - 8 * f->width), bits;
    if (!scan_mask(mask, f, full, &bits))
        return ofp_scan_error(error, item->all, "the mask behind the slash cannot be read");
    *wild = bits == 0 ? 32 : (uint32_t)__builtin_ctzll(bits);
    if (f->kind == SCAN_IPV4 && bits != (full << *wild & full))
        return ofp_scan_error(error, item->all,
                              "OpenFlow 1.0 matches only leading bits of an address");
    if (f->kind != SCAN_IPV4 && bits != 0 && bits != full)
        return ofp_scan_error(error, item->all,
                              "OpenFlow 1.0 matches all of this field or nothing");
    return NULL;
}

static bool is_any(const struct field *f, struct word value)
{
    return ofp_word_is(value, "*") || (f->kind != SCAN_PORT && ofp_word_is(value, "any"));
}

static const char *parse_field(const struct scan_item *item, const struct field *f,
                               struct ofp_match *match, char *error)
{
    struct word text = item->value, mask;
    const char *bad = NULL;
    uint32_t wild = 0;
    uint64_t value;
    if (is_any(f, text)) {
        set_wildcards(match, f, 32);
        return NULL;
    }
    if (f->kind != SCAN_PORT && ofp_word_split(text, "/", &text, &mask))
        bad = wild_bits(item, f, mask, &wild, error);
    if (bad != NULL)
        return bad;
    if (!ofp_scan_value(text, f->kind, f->max, &value))
        return ofp_scan_value_error(error, item->all, f->kind, f->max);
    if (f->set == NULL)
        set_member(match, f, value);
    else if ((bad = f->set(match, value)) != NULL)
        return ofp_scan_error(error, item->all, bad);
    set_wildcards(match, f, wild);
    return NULL;
}

/* A protocol's name: its dl_type, and for those over IPv4 its nw_proto. */
static const char *parse_protocol(const struct scan_item *item, const struct ofp_protocol_name *p,
                                  struct ofp_match *match, char *error)
{
    uint32_t w = be32_get(match->wildcards) & ~(uint32_t)OFPFW_DL_TYPE;
    if (item->value.n > 0)
        return ofp_scan_error(error, item->all, "takes no value");
    if (p->nw_proto != OFP_ANY_PROTO && p->dl_type != HDR_ETH_IPV4)
        return ofp_scan_error(error, item->all, "OpenFlow 1.0 does not look into IPv6");
    match->dl_type = be16_of(p->dl_type);
    if (p->nw_proto != OFP_ANY_PROTO) {
        match->nw_proto = (uint8_t)p->nw_proto;
        w &= ~(uint32_t)OFPFW_NW_PROTO;
    }
    match->wildcards = be32_of(w);
    return NULL;
}

const char *ofp_parse_match_item(const struct scan_item *item, struct ofp_match *match, char *error)
{
    const struct field *f = find_field(item->name);
    const struct ofp_protocol_name *p = find_protocol(item->name);
    if (f != NULL)
        return parse_field(item, f, match, error);
    if (p != NULL)
        return parse_protocol(item, p, match, error);
    return ofp_scan_error(error, item->all, "is not a field that OpenFlow 1.0 matches");
}

const char *ofp_parse_match_end(struct ofp_match *match, char *error)
{
    struct ofp_key key, mask;
    uint32_t w = be32_get(match->wildcards);
    if (!(w & OFPFW_DL_VLAN) && be16_get(match->dl_vlan) == OFP_VLAN_NONE) {
        if (!(w & OFPFW_DL_VLAN_PCP) && match->dl_vlan_pcp != 0)
            return ofp_scan_error(error, ofp_word_of("dl_vlan_pcp"),
                                  "a frame without a VLAN tag has none");
        match->dl_vlan_pcp = 0; /* exactly, as Open vSwitch says it: see ofp_match_canonical() */
        w &= ~(uint32_t)OFPFW_DL_VLAN_PCP;
    }
    ofp_mask_of_wildcards(&mask, w);
    key.match = *match;
    for (int i = 0; i < 5; i++)
        key.word[i] &= mask.word[i];
    *match = key.match;
    match->wildcards = be32_of(w);
    return NULL;
}

const char *ofp_parse_match(const char *text, struct ofp_match *match, char *error)
{
    struct word rest = ofp_word_of(text);
    struct scan_item item;
    *match = ofp_match_any();
    while (ofp_scan_item(&rest, &item)) {
        const char *bad = ofp_parse_match_item(&item, match, error);
        if (bad != NULL)
            return bad;
    }
    return ofp_parse_match_end(match, error);
}
