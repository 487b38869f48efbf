/*
 * test_match.c - matches against a slow reference: field by field, from section 5.2.3's words.
 *
 * Random matches and keys come from a small set of values, so that they meet often.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "openflow/match.h"

#include <string.h>

#define ROUNDS 50000

static uint64_t seed = 1;

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)random_below(&seed, n);
}

/* --- The reference ---------------------------------------------------------------------------- */

static bool address_matches(uint32_t packet, uint32_t flow, uint32_t wild)
{
    for (uint32_t bit = wild; bit < 32; bit++)
        if ((packet ^ flow) >> bit & 1)
            return false;
    return true;
}

static bool is_ip(const struct ofp_match *m)
{
    return be16_get(m->dl_type) == 0x0800;
}

static bool has_addresses(const struct ofp_match *m)
{
    return is_ip(m) || be16_get(m->dl_type) == 0x0806;
}

static bool has_ports(const struct ofp_match *m)
{
    return is_ip(m) && (m->nw_proto == 1 || m->nw_proto == 6 || m->nw_proto == 17);
}

/* Does the packet with key `p` match `m`, an ofp_match as it came from the wire? */
static bool reference_matches(const struct ofp_match *m, const struct ofp_match *p)
{
    uint32_t w = be32_get(m->wildcards);
    bool untagged = !(w & OFPFW_DL_VLAN) && be16_get(m->dl_vlan) == 0xffff;
    bool tagged = be16_get(p->dl_vlan) != 0xffff;
    bool l3 = !(w & OFPFW_DL_TYPE) && has_addresses(m);
    bool ip = !(w & OFPFW_DL_TYPE) && is_ip(m);
    bool l4 = ip && !(w & OFPFW_NW_PROTO) && has_ports(m);
#define SAME(field) (memcmp(&m->field, &p->field, sizeof m->field) == 0)
    return (w & OFPFW_IN_PORT || SAME(in_port)) && (w & OFPFW_DL_SRC || SAME(dl_src)) &&
           (w & OFPFW_DL_DST || SAME(dl_dst)) && (w & OFPFW_DL_VLAN || SAME(dl_vlan)) &&
           (w & OFPFW_DL_VLAN_PCP || untagged || (tagged && SAME(dl_vlan_pcp))) &&
           (w & OFPFW_DL_TYPE || SAME(dl_type)) &&
           (w & OFPFW_NW_TOS || !ip || m->nw_tos >> 2 == p->nw_tos >> 2) &&
           (w & OFPFW_NW_PROTO || !l3 || SAME(nw_proto)) &&
           (!l3 || address_matches(be32_get(p->nw_src), be32_get(m->nw_src), w >> 8 & 63)) &&
           (!l3 || address_matches(be32_get(p->nw_dst), be32_get(m->nw_dst), w >> 14 & 63)) &&
           (w & OFPFW_TP_SRC || !l4 || SAME(tp_src)) && (w & OFPFW_TP_DST || !l4 || SAME(tp_dst));
#undef SAME
}

/* --- Random matches and keys ------------------------------------------------------------------ */

static uint16_t pick(const uint16_t *from, uint32_t n)
{
    return from[rnd(n)];
}
#define PICK(...) pick((const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / 2)

static uint32_t random_address(void)
{
    return rnd(4) ? 0x0a000000u | rnd(4) << rnd(24) : rnd(UINT32_MAX);
}

static struct ofp_match random_fields(void)
{
    return (struct ofp_match){
        .in_port = be16_of(PICK(1, 2, 0xfffe)),
        .dl_src = {2, 0, 0, 0, 0, (uint8_t)rnd(2)},
        .dl_dst = {2, (uint8_t)rnd(2)},
        .dl_vlan = be16_of(PICK(0xffff, 0, 5)),
        .dl_vlan_pcp = (uint8_t)rnd(3),
        .dl_type = be16_of(PICK(0x0800, 0x0800, 0x0800, 0x0806, 0x86dd, 0x05ff)),
        .nw_tos = (uint8_t)(rnd(3) << 2),
        .nw_proto = (uint8_t)PICK(1, 6, 17, 2, 0),
        .nw_src = be32_of(random_address()),
        .nw_dst = be32_of(random_address()),
        .tp_src = be16_of((uint16_t)rnd(3)),
        .tp_dst = be16_of((uint16_t)rnd(3)),
    };
}

