/*
 * action.c - lists of actions: walking them and building them.
 *
 * Called by whoever makes a flow-mod or a packet-out, by the datapath, by the printer and by
 * validate.c. OpenFlow 1.0 section 5.2.4: an action says its type and its own length, which is a
 * multiple of 8.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"

#define ACTION_ALIGN 8

const struct ofp_action_header *ofp_next_action(struct span *rest)
{
    const struct ofp_action_header *a = (const void *)rest->data;
    size_t len;
    if (rest->len < sizeof *a)
        return NULL;
    len = be16_get(a->len);
    if (len < sizeof *a || len % ACTION_ALIGN != 0)
        return NULL;
    return span_take(rest, len);
}

/* Room for an action of `len` bytes: type and length filled in, the rest zero. */
static void *put_action(struct buf *list, uint16_t type, size_t len)
{
    struct ofp_action_header *a = buf_put(list, len);
    if (a == NULL)
        return NULL;
    bytes_zero(a, len);
    a->type = be16_of(type);
    a->len = be16_of((uint16_t)len);
    return a;
}

bool ofp_put_output(struct buf *list, uint16_t port, uint16_t max_len)
{
    struct ofp_action_output *a = put_action(list, OFPAT_OUTPUT, sizeof *a);
    if (a == NULL)
        return false;
    a->port = be16_of(port);
    a->max_len = be16_of(max_len);
    return true;
}

bool ofp_put_set_vlan_vid(struct buf *list, uint16_t vid)
{
    struct ofp_action_vlan_vid *a = put_action(list, OFPAT_SET_VLAN_VID, sizeof *a);
    if (a == NULL)
        return false;
    a->vlan_vid = be16_of(vid);
    return true;
}

bool ofp_put_set_vlan_pcp(struct buf *list, uint8_t pcp)
{
    struct ofp_action_vlan_pcp *a = put_action(list, OFPAT_SET_VLAN_PCP, sizeof *a);
    if (a == NULL)
        return false;
    a->vlan_pcp = pcp;
    return true;
}

bool ofp_put_strip_vlan(struct buf *list)
{
    return put_action(list, OFPAT_STRIP_VLAN, sizeof(struct ofp_action_header)) != NULL;
}

static bool put_dl_addr(struct buf *list, uint16_t type, const uint8_t mac[OFP_ETH_ALEN])
{
    struct ofp_action_dl_addr *a = put_action(list, type, sizeof *a);
    if (a == NULL)
        return false;
    bytes_copy(a->dl_addr, mac, OFP_ETH_ALEN);
    return true;
}

bool ofp_put_set_dl_src(struct buf *list, const uint8_t mac[OFP_ETH_ALEN])
{
    return put_dl_addr(list, OFPAT_SET_DL_SRC, mac);
}

bool ofp_put_set_dl_dst(struct buf *list, const uint8_t mac[OFP_ETH_ALEN])
{
    return put_dl_addr(list, OFPAT_SET_DL_DST, mac);
}

static bool put_nw_addr(struct buf *list, uint16_t type, uint32_t addr)
{
    struct ofp_action_nw_addr *a = put_action(list, type, sizeof *a);
    if (a == NULL)
        return false;
    a->nw_addr = be32_of(addr);
    return true;
}

bool ofp_put_set_nw_src(struct buf *list, uint32_t addr)
{
    return put_nw_addr(list, OFPAT_SET_NW_SRC, addr);
}

bool ofp_put_set_nw_dst(struct buf *list, uint32_t addr)
{
    return put_nw_addr(list, OFPAT_SET_NW_DST, addr);
}

bool ofp_put_set_nw_tos(struct buf *list, uint8_t tos)
{
    struct ofp_action_nw_tos *a = put_action(list, OFPAT_SET_NW_TOS, sizeof *a);
    if (a == NULL)
        return false;
    a->nw_tos = tos;
    return true;
}

static bool put_tp_port(struct buf *list, uint16_t type, uint16_t port)
{
    struct ofp_action_tp_port *a = put_action(list, type, sizeof *a);
    if (a == NULL)
        return false;
    a->tp_port = be16_of(port);
    return true;
}

bool ofp_put_set_tp_src(struct buf *list, uint16_t port)
{
    return put_tp_port(list, OFPAT_SET_TP_SRC, port);
}

bool ofp_put_set_tp_dst(struct buf *list, uint16_t port)
{
    return put_tp_port(list, OFPAT_SET_TP_DST, port);
}

bool ofp_put_enqueue(struct buf *list, uint16_t port, uint32_t queue_id)
{
    struct ofp_action_enqueue *a = put_action(list, OFPAT_ENQUEUE, sizeof *a);
    if (a == NULL)
        return false;
    a->port = be16_of(port);
    a->queue_id = be32_of(queue_id);
    return true;
}

bool ofp_put_vendor_action(struct buf *list, uint32_t vendor, const void *body, size_t n)
{
    struct ofp_action_vendor_header *a = NULL;
    size_t len = (sizeof *a + n + ACTION_ALIGN - 1) / ACTION_ALIGN * ACTION_ALIGN;
    if (len <= OFP_MAX_MESSAGE)
        a = put_action(list, OFPAT_VENDOR, len);
    if (a == NULL)
        return false;
    a->vendor = be32_of(vendor);
    bytes_copy(a + 1, body, n);
    return true;
}

bool ofp_put_dec_ttl(struct buf *list)
{
    struct nx_action_header *a = put_action(list, OFPAT_VENDOR, sizeof *a);
    if (a == NULL)
        return false;
    a->vendor = be32_of(NX_VENDOR_ID);
    a->subtype = be16_of(NXAST_DEC_TTL);
    return true;
}
