/*
 * test_timer.c - the timer wheel against its header's promises and a slow model.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/timer.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#define TICK (1ull << 20)
#define YEAR (366 * 86400 * NS_PER_S)

/* When a timer must have fired at the latest. */
static uint64_t latest(uint64_t deadline)
{
    return deadline > TIMER_NEVER - TICK ? TIMER_NEVER : deadline + TICK;
}

/* --- The model: an array that is searched -------------------------------------------------- */

#define MODEL_TIMERS 300

struct model {
    struct wheel wheel;
    uint64_t now;
    uint64_t last_tick; /* of the timer that fired last in this turn */
    bool turning;
    uint64_t random;
    struct probe {
        struct timer timer;
        struct model *model;
        uint64_t deadline, tick; /* the tick that it waits for */
        bool armed, this_turn;   /* armed by a callback in this turn: must wait */
    } probes[MODEL_TIMERS];
};

static uint64_t some_deadline(struct model *m)
{
    uint64_t r = random_below(&m->random, 100);
    if (r < 10)
        return m->now - random_below(&m->random, m->now + 1); /* past, or now */
    if (r < 40)
        return m->now + random_below(&m->random, 3 * TICK);
    if (r < 60)
        return m->now + random_below(&m->random, 200 * TICK);
    if (r < 80)
        return m->now + random_below(&m->random, 600 * NS_PER_S);
    if (r < 97)
        return m->now + random_below(&m->random, 300 * YEAR);
    return TIMER_NEVER - random_below(&m->random, 2 * TICK);
}

static void model_arm(struct probe *p, uint64_t deadline)
{
    uint64_t tick = deadline / TICK + (deadline % TICK != 0), now = p->model->now / TICK;
    p->deadline = deadline;
    p->tick = tick > now ? tick : now;
    p->armed = true;
    p->this_turn = p->model->turning;
    wheel_arm(&p->model->wheel, &p->timer, deadline);
    ck_assert(timer_armed(&p->timer));
}

static void model_cancel(struct probe *p)
{
    p->armed = false;
    timer_cancel(&p->timer);
    ck_assert(!timer_armed(&p->timer));
}

static void model_fired(void *user)
{
    struct probe *p = user;
    struct model *m = p->model;
    ck_assert(p->armed && !p->this_turn && !timer_armed(&p->timer));
    ck_assert_uint_ge(m->now, p->deadline);
    p->armed = false;
    ck_assert_uint_ge(p->tick, m->last_tick);
    m->last_tick = p->tick;
    struct probe *other = &m->probes[random_below(&m->random, MODEL_TIMERS)];
    switch (random_below(&m->random, 4)) {
    case 0:
        model_arm(p, some_deadline(m));
        break;
    case 1:
        model_cancel(other);
        break;
    case 2:
        model_arm(other, some_deadline(m));
        break;
    }
}

static uint64_t model_earliest(const struct model *m)
{
    uint64_t earliest = TIMER_NEVER;
    for (int i = 0; i < MODEL_TIMERS; i++)
        if (m->probes[i].armed && m->probes[i].deadline < earliest)
            earliest = m->probes[i].deadline;
    return earliest;
}

/* Nothing that should have fired in a turn at `now` is left, and the wheel's count is right. */
static void model_check(struct model *m)
{
    size_t armed = 0, confused = 0, late = 0;
    for (int i = 0; i < MODEL_TIMERS; i++) {
        struct probe *p = &m->probes[i];
        armed += p->armed;
        confused += p->armed != timer_armed(&p->timer);
        late += p->armed && !p->this_turn && latest(p->deadline) <= m->now;
        p->this_turn = false;
    }
    ck_assert_uint_eq(confused, 0);
    ck_assert_uint_eq(late, 0);
    ck_assert_uint_eq(armed, m->wheel.armed);
    uint64_t needed = latest(model_earliest(m));
    ck_assert_uint_le(wheel_next(&m->wheel), needed > m->now ? needed : m->now);
}

static void model_turn(struct model *m, uint64_t now)
{
    m->now = now;
    m->last_tick = 0;
    m->turning = true;
    wheel_turn(&m->wheel, now);
    m->turning = false;
    model_check(m);
}

