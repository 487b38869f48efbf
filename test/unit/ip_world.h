/*
 * ip_world.h - for tests of netstack/ below TCP: a host whose device is a test, frames to order.
 *
 * The host is 10.0.0.1/24 at 02:00:00:00:00:01, with a gateway 10.0.0.254; time is what the test
 * says. The neighbour N is 10.0.0.N at 02:00:00:00:00:N. Every checksum is computed here, two bytes
 * at a time, as the RFCs say it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_IP_WORLD_H
#define MORGANA_TEST_UNIT_IP_WORLD_H

#include "netstack/icmp.h"
#include "netstack/ip.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include <string.h>

#define SENT_MAX  512
#define HOST(n)   (0x0a000000u | (n))
#define US        HOST(1)
#define GATEWAY   HOST(254)
#define FAR_AWAY  0xc0a80102u /* 192.168.1.2 */
#define FRAME_MAX 70000

struct ip_world {
    struct ip ip;
    struct pkt_pool *pool, *large, *rx;
    uint64_t now, random;
    struct pkt *sent[SENT_MAX];
    unsigned sent_on[SENT_MAX];
    size_t n_sent;
    unsigned looped;
    unsigned tcp, tcp_errors, replies; /* calls */
    uint32_t tcp_src, tcp_dst;
    uint8_t tcp_bytes[FRAME_MAX];
    size_t tcp_len;
    struct icmp_error error;
    uint16_t reply_id, reply_seq;
    size_t reply_len;
};

static inline void ip_world_send(void *user, unsigned interface, struct pkt *p)
{
    struct ip_world *w = user;
    ck_assert_uint_lt(w->n_sent, SENT_MAX);
    w->sent_on[w->n_sent] = interface;
    w->sent[w->n_sent++] = p;
}

static inline uint64_t ip_world_random(void *user)
{
    return random_u64(&((struct ip_world *)user)->random);
}

static inline void ip_world_looped(void *user)
{
    ((struct ip_world *)user)->looped++;
}

static inline void ip_world_tcp(void *user, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct ip_world *w = user;
    w->tcp++;
    w->tcp_src = src;
    w->tcp_dst = dst;
    w->tcp_len = p->len;
    memcpy(w->tcp_bytes, p->data, p->len);
}

static inline void ip_world_tcp_error(void *user, const struct icmp_error *e)
{
    struct ip_world *w = user;
    w->tcp_errors++;
    w->error = *e;
}

static inline void ip_world_reply(void *user, uint32_t from, uint16_t id, uint16_t seq,
                                  struct span payload)
{
    struct ip_world *w = user;
    (void)from;
    w->replies++;
    w->reply_id = id;
    w->reply_seq = seq;
    w->reply_len = payload.len;
}

static const struct ip_ops ip_world_ops = {.send = ip_world_send,
                                           .random = ip_world_random,
                                           .looped = ip_world_looped,
                                           .tcp = ip_world_tcp,
                                           .tcp_error = ip_world_tcp_error,
                                           .echo_reply = ip_world_reply};

static inline void mac_of(uint32_t n, uint8_t mac[HDR_ETH_ALEN])
{
    const uint8_t bytes[HDR_ETH_ALEN] = {2,         0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                                         (uint8_t)n};
    memcpy(mac, bytes, sizeof bytes);
}

/* A host with `interfaces` interfaces that are up and have no address. */
static inline void ip_world_bare(struct ip_world *w, unsigned interfaces)
{
    uint8_t mac[HDR_ETH_ALEN];
    *w = (struct ip_world){.now = 1000 * NS_PER_S, .random = 1};
    w->large = pkt_pool_new(8, PKT_LARGE, NULL);
    w->pool = pkt_pool_new(SENT_MAX + 64, PKT_SMALL, w->large);
    w->rx = pkt_pool_new(SENT_MAX, PKT_SMALL, w->large);
    ck_assert_int_eq(ip_init(&w->ip, &ip_world_ops, w, w->pool, w->now), 0);
    for (unsigned i = 0; i < interfaces; i++) {
        ck_assert_int_eq(ip_add_interface(&w->ip), (int)i);
        mac_of(i == 0 ? 1 : 0x100 * i + 1, mac);
        ip_interface_up(&w->ip, i, mac, 1500, w->now);
    }
}

