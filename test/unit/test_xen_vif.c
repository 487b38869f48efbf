/*
 * test_xen_vif.c - the device vif:N through the whole of its life: xenbus's states in every order,
 * a xenstore and a backend that a test plays.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/vif.h"
#include "runtime/device.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_store.h"
#include "test/unit/fake_xen.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "xen/grant.h"
#include "xen/page.h"
#include "xen/xenbus.h"

#include <stdio.h>

#define PAGES   2500
#define BACKEND "/local/domain/0/backend/vif/5/3"

static uint8_t *memory;
static uint32_t table[PAGES];
static struct pkt_pool *pool;
static struct device_watch *watch;
static struct netdev *device; /* that is open */
static unsigned appeared, gone;

static void on_appeared(void *user, struct netdev *dev)
{
    (void)user;
    device = dev;
    appeared++;
}

static void on_gone(void *user, struct netdev *dev)
{
    (void)user;
    ck_assert_ptr_eq(device, dev);
    device = NULL;
    gone++;
}

static const struct device_events events = {.appeared = on_appeared, .gone = on_gone};

/* Let xenstore and the loop do all that they have to do. */
static void settle(void)
{
    for (int i = 0; i < 10; i++) {
        fake_store_run();
        sim_run(loop_now() + 1);
    }
}

static void set(const char *folder, const char *key, const char *value)
{
    char path[XENSTORE_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, key);
    fake_store_set(path, value);
}

static void set_backend(XenbusState state)
{
    char value[8];
    snprintf(value, sizeof value, "%d", state);
    set(BACKEND, "state", value);
    settle();
}

/* What the tools write for a new vif. */
static void plug(void)
{
    set(BACKEND, "feature-sg", "1");
    set(BACKEND, "feature-gso-tcpv4", "1");
    set(BACKEND, "feature-ipv6-csum-offload", "1");
    set(BACKEND, "state", "1");
    fake_store_set("device/vif/3", "");
    set("device/vif/3", "backend", BACKEND);
    set("device/vif/3", "backend-id", "0");
    set("device/vif/3", "mac", "00:16:3e:0a:0b:0c");
    settle();
}

static void begin(void)
{
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    fake.next_port = 10;
    fake_store_begin();
    ck_assert_int_eq(xenstore_open(&fake_store.ring, FAKE_STORE_PORT), 0);
    memory = aligned_alloc(PAGE_SIZE, (size_t)PAGES * PAGE_SIZE);
    page_begin(memory, PAGES, table);
    page_add(memory, memory + (size_t)PAGES * PAGE_SIZE);
    ck_assert_int_eq(grant_open(), 0);
    pool = pkt_pool_new(64, PKT_SMALL, NULL);
    ck_assert_int_eq(vif_open(), 0);
    ck_assert_int_eq(device_watch("vif:3", pool, &events, NULL, &watch), 0);
    appeared = gone = 0;
    device = NULL;
    settle();
}

static void end(void)
{
    device_unwatch(watch);
    settle();
    vif_close();
    ck_assert_uint_eq(grant_stats()->used, 0);
    settle();
    loop_poll();
    pkt_pool_free(pool);
    grant_close();
    xenstore_close();
    evtchn_begin(&fake.shared);
    free(memory);
    loop_close();
}

static int our_state(void)
{
    const char *state = fake_store_get("device/vif/3/state");
    return state ? atoi(state) : -1;
}

START_TEST(a_vif_is_connected_when_its_backend_waits)
{
    begin();
    plug();
    ck_assert_int_eq(our_state(), -1);
    set_backend(XenbusStateInitWait);
    ck_assert_int_eq(our_state(), XenbusStateConnected);
    ck_assert_str_ne(fake_store_get("device/vif/3/tx-ring-ref"), "0");
    ck_assert_str_eq(fake_store_get("device/vif/3/request-rx-copy"), "1");
    ck_assert_uint_eq(appeared, 0);
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 1);
    ck_assert_mem_eq(device->mac, "\x00\x16\x3e\x0a\x0b\x0c", 6);
    ck_assert_uint_eq(device->mtu, 1500);
    ck_assert_uint_eq(device->features,
                      NETDEV_TX_CSUM | NETDEV_TX_GSO4 | NETDEV_RX_CSUM | NETDEV_RX_GSO);
    end();
    ck_assert_int_eq(our_state(), XenbusStateClosed);
}
END_TEST

