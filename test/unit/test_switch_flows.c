/*
 * test_switch_flows.c - the flow table as a switch's controller and hosts see it: flows that match
 * just what they say, count, change, and leave for a reason.
 *
 * Sections are OpenFlow 1.0's. test/spec/switch.md says which requirement each test shows.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/switch_world.h"

#include <stdio.h>

/* --- Matching (3.4, 5.2.3) -------------------------------------------------------------------- */

/* What a flow may look at, and the bits of what it can be about only with others. */
enum {
    IN_PORT = 1 << 0,
    DL_SRC = 1 << 1,
    DL_DST = 1 << 2,
    DL_VLAN = 1 << 3,
    DL_VLAN_PCP = 1 << 4,
    DL_TYPE = 1 << 5,
    NW_TOS = 1 << 6,
    NW_PROTO = 1 << 7,
    NW_SRC = 1 << 8,
    NW_DST = 1 << 9,
    TP_SRC = 1 << 10,
    TP_DST = 1 << 11,
    N_FIELDS = 12,
    OF_IP = NW_TOS | NW_PROTO | NW_SRC | NW_DST,
    OF_TRANSPORT = TP_SRC | TP_DST,
};

static const uint32_t wildcard_of[N_FIELDS] = {
    OFPFW_IN_PORT,     OFPFW_DL_SRC,     OFPFW_DL_DST, OFPFW_DL_VLAN,
    OFPFW_DL_VLAN_PCP, OFPFW_DL_TYPE,    OFPFW_NW_TOS, OFPFW_NW_PROTO,
    OFPFW_NW_SRC_ALL,  OFPFW_NW_DST_ALL, OFPFW_TP_SRC, OFPFW_TP_DST,
};

/* A tagged UDP packet from host 1. */
static struct frame base_frame(void)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    f.tagged = true;
    f.tci = 3 << 13 | 5;
    f.tos = 0x20;
    f.tp_src = 1000;
    f.tp_dst = 2000;
    return f;
}

/* The same but for one field (a number, not a bit), and the host that sends it. */
static struct frame frame_with_another(unsigned field, int *host)
{
    struct frame f = base_frame();
    *host = 1;
    switch (1u << field) {
    case IN_PORT:
        *host = 3;
        break;
    case DL_SRC:
        f.src[5] ^= 0x40;
        break;
    case DL_DST:
        f.dst[0] ^= 0x40;
        break;
    case DL_VLAN:
        f.tci ^= 0x800;
        break;
    case DL_VLAN_PCP:
        f.tci ^= 0x2000;
        break;
    case DL_TYPE:
        f.type = 0x88b5;
        break;
    case NW_TOS:
        f.tos ^= 0x04;
        break;
    case NW_PROTO:
        f.proto = HDR_IP_TCP;
        break;
    case NW_SRC:
        f.nw_src ^= 0x01000000;
        break;
    case NW_DST:
        f.nw_dst ^= 1;
        break;
    case TP_SRC:
        f.tp_src ^= 0x8000;
        break;
    case TP_DST:
        f.tp_dst ^= 1;
        break;
    }
    return f;
}

START_TEST(each_field_alone_decides_and_no_other_with_it)
{
    static const struct {
        const char *text;
        uint32_t fields; /* that it is about */
    } flows[] = {
        {"in_port=1", IN_PORT},
        {"dl_src=02:00:00:00:00:01", DL_SRC},
        {"dl_dst=02:00:00:00:00:02", DL_DST},
        {"dl_vlan=5", DL_VLAN},
        {"dl_vlan_pcp=3", DL_VLAN_PCP},
        {"dl_type=0x800", DL_TYPE},
        {"ip,nw_tos=32", DL_TYPE | NW_TOS},
        {"ip,nw_proto=17", DL_TYPE | NW_PROTO},
        {"ip,nw_src=10.0.0.1", DL_TYPE | NW_SRC},
        {"ip,nw_src=10.0.0.0/8", DL_TYPE | NW_SRC},
        {"ip,nw_dst=10.0.0.2", DL_TYPE | NW_DST},
        {"ip,nw_dst=10.0.0.2/31", DL_TYPE | NW_DST},
        {"udp,tp_src=1000", DL_TYPE | NW_PROTO | TP_SRC},
        {"udp,tp_dst=2000", DL_TYPE | NW_PROTO | TP_DST},
    };
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        struct frame f = base_frame();
        char text[80];
        snprintf(text, sizeof text, "%s,actions=output:4", flows[i].text);
        flow(OFPFC_ADD, text);
        lab_send(1, &f);
        ck_assert_msg(lab_got(H(4), &f), "%s", flows[i].text);
        for (unsigned field = 0; field < N_FIELDS; field++) {
            bool hit = !(flows[i].fields >> field & 1);
            int host;
            f = frame_with_another(field, &host);
            if (flows[i].fields == (DL_TYPE | NW_DST) && strstr(text, "/31") &&
                1u << field == NW_DST)
                hit = true; /* the bit that differs is not looked at */
            lab_send(host, &f);
            ck_assert_msg(lab_got(hit ? H(4) : 0, &f), "%s, field %u", flows[i].text, field);
        }
        fake_forget(controller);
        flow(OFPFC_DELETE, "");
    }
}
END_TEST

