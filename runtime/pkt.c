/*
 * pkt.c - packet buffers from page-aligned pools: see pkt.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/pkt.h"
#include <assert.h>
#include <stdlib.h>

struct pkt_pool {
    struct pkt *free;
    uint8_t *pages;
    struct pkt_pool_stats stats;
    struct pkt pkts[];
};

static void give_back(struct pkt_pool *pool, struct pkt *p)
{
    p->next = pool->free;
    pool->free = p;
    pool->stats.free++;
}

struct pkt_pool *pkt_pool_new(uint32_t count)
{
    struct pkt_pool *pool = calloc(1, sizeof *pool + count * sizeof pool->pkts[0]);
    if (pool == NULL)
        return NULL;
    pool->pages = aligned_alloc(PKT_PAGE, (size_t)count * PKT_PAGE);
    if (pool->pages == NULL) {
        free(pool);
        return NULL;
    }
    for (uint32_t i = count; i-- > 0;) {
        pool->pkts[i].pool = pool;
        pool->pkts[i].page = pool->pages + (size_t)i * PKT_PAGE;
        give_back(pool, &pool->pkts[i]);
    }
    pool->stats.total = pool->stats.low = count;
    return pool;
}

void pkt_pool_free(struct pkt_pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->stats.free == pool->stats.total);
    free(pool->pages);
    free(pool);
}

void pkt_pool_stats(const struct pkt_pool *pool, struct pkt_pool_stats *stats)
{
    *stats = pool->stats;
}

struct pkt *pkt_new(struct pkt_pool *pool)
{
    struct pkt *p = pool->free;
    if (p == NULL) {
        pool->stats.refused++;
        return NULL;
    }
    pool->free = p->next;
    if (--pool->stats.free < pool->stats.low)
        pool->stats.low = pool->stats.free;
    *p = (struct pkt){.data = p->page + PKT_HEADROOM, .refs = 1, .page = p->page, .pool = pool};
    return p;
}

void pkt_unref(struct pkt *p)
{
    if (p == NULL)
        return;
    assert(p->refs > 0);
    if (--p->refs == 0)
        give_back(p->pool, p);
}

static void copy(struct pkt *to, const struct pkt *from)
{
    to->data = to->page + (from->data - from->page);
    to->len = from->len;
    to->csum_start = from->csum_start;
    to->csum_offset = from->csum_offset;
    to->gso_size = from->gso_size;
    to->offload = from->offload;
    bytes_copy(to->data, from->data, from->len);
}

struct pkt *pkt_writable(struct pkt *p)
{
    struct pkt *own;
    if (p->refs == 1)
        return p;
    own = pkt_new(p->pool);
    if (own) {
        copy(own, p);
        pkt_unref(p);
    }
    return own;
}

uint8_t *pkt_push(struct pkt *p, size_t n)
{
    if ((size_t)(p->data - p->page) < n)
        return NULL;
    p->data -= n;
    p->len += (uint32_t)n;
    if (p->offload & PKT_CSUM_PARTIAL)
        p->csum_start = (uint16_t)(p->csum_start + n);
    return p->data;
}

uint8_t *pkt_append(struct pkt *p, size_t n)
{
    uint8_t *end = p->data + p->len;
    if ((size_t)(p->page + PKT_PAGE - end) < n)
        return NULL;
    p->len += (uint32_t)n;
    return end;
}

/* A header whose checksum was still to be made is gone: whoever reads on trusts the bytes as they
 * never left this machine. */
static void move_csum(struct pkt *p, size_t n)
{
    if (!(p->offload & PKT_CSUM_PARTIAL))
        return;
    if (n <= p->csum_start)
        p->csum_start = (uint16_t)(p->csum_start - n);
    else
        p->offload = (uint16_t)((p->offload & ~PKT_CSUM_PARTIAL) | PKT_CSUM_VALID);
}

bool pkt_pull(struct pkt *p, size_t n)
{
    if (p->len < n)
        return false;
    p->data += n;
    p->len -= (uint32_t)n;
    move_csum(p, n);
    return true;
}

bool pkt_trim(struct pkt *p, size_t n)
{
    if (p->len < n)
        return false;
    p->len -= (uint32_t)n;
    return true;
}
