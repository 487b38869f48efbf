/*
 * frame.h - finding messages in a byte stream.
 *
 * The header's length says where the next message begins. Called by whoever reads a stream: the
 * controller's session, the switch's agent, morgana-dump. OpenFlow 1.0 section 5.1.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_FRAME_H
#define MORGANA_OPENFLOW_FRAME_H

#include "openflow/wire.h"

/* A header's length below its own size: where the next message begins cannot be known. */
#define OFP_FRAME_BROKEN (-1)

/* Look at the front of `bytes`. Returns the length of the message there if all of it has arrived,
 * 0 if more bytes are needed, OFP_FRAME_BROKEN if its length cannot be true (the stream must be
 * closed after an OFPBRC_BAD_LEN error). Any version is framed alike. */
static inline long ofp_frame(struct span bytes)
{
    size_t length;
    if (bytes.len < sizeof(struct ofp_header))
        return 0;
    length = be16_get(((const struct ofp_header *)bytes.data)->length);
    if (length < sizeof(struct ofp_header))
        return OFP_FRAME_BROKEN;
    return length <= bytes.len ? (long)length : 0;
}

#endif
