/*
 * frames.c - frames to order: see frames.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/frames.h"
#include "test/unit/random.h"

#include <assert.h>
#include <string.h>

/* The one's complement sum of 16-bit words; an odd byte is the upper one of its word. */
static uint16_t sum(const uint8_t *data, size_t len, uint32_t from)
{
    for (size_t i = 0; i < len; i++)
        from += (uint32_t)data[i] << (i % 2 == 0 ? 8 : 0);
    while (from >> 16)
        from = (from & 0xffff) + (from >> 16);
    return (uint16_t)from;
}

struct frame frame_between(uint8_t src, uint8_t dst, uint8_t proto)
{
    return (struct frame){
        .dst = {2, 0, 0, 0, 0, dst},
        .src = {2, 0, 0, 0, 0, src},
        .type = HDR_ETH_IPV4,
        .ttl = 64,
        .proto = proto,
        .nw_src = 0x0a000000u | src,
        .nw_dst = 0x0a000000u | dst,
        .tp_src = 1000,
        .tp_dst = 80,
        .payload = 26,
        .fill = 1,
    };
}

static uint8_t *put_fill(uint8_t *to, size_t n, uint8_t fill)
{
    for (size_t i = 0; i < n; i++)
        *to++ = (uint8_t)(fill + i * 7);
    return to;
}

static uint8_t *put_link(const struct frame *f, uint8_t *to)
{
    static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
    const be16 tag[2] = {be16_of(HDR_ETH_VLAN), be16_of(f->tci)}, type = be16_of(f->type);
    memcpy(to, f->dst, 6);
    memcpy(to + 6, f->src, 6);
    to += 12;
    if (f->tagged) {
        memcpy(to, tag, sizeof tag);
        to += sizeof tag;
    }
    if (f->snap) {
        const be16 length = be16_of(100);
        memcpy(to, &length, 2);
        memcpy(to + 2, snap, sizeof snap);
        to += 8;
    }
    memcpy(to, &type, 2);
    return to + 2;
}

static uint8_t *put_arp(const struct frame *f, uint8_t *to)
{
    const struct hdr_arp arp = {
        .hardware = be16_of(1),
        .protocol = be16_of(HDR_ETH_IPV4),
        .hardware_len = 6,
        .protocol_len = 4,
        .opcode = be16_of(1),
        .sha = {2, 0, 0, 0, 0, 0xaa},
        .spa = be32_of(f->nw_src),
        .tpa = be32_of(f->nw_dst),
    };
    memcpy(to, &arp, sizeof arp);
    return to + sizeof arp;
}

/* Where TCP's, UDP's and ICMP's checksums lie, and how long their headers are. */
static size_t checksum_at(uint8_t proto)
{
    return proto == HDR_IP_TCP   ? offsetof(struct hdr_tcp, checksum)
           : proto == HDR_IP_UDP ? offsetof(struct hdr_udp, checksum)
                                 : offsetof(struct hdr_icmp, checksum);
}

static size_t header_len(uint8_t proto)
{
    return proto == HDR_IP_TCP    ? sizeof(struct hdr_tcp)
           : proto == HDR_IP_UDP  ? sizeof(struct hdr_udp)
           : proto == HDR_IP_ICMP ? sizeof(struct hdr_icmp)
                                  : 0;
}

static void put_ports(const struct frame *f, uint8_t *to, size_t len)
{
    be16 ports[2] = {be16_of(f->tp_src), be16_of(f->tp_dst)}, udp_len = be16_of((uint16_t)len);
    if (f->proto == HDR_IP_ICMP) {
        to[0] = (uint8_t)f->tp_src;
        to[1] = (uint8_t)f->tp_dst;
        return;
    }
    memcpy(to, ports, sizeof ports);
    if (f->proto == HDR_IP_UDP)
        memcpy(to + 4, &udp_len, 2);
    else
        to[12] = 5 << 4;
}

static uint16_t pseudo_sum(const struct frame *f, size_t len)
{
    const be32 addrs[2] = {be32_of(f->nw_src), be32_of(f->nw_dst)};
    return sum((const uint8_t *)addrs, sizeof addrs, (uint32_t)(f->proto + len));
}

static void put_transport_checksum(const struct frame *f, uint8_t *to, size_t len)
{
    uint16_t pseudo = f->proto == HDR_IP_ICMP ? 0 : pseudo_sum(f, len);
    uint16_t n = (uint16_t)~sum(to, len, pseudo);
    be16 sent;
    if (f->proto == HDR_IP_UDP && n == 0)
        n = 0xffff;
    if (f->proto == HDR_IP_UDP && f->no_checksum)
        n = 0;
    if (f->partial)
        n = pseudo;
    sent = be16_of(n);
    memcpy(to + checksum_at(f->proto), &sent, 2);
}

/* The whole datagram's payload, as if it were not in fragments. Returns its length. */
static size_t put_transport(const struct frame *f, uint8_t *to)
{
    size_t len = header_len(f->proto) + f->payload;
    memset(to, 0, header_len(f->proto));
    put_fill(to + header_len(f->proto), f->payload, f->fill);
    if (header_len(f->proto) > 0) {
        put_ports(f, to, len);
        put_transport_checksum(f, to, len);
    }
    return len;
}

