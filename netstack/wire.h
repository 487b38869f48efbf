/*
 * wire.h - the headers below TCP, as they lie on the wire.
 *
 * Ethernet: IEEE 802.3 with Ethernet II types; ARP: RFC 826; IPv4: RFC 791; ICMP: RFC 792; UDP: RFC
 * 768. Used throughout netstack/.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_WIRE_H
#define MORGANA_NETSTACK_WIRE_H

#include "runtime/bytes.h"

#define ETH_ADDR_LEN 6

struct eth_header {
    uint8_t dst[ETH_ADDR_LEN], src[ETH_ADDR_LEN];
    be16 type; /* enum eth_type */
};

enum eth_type { ETH_IPV4 = 0x0800, ETH_ARP = 0x0806 };

/* For Ethernet and IPv4, the only kind that is understood. */
struct arp_packet {
    be16 hardware;        /* ARP_ETHERNET */
    be16 protocol;        /* ETH_IPV4 */
    uint8_t hardware_len; /* 6 */
    uint8_t protocol_len; /* 4 */
    be16 op;              /* enum arp_op */
    uint8_t sender_mac[ETH_ADDR_LEN];
    be32 sender_ip;
    uint8_t target_mac[ETH_ADDR_LEN];
    be32 target_ip;
};

enum { ARP_ETHERNET = 1 };
enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct ip_header {
    uint8_t version_ihl; /* version 4; header length in words */
    uint8_t tos;
    be16 total_len; /* header included */
    be16 id;
    be16 fragment; /* flags, and the offset in units of 8 bytes */
    uint8_t ttl;
    uint8_t protocol; /* enum ip_protocol */
    be16 checksum;    /* of the header */
    be32 src, dst;
};

enum ip_protocol { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };
enum { IP_DF = 0x4000, IP_MF = 0x2000, IP_OFFSET = 0x1fff };
enum { IP_OPTION_END = 0, IP_OPTION_NOP = 1, IP_OPTION_LSRR = 131, IP_OPTION_SSRR = 137 };

struct icmp_header {
    uint8_t type; /* enum icmp_type */
    uint8_t code;
    be16 checksum; /* of the whole message */
    union {
        struct {
            be16 id, seq;
        } echo;
        struct {
            be16 unused, next_mtu; /* RFC 1191 section 4 */
        } unreachable;
        struct {
            uint8_t pointer, unused[3];
        } parameter;
    } u;
};

enum icmp_type {
    ICMP_ECHO_REPLY = 0,
    ICMP_UNREACHABLE = 3,
    ICMP_SOURCE_QUENCH = 4,
    ICMP_REDIRECT = 5,
    ICMP_ECHO_REQUEST = 8,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAMETER_PROBLEM = 12,
};

/* Codes of ICMP_UNREACHABLE, and of ICMP_TIME_EXCEEDED. */
enum {
    ICMP_NET_UNREACHABLE = 0,
    ICMP_HOST_UNREACHABLE = 1,
    ICMP_PROTOCOL_UNREACHABLE = 2,
    ICMP_PORT_UNREACHABLE = 3,
    ICMP_FRAGMENTATION_NEEDED = 4,
};
enum { ICMP_REASSEMBLY_TIME = 1 };

struct udp_header {
    be16 src, dst;
    be16 len;      /* this header included */
    be16 checksum; /* 0: none */
};

_Static_assert(sizeof(struct eth_header) == 14, "IEEE 802.3 section 3.1");
_Static_assert(sizeof(struct arp_packet) == 28, "RFC 826");
_Static_assert(sizeof(struct ip_header) == 20, "RFC 791 section 3.1");
_Static_assert(sizeof(struct icmp_header) == 8, "RFC 792");
_Static_assert(sizeof(struct udp_header) == 8, "RFC 768");

/* An IPv4 header's length in bytes, options included. */
static inline size_t ip_header_len(const struct ip_header *ip)
{
    return 4u * (ip->version_ihl & 0xf);
}

#endif