static struct ofp_key key_of(const struct frame *f, int host)
{
    uint8_t bytes[FRAME_MAX];
    struct ofp_key key;
    ofp_key_extract(&key, span_of(bytes, frame_write(f, bytes)), (uint16_t)host);
    return key;
}

/* Section 5.2.3, 1.0.1: a field counts only with those that say that it is there. */
static uint32_t fields_that_count(uint32_t fields)
{
    if (!(fields & DL_TYPE))
        fields &= ~(uint32_t)(OF_IP | OF_TRANSPORT);
    return fields & NW_PROTO ? fields : fields & ~(uint32_t)OF_TRANSPORT;
}

static void only_flow_of(uint32_t fields)
{
    struct frame f = base_frame();
    struct ofp_match match = key_of(&f, 1).match, any = ofp_match_any();
    const struct ofp_msg_flow_mod delete = {
        .match = &any, .command = OFPFC_DELETE, .out_port = OFPP_NONE};
    uint32_t wild = 0;
    for (unsigned i = 0; i < N_FIELDS; i++)
        wild |= fields >> i & 1 ? 0 : wildcard_of[i];
    match.wildcards = be32_of(wild);
    ck_assert(lab_flow_mod(&delete));
    lab_flow(&match, 1, lab_output(4));
}

START_TEST(every_set_of_fields_matches_what_has_their_values_and_nothing_else)
{
    struct table *table = dp_table(lab.dp);
    for (uint32_t fields = 0; fields < 1u << N_FIELDS; fields++) {
        struct frame f = base_frame();
        struct ofp_key key = key_of(&f, 1);
        uint32_t count = fields_that_count(fields);
        only_flow_of(fields);
        ck_assert(table_lookup(table, &key) != NULL);
        for (unsigned field = 0; field < N_FIELDS; field++) {
            int host;
            f = frame_with_another(field, &host);
            key = key_of(&f, host);
            ck_assert_msg((table_lookup(table, &key) == NULL) == (count >> field & 1),
                          "fields %x, field %u", fields, field);
        }
    }
}
END_TEST

START_TEST(arp_and_icmp_have_fields_of_their_own_in_the_same_places)
{
    struct frame arp = frame_between(1, 2, 0), ping = frame_between(1, 2, HDR_IP_ICMP);
    arp.type = HDR_ETH_ARP;
    ping.tp_src = 8;
    ping.tp_dst = 0;
    flow(OFPFC_ADD, "arp,arp_op=1,nw_src=10.0.0.1,nw_dst=10.0.0.0/24,actions=output:4");
    flow(OFPFC_ADD, "icmp,icmp_type=8,icmp_code=0,actions=output:3");
    lab_send(1, &arp);
    ck_assert(lab_got(H(4), &arp));
    lab_send(1, &ping);
    ck_assert(lab_got(H(3), &ping));
    arp.nw_src++;
    lab_send(1, &arp);
    ck_assert(lab_got(0, &arp));
    ping.tp_dst = 1;
    lab_send(1, &ping);
    ck_assert(lab_got(0, &ping));
    ping.tp_src = ping.tp_dst = 0;
    lab_send(1, &ping);
    ck_assert(lab_got(0, &ping));
}
END_TEST

