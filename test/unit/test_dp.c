/*
 * test_dp.c - the datapath: misses, buffers, ports and their flags, statistics, modes, hooks.
 *
 * Sections are OpenFlow 1.0's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "switch/table.h"
#include "test/unit/dp_lab.h"
#include "test/unit/unit.h"

#include <errno.h>

#define H(n) (1u << (n))

static struct frame frame;

static void set_up(void)
{
    lab_begin(NULL, 0);
    frame = frame_between(1, 2, HDR_IP_UDP);
}

static void everything(struct span actions)
{
    struct ofp_match any = ofp_match_any();
    lab_flow(&any, 1, actions);
}

/* A flow-mod about everything, to be changed. */
static struct ofp_match any_match;

static struct ofp_msg_flow_mod mod_of(uint16_t command, struct span actions)
{
    any_match = ofp_match_any();
    return (struct ofp_msg_flow_mod){
        .match = &any_match,
        .command = command,
        .priority = 1,
        .buffer_id = OFP_NO_BUFFER,
        .out_port = OFPP_NONE,
        .actions = actions,
    };
}

static bool fault_is(uint16_t type, uint16_t code)
{
    return lab.fault.type == type && lab.fault.code == code;
}

/* --- Misses (5.4.1) --------------------------------------------------------------------------- */

START_TEST(a_miss_is_buffered_and_its_first_bytes_are_sent)
{
    uint8_t bytes[FRAME_MAX];
    frame.payload = 300;
    size_t len = frame_write(&frame, bytes);
    lab_send(3, &frame);
    ck_assert(lab_got(0, &frame));
    ck_assert_uint_eq(lab.packet_ins, 1);
    ck_assert_uint_eq(lab.packet_in[0].in.reason, OFPR_NO_MATCH);
    ck_assert_uint_eq(lab.packet_in[0].in.in_port, 3);
    ck_assert_uint_eq(lab.packet_in[0].in.total_len, len);
    ck_assert_uint_eq(lab.packet_in[0].in.data.len, OFP_DEFAULT_MISS_SEND_LEN);
    ck_assert_mem_eq(lab.packet_in[0].data, bytes, OFP_DEFAULT_MISS_SEND_LEN);
    ck_assert(lab_packet_out_buffer(lab.packet_in[0].in.buffer_id, lab_output(2)));
    ck_assert(lab_got(H(2), &frame));
}
END_TEST

START_TEST(miss_send_len_is_the_controller_s_to_set)
{
    struct ofp_msg_config config = {.miss_send_len = 33}, got;
    dp_set_config(lab.dp, &config);
    dp_get_config(lab.dp, &got);
    ck_assert_uint_eq(got.miss_send_len, 33);
    lab_send(3, &frame);
    lab_rest();
    ck_assert_uint_eq(lab.packet_in[0].in.data.len, 33);
    config.miss_send_len = 0;
    dp_set_config(lab.dp, &config);
    lab_send(3, &frame);
    lab_rest();
    ck_assert_uint_eq(lab.packet_in[1].in.data.len, 0);
}
END_TEST

START_TEST(when_buffers_are_out_packets_are_sent_whole)
{
    uint8_t bytes[FRAME_MAX];
    frame.payload = 1000;
    size_t len = frame_write(&frame, bytes);
    for (int i = 0; i < 257; i++)
        lab_send(1, &frame);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 257);
    const struct lab_packet_in *last = &lab.packet_in[256 % LAB_KEEPS];
    ck_assert_uint_eq(last->in.buffer_id, OFP_NO_BUFFER);
    ck_assert_uint_eq(last->in.data.len, len);
    ck_assert_mem_eq(last->data, bytes, len);
}
END_TEST

START_TEST(a_buffer_id_is_good_once_and_for_a_time)
{
    lab_send(1, &frame);
    lab_rest();
    uint32_t id = lab.packet_in[0].in.buffer_id;
    ck_assert(lab_packet_out_buffer(id, lab_output(2)));
    ck_assert(!lab_packet_out_buffer(id, lab_output(2)));
    ck_assert(fault_is(OFPET_BAD_REQUEST, OFPBRC_BUFFER_EMPTY));
    ck_assert(!lab_packet_out_buffer(0x7f000000, lab_output(2)));
    ck_assert(fault_is(OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN));
}
END_TEST

