/*
 * test_flow_mod.c - flow-mods against the words of OpenFlow 1.0, section 4.6 and, of emergency
 * entries, section 4.3.
 *
 * Flow-mods are written in ovs-ofctl's syntax. An entry is known by its cookie.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/flow_text.h"

#include <stdio.h>

static struct table *normal, *emergency;

/* Entries of the normal table that have left, and of the emergency table: "7:2 " for cookie 7,
 * reason 2 (OFPRR_DELETE). */
static char left[256], left_emergency[256];

static void removed(void *user, struct flow *flow, uint8_t reason)
{
    char *to = user;
    size_t n = strlen(to);
    snprintf(to + n, sizeof left - n, "%u:%u ", (unsigned)flow->cookie, reason);
}

static void begin_with(uint32_t max)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    left[0] = left_emergency[0] = '\0';
    normal = table_new(max, removed, left);
    emergency = table_new(max, removed, left_emergency);
}

static void begin(void)
{
    begin_with(100);
}

static void end(void)
{
    table_free(normal);
    table_free(emergency);
    loop_close();
}

/* Apply it; the code of the OFPET_FLOW_MOD_FAILED that answers it, or -1. */
static int apply(uint16_t command, const char *text)
{
    struct flow_text f;
    struct ofp_fault fault;
    flow_text_read(&f, command, text);
    if (flow_mod_apply(normal, emergency, &f.mod, &fault))
        return -1;
    ck_assert_uint_eq(fault.type, OFPET_FLOW_MOD_FAILED);
    return fault.code;
}

#define ADD(text)           ck_assert_int_eq(apply(OFPFC_ADD, text), -1)
#define MODIFY(text)        ck_assert_int_eq(apply(OFPFC_MODIFY, text), -1)
#define MODIFY_STRICT(text) ck_assert_int_eq(apply(OFPFC_MODIFY_STRICT, text), -1)
#define DELETE(text)        ck_assert_int_eq(apply(OFPFC_DELETE, text), -1)
#define DELETE_STRICT(text) ck_assert_int_eq(apply(OFPFC_DELETE_STRICT, text), -1)

static uint32_t active(const struct table *table)
{
    struct table_stats stats;
    table_get_stats(table, &stats);
    return stats.active;
}

static unsigned found(const char *packet)
{
    struct flow *flow = lookup_text(normal, packet);
    return flow != NULL ? (unsigned)flow->cookie : 0;
}

static bool outputs(const char *packet, uint16_t port)
{
    return flow_outputs_to(lookup_text(normal, packet), port);
}

/* --- ADD -------------------------------------------------------------------------------------- */

START_TEST(add_stores_all_that_the_message_says)
{
    begin();
    ADD("cookie=0x123456789,priority=7,idle_timeout=3,hard_timeout=4,send_flow_rem,check_overlap,"
        "tcp,actions=output:2,output:3");
    struct flow *flow = lookup_text(normal, "tcp");
    ck_assert_uint_eq(flow->cookie, 0x123456789);
    ck_assert_uint_eq(flow->priority, 7);
    ck_assert_uint_eq(flow->idle_timeout, 3);
    ck_assert_uint_eq(flow->hard_timeout, 4);
    ck_assert_uint_eq(flow->flags, OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP);
    ck_assert_uint_eq(flow->actions_len, 16);
    ck_assert(outputs("tcp", 2) && outputs("tcp", 3));
    end();
}
END_TEST

/* "If a flow entry with identical header fields and priority already resides in any table, then
 * that entry, including its counters, must be removed, and the new flow entry added." */
START_TEST(add_replaces_an_identical_entry_with_its_counters)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    lookup_text(normal, "tcp")->packets = 9;
    ADD("cookie=2,priority=7,tcp,actions=output:3");
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(found("tcp"), 2);
    ck_assert_uint_eq(lookup_text(normal, "tcp")->packets, 0);
    ck_assert_str_eq(left, "1:255 ");
    end();
}
END_TEST

START_TEST(add_of_another_priority_or_match_replaces_nothing)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=8,tcp,actions=output:2");
    ADD("cookie=3,priority=7,udp,actions=output:2");
    ADD("cookie=4,priority=7,ip,actions=output:2");
    ck_assert_uint_eq(active(normal), 4);
    ck_assert_str_eq(left, "");
    end();
}
END_TEST

/* What is wild, or cannot be compared, does not tell entries apart. */
START_TEST(matches_that_mean_the_same_are_identical)
{
    struct flow_text f;
    struct ofp_fault fault;
    begin();
    ADD("cookie=1,priority=7,ip,nw_dst=10.0.0.0/8,actions=output:2");
    flow_text_read(&f, OFPFC_ADD, "cookie=2,priority=7,ip,nw_dst=10.0.0.0/8,actions=output:2");
    f.match.nw_dst = be32_of(0x0a123456);
    f.match.tp_dst = be16_of(80);
    f.match.wildcards = be32_of(be32_get(f.match.wildcards) & ~(uint32_t)OFPFW_TP_DST);
    ck_assert(flow_mod_apply(normal, emergency, &f.mod, &fault));
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_str_eq(left, "1:255 ");
    end();
}
END_TEST

