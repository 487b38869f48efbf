/*
 * test_space.c - flow space: every packet is whose the first rule says, and parts hold no other's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slices.h"
#include "openflow/parse.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PARTS_MAX 256

static uint64_t seed;
static const uint16_t ports[] = {1, 2, 3, 4};
static const struct space_ports all_ports = {ports, 4};

static struct space_region region(const char *text)
{
    char error[OFP_PARSE_ERROR];
    struct ofp_match match;
    const char *wrong = ofp_parse_match(text, &match, error);
    ck_assert_msg(wrong == NULL, "%s: %s", text, wrong);
    return space_region_of(&match);
}

static struct space_rule rules[16];

/* The space of these texts, NULL-terminated, each beginning with its owner's digit. */
static struct space space_of(const char *const *text)
{
    struct space space = {.rule = rules};
    for (; text[space.n] != NULL; space.n++)
        rules[space.n] =
            (struct space_rule){region(text[space.n] + 1), (unsigned)(text[space.n][0] - '0')};
    return space;
}

static long parts_of(const char *const *text, const char *flow, struct space_region *parts)
{
    struct space space = space_of(text);
    struct space_region r = region(flow);
    return space_parts(&space, 0, &r, all_ports, parts, PARTS_MAX);
}

static void expect(const char *const *text, const char *flow, const char *const *want)
{
    struct space_region parts[PARTS_MAX];
    long n = parts_of(text, flow, parts);
    for (long i = 0; i < n; i++) {
        struct space_region r;
        ck_assert_ptr_nonnull(want[i]);
        r = region(want[i]);
        ck_assert_msg(space_same(&r, &parts[i]), "part %ld of %s is not %s", i, flow, want[i]);
        ck_assert_uint_eq(r.wildcards, parts[i].wildcards);
    }
    ck_assert_msg(n >= 0 && want[n] == NULL, "%s: %ld parts", flow, n);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(a_flow_becomes_a_part_for_each_rule_that_it_meets)
{
    expect(LIST("0in_port=1", "0in_port=2", "1in_port=3"), "tcp",
           LIST("tcp,in_port=1", "tcp,in_port=2"));
    expect(LIST("0ip,nw_src=10.1.0.0/16", "1ip"), "ip,nw_src=10.0.0.0/8,nw_dst=10.2.0.1",
           LIST("ip,nw_src=10.1.0.0/16,nw_dst=10.2.0.1"));
    expect(LIST("0", "1in_port=1"), "in_port=1", LIST("in_port=1"));
    expect(LIST("1"), "tcp", LIST(NULL));
}
END_TEST

START_TEST(what_comes_before_is_cut_out_of_it)
{
    expect(LIST("1in_port=3", "0"), "arp", LIST("arp,in_port=1", "arp,in_port=2", "arp,in_port=4"));
    expect(LIST("1ip,nw_src=128.0.0.0/2", "0"), "ip",
           LIST("ip,nw_src=0.0.0.0/1", "ip,nw_src=192.0.0.0/2"));
    expect(LIST("1arp", "0"), "ip", LIST("ip"));
    expect(LIST("1ip", "0"), "tcp", LIST(NULL));
}
END_TEST

START_TEST(what_cannot_be_said_in_matches_is_refused)
{
    struct space_region parts[PARTS_MAX];
    ck_assert_int_eq(parts_of(LIST("1tcp,tp_dst=80", "0"), "tcp", parts), -EPERM);
    ck_assert_int_eq(parts_of(LIST("1tcp,tp_dst=80", "0"), "tcp,tp_dst=81", parts), 1);
    ck_assert_int_eq(parts_of(LIST("1dl_vlan=5", "0"), "ip", parts), -EPERM);
    /* What others have of it elsewhere is no matter. */
    ck_assert_int_eq(parts_of(LIST("1tcp,tp_dst=80", "0arp"), "", parts), 1);
    ck_assert_int_eq(
        parts_of(LIST("1ip,nw_src=1.2.3.4", "1ip,nw_src=1.2.3.5,nw_dst=1.1.1.1", "0"), "ip", parts),
        63);
}
END_TEST

START_TEST(too_many_parts_are_refused)
{
    static const char *const space[] = {"1ip,nw_src=1.2.3.4,nw_dst=5.6.7.8", "0", NULL};
    struct space_region parts[PARTS_MAX], r = region("ip");
    struct space s = space_of(space);
    ck_assert_int_eq(space_parts(&s, 0, &r, all_ports, parts, 64), 64);
    ck_assert_int_eq(space_parts(&s, 0, &r, all_ports, parts, 63), -ENOSPC);
}
END_TEST

START_TEST(a_region_is_owned_if_a_rule_shows_it)
{
    struct space s = space_of(LIST("1tcp,tp_dst=80", "0ip,nw_dst=10.0.0.0/8", "1"));
    struct space_region r = region("udp,nw_dst=10.1.0.0/16");
    ck_assert(space_owns(&s, 0, &r));
    r = region("tcp,nw_dst=10.1.0.0/16");
    ck_assert(!space_owns(&s, 0, &r));
    r = region("udp");
    ck_assert(!space_owns(&s, 0, &r));
    r = region("arp");
    ck_assert(space_owns(&s, 1, &r));
}
END_TEST

/* --- Against looking at each packet ---------------------------------------------------------- */

/* Few values, so that packets, rules and flows meet. */
static struct ofp_match random_match(bool exact)
{
    struct ofp_match m = ofp_match_any();
    uint32_t w = exact ? 0 : OFPFW_ALL;
    static const uint32_t flags[] = {OFPFW_IN_PORT,     OFPFW_DL_SRC,  OFPFW_DL_VLAN,
                                     OFPFW_DL_VLAN_PCP, OFPFW_DL_TYPE, OFPFW_NW_PROTO,
                                     OFPFW_TP_DST,      OFPFW_NW_TOS};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && !exact; i++)
        if (random_below(&seed, 3) == 0)
            w &= ~flags[i];
    if (!exact) {
        w &= ~(uint32_t)(OFPFW_NW_SRC_MASK | OFPFW_NW_DST_MASK);
        w |= (uint32_t)(random_below(&seed, 2) ? 32 : 28 + random_below(&seed, 5))
             << OFPFW_NW_SRC_SHIFT;
        w |= (uint32_t)(random_below(&seed, 2) ? 32 : 28 + random_below(&seed, 5))
             << OFPFW_NW_DST_SHIFT;
    }
    m.wildcards = be32_of(w);
    m.in_port = be16_of((uint16_t)(1 + random_below(&seed, 4)));
    m.dl_src[5] = (uint8_t)random_below(&seed, 2);
    m.dl_vlan = be16_of(random_below(&seed, 2) ? OFP_VLAN_NONE : (uint16_t)random_below(&seed, 2));
    m.dl_vlan_pcp = be16_get(m.dl_vlan) == OFP_VLAN_NONE ? 0 : (uint8_t)random_below(&seed, 2);
    m.dl_type = be16_of(random_below(&seed, 3) ? 0x0800 : 0x0806);
    m.nw_proto = random_below(&seed, 2) ? 6 : 17;
    m.nw_src = be32_of((uint32_t)random_below(&seed, 16) << 28);
    m.nw_dst = be32_of((uint32_t)random_below(&seed, 16) << 28);
    m.tp_dst = be16_of((uint16_t)random_below(&seed, 2));
    return m;
}