/* A key that a frame could have: what it lacks is zero. */
static struct ofp_key random_key(void)
{
    struct ofp_key key = {.match = random_fields()};
    struct ofp_match *m = &key.match;
    if (be16_get(m->dl_vlan) == 0xffff)
        m->dl_vlan_pcp = 0;
    if (!is_ip(m))
        m->nw_tos = 0;
    if (!has_addresses(m)) {
        m->nw_proto = 0;
        m->nw_src = m->nw_dst = be32_of(0);
    }
    if (!has_ports(m))
        m->tp_src = m->tp_dst = be16_of(0);
    return key;
}

/* Any bytes may arrive: wild fields are not zero, pads neither, unknown wildcard bits are set. */
static struct ofp_match random_match(void)
{
    struct ofp_match m = random_fields();
    uint32_t w = rnd(UINT32_MAX) & rnd(UINT32_MAX);
    if (rnd(2))
        w &= ~(uint32_t)OFPFW_DL_TYPE;
    m.wildcards = be32_of(w);
    m.nw_tos |= (uint8_t)rnd(4);
    m.pad1[0] = (uint8_t)rnd(256);
    m.pad2[1] = (uint8_t)rnd(256);
    return m;
}

/* --- Tests -------------------------------------------------------------------------------------*/

START_TEST(matching_agrees_with_the_reference)
{
    int hits = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct ofp_match m = random_match();
        struct ofp_key packet = random_key(), flow, mask;
        ofp_match_canonical(&m, &flow, &mask);
        bool want = reference_matches(&m, &packet.match);
        ck_assert_int_eq(ofp_key_matches(&packet, &flow, &mask), want);
        hits += want;
    }
    ck_assert_int_gt(hits, ROUNDS / 1000);
}
END_TEST

START_TEST(canonical_is_canonical)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct ofp_match m = random_match();
        struct ofp_key key, mask, key2, mask2;
        uint32_t w = ofp_match_canonical(&m, &key, &mask);
        ck_assert_uint_eq(w & ~(uint32_t)OFPFW_ALL, 0);
        ck_assert_uint_le(w >> 8 & 63, 32);
        ck_assert_uint_le(w >> 14 & 63, 32);
        ofp_mask_of_wildcards(&mask2, w);
        ck_assert(ofp_key_equal(&mask, &mask2));
        for (int j = 0; j < 5; j++)
            ck_assert_uint_eq(key.word[j] & ~mask.word[j], 0);
        ck_assert_uint_eq(be32_get(key.match.wildcards) | key.match.pad1[0] | key.match.pad2[1], 0);

        m = key.match; /* a canonical match stays as it is */
        m.wildcards = be32_of(w);
        ck_assert_uint_eq(ofp_match_canonical(&m, &key2, &mask2), w);
        ck_assert(ofp_key_equal(&key, &key2) && ofp_key_equal(&mask, &mask2));
    }
}
END_TEST

/* Covering and overlap, against packets: b's own fields are the packet that tells most. */
START_TEST(covers_and_overlaps_agree_with_packets)
{
    int covers = 0, overlaps = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct ofp_match a = random_match(), b = rnd(4) ? random_match() : a;
        struct ofp_key ak, am, bk, bm, packet = random_key();
        if (rnd(4) == 0)
            a.wildcards = be32_of(be32_get(a.wildcards) | rnd(UINT32_MAX));
        ofp_match_canonical(&a, &ak, &am);
        ofp_match_canonical(&b, &bk, &bm);
        bool covering = ofp_match_covers(&ak, &am, &bk, &bm);
        bool overlapping = ofp_match_overlaps(&ak, &am, &bk, &bm);
        bool in_a = reference_matches(&a, &packet.match);
        bool in_b = reference_matches(&b, &packet.match);
        ck_assert(!(in_a && in_b) || overlapping);
        ck_assert(!(covering && in_b) || in_a);
        ck_assert(!covering || overlapping);
        ck_assert_int_eq(overlapping, ofp_match_overlaps(&bk, &bm, &ak, &am));
        /* both ways exactly if they are the same */
        ck_assert_int_eq(covering && ofp_match_covers(&bk, &bm, &ak, &am),
                         ofp_key_equal(&ak, &bk) && ofp_key_equal(&am, &bm));
        covers += covering;
        overlaps += overlapping;
    }
    ck_assert_int_gt(covers, ROUNDS / 100);
    ck_assert_int_gt(overlaps, covers);
}
END_TEST

