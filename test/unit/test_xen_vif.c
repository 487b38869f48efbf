/*
 * test_xen_vif.c - the device vif:N through the whole of its life: xenbus's states in every order,
 * a xenstore and a backend that a test plays.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/vif.h"
#include "runtime/counter.h"
#include "runtime/device.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_backend.h"
#include "test/unit/fake_store.h"
#include "test/unit/fake_xen.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "xen/counters.h"
#include "xen/grant.h"
#include "xen/page.h"
#include "xen/xenbus.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGES   40000 /* of which few are touched */
#define BACKEND "/local/domain/0/backend/vif/5/3"

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
    fake_store_settle(10);
}

static void set_backend(XenbusState state)
{
    char value[8];
    snprintf(value, sizeof value, "%d", state);
    fake_store_set_in(BACKEND, "state", value);
    settle();
}

/* What the tools write for a new vif. */
static void plug(void)
{
    fake_store_set_in(BACKEND, "feature-sg", "1");
    fake_store_set_in(BACKEND, "feature-gso-tcpv4", "1");
    fake_store_set_in(BACKEND, "feature-ipv6-csum-offload", "1");
    fake_store_set_in(BACKEND, "state", "1");
    fake_store_set_vif(BACKEND);
    settle();
}

static void begin_with(size_t pages, unsigned queues)
{
    fake_guest_begin(pages);
    fake.next_port = 10;
    fake_store_begin();
    ck_assert_int_eq(xenstore_open(&fake_store.ring, FAKE_STORE_PORT), 0);
    pool = pkt_pool_new(64, PKT_SMALL, NULL);
    ck_assert_int_eq(vif_open(queues), 0);
    ck_assert_int_eq(device_watch("vif:3", pool, &events, NULL, &watch), 0);
    appeared = gone = 0;
    device = NULL;
    settle();
}

static void begin(void)
{
    begin_with(PAGES, VIF_QUEUES_MAX);
}

