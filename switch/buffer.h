/*
 * buffer.h - packets that wait in the switch for a controller to say what becomes of them.
 *
 * A packet-in names its packet by a buffer id; a packet-out or a flow-mod that names it takes it
 * out. An id is a slot's number and how often that slot has been given out, so that an id that was
 * used, or whose packet had to make room, is told from the id of the packet that lies there now.
 * A packet may be driven out when it is older than `age`, and not before: then new ones are refused
 * and their packet-ins carry them whole. Sections 5.3.3, 5.3.6 and 5.4.1 of OpenFlow 1.0.
 *
 * Called by the datapath. Time is passed in.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_BUFFER_H
#define MORGANA_SWITCH_BUFFER_H

#include "openflow/validate.h"
#include "runtime/pkt.h"

#define BUFFERS_MAX 0xffff

struct buffers;

struct buffers_stats {
    uint32_t held, max;
    uint64_t stored;
    uint64_t refused; /* no slot was free, nor old enough */
    uint64_t expired; /* driven out unused */
};

/* Room for `max` packets, at most BUFFERS_MAX; 0: none is ever kept. NULL if there is no memory. */
struct buffers *buffers_new(uint32_t max, uint64_t age);

/* Free it and give back its packets. NULL is allowed. */
void buffers_free(struct buffers *b);

/* Keep `p` (a reference of its own is taken), received on `in_port`. Its id, or OFP_NO_BUFFER. */
uint32_t buffers_put(struct buffers *b, struct pkt *p, uint16_t in_port, uint64_t now);

/* Take a packet out; the caller gets its reference. NULL, with the fault to answer, if there is
 * none: OFPBRC_BUFFER_EMPTY if the id was once given out, OFPBRC_BUFFER_UNKNOWN if not. */
struct pkt *buffers_take(struct buffers *b, uint32_t id, uint16_t *in_port,
                         struct ofp_fault *fault);

void buffers_get_stats(const struct buffers *b, struct buffers_stats *stats);

#endif
