/*
 * space.h - flow space: which packets are whose.
 *
 * A region is a set of packets that one OpenFlow 1.0 match describes. A space is a list of regions
 * with an owner each, in order: a packet belongs to the owner of the first region that it is in. So
 * what an owner has is the union of its regions, each without those of others that come before it.
 *
 * An owner's flow is brought into its part of the space by space_parts(): the flow's region is met
 * with each of the owner's, and what comes before is cut out. A cut needs matches for what is left,
 * and 1.0 has no match for "anything but": it can be said for address prefixes (a match for each
 * bit that may differ) and for ports (a match for each other port), and for no other field.
 *
 * No state, no I/O. Called by the slicer, whose owners are slices. Sections 3.4 and 5.2.3.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_SPACE_H
#define MORGANA_CONTROLLER_SLICER_SPACE_H

#include "openflow/match.h"

struct space_region {
    struct ofp_key key, mask; /* canonical: openflow/match.h */
    uint32_t wildcards;       /* the same as `mask`, as a match has it */
};

struct space_rule {
    struct space_region region;
    unsigned owner;
};

/* A space; the rules are somebody else's. */
struct space {
    const struct space_rule *rule; /* n of them; the first that a packet is in decides */
    size_t n;
};

/* The region of a match; of a single packet (its key, as taken from a frame). */
struct space_region space_region_of(const struct ofp_match *match);
struct space_region space_region_of_key(const struct ofp_key *key);

/* The match of a region. */
struct ofp_match space_match(const struct space_region *region);

/* Compare this field of the region with nothing but `value` from now on. */
void space_set_in_port(struct space_region *region, uint16_t port);

/* Where the region is of packets of any VLAN: let it be of untagged ones. */
void space_set_vlan(struct space_region *region);

/* What is in both, in `*both`. False: nothing is. */
bool space_meet(const struct space_region *a, const struct space_region *b,
                struct space_region *both);

/* Is all of `b` in `a`? Are they the same? */
bool space_covers(const struct space_region *a, const struct space_region *b);
bool space_same(const struct space_region *a, const struct space_region *b);

/* Whose packet is it? -1: nobody's. */
int space_owner(const struct space *space, const struct ofp_key *key);

/* Is all of the region `owner`'s? False also if that is so but would take more than one of its
 * rules to show. */
bool space_owns(const struct space *space, unsigned owner, const struct space_region *region);

/* Has `owner` anything? Anything that may come in on this port? */
bool space_has_owner(const struct space *space, unsigned owner);
bool space_has_port(const struct space *space, unsigned owner, uint16_t port);

/* Ports there are, to cut one out: n of them. */
struct space_ports {
    const uint16_t *port;
    size_t n;
};

/* What of `region` is `owner`'s, as at most `max` regions in `parts`; none of them holds a packet
 * of anybody else's. Returns how many, or -EPERM if a cut cannot be said in matches, or -ENOSPC if
 * it would be more than `max` or more work than is sane. */
long space_parts(const struct space *space, unsigned owner, const struct space_region *region,
                 struct space_ports ports, struct space_region *parts, size_t max);

#endif
