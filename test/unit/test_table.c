/*
 * test_table.c - the flow table through its header: which entry is found, what changes, what leaves
 * and when, in virtual time.
 *
 * The linker sends the house's heap calls to the counting ones here, which can also run out of
 * memory.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/table.h"
#include "test/unit/flow_text.h"
#include "test/unit/random.h"

#include <errno.h>
#include <stdio.h>

/* --- The heap --------------------------------------------------------------------------------- */

static unsigned long heap_calls;
static unsigned long heap_left = -1ul; /* calls that will still get memory */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);

static bool heap_allows(void)
{
    heap_calls++;
    if (heap_left == -1ul)
        return true;
    return heap_left > 0 && heap_left-- > 0;
}

void *__wrap_malloc(size_t n)
{
    return heap_allows() ? __real_malloc(n) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return heap_allows() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
    return heap_allows() ? __real_realloc(p, n) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return heap_allows() ? __real_aligned_alloc(alignment, n) : NULL;
}

/* --- The table under test --------------------------------------------------------------------- */

static struct table *table;

/* Who has left, in short: "7:hard " for cookie 7. */
static char left[1024];

static void removed(void *user, struct flow *flow, uint8_t reason)
{
    const char *why = reason == OFPRR_IDLE_TIMEOUT   ? "idle"
                      : reason == OFPRR_HARD_TIMEOUT ? "hard"
                      : reason == OFPRR_DELETE       ? "delete"
                      : reason == TABLE_REPLACED     ? "replaced"
                                                     : "?";
    size_t n = strlen(left);
    ck_assert_ptr_eq(user, left);
    snprintf(left + n, sizeof left - n, "%u:%s ", (unsigned)flow->cookie, why);
}

static void begin(uint32_t max)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    left[0] = '\0';
    table = table_new(max, removed, left);
    ck_assert_ptr_nonnull(table);
}

static void end(void)
{
    table_free(table);
    loop_close();
}

static int insert_flow(const struct flow_text *f)
{
    struct flow init = {.cookie = f->mod.cookie,
                        .priority = f->mod.priority,
                        .idle_timeout = f->mod.idle_timeout,
                        .hard_timeout = f->mod.hard_timeout,
                        .flags = f->mod.flags};
    return table_insert(table, &f->match, &init, f->mod.actions);
}

static int insert(const char *flow)
{
    struct flow_text f;
    flow_text_read(&f, OFPFC_ADD, flow);
    return insert_flow(&f);
}

/* The cookie of the entry that a packet follows; 0: a miss. */
static unsigned found(const char *packet)
{
    struct flow *flow = lookup_text(table, packet);
    return flow != NULL ? (unsigned)flow->cookie : 0;
}

static struct table_stats stats(void)
{
    struct table_stats s;
    table_get_stats(table, &s);
    return s;
}

static bool remove_it(void *user, struct flow *flow)
{
    (void)user;
    table_remove(table, flow, OFPRR_DELETE);
    return true;
}

static void delete_flows(const char *flow, bool strict)
{
    struct table_filter filter = filter_of(flow, strict);
    table_each(table, &filter, remove_it, NULL);
}

static bool count_it(void *user, struct flow *flow)
{
    (void)flow;
    ++*(unsigned *)user;
    return true;
}

static unsigned count(const char *flow, bool strict)
{
    struct table_filter filter = filter_of(flow, strict);
    unsigned n = 0;
    table_each(table, &filter, count_it, &n);
    return n;
}

static int modify(const char *flow, bool strict)
{
    struct flow_text f;
    struct table_filter filter;
    flow_text_read(&f, OFPFC_MODIFY, flow);
    filter = table_filter_of(&f.match);
    filter.strict = strict;
    filter.priority = f.mod.priority;
    return table_modify(table, &filter, f.mod.cookie, f.mod.actions);
}

static void pass_seconds(double s)
{
    sim_run(loop_now() + (uint64_t)(s * 1e9));
}

/* All twelve fields. */
#define EXACT                                                                                      \
    "in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_vlan=5,dl_vlan_pcp=1,"         \
    "dl_type=0x0800,nw_tos=4,nw_proto=6,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=80"

/* --- Section 3.4: matching -------------------------------------------------------------------- */

START_TEST(an_empty_table_matches_nothing)
{
    begin(10);
    ck_assert_uint_eq(found(EXACT), 0);
    ck_assert_uint_eq(stats().lookups, 1);
    ck_assert_uint_eq(stats().matched, 0);
    end();
}
END_TEST

