/*
 * test_tcp_rules.c - what TCP sends and when, segment by segment, against the RFCs' rules; and each
 * known bug of other stacks.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/tcp_lab.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <string.h>

#define MS NS_PER_MS

static struct lab lab;

/* What the peer says when it knows nothing of what TCP may do. */
static void begin(void)
{
    lab_begin(&lab, NULL, 5000);
}

static void begin_open(void)
{
    begin();
    lab_enter(&lab, TCP_ESTABLISHED);
}

/* Timestamps and SACK are agreed on. */
static void begin_modern(void)
{
    begin();
    lab.options.sack_permitted = true;
    lab.options.wscale = 7;
    lab_enter(&lab, TCP_ESTABLISHED);
}

static const struct tcp_counters *counters(void)
{
    return tcp_counters(lab.tcp);
}

/* Our data's sequence numbers count from 1. */
static tcp_seq ours(uint32_t n)
{
    return lab.our_iss + n;
}

static void peer_acks(uint32_t n)
{
    lab_say(&lab, TCP_ACK, lab.seq, ours(n), 0);
}

static void peer_text(uint32_t n)
{
    lab_say(&lab, TCP_ACK | TCP_PSH, lab.seq, ours(1), n);
    lab.seq += n;
}

static uint32_t text_sent(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < lab.n_sent; i++)
        n += lab.sent[i].len;
    return n;
}

static struct tcp_info info(void)
{
    struct tcp_info i;
    tcp_info(lab.conn, &i);
    return i;
}

static void options(void (*change)(struct tcp_options *o))
{
    struct tcp_options o;
    tcp_get_options(lab.conn, &o);
    change(&o);
    tcp_set_options(lab.conn, &o, lab.now);
}

/* --- Opening -----------------------------------------------------------------------------------
 */

START_TEST(a_syn_offers_mss_scale_sack_and_timestamps)
{
    const struct tcp_segment *s;
    begin();
    lab_enter(&lab, TCP_LISTEN);
    lab.options.timestamps = lab.options.sack_permitted = true;
    lab.options.wscale = 5;
    lab_say(&lab, TCP_SYN, lab.seq, 0, 0);
    s = lab_last(&lab);
    ck_assert_uint_eq(s->options.mss, 1460);
    ck_assert(s->options.sack_permitted && s->options.timestamps);
    ck_assert_uint_eq(s->options.wscale, 7); /* of 4 MB */
    lab_end(&lab);
}
END_TEST

START_TEST(an_answer_to_a_syn_has_only_options_that_the_syn_had)
{
    const struct tcp_segment *s;
    begin();
    lab_enter(&lab, TCP_LISTEN);
    lab_say(&lab, TCP_SYN, lab.seq, 0, 0);
    s = lab_last(&lab);
    ck_assert(!s->options.sack_permitted && !s->options.timestamps);
    ck_assert_uint_eq(s->options.wscale, TCP_NO_WSCALE);
    lab_end(&lab);
}
END_TEST

START_TEST(simultaneous_open_establishes) /* section 3.5, figure 7 */
{
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    ck_assert_int_eq(lab_state(&lab), TCP_SYN_RECEIVED);
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_SYN | TCP_ACK);
    lab_say(&lab, TCP_SYN | TCP_ACK, lab.seq - 1, ours(1), 0);
    ck_assert_int_eq(lab_state(&lab), TCP_ESTABLISHED);
    ck_assert(lab.opened);
    lab_end(&lab);
}
END_TEST

START_TEST(a_refused_connect_says_so)
{
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    lab_say(&lab, TCP_RST | TCP_ACK, 0, ours(1), 0);
    ck_assert(lab.closed && !lab.opened);
    ck_assert_int_eq(lab.error, -ECONNREFUSED);
    lab_end(&lab);
}
END_TEST

/* Section 3.10.7.4, second: of a connection that we began it is the peer's refusal (MUST-11). */
START_TEST(a_reset_after_a_simultaneous_open_refuses)
{
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    lab_say(&lab, TCP_RST, lab.seq, 0, 0);
    ck_assert(lab.closed && !lab.opened);
    ck_assert_int_eq(lab.error, -ECONNREFUSED);
    lab_end(&lab);
}
END_TEST

START_TEST(a_syn_that_nobody_answers_is_repeated_for_three_minutes_at_least) /* MUST-23 */
{
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    lab_wait(&lab, 180 * NS_PER_S);
    ck_assert(!lab.closed);
    lab_wait(&lab, 180 * NS_PER_S);
    ck_assert(lab.closed);
    ck_assert_int_eq(lab.error, -ETIMEDOUT);
    lab_end(&lab);
}
END_TEST

START_TEST(a_syn_is_repeated_after_1_s_then_after_twice_as_long) /* RFC 6298 (2.1), (5.5) */
{
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    lab_wait(&lab, 990 * MS);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_wait(&lab, 20 * MS);
    ck_assert_uint_eq(lab.sent_all, 1);
    lab_wait(&lab, 1980 * MS);
    ck_assert_uint_eq(lab.sent_all, 1);
    lab_wait(&lab, 40 * MS);
    ck_assert_uint_eq(lab.sent_all, 2);
    ck_assert_uint_eq(lab_last(&lab)->seq, lab.our_iss);
    lab_end(&lab);
}
END_TEST

#define PORTS 10