START_TEST(a_super_frame_that_no_buffer_takes_comes_as_its_segments)
{
    struct dp_config config;
    struct pkt *p;
    be16 total = be16_of(20 + 20 + 3000);
    lab_end();
    dp_defaults(&config);
    config.n_buffers = 0;
    lab_begin(&config, NETDEV_TX_CSUM | NETDEV_TX_GSO4);
    frame = frame_between(1, 2, HDR_IP_TCP);
    frame.payload = 0;
    frame.partial = true;
    p = pkt_new_for(lab.pool, 4000);
    memset(pkt_append(p, 54 + 3000), 0xab, 54 + 3000);
    frame_write(&frame, p->data);
    memcpy(p->data + 16, &total, 2);
    p->offload = PKT_CSUM_PARTIAL | PKT_GSO_TCP4;
    p->csum_start = 34;
    p->csum_offset = 16;
    p->gso_size = 1000;
    lab_send_pkt(1, p);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(lab.packet_in[i].in.data.len, 1054);
        ck_assert_uint_eq(lab.packet_in[i].in.buffer_id, OFP_NO_BUFFER);
    }
}
END_TEST

/* --- Flow-mods (4.6, 5.3.3) ------------------------------------------------------------------- */

START_TEST(a_flow_mod_takes_its_buffered_packet_along)
{
    struct ofp_msg_flow_mod mod = mod_of(OFPFC_ADD, lab_output(2));
    struct ofp_key key;
    struct flow *flow;
    lab_send(1, &frame);
    lab_rest();
    mod.buffer_id = lab.packet_in[0].in.buffer_id;
    ck_assert(lab_flow_mod(&mod));
    ck_assert(lab_got(H(2), &frame));
    memset(&key, 0, sizeof key);
    flow = table_lookup(dp_table(lab.dp), &key);
    ck_assert_uint_eq(flow->packets, 1);
    ck_assert_uint_gt(flow->bytes, 60);
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    ck_assert_uint_eq(flow->packets, 2);
}
END_TEST

