/*
 * test_tcp_segment.c - options as bytes: what is known is read wherever it stands, what is not is
 * skipped, and what cannot be ends the reading (RFC 9293 section 3.2).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_segment.h"
#include "test/unit/unit.h"

#include <string.h>

#define MSS_1000       2, 4, 0x03, 0xe8
#define SCALE_7        3, 3, 7
#define SACK_PERMITTED 4, 2
#define TIMESTAMPS     8, 10, 0, 0, 0, 1, 0, 0, 0, 2
#define UNKNOWN        253, 6, 1, 2, 3, 4 /* RFC 3692: for experiments */
#define NOP            1
#define END            0

/* What `n` bytes of options, a multiple of four, of a segment with these flags say. */
static struct tcp_segment read_segment(const uint8_t *options, size_t n, uint8_t flags)
{
    struct pkt_pool *pool = pkt_pool_new(1, PKT_SMALL, NULL);
    struct pkt *p = pkt_new_for(pool, sizeof(struct hdr_tcp) + n);
    struct hdr_tcp h = {.offset = (uint8_t)((sizeof h + n) / 4 << 4 | 0x0f), .flags = flags};
    struct tcp_segment s;

    ck_assert_uint_eq(n % 4, 0);
    memcpy(pkt_append(p, sizeof h), &h, sizeof h);
    memcpy(pkt_append(p, n), options, n);
    ck_assert(tcp_segment_read(&s, 1, 2, p));
    pkt_unref(p);
    pkt_pool_free(pool);
    return s;
}

#define READ(...)                                                                                  \
    read_segment((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), TCP_ACK)  \
        .options

static void nothing_was_read(struct tcp_parsed_options o)
{
    ck_assert_uint_eq(o.mss, 0);
    ck_assert_uint_eq(o.wscale, TCP_NO_WSCALE);
    ck_assert(!o.sack_permitted && !o.timestamps);
    ck_assert_uint_eq(o.n_sack, 0);
}

START_TEST(options_are_read_wherever_they_begin) /* MUST-4, MUST-64 */
{
    struct tcp_parsed_options o =
        READ(NOP, MSS_1000, SCALE_7, NOP, NOP, NOP, SACK_PERMITTED, TIMESTAMPS, NOP);
    ck_assert_uint_eq(o.mss, 1000);
    ck_assert_uint_eq(o.wscale, 7);
    ck_assert(o.sack_permitted && o.timestamps);
    ck_assert_uint_eq(o.tsval, 1);
    ck_assert_uint_eq(o.tsecr, 2);
    ck_assert_uint_eq(READ(SCALE_7, MSS_1000, NOP).mss, 1000);
}
END_TEST

START_TEST(options_are_read_in_any_segment) /* MUST-5 */
{
    static const uint8_t options[] = {TIMESTAMPS, NOP, NOP};
    static const uint8_t flags[] = {TCP_SYN, TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, 0};
    for (size_t i = 0; i < sizeof flags; i++)
        ck_assert(read_segment(options, sizeof options, flags[i]).options.timestamps);
}
END_TEST

START_TEST(an_unknown_option_is_skipped_by_its_length) /* MUST-6, MUST-68 */
{
    struct tcp_parsed_options o = READ(UNKNOWN, MSS_1000, 254, 2);
    ck_assert_uint_eq(o.mss, 1000);
    o = READ(254, 2, SCALE_7, UNKNOWN, NOP);
    ck_assert_uint_eq(o.wscale, 7);
}
END_TEST

START_TEST(a_length_that_cannot_be_ends_the_reading_and_what_came_before_holds) /* MUST-7 */
{
    ck_assert_uint_eq(READ(MSS_1000, 253, 0, SCALE_7, NOP, NOP, NOP).mss, 1000);
    ck_assert_uint_eq(READ(MSS_1000, 253, 0, SCALE_7, NOP, NOP, NOP).wscale, TCP_NO_WSCALE);
    nothing_was_read(READ(253, 1, MSS_1000, NOP, NOP));
    nothing_was_read(READ(253, 40, MSS_1000, NOP, NOP));
    nothing_was_read(READ(NOP, NOP, NOP, 2));
    nothing_was_read(READ(2, 5, 3, 232));
}
END_TEST

/* MUST-7: each option has one length, or some. */
START_TEST(a_known_option_of_another_length_says_nothing)
{
    nothing_was_read(READ(2, 3, 3, NOP));
    nothing_was_read(READ(3, 4, 7, 7));
    nothing_was_read(READ(4, 3, 0, NOP));
    nothing_was_read(READ(8, 9, 0, 0, 0, 1, 0, 0, 0, NOP, NOP, NOP));
    nothing_was_read(READ(5, 9, 0, 0, 0, 1, 0, 0, 9, NOP, NOP, NOP));
    ck_assert_uint_eq(READ(2, 3, 3, MSS_1000, NOP).mss, 1000);
}
END_TEST

START_TEST(nothing_is_read_behind_the_end_of_the_list) /* MUST-4 */
{
    nothing_was_read(READ(END, MSS_1000, NOP, NOP, NOP));
    ck_assert_uint_eq(READ(MSS_1000, END, SCALE_7).wscale, TCP_NO_WSCALE);
}
END_TEST

START_TEST(a_larger_scale_than_14_counts_as_14) /* RFC 7323 section 2.3 */
{
    ck_assert_uint_eq(READ(3, 3, 14, NOP).wscale, 14);
    ck_assert_uint_eq(READ(3, 3, 15, NOP).wscale, 14);
    ck_assert_uint_eq(READ(3, 3, 255, NOP).wscale, 14);
}
END_TEST

/* MUST-69 and section 3.1: whole words, padded by NOPs in front, so that none is needed behind. */
START_TEST(what_is_written_is_whole_words_and_reads_the_same)
{
    struct tcp_parsed_options o = {.mss = 1460,
                                   .wscale = 9,
                                   .sack_permitted = true,
                                   .timestamps = true,
                                   .tsval = 3,
                                   .tsecr = 4,
                                   .n_sack = 1,
                                   .sack = {{5, 6}}};
    uint8_t bytes[40];
    size_t n = tcp_options_write(&o, bytes);
    struct tcp_parsed_options read = read_segment(bytes, n, TCP_ACK).options;
    ck_assert_uint_eq(n, tcp_options_len(&o));
    ck_assert_uint_eq(n % 4, 0);
    ck_assert_uint_eq(read.mss, 1460);
    ck_assert_uint_eq(read.wscale, 9);
    ck_assert(read.sack_permitted && read.timestamps);
    ck_assert_uint_eq(read.tsval, 3);
    ck_assert_uint_eq(read.tsecr, 4);
    ck_assert_uint_eq(read.n_sack, 1);
    ck_assert_uint_eq(read.sack[0].end, 6);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        options_are_read_wherever_they_begin,
        options_are_read_in_any_segment,
        an_unknown_option_is_skipped_by_its_length,
        a_length_that_cannot_be_ends_the_reading_and_what_came_before_holds,
        a_known_option_of_another_length_says_nothing,
        nothing_is_read_behind_the_end_of_the_list,
        a_larger_scale_than_14_counts_as_14,
        what_is_written_is_whole_words_and_reads_the_same,
        NULL,
    };
    return unit_main(unit_suite("tcp_segment", tests));
}
