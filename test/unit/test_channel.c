/*
 * test_channel.c - when a channel is alive, and what of a message the agreement on a version takes.
 * (That hellos are judged right, test_session.c tests at a live session.)
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/channel.h"
#include "openflow/msg.h"
#include "test/unit/corpus.h"
#include "test/unit/unit.h"

#include <string.h>

START_TEST(silence_is_asked_about_after_the_interval_and_ends_at_the_limit)
{
    uint64_t next = 0;

    ck_assert_int_eq(ofp_pulse(100, 100, 15, 45, &next), OFP_PULSE_BEATS);
    ck_assert_uint_eq(next, 115);
    ck_assert_int_eq(ofp_pulse(114, 100, 15, 45, &next), OFP_PULSE_BEATS);
    ck_assert_uint_eq(next, 115);
    ck_assert_int_eq(ofp_pulse(115, 100, 15, 45, &next), OFP_PULSE_FAINT);
    ck_assert_uint_eq(next, 130);
    ck_assert_int_eq(ofp_pulse(140, 100, 15, 45, &next), OFP_PULSE_FAINT);
    ck_assert_uint_eq(next, 145);
    ck_assert_int_eq(ofp_pulse(145, 100, 15, 45, &next), OFP_PULSE_NONE);
}
END_TEST

START_TEST(limit_below_the_interval_holds)
{
    uint64_t next = 0;

    ck_assert_int_eq(ofp_pulse(0, 0, 60, 10, &next), OFP_PULSE_BEATS);
    ck_assert_uint_eq(next, 10);
    ck_assert_int_eq(ofp_pulse(10, 0, 60, 10, &next), OFP_PULSE_NONE);
}
END_TEST

START_TEST(only_hellos_and_failed_hellos_of_all_messages_are_of_the_agreement)
{
    size_t n;
    const struct corpus_item *items = corpus_all(&n);

    for (size_t i = 0; i < n; i++) {
        enum ofp_greeting greeting = ofp_greet(items[i].bytes, false), expected = OFP_GREETING_NONE;
        if (items[i].bytes.data[1] == OFPT_HELLO)
            expected = OFP_GREETING_AGREED;
        if (strcmp(items[i].name, "error_hello_failed") == 0)
            expected = OFP_GREETING_REFUSED;
        ck_assert_msg(greeting == expected, "%s: %d", items[i].name, (int)greeting);
    }
    ck_assert_int_eq(ofp_greet(corpus_find("hello")->bytes, true), OFP_GREETING_NONE);
}
END_TEST

/* Section 5.5.1: a hello's body is ignored; only later versions give it a meaning. */
START_TEST(bitmap_of_versions_counts_in_a_hello_of_a_later_version_only)
{
    uint8_t hello[16] = {OFP_VERSION, OFPT_HELLO, 0, 16, [9] = 1, [11] = 8};
    hello[15] = 1 << 4;
    ck_assert_int_eq(ofp_greet(span_of(hello, sizeof hello), false), OFP_GREETING_AGREED);
    hello[0] = 4;
    ck_assert_int_eq(ofp_greet(span_of(hello, sizeof hello), false), OFP_GREETING_FOREIGN);
    hello[15] |= 1 << OFP_VERSION;
    ck_assert_int_eq(ofp_greet(span_of(hello, sizeof hello), false), OFP_GREETING_AGREED);
}
END_TEST

START_TEST(refusal_is_an_error_with_a_text_and_the_xid_of_what_it_answers)
{
    const uint8_t hello[8] = {0, OFPT_HELLO, 0, 8, 0xde, 0xad, 0xbe, 0xef};
    uint8_t area[OFP_HELLO_FAILED_MAX];
    struct buf out = buf_of(area, sizeof area), small = buf_of(area, 11);
    struct ofp_msg msg;

    ck_assert(!ofp_encode_hello_failed(&small, span_of(hello, sizeof hello)));
    ck_assert(ofp_encode_hello_failed(&out, span_of(hello, sizeof hello)));
    ofp_decode(&msg, span_of(area, out.len));
    ck_assert_uint_eq(msg.type, OFPT_ERROR);
    ck_assert_uint_eq(msg.xid, 0xdeadbeef);
    ck_assert_uint_eq(msg.error.type, OFPET_HELLO_FAILED);
    ck_assert_uint_eq(msg.error.code, OFPHFC_INCOMPATIBLE);
    ck_assert_uint_gt(msg.error.data.len, 10);
}
END_TEST

START_TEST(no_message_is_longer_than_its_bound)
{
    static uint8_t area[OFP_MAX_MESSAGE];
    size_t n;
    const struct corpus_item *items = corpus_all(&n);

    for (size_t i = 0; i < n; i++) {
        struct buf out;
        struct ofp_msg msg;
        ofp_decode(&msg, items[i].bytes);
        out = buf_of(area, ofp_encoded_bound(&msg));
        ck_assert_msg(out.cap <= items[i].bytes.len + 80, "%s", items[i].name);
        ck_assert_msg(ofp_encode(&out, &msg), "%s", items[i].name);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        silence_is_asked_about_after_the_interval_and_ends_at_the_limit,
        limit_below_the_interval_holds,
        only_hellos_and_failed_hellos_of_all_messages_are_of_the_agreement,
        bitmap_of_versions_counts_in_a_hello_of_a_later_version_only,
        refusal_is_an_error_with_a_text_and_the_xid_of_what_it_answers,
        no_message_is_longer_than_its_bound,
        NULL,
    };
    return unit_main(unit_suite("channel", tests));
}
