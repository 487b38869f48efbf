/*
 * test_traffic.c - the frames that morgana-bench sends (tools/bench/traffic.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/key.h"
#include "openflow/msg.h"
#include "openflow/validate.h"
#include "test/unit/unit.h"
#include "tools/bench/traffic.h"

#define IP_AT 14 /* in the frame */
#define L4_AT 34

static uint8_t room[TRAFFIC_MESSAGE_MAX];

/* A packet-in as the controller receives it. */
static struct ofp_msg_packet_in receive(const struct traffic *t, struct traffic_packet p)
{
    struct ofp_msg msg;
    struct ofp_fault fault;
    size_t n = traffic_put(t, room, 7, p, 4711, SIZE_MAX);
    ck_assert_uint_eq(n, sizeof(struct ofp_packet_in) + t->frame);
    ck_assert(ofp_validate(span_of(room, n), OFP_AT_CONTROLLER, &fault));
    ofp_decode(&msg, span_of(room, n));
    ck_assert_uint_eq(msg.type, OFPT_PACKET_IN);
    return msg.packet_in;
}

/* The one's complement sum of `n` bytes, folded. */
static uint32_t sum(const uint8_t *bytes, size_t n, uint32_t start)
{
    for (size_t i = 0; i < n; i++)
        start += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (start >> 16)
        start = (start >> 16) + (start & 0xffff);
    return start;
}

/* RFC 1071: what is covered by a good checksum, checksum included, sums to all ones. */
static void check_sums(struct span frame)
{
    const uint8_t *ip = frame.data + IP_AT;
    size_t l4_len = frame.len - L4_AT;
    ck_assert_uint_eq(sum(ip, 20, 0), 0xffff);
    ck_assert_uint_eq(sum(frame.data + L4_AT, l4_len, sum(ip + 12, 8, ip[9] + (uint32_t)l4_len)),
                      0xffff);
}

START_TEST(frames_are_what_they_say)
{
    static const uint32_t frames[] = {60, 64, 65, 128, 1514};
    static struct traffic t;
    uint64_t seed = 1;
    int tcp = 0;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        traffic_init(&t, 100, 48, frames[i]);
        for (int k = 0; k < 1000; k++) {
            struct traffic_packet p = traffic_pick(&t, &seed);
            struct ofp_msg_packet_in in = receive(&t, p);
            struct ofp_key key;
            uint8_t mac[OFP_ETH_ALEN];
            ck_assert_uint_eq(in.buffer_id, 4711);
            ck_assert_uint_eq(in.in_port, traffic_port(&t, p.src));
            ofp_key_extract(&key, in.data, in.in_port);
            traffic_mac(mac, 7, p.src);
            ck_assert_mem_eq(key.match.dl_src, mac, sizeof mac);
            traffic_mac(mac, 7, p.dst);
            ck_assert_mem_eq(key.match.dl_dst, mac, sizeof mac);
            ck_assert(key.match.nw_proto == 6 || key.match.nw_proto == 17);
            tcp += key.match.nw_proto == 6;
            check_sums(in.data);
        }
    }
    ck_assert_int_gt(tcp, 2000); /* of 5000 */
    ck_assert_int_lt(tcp, 3000);
}
END_TEST

START_TEST(hosts_of_a_pair_sit_at_different_ports)
{
    static struct traffic t;
    static const uint32_t shapes[][2] = {{2, 2}, {3, 2}, {49, 48}, {100, 48}, {65534, 512}};
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        traffic_init(&t, shapes[i][0], shapes[i][1], 64);
        for (int k = 0; k < 10000; k++) {
            struct traffic_packet p = traffic_pick(&t, &seed);
            ck_assert_uint_lt(p.src, t.hosts);
            ck_assert_uint_lt(p.dst, t.hosts);
            ck_assert_uint_ne(traffic_port(&t, p.src), traffic_port(&t, p.dst));
        }
    }
}
END_TEST

START_TEST(every_host_sends_and_is_sent_to)
{
    static struct traffic t;
    int sent[100] = {0}, got[100] = {0};
    uint64_t seed = 9;
    traffic_init(&t, 100, 48, 64);
    for (int k = 0; k < 100000; k++) {
        struct traffic_packet p = traffic_pick(&t, &seed);
        sent[p.src]++;
        got[p.dst]++;
    }
    for (int i = 0; i < 100; i++) {
        ck_assert_int_gt(sent[i], 500);
        ck_assert_int_gt(got[i], 500);
    }
}
END_TEST

START_TEST(a_host_introduces_itself_to_everybody)
{
    static struct traffic t;
    struct ofp_key key;
    traffic_init(&t, 100, 48, 64);
    for (uint16_t host = 0; host < 100; host++) {
        struct ofp_msg_packet_in in =
            receive(&t, (struct traffic_packet){.src = host, .dst = TRAFFIC_NOBODY});
        ofp_key_extract(&key, in.data, in.in_port);
        ck_assert_mem_eq(key.match.dl_dst, "\xff\xff\xff\xff\xff\xff", OFP_ETH_ALEN);
        ck_assert_uint_eq(be16_get(key.match.dl_type), 0x0806);
        ck_assert_uint_eq(be32_get(key.match.nw_src), be32_get(key.match.nw_dst));
        ck_assert_uint_eq(key.match.dl_src[5], host);
        for (size_t i = 14 + 28; i < in.data.len; i++)
            ck_assert_uint_eq(in.data.data[i], 0);
    }
}
END_TEST

START_TEST(a_frame_is_cut_to_miss_send_len)
{
    static struct traffic t;
    struct ofp_msg msg;
    size_t n;
    traffic_init(&t, 100, 48, 1514);
    n = traffic_put(&t, room, 0, (struct traffic_packet){.src = 1, .dst = 2}, 1, 128);
    ck_assert_uint_eq(n, sizeof(struct ofp_packet_in) + 128);
    ofp_decode(&msg, span_of(room, n));
    ck_assert_uint_eq(msg.packet_in.total_len, 1514);
    ck_assert_uint_eq(msg.packet_in.data.len, 128);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {frames_are_what_they_say,        hosts_of_a_pair_sit_at_different_ports,
                            every_host_sends_and_is_sent_to, a_host_introduces_itself_to_everybody,
                            a_frame_is_cut_to_miss_send_len, NULL};
    return unit_main(unit_suite("traffic", tests));
}
