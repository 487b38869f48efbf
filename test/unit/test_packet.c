/*
 * test_packet.c - a changed frame is, to the last byte, the one that would have been made so at
 * first, its checksums computed in full.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/key.h"
#include "switch/packet.h"
#include "test/unit/frames.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <string.h>

static struct pkt_pool *pool;

static void set_up(void)
{
    pool = pkt_pool_new(4, PKT_PAGE, NULL);
}

/* Asserts that no packet was lost. */
static void tear_down(void)
{
    pkt_pool_free(pool);
}

static bool has_ipv4(const struct frame *f)
{
    return f->type == HDR_ETH_IPV4;
}

static bool has_ports(const struct frame *f)
{
    return has_ipv4(f) && f->part != FRAME_LAST &&
           (f->proto == HDR_IP_TCP || f->proto == HDR_IP_UDP);
}

/* --- One step on a packet, and on what the frame is to be ------------------------------------- */

static void tag(struct frame *f, uint16_t mask, uint16_t bits)
{
    if (!f->tagged)
        f->tci = 0;
    f->tagged = true;
    f->tci = (uint16_t)((f->tci & ~mask) | bits);
}

static void step_dl(struct pkt *p, struct frame *f, uint64_t n)
{
    uint8_t mac[6];
    memcpy(mac, &n, 6);
    if (n >> 63) {
        packet_set_dl_src(p, mac);
        memcpy(f->src, mac, 6);
    } else {
        packet_set_dl_dst(p, mac);
        memcpy(f->dst, mac, 6);
    }
}

static void step_vlan(struct pkt *p, struct frame *f, uint64_t n)
{
    uint16_t vid = n & 0xfff;
    uint8_t pcp = n >> 16 & 7;
    switch (n >> 62) {
    case 0:
        ck_assert(packet_set_vlan_vid(p, vid));
        tag(f, 0x0fff, vid);
        break;
    case 1:
        ck_assert(packet_set_vlan_pcp(p, pcp));
        tag(f, 0xe000, (uint16_t)(pcp << 13));
        break;
    default:
        packet_strip_vlan(p);
        f->tagged = false;
    }
}

static void step_nw(struct pkt *p, struct frame *f, uint64_t n)
{
    if (n >> 63) {
        packet_set_nw_src(p, (uint32_t)n);
        f->nw_src = has_ipv4(f) ? (uint32_t)n : f->nw_src;
    } else {
        packet_set_nw_dst(p, (uint32_t)n);
        f->nw_dst = has_ipv4(f) ? (uint32_t)n : f->nw_dst;
    }
}

static void step_tos(struct pkt *p, struct frame *f, uint64_t n)
{
    packet_set_nw_tos(p, n & 0xfc);
    f->tos = (uint8_t)((n & 0xfc) | (f->tos & 3));
}

static void step_tp(struct pkt *p, struct frame *f, uint64_t n)
{
    if (n >> 63) {
        packet_set_tp_src(p, (uint16_t)n);
        f->tp_src = has_ports(f) ? (uint16_t)n : f->tp_src;
    } else {
        packet_set_tp_dst(p, (uint16_t)n);
        f->tp_dst = has_ports(f) ? (uint16_t)n : f->tp_dst;
    }
}

static void step_ttl(struct pkt *p, struct frame *f, uint64_t n)
{
    bool alive = !has_ipv4(f) || f->ttl > 1;
    (void)n;
    ck_assert_int_eq(packet_dec_ttl(p), alive);
    f->ttl = (uint8_t)(f->ttl - (alive && has_ipv4(f)));
}

static void (*const steps[])(struct pkt *p, struct frame *f, uint64_t n) = {
    step_dl, step_vlan, step_nw, step_tos, step_tp, step_ttl,
};
#define N_STEPS (sizeof steps / sizeof steps[0])

static void check(const struct frame *f, const struct pkt *p)
{
    ck_assert(frame_is(f, p));
}

