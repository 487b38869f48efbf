/*
 * test_forward_steady.c - the steady path of frames: once ports and flows are there, forwarding
 * makes no heap call, whatever becomes of a frame (switch/datapath.h, runtime/netdev.h).
 *
 * The linker sends every malloc, calloc, realloc and free of the house to heap_calls.h.
 * The same program measures the path: `valgrind --tool=callgrind --toggle-collect=steady_frames`.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "openflow/match.h"
#include "runtime/device.h"
#include "runtime/sim/sim.h"
#include "switch/dp.h"
#include "test/unit/frames.h"
#include "test/unit/heap_calls.h"
#include "test/unit/unit.h"

#include <errno.h>
#include <string.h>

/* --- Devices that only count what they are given --------------------------------------------- */

#define PORTS 4

static struct netdev *devices[PORTS + 1]; /* by port; they come in the order of their ports */
static int opened;
static uint64_t sent, packet_ins;

static void swallow(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    (void)dev;
    sent += n;
    for (size_t i = 0; i < n; i++)
        pkt_unref(batch[i]);
}

static void swallowed(struct netdev *dev)
{
    (void)dev;
}

static const struct netdev_ops ops = {.send = swallow, .flush = swallowed, .close = swallowed};

static int open_one(const char *arg, struct pkt_pool *pool, struct netdev **dev)
{
    (void)arg;
    *dev = netdev_new(sizeof **dev, &ops, pool);
    if (*dev == NULL)
        return -ENOMEM;
    (*dev)->link_up = true;
    (*dev)->mtu = 1500;
    devices[++opened] = *dev;
    return 0;
}

static struct device_driver driver = {.kind = "count", .open = open_one};

static void on_packet_in(void *user, const struct ofp_msg_packet_in *in)
{
    (void)user;
    packet_ins += in->data.len > 0;
}

/* --- A datapath between them ----------------------------------------------------------------- */

static struct dp *dp;

static void rest(void)
{
    sim_run(loop_now() + NS_PER_MS);
}

static void begin(void)
{
    static const struct dp_listener listener = {.packet_in = on_packet_in};
    static const char *const names[PORTS] = {"count:1", "count:2", "count:3", "count:4"};
    struct dp_config config;
    dp_defaults(&config);
    config.id = 1;
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    device_register(&driver);
    opened = 0;
    dp = dp_new(&config);
    ck_assert_ptr_nonnull(dp);
    dp_listen(dp, &listener, NULL);
    for (uint16_t no = 1; no <= PORTS; no++) {
        ck_assert_int_eq(dp_port_add(dp, names[no - 1], no), 0);
        rest();
    }
    ck_assert_int_eq(opened, PORTS);
}

static void finish(void)
{
    dp_free(dp);
    loop_close();
}

static uint8_t area[256];

static struct buf actions(void)
{
    return buf_of(area, sizeof area);
}

/* What comes by port 1 goes by these. */
static void flow(const struct buf *list)
{
    struct ofp_match match = ofp_match_any();
    struct ofp_fault fault;
    match.wildcards = be32_of(OFPFW_ALL & ~(uint32_t)OFPFW_IN_PORT);
    match.in_port = be16_of(1);
    ck_assert(dp_flow_mod(dp,
                          &(struct ofp_msg_flow_mod){.match = &match,
                                                     .command = OFPFC_ADD,
                                                     .buffer_id = OFP_NO_BUFFER,
                                                     .out_port = OFPP_NONE,
                                                     .actions = span_of(list->data, list->len)},
                          &fault));
}

static void flow_to(uint16_t port)
{
    struct buf list = actions();
    ofp_put_output(&list, port, 128);
    flow(&list);
}

/* --- Frames ---------------------------------------------------------------------------------- */

#define BATCHES 500 /* of NETDEV_BATCH frames: 32,000 */
#define HOSTS   32

static struct frame frames[HOSTS]; /* each host speaks to the next one */

static void make_frames(bool partial)
{
    for (int i = 0; i < HOSTS; i++) {
        frames[i] = frame_between((uint8_t)i, (uint8_t)((i + 1) % HOSTS), HDR_IP_UDP);
        frames[i].partial = partial;
        frames[i].payload = 100;
    }
}

unsigned steady_frames(unsigned batches);

/* Receive so many batches by port 1, one in four by port 2, with turns of the loop between them.
 * Returns how many frames. Not static nor inlined, so that a profiler knows it by name; no
 * assertion within, since Check's make heap calls. */
__attribute__((noinline)) unsigned steady_frames(unsigned batches)
{
    unsigned n = 0;
    for (unsigned b = 0; b < batches; b++) {
        struct netdev *dev = devices[b % 4 == 3 ? 2 : 1];
        struct pkt *batch[NETDEV_BATCH];
        for (unsigned i = 0; i < NETDEV_BATCH; i++)
            batch[i] = frame_pkt(&frames[n++ % HOSTS], dev->pool);
        if (!netdev_receive(dev, batch, NETDEV_BATCH))
            return 0;
        rest();
    }
    return n;
}