static struct ofp_key random_packet(void)
{
    struct ofp_match m = random_match(true);
    struct ofp_key key, mask;
    ofp_match_canonical(&m, &key, &mask);
    return key;
}

static bool is_in(const struct space_region *r, const struct ofp_key *key)
{
    return ofp_key_matches(key, &r->key, &r->mask);
}

static bool is_in_any(const struct space_region *parts, long n, const struct ofp_key *key)
{
    for (long i = 0; i < n; i++)
        if (is_in(&parts[i], key))
            return true;
    return false;
}

START_TEST(parts_hold_just_the_packets_of_the_flow_that_are_the_owner_s)
{
    unsigned met = 0, refused = 0;
    seed = 1;
    for (int run = 0; run < 4000; run++) {
        struct space space = {rules, 1 + random_below(&seed, 6)};
        struct space_region parts[PARTS_MAX], flow;
        struct ofp_match m = random_match(false);
        long n;
        for (size_t i = 0; i < space.n; i++) {
            struct ofp_match r = random_match(false);
            rules[i] = (struct space_rule){space_region_of(&r), (unsigned)random_below(&seed, 3)};
        }
        flow = space_region_of(&m);
        n = space_parts(&space, 0, &flow, all_ports, parts, PARTS_MAX);
        refused += n < 0;
        for (int k = 0; k < 50 && n >= 0; k++) {
            struct ofp_key key = random_packet();
            bool own = is_in(&flow, &key) && space_owner(&space, &key) == 0;
            ck_assert_int_eq(own, is_in_any(parts, n, &key));
            met += own;
        }
        for (long k = 0; k < n; k++) {
            struct ofp_match as_sent = space_match(&parts[k]);
            struct space_region back = space_region_of(&as_sent);
            ck_assert(space_same(&back, &parts[k]));
        }
        for (int k = 0; k < 50 && space_owns(&space, 0, &flow); k++) {
            struct ofp_key key = random_packet();
            ck_assert(!is_in(&flow, &key) || space_owner(&space, &key) == 0);
        }
    }
    ck_assert_uint_gt(met, 5000);
    ck_assert_uint_gt(refused, 100);
}
END_TEST

