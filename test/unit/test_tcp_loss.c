/*
 * test_tcp_loss.c - what TCP takes for a loss and what not: RACK (RFC 8985) against a peer written
 * by hand.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"
#include "test/unit/tcp_lab.h"
#include "test/unit/unit.h"

#define RTT (50 * NS_PER_MS)

static struct lab l;
static tcp_seq first_seq;

/* Single segments, so that the round-trip time is known. */
static void measure_rtt(void)
{
    for (int i = 0; i < 30; i++) {
        lab_push(&l, LAB_MSS);
        lab_wait(&l, RTT);
        lab_say(&l, TCP_ACK, l.seq, lab_last(&l)->seq + LAB_MSS, 0);
        lab_forget(&l);
    }
}

/* An open connection; of `to_send` segments of LAB_MSS bytes the initial window is in
 * flight since one round trip ago. */
static void begin(uint32_t to_send, bool sack)
{
    lab_begin(&l, NULL, 5000);
    l.options.sack_permitted = sack;
    lab_enter(&l, TCP_ESTABLISHED);
    measure_rtt();
    lab_push(&l, to_send * LAB_MSS);
    ck_assert_uint_eq(l.n_sent, 10);
    first_seq = l.sent[0].seq;
    lab_wait(&l, RTT);
    lab_forget(&l);
}

/* The number of a segment's first byte. */
static tcp_seq at(uint32_t segment)
{
    return first_seq + segment * LAB_MSS;
}

/* The peer has everything before segment `ack`, and those from `first` to before `end`. */
static void peer_has(uint32_t ack, uint32_t first, uint32_t end)
{
    l.options.n_sack = first < end;
    l.options.sack[0] = (struct tcp_block){at(first), at(end)};
    lab_say(&l, TCP_ACK, l.seq, at(ack), 0);
}

static uint32_t times_sent(uint32_t segment)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < l.n_sent; i++)
        n += l.sent[i].len > 0 && l.sent[i].seq == at(segment);
    return n;
}

static struct tcp_info info(void)
{
    struct tcp_info now;
    tcp_info(l.conn, &now);
    return now;
}

/* RFC 8985 section 6.2 step 3: an acknowledgment that was delayed until a hole opened tells of
 * segments on both sides of it, and of no order. */
START_TEST(segments_that_are_told_of_together_are_not_reordered)
{
    begin(10, true);
    peer_has(1, 2, 3);
    ck_assert(!info().reordering_seen);
    peer_has(3, 0, 0);
    ck_assert(info().reordering_seen);
    lab_end(&l);
}
END_TEST

/* All in one instant, as when acknowledgments come in a batch: new segments go, then a lost one
 * again. The new ones' arrival says nothing of it; that of one sent later does (RFC 8985 section
 * 6.2 step 5). */
START_TEST(a_retransmission_is_lost_only_if_something_sent_after_it_has_come)
{
    begin(40, true);
    peer_has(1, 0, 0);
    ck_assert_uint_eq(times_sent(10), 1);
    peer_has(1, 2, 6);
    ck_assert_uint_eq(times_sent(1), 1);
    peer_has(1, 2, 10);
    ck_assert_uint_eq(times_sent(12), 1);
    ck_assert_uint_eq(l.sent[0].seq, at(10));
    lab_wait(&l, RTT);
    lab_forget(&l);
    peer_has(1, 2, 12);
    ck_assert_uint_eq(info().lost, 0);
    ck_assert_uint_eq(times_sent(1), 0);
    peer_has(1, 2, 13);
    ck_assert_uint_eq(times_sent(1), 1);
    lab_end(&l);
}
END_TEST

/* Karn's algorithm, and what it means without SACK: what came long ago is acknowledged only when
 * the hole before it has been filled. */
START_TEST(the_repair_of_a_hole_is_no_round_trip_time)
{
    begin(10, false);
    for (int i = 0; i < 4; i++)
        peer_has(0, 0, 0);
    ck_assert_uint_eq(times_sent(0), 1);
    lab_wait(&l, 20 * RTT);
    peer_has(10, 0, 0);
    ck_assert_uint_ge(info().srtt, RTT * 9 / 10);
    ck_assert_uint_le(info().srtt, RTT);
    lab_end(&l);
}
END_TEST

/* RFC 8985 section 7.3: with nothing to build it from the probe does not go, and its timer is not
 * set again at once, for ever. */
START_TEST(a_probe_that_cannot_be_sent_is_not_tried_for_ever)
{
    struct pkt *held[4096];
    unsigned n = 0;
    begin(10, true);
    while (n < 4096 && (held[n] = pkt_new(l.pool)) != NULL)
        n++;
    lab_wait(&l, 2 * RTT);
    ck_assert_uint_eq(l.n_sent, 0);
    while (n > 0)
        pkt_unref(held[--n]);
    lab_wait(&l, 20 * RTT);
    ck_assert_uint_ge(times_sent(0), 1);
    lab_end(&l);
}
END_TEST

/* A record that cannot be cut, for there is no other, is sent in parts all the same. */
START_TEST(without_records_what_was_lost_still_goes_again)
{
    struct tcp_config config;
    be32 quoted[2]; /* ports, sequence number */
    tcp_defaults(&config);
    config.max_records = 1;
    lab_begin(&l, &config, 5000);
    lab_enter(&l, TCP_ESTABLISHED);
    lab_push(&l, LAB_MSS);
    first_seq = lab_last(&l)->seq;
    quoted[0] = be32_of((uint32_t)LAB_PORT << 16 | LAB_REMOTE_PORT);
    quoted[1] = be32_of(first_seq);
    lab_forget(&l);
    tcp_mtu_changed(l.tcp, LAB_LOCAL, LAB_REMOTE, span_of(quoted, sizeof quoted), 600, l.now);
    lab_wait(&l, 3 * NS_PER_S);
    ck_assert_uint_ge(times_sent(0), 1);
    ck_assert_uint_lt(lab_last(&l)->len, LAB_MSS);
    lab_say(&l, TCP_ACK, l.seq, first_seq + lab_last(&l)->len, 0);
    lab_wait(&l, 3 * NS_PER_S);
    ck_assert_uint_eq(lab_last(&l)->seq + lab_last(&l)->len, first_seq + LAB_MSS);
    lab_end(&l);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        segments_that_are_told_of_together_are_not_reordered,
        a_retransmission_is_lost_only_if_something_sent_after_it_has_come,
        the_repair_of_a_hole_is_no_round_trip_time,
        a_probe_that_cannot_be_sent_is_not_tried_for_ever,
        without_records_what_was_lost_still_goes_again,
        NULL,
    };
    return unit_main(unit_suite("tcp loss", tests));
}
