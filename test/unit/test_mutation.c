/*
 * test_mutation.c - every truncation and every changed byte of every kind of message, sent to a
 * live session: it answers with an error, or ends cleanly, or understands; and it goes on.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/session.h"
#include "test/unit/fake_switch.h"
#include "test/unit/mutations.h"
#include "test/unit/unit.h"

#include <string.h>

static struct ctl *ctl;
static struct fake_peer *sw;
static unsigned tries;

static void set_up(void)
{
    ctl = fake_world(NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &learning_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    sw = fake_joined(ctl, 1, 4);
    fake_forget(sw);
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

static void try_message(const uint8_t *bytes, size_t n)
{
    mutation_send(sw, bytes, n, OFP_AT_CONTROLLER);
    session_is_sound();
}

START_TEST(truncated_messages_get_the_right_error)
{
    each_truncation(try_message);
}
END_TEST

START_TEST(messages_cut_off_by_the_end_of_the_stream_end_cleanly)
{
    each_cut(&sw, session_is_sound);
}
END_TEST

START_TEST(messages_with_one_byte_changed_get_the_right_error)
{
    each_changed_byte(try_message);
    ck_assert_uint_gt(ctl_counters.broken, 10);
}
END_TEST

/* The same in the handshake: whatever comes, the session either ends or can still join. */
START_TEST(handshake_survives_messages_with_one_byte_changed)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[MUTATION_MAX];

    for (size_t i = 0; i < n_items; i++) {
        struct span good = items[i].bytes;
        for (size_t at = 0; at < good.len && at < 16; at++) {
            struct fake_peer *other = fake_new(ctl);
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