/* --- The file -------------------------------------------------------------------------------- */

static struct slice_set set;
static char error[OFP_PARSE_ERROR];

/* What is wrong with these lines, the number of the line in front; NULL: nothing. */
static const char *read(const char *const *lines)
{
    static char said[OFP_PARSE_ERROR + 8];
    const char *wrong = NULL;
    unsigned line = 0;
    slices_init(&set, 1000, 100);
    while (wrong == NULL && lines[line] != NULL) {
        wrong = slices_add(&set, lines[line], line + 1, error);
        line++;
    }
    if (wrong == NULL)
        wrong = slices_close(&set, error);
    if (wrong != NULL) {
        snprintf(said, sizeof said, "%u: %s", line, wrong);
        slices_free(&set);
    }
    return wrong != NULL ? said : NULL;
}

START_TEST(the_highest_priority_comes_first_then_the_earlier_line)
{
    struct space_rule r[8];
    struct space s;
    ck_assert_ptr_null(read(LIST("slice a controller=tcp:h:1 rate=7", "priority=5,tcp", "dpid=2,ip",
                                 "slice b controller=unix:/x flows=9", "dpid=1,priority=6,udp",
                                 "dpid=0x1,in_port=1")));
    ck_assert_uint_eq(set.n, 2);
    ck_assert_uint_eq(set.def[0].rate, 7);
    ck_assert_uint_eq(set.def[0].flows, 100);
    ck_assert_uint_eq(set.def[1].flows, 9);
    ck_assert_uint_eq(set.rule[0].nth, 1); /* "dpid=2,ip" */
    ck_assert_uint_eq(set.rule[1].nth, 3); /* "dpid=0x1,in_port=1" */
    ck_assert_uint_eq(set.rule[2].priority, 6);
    s = slices_space(&set, 1, r);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_uint_eq(r[0].owner, 1);
    ck_assert_uint_eq(r[2].owner, 0);
    slices_free(&set);
}
END_TEST

#define BIG_A "slice a controller=tcp:h:1 big=b16"

START_TEST(
    lines_of_one_number_come_as_they_were_added) /* --slicer-line is line 0, behind the file's */
{
    slices_init(&set, 1000, 100);
    ck_assert_ptr_null(slices_add(&set, "slice a controller=tcp:h:1", 1, error));
    ck_assert_ptr_null(slices_add(&set, "ip", 2, error));
    ck_assert_ptr_null(slices_add(&set, "slice b controller=tcp:h:2", 0, error));
    ck_assert_ptr_null(slices_add(&set, "tcp", 0, error));
    ck_assert_ptr_null(slices_close(&set, error));
    ck_assert_uint_eq(set.rule[0].rule.owner, 0);
    slices_free(&set);
}
END_TEST

static const struct {
    const char *lines[4], *said;
} bad[] = {
    {{"in_port=1"}, "1: flow space of which slice?"},
    {{"slice"}, "1: a slice wants a name"},
    {{"slice controller=tcp:h:1"}, "1: a slice wants a name"},
    {{"slice a"}, "1: a slice wants controller="},
    {{"slice a controller=ptcp:1"}, "1: controller= wants tcp:"},
    {{"slice a controller=tcp:h:1 colour=red"}, "1: a slice has controller=, "},
    {{"slice a controller=tcp:h:1 rate=0"}, "1: rate= wants"},
    {{"slice a controller=tcp:h:1 flows=x"}, "1: flows= wants"},
    {{"slice a controller=tcp:h:1", "ip", "slice a controller=tcp:h:2"}, "3: there is a slice"},
    {{"slice a controller=tcp:h:1", "out_port=3"}, "2: a line of flow space has"},
    {{"slice a controller=tcp:h:1", "dpid=xyz,ip"}, "2: dpid= wants"},
    {{"slice a controller=tcp:h:1", "in_prt=1"}, "2: "},
    {{"slice a controller=tcp:h:1", "slice b controller=tcp:h:2", "ip"},
     "3: line 1: slice a has no flow space"},
    {{"port 1 dpid=1,in_port=1"}, "1: only a slice with big="},
    {{"slice a controller=tcp:h:1", "port 1 dpid=1,in_port=1"}, "2: only a slice with big="},
    {{BIG_A, "port"}, "2: port wants a number"},
    {{BIG_A, "port 1"}, "2: port wants a number"},
    {{BIG_A, "port x dpid=1,in_port=1"}, "2: port wants a number"},
    {{BIG_A, "port 0 dpid=1,in_port=1"}, "2: port wants a number"},
    {{BIG_A, "port 65281 dpid=1,in_port=1"}, "2: port wants a number"},
    {{BIG_A, "port 1dpid=1,in_port=1"}, "2: port wants a number"},
    {{BIG_A, "port 1 in_port=1"}, "2: port wants a number"},
    {{BIG_A, "port 1 dpid=x,in_port=1"}, "2: port wants a number"},
    {{BIG_A, "port 1 dpid=1,in_port=0"}, "2: port wants a number"},
    {{BIG_A, "port 1 dpid=1,in_port=1,tcp"}, "2: port wants a number"},
    {{BIG_A, "port 1 dpid=1,in_port=1", "port 1 dpid=1,in_port=2"}, "3: this number, or this port"},
    {{BIG_A, "port 1 dpid=1,in_port=1", "port 2 dpid=1,in_port=1"}, "3: this number, or this port"},
};

