/*
 * test_execute.c - lists of actions: in order, on one packet, and out of the ports that they say.
 *
 * Each test sends packets through a datapath between simulated hosts (dp_lab.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/dp_lab.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#define H(n) (1u << (n))

static void set_up(void)
{
    lab_begin(NULL, 0);
}

static struct span span_of_list(const struct buf *list)
{
    return span_of(list->data, list->len);
}

/* What comes by any port is treated so. */
static void everything(struct span actions)
{
    struct ofp_match any = ofp_match_any();
    lab_flow(&any, 1, actions);
}

/* --- Where to (section 5.2.1) ----------------------------------------------------------------- */

START_TEST(output_goes_to_its_port_only)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    everything(lab_output(3));
    lab_send(1, &f);
    ck_assert(lab_got(H(3), &f));
}
END_TEST

START_TEST(nothing_leaves_by_the_port_that_it_came_by_unless_in_port_says_so)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    everything(lab_output(1));
    lab_send(1, &f);
    ck_assert(lab_got(0, &f));
    everything(lab_output(OFPP_IN_PORT));
    lab_send(1, &f);
    ck_assert(lab_got(H(1), &f));
}
END_TEST

START_TEST(all_is_every_port_but_its_own)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    ck_assert(lab_port_mod(3, OFPPC_NO_FLOOD, OFPPC_NO_FLOOD));
    everything(lab_output(OFPP_ALL));
    lab_send(2, &f);
    ck_assert(lab_got(H(1) | H(3) | H(4), &f));
}
END_TEST

START_TEST(flood_leaves_out_ports_that_do_not_want_it)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    everything(lab_output(OFPP_FLOOD));
    lab_send(2, &f);
    ck_assert(lab_got(H(1) | H(3) | H(4), &f));
    ck_assert(lab_port_mod(3, OFPPC_NO_FLOOD, OFPPC_NO_FLOOD));
    lab_send(2, &f);
    ck_assert(lab_got(H(1) | H(4), &f));
    lab_send(3, &f);
    ck_assert(lab_got(H(1) | H(2) | H(4), &f));
}
END_TEST

START_TEST(normal_learns_and_then_forwards)
{
    struct frame there = frame_between(1, 2, HDR_IP_UDP), back = frame_between(2, 1, HDR_IP_UDP);
    everything(lab_output(OFPP_NORMAL));
    lab_send(1, &there);
    ck_assert(lab_got(H(2) | H(3) | H(4), &there));
    lab_send(2, &back);
    ck_assert(lab_got(H(1), &back));
    lab_send(1, &there);
    ck_assert(lab_got(H(2), &there));
    sim_link_set_up("2", false);
    lab_rest();
    lab_send(1, &there);
    ck_assert(lab_got(H(3) | H(4), &there));
}
END_TEST

/* NORMAL looks at the packet as it is by then. */
START_TEST(normal_keeps_to_the_vlan_that_was_set)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP), back = frame_between(2, 1, HDR_IP_UDP);
    struct buf *list = lab_actions();
    ofp_put_set_vlan_vid(list, 7);
    ofp_put_output(list, OFPP_NORMAL, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    lab_rest();
    lab_quiet();
    everything(lab_output(OFPP_NORMAL));
    lab_send(2, &back);
    ck_assert(lab_got(H(1) | H(3) | H(4), &back));
    back.tagged = true;
    back.tci = 7;
    lab_send(2, &back);
    ck_assert(lab_got(H(1), &back));
}
END_TEST

START_TEST(local_is_a_port_like_others)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct watcher local;
    ck_assert_int_eq(dp_port_add(lab.dp, "link:local", OFPP_LOCAL), 0);
    ck_assert_int_eq(watcher_begin(&local, "link:local", lab.pool), 0);
    lab_rest();
    everything(lab_output(OFPP_LOCAL));
    lab_send(1, &f);
    ck_assert(lab_got(0, &f));
    ck_assert_uint_eq(local.frames, 1);
    everything(lab_output(OFPP_FLOOD));
    netdev_send(local.dev, (struct pkt *[]){frame_pkt(&f, lab.pool)}, 1);
    ck_assert(lab_got(H(1) | H(2) | H(3) | H(4), &f));
    watcher_end(&local);
}
END_TEST