START_TEST(a_flow_mod_with_a_stale_buffer_is_applied_and_answered_with_the_error)
{
    struct ofp_msg_flow_mod mod = mod_of(OFPFC_ADD, lab_output(2));
    mod.buffer_id = 5;
    ck_assert(!lab_flow_mod(&mod));
    ck_assert(fault_is(OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
}
END_TEST

START_TEST(a_queue_that_is_not_there_is_a_bad_action)
{
    struct buf *list = lab_actions();
    struct ofp_msg_flow_mod mod;
    ofp_put_enqueue(list, 2, 7);
    mod = mod_of(OFPFC_ADD, span_of(list->data, list->len));
    ck_assert(!lab_flow_mod(&mod));
    ck_assert(fault_is(OFPET_BAD_ACTION, OFPBAC_BAD_QUEUE));
    ck_assert(!lab_packet_out(OFPP_NONE, &frame, mod.actions));
    ck_assert(fault_is(OFPET_BAD_ACTION, OFPBAC_BAD_QUEUE));
    ck_assert_int_eq(dp_queue_add(lab.dp, 2, 7, 500), 0);
    ck_assert(lab_flow_mod(&mod));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
}
END_TEST

START_TEST(flow_removed_says_why_and_how_long)
{
    struct ofp_msg_flow_mod mod = mod_of(OFPFC_ADD, lab_output(2));
    const struct ofp_msg_flow_removed *r = &lab.flow_removed[0].removed;
    mod.flags = OFPFF_SEND_FLOW_REM;
    mod.cookie = 0x1234;
    mod.hard_timeout = 7;
    ck_assert(lab_flow_mod(&mod));
    lab_send(1, &frame);
    lab_pass(8 * NS_PER_S);
    ck_assert_uint_eq(lab.flow_removeds, 1);
    ck_assert_uint_eq(r->reason, OFPRR_HARD_TIMEOUT);
    ck_assert_uint_eq(r->cookie, 0x1234);
    ck_assert_uint_eq(r->priority, 1);
    ck_assert_uint_eq(r->duration_sec, 7);
    ck_assert_uint_eq(r->packet_count, 1);
    ck_assert_uint_gt(r->byte_count, 60);
}
END_TEST

START_TEST(an_idle_flow_that_is_used_lives)
{
    struct ofp_msg_flow_mod mod = mod_of(OFPFC_ADD, lab_output(2));
    mod.flags = OFPFF_SEND_FLOW_REM;
    mod.idle_timeout = 3;
    ck_assert(lab_flow_mod(&mod));
    for (int i = 0; i < 5; i++) {
        lab_send(1, &frame);
        lab_pass(2 * NS_PER_S);
    }
    ck_assert_uint_eq(lab.flow_removeds, 0);
    lab_pass(4 * NS_PER_S);
    ck_assert_uint_eq(lab.flow_removeds, 1);
    ck_assert_uint_eq(lab.flow_removed[0].removed.reason, OFPRR_IDLE_TIMEOUT);
    ck_assert_uint_eq(lab.flow_removed[0].removed.packet_count, 5);
}
END_TEST

START_TEST(only_who_asked_is_told_of_a_deletion)
{
    struct ofp_msg_flow_mod mod = mod_of(OFPFC_ADD, lab_output(2)), delete;
    ck_assert(lab_flow_mod(&mod));
    delete = mod_of(OFPFC_DELETE, span_of(NULL, 0));
    ck_assert(lab_flow_mod(&delete));
    ck_assert_uint_eq(lab.flow_removeds, 0);
    mod.flags = OFPFF_SEND_FLOW_REM;
    ck_assert(lab_flow_mod(&mod));
    ck_assert(lab_flow_mod(&mod)); /* replaced: nobody hears of it */
    ck_assert_uint_eq(lab.flow_removeds, 0);
    ck_assert(lab_flow_mod(&delete));
    ck_assert_uint_eq(lab.flow_removeds, 1);
    ck_assert_uint_eq(lab.flow_removed[0].removed.reason, OFPRR_DELETE);
}
END_TEST

/* --- Fragments (5.3.2) ------------------------------------------------------------------------ */

START_TEST(fragments_pass_or_are_dropped_as_configured)
{
    struct frame first = frame, last = frame;
    struct ofp_msg_config config = {.flags = OFPC_FRAG_DROP}, got;
    first.payload = last.payload = 200;
    first.part = FRAME_FIRST;
    last.part = FRAME_LAST;
    everything(lab_output(2));
    lab_send(1, &first);
    ck_assert(lab_got(H(2), &first));
    dp_set_config(lab.dp, &config);
    dp_get_config(lab.dp, &got);
    ck_assert_uint_eq(got.flags, OFPC_FRAG_DROP);
    lab_send(1, &first);
    lab_send(1, &last);
    ck_assert(lab_got(0, &first));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    config.flags = OFPC_FRAG_MASK; /* both bits mean nothing */
    dp_set_config(lab.dp, &config);
    lab_send(1, &last);
    ck_assert(lab_got(H(2), &last));
}
END_TEST

/* --- Port configuration (5.2.1, 5.3.3) -------------------------------------------------------- */

/* Does a frame from host 1 come to host 2 with this flag set at a port? */
static bool passes(uint16_t port, uint32_t flag, const struct frame *f)
{
    bool got;
    ck_assert(lab_port_mod(port, flag, flag));
    lab_send(1, f);
    got = lab_got(H(2), f);
    ck_assert(lab_port_mod(port, 0, flag));
    return got;
}

START_TEST(each_port_flag_does_what_it_says_and_no_more)
{
    struct frame stp = frame;
    static const uint8_t bridges[6] = {1, 0x80, 0xc2, 0, 0, 0};
    memcpy(stp.dst, bridges, 6);
    everything(lab_output(2));
    ck_assert(passes(1, 0, &frame));
    ck_assert(passes(1, 0, &stp));
    ck_assert(!passes(1, OFPPC_PORT_DOWN, &frame));
    ck_assert(!passes(1, OFPPC_PORT_DOWN, &stp));
    ck_assert(!passes(2, OFPPC_PORT_DOWN, &frame));
    ck_assert(!passes(1, OFPPC_NO_RECV, &frame));
    ck_assert(passes(1, OFPPC_NO_RECV, &stp));
    ck_assert(passes(2, OFPPC_NO_RECV, &frame));
    ck_assert(passes(1, OFPPC_NO_RECV_STP, &frame));
    ck_assert(!passes(1, OFPPC_NO_RECV_STP, &stp));
    ck_assert(passes(1, OFPPC_NO_FWD, &frame));
    ck_assert(!passes(2, OFPPC_NO_FWD, &frame));
    ck_assert(passes(2, OFPPC_NO_FLOOD, &frame));
    ck_assert(passes(1, OFPPC_NO_PACKET_IN, &frame));
    ck_assert(passes(1, OFPPC_NO_STP, &frame));
}
END_TEST

START_TEST(no_packet_in_is_about_misses_only)
{
    struct buf *list = lab_actions();
    ck_assert(lab_port_mod(1, OFPPC_NO_PACKET_IN, OFPPC_NO_PACKET_IN));
    lab_send(1, &frame);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 0);
    lab_send(2, &frame);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 1);
    ofp_put_output(list, OFPP_CONTROLLER, 0);
    everything(span_of(list->data, list->len));
    lab_send(1, &frame);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 2);
}
END_TEST

