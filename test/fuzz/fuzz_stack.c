/*
 * fuzz_stack.c - any frames into a whole host: it stays alive, and gives everything back.
 *
 * The input is frames, each behind two bytes: its length, and how long (in units of 20 ms) it comes
 * after the one before. The host has an address by hand on one link, asks for one by DHCP on
 * another, listens at port 80 and sends back what comes, and is asking a name server.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/ip.h"
#include "netstack/stack.h"
#include "runtime/checksum.h"
#include "runtime/sim/sim.h"
#include "test/unit/watcher.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream *asker;

static size_t echo(void *user, const uint8_t *bytes, size_t n)
{
    size_t part = n < 1000 ? n : 1000;
    struct stream *s = user;
    if (stream_write(s, bytes, part) != 0)
        stream_abort(s);
    return part;
}

static void on_closed(void *user, int error)
{
    (void)error;
    if (user == asker)
        asker = NULL;
}

static const struct stream_events events = {.data = echo, .closed = on_closed};

static void on_accept(void *user, struct stream *s)
{
    (void)user;
    stream_own(s, &events, s);
}

static struct stack *new_host(void)
{
    static const struct address_config fixed = {
        .address = 0x0a000001, .prefix = 24, .gateway = 0x0a0000fe};
    static const struct stack_interface links[] = {{.device = "link:a", .address = &fixed},
                                                   {.device = "link:b"}};
    struct stack_config config;
    struct stack *s;
    stack_defaults(&config);
    config.dns[config.n_dns++] = 0x0a000002;
    config.rx_packets = config.tx_packets = 256;
    config.rx_super_frames = config.tx_super_frames = 4;
    config.tcp.max_conns = config.tcp.max_half_open = config.tcp.max_time_wait = 16;
    config.tcp.max_records = 256;
    s = stack_new(&config);
    if (s == NULL || stack_add(s, &links[0]) != 0 || stack_add(s, &links[1]) != 0)
        abort();
    return s;
}

/* Make the header's checksum right, else few datagrams would get further. */
static void sum(uint8_t *frame, size_t n)
{
    struct hdr_ipv4 *h = (struct hdr_ipv4 *)(frame + sizeof(struct hdr_eth));
    if (n < sizeof(struct hdr_eth) + sizeof *h || frame[12] != 8 || frame[13] != 0 ||
        sizeof(struct hdr_eth) + hdr_ipv4_len(h) > n)
        return;
    h->checksum = be16_of(0);
    h->checksum = checksum_finish(checksum_add(0, h, hdr_ipv4_len(h)));
}

/* Send a frame from the far end: to the host's own MAC address, whatever its first bytes say, as
 * long as they do not ask for all; the device says that the transport's checksum is right. */
static void send(struct watcher *far, struct pkt_pool *pool, const uint8_t *bytes, size_t n)
{
    struct pkt *p = pkt_new(pool);
    uint8_t *to = pkt_append(p, n);
    memcpy(to, bytes, n);
    if (n >= HDR_ETH_ALEN && !(to[0] & 1)) {
        memcpy(to, far->dev->mac, HDR_ETH_ALEN);
        to[5] ^= 1; /* the two ends differ in it */
    }
    sum(to, n);
    p->offload = PKT_CSUM_VALID;
    netdev_send(far->dev, &p, 1);
}

static void drop(struct watcher *w, struct pkt *p)
{
    (void)w;
    (void)p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sim_faults none;
    static const struct endpoint at = {.kind = ENDPOINT_TCP, .passive = true, .port = 80};
    static const struct endpoint to = {.kind = ENDPOINT_TCP, .port = 80, .host = "a.b"};
    struct span input = span_of(data, size);
    struct pkt_pool *pool;
    struct watcher far[2];
    struct listener *l;
    struct stack *s;
    const uint8_t *head;
    sim_start(1, &none);
    if (loop_open() != 0)
        abort();
    pool = pkt_pool_new(64, PKT_SMALL, NULL);
    s = new_host();
    watcher_begin(&far[0], "link:a", pool);
    watcher_begin(&far[1], "link:b", pool);
    far[0].on_frame = far[1].on_frame = drop;
    sim_run(10 * NS_PER_S); /* the address is claimed, DHCP has asked */
    if (net_listen(stack_net(s), &at, on_accept, NULL, &l) != 0 ||
        net_connect(stack_net(s), &to, &events, NULL, &asker) != 0)
        abort();
    stream_own(asker, &events, asker);
    while ((head = span_take(&input, 2)) != NULL) {
        size_t n = head[0] * 4u < input.len ? head[0] * 4u : input.len;
        sim_run(loop_now() + (head[1] & 0x7f) * 20 * NS_PER_MS);
        send(&far[head[1] >> 7], pool, span_take(&input, n), n);
        sim_run(loop_now() + NS_PER_MS);
    }
    if (asker)
        stream_abort(asker);
    asker = NULL;
    net_listener_close(l);
    stack_free(s); /* asserts that every packet is back */
    watcher_end(&far[0]);
    watcher_end(&far[1]);
    pkt_pool_free(pool);
    loop_close();
    return 0;
}
