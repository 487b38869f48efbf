/*
 * test_stream.c - what every stream must do, tried on a pair, unix sockets, TCP over IPv4 and IPv6;
 * and, linked with the simulated platform as test_stream_sim, on a pair and simulated streams.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/ends.h"
#include "test/unit/random.h"
#include <errno.h>

#define MANY  (3 * 1024 * 1024 + 17)
#define LIMIT (256 * 1024)

static struct end a, b;

START_TEST(bytes_arrive_in_order)
{
    size_t sent = 0, piece = 1;
    open_ends(_i, &a, &b);
    while (b.n < MANY) {
        send_pattern(a.s, &sent, MANY, piece);
        piece = piece * 5 % STREAM_RESERVE_MAX + 1;
        turn();
    }
    check_pattern(&b, MANY);
    UNTIL(a.s->tx_bytes == MANY);
    ck_assert_uint_eq(b.s->rx_bytes, MANY);
    close_ends(&a, &b);
}
END_TEST

START_TEST(both_directions_work_at_once)
{
    size_t from_a = 0, from_b = 0;
    open_ends(_i, &a, &b);
    while (a.n < MANY || b.n < MANY) {
        send_pattern(a.s, &from_a, MANY, 3000);
        send_pattern(b.s, &from_b, MANY, 50000);
        turn();
    }
    check_pattern(&a, MANY);
    check_pattern(&b, MANY);
    close_ends(&a, &b);
}
END_TEST

START_TEST(unused_input_is_shown_again_in_front)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 50021; /* a prime: never where a chunk or a read ends */
    while (b.n < 20 * b.record) {
        send_pattern(a.s, &sent, 20 * b.record, 1777);
        turn();
    }
    check_pattern(&b, 20 * b.record);
    ck_assert_ptr_null(b.s->kept);
    close_ends(&a, &b);
}
END_TEST

START_TEST(an_idle_stream_holds_no_memory)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 100;
    send_pattern(a.s, &sent, 150, 150);
    UNTIL(b.n == 100);
    ck_assert_ptr_nonnull(b.s->kept);
    send_pattern(a.s, &sent, 200, 50);
    UNTIL(b.n == 200);
    ck_assert_ptr_null(b.s->kept);
    UNTIL(a.s->out_first == NULL); /* TCP of our own keeps it until it is acknowledged */
    ck_assert_ptr_nonnull(stream_reserve(a.s, 10));
    CALL(stream_commit(a.s, 0));
    ck_assert_ptr_null(a.s->out_first);
    close_ends(&a, &b);
}
END_TEST

START_TEST(output_is_bounded_until_the_peer_reads)
{
    size_t sent = 0, total;
    open_ends(_i, &a, &b);
    a.s->out_limit = LIMIT;
    CALL(stream_pause(b.s, true));
    do { /* until neither we nor the kernel take more */
        total = sent;
        send_pattern(a.s, &sent, SIZE_MAX, 1000);
        settle();
    } while (sent > total);
    ck_assert_uint_ge(a.s->out_bytes, LIMIT / 2);
    ck_assert_uint_le(a.s->out_bytes, LIMIT + STREAM_RESERVE_MAX);
    ck_assert_int_eq(stream_write(a.s, "x", 1), -ENOBUFS);
    ck_assert_uint_eq(b.n, 0);
    a.drained = 0;
    CALL(stream_pause(b.s, false));
    UNTIL(a.drained);
    ck_assert_uint_le(a.s->out_bytes, LIMIT / 2);
    UNTIL(b.n == total);
    check_pattern(&b, total);
    ck_assert_uint_eq(a.drained, 1);
    close_ends(&a, &b);
}
END_TEST

static void pause_self(struct end *e)
{
    stream_pause(e->s, true);
}

START_TEST(pausing_keeps_what_is_left_and_resuming_shows_it)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 3000000; /* nothing is used */
    b.on_data = pause_self;
    while (sent < 200000) {
        send_pattern(a.s, &sent, 200000, 1000);
        turn();
    }
    settle();
    ck_assert_uint_eq(b.data, 1);
    ck_assert_uint_eq(b.n, 0);
    b.record = 0;
    b.on_data = NULL;
    CALL(stream_pause(b.s, false));
    UNTIL(b.n == 200000);
    check_pattern(&b, 200000);
    close_ends(&a, &b);
}
END_TEST

