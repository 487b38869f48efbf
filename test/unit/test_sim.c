/*
 * test_sim.c - the simulated platform: virtual time, and streams that keep their promises whatever
 * the faults.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/entropy.h"
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include <errno.h>
#include <string.h>

static const struct sim_faults kind = {0};
static const struct sim_faults slow = {.delay_min = 1 * NS_PER_MS, .delay_max = 50 * NS_PER_MS};
static const struct sim_faults odd = {
    .delay_max = 20 * NS_PER_MS, .split_per_1000 = 500, .window = 1000};
static const struct sim_faults cutting = {
    .delay_max = 5 * NS_PER_MS, .split_per_1000 = 100, .cut_per_million = 50000};

static const struct endpoint there = {.kind = ENDPOINT_TCP, .port = 6653, .host = "there"};

static void begin(uint64_t seed, const struct sim_faults *faults)
{
    sim_start(seed, faults);
    ck_assert_int_eq(loop_open(), 0);
}

static struct listener *listen_there(net_accept_fn *accept, void *user)
{
    struct endpoint at = there;
    struct listener *l;
    at.passive = true;
    ck_assert_int_eq(net_listen(sim_net(), &at, accept, user, &l), 0);
    return l;
}

/* --- Talkers: each end of a connection sends so many records and checks what it gets ---------- */

#define RECORD 100

struct talker {
    struct stream *stream;
    uint8_t key;          /* what it sends differs from what its peer sends */
    uint64_t sent, total; /* bytes */
    uint64_t got;         /* bytes of the peer's */
    uint64_t refused;     /* reserves that failed */
    size_t most_waiting;  /* of out_bytes */
    bool opened, ended, over;
    int error;
    struct timer resume;
};

static uint8_t byte_at(uint8_t key, uint64_t position)
{
    return (uint8_t)(key + position * 7 + position / 251);
}

static void talk(struct talker *t)
{
    while (t->sent < t->total) {
        size_t n = RECORD * (1 + sim_random(30));
        if (n > t->total - t->sent)
            n = (size_t)(t->total - t->sent);
        uint8_t *to = stream_reserve(t->stream, n);
        if (to == NULL) {
            t->refused++;
            return;
        }
        for (size_t i = 0; i < n; i++)
            to[i] = byte_at(t->key, t->sent + i);
        stream_commit(t->stream, n);
        t->sent += n;
        if (t->stream->out_bytes > t->most_waiting)
            t->most_waiting = t->stream->out_bytes;
    }
    stream_finish(t->stream);
}

static void on_opened(void *user)
{
    struct talker *t = user;
    t->opened = true;
    talk(t);
}

static void on_resume(void *user)
{
    struct talker *t = user;
    stream_pause(t->stream, false);
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct talker *t = user;
    size_t use = n / RECORD * RECORD, wrong = 0;
    ck_assert(!t->over && !t->ended);
    if (use > RECORD && sim_random(10) == 0) {
        use = RECORD;
        stream_pause(t->stream, true);
        loop_timer_arm(&t->resume, loop_now() + sim_random(30 * NS_PER_MS));
    }
    for (size_t i = 0; i < use; i++)
        wrong += bytes[i] != byte_at((uint8_t)~t->key, t->got + i);
    ck_assert_uint_eq(wrong, 0);
    t->got += use;
    return use;
}

static void on_drained(void *user)
{
    talk(user);
}

static void on_ended(void *user)
{
    struct talker *t = user;
    t->ended = true;
}

static void on_closed(void *user, int error)
{
    struct talker *t = user;
    ck_assert(!t->over);
    t->over = true;
    t->error = error;
    timer_cancel(&t->resume);
}

static const struct stream_events talker_events = {.opened = on_opened,
                                                   .data = on_data,
                                                   .drained = on_drained,
                                                   .ended = on_ended,
                                                   .closed = on_closed};

static void talker_init(struct talker *t, uint8_t key, uint64_t total)
{
    *t = (struct talker){.key = key, .total = total};
    timer_init(&t->resume, on_resume, t);
}

/* The passive talkers, in the order in which they will be wanted. */
static struct talker *waiting;

static void accept_talker(void *user, struct stream *s)
{
    struct talker *t = waiting++;
    (void)user;
    t->stream = s;
    stream_own(s, &talker_events, t);
    s->out_limit = 20000;
    t->opened = true;
    talk(t);
}

#define PAIRS 20

static struct talker active[PAIRS], passive[PAIRS];

