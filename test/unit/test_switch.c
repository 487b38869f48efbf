/*
 * test_switch.c - a switch as its controller and its hosts see it: actions, packets to and from the
 * controller, ports that change, and what is done without a controller.
 *
 * Sections are OpenFlow 1.0's. test/spec/switch.md says which requirement each test shows.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/switch_world.h"

#include <stdio.h>

/* --- Actions (3.3, 5.2.4) --------------------------------------------------------------------- */

START_TEST(setting_a_vlan_id_or_priority_changes_the_tag_or_adds_one_and_strip_takes_it)
{
    enum { NONE = -1 };
    static const struct {
        int before; /* the tag's 16 bits, or NONE */
        const char *action;
        int after;
    } rows[] = {
        {NONE, "mod_vlan_vid:7", 7},
        {3 << 13 | 5, "mod_vlan_vid:7", 3 << 13 | 7},
        {NONE, "mod_vlan_pcp:4", 4 << 13},
        {3 << 13 | 5, "mod_vlan_pcp:4", 4 << 13 | 5},
        {3 << 13 | 5, "strip_vlan", NONE},
        {NONE, "strip_vlan", NONE},
        {NONE, "mod_vlan_vid:7,mod_vlan_pcp:4", 4 << 13 | 7},
        {9, "strip_vlan,mod_vlan_pcp:1", 1 << 13},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct frame before = frame_between(1, 2, HDR_IP_TCP), after = before;
        char text[80];
        snprintf(text, sizeof text, "actions=%s,output:2", rows[i].action);
        before.tagged = rows[i].before != NONE;
        before.tci = before.tagged ? (uint16_t)rows[i].before : 0;
        after.tagged = rows[i].after != NONE;
        after.tci = after.tagged ? (uint16_t)rows[i].after : 0;
        flow(OFPFC_ADD, text);
        lab_send(1, &before);
        ck_assert_msg(lab_got(H(2), &after), "%x %s", (unsigned)rows[i].before, rows[i].action);
    }
}
END_TEST

START_TEST(every_action_that_the_features_name_is_taken)
{
    static const char *const texts[OFPAT_N_TYPES] = {
        [OFPAT_OUTPUT] = "output:2",
        [OFPAT_SET_VLAN_VID] = "mod_vlan_vid:1",
        [OFPAT_SET_VLAN_PCP] = "mod_vlan_pcp:1",
        [OFPAT_STRIP_VLAN] = "strip_vlan",
        [OFPAT_SET_DL_SRC] = "mod_dl_src:02:00:00:00:00:01",
        [OFPAT_SET_DL_DST] = "mod_dl_dst:02:00:00:00:00:01",
        [OFPAT_SET_NW_SRC] = "mod_nw_src:1.2.3.4",
        [OFPAT_SET_NW_DST] = "mod_nw_dst:1.2.3.4",
        [OFPAT_SET_NW_TOS] = "mod_nw_tos:4",
        [OFPAT_SET_TP_SRC] = "mod_tp_src:1",
        [OFPAT_SET_TP_DST] = "mod_tp_dst:1",
        [OFPAT_ENQUEUE] = "enqueue:2:1",
    };
    const struct ofp_msg ask = {.type = OFPT_FEATURES_REQUEST};
    uint32_t actions;
    ck_assert_int_eq(dp_queue_add(lab.dp, 2, 1, 0), 0);
    fake_send(controller, &ask);
    actions = fake_expect(controller, OFPT_FEATURES_REPLY).features.actions;
    ck_assert_uint_eq(actions >> OFPAT_N_TYPES, 0); /* nor a vendor's */
    for (unsigned type = 0; type < OFPAT_N_TYPES; type++) {
        char text[80];
        ck_assert(actions >> type & 1);
        snprintf(text, sizeof text, "actions=%s", texts[type]);
        flow(OFPFC_ADD, text);
    }
}
END_TEST

START_TEST(every_virtual_port_is_taken)
{
    flow(OFPFC_ADD, "actions=in_port,normal,flood,all,controller,local");
    flow(OFPFC_MODIFY, "actions=all");
}
END_TEST