START_TEST(fragments_match_with_their_ports_taken_for_zero)
{
    struct frame first = frame_between(1, 2, HDR_IP_UDP), last;
    first.tp_src = 1000;
    first.tp_dst = 2000;
    first.payload = 200;
    first.part = FRAME_FIRST;
    last = first;
    last.part = FRAME_LAST;
    flow(OFPFC_ADD, "priority=2,udp,tp_dst=2000,actions=output:3");
    flow(OFPFC_ADD, "priority=1,udp,tp_src=0,tp_dst=0,actions=output:4");
    lab_send(1, &first);
    ck_assert(lab_got(H(4), &first));
    lab_send(1, &last);
    ck_assert(lab_got(H(4), &last));
}
END_TEST

START_TEST(the_highest_priority_wins_and_an_exact_entry_above_all)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    f.tp_src = 5;
    f.tp_dst = 6;
    flow(OFPFC_ADD, "priority=1,actions=output:2");
    lab_send(1, &f);
    ck_assert(lab_got(H(2), &f));
    flow(OFPFC_ADD, "priority=65535,udp,actions=output:3");
    lab_send(1, &f);
    ck_assert(lab_got(H(3), &f));
    flow(OFPFC_ADD, "priority=0,in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,"
                    "dl_vlan=0xffff,udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=0,tp_src=5,tp_dst=6,"
                    "actions=output:4");
    lab_send(1, &f);
    ck_assert(lab_got(H(4), &f));
    lab_send(2, &f);
    ck_assert(lab_got(H(3), &f));
}
END_TEST

/* --- Counters (3.2) --------------------------------------------------------------------------- */

START_TEST(an_entry_counts_its_packets_and_bytes_and_time)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    uint8_t bytes[FRAME_MAX];
    const struct ofp_flow_stats *stats;
    flow(OFPFC_ADD, "udp,actions=output:2");
    for (int i = 0; i < 3; i++)
        lab_send(1, &f);
    lab_pass(5 * NS_PER_S + NS_PER_S / 2);
    stats = only_flow();
    ck_assert_uint_eq(be64_get(stats->packet_count), 3);
    ck_assert_uint_eq(be64_get(stats->byte_count), 3 * frame_write(&f, bytes));
    ck_assert_uint_eq(be32_get(stats->duration_sec), 5);
    ck_assert_uint_ge(be32_get(stats->duration_nsec), NS_PER_S / 2);
    ck_assert_uint_lt(be32_get(stats->duration_nsec), NS_PER_S);
}
END_TEST

START_TEST(the_table_counts_lookups_and_matches_and_entries)
{
    const struct ofp_msg ask = {.type = OFPT_STATS_REQUEST, .stats = {.type = OFPST_TABLE}};
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    const struct ofp_table_stats *stats;
    struct ofp_msg reply;
    flow(OFPFC_ADD, "in_port=1,actions=output:2");
    for (int host = 1; host <= 4; host++)
        lab_send(host, &f);
    lab_send(1, &f);
    lab_rest();
    fake_forget(controller); /* three misses */
    fake_send(controller, &ask);
    reply = fake_expect(controller, OFPT_STATS_REPLY);
    stats = ofp_next_table_stats(&reply.stats.entries);
    ck_assert_uint_eq(be32_get(stats->active_count), 1);
    ck_assert_uint_eq(be64_get(stats->lookup_count), 5);
    ck_assert_uint_eq(be64_get(stats->matched_count), 2);
    ck_assert_uint_eq(be32_get(stats->wildcards), OFPFW_ALL);
}
END_TEST

/* --- Flow-mods (4.6, 5.3.3) ------------------------------------------------------------------- */

START_TEST(one_bad_action_leaves_table_and_buffer_as_they_were)
{
    static const struct {
        uint16_t command;
        bool modifies;
    } commands[] = {{OFPFC_ADD, false}, {OFPFC_MODIFY, true}, {OFPFC_MODIFY_STRICT, true}};
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct ofp_match any = ofp_match_any();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct buf *list = lab_actions();
        uint32_t buffer = missed(&f);
        struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = FLOW_XID};
        ofp_put_output(list, 2, 0);
        ofp_put_set_vlan_vid(list, 4096);
        ofp_put_output(list, 3, 0);
        msg.flow_mod = (struct ofp_msg_flow_mod){
            .match = &any,
            .command = commands[i].command,
            .priority = 7,
            .buffer_id = buffer,
            .out_port = OFPP_NONE,
            .actions = span_of(list->data, list->len),
        };
        if (commands[i].modifies)
            flow(OFPFC_ADD, "priority=7,actions=output:4");
        fake_send(controller, &msg);
        expect_refused(FLOW_XID, OFPET_BAD_ACTION, OFPBAC_BAD_ARGUMENT);
        ck_assert(lab_got(0, &f));
        ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), commands[i].modifies);
        ck_assert(lab_packet_out_buffer(buffer, lab_output(2)));
        ck_assert(lab_got(H(2), &f));
        lab_send(1, &f);
        ck_assert(lab_got(commands[i].modifies ? H(4) : 0, &f));
        fake_forget(controller);
        flow(OFPFC_DELETE, "");
    }
}
END_TEST

