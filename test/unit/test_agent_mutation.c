/*
 * test_agent_mutation.c - every truncation and every changed byte of every kind of message, sent to
 * a switch over a live connection: it answers with the right error, or hangs up, or does what it is
 * told; and it goes on.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/agent_world.h"
#include "test/unit/mutations.h"

static struct fake_peer *peer;
static unsigned tries;

static void set_up(void)
{
    world_begin();
    fake_dp_add(dp->table, 1, 1);
    peer = controller();
    tries = 0;
}

static void finish(unsigned least)
{
    ck_assert_uint_gt(tries, least);
    fake_free(peer);
}

/* The connection is as it was: alive, in step with the stream. If it ended, a new one can begin. */
static void connection_is_sound(void)
{
    tries++;
    fake_forget(peer);
    if (peer->stream == NULL) {
        fake_free(peer);
        peer = controller();
    }
    expect_alive(peer);
    fake_forget(peer);
    ck_assert_uint_eq(agent->n_connections, 1);
    ck_assert_uint_eq(agent->n_up, 1);
}

static void try_message(const uint8_t *bytes, size_t n)
{
    mutation_send(peer, bytes, n, OFP_AT_SWITCH);
    connection_is_sound();
}

START_TEST(truncated_messages_get_the_right_error)
{
    each_truncation(try_message);
    finish(4000);
}
END_TEST

START_TEST(messages_with_one_byte_changed_get_the_right_error)
{
    each_changed_byte(try_message);
    ck_assert_uint_gt(agent_counters.broken, 10);
    finish(10000);
}
END_TEST

START_TEST(messages_cut_off_by_the_end_of_the_stream_end_cleanly)
{
    each_cut(&peer, connection_is_sound);
    finish(500);
}
END_TEST

/* Whatever comes in place of a hello, others are served, and so is the next one. */
START_TEST(messages_before_the_hello_do_no_harm)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[MUTATION_MAX];

    for (size_t i = 0; i < n_items; i++)
        for (size_t at = 0; at < items[i].bytes.len && at < 16; at++) {
            struct fake_peer *other = controller_new();
            memcpy(bytes, items[i].bytes.data, items[i].bytes.len);
            bytes[at] ^= 0x02;
            fake_send_bytes(other, bytes, items[i].bytes.len);
            fake_free(other);
            connection_is_sound();
        }
    finish(500);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        truncated_messages_get_the_right_error,
        messages_with_one_byte_changed_get_the_right_error,
        messages_cut_off_by_the_end_of_the_stream_end_cleanly,
        messages_before_the_hello_do_no_harm,
        NULL,
    };
    return world_main("agent_mutation", tests, set_up);
}
