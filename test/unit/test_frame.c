/*
 * test_frame.c - messages are found in a byte stream however it was cut. Section 5.1.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdlib.h>
#include <string.h>

#include "openflow/frame.h"
#include "test/unit/corpus.h"
#include "test/unit/unit.h"

/* What ofp_frame() says of the first `len` of `bytes`, which lie at the end of their memory. */
static long frame_exact(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    long n;
    bytes_copy(copy, bytes, len);
    n = ofp_frame(span_of(copy, len));
    free(copy);
    return n;
}

START_TEST(a_part_of_a_message_asks_for_more)
{
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t len = 0; len < items[i].bytes.len; len++)
            ck_assert_int_eq(frame_exact(items[i].bytes.data, len), 0);
}
END_TEST

START_TEST(messages_that_arrive_together_come_out_one_by_one)
{
    size_t n, at = 0, len = 0;
    const struct corpus_item *items = corpus_all(&n);
    static uint8_t stream[16 * 1024];
    for (size_t i = 0; i < n; i++) {
        memcpy(stream + len, items[i].bytes.data, items[i].bytes.len);
        len += items[i].bytes.len;
    }
    for (size_t i = 0; i < n; i++) {
        long got = ofp_frame(span_of(stream + at, len - at));
        ck_assert_int_eq(got, (long)items[i].bytes.len);
        ck_assert_mem_eq(stream + at, items[i].bytes.data, items[i].bytes.len);
        at += (size_t)got;
    }
    ck_assert_int_eq(ofp_frame(span_of(stream + at, len - at)), 0);
}
END_TEST

START_TEST(a_length_below_the_header_breaks_the_stream)
{
    for (uint8_t length = 0; length < 255; length++) {
        uint8_t bytes[8] = {1, 0, 0, length, 0, 0, 0, 1};
        long expected = length < 8 ? OFP_FRAME_BROKEN : length == 8 ? 8 : 0;
        ck_assert_int_eq(frame_exact(bytes, sizeof bytes), expected);
    }
}
END_TEST

START_TEST(the_longest_message_is_whole_at_65535_bytes)
{
    uint8_t *bytes = calloc(1, 65536);
    bytes[0] = 1;
    bytes[2] = bytes[3] = 0xff;
    ck_assert_int_eq(ofp_frame(span_of(bytes, 65534)), 0);
    ck_assert_int_eq(ofp_frame(span_of(bytes, 65535)), 65535);
    ck_assert_int_eq(ofp_frame(span_of(bytes, 65536)), 65535);
    free(bytes);
}
END_TEST

START_TEST(any_version_and_type_is_framed)
{
    for (unsigned i = 0; i < 256; i++) {
        uint8_t bytes[9] = {(uint8_t)i, (uint8_t)(255 - i), 0, 9, 0, 0, 0, 1, 0};
        ck_assert_int_eq(frame_exact(bytes, 9), 9);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_part_of_a_message_asks_for_more,
        messages_that_arrive_together_come_out_one_by_one,
        a_length_below_the_header_breaks_the_stream,
        the_longest_message_is_whole_at_65535_bytes,
        any_version_and_type_is_framed,
        NULL,
    };
    return unit_main(unit_suite("frame", tests));
}