/* The packet that matches both, if they overlap: each bit from the match that cares. */
START_TEST(what_overlaps_has_a_packet_in_common)
{
    int found = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct ofp_match a = random_match(), b = random_match();
        struct ofp_key ak, am, bk, bm, both;
        ofp_match_canonical(&a, &ak, &am);
        ofp_match_canonical(&b, &bk, &bm);
        for (int j = 0; j < 5; j++)
            both.word[j] = ak.word[j] | bk.word[j];
        bool common = ofp_key_matches(&both, &ak, &am) && ofp_key_matches(&both, &bk, &bm);
        ck_assert_int_eq(common, ofp_match_overlaps(&ak, &am, &bk, &bm));
        found += common;
    }
    ck_assert_int_gt(found, ROUNDS / 1000);
}
END_TEST

/* Each field alone: its flag, its bytes, what it needs beside it. */
static const struct field {
    uint32_t flag;
    size_t at, len;
    uint32_t needs; /* flags of the fields that must be compared for this one to be */
} fields[] = {
#define FIELD(flag, member, needs)                                                                 \
    {                                                                                              \
        flag, offsetof(struct ofp_match, member), sizeof((struct ofp_match *)0)->member, needs     \
    }
    FIELD(OFPFW_IN_PORT, in_port, 0),
    FIELD(OFPFW_DL_SRC, dl_src, 0),
    FIELD(OFPFW_DL_DST, dl_dst, 0),
    FIELD(OFPFW_DL_VLAN, dl_vlan, 0),
    FIELD(OFPFW_DL_VLAN_PCP, dl_vlan_pcp, 0),
    FIELD(OFPFW_DL_TYPE, dl_type, 0),
    FIELD(OFPFW_NW_TOS, nw_tos, OFPFW_DL_TYPE),
    FIELD(OFPFW_NW_PROTO, nw_proto, OFPFW_DL_TYPE),
    FIELD(OFPFW_NW_SRC_MASK, nw_src, OFPFW_DL_TYPE),
    FIELD(OFPFW_NW_DST_MASK, nw_dst, OFPFW_DL_TYPE),
    FIELD(OFPFW_TP_SRC, tp_src, OFPFW_DL_TYPE | OFPFW_NW_PROTO),
    FIELD(OFPFW_TP_DST, tp_dst, OFPFW_DL_TYPE | OFPFW_NW_PROTO),
#undef FIELD
};
#define N_FIELDS (sizeof fields / sizeof fields[0])

static struct ofp_match tcp_match(uint32_t wildcards)
{
    struct ofp_match m = random_fields();
    m.dl_vlan = be16_of(5);
    m.dl_type = be16_of(0x0800);
    m.nw_proto = 6;
    m.wildcards = be32_of(wildcards);
    return m;
}

START_TEST(each_field_alone_is_compared_and_no_other)
{
    const struct field *f = &fields[_i];
    struct ofp_match m = tcp_match((uint32_t)OFPFW_ALL & ~(f->flag | f->needs));
    struct ofp_key flow, mask, packet;
    ofp_match_canonical(&m, &flow, &mask);
    m.wildcards = be32_of(0);
    packet.match = m;
    ck_assert(ofp_key_matches(&packet, &flow, &mask));
    for (size_t other = 0; other < N_FIELDS; other++) {
        if (fields[other].flag & f->needs)
            continue;
        for (size_t i = 0; i < fields[other].len; i++) {
            uint8_t *byte = (uint8_t *)&packet + fields[other].at + i;
            *byte ^= 0x04;
            ck_assert_int_eq(ofp_key_matches(&packet, &flow, &mask), other != (size_t)_i);
            *byte ^= 0x04;
        }
    }
}
END_TEST