/* Section 4.6: the switch may drop until the port comes. */
START_TEST(a_flow_may_name_a_port_that_comes_later)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    flow(OFPFC_ADD, "actions=output:9");
    lab_send(1, &f);
    ck_assert(lab_got(0, &f));
    ck_assert_int_eq(dp_port_remove(lab.dp, 4), 0);
    ck_assert_int_eq(dp_port_add(lab.dp, "link:4", 9), 0);
    lab_rest();
    lab_send(1, &f);
    ck_assert(lab_got(H(4), &f));
    fake_forget(controller);
}
END_TEST

/* --- Without a controller (4.3) --------------------------------------------------------------- */

START_TEST(emergency_entries_forward_while_there_is_no_controller_and_only_then)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    flow(OFPFC_ADD, "actions=output:2");
    flow(OFPFC_ADD, "emerg,actions=output:3");
    lab_send(1, &f);
    ck_assert(lab_got(H(2), &f));
    for (int i = 0; i < 2; i++) {
        controller_goes();
        lab_send(1, &f);
        ck_assert(lab_got(H(3), &f));
        controller_comes();
        ck_assert_uint_eq(count_flows(OFP_TABLE_ALL), 0); /* normal ones are deleted */
        ck_assert_uint_eq(count_flows(OFP_TABLE_EMERG), 1);
        missed(&f);
        ck_assert(lab_got(0, &f));
    }
    flow_refused(OFPFC_ADD, "emerg,idle_timeout=1,actions=output:2", OFPET_FLOW_MOD_FAILED,
                 OFPFMFC_BAD_EMERG_TIMEOUT);
    flow_refused(OFPFC_ADD, "emerg,hard_timeout=1,actions=output:2", OFPET_FLOW_MOD_FAILED,
                 OFPFMFC_BAD_EMERG_TIMEOUT);
}
END_TEST

/* --- Packets to and from the controller (5.3.6, 5.4.1) ---------------------------------------- */

START_TEST(a_packet_by_an_action_has_as_many_bytes_as_the_action_says)
{
    static const uint16_t lengths[] = {0, 1, 77, 65535};
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    uint8_t bytes[FRAME_MAX];
    size_t len = frame_write(&f, bytes);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct ofp_msg in;
        char text[80];
        snprintf(text, sizeof text, "actions=controller:%u", lengths[i]);
        flow(OFPFC_ADD, text);
        lab_send(4, &f);
        lab_rest();
        in = fake_expect(controller, OFPT_PACKET_IN);
        ck_assert_uint_eq(in.packet_in.reason, OFPR_ACTION);
        ck_assert_uint_eq(in.packet_in.in_port, 4);
        ck_assert_uint_eq(in.packet_in.total_len, len);
        ck_assert_uint_eq(in.packet_in.data.len, lengths[i] < len ? lengths[i] : len);
        ck_assert_uint_ne(in.packet_in.buffer_id, OFP_NO_BUFFER);
        ck_assert_mem_eq(in.packet_in.data.data, bytes, in.packet_in.data.len);
    }
}
END_TEST

START_TEST(a_packet_for_the_table_is_looked_up_as_from_its_port_and_may_miss)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct ofp_msg in;
    flow(OFPFC_ADD, "in_port=3,actions=output:2");
    ck_assert(lab_packet_out(3, &f, lab_output(OFPP_TABLE)));
    ck_assert(lab_got(H(2), &f));
    ck_assert(lab_packet_out(4, &f, lab_output(OFPP_TABLE)));
    ck_assert(lab_got(0, &f));
    in = fake_expect(controller, OFPT_PACKET_IN);
    ck_assert_uint_eq(in.packet_in.in_port, 4);
    ck_assert_uint_eq(in.packet_in.reason, OFPR_NO_MATCH);
}
END_TEST

START_TEST(a_buffer_that_no_answer_comes_for_is_used_again_and_no_harm_done)
{
    struct dp_config config;
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    uint32_t first;
    struct ofp_msg in;
    world_end();
    dp_defaults(&config);
    config.id = 1;
    config.n_buffers = 1;
    config.buffer_time = 5 * NS_PER_S;
    world_begin_with(&config);
    first = missed(&f);
    lab_pass(4 * NS_PER_S);
    lab_send(1, &f);
    lab_rest();
    in = fake_expect(controller, OFPT_PACKET_IN);
    ck_assert_uint_eq(in.packet_in.buffer_id, OFP_NO_BUFFER); /* not before its time */
    ck_assert_uint_eq(in.packet_in.data.len, in.packet_in.total_len);
    lab_pass(2 * NS_PER_S);
    ck_assert_uint_ne(missed(&f), first);
    ck_assert(!lab_packet_out_buffer(first, lab_output(2)));
    ck_assert_uint_eq(lab.fault.code, OFPBRC_BUFFER_EMPTY);
}
END_TEST