START_TEST(a_port_mod_is_told_to_all_and_only_its_mask_counts)
{
    struct ofp_phy_port desc;
    ck_assert(lab_port_mod(2, UINT32_MAX, OFPPC_NO_FLOOD | OFPPC_NO_FWD));
    ck_assert_uint_eq(lab.port_statuses, 1);
    ck_assert_uint_eq(lab.port_status[0].reason, OFPPR_MODIFY);
    ck_assert_uint_eq(be16_get(lab.port_status[0].desc.port_no), 2);
    ck_assert(dp_port_desc(lab.dp, 2, &desc));
    ck_assert_uint_eq(be32_get(desc.config), OFPPC_NO_FLOOD | OFPPC_NO_FWD);
    ck_assert(lab_port_mod(2, 0, OFPPC_NO_FWD));
    ck_assert(dp_port_desc(lab.dp, 2, &desc));
    ck_assert_uint_eq(be32_get(desc.config), OFPPC_NO_FLOOD);
    ck_assert(lab_port_mod(2, UINT32_MAX, 1u << 20)); /* no such flag in 1.0 */
    ck_assert(dp_port_desc(lab.dp, 2, &desc));
    ck_assert_uint_eq(be32_get(desc.config), OFPPC_NO_FLOOD);
}
END_TEST

START_TEST(a_port_mod_of_another_port_is_refused)
{
    struct ofp_msg_port_mod mod = {.port_no = 2, .hw_addr = {1, 2, 3}};
    ck_assert(!lab_port_mod(99, 0, 0));
    ck_assert(fault_is(OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT));
    ck_assert(!dp_port_mod(lab.dp, &mod, &lab.fault));
    ck_assert(fault_is(OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_HW_ADDR));
}
END_TEST

/* --- Ports come and go ------------------------------------------------------------------------ */

static uint32_t state_of(uint16_t port)
{
    struct ofp_phy_port desc;
    ck_assert(dp_port_desc(lab.dp, port, &desc));
    return be32_get(desc.state);
}

START_TEST(a_link_that_goes_down_and_up_is_told)
{
    sim_link_set_up("2", false);
    lab_rest();
    ck_assert_uint_eq(lab.port_statuses, 1);
    ck_assert_uint_eq(lab.port_status[0].reason, OFPPR_MODIFY);
    ck_assert_uint_eq(be32_get(lab.port_status[0].desc.state), OFPPS_LINK_DOWN);
    sim_link_set_up("2", true);
    lab_rest();
    ck_assert_uint_eq(lab.port_statuses, 2);
    ck_assert_uint_eq(state_of(2), 0);
}
END_TEST

START_TEST(a_device_that_goes_away_is_a_port_that_is_down_and_keeps_its_counts)
{
    struct ofp_port_stats stats;
    everything(lab_output(2));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    sim_link_plug("2", false);
    lab_rest();
    ck_assert_uint_eq(state_of(2), OFPPS_LINK_DOWN);
    lab_send(1, &frame);
    lab_rest();
    ck_assert(dp_port_stats(lab.dp, 2, &stats));
    ck_assert_uint_eq(be64_get(stats.tx_packets), 1);
    ck_assert_uint_eq(be64_get(stats.tx_dropped), 1);
    sim_link_plug("2", true);
    lab_rest();
    ck_assert_uint_eq(state_of(2), 0);
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    ck_assert(dp_port_stats(lab.dp, 2, &stats));
    ck_assert_uint_eq(be64_get(stats.tx_packets), 2);
}
END_TEST