START_TEST(a_full_table_says_so_and_keeps_what_it_has)
{
    struct dp_config config;
    world_end();
    dp_defaults(&config);
    config.id = 1;
    config.max_flows = 2;
    world_begin_with(&config);
    flow(OFPFC_ADD, "priority=1,actions=output:1");
    flow(OFPFC_ADD, "priority=2,actions=output:1");
    flow_refused(OFPFC_ADD, "priority=3,actions=output:1", OFPET_FLOW_MOD_FAILED,
                 OFPFMFC_ALL_TABLES_FULL);
    flow_refused(OFPFC_MODIFY_STRICT, "priority=3,actions=output:1", OFPET_FLOW_MOD_FAILED,
                 OFPFMFC_ALL_TABLES_FULL);
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 2);
    flow(OFPFC_ADD, "priority=2,actions=output:3");
    flow(OFPFC_DELETE_STRICT, "priority=1");
    flow(OFPFC_ADD, "priority=3,actions=output:1");
}
END_TEST

START_TEST(an_overlap_is_refused_only_if_asked_about)
{
    flow(OFPFC_ADD, "priority=5,udp,actions=output:2");
    flow_refused(OFPFC_ADD, "check_overlap,priority=5,in_port=1,actions=output:3",
                 OFPET_FLOW_MOD_FAILED, OFPFMFC_OVERLAP);
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 1);
    flow(OFPFC_ADD, "check_overlap,priority=6,in_port=1,actions=output:3");
    flow(OFPFC_ADD, "check_overlap,priority=5,tcp,actions=output:3");
    flow(OFPFC_ADD, "priority=5,in_port=1,actions=output:3");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 4);
}
END_TEST

START_TEST(a_modification_leaves_counters_time_outs_and_idle_time)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    const struct ofp_flow_stats *stats;
    flow(OFPFC_ADD, "cookie=1,idle_timeout=10,hard_timeout=100,udp,actions=output:2");
    lab_send(1, &f);
    ck_assert(lab_got(H(2), &f));
    lab_pass(6 * NS_PER_S);
    flow(OFPFC_MODIFY, "idle_timeout=50,actions=output:3");
    stats = only_flow();
    ck_assert_uint_eq(be64_get(stats->packet_count), 1);
    ck_assert_uint_eq(be32_get(stats->duration_sec), 6);
    ck_assert_uint_eq(be16_get(stats->idle_timeout), 10);
    ck_assert_uint_eq(be16_get(stats->hard_timeout), 100);
    lab_pass(5 * NS_PER_S);
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 0);
}
END_TEST

START_TEST(a_modification_of_nothing_adds_an_entry_that_has_counted_nothing)
{
    const struct ofp_flow_stats *stats;
    flow(OFPFC_MODIFY, "cookie=3,hard_timeout=9,udp,actions=output:3");
    lab_pass(2 * NS_PER_S);
    stats = only_flow();
    ck_assert_uint_eq(be64_get(stats->packet_count), 0);
    ck_assert_uint_eq(be16_get(stats->hard_timeout), 9);
    ck_assert_uint_eq(be64_get(stats->cookie), 3);
}
END_TEST

START_TEST(an_addition_and_a_modification_take_their_buffered_packet_along)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    static const uint16_t commands[] = {OFPFC_ADD, OFPFC_MODIFY, OFPFC_MODIFY_STRICT};
    for (int i = 0; i < 3; i++) {
        char text[80];
        snprintf(text, sizeof text, "buffer_id=%u,udp,actions=output:3", (unsigned)missed(&f));
        send_flow(commands[i], text);
        ck_assert(lab_got(H(3), &f));
        ck_assert_uint_eq(be64_get(only_flow()->packet_count), 1);
        flow(OFPFC_DELETE, "");
    }
}
END_TEST