START_TEST(an_exact_entry_matches_its_packet_and_no_other)
{
    static const char *const others[] = {
        "in_port=2,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_vlan=5,dl_vlan_pcp=1,"
        "dl_type=0x0800,nw_tos=4,nw_proto=6,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=80",
        "in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_vlan=5,dl_vlan_pcp=1,"
        "dl_type=0x0800,nw_tos=4,nw_proto=6,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=81",
        "in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_type=0x0806",
    };
    begin(10);
    ck_assert_int_eq(insert("cookie=7," EXACT ",actions=output:2"), 0);
    ck_assert_uint_eq(found(EXACT), 7);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_uint_eq(found(others[i]), 0);
    end();
}
END_TEST

START_TEST(an_exact_entry_is_above_all_others)
{
    begin(10);
    insert("cookie=1,priority=65535,actions=output:1");
    insert("cookie=2,priority=65535,ip,nw_dst=10.0.0.2,actions=output:1");
    insert("cookie=3,priority=0," EXACT ",actions=output:1");
    ck_assert_uint_eq(found(EXACT), 3);
    end();
}
END_TEST

/* A message that leaves nothing open names fields that an ARP packet, or IPv6, does not have. */
START_TEST(an_entry_without_wildcards_is_exact_whatever_its_packets_lack)
{
    static const uint16_t types[] = {0x0806, 0x86dd, 0x0800, 0x05ff};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct ofp_key key = packet_of("in_port=1,dl_vlan=0xffff");
        struct flow init = {.cookie = 1, .priority = 0};
        struct flow *flow;
        begin(10);
        insert("cookie=2,priority=65535,actions=output:1");
        key.match.dl_type = be16_of(types[i]);
        key.match.nw_proto = types[i] == 0x0800 ? 89 : 0; /* OSPF: no ports */
        ck_assert_int_eq(table_insert(table, &key.match, &init, span_of(NULL, 0)), 0);
        flow = table_lookup(table, &key);
        ck_assert_uint_eq(flow->cookie, 1);
        ck_assert_uint_eq(stats().groups, 1);
        end();
    }
}
END_TEST

/* All fields that ARP has; the others are wild. */
#define ARP                                                                                        \
    "in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_vlan=0xffff,arp,arp_op=1,"     \
    "nw_src=10.0.0.1,nw_dst=10.0.0.2"

/* The exact entry for such packets. */
static void insert_exact_arp(uint64_t cookie)
{
    const struct ofp_key key = packet_of(ARP);
    const struct flow init = {.cookie = cookie, .priority = 1};
    ck_assert_int_eq(table_insert(table, &key.match, &init, span_of(NULL, 0)), 0);
}

/* Section 3.4: "an exact match (i.e., it has no wildcards)". */
START_TEST(an_entry_with_wildcards_has_a_priority_though_they_leave_nothing_open)
{
    struct ofp_key untagged = packet_of(EXACT);
    struct flow init = {.cookie = 4, .priority = 10};
    begin(10);
    insert("cookie=1,priority=10," ARP ",actions=drop");
    insert("cookie=2,priority=20,arp,actions=drop");
    ck_assert_uint_eq(found(ARP), 2);
    insert("cookie=3,priority=30," ARP ",actions=drop");
    ck_assert_uint_eq(found(ARP), 3);

    untagged.match.dl_vlan = be16_of(OFP_VLAN_NONE);
    untagged.match.dl_vlan_pcp = 0;
    untagged.match.wildcards = be32_of(OFPFW_DL_VLAN_PCP);
    ck_assert_int_eq(table_insert(table, &untagged.match, &init, span_of(NULL, 0)), 0);
    untagged.match.wildcards = be32_of(0);
    ck_assert_uint_eq(table_lookup(table, &untagged)->cookie, 4);
    insert("cookie=5,priority=11,ip,actions=drop");
    ck_assert_uint_eq(table_lookup(table, &untagged)->cookie, 5);
    end();
}
END_TEST

START_TEST(the_exact_entry_and_one_with_wildcards_for_the_same_packets_are_two)
{
    begin(10);
    insert("cookie=1,priority=2," ARP ",actions=drop");
    insert_exact_arp(2);
    ck_assert_uint_eq(stats().active, 2);
    ck_assert_uint_eq(found(ARP), 2);
    ck_assert_uint_eq(count("priority=2," ARP, true), 1);
    ck_assert_uint_eq(count("priority=1," ARP, true), 0);
    ck_assert_uint_eq(count(ARP, false), 2);
    ck_assert_uint_eq(count("arp", false), 2);
    delete_flows("priority=2," ARP, true);
    ck_assert_str_eq(left, "1:delete ");
    delete_flows(ARP, false);
    ck_assert_uint_eq(stats().active, 0);
    end();
}
END_TEST