static void end(void)
{
    device_unwatch(watch);
    settle();
    vif_close();
    settle();
    loop_poll();
    pkt_pool_free(pool);
    xenstore_close();
    ck_assert_uint_eq(fake_guest_end(), 0);
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

static void connect(void)
{
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    ck_assert_ptr_nonnull(device);
}

/* --- Queues ---------------------------------------------------------------------------------- */

static const char *ours(const char *folder, const char *key)
{
    char path[XENSTORE_PATH_MAX];
    snprintf(path, sizeof path, "device/vif/3/%s%s", folder, key);
    return fake_store_get(path);
}

static uint32_t our_number(const char *folder, const char *key)
{
    const char *text = ours(folder, key);
    ck_assert_msg(text != NULL, "no %s%s", folder, key);
    return (uint32_t)strtoul(text, NULL, 10);
}

static void plug_queues(const char *max, const char *split)
{
    plug();
    fake_store_set_in(BACKEND, "multi-queue-max-queues", max);
    fake_store_set_in(BACKEND, "feature-split-event-channels", split);
    connect();
}

/* An IPv4 UDP frame of flow `n`, its checksum blank. */
static struct pkt *make_udp(uint16_t n)
{
    struct pkt *p = pkt_new(pool);
    uint8_t *bytes = pkt_append(p, 60);
    memset(bytes, 0, 60);
    bytes[12] = 0x08;
    bytes[14] = 0x45;
    bytes[17] = 46; /* the length of the datagram */
    bytes[23] = 17;
    bytes[34] = (uint8_t)(n >> 8);
    bytes[35] = (uint8_t)n;
    bytes[39] = 26;
    p->csum_start = 34;
    p->csum_offset = 6;
    p->offload = PKT_CSUM_PARTIAL;
    return p;
}

static void send(struct pkt *p)
{
    netdev_send(device, &p, 1);
    sim_run(loop_now() + 1);
}

static struct fake_backend backends[4];

static void attach(unsigned q, const char *folder)
{
    fake_backend_attach(&backends[q], our_number(folder, "tx-ring-ref"),
                        our_number(folder, "rx-ring-ref"));
}

/* Which of `n` queues has a frame. */
static unsigned queue_with_a_frame(unsigned n)
{
    uint8_t bytes[4096];
    uint16_t flags;
    netif_extra_info_t extra;
    for (unsigned q = 0; q < n; q++) {
        if (fake_backend_take(&backends[q], bytes, &flags, &extra) > 0) {
            fake_backend_push(&backends[q]);
            return q;
        }
    }
    ck_abort_msg("none");
}

START_TEST(a_flow_has_a_queue_and_flows_spread)
{
    unsigned frames[4] = {0};
    begin();
    plug_queues("8", "1");
    ck_assert_uint_eq(our_number("", "multi-queue-num-queues"), 4);
    ck_assert_ptr_null(ours("", "tx-ring-ref"));
    ck_assert_ptr_null(ours("", "event-channel-tx"));
    ck_assert_ptr_null(ours("queue-0/", "event-channel"));
    for (unsigned q = 0; q < 4; q++) {
        char folder[16];
        snprintf(folder, sizeof folder, "queue-%u/", q);
        attach(q, folder);
        ck_assert(fake.open[our_number(folder, "event-channel-tx")]);
        ck_assert(fake.open[our_number(folder, "event-channel-rx")]);
    }
    for (uint16_t flow = 0; flow < 400; flow++) {
        unsigned q;
        send(make_udp(flow));
        frames[q = queue_with_a_frame(4)]++;
        send(make_udp(flow));
        ck_assert_uint_eq(queue_with_a_frame(4), q);
    }
    for (unsigned q = 0; q < 4; q++)
        ck_assert_uint_gt(frames[q], 50);
    end();
    ck_assert_uint_eq(grant_stats()->used, 0);
}
END_TEST

static size_t received;

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    (void)user;
    (void)batch;
    received += n;
}

START_TEST(frames_come_from_every_queue)
{
    static const struct netdev_events counting = {.receive = on_receive};
    static const uint8_t frame[60];
    begin();
    plug_queues("3", "0");
    netdev_own(device, &counting, NULL);
    ck_assert_uint_eq(our_number("", "multi-queue-num-queues"), 3);
    received = 0;
    for (unsigned q = 0; q < 3; q++) {
        char folder[16];
        snprintf(folder, sizeof folder, "queue-%u/", q);
        attach(q, folder);
        for (int i = 0; i < 100; i++)
            fake_backend_give(&backends[q], frame, sizeof frame, 4000, 0, NULL);
        fake_backend_push(&backends[q]);
        fake_raise(our_number(folder, "event-channel"));
        settle();
        ck_assert_uint_eq(received, 100 * (q + 1));
    }
    end();
}
END_TEST

START_TEST(one_queue_is_written_as_if_there_were_no_others)
{
    static const char *const max[] = {"1", "0", "many", "-1"};
    for (size_t i = 0; i < sizeof max / sizeof *max; i++) {
        begin();
        plug_queues(max[i], "1");
        if (i == 0)
            ck_assert_uint_eq(our_number("", "multi-queue-num-queues"), 1);
        else
            ck_assert_ptr_null(ours("", "multi-queue-num-queues"));
        ck_assert_ptr_null(ours("queue-0/", "tx-ring-ref"));
        ck_assert_uint_ne(our_number("", "event-channel-tx"), our_number("", "event-channel-rx"));
        end();
    }
}
END_TEST

START_TEST(a_small_domain_has_fewer_queues)
{
    begin_with(2500, VIF_QUEUES_MAX);
    plug_queues("8", "1");
    ck_assert_uint_eq(our_number("", "multi-queue-num-queues"), 1);
    end();
    begin_with(20000, VIF_QUEUES_MAX);
    plug_queues("8", "1");
    ck_assert_uint_eq(our_number("", "multi-queue-num-queues"), 2);
    end();
}
END_TEST