START_TEST(a_deletion_has_no_use_for_a_buffer)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    uint32_t buffer = missed(&f);
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = FLOW_XID};
    msg.flow_mod = (struct ofp_msg_flow_mod){
        .match = &any, .command = OFPFC_DELETE, .buffer_id = buffer, .out_port = OFPP_NONE};
    fake_send(controller, &msg);
    msg.flow_mod.buffer_id = 0x00ffffff; /* nor is it a fault that there is none */
    fake_send(controller, &msg);
    expect_done();
    ck_assert(lab_packet_out_buffer(buffer, lab_output(2)));
    ck_assert(lab_got(H(2), &f));
}
END_TEST

START_TEST(strict_deletion_of_everything_is_of_the_entry_about_everything)
{
    flow(OFPFC_ADD, "priority=5,actions=output:2");
    flow(OFPFC_ADD, "priority=6,actions=output:2");
    flow(OFPFC_ADD, "priority=5,udp,actions=output:2");
    flow(OFPFC_DELETE_STRICT, "priority=5");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 2);
    flow(OFPFC_DELETE_STRICT, "priority=5");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 2);
    flow(OFPFC_DELETE, "");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 0);
}
END_TEST

START_TEST(a_loose_deletion_takes_what_is_more_specific_and_leaves_the_rest)
{
    flow(OFPFC_ADD, "priority=1,ip,nw_dst=10.1.0.0/16,actions=output:2");
    flow(OFPFC_ADD, "priority=2,tcp,nw_dst=10.1.2.3,tp_dst=80,actions=output:2");
    flow(OFPFC_ADD, "priority=3,ip,nw_dst=10.0.0.0/8,actions=output:2");
    flow(OFPFC_ADD, "priority=4,in_port=1,actions=output:2");
    flow(OFPFC_DELETE, "ip,nw_dst=10.1.0.0/16");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 2);
    flow(OFPFC_DELETE, "ip");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 1);
}
END_TEST

START_TEST(a_deletion_may_be_about_one_output_port)
{
    flow(OFPFC_ADD, "priority=1,actions=output:2,output:3");
    flow(OFPFC_ADD, "priority=2,actions=output:3");
    flow(OFPFC_ADD, "priority=3,actions=drop");
    flow(OFPFC_DELETE, "out_port=2");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 2);
    flow(OFPFC_DELETE_STRICT, "priority=2,out_port=2");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 2);
    flow(OFPFC_DELETE_STRICT, "priority=2,out_port=3");
    ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 1);
}
END_TEST

/* --- Entries leave (4.7, 5.4.2) --------------------------------------------------------------- */

static void expect_removed(uint8_t reason, uint32_t seconds, uint64_t packets)
{
    struct ofp_msg msg = fake_expect(controller, OFPT_FLOW_REMOVED);
    const struct ofp_msg_flow_removed *r = &msg.flow_removed;
    char error[OFP_PARSE_ERROR];
    struct ofp_match match;
    ck_assert_ptr_null(ofp_parse_match("udp,tp_dst=53", &match, error));
    ck_assert_mem_eq(r->match, &match, sizeof match);
    ck_assert_uint_eq(r->cookie, 0xc0de);
    ck_assert_uint_eq(r->priority, 77);
    ck_assert_uint_eq(r->idle_timeout, 4);
    ck_assert_uint_eq(r->reason, reason);
    ck_assert_uint_eq(r->duration_sec, seconds);
    ck_assert_uint_eq(r->packet_count, packets);
    ck_assert_uint_eq(r->byte_count > 0, packets > 0);
    fake_expect_nothing(controller);
}

#define TOLD_OF                                                                                    \
    "send_flow_rem,cookie=0xc0de,priority=77,idle_timeout=4,hard_timeout=7,udp,tp_dst=53"