START_TEST(a_vif_that_nobody_wants_costs_nothing)
{
    begin();
    device_unwatch(watch);
    watch = NULL;
    plug();
    set_backend(XenbusStateInitWait);
    ck_assert_int_eq(our_state(), -1);
    ck_assert_uint_eq(grant_stats()->used, 0);
    /* Who comes later gets it all the same. */
    ck_assert_int_eq(device_watch("vif:3", pool, &events, NULL, &watch), 0);
    settle();
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 1);
    end();
}
END_TEST

START_TEST(a_transaction_that_others_overtake_is_done_again)
{
    begin();
    plug();
    fake_store.refuse_commits = 3;
    set_backend(XenbusStateInitWait);
    ck_assert_int_eq(fake_store.refuse_commits, 0);
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 1);
    end();
}
END_TEST

START_TEST(a_backend_that_closes_is_followed_and_may_come_back)
{
    begin();
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    set_backend(XenbusStateClosing);
    ck_assert_uint_eq(gone, 1);
    ck_assert_int_eq(our_state(), XenbusStateClosed);
    ck_assert_uint_eq(grant_stats()->used, 0);
    set_backend(XenbusStateClosed);
    ck_assert_int_eq(our_state(), XenbusStateInitialising);
    set_backend(XenbusStateInitWait);
    ck_assert_int_eq(our_state(), XenbusStateConnected);
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 2);
    end();
}
END_TEST

START_TEST(a_backend_may_jump_straight_to_closed)
{
    begin();
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    set_backend(XenbusStateClosed);
    ck_assert_uint_eq(gone, 1);
    ck_assert_uint_eq(grant_stats()->used, 0);
    end();
}
END_TEST

START_TEST(a_vif_that_is_unplugged_goes_and_one_that_is_plugged_comes)
{
    begin();
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    fake_store_set("device/vif/3", NULL);
    settle();
    ck_assert_uint_eq(gone, 1);
    ck_assert_uint_eq(grant_stats()->used, 0);
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 2);
    end();
}
END_TEST

START_TEST(what_is_no_mac_address_is_refused)
{
    static const char *const bad[] = {"", "00:16:3e", "00:16:3e:0a:0b:0c:0d", "xx:16:3e:0a:0b:0c",
                                      "00:16:3e:0a:0b:0c 00:16:3e:0a:0b:0c 00:16:3e:0a:0b:0c"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin();
        plug();
        set("device/vif/3", "mac", bad[i]);
        set_backend(XenbusStateInitWait);
        ck_assert_uint_eq(grant_stats()->used, 0);
        ck_assert_int_eq(our_state(), XenbusStateClosed);
        end();
    }
}
END_TEST

/* Whatever comes, nothing is lost and nothing is left over, and in the end it works. */
START_TEST(states_in_any_order_do_no_harm)
{
    uint64_t random = 11;
    begin();
    plug();
    for (int i = 0; i < 3000; i++) {
        if (random_below(&random, 20) == 0)
            fake_store_set("device/vif/3", NULL);
        if (random_below(&random, 10) == 0)
            plug();
        if (random_below(&random, 10) == 0)
            fake_store.refuse_commits = 1;
        set_backend((XenbusState)random_below(&random, 9));
        ck_assert_uint_eq(appeared - gone, device != NULL);
    }
    fake_store_set("device/vif/3", NULL);
    settle();
    ck_assert_ptr_null(device);
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    ck_assert_ptr_nonnull(device);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_vif_is_connected_when_its_backend_waits,
        a_vif_that_nobody_wants_costs_nothing,
        a_transaction_that_others_overtake_is_done_again,
        a_backend_that_closes_is_followed_and_may_come_back,
        a_backend_may_jump_straight_to_closed,
        a_vif_that_is_unplugged_goes_and_one_that_is_plugged_comes,
        what_is_no_mac_address_is_refused,
        states_in_any_order_do_no_harm,
        NULL,
    };
    return unit_main(unit_suite("xen_vif", tests));
}