START_TEST(ports_are_added_and_removed_at_run_time)
{
    uint16_t no = 0, seen = 0;
    everything(lab_output(OFPP_ALL));
    ck_assert_int_eq(dp_port_remove(lab.dp, 2), 0);
    ck_assert_int_eq(dp_port_remove(lab.dp, 2), -ENOENT);
    ck_assert_uint_eq(lab.port_status[0].reason, OFPPR_DELETE);
    lab_send(1, &frame);
    ck_assert(lab_got(H(3) | H(4), &frame));
    ck_assert_int_eq(dp_port_add(lab.dp, "link:1", 9), -EEXIST);
    ck_assert_int_eq(dp_port_add(lab.dp, "link:new", 3), -EEXIST);
    ck_assert_int_eq(dp_port_add(lab.dp, "link:new", OFPP_MAX), -EINVAL);
    ck_assert_int_eq(dp_port_add(lab.dp, "nothing", 0), -EINVAL);
    ck_assert_int_eq(dp_port_add(lab.dp, "link:2", 0), 0); /* the lowest free one */
    ck_assert_uint_eq(lab.port_status[1].reason, OFPPR_ADD);
    ck_assert_uint_eq(be16_get(lab.port_status[1].desc.port_no), 2);
    lab_rest();
    lab_send(1, &frame);
    ck_assert(lab_got(H(2) | H(3) | H(4), &frame));
    while (dp_port_next(lab.dp, &no))
        ck_assert_uint_eq(no, ++seen);
    ck_assert_uint_eq(seen, LAB_HOSTS);
}
END_TEST

START_TEST(a_port_says_what_it_is)
{
    struct ofp_phy_port desc;
    static const uint8_t zero[6];
    ck_assert(!dp_port_desc(lab.dp, 77, &desc));
    ck_assert(dp_port_desc(lab.dp, 3, &desc));
    ck_assert_uint_eq(be16_get(desc.port_no), 3);
    ck_assert_str_eq(desc.name, "3");
    ck_assert(memcmp(desc.hw_addr, zero, 6) != 0);
    ck_assert_str_eq(dp_port_name(lab.dp, 3), "link:3");
    ck_assert_ptr_null(dp_port_name(lab.dp, 77));
    ck_assert_int_eq(dp_port_add(lab.dp, "link:/a/long/way/to-a-name-that-is-long,x", 60000), 0);
    ck_assert(dp_port_desc(lab.dp, 60000, &desc));
    ck_assert_str_eq(desc.name, "to-a-name-that-");
}
END_TEST

START_TEST(the_datapath_id_is_the_first_port_s_address_unless_given)
{
    struct dp_config config;
    struct ofp_phy_port desc;
    uint64_t mac = 0;
    ck_assert_uint_eq(dp_id(lab.dp), 1);
    lab_end();
    dp_defaults(&config);
    lab_begin(&config, 0);
    ck_assert(dp_port_desc(lab.dp, 1, &desc));
    for (int i = 0; i < 6; i++)
        mac = mac << 8 | desc.hw_addr[i];
    ck_assert_uint_eq(dp_id(lab.dp), mac);
    ck_assert_int_eq(dp_port_remove(lab.dp, 1), 0);
    ck_assert_uint_eq(dp_id(lab.dp), mac);
}
END_TEST

START_TEST(port_counters_count_both_ways)
{
    struct ofp_port_stats stats;
    everything(lab_output(2));
    for (int i = 0; i < 10; i++)
        lab_send(1, &frame);
    lab_rest();
    ck_assert(dp_port_stats(lab.dp, 1, &stats));
    ck_assert_uint_eq(be64_get(stats.rx_packets), 10);
    ck_assert_uint_eq(be64_get(stats.tx_packets), 0);
    ck_assert(dp_port_stats(lab.dp, 2, &stats));
    ck_assert_uint_eq(be64_get(stats.tx_packets), 10);
    ck_assert_uint_eq(be64_get(stats.tx_bytes), 10 * lab.host[2].kept[0]->len);
    ck_assert_uint_eq(be64_get(stats.collisions), UINT64_MAX);
}
END_TEST

/* --- Modes (4.3) ------------------------------------------------------------------------------ */

