/*
 * test_tcp_states.c - each kind of segment in each state, and the answer that RFC 9293 section
 * 3.10.7 asks, as RFC 5961 and RFC 1337 changed it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/tcp_lab.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct lab lab;

/* Where a segment's numbers lie, beside what is expected: RCV.NXT, and SND.UNA or SND.NXT. */
enum ack_of { NO_ACK, UNA, NXT };

struct kind {
    const char *name;
    uint8_t flags;
    int32_t seq;
    enum ack_of of;
    int32_t ack;
    uint32_t len;
};

/* How many sequence numbers of ours are in flight in a state: SYN or FIN. */
static uint32_t in_flight(enum tcp_state state)
{
    return state == TCP_SYN_SENT || state == TCP_SYN_RECEIVED || state == TCP_FIN_WAIT_1 ||
           state == TCP_CLOSING || state == TCP_LAST_ACK;
}

static tcp_seq snd_nxt(enum tcp_state state)
{
    bool fin = state == TCP_FIN_WAIT_1 || state == TCP_FIN_WAIT_2 || state == TCP_CLOSING ||
               state == TCP_LAST_ACK || state == TCP_TIME_WAIT;
    return lab.our_iss + 1 + fin;
}

/* One letter for what was answered, and whether its numbers are what they must be. */
static char answer(tcp_seq seq, tcp_seq ack, const struct kind *k, enum tcp_state state)
{
    const struct tcp_segment *s = lab_last(&lab);
    uint32_t end = seq + k->len + !!(k->flags & TCP_SYN) + !!(k->flags & TCP_FIN);
    if (s == NULL)
        return '-';
    if (lab.sent_all != 1)
        return '+';
    if (s->flags == TCP_ACK)
        return s->seq == snd_nxt(state) && s->ack == lab.seq ? 'A'
               : seq_ge(s->ack, lab.seq)                     ? 'a'
                                                             : '?';
    if (s->flags == (TCP_SYN | TCP_ACK))
        return 'S';
    if (s->flags == TCP_RST)
        return s->seq == ack ? 'R' : '?';
    if (s->flags == (TCP_RST | TCP_ACK))
        return s->seq == 0 && s->ack == end ? 'X' : '?';
    return '?';
}

static const char *const codes[] = {"CL", "LI", "SS", "SR", "ES", "F1",
                                    "F2", "CW", "CG", "LA", "TW"};
#define N_STATES (sizeof codes / sizeof codes[0])

/* "A ES": acknowledged, and it is ESTABLISHED then. */
static void try_kind(const struct kind *k, enum tcp_state state, tcp_seq iss, uint64_t later,
                     char got[8])
{
    tcp_seq seq, ack;
    struct tcp_config config;
    tcp_defaults(&config); /* but small, for there are thousands of them */
    config.max_conns = config.max_time_wait = config.max_records = 8;
    lab_begin(&lab, &config, iss);
    lab_wait(&lab, later);
    lab_enter(&lab, state);
    seq = lab.seq + (uint32_t)k->seq;
    ack = k->of == NO_ACK
              ? 0
              : snd_nxt(state) + (uint32_t)k->ack - (k->of == UNA ? in_flight(state) : 0);
    lab_say(&lab, k->flags, seq, ack, k->len);
    snprintf(got, 8, "%c %s", answer(seq, ack, k, state), codes[lab_state(&lab)]);
    lab_end(&lab);
}

#define BEYOND 70000 /* the window, whose edge is at 65535 */

/* A row: what is sent, and for each state what is answered and what the state is then. Answers: A
 * an acknowledgment of what came before (a challenge, too), a one of the segment itself, S a SYN
 * and ACK, R a reset with SEG.SEQ = SEG.ACK, X one with SEG.ACK = SEG.SEQ + SEG.LEN, - none. The
 * sections are RFC 9293's where no other document is named. */