/* Connect to `dport`; the port that was chosen, or a negative errno. */
static int connect_from_any(uint16_t dport)
{
    static const struct tcp_events events = {0};
    struct tcp_conn *c;
    struct tcp_info i;
    int error = tcp_connect(lab.tcp, 0, 0, LAB_REMOTE, dport, NULL, &events, NULL, lab.now, &c);
    if (error)
        return error;
    tcp_info(c, &i);
    return i.local_port;
}

static void begin_with_ports(uint8_t secret)
{
    struct tcp_config config;
    tcp_defaults(&config);
    config.port_first = 50000;
    config.port_last = 50000 + PORTS - 1;
    config.secret[0] = secret;
    lab_begin(&lab, &config, 5000);
}

START_TEST(every_port_is_used_once_for_a_peer_before_it_is_refused) /* RFC 6056 section 3.3.4 */
{
    struct tcp_listener *taken;
    bool used[PORTS] = {false};
    begin_with_ports(0);
    ck_assert_int_eq(tcp_listen(lab.tcp, 0, 50003, 1, NULL, NULL, &taken), 0);
    for (int i = 0; i < PORTS - 1; i++) {
        int port = connect_from_any(80);
        ck_assert(port >= 50000 && port < 50000 + PORTS);
        ck_assert(!used[port - 50000]);
        used[port - 50000] = true;
    }
    ck_assert(!used[3]); /* somebody listens there */
    ck_assert_int_eq(connect_from_any(80), -EADDRNOTAVAIL);
    ck_assert_int_ge(connect_from_any(81), 50000); /* another peer's are free */
    tcp_listener_close(taken, lab.now);
    lab_end(&lab);
}
END_TEST

/* Section 3.3.4: a peer's ports begin where a secret says, and who sees one peer's learns nothing
 * of another's. */
START_TEST(ports_cannot_be_foretold)
{
    bool by_secret[PORTS] = {false}, by_peer[PORTS] = {false};
    unsigned secrets = 0, peers = 0;
    for (uint8_t i = 0; i < 20; i++) {
        begin_with_ports(i);
        by_secret[connect_from_any(80) - 50000] = true;
        lab_end(&lab);
    }
    begin_with_ports(0);
    for (uint16_t i = 0; i < 20; i++)
        by_peer[connect_from_any(1000 + i) - 50000] = true;
    lab_end(&lab);
    for (int i = 0; i < PORTS; i++) {
        secrets += by_secret[i];
        peers += by_peer[i];
    }
    ck_assert_uint_ge(secrets, 5);
    ck_assert_uint_ge(peers, 5);
}
END_TEST

START_TEST(initial_sequence_numbers_differ_and_grow_with_time) /* RFC 6528 */
{
    tcp_seq first;
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    first = lab.our_iss;
    tcp_abort(lab.conn, lab.now);
    lab_wait(&lab, 4 * MS);
    lab_enter(&lab, TCP_SYN_SENT);
    ck_assert_uint_eq(lab.our_iss - first, 1000); /* 4 us each: the same name */
    lab_end(&lab);
    for (unsigned i = 0; i < 2; i++) {
        begin();
        lab_wait(&lab, i);
        lab.route.src += i; /* another name */
        lab_enter(&lab, TCP_SYN_SENT);
        ck_assert(i == 0 ? lab.our_iss == first : lab.our_iss - first > 1000);
        lab_end(&lab);
    }
}
END_TEST

/* --- The window --------------------------------------------------------------------------------
 */

START_TEST(an_older_segment_does_not_change_the_window) /* SND.WL1 gates on SEG.SEQ */
{
    begin_open();
    lab.window = 2000;
    lab_say(&lab, TCP_ACK, lab.seq + 100, ours(1), 100);
    ck_assert_uint_eq(info().snd_wnd, 2000);
    lab.window = 60000;
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 100); /* sent earlier: it came late */
    ck_assert_uint_eq(info().snd_wnd, 2000);
    lab_say(&lab, TCP_ACK, lab.seq + 200, ours(1), 0);
    ck_assert_uint_eq(info().snd_wnd, 60000);
    lab_end(&lab);
}
END_TEST

START_TEST(a_closed_window_is_probed_for_ever_while_the_peer_answers) /* section 3.8.6.1 */
{
    begin_open();
    lab.window = 0;
    peer_acks(1);
    lab_push(&lab, 5000);
    ck_assert_uint_eq(text_sent(), 0);
    for (int minute = 0; minute < 60; minute++) {
        lab_forget(&lab);
        lab_wait(&lab, 61 * NS_PER_S);
        ck_assert_uint_ge(lab.sent_all, 1);
        ck_assert_uint_eq(lab_last(&lab)->seq, ours(1));
        ck_assert_uint_eq(lab_last(&lab)->len, 1);
        peer_acks(1);
        ck_assert(!lab.closed);
    }
    lab_forget(&lab);
    lab.window = 65535;
    peer_acks(1);
    lab_wait(&lab, NS_PER_S);
    ck_assert_uint_ge(text_sent(), 4001); /* the rest is smaller than a segment */
    lab_end(&lab);
}
END_TEST

START_TEST(a_peer_that_leaves_probes_unanswered_is_given_up)
{
    begin_open();
    lab.window = 0;
    peer_acks(1);
    lab_push(&lab, 5000);
    lab_wait(&lab, 400 * NS_PER_S);
    ck_assert(lab.closed);
    ck_assert_int_eq(lab.error, -ETIMEDOUT);
    lab_end(&lab);
}
END_TEST