/* All pairs talk until nothing is left to happen. */
static uint64_t conversation(uint64_t seed, const struct sim_faults *faults)
{
    begin(seed, faults);
    struct listener *l = listen_there(accept_talker, NULL);
    waiting = passive;
    for (int i = 0; i < PAIRS; i++) {
        talker_init(&active[i], 1, RECORD * sim_random(1000));
        talker_init(&passive[i], (uint8_t)~1, RECORD * sim_random(1000));
        ck_assert_int_eq(
            net_connect(sim_net(), &there, &talker_events, &active[i], &active[i].stream), 0);
        active[i].stream->out_limit = 20000;
    }
    ck_assert(!sim_run(TIMER_NEVER));
    net_listener_close(l);
    loop_close();
    return sim_digest();
}

static void all_was_said(const struct talker *t, const struct talker *to)
{
    ck_assert(t->over);
    ck_assert_int_eq(t->error, 0);
    ck_assert_uint_eq(t->sent, t->total);
    ck_assert(to->ended);
}

START_TEST(bytes_keep_order_and_content_under_every_fault)
{
    static const struct sim_faults *const faults[] = {&kind, &slow, &odd};
    for (uint64_t seed = 0; seed < 30; seed++) {
        uint64_t said = 0, heard = 0;
        conversation(seed, faults[seed % 3]);
        for (int i = 0; i < PAIRS; i++) {
            all_was_said(&active[i], &passive[i]);
            all_was_said(&passive[i], &active[i]);
            said += active[i].total + passive[i].total;
            heard += active[i].got + passive[i].got;
        }
        ck_assert_uint_eq(said, heard);
    }
}
END_TEST

START_TEST(a_seed_replays_to_the_last_callback_and_another_seed_does_not)
{
    static const struct sim_faults *const faults[] = {&kind, &slow, &odd, &cutting};
    for (int i = 0; i < 4; i++) {
        uint64_t digest = conversation(5, faults[i]);
        ck_assert_uint_eq(conversation(5, faults[i]), digest);
        ck_assert_uint_ne(conversation(6, faults[i]), digest);
    }
}
END_TEST

/* A reset, unless all that was to be said and heard had been. Returns whether it was a reset. */
static bool was_cut(const struct talker *t)
{
    ck_assert(t->over);
    if (t->error == 0)
        ck_assert(t->ended && t->sent == t->total);
    else
        ck_assert_int_eq(t->error, -ECONNRESET);
    return t->error != 0;
}

START_TEST(a_cut_is_a_reset_and_callbacks_end)
{
    int resets = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        conversation(seed, &cutting);
        for (int i = 0; i < PAIRS; i++)
            resets += was_cut(&active[i]);
        for (const struct talker *t = passive; t < waiting; t++)
            resets += was_cut(t);
    }
    ck_assert_int_gt(resets, 100);
}
END_TEST

START_TEST(cutting_all_resets_both_ends_of_every_connection)
{
    begin(1, &slow);
    struct listener *l = listen_there(accept_talker, NULL);
    waiting = passive;
    for (int i = 0; i < PAIRS; i++) {
        talker_init(&active[i], 1, 100000 * RECORD);
        talker_init(&passive[i], (uint8_t)~1, 100000 * RECORD);
        net_connect(sim_net(), &there, &talker_events, &active[i], &active[i].stream);
    }
    ck_assert(sim_run(300 * NS_PER_MS));
    sim_cut_all();
    ck_assert(!sim_run(TIMER_NEVER));
    for (int i = 0; i < PAIRS; i++) {
        ck_assert(active[i].over && passive[i].over);
        ck_assert_int_eq(active[i].error, -ECONNRESET);
        ck_assert_int_eq(passive[i].error, -ECONNRESET);
    }
    net_listener_close(l);
    loop_close();
}
END_TEST

/* --- One connection at a time ---------------------------------------------------------------- */

/* An end that only notes what it hears. */
struct probe {
    struct stream *stream;
    uint64_t got;
    int opened, drained, ended, closed, error;
};

static struct probe a, b; /* the active and the passive end */
static struct listener *listener;

static size_t probe_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)bytes;
    ((struct probe *)user)->got += n;
    return n;
}

static void probe_opened(void *user)
{
    ((struct probe *)user)->opened++;
}

static void probe_drained(void *user)
{
    ((struct probe *)user)->drained++;
}

static void probe_ended(void *user)
{
    ((struct probe *)user)->ended++;
}

static void probe_closed(void *user, int error)
{
    struct probe *p = user;
    p->closed++;
    p->error = error;
}