START_TEST(the_higher_priority_wins)
{
    begin(10);
    insert("cookie=1,priority=1,actions=drop");
    insert("cookie=3,priority=30,tcp,actions=drop");
    insert("cookie=2,priority=20,ip,actions=drop");
    insert("cookie=4,priority=25,tcp,tp_dst=80,actions=drop");
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 3);
    ck_assert_uint_eq(found("udp,tp_dst=80"), 2);
    ck_assert_uint_eq(found("arp"), 1);
    delete_flows("priority=30,tcp", true);
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 4);
    ck_assert_uint_eq(found("tcp,tp_dst=81"), 2);
    insert("cookie=5,priority=26,ip,actions=drop");
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 5);
    end();
}
END_TEST

START_TEST(entries_of_one_match_and_several_priorities_live_side_by_side)
{
    static const unsigned order[] = {5, 1, 9, 3, 7};
    char text[64];
    begin(10);
    for (size_t i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "cookie=%u,priority=%u,ip,actions=drop", order[i], order[i]);
        ck_assert_int_eq(insert(text), 0);
    }
    for (unsigned p = 9; p > 0 && p <= 9; p -= 2) {
        ck_assert_uint_eq(found("ip"), p);
        snprintf(text, sizeof text, "priority=%u,ip", p);
        delete_flows(text, true);
    }
    ck_assert_uint_eq(found("ip"), 0);
    ck_assert_uint_eq(stats().groups, 0);
    end();
}
END_TEST

START_TEST(prefixes_match_what_lies_in_them)
{
    begin(10);
    insert("cookie=8,priority=8,ip,nw_dst=10.0.0.0/8,actions=drop");
    insert("cookie=24,priority=24,ip,nw_dst=10.1.2.0/24,actions=drop");
    insert("cookie=32,priority=32,ip,nw_dst=10.1.2.3,actions=drop");
    ck_assert_uint_eq(found("ip,nw_dst=10.1.2.3"), 32);
    ck_assert_uint_eq(found("ip,nw_dst=10.1.2.4"), 24);
    ck_assert_uint_eq(found("ip,nw_dst=10.1.3.4"), 8);
    ck_assert_uint_eq(found("ip,nw_dst=11.1.3.4"), 0);
    end();
}
END_TEST

START_TEST(an_entry_says_what_it_matches)
{
    struct ofp_match match;
    begin(10);
    insert("cookie=1,priority=8,ip,nw_dst=10.0.0.0/8,actions=output:3");
    flow_match(lookup_text(table, "ip,nw_dst=10.1.2.3"), &match);
    ck_assert_uint_eq(be32_get(match.nw_dst), 0x0a000000);
    ck_assert_uint_eq(be32_get(match.wildcards) >> OFPFW_NW_DST_SHIFT & 63, 24);
    ck_assert_uint_eq(be16_get(match.dl_type), 0x0800);
    end();
}
END_TEST

/* --- The cache -------------------------------------------------------------------------------- */

START_TEST(the_cache_answers_again_and_forgets_when_the_classifier_changes)
{
    begin(10);
    insert("cookie=1,priority=1,ip,actions=drop");
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 1);
    ck_assert_uint_eq(stats().cache_hits, 0);
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 1);
    ck_assert_uint_eq(stats().cache_hits, 1);
    insert("cookie=2,priority=2,tcp,actions=drop");
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 2);
    delete_flows("priority=2,tcp", true);
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 1);
    insert("cookie=3,priority=1,ip,actions=drop");
    ck_assert_uint_eq(found("tcp,tp_dst=80"), 3);
    ck_assert_uint_eq(stats().cache_hits, 1);
    ck_assert_uint_eq(stats().lookups, 5);
    ck_assert_uint_eq(stats().matched, 5);
    end();
}
END_TEST

START_TEST(the_cache_knows_misses)
{
    begin(10);
    insert("cookie=1,arp,actions=drop");
    ck_assert_uint_eq(found("ip"), 0);
    ck_assert_uint_eq(found("ip"), 0);
    ck_assert_uint_eq(stats().cache_hits, 1);
    ck_assert_uint_eq(stats().matched, 0);
    insert("cookie=2,ip,actions=drop");
    ck_assert_uint_eq(found("ip"), 2);
    end();
}
END_TEST

