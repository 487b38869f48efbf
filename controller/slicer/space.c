/*
 * space.c - regions of packets, and cutting one out of another; see space.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/space.h"

#include <errno.h>

#define N_WORDS 5

/* --- Regions --------------------------------------------------------------------------------- */

struct space_region space_region_of(const struct ofp_match *match)
{
    struct space_region r;
    r.wildcards = ofp_match_canonical(match, &r.key, &r.mask);
    return r;
}

struct space_region space_region_of_key(const struct ofp_key *key)
{
    return space_region_of(&key->match); /* wildcards 0: an exact match */
}

struct ofp_match space_match(const struct space_region *region)
{
    struct ofp_match match = region->key.match;
    match.wildcards = be32_of(region->wildcards);
    return match;
}

void space_set_in_port(struct space_region *region, uint16_t port)
{
    region->key.match.in_port = be16_of(port);
    region->mask.match.in_port = be16_of(0xffff);
    region->wildcards &= ~(uint32_t)OFPFW_IN_PORT;
}

void space_set_vlan(struct space_region *region)
{
    struct ofp_match match = space_match(region);
    if ((region->wildcards & OFPFW_DL_VLAN) == 0)
        return;
    match.wildcards = be32_of(region->wildcards & ~(uint32_t)OFPFW_DL_VLAN);
    match.dl_vlan = be16_of(OFP_VLAN_NONE);
    *region = space_region_of(&match); /* an untagged packet has no priority either */
}

/* The smaller number of wild bits of an address. */
static uint32_t fewer_bits(uint32_t a, uint32_t b, uint32_t field)
{
    return (a & field) < (b & field) ? a & field : b & field;
}

static uint32_t meet_wildcards(uint32_t a, uint32_t b)
{
    const uint32_t addresses = OFPFW_NW_SRC_MASK | OFPFW_NW_DST_MASK;
    return (a & b & ~addresses) | fewer_bits(a, b, OFPFW_NW_SRC_MASK) |
           fewer_bits(a, b, OFPFW_NW_DST_MASK);
}

bool space_meet(const struct space_region *a, const struct space_region *b,
                struct space_region *both)
{
    struct space_region r;
    if (!ofp_match_overlaps(&a->key, &a->mask, &b->key, &b->mask))
        return false;
    r.wildcards = meet_wildcards(a->wildcards, b->wildcards);
    for (int i = 0; i < N_WORDS; i++) {
        r.key.word[i] = a->key.word[i] | b->key.word[i];
        r.mask.word[i] = a->mask.word[i] | b->mask.word[i];
    }
    *both = r;
    return true;
}

bool space_covers(const struct space_region *a, const struct space_region *b)
{
    return ofp_match_covers(&a->key, &a->mask, &b->key, &b->mask);
}

bool space_same(const struct space_region *a, const struct space_region *b)
{
    return ofp_key_equal(&a->key, &b->key) && ofp_key_equal(&a->mask, &b->mask);
}

/* --- Whose ----------------------------------------------------------------------------------- */

int space_owner(const struct space *space, const struct ofp_key *key)
{
    for (size_t i = 0; i < space->n; i++) {
        const struct space_region *r = &space->rule[i].region;
        if (ofp_key_matches(key, &r->key, &r->mask))
            return (int)space->rule[i].owner;
    }
    return -1;
}

bool space_owns(const struct space *space, unsigned owner, const struct space_region *region)
{
    for (size_t i = 0; i < space->n; i++) {
        const struct space_rule *rule = &space->rule[i];
        struct space_region both;
        if (!space_meet(&rule->region, region, &both))
            continue;
        if (rule->owner != owner)
            return false;
        if (space_covers(&rule->region, region))
            return true;
    }
    return false;
}

bool space_has_owner(const struct space *space, unsigned owner)
{
    for (size_t i = 0; i < space->n; i++)
        if (space->rule[i].owner == owner)
            return true;
    return false;
}

bool space_has_port(const struct space *space, unsigned owner, uint16_t port)
{
    for (size_t i = 0; i < space->n; i++) {
        const struct space_region *r = &space->rule[i].region;
        if (space->rule[i].owner == owner &&
            (r->wildcards & OFPFW_IN_PORT || be16_get(r->key.match.in_port) == port))
            return true;
    }
    return false;
}

/* --- Parts ----------------------------------------------------------------------------------- */

#define WORK_MAX 65536 /* comparisons of one search */

struct search {
    const struct space *space;
    unsigned owner;
    struct space_ports ports;
    struct space_region *parts;
    size_t n, max, work;
    size_t end; /* of the rules that come before the owner's that is being looked at */
};

static int find(struct search *s, struct space_region region, size_t from);

static int put_part(struct search *s, const struct space_region *part)
{
    for (size_t i = 0; i < s->n; i++)
        if (space_covers(&s->parts[i], part))
            return 0;
    if (s->n == s->max)
        return -ENOSPC;
    s->parts[s->n++] = *part;
    return 0;
}

