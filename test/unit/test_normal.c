/*
 * test_normal.c - NORMAL is a learning bridge: who was heard is found, in its VLAN, for a while.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "switch/normal.h"
#include "test/unit/unit.h"

#include <string.h>

#define AGE (300 * NS_PER_S)
#define MAX 100

static struct normal normal;

static void set_up(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(normal_init(&normal, MAX, AGE), 0);
}

static void tear_down(void)
{
    normal_free(&normal);
}

/* A packet between hosts by number: 02:00:00:00:HI:LO. */
static struct ofp_key key_of(uint16_t from, uint16_t to, uint16_t vlan, uint16_t in_port)
{
    return (struct ofp_key){.match = {.in_port = be16_of(in_port),
                                      .dl_src = {2, 0, 0, 0, (uint8_t)(from >> 8), (uint8_t)from},
                                      .dl_dst = {2, 0, 0, 0, (uint8_t)(to >> 8), (uint8_t)to},
                                      .dl_vlan = be16_of(vlan)}};
}

static uint16_t forward(uint16_t from, uint16_t to, uint16_t vlan, uint16_t in_port, uint64_t now)
{
    struct ofp_key key = key_of(from, to, vlan, in_port);
    return normal_forward(&normal, &key, now);
}

/* Where a packet from nowhere in particular goes: nothing is learned from it. */
static uint16_t where(uint16_t host, uint16_t vlan, uint64_t now)
{
    return forward(9999, host, vlan, OFPP_NONE, now);
}

START_TEST(who_is_not_known_is_flooded_for_and_then_found)
{
    ck_assert_uint_eq(forward(1, 2, OFP_VLAN_NONE, 1, 0), OFPP_FLOOD);
    ck_assert_uint_eq(forward(2, 1, OFP_VLAN_NONE, 2, 0), 1);
    ck_assert_uint_eq(forward(1, 2, OFP_VLAN_NONE, 1, 0), 2);
    ck_assert_uint_eq(normal.learned, 2);
}
END_TEST

START_TEST(a_packet_that_is_where_it_belongs_goes_nowhere)
{
    forward(1, 2, OFP_VLAN_NONE, 1, 0);
    ck_assert_uint_eq(forward(3, 1, OFP_VLAN_NONE, 1, 0), OFPP_NONE);
}
END_TEST

START_TEST(who_moves_is_found_at_the_new_port)
{
    forward(1, 2, OFP_VLAN_NONE, 1, 0);
    forward(1, 2, OFP_VLAN_NONE, 7, 0);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, 0), 7);
    ck_assert_uint_eq(normal.moved, 1);
}
END_TEST

START_TEST(vlans_are_networks_of_their_own)
{
    forward(1, 2, 10, 1, 0);
    ck_assert_uint_eq(where(1, 10, 0), 1);
    ck_assert_uint_eq(where(1, 20, 0), OFPP_FLOOD);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, 0), OFPP_FLOOD);
    forward(1, 2, 20, 2, 0);
    ck_assert_uint_eq(where(1, 10, 0), 1);
    ck_assert_uint_eq(where(1, 20, 0), 2);
}
END_TEST

START_TEST(a_priority_tag_is_no_vlan)
{
    forward(1, 2, 0, 1, 0);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, 0), 1);
    ck_assert_uint_eq(where(1, 0, 0), 1);
}
END_TEST

START_TEST(groups_are_flooded_and_never_learned)
{
    struct ofp_key key = key_of(1, 2, OFP_VLAN_NONE, 1);
    key.match.dl_src[0] = 3;
    ck_assert_uint_eq(normal_forward(&normal, &key, 0), OFPP_FLOOD);
    ck_assert_uint_eq(normal.learned, 0);
    key.match.dl_src[0] = 2;
    memset(key.match.dl_dst, 0xff, 6);
    ck_assert_uint_eq(normal_forward(&normal, &key, 0), OFPP_FLOOD);
    ck_assert_uint_eq(normal.learned, 1);
}
END_TEST

START_TEST(link_local_frames_are_not_forwarded)
{
    static const uint8_t lldp[6] = {1, 0x80, 0xc2, 0, 0, 0x0e};
    struct ofp_key key = key_of(1, 2, OFP_VLAN_NONE, 1);
    memcpy(key.match.dl_dst, lldp, 6);
    ck_assert_uint_eq(normal_forward(&normal, &key, 0), OFPP_NONE);
}
END_TEST

START_TEST(nothing_is_learned_from_what_came_from_no_port)
{
    static const uint16_t ports[] = {0, OFPP_NONE, OFPP_CONTROLLER, OFPP_IN_PORT, OFPP_MAX};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        forward(1, 2, OFP_VLAN_NONE, ports[i], 0);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, 0), OFPP_FLOOD);
    forward(1, 2, OFP_VLAN_NONE, OFPP_LOCAL, 0);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, 0), OFPP_LOCAL);
}
END_TEST

START_TEST(who_is_silent_is_forgotten)
{
    forward(1, 2, OFP_VLAN_NONE, 1, 0);
    forward(3, 2, OFP_VLAN_NONE, 3, 0);
    forward(3, 2, OFP_VLAN_NONE, 3, AGE / 2);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, AGE + NS_PER_S), OFPP_FLOOD);
    ck_assert_uint_eq(where(3, OFP_VLAN_NONE, AGE + NS_PER_S), 3);
}
END_TEST

START_TEST(a_lost_port_takes_its_hosts_along)
{
    forward(1, 2, OFP_VLAN_NONE, 1, 0);
    forward(3, 2, OFP_VLAN_NONE, 3, 0);
    normal_forget_port(&normal, 1);
    ck_assert_uint_eq(where(1, OFP_VLAN_NONE, 0), OFPP_FLOOD);
    ck_assert_uint_eq(where(3, OFP_VLAN_NONE, 0), 3);
}
END_TEST

/* A flood of addresses fills the table, not the memory; when they are old there is room again. */
START_TEST(the_table_is_bounded_and_recovers)
{
    for (uint16_t host = 0; host < 1000; host++)
        forward(host, 2000, OFP_VLAN_NONE, 1, 0);
    ck_assert_uint_eq(normal.hosts.used, MAX);
    ck_assert_uint_eq(normal.refused, 900);
    for (uint16_t host = 3000; host < 3000 + MAX / 2; host++)
        forward(host, 2000, OFP_VLAN_NONE, 2, 2 * AGE);
    ck_assert_uint_gt(normal.aged, MAX / 2);
    ck_assert_uint_eq(where(3000 + MAX / 2 - 1, OFP_VLAN_NONE, 2 * AGE), 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("normal");
    TCase *c = tcase_create("normal");
    suite_add_tcase(s, c);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, who_is_not_known_is_flooded_for_and_then_found);
    tcase_add_test(c, a_packet_that_is_where_it_belongs_goes_nowhere);
    tcase_add_test(c, who_moves_is_found_at_the_new_port);
    tcase_add_test(c, vlans_are_networks_of_their_own);
    tcase_add_test(c, a_priority_tag_is_no_vlan);
    tcase_add_test(c, groups_are_flooded_and_never_learned);
    tcase_add_test(c, link_local_frames_are_not_forwarded);
    tcase_add_test(c, nothing_is_learned_from_what_came_from_no_port);
    tcase_add_test(c, who_is_silent_is_forgotten);
    tcase_add_test(c, a_lost_port_takes_its_hosts_along);
    tcase_add_test(c, the_table_is_bounded_and_recovers);
    return unit_main(s);
}