START_TEST(exact_entries_come_and_go_without_emptying_the_cache)
{
    begin(10);
    insert("cookie=1,priority=1,ip,actions=drop");
    ck_assert_uint_eq(found(EXACT), 1);
    insert("cookie=2," EXACT ",actions=drop");
    ck_assert_uint_eq(found(EXACT), 2);
    delete_flows(EXACT, false);
    ck_assert_uint_eq(found(EXACT), 1);
    ck_assert_uint_eq(stats().cache_hits, 1);
    end();
}
END_TEST

/* --- Batches ---------------------------------------------------------------------------------- */

START_TEST(a_batch_gives_the_answers_of_single_lookups)
{
    enum { N = 1000 };
    static struct ofp_key keys[N];
    static struct flow *flows[N];
    uint64_t seed = 1, version;
    begin(N);
    insert("cookie=1,priority=1,tcp,nw_dst=0.0.0.0/1,actions=drop");
    for (size_t i = 0; i < N; i++) {
        struct flow init = {.cookie = i + 2};
        keys[i] = packet_of(EXACT);
        keys[i].match.nw_dst = be32_of((uint32_t)random_u64(&seed));
        if (i % 2)
            table_insert(table, &keys[i].match, &init, span_of(NULL, 0));
    }
    version = table_version(table);
    for (size_t n = 0; n <= N; n = n * 2 + 1) {
        table_lookup_batch(table, keys, n, flows);
        for (size_t i = 0; i < n; i++)
            ck_assert_ptr_eq(flows[i], table_lookup(table, &keys[i]));
    }
    ck_assert_uint_eq(table_version(table), version);
    insert("cookie=9,priority=9,udp,actions=drop");
    ck_assert_uint_ne(table_version(table), version);
    end();
}
END_TEST

/* --- Bounds ----------------------------------------------------------------------------------- */

START_TEST(a_full_table_takes_no_more_but_replaces)
{
    begin(2);
    insert("cookie=1,priority=1,ip,actions=drop");
    insert("cookie=2," EXACT ",actions=drop");
    ck_assert_int_eq(insert("cookie=3,priority=2,ip,actions=drop"), -ENOSPC);
    ck_assert_int_eq(insert("cookie=3,priority=1,arp,actions=drop"), -ENOSPC);
    ck_assert_uint_eq(stats().groups, 1);
    ck_assert_int_eq(insert("cookie=4,priority=1,ip,actions=drop"), 0);
    ck_assert_uint_eq(stats().active, 2);
    ck_assert_uint_eq(found("ip"), 4);
    ck_assert_str_eq(left, "1:replaced ");
    end();
}
END_TEST

START_TEST(masks_are_bounded)
{
    struct ofp_match match = packet_of("tcp").match;
    struct flow init = {.priority = 1};
    uint32_t groups = 0;
    begin(100000);
    for (uint32_t w = 0; w < 1u << 22 && groups < TABLE_MASKS_MAX; w += 97) {
        match.wildcards = be32_of(w & ~(uint32_t)OFPFW_DL_TYPE);
        ck_assert_int_eq(table_insert(table, &match, &init, span_of(NULL, 0)), 0);
        groups = stats().groups;
    }
    ck_assert_uint_eq(groups, TABLE_MASKS_MAX);
    match = ofp_match_any();
    ck_assert_int_eq(table_insert(table, &match, &init, span_of(NULL, 0)), -ENOSPC);
    ck_assert_uint_eq(stats().groups, TABLE_MASKS_MAX);
    end();
}
END_TEST

/* --- Section 4.6: identical entries ----------------------------------------------------------- */

START_TEST(an_identical_entry_is_replaced_and_its_counters_are_gone)
{
    begin(10);
    insert("cookie=1,priority=1,ip,actions=drop");
    lookup_text(table, "ip")->packets = 5;
    pass_seconds(3);
    insert("cookie=2,priority=1,ip,actions=output:1");
    struct flow *flow = lookup_text(table, "ip");
    ck_assert_uint_eq(flow->cookie, 2);
    ck_assert_uint_eq(flow->packets, 0);
    ck_assert_uint_eq(flow->created, loop_now());
    ck_assert_uint_eq(flow->actions_len, 8);
    ck_assert_uint_eq(stats().active, 1);
    ck_assert_str_eq(left, "1:replaced ");
    end();
}
END_TEST

START_TEST(exact_entries_are_identical_whatever_their_priority)
{
    begin(10);
    insert("cookie=1,priority=1," EXACT ",actions=drop");
    insert("cookie=2,priority=2," EXACT ",actions=drop");
    ck_assert_uint_eq(stats().active, 1);
    ck_assert_uint_eq(found(EXACT), 2);
    ck_assert_uint_eq(lookup_text(table, EXACT)->priority, 2);
    ck_assert_uint_eq(count("priority=77," EXACT, true), 1);
    delete_flows("priority=9," EXACT, true);
    ck_assert_uint_eq(stats().active, 0);
    end();
}
END_TEST

