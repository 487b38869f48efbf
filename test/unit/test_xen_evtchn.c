/*
 * test_xen_evtchn.c - event channels: what is raised is delivered, whatever is masked meanwhile.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_xen.h"
#include "test/unit/unit.h"
#include "xen/evtchn.h"

#include <errno.h>

static unsigned calls[FAKE_PORTS];

static void count(void *user)
{
    calls[(uintptr_t)user]++;
}

static void begin(void)
{
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    memset(calls, 0, sizeof calls);
}

/* Bind a port that was given; its handler counts in calls[port]. */
static void bind(evtchn_port_t port)
{
    ck_assert_int_eq(evtchn_bind(port, count, (void *)(uintptr_t)port), 0);
}

START_TEST(an_event_at_any_port_is_delivered_once)
{
    static const evtchn_port_t ports[] = {1, 63, 64, 127, 128, 1000, 4095};
    begin();
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        bind(ports[i]);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        fake_raise(ports[i]);
        fake_raise(ports[i]);
    }
    ck_assert(evtchn_any());
    ck_assert(evtchn_deliver());
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        ck_assert_uint_eq(calls[ports[i]], 1);
    ck_assert(!evtchn_any());
    ck_assert(!evtchn_deliver());
}
END_TEST

START_TEST(what_is_no_port_is_not_bound)
{
    begin();
    ck_assert_int_eq(evtchn_bind(0, count, NULL), -EINVAL);
    ck_assert_int_eq(evtchn_bind(FAKE_PORTS, count, NULL), -EINVAL);
    bind(7);
    ck_assert_int_eq(evtchn_bind(7, count, NULL), -EBUSY);
}
END_TEST

START_TEST(a_masked_event_waits_until_it_is_unmasked)
{
    begin();
    bind(5);
    evtchn_mask(5);
    fake_raise(5);
    ck_assert(!evtchn_any());
    evtchn_deliver();
    ck_assert_uint_eq(calls[5], 0);
    evtchn_unmask(5);
    ck_assert(evtchn_any());
    evtchn_deliver();
    ck_assert_uint_eq(calls[5], 1);
}
END_TEST

/* Xen's steps before and after evtchn_unmask(), cut at each place: the steps within it are covered
 * by the two neighbours, as each of them is one access. */
START_TEST(an_event_during_unmasking_is_not_lost)
{
    for (int cut = 0; cut <= 4; cut++) {
        struct fake_event e = {.port = 70};
        begin();
        bind(70);
        evtchn_mask(70);
        fake_raise_steps(&e, 1, cut);
        evtchn_unmask(70);
        fake_raise_steps(&e, cut + 1, 4);
        ck_assert_msg(evtchn_any(), "cut after X%d", cut);
        evtchn_deliver();
        ck_assert_uint_eq(calls[70], 1);
    }
}
END_TEST

static void raise_again(void *user)
{
    if (calls[(uintptr_t)user]++ == 0)
        fake_raise((evtchn_port_t)(uintptr_t)user);
}

START_TEST(an_event_during_delivery_is_delivered_after)
{
    begin();
    ck_assert_int_eq(evtchn_bind(9, raise_again, (void *)9), 0);
    fake_raise(9);
    evtchn_deliver();
    ck_assert_uint_eq(calls[9], 1);
    ck_assert(evtchn_any());
    evtchn_deliver();
    ck_assert_uint_eq(calls[9], 2);
}
END_TEST

static void unbind_other(void *user)
{
    calls[0]++;
    evtchn_unbind((evtchn_port_t)(uintptr_t)user);
}

START_TEST(a_port_unbound_by_another_handler_is_not_called)
{
    begin();
    fake.open[3] = true;
    bind(3);
    ck_assert_int_eq(evtchn_bind(2, unbind_other, (void *)3), 0);
    fake_raise(2);
    fake_raise(3);
    evtchn_deliver();
    ck_assert_uint_eq(calls[0], 1);
    ck_assert_uint_eq(calls[3], 0);
    ck_assert(!fake.open[3]);
}
END_TEST

START_TEST(a_stray_event_is_counted_and_masked)
{
    uint64_t stray = evtchn_stats()->stray;
    begin();
    bind(65);
    fake.shared.evtchn_mask[1] = 0; /* as if it had been left unmasked */
    fake_raise(66);
    evtchn_deliver();
    ck_assert_uint_eq(evtchn_stats()->stray, stray + 1);
    ck_assert_uint_eq(fake.shared.evtchn_mask[1] >> 2 & 1, 1);
}
END_TEST

START_TEST(new_ports_are_bound_and_given_back)
{
    evtchn_port_t a = 0, b = 0;
    begin();
    ck_assert_int_eq(evtchn_bind_new(0, count, (void *)1, &a), 0);
    ck_assert_int_eq(evtchn_bind_virq(VIRQ_TIMER, count, (void *)2, &b), 0);
    ck_assert(fake.open[a] && fake.open[b] && a != b);
    evtchn_send(a);
    ck_assert_uint_eq(fake.sent[a], 1);
    evtchn_unbind(a);
    evtchn_unbind(0);
    ck_assert(!fake.open[a] && fake.open[b]);
    fake.refuse = true;
    ck_assert_int_eq(evtchn_bind_new(0, count, NULL, &a), -ENOMEM);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_event_at_any_port_is_delivered_once,
        what_is_no_port_is_not_bound,
        a_masked_event_waits_until_it_is_unmasked,
        an_event_during_unmasking_is_not_lost,
        an_event_during_delivery_is_delivered_after,
        a_port_unbound_by_another_handler_is_not_called,
        a_stray_event_is_counted_and_masked,
        new_ports_are_bound_and_given_back,
        NULL,
    };
    return unit_main(unit_suite("xen_evtchn", tests));
}
