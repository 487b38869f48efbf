/*
 * action.h - lists of actions: walking them and building them.
 *
 * A list of actions stays in wire format everywhere in the house, so that a flow's actions are
 * copied from a message to a table to a reply as bytes. OpenFlow 1.0 section 5.2.4.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_ACTION_H
#define MORGANA_OPENFLOW_ACTION_H

#include "openflow/wire.h"
#include "runtime/buf.h"

/* The next action of `rest`, which moves past it; NULL at the end, or if what remains is too short
 * or lies about its length (never so in a validated list). Cast it by its type. */
const struct ofp_action_header *ofp_next_action(struct span *rest);

/* Append one action. False, with `list` as it was, if there is no room. MAC addresses are 6 bytes,
 * IPv4 addresses and ports are in the host's order. */
bool ofp_put_output(struct buf *list, uint16_t port, uint16_t max_len);
bool ofp_put_set_vlan_vid(struct buf *list, uint16_t vid);
bool ofp_put_set_vlan_pcp(struct buf *list, uint8_t pcp);
bool ofp_put_strip_vlan(struct buf *list);
bool ofp_put_set_dl_src(struct buf *list, const uint8_t mac[OFP_ETH_ALEN]);
bool ofp_put_set_dl_dst(struct buf *list, const uint8_t mac[OFP_ETH_ALEN]);
bool ofp_put_set_nw_src(struct buf *list, uint32_t addr);
bool ofp_put_set_nw_dst(struct buf *list, uint32_t addr);
bool ofp_put_set_nw_tos(struct buf *list, uint8_t tos);
bool ofp_put_set_tp_src(struct buf *list, uint16_t port);
bool ofp_put_set_tp_dst(struct buf *list, uint16_t port);
bool ofp_put_enqueue(struct buf *list, uint16_t port, uint32_t queue_id);

/* Append an action of a vendor's: `n` bytes follow the vendor id, and zeros up to a multiple of 8.
 */
bool ofp_put_vendor_action(struct buf *list, uint32_t vendor, const void *body, size_t n);

/* Append Nicira's dec_ttl. */
bool ofp_put_dec_ttl(struct buf *list);

#endif