/* --- Time-outs -------------------------------------------------------------------------------- */

START_TEST(an_idle_entry_leaves)
{
    begin(10);
    insert("cookie=1,idle_timeout=5,ip,actions=drop");
    pass_seconds(4.9);
    ck_assert_str_eq(left, "");
    pass_seconds(0.2);
    ck_assert_str_eq(left, "1:idle ");
    ck_assert_uint_eq(found("ip"), 0);
    end();
}
END_TEST

START_TEST(use_puts_the_idle_time_out_off)
{
    begin(10);
    insert("cookie=1,idle_timeout=5,ip,actions=drop");
    for (int i = 0; i < 10; i++) {
        pass_seconds(3);
        lookup_text(table, "ip")->used = loop_now();
    }
    ck_assert_str_eq(left, "");
    pass_seconds(4.9);
    ck_assert_str_eq(left, "");
    pass_seconds(0.2);
    ck_assert_str_eq(left, "1:idle ");
    end();
}
END_TEST

START_TEST(use_does_not_put_the_hard_time_out_off)
{
    begin(10);
    insert("cookie=1,idle_timeout=5,hard_timeout=7,ip,actions=drop");
    pass_seconds(4);
    lookup_text(table, "ip")->used = loop_now();
    pass_seconds(2.9);
    ck_assert_str_eq(left, "");
    pass_seconds(0.2);
    ck_assert_str_eq(left, "1:hard ");
    end();
}
END_TEST

START_TEST(without_time_outs_an_entry_stays)
{
    begin(10);
    insert("cookie=1,ip,actions=drop");
    ck_assert(!sim_run(loop_now() + 1000000 * NS_PER_S));
    ck_assert_uint_eq(found("ip"), 1);
    end();
}
END_TEST

START_TEST(a_replaced_entry_begins_its_time_anew)
{
    begin(10);
    insert("cookie=1,hard_timeout=5,ip,actions=drop");
    pass_seconds(4);
    insert("cookie=2,hard_timeout=5,ip,actions=drop");
    pass_seconds(4.9);
    ck_assert_str_eq(left, "1:replaced ");
    pass_seconds(0.2);
    ck_assert_str_eq(left, "1:replaced 2:hard ");
    end();
}
END_TEST

START_TEST(the_longest_time_out_is_kept)
{
    begin(10);
    insert("cookie=1,hard_timeout=65535,ip,actions=drop");
    pass_seconds(65534);
    ck_assert_str_eq(left, "");
    pass_seconds(2);
    ck_assert_str_eq(left, "1:hard ");
    end();
}
END_TEST

/* --- Walks ------------------------------------------------------------------------------------ */

START_TEST(a_loose_filter_picks_what_it_covers)
{
    begin(10);
    insert("cookie=1,priority=1,actions=drop");
    insert("cookie=2,priority=2,ip,actions=drop");
    insert("cookie=3,priority=3,tcp,actions=drop");
    insert("cookie=4,priority=4,tcp,nw_dst=10.1.0.0/16,actions=drop");
    insert("cookie=5,priority=5," EXACT ",actions=drop");
    insert("cookie=6,priority=6,arp,actions=drop");
    insert("cookie=7,priority=7,tcp,actions=drop");
    ck_assert_uint_eq(count("", false), 7);
    ck_assert_uint_eq(count("ip", false), 5);
    ck_assert_uint_eq(count("tcp", false), 4);
    ck_assert_uint_eq(count("tcp,nw_dst=10.0.0.0/8", false), 2);
    ck_assert_uint_eq(count("tcp,nw_dst=10.0.0.0/24", false), 1);
    ck_assert_uint_eq(count(EXACT, false), 1);
    ck_assert_uint_eq(count("udp", false), 0);
    end();
}
END_TEST

START_TEST(a_strict_filter_picks_the_identical_one)
{
    begin(10);
    insert("cookie=1,priority=1,tcp,actions=drop");
    insert("cookie=2,priority=2,tcp,actions=drop");
    insert("cookie=3,priority=1,ip,actions=drop");
    ck_assert_uint_eq(count("priority=1,tcp", true), 1);
    ck_assert_uint_eq(count("priority=3,tcp", true), 0);
    ck_assert_uint_eq(count("priority=1,udp", true), 0);
    ck_assert_uint_eq(count("priority=1", true), 0);
    delete_flows("priority=1,tcp", true);
    ck_assert_str_eq(left, "1:delete ");
    ck_assert_uint_eq(found("tcp"), 2);
    end();
}
END_TEST