START_TEST(what_is_wrong_with_a_line_is_said)
{
    const char *said = read(bad[_i].lines);
    ck_assert_ptr_nonnull(said);
    ck_assert_msg(strncmp(said, bad[_i].said, strlen(bad[_i].said)) == 0, "%s", said);
}
END_TEST

/* Does nothing change for slice `name` from the lines of `a` to those of `b`? */
static bool same(const char *const *a, const char *const *b, const char *name)
{
    struct slice_set old;
    bool is;
    ck_assert_ptr_null(read(a));
    old = set;
    ck_assert_ptr_null(read(b));
    is = slices_same(&old, (size_t)slices_find(&old, name), &set, (size_t)slices_find(&set, name));
    slices_free(&old);
    slices_free(&set);
    return is;
}

START_TEST(a_slice_is_the_same_if_nothing_that_bears_on_it_has_changed)
{
    const char *const *one =
        LIST("slice a controller=tcp:h:1", "in_port=1", "slice b controller=tcp:h:2", "in_port=2");
    ck_assert(same(one, one, "a"));
    ck_assert(same(one,
                   LIST("# c is new", "", " ", "slice c controller=tcp:h:3", "in_port=3",
                        "slice a controller=tcp:h:1", "in_port=1"),
                   "a"));
    ck_assert(!same(one, LIST("slice a controller=tcp:h:9", "in_port=1"), "a"));
    ck_assert(!same(one, LIST("slice a controller=tcp:h:1", "in_port=1,tcp"), "a"));
    ck_assert(!same(one, LIST("slice a controller=tcp:h:1", "in_port=1", "in_port=4"), "a"));
    ck_assert(!same(one,
                    LIST("slice a controller=tcp:h:1", "in_port=1", "slice b controller=tcp:h:2",
                         "priority=40000,tcp"),
                    "a"));
    ck_assert(same(one,
                   LIST("slice a controller=tcp:h:1", "in_port=1", "slice b controller=tcp:h:2",
                        "priority=5,tcp"),
                   "a"));
}
END_TEST

START_TEST(a_slice_whose_ports_have_other_numbers_is_another)
{
    const char *const *one =
        LIST(BIG_A, "ip", "port 7 dpid=1,in_port=1", "port 8 dpid=1,in_port=2");
    ck_assert(same(one, one, "a"));
    ck_assert(same(
        one, LIST(BIG_A, "port 7 dpid=0x1,in_port=1", " port  8\tdpid=1 in_port=2 ", "ip"), "a"));
    ck_assert(!same(one, LIST(BIG_A, "ip", "port 7 dpid=1,in_port=1"), "a"));
    ck_assert(
        !same(one, LIST(BIG_A, "ip", "port 7 dpid=1,in_port=1", "port 9 dpid=1,in_port=2"), "a"));
    ck_assert(
        !same(one, LIST(BIG_A, "ip", "port 7 dpid=1,in_port=1", "port 8 dpid=2,in_port=2"), "a"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("space");
    TCase *c = tcase_create("space");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, a_flow_becomes_a_part_for_each_rule_that_it_meets);
    tcase_add_test(c, what_comes_before_is_cut_out_of_it);
    tcase_add_test(c, what_cannot_be_said_in_matches_is_refused);
    tcase_add_test(c, too_many_parts_are_refused);
    tcase_add_test(c, a_region_is_owned_if_a_rule_shows_it);
    tcase_add_test(c, parts_hold_just_the_packets_of_the_flow_that_are_the_owner_s);
    tcase_add_test(c, the_highest_priority_comes_first_then_the_earlier_line);
    tcase_add_test(c, lines_of_one_number_come_as_they_were_added);
    tcase_add_loop_test(c, what_is_wrong_with_a_line_is_said, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(c, a_slice_is_the_same_if_nothing_that_bears_on_it_has_changed);
    tcase_add_test(c, a_slice_whose_ports_have_other_numbers_is_another);
    return unit_main(s);
}