static inline void ip_world_start(struct ip_world *w)
{
    const struct route gateway = {.gateway = GATEWAY};
    ip_world_bare(w, 1);
    ip_set_address(&w->ip, 0, US, 24, w->now);
    ck_assert_int_eq(route_add(&w->ip.routes, &gateway), 0);
}

static inline void ip_world_forget(struct ip_world *w)
{
    while (w->n_sent > 0)
        pkt_unref(w->sent[--w->n_sent]);
}

/* Every packet must have come back. */
static inline void ip_world_end(struct ip_world *w)
{
    struct pkt_pool *pools[] = {w->rx, w->pool, w->large};
    ip_world_forget(w);
    ip_end(&w->ip);
    for (size_t i = 0; i < 3; i++) {
        struct pkt_pool_stats stats;
        pkt_pool_stats(pools[i], &stats);
        ck_assert_uint_eq(stats.free, stats.total);
        pkt_pool_free(pools[i]);
    }
}

/* Let time pass, a hundredth of a second at a time. */
static inline void ip_world_wait(struct ip_world *w, uint64_t ns)
{
    for (uint64_t end = w->now + ns; w->now < end;) {
        w->now += NS_PER_S / 100;
        ip_turn(&w->ip, w->now);
    }
}

/* --- Frames ---------------------------------------------------------------------------------- */

