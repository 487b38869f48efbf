/*
 * traffic.h - who sends what to whom: hosts, their ports and addresses, and packet-ins of their
 * frames.
 *
 * Host h of switch s sits at port 1 + h mod ports and has the MAC address 02:00:SS:SS:HH:HH and an
 * address of 10.0.0.0/8. A host introduces itself with a gratuitous ARP (RFC 5227) to everybody;
 * after that, TCP SYNs (RFC 9293) and UDP datagrams (RFC 768) with correct checksums and varying
 * ports go between pairs of hosts at different ports. A packet-in is a copy of a template in which
 * what varies is filled in: the generator must never be what a benchmark measures.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_TRAFFIC_H
#define MORGANA_TOOLS_BENCH_TRAFFIC_H

#include "openflow/wire.h"

#define TRAFFIC_FRAME_MIN   60 /* an Ethernet frame without its FCS */
#define TRAFFIC_FRAME_MAX   1514
#define TRAFFIC_HOSTS_MAX   65534
#define TRAFFIC_PORTS_MAX   512 /* whose statistics fit into one message */
#define TRAFFIC_NOBODY      0xffff
#define TRAFFIC_MESSAGE_MAX (sizeof(struct ofp_packet_in) + TRAFFIC_FRAME_MAX)

/* A packet-in with everything but the hosts and what belongs to one frame. */
struct traffic_template {
    uint32_t ip_sum, l4_sum; /* one's complement sums of what does not vary */
    uint8_t message[TRAFFIC_MESSAGE_MAX];
};

struct traffic {
    uint32_t hosts, ports; /* of each switch; at least two of each */
    uint32_t frame;        /* bytes of each frame */
    struct traffic_template tcp, udp;
};

/* One packet-in: `src` sends to `dst` (TRAFFIC_NOBODY: introduces itself to all). */
struct traffic_packet {
    uint16_t src, dst;
    uint32_t salt; /* its low 17 bits vary protocol and transport ports */
};

/* Make the templates. */
void traffic_init(struct traffic *t, uint32_t hosts, uint32_t ports, uint32_t frame);

/* The port of a host, and its MAC address. */
static inline uint16_t traffic_port(const struct traffic *t, uint32_t host)
{
    return (uint16_t)(1 + host % t->ports);
}

void traffic_mac(uint8_t mac[OFP_ETH_ALEN], uint32_t sw, uint32_t host);

/* The next pair of hosts of a pseudo-random sequence; `seed` is its state. */
struct traffic_packet traffic_pick(const struct traffic *t, uint64_t *seed);

/* The most that a packet-in takes. */
static inline size_t traffic_message_len(const struct traffic *t)
{
    return sizeof(struct ofp_packet_in) + t->frame;
}

/* Write a packet-in of `p` at switch `sw` with at most `data_max` bytes of its frame to `to`, which
 * has room for traffic_message_len(). Returns its length. */
size_t traffic_put(const struct traffic *t, uint8_t *to, uint32_t sw, struct traffic_packet p,
                   uint32_t buffer_id, size_t data_max);

#endif