START_TEST(a_vif_has_no_more_queues_than_it_was_told)
{
    for (unsigned n = 1; n <= VIF_QUEUES_MAX; n++) {
        begin_with(PAGES, n);
        plug_queues("3", "1");
        ck_assert_uint_eq(our_number("", "multi-queue-num-queues"), n < 3 ? n : 3);
        end();
    }
}
END_TEST

START_TEST(a_queue_whose_backend_breaks_the_protocol_ends_them_all)
{
    begin();
    plug_queues("2", "1");
    attach(1, "queue-1/");
    backends[1].rx.sring->rsp_prod += 1000;
    fake_raise(our_number("queue-1/", "event-channel-rx"));
    settle();
    ck_assert_uint_eq(gone, 1);
    ck_assert_uint_eq(grant_stats()->used, 0);
    ck_assert_int_eq(our_state(), XenbusStateClosing);
    end();
}
END_TEST

/* --- Link and offloads ----------------------------------------------------------------------- */

static unsigned link_changes;

static void on_link(void *user)
{
    (void)user;
    link_changes++;
}

START_TEST(the_link_is_up_unless_the_carrier_says_no)
{
    static const struct netdev_events linked = {.receive = on_receive, .link = on_link};
    begin();
    plug();
    connect();
    netdev_own(device, &linked, NULL);
    link_changes = 0;
    ck_assert(device->link_up);
    fake_store_set_in(BACKEND, "carrier", "0");
    settle();
    ck_assert(!device->link_up);
    fake_store_set_in(BACKEND, "carrier", "1");
    settle();
    ck_assert(device->link_up);
    ck_assert_uint_eq(link_changes, 2);
    fake_store_set_in(BACKEND, "carrier", "0");
    set_backend(XenbusStateClosed);
    connect();
    ck_assert(!device->link_up);
    fake_store_set_in(BACKEND, "carrier", NULL);
    settle();
    ck_assert(device->link_up);
    end();
}
END_TEST

/* What the backend is told of a frame whose checksum is blank, and whether it still is. */
static bool is_left_to_the_backend(struct pkt *p, uint32_t checksum_at)
{
    uint8_t bytes[4096];
    uint16_t flags;
    netif_extra_info_t extra;
    bool finished;
    send(p);
    ck_assert_uint_ge(fake_backend_take(&backends[0], bytes, &flags, &extra), 60);
    finished = bytes[checksum_at] != 0 || bytes[checksum_at + 1] != 0;
    ck_assert_int_eq(finished, !(flags & NETTXF_csum_blank));
    fake_backend_push(&backends[0]);
    return !finished;
}

/* Put `n` bytes between the Ethernet addresses and the type. */
static struct pkt *tagged(struct pkt *p, const char *tags, size_t n)
{
    uint8_t *front = pkt_push(p, n);
    memmove(front, front + n, 12);
    memcpy(front + 12, tags, n);
    return p;
}

START_TEST(a_blank_checksum_is_left_only_to_a_backend_that_finds_it)
{
    struct pkt *p;
    begin();
    plug();
    connect();
    attach(0, "");
    ck_assert(is_left_to_the_backend(make_udp(5), 40));
    ck_assert(!is_left_to_the_backend(tagged(make_udp(5), "\x81\x00\x00\x07", 4), 44));
    ck_assert(
        !is_left_to_the_backend(tagged(make_udp(5), "\x88\xa8\x00\x07\x81\x00\x00\x08", 8), 48));
    p = make_udp(5);
    p->data[20] = 0x20; /* a fragment */
    ck_assert(!is_left_to_the_backend(p, 40));
    p = make_udp(5);
    p->csum_start = 42; /* as in a tunnel */
    ck_assert(!is_left_to_the_backend(p, 48));
    end();
}
END_TEST

