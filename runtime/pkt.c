/*
 * pkt.c - packet buffers from page-aligned pools: see pkt.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/pkt.h"
#include "runtime/checksum.h"
#include <assert.h>
#include <stdlib.h>

struct pkt_pool {
    struct pkt *free;
    uint8_t *area;
    uint32_t size; /* of a buffer */
    struct pkt_pool *larger;
    void (*back)(void *user, uint8_t *buf, uint32_t size); /* NULL: buffers are the pool's own */
    void *user;
    struct pkt_pool_stats stats;
    struct pkt pkts[];
};

static void give_back(struct pkt_pool *pool, struct pkt *p)
{
    p->next = pool->free;
    pool->free = p;
    pool->stats.free++;
    if (pool->back)
        pool->back(pool->user, p->buf, p->size);
}

static bool is_buffer_size(uint32_t size)
{
    return size > PKT_HEADROOM &&
           (size % PKT_PAGE == 0 || (size < PKT_PAGE && (size & (size - 1)) == 0));
}

/* Whole pages: the last may be used in part. */
static uint8_t *new_area(size_t bytes)
{
    return aligned_alloc(PKT_PAGE, (bytes + PKT_PAGE - 1) / PKT_PAGE * PKT_PAGE);
}

/* A pool of packets without buffers. */
static struct pkt_pool *new_pool(uint32_t count)
{
    struct pkt_pool *pool = calloc(1, sizeof *pool + count * sizeof pool->pkts[0]);
    if (pool == NULL)
        return NULL;
    for (uint32_t i = count; i-- > 0;)
        give_back(pool, &pool->pkts[i]);
    pool->stats.total = pool->stats.low = count;
    return pool;
}

struct pkt_pool *pkt_pool_new(uint32_t count, uint32_t size, struct pkt_pool *larger)
{
    struct pkt_pool *pool = new_pool(count);
    assert(is_buffer_size(size));
    if (pool == NULL)
        return NULL;
    pool->area = new_area((size_t)count * size);
    if (pool->area == NULL) {
        free(pool);
        return NULL;
    }
    pool->size = size;
    pool->larger = larger;
    for (uint32_t i = 0; i < count; i++) {
        pool->pkts[i].pool = pool; /* for pkt_at() */
        pool->pkts[i].buf = pool->area + (size_t)i * size;
        pool->pkts[i].size = size;
    }
    return pool;
}

void pkt_pool_free(struct pkt_pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->stats.free == pool->stats.total);
    free(pool->area);
    free(pool);
}

void pkt_pool_stats(const struct pkt_pool *pool, struct pkt_pool_stats *stats)
{
    *stats = pool->stats;
}

/* A packet's descriptor. NULL if there is none. */
static struct pkt *take(struct pkt_pool *pool)
{
    struct pkt *p = pool->free;
    if (p == NULL) {
        pool->stats.refused++;
        return NULL;
    }
    pool->free = p->next;
    if (--pool->stats.free < pool->stats.low)
        pool->stats.low = pool->stats.free;
    return p;
}

static struct pkt *begin(struct pkt *p, uint8_t *buf, uint32_t size, struct pkt_pool *pool)
{
    *p =
        (struct pkt){.data = buf + PKT_HEADROOM, .refs = 1, .buf = buf, .size = size, .pool = pool};
    return p;
}

struct pkt *pkt_new(struct pkt_pool *pool)
{
    struct pkt *p = take(pool);
    return p ? begin(p, p->buf, p->size, pool) : NULL;
}

struct pkt *pkt_new_for(struct pkt_pool *pool, size_t len)
{
    while (pool && (pool->back || len > pool->size - PKT_HEADROOM))
        pool = pool->larger;
    return pool ? pkt_new(pool) : NULL;
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
    size_t room = (size_t)(from->data - from->buf);
    to->data = to->buf + (room + from->len <= to->size ? room : PKT_HEADROOM);
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
    own = pkt_new_for(p->pool, p->len);
    if (own) {
        copy(own, p);
        pkt_unref(p);
    }
    return own;
}

uint8_t *pkt_push(struct pkt *p, size_t n)
{
    if ((size_t)(p->data - p->buf) < n)
        return NULL;
    p->data -= n;
    p->len += (uint32_t)n;
    if (p->offload & PKT_CSUM_PARTIAL)
        p->csum_start = (uint16_t)(p->csum_start + n);
    return p->data;
}

size_t pkt_room(const struct pkt *p)
{
    return (size_t)(p->buf + p->size - (p->data + p->len));
}

uint8_t *pkt_append(struct pkt *p, size_t n)
{
    uint8_t *end = p->data + p->len;
    if (pkt_room(p) < n)
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

/* --- Packets around bytes that are lent ------------------------------------------------------ */

struct pkt_pool *pkt_loans_new(uint32_t count,
                               void (*back)(void *user, uint8_t *buf, uint32_t size), void *user)
{
    struct pkt_pool *pool = new_pool(count);
    if (pool == NULL)
        return NULL;
    pool->back = back;
    pool->user = user;
    return pool;
}

struct pkt *pkt_lend(struct pkt_pool *loans, uint8_t *buf, uint32_t size, struct pkt_pool *copies)
{
    struct pkt *p = take(loans);
    loans->larger = copies;
    return p ? begin(p, buf, size, loans) : NULL;
}

bool pkt_is_lent(const struct pkt *p)
{
    return p->pool->back != NULL;
}

/* --- For devices that receive into the buffers themselves ------------------------------------ */

void pkt_pool_area(const struct pkt_pool *pool, struct pkt_area *area)
{
    area->bytes = pool->area;
    area->size = pool->size;
    area->len = (size_t)pool->stats.total * pool->size;
}

struct pkt *pkt_at(struct pkt_pool *pool, const uint8_t *at)
{
    size_t i = (size_t)(at - pool->area) / pool->size;
    assert(i < pool->stats.total);
    return &pool->pkts[i];
}

bool pkt_finish_checksum(struct pkt *p)
{
    uint32_t at = (uint32_t)p->csum_start + p->csum_offset;
    be16 sum;
    if (at + sizeof sum > p->len)
        return false;
    sum = checksum_finish(checksum_add(0, p->data + p->csum_start, p->len - p->csum_start));
    if (be16_get(sum) == 0)
        sum = be16_of(UINT16_MAX);
    bytes_copy(p->data + at, &sum, sizeof sum);
    p->offload = (uint16_t)((p->offload & ~PKT_CSUM_PARTIAL) | PKT_CSUM_VALID);
    return true;
}
