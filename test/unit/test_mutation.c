/*
 * test_mutation.c - every truncation and every changed byte of every kind of message, sent to a
 * live session: it answers with an error, or ends cleanly, or understands; and it goes on.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/session.h"
#include "openflow/frame.h"
#include "test/unit/corpus.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <string.h>

static struct ctl *ctl;
static struct fake_switch *sw;
static unsigned tries;

static void set_up(void)
{
    ctl = fake_world(NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &learning_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    sw = fake_joined(ctl, 1, 4);
}

static void tear_down(void)
{
    ck_assert_uint_gt(tries, 400);
    fake_free(sw);
    fake_world_end(ctl);
}

/* The session is as it was: joined, alive, in step with the stream. If it ended, a new one can. */
static void session_is_sound(void)
{
    struct ofp_msg echo = {.type = OFPT_ECHO_REQUEST, .xid = 0x50554e44};
    const struct ofp_header *h;

    tries++;
    if (sw->stream == NULL) {
        ck_assert_uint_eq(heard.joins, heard.leaves);
        fake_free(sw);
        sw = fake_joined(ctl, 1, 4);
    }
    fake_forget(sw);
    fake_send(sw, &echo);
    h = (const void *)fake_expect_bytes(sw, OFPT_ECHO_REPLY).data;
    ck_assert_uint_eq(be32_get(h->xid), echo.xid);
    fake_expect_nothing(sw);
    ck_assert_uint_eq(heard.joins, heard.leaves + 1);
    ck_assert_ptr_nonnull(ctl_find_dp(ctl, 1));
    fake_forget(sw);
}

/* What came back, if anything: for a bad message exactly the error that validation names. */
static void answer_is_right(struct span sent)
{
    struct ofp_fault fault;
    struct ofp_msg answer;
    bool good = ofp_validate(sent, OFP_AT_CONTROLLER, &fault);

    if (good || sent.data[1] == OFPT_ERROR)
        return;
    answer = fake_expect(sw, OFPT_ERROR);
    ck_assert_uint_eq(answer.error.type, fault.type);
    ck_assert_uint_eq(answer.error.code, fault.code);
    ck_assert_mem_eq(answer.error.data.data, sent.data, answer.error.data.len);
    ck_assert_uint_eq(answer.error.data.len, sent.len < 64 ? sent.len : 64);
    fake_expect_nothing(sw);
}

/* Send bytes whose length in the header may be anything; what a message lacks of the length that it
 * claims is filled up with zeros, so that the stream stays in step. */
static void try_message(const uint8_t *bytes, size_t n)
{
    static uint8_t area[2 * OFP_MAX_MESSAGE];
    size_t claimed = be16_get(((const struct ofp_header *)bytes)->length);
    size_t rest = claimed < n ? n - claimed : 0;
    uint64_t broken = ctl_counters.broken;

    memset(area, 0, claimed > n ? claimed : n);
    memcpy(area, bytes, n);
    if (claimed < sizeof(struct ofp_header)) {
        fake_send_bytes(sw, area, n);
        ck_assert_ptr_null(sw->stream);
        ck_assert_uint_eq(ctl_counters.broken, broken + 1);
    } else {
        /* What lies behind a length made shorter is not sent: it would be another message. */
        fake_send_bytes(sw, area, claimed > n ? claimed : n - rest);
        answer_is_right(span_of(area, claimed));
    }
    session_is_sound();
}

START_TEST(truncated_messages_get_the_right_error)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[2048];

    for (size_t i = 0; i < n_items; i++) {
        ck_assert_uint_le(items[i].bytes.len, sizeof bytes);
        for (size_t n = sizeof(struct ofp_header); n <= items[i].bytes.len; n++) {
            memcpy(bytes, items[i].bytes.data, n);
            ((struct ofp_header *)bytes)->length = be16_of((uint16_t)n);
            try_message(bytes, n);
        }
    }
}
END_TEST

START_TEST(messages_cut_off_by_the_end_of_the_stream_end_cleanly)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);

    for (size_t i = 0; i < n_items; i++)
        for (size_t n = 1; n < items[i].bytes.len; n += 1 + n / 8) {
            fake_send_bytes(sw, items[i].bytes.data, n);
            stream_finish(sw->stream);
            fake_settle();
            ck_assert_ptr_null(sw->stream);
            session_is_sound();
        }
}
END_TEST

/* Three other values for each byte: one bit away, all bits away, zero or all ones. */
START_TEST(messages_with_one_byte_changed_get_the_right_error)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[2048];

    for (size_t i = 0; i < n_items; i++) {
        struct span good = items[i].bytes;
        for (size_t at = 0; at < good.len; at++) {
            const uint8_t old = good.data[at];
            const uint8_t values[] = {old ^ 1, old ^ 0x80, old ? 0 : 0xff};
            for (size_t v = 0; v < sizeof values; v++) {
                memcpy(bytes, good.data, good.len);
                bytes[at] = values[v];
                try_message(bytes, good.len);
            }
        }
    }
}
END_TEST

/* The same in the handshake: whatever comes, the session either ends or can still join. */
START_TEST(handshake_survives_messages_with_one_byte_changed)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[2048];

    for (size_t i = 0; i < n_items; i++) {
        struct span good = items[i].bytes;
        for (size_t at = 0; at < good.len && at < 16; at++) {
            struct fake_switch *other = fake_new(ctl);
            memcpy(bytes, good.data, good.len);
            bytes[at] ^= 0x02;
            fake_send_bytes(other, bytes, good.len);
            fake_free(other);
            session_is_sound();
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mutation");
    TCase *c = tcase_create("mutation");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 600);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, truncated_messages_get_the_right_error);
    tcase_add_test(c, messages_cut_off_by_the_end_of_the_stream_end_cleanly);
    tcase_add_test(c, messages_with_one_byte_changed_get_the_right_error);
    tcase_add_test(c, handshake_survives_messages_with_one_byte_changed);
    return unit_main(s);
}
