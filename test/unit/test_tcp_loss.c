/*
 * test_tcp_loss.c - what TCP takes for a loss and what not, and how it goes on: RACK (RFC 8985),
 * F-RTO (RFC 5682), undoing by D-SACK (RFC 3708), PRR (RFC 6937), against a peer written by hand.
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
static void begin_with(const struct tcp_config *config, uint32_t to_send, bool sack)
{
    lab_begin(&l, config, 5000);
    l.options.sack_permitted = sack;
    lab_enter(&l, TCP_ESTABLISHED);
    measure_rtt();
    lab_push(&l, to_send * LAB_MSS);
    ck_assert_uint_eq(l.n_sent, 10);
    first_seq = l.sent[0].seq;
    lab_wait(&l, RTT);
    lab_forget(&l);
}

static void begin(uint32_t to_send, bool sack)
{
    begin_with(NULL, to_send, sack);
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

/* RFC 2018 section 8, RFC 6675 section 5.1: a peer that acknowledges up to what it said it held has
 * given that up. */
START_TEST(a_timeout_at_what_was_held_forgets_what_was_told)
{
    begin(10, true);
    peer_has(1, 2, 4);
    ck_assert_uint_eq(info().sacked, 2 * LAB_MSS);
    peer_has(2, 0, 0);
    lab_forget(&l);
    lab_wait(&l, NS_PER_S);
    ck_assert_uint_eq(info().sacked, 0);
    ck_assert_uint_ge(times_sent(2), 1);
    lab_forget(&l);
    peer_has(3, 0, 0);
    ck_assert_uint_eq(times_sent(3), 1);
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

/* --- Needless retransmissions ----------------------------------------------------------------- */

static const struct tcp_counters *counters(void)
{
    return tcp_counters(l.tcp);
}

/* Ten segments are in flight, more wait, and the timer has fired: the first has gone again.
 * Returns the window from before. Neither SACK nor timestamps are there to help. */
static uint32_t time_out(void)
{
    uint32_t cwnd;
    begin(40, false);
    cwnd = info().cwnd;
    lab_wait(&l, NS_PER_S / 4);
    ck_assert_uint_eq(counters()->timeouts, 1);
    ck_assert_uint_eq(times_sent(0), 1);
    ck_assert_uint_eq(l.n_sent, 1);
    lab_forget(&l);
    return cwnd;
}

START_TEST(two_acknowledgments_of_what_was_sent_once_undo_a_timeout) /* RFC 5682 section 2.1 */
{
    uint32_t cwnd = time_out();
    peer_has(2, 0, 0); /* step 2: two new segments, nothing again */
    ck_assert_uint_eq(l.n_sent, 2);
    ck_assert(times_sent(10) == 1 && times_sent(11) == 1);
    peer_has(4, 0, 0); /* step 3 (b): these were sent once */
    ck_assert_uint_eq(counters()->spurious_timeouts, 1);
    ck_assert_uint_ge(info().cwnd, cwnd);
    ck_assert_uint_eq(times_sent(4), 0);
    lab_end(&l);
}
END_TEST

START_TEST(a_duplicate_after_the_first_acknowledgment_makes_a_timeout_real) /* step 3 (a) */
{
    time_out();
    for (int i = 0; i < 3; i++) /* each of the two new segments makes a duplicate */
        peer_has(2, 0, 0);
    ck_assert_uint_eq(counters()->spurious_timeouts, 0);
    ck_assert_uint_eq(times_sent(2), 1);
    lab_end(&l);
}
END_TEST

START_TEST(an_acknowledgment_that_does_not_advance_makes_a_timeout_real) /* step 2 (a) */
{
    time_out();
    peer_has(0, 0, 0);
    peer_has(10, 0, 0);
    ck_assert_uint_eq(counters()->spurious_timeouts, 0);
    lab_end(&l);
}
END_TEST

/* Segments 0 to `again` - 1 were held up on the way, and went again. */
static void resend(uint32_t again)
{
    begin(40, true);
    peer_has(0, again, again + 3);
    ck_assert(info().in_recovery);
    for (uint32_t i = again + 4; i <= 10; i++)
        peer_has(0, again, i);
    for (uint32_t i = 0; i < again; i++)
        ck_assert_uint_eq(times_sent(i), 1);
}

/* The peer has had segment `which` twice. */
static void peer_had(uint32_t ack, uint32_t which)
{
    peer_has(ack, which, which + 1);
}

START_TEST(a_retransmission_that_came_as_a_duplicate_is_undone) /* RFC 3708 section 3 */
{
    resend(1);
    peer_had(10, 0);
    ck_assert_uint_eq(counters()->undone, 1);
    ck_assert(!info().in_recovery);
    ck_assert_uint_ge(info().cwnd, 10 * LAB_MSS);
    lab_end(&l);
}
END_TEST

START_TEST(what_was_needed_in_part_is_not_undone)
{
    resend(2);
    peer_had(10, 0);
    ck_assert_uint_eq(counters()->undone, 0);
    ck_assert_uint_lt(info().cwnd, 10 * LAB_MSS);
    lab_end(&l);
}
END_TEST

/* --- How fast it goes on in recovery ---------------------------------------------------------- */

/* RFC 6937 section 3: while the pipe is larger than ssthresh each acknowledgment lets out its
 * share, ssthresh / RecoverFS: here a half. Then one segment goes for each that has come. */
START_TEST(recovery_sends_in_proportion_to_what_has_come)
{
    static const uint32_t sent[] = {[3] = 1, [4] = 2, [5] = 2, [6] = 2, [7] = 3, [8] = 4};
    struct tcp_config config;
    tcp_defaults(&config);
    config.options.cc = &cc_reno;
    begin_with(&config, 40, true);
    peer_has(0, 1, 4);
    ck_assert(info().in_recovery);
    ck_assert_uint_eq(info().ssthresh, 5 * LAB_MSS);
    ck_assert_uint_eq(times_sent(0), 1); /* at once */
    for (uint32_t delivered = 3; delivered <= 8; delivered++) {
        ck_assert_uint_eq(l.n_sent, sent[delivered]);
        peer_has(0, 1, delivered + 2);
    }
    peer_has(10, 0, 0);
    ck_assert(!info().in_recovery);
    ck_assert_uint_le(info().cwnd, 6 * LAB_MSS);
    lab_end(&l);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        two_acknowledgments_of_what_was_sent_once_undo_a_timeout,
        a_duplicate_after_the_first_acknowledgment_makes_a_timeout_real,
        an_acknowledgment_that_does_not_advance_makes_a_timeout_real,
        a_retransmission_that_came_as_a_duplicate_is_undone,
        what_was_needed_in_part_is_not_undone,
        recovery_sends_in_proportion_to_what_has_come,
        segments_that_are_told_of_together_are_not_reordered,
        a_timeout_at_what_was_held_forgets_what_was_told,
        a_retransmission_is_lost_only_if_something_sent_after_it_has_come,
        the_repair_of_a_hole_is_no_round_trip_time,
        a_probe_that_cannot_be_sent_is_not_tried_for_ever,
        without_records_what_was_lost_still_goes_again,
        NULL,
    };
    return unit_main(unit_suite("tcp loss", tests));
}
