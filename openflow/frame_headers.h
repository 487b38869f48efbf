/*
 * frame_headers.h - the headers of frames that only OpenFlow looks into, beside runtime/headers.h.
 *
 * For key.c: 802.2 LLC with SNAP. For print_frame.c: MPLS (RFC 3032), what follows IPv6 (RFC 8200)
 * and neighbour discovery (RFC 4861).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_FRAME_HEADERS_H
#define MORGANA_OPENFLOW_FRAME_HEADERS_H

#include "openflow/wire.h"
#include "runtime/headers.h"

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
