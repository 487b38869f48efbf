/*
 * netfront.c - a pair of rings as a whole, its event channels, the pages that it has: see
 * netfront.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/grant.h"
#include "xen/netfront_rings.h"
#include "xen/page.h"

#include <stdlib.h>

struct netfront_stats netfront_counters;

bool granted_new(struct granted *g, domid_t backend, bool readonly)
{
    g->page = page_alloc(1);
    if (g->page == NULL)
        return false;
    memset(g->page, 0, XEN_PAGE);
    g->ref = grant_page(backend, g->page, readonly);
    return g->ref != 0;
}

void granted_end(struct granted *g)
{
    if (g->page)
        grant_end_then(g->ref, page_free, g->page);
}

/* One port for each ring, or one for both. */
static bool make_ports(struct netfront *nf, const struct netfront_config *config, evtchn_fn *event,
                       void *user)
{
    if (evtchn_bind_new(config->backend, event, user, &nf->tx.port) != 0)
        return false;
    nf->rx.port = nf->tx.port;
    return !config->split || evtchn_bind_new(config->backend, event, user, &nf->rx.port) == 0;
}

struct netfront *netfront_new(const struct netfront_config *config, evtchn_fn *event, void *user)
{
    struct netfront *nf = calloc(1, sizeof *nf);
    if (nf == NULL)
        return NULL;
    if (!tx_ring_begin(&nf->tx, config) || !rx_ring_begin(&nf->rx, config) ||
        !make_ports(nf, config, event, user)) {
        netfront_free(nf);
        return NULL;
    }
    return nf;
}

void netfront_free(struct netfront *nf)
{
    if (nf == NULL)
        return;
    if (nf->rx.port != nf->tx.port)
        evtchn_unbind(nf->rx.port);
    evtchn_unbind(nf->tx.port);
    tx_ring_end(&nf->tx);
    rx_ring_end(&nf->rx);
    free(nf);
}

bool netfront_broken(const struct netfront *nf)
{
    return nf->tx.broken || nf->rx.broken;
}

void netfront_address(const struct netfront *nf, struct netfront_address *address)
{
    *address = (struct netfront_address){.tx_ring = nf->tx.page.ref,
                                         .rx_ring = nf->rx.page.ref,
                                         .tx_port = nf->tx.port,
                                         .rx_port = nf->rx.port};
}

size_t netfront_frame_max(const struct netfront_config *config)
{
    return config->sg ? NETFRONT_FRAME_MAX : XEN_PAGE;
}

size_t netfront_pages(void)
{
    return 1 + NETFRONT_SLOTS + rx_ring_pages();
}

const struct netfront_stats *netfront_stats(void)
{
    return &netfront_counters;
}