static const struct stream_events probe_events = {.opened = probe_opened,
                                                  .data = probe_data,
                                                  .drained = probe_drained,
                                                  .ended = probe_ended,
                                                  .closed = probe_closed};

static void probe_accept(void *user, struct stream *s)
{
    struct probe *p = user;
    p->stream = s;
    stream_own(s, &probe_events, p);
}

static void connect_a(void)
{
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    ck_assert_int_eq(net_connect(sim_net(), &there, &probe_events, &a, &a.stream), 0);
}

static void begin_probes(const struct sim_faults *faults)
{
    begin(1, faults);
    listener = listen_there(probe_accept, &b);
    connect_a();
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_int_eq(a.opened, 1);
    ck_assert_ptr_nonnull(b.stream);
}

static void end_probes(void)
{
    net_listener_close(listener);
    loop_close();
}

static size_t write_until_refused(struct stream *s)
{
    static const uint8_t record[RECORD];
    size_t n = 0;
    while (stream_write(s, record, RECORD) == 0)
        n += RECORD;
    return n;
}

START_TEST(connecting_to_nobody_is_refused)
{
    begin(1, &slow);
    connect_a();
    ck_assert_int_eq(a.closed, 0);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_int_eq(a.closed, 1);
    ck_assert_int_eq(a.error, -ECONNREFUSED);
    ck_assert_int_eq(a.opened, 0);
    loop_close();
}
END_TEST

START_TEST(refused_connects_are_refused_or_time_out)
{
    int refused = 0, timed_out = 0;
    begin(1, &(struct sim_faults){.refuse_per_1000 = 1000});
    listener = listen_there(probe_accept, &b);
    for (int i = 0; i < 100; i++) {
        connect_a();
        ck_assert(!sim_run(TIMER_NEVER));
        ck_assert_int_eq(a.closed, 1);
        refused += a.error == -ECONNREFUSED;
        timed_out += a.error == -ETIMEDOUT;
    }
    ck_assert_int_eq(refused + timed_out, 100);
    ck_assert(refused > 0 && timed_out > 0);
    sim_set_faults(&kind);
    connect_a();
    sim_run(TIMER_NEVER);
    ck_assert_int_eq(a.opened, 1);
    end_probes();
}
END_TEST

START_TEST(each_direction_ends_for_itself)
{
    begin_probes(&slow);
    stream_finish(a.stream);
    sim_run(TIMER_NEVER);
    ck_assert_int_eq(b.ended, 1);
    ck_assert_int_eq(a.closed + b.closed, 0);
    stream_write(b.stream, "more", 4);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(a.got, 4);
    stream_finish(b.stream);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_int_eq(a.ended, 1);
    ck_assert(a.closed == 1 && a.error == 0 && b.closed == 1 && b.error == 0);
    end_probes();
}
END_TEST

START_TEST(closing_delivers_what_was_committed_and_no_callback_follows)
{
    begin_probes(&odd);
    a.stream->out_limit = 50000;
    size_t n = write_until_refused(a.stream);
    stream_close(a.stream);
    stream_write(b.stream, "into the void", 13);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.got, n);
    ck_assert_int_eq(b.ended, 1);
    ck_assert_uint_eq(a.got, 0);
    ck_assert_int_eq(a.closed + a.drained, 0);
    end_probes();
}
END_TEST

START_TEST(an_owner_without_ended_is_closed_with_no_error)
{
    static const struct stream_events events = {.data = probe_data, .closed = probe_closed};
    begin_probes(&slow);
    stream_own(b.stream, &events, &b);
    stream_close(a.stream);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert(b.closed == 1 && b.error == 0);
    end_probes();
}
END_TEST

START_TEST(aborting_resets_the_peer)
{
    begin_probes(&slow);
    stream_write(a.stream, "lost", 4);
    stream_abort(a.stream);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_uint_eq(b.got, 0);
    ck_assert(b.closed == 1 && b.error == -ECONNRESET);
    ck_assert_int_eq(a.closed, 0);
    end_probes();
}
END_TEST

START_TEST(a_peer_that_does_not_read_bounds_what_waits)
{
    begin_probes(&slow);
    a.stream->out_limit = 50000;
    stream_pause(b.stream, true);
    uint64_t sent = 0;
    for (int i = 0; i < 100; i++) {
        sent += write_until_refused(a.stream);
        sim_run(loop_now() + NS_PER_S);
        ck_assert_uint_le(a.stream->out_bytes, 50000 + RECORD);
    }
    ck_assert_uint_le(sent, 65536 + 50000 + 2 * RECORD);
    ck_assert_uint_ge(sent, 65536 + 50000);
    ck_assert_uint_eq(b.got, 0);
    int drained = a.drained;
    stream_pause(b.stream, false);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_uint_eq(b.got, sent);
    ck_assert_int_eq(a.drained, drained + 1);
    end_probes();
}
END_TEST