START_TEST(a_super_frame_with_a_tag_is_cut)
{
    uint8_t bytes[70000];
    uint16_t flags;
    netif_extra_info_t extra;
    struct pkt *p;
    begin();
    plug();
    connect();
    attach(0, "");
    for (int with = 0; with < 2; with++) {
        p = pkt_new(pool);
        memset(pkt_append(p, 54 + 1000), 1, 54 + 1000);
        memset(p->data, 0, 54);
        p->data[12] = 0x08;
        p->data[14] = 0x45;
        p->data[16] = (40 + 1000) >> 8;
        p->data[17] = (40 + 1000) & 0xff;
        p->data[23] = 6;
        p->data[46] = 0x50;
        p->csum_start = 34;
        p->csum_offset = 16;
        p->gso_size = 500;
        p->offload = PKT_CSUM_PARTIAL | PKT_GSO_TCP4;
        send(with ? tagged(p, "\x81\x00\x00\x07", 4) : p);
        for (int i = 0; i < 1 + with; i++) {
            size_t n = fake_backend_take(&backends[0], bytes, &flags, &extra);
            ck_assert_uint_eq(n, with ? 58 + 500 : 54 + 1000);
            ck_assert_uint_eq(flags & (NETTXF_extra_info | NETTXF_csum_blank),
                              with ? 0 : NETTXF_extra_info | NETTXF_csum_blank);
        }
        ck_assert_uint_eq(fake_backend_take(&backends[0], bytes, &flags, &extra), 0);
        fake_backend_push(&backends[0]);
    }
    end();
}
END_TEST

/* No longer than what its backend takes (netif.h, "MTU", and feature-sg). */
START_TEST(the_mtu_is_the_tools_as_far_as_the_backend_can)
{
    static const struct {
        const char *says, *sg;
        unsigned mtu;
    } cases[] = {{NULL, "1", 1500},     {"9000", "1", 9000}, {"9000", "0", 4078},
                 {"65535", "1", 65517}, {"1400", "0", 1400}, {"67", "1", 1500},
                 {"100000", "1", 1500}, {"x", "1", 1500}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        plug();
        fake_store_set_in("device/vif/3", "mtu", cases[i].says);
        fake_store_set_in(BACKEND, "feature-sg", cases[i].sg);
        connect();
        ck_assert_uint_eq(device->mtu, cases[i].mtu);
        end();
    }
}
END_TEST

START_TEST(a_backend_without_features_gets_whole_frames)
{
    begin();
    plug();
    fake_store_set_in(BACKEND, "feature-no-csum-offload", "1");
    connect();
    attach(0, "");
    ck_assert_uint_eq(device->features, NETDEV_RX_CSUM | NETDEV_RX_GSO);
    ck_assert(!is_left_to_the_backend(make_udp(5), 40));
    end();
}
END_TEST

/* --- Counters -------------------------------------------------------------------------------- */

struct wanted {
    const char *module, *name;
    uint64_t value;
    unsigned found;
};

static void look(void *user, const char *module, const char *name, uint64_t value)
{
    struct wanted *w = user;
    if (strcmp(w->module, module) == 0 && strcmp(w->name, name) == 0) {
        w->value = value;
        w->found++;
    }
}

static uint64_t counter(const char *module, const char *name)
{
    struct wanted w = {.module = module, .name = name};
    counter_each(look, &w);
    ck_assert_uint_eq(w.found, 1);
    return w.value;
}

