/*
 * arp.h - ARP (RFC 826) for an app that is a host of its own: reading it, and writing frames of it.
 *
 * Between Ethernet and IPv4, in frames without a tag. Addresses are in the host's order. No state,
 * no I/O. Called by balancer.c, router_arp.c and by exercise 9.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_ARP_H
#define MORGANA_CONTROLLER_APPS_ARP_H

#include "openflow/frame_headers.h"

enum arp_opcode { ARP_REQUEST = 1, ARP_REPLY = 2 };

/* What an ARP frame says: who has `mac` and `address`, and whom it says that to or asks for. */
struct arp {
    uint16_t opcode; /* enum arp_opcode */
    uint8_t mac[OFP_ETH_ALEN], to_mac[OFP_ETH_ALEN];
    uint32_t address, to_address;
};

#define ARP_FRAME (sizeof(struct hdr_eth) + sizeof(struct hdr_arp))

/* Read a frame. False: it is no ARP, or its sender has no address that a host may have. */
bool arp_read(struct span frame, struct arp *arp);

/* Read what lies behind a frame's header and its tag, and has been found to be ARP. */
bool arp_read_packet(struct span packet, struct arp *arp);

/* Write the frame that says this; a request goes to everybody unless to_mac is somebody's. */
void arp_write(uint8_t frame[ARP_FRAME], const struct arp *arp);

#endif
