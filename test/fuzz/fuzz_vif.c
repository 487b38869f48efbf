/*
 * fuzz_vif.c - a backend that is hostile for the whole of a vif's life: what it writes into
 * xenstore (features, queues, carrier, MAC address), its states in any order, its rings, in the
 * middle of which the vif goes and comes again, while xenstored is slow and merges events. Nothing
 * is touched but what was granted, all of it comes back, and a backend that behaves afterwards is
 * served.
 *
 * The input is a list of steps, each a byte that says which and 11 bytes of what is done.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/device.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_store.h"
#include "test/unit/fake_xen.h"
#include "xen/grant.h"
#include "xen/page.h"
#include "xen/vif.h"
#include "xen/xenbus.h"

#include <stdio.h>
#include <stdlib.h>
#include <xen/io/netif.h>

#define PAGES   24000 /* enough for two queues */
#define SLOTS   256
#define STEP    12 /* bytes */
#define OURS    "device/vif/3"
#define BACKEND "/local/domain/0/backend/vif/5/3"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pkt_pool *pool, *large;
static struct device_watch *watch;
static struct netdev *device; /* that is open; NULL: none */

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        if (batch[i]->len == 0 || (batch[i]->offload & PKT_CSUM_PARTIAL &&
                                   batch[i]->csum_start + batch[i]->csum_offset >= batch[i]->len))
            abort();
    if (device) /* as a hub would, so that what is hostile is sent as well */
        for (size_t i = 0; i < n; i++)
            netdev_send(device, (struct pkt *[]){pkt_ref(batch[i])}, 1);
}

static const struct netdev_events frames = {.receive = on_receive};

static void on_appeared(void *user, struct netdev *dev)
{
    (void)user;
    device = dev;
    netdev_own(dev, &frames, NULL);
}

static void on_gone(void *user, struct netdev *dev)
{
    (void)user;
    if (dev != device)
        abort();
    device = NULL;
}

static const struct device_events events = {.appeared = on_appeared, .gone = on_gone};

static void settle(void)
{
    fake_store_settle(4);
}

static void set_state(unsigned state)
{
    char value[8];
    snprintf(value, sizeof value, "%u", state);
    fake_store_set_in(BACKEND, "state", value);
}

static void plug(void)
{
    fake_store_set_vif(BACKEND);
    fake_store_set_in(BACKEND, "feature-sg", "1");
    fake_store_set_in(BACKEND, "feature-gso-tcpv4", "1");
}

/* --- What the backend does ------------------------------------------------------------------- */

/* Any bytes for a value, or none. */
static void write_key(const uint8_t *step)
{
    static const char *const keys[][2] = {
        {BACKEND, "feature-sg"},
        {BACKEND, "feature-gso-tcpv4"},
        {BACKEND, "feature-no-csum-offload"},
        {BACKEND, "feature-ipv6-csum-offload"},
        {BACKEND, "feature-split-event-channels"},
        {BACKEND, "multi-queue-max-queues"},
        {BACKEND, "carrier"},
        {BACKEND, "state"},
        {OURS, "mac"},
        {OURS, "mtu"},
        {OURS, "backend"},
        {OURS, "backend-id"},
    };
    const char *const *key = keys[step[1] % (sizeof keys / sizeof *keys)];
    char value[STEP];
    memcpy(value, step + 2, STEP - 2);
    value[STEP - 2] = '\0';
    fake_store_set_in(key[0], key[1], step[1] & 0x80 ? NULL : value);
}

/* The page that is granted, as the backend would map it; NULL: there is none, or no longer. */
static uint8_t *page_of(grant_ref_t ref)
{
    if (ref == 0 || ref / (XEN_PAGE / sizeof(grant_entry_v1_t)) >= FAKE_GRANT_FRAMES ||
        fake.grants[ref / (XEN_PAGE / sizeof(grant_entry_v1_t))] == NULL ||
        fake_grant(ref)->flags == 0)
        return NULL;
    return fake_page(fake_grant(ref)->frame);
}

/* The same by our key that names it. */
static uint8_t *granted(unsigned queue, const char *key)
{
    char path[XENSTORE_PATH_MAX];
    const char *text;
    snprintf(path, sizeof path, OURS "/queue-%u/%s", queue, key);
    if ((text = fake_store_get(path)) == NULL) {
        snprintf(path, sizeof path, OURS "/%s", key);
        text = fake_store_get(path);
    }
    return text ? page_of((grant_ref_t)strtoul(text, NULL, 10)) : NULL;
}

static void write_rx(const uint8_t *step, netif_rx_sring_t *rx)
{
    memcpy(&rx->ring[step[1] % SLOTS], step + 4, sizeof(netif_rx_response_t));
    rx->rsp_prod += step[2] % 8;
}

/* A request that is there is answered as it should be, all but its flags and length; if it is what
 * write_rx() has left there is no such page. */