START_TEST(a_filter_may_ask_for_an_output_port)
{
    begin(10);
    insert("cookie=1,tcp,actions=output:3");
    insert("cookie=2,udp,actions=mod_nw_tos:4,enqueue:3:1");
    insert("cookie=3,arp,actions=output:1,output:4");
    insert("cookie=4,icmp,actions=drop");
    ck_assert_uint_eq(count("out_port=3", false), 2);
    ck_assert_uint_eq(count("out_port=4", false), 1);
    ck_assert_uint_eq(count("out_port=9", false), 0);
    ck_assert_uint_eq(count("tcp,out_port=4", true), 0);
    ck_assert_uint_eq(count("tcp,out_port=3", true), 1);
    end();
}
END_TEST

static bool stop_at_two(void *user, struct flow *flow)
{
    (void)flow;
    return ++*(unsigned *)user < 2;
}

START_TEST(a_walk_ends_when_told_so)
{
    struct table_filter filter = filter_of("", false);
    unsigned n = 0;
    begin(10);
    insert("priority=1,tcp,actions=drop");
    insert("priority=2,tcp,actions=drop");
    insert("priority=2,udp,actions=drop");
    insert(EXACT ",actions=drop");
    table_each(table, &filter, stop_at_two, &n);
    ck_assert_uint_eq(n, 2);
    end();
}
END_TEST

/* Whole groups vanish under the walk, and others change their place in the order. */
START_TEST(a_walk_may_remove_all_that_it_meets)
{
    char text[80];
    begin(1000);
    for (unsigned i = 0; i < 900; i++) {
        snprintf(text, sizeof text, "priority=%u,ip,nw_dst=10.0.%u.0/%u,actions=drop", i / 3, i % 7,
                 16 + i % 17);
        ck_assert_int_eq(insert(text), 0);
    }
    unsigned before = stats().active, covered = count("ip,nw_dst=10.0.4.0/24", false);
    ck_assert_uint_gt(covered, 0);
    delete_flows("ip,nw_dst=10.0.4.0/24", false);
    ck_assert_uint_eq(stats().active, before - covered);
    ck_assert_uint_eq(count("ip,nw_dst=10.0.4.0/24", false), 0);
    ck_assert_uint_eq(count("", false), before - covered);
    delete_flows("", false);
    ck_assert_uint_eq(stats().active, 0);
    ck_assert_uint_eq(stats().groups, 0);
    end();
}
END_TEST

/* --- Modify ----------------------------------------------------------------------------------- */

#define LONG_ACTIONS                                                                               \
    "actions=mod_dl_src:02:00:00:00:00:09,mod_dl_dst:02:00:00:00:00:0a,output:1,output:2"

START_TEST(modify_changes_actions_and_cookie_and_nothing_else)
{
    begin(10);
    insert("cookie=1,priority=4,idle_timeout=9,hard_timeout=20,send_flow_rem,ip,actions=drop");
    lookup_text(table, "ip")->packets = 5;
    lookup_text(table, "ip")->bytes = 300;
    pass_seconds(3);
    ck_assert_int_eq(modify("cookie=2,ip," LONG_ACTIONS, false), 1);
    struct flow *flow = lookup_text(table, "ip");
    ck_assert_uint_eq(flow->cookie, 2);
    ck_assert_uint_eq(flow->actions_len, 48);
    ck_assert(flow_outputs_to(flow, 2));
    ck_assert_uint_eq(flow->packets, 5);
    ck_assert_uint_eq(flow->bytes, 300);
    ck_assert_uint_eq(flow->created, 0);
    ck_assert_uint_eq(flow->priority, 4);
    ck_assert_uint_eq(flow->flags, OFPFF_SEND_FLOW_REM);
    ck_assert_str_eq(left, "");
    flow->used = loop_now();
    pass_seconds(8.9);
    ck_assert_str_eq(left, "");
    pass_seconds(0.2);
    ck_assert_str_eq(left, "2:idle ");
    end();
}
END_TEST

