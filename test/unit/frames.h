/*
 * frames.h - frames to order, every checksum computed in full: what tests of the datapath compare
 * with.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FRAMES_H
#define MORGANA_TEST_UNIT_FRAMES_H

#include "openflow/frame_headers.h"
#include "runtime/pkt.h"

#define FRAME_MAX          2048
#define FRAME_FRAGMENT_MIN 60 /* bytes of payload that a datagram in fragments has at least */

enum frame_part {
    FRAME_WHOLE, /* not a fragment */
    FRAME_FIRST, /* the first fragment: half of the payload */
    FRAME_LAST,  /* the last one: the other half */
};

/* What a frame is to be; all zero: an untagged one from 00:.. to 00:.. with nothing in it. */
struct frame {
    uint8_t dst[6], src[6];
    bool tagged, snap;
    uint16_t tci;
    uint16_t
        type; /* HDR_ETH_IPV4: the members below hold; HDR_ETH_ARP: a request, with addresses */
    uint8_t tos, ttl, proto, options; /* words of IPv4 options */
    uint32_t nw_src, nw_dst;
    enum frame_part part;
    uint16_t tp_src, tp_dst; /* or ICMP's type and code */
    bool no_checksum;        /* UDP without one */
    bool partial;            /* the transport checksum is left to the device */
    uint16_t payload;        /* bytes behind the transport header */
    uint16_t padding;        /* bytes behind the packet */
    uint8_t fill;            /* what payload and padding begin with */
};

/* A plain frame of `proto` between two hosts, 02:00:00:00:00:SRC to :DST, 10.0.0.SRC to .DST. */
struct frame frame_between(uint8_t src, uint8_t dst, uint8_t proto);

/* Write it to `area`. Returns its length, at most FRAME_MAX. */
size_t frame_write(const struct frame *f, uint8_t area[FRAME_MAX]);

/* The same as a packet. */
struct pkt *frame_pkt(const struct frame *f, struct pkt_pool *pool);

/* Does `p` hold this frame, to the last byte, and know the same of its checksum? */
bool frame_is(const struct frame *f, const struct pkt *p);

/* A frame of any kind. */
struct frame frame_random(uint64_t *random);

#endif