START_TEST(standing_alone_it_is_a_learning_switch)
{
    struct frame back = frame_between(2, 1, HDR_IP_UDP);
    dp_set_mode(lab.dp, DP_STANDALONE);
    lab_send(1, &frame);
    ck_assert(lab_got(H(2) | H(3) | H(4), &frame));
    lab_send(2, &back);
    ck_assert(lab_got(H(1), &back));
    ck_assert_uint_eq(lab.packet_ins, 0);
    dp_set_mode(lab.dp, DP_CONTROLLED);
    lab_send(1, &frame);
    ck_assert(lab_got(0, &frame));
    ck_assert_uint_eq(lab.packet_ins, 1);
}
END_TEST

START_TEST(emergency_entries_take_over_and_the_others_are_deleted)
{
    struct ofp_msg_flow_mod emergency = mod_of(OFPFC_ADD, lab_output(3));
    struct table_stats stats;
    emergency.flags = OFPFF_EMERG;
    everything(lab_output(2));
    ck_assert(lab_flow_mod(&emergency));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    dp_set_mode(lab.dp, DP_EMERGENCY);
    lab_send(1, &frame);
    ck_assert(lab_got(H(3), &frame));
    table_get_stats(dp_table(lab.dp), &stats);
    ck_assert_uint_eq(stats.active, 0);
    dp_set_mode(lab.dp, DP_CONTROLLED);
    lab_send(1, &frame);
    ck_assert(lab_got(0, &frame));
    ck_assert_uint_eq(lab.packet_ins, 1);
}
END_TEST

START_TEST(without_emergency_entries_the_flows_stay)
{
    everything(lab_output(2));
    dp_set_mode(lab.dp, DP_EMERGENCY);
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
}
END_TEST

/* --- Queues (5.2.2) --------------------------------------------------------------------------- */

START_TEST(queues_are_a_port_s_own_and_count)
{
    struct buf *list = lab_actions();
    struct dp_queue q;
    ck_assert_int_eq(dp_queue_add(lab.dp, 99, 1, 0), -ENOENT);
    ck_assert_int_eq(dp_queue_add(lab.dp, 2, OFPQ_ALL, 0), -EINVAL);
    ck_assert_int_eq(dp_queue_add(lab.dp, 2, 5, 250), 0);
    ck_assert_int_eq(dp_port_set_rate(lab.dp, 2, 1000000), 0);
    ck_assert_int_eq(dp_port_set_rate(lab.dp, 99, 1000000), -ENOENT);
    ofp_put_enqueue(list, 2, 5);
    everything(span_of(list->data, list->len));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    lab_send(2, &frame); /* it came by that port */
    ck_assert(lab_got(0, &frame));
    ck_assert(!dp_queue(lab.dp, 1, 0, &q));
    ck_assert(dp_queue(lab.dp, 2, 0, &q));
    ck_assert_uint_eq(q.id, 5);
    ck_assert_uint_eq(q.min_rate, 250);
    ck_assert_uint_eq(q.tx_packets, 1);
    ck_assert(!dp_queue(lab.dp, 2, 1, &q));
    ck_assert_int_eq(dp_queue_remove(lab.dp, 2, 5), 0);
    ck_assert_int_eq(dp_queue_remove(lab.dp, 1, 5), -ENOENT);
    lab_send(1, &frame); /* as plain output then */
    ck_assert(lab_got(H(2), &frame));
}
END_TEST

START_TEST(enqueue_to_in_port_goes_back)
{
    struct buf *list = lab_actions();
    ofp_put_enqueue(list, OFPP_IN_PORT, 5);
    everything(span_of(list->data, list->len));
    lab_send(1, &frame);
    ck_assert(lab_got(H(1), &frame));
}
END_TEST

/* --- Hooks ------------------------------------------------------------------------------------ */

static struct {
    size_t before, after, misses, actions;
    bool matched;
    enum dp_verdict verdict;
} heard;

static enum dp_verdict hear_before(void *user, struct pkt **p, const struct ofp_key *key)
{
    (void)user, (void)p, (void)key;
    heard.before++;
    return heard.verdict;
}

static enum dp_verdict hear_after(void *user, struct pkt **p, const struct ofp_key *key,
                                  bool matched)
{
    (void)user, (void)p, (void)key;
    heard.after++;
    heard.matched = matched;
    return DP_GO_ON;
}

/* As an application would: answer the miss with a flow, at once, and send the packet by it. */
static void hear_miss(void *user, struct pkt *p, const struct ofp_key *key)
{
    (void)user, (void)key;
    heard.misses++;
    everything(lab_output(4));
    dp_send(lab.dp, pkt_ref(p), 1, lab_output(3));
}

