/*
 * tag.c - marking LLDP frames, and reading the mark; see tag.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/tag.h"
#include "controller/apps/lldp.h"
#include "openflow/wire.h"

#include <string.h>
#include <xxhash.h>

struct trailer {
    uint8_t word[4];
    be64 slice;
    be64 proof;
};
OFP_ASSERT_SIZE(struct trailer, 20);

static const uint8_t word[4] = {'M', 'o', 'S', 'l'};

#define FRAME_MIN 60

static uint64_t prove(struct span bare, uint64_t slice, uint64_t secret)
{
    return XXH3_64bits_withSeed(bare.data, bare.len, secret ^ slice);
}

bool tag_is_lldp(const struct ofp_key *key)
{
    return be16_get(key->match.dl_type) == LLDP_TYPE &&
           memcmp(key->match.dl_dst, lldp_address, sizeof lldp_address - 1) == 0;
}

struct span tag_write(struct span frame, uint64_t slice, uint64_t secret, uint8_t *area)
{
    struct trailer t = {.slice = be64_of(slice)};
    size_t least = FRAME_MIN - sizeof t, n = frame.len < least ? least : frame.len;
    if (n + sizeof t > TAG_FRAME_MAX)
        return span_of(NULL, 0);
    memset(area, 0, n);
    bytes_copy(area, frame.data, frame.len);
    memcpy(t.word, word, sizeof word);
    t.proof = be64_of(prove(span_of(area, n), slice, secret));
    memcpy(area + n, &t, sizeof t);
    return span_of(area, n + sizeof t);
}

bool tag_read(struct span frame, uint64_t secret, uint64_t *slice, struct span *bare)
{
    struct trailer t;
    struct span rest;
    if (frame.len < sizeof t)
        return false;
    rest = span_of(frame.data, frame.len - sizeof t);
    memcpy(&t, frame.data + rest.len, sizeof t);
    if (memcmp(t.word, word, sizeof word) != 0 ||
        be64_get(t.proof) != prove(rest, be64_get(t.slice), secret))
        return false;
    *slice = be64_get(t.slice);
    *bare = rest;
    return true;
}