START_TEST(controller_gets_max_len_bytes_and_the_rest_is_buffered)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct buf *list = lab_actions();
    uint8_t bytes[FRAME_MAX];
    size_t len = frame_write(&f, bytes);
    ofp_put_output(list, OFPP_CONTROLLER, 20);
    everything(span_of_list(list));
    lab_send(4, &f);
    ck_assert(lab_got(0, &f));
    ck_assert_uint_eq(lab.packet_ins, 1);
    ck_assert_uint_eq(lab.packet_in[0].in.reason, OFPR_ACTION);
    ck_assert_uint_eq(lab.packet_in[0].in.in_port, 4);
    ck_assert_uint_eq(lab.packet_in[0].in.total_len, len);
    ck_assert_uint_eq(lab.packet_in[0].in.data.len, 20);
    ck_assert_mem_eq(lab.packet_in[0].data, bytes, 20);
    ck_assert(lab_packet_out_buffer(lab.packet_in[0].in.buffer_id, lab_output(3)));
    ck_assert(lab_got(H(3), &f));
}
END_TEST

START_TEST(a_port_that_is_not_there_is_no_fault)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    struct buf *list = lab_actions();
    ofp_put_output(list, 77, 0);
    ofp_put_output(list, 2, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    ck_assert(lab_got(H(2), &f));
}
END_TEST

START_TEST(no_actions_drop)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    everything(span_of(NULL, 0));
    lab_send(1, &f);
    ck_assert(lab_got(0, &f));
    ck_assert_uint_eq(lab.packet_ins, 0);
}
END_TEST

/* --- In order, each on what those before it left ---------------------------------------------- */

START_TEST(each_output_sends_the_packet_as_it_is_by_then)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP), as_sent[5];
    struct buf *list = lab_actions();
    ofp_put_output(list, 2, 0);
    ofp_put_set_vlan_vid(list, 100);
    ofp_put_output(list, 3, 0);
    ofp_put_set_nw_src(list, 0x01020304);
    ofp_put_set_tp_dst(list, 8080);
    ofp_put_strip_vlan(list);
    ofp_put_output(list, 4, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    lab_rest();
    as_sent[2] = as_sent[3] = as_sent[4] = f;
    as_sent[3].tagged = true;
    as_sent[3].tci = 100;
    as_sent[4].nw_src = 0x01020304;
    as_sent[4].tp_dst = 8080;
    for (int n = 2; n <= 4; n++) {
        ck_assert_uint_eq(lab.host[n].frames, 1);
        ck_assert(frame_is(&as_sent[n], lab.host[n].kept[0]));
    }
}
END_TEST

START_TEST(every_set_action_does_what_its_name_says)
{
    static const uint8_t mac[6] = {2, 9, 9, 9, 9, 9}, other[6] = {2, 8, 8, 8, 8, 8};
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct buf *list = lab_actions();
    ofp_put_set_dl_src(list, mac);
    ofp_put_set_dl_dst(list, other);
    ofp_put_set_vlan_pcp(list, 5);
    ofp_put_set_vlan_vid(list, 0x123);
    ofp_put_set_nw_src(list, 0xc0a80101);
    ofp_put_set_nw_dst(list, 0xc0a80102);
    ofp_put_set_nw_tos(list, 0xb8);
    ofp_put_set_tp_src(list, 1);
    ofp_put_set_tp_dst(list, 2);
    ofp_put_dec_ttl(list);
    ofp_put_output(list, 2, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    memcpy(f.src, mac, 6);
    memcpy(f.dst, other, 6);
    f.tagged = true;
    f.tci = 0xa123;
    f.nw_src = 0xc0a80101;
    f.nw_dst = 0xc0a80102;
    f.tos = 0xb8;
    f.tp_src = 1;
    f.tp_dst = 2;
    f.ttl--;
    ck_assert(lab_got(H(2), &f));
}
END_TEST

START_TEST(a_packet_whose_ttl_ends_goes_no_further)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct buf *list = lab_actions();
    f.ttl = 1;
    ofp_put_output(list, 2, 0);
    ofp_put_dec_ttl(list);
    ofp_put_output(list, 3, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    ck_assert(lab_got(H(2), &f));
}
END_TEST

/* Half changed it would be worse than lost. */
/* ovs-actions(7), dec_ttl. */
START_TEST(a_packet_whose_ttl_ends_is_sent_to_controllers_that_ask_for_it)
{
    struct ofp_msg_config config = {.flags = OFPC_INVALID_TTL_TO_CONTROLLER, .miss_send_len = 64};
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    uint8_t bytes[FRAME_MAX];
    struct buf *list = lab_actions();
    f.ttl = 1;
    f.payload = 100;
    dp_set_config(lab.dp, &config);
    ofp_put_dec_ttl(list);
    ofp_put_output(list, 2, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    ck_assert(lab_got(0, &f));
    ck_assert_uint_eq(lab.packet_ins, 1);
    ck_assert_uint_eq(lab.packet_in[0].in.reason, OFPR_INVALID_TTL);
    ck_assert_uint_eq(lab.packet_in[0].in.total_len, frame_write(&f, bytes));
    ck_assert_uint_eq(lab.packet_in[0].in.data.len, 64);
    ck_assert_mem_eq(lab.packet_in[0].data, bytes, 64);
    ck_assert(lab_packet_out_buffer(lab.packet_in[0].in.buffer_id, lab_output(3)));
    ck_assert(lab_got(H(3), &f));
}
END_TEST

START_TEST(without_memory_for_a_copy_the_packet_ends)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct dp_config config;
    struct buf *list = lab_actions();
    lab_end();
    dp_defaults(&config);
    config.n_pkts = 1;
    lab_begin(&config, 0);
    ofp_put_output(list, 2, 0);
    ofp_put_set_tp_dst(list, 9);
    ofp_put_output(list, 3, 0);
    everything(span_of_list(list));
    lab_send(1, &f);
    ck_assert(lab_got(H(2), &f));
}
END_TEST

START_TEST(table_sends_through_the_flows_and_leaves_the_list_its_packet)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP), changed = f;
    struct buf *flow = lab_actions(), *out = lab_actions();
    ofp_put_set_tp_dst(flow, changed.tp_dst = 4444);
    ofp_put_output(flow, 2, 0);
    everything(span_of_list(flow));
    ofp_put_output(out, OFPP_TABLE, 0);
    ofp_put_output(out, 3, 0);
    ck_assert(lab_packet_out(OFPP_NONE, &f, span_of_list(out)));
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 1);
    ck_assert(frame_is(&changed, lab.host[2].kept[0]));
    ck_assert_uint_eq(lab.host[3].frames, 1);
    ck_assert(frame_is(&f, lab.host[3].kept[0]));
}
END_TEST

