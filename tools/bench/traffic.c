/*
 * traffic.c - see traffic.h. Called by the emulated switches.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/traffic.h"
#include "runtime/headers.h"

/* A packet-in as it is here. */
struct message {
    struct ofp_packet_in in;
    struct hdr_eth eth;
    union {
        struct hdr_arp arp;
        struct {
            struct hdr_ipv4 ip;
            union {
                struct hdr_tcp tcp;
                struct hdr_udp udp;
            };
        };
    };
};

/* One's complement sum (RFC 1071) of `n` bytes, an even number. */
static uint32_t sum_of(const void *bytes, size_t n)
{
    const be16 *word = bytes;
    uint32_t sum = 0;
    for (; n > 0; n -= sizeof *word)
        sum += be16_get(*word++);
    return sum;
}

static uint32_t sum_of_address(uint32_t addr)
{
    return (addr >> 16) + (addr & 0xffff);
}

static be16 checksum_of(uint32_t sum)
{
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return be16_of((uint16_t)~sum);
}

static void init_ip(struct hdr_ipv4 *ip, uint8_t protocol, uint32_t frame)
{
    *ip = (struct hdr_ipv4){
        .ver_ihl = 0x45,
        .total_len = be16_of((uint16_t)(frame - sizeof(struct hdr_eth))),
        .frag = be16_of(HDR_IP_DF),
        .ttl = 64,
        .proto = protocol,
    };
}

/* What all packet-ins have in common. */
static struct message *init_template(struct traffic_template *t, uint8_t protocol, uint32_t frame)
{
    struct message *m = (struct message *)t->message;
    bytes_zero(t->message, sizeof t->message);
    m->in.header.version = OFP_VERSION;
    m->in.header.type = OFPT_PACKET_IN;
    m->in.total_len = be16_of((uint16_t)frame);
    m->in.reason = OFPR_NO_MATCH;
    m->eth.type = be16_of(HDR_ETH_IPV4);
    init_ip(&m->ip, protocol, frame);
    return m;
}

/* Now that all that does not vary is filled in. */
static void init_sums(struct traffic_template *t, uint32_t frame)
{
    const struct message *m = (const struct message *)t->message;
    uint32_t l4_len = frame - sizeof m->eth - sizeof m->ip;
    t->ip_sum = sum_of(&m->ip, sizeof m->ip);
    t->l4_sum = sum_of(&m->tcp, sizeof m->tcp) + m->ip.proto + l4_len; /* the rest is zeros */
}

void traffic_init(struct traffic *t, uint32_t hosts, uint32_t ports, uint32_t frame)
{
    struct message *m;
    *t = (struct traffic){.hosts = hosts, .ports = ports, .frame = frame};
    m = init_template(&t->tcp, HDR_IP_TCP, frame);
    m->tcp.offset = sizeof m->tcp / 4 << 4;
    m->tcp.flags = 0x02; /* SYN */
    m->tcp.window = be16_of(0xffff);
    init_sums(&t->tcp, frame);
    m = init_template(&t->udp, HDR_IP_UDP, frame);
    m->udp.len = be16_of((uint16_t)(frame - sizeof m->eth - sizeof m->ip));
    init_sums(&t->udp, frame);
}

void traffic_mac(uint8_t mac[OFP_ETH_ALEN], uint32_t sw, uint32_t host)
{
    be16 tail[3] = {be16_of(0x0200), be16_of((uint16_t)sw), be16_of((uint16_t)host)};
    bytes_copy(mac, tail, OFP_ETH_ALEN);
}

static uint32_t host_address(const struct traffic *t, uint32_t sw, uint32_t host)
{
    return 0x0a000000 | ((sw * t->hosts + host + 1) & 0xffffff);
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* A frame for a host at the port that it came from is not forwarded at all, so such a pair becomes
 * a pair of neighbours: hosts with neighbouring numbers sit at different ports. */
struct traffic_packet traffic_pick(const struct traffic *t, uint64_t *seed)
{
    uint64_t r = random_next(seed);
    uint32_t src = (uint32_t)((r & 0xffffff) * t->hosts >> 24);
    uint32_t dst = (uint32_t)((r >> 24 & 0xffffff) * t->hosts >> 24);
    if (traffic_port(t, src) == traffic_port(t, dst))
        dst = src + 1 < t->hosts ? src + 1 : src - 1;
    return (struct traffic_packet){(uint16_t)src, (uint16_t)dst, (uint32_t)(r >> 47)};
}

static void put_arp(const struct traffic *t, struct message *m, uint32_t sw, uint32_t src)
{
    be32 addr = be32_of(host_address(t, sw, src));
    bytes_zero(&m->arp, sizeof m->ip + sizeof m->tcp); /* the template's: what follows is padding */
    m->eth.type = be16_of(HDR_ETH_ARP);
    m->arp = (struct hdr_arp){
        .hardware = be16_of(1),
        .protocol = be16_of(HDR_ETH_IPV4),
        .hardware_len = OFP_ETH_ALEN,
        .protocol_len = sizeof addr,
        .opcode = be16_of(1),
        .spa = addr,
        .tpa = addr,
    };
    traffic_mac(m->arp.sha, sw, src);
    __builtin_memset(m->eth.dst, 0xff, OFP_ETH_ALEN);
}

/* Addresses, transport ports and the checksums that cover them. */
static void put_ip(const struct traffic *t, struct message *m, uint32_t sw, struct traffic_packet p)
{
    bool tcp = p.salt & 1;
    const struct traffic_template *from = tcp ? &t->tcp : &t->udp;
    uint32_t src = host_address(t, sw, p.src), dst = host_address(t, sw, p.dst);
    uint16_t tp_src = (uint16_t)(0x8000 | p.salt >> 2), tp_dst = p.salt & 2 ? 443 : 53;
    uint32_t addresses = sum_of_address(src) + sum_of_address(dst);
    be16 checksum = checksum_of(from->l4_sum + addresses + tp_src + tp_dst);

    traffic_mac(m->eth.dst, sw, p.dst);
    m->ip.src = be32_of(src);
    m->ip.dst = be32_of(dst);
    m->ip.checksum = checksum_of(from->ip_sum + addresses);
    m->tcp.src = be16_of(tp_src);
    m->tcp.dst = be16_of(tp_dst);
    if (tcp)
        m->tcp.checksum = checksum;
    else
        m->udp.checksum = be16_get(checksum) ? checksum : be16_of(0xffff);
}

size_t traffic_put(const struct traffic *t, uint8_t *to, uint32_t sw, struct traffic_packet p,
                   uint32_t buffer_id, size_t data_max)
{
    struct message *m = (struct message *)to;
    size_t data = t->frame < data_max ? t->frame : data_max;
    bytes_copy(to, p.salt & 1 ? t->tcp.message : t->udp.message, sizeof m->in + data);
    if (p.dst == TRAFFIC_NOBODY)
        put_arp(t, m, sw, p.src);
    else
        put_ip(t, m, sw, p);
    traffic_mac(m->eth.src, sw, p.src);
    m->in.header.length = be16_of((uint16_t)(sizeof m->in + data));
    m->in.buffer_id = be32_of(buffer_id);
    m->in.in_port = be16_of(traffic_port(t, p.src));
    return sizeof m->in + data;
}