/* Frames are forwarded without a heap call, and each by as many ports as `by_port_1` and
 * `by_port_2` say. */
static void expect_steady(unsigned by_port_1, unsigned by_port_2)
{
    unsigned n;
    unsigned long calls;
    steady_frames(8); /* what is learned or opened once */
    sent = 0;
    heap_calls = 0;
    n = steady_frames(BATCHES);
    calls = heap_calls;
    ck_assert_uint_eq(n, BATCHES * NETDEV_BATCH);
    ck_assert_uint_eq(calls, 0);
    ck_assert_uint_eq(sent, (uint64_t)n / 4 * (3 * by_port_1 + by_port_2));
}

START_TEST(hits_make_no_heap_call)
{
    begin();
    make_frames(false);
    flow_to(3);
    expect_steady(1, 0); /* what comes by port 2 is a miss */
    finish();
}
END_TEST

START_TEST(misses_make_no_heap_call)
{
    begin();
    make_frames(false);
    packet_ins = 0;
    expect_steady(0, 0);
    ck_assert_uint_eq(packet_ins, (BATCHES + 8) * NETDEV_BATCH);
    finish();
}
END_TEST

START_TEST(floods_make_no_heap_call)
{
    begin();
    make_frames(false);
    flow_to(OFPP_FLOOD);
    expect_steady(PORTS - 1, 0);
    finish();
}
END_TEST

START_TEST(learning_and_forwarding_as_normal_make_no_heap_call)
{
    begin();
    make_frames(false);
    dp_set_mode(dp, DP_STANDALONE);
    steady_frames(8);
    sent = heap_calls = 0;
    steady_frames(BATCHES); /* the hosts move from port 1 to port 2 and back all the time */
    ck_assert_uint_eq(heap_calls, 0);
    ck_assert_uint_gt(sent, 0);
    finish();
}
END_TEST

START_TEST(rewriting_for_several_ports_makes_no_heap_call)
{
    static const uint8_t mac[OFP_ETH_ALEN] = {2, 0, 0, 0, 9, 9};
    struct buf list = actions();
    begin();
    make_frames(false);
    ofp_put_output(&list, 2, 0);
    ofp_put_set_vlan_vid(&list, 7);
    ofp_put_set_dl_dst(&list, mac);
    ofp_put_output(&list, 3, 0);
    ofp_put_set_nw_src(&list, 0x0a000001);
    ofp_put_set_tp_dst(&list, 80);
    ofp_put_output(&list, 4, 0);
    flow(&list);
    expect_steady(3, 0);
    finish();
}
END_TEST

START_TEST(queues_make_no_heap_call)
{
    struct buf list = actions();
    begin();
    make_frames(false);
    ck_assert_int_eq(dp_queue_add(dp, 3, 1, 500), 0);
    ck_assert_int_eq(dp_queue_add(dp, 3, 2, 100), 0);
    ck_assert_int_eq(dp_port_set_rate(dp, 3, 50000000),
                     0); /* 6 KB/ms: frames wait, and are dropped */
    ofp_put_enqueue(&list, 3, 1);
    ofp_put_enqueue(&list, 3, 2);
    flow(&list);
    steady_frames(8);
    sent = heap_calls = 0;
    steady_frames(BATCHES);
    ck_assert_uint_eq(heap_calls, 0);
    ck_assert_uint_gt(sent, 0);
    ck_assert_uint_lt(sent, 2 * 3 * BATCHES / 4 * NETDEV_BATCH);
    finish();
}
END_TEST

START_TEST(checksums_that_a_device_cannot_make_are_made_without_a_heap_call)
{
    begin();
    make_frames(true);
    flow_to(OFPP_ALL);
    expect_steady(PORTS - 1, 0);
    finish();
}
END_TEST

/* Lest the others pass because nothing is counted. */
START_TEST(adding_and_deleting_a_flow_make_heap_calls)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_fault fault;
    unsigned long calls;
    begin();
    heap_calls = 0;
    flow_to(3);
    calls = heap_calls;
    ck_assert_uint_gt(calls, 0);
    heap_calls = 0;
    ck_assert(dp_flow_mod(dp,
                          &(struct ofp_msg_flow_mod){.match = &any,
                                                     .command = OFPFC_DELETE,
                                                     .buffer_id = OFP_NO_BUFFER,
                                                     .out_port = OFPP_NONE},
                          &fault));
    calls = heap_calls;
    ck_assert_uint_gt(calls, 0);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hits_make_no_heap_call,
        misses_make_no_heap_call,
        floods_make_no_heap_call,
        learning_and_forwarding_as_normal_make_no_heap_call,
        rewriting_for_several_ports_makes_no_heap_call,
        queues_make_no_heap_call,
        checksums_that_a_device_cannot_make_are_made_without_a_heap_call,
        adding_and_deleting_a_flow_make_heap_calls,
        NULL,
    };
    return unit_main(unit_suite("forward_steady", tests));
}