START_TEST(a_closed_stream_whose_peer_never_reads_goes_in_bounded_time)
{
    begin_probes(&kind);
    stream_pause(b.stream, true);
    write_until_refused(a.stream);
    stream_close(a.stream);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_uint_le(loop_now(), 60 * NS_PER_S);
    stream_write(b.stream, "x", 1);
    sim_run(TIMER_NEVER);
    ck_assert(b.closed == 1 && b.error == -ECONNRESET);
    end_probes();
}
END_TEST

START_TEST(output_committed_while_connecting_is_sent_and_a_connect_can_be_given_up)
{
    begin(1, &slow);
    listener = listen_there(probe_accept, &b);
    connect_a();
    stream_write(a.stream, "early", 5);
    stream_finish(a.stream);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.got, 5);
    ck_assert_int_eq(b.ended, 1);
    stream_close(b.stream);
    sim_run(TIMER_NEVER);
    connect_a();
    stream_close(a.stream);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_int_eq(a.opened + a.closed, 0);
    ck_assert_ptr_null(b.stream);
    end_probes();
}
END_TEST

START_TEST(a_listener_has_a_name_and_its_address_to_itself)
{
    struct endpoint at = {.kind = ENDPOINT_TCP, .passive = true, .port = 0, .host = "there"};
    struct endpoint any = {.kind = ENDPOINT_TCP, .passive = true, .port = 6653};
    struct endpoint ssl = {.kind = ENDPOINT_SSL, .passive = true, .port = 6653};
    struct listener *chosen, *l;
    begin_probes(&kind);
    ck_assert_str_eq(net_listener_name(listener), "ptcp:6653:there");
    ck_assert_int_eq(net_listen(sim_net(), &any, probe_accept, &b, &l), -EADDRINUSE);
    ck_assert_int_eq(net_listen(sim_net(), &ssl, probe_accept, &b, &l), -EAFNOSUPPORT);
    ck_assert_int_eq(net_listen(sim_net(), &at, probe_accept, &b, &chosen), 0);
    ck_assert_str_ne(net_listener_name(chosen), "ptcp:0:there");
    net_listener_close(chosen);
    end_probes();
}
END_TEST

START_TEST(a_closed_listener_refuses_but_its_connections_live)
{
    begin_probes(&kind);
    struct probe old_a = a, old_b = b;
    net_listener_close(listener);
    stream_own(old_a.stream, &probe_events, &old_a);
    stream_own(old_b.stream, &probe_events, &old_b);
    connect_a();
    stream_write(old_a.stream, "still here", 10);
    sim_run(TIMER_NEVER);
    ck_assert_int_eq(a.error, -ECONNREFUSED);
    ck_assert_uint_eq(old_b.got, 10);
    loop_close();
}
END_TEST

START_TEST(a_pair_works_in_virtual_time)
{
    struct stream *ends[2];
    begin(1, &kind);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    ck_assert_int_eq(stream_pair(ends), 0);
    stream_own(ends[0], &probe_events, &a);
    stream_own(ends[1], &probe_events, &b);
    stream_write(ends[0], "hello", 5);
    stream_close(ends[0]);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.got, 5);
    stream_close(ends[1]);
    ck_assert(!sim_run(TIMER_NEVER));
    loop_close();
}
END_TEST

/* --- Order and time -------------------------------------------------------------------------- */

static int first_heard;

static size_t who_is_first(void *user, const uint8_t *bytes, size_t n)
{
    (void)bytes;
    if (first_heard < 0)
        first_heard = *(int *)user;
    return n;
}

static void first_closed(void *user, int error)
{
    (void)user;
    (void)error;
}

static const struct stream_events first_events = {.data = who_is_first, .closed = first_closed};

static void accept_and_greet(void *user, struct stream *s)
{
    (void)user;
    stream_write(s, "hello", 5);
    stream_close(s);
}

