/*
 * match.c - matches as keys and masks: canonical form and comparison. See match.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/match.h"

#include "openflow/frame_headers.h"

#define N_WORDS 5

#define ANY_ADDRESS (OFPFW_NW_SRC_ALL | OFPFW_NW_DST_ALL)
#define ANY_PORT    (OFPFW_TP_SRC | OFPFW_TP_DST)

/* An address may be ignored in 32 ways (32 to 63 wild bits); the canonical one is 32. */
#define ALL_BUT_ADDRESSES ((uint32_t)OFPFW_ALL & ~(OFPFW_NW_SRC_MASK | OFPFW_NW_DST_MASK))

struct ofp_match ofp_match_any(void)
{
    return (struct ofp_match){.wildcards = be32_of(ALL_BUT_ADDRESSES | ANY_ADDRESS)};
}

/* All ones unless `wildcards` has `flag`. */
static inline uint8_t ones8(uint32_t wildcards, uint32_t flag)
{
    return wildcards & flag ? 0 : 0xff;
}

static inline be16 ones16(uint32_t wildcards, uint32_t flag)
{
    return be16_of(wildcards & flag ? 0 : 0xffff);
}

/* Ones in the leading bits of an address of which `wildcards` says, from `shift` on, how many
 * trailing ones are wild. */
static inline be32 prefix(uint32_t wildcards, unsigned shift)
{
    unsigned wild = wildcards >> shift & ((1u << OFPFW_NW_SRC_BITS) - 1);
    return be32_of(wild < 32 ? UINT32_MAX << wild : 0);
}

/* Section 3.4, table 3: a VLAN priority is a field of tagged frames only. So who compares it
 * without the id compares those bits of dl_vlan that no id has and OFP_VLAN_NONE has set. */
static inline be16 vlan_mask(uint32_t wildcards)
{
    if (wildcards & OFPFW_DL_VLAN && !(wildcards & OFPFW_DL_VLAN_PCP))
        return be16_of((uint16_t)~HDR_VLAN_VID);
    return ones16(wildcards, OFPFW_DL_VLAN);
}

void ofp_mask_of_wildcards(struct ofp_key *mask, uint32_t wildcards)
{
    mask->match = (struct ofp_match){
        .in_port = ones16(wildcards, OFPFW_IN_PORT),
        .dl_vlan = vlan_mask(wildcards),
        .dl_vlan_pcp = ones8(wildcards, OFPFW_DL_VLAN_PCP),
        .dl_type = ones16(wildcards, OFPFW_DL_TYPE),
        .nw_tos = ones8(wildcards, OFPFW_NW_TOS),
        .nw_proto = ones8(wildcards, OFPFW_NW_PROTO),
        .nw_src = prefix(wildcards, OFPFW_NW_SRC_SHIFT),
        .nw_dst = prefix(wildcards, OFPFW_NW_DST_SHIFT),
        .tp_src = ones16(wildcards, OFPFW_TP_SRC),
        .tp_dst = ones16(wildcards, OFPFW_TP_DST),
    };
    __builtin_memset(mask->match.dl_src, ones8(wildcards, OFPFW_DL_SRC), OFP_ETH_ALEN);
    __builtin_memset(mask->match.dl_dst, ones8(wildcards, OFPFW_DL_DST), OFP_ETH_ALEN);
}

/* The fields that no frame which `match` accepts could have, by its dl_type and nw_proto. */
static uint32_t absent_fields(const struct ofp_match *match, uint32_t wildcards)
{
    uint16_t type = wildcards & OFPFW_DL_TYPE ? 0 : be16_get(match->dl_type);
    uint8_t proto = wildcards & OFPFW_NW_PROTO ? 0 : match->nw_proto;
    if (type == HDR_ETH_IPV4)
        return proto == HDR_IP_TCP || proto == HDR_IP_UDP || proto == HDR_IP_ICMP ? 0 : ANY_PORT;
    if (type == HDR_ETH_ARP)
        return OFPFW_NW_TOS | ANY_PORT;
    return OFPFW_NW_TOS | OFPFW_NW_PROTO | ANY_ADDRESS | ANY_PORT;
}

/* Bring a number of wild address bits to 32 at most: with the bit for 32 set, the lower ones mean
 * nothing. */
static uint32_t cap_prefix(uint32_t wildcards, uint32_t all, uint32_t mask)
{
    return wildcards & all ? (wildcards & ~mask) | all : wildcards;
}

uint32_t ofp_match_canonical(const struct ofp_match *match, struct ofp_key *key,
                             struct ofp_key *mask)
{
    uint32_t w = be32_get(match->wildcards) & OFPFW_ALL;
    bool untagged = !(w & OFPFW_DL_VLAN) && be16_get(match->dl_vlan) == OFP_VLAN_NONE;
    if (untagged)
        w &= ~(uint32_t)OFPFW_DL_VLAN_PCP;
    w |= absent_fields(match, w);
    w = cap_prefix(w, OFPFW_NW_SRC_ALL, OFPFW_NW_SRC_MASK);
    w = cap_prefix(w, OFPFW_NW_DST_ALL, OFPFW_NW_DST_MASK);
    ofp_mask_of_wildcards(mask, w);
    key->match = *match;
    if (untagged)
        key->match.dl_vlan_pcp = 0;
    if (w & OFPFW_DL_VLAN)
        key->match.dl_vlan = be16_of(0);
    key->match.nw_tos &= HDR_IP_DSCP;
    for (int i = 0; i < N_WORDS; i++)
        key->word[i] &= mask->word[i];
    return w;
}

bool ofp_match_covers(const struct ofp_key *a_key, const struct ofp_key *a_mask,
                      const struct ofp_key *b_key, const struct ofp_key *b_mask)
{
    uint64_t differ = 0;
    for (int i = 0; i < N_WORDS; i++)
        differ |= (a_mask->word[i] & ~b_mask->word[i]) |
                  ((b_key->word[i] & a_mask->word[i]) ^ a_key->word[i]);
    return differ == 0;
}

bool ofp_match_overlaps(const struct ofp_key *a_key, const struct ofp_key *a_mask,
                        const struct ofp_key *b_key, const struct ofp_key *b_mask)
{
    uint64_t differ = 0;
    for (int i = 0; i < N_WORDS; i++)
        differ |= (a_key->word[i] ^ b_key->word[i]) & a_mask->word[i] & b_mask->word[i];
    return differ == 0;
}