/* Section 3.8.6: MUST-34, SHLD-15 to SHLD-17. */
START_TEST(what_a_window_that_shrank_left_outside_waits_and_is_no_failure)
{
    begin_open();
    lab_push(&lab, 10000);
    lab.window = 2000;
    peer_acks(1001);
    lab_forget(&lab);
    lab_wait(&lab, 20 * NS_PER_S);
    ck_assert_uint_gt(lab.n_sent, 2);
    for (uint32_t i = 0; i < lab.n_sent; i++) /* within the window, and old */
        ck_assert_uint_le(lab.sent[i].seq + lab.sent[i].len - ours(1001), 2000);
    lab.window = 0;
    for (int minute = 0; minute < 60; minute++) {
        peer_acks(3001);
        lab_wait(&lab, 60 * NS_PER_S);
    }
    ck_assert(!lab.closed);
    lab_forget(&lab);
    lab.window = 65535;
    peer_acks(3001);
    lab_wait(&lab, NS_PER_S);
    ck_assert_uint_eq(lab.sent[0].seq, ours(3001));
    peer_acks(10001);
    ck_assert_uint_eq(lab.acked, 10000);
    lab_end(&lab);
}
END_TEST

START_TEST(a_reset_is_heard_though_the_window_is_closed) /* MUST-66 */
{
    begin_open();
    while (info().rcv_wnd > 0)
        peer_text(info().rcv_wnd < 1000 ? info().rcv_wnd : 1000);
    lab_push(&lab, 100);
    lab_say(&lab, TCP_ACK, lab.seq, ours(101), 0); /* and so is an acknowledgment */
    ck_assert_uint_eq(lab.acked, 100);
    lab_say(&lab, TCP_RST, lab.seq, 0, 0);
    ck_assert(lab.closed);
    ck_assert_int_eq(lab.error, -ECONNRESET);
    lab_end(&lab);
}
END_TEST

START_TEST(a_reset_may_have_text) /* section 3.5.2: SHLD-2 */
{
    begin_open();
    lab_say(&lab, TCP_RST, lab.seq, 0, 20);
    ck_assert(lab.closed);
    ck_assert_uint_eq(lab.readable, 0);
    lab_end(&lab);
}
END_TEST

/* Section 3.8.6: SHLD-14. */
START_TEST(the_windows_edge_never_moves_back)
{
    uint32_t edge = 0;
    begin_open();
    for (uint32_t i = 0; i < 200; i++) {
        peer_text(i * 37 % 900 + 1);
        lab_wait(&lab, i * 7 % 50 * MS);
        if (i % 3 == 0)
            tcp_consume(lab.conn, tcp_readable(lab.conn) < 400 ? tcp_readable(lab.conn) : 400,
                        lab.now);
        for (uint32_t s = 0; s < lab.n_sent; s++) {
            uint32_t now = lab.sent[s].ack + lab.sent[s].window - lab.iss;
            ck_assert_uint_ge(now, edge);
            edge = now;
        }
        lab_forget(&lab);
    }
    ck_assert_uint_gt(edge, 65535);
    lab_end(&lab);
}
END_TEST

START_TEST(a_reader_of_small_pieces_opens_no_silly_window) /* section 3.8.6.2.2 */
{
    begin_open();
    for (int i = 0; i < 70; i++)
        peer_text(1000);
    ck_assert_uint_lt(info().rcv_wnd, 1000);
    lab_forget(&lab);
    for (int i = 0; i < 10; i++)
        tcp_consume(lab.conn, 50, lab.now);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_read(&lab);
    ck_assert_uint_eq(lab.sent_all, 1);
    ck_assert_uint_ge(info().rcv_wnd, 65000);
    lab_end(&lab);
}
END_TEST

START_TEST(a_sender_does_not_fill_small_windows) /* section 3.8.6.2.1 */
{
    begin_open();
    lab.window = 10300;
    peer_acks(1);
    lab_push(&lab, 20000);
    ck_assert_uint_eq(text_sent(), 10000); /* the 300 bytes that are left wait */
    lab_end(&lab);
}
END_TEST

/* --- Sending -----------------------------------------------------------------------------------
 */

START_TEST(the_initial_window_is_ten_segments) /* RFC 6928 */
{
    begin_open();
    lab_push(&lab, 100000);
    ck_assert_uint_eq(text_sent(), 10 * LAB_MSS);
    lab_end(&lab);
}
END_TEST

START_TEST(super_segments_go_down_where_the_route_takes_them)
{
    begin();
    lab.route.gso_max = 65535;
    lab_enter(&lab, TCP_ESTABLISHED);
    lab_push(&lab, 100000);
    ck_assert_uint_eq(lab.sent_all, 1);
    ck_assert_uint_eq(text_sent(), 10 * LAB_MSS);
    ck_assert_uint_eq(lab_last(&lab)->full, LAB_MSS);
    lab_end(&lab);
}
END_TEST

static void no_delay(struct tcp_options *o)
{
    o->no_delay = true;
}

START_TEST(small_segments_wait_for_acknowledgments_unless_told_not_to) /* section 3.7.4 */
{
    begin_open();
    lab_push(&lab, 10);
    ck_assert_uint_eq(text_sent(), 10);
    lab_push(&lab, 10);
    lab_push(&lab, 10);
    ck_assert_uint_eq(text_sent(), 10);
    peer_acks(11);
    ck_assert_uint_eq(text_sent(), 30);
    lab_push(&lab, 10);
    ck_assert_uint_eq(text_sent(), 30);
    options(no_delay);
    ck_assert_uint_eq(text_sent(), 40);
    lab_end(&lab);
}
END_TEST