START_TEST(independent_streams_call_back_in_an_order_drawn_from_the_seed)
{
    int firsts[8] = {0}, numbers[8];
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct stream *s;
        begin(seed, &kind);
        listener = listen_there(accept_and_greet, NULL);
        first_heard = -1;
        for (int i = 0; i < 8; i++) {
            numbers[i] = i;
            net_connect(sim_net(), &there, &first_events, &numbers[i], &s);
        }
        sim_run(1 * NS_PER_S);
        ck_assert_int_ge(first_heard, 0);
        firsts[first_heard]++;
        end_probes();
    }
    for (int i = 0; i < 8; i++)
        ck_assert_int_gt(firsts[i], 0);
}
END_TEST

static uint64_t rang_at;

static void ring(void *user)
{
    (void)user;
    rang_at = loop_now();
}

START_TEST(time_jumps_to_what_is_due_and_a_run_ends_when_nothing_is_left)
{
    struct timer t;
    begin(1, &kind);
    ck_assert_uint_eq(loop_now(), 0);
    ck_assert(!sim_run(NS_PER_S));
    timer_init(&t, ring, NULL);
    loop_timer_arm(&t, 86400 * NS_PER_S);
    ck_assert(sim_run(3600 * NS_PER_S));
    ck_assert_uint_eq(loop_now(), 3600 * NS_PER_S);
    ck_assert_uint_eq(rang_at, 0);
    ck_assert_int_eq(loop_run(), -EDEADLK);
    ck_assert_uint_ge(rang_at, 86400 * NS_PER_S);
    ck_assert_uint_le(rang_at, 86400 * NS_PER_S + 2 * NS_PER_MS);
    loop_close();
}
END_TEST

static int runs;

static void again(void *user)
{
    if (++runs < 3)
        loop_defer(user);
}

START_TEST(deferred_work_runs_once_a_turn_without_time_passing)
{
    struct loop_work w;
    begin(1, &kind);
    loop_work_init(&w, again, &w);
    loop_defer(&w);
    loop_defer(&w);
    ck_assert(loop_poll());
    ck_assert_int_eq(runs, 1);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_int_eq(runs, 3);
    ck_assert_uint_eq(loop_now(), 0);
    loop_defer(&w);
    loop_work_cancel(&w);
    ck_assert(!loop_poll());
    loop_close();
}
END_TEST

static void stop(void *user)
{
    loop_stop(*(int *)user);
}

START_TEST(an_operator_can_stop_the_loop)
{
    int status = 7;
    begin(1, &kind);
    sim_signal(LOOP_TERMINATE); /* nobody listens */
    loop_on_signal(LOOP_TERMINATE, stop, &status);
    struct loop_work w;
    loop_work_init(&w, stop, &status);
    loop_defer(&w);
    ck_assert_int_eq(loop_run(), 7);
    sim_signal(LOOP_TERMINATE);
    loop_close();
}
END_TEST

START_TEST(entropy_follows_the_seed)
{
    uint8_t x[13], y[13], z[13];
    begin(3, &kind);
    entropy_fill(x, sizeof x);
    begin(3, &kind);
    sim_random(5); /* the simulation's own draws change nothing */
    entropy_fill(y, sizeof y);
    begin(4, &kind);
    entropy_fill(z, sizeof z);
    ck_assert_mem_eq(x, y, sizeof x);
    ck_assert_mem_ne(x, z, sizeof x);
    loop_close();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_keep_order_and_content_under_every_fault,
        a_seed_replays_to_the_last_callback_and_another_seed_does_not,
        a_cut_is_a_reset_and_callbacks_end,
        cutting_all_resets_both_ends_of_every_connection,
        connecting_to_nobody_is_refused,
        refused_connects_are_refused_or_time_out,
        each_direction_ends_for_itself,
        closing_delivers_what_was_committed_and_no_callback_follows,
        an_owner_without_ended_is_closed_with_no_error,
        aborting_resets_the_peer,
        a_peer_that_does_not_read_bounds_what_waits,
        a_closed_stream_whose_peer_never_reads_goes_in_bounded_time,
        output_committed_while_connecting_is_sent_and_a_connect_can_be_given_up,
        a_listener_has_a_name_and_its_address_to_itself,
        a_closed_listener_refuses_but_its_connections_live,
        a_pair_works_in_virtual_time,
        independent_streams_call_back_in_an_order_drawn_from_the_seed,
        time_jumps_to_what_is_due_and_a_run_ends_when_nothing_is_left,
        deferred_work_runs_once_a_turn_without_time_passing,
        an_operator_can_stop_the_loop,
        entropy_follows_the_seed,
        NULL,
    };
    return unit_main(unit_suite("sim", tests));
}