/* --- Configuration, ports, the channel -------------------------------------------------------- */

START_TEST(a_configuration_is_set_without_an_answer_and_told_when_asked_for)
{
    const struct ofp_msg set = {.type = OFPT_SET_CONFIG, .config = {OFPC_FRAG_DROP, 17}};
    const struct ofp_msg get = {.type = OFPT_GET_CONFIG_REQUEST, .xid = 8};
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct ofp_msg reply;
    fake_send(controller, &get);
    ck_assert_uint_eq(fake_expect(controller, OFPT_GET_CONFIG_REPLY).config.miss_send_len, 128);
    fake_send(controller, &set);
    fake_expect_nothing(controller);
    fake_send(controller, &get);
    reply = fake_expect(controller, OFPT_GET_CONFIG_REPLY);
    ck_assert_uint_eq(reply.xid, 8);
    ck_assert_uint_eq(reply.config.flags, OFPC_FRAG_DROP);
    ck_assert_uint_eq(reply.config.miss_send_len, 17);
    lab_send(1, &f);
    lab_rest();
    ck_assert_uint_eq(fake_expect(controller, OFPT_PACKET_IN).packet_in.data.len, 17);
}
END_TEST

/* The next message tells of port `port_no`, for `reason`; what it says of it. */
static const struct ofp_phy_port *expect_port(uint8_t reason, uint16_t port_no)
{
    struct ofp_msg msg = fake_expect(controller, OFPT_PORT_STATUS);
    ck_assert_uint_eq(msg.port_status.reason, reason);
    ck_assert_uint_eq(be16_get(msg.port_status.desc->port_no), port_no);
    return msg.port_status.desc;
}

START_TEST(ports_that_come_and_change_and_go_are_told_of)
{
    ck_assert_int_eq(dp_port_remove(lab.dp, 4), 0);
    lab_rest();
    expect_port(OFPPR_DELETE, 4);
    ck_assert_int_eq(dp_port_add(lab.dp, "link:4", 8), 0);
    lab_rest();
    ck_assert_uint_eq(be32_get(expect_port(OFPPR_ADD, 8)->state), OFPPS_LINK_DOWN);
    expect_port(OFPPR_MODIFY, 8); /* the device is there */
    ck_assert_uint_eq(be32_get(expect_port(OFPPR_MODIFY, 8)->state), 0);
    sim_link_set_up("2", false);
    lab_rest();
    ck_assert_uint_eq(be32_get(expect_port(OFPPR_MODIFY, 2)->state), OFPPS_LINK_DOWN);
    ck_assert(lab_port_mod(3, OFPPC_NO_FLOOD, OFPPC_NO_FLOOD));
    lab_rest();
    ck_assert_uint_eq(be32_get(expect_port(OFPPR_MODIFY, 3)->config), OFPPC_NO_FLOOD);
    ck_assert(lab_port_mod(3, OFPPC_NO_FLOOD, OFPPC_NO_FLOOD)); /* as it is already */
    expect_done();
}
END_TEST

START_TEST(no_flow_gets_in_the_way_of_the_channel)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    flow(OFPFC_ADD, "priority=65535,actions=drop");
    lab_send(1, &f);
    ck_assert(lab_got(0, &f));
    expect_done();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        setting_a_vlan_id_or_priority_changes_the_tag_or_adds_one_and_strip_takes_it,
        every_action_that_the_features_name_is_taken,
        every_virtual_port_is_taken,
        a_flow_may_name_a_port_that_comes_later,
        emergency_entries_forward_while_there_is_no_controller_and_only_then,
        a_packet_by_an_action_has_as_many_bytes_as_the_action_says,
        a_packet_for_the_table_is_looked_up_as_from_its_port_and_may_miss,
        a_buffer_that_no_answer_comes_for_is_used_again_and_no_harm_done,
        a_configuration_is_set_without_an_answer_and_told_when_asked_for,
        ports_that_come_and_change_and_go_are_told_of,
        no_flow_gets_in_the_way_of_the_channel,
        NULL,
    };
    return world_main("switch", tests);
}
