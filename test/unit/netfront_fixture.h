/*
 * netfront_fixture.h - a netfront in a guest that is played, with the backend of fake_backend.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_NETFRONT_FIXTURE_H
#define MORGANA_TEST_UNIT_NETFRONT_FIXTURE_H

#include "test/unit/fake_backend.h"
#include "test/unit/fake_xen.h"
#include "test/unit/unit.h"
#include "xen/grant.h"
#include "xen/page.h"

#define PAGES 1600
#define SLOTS 256

static struct pkt_pool *pool, *large;
static struct netfront *nf;
static struct fake_backend backend;
static struct netdev_stats stats;
static struct netfront_config config;

static inline void no_event(void *user)
{
    (void)user;
}

/* With rings whose indices begin at `first`. */
static inline void begin_at(RING_IDX first)
{
    struct netfront_address at;
    fake_guest_begin(PAGES);
    large = pkt_pool_new(8, PKT_LARGE, NULL);
    pool = pkt_pool_new(512, PKT_SMALL, large);
    config = (struct netfront_config){.backend = 7, .sg = true, .first = first};
    nf = netfront_new(&config, no_event, NULL);
    ck_assert_ptr_nonnull(nf);
    netfront_address(nf, &at);
    fake_backend_attach(&backend, at.tx_ring, at.rx_ring);
    memset(&stats, 0, sizeof stats);
}

static inline void begin(void)
{
    begin_at(0);
}

/* All pages but the grant table's come back. */
static inline void end(void)
{
    size_t table_pages = (grant_stats()->total + GNTTAB_NR_RESERVED_ENTRIES) / 512;
    netfront_free(nf);
    ck_assert_uint_eq(page_stats()->used, table_pages);
    pkt_pool_free(pool);
    pkt_pool_free(large);
    ck_assert_uint_eq(fake_guest_end(), 0);
}

static inline size_t receive(struct pkt **batch)
{
    return netfront_receive(nf, pool, batch, NETDEV_BATCH, &stats);
}

#endif