START_TEST(each_way_to_leave_is_told_with_its_reason)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    f.tp_dst = 53;
    flow(OFPFC_ADD, TOLD_OF ",actions=output:2");
    lab_pass(5 * NS_PER_S);
    expect_removed(OFPRR_IDLE_TIMEOUT, 4, 0);

    flow(OFPFC_ADD, TOLD_OF ",actions=output:2");
    for (int i = 0; i < 4; i++) {
        lab_send(1, &f);
        lab_pass(2 * NS_PER_S);
    }
    expect_removed(OFPRR_HARD_TIMEOUT, 7, 4);
    fake_forget(controller);

    flow(OFPFC_ADD, TOLD_OF ",actions=output:2");
    lab_send(1, &f);
    lab_pass(3 * NS_PER_S);
    send_flow(OFPFC_DELETE, "udp");
    expect_removed(OFPRR_DELETE, 3, 1);

    flow(OFPFC_ADD, TOLD_OF ",actions=output:2");
    send_flow(OFPFC_DELETE_STRICT, "priority=77,udp,tp_dst=53");
    expect_removed(OFPRR_DELETE, 0, 0);
}
END_TEST

/* Section 5.4.2: "the match, cookie, and priority fields are the same as those used in the flow
 * setup request". An untagged frame has no priority, but that says so is not for us to change. */
START_TEST(an_entry_that_leaves_is_described_as_its_flow_mod_did)
{
    static const uint32_t wildcards[] = {0, OFPFW_DL_VLAN_PCP, OFPFW_NW_SRC_MASK, OFPFW_TP_SRC};
    for (size_t i = 0; i < sizeof wildcards / sizeof *wildcards; i++) {
        struct flow_text f;
        struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
        flow_text_read(&f, OFPFC_ADD,
                       "send_flow_rem,in_port=1,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,"
                       "dl_vlan=0xffff,arp,arp_op=1,nw_dst=10.0.0.2,actions=drop");
        f.match.wildcards = be32_of(wildcards[i]);
        msg.flow_mod = f.mod;
        fake_send(controller, &msg);
        send_flow(OFPFC_DELETE, "");
        msg = fake_expect(controller, OFPT_FLOW_REMOVED);
        ck_assert_mem_eq(msg.flow_removed.match, &f.match, sizeof f.match);
    }
}
END_TEST

START_TEST(who_did_not_ask_is_not_told_nor_is_anybody_of_a_replacement)
{
    flow(OFPFC_ADD, "idle_timeout=1,actions=output:2");
    lab_pass(2 * NS_PER_S);
    flow(OFPFC_ADD, "actions=output:2");
    flow(OFPFC_DELETE, "");
    flow(OFPFC_ADD, "send_flow_rem,actions=output:2");
    flow(OFPFC_ADD, "send_flow_rem,actions=output:3");
    flow(OFPFC_MODIFY, "actions=output:4");
    expect_done();
}
END_TEST

/* Section 4.6: "deleted emergency flow entries generate no flow removed messages". */
START_TEST(emergency_entries_leave_in_silence)
{
    flow(OFPFC_ADD, "emerg,send_flow_rem,udp,actions=output:2");
    ck_assert_uint_eq(count_flows(OFP_TABLE_EMERG), 1);
    flow(OFPFC_DELETE, "emerg");
    ck_assert_uint_eq(count_flows(OFP_TABLE_EMERG), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_field_alone_decides_and_no_other_with_it,
        every_set_of_fields_matches_what_has_their_values_and_nothing_else,
        arp_and_icmp_have_fields_of_their_own_in_the_same_places,
        fragments_match_with_their_ports_taken_for_zero,
        the_highest_priority_wins_and_an_exact_entry_above_all,
        an_entry_counts_its_packets_and_bytes_and_time,
        the_table_counts_lookups_and_matches_and_entries,
        one_bad_action_leaves_table_and_buffer_as_they_were,
        a_full_table_says_so_and_keeps_what_it_has,
        an_overlap_is_refused_only_if_asked_about,
        a_modification_leaves_counters_time_outs_and_idle_time,
        a_modification_of_nothing_adds_an_entry_that_has_counted_nothing,
        an_addition_and_a_modification_take_their_buffered_packet_along,
        a_deletion_has_no_use_for_a_buffer,
        strict_deletion_of_everything_is_of_the_entry_about_everything,
        a_loose_deletion_takes_what_is_more_specific_and_leaves_the_rest,
        a_deletion_may_be_about_one_output_port,
        each_way_to_leave_is_told_with_its_reason,
        an_entry_that_leaves_is_described_as_its_flow_mod_did,
        who_did_not_ask_is_not_told_nor_is_anybody_of_a_replacement,
        emergency_entries_leave_in_silence,
        NULL,
    };
    return world_main("switch_flows", tests);
}