START_TEST(the_end_of_what_the_owner_had_is_pushed_and_nothing_else) /* section 3.9.1.2: MUST-61 */
{
    begin_open();
    lab_push(&lab, 3000);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(lab.sent[i].flags, i < 2 ? TCP_ACK : TCP_ACK | TCP_PSH);
    lab_forget(&lab);
    lab_wait(&lab, 10 * NS_PER_S);
    ck_assert_uint_gt(lab.n_sent, 3); /* the same when they are sent again */
    for (uint32_t i = 0; i < lab.n_sent; i++)
        ck_assert_uint_eq(lab.sent[i].flags,
                          lab.sent[i].seq == ours(2001) ? TCP_ACK | TCP_PSH : TCP_ACK);
    lab_forget(&lab);
    peer_acks(3001);
    tcp_shutdown(lab.conn, lab.now);
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_ACK | TCP_FIN);
    lab_end(&lab);
}
END_TEST

START_TEST(three_duplicates_send_the_missing_segment_again) /* RFC 5681 section 3.2 */
{
    begin_open();
    lab_push(&lab, 10000);
    lab_wait(&lab, 10 * MS);
    lab_forget(&lab);
    peer_acks(1);
    peer_acks(1);
    ck_assert_uint_eq(text_sent(), 0);
    peer_acks(1);
    ck_assert_uint_ge(lab.sent_all, 1);
    ck_assert_uint_eq(lab.sent[0].seq, ours(1));
    ck_assert(info().in_recovery);
    lab_end(&lab);
}
END_TEST

START_TEST(a_partial_acknowledgment_sends_the_next_missing_segment) /* RFC 6582 section 3.2 */
{
    begin_open();
    lab_push(&lab, 10000);
    for (int i = 0; i < 3; i++)
        peer_acks(1);
    lab_forget(&lab);
    peer_acks(4001);
    ck_assert_uint_eq(lab.sent[0].seq, ours(4001));
    ck_assert(info().in_recovery);
    peer_acks(10001);
    ck_assert(!info().in_recovery);
    lab_end(&lab);
}
END_TEST

START_TEST(duplicates_let_new_segments_out) /* RFC 3042 */
{
    begin_open();
    lab_push(&lab, 20000);
    lab_forget(&lab);
    peer_acks(1);
    ck_assert_uint_eq(text_sent(), LAB_MSS);
    peer_acks(1);
    ck_assert_uint_eq(text_sent(), 2 * LAB_MSS);
    ck_assert(!info().in_recovery);
    lab_end(&lab);
}
END_TEST

static void peer_sacks(uint32_t ack, uint32_t begin_at, uint32_t end_at)
{
    lab.options.n_sack = 1;
    lab.options.sack[0] = (struct tcp_block){ours(begin_at), ours(end_at)};
    peer_acks(ack);
    lab.options.n_sack = 0;
}

START_TEST(sack_tells_what_is_missing_and_only_that_is_sent_again) /* RFC 6675, RFC 8985 */
{
    begin_modern();
    lab_push(&lab, 10000);
    lab_wait(&lab, MS / 2);
    lab_forget(&lab);
    peer_sacks(1001, 2001, 6001);
    ck_assert(info().in_recovery);
    ck_assert_uint_eq(info().sacked, 4000);
    ck_assert_uint_eq(lab.sent[0].seq, ours(1001));
    ck_assert_uint_eq(text_sent(), 1000);
    peer_acks(10001);
    ck_assert(!info().in_recovery);
    ck_assert_uint_eq(info().sacked, 0);
    ck_assert_uint_eq(counters()->retransmits, 1);
    lab_end(&lab);
}
END_TEST

START_TEST(sack_of_what_was_never_sent_is_not_believed)
{
    begin_modern();
    lab_push(&lab, 5000);
    peer_sacks(1, 4001, 6001);
    ck_assert_uint_eq(info().sacked, 0);
    peer_sacks(1, 0xfffff000, 2001);
    ck_assert_uint_eq(info().sacked, 0);
    lab_end(&lab);
}
END_TEST

START_TEST(a_lost_tail_is_probed_for_after_two_round_trips) /* RFC 8985 section 7 */
{
    begin_modern();
    lab_push(&lab, 1000);
    lab_wait(&lab, 50 * MS);
    peer_acks(1001); /* a round trip of 50 ms, after one of 0 */
    lab_push(&lab, 3000);
    lab_forget(&lab);
    lab_wait(&lab, 150 * MS);
    ck_assert_uint_eq(counters()->loss_probes, 1);
    ck_assert_uint_eq(lab.sent[0].seq, ours(3001)); /* the last */
    ck_assert_uint_eq(counters()->timeouts, 0);
    lab_end(&lab);
}
END_TEST

START_TEST(timeouts_double_and_do_not_give_up_after_five) /* RFC 6298 (5.5) */
{
    uint64_t last = 0;
    uint32_t n = 0, sent = 0; /* times that something was sent; segments */
    begin_open();
    lab_push(&lab, 1000);
    lab_forget(&lab);
    for (uint64_t begin_at = lab.now; lab.now < begin_at + 250 * NS_PER_S;) {
        lab_wait(&lab, MS);
        if (lab.sent_all > sent) {
            uint64_t gap = last ? lab.now - last : 0;
            ck_assert(n < 3 || gap >= 350 * MS);
            last = lab.now;
            sent = lab.sent_all;
            n++;
        }
    }
    ck_assert(!lab.closed);
    ck_assert_uint_ge(n, 8);
    ck_assert_uint_le(n, 14);
    lab_end(&lab);
}
END_TEST