START_TEST(counters_show_frames_and_that_none_costs_a_call_about_grants)
{
    uint64_t sent, received_before, refused, calls;
    begin();
    xen_counters_register();
    xen_counters_register();
    plug();
    connect();
    attach(0, "");
    sent = counter("vif", "tx_frames");
    received_before = counter("vif", "rx_frames");
    refused = counter("vif", "rx_bad");
    calls = counter("grant", "hypercalls");
    ck_assert_uint_gt(calls, 0);
    for (uint16_t i = 0; i < 2000; i++) {
        static const uint8_t frame[60];
        send(make_udp(i));
        queue_with_a_frame(1);
        fake_backend_give(&backends[0], frame, sizeof frame, 4000, 0, NULL);
        if (i % 100 == 0)
            fake_backend_answer(&backends[0], (netif_rx_response_t){.status = -1});
        fake_backend_push(&backends[0]);
        fake_raise(our_number("", "event-channel"));
        sim_run(loop_now() + 1);
        evtchn_deliver();
    }
    ck_assert_uint_eq(counter("vif", "tx_frames") - sent, 2000);
    ck_assert_uint_eq(counter("vif", "rx_frames") - received_before, 2000);
    ck_assert_uint_eq(counter("vif", "rx_bad") - refused, 20);
    ck_assert_uint_eq(counter("grant", "hypercalls"), calls);
    ck_assert_uint_eq(counter("grant", "used"), netfront_pages());
    ck_assert_uint_gt(counter("evtchn", "delivered"), 0);
    ck_assert_uint_gt(counter("xenstore", "calls"), 0);
    ck_assert_uint_gt(counter("page", "used"), netfront_pages());
    end();
}
END_TEST

/* --- States ---------------------------------------------------------------------------------- */

/* What the daemon is asked is what a domain's boot waits for: to find the vif, to follow its
 * backend, to read of it and to write to it. That we have written is no reason to ask again. */
START_TEST(a_vif_is_connected_by_few_questions)
{
    uint64_t before;
    begin();
    before = fake_store.requests;
    plug();
    connect();
    ck_assert_uint_le(fake_store.requests - before, 31);
    before = fake_store.requests;
    fake_store_set_in("device/vif/3", "state", "4");
    settle();
    ck_assert_uint_eq(fake_store.requests, before);
    end();
}
END_TEST

/* Answer one question after the other until `path` is there. */
static void run_until_written(const char *path)
{
    for (int i = 0; i < 1000 && fake_store_get(path) == NULL; i++)
        fake_store_step();
    ck_assert_msg(fake_store_get(path) != NULL, "no %s", path);
}

/* A backend may read all when the state is written. */
START_TEST(our_state_is_written_last)
{
    begin();
    plug();
    fake_store_set_in(BACKEND, "state", "2");
    run_until_written("device/vif/3/state");
    ck_assert_ptr_nonnull(ours("", "tx-ring-ref"));
    ck_assert_ptr_nonnull(ours("", "request-rx-copy"));
    settle();
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 1);
    end();
}
END_TEST

#define OTHER "/local/domain/0/backend/vif/5/4"

/* Vif 3 with this address, and vif 4 behind it. */
static void plug_waiting_vifs(const char *mac)
{
    plug();
    fake_store_set_in("device/vif/3", "mac", mac);
    fake_store_set_in(OTHER, "state", "2");
    fake_store_set("device/vif/4", "");
    fake_store_set_in("device/vif/4", "backend", OTHER);
    fake_store_set_in("device/vif/4", "backend-id", "0");
    fake_store_set_in("device/vif/4", "mac", "00:16:3e:0a:0b:0d");
    fake_store_set_in(BACKEND, "state", "2");
}

/* The first is not behind what is asked for all others; when it fails, or goes, it is their turn.
 */
START_TEST(vifs_are_connected_one_after_the_other)
{
    static const char *const first_has[] = {"00:16:3e:0a:0b:0c", "no address"};
    for (size_t i = 0; i < sizeof first_has / sizeof *first_has; i++) {
        struct device_watch *other;
        begin();
        ck_assert_int_eq(device_watch("vif:4", pool, &events, NULL, &other), 0);
        plug_waiting_vifs(first_has[i]);
        run_until_written("device/vif/3/state");
        ck_assert_ptr_null(fake_store_get("device/vif/4/tx-ring-ref"));
        settle();
        ck_assert_int_eq(our_state(), i == 0 ? XenbusStateConnected : XenbusStateClosed);
        ck_assert_str_eq(fake_store_get("device/vif/4/state"), "4");
        device_unwatch(other);
        end();
    }
}
END_TEST

