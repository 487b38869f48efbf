/*
 * tcp.h - captured TCP segments put in order again (RFC 9293).
 *
 * Each direction of a connection is a stream of its own. What comes again is dropped; what comes
 * early waits for what is missing. If too much waits, the missing bytes are not in the capture, and
 * the stream goes on behind the gap. Used by morgana-dump.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_DUMP_TCP_H
#define MORGANA_TOOLS_DUMP_TCP_H

#include "tools/dump/messages.h"

/* One end of a connection, as bytes that can be compared and hashed. */
struct dump_end {
    uint8_t addr[16]; /* of IPv4 the first four; the others are zero */
    uint8_t version;  /* 4 or 6 */
    uint8_t pad;      /* 0 */
    be16 port;
};

struct dump_segment {
    struct dump_time when;
    struct dump_end from, to;
    uint32_t seq;
    bool syn, fin, rst;
    struct span payload;
};

#define DUMP_DIRECTIONS_MAX 65536 /* in a capture; the bytes of further ones count as missing */

/* All connections of a capture. */
struct dump_tcp;

/* None yet. At most `waiting_max` segments of a direction wait. NULL if there is no memory. */
struct dump_tcp *dump_tcp_new(struct dump_output *out, size_t waiting_max);

/* The next segment of the capture. False if there is no memory. */
bool dump_tcp_add(struct dump_tcp *t, const struct dump_segment *segment);

/* The capture has ended: print what still waits, and free everything. NULL is allowed. */
void dump_tcp_end(struct dump_tcp *t);

#endif