START_TEST(any_change_of_any_frame_is_as_if_made_so_at_first)
{
    uint64_t random = (uint64_t)_i;
    for (int n = 0; n < 20000; n++) {
        struct frame f = frame_random(&random);
        struct pkt *p = frame_pkt(&f, pool);
        ck_assert_int_eq(packet_is_fragment(p), has_ipv4(&f) && f.part != FRAME_WHOLE);
        for (uint64_t left = random_below(&random, 6); left > 0; left--)
            steps[random_below(&random, N_STEPS)](p, &f, random_u64(&random));
        check(&f, p);
        pkt_unref(p);
    }
}
END_TEST

/* --- Particular cases ------------------------------------------------------------------------- */

START_TEST(udp_without_a_checksum_stays_so)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct pkt *p;
    f.no_checksum = true;
    p = frame_pkt(&f, pool);
    packet_set_nw_src(p, f.nw_src = 0xc0a80001);
    packet_set_tp_dst(p, f.tp_dst = 53);
    check(&f, p);
    pkt_unref(p);
}
END_TEST

static uint16_t udp_checksum(const struct pkt *p)
{
    return (uint16_t)(p->data[40] << 8 | p->data[41]);
}

/* Among all ports there is one that makes the sum all ones, hence the checksum zero. */
START_TEST(udp_checksum_that_comes_out_as_zero_is_sent_as_all_ones)
{
    int seen = 0;
    for (uint32_t port = 0; port <= 0xffff; port++) {
        struct frame f = frame_between(1, 2, HDR_IP_UDP);
        struct pkt *p = frame_pkt(&f, pool);
        packet_set_tp_src(p, f.tp_src = (uint16_t)port);
        check(&f, p);
        ck_assert_uint_ne(udp_checksum(p), 0);
        seen += udp_checksum(p) == 0xffff;
        pkt_unref(p);
    }
    ck_assert_int_ge(seen, 1);
}
END_TEST

START_TEST(every_old_and_new_word_keeps_the_ip_checksum_right)
{
    for (uint32_t n = 0; n <= 0xffff; n += 5) {
        struct frame f = frame_between(1, 2, HDR_IP_TCP);
        struct pkt *p;
        f.nw_src = n << 16 | (n ^ 0xffff);
        p = frame_pkt(&f, pool);
        packet_set_nw_src(p, f.nw_src = (n * 7) << 16 | n);
        check(&f, p);
        packet_set_nw_src(p, f.nw_src = 0);
        check(&f, p);
        packet_set_nw_src(p, f.nw_src = 0xffffffff);
        check(&f, p);
        pkt_unref(p);
    }
}
END_TEST

/* RFC 1624: by difference, so that an error is not covered up. */
START_TEST(a_frame_that_came_wrong_leaves_wrong)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct pkt *p = frame_pkt(&f, pool);
    uint8_t right[FRAME_MAX];
    p->data[60] ^= 0x10;
    packet_set_nw_dst(p, f.nw_dst = 0x7f000001);
    packet_set_tp_dst(p, f.tp_dst = 99);
    frame_write(&f, right);
    right[60] ^= 0x10;
    ck_assert_mem_eq(p->data, right, p->len);
    pkt_unref(p);
}
END_TEST

START_TEST(ecn_bits_are_not_the_action_s)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct pkt *p;
    f.tos = 0x57;
    p = frame_pkt(&f, pool);
    packet_set_nw_tos(p, 0xb8);
    f.tos = 0xbb;
    check(&f, p);
    pkt_unref(p);
}
END_TEST

START_TEST(a_super_frame_is_changed_in_its_headers_and_stays_one)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct pkt *p;
    f.partial = true;
    f.payload = 1900;
    p = frame_pkt(&f, pool);
    p->offload |= PKT_GSO_TCP4;
    p->gso_size = 500;
    ck_assert(packet_set_vlan_vid(p, f.tci = 100));
    f.tagged = true;
    packet_set_nw_src(p, f.nw_src = 0x01020304);
    packet_set_tp_src(p, f.tp_src = 7);
    ck_assert_uint_eq(p->offload, PKT_CSUM_PARTIAL | PKT_GSO_TCP4);
    ck_assert_uint_eq(p->gso_size, 500);
    p->offload = PKT_CSUM_PARTIAL;
    check(&f, p);
    pkt_unref(p);
}
END_TEST

