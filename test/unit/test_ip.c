/*
 * test_ip.c - IPv4, its fragments, ICMP and UDP against RFC 791, 792, 768, 1122, 1191, 6864.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/ip_world.h"
#include <errno.h>

static struct ip_world w;
static struct test_frame f;
static uint8_t payload[FRAME_MAX];

static void come(void)
{
    frame_come(&w, &f, 0);
}

static void start(void)
{
    ip_world_start(&w);
    for (uint32_t n = 2; n < 5; n++)
        meet(&w, n);
    meet(&w, 254);
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7 + i / 256);
}

/* --- Input ----------------------------------------------------------------------------------- */

START_TEST(a_datagram_for_us_is_delivered_without_padding)
{
    start();
    frame_datagram(&f, HDR_IP_TCP, payload, 21);
    f.len += 5;
    come();
    ck_assert_uint_eq(w.tcp, 1);
    ck_assert_uint_eq(w.tcp_len, 21);
    ck_assert_uint_eq(w.tcp_src, HOST(2));
    ck_assert_uint_eq(w.tcp_dst, US);
    ck_assert_mem_eq(w.tcp_bytes, payload, 21);
    ip_world_end(&w);
}
END_TEST

static void bad_version(void)
{
    frame_ip(&f)->ver_ihl = 0x65;
}

static void bad_header_length(void)
{
    frame_ip(&f)->ver_ihl = 0x44;
}

static void options_past_the_end(void)
{
    frame_ip(&f)->ver_ihl = 0x4f;
}

static void longer_than_the_frame(void)
{
    frame_ip(&f)->total_len = be16_of(42);
}

static void shorter_than_its_header(void)
{
    frame_ip(&f)->total_len = be16_of(19);
}