static void put_ip_header(const struct frame *f, uint8_t *to, size_t len, uint16_t frag)
{
    size_t header = sizeof(struct hdr_ipv4) + f->options * 4u;
    struct hdr_ipv4 ip = {
        .ver_ihl = (uint8_t)(0x40 | header / 4),
        .tos = f->tos,
        .total_len = be16_of((uint16_t)(header + len)),
        .id = be16_of(0x1234),
        .frag = be16_of(frag),
        .ttl = f->ttl,
        .proto = f->proto,
        .src = be32_of(f->nw_src),
        .dst = be32_of(f->nw_dst),
    };
    memcpy(to, &ip, sizeof ip);
    memset(to + sizeof ip, 1, f->options * 4u);
    ip.checksum = be16_of((uint16_t)~sum(to, header, 0));
    memcpy(to, &ip, sizeof ip);
}

/* The first fragment ends at a multiple of 8 bytes. */
static uint8_t *put_ipv4(const struct frame *f, uint8_t *to)
{
    uint8_t datagram[FRAME_MAX], *body = to + sizeof(struct hdr_ipv4) + f->options * 4u;
    size_t len = put_transport(f, datagram), first = (len / 2 + 27) / 8 * 8;
    assert(f->part == FRAME_WHOLE || first < len);
    if (f->part == FRAME_WHOLE) {
        put_ip_header(f, to, len, 0x4000);
        memcpy(body, datagram, len);
        return body + len;
    }
    if (f->part == FRAME_FIRST) {
        put_ip_header(f, to, first, 0x2000);
        memcpy(body, datagram, first);
        return body + first;
    }
    put_ip_header(f, to, len - first, (uint16_t)(first / 8));
    memcpy(body, datagram + first, len - first);
    return body + len - first;
}

size_t frame_write(const struct frame *f, uint8_t area[FRAME_MAX])
{
    uint8_t *to = put_link(f, area);
    if (f->type == HDR_ETH_IPV4)
        to = put_ipv4(f, to);
    else if (f->type == HDR_ETH_ARP)
        to = put_arp(f, to);
    else
        to = put_fill(to, f->payload, f->fill);
    to = put_fill(to, f->padding, f->fill);
    assert(to - area <= FRAME_MAX);
    return (size_t)(to - area);
}

/* Where the transport header begins. */
static size_t transport_at(const struct frame *f)
{
    return sizeof(struct hdr_eth) + (f->tagged ? 4 : 0) + (f->snap ? 8 : 0) +
           sizeof(struct hdr_ipv4) + f->options * 4u;
}

struct pkt *frame_pkt(const struct frame *f, struct pkt_pool *pool)
{
    uint8_t area[FRAME_MAX];
    size_t len = frame_write(f, area);
    struct pkt *p = pkt_new(pool);
    memcpy(pkt_append(p, len), area, len);
    if (f->partial) {
        p->offload = PKT_CSUM_PARTIAL;
        p->csum_start = (uint16_t)transport_at(f);
        p->csum_offset = (uint16_t)checksum_at(f->proto);
    }
    return p;
}

bool frame_is(const struct frame *f, const struct pkt *p)
{
    uint8_t area[FRAME_MAX];
    size_t len = frame_write(f, area);
    if (p->len != len || memcmp(p->data, area, len) != 0)
        return false;
    return !f->partial || (p->offload == PKT_CSUM_PARTIAL && p->csum_start == transport_at(f) &&
                           p->csum_offset == checksum_at(f->proto));
}

struct frame frame_random(uint64_t *random)
{
    static const uint8_t protos[] = {HDR_IP_TCP, HDR_IP_UDP, HDR_IP_ICMP, HDR_IP_SCTP};
    static const uint16_t types[] = {HDR_ETH_IPV4, HDR_ETH_IPV4, HDR_ETH_IPV4,
                                     HDR_ETH_IPV4, HDR_ETH_ARP,  0x88b5};
    struct frame f = {
        .tagged = random_below(random, 2),
        .snap = random_below(random, 8) == 0,
        .tci = (uint16_t)random_u64(random),
        .type = types[random_below(random, 6)],
        .tos = (uint8_t)random_u64(random),
        .ttl = (uint8_t)random_u64(random),
        .proto = protos[random_below(random, 4)],
        .options = (uint8_t)(random_below(random, 4) ? 0 : random_below(random, 11)),
        .nw_src = (uint32_t)random_u64(random),
        .nw_dst = (uint32_t)random_u64(random),
        .part = (enum frame_part)(random_below(random, 3) ? 0 : random_below(random, 3)),
        .tp_src = (uint16_t)random_u64(random),
        .tp_dst = (uint16_t)random_u64(random),
        .no_checksum = random_below(random, 4) == 0,
        .payload =
            (uint16_t)(FRAME_FRAGMENT_MIN * random_below(random, 2) + random_below(random, 100)),
        .padding = (uint16_t)(random_below(random, 2) ? 0 : random_below(random, 20)),
        .fill = (uint8_t)random_u64(random),
    };
    if (f.payload < FRAME_FRAGMENT_MIN)
        f.part = FRAME_WHOLE;
    for (int i = 0; i < 6; i++) {
        f.dst[i] = (uint8_t)random_u64(random);
        f.src[i] = (uint8_t)random_u64(random);
    }
    f.partial = f.type == HDR_ETH_IPV4 && f.part == FRAME_WHOLE && !f.no_checksum &&
                (f.proto == HDR_IP_TCP || f.proto == HDR_IP_UDP) && random_below(random, 3) == 0;
    return f;
}
