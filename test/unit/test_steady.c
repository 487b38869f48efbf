/*
 * test_steady.c - the steady path: once hosts and flows are known, a packet-in makes no heap call.
 *
 * The linker sends every malloc, calloc, realloc and free of the house to heap_calls.h. The
 * same program measures the path: `valgrind --tool=callgrind --toggle-collect=steady_turns`.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/session.h"
#include "test/unit/fake_switch.h"
#include "test/unit/heap_calls.h"
#include "test/unit/unit.h"

#include <string.h>

/* --- A switch that only counts what it gets -------------------------------------------------- */

#define HOSTS    100
#define BATCH    500
#define BATCHES  200
#define HOST(n)  (0x020000000000 + (n))
#define MAX_SIZE 128

static uint8_t batch[BATCH * MAX_SIZE];
static size_t batch_len;

static size_t swallow(void *user, const uint8_t *bytes, size_t n)
{
    (void)bytes;
    *(uint64_t *)user += n;
    return n;
}

static void gone(void *user, int error)
{
    (void)user;
    (void)error;
}

static const struct stream_events swallower = {.data = swallow, .closed = gone};

/* Each host speaks to the next one, from its own port. */
static void make_batch(bool buffered)
{
    batch_len = 0;
    for (unsigned i = 0; i < BATCH; i++)
        batch_len += fake_packet_in_bytes(batch + batch_len,
                                          (struct fake_packet){.src = HOST(i % HOSTS),
                                                               .dst = HOST((i + 1) % HOSTS),
                                                               .in_port = (uint16_t)(i % HOSTS + 1),
                                                               .buffered = buffered});
}

unsigned steady_turns(struct stream *s, unsigned n);

/* Send the batch `n` times. Returns how often it could not be sent. Not static nor inlined, so that
 * a profiler knows it by name; no assertion within, since Check's make heap calls. */
__attribute__((noinline)) unsigned steady_turns(struct stream *s, unsigned n)
{
    unsigned failed = 0;
    while (n-- > 0) {
        failed += stream_write(s, batch, batch_len) != 0;
        while (loop_poll())
            ;
    }
    return failed;
}

static void steady(bool buffered, size_t answer)
{
    struct ctl *ctl = fake_world(NULL);
    struct fake_peer *sw;
    uint64_t bytes = 0, before;
    unsigned failed;
    unsigned long calls;

    ck_assert_int_eq(ctl_add_app(ctl, &learning_app), 0);
    sw = fake_joined(ctl, 1, HOSTS);
    stream_own(sw->stream, &swallower, &bytes);
    make_batch(buffered);
    steady_turns(sw->stream, 2);
    heap_calls = 0;
    before = bytes;
    failed = steady_turns(sw->stream, BATCHES);
    calls = heap_calls;
    ck_assert_uint_eq(failed, 0);
    ck_assert_uint_eq(calls, 0);
    ck_assert_uint_eq(bytes - before, (uint64_t)BATCHES * BATCH * answer);
    ck_assert_uint_eq(ctl_counters.rx[OFPT_PACKET_IN], (BATCHES + 2) * BATCH);
    fake_free(sw);
    fake_world_end(ctl);
}

START_TEST(steady_packet_ins_of_buffered_packets_make_no_heap_call)
{
    steady(true, sizeof(struct ofp_flow_mod) + sizeof(struct ofp_action_output));
}
END_TEST

START_TEST(steady_packet_ins_of_whole_packets_make_no_heap_call)
{
    steady(false, sizeof(struct ofp_flow_mod) + 2 * sizeof(struct ofp_action_output) +
                      sizeof(struct ofp_packet_out) + 64);
}
END_TEST

/* Lest the others pass because nothing is counted. */
START_TEST(joining_makes_heap_calls)
{
    struct ctl *ctl = fake_world(NULL);
    struct fake_peer *sw;
    unsigned long calls;
    heap_calls = 0;
    sw = fake_joined(ctl, 1, 1);
    calls = heap_calls;
    ck_assert_uint_gt(calls, 3);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        steady_packet_ins_of_buffered_packets_make_no_heap_call,
        steady_packet_ins_of_whole_packets_make_no_heap_call,
        joining_makes_heap_calls,
        NULL,
    };
    return unit_main(unit_suite("steady", tests));
}
