/*
 * fuzz_world.c - a small datapath between simulated links, for fuzz targets. See fuzz_world.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/fuzz/fuzz_world.h"
#include "runtime/sim/sim.h"
#include "test/unit/watcher.h"

#include <stdlib.h>

struct dp *fuzz_dp;
void (*fuzz_on_frame)(unsigned host, struct span frame);

static struct pkt_pool *pool, *large;
static struct watcher host[FUZZ_HOSTS];
static const char *const names[FUZZ_HOSTS] = {"link:0", "link:1", "link:2"};

/* --- Reading ---------------------------------------------------------------------------------- */

static unsigned read_bytes;

void fuzz_read(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        read_bytes += s.data[i];
}

static void on_frame(struct watcher *w, struct pkt *p)
{
    fuzz_read(span_of(p->data, p->len));
    if (fuzz_on_frame != NULL)
        fuzz_on_frame((unsigned)(w - host), span_of(p->data, p->len));
}

/* --- Steps ------------------------------------------------------------------------------------ */

void fuzz_rest(void)
{
    sim_run(loop_now() + NS_PER_MS);
}

void fuzz_steps(struct span input, void (*step)(uint8_t kind, struct span bytes),
                void (*check)(void))
{
    const uint8_t *head;
    while ((head = span_take(&input, 3)) != NULL) {
        size_t len = (size_t)(head[1] << 8 | head[2]);
        len = len < input.len ? len : input.len;
        step(head[0], span_of(span_take(&input, len), len));
        fuzz_rest();
        if (check)
            check();
    }
}

void fuzz_frame(uint8_t n, struct span s)
{
    struct watcher *w = &host[n % FUZZ_HOSTS];
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

void fuzz_change(uint8_t n)
{
    const char *link = names[n % FUZZ_HOSTS] + 5;
    uint16_t port = 1 + n % FUZZ_HOSTS;
    switch (n / FUZZ_HOSTS % 8) {
    case 0:
        sim_link_set_up(link, n & 0x80);
        break;
    case 1:
        sim_link_plug(link, n & 0x80);
        break;
    case 2:
        dp_port_remove(fuzz_dp, port);
        break;
    case 3:
        dp_port_add(fuzz_dp, names[n % FUZZ_HOSTS], port);
        break;
    case 4:
        dp_queue_add(fuzz_dp, port, n & 3, (uint16_t)(n * 4));
        break;
    case 5:
        dp_queue_remove(fuzz_dp, port, n & 3);
        break;
    default:
        dp_set_mode(fuzz_dp, (enum dp_mode)(n % 3));
    }
}

void fuzz_wait(uint8_t n)
{
    sim_run(loop_now() + n * 10 * NS_PER_MS);
}

/* --- Beginning and end ------------------------------------------------------------------------ */

void fuzz_begin(void)
{
    struct dp_config config;
    sim_start(1, &(struct sim_faults){0});
    if (loop_open() != 0)
        abort();
    dp_defaults(&config);
    config.id = 1;
    config.max_flows = FUZZ_FLOWS;
    config.n_buffers = 8;
    config.n_pkts = 128;
    config.n_large = 2;
    fuzz_dp = dp_new(&config);
    large = pkt_pool_new(2, PKT_LARGE, NULL);
    pool = pkt_pool_new(64, PKT_SMALL, large);
    for (int i = 0; i < FUZZ_HOSTS; i++) {
        sim_link_configure(names[i] + 5, &(struct sim_link_config){.features = i == 1 ? 0 : ~0u});
        if (dp_port_add(fuzz_dp, names[i], 0) != 0 || watcher_begin(&host[i], names[i], pool) != 0)
            abort();
        host[i].on_frame = on_frame;
    }
    fuzz_rest();
}

/* pkt_pool_free() traps if a packet was lost. */
void fuzz_end(void)
{
    for (int i = 0; i < FUZZ_HOSTS; i++) {
        host[i].frames = 0; /* nothing was kept */
        watcher_end(&host[i]);
    }
    dp_free(fuzz_dp);
    loop_close();
    pkt_pool_free(pool);
    pkt_pool_free(large);
}
