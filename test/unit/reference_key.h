/*
 * reference_key.h - the flow key again, slowly and obviously: one byte after the other.
 *
 * Follows the flowchart of OpenFlow 1.0 section 3.4 with plain offsets, so that test_key.c and
 * fuzz_key.c have something to compare openflow/key.c with.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_REFERENCE_KEY_H
#define MORGANA_TEST_UNIT_REFERENCE_KEY_H

#include "openflow/key.h"

#include <string.h>

static inline bool ref_has(struct span frame, size_t at, size_t n)
{
    return at + n <= frame.len;
}

static inline unsigned ref_16(struct span frame, size_t at)
{
    return frame.data[at] * 256u + frame.data[at + 1];
}

static inline void ref_arp(struct ofp_match *m, struct span frame, size_t at)
{
    if (!ref_has(frame, at, 28) || ref_16(frame, at) != 1 || ref_16(frame, at + 2) != 0x0800 ||
        frame.data[at + 4] != 6 || frame.data[at + 5] != 4)
        return;
    if (frame.data[at + 6] == 0)
        m->nw_proto = frame.data[at + 7];
    memcpy(&m->nw_src, frame.data + at + 14, 4);
    memcpy(&m->nw_dst, frame.data + at + 24, 4);
}

static inline void ref_ipv4(struct ofp_match *m, struct span frame, size_t at)
{
    if (!ref_has(frame, at, 20) || frame.data[at] / 16 != 4)
        return;
    size_t header = frame.data[at] % 16 * 4, total = ref_16(frame, at + 2);
    if (header < 20 || total < header || !ref_has(frame, at, header))
        return;
    m->nw_tos = frame.data[at + 1] / 4 * 4;
    m->nw_proto = frame.data[at + 9];
    memcpy(&m->nw_src, frame.data + at + 12, 4);
    memcpy(&m->nw_dst, frame.data + at + 16, 4);
    if (at + total < frame.len)
        frame.len = at + total;
    if (ref_16(frame, at + 6) % 0x4000 != 0)
        return;
    at += header;
    if ((m->nw_proto == 6 && ref_has(frame, at, 20)) ||
        (m->nw_proto == 17 && ref_has(frame, at, 8))) {
        memcpy(&m->tp_src, frame.data + at, 2);
        memcpy(&m->tp_dst, frame.data + at + 2, 2);
    } else if (m->nw_proto == 1 && ref_has(frame, at, 8)) {
        m->tp_src = be16_of(frame.data[at]);
        m->tp_dst = be16_of(frame.data[at + 1]);
    }
}

static inline struct ofp_key reference_key(struct span frame, uint16_t in_port)
{
    struct ofp_key key;
    struct ofp_match *m = &key.match;
    memset(&key, 0, sizeof key);
    m->in_port = be16_of(in_port);
    m->dl_vlan = be16_of(0xffff);
    if (frame.len < 14)
        return key;
    memcpy(m->dl_dst, frame.data, 6);
    memcpy(m->dl_src, frame.data + 6, 6);
    size_t at = 12;
    if (ref_16(frame, at) == 0x8100 && ref_has(frame, 14, 4)) {
        m->dl_vlan = be16_of(ref_16(frame, 14) % 4096);
        m->dl_vlan_pcp = frame.data[14] / 32;
        at = 16;
    }
    unsigned type = ref_16(frame, at);
    at += 2;
    if (type < 0x600) {
        bool snap = ref_has(frame, at, 8) &&
                    memcmp(frame.data + at, "\xaa\xaa\x03\0\0\0", 6) == 0 &&
                    ref_16(frame, at + 6) >= 0x600;
        type = snap ? ref_16(frame, at + 6) : 0x5ff;
        at += 8;
    }
    m->dl_type = be16_of(type);
    if (type == 0x0806)
        ref_arp(m, frame, at);
    if (type == 0x0800)
        ref_ipv4(m, frame, at);
    return key;
}

#endif
