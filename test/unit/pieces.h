/*
 * pieces.h - IPv4 fragments to order, in Ethernet frames, for tests of who puts them together.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_PIECES_H
#define MORGANA_TEST_UNIT_PIECES_H

#include "runtime/checksum.h"
#include "runtime/headers.h"
#include "runtime/pkt.h"
#include "test/unit/unit.h"

#include <string.h>

#define IP_HEADER sizeof(struct hdr_ipv4)
#define LINK      sizeof(struct hdr_eth)

/* A fragment of the datagram `id`; all else zero: untagged, without options. */
struct piece {
    uint16_t id, begin, n;
    bool more;
    uint16_t flags;    /* besides */
    uint8_t proto;     /* 0: UDP */
    uint8_t src;       /* 10.0.0.x */
    uint16_t vlan;     /* 0: none */
    uint16_t cut;      /* bytes that are missing at the end */
    uint8_t options;   /* bytes of them */
    const char *value; /* their contents */
};

/* Byte `i` of the payload of the datagram `id`. */
static inline uint8_t piece_byte(uint16_t id, size_t i)
{
    return (uint8_t)(id * 31 + i * 7 + i / 256);
}

static inline void piece_link(struct pkt *p, const struct piece *f)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    const be16 tag[2] = {be16_of(HDR_ETH_VLAN), be16_of(f->vlan)}, type = be16_of(HDR_ETH_IPV4);
    memcpy(pkt_append(p, sizeof macs), macs, sizeof macs);
    if (f->vlan)
        memcpy(pkt_append(p, sizeof tag), tag, sizeof tag);
    memcpy(pkt_append(p, sizeof type), &type, sizeof type);
}

static inline void piece_ip(struct pkt *p, const struct piece *f)
{
    size_t header = IP_HEADER + f->options;
    struct hdr_ipv4 ip = {
        .ver_ihl = (uint8_t)(0x40 | header / 4),
        .total_len = be16_of((uint16_t)(header + f->n)),
        .id = be16_of(f->id),
        .frag = be16_of((uint16_t)(f->begin / 8 | (f->more ? HDR_IP_MF : 0) | f->flags)),
        .ttl = 64,
        .proto = f->proto ? f->proto : HDR_IP_UDP,
        .src = be32_of(0x0a000000u | f->src),
        .dst = be32_of(0x0a0000ff),
    };
    uint8_t *at = pkt_append(p, header);
    memcpy(at, &ip, sizeof ip);
    memcpy(at + sizeof ip, f->value ? f->value : "", f->options);
    ip.checksum = checksum_finish(checksum_add(0, at, header));
    memcpy(at, &ip, sizeof ip);
}

/* A frame of `pool` with it. */
static inline struct pkt *piece_frame(struct pkt_pool *pool, struct piece f)
{
    struct pkt *p = pkt_new_for(pool, 100 + f.n);
    ck_assert_ptr_nonnull(p);
    piece_link(p, &f);
    piece_ip(p, &f);
    for (size_t i = 0; i < f.n; i++)
        *pkt_append(p, 1) = piece_byte(f.id, f.begin + i);
    pkt_trim(p, f.cut);
    return p;
}

/* A datagram of 45 bytes in three. */
static const struct piece piece_first = {.id = 1, .begin = 0, .n = 16, .more = true};
static const struct piece piece_middle = {.id = 1, .begin = 16, .n = 24, .more = true};
static const struct piece piece_last = {.id = 1, .begin = 40, .n = 5};

#endif