static void model_init(struct model *m, uint64_t seed, uint64_t now)
{
    m->random = seed;
    m->now = now;
    m->turning = false;
    wheel_init(&m->wheel, now);
    for (int i = 0; i < MODEL_TIMERS; i++) {
        m->probes[i] = (struct probe){.model = m};
        timer_init(&m->probes[i].timer, model_fired, &m->probes[i]);
    }
}

static void model_step(struct model *m)
{
    struct probe *p = &m->probes[random_below(&m->random, MODEL_TIMERS)];
    uint64_t r = random_below(&m->random, 100), next = wheel_next(&m->wheel);
    if (r < 50)
        model_arm(p, some_deadline(m));
    else if (r < 70)
        model_cancel(p);
    else if (r < 80)
        model_turn(m, m->now + random_below(&m->random, TICK / 2));
    else if (r < 90)
        model_turn(m, m->now + random_below(&m->random, 100 * TICK));
    else if (r < 92)
        model_turn(m, m->now + random_below(&m->random, YEAR / 50));
    else if (next != TIMER_NEVER)
        model_turn(m, next > m->now ? next : m->now);
}

START_TEST(agrees_with_a_searched_array)
{
    static struct model m;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        model_init(&m, seed, seed % 2 ? seed * YEAR / 41 : 0);
        for (int step = 0; step < 4000; step++)
            model_step(&m);
    }
}
END_TEST

/* --- Single promises ------------------------------------------------------------------------ */

static void count(void *user)
{
    ++*(int *)user;
}

START_TEST(fires_at_most_one_tick_late_when_turned_as_asked)
{
    uint64_t random = 7;
    for (int i = 0; i < 5000; i++) {
        uint64_t begin = random_below(&random, 10 * YEAR);
        uint64_t deadline = begin + (random_u64(&random) >> (8 + random_below(&random, 50)));
        struct wheel w;
        struct timer t;
        uint64_t next;
        int fired = 0;
        wheel_init(&w, begin);
        timer_init(&t, count, &fired);
        wheel_arm(&w, &t, deadline);
        next = wheel_next(&w);
        ck_assert_uint_ge(next, deadline);
        ck_assert_uint_lt(next, deadline + TICK);
        ck_assert_uint_eq(wheel_turn(&w, next), 1);
        ck_assert_uint_eq(wheel_next(&w), TIMER_NEVER);
    }
}
END_TEST

#define FEW 16

START_TEST(who_has_few_timers_is_woken_by_those_that_are_due_only)
{
    uint64_t random = 5, next;
    for (int i = 0; i < 1000; i++) {
        struct wheel w;
        struct timer t[FEW];
        int fired = 0;
        wheel_init(&w, random_below(&random, YEAR));
        for (int k = 0; k < FEW; k++) {
            timer_init(&t[k], count, &fired);
            wheel_arm(&w, &t[k], random_below(&random, 2 * YEAR));
        }
        while ((next = wheel_next(&w)) != TIMER_NEVER)
            ck_assert_uint_gt(wheel_turn(&w, next), 0);
        ck_assert_int_eq(fired, FEW);
    }
}
END_TEST

START_TEST(an_armed_never_never_fires)
{
    struct wheel w;
    struct timer t;
    int fired = 0;
    wheel_init(&w, 0);
    timer_init(&t, count, &fired);
    wheel_arm(&w, &t, TIMER_NEVER);
    ck_assert_uint_eq(wheel_next(&w), TIMER_NEVER);
    wheel_turn(&w, TIMER_NEVER);
    ck_assert_int_eq(fired, 0);
    ck_assert(timer_armed(&t));
    timer_cancel(&t);
    ck_assert_uint_eq(w.armed, 0);
}
END_TEST

START_TEST(a_deadline_in_the_past_fires_on_the_next_turn_even_of_the_same_tick)
{
    struct wheel w;
    struct timer t;
    int fired = 0;
    wheel_init(&w, 5 * TICK + 9);
    timer_init(&t, count, &fired);
    wheel_arm(&w, &t, 3);
    ck_assert_uint_le(wheel_next(&w), 5 * TICK + 9);
    ck_assert_uint_eq(wheel_turn(&w, 5 * TICK + 9), 1);
    wheel_arm(&w, &t, 5 * TICK);
    ck_assert_uint_eq(wheel_turn(&w, 5 * TICK + 9), 1);
    ck_assert_int_eq(fired, 2);
}
END_TEST

