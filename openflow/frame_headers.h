/*
 * frame_headers.h - the headers of frames, as they lie on the wire.
 *
 * What OpenFlow 1.0 looks into (key.c): Ethernet (IEEE 802.3, with 802.2 LLC and SNAP), 802.1Q, ARP
 * (RFC 826), IPv4 (RFC 791), TCP (RFC 793), UDP (RFC 768) and ICMP (RFC 792). What is printed
 * besides (print_frame.c): MPLS (RFC 3032), IPv6 (RFC 8200) and neighbour discovery (RFC 4861).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_FRAME_HEADERS_H
#define MORGANA_OPENFLOW_FRAME_HEADERS_H

#include "openflow/wire.h"

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
    uint8_t dst[OFP_ETH_ALEN];
    uint8_t src[OFP_ETH_ALEN];
    be16 type; /* below OFP_DL_TYPE_ETH2_CUTOFF: an 802.3 length, and struct hdr_snap may follow */
};
OFP_ASSERT_SIZE(struct hdr_eth, 14);

/* What follows HDR_ETH_VLAN. */
struct hdr_vlan {
    be16 tci;  /* PCP in the upper three bits, then CFI, then the VID */
    be16 type; /* as hdr_eth's */
};
OFP_ASSERT_SIZE(struct hdr_vlan, 4);

#define HDR_VLAN_VID       0x0fff
#define HDR_VLAN_PCP_SHIFT 13

#define HDR_MPLS_BOTTOM 0x100 /* of a 32-bit label: the last of its stack */

/* LLC and SNAP headers of an 802.3 frame that carries an EtherType. */
struct hdr_snap {
    uint8_t dsap;    /* 0xaa */
    uint8_t ssap;    /* 0xaa */
    uint8_t control; /* 3: unnumbered information */
    uint8_t oui[3];  /* zero: an EtherType follows */
    be16 type;
};
OFP_ASSERT_SIZE(struct hdr_snap, 8);

struct hdr_arp {
    be16 hardware;        /* 1: Ethernet */
    be16 protocol;        /* HDR_ETH_IPV4 */
    uint8_t hardware_len; /* 6 */
    uint8_t protocol_len; /* 4 */
    be16 opcode;
    uint8_t sha[OFP_ETH_ALEN]; /* sender's and target's addresses */
    be32 spa;
    uint8_t tha[OFP_ETH_ALEN];
    be32 tpa;
};
OFP_ASSERT_SIZE(struct hdr_arp, 28);

struct hdr_ipv4 {
    uint8_t ver_ihl; /* version 4, then the header's length in words: 5 to 15 */
    uint8_t tos;     /* the DSCP in the upper six bits (RFC 2474) */
    be16 total_len;  /* header and payload; what follows is the frame's padding */
    be16 id;
    be16 frag; /* flags in the upper three bits, then the offset */
    uint8_t ttl;
    uint8_t proto; /* enum hdr_ip_proto */
    be16 checksum;
    be32 src;
    be32 dst;
};
OFP_ASSERT_SIZE(struct hdr_ipv4, 20);

#define HDR_IP_FRAGMENT 0x3fff /* of `frag`: "more fragments" and the offset */
#define HDR_IP_OFFSET   0x1fff /* of `frag`: the offset alone */
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

struct hdr_ipv6 {
    be32 flow; /* version 6, traffic class (8 bits), flow label (20 bits) */
    be16 payload_len;
    uint8_t next; /* enum hdr_ip_proto */
    uint8_t hop_limit;
    uint8_t src[16];
    uint8_t dst[16];
};
OFP_ASSERT_SIZE(struct hdr_ipv6, 40);

#define HDR_IPV6_LABEL 0x000fffff /* of `flow` */

/* How every extension header begins. */
struct hdr_ipv6_extension {
    uint8_t next;
    uint8_t length; /* beyond the first unit; none in a fragment header */
    be16 offset;    /* in a fragment header: the offset in the upper 13 bits, then flags */
    be32 rest;
};
OFP_ASSERT_SIZE(struct hdr_ipv6_extension, 8);

#define HDR_IPV6_OFFSET 0xfff8 /* of `offset` */

struct hdr_tcp {
    be16 src;
    be16 dst;
    be32 seq;
    be32 ack;
    be16 flags; /* data offset in the upper four bits */
    be16 window;
    be16 checksum;
    be16 urgent;
};
OFP_ASSERT_SIZE(struct hdr_tcp, 20);

struct hdr_udp {
    be16 src;
    be16 dst;
    be16 len;
    be16 checksum;
};
OFP_ASSERT_SIZE(struct hdr_udp, 8);

struct hdr_icmp {
    uint8_t type;
    uint8_t code;
    be16 checksum;
    be32 rest; /* by type */
};
OFP_ASSERT_SIZE(struct hdr_icmp, 8);

/* ICMPv6 types of neighbour discovery, and the options that hold a link-layer address. */
enum hdr_nd {
    HDR_ND_SOLICIT = 135,
    HDR_ND_ADVERT = 136,
    HDR_ND_SOURCE = 1,
    HDR_ND_TARGET = 2,
};

struct hdr_nd_option {
    uint8_t type;
    uint8_t length; /* in units of 8 bytes */
    uint8_t address[OFP_ETH_ALEN];
};
OFP_ASSERT_SIZE(struct hdr_nd_option, 8);

#endif