START_TEST(a_vif_that_goes_in_its_turn_leaves_it_to_the_next)
{
    struct device_watch *other;
    begin();
    ck_assert_int_eq(device_watch("vif:4", pool, &events, NULL, &other), 0);
    plug_waiting_vifs("00:16:3e:0a:0b:0c");
    run_until_written("device/vif/3/tx-ring-ref");
    fake_store_set("device/vif/3", NULL);
    settle();
    ck_assert_str_eq(fake_store_get("device/vif/4/state"), "4");
    device_unwatch(other);
    end();
}
END_TEST

/* Closed by the time the last answer comes, as a backend that is restarted. */
START_TEST(a_handshake_ends_when_its_backend_closes)
{
    begin();
    plug();
    for (int i = 0; i < 2; i++) { /* its state is asked for twice */
        fake_store_set_in(BACKEND, "state", "2");
        evtchn_deliver();
    }
    fake_store.held = true;
    fake_store_step(); /* the first answer: 2 */
    fake_store_set_in(BACKEND, "state", "6");
    fake_store.held = false;
    settle();
    ck_assert_int_eq(our_state(), -1);
    ck_assert_ptr_null(ours("", "tx-ring-ref"));
    connect();
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

/* Whoever watched the vif leaves when it is closed, waits, or is just connected. */
START_TEST(a_vif_whose_watcher_has_left_costs_nothing)
{
    static const XenbusState left_at[] = {XenbusStateClosing, XenbusStateClosed,
                                          XenbusStateInitWait};
    for (size_t i = 0; i < sizeof left_at / sizeof *left_at; i++) {
        begin();
        plug();
        connect();
        for (XenbusState state = XenbusStateClosing; state != left_at[i];
             state = state == XenbusStateClosing ? XenbusStateClosed : XenbusStateInitWait)
            set_backend(state);
        set_backend(left_at[i]);
        device_unwatch(watch);
        watch = NULL;
        set_backend(XenbusStateClosed);
        set_backend(XenbusStateInitWait);
        set_backend(XenbusStateConnected);
        sim_run(loop_now() + NS_PER_S + 2 * NS_PER_MS);
        settle();
        ck_assert_uint_eq(grant_stats()->used, 0);
        ck_assert_uint_eq(appeared, 1);
        /* Who comes later gets it all the same. */
        ck_assert_int_eq(device_watch("vif:3", pool, &events, NULL, &watch), 0);
        set_backend(XenbusStateClosed);
        connect();
        ck_assert_uint_eq(appeared, 2);
        end();
    }
}
END_TEST

/* Between the handshake's last word and the backend's. */
START_TEST(rings_that_nobody_opens_are_given_back)
{
    begin();
    plug();
    set_backend(XenbusStateInitWait);
    ck_assert_uint_gt(grant_stats()->used, 0);
    device_unwatch(watch);
    watch = NULL;
    set_backend(XenbusStateConnected);
    sim_run(loop_now() + NS_PER_S + 2 * NS_PER_MS);
    settle();
    ck_assert_uint_eq(grant_stats()->used, 0);
    ck_assert_int_eq(our_state(), XenbusStateClosed);
    end();
}
END_TEST

START_TEST(without_memory_a_vif_is_given_up)
{
    void *all;
    begin();
    while ((all = page_alloc(1)) != NULL)
        ;
    plug();
    set_backend(XenbusStateInitWait);
    ck_assert_int_eq(our_state(), XenbusStateClosed);
    set_backend(XenbusStateClosed);
    ck_assert_int_eq(our_state(), XenbusStateClosed); /* not again and again */
    ck_assert_uint_eq(grant_stats()->used, 0);
    end();
}
END_TEST

static void frame_passes(void)
{
    send(make_udp(5));
    ck_assert_uint_eq(queue_with_a_frame(1), 0);
}

/* Linux's netback goes on with the rings that are there when it is bound anew. */
START_TEST(a_backend_may_go_on_with_the_same_rings)
{
    uint32_t ring;
    begin();
    plug();
    connect();
    ring = our_number("", "tx-ring-ref");
    attach(0, "");
    frame_passes();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(our_number("", "tx-ring-ref"), ring);
    ck_assert_uint_eq(appeared, 1);
    ck_assert_uint_eq(gone, 0);
    attach(0, "");
    frame_passes();
    end();
}
END_TEST

#define ELSEWHERE "/local/domain/7/backend/vif/5/3"

/* The tools give the vif a backend in another domain, so quickly that it was never seen to go. */
START_TEST(another_backend_is_followed)
{
    begin();
    plug();
    connect();
    fake_store_set("device/vif/3", NULL);
    fake_store_set(BACKEND, NULL);
    fake_store_set_in(ELSEWHERE, "state", "2");
    fake_store_set_vif(ELSEWHERE);
    fake_store_set_in("device/vif/3", "backend-id", "7");
    settle();
    ck_assert_uint_eq(gone, 1);
    ck_assert_int_eq(our_state(), XenbusStateConnected);
    ck_assert_uint_eq(fake_grant(our_number("", "tx-ring-ref"))->domid, 7);
    fake_store_set_in(ELSEWHERE, "state", "4");
    settle();
    ck_assert_uint_eq(appeared, 2);
    end();
}
END_TEST

/* As by hand, without a transaction. */
START_TEST(what_the_tools_write_may_come_one_by_one)
{
    static const char *const keys[][2] = {
        {"mac", "00:16:3e:0a:0b:0c"}, {"backend", BACKEND}, {"backend-id", "0"}};
    begin();
    fake_store_set_in(BACKEND, "state", "2");
    fake_store_set("device/vif/3", "");
    settle();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        fake_store_set_in("device/vif/3", keys[i][0], keys[i][1]);
        settle();
    }
    ck_assert_int_eq(our_state(), XenbusStateConnected);
    set_backend(XenbusStateConnected);
    ck_assert_uint_eq(appeared, 1);
    end();
}
END_TEST