START_TEST(arming_again_moves_and_cancelling_twice_is_nothing)
{
    struct wheel w;
    struct timer t;
    int fired = 0;
    wheel_init(&w, 0);
    timer_init(&t, count, &fired);
    timer_cancel(&t);
    wheel_arm(&w, &t, 2 * TICK);
    wheel_arm(&w, &t, 9000 * TICK);
    ck_assert_uint_eq(w.armed, 1);
    ck_assert_uint_eq(wheel_turn(&w, 8999 * TICK), 0);
    ck_assert_uint_eq(wheel_turn(&w, 9000 * TICK), 1);
    timer_cancel(&t);
    timer_cancel(&t);
    ck_assert_int_eq(fired, 1);
    ck_assert_uint_eq(w.armed, 0);
}
END_TEST

/* A timer that, when it fires, cancels another and arms itself for a time that has come. */
struct meddler {
    struct wheel *wheel;
    struct timer self, *victim;
    int fired;
};

static void meddle(void *user)
{
    struct meddler *m = user;
    m->fired++;
    timer_cancel(m->victim);
    wheel_arm(m->wheel, &m->self, 0);
}

START_TEST(a_callback_may_cancel_what_is_due_in_its_turn_and_its_re_arming_waits)
{
    struct wheel w;
    struct meddler a = {.wheel = &w}, b = {.wheel = &w};
    a.victim = &b.self;
    b.victim = &a.self;
    wheel_init(&w, 0);
    timer_init(&a.self, meddle, &a);
    timer_init(&b.self, meddle, &b);
    wheel_arm(&w, &a.self, 10 * TICK);
    wheel_arm(&w, &b.self, 11 * TICK);
    ck_assert_uint_eq(wheel_turn(&w, 20 * TICK), 1);
    ck_assert_int_eq(a.fired, 1);
    ck_assert_int_eq(b.fired, 0);
    ck_assert(!timer_armed(&b.self));
    ck_assert_uint_eq(wheel_turn(&w, 20 * TICK), 1);
    ck_assert_int_eq(a.fired, 2);
    timer_cancel(&a.self);
    ck_assert_uint_eq(wheel_next(&w), TIMER_NEVER);
}
END_TEST

#define MILLION 1000000

START_TEST(a_million_timers_fire_once_each)
{
    struct timer *timers = calloc(MILLION, sizeof *timers);
    uint64_t random = 3, now = 0;
    struct wheel w;
    int fired = 0;
    size_t turned = 0, turns = 0;
    wheel_init(&w, 0);
    for (int i = 0; i < MILLION; i++) {
        timer_init(&timers[i], count, &fired);
        wheel_arm(&w, &timers[i], random_below(&random, 3600 * NS_PER_S));
    }
    for (int i = 0; i < MILLION; i += 10)
        timer_cancel(&timers[i]);
    while ((now = wheel_next(&w)) != TIMER_NEVER) {
        turned += wheel_turn(&w, now);
        turns++;
    }
    ck_assert_uint_eq(turned, MILLION - MILLION / 10);
    ck_assert_int_eq(fired, MILLION - MILLION / 10);
    ck_assert_uint_le(turns, MILLION + 100000);
    free(timers);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        agrees_with_a_searched_array,
        fires_at_most_one_tick_late_when_turned_as_asked,
        who_has_few_timers_is_woken_by_those_that_are_due_only,
        an_armed_never_never_fires,
        a_deadline_in_the_past_fires_on_the_next_turn_even_of_the_same_tick,
        arming_again_moves_and_cancelling_twice_is_nothing,
        a_callback_may_cancel_what_is_due_in_its_turn_and_its_re_arming_waits,
        a_million_timers_fire_once_each,
        NULL,
    };
    return unit_main(unit_suite("timer", tests));
}