START_TEST(a_header_that_cannot_be_is_dropped)
{
    static void (*const spoils[])(void) = {bad_version, bad_header_length, options_past_the_end,
                                           longer_than_the_frame, shorter_than_its_header};
    start();
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        frame_datagram(&f, HDR_IP_TCP, payload, 21);
        spoils[i]();
        frame_ip(&f)->checksum = be16_of(0);
        frame_ip(&f)->checksum = be16_of((uint16_t)~plain_sum(0, (uint8_t *)frame_ip(&f), 20));
        come();
        ck_assert_uint_eq(w.ip.counters.in_bad_header, i + 1);
    }
    frame_datagram(&f, HDR_IP_TCP, payload, 21);
    frame_ip(&f)->ttl++;
    come();
    ck_assert_uint_eq(w.ip.counters.in_bad_checksum, 1);
    frame_datagram(&f, HDR_IP_TCP, payload, 21);
    for (f.len = 0; f.len < 14 + 41; f.len++)
        come();
    ck_assert_uint_eq(w.tcp + w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(martians_are_dropped)
{
    static const uint32_t sources[] = {0,          0x7f000001, 0xe0000001, 0xffffffff,
                                       0xf0000001, US,         HOST(255),  HOST(0)};
    start();
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        frame_datagram(&f, HDR_IP_TCP, payload, 21)->src = be32_of(sources[i]);
        frame_sum_ip(&f);
        come();
        ck_assert_uint_eq(w.ip.counters.in_martian, i + 1);
    }
    frame_datagram(&f, HDR_IP_TCP, payload, 21)->dst = be32_of(0x7f000001);
    frame_sum_ip(&f);
    come();
    ck_assert_uint_eq(w.ip.counters.in_martian, 9);
    ck_assert_uint_eq(w.tcp + w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(what_is_for_others_is_dropped)
{
    static const uint32_t others[] = {HOST(3), FAR_AWAY, 0xe0000001, 0};
    start();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        frame_datagram(&f, HDR_IP_TCP, payload, 21)->dst = be32_of(others[i]);
        frame_sum_ip(&f);
        come();
        ck_assert_uint_eq(w.ip.counters.in_not_ours, i + 1);
    }
    frame_datagram(&f, HDR_IP_TCP, payload, 21); /* RFC 1122 section 3.3.6 */
    memset(f.bytes, 0xff, 6);
    come();
    ck_assert_uint_eq(w.ip.counters.in_not_ours, 5);
    frame_datagram(&f, HDR_IP_TCP, payload, 21);
    f.bytes[5] = 9; /* another's frame */
    come();
    ck_assert_uint_eq(w.ip.counters.frames_other, 1);
    ck_assert_uint_eq(w.tcp + w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_is_reached_at_its_own_interface_only)
{
    ip_world_bare(&w, 2);
    ip_set_address(&w.ip, 0, US, 24, w.now);
    ip_set_address(&w.ip, 1, FAR_AWAY, 24, w.now);
    frame_datagram(&f, HDR_IP_TCP, payload, 21)->dst = be32_of(FAR_AWAY);
    frame_sum_ip(&f);
    come();
    ck_assert_uint_eq(w.tcp, 0);
    mac_of(0x101, f.bytes);
    frame_come(&w, &f, 1);
    ck_assert_uint_eq(w.tcp, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(tcp_hears_nothing_that_went_to_many)
{
    start();
    for (int i = 0; i < 2; i++) {
        frame_datagram(&f, HDR_IP_TCP, payload, 21)->dst =
            be32_of(i ? ADDRESS_BROADCAST : HOST(255));
        frame_sum_ip(&f);
        memset(f.bytes, 0xff, 6);
        come();
    }
    ck_assert_uint_eq(w.tcp, 0);
    ip_world_end(&w);
}
END_TEST

/* A datagram with these options. */
static void with_options(const uint8_t *options, size_t n)
{
    uint8_t bytes[80];
    memcpy(bytes, options, n);
    memset(bytes + n, 'x', 21);
    frame_datagram(&f, HDR_IP_TCP, bytes, n + 21);
    frame_ip(&f)->ver_ihl = (uint8_t)(0x45 + n / 4);
    frame_sum_ip(&f);
    come();
}

START_TEST(options_are_skipped_and_source_routes_refused)
{
    static const uint8_t record_route[8] = {7, 7, 4, 0, 0, 0, 0, 0};
    static const uint8_t ended[4] = {1, 0, 99, 99};
    static const uint8_t loose[8] = {1, 131, 7, 4, 10, 0, 0, 9};
    static const uint8_t strict[8] = {137, 7, 4, 10, 0, 0, 9, 0};
    start();
    with_options(record_route, 8);
    ck_assert_uint_eq(w.tcp, 1);
    ck_assert_uint_eq(w.tcp_len, 21);
    with_options(ended, 4);
    ck_assert_uint_eq(w.tcp, 2);
    with_options(loose, 8);
    with_options(strict, 8);
    ck_assert_uint_eq(w.tcp, 2);
    ck_assert_uint_eq(w.ip.counters.in_source_route, 2);
    ck_assert_uint_eq(w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_broken_option_is_a_parameter_problem_with_its_place)
{
    static const uint8_t broken[][4] = {{7, 0, 0, 0}, {7, 1, 0, 0}, {7, 5, 0, 0}, {1, 1, 1, 7}};
    start();
    for (size_t i = 0; i < 4; i++) {
        with_options(broken[i], 4);
        ck_assert_uint_eq(w.n_sent, i + 1);
        ck_assert_uint_eq(sent_icmp(&w, i)->type, ICMP_PARAMETER_PROBLEM);
        ck_assert_uint_eq(sent_icmp(&w, i)->u.parameter.pointer, i < 3 ? 20 : 23);
    }
    ck_assert_uint_eq(w.tcp, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_packet_that_others_hold_is_not_changed)
{
    struct pkt *p;
    start();
    frame_datagram(&f, HDR_IP_TCP, payload, 21);
    p = pkt_new(w.rx);
    memcpy(pkt_append(p, f.len), f.bytes, f.len);
    ip_receive(&w.ip, 0, pkt_ref(p), w.now);
    ck_assert_uint_eq(w.tcp, 1);
    ck_assert_uint_eq(p->len, f.len);
    ck_assert_mem_eq(p->data, f.bytes, f.len);
    pkt_unref(p);
    pkt_unref(p);
    ip_world_end(&w);
}
END_TEST

/* --- Fragments that come --------------------------------------------------------------------- */

/* Fragments that wait to be put together. */
static uint32_t waiting(void)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(w.rx, &stats);
    return stats.total - stats.free;
}

/* Bytes [from, to) of a datagram's payload. */
static void fragment(uint16_t id, size_t from, size_t to, bool more)
{
    struct hdr_ipv4 *h = frame_datagram(&f, HDR_IP_TCP, payload + from, to - from);
    h->id = be16_of(id);
    h->frag = be16_of((uint16_t)(from / 8 | (more ? HDR_IP_MF : 0)));
    frame_sum_ip(&f);
    come();
}

START_TEST(fragments_in_any_order_become_the_datagram)
{
    static const uint8_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    static const size_t at[] = {0, 1480, 1488, 2960, 4003};
    start();
    for (size_t o = 0; o < 4; o++) {
        for (size_t i = 0; i < 4; i++) {
            size_t n = orders[o][i];
            ck_assert_uint_eq(w.tcp, o);
            fragment((uint16_t)o, at[n], at[n + 1], n < 3);
            if (i < 3)
                fragment((uint16_t)o, at[n], at[n + 1], n < 3); /* each twice: no matter */
        }
        ck_assert_uint_eq(w.tcp, o + 1);
        ck_assert_uint_eq(w.tcp_len, 4003);
        ck_assert_mem_eq(w.tcp_bytes, payload, 4003);
    }
    ck_assert_uint_eq(waiting(), 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(the_largest_datagram_is_put_together_and_a_larger_one_is_not)
{
    size_t most = 65535 - 20, at;
    start();
    for (at = 0; at + 1480 < most; at += 1480)
        fragment(1, at, at + 1480, true);
    fragment(1, at, most, false);
    ck_assert_uint_eq(w.tcp, 1);
    ck_assert_uint_eq(w.tcp_len, most);
    ck_assert_mem_eq(w.tcp_bytes, payload, most);
    fragment(2, 65528, 65528 + 16, false);
    ck_assert_uint_eq(w.ip.fragment_counters.bad, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(fragments_that_overlap_spoil_the_whole_datagram)
{
    static const struct {
        size_t from, to;
        bool more;
    } seconds[] = {
        {16, 40, true}, /* its tail is ours again */
        {0, 32, true},  /* all of ours, and more */
        {8, 16, true},  /* within it */
        {0, 16, true},  /* shorter at the same place */
        {8, 24, false}, /* an end before what came */
    };
    start();
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        fragment((uint16_t)i, 0, 24, true);
        fragment((uint16_t)i, seconds[i].from, seconds[i].to, seconds[i].more);
        ck_assert_uint_eq(w.ip.fragment_counters.overlaps, i + 1);
        fragment((uint16_t)i, 0, 24, true); /* and what still comes of it (RFC 5722) */
        fragment((uint16_t)i, 24, 30, false);
        ck_assert_uint_eq(w.tcp, 0);
    }
    ck_assert_uint_eq(waiting(), 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(two_ends_of_a_datagram_spoil_it)
{
    start();
    fragment(1, 24, 30, false);
    fragment(1, 32, 40, true); /* behind the end */
    ck_assert_uint_eq(w.ip.fragment_counters.overlaps, 1);
    fragment(2, 24, 30, false);
    fragment(2, 32, 40, false);
    ck_assert_uint_eq(w.ip.fragment_counters.overlaps, 2);
    fragment(3, 32, 40, true);
    fragment(3, 24, 30, false); /* before what came */
    ck_assert_uint_eq(w.ip.fragment_counters.overlaps, 3);
    ip_world_end(&w);
}
END_TEST

/* RFC 8200 section 4.5 drops it alone; RFC 791 does not say. */
START_TEST(an_impossible_fragment_is_dropped_and_harms_no_other)
{
    start();
    fragment(4, 8, 16, false);
    fragment(4, 0, 7, true); /* not whole words, but not the last */
    ck_assert_uint_eq(w.ip.fragment_counters.bad, 1);
    fragment(4, 0, 8, true);
    ck_assert_uint_eq(w.tcp, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(what_is_not_whole_in_a_minute_is_dropped_and_its_sender_told)
{
    start();
    fragment(1, 0, 24, true);
    fragment(2, 24, 48, true); /* the first one is missing: nobody is told (RFC 792) */
    ip_world_wait(&w, 59 * NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 0);
    ip_world_wait(&w, 2 * NS_PER_S);
    ck_assert_uint_eq(w.ip.fragment_counters.timed_out, 2);
    ck_assert_uint_eq(w.n_sent, 1);
    ck_assert_uint_eq(sent_icmp(&w, 0)->type, ICMP_TIME_EXCEEDED);
    ck_assert_uint_eq(sent_icmp(&w, 0)->code, ICMP_REASSEMBLY_TIME);
    ck_assert_uint_eq(waiting(), 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_flood_of_fragments_is_bounded_and_others_still_get_through)
{
    start();
    for (uint16_t id = 0; id < 1000; id++)
        fragment(id, 8, 16, true);
    ck_assert_uint_eq(waiting(), IP_DATAGRAMS);
    for (size_t i = 0; i < 2 * REASSEMBLY_PIECES; i++)
        fragment(2000, 8 * i, 8 * i + 8, true);
    ck_assert_uint_le(waiting(), IP_DATAGRAMS);
    for (uint16_t id = 3000; id < 3010; id++)
        for (size_t i = 1; i < REASSEMBLY_PIECES; i++)
            fragment(id, 8 * i, 8 * i + 8, true);
    ck_assert_uint_le(waiting(), IP_FRAGMENTS);
    fragment(4000, 0, 8, true);
    fragment(4000, 8, 10, false);
    ck_assert_uint_eq(w.tcp, 1);
    ip_world_end(&w);
}
END_TEST

/* --- Output ---------------------------------------------------------------------------------- */

START_TEST(a_datagram_leaves_with_a_right_header)
{
    const struct hdr_ipv4 *h;
    start();
    ck_assert_int_eq(send_datagram(&w, HOST(2), 100, true), 0);
    ck_assert_uint_eq(w.n_sent, 1);
    h = sent_ip(&w, 0);
    ck_assert(sent_to(&w, 0, 2));
    ck_assert_uint_eq(be16_get(h->total_len), 120);
    ck_assert_uint_eq(be16_get(h->frag), HDR_IP_DF);
    ck_assert_uint_eq(h->ttl, 64);
    ck_assert_uint_eq(be32_get(h->src), US);
    ck_assert_uint_eq(be32_get(h->dst), HOST(2));
    ck_assert_mem_eq(h + 1, payload, 100);
    ip_world_end(&w);
}
END_TEST

START_TEST(what_lies_behind_the_gateway_goes_to_it)
{
    start();
    ck_assert_int_eq(send_datagram(&w, FAR_AWAY, 100, true), 0);
    ck_assert(sent_to(&w, 0, 254));
    ck_assert_uint_eq(be32_get(sent_ip(&w, 0)->dst), FAR_AWAY);
    route_remove(&w.ip.routes, 0);
    ck_assert_int_eq(send_datagram(&w, FAR_AWAY, 100, true), -ENETUNREACH);
    ck_assert_int_eq(send_datagram(&w, 0xe0000001, 100, true), -ENETUNREACH);
    ip_interface_down(&w.ip, 0, w.now);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 100, true), -ENETUNREACH);
    ip_world_end(&w);
}
END_TEST

START_TEST(what_is_longer_than_the_link_takes_is_fragmented)
{
    size_t at = 0;
    uint16_t id;
    start();
    ck_assert_int_eq(send_datagram(&w, HOST(2), 4003, false), 0);
    ck_assert_uint_eq(w.n_sent, 3);
    id = be16_get(sent_ip(&w, 0)->id);
    for (size_t i = 0; i < 3; i++) {
        const struct hdr_ipv4 *h = sent_ip(&w, i);
        size_t len = be16_get(h->total_len) - sizeof *h;
        ck_assert_uint_le(be16_get(h->total_len), 1500);
        ck_assert_uint_eq(be16_get(h->id), id);
        ck_assert_uint_eq(be16_get(h->frag), at / 8 | (i < 2 ? HDR_IP_MF : 0));
        ck_assert_mem_eq(h + 1, payload + at, len);
        at += len;
    }
    ck_assert_uint_eq(at, 4003);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 1481, true), -EMSGSIZE);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 65516, false), -EMSGSIZE);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 1480, true), 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(identifications_between_two_hosts_do_not_come_again_soon)
{
    static bool seen[65536];
    start();
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < 30000; i++) {
        uint16_t id;
        ck_assert_int_eq(send_datagram(&w, HOST(2), 8, false), 0);
        id = be16_get(sent_ip(&w, 0)->id);
        ck_assert(!seen[id]);
        seen[id] = true;
        ip_world_forget(&w);
    }
    ip_world_end(&w);
}
END_TEST

START_TEST(what_is_for_ourselves_comes_back)
{
    start();
    ck_assert_int_eq(send_datagram(&w, US, 3000, true), 0);
    ck_assert_int_eq(send_datagram(&w, ADDRESS_LOOPBACK, 30, true), 0);
    ck_assert_uint_eq(w.looped, 1);
    ck_assert_uint_eq(w.tcp, 0);
    ip_turn_looped(&w.ip, w.now);
    ck_assert_uint_eq(w.tcp, 2);
    ck_assert_uint_eq(w.tcp_src, ADDRESS_LOOPBACK);
    ck_assert_uint_eq(w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

/* --- Echo ------------------------------------------------------------------------------------ */

START_TEST(an_echo_request_is_answered_with_the_same_bytes)
{
    static const size_t lengths[] = {0, 1, 56, 1472};
    start();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct hdr_icmp *h;
        frame_icmp(&f, ICMP_ECHO_REQUEST, 0, 0x12345678, payload, lengths[i]);
        come();
        ck_assert_uint_eq(w.n_sent, 1);
        h = sent_icmp(&w, 0);
        ck_assert_uint_eq(h->type, ICMP_ECHO_REPLY);
        ck_assert_uint_eq(be16_get(h->u.echo.id), 0x1234);
        ck_assert_uint_eq(be16_get(h->u.echo.seq), 0x5678);
        ck_assert_mem_eq(h + 1, payload, lengths[i]);
        ip_world_forget(&w);
    }
    ip_world_end(&w);
}
END_TEST

START_TEST(an_echo_to_many_or_with_a_wrong_sum_is_not_answered)
{
    start();
    frame_icmp(&f, ICMP_ECHO_REQUEST, 0, 1, payload, 8);
    frame_ip(&f)->dst = be32_of(HOST(255));
    frame_sum_ip(&f);
    memset(f.bytes, 0xff, 6);
    come();
    frame_icmp(&f, ICMP_ECHO_REQUEST, 0, 1, payload, 8);
    frame_payload(&f)[9] ^= 1;
    come();
    ck_assert_uint_eq(w.n_sent, 0);
    ck_assert_uint_eq(w.ip.counters.icmp_bad, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(our_own_echo_requests_are_answered)
{
    start();
    ck_assert_int_eq(icmp_echo(&w.ip, HOST(2), 7, 8, span_of(payload, 100), w.now), 0);
    ck_assert_uint_eq(sent_icmp(&w, 0)->type, ICMP_ECHO_REQUEST);
    frame_icmp(&f, ICMP_ECHO_REPLY, 0, 7 << 16 | 8, payload, 100);
    come();
    ck_assert_uint_eq(w.replies, 1);
    ck_assert_uint_eq(w.reply_id, 7);
    ck_assert_uint_eq(w.reply_seq, 8);
    ck_assert_uint_eq(w.reply_len, 100);
    ip_world_end(&w);
}
END_TEST

/* --- Errors that we send --------------------------------------------------------------------- */

START_TEST(an_unknown_protocol_and_port_are_told_with_the_packet_quoted)
{
    start();
    frame_datagram(&f, 99, payload, 1000);
    come();
    ck_assert_uint_eq(sent_icmp(&w, 0)->type, ICMP_UNREACHABLE);
    ck_assert_uint_eq(sent_icmp(&w, 0)->code, ICMP_PROTOCOL_UNREACHABLE);
    ck_assert_uint_eq(be16_get(sent_ip(&w, 0)->total_len), 576); /* RFC 1812 section 4.3.2.3 */
    ck_assert_mem_eq(sent_icmp(&w, 0) + 1, frame_ip(&f), 576 - 28);
    frame_udp(&f, 1000, 2000, payload, 10);
    come();
    ck_assert_uint_eq(sent_icmp(&w, 1)->code, ICMP_PORT_UNREACHABLE);
    ck_assert_mem_eq(sent_icmp(&w, 1) + 1, frame_ip(&f), 38);
    ck_assert_uint_eq(be16_get(sent_ip(&w, 1)->total_len), 28 + 38);
    ip_world_end(&w);
}
END_TEST

START_TEST(errors_are_never_about_errors_fragments_or_what_went_to_many)
{
    start();
    frame_icmp(&f, ICMP_UNREACHABLE, 3, 0, payload, 40);
    frame_ip(&f)->ver_ihl = 0x46; /* an option that is no good, in an error */
    frame_ip(&f)->proto = HDR_IP_ICMP;
    frame_payload(&f)[0] = 3;
    ((uint8_t *)frame_ip(&f))[20] = 7;
    ((uint8_t *)frame_ip(&f))[21] = 0;
    frame_sum_ip(&f);
    come();
    frame_udp(&f, 1000, 2000, payload, 10);
    frame_ip(&f)->dst = be32_of(HOST(255));
    frame_sum_ip(&f);
    memset(f.bytes, 0xff, 6);
    come();
    ck_assert_uint_eq(w.ip.counters.udp_no_port, 1);
    fragment(1, 8, 16, true);
    ip_world_wait(&w, 70 * NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(errors_leave_at_a_bounded_rate)
{
    start();
    for (int i = 0; i < 300; i++) {
        frame_udp(&f, 1000, 2000, payload, 10);
        come();
    }
    ck_assert_uint_eq(w.n_sent, 20);
    ck_assert_uint_eq(w.ip.counters.icmp_limited, 280);
    w.now += NS_PER_S / 10;
    for (int i = 0; i < 300; i++) {
        frame_udp(&f, 1000, 2000, payload, 10);
        come();
    }
    ck_assert_uint_eq(w.n_sent, 30);
    ip_world_end(&w);
}
END_TEST

/* --- Errors that come ------------------------------------------------------------------------ */

/* The packet that an error quotes: eight bytes of ours to `dst`. */
static void quote(uint8_t *to, uint8_t protocol, uint32_t src)
{
    struct hdr_ipv4 h = {.ver_ihl = 0x45,
                         .total_len = be16_of(1500),
                         .proto = protocol,
                         .src = be32_of(src),
                         .dst = be32_of(FAR_AWAY)};
    memcpy(to, &h, sizeof h);
    memcpy(to + sizeof h, payload, 8);
}

START_TEST(an_error_is_handed_to_the_protocol_that_it_quotes)
{
    uint8_t quoted[28];
    start();
    quote(quoted, HDR_IP_TCP, US);
    frame_icmp(&f, ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, 1400, quoted, 28);
    come();
    ck_assert_uint_eq(w.tcp_errors, 1);
    ck_assert_uint_eq(w.error.next_mtu, 1400);
    ck_assert_uint_eq(w.error.total_len, 1500);
    ck_assert_uint_eq(w.error.local, US);
    ck_assert_uint_eq(w.error.remote, FAR_AWAY);
    ck_assert_uint_eq(w.error.quoted.len, 8);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_error_that_quotes_too_little_or_another_host_is_dropped)
{
    uint8_t quoted[28];
    start();
    quote(quoted, HDR_IP_TCP, HOST(3));
    frame_icmp(&f, ICMP_UNREACHABLE, 1, 0, quoted, 28);
    come();
    quote(quoted, HDR_IP_TCP, US);
    for (size_t n = 0; n < 28; n++) {
        frame_icmp(&f, ICMP_UNREACHABLE, 1, 0, quoted, n);
        come();
    }
    quoted[0] = 0x4f;
    frame_icmp(&f, ICMP_UNREACHABLE, 1, 0, quoted, 28);
    come();
    ck_assert_uint_eq(w.tcp_errors, 0);
    ck_assert_uint_eq(w.ip.counters.icmp_bad, 30);
    frame_icmp(&f, ICMP_REDIRECT, 1, HOST(3), quoted, 28);
    come();
    ck_assert_uint_eq(w.ip.counters.redirects_ignored, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_source_quench_is_dropped_in_silence) /* RFC 6633, RFC 9293 MUST-55 */
{
    uint8_t quoted[28];
    start();
    quote(quoted, HDR_IP_TCP, US);
    frame_icmp(&f, ICMP_SOURCE_QUENCH, 0, 0, quoted, 28);
    come();
    ck_assert_uint_eq(w.tcp_errors, 0);
    ck_assert_uint_eq(w.ip.counters.redirects_ignored, 1);
    ip_world_end(&w);
}
END_TEST

/* --- UDP ------------------------------------------------------------------------------------- */

static unsigned heard, errors;
static size_t heard_len;
static struct udp_from heard_from;
static int last_error;

static void on_udp(void *user, const struct udp_from *from, struct span bytes)
{
    (void)user;
    heard++;
    heard_from = *from;
    heard_len = bytes.len;
    ck_assert_mem_eq(bytes.data, payload, bytes.len);
}

static void on_udp_error(void *user, int error)
{
    (void)user;
    errors++;
    last_error = error;
}

START_TEST(a_socket_hears_its_port)
{
    struct udp_socket s = {.receive = on_udp}, other = {.receive = on_udp};
    start();
    heard = 0;
    ck_assert_int_eq(udp_open(&w.ip, &s, 2000), 0);
    ck_assert_int_eq(udp_open(&w.ip, &other, 2000), -EADDRINUSE);
    frame_udp(&f, 1000, 2000, payload, 10);
    come();
    ck_assert_uint_eq(heard, 1);
    ck_assert_uint_eq(heard_len, 10);
    ck_assert_uint_eq(heard_from.src, HOST(2));
    ck_assert_uint_eq(heard_from.port, 1000);
    udp_close(&s);
    udp_close(&s);
    come();
    ck_assert_uint_eq(heard, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_socket_that_names_a_peer_hears_only_it)
{
    struct udp_socket s = {.receive = on_udp, .peer = HOST(2), .peer_port = 53};
    start();
    heard = 0;
    ck_assert_int_eq(udp_open(&w.ip, &s, 0), 0);
    ck_assert_uint_ge(s.port, 49152);
    frame_udp(&f, 53, s.port, payload, 10);
    come();
    ck_assert_uint_eq(heard, 1);
    frame_udp(&f, 54, s.port, payload, 10);
    come();
    frame_udp(&f, 53, s.port, payload, 10);
    frame_ip(&f)->src = be32_of(HOST(3));
    frame_sum_ip(&f);
    come();
    ck_assert_uint_eq(heard, 1);
    udp_close(&s);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_datagram_whose_length_or_sum_is_wrong_is_dropped)
{
    struct udp_socket s = {.receive = on_udp};
    struct hdr_udp *h = (struct hdr_udp *)(f.bytes + 34);
    uint8_t pseudo[12];
    start();
    heard = 0;
    ck_assert_int_eq(udp_open(&w.ip, &s, 2000), 0);
    frame_udp(&f, 1000, 2000, payload, 11);
    memcpy(pseudo, &frame_ip(&f)->src, 8);
    memcpy(pseudo + 8, (uint8_t[]){0, 17, 0, 19}, 4);
    h->checksum = be16_of((uint16_t)~plain_sum(plain_sum(0, pseudo, 12), (uint8_t *)h, 19));
    come();
    ck_assert_uint_eq(heard, 1);
    h->checksum.b[1] ^= 1;
    come();
    h->checksum = be16_of(0); /* none was made */
    come();
    ck_assert_uint_eq(heard, 2);
    h->len = be16_of(20);
    come();
    h->len = be16_of(7);
    come();
    ck_assert_uint_eq(heard, 2);
    h->len = be16_of(10); /* shorter than the packet: the rest is none of it */
    come();
    ck_assert_uint_eq(heard, 3);
    ck_assert_uint_eq(heard_len, 2);
    ck_assert_uint_eq(w.ip.counters.udp_bad, 3);
    udp_close(&s);
    ip_world_end(&w);
}
END_TEST

START_TEST(what_is_sent_has_a_right_sum_and_large_ones_are_fragmented)
{
    struct udp_socket s = {.receive = on_udp};
    struct pkt *p;
    uint8_t pseudo[12];
    start();
    ck_assert_int_eq(udp_open(&w.ip, &s, 2000), 0);
    ck_assert_int_eq(udp_send(&s, HOST(2), 1000, span_of(payload, 11), w.now), 0);
    p = w.sent[0];
    ck_assert(p->offload & PKT_CSUM_PARTIAL);
    ck_assert(pkt_finish_checksum(p));
    memcpy(pseudo, p->data + 26, 8);
    memcpy(pseudo + 8, (uint8_t[]){0, 17, 0, 19}, 4);
    ck_assert_uint_eq(plain_sum(plain_sum(0, pseudo, 12), p->data + 34, 19), 0xffff);
    ck_assert_int_eq(udp_send(&s, HOST(2), 1000, span_of(payload, 5000), w.now), 0);
    ck_assert_uint_eq(w.n_sent, 1 + 4);
    ck_assert(!(w.sent[1]->offload & PKT_CSUM_PARTIAL));
    ck_assert_int_eq(udp_send(&s, HOST(2), 1000, span_of(payload, 65508), w.now), -EMSGSIZE);
    udp_close(&s);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_socket_hears_that_its_peer_has_no_port)
{
    struct udp_socket s = {
        .receive = on_udp, .error = on_udp_error, .peer = FAR_AWAY, .peer_port = 53};
    uint8_t quoted[28];
    start();
    errors = 0;
    ck_assert_int_eq(udp_open(&w.ip, &s, 0), 0);
    quote(quoted, HDR_IP_UDP, US);
    memcpy(quoted + 20, (uint8_t[]){(uint8_t)(s.port >> 8), (uint8_t)s.port, 0, 53}, 4);
    frame_icmp(&f, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0, quoted, 28);
    come();
    ck_assert_uint_eq(errors, 1);
    ck_assert_int_eq(last_error, -ECONNREFUSED);
    udp_close(&s);
    come();
    ck_assert_uint_eq(errors, 1);
    ip_world_end(&w);
}
END_TEST

/* --- Path MTUs and routes -------------------------------------------------------------------- */

START_TEST(a_narrow_path_is_remembered_for_ten_minutes)
{
    static struct pmtu_cache c;
    c = (struct pmtu_cache){0};
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 0), 1500);
    pmtu_lower(&c, FAR_AWAY, 1400, 1500, 0);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 0), 1400);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1300, 0), 1300);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY + 1, 1500, 0), 1500);
    pmtu_lower(&c, FAR_AWAY, 1450, 1500, 0); /* never up: RFC 1191 section 3 */
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 0), 1400);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 599 * NS_PER_S), 1400);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 601 * NS_PER_S), 1500);
}
END_TEST