/* "For ADD requests with the OFPFF_CHECK_OVERLAP flag set, the switch must first check for any
 * overlapping flow entries [...] must refuse the addition and respond with [...] OVERLAP". */
START_TEST(add_with_check_overlap_refuses_what_overlaps)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ck_assert_int_eq(apply(OFPFC_ADD, "cookie=2,check_overlap,priority=7,ip,actions=output:3"),
                     OFPFMFC_OVERLAP);
    ck_assert_int_eq(apply(OFPFC_ADD, "cookie=2,check_overlap,priority=7,tcp,actions=output:3"),
                     OFPFMFC_OVERLAP);
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(found("tcp"), 1);
    ck_assert(outputs("tcp", 2));
    ck_assert_str_eq(left, "");
    end();
}
END_TEST

START_TEST(add_with_check_overlap_takes_what_does_not)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,check_overlap,priority=8,tcp,actions=output:2");
    ADD("cookie=3,check_overlap,priority=7,udp,actions=output:2");
    ck_assert_uint_eq(active(normal), 3);
    end();
}
END_TEST

START_TEST(add_without_check_overlap_takes_what_overlaps)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=7,ip,actions=output:2");
    ck_assert_uint_eq(active(normal), 2);
    end();
}
END_TEST

/* "If a switch cannot find any table in which to add the incoming flow entry, the switch should
 * send [...] OFPFMFC_ALL_TABLES_FULL". */
START_TEST(add_to_a_full_table_is_refused)
{
    begin_with(2);
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=7,udp,actions=output:2");
    ck_assert_int_eq(apply(OFPFC_ADD, "cookie=3,icmp,actions=output:2"), OFPFMFC_ALL_TABLES_FULL);
    ck_assert_int_eq(apply(OFPFC_MODIFY, "cookie=3,icmp,actions=drop"), OFPFMFC_ALL_TABLES_FULL);
    ck_assert_uint_eq(active(normal), 2);
    ck_assert_uint_eq(found("icmp"), 0);
    ADD("cookie=4,priority=7,udp,actions=output:3");
    ck_assert_uint_eq(found("udp"), 4);
    end();
}
END_TEST

/* --- MODIFY ----------------------------------------------------------------------------------- */

/* "[...] the MODIFY acts like an ADD, and the new flow entry must be inserted with zeroed
 * counters." */
START_TEST(modify_of_nothing_adds)
{
    begin();
    MODIFY("cookie=1,priority=7,idle_timeout=2,tcp,actions=output:2");
    MODIFY_STRICT("cookie=2,priority=8,udp,actions=output:2");
    ck_assert_uint_eq(active(normal), 2);
    ck_assert_uint_eq(found("tcp"), 1);
    ck_assert_uint_eq(lookup_text(normal, "tcp")->idle_timeout, 2);
    ck_assert_uint_eq(found("udp"), 2);
    end();
}
END_TEST

/* "Otherwise, the actions field is changed on the existing entry and its counters and idle time
 * fields are left unchanged." */
START_TEST(modify_changes_actions_and_cookie_and_no_more)
{
    begin();
    ADD("cookie=1,priority=7,idle_timeout=5,hard_timeout=60,send_flow_rem,tcp,actions=output:2");
    lookup_text(normal, "tcp")->packets = 9;
    sim_run(3 * NS_PER_S);
    MODIFY("cookie=2,priority=9,idle_timeout=50,hard_timeout=5,ip,actions=output:3,output:4,"
           "output:5,output:6");
    struct flow *flow = lookup_text(normal, "tcp");
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(flow->packets, 9);
    ck_assert_uint_eq(flow->priority, 7);
    ck_assert_uint_eq(flow->idle_timeout, 5);
    ck_assert_uint_eq(flow->hard_timeout, 60);
    ck_assert_uint_eq(flow->flags, OFPFF_SEND_FLOW_REM);
    ck_assert(outputs("tcp", 6) && !outputs("tcp", 2));
    sim_run(5 * NS_PER_S + NS_PER_S / 10);
    ck_assert_str_eq(left, "2:0 ");
    end();
}
END_TEST

/* "In the strict versions, all fields including the wildcards and priority are strictly matched":
 * loose, more exact entries are meant too. */
START_TEST(modify_is_loose_and_modify_strict_is_strict)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=8,tcp,tp_dst=80,actions=output:2");
    ADD("cookie=3,priority=7,ip,actions=output:2");
    MODIFY("cookie=4,priority=1,tcp,actions=output:3");
    ck_assert(outputs("tcp,tp_dst=80", 3) && outputs("tcp", 3) && outputs("udp", 2));
    MODIFY_STRICT("cookie=5,priority=7,ip,actions=output:4");
    ck_assert(outputs("tcp,tp_dst=80", 3) && outputs("tcp", 3) && outputs("udp", 4));
    ck_assert_uint_eq(active(normal), 3);
    MODIFY_STRICT("cookie=6,priority=9,ip,actions=output:5");
    ck_assert_uint_eq(active(normal), 4);
    end();
}
END_TEST

