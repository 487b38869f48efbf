/*
 * test_xen_xenstore.c - the client of xenstore against a daemon that keeps to the protocol, and
 * against one that does not.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_store.h"
#include "test/unit/fake_xen.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "xen/xenstore.h"

#include <errno.h>
#include <stdio.h>

/* What answers said. */
static struct heard {
    unsigned calls;
    int error;
    char data[5000];
    size_t n;
} heard;

static void hear(void *user, int error, const char *data, size_t n)
{
    struct heard *h = user;
    h->calls++;
    h->error = error;
    h->n = n;
    ck_assert_uint_lt(n, sizeof h->data);
    memcpy(h->data, data, n + 1);
}

static unsigned changes;
static char changed_path[XENSTORE_PATH_MAX];

static void hear_change(void *user, const char *path)
{
    (void)user;
    changes++;
    snprintf(changed_path, sizeof changed_path, "%s", path);
}

static void begin(void)
{
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    fake_store_begin();
    ck_assert_int_eq(xenstore_open(&fake_store.ring, FAKE_STORE_PORT), 0);
    memset(&heard, 0, sizeof heard);
    changes = 0;
}

static void end(void)
{
    xenstore_close();
    evtchn_begin(&fake.shared);
}

/* --- A daemon that keeps to the protocol ------------------------------------------------------ */

START_TEST(what_is_written_is_read)
{
    begin();
    ck_assert_int_eq(xenstore_write(0, "data/x", "hello", hear, &heard), 0);
    fake_store_run();
    ck_assert_uint_eq(heard.calls, 1);
    ck_assert_int_eq(heard.error, 0);
    ck_assert_str_eq(fake_store_get("data/x"), "hello");
    ck_assert_int_eq(xenstore_read(0, "data/x", hear, &heard), 0);
    fake_store_run();
    ck_assert_uint_eq(heard.calls, 2);
    ck_assert_uint_eq(heard.n, 5);
    ck_assert_str_eq(heard.data, "hello");
    ck_assert_int_eq(xenstore_remove(0, "data", NULL, NULL), 0);
    fake_store_run();
    ck_assert_ptr_null(fake_store_get("data/x"));
    end();
}
END_TEST

/* The ring is as whoever used it before has left it. */
START_TEST(indices_wrap)
{
    char value[200];
    begin();
    xenstore_close();
    fake_store.ring.req_prod = fake_store.ring.req_cons = UINT32_MAX - 700;
    fake_store.ring.rsp_prod = fake_store.ring.rsp_cons = UINT32_MAX - 900;
    ck_assert_int_eq(xenstore_open(&fake_store.ring, FAKE_STORE_PORT), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(value, sizeof value, "%d and then %0*d", i, i, i);
        ck_assert_int_eq(xenstore_write(0, "data/x", value, NULL, NULL), 0);
        ck_assert_int_eq(xenstore_read(0, "data/x", hear, &heard), 0);
        fake_store_run();
        ck_assert_int_eq(heard.error, 0);
        ck_assert_str_eq(heard.data, value);
    }
    ck_assert_uint_eq(heard.calls, 100);
    ck_assert_uint_lt(fake_store.ring.req_prod, 1 << 20);
    ck_assert_uint_lt(fake_store.ring.rsp_prod, 1 << 20);
    end();
}
END_TEST

START_TEST(errors_have_their_numbers)
{
    begin();
    xenstore_read(0, "none", hear, &heard);
    fake_store_run();
    ck_assert_int_eq(heard.error, -ENOENT);
    ck_assert_uint_eq(heard.n, 0);
    xenstore_mkdir(0, "x", hear, &heard);
    fake_store_run();
    ck_assert_int_eq(heard.error, -ENOSYS);
    xenstore_read(0, "x", hear, &heard);
    fake_store_message(XS_ERROR, 3, "EVERYTHING", 11);
    evtchn_deliver();
    ck_assert_int_eq(heard.error, -EIO);
    end();
}
END_TEST

