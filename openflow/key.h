/*
 * key.h - the flow key: the twelve fields of OpenFlow 1.0, taken from a frame in one pass.
 *
 * A key is the image of a struct ofp_match with no wildcards and zero pads, so that a key is at
 * once an exact match, ready to be sent in a flow-mod, and five 64-bit words that tables hash, mask
 * and compare. Section 3.4 (the flowchart of figure 4) says which field comes from where; fields
 * that a frame does not have are zero.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_KEY_H
#define MORGANA_OPENFLOW_KEY_H

#include "openflow/wire.h"

/* The headers of a packet (section 3.4) as the image of a match without wildcards, so that hashing,
 * masking and comparing are a few operations on words. */
struct ofp_key {
    union {
        struct ofp_match match; /* wildcards 0, pads 0 */
        uint64_t word[5];       /* the same bytes */
    };
};
OFP_ASSERT_SIZE(struct ofp_key, 40);

/* Read `frame` (from its destination MAC on, without FCS), received on `in_port`. Never fails: a
 * header that is cut short leaves its fields zero, as if it were absent. */
void ofp_key_extract(struct ofp_key *key, struct span frame, uint16_t in_port);

/* Do two packets have the same headers? */
static inline bool ofp_key_equal(const struct ofp_key *a, const struct ofp_key *b)
{
    return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
            (a->word[3] ^ b->word[3]) | (a->word[4] ^ b->word[4])) == 0;
}

#endif
