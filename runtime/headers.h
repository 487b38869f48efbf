/*
 * headers.h - the headers of frames, as they lie on the wire, for whoever reads or writes them.
 *
 * Ethernet (IEEE 802.3 section 3.1), 802.1Q, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), ICMP
 * (RFC 792), TCP (RFC 9293 section 3.1), UDP (RFC 768). Included by gso.c and reassembly.c here, by
 * netstack/, openflow/, switch/ and tools/.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_HEADERS_H
#define MORGANA_RUNTIME_HEADERS_H

#include "runtime/bytes.h"

#define HDR_ETH_ALEN 6 /* of an address */

enum hdr_eth_type {
    HDR_ETH_IPV4 = 0x0800,
    HDR_ETH_ARP = 0x0806,
    HDR_ETH_RARP = 0x8035,
    HDR_ETH_VLAN = 0x8100,
    HDR_ETH_IPV6 = 0x86dd,
    HDR_ETH_MPLS = 0x8847,
    HDR_ETH_MPLS_MULTICAST = 0x8848,
    HDR_ETH_QINQ = 0x88a8, /* IEEE 802.1ad: the outer of two tags */
};

struct hdr_eth {
    uint8_t dst[HDR_ETH_ALEN];
    uint8_t src[HDR_ETH_ALEN];
    be16 type; /* below 0x600: an 802.3 length */
};
_Static_assert(sizeof(struct hdr_eth) == 14, "IEEE 802.3 section 3.1");

/* What follows HDR_ETH_VLAN. */
struct hdr_vlan {
    be16 tci;  /* PCP in the upper three bits, then CFI, then the VID */
    be16 type; /* as hdr_eth's */
};
_Static_assert(sizeof(struct hdr_vlan) == 4, "IEEE 802.1Q section 9.3");

#define HDR_VLAN_VID       0x0fff
#define HDR_VLAN_PCP_SHIFT 13

struct hdr_arp {
    be16 hardware;        /* 1: Ethernet */
    be16 protocol;        /* HDR_ETH_IPV4 */
    uint8_t hardware_len; /* 6 */
    uint8_t protocol_len; /* 4 */
    be16 opcode;
    uint8_t sha[HDR_ETH_ALEN]; /* sender's and target's addresses */
    be32 spa;
    uint8_t tha[HDR_ETH_ALEN];
    be32 tpa;
};
_Static_assert(sizeof(struct hdr_arp) == 28, "RFC 826");

struct hdr_ipv4 {
    uint8_t ver_ihl; /* version 4, then the header's length in words: 5 to 15 */
    uint8_t tos;     /* the DSCP in the upper six bits (RFC 2474) */
    be16 total_len;  /* header and payload; what follows is the frame's padding */
    be16 id;
    be16 frag; /* flags in the upper three bits, then the offset in units of 8 bytes */
    uint8_t ttl;
    uint8_t proto; /* enum hdr_ip_proto */
    be16 checksum; /* of the header */
    be32 src;
    be32 dst;
};
_Static_assert(sizeof(struct hdr_ipv4) == 20, "RFC 791 section 3.1");

#define HDR_IP_DF       0x4000 /* of `frag`: "don't fragment" */
#define HDR_IP_MF       0x2000 /* of `frag`: "more fragments" */
#define HDR_IP_OFFSET   0x1fff /* of `frag`: the offset alone */
#define HDR_IP_FRAGMENT 0x3fff /* of `frag`: "more fragments" and the offset */
#define HDR_IP_DSCP     0xfc   /* of `tos` */

enum hdr_ip_proto {
    HDR_IP_HOPOPTS = 0, /* in IPv6, as are those below that RFC 8200 names */
    HDR_IP_ICMP = 1,
    HDR_IP_IGMP = 2,
    HDR_IP_TCP = 6,
    HDR_IP_UDP = 17,
    HDR_IP_ROUTING = 43,
    HDR_IP_FRAGMENT_HEADER = 44,
    HDR_IP_AH = 51,
    HDR_IP_ICMPV6 = 58,
    HDR_IP_DSTOPTS = 60,
    HDR_IP_SCTP = 132,
};

/* The length of an IPv4 header in bytes, options included. */
static inline size_t hdr_ipv4_len(const struct hdr_ipv4 *ip)
{
    return 4u * (ip->ver_ihl & 0xf);
}

struct hdr_ipv6 {
    be32 flow; /* version 6, traffic class (8 bits), flow label (20 bits) */
    be16 payload_len;
    uint8_t next; /* enum hdr_ip_proto */
    uint8_t hop_limit;
    uint8_t src[16];
    uint8_t dst[16];
};
_Static_assert(sizeof(struct hdr_ipv6) == 40, "RFC 8200 section 3");

struct hdr_icmp {
    uint8_t type;
    uint8_t code;
    be16 checksum; /* of the whole message */
    union {        /* by type */
        be32 rest; /* whichever */
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
_Static_assert(sizeof(struct hdr_icmp) == 8, "RFC 792");

struct hdr_tcp {
    be16 src;
    be16 dst;
    be32 seq;
    be32 ack;
    uint8_t offset; /* header length in words, upper four bits */
    uint8_t flags;
    be16 window;
    be16 checksum;
    be16 urgent;
};
_Static_assert(sizeof(struct hdr_tcp) == 20, "RFC 9293 section 3.1");

enum hdr_tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_CWR = 0x80, /* RFC 3168 section 6.1 */
};

struct hdr_udp {
    be16 src;
    be16 dst;
    be16 len;      /* this header included */
    be16 checksum; /* 0: none */
};
_Static_assert(sizeof(struct hdr_udp) == 8, "RFC 768");

#endif
