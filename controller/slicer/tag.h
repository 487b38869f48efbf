/*
 * tag.h - whose LLDP a frame is: a mark at its end.
 *
 * Slices that share links look for them by LLDP of their own (IEEE 802.1AB), which flow space
 * cannot tell apart. So what a slice sends gets a trailer that names it. What lies behind the end
 * of an LLDPDU is ignored by whoever else may read the frame. Where it comes in the trailer is
 * taken off, and the frame is that slice's. A proof over all of it, with a secret, keeps hosts from
 * making up LLDP that would be taken for a slice's own.
 *
 * No state. Called by slicer.c and packet_out.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_TAG_H
#define MORGANA_CONTROLLER_SLICER_TAG_H

#include "openflow/key.h"

#define TAG_FRAME_MAX 1514 /* bytes of a frame with its tag: what every link carries */

/* Is it LLDP, to an address that no bridge forwards (section 7.1)? */
bool tag_is_lldp(const struct ofp_key *key);

/* Write `frame` with the tag of `slice` to `area` (TAG_FRAME_MAX bytes), padded so that no link
 * puts padding behind the tag. NULL data: it is too long. */
struct span tag_write(struct span frame, uint64_t slice, uint64_t secret, uint8_t *area);

/* Read a frame, which may hold anything. True: it has a tag; `*slice` is whose, `*bare` the frame
 * without it. */
bool tag_read(struct span frame, uint64_t secret, uint64_t *slice, struct span *bare);

#endif