START_TEST(what_was_kept_is_shown_after_a_pause_though_nothing_comes)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 1000;
    b.on_data = pause_self;
    send_pattern(a.s, &sent, 10, 10);
    UNTIL(b.data == 1);
    b.record = 10;
    CALL(stream_pause(b.s, false));
    UNTIL(b.n == 10);
    check_pattern(&b, 10);
    close_ends(&a, &b);
}
END_TEST

START_TEST(each_direction_ends_for_itself)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    send_pattern(a.s, &sent, 1000, 1000);
    CALL(stream_finish(a.s));
    UNTIL(b.ended);
    check_pattern(&b, 1000);
    ck_assert_uint_eq(a.closed + b.closed, 0);
    sent = 0;
    send_pattern(b.s, &sent, 50000, 1000);
    CALL(stream_finish(b.s));
    UNTIL(a.closed && b.closed);
    check_pattern(&a, 50000);
    ck_assert_uint_eq(a.ended, 1);
    ck_assert_int_eq(a.error, 0);
    ck_assert_int_eq(b.error, 0);
    close_ends(&a, &b);
}
END_TEST

static void finish_self(struct end *e)
{
    CALL(stream_finish(e->s));
}

START_TEST(finishing_when_the_peer_has_ended_closes_both)
{
    open_ends(_i, &a, &b);
    b.on_ended = finish_self;
    CALL(stream_finish(a.s));
    UNTIL(a.closed && b.closed);
    ck_assert_int_eq(a.error | b.error, 0);
    close_ends(&a, &b);
}
END_TEST

START_TEST(who_knows_no_half_close_is_closed_at_the_peers_end)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    stream_own(b.s, &whole_events, &b);
    send_pattern(a.s, &sent, 10, 10);
    CALL(stream_finish(a.s));
    UNTIL(b.closed && a.closed);
    check_pattern(&b, 10);
    ck_assert_int_eq(b.error, 0);
    ck_assert_int_eq(a.error, 0);
    close_ends(&a, &b);
}
END_TEST

START_TEST(closing_delivers_what_was_committed)
{
    size_t from_a = 0, from_b = 0;
    open_ends(_i, &a, &b);
    stream_own(b.s, &whole_events, &b);
    send_pattern(b.s, &from_b, 500000, 1000); /* not read by `a`, who closes */
    send_pattern(a.s, &from_a, 1000000, 1000);
    end_close(&a);
    UNTIL(b.closed);
    check_pattern(&b, 1000000);
    ck_assert_int_eq(b.error, 0);
    close_ends(&a, &b);
}
END_TEST

/* LeakSanitizer and valgrind look. */
START_TEST(what_lingers_when_the_loop_closes_is_given_back)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    CALL(stream_pause(b.s, true));
    send_pattern(a.s, &sent, 1000000, 1000);
    end_close(&a);
    turn();
    end_close(&b);
    ends_end();
    free(a.got);
    free(b.got);
}
END_TEST

START_TEST(closing_while_the_peer_pauses_delivers_when_it_resumes)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    CALL(stream_pause(b.s, true));
    send_pattern(a.s, &sent, 1000000, 1000);
    end_close(&a);
    settle();
    CALL(stream_pause(b.s, false));
    UNTIL(b.ended);
    check_pattern(&b, 1000000);
    close_ends(&a, &b);
}
END_TEST

START_TEST(the_end_lies_behind_what_a_paused_owner_has_not_seen)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 100000;
    b.on_data = pause_self;
    send_pattern(a.s, &sent, 50000, 1000);
    UNTIL(b.data == 1);
    send_pattern(a.s, &sent, 100000, 1000);
    CALL(stream_finish(a.s));
    settle();
    ck_assert_uint_eq(b.ended + b.closed, 0);
    b.on_data = NULL;
    b.record = 1;
    CALL(stream_pause(b.s, false));
    UNTIL(b.ended);
    check_pattern(&b, 100000);
    ck_assert_uint_eq(b.closed, 0);
    close_ends(&a, &b);
}
END_TEST