START_TEST(modify_finds_its_way_through_chains_and_groups)
{
    begin(20);
    insert("cookie=1,priority=1,ip,actions=drop");
    insert("cookie=2,priority=2,ip,actions=drop");
    insert("cookie=3,priority=3,ip,actions=drop");
    insert("cookie=4,priority=1,tcp,actions=drop");
    insert("cookie=5,priority=1," EXACT ",actions=drop");
    insert("cookie=6,priority=1,arp,actions=drop");
    ck_assert_int_eq(modify("cookie=7,priority=2,ip," LONG_ACTIONS, true), 1);
    ck_assert_uint_eq(count("out_port=2", false), 1);
    ck_assert_int_eq(modify("cookie=7,ip," LONG_ACTIONS, false), 5);
    ck_assert_uint_eq(count("out_port=2", false), 5);
    ck_assert_int_eq(modify("cookie=8,ip,actions=output:3", false), 5);
    ck_assert_uint_eq(count("out_port=2", false), 0);
    ck_assert_uint_eq(count("ip,out_port=3", false), 5);
    ck_assert_int_eq(modify("cookie=7,icmp," LONG_ACTIONS, false), 0);
    ck_assert_int_eq(modify("cookie=7,priority=9,ip," LONG_ACTIONS, true), 0);
    delete_flows("", false);
    ck_assert_uint_eq(stats().active, 0);
    end();
}
END_TEST

/* --- Overlap ---------------------------------------------------------------------------------- */

static bool overlaps(const char *flow)
{
    struct table_filter f = filter_of(flow, true);
    return table_overlaps(table, &f);
}

START_TEST(entries_overlap_if_a_packet_could_match_both_at_one_priority)
{
    begin(10);
    insert("priority=5,tcp,nw_dst=10.0.0.0/8,actions=drop");
    insert("priority=6,udp,tp_dst=53,actions=drop");
    insert("priority=5," EXACT ",actions=drop");
    ck_assert(overlaps("priority=5,ip"));
    ck_assert(overlaps("priority=5"));
    ck_assert(overlaps("priority=5,tcp,tp_dst=80"));
    ck_assert(overlaps("priority=5,tcp,nw_dst=10.1.0.0/16"));
    ck_assert(overlaps("priority=5,tcp,nw_dst=10.0.0.0/8"));
    ck_assert(!overlaps("priority=5,tcp,nw_dst=11.0.0.0/8"));
    ck_assert(!overlaps("priority=5,udp"));
    ck_assert(!overlaps("priority=6,tcp"));
    ck_assert(!overlaps("priority=7,ip"));
    ck_assert(overlaps("priority=6,nw_src=1.2.3.4,ip"));
    end();
}
END_TEST

/* An exact entry is above all priorities (section 3.4). */
START_TEST(an_exact_entry_overlaps_with_itself_only)
{
    begin(10);
    insert("priority=5," EXACT ",actions=drop");
    insert("priority=6,ip,actions=drop");
    ck_assert(overlaps("priority=9," EXACT));
    ck_assert(!overlaps("priority=5"));
    delete_flows(EXACT, true);
    ck_assert(!overlaps("priority=6," EXACT));
    end();
}
END_TEST

/* --- Growth ----------------------------------------------------------------------------------- */

START_TEST(a_hundred_thousand_entries_come_and_go)
{
    enum { N = 100000 };
    struct ofp_key key = packet_of(EXACT);
    begin(N);
    for (uint32_t wild = 0; wild < 2; wild++) {
        for (uint32_t i = 0; i < N; i++) {
            struct flow init = {.cookie = i, .priority = 1};
            key.match.nw_dst = be32_of(i);
            key.match.wildcards = be32_of(wild ? OFPFW_IN_PORT : 0);
            ck_assert_int_eq(table_insert(table, &key.match, &init, span_of(NULL, 0)), 0);
        }
        key.match.wildcards = be32_of(0);
        for (uint32_t i = 0; i < N; i++) {
            key.match.nw_dst = be32_of(i);
            ck_assert_uint_eq(table_lookup(table, &key)->cookie, i);
        }
        for (uint32_t i = 0; i < N; i += 2) {
            key.match.nw_dst = be32_of(i);
            table_remove(table, table_lookup(table, &key), OFPRR_DELETE);
        }
        for (uint32_t i = 0; i < N; i++) {
            struct flow *flow;
            key.match.nw_dst = be32_of(i);
            flow = table_lookup(table, &key);
            ck_assert(i % 2 ? flow->cookie == i : flow == NULL);
        }
        ck_assert_uint_eq(count("", false), N / 2);
        delete_flows("", false);
    }
    end();
}
END_TEST

/* --- The heap --------------------------------------------------------------------------------- */

START_TEST(lookups_make_no_heap_call)
{
    unsigned long before;
    begin(100);
    insert("cookie=1,priority=1,ip,actions=drop");
    insert("cookie=2," EXACT ",actions=drop");
    before = heap_calls;
    for (int i = 0; i < 1000; i++) {
        struct ofp_key key = packet_of(EXACT);
        key.match.tp_dst = be16_of((uint16_t)(60 + i));
        ck_assert_ptr_nonnull(table_lookup(table, &key));
    }
    ck_assert_uint_eq(heap_calls, before);
    end();
}
END_TEST