static void patience(struct tcp_options *o)
{
    o->user_timeout = 5 * NS_PER_S;
}

START_TEST(the_user_timeout_ends_a_connection) /* section 3.8.3 */
{
    begin_open();
    options(patience);
    lab_push(&lab, 1000);
    lab_wait(&lab, 4900 * MS);
    ck_assert(!lab.closed);
    lab_wait(&lab, 200 * MS);
    ck_assert(lab.closed);
    ck_assert_int_eq(lab.error, -ETIMEDOUT);
    ck_assert(lab_last(&lab)->flags & TCP_RST);
    lab_end(&lab);
}
END_TEST

static void keepalive(struct tcp_options *o)
{
    o->keepalive = true;
    o->keepalive_idle = 10 * NS_PER_S;
    o->keepalive_interval = 2 * NS_PER_S;
    o->keepalive_probes = 3;
}

START_TEST(keep_alive_probes_an_idle_peer_and_ends_when_none_is_answered) /* section 3.8.4 */
{
    begin_open();
    options(keepalive);
    lab_wait(&lab, 9900 * MS);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_wait(&lab, 200 * MS);
    ck_assert_uint_eq(lab.sent_all, 1);
    ck_assert_uint_eq(lab_last(&lab)->seq, ours(0));
    peer_acks(1);
    lab_wait(&lab, 9 * NS_PER_S);
    ck_assert_uint_eq(lab.sent_all, 1);
    lab_wait(&lab, 20 * NS_PER_S);
    ck_assert(lab.closed);
    ck_assert_int_eq(lab.error, -ETIMEDOUT);
    ck_assert_uint_eq(counters()->keepalive_probes, 4);
    lab_end(&lab);
}
END_TEST

static void keepalive_as_it_comes(struct tcp_options *o)
{
    o->keepalive = true;
}

START_TEST(keep_alive_waits_for_two_hours_if_nobody_says_otherwise) /* MUST-28 */
{
    begin_open();
    options(keepalive_as_it_comes);
    lab_wait(&lab, 7199 * NS_PER_S);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_wait(&lab, 2 * NS_PER_S);
    ck_assert_uint_eq(lab.sent_all, 1);
    lab_end(&lab);
}
END_TEST

START_TEST(an_idle_connection_is_silent_unless_told_to_probe) /* MUST-24, MUST-25 */
{
    begin_open();
    lab_wait(&lab, 3 * 86400 * NS_PER_S);
    ck_assert_uint_eq(lab.sent_all, 0);
    ck_assert(!lab.closed);
    lab_end(&lab);
}
END_TEST

/* --- Receiving ----------------------------------------------------------------------------------
 */

START_TEST(acknowledgments_are_delayed_but_every_second_segment_has_one) /* RFC 5681 section 4.2 */
{
    begin_open();
    for (int i = 0; i < 20; i++)
        peer_text(LAB_MSS);
    lab_read(&lab);
    lab_forget(&lab);
    peer_text(LAB_MSS);
    ck_assert_uint_eq(lab.sent_all, 0);
    peer_text(LAB_MSS);
    ck_assert_uint_eq(lab.sent_all, 1);
    peer_text(LAB_MSS);
    lab_wait(&lab, 500 * MS);
    ck_assert_uint_eq(lab.sent_all, 2);
    ck_assert_uint_eq(lab_last(&lab)->ack, lab.seq);
    lab_end(&lab);
}
END_TEST

START_TEST(one_acknowledgment_for_all_that_came_before_a_turn) /* RFC 9293 section 3.8.6.3 */
{
    struct tcp_config config;
    tcp_defaults(&config);
    config.acks_wait = true;
    lab_begin(&lab, &config, 5000);
    lab_enter(&lab, TCP_ESTABLISHED);
    lab_forget(&lab);
    for (int i = 0; i < 6; i++)
        peer_text(LAB_MSS);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_wait(&lab, 0);
    ck_assert_uint_eq(lab.sent_all, 1);
    ck_assert_uint_eq(lab_last(&lab)->ack, lab.seq);
    for (int i = 0; i < 6; i++)
        peer_text(LAB_MSS);
    lab_read(&lab); /* what opens the window acknowledges too */
    lab_wait(&lab, 0);
    ck_assert_uint_eq(lab.sent_all, 2);
    lab_say(&lab, TCP_ACK, lab.seq + LAB_MSS, ours(1), LAB_MSS); /* a hole is told of at once */
    ck_assert_uint_eq(lab.sent_all, 3);
    lab_end(&lab);
}
END_TEST

START_TEST(sack_tells_the_latest_block_first) /* RFC 2018 section 4 */
{
    const struct tcp_segment *s;
    begin_modern();
    lab_say(&lab, TCP_ACK, lab.seq + 1000, ours(1), 100);
    lab_say(&lab, TCP_ACK, lab.seq + 2000, ours(1), 100);
    lab_say(&lab, TCP_ACK, lab.seq + 1100, ours(1), 100);
    s = lab_last(&lab);
    ck_assert_uint_eq(s->ack, lab.seq);
    ck_assert_uint_eq(s->options.n_sack, 2);
    ck_assert_uint_eq(s->options.sack[0].begin, lab.seq + 1000);
    ck_assert_uint_eq(s->options.sack[0].end, lab.seq + 1200);
    ck_assert_uint_eq(s->options.sack[1].begin, lab.seq + 2000);
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 1000); /* the hole is filled */
    s = lab_last(&lab);
    ck_assert_uint_eq(s->ack, lab.seq + 1200);
    ck_assert_uint_eq(s->options.n_sack, 1);
    ck_assert_uint_eq(lab.readable, 1200);
    lab_end(&lab);
}
END_TEST