static void turn_first_byte(void *user, struct pkt **p, struct span action)
{
    (void)user;
    ck_assert_uint_eq(action.len, 16);
    heard.actions++;
    *p = pkt_writable(*p);
    (*p)->data[0] = 0x42;
}

START_TEST(hooks_see_packets_before_and_after_the_lookup)
{
    const struct dp_hooks hooks = {.before_lookup = hear_before, .after_lookup = hear_after};
    memset(&heard, 0, sizeof heard);
    dp_set_hooks(lab.dp, &hooks, NULL);
    lab_send(1, &frame);
    lab_rest();
    ck_assert_uint_eq(heard.before, 1);
    ck_assert_uint_eq(heard.after, 1);
    ck_assert(!heard.matched);
    ck_assert_uint_eq(lab.packet_ins, 1);
    everything(lab_output(2));
    lab_send(1, &frame);
    ck_assert(lab_got(H(2), &frame));
    ck_assert(heard.matched);
    heard.verdict = DP_CONSUMED;
    lab_send(1, &frame);
    ck_assert(lab_got(0, &frame));
    ck_assert_uint_eq(heard.after, 2);
}
END_TEST

/* Four packets of one batch: the first misses, the others find the flow that the hook added. */
START_TEST(a_miss_handler_may_change_the_table_in_the_middle_of_a_batch)
{
    const struct dp_hooks hooks = {.miss = hear_miss};
    memset(&heard, 0, sizeof heard);
    dp_set_hooks(lab.dp, &hooks, NULL);
    for (int i = 0; i < 4; i++)
        lab_send(1, &frame);
    lab_rest();
    ck_assert_uint_eq(heard.misses, 1);
    ck_assert_uint_eq(lab.packet_ins, 0);
    ck_assert_uint_eq(lab.host[3].frames, 1);
    ck_assert_uint_eq(lab.host[4].frames, 3);
}
END_TEST

START_TEST(an_action_can_be_added)
{
    const struct dp_hooks hooks = {.action_vendor = 0xabcdef, .action = turn_first_byte};
    struct buf *list = lab_actions();
    memset(&heard, 0, sizeof heard);
    dp_set_hooks(lab.dp, &hooks, NULL);
    ofp_put_output(list, 2, 0);
    ofp_put_vendor_action(list, 0xabcdef, "12345678", 8);
    ofp_put_output(list, 3, 0);
    everything(span_of(list->data, list->len));
    lab_send(1, &frame);
    lab_rest();
    ck_assert_uint_eq(heard.actions, 1);
    ck_assert(frame_is(&frame, lab.host[2].kept[0]));
    frame.dst[0] = 0x42;
    ck_assert(frame_is(&frame, lab.host[3].kept[0]));
}
END_TEST

/* --- What it says of itself, and a slow one --------------------------------------------------- */

START_TEST(features_tell_the_truth)
{
    struct ofp_msg_features f;
    dp_features(lab.dp, &f);
    ck_assert_uint_eq(f.datapath_id, 1);
    ck_assert_uint_eq(f.n_buffers, 256);
    ck_assert_uint_eq(f.n_tables, 1);
    ck_assert_uint_eq(f.actions, 0xfff);
    ck_assert_uint_eq(f.capabilities, OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_PORT_STATS |
                                          OFPC_QUEUE_STATS | OFPC_ARP_MATCH_IP | OFPC_IP_REASM);
    ck_assert_str_eq(dp_description(lab.dp), "");
}
END_TEST

START_TEST(a_slow_switch_sends_its_packet_ins_late_and_in_order)
{
    struct dp_config config;
    lab_end();
    dp_defaults(&config);
    config.packet_in_delay = 50 * NS_PER_MS;
    config.n_buffers = 3;
    lab_begin(&config, 0);
    for (int host = 1; host <= LAB_HOSTS; host++) {
        lab_send(host, &frame);
        lab_pass(10 * NS_PER_MS);
    }
    ck_assert_uint_eq(lab.packet_ins, 0);
    lab_pass(15 * NS_PER_MS);
    ck_assert_uint_eq(lab.packet_ins, 1);
    lab_pass(40 * NS_PER_MS);
    ck_assert_uint_eq(lab.packet_ins, 3); /* the fourth had no place to wait */
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(lab.packet_in[i].in.in_port, i + 1);
}
END_TEST

