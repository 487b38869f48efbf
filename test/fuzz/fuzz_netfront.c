/*
 * fuzz_netfront.c - a backend that writes whatever it likes into a vif's rings, while frames are
 * sent and received: nothing outside of what was granted is touched, and all of it comes back.
 *
 * The input is a list of steps, each a byte that says which and 11 bytes of what is written.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "test/unit/fake_backend.h"
#include "test/unit/fake_xen.h"
#include "xen/grant.h"
#include "xen/page.h"

#include <stdlib.h>
#include <xen/io/netif.h>

#define PAGES 900
#define SLOTS 256
#define STEP  12 /* bytes */
#define HELD  20 /* packets that are kept for a while */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pkt_pool *pool, *large;
static struct netfront *nf;
static struct pkt *held[HELD];
static netif_tx_sring_t *tx;
static netif_rx_sring_t *rx;

static void no_event(void *user)
{
    (void)user;
}

static void send(size_t n)
{
    struct pkt *p = pkt_new_for(pool, n);
    if (p == NULL)
        return;
    memset(pkt_append(p, n), 0x5a, n);
    netfront_send(nf, p);
    netfront_flush(nf);
    pkt_unref(p);
}

/* Send one that was received, or end it. */
static void send_held(unsigned i, bool and_keep)
{
    if (held[i] == NULL)
        return;
    netfront_send(nf, held[i]);
    if (and_keep)
        return;
    pkt_unref(held[i]);
    held[i] = NULL;
}

/* In the place of one that is kept. */
static void keep(unsigned i, struct pkt *p)
{
    pkt_unref(held[i]);
    held[i] = p;
}

/* Look at each byte of what was received. */
static void receive(void)
{
    struct pkt *batch[NETDEV_BATCH];
    struct netdev_stats stats = {0};
    size_t n = netfront_receive(nf, pool, batch, NETDEV_BATCH, &stats);
    for (size_t i = 0; i < n; i++) {
        volatile uint8_t sum = 0;
        for (size_t at = 0; at < batch[i]->len; at++)
            sum = (uint8_t)(sum + batch[i]->data[at]);
        if (batch[i]->offload & PKT_CSUM_PARTIAL && !pkt_finish_checksum(batch[i]))
            abort();
        keep((unsigned)batch[i]->len % HELD, batch[i]);
    }
    netfront_more(nf);
}

static void take_step(const uint8_t *step)
{
    uint16_t at = (uint16_t)(step[1] | step[2] << 8), n = (uint16_t)(step[3] | step[4] << 8);
    switch (step[0] % 6) {
    case 0:
        memcpy(&rx->ring[at % SLOTS], step + 3, sizeof(netif_rx_response_t));
        break;
    case 1:
        memcpy(&tx->ring[at % SLOTS], step + 3, sizeof(netif_tx_response_t));
        break;
    case 2:
        rx->rsp_prod += at;
        break;
    case 3:
        tx->rsp_prod += at;
        break;
    case 4:
        if (at % 4 == 3)
            send_held(n % HELD, at & 4);
        else
            send(n);
        break;
    default:
        receive();
    }
}

/* What is offered has the headers of a TCP segment in it. */
static void write_headers(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        fake_backend_tcp4(fake_page(fake_grant(rx->ring[i].req.gref)->frame));
}

static void begin(void)
{
    struct netfront_address at;
    fake_guest_begin(PAGES);
    nf = netfront_new(&(struct netfront_config){.sg = true}, no_event, NULL);
    if (nf == NULL)
        abort();
    netfront_address(nf, &at);
    tx = (netif_tx_sring_t *)(void *)fake_page(fake_grant(at.tx_ring)->frame);
    rx = (netif_rx_sring_t *)(void *)fake_page(fake_grant(at.rx_ring)->frame);
    write_headers();
}

static void end(void)
{
    netfront_free(nf);
    for (unsigned i = 0; i < HELD; i++)
        keep(i, NULL);
    if (fake_guest_end() != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (pool == NULL) {
        large = pkt_pool_new(70, PKT_LARGE, NULL);
        pool = pkt_pool_new(100, PKT_SMALL, large);
    }
    begin();
    for (; size >= STEP; data += STEP, size -= STEP)
        take_step(data);
    end();
    return 0;
}