static unsigned needs; /* insertions that need memory; most find their place ready */

/* Insert with memory for 0, 1, 2, ... calls: until it goes well nothing has changed. */
static void insert_in_need(const char *flow)
{
    struct flow_text f;
    uint32_t active = stats().active, groups = stats().groups;
    unsigned long calls = 0;
    flow_text_read(&f, OFPFC_ADD, flow);
    for (int error = -ENOMEM; error != 0; calls++) {
        heap_left = calls;
        error = insert_flow(&f);
        heap_left = -1ul;
        ck_assert(error == 0 || error == -ENOMEM);
        ck_assert_uint_eq(stats().active, error == 0 ? active + 1 : active);
        ck_assert(error == 0 || stats().groups == groups);
    }
    needs += calls > 1;
}

START_TEST(without_memory_an_insertion_changes_nothing)
{
    char text[80];
    begin(10000);
    insert_in_need("priority=1,ip,actions=drop");
    insert_in_need("priority=1,tcp,actions=drop");
    insert_in_need("priority=2,tcp,actions=drop");
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "priority=%u,udp,nw_dst=10.0.%u.%u,actions=drop", i % 5,
                 i / 250, i % 250);
        insert_in_need(text);
    }
    ck_assert_uint_eq(count("", false), 5003);
    ck_assert_uint_gt(needs, 100);
    delete_flows("", false);
    end();
}
END_TEST

START_TEST(without_memory_a_modification_changes_nothing)
{
    char text[80];
    unsigned long calls = 0;
    begin(100);
    for (unsigned i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "priority=%u,udp,nw_dst=10.0.0.%u,actions=drop", i % 5, i);
        insert(text);
    }
    for (int n = -ENOMEM; n < 0; calls++) {
        heap_left = calls;
        n = modify("ip," LONG_ACTIONS, false);
        heap_left = -1ul;
        ck_assert_int_eq(n, calls < 20 ? -ENOMEM : 20);
        ck_assert_uint_eq(count("out_port=1", false), n < 0 ? 0 : 20);
    }
    end();
}
END_TEST

START_TEST(without_memory_there_is_no_table)
{
    begin(1);
    for (unsigned long calls = 0; calls < 2; calls++) {
        heap_left = calls;
        struct table *t = table_new(10, NULL, NULL);
        heap_left = -1ul;
        ck_assert_ptr_null(t);
        table_free(t);
    }
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_table_matches_nothing,
        an_exact_entry_matches_its_packet_and_no_other,
        an_exact_entry_is_above_all_others,
        an_entry_without_wildcards_is_exact_whatever_its_packets_lack,
        an_entry_with_wildcards_has_a_priority_though_they_leave_nothing_open,
        the_exact_entry_and_one_with_wildcards_for_the_same_packets_are_two,
        the_higher_priority_wins,
        entries_of_one_match_and_several_priorities_live_side_by_side,
        prefixes_match_what_lies_in_them,
        an_entry_says_what_it_matches,
        the_cache_answers_again_and_forgets_when_the_classifier_changes,
        the_cache_knows_misses,
        exact_entries_come_and_go_without_emptying_the_cache,
        a_batch_gives_the_answers_of_single_lookups,
        a_full_table_takes_no_more_but_replaces,
        masks_are_bounded,
        an_identical_entry_is_replaced_and_its_counters_are_gone,
        exact_entries_are_identical_whatever_their_priority,
        an_idle_entry_leaves,
        use_puts_the_idle_time_out_off,
        use_does_not_put_the_hard_time_out_off,
        without_time_outs_an_entry_stays,
        a_replaced_entry_begins_its_time_anew,
        the_longest_time_out_is_kept,
        a_loose_filter_picks_what_it_covers,
        a_strict_filter_picks_the_identical_one,
        a_filter_may_ask_for_an_output_port,
        a_walk_ends_when_told_so,
        a_walk_may_remove_all_that_it_meets,
        modify_changes_actions_and_cookie_and_nothing_else,
        modify_finds_its_way_through_chains_and_groups,
        entries_overlap_if_a_packet_could_match_both_at_one_priority,
        an_exact_entry_overlaps_with_itself_only,
        a_hundred_thousand_entries_come_and_go,
        lookups_make_no_heap_call,
        without_memory_an_insertion_changes_nothing,
        without_memory_a_modification_changes_nothing,
        without_memory_there_is_no_table,
        NULL,
    };
    return unit_main(unit_suite("table", tests));
}
