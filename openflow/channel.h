/*
 * channel.h - what both ends of an OpenFlow channel do alike: agree on a version, keep it alive.
 *
 * Both ends say hello with the highest version that they speak, and the lower of the two holds
 * (OpenFlow 1.0 section 4.2; from 1.3.1 on a hello may also carry a bitmap of versions, section
 * A.5.1 there). We speak 1.0 only, so it is enough that the peer does not exclude it.
 *
 * Called by the controller's session and by the switch's agent, which do the I/O.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_CHANNEL_H
#define MORGANA_OPENFLOW_CHANNEL_H

#include "openflow/wire.h"
#include "runtime/buf.h"

/* What a message means to the agreement. */
enum ofp_greeting {
    OFP_GREETING_NONE,    /* nothing: judge it like any other */
    OFP_GREETING_AGREED,  /* a hello that allows 1.0 */
    OFP_GREETING_FOREIGN, /* not 1.0: answer with ofp_encode_hello_failed(), hang up */
    OFP_GREETING_REFUSED, /* the peer does not speak 1.0 with us: hang up, an error is never
                             answered with an error */
};

/* Look at `bytes`, one message as ofp_frame() cut it out, which has come before the peers are
 * through with their handshake; `greeted`: after a hello that was good. */
enum ofp_greeting ofp_greet(struct span bytes, bool greeted);

/* Append the error that answers a peer of another version: section 5.4.4 asks for a text. False if
 * there is no room for OFP_HELLO_FAILED_MAX bytes. */
#define OFP_HELLO_FAILED_MAX 128
bool ofp_encode_hello_failed(struct buf *out, struct span bytes);

/* Keep-alive, section 5.5.2: what `now` is to be done about a peer that was heard of last at
 * `heard`. */
enum ofp_pulse {
    OFP_PULSE_BEATS, /* nothing */
    OFP_PULSE_FAINT, /* silent for `interval`: send an echo request */
    OFP_PULSE_NONE,  /* silent for `limit`: hang up */
};

/* ... and in `*next` when to look again. */
enum ofp_pulse ofp_pulse(uint64_t now, uint64_t heard, uint64_t interval, uint64_t limit,
                         uint64_t *next);

#endif
