/*
 * test_xen_suspend.c - a guest that is saved and goes on, as another domain or as the same one:
 * what is acknowledged and when, what is made anew, and what nobody notices.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/suspend.h"
#include "runtime/device.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_backend.h"
#include "test/unit/fake_store.h"
#include "test/unit/fake_xen.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/control.h"
#include "xen/grant.h"
#include "xen/page.h"
#include "xen/vif.h"
#include "xen/xenbus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGES        4000
#define CONSOLE_PORT 1
#define BACKEND      "/local/domain/0/backend/vif/5/3"
#define NEW_BACKEND  "/local/domain/0/backend/vif/6/3"

static struct xencons_interface console_ring;
static struct pkt_pool *pool;
static struct device_watch *watch;
static struct netdev *device; /* that is open */
static unsigned appeared, gone, moved, suspended, received, terminated;
static uint32_t old_port; /* of the vif in the first domain */
static struct fake_backend backend;

static void on_appeared(void *user, struct netdev *dev);

static void on_gone(void *user, struct netdev *dev)
{
    (void)user;
    (void)dev;
    device = NULL;
    gone++;
}

static const struct device_events events = {.appeared = on_appeared, .gone = on_gone};

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    (void)user;
    (void)batch;
    received += (unsigned)n;
}

static void on_moved(void *user)
{
    (void)user;
    moved++;
}

static const struct netdev_events frames = {.receive = on_receive, .moved = on_moved};

static void on_appeared(void *user, struct netdev *dev)
{
    (void)user;
    device = dev;
    netdev_own(dev, &frames, NULL);
    appeared++;
}

static void on_terminate(void *user)
{
    (void)user;
    terminated++;
}

static void settle(void)
{
    fake_store_settle(20);
}

/* What the tools write for a vif whose backend is `folder`. */
static void write_vif(const char *folder)
{
    fake_store_set_in(folder, "feature-sg", "1");
    fake_store_set_in(folder, "state", "2");
    fake_store_set_vif(folder);
}