/* --- What the kernel left undone -------------------------------------------------------------- */

START_TEST(partial_checksums_are_made_for_devices_that_cannot)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct buf *list = lab_actions();
    lab_end();
    lab_begin(NULL, NETDEV_TX_CSUM | NETDEV_RX_CSUM);
    ofp_put_set_nw_dst(list, 0x7f000001);
    ofp_put_set_tp_src(list, 5);
    ofp_put_output(list, 2, 0);
    ofp_put_output(list, OFPP_CONTROLLER, UINT16_MAX);
    everything(span_of_list(list));
    f.partial = true;
    lab_send(1, &f);
    f.nw_dst = 0x7f000001;
    f.tp_src = 5;
    ck_assert(lab_got(H(2), &f));
    /* The controller gets it as any other device would. */
    uint8_t whole[FRAME_MAX];
    f.partial = false;
    ck_assert_uint_eq(lab.packet_ins, 1);
    ck_assert_uint_eq(lab.packet_in[0].in.data.len, frame_write(&f, whole));
    ck_assert_mem_eq(lab.packet_in[0].data, whole, lab.packet_in[0].in.data.len);
}
END_TEST

/* A TCP super-frame of `n` bytes of payload. */
static struct pkt *super_frame(const struct frame *f, size_t n)
{
    struct pkt *p = pkt_new_for(lab.pool, 60000);
    uint8_t area[FRAME_MAX];
    size_t len = frame_write(f, area);
    be16 total = be16_of((uint16_t)(len - 14 + n)), sum = be16_of(0);
    memcpy(pkt_append(p, len), area, len);
    memset(pkt_append(p, n), 0xab, n);
    memcpy(p->data + 16, &total, 2);
    memcpy(p->data + 24, &sum, 2); /* a switch does not judge the IP header's checksum */
    p->offload = PKT_CSUM_PARTIAL | PKT_GSO_TCP4;
    p->csum_start = 34;
    p->csum_offset = 16;
    p->gso_size = 1400;
    return p;
}

START_TEST(super_frames_are_changed_and_cut_where_a_device_cannot_take_them)
{
    struct frame f = frame_between(1, 2, HDR_IP_TCP);
    struct buf *list = lab_actions();
    lab_end();
    lab_begin(NULL, NETDEV_TX_CSUM | NETDEV_TX_GSO4);
    sim_link_configure("3", &(struct sim_link_config){0});
    ck_assert_int_eq(dp_port_remove(lab.dp, 3), 0);
    ck_assert_int_eq(dp_port_add(lab.dp, "link:3", 3), 0);
    lab_rest();
    lab_quiet();
    ofp_put_set_tp_dst(list, 9999);
    ofp_put_output(list, 2, 0);
    ofp_put_output(list, 3, 0);
    everything(span_of_list(list));
    f.payload = 0;
    f.partial = true;
    lab_send_pkt(1, super_frame(&f, 14000));
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 1);
    ck_assert_uint_eq(lab.host[2].kept[0]->len, 54 + 14000);
    ck_assert_uint_eq(lab.host[3].frames, 10);
    for (int n = 2; n <= 3; n++)
        ck_assert_uint_eq(lab.host[n].kept[0]->data[36] << 8 | lab.host[n].kept[0]->data[37], 9999);
}
END_TEST

