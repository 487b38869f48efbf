/*
 * test_action.c - actions are built as section 5.2.4 draws them, and walked without trust.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdlib.h>
#include <string.h>

#include "openflow/action.h"
#include "test/unit/corpus.h"
#include "test/unit/unit.h"

static const uint8_t mac[OFP_ETH_ALEN] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16};

/* Each builder on an area of 0xee, to see that pads are written. */
static bool put_nth(unsigned n, struct buf *b)
{
    switch (n) {
    case 0:
        return ofp_put_output(b, 0x0102, 0x0304);
    case 1:
        return ofp_put_set_vlan_vid(b, 0x0abc);
    case 2:
        return ofp_put_set_vlan_pcp(b, 7);
    case 3:
        return ofp_put_strip_vlan(b);
    case 4:
        return ofp_put_set_dl_src(b, mac);
    case 5:
        return ofp_put_set_dl_dst(b, mac);
    case 6:
        return ofp_put_set_nw_src(b, 0x0a0b0c0d);
    case 7:
        return ofp_put_set_nw_dst(b, 0xc0a80001);
    case 8:
        return ofp_put_set_nw_tos(b, 0xfc);
    case 9:
        return ofp_put_set_tp_src(b, 0x1f90);
    case 10:
        return ofp_put_set_tp_dst(b, 0x0050);
    case 11:
        return ofp_put_enqueue(b, 0xfff8, 0x21222324);
    case 12:
        return ofp_put_dec_ttl(b);
    case 13:
        return ofp_put_vendor_action(b, 0x00abcdef, "xyz", 3);
    }
    return ofp_put_vendor_action(b, 0x00abcdef, NULL, 0);
}

static const struct {
    uint8_t len;
    uint8_t bytes[16];
} drawn[] = {
    {8, {0, 0, 0, 8, 1, 2, 3, 4}},
    {8, {0, 1, 0, 8, 0x0a, 0xbc, 0, 0}},
    {8, {0, 2, 0, 8, 7, 0, 0, 0}},
    {8, {0, 3, 0, 8, 0, 0, 0, 0}},
    {16, {0, 4, 0, 16, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0, 0, 0, 0, 0, 0}},
    {16, {0, 5, 0, 16, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0, 0, 0, 0, 0, 0}},
    {8, {0, 6, 0, 8, 10, 11, 12, 13}},
    {8, {0, 7, 0, 8, 192, 168, 0, 1}},
    {8, {0, 8, 0, 8, 0xfc, 0, 0, 0}},
    {8, {0, 9, 0, 8, 0x1f, 0x90, 0, 0}},
    {8, {0, 10, 0, 8, 0, 0x50, 0, 0}},
    {16, {0, 11, 0, 16, 0xff, 0xf8, 0, 0, 0, 0, 0, 0, 0x21, 0x22, 0x23, 0x24}},
    {16, {0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0, 18, 0, 0, 0, 0, 0, 0}},
    {16, {0xff, 0xff, 0, 16, 0, 0xab, 0xcd, 0xef, 'x', 'y', 'z', 0, 0, 0, 0, 0}},
    {8, {0xff, 0xff, 0, 8, 0, 0xab, 0xcd, 0xef}},
};
#define N_DRAWN (sizeof drawn / sizeof drawn[0])

START_TEST(each_action_is_as_the_specification_draws_it)
{
    uint8_t area[16];
    for (unsigned i = 0; i < N_DRAWN; i++) {
        struct buf b = buf_of(area, sizeof area);
        memset(area, 0xee, sizeof area);
        ck_assert(put_nth(i, &b));
        ck_assert_uint_eq(b.len, drawn[i].len);
        ck_assert_mem_eq(area, drawn[i].bytes, drawn[i].len);
    }
}
END_TEST

START_TEST(an_action_that_does_not_fit_leaves_the_list_alone)
{
    uint8_t area[24], before[24];
    memset(before, 0xee, sizeof before);
    for (unsigned i = 0; i < N_DRAWN; i++)
        for (size_t room = 0; room < drawn[i].len; room++) {
            struct buf b = {.data = area, .len = 3, .cap = 3 + room};
            memset(area, 0xee, sizeof area);
            ck_assert(!put_nth(i, &b));
            ck_assert_uint_eq(b.len, 3);
            ck_assert_mem_eq(area, before, sizeof area);
        }
}
END_TEST

START_TEST(a_vendor_action_is_padded_to_8_and_bounded_by_its_length_field)
{
    static uint8_t area[70000], body[70000];
    for (size_t n = 0; n < 40; n++) {
        struct buf b = buf_of(area, sizeof area);
        ck_assert(ofp_put_vendor_action(&b, 1, body, n));
        ck_assert_uint_eq(b.len, (8 + n + 7) / 8 * 8);
        ck_assert_uint_eq(be16_get(((struct ofp_action_header *)(void *)area)->len), b.len);
    }
    for (size_t n = 65500; n < 65560; n++) {
        struct buf b = buf_of(area, sizeof area);
        ck_assert_int_eq(ofp_put_vendor_action(&b, 1, body, n), n <= 65528 - 8);
    }
}
END_TEST

START_TEST(a_walk_visits_every_action_and_ends)
{
    struct span rest = corpus_actions();
    unsigned n = 0;
    for (const struct ofp_action_header *a; (a = ofp_next_action(&rest)); n++)
        ck_assert_uint_eq(be16_get(a->type), n < OFPAT_N_TYPES ? n : OFPAT_VENDOR);
    ck_assert_uint_eq(n, OFPAT_N_TYPES + 1);
    ck_assert_uint_eq(rest.len, 0);
}
END_TEST

/* `size` bytes that claim to be an action of `len`. */
static void check_claim(size_t size, unsigned len)
{
    uint8_t *bytes = malloc(size ? size : 1);
    struct span rest = span_of(bytes, size);
    bool good = size >= 8 && len >= 8 && len % 8 == 0 && len <= size;
    memset(bytes, 0, size);
    if (size >= 4) {
        bytes[2] = (uint8_t)(len >> 8);
        bytes[3] = (uint8_t)len;
    }
    ck_assert_ptr_eq(ofp_next_action(&rest), good ? bytes : NULL);
    ck_assert_uint_eq(rest.len, good ? size - len : size);
    free(bytes);
}

START_TEST(a_walk_believes_no_length)
{
    for (size_t size = 0; size <= 40; size++)
        for (unsigned len = 0; len <= 65535; len += len < 80 ? 1 : 97)
            check_claim(size, len);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_action_is_as_the_specification_draws_it,
        an_action_that_does_not_fit_leaves_the_list_alone,
        a_vendor_action_is_padded_to_8_and_bounded_by_its_length_field,
        a_walk_visits_every_action_and_ends,
        a_walk_believes_no_length,
        NULL,
    };
    return unit_main(unit_suite("action", tests));
}