/* Go on behind rule `i` with what of the region comes in on another port than the rule's. */
static int cut_port(struct search *s, const struct space_region *region, size_t i)
{
    int error = 0;
    for (size_t k = 0; k < s->ports.n && error == 0; k++) {
        struct space_region piece = *region;
        if (s->ports.port[k] == be16_get(s->space->rule[i].region.key.match.in_port))
            continue;
        space_set_in_port(&piece, s->ports.port[k]);
        error = find(s, piece, i + 1);
    }
    return error;
}

/* An address field of a match: where its wild bits are counted and where it lies. */
struct address {
    unsigned shift;
    size_t at;
};

static const struct address addresses[] = {
    {OFPFW_NW_SRC_SHIFT, offsetof(struct ofp_match, nw_src)},
    {OFPFW_NW_DST_SHIFT, offsetof(struct ofp_match, nw_dst)},
};

static unsigned wild_bits(const struct space_region *r, const struct address *a)
{
    return r->wildcards >> a->shift & ((1u << OFPFW_NW_SRC_BITS) - 1);
}

/* Compare all but the lowest `wild` (below 32) bits of an address with those of `value`. */
static void set_prefix(struct space_region *r, const struct address *a, uint32_t value,
                       unsigned wild)
{
    be32 mask = be32_of(UINT32_MAX << wild);
    be32 key = be32_of(value & UINT32_MAX << wild);
    bytes_copy((uint8_t *)&r->key + a->at, &key, sizeof key);
    bytes_copy((uint8_t *)&r->mask + a->at, &mask, sizeof mask);
    r->wildcards &= ~((uint32_t)OFPFW_NW_SRC_MASK >> OFPFW_NW_SRC_SHIFT << a->shift);
    r->wildcards |= wild << a->shift;
}

/* Go on behind rule `i` with what of the region has another address than the rule's: a region for
 * each bit that may be the first to differ. */
static int cut_address(struct search *s, const struct space_region *region, size_t i,
                       const struct address *a)
{
    const struct space_region *rule = &s->space->rule[i].region;
    unsigned low = wild_bits(rule, a);
    uint32_t value = be32_get(*(const be32 *)((const uint8_t *)&rule->key + a->at));
    int error = 0;
    for (unsigned bit = wild_bits(region, a); bit-- > low && error == 0;) {
        struct space_region piece = *region;
        set_prefix(&piece, a, value ^ 1u << bit, bit);
        error = find(s, piece, i + 1);
    }
    return error;
}

/* Does the rule compare bits, of others than ports and addresses, that the region does not? */
static bool is_uncuttable(const struct space_region *region, const struct space_region *rule)
{
    struct ofp_key more;
    for (int i = 0; i < N_WORDS; i++)
        more.word[i] = rule->mask.word[i] & ~region->mask.word[i];
    more.match.in_port = be16_of(0);
    more.match.nw_src = more.match.nw_dst = be32_of(0);
    return (more.word[0] | more.word[1] | more.word[2] | more.word[3] | more.word[4]) != 0;
}

/* Go on with what of the region is not in the rule: it differs in the first of the rule's fields,
 * or is the same there and differs in the second, and so on. */
static int cut(struct search *s, const struct space_region *region, size_t i)
{
    const struct space_region *rule = &s->space->rule[i].region;
    struct space_region rest = *region;
    int error = 0;

    if (is_uncuttable(region, rule))
        return -EPERM;
    if (rest.wildcards & ~rule->wildcards & OFPFW_IN_PORT) {
        error = cut_port(s, &rest, i);
        space_set_in_port(&rest, be16_get(rule->key.match.in_port));
    }
    for (size_t k = 0; k < sizeof addresses / sizeof addresses[0] && error == 0; k++) {
        const struct address *a = &addresses[k];
        if (wild_bits(&rest, a) <= wild_bits(rule, a))
            continue;
        error = cut_address(s, &rest, i, a);
        set_prefix(&rest, a, be32_get(*(const be32 *)((const uint8_t *)&rule->key + a->at)),
                   wild_bits(rule, a));
    }
    return error;
}

/* Put the region without what others have of it by the rules from `from` on. A recursion makes the
 * region smaller by a bit of an address or a port, so there are at most 65 within each other. */
static int find(struct search *s, struct space_region region, size_t from)
{
    for (size_t i = from; i < s->end; i++) {
        const struct space_rule *rule = &s->space->rule[i];
        if (++s->work > WORK_MAX)
            return -ENOSPC;
        if (rule->owner != s->owner &&
            ofp_match_overlaps(&rule->region.key, &rule->region.mask, &region.key, &region.mask))
            return cut(s, &region, i);
    }
    return put_part(s, &region);
}

long space_parts(const struct space *space, unsigned owner, const struct space_region *region,
                 struct space_ports ports, struct space_region *parts, size_t max)
{
    struct search s = {.space = space, .owner = owner, .ports = ports, .parts = parts, .max = max};
    int error = 0;
    for (s.end = 0; s.end < space->n && error == 0; s.end++) {
        struct space_region both;
        if (space->rule[s.end].owner == owner &&
            space_meet(&space->rule[s.end].region, region, &both))
            error = find(&s, both, 0);
    }
    return error != 0 ? error : (long)s.n;
}