START_TEST(no_room_for_a_tag_is_said_and_nothing_changed)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct pkt *p = frame_pkt(&f, pool);
    uint8_t front[14];
    size_t room = 0;
    memcpy(front, p->data, sizeof front);
    while (pkt_push(p, 1))
        room++;
    ck_assert_uint_ge(room, 4);
    memcpy(p->data, front, sizeof front);
    ck_assert(!packet_set_vlan_vid(p, 5));
    ck_assert(!packet_set_vlan_pcp(p, 5));
    ck_assert_mem_eq(p->data, front, sizeof front);
    pkt_unref(p);
}
END_TEST

START_TEST(ipv6_hop_limit_is_a_ttl)
{
    struct frame f = {.type = HDR_ETH_IPV6, .payload = 60};
    struct pkt *p = frame_pkt(&f, pool);
    p->data[14 + 7] = 3;
    ck_assert(packet_dec_ttl(p));
    ck_assert(packet_dec_ttl(p));
    ck_assert(!packet_dec_ttl(p));
    ck_assert_uint_eq(p->data[14 + 7], 1);
    pkt_unref(p);
}
END_TEST

/* --- Frames that end too early ---------------------------------------------------------------- */

static struct ofp_key key_of(const struct pkt *p)
{
    struct ofp_key key;
    ofp_key_extract(&key, span_of(p->data, p->len), 1);
    return key;
}

/* A change of one field shows in that field of the key or not at all. */
#define CHANGES_ONLY(p, call, member, value)                                                       \
    do {                                                                                           \
        struct ofp_key before = key_of(p), after;                                                  \
        call;                                                                                      \
        after = key_of(p);                                                                         \
        if (!ofp_key_equal(&before, &after)) {                                                     \
            before.match.member = value;                                                           \
            ck_assert(ofp_key_equal(&before, &after));                                             \
        }                                                                                          \
    } while (0)

START_TEST(headers_that_are_cut_off_are_left_alone)
{
    uint64_t random = (uint64_t)_i;
    for (int n = 0; n < 20000; n++) {
        struct frame f = frame_random(&random);
        struct pkt *p = frame_pkt(&f, pool);
        f.partial = false;
        pkt_trim(p, random_below(&random, p->len + 1));
        CHANGES_ONLY(p, packet_set_nw_src(p, 0x01010101), nw_src, be32_of(0x01010101));
        CHANGES_ONLY(p, packet_set_nw_dst(p, 0x02020202), nw_dst, be32_of(0x02020202));
        CHANGES_ONLY(p, packet_set_nw_tos(p, 0x40), nw_tos, 0x40);
        CHANGES_ONLY(p, packet_set_tp_src(p, 0x0303), tp_src, be16_of(0x0303));
        CHANGES_ONLY(p, packet_set_tp_dst(p, 0x0404), tp_dst, be16_of(0x0404));
        packet_dec_ttl(p);
        ck_assert(packet_set_vlan_vid(p, 9));
        ck_assert_uint_eq(be16_get(key_of(p).match.dl_vlan), p->len < 14 ? OFP_VLAN_NONE : 9);
        packet_strip_vlan(p);
        pkt_unref(p);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("packet");
    TCase *c = tcase_create("packet");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, any_change_of_any_frame_is_as_if_made_so_at_first, 0, 4);
    tcase_add_test(c, udp_without_a_checksum_stays_so);
    tcase_add_test(c, udp_checksum_that_comes_out_as_zero_is_sent_as_all_ones);
    tcase_add_test(c, every_old_and_new_word_keeps_the_ip_checksum_right);
    tcase_add_test(c, a_frame_that_came_wrong_leaves_wrong);
    tcase_add_test(c, ecn_bits_are_not_the_action_s);
    tcase_add_test(c, a_super_frame_is_changed_in_its_headers_and_stays_one);
    tcase_add_test(c, no_room_for_a_tag_is_said_and_nothing_changed);
    tcase_add_test(c, ipv6_hop_limit_is_a_ttl);
    tcase_add_loop_test(c, headers_that_are_cut_off_are_left_alone, 0, 4);
    return unit_main(s);
}
