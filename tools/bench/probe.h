/*
 * probe.h - the frames by which a switch is measured: UDP datagrams that say of themselves which
 * flow they are of, which one of it, and when they left.
 *
 * Addresses are those set aside for measuring devices (RFC 2544 appendix C: 198.18.0.0/15), the
 * port is that of echo's neighbour, discard (RFC 863). Flow f goes from pair f mod `pairs` of
 * sources and destinations of the link layer, and from addresses and a port of its own. All that
 * does not vary within a flow is made beforehand: to send a frame is to copy it.
 *
 * Called by frames.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_PROBE_H
#define MORGANA_TOOLS_BENCH_PROBE_H

#include "runtime/pkt.h"

#define PROBE_FRAME_MIN 60 /* an Ethernet frame without its FCS */
#define PROBE_FRAME_MAX 1514
#define PROBE_FLOWS_MAX 65536
#define PROBE_HEADERS   42 /* Ethernet, IPv4, UDP */

/* The payload's beginning: 18 bytes, all that the smallest frame has room for. */
struct probe_stamp {
    be16 magic;
    be16 trial; /* which trial it was sent in: a late one of the trial before is none of this one */
    be16 flow;
    be32 number; /* of the frame in its flow, from 0 on */
    be64 sent;   /* ns of loop time */
};
_Static_assert(sizeof(struct probe_stamp) == PROBE_FRAME_MIN - PROBE_HEADERS, "fits");

struct probes {
    uint32_t flows, pairs, frame; /* bytes of each frame */
    uint16_t trial;
    struct probe_flow *flow; /* `flows` of them */
    uint32_t next;           /* the flow whose turn it is */
};

struct probe_flow {
    uint8_t headers[PROBE_HEADERS];
    uint32_t number; /* of its next frame */
};

/* 1 to PROBE_FLOWS_MAX flows, 1 to `flows` pairs, frames of PROBE_FRAME_MIN to PROBE_FRAME_MAX
 * bytes. 0, to be given to probes_free(); or -ENOMEM. */
int probes_init(struct probes *probes, uint32_t flows, uint32_t pairs, uint32_t frame);
void probes_free(struct probes *probes);

/* Begin a trial of this number: all flows begin anew. */
void probes_begin(struct probes *probes, uint16_t trial);

/* The next frame, flow after flow, in `p`, which is new and has room for it. */
void probes_put(struct probes *probes, struct pkt *p, uint64_t now);

/* A frame by which the destination of pair `pair` shows a learning switch where it is, in `p`: to
 * everybody, and no probe. */
void probes_put_hello(struct pkt *p, uint32_t pair);

/* The stamp of a frame, in the frame itself. NULL: it is not one of this trial's. */
const struct probe_stamp *probes_read(const struct probes *probes, const struct pkt *p);

#endif