START_TEST(a_slow_switch_says_how_long_requests_take)
{
    struct dp_config config;
    ck_assert_uint_eq(dp_delay(lab.dp, OFPT_FLOW_MOD), 0);
    lab_end();
    dp_defaults(&config);
    config.flow_mod_delay = 5;
    config.stats_delay = 7;
    lab_begin(&config, 0);
    ck_assert_uint_eq(dp_delay(lab.dp, OFPT_FLOW_MOD), 5);
    ck_assert_uint_eq(dp_delay(lab.dp, OFPT_STATS_REQUEST), 7);
    ck_assert_uint_eq(dp_delay(lab.dp, OFPT_BARRIER_REQUEST), 0);
}
END_TEST

START_TEST(options_reach_the_configuration)
{
    char program[] = "p", flows[] = "--max-flows=77", dpid[] = "--dpid=0x2a";
    char *argv[] = {program, flows, dpid};
    struct dp_config config;
    struct config_option rows[DP_N_OPTIONS];
    const struct config_option *const tables[] = {rows, NULL};
    const struct config parser = {.program = "p", .tables = tables};
    char error[CONFIG_ERROR];
    int rest;
    dp_defaults(&config);
    dp_options(&config, rows);
    ck_assert_int_eq(config_parse(&parser, 3, argv, &rest, error), 0);
    ck_assert_uint_eq(config.max_flows, 77);
    ck_assert_uint_eq(config.id, 0x2a);
    ck_assert_ptr_null(rows[DP_N_OPTIONS - 1].name);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dp");
    TCase *c = tcase_create("dp");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, lab_end);
    tcase_add_test(c, a_miss_is_buffered_and_its_first_bytes_are_sent);
    tcase_add_test(c, miss_send_len_is_the_controller_s_to_set);
    tcase_add_test(c, when_buffers_are_out_packets_are_sent_whole);
    tcase_add_test(c, a_buffer_id_is_good_once_and_for_a_time);
    tcase_add_test(c, a_super_frame_that_no_buffer_takes_comes_as_its_segments);
    tcase_add_test(c, a_flow_mod_takes_its_buffered_packet_along);
    tcase_add_test(c, a_flow_mod_with_a_stale_buffer_is_applied_and_answered_with_the_error);
    tcase_add_test(c, a_queue_that_is_not_there_is_a_bad_action);
    tcase_add_test(c, flow_removed_says_why_and_how_long);
    tcase_add_test(c, an_idle_flow_that_is_used_lives);
    tcase_add_test(c, only_who_asked_is_told_of_a_deletion);
    tcase_add_test(c, fragments_pass_or_are_dropped_as_configured);
    tcase_add_test(c, each_port_flag_does_what_it_says_and_no_more);
    tcase_add_test(c, no_packet_in_is_about_misses_only);
    tcase_add_test(c, a_port_mod_is_told_to_all_and_only_its_mask_counts);
    tcase_add_test(c, a_port_mod_of_another_port_is_refused);
    tcase_add_test(c, a_link_that_goes_down_and_up_is_told);
    tcase_add_test(c, a_device_that_goes_away_is_a_port_that_is_down_and_keeps_its_counts);
    tcase_add_test(c, ports_are_added_and_removed_at_run_time);
    tcase_add_test(c, a_port_says_what_it_is);
    tcase_add_test(c, the_datapath_id_is_the_first_port_s_address_unless_given);
    tcase_add_test(c, port_counters_count_both_ways);
    tcase_add_test(c, standing_alone_it_is_a_learning_switch);
    tcase_add_test(c, emergency_entries_take_over_and_the_others_are_deleted);
    tcase_add_test(c, without_emergency_entries_the_flows_stay);
    tcase_add_test(c, queues_are_a_port_s_own_and_count);
    tcase_add_test(c, enqueue_to_in_port_goes_back);
    tcase_add_test(c, hooks_see_packets_before_and_after_the_lookup);
    tcase_add_test(c, a_miss_handler_may_change_the_table_in_the_middle_of_a_batch);
    tcase_add_test(c, an_action_can_be_added);
    tcase_add_test(c, features_tell_the_truth);
    tcase_add_test(c, a_slow_switch_sends_its_packet_ins_late_and_in_order);
    tcase_add_test(c, a_slow_switch_says_how_long_requests_take);
    tcase_add_test(c, options_reach_the_configuration);
    return unit_main(s);
}