static uint32_t our_number(const char *key)
{
    char path[256];
    const char *text;
    snprintf(path, sizeof path, "device/vif/3/%s", key);
    text = fake_store_get(path);
    ck_assert_msg(text != NULL, "no %s", key);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* The backend is there: it takes the rings. */
static void connect(const char *folder)
{
    fake_store_set_in(folder, "state", "4");
    settle();
    fake_backend_attach(&backend, our_number("tx-ring-ref"), our_number("rx-ring-ref"));
}

static void begin(void)
{
    fake_guest_begin(PAGES);
    fake.next_port = 10;
    fake.shared.vcpu_info[0].time.system_time = 7 * NS_PER_S;
    clock_begin(&fake.shared);
    fake_store_begin();
    memset(&console_ring, 0, sizeof console_ring);
    guest.console = &console_ring;
    guest.console_port = CONSOLE_PORT;
    console_begin(guest.console, guest.console_port);
    ck_assert_int_eq(control_open(), 0);
    control_on_signal(LOOP_TERMINATE, on_terminate, NULL);
    pool = pkt_pool_new(64, PKT_SMALL, NULL);
    ck_assert_int_eq(vif_open(VIF_QUEUES_MAX), 0);
    ck_assert_int_eq(device_watch("vif:3", pool, &events, NULL, &watch), 0);
    appeared = gone = moved = suspended = received = terminated = 0;
    device = NULL;
    settle();
}

static void end(void)
{
    device_unwatch(watch);
    settle();
    vif_close();
    settle();
    loop_poll();
    pkt_pool_free(pool);
    control_close();
    ck_assert_uint_eq(fake_guest_end(), 0);
}

static void plug(void)
{
    write_vif(BACKEND);
    settle();
    old_port = our_number("event-channel");
    connect(BACKEND);
    ck_assert_uint_eq(appeared, 1);
}

static void order(int (*on_suspend)(void))
{
    fake.on_suspend = on_suspend;
    fake_store_set("control/shutdown", "suspend");
    settle();
}

/* A frame goes each way through the backend's rings. */
static void frames_pass(void)
{
    static uint8_t bytes[70000];
    uint16_t flags;
    netif_extra_info_t extra;
    unsigned before = received;
    struct pkt *p = pkt_new(pool);
    memset(pkt_append(p, 60), 7, 60);
    netdev_send(device, &p, 1);
    sim_run(loop_now() + 1);
    ck_assert_uint_eq(fake_backend_take(&backend, bytes, &flags, &extra), 60);
    fake_backend_give(&backend, bytes, 60, 4000, 0, NULL);
    fake_backend_push(&backend);
    fake_raise(our_number("event-channel"));
    settle();
    ck_assert_uint_eq(received, before + 1);
}

static void check_announced(void)
{
    ck_assert_str_eq(fake_store_get("control/feature-suspend"), "1");
    ck_assert_str_eq(fake_store_get("control/feature-poweroff"), "1");
    ck_assert_str_eq(fake_store_get("control/feature-reboot"), "1");
}

/* The order has been acknowledged, and no answer is to come. */
static void check_quiet(void)
{
    suspended++;
    ck_assert_str_eq(fake_store_get("control/shutdown"), "");
    ck_assert(xenstore_idle());
    ck_assert_uint_eq(fake_store.ring.req_prod, fake_store.ring.req_cons);
    ck_assert_uint_eq(console_ring.out_prod, console_ring.out_cons);
}

/* dom0 reads the console while the guest yields. */
static void read_console(void)
{
    console_ring.out_cons = console_ring.out_prod;
}

/* --- As another domain ----------------------------------------------------------------------- */

/* Its tree in xenstore is another one. As in a PV guest the rings are what they were, with an event
 * that nobody has read; as in a PVH guest they would be empty. The console has the number that the
 * vif's port had. */
static int go_on_elsewhere(void)
{
    struct xenstore_domain_interface ring = fake_store.ring;
    check_quiet();
    fake_xen_new_domain(30);
    fake_store_begin();
    fake_store.ring.req_cons = fake_store.ring.req_prod = ring.req_prod;
    fake_store.ring.rsp_cons = ring.rsp_prod;
    fake_store.ring.rsp_prod = ring.rsp_prod + 33;
    guest.console_port = old_port;
    fake.open[old_port] = fake.open[FAKE_STORE_PORT] = true;
    fake.shared.vcpu_info[0].time.system_time = NS_PER_S;
    write_vif(NEW_BACKEND);
    return 0;
}

START_TEST(a_device_stays_open_in_another_domain)
{
    uint64_t used;
    begin();
    fake.on_yield = read_console;
    plug();
    frames_pass();
    used = grant_stats()->used;
    console_write("this is read before");
    order(go_on_elsewhere);
    ck_assert_uint_eq(suspended, 1);
    ck_assert_uint_eq(our_number("state"), XenbusStateConnected);
    ck_assert_uint_ge(our_number("event-channel"), 30);
    ck_assert_uint_eq(grant_stats()->used, used);
    /* The new daemon knows nothing of the last one's watches, and was not told to end them. */
    ck_assert_uint_eq(fake_store.unknown, 0);
    ck_assert_uint_eq(moved, 0); /* nothing could be sent yet */
    connect(NEW_BACKEND);
    ck_assert_uint_eq(appeared, 1);
    ck_assert_uint_eq(gone, 0);
    ck_assert_uint_eq(moved, 1);
    frames_pass();
    ck_assert_uint_eq(fake.timers, 1);
    check_announced();
    end();
}
END_TEST

/* The last backend had no carrier, the new one has, or does not say. */
START_TEST(the_link_is_the_new_backends)
{
    begin();
    fake.on_yield = read_console;
    plug();
    fake_store_set_in(BACKEND, "carrier", "0");
    settle();
    ck_assert(!device->link_up);
    order(go_on_elsewhere);
    connect(NEW_BACKEND);
    ck_assert(device->link_up);
    frames_pass();
    end();
}
END_TEST

/* Frames that are sent before the new backend is there are dropped, and counted. */
START_TEST(what_is_sent_while_there_are_no_rings_is_dropped)
{
    struct pkt *p;
    begin();
    fake.on_yield = read_console;
    plug();
    fake.on_suspend = go_on_elsewhere;
    fake_store_set("control/shutdown", "suspend");
    for (int i = 0; i < 100 && suspended == 0; i++) {
        fake_store_run();
        loop_poll();
    }
    ck_assert_uint_eq(suspended, 1);
    p = pkt_new(pool);
    memset(pkt_append(p, 60), 7, 60);
    netdev_send(device, &p, 1);
    loop_poll();
    ck_assert_uint_eq(device->stats.tx_dropped, 1);
    settle();
    connect(NEW_BACKEND);
    frames_pass();
    end();
}
END_TEST

START_TEST(orders_are_heard_in_another_domain)
{
    static const char typed[] = "poweroff\n";
    begin();
    fake.on_yield = read_console;
    plug();
    order(go_on_elsewhere);
    fake_store_set("control/shutdown", "poweroff");
    settle();
    ck_assert_uint_eq(terminated, 1);
    /* The port that the console has now was another's: it is neither closed nor masked. */
    ck_assert(fake.open[old_port]);
    memcpy(console_ring.in + console_ring.in_prod, typed, sizeof typed - 1);
    console_ring.in_prod += sizeof typed - 1;
    fake_raise(old_port);
    settle();
    ck_assert_uint_eq(terminated, 2);
    end();
}
END_TEST

/* An event may come before its port is bound. */
static int go_on_with_an_event(void)
{
    int result = go_on_elsewhere();
    memcpy(console_ring.in + console_ring.in_prod, "poweroff\n", 9);
    console_ring.in_prod += 9;
    fake_raise(guest.console_port);
    return result;
}

START_TEST(an_event_before_its_port_is_bound_is_not_lost)
{
    begin();
    fake.on_yield = read_console;
    plug();
    order(go_on_with_an_event);
    ck_assert_uint_eq(terminated, 1);
    end();
}
END_TEST

static int go_on_without_the_vif(void)
{
    int result = go_on_elsewhere();
    fake_store_set("device/vif/3", NULL);
    return result;
}

START_TEST(a_vif_that_another_domain_does_not_have_goes)
{
    begin();
    fake.on_yield = read_console;
    plug();
    order(go_on_without_the_vif);
    ck_assert_uint_eq(gone, 1);
    ck_assert_uint_eq(grant_stats()->used, 0);
    end();
}
END_TEST

/* A page that the last backend had not let go of is ours again. */
START_TEST(pages_in_use_come_back_in_another_domain)
{
    size_t used;
    begin();
    fake.on_yield = read_console;
    plug();
    fake_grant(our_number("tx-ring-ref"))->flags |= GTF_writing;
    fake_store_set_in(BACKEND, "state", "6");
    settle();
    ck_assert_uint_eq(grant_stats()->kept, 1);
    used = page_stats()->used;
    device_unwatch(watch);
    watch = NULL;
    order(go_on_without_the_vif);
    sim_run(loop_now() + 2 * NS_PER_S);
    ck_assert_uint_eq(grant_stats()->kept, 0);
    ck_assert_uint_eq(page_stats()->used, used - 1);
    end();
}
END_TEST

START_TEST(rings_of_a_device_that_was_just_closed_end)
{
    begin();
    fake.on_yield = read_console;
    plug();
    device_unwatch(watch);
    watch = NULL;
    order(go_on_elsewhere);
    ck_assert_uint_eq(suspended, 1);
    ck_assert_uint_eq(grant_stats()->used, 0);
    sim_run(loop_now() + 2 * NS_PER_S);
    settle();
    ck_assert_str_eq(fake_store_get("device/vif/3/backend"), NEW_BACKEND);
    end();
}
END_TEST

START_TEST(the_clock_goes_on_from_where_it_stood)
{
    uint64_t before;
    begin();
    fake.on_yield = read_console;
    before = clock_now();
    ck_assert_uint_eq(before, 7 * NS_PER_S);
    old_port = 9;
    order(go_on_elsewhere);
    ck_assert_uint_eq(clock_now(), before);
    fake.shared.vcpu_info[0].time.system_time += 5;
    ck_assert_uint_eq(clock_now(), before + 5);
    ck_assert_uint_eq(clock_to_xen(before + 100), NS_PER_S + 100);
    end();
}
END_TEST

/* As in a PVH guest: the rings are empty. */
static int go_on_with_empty_rings(void)
{
    int result = go_on_elsewhere();
    memset(&fake_store.ring, 0, sizeof fake_store.ring);
    return result;
}

/* Whatever backends do, from one domain to the next, nothing is lost, and in the end it works. */
START_TEST(backends_of_many_domains_do_no_harm)
{
    uint64_t random = 17;
    begin();
    fake.on_yield = read_console;
    write_vif(NEW_BACKEND);
    settle();
    old_port = 9;
    for (unsigned i = 0; i < 500; i++) {
        char state[8];
        snprintf(state, sizeof state, "%u", (unsigned)random_below(&random, 9));
        fake_store_set_in(NEW_BACKEND, "state", state);
        if (random_below(&random, 2) == 0)
            settle();
        if (random_below(&random, 5) == 0) {
            suspended = 0;
            order(random_below(&random, 2) ? go_on_with_empty_rings : go_on_elsewhere);
            ck_assert_uint_eq(suspended, 1);
        }
        ck_assert_uint_eq(appeared - gone, device != NULL);
    }
    order(go_on_elsewhere);
    connect(NEW_BACKEND);
    frames_pass();
    fake_store_set("device/vif/3", NULL);
    settle();
    ck_assert_uint_eq(grant_stats()->used, 0);
    end();
}
END_TEST

/* --- As the same domain ---------------------------------------------------------------------- */

static int called_off(void)
{
    check_quiet();
    return 1;
}

static int refused(void)
{
    check_quiet();
    return -EINVAL;
}

static void goes_on_as_before(int (*on_suspend)(void))
{
    uint32_t ring;
    begin();
    fake.on_yield = read_console;
    plug();
    ring = our_number("tx-ring-ref");
    for (unsigned i = 1; i <= 3; i++) {
        order(on_suspend);
        ck_assert_uint_eq(suspended, i);
        ck_assert_uint_eq(our_number("tx-ring-ref"), ring);
        ck_assert_uint_eq(our_number("event-channel"), old_port);
        frames_pass();
    }
    ck_assert_uint_eq(appeared, 1);
    ck_assert_uint_eq(gone, 0);
    ck_assert_uint_eq(moved, 0);
    ck_assert_uint_eq(fake.timers, 0);
    fake_store_set("control/shutdown", "reboot");
    settle();
    ck_assert_uint_eq(terminated, 1);
    end();
}

START_TEST(suspending_may_be_called_off)
{
    goes_on_as_before(called_off);
}
END_TEST

START_TEST(suspending_may_be_refused)
{
    goes_on_as_before(refused);
}
END_TEST

/* --- When ------------------------------------------------------------------------------------ */

/* A handshake is a chain of calls: each of them is waited for. */
START_TEST(calls_that_are_under_way_are_waited_for)
{
    begin();
    fake.on_yield = read_console;
    fake.on_suspend = called_off;
    write_vif(BACKEND);
    fake_store_set("control/shutdown", "suspend");
    settle();
    ck_assert_uint_eq(suspended, 1);
    ck_assert_uint_eq(our_number("state"), XenbusStateConnected);
    connect(BACKEND);
    ck_assert_uint_eq(appeared, 1);
    end();
}
END_TEST

START_TEST(a_domain_that_gets_no_answers_is_not_saved)
{
    begin();
    fake.on_yield = read_console;
    fake.on_suspend = called_off;
    fake_store_set("control/shutdown", "suspend");
    for (int i = 0; i < 100; i++) {
        evtchn_deliver();
        sim_run(loop_now() + NS_PER_S);
    }
    ck_assert_uint_eq(suspended, 0);
    settle();
    ck_assert_uint_eq(suspended, 1);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_device_stays_open_in_another_domain,
        the_link_is_the_new_backends,
        what_is_sent_while_there_are_no_rings_is_dropped,
        orders_are_heard_in_another_domain,
        an_event_before_its_port_is_bound_is_not_lost,
        a_vif_that_another_domain_does_not_have_goes,
        pages_in_use_come_back_in_another_domain,
        rings_of_a_device_that_was_just_closed_end,
        the_clock_goes_on_from_where_it_stood,
        backends_of_many_domains_do_no_harm,
        suspending_may_be_called_off,
        suspending_may_be_refused,
        calls_that_are_under_way_are_waited_for,
        a_domain_that_gets_no_answers_is_not_saved,
        NULL,
    };
    return unit_main(unit_suite("xen_suspend", tests));
}
