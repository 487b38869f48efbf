/*
 * fuzz_dp.c - any frames, requests and changes of the world into a datapath between simulated
 * links.
 *
 * The input is a list of steps: a byte that says what kind, two that say how long, and so many
 * bytes of it. The sanitizers watch; in the end every packet must have come back to its pool.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "switch/dp.h"
#include "test/unit/watcher.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOSTS 3

static struct dp *dp;
static struct pkt_pool *pool, *large;
static struct watcher host[HOSTS];

/* --- What the datapath says is only read ------------------------------------------------------ */

static unsigned read_bytes;

static void read_all(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        read_bytes += s.data[i];
}

static void on_packet_in(void *user, const struct ofp_msg_packet_in *in)
{
    (void)user;
    read_all(in->data);
}

static void on_flow_removed(void *user, const struct ofp_msg_flow_removed *removed)
{
    (void)user;
    read_all(span_of(removed->match, sizeof *removed->match));
}

static void on_port_status(void *user, const struct ofp_msg_port_status *status)
{
    (void)user;
    read_all(span_of(status->desc, sizeof *status->desc));
}

static void on_frame(struct watcher *w, struct pkt *p)
{
    (void)w;
    read_all(span_of(p->data, p->len));
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* A frame from a host, behind six bytes of what may be untrue metadata. */
static void step_frame(uint8_t n, struct span s)
{
    struct watcher *w = &host[n % HOSTS];
    const uint8_t *meta = span_take(&s, 6);
    struct pkt *p = meta && w->dev ? pkt_new_for(pool, s.len) : NULL;
    if (p == NULL)
        return;
    memcpy(pkt_append(p, s.len), s.data, s.len);
    p->offload = meta[0] & (PKT_CSUM_PARTIAL | PKT_GSO);
    p->csum_start = meta[1];
    p->csum_offset = meta[2];
    p->gso_size = (uint16_t)(meta[3] << 8 | meta[4]);
    netdev_send(w->dev, &p, 1);
}

/* A message as the agent would hand it on. */
static void step_message(struct span s)
{
    struct ofp_fault fault;
    struct ofp_msg msg;
    if (!ofp_validate(s, OFP_AT_SWITCH, &fault))
        return;
    ofp_decode(&msg, s);
    if (msg.type == OFPT_FLOW_MOD)
        dp_flow_mod(dp, &msg.flow_mod, &fault);
    else if (msg.type == OFPT_PACKET_OUT)
        dp_packet_out(dp, &msg.packet_out, &fault);
    else if (msg.type == OFPT_SET_CONFIG)
        dp_set_config(dp, &msg.config);
}

/* The fuzzer cannot know a port's address. */
static void step_port_mod(uint8_t n)
{
    struct ofp_msg_port_mod mod = {.port_no = 1 + n % HOSTS, .config = n / 2, .mask = 0x7f};
    struct ofp_phy_port desc;
    struct ofp_fault fault;
    if (!dp_port_desc(dp, mod.port_no, &desc))
        return;
    memcpy(mod.hw_addr, desc.hw_addr, sizeof mod.hw_addr);
    dp_port_mod(dp, &mod, &fault);
}

static const char *const names[HOSTS] = {"link:0", "link:1", "link:2"};

static void step_world(uint8_t n)
{
    const char *link = names[n % HOSTS] + 5;
    uint16_t port = 1 + n % HOSTS;
    switch (n / HOSTS % 8) {
    case 0:
        sim_link_set_up(link, n & 0x80);
        break;
    case 1:
        sim_link_plug(link, n & 0x80);
        break;
    case 2:
        dp_port_remove(dp, port);
        break;
    case 3:
        dp_port_add(dp, names[n % HOSTS], port);
        break;
    case 4:
        dp_queue_add(dp, port, n & 3, (uint16_t)(n * 4));
        break;
    case 5:
        dp_queue_remove(dp, port, n & 3);
        break;
    default:
        dp_set_mode(dp, (enum dp_mode)(n % 3));
    }
}

static void step(uint8_t kind, struct span s)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0;
    switch (kind % 8) {
    case 0:
    case 1:
    case 2:
        step_frame(kind / 8, s);
        break;
    case 3:
    case 4:
        step_message(s);
        break;
    case 5:
        step_port_mod(first);
        break;
    case 6:
        step_world(first);
        break;
    default:
        sim_run(loop_now() + first * 10 * NS_PER_MS);
    }
}

/* --- Beginning and end ------------------------------------------------------------------------ */

/* The links of ports 1 and 3 take unfinished frames and super-frames, port 2's does not. */
static void begin(void)
{
    static const struct dp_listener listener = {on_packet_in, on_flow_removed, on_port_status};
    struct dp_config config;
    sim_start(1, &(struct sim_faults){0});
    if (loop_open() != 0)
        abort();
    dp_defaults(&config);
    config.max_flows = 100;
    config.n_buffers = 8;
    config.n_pkts = 128;
    config.n_large = 2;
    dp = dp_new(&config);
    dp_listen(dp, &listener, NULL);
    large = pkt_pool_new(2, PKT_LARGE, NULL);
    pool = pkt_pool_new(64, PKT_SMALL, large);
    for (int i = 0; i < HOSTS; i++) {
        sim_link_configure(names[i] + 5, &(struct sim_link_config){.features = i == 1 ? 0 : ~0u});
        if (dp_port_add(dp, names[i], 0) != 0 || watcher_begin(&host[i], names[i], pool) != 0)
            abort();
        host[i].on_frame = on_frame;
    }
    sim_run(NS_PER_MS);
}

/* pkt_pool_free() traps if a packet was lost. */
static void end(void)
{
    for (int i = 0; i < HOSTS; i++)
        watcher_end(&host[i]);
    dp_free(dp);
    loop_close();
    pkt_pool_free(pool);
    pkt_pool_free(large);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    const uint8_t *head;
    begin();
    while ((head = span_take(&rest, 3)) != NULL) {
        size_t len = (size_t)(head[1] << 8 | head[2]);
        len = len < rest.len ? len : rest.len;
        step(head[0], span_of(span_take(&rest, len), len));
        sim_run(loop_now() + NS_PER_MS);
    }
    for (int i = 0; i < HOSTS; i++)
        host[i].frames = 0; /* nothing was kept */
    end();
    return 0;
}