/* Its rings go on without xenstore, whatever was being asked. */
START_TEST(a_daemon_that_breaks_the_protocol_costs_no_device)
{
    static const char *const asks_for[] = {"device/vif/9", BACKEND "/state"};
    for (size_t i = 0; i < sizeof asks_for / sizeof *asks_for; i++) {
        begin();
        plug();
        connect();
        attach(0, "");
        fake_store_set(asks_for[i], "4");
        evtchn_deliver();
        ck_assert(!xenstore_idle());
        fake_store.ring.rsp_prod += 2 * XENSTORE_RING_SIZE;
        fake_raise(FAKE_STORE_PORT);
        evtchn_deliver();
        loop_poll();
        ck_assert(xenstore_idle());
        ck_assert_uint_eq(gone, 0);
        frame_passes();
        fake_store.held = true; /* it says no more */
        end();
    }
}
END_TEST

#define MANY 300

static unsigned found;

static void on_found(void *user, const char *name)
{
    (void)user;
    (void)name;
    found++;
}

START_TEST(hundreds_of_vifs_are_found_at_once)
{
    struct device_search *search;
    begin();
    found = 0;
    for (unsigned i = 0; i < MANY; i++) {
        char folder[XENSTORE_PATH_MAX];
        snprintf(folder, sizeof folder, "device/vif/%u", 100 + i);
        fake_store_set(folder, "");
        fake_store_set_in(folder, "backend", BACKEND);
        fake_store_set_in(folder, "backend-id", "0");
    }
    settle();
    ck_assert_int_eq(device_search("vif", on_found, NULL, &search), 0);
    settle();
    ck_assert_uint_eq(found, MANY);
    ck_assert_uint_eq(xenstore_stats()->refused, 0);
    device_search_end(search);
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
        fake_store_set_in("device/vif/3", "mac", bad[i]);
        set_backend(XenbusStateInitWait);
        ck_assert_uint_eq(grant_stats()->used, 0);
        ck_assert_int_eq(our_state(), XenbusStateClosed);
        end();
    }
}
END_TEST

