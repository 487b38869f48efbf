/*
 * messages.h - the OpenFlow messages of one direction of a byte stream, printed.
 *
 * Bytes come in order, with gaps where the capture lost some. Behind a gap, and where a message's
 * length cannot be true, the place where the next message begins is looked for. Used by
 * morgana-dump: for each direction of a captured connection, and for a raw stream.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_DUMP_MESSAGES_H
#define MORGANA_TOOLS_DUMP_MESSAGES_H

#include "runtime/bytes.h"
#include <stdio.h>

/* Where the text goes, and what has been printed and what not. */
struct dump_output {
    FILE *to;
    int verbosity;     /* ofp_print()'s */
    uint64_t messages; /* printed, good and bad */
    uint64_t skipped;  /* bytes that are no whole message */
    uint64_t missing;  /* bytes that the capture does not have */
    char *text;        /* where a message's text is made; owned */
    size_t text_cap;
};

/* When something was captured, in UTC. */
struct dump_time {
    int64_t sec; /* since 1970 */
    uint32_t nsec;
};

#define DUMP_LABEL_MAX 112 /* two IPv6 addresses with ports */

struct dump_messages {
    struct dump_output *out;
    char label[DUMP_LABEL_MAX]; /* "10.0.0.1:6653 > 10.0.0.2:4711"; "": lines have no label */
    struct dump_time when;      /* of the bytes that came last */
    uint8_t *bytes;             /* the beginning of a message that is not complete; owned */
    size_t len;
    bool lost; /* where the next message begins is not known */
};

/* An empty stream without a label. `lost`: it may begin inside a message. */
void dump_messages_init(struct dump_messages *m, struct dump_output *out, bool lost);

/* The next bytes: print every message that is complete now. False if there is no memory. */
bool dump_messages_add(struct dump_messages *m, struct dump_time when, struct span bytes);

/* `n` bytes that should be next are missing. */
void dump_messages_gap(struct dump_messages *m, struct dump_time when, size_t n);

/* No more bytes come: print what there is of a last message, and free what `m` owns. Again:
 * nothing. */
void dump_messages_end(struct dump_messages *m);

#endif