START_TEST(names_are_listed)
{
    begin();
    fake_store_set("device/vif/0", "");
    fake_store_set("device/vif/0/mac", "x");
    fake_store_set("device/vif/1", "");
    xenstore_list(0, "device/vif", hear, &heard);
    fake_store_run();
    ck_assert_uint_eq(heard.n, 4);
    ck_assert_mem_eq(heard.data, "0\0001\0", 4);
    end();
}
END_TEST

START_TEST(a_transaction_has_a_number_and_may_have_to_be_done_again)
{
    uint64_t tx = 0;
    begin();
    fake_store.refuse_commits = 1;
    xenstore_begin(hear, &heard);
    fake_store_run();
    ck_assert(xenstore_number(heard.data, heard.n, UINT32_MAX, &tx));
    ck_assert_uint_eq(tx, 17);
    xenstore_end((uint32_t)tx, true, hear, &heard);
    fake_store_run();
    ck_assert_int_eq(heard.error, -EAGAIN);
    xenstore_end((uint32_t)tx, true, hear, &heard);
    fake_store_run();
    ck_assert_int_eq(heard.error, 0);
    end();
}
END_TEST

START_TEST(a_watch_hears_at_first_and_of_each_change_below)
{
    struct xenstore_watch w;
    begin();
    ck_assert_int_eq(xenstore_watch(&w, "device", hear_change, NULL), 0);
    ck_assert_uint_eq(changes, 1);
    fake_store_run();
    ck_assert_uint_eq(changes, 2); /* the daemon says that it is set */
    ck_assert_str_eq(changed_path, "device");
    fake_store_set("device/vif/3/state", "2");
    fake_store_run();
    ck_assert_uint_eq(changes, 3);
    ck_assert_str_eq(changed_path, "device/vif/3/state");
    xenstore_unwatch(&w);
    xenstore_unwatch(&w);
    fake_store_run();
    fake_store_set("device/vif/3/state", "4");
    fake_store_run();
    ck_assert_uint_eq(changes, 3);
    end();
}
END_TEST

/* The daemon has read, and then the value changes; but what it has to say waits, and so it says
 * once that the watch is set and that something has changed. */
START_TEST(a_change_that_comes_with_the_first_event_is_heard)
{
    struct xenstore_watch w;
    begin();
    fake_store.held = true;
    fake_store_set("device", "1");
    xenstore_watch(&w, "device", hear_change, NULL);
    xenstore_read(0, "device", hear, &heard);
    fake_store_run();
    fake_store_set("device", "2");
    fake_store.held = false;
    changes = 0;
    fake_store_run();
    ck_assert_str_eq(heard.data, "1");
    ck_assert_uint_eq(changes, 1);
    end();
}
END_TEST

START_TEST(an_event_that_was_under_way_when_its_watch_ended_is_stray)
{
    struct xenstore_watch w;
    uint64_t stray;
    begin();
    xenstore_watch(&w, "device", hear_change, NULL);
    fake_store_run();
    stray = xenstore_stats()->stray;
    fake_store_set("device", "x");
    xenstore_unwatch(&w);
    fake_store_run();
    ck_assert_uint_eq(changes, 2);
    ck_assert_uint_eq(xenstore_stats()->stray, stray + 1);
    end();
}
END_TEST

/* A watch that ends in between is not told to anybody: its daemon is gone, the next one has no such
 * watch. */