static void answer_rx(const uint8_t *step, netif_rx_sring_t *rx)
{
    RING_IDX at = rx->rsp_prod;
    const netif_rx_request_t q = rx->ring[at % SLOTS].req;
    if (at == rx->req_prod)
        return;
    if (page_of(q.gref))
        memcpy(page_of(q.gref), step + 5, STEP - 5);
    rx->ring[at % SLOTS].rsp = (netif_rx_response_t){
        .id = q.id, .flags = step[2] % 16, .status = (int16_t)(step[3] | step[4] << 8)};
    rx->rsp_prod = at + 1;
}

static void write_tx(const uint8_t *step, netif_tx_sring_t *tx)
{
    memcpy(&tx->ring[step[1] % SLOTS], step + 4, sizeof(netif_tx_response_t));
    tx->rsp_prod += step[2] % 8;
}

static void jump(const uint8_t *step, netif_tx_sring_t *tx, netif_rx_sring_t *rx)
{
    uint32_t by;
    memcpy(&by, step + 4, sizeof by);
    if (step[2] & 1)
        tx->rsp_prod += by;
    else
        rx->rsp_prod += by;
}

static void touch_rings(const uint8_t *step)
{
    unsigned queue = step[3] & 1;
    netif_tx_sring_t *tx = (netif_tx_sring_t *)(void *)granted(queue, "tx-ring-ref");
    netif_rx_sring_t *rx = (netif_rx_sring_t *)(void *)granted(queue, "rx-ring-ref");
    if (tx == NULL || rx == NULL || tx == (void *)rx)
        return;
    switch (step[0] % 8) {
    case 0:
        write_rx(step, rx);
        break;
    case 1:
        write_tx(step, tx);
        break;
    case 2:
        jump(step, tx, rx);
        break;
    default:
        answer_rx(step, rx);
    }
}

static void send(const uint8_t *step)
{
    size_t n = 1 + (size_t)(step[1] | step[2] << 8) % 3000;
    struct pkt *p = device ? pkt_new_for(pool, n) : NULL;
    if (p == NULL)
        return;
    memset(pkt_append(p, n), step[3], n);
    memcpy(p->data, step + 4, n < STEP - 4 ? n : STEP - 4);
    netdev_send(device, &p, 1);
}

static void raise_all(void)
{
    for (evtchn_port_t port = FAKE_STORE_PORT + 1; port < fake.next_port; port++)
        if (fake.open[port])
            fake_raise(port);
}

static void take_step(const uint8_t *step)
{
    switch (step[0] / 8 % 8) {
    case 0:
        write_key(step);
        break;
    case 1:
        set_state(step[1] % 10);
        break;
    case 2:
        send(step);
        break;
    case 3:
        raise_all();
        break;
    case 4:
        fake_store_set(step[1] & 1 ? OURS : BACKEND, NULL);
        break;
    case 5:
        fake_store.held = step[1] & 1;
        plug();
        break;
    default:
        touch_rings(step);
        return; /* several such in a turn */
    }
    settle();
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static void begin(void)
{
    fake_guest_begin(PAGES);
    fake.next_port = FAKE_STORE_PORT + 1;
    fake_store_begin();
    device = NULL;
    if (xenstore_open(&fake_store.ring, FAKE_STORE_PORT) != 0 || vif_open(VIF_QUEUES_MAX) != 0 ||
        device_watch("vif:3", pool, &events, NULL, &watch) != 0)
        abort();
    plug();
    fake_store_set_in(BACKEND, "feature-split-event-channels", "1");
    fake_store_set_in(BACKEND, "multi-queue-max-queues", "2");
    set_state(XenbusStateInitWait);
    settle();
    set_state(XenbusStateConnected);
    settle();
}

/* After a new start of the device's folders all is well. */
static void must_work(void)
{
    fake_store.held = false;
    settle();
    fake_store_set(OURS, NULL);
    fake_store_set(BACKEND, NULL);
    settle();
    if (device)
        abort();
    plug();
    set_state(XenbusStateInitWait);
    settle();
    set_state(XenbusStateConnected);
    settle();
    if (device == NULL || !device->link_up)
        abort();
}

static void end(void)
{
    struct pkt_pool_stats stats;
    device_unwatch(watch);
    settle();
    vif_close();
    settle();
    loop_poll();
    pkt_pool_stats(pool, &stats);
    if (stats.free != stats.total)
        abort();
    xenstore_close();
    if (fake_guest_end() != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (pool == NULL) {
        large = pkt_pool_new(8, PKT_LARGE, NULL);
        pool = pkt_pool_new(100, PKT_SMALL, large);
    }
    begin();
    for (; size >= STEP && fake.next_port < FAKE_PORTS / 2; data += STEP, size -= STEP)
        take_step(data);
    must_work();
    end();
    return 0;
}
