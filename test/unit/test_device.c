/*
 * test_device.c - the device manager over simulated links: names, coming and going, ending at any
 * moment.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "test/unit/unit.h"
#include "test/unit/watcher.h"
#include <errno.h>

static struct pkt_pool *pool;
static struct watcher a, b;

static void begin(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    pool = pkt_pool_new(64, PKT_SMALL, NULL);
}

static void watch_both(void)
{
    ck_assert_int_eq(watcher_begin(&a, "link:l", pool), 0);
    ck_assert_int_eq(watcher_begin(&b, "link:l", pool), 0);
    ck_assert_uint_eq(a.appeared, 0); /* not during the call */
    sim_run(loop_now());
    ck_assert(a.dev && b.dev);
}

static void end(void)
{
    watcher_end(&a);
    watcher_end(&b);
    loop_close();
    pkt_pool_free(pool);
}

START_TEST(a_name_of_no_kind_is_refused)
{
    static const char *const names[] = {"",      "link",    "link:",     ":l",
                                        "lin:l", "linkk:l", "carrier:l", "Link:l"};
    struct watcher w;
    begin();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_int_eq(watcher_begin(&w, names[i], pool), -EINVAL);
    char name[NETDEV_NAME_MAX + 1] = "link:";
    memset(name + 5, 'x', NETDEV_NAME_MAX - 5);
    ck_assert_int_eq(watcher_begin(&w, name, pool), -EINVAL);
    name[NETDEV_NAME_MAX - 1] = '\0';
    ck_assert_int_eq(watcher_begin(&a, name, pool), 0);
    sim_run(0);
    ck_assert_str_eq(a.dev->name, name);
    end();
}
END_TEST

START_TEST(a_device_that_goes_and_comes_back_is_told_under_the_same_watch)
{
    begin();
    watch_both();
    for (size_t i = 1; i <= 3; i++) {
        sim_link_plug("l", false);
        ck_assert_uint_eq(a.gone, i - 1); /* not during the call */
        sim_run(TIMER_NEVER);
        ck_assert_uint_eq(a.gone, i);
        ck_assert_uint_eq(a.appeared, i);
        ck_assert_uint_eq(a.absent, i);
        ck_assert_int_eq(a.error, -ENODEV);
        ck_assert_ptr_null(a.dev);
        sim_link_plug("l", true);
        sim_run(TIMER_NEVER);
        ck_assert_uint_eq(a.appeared, i + 1);
        ck_assert(a.dev && a.dev->link_up);
        watcher_send(&a, pool, 0, 60);
        sim_run(TIMER_NEVER);
        ck_assert_uint_eq(b.frames, i);
    }
    end();
}
END_TEST

START_TEST(a_device_that_is_back_before_its_going_was_told_is_both)
{
    begin();
    watch_both();
    sim_link_plug("l", false);
    sim_link_plug("l", true);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(a.gone, 1);
    ck_assert_uint_eq(a.appeared, 2);
    ck_assert_uint_eq(a.absent, 0);
    end();
}
END_TEST

START_TEST(a_device_not_there_is_waited_for)
{
    begin();
    sim_link_plug("l", false);
    ck_assert_int_eq(watcher_begin(&a, "link:l", pool), 0);
    ck_assert(!sim_run(TIMER_NEVER)); /* nobody asks again and again */
    ck_assert_int_eq(a.error, -ENODEV);
    ck_assert_uint_eq(a.absent, 1);
    sim_link_plug("l", true);
    sim_run(TIMER_NEVER);
    ck_assert_ptr_nonnull(a.dev);
    end();
}
END_TEST

START_TEST(a_busy_device_is_tried_again_and_its_absence_told_once)
{
    struct watcher third;
    begin();
    watch_both();
    ck_assert_int_eq(watcher_begin(&third, "link:l", pool), 0);
    ck_assert(sim_run(10 * NS_PER_S));
    ck_assert_int_eq(third.error, -EBUSY);
    ck_assert_uint_eq(third.absent, 1);
    watcher_end(&a);
    sim_run(12 * NS_PER_S);
    ck_assert_ptr_nonnull(third.dev);
    ck_assert(b.dev->link_up);
    watcher_end(&third);
    end();
}
END_TEST

/* --- Ending in a callback -------------------------------------------------------------------- */

static void unwatch_at_once(struct watcher *w, struct pkt *p)
{
    (void)p;
    device_unwatch(w->watch);
    w->watch = NULL;
    w->dev = NULL;
}