START_TEST(watches_are_those_that_were_in_another_domain)
{
    struct xenstore_watch kept, ended;
    uint64_t requests;
    begin();
    xenstore_watch(&kept, "device", hear_change, NULL);
    xenstore_watch(&ended, "control", hear_change, NULL);
    fake_store_run();
    ck_assert(xenstore_idle());
    ck_assert_uint_eq(changes, 4);
    fake_store_set("device", "nobody reads this event");
    xenstore_suspended();
    ck_assert_int_eq(xenstore_read(0, "device", hear, &heard), -EPIPE);
    xenstore_unwatch(&ended);
    ck_assert_uint_eq(fake_store.ring.req_prod, fake_store.ring.req_cons);
    evtchn_begin(&fake.shared);
    fake_store_begin();
    requests = fake_store.requests;
    ck_assert_int_eq(xenstore_resume(&fake_store.ring, FAKE_STORE_PORT), 0);
    ck_assert(!xenstore_idle());
    fake_store_run();
    ck_assert(xenstore_idle());
    ck_assert_uint_eq(fake_store.requests, requests + 1);
    ck_assert_uint_eq(changes, 5);
    fake_store_set("device", "x");
    fake_store_set("control", "x");
    fake_store_run();
    ck_assert_uint_eq(changes, 6);
    end();
}
END_TEST

START_TEST(more_than_the_ring_holds_is_sent_in_time)
{
    char value[201];
    begin();
    memset(value, 'v', 200);
    value[200] = '\0';
    for (int i = 0; i < 50; i++) {
        char path[20];
        snprintf(path, sizeof path, "data/%d", i);
        ck_assert_int_eq(xenstore_write(0, path, value, hear, &heard), 0);
    }
    fake_store_run();
    ck_assert_uint_eq(heard.calls, 50);
    ck_assert_str_eq(fake_store_get("data/49"), value);
    end();
}
END_TEST

START_TEST(limits_are_told)
{
    char path[XENSTORE_PAYLOAD_MAX + 2];
    struct xenstore_watch w;
    int error = 0, n = 0;
    begin();
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(xenstore_read(0, path, hear, &heard), -E2BIG);
    ck_assert_int_eq(xenstore_watch(&w, path, hear_change, NULL), -E2BIG);
    for (; error == 0; n++)
        error = xenstore_read(0, "x", hear, &heard);
    ck_assert_int_eq(error, -ENOBUFS);
    ck_assert_int_eq(n, XENSTORE_CALLS_MAX + 1);
    fake_store_run();
    ck_assert_uint_eq(heard.calls, XENSTORE_CALLS_MAX);
    end();
}
END_TEST

START_TEST(who_cancels_hears_nothing)
{
    begin();
    xenstore_read(0, "x", hear, &heard);
    xenstore_cancel(&heard);
    fake_store_run();
    ck_assert_uint_eq(heard.calls, 0);
    ck_assert_uint_eq(fake_store.requests, 1);
    end();
}
END_TEST

START_TEST(only_numbers_are_numbers)
{
    uint64_t v = 0;
    begin();
    ck_assert(xenstore_number("4", 1, 10, &v) && v == 4);
    ck_assert(xenstore_number("10", 3, 10, &v) && v == 10);
    ck_assert(!xenstore_number("11", 2, 10, &v));
    ck_assert(!xenstore_number("", 0, 10, &v));
    ck_assert(!xenstore_number("", 1, 10, &v));
    ck_assert(!xenstore_number("4x", 2, 10, &v));
    ck_assert(!xenstore_number("-4", 2, 10, &v));
    ck_assert(!xenstore_number("99999999999999999999", 20, UINT64_MAX, &v));
    end();
}
END_TEST

/* --- One that does not ------------------------------------------------------------------------ */

static void expect_broken(void)
{
    evtchn_deliver();
    ck_assert_uint_eq(heard.calls, 1);
    ck_assert_int_eq(heard.error, -EPROTO);
    ck_assert_int_eq(xenstore_read(0, "x", hear, &heard), -EPIPE);
    end();
}

START_TEST(a_message_that_is_too_long_ends_all_calls)
{
    struct xsd_sockmsg m = {.type = XS_READ, .req_id = 1, .len = XENSTORE_PAYLOAD_MAX + 1};
    begin();
    xenstore_read(0, "x", hear, &heard);
    fake_store_send(&m, sizeof m);
    expect_broken();
}
END_TEST