/* --- Random lists against a model ------------------------------------------------------------- */

/* What the next random action does to the frame and who gets it; returns the hosts. */
static uint32_t random_action(uint64_t *random, struct buf *list, struct frame *f)
{
    uint32_t n = (uint32_t)random_u64(random);
    switch (random_below(random, 7)) {
    case 0:
        ofp_put_set_vlan_vid(list, n & 0xfff);
        f->tci = (uint16_t)((f->tagged ? f->tci & 0xf000 : 0) | (n & 0xfff));
        f->tagged = true;
        return 0;
    case 1:
        ofp_put_strip_vlan(list);
        f->tagged = false;
        return 0;
    case 2:
        ofp_put_set_nw_src(list, f->nw_src = n);
        return 0;
    case 3:
        ofp_put_set_tp_src(list, f->tp_src = (uint16_t)n);
        return 0;
    case 4:
        ofp_put_output(list, OFPP_FLOOD, 0);
        return H(2) | H(3) | H(4);
    default:
        ofp_put_output(list, (uint16_t)(2 + n % 3), 0);
        return H(2 + n % 3);
    }
}

START_TEST(random_lists_do_what_a_plain_model_does)
{
    uint64_t random = (uint64_t)_i;
    for (int round = 0; round < 200; round++) {
        struct frame f = frame_between(1, 2, round % 2 ? HDR_IP_TCP : HDR_IP_UDP);
        struct frame want[LAB_HOSTS + 1][20];
        size_t wants[LAB_HOSTS + 1] = {0};
        struct buf *list = lab_actions();
        struct frame sent = f;
        for (uint64_t left = random_below(&random, 20); left > 0; left--) {
            uint32_t to = random_action(&random, list, &f);
            for (int n = 1; n <= LAB_HOSTS; n++)
                if (to & H(n))
                    want[n][wants[n]++] = f;
        }
        everything(span_of_list(list));
        lab_send(1, &sent);
        lab_rest();
        for (int n = 1; n <= LAB_HOSTS; n++) {
            ck_assert_uint_eq(lab.host[n].frames, wants[n]);
            for (size_t i = 0; i < wants[n]; i++)
                ck_assert(frame_is(&want[n][i], lab.host[n].kept[i]));
        }
        lab_quiet();
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("execute");
    TCase *c = tcase_create("execute");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, lab_end);
    tcase_add_test(c, output_goes_to_its_port_only);
    tcase_add_test(c, nothing_leaves_by_the_port_that_it_came_by_unless_in_port_says_so);
    tcase_add_test(c, all_is_every_port_but_its_own);
    tcase_add_test(c, flood_leaves_out_ports_that_do_not_want_it);
    tcase_add_test(c, normal_learns_and_then_forwards);
    tcase_add_test(c, normal_keeps_to_the_vlan_that_was_set);
    tcase_add_test(c, local_is_a_port_like_others);
    tcase_add_test(c, controller_gets_max_len_bytes_and_the_rest_is_buffered);
    tcase_add_test(c, a_port_that_is_not_there_is_no_fault);
    tcase_add_test(c, no_actions_drop);
    tcase_add_test(c, each_output_sends_the_packet_as_it_is_by_then);
    tcase_add_test(c, every_set_action_does_what_its_name_says);
    tcase_add_test(c, a_packet_whose_ttl_ends_goes_no_further);
    tcase_add_test(c, a_packet_whose_ttl_ends_is_sent_to_controllers_that_ask_for_it);
    tcase_add_test(c, without_memory_for_a_copy_the_packet_ends);
    tcase_add_test(c, table_sends_through_the_flows_and_leaves_the_list_its_packet);
    tcase_add_test(c, partial_checksums_are_made_for_devices_that_cannot);
    tcase_add_test(c, super_frames_are_changed_and_cut_where_a_device_cannot_take_them);
    tcase_add_loop_test(c, random_lists_do_what_a_plain_model_does, 0, 4);
    return unit_main(s);
}