static const struct row {
    struct kind kind;
    const char *expected[N_STATES];
} rows[] = {
    // clang-format off
    /* 3.10.7.4, seventh; .1 in CLOSED, .2 in LISTEN, .3 in SYN-SENT */
    {{"text", TCP_ACK, 0, UNA, 0, 100},
     {"R CL", "R LI", "R SS", "R SR", "a ES", "a F1", "a F2", "- CW", "- CG", "- LA", "A TW"}},
    /* 3.10.7.4, first: trimmed */
    {{"text that came in part", TCP_ACK, -50, UNA, 0, 100},
     {"R CL", "R LI", "R SS", "R SR", "a ES", "a F1", "a F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, first; RFC 5681 4.2: acknowledged at once */
    {{"text behind a hole", TCP_ACK, 100, UNA, 0, 100},
     {"R CL", "R LI", "R SS", "R SR", "A ES", "A F1", "A F2", "- CW", "- CG", "- LA", "A TW"}},
    /* 3.10.7.4, first: not acceptable */
    {{"old text", TCP_ACK, -100, UNA, 0, 100},
     {"R CL", "R LI", "R SS", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, first */
    {{"text beyond the window", TCP_ACK, BEYOND, UNA, 0, 100},
     {"R CL", "R LI", "R SS", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, fifth: dropped */
    {{"text without ACK", 0, 0, NO_ACK, 0, 100},
     {"X CL", "- LI", "- SS", "- SR", "- ES", "- F1", "- F2", "- CW", "- CG", "- LA", "- TW"}},
    /* 3.10.7.4, fifth */
    {{"ACK of nothing new", TCP_ACK, 0, UNA, 0, 0},
     {"R CL", "R LI", "R SS", "R SR", "- ES", "- F1", "- F2", "- CW", "- CG", "- LA", "- TW"}},
    /* 3.10.7.4, fifth: of our SYN or FIN */
    {{"ACK of all", TCP_ACK, 0, NXT, 0, 0},
     {"R CL", "R LI", "- SS", "- ES", "- ES", "- F2", "- F2", "- CW", "- TW", "- CL", "- TW"}},
    /* 3.10.7.4, fifth; RFC 5961 5.2 */
    {{"ACK of what was not sent", TCP_ACK, 0, NXT, 1000, 0},
     {"R CL", "R LI", "R SS", "R SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "- TW"}},
    /* RFC 5961 5.2: below SND.UNA - MAX.SND.WND */
    {{"ACK of long ago", TCP_ACK, 0, UNA, -100000, 0},
     {"R CL", "R LI", "R SS", "R SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "- TW"}},
    /* 3.8.4: a keep-alive probe */
    {{"ACK from before the window", TCP_ACK, -1, UNA, 0, 0},
     {"R CL", "R LI", "R SS", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, first */
    {{"ACK from beyond the window", TCP_ACK, BEYOND, UNA, 0, 0},
     {"R CL", "R LI", "R SS", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, fourth; RFC 5961 4.2; simultaneous open in SYN-SENT */
    {{"SYN at RCV.NXT", TCP_SYN, 0, NO_ACK, 0, 0},
     {"X CL", "S SR", "S SR", "- LI", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, fourth */
    {{"SYN in the window", TCP_SYN, 10, NO_ACK, 0, 0},
     {"X CL", "S SR", "S SR", "- LI", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, first: in SYN-RECEIVED its answer was lost */
    {{"the first SYN again", TCP_SYN, -1, NO_ACK, 0, 0},
     {"X CL", "S SR", "S SR", "S SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* RFC 5961 4.2 */
    {{"SYN beyond the window", TCP_SYN, BEYOND, NO_ACK, 0, 0},
     {"X CL", "S SR", "S SR", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.3, fourth */
    {{"SYN and good ACK", TCP_SYN | TCP_ACK, 0, NXT, 0, 0},
     {"R CL", "R LI", "a ES", "- LI", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.3, first */
    {{"SYN and bad ACK", TCP_SYN | TCP_ACK, 0, NXT, 1000, 0},
     {"R CL", "R LI", "R SS", "- LI", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* RFC 5961 3.2; in SYN-SENT without ACK dropped; RFC 1337 in TIME-WAIT */
    {{"RST at RCV.NXT", TCP_RST, 0, NO_ACK, 0, 0},
     {"- CL", "- LI", "- SS", "- LI", "- CL", "- CL", "- CL", "- CL", "- CL", "- CL", "- TW"}},
    /* RFC 5961 3.2: challenged */
    {{"RST in the window", TCP_RST, 10, NO_ACK, 0, 0},
     {"- CL", "- LI", "- SS", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "- TW"}},
    /* RFC 5961 3.2: dropped */
    {{"RST beyond the window", TCP_RST, BEYOND, NO_ACK, 0, 0},
     {"- CL", "- LI", "- SS", "- SR", "- ES", "- F1", "- F2", "- CW", "- CG", "- LA", "- TW"}},
    /* RFC 5961 3.2: dropped */
    {{"old RST", TCP_RST, -1, NO_ACK, 0, 0},
     {"- CL", "- LI", "- SS", "- SR", "- ES", "- F1", "- F2", "- CW", "- CG", "- LA", "- TW"}},
    /* 3.10.7.3, second: refused */
    {{"RST and good ACK", TCP_RST | TCP_ACK, 0, NXT, 0, 0},
     {"- CL", "- LI", "- CL", "- LI", "- CL", "- CL", "- CL", "- CL", "- CL", "- CL", "- TW"}},
    /* 3.10.7.3, first: dropped */
    {{"RST and bad ACK", TCP_RST | TCP_ACK, 0, NXT, 1000, 0},
     {"- CL", "- LI", "- SS", "- LI", "- CL", "- CL", "- CL", "- CL", "- CL", "- CL", "- TW"}},
    /* 3.10.7.4, eighth */
    {{"FIN", TCP_FIN | TCP_ACK, 0, UNA, 0, 0},
     {"R CL", "R LI", "R SS", "R SR", "a CW", "a CG", "a TW", "- CW", "- CG", "- LA", "A TW"}},
    /* 3.10.7.4, fifth, then eighth */
    {{"FIN and ACK of all", TCP_FIN | TCP_ACK, 0, NXT, 0, 0},
     {"R CL", "R LI", "- SS", "a CW", "a CW", "a TW", "a TW", "- CW", "- TW", "- CL", "A TW"}},
    /* 3.10.7.4, seventh, then eighth */
    {{"FIN behind text", TCP_FIN | TCP_ACK, 0, UNA, 0, 100},
     {"R CL", "R LI", "R SS", "R SR", "a CW", "a CG", "a TW", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, first: it waits */
    {{"FIN behind a hole", TCP_FIN | TCP_ACK, 100, UNA, 0, 0},
     {"R CL", "R LI", "R SS", "R SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, first; in TIME-WAIT eighth */
    {{"old FIN", TCP_FIN | TCP_ACK, -1, UNA, 0, 0},
     {"R CL", "R LI", "R SS", "A SR", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, fifth; .2 and .3 */
    {{"FIN without ACK", TCP_FIN, 0, NO_ACK, 0, 0},
     {"X CL", "- LI", "- SS", "- SR", "- ES", "- F1", "- F2", "- CW", "- CG", "- LA", "- TW"}},
    /* 3.10.7.2, third: the FIN is left to come again */
    {{"SYN and FIN", TCP_FIN | TCP_SYN, 0, NO_ACK, 0, 0},
     {"X CL", "S SR", "S SR", "- LI", "A ES", "A F1", "A F2", "A CW", "A CG", "A LA", "A TW"}},
    /* 3.10.7.4, fifth */
    {{"no flags", 0, 0, NO_ACK, 0, 0},
     {"X CL", "- LI", "- SS", "- SR", "- ES", "- F1", "- F2", "- CW", "- CG", "- LA", "- TW"}},
    /* 3.10.7.4, sixth; RFC 6093: as any text */
    {{"urgent text", TCP_URG | TCP_ACK, 0, UNA, 0, 10},
     {"R CL", "R LI", "R SS", "R SR", "a ES", "a F1", "a F2", "- CW", "- CG", "- LA", "A TW"}},
    // clang-format on
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static void check_rows(tcp_seq iss, uint64_t later)
{
    char got[8];
    for (size_t i = 0; i < N_ROWS; i++)
        for (unsigned s = 0; s < N_STATES; s++) {
            try_kind(&rows[i].kind, (enum tcp_state)s, iss, later, got);
            ck_assert_msg(strcmp(got, rows[i].expected[s]) == 0, "%s in %s: %s instead of %s",
                          rows[i].kind.name, codes[s], got, rows[i].expected[s]);
        }
}

START_TEST(each_segment_in_each_state_has_its_answer)
{
    check_rows(5000, 0);
}
END_TEST

START_TEST(the_same_where_the_peers_sequence_numbers_wrap)
{
    static const tcp_seq isses[] = {-101u, -100u, -51u, -50u, -11u, -2u, -1u, 0};
    for (size_t i = 0; i < sizeof isses / sizeof isses[0]; i++)
        check_rows(isses[i], 0);
}
END_TEST

/* Our own depend on the time: 4 us each. */
START_TEST(the_same_where_our_sequence_numbers_wrap)
{
    tcp_seq iss;
    lab_begin(&lab, NULL, 5000);
    lab_enter(&lab, TCP_SYN_SENT);
    iss = lab.our_iss;
    lab_end(&lab);
    for (uint64_t before = 0; before < 4; before++)
        check_rows(5000, (UINT32_MAX - iss - before) * 4000ull);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_segment_in_each_state_has_its_answer,
        the_same_where_the_peers_sequence_numbers_wrap,
        the_same_where_our_sequence_numbers_wrap,
        NULL,
    };
    return unit_main(unit_suite("tcp_states", tests));
}
