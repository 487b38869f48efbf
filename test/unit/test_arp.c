/*
 * test_arp.c - ARP: RFC 826, RFC 1122 section 2.3.2, the states of RFC 4861 section 7.3.2.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/ip_world.h"
#include <errno.h>

static struct ip_world w;
static struct test_frame f;

static const struct arp_entry *entry(uint32_t n)
{
    return arp_find(&w.ip.interfaces[0].arp, HOST(n));
}

static void arp_comes(enum arp_op op, uint32_t from, uint32_t sender, uint32_t target)
{
    frame_arp(&f, op, from, sender, target);
    frame_come(&w, &f, 0);
}

START_TEST(a_request_for_us_is_answered_to_who_asked)
{
    const struct hdr_arp *a;
    ip_world_start(&w);
    arp_comes(ARP_REQUEST, 2, HOST(2), US);
    ck_assert_uint_eq(w.n_sent, 1);
    a = sent_arp(&w, 0);
    ck_assert(sent_to(&w, 0, 2));
    ck_assert_uint_eq(be16_get(a->opcode), ARP_REPLY);
    ck_assert_uint_eq(be32_get(a->spa), US);
    ck_assert_uint_eq(be32_get(a->tpa), HOST(2));
    ck_assert_uint_eq(a->sha[5], 1);
    ck_assert_uint_eq(a->tha[5], 2);
    ck_assert_int_eq(entry(2)->state, ARP_STALE);
    arp_comes(ARP_REQUEST, 2, HOST(2), HOST(3));
    ck_assert_uint_eq(w.n_sent, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(nobody_is_learned_who_was_not_asked_and_did_not_ask_us)
{
    ip_world_start(&w);
    arp_comes(ARP_REPLY, 2, HOST(2), US);
    arp_comes(ARP_REQUEST, 3, HOST(3), HOST(3)); /* an announcement */
    arp_comes(ARP_REQUEST, 4, HOST(4), HOST(5));
    ck_assert_ptr_null(entry(2));
    ck_assert_ptr_null(entry(3));
    ck_assert_ptr_null(entry(4));
    ip_world_end(&w);
}
END_TEST

START_TEST(packets_wait_for_the_answer_and_leave_in_order)
{
    ip_world_start(&w);
    for (size_t len = 1; len <= 6; len++)
        ck_assert_int_eq(send_datagram(&w, HOST(2), len, true), 0);
    ck_assert_uint_eq(w.n_sent, 1);
    ck_assert(sent_to(&w, 0, 255));
    ck_assert_uint_eq(be16_get(sent_arp(&w, 0)->opcode), ARP_REQUEST);
    ck_assert_uint_eq(be32_get(sent_arp(&w, 0)->tpa), HOST(2));
    arp_comes(ARP_REPLY, 2, HOST(2), US);
    ck_assert_uint_eq(w.n_sent, 1 + ARP_WAITING);
    for (size_t i = 0; i < ARP_WAITING; i++) { /* the oldest two were lost */
        ck_assert(sent_to(&w, 1 + i, 2));
        ck_assert_uint_eq(be16_get(sent_ip(&w, 1 + i)->total_len), 20 + 3 + i);
    }
    ck_assert_uint_eq(w.ip.counters.arp_dropped, 2);
    ck_assert_int_eq(entry(2)->state, ARP_REACHABLE);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_is_asked_for_once_a_second_three_times_and_then_told_unreachable)
{
    ip_world_start(&w);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 30, true), 0);
    ip_world_wait(&w, 900 * NS_PER_MS);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(send_datagram(&w, HOST(2), 30, true), 0);
    ck_assert_uint_eq(w.n_sent, 1);
    ip_world_wait(&w, 200 * NS_PER_MS);
    ck_assert_uint_eq(w.n_sent, 2);
    ip_world_wait(&w, NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 3);
    ck_assert_uint_eq(w.tcp_errors, 0);
    ip_world_wait(&w, NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 3);
    ck_assert_uint_eq(w.tcp_errors, ARP_WAITING);
    ck_assert_uint_eq(w.error.code, ICMP_HOST_UNREACHABLE);
    ck_assert_uint_eq(w.error.remote, HOST(2));
    ck_assert_uint_eq(w.error.local, US);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 30, true), -EHOSTUNREACH);
    ip_world_wait(&w, 1100 * NS_PER_MS);
    ck_assert_ptr_null(entry(2));
    ck_assert_int_eq(send_datagram(&w, HOST(2), 30, true), 0);
    ck_assert_uint_eq(w.n_sent, 4);
    ip_world_end(&w);
}
END_TEST

/* Learn 2 by asking. */
static void make_reachable(void)
{
    ck_assert_int_eq(send_datagram(&w, HOST(2), 1, true), 0);
    arp_comes(ARP_REPLY, 2, HOST(2), US);
    ck_assert_int_eq(entry(2)->state, ARP_REACHABLE);
    ip_world_forget(&w);
}