/* RFC 1071, word by word. */
static inline uint16_t plain_sum(uint32_t sum, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* What a test sends: a frame that it may still spoil. */
struct test_frame {
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

static inline struct hdr_ipv4 *frame_ip(struct test_frame *f)
{
    return (struct hdr_ipv4 *)(f->bytes + sizeof(struct hdr_eth));
}

static inline uint8_t *frame_payload(struct test_frame *f)
{
    return (uint8_t *)frame_ip(f) + hdr_ipv4_len(frame_ip(f));
}

static inline void frame_sum_ip(struct test_frame *f)
{
    struct hdr_ipv4 *h = frame_ip(f);
    h->checksum = be16_of(0);
    h->checksum = be16_of((uint16_t)~plain_sum(0, (uint8_t *)h, hdr_ipv4_len(h)));
}

static inline void frame_eth(struct test_frame *f, uint32_t from, uint32_t to, uint16_t type)
{
    struct hdr_eth *h = (struct hdr_eth *)f->bytes;
    mac_of(from, h->src);
    mac_of(to, h->dst);
    if (to == 255)
        memset(h->dst, 0xff, HDR_ETH_ALEN);
    h->type = be16_of(type);
    f->len = sizeof *h;
}

/* A datagram of `len` bytes from neighbour 2 to us. */
static inline struct hdr_ipv4 *frame_datagram(struct test_frame *f, uint8_t protocol,
                                              const void *payload, size_t len)
{
    struct hdr_ipv4 *h = frame_ip(f);
    frame_eth(f, 2, 1, HDR_ETH_IPV4);
    *h = (struct hdr_ipv4){.ver_ihl = 0x45,
                           .total_len = be16_of((uint16_t)(sizeof *h + len)),
                           .id = be16_of(77),
                           .ttl = 64,
                           .proto = protocol,
                           .src = be32_of(HOST(2)),
                           .dst = be32_of(US)};
    memcpy(h + 1, payload, len);
    f->len += sizeof *h + len;
    frame_sum_ip(f);
    return h;
}

static inline void frame_udp(struct test_frame *f, uint16_t from, uint16_t to, const void *payload,
                             size_t len)
{
    static uint8_t bytes[FRAME_MAX];
    struct hdr_udp h = {
        .src = be16_of(from), .dst = be16_of(to), .len = be16_of((uint16_t)(sizeof h + len))};
    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, payload, len);
    frame_datagram(f, HDR_IP_UDP, bytes, sizeof h + len);
}

static inline void frame_icmp(struct test_frame *f, uint8_t type, uint8_t code, uint32_t word,
                              const void *payload, size_t len)
{
    static uint8_t bytes[FRAME_MAX];
    be32 rest = be32_of(word);
    be16 sum;
    memcpy(bytes, (uint8_t[4]){type, code, 0, 0}, 4);
    memcpy(bytes + 4, &rest, 4);
    memcpy(bytes + 8, payload, len);
    sum = be16_of((uint16_t)~plain_sum(0, bytes, 8 + len));
    memcpy(bytes + 2, &sum, 2);
    frame_datagram(f, HDR_IP_ICMP, bytes, 8 + len);
}

static inline struct hdr_arp *frame_arp(struct test_frame *f, enum arp_op op, uint32_t from,
                                        uint32_t sender, uint32_t target)
{
    struct hdr_arp *a = (struct hdr_arp *)(f->bytes + sizeof(struct hdr_eth));
    frame_eth(f, from, op == ARP_REQUEST ? 255 : 1, HDR_ETH_ARP);
    *a = (struct hdr_arp){.hardware = be16_of(1),
                          .protocol = be16_of(0x0800),
                          .hardware_len = 6,
                          .protocol_len = 4,
                          .opcode = be16_of(op),
                          .spa = be32_of(sender),
                          .tpa = be32_of(target)};
    mac_of(from, a->sha);
    if (op == ARP_REPLY)
        mac_of(1, a->tha);
    f->len += sizeof *a;
    return a;
}

static inline void frame_come(struct ip_world *w, const struct test_frame *f, unsigned interface)
{
    struct pkt *p = pkt_new_for(w->rx, f->len);
    ck_assert_ptr_nonnull(p);
    memcpy(pkt_append(p, f->len), f->bytes, f->len);
    ip_receive(&w->ip, interface, p, w->now);
    pkt_unref(p);
}

/* The neighbour is known from now on. */
static inline void meet(struct ip_world *w, uint32_t n)
{
    static struct test_frame f;
    frame_arp(&f, ARP_REQUEST, n, HOST(n), US);
    frame_come(w, &f, 0);
    ip_world_forget(w);
}

/* --- What was sent --------------------------------------------------------------------------- */

/* Number `i` of the frames that were sent, behind its Ethernet header, if it is of this type. */
static inline const uint8_t *sent_body(const struct ip_world *w, size_t i, uint16_t type)
{
    const struct hdr_eth *h;
    ck_assert_uint_lt(i, w->n_sent);
    h = (const struct hdr_eth *)w->sent[i]->data;
    ck_assert_uint_eq(be16_get(h->type), type);
    return (const uint8_t *)(h + 1);
}

static inline const struct hdr_arp *sent_arp(const struct ip_world *w, size_t i)
{
    return (const struct hdr_arp *)sent_body(w, i, HDR_ETH_ARP);
}

/* An IPv4 packet, whose header must be right. */
static inline const struct hdr_ipv4 *sent_ip(const struct ip_world *w, size_t i)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)sent_body(w, i, HDR_ETH_IPV4);
    ck_assert_uint_eq(plain_sum(0, (const uint8_t *)h, sizeof *h), 0xffff);
    ck_assert_uint_eq(h->ver_ihl, 0x45);
    ck_assert_uint_eq(be16_get(h->total_len), w->sent[i]->len - sizeof(struct hdr_eth));
    return h;
}

static inline const struct hdr_icmp *sent_icmp(const struct ip_world *w, size_t i)
{
    const struct hdr_ipv4 *h = sent_ip(w, i);
    ck_assert_uint_eq(h->proto, HDR_IP_ICMP);
    ck_assert_uint_eq(plain_sum(0, (const uint8_t *)(h + 1), be16_get(h->total_len) - sizeof *h),
                      0xffff);
    return (const struct hdr_icmp *)(h + 1);
}

static inline bool sent_to(const struct ip_world *w, size_t i, uint32_t n)
{
    uint8_t mac[HDR_ETH_ALEN];
    mac_of(n, mac);
    if (n == 255)
        memset(mac, 0xff, sizeof mac);
    return memcmp(w->sent[i]->data, mac, sizeof mac) == 0;
}

/* Have the host send a datagram of `len` bytes; what ip_send() says. */
static inline int send_datagram(struct ip_world *w, uint32_t dst, size_t len, bool dont_fragment)
{
    const struct ip_send how = {
        .dst = dst, .protocol = HDR_IP_TCP, .ttl = IP_TTL, .dont_fragment = dont_fragment};
    struct pkt *p = pkt_new_for(w->pool, len);
    uint8_t *bytes = pkt_append(p, len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    return ip_send(&w->ip, &how, p, w->now);
}

#endif