START_TEST(indices_that_cannot_be_end_all_calls)
{
    begin();
    xenstore_read(0, "x", hear, &heard);
    fake_store.ring.rsp_prod = fake_store.ring.rsp_cons + XENSTORE_RING_SIZE + 1;
    fake_raise(FAKE_STORE_PORT);
    expect_broken();
    begin();
    xenstore_read(0, "x", hear, &heard);
    fake_store.ring.req_cons = fake_store.ring.req_prod + 1;
    fake_raise(FAKE_STORE_PORT);
    expect_broken();
}
END_TEST

/* An answer never comes during the call. */
START_TEST(indices_that_cannot_be_are_found_in_a_turn)
{
    begin();
    fake_store.ring.req_cons = fake_store.ring.req_prod + 1;
    ck_assert_int_eq(xenstore_read(0, "x", hear, &heard), 0);
    ck_assert_uint_eq(heard.calls, 0);
    fake_raise(FAKE_STORE_PORT);
    expect_broken();
}
END_TEST

START_TEST(an_answer_of_another_type_is_an_error)
{
    begin();
    xenstore_read(0, "x", hear, &heard);
    fake_store_message(XS_WRITE, 1, "v", 1);
    evtchn_deliver();
    ck_assert_int_eq(heard.error, -EPROTO);
    ck_assert_int_eq(xenstore_read(0, "x", hear, &heard), 0);
    end();
}
END_TEST

START_TEST(answers_and_events_that_nobody_waits_for_are_counted)
{
    static const struct {
        const char *bytes;
        uint32_t n;
    } events[] = {{"", 0},
                  {"path", 4},
                  {"path", 5},
                  {"path\0", 6},
                  {"path\0x", 7},
                  {"path\0007", 6},
                  {"path\00077777777777777777777", 26}};
    uint64_t stray;
    begin();
    stray = xenstore_stats()->stray;
    fake_store_message(XS_READ, 99, "v", 1);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        fake_store_message(XS_WATCH_EVENT, 0, events[i].bytes, events[i].n);
    evtchn_deliver();
    ck_assert_uint_eq(xenstore_stats()->stray, stray + 8);
    end();
}
END_TEST

START_TEST(messages_may_come_in_any_pieces)
{
    uint64_t random = 3;
    begin();
    for (int round = 0; round < 200; round++) {
        char bytes[sizeof(struct xsd_sockmsg) + 300];
        size_t n = random_below(&random, 300), at = 0;
        struct xsd_sockmsg m = {.type = XS_READ, .req_id = (uint32_t)round + 1, .len = (uint32_t)n};
        memset(bytes, 'a' + round % 26, sizeof bytes);
        memcpy(bytes, &m, sizeof m);
        xenstore_read(0, "x", hear, &heard);
        fake_store.ring.req_cons = fake_store.ring.req_prod;
        while (at < sizeof m + n) {
            size_t part = 1 + random_below(&random, sizeof m + n - at);
            fake_store_send(bytes + at, part);
            evtchn_deliver();
            at += part;
        }
        ck_assert_uint_eq(heard.calls, (unsigned)round + 1);
        ck_assert_uint_eq(heard.n, n);
        ck_assert_mem_eq(heard.data, bytes + sizeof m, n);
    }
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_written_is_read,
        indices_wrap,
        errors_have_their_numbers,
        names_are_listed,
        a_transaction_has_a_number_and_may_have_to_be_done_again,
        a_watch_hears_at_first_and_of_each_change_below,
        a_change_that_comes_with_the_first_event_is_heard,
        an_event_that_was_under_way_when_its_watch_ended_is_stray,
        watches_are_those_that_were_in_another_domain,
        more_than_the_ring_holds_is_sent_in_time,
        limits_are_told,
        who_cancels_hears_nothing,
        only_numbers_are_numbers,
        a_message_that_is_too_long_ends_all_calls,
        indices_that_cannot_be_end_all_calls,
        indices_that_cannot_be_are_found_in_a_turn,
        an_answer_of_another_type_is_an_error,
        answers_and_events_that_nobody_waits_for_are_counted,
        messages_may_come_in_any_pieces,
        NULL,
    };
    return unit_main(unit_suite("xen_xenstore", tests));
}
