/*
 * match.h - matches: wildcards as bit masks, and how matches compare.
 *
 * On the wire a match says with flags what it ignores. Here it is also a mask: a key whose bits are
 * set where the match cares. Masked comparison of five words is then all that matching is.
 * OpenFlow 1.0 section 5.2.3; strict, loose and overlap are section 4.6 and 5.3.3.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_MATCH_H
#define MORGANA_OPENFLOW_MATCH_H

#include "openflow/key.h"

/* A match for everything. */
struct ofp_match ofp_match_any(void);

/* The mask of `wildcards`: all ones where a field (or the leading bits of an address) is compared,
 * zeros where it is wild, in the pads and in the wildcards word. With dl_vlan_pcp compared and
 * dl_vlan wild, those of its bits are compared that tell tagged frames from others. */
void ofp_mask_of_wildcards(struct ofp_key *mask, uint32_t wildcards);

/* `match` as a canonical key and mask: fields that cannot be compared because of what is wild or of
 * what dl_type and nw_proto are (section 3.4: e.g. tp_src without nw_proto) are made wild, excess
 * prefix bits are brought to 32, wild bits of the key are zero; so are the lower two bits of
 * nw_tos, and dl_vlan_pcp, exactly, if dl_vlan is OFP_VLAN_NONE (as it is in the key of such a
 * frame). Two matches are the same (section 4.6, strict) exactly if their canonical keys and masks
 * are equal. Returns the canonical wildcards. */
uint32_t ofp_match_canonical(const struct ofp_match *match, struct ofp_key *key,
                             struct ofp_key *mask);

/* Does a packet's `key` match the canonical `flow` under `mask`? */
static inline bool ofp_key_matches(const struct ofp_key *key, const struct ofp_key *flow,
                                   const struct ofp_key *mask)
{
    return (((key->word[0] & mask->word[0]) ^ flow->word[0]) |
            ((key->word[1] & mask->word[1]) ^ flow->word[1]) |
            ((key->word[2] & mask->word[2]) ^ flow->word[2]) |
            ((key->word[3] & mask->word[3]) ^ flow->word[3]) |
            ((key->word[4] & mask->word[4]) ^ flow->word[4])) == 0;
}

/* Does the match (a_key, a_mask) cover every packet that (b_key, b_mask) matches? This is the loose
 * comparison of MODIFY and DELETE. All canonical. */
bool ofp_match_covers(const struct ofp_key *a_key, const struct ofp_key *a_mask,
                      const struct ofp_key *b_key, const struct ofp_key *b_mask);

/* Could one packet match both? (Priorities are the caller's to compare.) All canonical. */
bool ofp_match_overlaps(const struct ofp_key *a_key, const struct ofp_key *a_mask,
                        const struct ofp_key *b_key, const struct ofp_key *b_mask);

#endif