START_TEST(the_end_lies_behind_what_is_kept_when_an_owner_goes_on)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 1000;
    b.on_data = pause_self;
    send_pattern(a.s, &sent, 10, 10);
    UNTIL(b.data == 1);
    b.on_data = NULL;
    b.record = 1;
    CALL(stream_pause(b.s, false));
    CALL(stream_finish(a.s));
    UNTIL(b.ended);
    check_pattern(&b, 10);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_paused_owner_without_half_close_is_closed_behind_its_input)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    stream_own(b.s, &whole_events, &b);
    b.record = 1000;
    b.on_data = pause_self;
    send_pattern(a.s, &sent, 10, 10);
    UNTIL(b.data == 1);
    end_close(&a);
    settle();
    ck_assert_uint_eq(b.closed, 0);
    b.on_data = NULL;
    b.record = 1;
    CALL(stream_pause(b.s, false));
    UNTIL(b.closed);
    check_pattern(&b, 10);
    ck_assert_int_eq(b.error, 0);
    close_ends(&a, &b);
}
END_TEST

START_TEST(abort_is_a_reset_for_the_peer)
{
    open_ends(_i, &a, &b);
    ck_assert_int_eq(stream_write(a.s, "lost", 4), 0);
    end_abort(&a);
    UNTIL(b.closed || b.ended);
    if (knows_reset(_i))
        ck_assert_int_eq(b.error, -ECONNRESET);
    ck_assert_uint_eq(b.n, 0);
    close_ends(&a, &b);
}
END_TEST

START_TEST(writing_to_who_has_gone_is_a_reset)
{
    open_ends(PAIR, &a, &b);
    end_close(&a);
    UNTIL(b.ended);
    ck_assert_uint_eq(b.closed, 0);
    CALL(ck_assert_int_eq(stream_write(b.s, "x", 1), 0));
    UNTIL(b.closed);
    ck_assert_int_eq(b.error, -ECONNRESET);
    close_ends(&a, &b);
}
END_TEST

static struct end taker;

static void hand_over(struct end *e)
{
    taker = (struct end){.s = e->s};
    stream_own(e->s, &end_events, &taker);
    e->s = NULL;
}

START_TEST(a_stream_can_be_handed_to_another_owner_in_a_callback)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.record = 10;
    b.on_data = hand_over;
    send_pattern(a.s, &sent, 15, 15);
    UNTIL(b.n == 10);
    send_pattern(a.s, &sent, 20, 5);
    UNTIL(taker.n == 10);
    ck_assert_uint_eq(taker.got[0], pattern(10));
    ck_assert_uint_eq(taker.got[9], pattern(19));
    end_close(&taker);
    free(taker.got);
    close_ends(&a, &b);
}
END_TEST

/* --- Ending a stream in each of its callbacks ------------------------------------------------- */

static void (*const enders[])(struct end *e) = {end_close, end_abort};

#define N_ENDERS (sizeof enders / sizeof enders[0])

static void close_in_data(int kind, void (*ender)(struct end *e))
{
    size_t sent = 0;
    open_ends(kind, &a, &b);
    b.record = 7;
    b.on_data = ender;
    send_pattern(a.s, &sent, 100000, 1000);
    UNTIL(b.data);
    settle();
    ck_assert_uint_eq(b.data, 1);
    close_ends(&a, &b);
}

static void answer_and_close(struct end *e)
{
    CALL(ck_assert_int_eq(stream_write(e->s, "bye", 3), 0));
    end_close(e);
}

static void close_in_drained(int kind, void (*ender)(struct end *e))
{
    size_t sent = 0;
    open_ends(kind, &a, &b);
    a.s->out_limit = 1000;
    a.on_drained = ender;
    send_pattern(a.s, &sent, 100000, 1000);
    UNTIL(a.drained);
    settle();
    close_ends(&a, &b);
}

static void close_in_ended(int kind, void (*ender)(struct end *e))
{
    open_ends(kind, &a, &b);
    b.on_ended = ender;
    CALL(stream_finish(a.s));
    UNTIL(b.ended && (a.closed || a.ended));
    close_ends(&a, &b);
}

static void close_in_closed(int kind, void (*ender)(struct end *e))
{
    open_ends(kind, &a, &b);
    stream_own(b.s, &whole_events, &b);
    b.on_closed = ender;
    end_close(&a);
    UNTIL(b.closed);
    close_ends(&a, &b);
}

START_TEST(a_stream_may_be_ended_in_any_callback)
{
    for (size_t i = 0; i < N_ENDERS; i++) {
        close_in_data(_i, enders[i]);
        close_in_drained(_i, enders[i]);
        close_in_ended(_i, enders[i]);
        close_in_closed(_i, enders[i]);
    }
}
END_TEST

static void end_other(struct end *e)
{
    end_abort(e == &a ? &b : &a);
}