START_TEST(modify_ignores_out_port)
{
    struct flow_text f;
    struct ofp_fault fault;
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    flow_text_read(&f, OFPFC_MODIFY, "cookie=2,tcp,actions=output:3");
    f.mod.out_port = 9;
    ck_assert(flow_mod_apply(normal, emergency, &f.mod, &fault));
    ck_assert_uint_eq(active(normal), 1);
    ck_assert(outputs("tcp", 3));
    end();
}
END_TEST

/* --- DELETE ----------------------------------------------------------------------------------- */

/* "For DELETE requests, if no flow entry matches, no error is recorded, and no flow table
 * modification occurs." */
START_TEST(delete_of_nothing_is_no_error)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    DELETE("udp");
    DELETE_STRICT("priority=8,tcp");
    DELETE_STRICT("priority=7,ip");
    ck_assert_uint_eq(active(normal), 1);
    end();
}
END_TEST

/* "If an entry matches, [...] all matching entries must be deleted": whatever their priority. */
START_TEST(delete_takes_all_that_the_match_covers)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=8,tcp,tp_dst=80,actions=output:2");
    ADD("cookie=3,priority=9,ip,actions=output:2");
    DELETE("tcp");
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(found("tcp"), 3);
    ck_assert(strcmp(left, "1:2 2:2 ") == 0 || strcmp(left, "2:2 1:2 ") == 0);
    DELETE("");
    ck_assert_uint_eq(active(normal), 0);
    end();
}
END_TEST

START_TEST(delete_strict_takes_the_identical_one)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=8,tcp,actions=output:2");
    ADD("cookie=3,priority=7,tcp,tp_dst=80,actions=output:2");
    DELETE_STRICT("priority=7,tcp");
    ck_assert_str_eq(left, "1:2 ");
    end();
}
END_TEST

/* "If the out_port field contains a value other than OFPP_NONE, [...] the rule must contain an
 * output action directed at that port." */
START_TEST(delete_can_ask_for_an_output_port)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=7,udp,actions=output:3,output:2");
    ADD("cookie=3,priority=7,icmp,actions=output:3");
    ADD("cookie=4,priority=7,arp,actions=enqueue:2:7");
    DELETE_STRICT("priority=7,icmp,out_port=2");
    ck_assert_uint_eq(active(normal), 4);
    DELETE("out_port=2");
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(found("icmp"), 3);
    DELETE_STRICT("priority=7,icmp,out_port=3");
    ck_assert_uint_eq(active(normal), 0);
    end();
}
END_TEST

/* --- Emergency entries, section 4.3 ----------------------------------------------------------- */

START_TEST(emergency_entries_have_a_table_of_their_own)
{
    begin();
    ADD("cookie=1,tcp,actions=output:2");
    ADD("cookie=2,emerg,tcp,actions=output:3");
    ADD("cookie=3,emerg,udp,actions=output:3");
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(active(emergency), 2);
    ck_assert_uint_eq(found("tcp"), 1);
    ck_assert_uint_eq(found("udp"), 0);
    MODIFY("cookie=4,emerg,ip,actions=output:4");
    ck_assert(outputs("tcp", 2));
    ck_assert(flow_outputs_to(lookup_text(emergency, "udp"), 4));
    DELETE("");
    ck_assert_uint_eq(active(emergency), 2);
    ADD("cookie=1,tcp,actions=output:2");
    DELETE("emerg,tcp");
    ck_assert_uint_eq(active(normal), 1);
    ck_assert_uint_eq(active(emergency), 1);
    ck_assert_str_eq(left_emergency, "4:2 ");
    end();
}
END_TEST

START_TEST(emergency_entries_do_not_overlap_with_normal_ones)
{
    begin();
    ADD("cookie=1,priority=7,tcp,actions=output:2");
    ADD("cookie=2,priority=7,emerg,check_overlap,tcp,actions=output:3");
    ck_assert_int_eq(apply(OFPFC_ADD, "priority=7,emerg,check_overlap,ip,actions=output:3"),
                     OFPFMFC_OVERLAP);
    ck_assert_uint_eq(active(emergency), 1);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        add_stores_all_that_the_message_says,
        add_replaces_an_identical_entry_with_its_counters,
        add_of_another_priority_or_match_replaces_nothing,
        matches_that_mean_the_same_are_identical,
        add_with_check_overlap_refuses_what_overlaps,
        add_with_check_overlap_takes_what_does_not,
        add_without_check_overlap_takes_what_overlaps,
        add_to_a_full_table_is_refused,
        modify_of_nothing_adds,
        modify_changes_actions_and_cookie_and_no_more,
        modify_is_loose_and_modify_strict_is_strict,
        modify_ignores_out_port,
        delete_of_nothing_is_no_error,
        delete_takes_all_that_the_match_covers,
        delete_strict_takes_the_identical_one,
        delete_can_ask_for_an_output_port,
        emergency_entries_have_a_table_of_their_own,
        emergency_entries_do_not_overlap_with_normal_ones,
        NULL,
    };
    return unit_main(unit_suite("flow_mod", tests));
}
