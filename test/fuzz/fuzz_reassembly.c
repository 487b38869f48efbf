/*
 * fuzz_reassembly.c - any fragments: what becomes whole is what was sent, and nothing is held
 * beyond the limits.
 *
 * The input is fragments, five bytes each: whose it is and what is wrong with it, where it begins
 * (two), how long it is, and how many seconds pass. The bytes of a datagram follow from its id and
 * where they are, so that fragments of one contradict each other only where they are said to.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/checksum.h"
#include "runtime/headers.h"
#include "runtime/reassembly.h"
#include "runtime/timer.h"

#include <stdlib.h>

#define FRONT     14 /* bytes in front of IP's header */
#define PACKETS   64
#define FRAGMENTS 24
#define BYTES     (3 * PKT_LARGE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t byte_at(uint16_t id, size_t i)
{
    return (uint8_t)(id + i * 7 + i / 256);
}

static uint32_t held(const struct pkt_pool *pool)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(pool, &stats);
    return stats.total - stats.free;
}

/* head[0]: the id (2 bits), more fragments, options, spoilt payload, spoilt length. */
static struct pkt *make(struct pkt_pool *pool, const uint8_t head[5])
{
    uint16_t id = head[0] & 3, at = (uint16_t)(head[1] << 8 | head[2]);
    size_t header = sizeof(struct hdr_ipv4) + (head[0] & 8 ? 4 : 0), n = head[3] * 8u;
    struct pkt *p = pkt_new_for(pool, FRONT + header + n);
    struct hdr_ipv4 ip = {
        .ver_ihl = (uint8_t)(0x40 | header / 4),
        .total_len = be16_of((uint16_t)(header + n - (head[0] & 32 ? 1 : 0))),
        .id = be16_of(id),
        .frag = be16_of((uint16_t)((at & HDR_IP_OFFSET) | (head[0] & 4 ? HDR_IP_MF : 0))),
        .proto = HDR_IP_UDP};
    uint8_t *to;
    must(p != NULL);
    pkt_append(p, FRONT);
    to = pkt_append(p, header);
    to[header - 1] = 0;
    bytes_copy(to, &ip, sizeof ip);
    for (size_t i = 0; i < n; i++)
        *pkt_append(p, 1) = byte_at(id, (at & HDR_IP_OFFSET) * 8u + i);
    if (n > 0 && (head[0] & 16))
        p->data[p->len - 1] ^= 1;
    return p;
}

static bool is_fragment(const uint8_t head[5])
{
    return (head[0] & 4) || ((head[1] << 8 | head[2]) & HDR_IP_OFFSET);
}

/* A datagram that had no spoilt fragment is right to the last byte. */
static void check(const struct pkt *whole, bool spoilt)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)(whole->data + FRONT);
    size_t header = hdr_ipv4_len(ip), n = whole->len - FRONT - header;
    must(be16_get(ip->total_len) == header + n && !(be16_get(ip->frag) & HDR_IP_FRAGMENT));
    must(be16_get(checksum_finish(checksum_add(0, ip, header))) == 0);
    must(whole->gso_size >= 8 && whole->gso_size % 8 == 0);
    for (size_t i = 0; i < n && !spoilt; i++)
        must(whole->data[FRONT + header + i] == byte_at(be16_get(ip->id), i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pkt_pool *large = pkt_pool_new(8, PKT_LARGE, NULL);
    struct pkt_pool *pool = pkt_pool_new(PACKETS, PKT_SMALL, large);
    struct reassembly_counters counters = {0};
    const struct reassembly_config config = {.pool = pool,
                                             .datagrams = 3,
                                             .fragments = FRAGMENTS,
                                             .bytes = BYTES,
                                             .time = 60 * NS_PER_S,
                                             .counters = &counters};
    struct reassembly *r = reassembly_new(&config);
    struct span input = span_of(data, size);
    const uint8_t *head;
    uint64_t now = 0;
    bool spoilt = false;
    must(r != NULL);
    while ((head = span_take(&input, 5)) != NULL) {
        struct pkt *p, *whole;
        if (!is_fragment(head))
            continue;
        spoilt |= (head[0] & 16) != 0;
        p = make(pool, head);
        whole = reassembly_put(r, p, FRONT, 0, now);
        pkt_unref(p);
        if (whole)
            check(whole, spoilt);
        pkt_unref(whole);
        must(held(pool) + held(large) <= FRAGMENTS);
        must(held(pool) * PKT_SMALL + held(large) * PKT_LARGE <= BYTES);
        now += head[4] * NS_PER_S;
        reassembly_turn(r, now);
        must(reassembly_due(r) > now);
    }
    reassembly_free(r);
    must(held(pool) + held(large) == 0);
    pkt_pool_free(pool);
    pkt_pool_free(large);
    return 0;
}