/* What was sent last has its time; who opens the device again finds it as it was. */
START_TEST(rings_outlive_a_device_that_is_closed_for_a_second)
{
    begin();
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    device_unwatch(watch);
    settle();
    ck_assert_int_eq(our_state(), XenbusStateConnected);
    ck_assert_int_eq(device_watch("vif:3", pool, &events, NULL, &watch), 0);
    settle();
    ck_assert_uint_eq(appeared, 2);
    sim_run(loop_now() + 2 * NS_PER_S);
    settle();
    ck_assert_int_eq(our_state(), XenbusStateConnected);
    device_unwatch(watch);
    sim_run(loop_now() + NS_PER_S + 2 * NS_PER_MS);
    settle();
    ck_assert_int_eq(our_state(), XenbusStateClosed);
    ck_assert_uint_eq(grant_stats()->used, 0);
    watch = NULL;
    end();
}
END_TEST

/* Played by nobody: it is waited for in vain, but not for ever. */
START_TEST(the_last_frames_are_waited_for_when_all_ends)
{
    struct pkt *p;
    begin();
    plug();
    set_backend(XenbusStateInitWait);
    set_backend(XenbusStateConnected);
    p = pkt_new(pool);
    memset(pkt_append(p, 60), 0, 60);
    netdev_send(device, &p, 1);
    ck_assert_uint_eq(fake.yields, 0);
    end();
    ck_assert_uint_gt(fake.yields, 0);
    ck_assert_int_eq(our_state(), XenbusStateClosed);
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
        a_flow_has_a_queue_and_flows_spread,
        frames_come_from_every_queue,
        one_queue_is_written_as_if_there_were_no_others,
        a_small_domain_has_fewer_queues,
        a_vif_has_no_more_queues_than_it_was_told,
        a_queue_whose_backend_breaks_the_protocol_ends_them_all,
        the_link_is_up_unless_the_carrier_says_no,
        a_blank_checksum_is_left_only_to_a_backend_that_finds_it,
        a_super_frame_with_a_tag_is_cut,
        the_mtu_is_the_tools_as_far_as_the_backend_can,
        a_backend_without_features_gets_whole_frames,
        counters_show_frames_and_that_none_costs_a_call_about_grants,
        a_vif_is_connected_by_few_questions,
        our_state_is_written_last,
        vifs_are_connected_one_after_the_other,
        a_vif_that_goes_in_its_turn_leaves_it_to_the_next,
        a_handshake_ends_when_its_backend_closes,
        a_backend_that_closes_is_followed_and_may_come_back,
        a_vif_whose_watcher_has_left_costs_nothing,
        rings_that_nobody_opens_are_given_back,
        without_memory_a_vif_is_given_up,
        a_backend_may_go_on_with_the_same_rings,
        another_backend_is_followed,
        what_the_tools_write_may_come_one_by_one,
        a_daemon_that_breaks_the_protocol_costs_no_device,
        hundreds_of_vifs_are_found_at_once,
        a_backend_may_jump_straight_to_closed,
        a_vif_that_is_unplugged_goes_and_one_that_is_plugged_comes,
        what_is_no_mac_address_is_refused,
        rings_outlive_a_device_that_is_closed_for_a_second,
        the_last_frames_are_waited_for_when_all_ends,
        states_in_any_order_do_no_harm,
        NULL,
    };
    return unit_main(unit_suite("xen_vif", tests));
}
