/*
 * rx_pages.c - a receive ring's pages: see rx_pages.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/rx_pages.h"
#include "xen/grant.h"
#include "xen/page.h"

#include <assert.h>
#include <stdlib.h>

#define RUN 32 /* pages that are taken from the domain's memory at a time */

enum page_state { FREE, OFFERED, LENT };

struct rx_page {
    grant_ref_t ref;
    bool granted; /* the backend may write it */
    enum page_state state;
};

struct rx_pages {
    domid_t backend;
    uint8_t **runs; /* each of RUN pages; as a rule one lies behind the other */
    struct pkt_pool *loans;
    unsigned n, next; /* next: where to look for a free one */
    unsigned n_lent, max_lent;
    bool ended;
    struct rx_page page[];
};

uint8_t *rx_pages_at(const struct rx_pages *rp, unsigned i)
{
    return rp->runs[i / RUN] + (size_t)(i % RUN) * PAGE_SIZE;
}

/* The number of the page in which `at` lies. */
static unsigned number_of(const struct rx_pages *rp, const uint8_t *at)
{
    unsigned run = 0;
    while ((size_t)(at - rp->runs[run]) >= (size_t)RUN * PAGE_SIZE)
        run++;
    return run * RUN + (unsigned)((size_t)(at - rp->runs[run]) / PAGE_SIZE);
}

/* --- Offering -------------------------------------------------------------------------------- */

unsigned rx_pages_take(struct rx_pages *rp, grant_ref_t *ref)
{
    struct rx_page *page;
    unsigned i;
    do {
        i = rp->next;
        rp->next = i + 1 < rp->n ? i + 1 : 0;
    } while (rp->page[i].state != FREE);
    page = &rp->page[i];
    if (!page->granted)
        grant_again(page->ref, rp->backend, rx_pages_at(rp, i), false);
    page->granted = true;
    page->state = OFFERED;
    *ref = page->ref;
    return i;
}

void rx_pages_put(struct rx_pages *rp, unsigned i)
{
    if (rp->page[i].state == OFFERED)
        rp->page[i].state = FREE;
}

/* --- Lending --------------------------------------------------------------------------------- */

static void end_page(struct rx_pages *rp, unsigned i)
{
    grant_end_then(rp->page[i].ref, page_free, rx_pages_at(rp, i));
}

static void free_all(struct rx_pages *rp)
{
    pkt_pool_free(rp->loans);
    free(rp->runs);
    free(rp);
}

/* Nobody holds the packet that was in these bytes. */
static void back(void *user, uint8_t *buf, uint32_t size)
{
    struct rx_pages *rp = user;
    unsigned i = number_of(rp, buf), end = i + 1 + size / PAGE_SIZE;
    rp->n_lent -= end - i;
    for (; i < end; i++) {
        rp->page[i].state = FREE;
        if (rp->ended)
            end_page(rp, i);
    }
    if (rp->ended && rp->n_lent == 0)
        free_all(rp);
}

/* False if the backend still uses one of them. Those that are stopped are granted again when they
 * are offered again. */
static bool stop(struct rx_page *page, unsigned n)
{
    for (; n > 0; n--, page++) {
        if (!grant_stop(page->ref))
            return false;
        page->granted = false;
    }
    return true;
}

static bool are_one_run(const struct rx_pages *rp, unsigned first, unsigned n)
{
    return rx_pages_at(rp, first + n - 1) == rx_pages_at(rp, first) + (n - 1) * PAGE_SIZE;
}

struct pkt *rx_pages_lend(struct rx_pages *rp, unsigned first, unsigned n, struct pkt_pool *copies)
{
    uint8_t *buf = rx_pages_at(rp, first + 1) - PKT_HEADROOM;
    struct pkt *p;
    if (rp->n_lent + n > rp->max_lent || !are_one_run(rp, first, n))
        return NULL;
    if (!stop(&rp->page[first], n))
        return NULL;
    p = pkt_lend(rp->loans, buf, PKT_HEADROOM + (n - 1) * PAGE_SIZE, copies);
    if (p == NULL)
        return NULL;
    rp->n_lent += n;
    for (unsigned i = first; i < first + n; i++)
        rp->page[i].state = LENT;
    return p;
}

/* --- Beginning and end ----------------------------------------------------------------------- */

/* The pages from number `i` on. */
static bool take_run(struct rx_pages *rp, unsigned i)
{
    uint8_t *run = rp->runs[i / RUN] = page_alloc(RUN);
    if (run == NULL)
        return false;
    memset(run, 0, RUN * PAGE_SIZE);
    page_split(run);
    for (rp->n = i + RUN; i < rp->n; i++) {
        rp->page[i].ref = grant_page(rp->backend, rx_pages_at(rp, i), false);
        rp->page[i].granted = rp->page[i].ref != 0;
        if (!rp->page[i].granted)
            return false;
    }
    return true;
}

static bool take_runs(struct rx_pages *rp, unsigned n)
{
    rp->runs = calloc(n / RUN, sizeof *rp->runs);
    for (unsigned i = 0; i < n; i += RUN)
        if (rp->runs == NULL || !take_run(rp, i))
            return false;
    return true;
}

struct rx_pages *rx_pages_new(domid_t backend, unsigned offered, unsigned lent)
{
    unsigned n = offered + lent;
    struct rx_pages *rp = calloc(1, sizeof *rp + n * sizeof rp->page[0]);
    assert(n % RUN == 0);
    if (rp == NULL)
        return NULL;
    rp->backend = backend;
    rp->max_lent = lent;
    rp->loans = pkt_loans_new(lent / 2 + 1, back, rp); /* of two pages at least */
    if (rp->loans == NULL || !take_runs(rp, n)) {
        rx_pages_free(rp);
        return NULL;
    }
    return rp;
}

void rx_pages_free(struct rx_pages *rp)
{
    if (rp == NULL)
        return;
    rp->ended = true;
    for (unsigned i = 0; i < rp->n; i++)
        if (rp->page[i].state != LENT)
            end_page(rp, i);
    if (rp->n_lent == 0)
        free_all(rp);
}
