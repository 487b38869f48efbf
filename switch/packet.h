/*
 * packet.h - changing a frame as actions ask, its checksums kept right.
 *
 * Called by the executor (execute.c). Headers are checked before they are touched: an action on a
 * field that the frame does not have does nothing (section 3.3 of OpenFlow 1.0 leaves that open;
 * Open vSwitch does the same). Checksums are updated by difference (RFC 1624), so that a frame that
 * came wrong leaves wrong; UDP's zero stays zero (RFC 768); with PKT_CSUM_PARTIAL only the
 * pseudo-header's part is.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_PACKET_H
#define MORGANA_SWITCH_PACKET_H

#include "openflow/frame_headers.h"
#include "runtime/pkt.h"

/* Is it a fragment of an IPv4 packet: the first or another? */
bool packet_is_fragment(const struct pkt *p);

/* Its IPv4 header, if that is whole, and in `*len` how much of the datagram the frame holds; or
 * NULL.
 */
struct hdr_ipv4 *packet_find_ipv4(const struct pkt *p, size_t *len);

/* Its VLAN id, OFP_VLAN_NONE if it has no tag; has it a length (IEEE 802.3) in its type's place? */
uint16_t packet_vlan(const struct pkt *p);
bool packet_is_8023(const struct pkt *p);

/* Each changes `p`, which only the caller holds (pkt_writable()). */
void packet_set_dl_src(struct pkt *p, const uint8_t mac[OFP_ETH_ALEN]);
void packet_set_dl_dst(struct pkt *p, const uint8_t mac[OFP_ETH_ALEN]);
/* Set the VLAN id (0 .. 4095) or priority (0 .. 7): of the tag, or of one that is added
 * (section 3.3: with priority 0, or id 0). False if there was no room for a tag. */
bool packet_set_vlan_vid(struct pkt *p, uint16_t vid);
bool packet_set_vlan_pcp(struct pkt *p, uint8_t pcp);
void packet_strip_vlan(struct pkt *p);
void packet_set_nw_src(struct pkt *p, uint32_t addr);
void packet_set_nw_dst(struct pkt *p, uint32_t addr);
/* The DSCP, in the upper six bits; ECN stays. */
void packet_set_nw_tos(struct pkt *p, uint8_t tos);
/* TCP's or UDP's; nothing on fragments other than the first. */
void packet_set_tp_src(struct pkt *p, uint16_t port);
void packet_set_tp_dst(struct pkt *p, uint16_t port);
/* Nicira's dec_ttl. False if the TTL is 1 or 0 and the packet must not go on. */
bool packet_dec_ttl(struct pkt *p);

#endif