START_TEST(a_router_that_does_not_say_its_mtu_is_guessed_by_plateaus)
{
    static struct pmtu_cache c;
    c = (struct pmtu_cache){0};
    pmtu_lower(&c, FAR_AWAY, 0, 1500, 0);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 0), 1492);
    pmtu_lower(&c, FAR_AWAY, 0, 1492, 0);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 0), 1006);
}
END_TEST

START_TEST(no_path_is_narrower_than_552_but_may_fragment)
{
    static struct pmtu_cache c;
    c = (struct pmtu_cache){0};
    pmtu_lower(&c, FAR_AWAY, 552, 1500, 0);
    ck_assert(!pmtu_may_fragment(&c, FAR_AWAY, 0));
    pmtu_lower(&c, FAR_AWAY, 68, 1500, 0);
    ck_assert_uint_eq(pmtu_get(&c, FAR_AWAY, 1500, 0), PMTU_MIN);
    ck_assert(pmtu_may_fragment(&c, FAR_AWAY, 0));
    ck_assert(!pmtu_may_fragment(&c, FAR_AWAY + 1, 0));
    for (uint32_t n = 0; n < 10000; n++) /* bounded */
        pmtu_lower(&c, n + 1, 1000, 1500, 1);
}
END_TEST

START_TEST(the_most_exact_route_counts_and_only_while_its_interface_is_up)
{
    struct route_found found;
    const struct route routes[] = {
        {.interface = 0, .gateway = HOST(254)},
        {.interface = 1, .gateway = 0x0b0000fe},
        {.network = 0xc0a80000, .prefix = 16, .interface = 1, .gateway = 0x0b000009},
    };
    ip_world_bare(&w, 2);
    ip_set_address(&w.ip, 0, US, 24, w.now);
    ip_set_address(&w.ip, 1, 0x0b000001, 24, w.now);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(route_add(&w.ip.routes, &routes[i]), 0);
    ck_assert_int_eq(route_find(&w.ip, FAR_AWAY, &found), 0);
    ck_assert_uint_eq(found.next_hop, 0x0b000009);
    ck_assert_uint_eq(found.source, 0x0b000001);
    ck_assert_int_eq(route_find(&w.ip, 0x08080808, &found), 0);
    ck_assert_uint_eq(found.next_hop, HOST(254));
    ip_interface_down(&w.ip, 0, w.now);
    ck_assert_int_eq(route_find(&w.ip, 0x08080808, &found), 0);
    ck_assert_uint_eq(found.next_hop, 0x0b0000fe);
    ck_assert_int_eq(route_find(&w.ip, HOST(255), &found), 0); /* by the gateway, as any other */
    ck_assert(!found.broadcast);
    ck_assert_int_eq(route_find(&w.ip, 0x0b0000ff, &found), 0);
    ck_assert(found.broadcast);
    while (route_add(&w.ip.routes, &routes[0]) == 0)
        continue;
    ck_assert_uint_eq(w.ip.routes.n, ROUTES_MAX);
    ip_world_end(&w);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_datagram_for_us_is_delivered_without_padding,
                                  a_header_that_cannot_be_is_dropped,
                                  martians_are_dropped,
                                  what_is_for_others_is_dropped,
                                  an_address_is_reached_at_its_own_interface_only,
                                  tcp_hears_nothing_that_went_to_many,
                                  options_are_skipped_and_source_routes_refused,
                                  a_broken_option_is_a_parameter_problem_with_its_place,
                                  a_packet_that_others_hold_is_not_changed,
                                  fragments_in_any_order_become_the_datagram,
                                  the_largest_datagram_is_put_together_and_a_larger_one_is_not,
                                  fragments_that_overlap_spoil_the_whole_datagram,
                                  two_ends_of_a_datagram_spoil_it,
                                  an_impossible_fragment_is_dropped_and_harms_no_other,
                                  what_is_not_whole_in_a_minute_is_dropped_and_its_sender_told,
                                  a_flood_of_fragments_is_bounded_and_others_still_get_through,
                                  a_datagram_leaves_with_a_right_header,
                                  what_lies_behind_the_gateway_goes_to_it,
                                  what_is_longer_than_the_link_takes_is_fragmented,
                                  identifications_between_two_hosts_do_not_come_again_soon,
                                  what_is_for_ourselves_comes_back,
                                  an_echo_request_is_answered_with_the_same_bytes,
                                  an_echo_to_many_or_with_a_wrong_sum_is_not_answered,
                                  our_own_echo_requests_are_answered,
                                  an_unknown_protocol_and_port_are_told_with_the_packet_quoted,
                                  errors_are_never_about_errors_fragments_or_what_went_to_many,
                                  errors_leave_at_a_bounded_rate,
                                  an_error_is_handed_to_the_protocol_that_it_quotes,
                                  an_error_that_quotes_too_little_or_another_host_is_dropped,
                                  a_source_quench_is_dropped_in_silence,
                                  a_socket_hears_its_port,
                                  a_socket_that_names_a_peer_hears_only_it,
                                  a_datagram_whose_length_or_sum_is_wrong_is_dropped,
                                  what_is_sent_has_a_right_sum_and_large_ones_are_fragmented,
                                  a_socket_hears_that_its_peer_has_no_port,
                                  a_narrow_path_is_remembered_for_ten_minutes,
                                  a_router_that_does_not_say_its_mtu_is_guessed_by_plateaus,
                                  no_path_is_narrower_than_552_but_may_fragment,
                                  the_most_exact_route_counts_and_only_while_its_interface_is_up,
                                  NULL};
    return unit_main(unit_suite("ip", tests));
}