START_TEST(a_neighbour_in_use_is_asked_again_by_unicast)
{
    ip_world_start(&w);
    make_reachable();
    ip_world_wait(&w, 46 * NS_PER_S);
    ck_assert_int_eq(entry(2)->state, ARP_STALE);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 1, true), 0);
    ck_assert_uint_eq(w.n_sent, 1); /* it is believed for the time being */
    ck_assert_int_eq(entry(2)->state, ARP_DELAY);
    ip_world_wait(&w, 5100 * NS_PER_MS);
    ck_assert_int_eq(entry(2)->state, ARP_PROBE);
    ck_assert_uint_eq(w.n_sent, 2);
    ck_assert_uint_eq(be16_get(sent_arp(&w, 1)->opcode), ARP_REQUEST);
    ck_assert(sent_to(&w, 1, 2));
    arp_comes(ARP_REPLY, 2, HOST(2), US);
    ck_assert_int_eq(entry(2)->state, ARP_REACHABLE);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_neighbour_that_has_moved_is_found_again)
{
    ip_world_start(&w);
    make_reachable();
    ip_world_wait(&w, 46 * NS_PER_S);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 1, true), 0);
    ip_world_wait(&w, 8500 * NS_PER_MS); /* five, and three requests without an answer */
    ck_assert_int_eq(entry(2)->state, ARP_INCOMPLETE);
    ck_assert(sent_to(&w, w.n_sent - 1, 255));
    ip_world_forget(&w);
    ck_assert_int_eq(send_datagram(&w, HOST(2), 1, true), 0);
    arp_comes(ARP_REPLY, 9, HOST(2), US);
    ck_assert_uint_eq(w.n_sent, 1);
    ck_assert(sent_to(&w, 0, 9));
    ip_world_end(&w);
}
END_TEST

START_TEST(a_neighbour_changes_its_mac_address_but_not_a_moment_after_it_was_learned)
{
    ip_world_start(&w);
    make_reachable();
    arp_comes(ARP_REPLY, 3, HOST(2), US);
    ck_assert_uint_eq(entry(2)->mac[5], 2);
    ck_assert_uint_eq(w.ip.counters.arp_refused, 1);
    ip_world_wait(&w, 2 * NS_PER_S);
    arp_comes(ARP_REQUEST, 3, HOST(2), HOST(2)); /* an announcement: RFC 826's merge */
    ck_assert_uint_eq(entry(2)->mac[5], 3);
    ck_assert_int_eq(entry(2)->state, ARP_STALE); /* heard, not asked */
    ip_world_end(&w);
}
END_TEST

START_TEST(who_cannot_be_is_not_believed)
{
    struct hdr_arp *a;
    ip_world_start(&w);
    arp_comes(ARP_REQUEST, 2, FAR_AWAY, US); /* another network: answered, not learned */
    ck_assert_uint_eq(w.n_sent, 1);
    arp_comes(ARP_REQUEST, 2, HOST(255), US); /* everybody */
    arp_comes(ARP_REQUEST, 2, HOST(0), US);   /* the network */
    ck_assert_ptr_null(entry(255));
    ck_assert_ptr_null(entry(0));
    ck_assert_ptr_null(arp_find(&w.ip.interfaces[0].arp, FAR_AWAY));
    ip_world_forget(&w);
    arp_comes(ARP_REQUEST, 2, US, US); /* our own address */
    ck_assert_ptr_null(entry(1));
    a = frame_arp(&f, ARP_REQUEST, 2, HOST(2), US); /* a frame of somebody else's */
    a->sha[5] = 7;
    frame_come(&w, &f, 0);
    a = frame_arp(&f, ARP_REQUEST, 0x010000, HOST(2), US);
    f.bytes[6] = a->sha[0] = 1; /* a group's MAC address */
    frame_come(&w, &f, 0);
    frame_arp(&f, ARP_REQUEST, 1, HOST(2), US); /* our own */
    frame_come(&w, &f, 0);
    ck_assert_ptr_null(entry(2));
    ck_assert_uint_eq(w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(what_is_malformed_is_counted_and_dropped)
{
    static const struct {
        size_t at;
        uint8_t value;
    } spoils[] = {{1, 2}, {2, 9}, {4, 5}, {5, 16}, {7, 3}, {7, 0}, {6, 1}};
    ip_world_start(&w);
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        frame_arp(&f, ARP_REQUEST, 2, HOST(2), US);
        f.bytes[14 + spoils[i].at] = spoils[i].value;
        frame_come(&w, &f, 0);
        ck_assert_uint_eq(w.ip.counters.arp_bad, i + 1);
    }
    frame_arp(&f, ARP_REQUEST, 2, HOST(2), US);
    for (f.len = 14; f.len < 14 + 28; f.len++)
        frame_come(&w, &f, 0);
    ck_assert_uint_eq(w.n_sent, 0);
    ck_assert_ptr_null(entry(2));
    ip_world_end(&w);
}
END_TEST

START_TEST(a_flood_of_askers_does_not_push_out_a_neighbour_in_use)
{
    ip_world_bare(&w, 1);
    ip_set_address(&w.ip, 0, US, 16, w.now);
    make_reachable();
    for (uint32_t n = 0; n < 2 * ARP_ENTRIES; n++) {
        arp_comes(ARP_REQUEST, 0x1000 + n, HOST(0x1000 + n), US);
        ip_world_forget(&w);
    }
    ck_assert_int_eq(entry(2)->state, ARP_REACHABLE);
    ck_assert_ptr_nonnull(entry(0x1000 + 2 * ARP_ENTRIES - 1));
    ck_assert_uint_eq(w.ip.counters.arp_evicted, ARP_ENTRIES + 1);
    ip_world_end(&w);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_request_for_us_is_answered_to_who_asked,
        nobody_is_learned_who_was_not_asked_and_did_not_ask_us,
        packets_wait_for_the_answer_and_leave_in_order,
        an_address_is_asked_for_once_a_second_three_times_and_then_told_unreachable,
        a_neighbour_in_use_is_asked_again_by_unicast,
        a_neighbour_that_has_moved_is_found_again,
        a_neighbour_changes_its_mac_address_but_not_a_moment_after_it_was_learned,
        who_cannot_be_is_not_believed,
        what_is_malformed_is_counted_and_dropped,
        a_flood_of_askers_does_not_push_out_a_neighbour_in_use,
        NULL};
    return unit_main(unit_suite("arp", tests));
}
