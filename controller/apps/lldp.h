/*
 * lldp.h - the frames by which switches' links are discovered: LLDP (IEEE 802.1AB), from port to
 * port.
 *
 * A frame names the datapath and port that it leaves from, as a chassis and a port of local kind
 * (sections 8.5.2 and 8.5.3), so that other LLDP agents take it for what it is. A last TLV, of an
 * organisation's kind (8.6), proves with a secret that the frame is this controller's: a host may
 * send LLDP, too.
 *
 * Called by discovery.c. No state.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_LLDP_H
#define MORGANA_CONTROLLER_APPS_LLDP_H

#include "runtime/bytes.h"

#define LLDP_FRAME 60 /* bytes of such a frame, the least that Ethernet has */
#define LLDP_TYPE  0x88cc

/* The address of the nearest bridge, which no bridge forwards (section 7.1). */
extern const uint8_t lldp_address[6];

/* Where a frame leaves from. */
struct lldp_origin {
    uint64_t dpid;
    uint16_t port;
};

enum lldp_verdict {
    LLDP_OURS,    /* *origin is where it left */
    LLDP_FOREIGN, /* somebody else's, or no good LLDP */
    LLDP_FORGED,  /* it says that it is ours, but does not know the secret */
};

/* Write the frame that leaves from `origin`, whose port's MAC address is `mac`, to `frame`
 * (LLDP_FRAME bytes), to be given up after `seconds`. */
void lldp_write(uint8_t *frame, struct lldp_origin origin, const uint8_t mac[6], uint16_t seconds,
                uint64_t secret);

/* Read an Ethernet frame, which may hold anything. */
enum lldp_verdict lldp_read(struct span frame, uint64_t secret, struct lldp_origin *origin);

#endif