START_TEST(a_watch_may_end_while_its_device_delivers)
{
    begin();
    watch_both();
    b.on_frame = unwatch_at_once;
    for (int i = 0; i < 10; i++)
        watcher_send(&a, pool, 0, 60);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(b.frames, 1);
    ck_assert(!a.dev->link_up);
    b.frames = 0;
    end();
}
END_TEST

static void unwatch_in_gone(void *user, struct netdev *dev)
{
    struct watcher *w = user;
    watcher_gone(user, dev);
    device_unwatch(w->watch);
    w->watch = NULL;
}

static void unwatch_in_absent(void *user, int error)
{
    struct watcher *w = user;
    watcher_absent(user, error);
    device_unwatch(w->watch);
    w->watch = NULL;
}

static void unwatch_in_appeared(void *user, struct netdev *dev)
{
    struct watcher *w = user;
    watcher_appeared(user, dev);
    device_unwatch(w->watch);
    w->watch = NULL;
    w->dev = NULL;
}

START_TEST(a_watch_may_end_in_each_of_its_callbacks)
{
    static const struct device_events events[] = {
        {.appeared = watcher_appeared, .gone = unwatch_in_gone, .absent = watcher_absent},
        {.appeared = watcher_appeared, .gone = watcher_gone, .absent = unwatch_in_absent},
        {.appeared = unwatch_in_appeared, .gone = watcher_gone, .absent = watcher_absent},
    };
    for (int i = 0; i < 3; i++) {
        struct watcher w = {0};
        begin();
        ck_assert_int_eq(device_watch("link:l", pool, &events[i], &w, &w.watch), 0);
        sim_run(0);
        sim_link_plug("l", false);
        sim_run(TIMER_NEVER);
        sim_link_plug("l", true);
        sim_run(TIMER_NEVER);
        ck_assert_ptr_null(w.watch);
        ck_assert_uint_eq(w.appeared, 1);
        ck_assert_uint_eq(w.gone, i < 2);
        ck_assert_uint_eq(w.absent, i == 1);
        end();
    }
}
END_TEST

START_TEST(unwatching_before_the_first_turn_leaves_nothing)
{
    begin();
    ck_assert_int_eq(watcher_begin(&a, "link:l", pool), 0);
    watcher_end(&a);
    ck_assert(!sim_run(TIMER_NEVER));
    ck_assert_uint_eq(a.appeared, 0);
    device_unwatch(NULL);
    end();
}
END_TEST

static struct watcher found;
static unsigned offers;

/* Watch whatever is offered. */
static void on_found(void *user, const char *name)
{
    ck_assert_ptr_eq(user, &found);
    offers++;
    ck_assert_int_eq(watcher_begin(&found, name, pool), 0);
}

START_TEST(a_search_finds_what_nobody_watches_now_and_when_it_comes)
{
    struct device_search *search, *second;
    begin();
    sim_link_plug("there", true);
    sim_link_plug("out", false);
    ck_assert_int_eq(watcher_begin(&a, "link:watched", pool), 0);
    ck_assert_int_eq(device_search("link", on_found, &found, &search), 0);
    ck_assert_uint_eq(offers, 0); /* not during the call */
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(offers, 1);
    ck_assert_str_eq(found.dev->name, "link:there");
    sim_link_plug("there", false);
    sim_link_plug("there", true);
    sim_link_plug("watched", true);
    sim_run(TIMER_NEVER);
    ck_assert_uint_eq(offers, 1); /* it is watched now */
    watcher_end(&found);
    sim_link_plug("out", true);
    ck_assert_uint_eq(offers, 2);
    device_search_end(search);
    watcher_end(&found);
    sim_link_plug("out", true);
    ck_assert_uint_eq(offers, 2);
    ck_assert_int_eq(device_search("none", on_found, &found, &second), -EINVAL);
    device_search_end(NULL);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_name_of_no_kind_is_refused,
        a_device_that_goes_and_comes_back_is_told_under_the_same_watch,
        a_device_that_is_back_before_its_going_was_told_is_both,
        a_device_not_there_is_waited_for,
        a_busy_device_is_tried_again_and_its_absence_told_once,
        a_watch_may_end_while_its_device_delivers,
        a_watch_may_end_in_each_of_its_callbacks,
        unwatching_before_the_first_turn_leaves_nothing,
        a_search_finds_what_nobody_watches_now_and_when_it_comes,
        NULL,
    };
    return unit_main(unit_suite("device", tests));
}
