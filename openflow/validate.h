/*
 * validate.h - judging a received message before anybody looks inside.
 *
 * One row per message type says who may send it, how long it must be and which function checks its
 * body. After ofp_validate() says yes, decoding and walking its lists cannot run out of the
 * message. Called once per received message, by the controller's session and the switch's agent.
 *
 * What it cannot know is left to the receiver: whether a port exists, a buffer is held, an entry
 * overlaps, a role permits. So is what 1.0 has no error for: unknown flags, reasons and roles.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_VALIDATE_H
#define MORGANA_OPENFLOW_VALIDATE_H

#include "openflow/wire.h"

/* Who received the message: a type that only the other end may send is OFPBRC_BAD_TYPE. */
enum ofp_receiver {
    OFP_AT_CONTROLLER = 1 << 0,
    OFP_AT_SWITCH = 1 << 1,
    OFP_AT_EITHER = OFP_AT_CONTROLLER | OFP_AT_SWITCH, /* for tools that look on */
};

/* Why a message is refused: what an OFPT_ERROR in answer must say (section 5.4.4). */
struct ofp_fault {
    uint16_t type; /* enum ofp_error_type */
    uint16_t code;
};

/* Judge `bytes`, one message exactly as ofp_frame() cut it out. True if it is good; else `*fault`
 * is the error to answer with. A hello or an error may be of any version but 0: negotiating, and
 * understanding a peer that speaks another, is the session's. All else must be of OFP_VERSION. */
bool ofp_validate(struct span bytes, enum ofp_receiver receiver, struct ofp_fault *fault);

/* The same at a switch that understands one more vendor's actions (`vendor`; NX_VENDOR_ID: no other
 * than Nicira's). Of these only the length has been judged: what is in them is that vendor's. */
bool ofp_validate_at_switch(struct span bytes, uint32_t vendor, struct ofp_fault *fault);

/* Judge a list of actions by itself: for text that was parsed, for actions kept in a file. As for a
 * packet-out, which unlike a flow-mod may output to OFPP_TABLE. */
bool ofp_validate_actions(struct span actions, struct ofp_fault *fault);

/* The specification's name of a message type ("OFPT_PACKET_IN"); NULL for a type that is not
 * in 1.0.
 */
const char *ofp_type_name(uint8_t type);

#endif