START_TEST(a_field_without_what_it_needs_is_wild)
{
    const struct field *f = &fields[_i];
    struct ofp_match any = ofp_match_any(), m = tcp_match((uint32_t)OFPFW_ALL & ~f->flag);
    struct ofp_key key, mask, any_key, any_mask;
    uint32_t all = ofp_match_canonical(&any, &any_key, &any_mask);
    ck_assert_int_eq(ofp_match_canonical(&m, &key, &mask) == all, f->needs != 0);
    ck_assert_int_eq(ofp_key_equal(&mask, &any_mask), f->needs != 0);
}
END_TEST

START_TEST(any_matches_everything)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_key key, mask;
    ck_assert_uint_eq(ofp_match_canonical(&any, &key, &mask), be32_get(any.wildcards));
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(key.word[i] | mask.word[i], 0);
}
END_TEST

/* Whatever a match for untagged frames says of dl_vlan_pcp means nothing; and one for a priority is
 * for tagged frames only. */
START_TEST(untagged_frames_have_no_priority)
{
    struct ofp_match m = ofp_match_any();
    struct ofp_key key, mask, pcp_key, pcp_mask, wild_key, wild_mask;
    uint32_t any = be32_get(m.wildcards);
    for (uint8_t pcp = 0; pcp < 8; pcp += 5) {
        m.dl_vlan_pcp = pcp; /* and what dl_vlan says, though wild, is nothing */
        m.wildcards = be32_of(any & ~(uint32_t)OFPFW_DL_VLAN_PCP);
        ofp_match_canonical(&m, &pcp_key, &pcp_mask);
        m.dl_vlan = be16_of(OFP_VLAN_NONE);
        m.wildcards = be32_of(any & ~(uint32_t)(OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP));
        ofp_match_canonical(&m, &key, &mask);
        m.wildcards = be32_of(any & ~(uint32_t)OFPFW_DL_VLAN);
        ofp_match_canonical(&m, &wild_key, &wild_mask);
        ck_assert(ofp_key_equal(&key, &wild_key) && ofp_key_equal(&mask, &wild_mask));
        ck_assert(!ofp_match_covers(&pcp_key, &pcp_mask, &key, &mask));
        ck_assert(!ofp_match_overlaps(&pcp_key, &pcp_mask, &key, &mask));
    }
}
END_TEST

START_TEST(prefixes_of_every_length)
{
    for (uint32_t wild = 0; wild < 64; wild++) {
        struct ofp_key mask;
        uint32_t want = wild < 32 ? 0xffffffffu << wild : 0;
        ofp_mask_of_wildcards(&mask, wild << OFPFW_NW_SRC_SHIFT);
        ck_assert_uint_eq(be32_get(mask.match.nw_src), want);
        ck_assert_uint_eq(be32_get(mask.match.nw_dst), 0xffffffffu);
        ofp_mask_of_wildcards(&mask, wild << OFPFW_NW_DST_SHIFT);
        ck_assert_uint_eq(be32_get(mask.match.nw_dst), want);
        ck_assert_uint_eq(be32_get(mask.match.nw_src), 0xffffffffu);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("match");
    TCase *c = tcase_create("match");
    tcase_set_timeout(c, 300);
    tcase_add_test(c, matching_agrees_with_the_reference);
    tcase_add_test(c, canonical_is_canonical);
    tcase_add_test(c, covers_and_overlaps_agree_with_packets);
    tcase_add_test(c, what_overlaps_has_a_packet_in_common);
    tcase_add_loop_test(c, each_field_alone_is_compared_and_no_other, 0, N_FIELDS);
    tcase_add_loop_test(c, a_field_without_what_it_needs_is_wild, 0, N_FIELDS);
    tcase_add_test(c, any_matches_everything);
    tcase_add_test(c, untagged_frames_have_no_priority);
    tcase_add_test(c, prefixes_of_every_length);
    suite_add_tcase(s, c);
    return unit_main(s);
}