START_TEST(a_duplicate_is_told_of) /* RFC 2883 */
{
    begin_modern();
    peer_text(1000);
    lab_say(&lab, TCP_ACK, lab.seq - 1000, ours(1), 1000);
    ck_assert_uint_eq(lab_last(&lab)->options.n_sack, 1);
    ck_assert_uint_eq(lab_last(&lab)->options.sack[0].begin, lab.seq - 1000);
    ck_assert_uint_eq(lab_last(&lab)->options.sack[0].end, lab.seq);
    lab_end(&lab);
}
END_TEST

START_TEST(an_old_timestamp_is_dropped_and_answered) /* RFC 7323 section 5.3 */
{
    begin();
    lab.options.timestamps = true;
    lab.options.tsval = 1000;
    lab_enter(&lab, TCP_ESTABLISHED);
    lab.options.tsval = 999;
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 100);
    ck_assert_uint_eq(lab.readable, 0);
    ck_assert_uint_eq(counters()->old_timestamp, 1);
    ck_assert_uint_eq(lab_last(&lab)->ack, lab.seq);
    lab.options.tsval = 1001;
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 100);
    ck_assert_uint_eq(lab.readable, 100);
    ck_assert_uint_eq(lab_last(&lab)->options.tsecr, 1001);
    lab_end(&lab);
}
END_TEST

START_TEST(tiny_segments_do_not_use_up_the_pool)
{
    struct tcp_usage usage;
    begin_open();
    for (int i = 0; i < 60000; i++)
        peer_text(1);
    ck_assert_uint_eq(lab.readable, 60000);
    tcp_usage(lab.tcp, &usage);
    ck_assert_uint_le(usage.receive, 2 * 60000);
    lab_end(&lab);
}
END_TEST

START_TEST(scattered_bytes_do_not_use_up_the_pool)
{
    struct tcp_usage usage;
    begin_open();
    for (uint32_t i = 0; i < 20000; i++)
        lab_say(&lab, TCP_ACK, lab.seq + 1 + 2 * i, ours(1), 1);
    tcp_usage(lab.tcp, &usage);
    ck_assert_uint_le(usage.receive, 2 * 65535 + PKT_LARGE);
    ck_assert_uint_ge(counters()->refused_receive, 1);
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 1000); /* what is in order is taken all the same */
    ck_assert_uint_ge(lab.readable, 1000);
    lab_end(&lab);
}
END_TEST

START_TEST(text_that_nobody_will_read_resets) /* RFC 2525 section 2.17 */
{
    begin_open();
    tcp_close(lab.conn, lab.now);
    ck_assert_int_eq(lab_state(&lab), TCP_FIN_WAIT_1);
    lab_forget(&lab);
    peer_text(10);
    ck_assert(lab_last(&lab)->flags & TCP_RST);
    ck_assert(lab.closed);
    lab_end(&lab);
    begin_open();
    peer_text(10);
    lab_forget(&lab);
    tcp_close(lab.conn, lab.now);
    ck_assert(lab_last(&lab)->flags & TCP_RST);
    ck_assert(!lab.closed); /* not in a call of the owner's */
    lab_wait(&lab, 10 * MS);
    ck_assert(lab.closed);
    lab_end(&lab);
}
END_TEST

/* --- Safety -------------------------------------------------------------------------------------
 */

START_TEST(challenges_are_limited) /* RFC 5961 section 7 */
{
    begin_open();
    for (int i = 0; i < 1000; i++)
        lab_say(&lab, TCP_RST, lab.seq + 1 + (uint32_t)i, 0, 0);
    ck_assert_uint_eq(lab.sent_all, 10);
    ck_assert_uint_eq(counters()->challenge_muted, 990);
    lab_wait(&lab, 1001 * MS);
    lab_say(&lab, TCP_SYN, lab.seq, 0, 0);
    ck_assert_uint_eq(lab.sent_all, 11);
    lab_end(&lab);
}
END_TEST

/* A SYN from another port. */
static void syn_from(uint16_t port)
{
    struct hdr_tcp h = {.src = be16_of(port),
                        .dst = be16_of(LAB_PORT),
                        .seq = be32_of(port),
                        .offset = 5 << 4,
                        .flags = TCP_SYN,
                        .window = be16_of(1000)};
    lab_say_bytes(&lab, &h, sizeof h, PKT_CSUM_VALID);
}

START_TEST(a_flood_of_syns_gets_cookies_and_a_right_answer_to_one_opens) /* RFC 4987 */
{
    struct tcp_usage usage;
    begin();
    lab_enter(&lab, TCP_LISTEN);
    for (uint16_t port = 2000; port < 3000; port++)
        syn_from(port);
    tcp_usage(lab.tcp, &usage);
    ck_assert_uint_eq(usage.half_open, 4);
    ck_assert_uint_eq(counters()->cookies_sent, 996);
    lab_forget(&lab);
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_SYN | TCP_ACK);
    lab_say(&lab, TCP_ACK, lab.seq, ours(2), 0); /* a wrong one */
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_RST);
    ck_assert_ptr_null(lab.conn);
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 0);
    ck_assert_ptr_nonnull(lab.conn);
    lab_end(&lab);
}
END_TEST