START_TEST(the_other_end_may_be_ended_in_any_callback)
{
    size_t sent = 0;
    open_ends(_i, &a, &b);
    b.on_data = end_other;
    send_pattern(a.s, &sent, 1000, 1000);
    UNTIL(b.closed || b.ended);
    close_ends(&a, &b);
    open_ends(_i, &a, &b);
    b.on_ended = end_other;
    CALL(stream_finish(a.s));
    UNTIL(b.ended);
    settle();
    close_ends(&a, &b);
}
END_TEST

START_TEST(last_words_of_a_callback_that_closes_arrive)
{
    open_ends(_i, &a, &b);
    b.on_data = answer_and_close;
    ck_assert_int_eq(stream_write(a.s, "hello", 5), 0);
    UNTIL(a.ended);
    ck_assert_uint_eq(a.n, 3);
    close_ends(&a, &b);
}
END_TEST

/* --- Lives at random -------------------------------------------------------------------------- */

static uint64_t state;
static size_t sent[2]; /* by `a`, by `b` */

static uint64_t dice(uint64_t n)
{
    return random_below(&state, n);
}

/* Whatever an owner may do, inside a callback or outside. */
static void act(struct end *e)
{
    size_t *mine = &sent[e == &b];
    uint64_t what = dice(40);
    if (e->s == NULL)
        return;
    if (what == 0)
        CALL(stream_finish(e->s));
    else if (what == 1)
        dice(2) ? end_close(e) : end_abort(e);
    else if (what < 6)
        CALL(stream_pause(e->s, true));
    else if (what < 20)
        CALL(stream_pause(e->s, false));
    else if (what < 23)
        e->record = 1 + dice(STREAM_INPUT_MAX - 1);
    else if (!e->s->finished)
        send_pattern(e->s, mine, *mine + dice(60000), 1 + dice(9000));
}

/* The end's last bytes may be lost, others may not, and none may be wrong. */
static void check_prefix(const struct end *e, size_t of)
{
    size_t right = 0;
    while (right < e->n && e->got[right] == pattern(right))
        right++;
    ck_assert_uint_le(e->n, of);
    ck_assert_uint_eq(right, e->n);
}

static void live(int kind, uint64_t seed)
{
    state = seed;
    sent[0] = sent[1] = 0;
    open_ends(kind, &a, &b);
    for (struct end *e = &a; e; e = e == &a ? &b : NULL) {
        e->s->out_limit = 1 + dice(300000);
        e->on_data = e->on_drained = act;
        e->on_ended = e->on_closed = act;
    }
    for (int i = 0; i < 400 && (a.s || b.s); i++) {
        act(dice(2) ? &a : &b);
        if (dice(3) == 0)
            turn();
    }
    check_prefix(&a, sent[1]);
    check_prefix(&b, sent[0]);
    close_ends(&a, &b);
}

START_TEST(lives_at_random_keep_the_rules)
{
    for (uint64_t seed = 1; seed <= 300; seed++)
        live(_i, seed);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_arrive_in_order,
        both_directions_work_at_once,
        unused_input_is_shown_again_in_front,
        an_idle_stream_holds_no_memory,
        output_is_bounded_until_the_peer_reads,
        pausing_keeps_what_is_left_and_resuming_shows_it,
        what_was_kept_is_shown_after_a_pause_though_nothing_comes,
        each_direction_ends_for_itself,
        finishing_when_the_peer_has_ended_closes_both,
        who_knows_no_half_close_is_closed_at_the_peers_end,
        closing_delivers_what_was_committed,
        closing_while_the_peer_pauses_delivers_when_it_resumes,
        what_lingers_when_the_loop_closes_is_given_back,
        the_end_lies_behind_what_a_paused_owner_has_not_seen,
        the_end_lies_behind_what_is_kept_when_an_owner_goes_on,
        a_paused_owner_without_half_close_is_closed_behind_its_input,
        abort_is_a_reset_for_the_peer,
        a_stream_can_be_handed_to_another_owner_in_a_callback,
        a_stream_may_be_ended_in_any_callback,
        the_other_end_may_be_ended_in_any_callback,
        last_words_of_a_callback_that_closes_arrive,
        lives_at_random_keep_the_rules,
    };
    Suite *s = suite_create("stream");
    TCase *c = tcase_create("stream");
    tcase_set_timeout(c, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(c, tests[i], 0, N_KINDS);
    tcase_add_test(c, writing_to_who_has_gone_is_a_reset); /* a closed socket lingers first */
    suite_add_tcase(s, c);
    return unit_main(s);
}