START_TEST(a_cookie_remembers_mss_scale_and_sack)
{
    begin();
    lab_enter(&lab, TCP_LISTEN);
    for (uint16_t port = 2000; port < 2004; port++)
        syn_from(port);
    lab_forget(&lab);
    lab.options.timestamps = lab.options.sack_permitted = true;
    lab.options.wscale = 9;
    lab.options.tsval = 77;
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    lab.options.tsecr = lab_last(&lab)->options.tsval;
    lab_wait(&lab, 30 * NS_PER_S);
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 100);
    ck_assert_ptr_nonnull(lab.conn);
    ck_assert_uint_eq(counters()->cookies_good, 1);
    ck_assert(info().sack && info().timestamps && info().window_scaling);
    ck_assert_uint_eq(info().snd_wscale, 9);
    ck_assert_uint_eq(info().snd_mss, 536 - TCP_TIMESTAMPS_LEN); /* of 1000, the next smaller */
    ck_assert_uint_eq(tcp_readable(lab.conn), 100);
    lab_end(&lab);
}
END_TEST

START_TEST(an_old_cookie_is_not_believed)
{
    begin();
    lab_enter(&lab, TCP_LISTEN);
    for (uint16_t port = 2000; port < 2004; port++)
        syn_from(port);
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    lab_wait(&lab, 129 * NS_PER_S);
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 0);
    ck_assert_ptr_null(lab.conn);
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_RST);
    lab_end(&lab);
}
END_TEST

START_TEST(text_that_overtakes_the_answer_to_a_cookie_does_not_reset)
{
    begin();
    lab_enter(&lab, TCP_LISTEN);
    for (uint16_t port = 2000; port < 2004; port++)
        syn_from(port);
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    lab_forget(&lab);
    lab_say(&lab, TCP_ACK, lab.seq + 100, ours(1), 100);
    lab_say(&lab, TCP_FIN | TCP_ACK, lab.seq + 200, ours(1), 0);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_say(&lab, TCP_ACK, lab.seq + 200, ours(1), 0); /* it would not come again */
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_RST);
    lab_say(&lab, TCP_ACK, lab.seq, ours(1), 100);
    ck_assert_ptr_nonnull(lab.conn);
    ck_assert_uint_eq(tcp_readable(lab.conn), 100);
    lab_end(&lab);
}
END_TEST

START_TEST(a_cookie_is_good_though_the_repeated_syn_was_kept)
{
    tcp_seq cookie;
    begin();
    lab_enter(&lab, TCP_LISTEN);
    for (uint16_t port = 2000; port < 2004; port++)
        syn_from(port);
    lab_say(&lab, TCP_SYN, lab.seq, 0, 0);
    cookie = lab.our_iss;
    lab_wait(&lab, 70 * NS_PER_S); /* the others are given up */
    lab_say(&lab, TCP_SYN, lab.seq++, 0, 0);
    ck_assert_int_eq(lab_state(&lab), TCP_SYN_RECEIVED);
    ck_assert_uint_ne(lab.our_iss, cookie);
    lab_say(&lab, TCP_ACK, lab.seq, cookie + 1, 100);
    ck_assert_ptr_nonnull(lab.conn);
    ck_assert_uint_eq(tcp_readable(lab.conn), 100);
    lab_end(&lab);
}
END_TEST

START_TEST(a_peer_that_filled_the_window_is_heard)
{
    begin_open();
    lab_push(&lab, 1000);
    lab_say(&lab, TCP_ACK, lab.seq + info().rcv_wnd, ours(1001), 0);
    ck_assert_uint_eq(lab.acked, 1000);
    lab_end(&lab);
}
END_TEST

START_TEST(a_new_syn_takes_over_an_old_time_wait) /* RFC 6191 */
{
    begin();
    lab_enter(&lab, TCP_TIME_WAIT);
    tcp_abort(lab.conn, lab.now);
    lab.conn = NULL;
    lab_wait(&lab, NS_PER_S);
    lab_enter(&lab, TCP_LISTEN);
    lab_say(&lab, TCP_SYN, lab.seq - 10, 0, 0); /* not new */
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_ACK);
    lab_say(&lab, TCP_SYN, lab.seq + 10, 0, 0);
    ck_assert_uint_eq(lab_last(&lab)->flags, TCP_SYN | TCP_ACK);
    ck_assert_uint_eq(counters()->time_wait_reused, 1);
    lab_end(&lab);
}
END_TEST

/* What ICMP quotes of a segment of ours. */
static struct span quoted(tcp_seq seq)
{
    static struct {
        be16 src, dst;
        be32 seq;
    } q;
    q.src = be16_of(LAB_PORT);
    q.dst = be16_of(LAB_REMOTE_PORT);
    q.seq = be32_of(seq);
    return span_of(&q, sizeof q);
}

START_TEST(icmp_is_believed_only_if_it_quotes_what_is_in_flight) /* RFC 5927 */
{
    begin();
    lab.options.mss = 1460;
    lab_enter(&lab, TCP_ESTABLISHED);
    lab_push(&lab, 5000);
    lab_forget(&lab);
    tcp_mtu_changed(lab.tcp, LAB_LOCAL, LAB_REMOTE, quoted(ours(50000)), 1000, lab.now);
    ck_assert_uint_eq(info().path_mtu, 1500);
    tcp_mtu_changed(lab.tcp, LAB_LOCAL, LAB_REMOTE, quoted(ours(1)), 1000, lab.now);
    ck_assert_uint_eq(info().path_mtu, 1000);
    ck_assert_uint_eq(lab.sent[0].seq, ours(1)); /* at once, and smaller */
    ck_assert_uint_eq(lab.sent[0].len, 960);
    tcp_mtu_changed(lab.tcp, LAB_LOCAL, LAB_REMOTE, quoted(ours(1)), 68, lab.now);
    ck_assert_uint_eq(info().path_mtu, 552);
    tcp_unreachable(lab.tcp, LAB_LOCAL, LAB_REMOTE, quoted(ours(1)), -ECONNREFUSED, true, lab.now);
    ck_assert(!lab.closed);
    lab_end(&lab);
}
END_TEST

START_TEST(a_connect_ends_with_what_icmp_says)
{
    begin();
    lab_enter(&lab, TCP_SYN_SENT);
    tcp_unreachable(lab.tcp, LAB_LOCAL, LAB_REMOTE, quoted(ours(0)), -ECONNREFUSED, true, lab.now);
    ck_assert(lab.closed);
    ck_assert_int_eq(lab.error, -ECONNREFUSED);
    lab_end(&lab);
}
END_TEST

START_TEST(a_segment_damaged_or_cut_short_is_counted_and_dropped)
{
    struct hdr_tcp h = {.src = be16_of(LAB_REMOTE_PORT),
                        .dst = be16_of(LAB_PORT),
                        .offset = 5 << 4,
                        .flags = TCP_SYN};
    begin();
    lab_enter(&lab, TCP_LISTEN);
    lab_say_bytes(&lab, &h, sizeof h, 0); /* no checksum */
    ck_assert_uint_eq(counters()->bad_checksum, 1);
    lab_say_bytes(&lab, &h, 19, PKT_CSUM_VALID);
    h.offset = 6 << 4;
    lab_say_bytes(&lab, &h, sizeof h, PKT_CSUM_VALID);
    h.offset = 4 << 4;
    lab_say_bytes(&lab, &h, sizeof h, PKT_CSUM_VALID);
    ck_assert_uint_eq(counters()->bad_header, 3);
    ck_assert_uint_eq(lab.sent_all, 0);
    lab_end(&lab);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_syn_offers_mss_scale_sack_and_timestamps,
        an_answer_to_a_syn_has_only_options_that_the_syn_had,
        simultaneous_open_establishes,
        a_refused_connect_says_so,
        a_reset_after_a_simultaneous_open_refuses,
        a_syn_is_repeated_after_1_s_then_after_twice_as_long,
        a_syn_that_nobody_answers_is_repeated_for_three_minutes_at_least,
        initial_sequence_numbers_differ_and_grow_with_time,
        every_port_is_used_once_for_a_peer_before_it_is_refused,
        ports_cannot_be_foretold,
        an_older_segment_does_not_change_the_window,
        a_closed_window_is_probed_for_ever_while_the_peer_answers,
        a_peer_that_leaves_probes_unanswered_is_given_up,
        what_a_window_that_shrank_left_outside_waits_and_is_no_failure,
        a_reset_is_heard_though_the_window_is_closed,
        a_reset_may_have_text,
        the_windows_edge_never_moves_back,
        a_reader_of_small_pieces_opens_no_silly_window,
        a_sender_does_not_fill_small_windows,
        the_initial_window_is_ten_segments,
        super_segments_go_down_where_the_route_takes_them,
        small_segments_wait_for_acknowledgments_unless_told_not_to,
        the_end_of_what_the_owner_had_is_pushed_and_nothing_else,
        three_duplicates_send_the_missing_segment_again,
        a_partial_acknowledgment_sends_the_next_missing_segment,
        duplicates_let_new_segments_out,
        sack_tells_what_is_missing_and_only_that_is_sent_again,
        sack_of_what_was_never_sent_is_not_believed,
        a_lost_tail_is_probed_for_after_two_round_trips,
        timeouts_double_and_do_not_give_up_after_five,
        the_user_timeout_ends_a_connection,
        keep_alive_probes_an_idle_peer_and_ends_when_none_is_answered,
        keep_alive_waits_for_two_hours_if_nobody_says_otherwise,
        an_idle_connection_is_silent_unless_told_to_probe,
        acknowledgments_are_delayed_but_every_second_segment_has_one,
        one_acknowledgment_for_all_that_came_before_a_turn,
        sack_tells_the_latest_block_first,
        a_duplicate_is_told_of,
        an_old_timestamp_is_dropped_and_answered,
        tiny_segments_do_not_use_up_the_pool,
        scattered_bytes_do_not_use_up_the_pool,
        text_that_nobody_will_read_resets,
        challenges_are_limited,
        a_flood_of_syns_gets_cookies_and_a_right_answer_to_one_opens,
        a_cookie_remembers_mss_scale_and_sack,
        an_old_cookie_is_not_believed,
        text_that_overtakes_the_answer_to_a_cookie_does_not_reset,
        a_cookie_is_good_though_the_repeated_syn_was_kept,
        a_peer_that_filled_the_window_is_heard,
        a_new_syn_takes_over_an_old_time_wait,
        icmp_is_believed_only_if_it_quotes_what_is_in_flight,
        a_connect_ends_with_what_icmp_says,
        a_segment_damaged_or_cut_short_is_counted_and_dropped,
        NULL,
    };
    return unit_main(unit_suite("tcp_rules", tests));
}
